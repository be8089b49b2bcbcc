"""What to train, on what, and how: a YAML file, read into typed and checked settings."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from llmbook.errors import ReaderError
from llmbook.models.llama import LlamaConfig
from llmbook.options import from_mapping, nearest, read_yaml
from llmbook.training.data import DataOptions
from llmbook.training.schedules import cosine_schedule, wsd_schedule

SHIPPED = Path(__file__).parent / "recipes"
Offload = Literal["none", "cpu", "nvme"]


@dataclass(frozen=True)
class Recipe:
    """A training run. The YAML file has these keys, and under `presets` those that a preset changes.

    Attributes:
        name: what the run is called.
        seed: of the first weights, the order of the data, and dropout.
        model: keys of `LlamaConfig`; `vocab_size` is the tokenizer's unless it is given.
        init_from: a checkpoint folder in the Hugging Face layout, or a repository's name, to start from instead.
        tokenizer: a folder or file with a tokenizer, or the name of one of the book's models.
        data: where the tokens come from.
        max_steps: optimizer steps.
        global_batch_size: rows for one optimizer step, over all processes.
        micro_batch_size: rows that one process computes at once; the rest is accumulated.
        block_size: tokens in a row.
        learning_rate: the highest.
        lr_schedule: "cosine", "wsd" (warm up, stay, decay) or "constant"; each after a linear warm-up.
        warmup_steps: steps of the rise.
        decay_steps: steps of the fall of "wsd".
        min_lr_ratio: where the fall ends, as a share of `learning_rate`.
        weight_decay: decoupled, on matrices.
        adam_betas, adam_epsilon: AdamW's.
        max_grad_norm: the gradient is clipped to this norm; None for never.
        precision: of the matrix products: "fp32", "bf16" (autocast), "fp16" (with loss scaling), or "auto" for the
            faster of fp32 and bf16 on this device, by a measurement of one step. The weights that are updated are fp32.
        compile: whether torch.compile translates the model; "auto" measures it where the run is long enough to pay.
        activation_checkpointing: compute each layer's activations again in the backward pass instead of keeping them.
        engine: "torch" (one process, or data parallel) or "deepspeed".
        zero_stage: what DeepSpeed partitions over the processes: 0 nothing, 1 optimizer states, 2 and gradients,
            3 and parameters (section 4.2.4).
        offload_optimizer, offload_param: where stages 1 to 3 (for parameters: stage 3) keep them: "none" for the
            device, "cpu" for the memory of the host, "nvme" for a fast disk (stage 3).
        nvme_path: the folder on that disk.
        spike_threshold: a gradient norm this many times the median of the last steps is a spike; None for never.
        spike_action: "skip" leaves the weights as they are for this step; "rollback" goes back to the last checkpoint
            and passes over the data since then (PaLM; Chowdhery et al., 2022, §5.1).
        eval_steps: evaluate after every so many steps and after the last; None for never.
        eval_rows: rows of each held-out set.
        log_steps: write a line of metrics after every so many steps.
        save_steps: write a checkpoint after every so many steps; None for only at the end.
        save_total_limit: how many checkpoints are kept.
        tensorboard: also write the metrics for TensorBoard.
    """

    name: str
    seed: int = 0
    model: Mapping[str, Any] = field(default_factory=dict)
    init_from: str | None = None
    tokenizer: str | None = None
    data: DataOptions | None = None
    max_steps: int = 1000
    global_batch_size: int = 8
    micro_batch_size: int = 8
    block_size: int = 256
    learning_rate: float = 1e-3
    lr_schedule: Literal["cosine", "wsd", "constant"] = "cosine"
    warmup_steps: int = 0
    decay_steps: int = 0
    min_lr_ratio: float = 0.1
    weight_decay: float = 0.1
    adam_betas: tuple[float, ...] = (0.9, 0.95)
    adam_epsilon: float = 1e-8
    max_grad_norm: float | None = 1.0
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "fp32"
    compile: Literal["auto", True, False] = False
    activation_checkpointing: bool = False
    engine: Literal["torch", "deepspeed"] = "torch"
    zero_stage: Literal[0, 1, 2, 3] = 0
    offload_optimizer: Offload = "none"
    offload_param: Offload = "none"
    nvme_path: str | None = None
    spike_threshold: float | None = None
    spike_action: Literal["skip", "rollback"] = "skip"
    eval_steps: int | None = None
    eval_rows: int = 64
    log_steps: int = 1
    save_steps: int | None = None
    save_total_limit: int = 2
    tensorboard: bool = False

    def __post_init__(self) -> None:
        for name in _AT_LEAST_ONE:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ReaderError(f"{self.name}: {name} must be at least 1, not {value}")
        for name in ("warmup_steps", "decay_steps", "learning_rate", "weight_decay", "min_lr_ratio", "max_grad_norm"):
            if (value := getattr(self, name)) is not None and not value >= 0:
                raise ReaderError(f"{self.name}: {name} must not be below 0, not {value}")
        for wrong, words in self._impossible():
            if wrong:
                raise ReaderError(f"{self.name}: {words}")

    def _impossible(self) -> list[tuple[bool, str]]:
        """Combinations that cannot be, each with what to do instead."""
        offload = self.offload_optimizer != "none" or self.offload_param != "none"
        nvme = "nvme" in (self.offload_optimizer, self.offload_param)
        return [
            (len(self.adam_betas) != 2, f"adam_betas are two numbers, not {list(self.adam_betas)}"),
            (self.engine == "torch" and self.zero_stage > 0,
             f"zero_stage {self.zero_stage} needs engine: deepspeed"),
            (self.engine == "torch" and offload, "offload_optimizer and offload_param need engine: deepspeed"),
            (self.offload_optimizer != "none" and self.zero_stage == 0,
             "offload_optimizer needs zero_stage 1, 2 or 3"),
            (self.offload_param != "none" and self.zero_stage < 3, "offload_param needs zero_stage: 3"),
            (nvme and self.zero_stage < 3, "offloading to nvme needs zero_stage: 3"),
            (nvme and not self.nvme_path, "offloading to nvme needs nvme_path, a folder on that disk"),
            (self.precision == "auto" and self.zero_stage == 3,
             "precision: auto measures a whole model, which zero_stage 3 never has; say fp32, bf16 or fp16"),
            (self.spike_threshold is not None and self.spike_action == "rollback" and not self.save_steps,
             "spike_action: rollback needs save_steps, checkpoints to go back to"),
            (self.warmup_steps + self.decay_steps > self.max_steps,
             f"warmup_steps + decay_steps are more than max_steps, {self.max_steps}"),
            (self.lr_schedule == "wsd" and not self.decay_steps, "lr_schedule: wsd needs decay_steps"),
            (self.global_batch_size % self.micro_batch_size != 0,
             f"global_batch_size {self.global_batch_size} is no multiple of micro_batch_size {self.micro_batch_size}"),
        ]  # fmt: skip

    @classmethod
    def load(
        cls, name_or_path: str | Path, preset: str | None = None, overrides: Mapping[str, Any] | None = None
    ) -> "Recipe":
        """A recipe from a YAML file, or one that comes with the package ("pretrain").

        Args:
            name_or_path: the file, or the name.
            preset: one of the file's `presets`, whose keys replace the others; None for none of them.
            overrides: keys to replace after that; a dot reaches into a section: {"model.hidden_size": 256}.

        Raises:
            ReaderError: an unknown name, preset or key, a value of the wrong type, or an impossible combination.
        """
        path = _path(name_or_path)
        mapping = dict(read_yaml(path))
        presets = mapping.pop("presets", {})
        if preset is not None:
            if preset not in presets:
                raise ReaderError(f"{path.name} has no preset {preset!r}; {nearest(preset, presets)}")
            mapping = _merged(mapping, presets[preset])
        for key, value in (overrides or {}).items():
            *sections, last = key.split(".")
            for section in reversed(sections):
                last, value = section, {last: value}
            mapping = _merged(mapping, {last: value})
        return cls.from_mapping({"name": path.stem, **mapping}, path.name)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], where: str = "the recipe") -> "Recipe":
        """As `load`, from what the file would hold."""
        recipe = from_mapping(cls, mapping, where)
        from_mapping(LlamaConfig, recipe.model, f"{where}: model")
        return recipe

    def to_mapping(self) -> dict[str, Any]:
        """What a YAML file of this recipe holds."""
        return _plain(asdict(self))

    def with_(self, **changes: Any) -> "Recipe":
        """The recipe with other values, checked again."""
        return replace(self, **changes)

    def model_config(self, vocab_size: int | None = None) -> LlamaConfig:
        """The model's configuration; `vocab_size` is the tokenizer's, and is taken where `model` has none."""
        sizes = {"max_position_embeddings": self.block_size, **self.model}
        if vocab_size is not None:
            sizes.setdefault("vocab_size", vocab_size)
            if sizes["vocab_size"] < vocab_size:
                raise ReaderError(
                    f"{self.name}: model.vocab_size {sizes['vocab_size']} is below the tokenizer's {vocab_size}"
                )
        return from_mapping(LlamaConfig, sizes, f"{self.name}: model")

    def gradient_accumulation_steps(self, world_size: int) -> int:
        """Micro-batches that each of `world_size` processes computes for one optimizer step.

        Raises:
            ReaderError: it would not be a whole number.
        """
        steps, rest = divmod(self.global_batch_size, self.micro_batch_size * world_size)
        if rest or not steps:
            raise ReaderError(
                f"{self.name}: {world_size} processes with micro_batch_size {self.micro_batch_size} cannot share "
                f"global_batch_size {self.global_batch_size} evenly: it must be a multiple of "
                f"{self.micro_batch_size * world_size}"
            )
        return steps

    def learning_rate_at(self, step: int) -> float:
        """The learning rate of an optimizer step, counted from 1."""
        if self.lr_schedule == "wsd":
            return wsd_schedule(
                step, self.max_steps, self.warmup_steps, self.decay_steps, self.learning_rate, self.min_lr_ratio
            )
        floor = 1.0 if self.lr_schedule == "constant" else self.min_lr_ratio
        return cosine_schedule(step, self.max_steps, self.warmup_steps, self.learning_rate, floor)

    @property
    def tokens(self) -> int:
        """Tokens of the whole run."""
        return math.prod((self.max_steps, self.global_batch_size, self.block_size))


def parse_overrides(settings: Iterable[str]) -> dict[str, Any]:
    """Turn "key=value" texts into overrides for `Recipe.load`; values are YAML.

    Raises:
        ReaderError: for anything that is not key=value.
    """
    import yaml

    overrides = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            equals = ""
        if not equals or not all(part.isidentifier() for part in key.split(".")):
            raise ReaderError(f"--set {setting}: write it as key=value, for instance --set max_steps=200")
        overrides[key] = value
    return overrides


_AT_LEAST_ONE = (
    "max_steps", "global_batch_size", "micro_batch_size", "block_size", "eval_steps", "eval_rows", "log_steps",
    "save_steps", "save_total_limit",
)  # fmt: skip


def _path(name_or_path: str | Path) -> Path:
    """The file itself, or one that comes with the package."""
    path, shipped = Path(name_or_path), SHIPPED / f"{name_or_path}.yaml"
    if path.is_file() or path.suffix in (".yaml", ".yml") or not shipped.is_file():
        if not path.is_file():
            known = sorted(file.stem for file in SHIPPED.glob("*.yaml"))
            raise ReaderError(f"no recipe {name_or_path}: name a YAML file, or one of {', '.join(known)}")
        return path
    return shipped


def _plain(value: Any) -> Any:
    """With the types that YAML and JSON have."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Path) else value


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the values of `changes`; sections are merged, not replaced."""
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        merged[key] = _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged
