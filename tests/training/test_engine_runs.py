"""The runs of section 4.4, in two real processes, against a plain loop and against what the formulas of ZeRO say."""

import pytest
import torch
from torch.nn import functional as F

from llmbook.models.llama import Llama
from llmbook.training.engine_runs import answers, loops, relay, side_by_side, traffic
from llmbook.training.processes import launch
from llmbook.training.recipe import Recipe
from llmbook.training.sources import TensorSource

SIZES = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
RECIPE = Recipe(
    name="small", model=SIZES, max_steps=6, global_batch_size=8, micro_batch_size=2, block_size=16, learning_rate=1e-2,
    lr_schedule="constant", max_grad_norm=None, weight_decay=0.0,
)  # fmt: skip
DEEPSPEED = RECIPE.with_(engine="deepspeed")
ENGINES = {
    "DDP": RECIPE,
    "ZeRO-1": DEEPSPEED.with_(zero_stage=1),
    "ZeRO-3, offloaded": DEEPSPEED.with_(zero_stage=3, offload_optimizer="cpu", offload_param="cpu"),
}
ROWS = torch.randint(64, (40, 16), generator=torch.Generator().manual_seed(1))
ADAMW = {"type": "AdamW", "params": {"lr": 1e-3, "torch_adam": True}}
FP16 = {"enabled": True, "initial_scale_power": 30, "loss_scale_window": 3, "hysteresis": 1}
CONFIG = {"train_micro_batch_size_per_gpu": 2, "optimizer": ADAMW, "zero_optimization": {"stage": 3}, "fp16": FP16}
QUESTIONS = {
    "removed": {"train_batch_size": 2, "optimizer": {"type": "OneBitAdam", "params": {"freeze_step": 400}}},
    "misspelt": {"train_batch_size": 2, "optimizer": ADAMW, "zero_optimisation": {"stage": 3}},
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    config = RECIPE.model_config()
    stages = [DEEPSPEED.with_(max_steps=2, zero_stage=3), DEEPSPEED.with_(max_steps=4, zero_stage=1)]
    calls = {
        "runs": (side_by_side, ENGINES, ROWS),
        "relay": (relay, stages, ROWS, tmp_path_factory.mktemp("relay")),
        "loops": (loops, {"printed": CONFIG}, config, ROWS.view(10, 4, 16), 0),
        "traffic": (traffic, config, (0, 3), 0),
        "answers": (answers, QUESTIONS),
    }
    return launch("llmbook.training.engine_runs:in_turn", 2, calls)


@pytest.fixture(scope="module")
def expected():
    """The losses of a loop without processes, engines or micro-batches."""
    torch.manual_seed(0)
    model = Llama(RECIPE.model_config())
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, betas=(0.9, 0.95), weight_decay=0.0)
    source, losses = TensorSource({"input_ids": ROWS}, 8), []
    for step in range(6):
        ids = source.batch(step, range(8))["input_ids"]
        loss = F.cross_entropy(model(ids)[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_does_what_a_plain_loop_does(results, expected, name):
    for rank in results:
        assert rank["runs"][name].losses == pytest.approx(expected, abs=1e-5)
        assert len(rank["runs"][name].seconds) == 6 and min(rank["runs"][name].seconds) > 0


def test_each_process_keeps_the_share_that_zero_leaves_it(results):
    count = sum(parameter.numel() for parameter in Llama(RECIPE.model_config()).parameters())
    for rank in results:
        weights = {name: run.weights / count for name, run in rank["runs"].items()}
        assert weights == pytest.approx({"DDP": 1, "ZeRO-1": 1, "ZeRO-3, offloaded": 1 / 2}, rel=0.01)
        states = {name: run.optimizer_bytes / count for name, run in rank["runs"].items()}
        assert states == pytest.approx({"DDP": 8, "ZeRO-1": 12 / 2, "ZeRO-3, offloaded": 12 / 2}, rel=0.01)


def test_a_training_goes_on_at_another_stage(results, expected):
    assert results[0]["relay"] == pytest.approx(expected[:4], abs=1e-5)


def test_the_loss_scale_halves_at_an_overflow_and_doubles_after_three_good_steps(results):
    history = results[0]["loops"]["printed"]
    assert history[0]["loss_scale"] == 2**30 and history[-1]["loss_scale"] < 2**24
    good = 0
    for line, following in zip(history, history[1:], strict=False):
        skipped = following["loss_scale"] < line["loss_scale"]
        good = 0 if skipped else good + 1
        factor = 0.5 if skipped else 2 if good == 3 else 1
        good = good % 3
        assert following["loss_scale"] == line["loss_scale"] * factor


def test_traffic_is_that_of_the_formulas(results):
    for rank in results:
        assert sum(rank["traffic"][0].values()) == pytest.approx(2 / 2, rel=0.01)
        assert sum(rank["traffic"][3].values()) == pytest.approx(3 / 2, rel=0.01)


def test_deepspeed_answers(results):
    said = results[0]["answers"]
    assert said["removed"] == "AssertionError: OneBitAdam is not a supported DeepSpeed Optimizer"
    assert said["misspelt"] == "accepted, with ZeRO stage 0"
