"""Checkpoints of four families, both directions, against transformers; and folders that are no good."""

import json

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from llmbook.errors import ReaderError
from llmbook.models.generation import generate
from llmbook.models.llama import Llama, LlamaConfig

SIZES = {
    "vocab_size": 97, "hidden_size": 48, "intermediate_size": 80, "num_hidden_layers": 3, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 64,
}  # fmt: skip
LLAMA3 = {
    "rope_type": "llama3", "rope_theta": 5e5, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16,
}  # fmt: skip
YARN = {"rope_type": "yarn", "rope_theta": 1e4, "factor": 4.0, "original_max_position_embeddings": 16}
CASES = {
    "llama": ("Llama", {}),
    "llama tied, multi-head": ("Llama", {"tie_word_embeddings": True, "num_key_value_heads": 4}),
    "llama multi-query": ("Llama", {"num_key_value_heads": 1}),
    "llama wide heads": ("Llama", {"head_dim": 20}),
    "llama3 scaling": ("Llama", {"rope_parameters": LLAMA3}),
    "llama linear": ("Llama", {"rope_parameters": {"rope_type": "linear", "rope_theta": 1e4, "factor": 2.0}}),
    "llama dynamic": (
        "Llama",
        {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}, "max_position_embeddings": 16},
    ),
    "mistral": ("Mistral", {"sliding_window": None}),
    "mistral window": ("Mistral", {"sliding_window": 7}),
    "qwen2": ("Qwen2", {}),
    "qwen2 tied yarn": ("Qwen2", {"tie_word_embeddings": True, "rope_parameters": YARN}),
    "qwen3": ("Qwen3", {"head_dim": 16}),
    "qwen3 tied": ("Qwen3", {"tie_word_embeddings": True, "head_dim": 12}),
}


def reference(case: str):
    family, extra = CASES[case]
    torch.manual_seed(0)
    config = getattr(transformers, f"{family}Config")(**{**SIZES, **extra})
    config.pad_token_id = config.bos_token_id = config.eos_token_id = None
    model = getattr(transformers, f"{family}ForCausalLM")(config).eval()
    with torch.no_grad():  # biases and norms start at zero and one, where a mistake would not show
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return model


@pytest.fixture(scope="module", params=CASES)
def pair(request, tmp_path_factory):
    """A transformers model, its folder, and ours read from it."""
    folder = tmp_path_factory.mktemp("hf")
    theirs = reference(request.param)
    theirs.save_pretrained(folder)
    return theirs, folder, Llama.from_pretrained(folder)


IDS = torch.randint(0, 97, (2, 30), generator=torch.Generator().manual_seed(1))


def test_logits_are_those_of_transformers(pair):
    theirs, _, ours = pair
    with torch.no_grad():
        expected, loss = (theirs(IDS, labels=IDS)[key] for key in ("logits", "loss"))
        torch.testing.assert_close(ours(IDS), expected, atol=1e-4, rtol=0)
        torch.testing.assert_close(ours.loss(IDS), loss, atol=1e-5, rtol=1e-5)


def test_what_is_saved_is_loaded_by_transformers_with_the_same_logits(pair, tmp_path):
    _, _, ours = pair
    ours.save_pretrained(tmp_path / "ours", max_shard_size=30_000)
    theirs, report = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert not report["missing_keys"] and not report["unexpected_keys"] and not report["mismatched_keys"]
    assert len(list((tmp_path / "ours").glob("*.safetensors"))) > 2, "the weights are in several files"
    again = Llama.from_pretrained(tmp_path / "ours")
    assert again.config == ours.config
    with torch.no_grad():
        torch.testing.assert_close(theirs(IDS).logits, ours(IDS), atol=1e-4, rtol=0)
        assert torch.equal(again(IDS), ours(IDS))


def test_generation_with_the_cache_is_that_of_transformers_token_for_token(pair):
    theirs, _, ours = pair
    theirs.generation_config.pad_token_id = 0
    expected = theirs.generate(IDS[:, :9], attention_mask=torch.ones(2, 9), max_new_tokens=24, do_sample=False)
    assert torch.equal(generate(ours, IDS[:, :9], max_new_tokens=24), expected)


def folder_of(tmp_path, **sizes):
    torch.manual_seed(0)
    Llama(LlamaConfig(**{**SIZES, **sizes})).save_pretrained(tmp_path / "m")
    return tmp_path / "m"


def edit(folder, **values):
    config = json.loads((folder / "config.json").read_text())
    config.update(values)
    (folder / "config.json").write_text(json.dumps({key: value for key, value in config.items() if value != "gone"}))


