"""One recipe, one seed, one global batch: the same loss curve from every engine, in real processes."""

import shutil

import pytest
import torch

from llmbook.training.processes import launch
from llmbook.training.recipe import Recipe
from llmbook.training.sources import TensorSource
from llmbook.training.trainer import train

STEPS = 50
RECIPE = Recipe(
    "agree",
    model={
        "vocab_size": 256, "hidden_size": 64, "intermediate_size": 160, "num_hidden_layers": 3,
        "num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.05, "tie_word_embeddings": True,
    },
    max_steps=STEPS, global_batch_size=8, micro_batch_size=2, block_size=32, learning_rate=3e-3, warmup_steps=5,
    eval_steps=25,
)  # fmt: skip
ENGINES = {"DDP": RECIPE} | {
    f"ZeRO-{stage}": RECIPE.with_(engine="deepspeed", zero_stage=stage) for stage in (0, 1, 2, 3)
}


def source():
    rows = torch.randint(0, 16, (200, 32), generator=torch.Generator().manual_seed(1)).cumsum(1) % 256
    return TensorSource({"input_ids": rows}, 8, held_out={"same": rows[:5]})


def trained(recipes, folder):
    """The history of every recipe; each is trained for half of the steps, and resumed."""
    histories = {}
    for name, recipe in recipes.items():
        run = train(recipe.with_(save_steps=25, save_total_limit=9), folder / name, source=source())
        histories[name] = run.history
    return histories


def handed_on(order, folder):
    """One run through several engines, each resuming the checkpoint of the one before."""
    for number, name in enumerate(order, start=1):
        recipe = ENGINES[name].with_(save_steps=10)
        run = train(_until(recipe, 10 * number), folder, resume=True, source=source())
    return [line["loss"] for line in run.history]


def _until(recipe, step):
    """To stop early without another schedule: the learning rate goes by `max_steps`."""
    return recipe.with_(max_steps=step, lr_schedule="constant")


def everything(folder):
    order = ("ZeRO-2", "ZeRO-3", "DDP", "ZeRO-1")
    return trained(ENGINES, folder), handed_on(order, folder / "handed on")


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield train(RECIPE, tmp_path_factory.mktemp("one"), source=source())
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("two")


@pytest.fixture(scope="module")
def two(folder):
    return launch(f"{__name__}:everything", 2, folder)


@pytest.mark.parametrize("name", ENGINES)
def test_loss_curves_agree(one, two, name):
    history, other = two[0][0][name], two[1][0][name]
    assert [line["loss"] for line in history] == [line["loss"] for line in other]
    for line, expected in zip(history, one.history, strict=True):
        assert line["loss"] == pytest.approx(expected["loss"], abs=1e-3)
        assert line["grad_norm"] == pytest.approx(expected["grad_norm"], rel=1e-2)
    assert history[-1]["eval/same"] == pytest.approx(one.history[-1]["eval/same"], abs=1e-3)
    assert one.history[-1]["loss"] < one.history[0]["loss"] - 1  # there was something to learn


@pytest.mark.parametrize("name", ENGINES)
def test_one_process_goes_on_where_two_were(one, two, folder, tmp_path, name):
    """Another world size, and from every stage of ZeRO to plain PyTorch."""
    shutil.copytree(folder / name, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "checkpoints" / f"step-{STEPS:08}")
    run = train(RECIPE, tmp_path / "run", resume=True, source=source())
    for line, expected in zip(run.history, one.history, strict=True):
        assert line["loss"] == pytest.approx(expected["loss"], abs=1e-3)


def test_a_run_may_change_its_stage_at_every_resume(two):
    constant = train(_until(RECIPE, 40), source=source())
    assert two[0][1] == pytest.approx([line["loss"] for line in constant.history], abs=1e-3)
