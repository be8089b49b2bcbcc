"""Recipes: presets and overrides in their order, and one line for whatever cannot be."""

import json
from pathlib import Path

import pytest
import yaml

from llmbook.errors import ReaderError
from llmbook.training.data import DataOptions
from llmbook.training.recipe import SHIPPED, Recipe, parse_overrides

BASE = {
    "model": {"vocab_size": 100, "hidden_size": 32, "num_attention_heads": 2},
    "max_steps": 10,
    "presets": {"gpu": {"max_steps": 50, "precision": "bf16", "model": {"hidden_size": 64}}},
}


def written(folder: Path, **changes: object) -> Path:
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(BASE | changes))
    return path


def test_a_preset_changes_the_file_and_overrides_change_both(tmp_path):
    path = written(tmp_path)
    assert Recipe.load(path).max_steps == 10
    gpu = Recipe.load(path, "gpu", {"model.hidden_size": 128, "seed": 3})
    assert (gpu.max_steps, gpu.precision, gpu.seed) == (50, "bf16", 3)
    assert gpu.model == {"vocab_size": 100, "hidden_size": 128, "num_attention_heads": 2}
    assert gpu.name == "mine"
    shards = gpu.with_(data=DataOptions(shards=Path("a"), eval_shards=Path("b")))
    for recipe in (gpu, shards, Recipe.load("125m")):
        for read, write in ((json.loads, json.dumps), (yaml.safe_load, yaml.safe_dump)):
            assert Recipe.from_mapping(read(write(recipe.to_mapping()))) == recipe


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"max_step": 3}, "mine.yaml: unknown key 'max_step'; did you mean 'max_steps'?"),
        ({"model": {"hidden": 3}}, "mine.yaml: model: unknown key 'hidden'"),
        ({"model": {"hidden_size": 33, "num_attention_heads": 2}}, "not divisible"),
        ({"precision": "bf61"}, "precision cannot be 'bf61'; did you mean 'bf16'?"),
        ({"zero_stage": 4}, "zero_stage cannot be 4"),
        ({"zero_stage": 2}, "zero_stage 2 needs engine: deepspeed"),
        ({"offload_optimizer": "cpu"}, "need engine: deepspeed"),
        ({"engine": "deepspeed", "offload_optimizer": "cpu"}, "offload_optimizer needs zero_stage 1, 2 or 3"),
        ({"engine": "deepspeed", "zero_stage": 2, "offload_param": "cpu"}, "offload_param needs zero_stage: 3"),
        ({"engine": "deepspeed", "zero_stage": 2, "offload_optimizer": "nvme"}, "nvme needs zero_stage: 3"),
        ({"engine": "deepspeed", "zero_stage": 3, "offload_optimizer": "nvme"}, "needs nvme_path"),
        ({"engine": "deepspeed", "zero_stage": 3, "precision": "auto"}, "say fp32, bf16 or fp16"),
        ({"spike_threshold": 5.0, "spike_action": "rollback"}, "needs save_steps"),
        ({"global_batch_size": 10, "micro_batch_size": 4}, "global_batch_size 10 is no multiple of micro_batch_size 4"),
        ({"lr_schedule": "wsd"}, "wsd needs decay_steps"),
        ({"warmup_steps": 11}, "more than max_steps"),
        ({"max_steps": 0}, "max_steps must be at least 1"),
        ({"learning_rate": -1.0}, "learning_rate must not be below 0"),
        ({"learning_rate": "fast"}, "learning_rate must be a number"),
        ({"adam_betas": [0.9]}, "adam_betas are two numbers"),
        ({"data": {"shard": "x"}}, "unknown key 'shard'; did you mean 'shards'?"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path, changes, words):
    with pytest.raises(ReaderError) as caught:
        Recipe.load(written(tmp_path, **changes))
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_unknown_names(tmp_path):
    with pytest.raises(ReaderError, match="no recipe pretrian: name a YAML file, or one of .*125m"):
        Recipe.load("pretrian")
    with pytest.raises(ReaderError, match="mine.yaml has no preset 'cpu'; did you mean 'gpu'"):
        Recipe.load(written(tmp_path), "cpu")
    with pytest.raises(ReaderError, match="no recipe .*none.yaml"):
        Recipe.load(tmp_path / "none.yaml")


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_recipe_and_preset_loads(path):
    assert Recipe.load(path.stem).name == path.stem
    for preset in yaml.safe_load(path.read_text()).get("presets", {}):
        Recipe.load(path.stem, preset)


def test_settings_of_the_command_line():
    assert parse_overrides(["max_steps=3", "model.hidden_size=64", "learning_rate=1e-3", "name=x y"]) == {
        "max_steps": 3, "model.hidden_size": 64, "learning_rate": "1e-3", "name": "x y",
    }  # fmt: skip
    assert Recipe.load(SHIPPED / "125m.yaml", overrides={"learning_rate": "1e-3"}).learning_rate == 1e-3
    for bad in ("max_steps", "3=4", "a..b=1", "a=[1"):
        with pytest.raises(ReaderError, match="write it as key=value"):
            parse_overrides([bad])


def test_the_global_batch_is_shared_evenly_or_not_at_all():
    recipe = Recipe("r", global_batch_size=24, micro_batch_size=4)
    assert [recipe.gradient_accumulation_steps(n) for n in (1, 2, 3, 6)] == [6, 3, 2, 1]
    with pytest.raises(ReaderError, match="4 processes with micro_batch_size 4 cannot share global_batch_size 24"):
        recipe.gradient_accumulation_steps(4)


def test_schedules_meet_their_corners():
    at = Recipe("r", max_steps=100, warmup_steps=10, learning_rate=1.0, min_lr_ratio=0.1).learning_rate_at
    assert (at(5), at(10)) == (0.5, 1.0) and at(100) == pytest.approx(0.1) and at(55) == pytest.approx(0.55)
    wsd = Recipe("r", max_steps=100, warmup_steps=10, decay_steps=20, lr_schedule="wsd", learning_rate=1.0)
    assert [wsd.learning_rate_at(step) for step in (1, 10, 80)] == [0.1, 1.0, 1.0]
    assert wsd.learning_rate_at(90) == pytest.approx(0.55) and wsd.learning_rate_at(100) == pytest.approx(0.1)
    constant = Recipe("r", max_steps=100, warmup_steps=10, lr_schedule="constant", learning_rate=1.0)
    assert [constant.learning_rate_at(step) for step in (5, 10, 100)] == [0.5, 1.0, 1.0]


def test_the_vocabulary_comes_from_the_tokenizer_unless_the_model_has_a_larger_one():
    recipe = Recipe("r", model={"hidden_size": 32, "num_attention_heads": 2}, block_size=64)
    config = recipe.model_config(500)
    assert (config.vocab_size, config.max_position_embeddings) == (500, 64)
    assert recipe.with_(model={**recipe.model, "vocab_size": 512}).model_config(500).vocab_size == 512
    with pytest.raises(ReaderError, match="vocab_size 400 is below the tokenizer's 500"):
        recipe.with_(model={**recipe.model, "vocab_size": 400}).model_config(500)
