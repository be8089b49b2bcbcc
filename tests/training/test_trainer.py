"""The loop: the same figures after a resume, in parts and on several processes; and when things go wrong."""

import copy
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from llmbook.errors import ReaderError
from llmbook.models.llama import Llama, LlamaConfig
from llmbook.training.loop import fit
from llmbook.training.metrics import flops_per_token, peak_flops, read_metrics
from llmbook.training.processes import launch
from llmbook.training.recipe import Recipe
from llmbook.training.sources import TensorSource
from llmbook.training.trainer import language_modelling, train

SIZES = {
    "vocab_size": 64, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
    "initializer_range": 0.1, "tie_word_embeddings": True,
}  # fmt: skip
RECIPE = Recipe(
    "test", model=SIZES, max_steps=12, global_batch_size=8, micro_batch_size=8, block_size=16, learning_rate=3e-3,
    warmup_steps=3,
)  # fmt: skip
ROWS = torch.randint(0, 64, (50, 16), generator=torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def source(rows=ROWS, **tensors):
    return TensorSource({"input_ids": rows, **tensors}, 8, held_out={"first": rows[:9]})


def figures(run):
    """What must be the same to the last bit."""
    wanted = ("step", "loss", "learning_rate", "grad_norm", "eval/first", "skipped")
    return [{name: line[name] for name in wanted if name in line} for line in run.history]


def same(a, b):
    return all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


class Dropping(nn.Module):
    """A language model with dropout, which needs the random state of the checkpoint."""

    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(64, 16), nn.Linear(16, 64)

    def loss(self, input_ids, labels=None):
        logits = self.head(F.dropout(self.embed(input_ids[:, :-1]), 0.3, self.training))
        return F.cross_entropy(logits.flatten(0, 1), input_ids[:, 1:].flatten())


# ---------------------------------------------------------------- the same figures


def test_one_process_does_what_the_small_loop_does():
    torch.manual_seed(RECIPE.seed)
    model = Llama(RECIPE.model_config())
    batches = [source().batch(step, range(8)) for step in range(12)]
    history = fit(
        model, batches, language_modelling, max_steps=12, learning_rate=3e-3, warmup_steps=3, weight_decay=0.1,
        adam_betas=(0.9, 0.95), max_grad_norm=1.0,
    )  # fmt: skip
    run = train(RECIPE, source=source())
    assert [line["loss"] for line in history] == [line["loss"] for line in run.history]
    assert [line["learning_rate"] for line in history] == [line["learning_rate"] for line in run.history]
    assert same(model, run.model)


@pytest.mark.parametrize("model", [None, Dropping], ids=["llama", "dropout"])
def test_a_resumed_run_is_the_same_to_the_last_bit(tmp_path, model):
    def go(out, recipe, **options):
        torch.manual_seed(5)
        return train(recipe, out, model=model and model(), source=source(), **options)

    recipe = RECIPE.with_(save_steps=5, eval_steps=4, save_total_limit=5)
    whole = go(tmp_path / "whole", recipe)
    part = go(tmp_path / "parts", recipe)
    for step in (10, 12):
        shutil.rmtree(tmp_path / "parts" / "checkpoints" / f"step-{step:08}")
    resumed = go(tmp_path / "parts", recipe, resume=True)
    assert figures(resumed) == figures(part) == figures(whole)
    assert same(resumed.model, whole.model)
    lines = read_metrics(tmp_path / "parts")
    assert [line["step"] for line in lines] == list(range(1, 13))


def test_accumulated_micro_batches_are_one_batch():
    whole, parts = train(RECIPE, source=source()), train(RECIPE.with_(micro_batch_size=2), source=source())
    for a, b in zip(whole.history, parts.history, strict=True):
        assert (a["loss"], a["grad_norm"]) == pytest.approx((b["loss"], b["grad_norm"]), abs=1e-5)


def test_every_label_weighs_the_same_however_the_batch_is_cut():
    """The mean of the micro-batches' means would be another number: they predict unequally many tokens."""
    labels = ROWS.clone()
    for row in range(len(labels)):
        labels[row, : row % 15] = -100
    whole = train(RECIPE, source=source(labels=labels))
    parts = train(RECIPE.with_(micro_batch_size=2), source=source(labels=labels))
    for a, b in zip(whole.history, parts.history, strict=True):
        assert (a["loss"], a["grad_norm"]) == pytest.approx((b["loss"], b["grad_norm"]), abs=1e-5)
    batch, model = source(labels=labels).batch(0, range(8)), _first_model()
    means = [model.loss(batch["input_ids"][i : i + 2], batch["labels"][i : i + 2]).item() for i in range(0, 8, 2)]
    assert abs(sum(means) / 4 - whole.history[0]["loss"]) > 1e-3


def _first_model():
    torch.manual_seed(RECIPE.seed)
    return Llama(RECIPE.model_config())


def test_checkpointed_activations_change_nothing():
    plain, saving = train(RECIPE, source=source()), train(RECIPE.with_(activation_checkpointing=True), source=source())
    assert figures(plain) == figures(saving)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_lower_precision_stays_close_and_resumes_the_same(tmp_path, precision):
    recipe = RECIPE.with_(precision=precision, save_steps=6)
    whole, fp32 = train(recipe, tmp_path / "a", source=source()), train(RECIPE, source=source())
    for a, b in zip(whole.history, fp32.history, strict=True):
        assert a["loss"] == pytest.approx(b["loss"], abs=0.03)
    assert figures(whole) != figures(fp32)
    train(recipe, tmp_path / "b", source=source())
    state = json.loads((tmp_path / "b" / "checkpoints" / "step-00000006" / "optimizer.json").read_text())
    # The steps without an overflow so far: without them a resumed run would raise the scale later than the whole one.
    assert state.get("clean_steps") == (6 if precision == "fp16" else None)
    shutil.rmtree(tmp_path / "b" / "checkpoints" / "step-00000012")
    assert figures(train(recipe, tmp_path / "b", source=source(), resume=True)) == figures(whole)


def on_two_processes(recipe, out=None, resume=False):
    run = train(recipe, out, source=source(), resume=resume)
    return figures(run), {name: tensor.clone() for name, tensor in run.model.state_dict().items()}


def test_two_processes_do_what_one_does_and_resume_each_others_runs(tmp_path):
    recipe = RECIPE.with_(micro_batch_size=2, save_steps=6, eval_steps=6, save_total_limit=5)
    one = train(recipe, tmp_path / "one", source=source())
    (history, weights), (other, others) = launch(f"{__name__}:on_two_processes", 2, recipe, tmp_path / "two")
    assert history == other and all(torch.equal(weights[name], others[name]) for name in weights)
    close(history, figures(one))
    for folder in ("one", "two"):
        shutil.rmtree(tmp_path / folder / "checkpoints" / "step-00000012")
    shutil.copytree(tmp_path / "one", tmp_path / "one-then-two")
    (history, _), _ = launch(f"{__name__}:on_two_processes", 2, recipe, tmp_path / "one-then-two", True)
    close(history, figures(one))
    close(figures(train(recipe, tmp_path / "two", source=source(), resume=True)), figures(one))


def close(history, others):
    assert len(history) == len(others)
    for a, b in zip(history, others, strict=True):
        assert a == pytest.approx(b, abs=2e-5)


# ---------------------------------------------------------------- what is written


def test_the_finished_model_loads_everywhere(tmp_path):
    from transformers import AutoModelForCausalLM

    run = train(RECIPE, tmp_path / "run", source=source())
    ours, theirs = Llama.from_pretrained(run.exported), AutoModelForCausalLM.from_pretrained(run.exported)
    assert same(ours, run.model)
    with torch.no_grad():
        torch.testing.assert_close(theirs(ROWS[:2]).logits, run.model(ROWS[:2]), atol=1e-5, rtol=1e-5)


def test_metrics_are_lines_and_tensorboard_has_them_too(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    recipe = RECIPE.with_(log_steps=5, eval_steps=6, tensorboard=True)
    run = train(recipe, tmp_path, source=source(), evaluate=lambda model: {"norm": model.norm.weight.norm().item()})
    lines = read_metrics(tmp_path)
    assert [line["step"] for line in lines] == [5, 6, 10, 12]
    assert lines == [run.history[step - 1] for step in (5, 6, 10, 12)]
    assert all("tokens_per_second" in line and line["mfu"] > 0 for line in lines if line["step"] in (5, 10, 12))
    assert [line["step"] for line in lines if "norm" in line and "eval/first" in line] == [6, 12]
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [event.value for event in events.Scalars("loss")] == pytest.approx([line["loss"] for line in lines])


def test_the_held_out_loss_is_the_mean_over_its_tokens():
    run = train(RECIPE.with_(eval_steps=12, eval_rows=9, micro_batch_size=4), source=source())
    with torch.no_grad():
        assert run.history[-1]["eval/first"] == pytest.approx(run.model.loss(ROWS[:9]).item(), abs=1e-6)


def test_flops_of_a_token_against_torchs_counter():
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    config = LlamaConfig(**SIZES)
    model = Llama(config)
    # The one product of attention that the counter sees through is the plain one.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        F.cross_entropy(model(ROWS[:4])[:, :-1].flatten(0, 1), ROWS[:4, 1:].flatten()).backward()
    # torch counts the whole square of the attention, as PaLM's formula does; norms cost it nothing.
    matrices = sum(p.numel() for p in model.parameters() if p.dim() > 1)
    assert counter.get_total_flops() / ROWS[:4].numel() == pytest.approx(
        flops_per_token(matrices, config, 16), rel=0.02
    )
    assert flops_per_token(100) == 600


def test_the_peak_is_measured_where_there_is_no_datasheet():
    assert 1e9 < peak_flops("cpu", "fp32") < 1e15


# ---------------------------------------------------------------- when things go wrong


class Poisoned(TensorSource):
    """Steps of the data whose loss the objective below multiplies."""

    def __init__(self, steps):
        super().__init__({"input_ids": ROWS}, 8)
        self.steps = steps

    def batch(self, step, rows):
        poison = torch.full((len(rows), 2), 1.0 + 99.0 * (step in self.steps))
        return super().batch(step, rows) | {"poison": poison}


def poisoned(model, batch):
    return model.loss(batch["input_ids"]) * batch["poison"].mean(), {}


def test_a_spike_is_skipped():
    recipe = RECIPE.with_(max_steps=24, spike_threshold=10.0)
    run = train(recipe, source=Poisoned({20}), objective=poisoned)
    assert [line["step"] for line in run.history if line.get("skipped")] == [21]
    calm = train(recipe, source=Poisoned(set()), objective=poisoned)
    assert figures(run)[:20] == figures(calm)[:20]
    before = train(recipe.with_(max_steps=20, lr_schedule="constant"), source=Poisoned({20}), objective=poisoned)
    after = train(recipe.with_(max_steps=21, lr_schedule="constant"), source=Poisoned({20}), objective=poisoned)
    assert same(before.model, after.model)


def test_a_spike_goes_back_to_the_last_checkpoint_and_past_the_data(tmp_path, capsys):
    recipe = RECIPE.with_(
        max_steps=24, spike_threshold=10.0, spike_action="rollback", save_steps=18, max_grad_norm=None
    )
    run = train(recipe, tmp_path, source=Poisoned({20}), objective=poisoned)
    assert "spike at step 21: back to step 18" in capsys.readouterr().err
    assert [line["step"] for line in run.history] == list(range(1, 25)) == [x["step"] for x in read_metrics(tmp_path)]
    assert max(line["grad_norm"] for line in run.history) < 20

    class Without(Poisoned):  # the same run when the data of steps 19 to 21 had never been there
        def batch(self, step, rows):
            return super().batch(step if step < 18 else step + 3, rows)

    assert figures(train(recipe, tmp_path / "b", source=Without({20}), objective=poisoned)) == figures(run)


def test_spikes_without_end_are_given_up(tmp_path):
    recipe = RECIPE.with_(max_steps=24, spike_threshold=10.0, spike_action="rollback", save_steps=18)
    with pytest.raises(ReaderError, match="spikes at step .*, and going back does not help: lower learning_rate"):
        train(recipe, tmp_path, source=Poisoned(set(range(18, 99))), objective=poisoned)
    with pytest.raises(ReaderError, match="needs a folder for checkpoints"):
        train(recipe, source=source())


def test_a_loss_that_is_not_finite_is_one_line(tmp_path):
    def broken(model, batch):
        loss = model.loss(batch["input_ids"])
        return loss * (math.nan if batch["poison"].mean() > 1 else 1), {}

    with pytest.raises(ReaderError, match="the loss is nan .* at step 8: lower learning_rate.*step-00000006") as caught:
        train(RECIPE.with_(save_steps=3), tmp_path, source=Poisoned({7}), objective=broken)
    assert "\n" not in str(caught.value)


def test_folders_and_recipes_that_do_not_fit_are_one_line(tmp_path):
    train(RECIPE, tmp_path, source=source())
    with pytest.raises(ReaderError, match="holds a run, step-00000012: resume it, or name another folder"):
        train(RECIPE, tmp_path, source=source())
    with pytest.raises(ReaderError, match="made with global_batch_size: 8, and the recipe says 16"):
        train(RECIPE.with_(global_batch_size=16), tmp_path, source=source(), resume=True)
    with pytest.raises(ReaderError, match="made with model: "):
        train(RECIPE.with_(model={**SIZES, "hidden_size": 64}), tmp_path, source=source(), resume=True)
    with pytest.raises(ReaderError, match="resume needs the folder"):
        train(RECIPE, source=source(), resume=True)
    with pytest.raises(ReaderError, match="no data and no tokenizer"):
        train(RECIPE)
    longer = train(RECIPE.with_(max_steps=14, lr_schedule="constant"), tmp_path, source=source(), resume=True)
    assert [line["step"] for line in longer.history] == list(range(1, 15))


def test_a_damaged_checkpoint_is_passed_over_and_the_run_is_the_same(tmp_path, capsys):
    recipe = RECIPE.with_(save_steps=4)
    whole = train(recipe, tmp_path, source=source())
    state = tmp_path / "checkpoints" / "step-00000012" / "state-00000.safetensors"
    state.write_bytes(state.read_bytes()[:-1])
    assert figures(train(recipe, tmp_path, source=source(), resume=True)) == figures(whole)
    assert "step-00000012 is damaged (state-00000.safetensors has another size)" in capsys.readouterr().err


def test_auto_settles_on_a_measured_choice_that_a_resumed_run_keeps(tmp_path):
    recipe = RECIPE.with_(precision="auto", compile="auto", save_steps=6)
    run = train(recipe, tmp_path, source=source())
    begun = json.loads((run.checkpoint / "trainer.json").read_text())["recipe"]
    assert begun["precision"] in ("fp32", "bf16") and begun["compile"] is False  # 12 steps never pay for compiling
    assert figures(run) == figures(train(RECIPE.with_(precision=begun["precision"]), source=source()))
    other = {"fp32": "bf16", "bf16": "fp32"}[begun["precision"]]
    shutil.rmtree(tmp_path / "checkpoints" / "step-00000012")
    path = tmp_path / "checkpoints" / "step-00000006"
    edited = json.loads((path / "trainer.json").read_text())
    edited["recipe"]["precision"] = other
    (path / "trainer.json").write_text(json.dumps(edited))
    manifest = json.loads((path / "manifest.json").read_text())
    from llmbook.training.checkpoint import _digest

    manifest["files"]["trainer.json"] = [(path / "trainer.json").stat().st_size, _digest(path / "trainer.json")]
    (path / "manifest.json").write_text(json.dumps(manifest))
    resumed = train(recipe, tmp_path, source=source(), resume=True)
    assert json.loads((resumed.checkpoint / "trainer.json").read_text())["recipe"]["precision"] == other


# ---------------------------------------------------------------- signals

CHILD = """
import sys
sys.path[:] = {path!r}
import test_trainer as t
import torch
torch.set_num_threads(1)
run = t.train(t.RECIPE.with_(max_steps={steps}, save_steps=4), {out!r}, source=t.Slow(), resume=True)
print(run.history[-1]["step"], run.interrupted)
"""


class Slow(TensorSource):
    def __init__(self):
        super().__init__({"input_ids": ROWS}, 8)

    def batch(self, step, rows):
        time.sleep(0.01)
        return super().batch(step, rows)


def test_sigterm_saves_and_ends_and_the_rest_is_the_same(tmp_path):
    script = CHILD.format(path=sys.path, steps=60, out=str(tmp_path))
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while len(read_metrics(tmp_path)) < 10:
        assert child.poll() is None and time.monotonic() < end
        time.sleep(0.01)
    child.send_signal(signal.SIGTERM)
    step, interrupted = child.communicate(timeout=60)[0].split()
    assert child.returncode == 0 and interrupted == "True" and 10 <= int(step) < 60
    assert (tmp_path / "checkpoints" / f"step-{int(step):08}").is_dir() and not (tmp_path / "model").exists()
    recipe = RECIPE.with_(max_steps=60, save_steps=4)
    resumed = train(recipe, tmp_path, source=source(), resume=True)
    whole = train(recipe, tmp_path / "whole", source=source())
    assert [line["loss"] for line in resumed.history] == [line["loss"] for line in whole.history]
    assert same(resumed.model, whole.model)


def test_kill_9_while_training_loses_at_most_the_interval(tmp_path):
    """Twenty kills at random moments of a run that saves every other step; what remains is the uninterrupted run."""
    import multiprocessing
    import random

    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["llmbook.training.trainer"])
    moments, steps = random.Random(1), 4000
    for _ in range(20):
        before = len(read_metrics(tmp_path))
        child = processes.Process(target=run_for_ever, args=(tmp_path, steps))
        child.start()
        end = time.monotonic() + 60
        while len(read_metrics(tmp_path)) <= before + 3:
            assert child.is_alive() and time.monotonic() < end
            time.sleep(0.002)
        time.sleep(moments.uniform(0, 0.05))
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        reached = read_metrics(tmp_path)[-1]["step"]
        saved = max(int(path.name[5:]) for path in (tmp_path / "checkpoints").glob("step-*"))
        assert reached - saved <= 2
    recipe = RECIPE.with_(max_steps=saved + 5, save_steps=2, lr_schedule="constant")
    resumed = train(recipe, tmp_path, source=source(), resume=True)
    whole = train(recipe.with_(save_steps=None), source=source())
    assert [line["loss"] for line in resumed.history] == [line["loss"] for line in whole.history]


def run_for_ever(out, steps):
    torch.set_num_threads(1)
    recipe = RECIPE.with_(max_steps=steps, save_steps=2, lr_schedule="constant")
    train(recipe, out, source=source(), resume=True)


def test_a_model_of_ones_own_is_trained_in_place():
    model = _first_model()
    before = copy.deepcopy(model)
    assert train(RECIPE, source=source(), model=model).model is model
    assert not same(before, model) and not model.training
