"""Reading and writing LLaMA, Mistral, Qwen2 and Qwen3 checkpoints in the Hugging Face layout.

A checkpoint is a folder with config.json and weights in one model.safetensors, or in several files that
model.safetensors.index.json lists. Names of parameters carry the prefix "model.", except the head's.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from llmbook.errors import ReaderError

if TYPE_CHECKING:
    from llmbook.models.llama import Llama, LlamaConfig

FAMILIES = {
    "llama": "LlamaForCausalLM",
    "mistral": "MistralForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
}
# Keys of config.json that LlamaConfig has under the same name.
_SIZES = (
    "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
    "num_key_value_heads", "head_dim", "max_position_embeddings", "rms_norm_eps", "tie_word_embeddings",
    "initializer_range",
)  # fmt: skip
_NEEDED = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
# What the families' config.json may ask for and the class lacks, with the value that asks for nothing.
_UNSUPPORTED = {"mlp_bias": False, "use_sliding_window": False, "hidden_act": "silu", "quantization_config": None}


def config_from_json(values: Mapping[str, object], place: str) -> "LlamaConfig":
    """The sizes in a config.json of one of the four families.

    Args:
        values: the parsed file.
        place: its name, for messages.

    Raises:
        ReaderError: for another family, a missing size, or a feature that `Llama` lacks.
    """
    from llmbook.models.llama import LlamaConfig

    family = values.get("model_type")
    if family not in FAMILIES:
        raise ReaderError(f"{place} is of the type {family!r}: Llama reads {', '.join(FAMILIES)}")
    if missing := [key for key in _NEEDED if key not in values]:
        raise ReaderError(f"{place} lacks {', '.join(missing)}")
    for key, harmless in _UNSUPPORTED.items():
        if values.get(key) not in (harmless, None):
            raise ReaderError(f"{place} has {key} = {values[key]!r}, which Llama does not support")
    if family != "qwen2" and values.get("attention_bias"):
        raise ReaderError(f"{place} has attention_bias with family {family}, whose output bias Llama does not support")
    rope = dict(values.get("rope_parameters") or values.get("rope_scaling") or {})
    theta = rope.pop("rope_theta", values.get("rope_theta", 10000.0))
    if rope.pop("partial_rotary_factor", 1.0) != 1.0:
        raise ReaderError(f"{place} turns only part of each head (partial_rotary_factor), which Llama does not support")
    scaled = rope.get("rope_type", rope.get("type", "default")) != "default"
    sizes = {key: values[key] for key in _SIZES if values.get(key) is not None}
    for key, value in sizes.items():
        fit = type(value) in ((bool,) if key == "tie_word_embeddings" else (int, float))
        if not fit:
            raise ReaderError(f"{place} has {key} = {value!r}, which is no size: is the file damaged?")
    return LlamaConfig(
        **sizes,
        rope_theta=float(theta),
        rope_scaling=rope if scaled else None,
        attention_bias=family == "qwen2",
        qk_norm=family == "qwen3",
        sliding_window=values.get("sliding_window") if family == "mistral" else None,
    )


def config_to_json(config: "LlamaConfig") -> dict[str, object]:
    """The config.json of the family whose switches a configuration has.

    Raises:
        ReaderError: for a combination of switches that no family has.
    """
    switches = (config.attention_bias, config.qk_norm, config.sliding_window is not None)
    families = {
        (False, False, False): "llama", (False, False, True): "mistral", (True, False, False): "qwen2",
        (False, True, False): "qwen3",
    }  # fmt: skip
    if switches not in families:
        raise ReaderError(
            "no checkpoint family has this combination of attention_bias, qk_norm and sliding_window: use one at a time"
        )
    family, values = families[switches], asdict(config)
    rope = {"rope_type": "default", **(config.rope_scaling or {}), "rope_theta": config.rope_theta}
    written = {key: values[key] for key in _SIZES} | {"rope_parameters": rope, "rope_theta": config.rope_theta}
    if config.rope_scaling:
        written["rope_scaling"] = dict(config.rope_scaling)  # where releases before transformers 5 look
    if family == "mistral":
        written["sliding_window"] = config.sliding_window
    return {
        "architectures": [FAMILIES[family]], "model_type": family, "hidden_act": "silu", **written,
        "attention_bias": False, "use_cache": True, "bos_token_id": None, "eos_token_id": None, "pad_token_id": None,
    }  # fmt: skip


def load_llama(
    model_class: "type[Llama]", path_or_hub_id: str | Path, dtype: torch.dtype, device: torch.device
) -> "Llama":
    """What `Llama.from_pretrained` does."""
    folder = checkpoint_folder(path_or_hub_id)
    config = config_from_json(_read_json(folder / "config.json"), str(folder / "config.json"))
    with torch.device("meta"), _Uninitialised():
        model = model_class(config)
    wanted = {name: parameter.shape for name, parameter in model.named_parameters()}
    found: dict[str, Tensor] = {}
    unexpected = []
    for file in _weight_files(folder):
        for name, tensor in _read_weights(file).items():
            name = name.removeprefix("model.")
            if name in wanted:
                found[name] = tensor.to(device, dtype)
            elif not name.endswith("rotary_emb.inv_freq") and not (
                name == "lm_head.weight" and config.tie_word_embeddings
            ):
                unexpected.append(name)
    _complain(folder, wanted, found, unexpected)
    model.load_state_dict(found, strict=False, assign=True)
    if config.tie_word_embeddings:
        model.lm_head.weight = model.embed_tokens.weight
    return model.to(device).eval()


class _Uninitialised(TorchFunctionMode):
    """Modules leave their weights as they are: first weights on the meta device would load PyTorch's compiler."""

    def __torch_function__(
        self, function: Callable[..., Any], types: object, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(function, "__module__", None) == "torch.nn.init":
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return function(*args, **kwargs)


def save_llama(model: "Llama", folder: str | Path, max_shard_size: int) -> None:
    """What `Llama.save_pretrained` does: everything is written beside the target and moved into place at the end."""
    safetensors = _library("safetensors.torch")
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise ReaderError(f"{folder} is a file: name a folder to save to")
    dtype = str(model.embed_tokens.weight.dtype).removeprefix("torch.")
    config = config_to_json(model.config) | {"dtype": dtype, "torch_dtype": dtype}
    weights = {
        name if name.startswith("lm_head.") else f"model.{name}": parameter.detach().contiguous().cpu()
        for name, parameter in model.named_parameters()  # a tied head is the embedding, and comes once
    }
    shards = _shards(weights, max_shard_size)
    names = ["model.safetensors"]
    if len(shards) > 1:
        names = [f"model-{i:05}-of-{len(shards):05}.safetensors" for i in range(1, len(shards) + 1)]
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, shard in zip(names, shards, strict=True):
            safetensors.save_file({key: weights[key] for key in shard}, scratch / name, metadata={"format": "pt"})
        if len(shards) > 1:
            where = {key: name for name, shard in zip(names, shards, strict=True) for key in shard}
            total = sum(tensor.nbytes for tensor in weights.values())
            index = {"metadata": {"total_size": total}, "weight_map": where}
            (scratch / "model.safetensors.index.json").write_text(json.dumps(index, indent=2), encoding="utf-8")
        (scratch / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
        _move_into(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _move_into(scratch: Path, folder: Path) -> None:
    """Replace the weights in `folder` by those in `scratch`; other files, such as a tokenizer's, stay."""
    folder.mkdir(exist_ok=True)
    new = {path.name for path in scratch.iterdir()}
    old = [*folder.glob("model*.safetensors"), *folder.glob("model.safetensors.index.json")]
    # The index goes first and comes last: a reader meets the old files, the new ones, or none, never a mixture.
    (folder / "model.safetensors.index.json").unlink(missing_ok=True)
    for path in old:
        if path.name not in new:
            path.unlink(missing_ok=True)
    for name in sorted(new, key=lambda name: name.endswith(".json")):
        os.replace(scratch / name, folder / name)


def _shards(weights: Mapping[str, Tensor], max_shard_size: int) -> list[list[str]]:
    """Names in order, a new list whenever the next tensor would make a file larger than `max_shard_size` bytes."""
    shards, size = [[]], 0
    for name, tensor in weights.items():
        if shards[-1] and size + tensor.nbytes > max_shard_size:
            shards.append([])
            size = 0
        shards[-1].append(name)
        size += tensor.nbytes
    return shards


def checkpoint_folder(path_or_hub_id: str | Path, also: Sequence[str] = ()) -> Path:
    """The folder itself, or where a repository of that name has been downloaded to.

    Args:
        path_or_hub_id: a folder, or owner/name on the hub.
        also: files to download beside the configuration and the weights.

    Raises:
        ReaderError: there is no such folder, and the hub has nothing under that name or cannot be reached.
    """
    path = Path(path_or_hub_id)
    if path.is_dir():
        return path
    name = str(path_or_hub_id)
    if path.exists() or name.startswith((".", "/", "~")) or name.count("/") != 1:
        raise ReaderError(f"no folder {name}: name a folder with config.json and safetensors, or owner/name on the hub")
    hub = _library("huggingface_hub")
    try:
        return Path(
            hub.snapshot_download(
                name, allow_patterns=["config.json", "*.safetensors", "*.safetensors.index.json", *also]
            )
        )
    except Exception as error:  # whatever the network or the hub says, the reader needs one line
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ReaderError(f"no folder {name}, and the hub has no answer for it: {reason}") from None


def _read_json(path: Path) -> dict:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ReaderError(f"{path.parent} has no {path.name}: is it a checkpoint folder?") from None
    except ValueError as error:
        raise ReaderError(f"{path} is damaged: {error}") from None
    if not isinstance(values, dict):
        raise ReaderError(f"{path} is damaged: it holds no object")
    return values


def _weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a checkpoint, all of which exist."""
    index = folder / "model.safetensors.index.json"
    if index.exists():
        where = _read_json(index).get("weight_map")
        if not isinstance(where, dict):
            raise ReaderError(f"{index} is damaged: it has no weight_map")
        names = sorted(set(where.values()))
        if missing := [name for name in names if not (folder / name).is_file()]:
            raise ReaderError(f"{folder} lacks {', '.join(missing)}, which its index lists: download it again")
        return [folder / name for name in names]
    if (folder / "model.safetensors").is_file():
        return [folder / "model.safetensors"]
    other = " (pytorch_model.bin is not read: convert it to safetensors)" if list(folder.glob("*.bin")) else ""
    raise ReaderError(f"{folder} has no model.safetensors and no index of several{other}")


def _read_weights(file: Path) -> dict[str, Tensor]:
    safetensors = _library("safetensors.torch")
    try:
        return safetensors.load_file(file)
    except Exception as error:  # the library's error types are its own and change
        raise ReaderError(f"{file} is damaged ({error}): copy or download it again") from None


def _complain(
    folder: Path, wanted: Mapping[str, torch.Size], found: Mapping[str, Tensor], unexpected: list[str]
) -> None:
    """Raise for weights that are missing, left over, or of the wrong shape."""
    missing = [name for name in wanted if name not in found]
    if missing:
        raise ReaderError(f"{folder} lacks {len(missing)} weights that config.json asks for, {_first(missing)}")
    if unexpected:
        raise ReaderError(f"{folder} has {len(unexpected)} weights that Llama does not know, {_first(unexpected)}")
    for name, shape in wanted.items():
        if found[name].shape != shape:
            raise ReaderError(
                f"{name} in {folder} has the shape {list(found[name].shape)}, and config.json asks for {list(shape)}"
            )


def _first(names: list[str]) -> str:
    return ", ".join(names[:2]) + (", …" if len(names) > 2 else "")


def _library(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError:
        package = name.split(".")[0]
        raise ReaderError(f"checkpoints need the package {package}: pip install {package}") from None
