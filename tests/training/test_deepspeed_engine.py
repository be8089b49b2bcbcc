"""DeepSpeed behind the engine's protocol, in real processes: against a plain loop, and across all its stages."""

import itertools
import math

import deepspeed_runs as runs
import pytest
from deepspeed_runs import DEEPSPEED, PLAIN

from llmbook.models.llama import Llama
from llmbook.training.processes import launch

RECIPES = {
    "0": DEEPSPEED,
    "1": DEEPSPEED.with_(zero_stage=1),
    "2": DEEPSPEED.with_(zero_stage=2),
    "3": DEEPSPEED.with_(zero_stage=3),
    "2, optimizer offloaded": DEEPSPEED.with_(zero_stage=2, offload_optimizer="cpu"),
    "3, all offloaded": DEEPSPEED.with_(zero_stage=3, offload_optimizer="cpu", offload_param="cpu"),
}
STAGES = ("0", "1", "2", "3")
HALVES = [(precision, stage) for precision in ("bf16", "fp16") for stage in STAGES]
RESUMED = [("1", "3"), ("3", "2"), ("2", "0"), ("0", "1"), ("3, all offloaded", "2, optimizer offloaded"),
           ("1", "3, all offloaded"), ("torch, 1 process", "1"), ("torch, 1 process", "3")]  # fmt: skip
