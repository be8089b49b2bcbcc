"""Recipes as DeepSpeed's configuration: the four of section 4.4.1, mended, and its arithmetic of batches."""

import json

import pytest

from llmbook.errors import ReaderError
from llmbook.training.engines.ds_config import ds_config
from llmbook.training.recipe import Recipe

RECIPE = Recipe("test", engine="deepspeed", global_batch_size=512, micro_batch_size=8, zero_stage=3, precision="fp16")
CPU = {"device": "cpu", "pin_memory": True}
NVME = {"device": "nvme", "pin_memory": True, "nvme_path": "/nvme_data"}


@pytest.mark.parametrize(
    ("changes", "printed"),
    [
        ({}, {"stage": 3}),
        ({"offload_optimizer": "cpu"}, {"stage": 3, "offload_optimizer": CPU}),
        (
            {"offload_optimizer": "cpu", "offload_param": "cpu"},
            {"stage": 3, "offload_optimizer": CPU, "offload_param": CPU},
        ),
        (
            {"offload_optimizer": "nvme", "offload_param": "nvme", "nvme_path": "/nvme_data"},
            {"stage": 3, "offload_optimizer": NVME, "offload_param": NVME},
        ),
    ],
    ids=["stage 3", "optimizer on the cpu", "parameters too", "both on nvme"],
)
def test_the_four_printed_configurations(changes, printed):
    config = json.loads(json.dumps(ds_config(RECIPE.with_(**changes), 16)))
    assert config["zero_optimization"] == printed
    assert config["fp16"]["enabled"] and config["fp16"]["loss_scale"] == 0, "0 is DeepSpeed's word for dynamic"


@pytest.mark.parametrize("world_size", [1, 2, 16, 64])
def test_the_arithmetic_of_batches(world_size):
    config = ds_config(RECIPE, world_size)
    assert config["train_batch_size"] == 512 and config["train_micro_batch_size_per_gpu"] == 8
    assert 8 * config["gradient_accumulation_steps"] * world_size == 512


def test_processes_that_cannot_share_the_batch():
    with pytest.raises(ReaderError, match="3 processes"):
        ds_config(RECIPE, 3)


@pytest.mark.parametrize(
    ("precision", "world_size", "stage", "expected"),
    [
        ("fp32", 16, 2, {}),
        ("bf16", 64, 2, {"bf16": {"enabled": True}}),
        ("bf16", 16, 2, {"bf16": {"enabled": True}, "data_types": {"grad_accum_dtype": "fp32"}}),
        ("bf16", 16, 0, {"bf16": {"enabled": True}}),
    ],
    ids=["fp32", "bf16", "bf16, accumulated", "bf16, accumulated without ZeRO"],
)
def test_precision(precision, world_size, stage, expected):
    config = ds_config(RECIPE.with_(precision=precision, zero_stage=stage), world_size)
    assert {key: config[key] for key in ("fp16", "bf16", "data_types") if key in config} == expected


def test_clipping_can_be_off():
    assert ds_config(RECIPE, 1)["gradient_clipping"] == 1.0
    assert ds_config(RECIPE.with_(max_grad_norm=None), 1)["gradient_clipping"] == 0.0


def test_memory_is_pinned_only_where_it_can_be():
    recipe = RECIPE.with_(offload_optimizer="cpu")
    assert not ds_config(recipe, 1, pin_memory=False)["zero_optimization"]["offload_optimizer"]["pin_memory"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"zero_stage": 2, "offload_param": "cpu"}, "offload_param needs zero_stage: 3"),
        ({"zero_stage": 0, "offload_optimizer": "cpu"}, "offload_optimizer needs zero_stage 1, 2 or 3"),
        ({"offload_optimizer": "nvme"}, "needs nvme_path"),
        ({"zero_stage": 1, "offload_optimizer": "nvme", "nvme_path": "/disk"}, "nvme needs zero_stage: 3"),
        ({"engine": "torch"}, "needs engine: deepspeed"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(changes, words):
    with pytest.raises(ReaderError, match=words) as error:
        RECIPE.with_(**changes)
    assert "\n" not in str(error.value)