def weights(folder, change):
    state = load_file(folder / "model.safetensors")
    change(state)
    save_file(state, folder / "model.safetensors")


def cut(path, size):
    path.write_bytes(path.read_bytes()[:size])


DAMAGE = {
    "no config": (lambda f: (f / "config.json").unlink(), "has no config.json: is it a checkpoint folder"),
    "config cut": (lambda f: cut(f / "config.json", 40), "config.json is damaged"),
    "another family": (lambda f: edit(f, model_type="gpt2"), "'gpt2': Llama reads llama, mistral, qwen2, qwen3"),
    "no family": (lambda f: edit(f, model_type="gone"), "type None"),
    "size missing": (lambda f: edit(f, hidden_size="gone", vocab_size="gone"), "lacks vocab_size, hidden_size"),
    "size as a word": (lambda f: edit(f, hidden_size="big"), "hidden_size = 'big', which is no size"),
    "index without a map": (
        lambda f: (f / "model.safetensors.index.json").write_text('{"weight_map": []}'), "index.json is damaged",
    ),
    "biased mlp": (lambda f: edit(f, mlp_bias=True), "mlp_bias = True, which Llama does not support"),
    "output bias": (lambda f: edit(f, attention_bias=True), "output bias"),
    "unknown rope": (lambda f: edit(f, rope_parameters={"rope_type": "magic"}), "unknown rope_type 'magic'"),
    "rope without factor": (lambda f: edit(f, rope_parameters={"rope_type": "linear"}), "lacks 'factor'"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "has no model.safetensors and no index"),
    "weights cut": (lambda f: cut(f / "model.safetensors", 5000), "model.safetensors is damaged"),
    "weight missing": (lambda f: weights(f, lambda s: s.pop("model.norm.weight")), "lacks 1 weights .* norm.weight"),
    "weight too many": (
        lambda f: weights(f, lambda s: s.update({"model.extra": torch.zeros(2)})), "1 weights that Llama does not know",
    ),
    "wrong shape": (lambda f: edit(f, intermediate_size=96), r"shape \[80, 48\], and config.json asks for \[96, 48\]"),
    "heads do not divide": (lambda f: edit(f, num_key_value_heads=3), "not divisible by num_key_value_heads"),
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGE)
def test_a_folder_that_is_no_good_is_told_in_one_line(case, tmp_path):
    folder = folder_of(tmp_path)
    damage, line = DAMAGE[case]
    damage(folder)
    with pytest.raises(ReaderError, match=line) as error:
        model = Llama.from_pretrained(folder)
        model(IDS)
    assert "\n" not in str(error.value)


def test_a_missing_shard_and_a_missing_folder_are_named(tmp_path):
    folder = folder_of(tmp_path)
    Llama.from_pretrained(folder).save_pretrained(folder, max_shard_size=30_000)
    shard = sorted(folder.glob("model-*.safetensors"))[1]
    shard.unlink()
    with pytest.raises(ReaderError, match=f"lacks {shard.name}, which its index lists"):
        Llama.from_pretrained(folder)
    with pytest.raises(ReaderError, match="no folder"):
        Llama.from_pretrained(tmp_path / "nowhere")


def test_saving_replaces_a_checkpoint_and_leaves_other_files(tmp_path):
    folder = folder_of(tmp_path)
    (folder / "tokenizer.json").write_text("{}")
    model = Llama.from_pretrained(folder)
    model.save_pretrained(folder, max_shard_size=30_000)
    assert not (folder / "model.safetensors").exists() and (folder / "tokenizer.json").exists()
    model.save_pretrained(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors", "tokenizer.json"]
    assert torch.equal(Llama.from_pretrained(folder)(IDS), model(IDS))
    assert list(tmp_path.iterdir()) == [folder], "nothing is left beside it"
    with pytest.raises(ReaderError, match="is a file"):
        model.save_pretrained(folder / "config.json")


def test_switches_that_no_family_has_together_cannot_be_saved(tmp_path):
    model = Llama(LlamaConfig(**SIZES, qk_norm=True, attention_bias=True))
    with pytest.raises(ReaderError, match="no checkpoint family"):
        model.save_pretrained(tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_reading_in_another_precision(tmp_path):
    folder = folder_of(tmp_path, tie_word_embeddings=True)
    model = Llama.from_pretrained(folder, dtype=torch.bfloat16)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}
    assert model.lm_head.weight is model.embed_tokens.weight