ALONE = [("1", "3"), ("3", "1"), ("3, all offloaded", "0"), ("2", "torch")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("checkpoints")


@pytest.fixture(scope="module")
def extensions(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCH_EXTENSIONS_DIR", str(folder / "extensions"))
        yield


@pytest.fixture(scope="module")
def two(folder, extensions):
    """All that runs in two processes, by name; what was saved on one process is read here too."""
    runs.train(PLAIN, folder / "torch, 1 process")
    calls = {name: ("train", (recipe, folder / name), {"partitioned": name == "3"}) for name, recipe in RECIPES.items()}
    for precision, stage in HALVES:
        recipe, name = RECIPES[stage].with_(precision=precision), f"{precision} {stage}"
        calls[name] = ("train", (recipe, folder / name, 6), {"partitioned": stage == "3"})
        calls[f"{name} resumed"] = ("resume", (recipe, folder / name, 6), {})
    for saved, read in RESUMED:
        calls[f"{saved} -> {read}"] = ("resume", (RECIPES[read], folder / saved), {"partitioned": read == "3"})
    checkpointing = {"partitioned": True, "checkpointing": True}
    calls["activations"] = ("resume", (RECIPES["3"], folder / "3"), checkpointing)
    calls |= {f"scaling {stage}": ("scaling", (RECIPES[stage].with_(precision="fp16"), folder / f"scaling {stage}"), {})
              for stage in STAGES}  # fmt: skip
    calls |= {f"spike {name}": ("spike", (RECIPES[name],), {}) for name in (*STAGES, "3, all offloaded")}
    calls["odd"] = ("odd", (PLAIN, folder / "odd", None), {})
    for stage in STAGES:
        calls[f"odd {stage}"] = ("odd", (RECIPES[stage], folder / f"odd {stage}", None), {})
        calls[f"odd {stage} -> torch"] = ("odd", (PLAIN, folder / f"odd from {stage}", folder / f"odd {stage}"), {})
        calls[f"torch -> odd {stage}"] = ("odd", (RECIPES[stage], folder / f"odd to {stage}", folder / "odd"), {})
    for precision in ("fp32", "bf16", "fp16"):
        calls[f"weights {precision}"] = ("partitioned_weights", (RECIPES["3"].with_(precision=precision),), {})
    calls["nvme"] = ("on_nvme", (folder,), {})
    calls["accepted"] = ("accepted", (RECIPES,), {})
    calls["compiled"] = ("compiled", (), {})
    return launch("deepspeed_runs:in_turn", 2, calls)


@pytest.fixture(scope="module")
def one(folder, two):
    calls = {
        f"{saved} -> {read}": ("resume", (RECIPES.get(read, PLAIN), folder / saved), {"partitioned": read == "3"})
        for saved, read in ALONE
    }
    return launch("deepspeed_runs:in_turn", 1, calls)[0]


@pytest.fixture(scope="module")
def expected():
    return runs.plain_loop(20)


def agree(history, expected, tolerance=1e-5):
    assert [step.loss for step in history] == pytest.approx([step.loss for step in expected], abs=tolerance)
    assert [step.norm for step in history] == pytest.approx([step.norm for step in expected], rel=10 * tolerance)
    assert all(step.updated for step in history)


@pytest.mark.parametrize("name", RECIPES)
def test_every_stage_does_what_a_plain_loop_does(two, expected, name):
    assert max(step.norm for step in expected) > PLAIN.max_grad_norm, "the gradient is clipped"
    for rank in two:
        agree(rank[name]["history"], expected)


@pytest.mark.parametrize(("saved", "read"), RESUMED)
def test_a_checkpoint_of_any_stage_is_read_at_any_other(two, saved, read, expected):
    resumed = two[0][f"{saved} -> {read}"]
    agree(resumed["history"], expected[10:])
    assert resumed["evaluated"] == pytest.approx(two[0]["2"]["evaluated"], abs=1e-5)


@pytest.mark.parametrize(("saved", "read"), ALONE)
def test_a_checkpoint_of_two_processes_is_read_by_one(one, saved, read, expected):
    agree(one[f"{saved} -> {read}"]["history"], expected[10:])


def test_the_first_loss_of_a_partitioned_model_is_that_of_guessing(two):
    assert two[0]["3"]["history"][0].loss == pytest.approx(math.log(runs.SIZES["vocab_size"]), abs=0.05)


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_a_partitioned_model_has_the_weights_of_a_whole_one(two, precision):
    assert [rank[f"weights {precision}"] for rank in two] == [0, 0]


def test_stage_3_alone_holds_half_of_the_parameters(two):
    whole = sum(parameter.numel() for parameter in Llama(PLAIN.model_config()).parameters())
    held = {name: [rank[name]["held"] for rank in two] for name in STAGES}
    assert held["0"] == held["1"] == held["2"] == [whole, whole]
    assert held["3"] == [whole / 2, whole / 2]


def test_activation_checkpointing_changes_nothing(two, expected):
    agree(two[0]["activations"]["history"], expected[10:])


@pytest.mark.parametrize(("precision", "stage"), HALVES)
def test_sixteen_bits_are_near_and_resume_exactly(two, precision, stage, expected):
    """The unit of rounding is 2⁻⁸ in bf16, 2⁻¹¹ in fp16, and a loss of ln 131 is a mean over a hundred tokens."""
    name = f"{precision} {stage}"
    whole, resumed = two[0][name], two[0][f"{name} resumed"]
    assert resumed["history"] == whole["history"][3:] and resumed["evaluated"] == whole["evaluated"]
    agree(whole["history"], expected[:6], tolerance={"bf16": 2e-3, "fp16": 3e-4}[precision])


@pytest.mark.parametrize("stage", STAGES)
def test_the_scale_of_the_loss_falls_at_an_overflow_and_rises_after_good_steps(two, stage):
    """Section 4.2.4's run: 2²⁴ at first, halved at every overflow, doubled when more than five steps were good."""
    run = two[0][f"scaling {stage}"]
    scales, steps = zip(*run["whole"], strict=True)
    scale, since = 2.0**24, 0
    for seen, step in zip(scales, steps, strict=True):
        assert seen == scale and step.updated == math.isfinite(step.norm)
        since = since + 1 if step.updated else 0
        scale = scale / 2 if not step.updated else scale * 2 if since > 1 and since % 5 == 1 else scale
    assert not any(step.updated for step in steps[:3]) and run["skipped"] == sum(not step.updated for step in steps)
    assert max(scales[8:]) > min(scales), "it has risen again"
    assert run["rest"] == run["whole"][8:], "a resumed run goes on with the scale, and with the count of good steps"


@pytest.mark.parametrize("name", [*STAGES, "3, all offloaded"])
def test_a_step_above_the_limit_leaves_no_trace(two, name):
    left_out, taken, same = two[0][f"spike {name}"]
    assert same and not left_out.updated and taken.updated
    assert left_out.norm == taken.norm > 0.01 and left_out.loss == taken.loss


@pytest.mark.parametrize("stage", STAGES)
def test_sizes_that_the_processes_do_not_divide_and_frozen_parameters(two, stage):
    agree(two[0][f"odd {stage}"], two[0]["odd"], tolerance=1e-6)
    losses = {name: [step.loss for step in two[0][name]] for name in (f"odd {stage} -> torch", f"torch -> odd {stage}")}
    for first, second in itertools.pairwise(losses.values()):
        assert first == pytest.approx(second, abs=1e-6) and first[0] < two[0]["odd"][0].loss


def test_nvme_without_the_library_is_said_before_anything_is_built(two):
    assert two[0]["nvme"].startswith("offloading to nvme needs libaio on every node")


def test_deepspeed_reads_the_configurations_as_they_are_meant(two):
    assert two[0]["accepted"] == {name: (8, recipe.offload_optimizer) for name, recipe in RECIPES.items()}


def test_nothing_is_compiled(two):
    assert not two[0]["compiled"] and not two[1]["compiled"]
