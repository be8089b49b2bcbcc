"""The training loop of the book: one recipe, on one process or on many, with either engine."""

import json
import math
import shutil
import signal
import statistics
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from llmbook.errors import ReaderError
from llmbook.models.llama import Llama
from llmbook.training.activations import checkpoint_layers
from llmbook.training.checkpoint import last_checkpoint, load_rng_state, save_checkpoint, save_rng_state
from llmbook.training.engines import Batch, Engine, Objective, make_engine
from llmbook.training.engines.state import read_weights
from llmbook.training.launching.failures import at_step
from llmbook.training.metrics import Clock, MetricsFile, flops_per_token, peak_flops, read_metrics
from llmbook.training.probe import settle
from llmbook.training.processes import Processes, process_group
from llmbook.training.recipe import Recipe
from llmbook.training.sources import Source, open_source

SPIKE_WINDOW = 64  # steps whose median gradient norm says what is usual
SPIKE_AFTER = 16  # steps before anything counts as a spike
MOST_ROLLBACKS = 3  # to the same checkpoint
Evaluate = Callable[[nn.Module], Mapping[str, float]]


@dataclass
class Run:
    """What `train` has done.

    Attributes:
        history: one dict per step: "step" (from 1), "loss", "learning_rate", "grad_norm", the objective's figures, and
            on logged steps "tokens_per_second" and "mfu", on evaluated ones "eval/NAME". Of steps before a resume, only
            those that were written down.
        model: in evaluation mode; under ZeRO-3 its parameters are this process's parts.
        checkpoint: the last one; None without a folder.
        exported: the model in the Hugging Face layout, once the run is finished; None without a folder.
        interrupted: whether SIGTERM ended it before `max_steps`.
    """

    history: list[dict[str, float]]
    model: nn.Module
    checkpoint: Path | None = None
    exported: Path | None = None
    interrupted: bool = False


@dataclass
class Position:
    """How far a run is.

    Attributes:
        step: optimizer steps done.
        data_step: global batches seen; more than `step` after a rollback, which passes over data.
        norms: the last gradient norms.
        rollbacks: how often the last checkpoint has been gone back to.
    """

    step: int = 0
    data_step: int = 0
    norms: list[float] = field(default_factory=list)
    rollbacks: int = 0


def language_modelling(model: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, float]]:
    """The mean negative log-likelihood of the next token (2.26), of "input_ids" and, where there are any, "labels"."""
    return model.loss(batch["input_ids"], batch.get("labels")), {}


def train(
    recipe: Recipe,
    out: str | Path | None = None,
    *,
    resume: bool = False,
    model: nn.Module | None = None,
    objective: Objective = language_modelling,
    source: Source | None = None,
    evaluate: Evaluate | None = None,
    progress: bool = False,
) -> Run:
    """Train as the recipe says: in this process, or in all processes that a launcher has started.

    Args:
        recipe: see `Recipe`.
        out: folder for checkpoints, metrics and the finished model, which all machines see; None writes nothing.
        resume: go on from the last good checkpoint in `out`; from the beginning where there is none.
        model: to train instead of the recipe's; the same first weights in every process.
        objective: `objective(model, batch)` gives the loss, a mean over rows or labels, and figures to keep.
        source: where batches come from instead of the recipe's `data`.
        evaluate: `evaluate(model)` gives further figures to keep, after every `eval_steps` and at the end.
        progress: show a bar, or lines where there is no terminal, on stderr.

    Raises:
        ReaderError: the folder holds a run and `resume` is not asked for, a checkpoint is of another run, the loss is
            no longer finite, or what the parts raise.
    """
    out = Path(out) if out is not None else None
    with process_group() as processes, _sigterm() as asked_to_stop:
        checkpoint, notes = _starting_point(out, resume, processes)
        for note in notes:
            _say(processes, note)
        torch.manual_seed(recipe.seed)
        source = source or open_source(recipe)
        model = model or _build(recipe, source, processes)
        if not _is_partitioned(model):
            model.to(processes.device)
        if recipe.activation_checkpointing:
            checkpoint_layers(model)
        recipe = settle(recipe, model, objective, source, processes, checkpoint)
        engine = make_engine(recipe, model, objective, processes)
        torch.manual_seed(recipe.seed + processes.rank)  # dropout differs between processes
        loop = _Loop(recipe, engine, source, processes, out, evaluate, asked_to_stop, progress)
        try:
            return loop.run(checkpoint)
        finally:
            engine.close()


class _Loop:
    """One run of `train`, from its checkpoint to its end."""

    def __init__(
        self,
        recipe: Recipe,
        engine: Engine,
        source: Source,
        processes: Processes,
        out: Path | None,
        evaluate: Evaluate | None,
        asked_to_stop: threading.Event,
        progress: bool,
    ) -> None:
        if out is None and recipe.spike_threshold is not None and recipe.spike_action == "rollback":
            raise ReaderError(f"{recipe.name}: spike_action: rollback needs a folder for checkpoints: give `out`")
        self.recipe, self.engine, self.source, self.processes, self.out = recipe, engine, source, processes, out
        self.evaluate, self.asked_to_stop, self.progress = evaluate, asked_to_stop, progress
        self.micro_batches = recipe.gradient_accumulation_steps(processes.world_size)
        self.position, self.history, self.checkpoint = Position(), [], None
        self.tokens = recipe.global_batch_size * recipe.block_size
        # ZeRO-3 leaves an empty tensor behind, and the size that the parameter has.
        parameters = sum(getattr(p, "ds_numel", p.numel()) for p in engine.module.parameters())
        config = engine.module.config if isinstance(engine.module, Llama) else None
        self.flops_per_token = flops_per_token(parameters, config, recipe.block_size)
        self.peak_flops = peak_flops(processes.device.type, recipe.precision) * processes.world_size
        self.clock = Clock()

    def run(self, checkpoint: Path | None) -> Run:
        if checkpoint:
            self._restore(checkpoint)
            self.history = [line for line in read_metrics(self.out) if line["step"] <= self.position.step]
        metrics = None
        if self.out and self.processes.rank == 0:
            metrics = MetricsFile(self.out, self.position.step, self.recipe.tensorboard)
        self.engine.module.train()
        stopped = False
        try:
            with _bar(self.recipe, self.progress and self.processes.rank == 0) as show:
                while self.position.step < self.recipe.max_steps and not stopped:
                    line, stopped = self._step()
                    if line is None:
                        self._roll_back(metrics)
                        continue
                    self._log(line, metrics, show)
                    due = self.recipe.save_steps and self.position.step % self.recipe.save_steps == 0
                    if self.out and (due or stopped or self.position.step == self.recipe.max_steps):
                        self._save()
        finally:
            if metrics:
                metrics.close()
        self.engine.module.eval()
        finished = self.position.step >= self.recipe.max_steps
        exported = self._export() if finished and self.out else None
        return Run(self.history, self.engine.module, self.checkpoint, exported, not finished)

    # ------------------------------------------------------------ a step

    def _step(self) -> tuple[dict[str, float] | None, bool]:
        """One optimizer step: its line of history (None: go back to the last checkpoint), and whether to stop."""
        at_step(self.position.step + 1)
        batches, weights = self._micro_batches()
        sums: dict[str, Tensor] = {}
        for number, (batch, weight) in enumerate(zip(batches, weights, strict=True), start=1):
            loss, figures = self.engine.forward_backward(batch, weight, number == len(batches))
            for name, value in {"loss": loss, **figures}.items():
                sums[name] = sums.get(name, 0) + weight * torch.as_tensor(
                    value, device=loss.device, dtype=torch.float32
                )
        means, stop = self._means(sums)
        rate, limit = self.recipe.learning_rate_at(self.position.step + 1), self._spike_limit()
        skipping = self.recipe.spike_action == "skip"
        norm, updated = self.engine.step(rate, limit if skipping else math.inf)
        self.position.data_step += 1
        if self._is_spike(means["loss"], norm, limit) and not skipping:
            return None, stop
        self.position.step += 1
        if math.isfinite(norm):
            self.position.norms = [*self.position.norms, norm][-SPIKE_WINDOW:]
        line = {"step": self.position.step, **means, "learning_rate": rate, "grad_norm": norm}
        return line if updated else line | {"skipped": 1}, stop

    def _micro_batches(self) -> tuple[list[Batch], list[float]]:
        """This process's rows of the global batch, and the weight that each micro-batch's mean loss has in it."""
        size, device = self.recipe.micro_batch_size, self.processes.device
        first = self.processes.rank * self.micro_batches * size
        starts = range(first, first + self.micro_batches * size, size)
        batches = [self.source.batch(self.position.data_step, range(start, start + size)) for start in starts]
        counts = [_predicted(batch) for batch in batches]
        mean = self.processes.mean(torch.tensor(float(sum(counts)), device=device)).item()
        if not mean:
            raise ReaderError(f"no label of step {self.position.step + 1} is to be predicted: all are -100")
        moved = [{name: value.to(device, non_blocking=True) for name, value in batch.items()} for batch in batches]
        return moved, [count / mean for count in counts]

    def _means(self, sums: Mapping[str, Tensor]) -> tuple[dict[str, float], bool]:
        """The figures over all processes, and whether any of them has been asked to stop."""
        stop = torch.tensor(float(self.asked_to_stop.is_set()), device=self.processes.device)
        values = self.processes.mean(torch.stack([*sums.values(), stop])).tolist()
        return dict(zip(sums, values, strict=False)), values[-1] > 0

    def _spike_limit(self) -> float:
        known, threshold = self.position.norms, self.recipe.spike_threshold
        return threshold * statistics.median(known) if threshold and len(known) >= SPIKE_AFTER else math.inf

    def _is_spike(self, loss: float, norm: float, limit: float) -> bool:
        """Whether the gradient is far above the usual; what is not finite ends the run unless something undoes it."""
        if math.isfinite(loss) and (math.isfinite(norm) or self.recipe.precision == "fp16"):
            return norm > limit
        if self.recipe.spike_threshold and self.recipe.spike_action == "rollback":
            return True
        kept = f"; {self.checkpoint} is the last checkpoint" if self.checkpoint else ""
        raise ReaderError(
            f"the loss is {loss} and the gradient's norm {norm} at step {self.position.step + 1}: lower learning_rate, "
            f"lengthen warmup_steps, or set max_grad_norm{kept}"
        )

    # ------------------------------------------------------------ what is written down

    def _log(self, line: dict[str, float], metrics: MetricsFile | None, show: Callable[[Mapping], None]) -> None:
        step, recipe = line["step"], self.recipe
        self.clock.add(self.tokens)
        last = step == recipe.max_steps
        logged, evaluated = (last or (every and step % every == 0) for every in (recipe.log_steps, recipe.eval_steps))
        if logged:
            line["tokens_per_second"] = self.clock.read()
            line["mfu"] = line["tokens_per_second"] * self.flops_per_token / self.peak_flops
        if evaluated and recipe.eval_steps:
            with self.clock.outside():
                line |= self._evaluate()
        self.history.append(line)
        if metrics and (logged or evaluated):
            metrics.write(line)
        show(line)

    def _evaluate(self) -> dict[str, float]:
        """The mean loss of every held-out set, each process computing its share, and what the caller measures."""
        figures: dict[str, float] = {}
        for name, rows in self.source.held_out(self.recipe.eval_rows).items():
            total = torch.zeros(2, device=self.processes.device)
            for batch in self._share(rows):
                count = _predicted(batch)
                moved = {key: value.to(self.processes.device) for key, value in batch.items()}
                loss, _ = self.engine.evaluate(moved)
                if count:
                    total += torch.stack([loss.float() * count, torch.tensor(float(count), device=loss.device)])
            sums = self.processes.mean(total)
            figures[f"eval/{name}"] = (sums[0] / sums[1]).item()
        if self.evaluate:
            self.engine.module.eval()
            with torch.no_grad():
                figures |= self.evaluate(self.engine.module)
            self.engine.module.train()
        return figures

    def _share(self, rows: Tensor) -> list[Batch]:
        """As many batches for every process, which ZeRO-3 needs; the last rows may come twice, and count once."""
        size, world = self.recipe.micro_batch_size, self.processes.world_size
        batches = [{"input_ids": part} for part in rows.split(size)]
        mine = batches[self.processes.rank :: world]
        while len(mine) < -(-len(batches) // world):
            ignored = torch.full_like(batches[0]["input_ids"], -100)
            mine.append({"input_ids": batches[0]["input_ids"], "labels": ignored})
        return mine

    # ------------------------------------------------------------ checkpoints

    def _save(self) -> None:
        def write(folder: Path) -> None:
            self.engine.save(folder)
            save_rng_state(folder, self.processes.rank)
            if self.processes.rank == 0:
                state = {"position": vars(self.position), "recipe": self.recipe.to_mapping()}
                (folder / "trainer.json").write_text(json.dumps(state, indent=1), encoding="utf-8")

        with self.clock.outside():
            folder, keep = self.out / "checkpoints", self.recipe.save_total_limit
            self.checkpoint = save_checkpoint(folder, self.position.step, self.processes, write, keep)
            self.position.rollbacks = 0

    def _restore(self, checkpoint: Path) -> None:
        state = json.loads((checkpoint / "trainer.json").read_text(encoding="utf-8"))
        _check_same_run(self.recipe, state["recipe"], checkpoint)
        self.engine.load(checkpoint)
        load_rng_state(checkpoint, self.processes.rank)
        self.position, self.checkpoint = Position(**state["position"]), checkpoint

    def _roll_back(self, metrics: MetricsFile | None) -> None:
        """To the last checkpoint, with the data after those that led here."""
        spike, rollbacks, data_step = self.position.step + 1, self.position.rollbacks + 1, self.position.data_step
        if self.checkpoint is None or rollbacks > MOST_ROLLBACKS:
            raise ReaderError(f"the gradient spikes at step {spike}, and going back does not help: lower learning_rate")
        self._restore(self.checkpoint)
        self.position.rollbacks, self.position.data_step = rollbacks, data_step
        self.history = [line for line in self.history if line["step"] <= self.position.step]
        if metrics:
            metrics.drop_after(self.position.step)
        _say(self.processes, f"spike at step {spike}: back to step {self.position.step}, past the data since then")

    def _export(self) -> Path | None:
        """The finished model in the Hugging Face layout, with its tokenizer, by rank 0."""
        folder = self.out / "model"
        if isinstance(self.engine.module, Llama) and self.processes.rank == 0:
            export(self.checkpoint, self.engine.module.config, folder)
            for file in _tokenizer_files(self.source.tokenizer_folder):
                shutil.copy(file, folder)
        self.processes.barrier()
        return folder if isinstance(self.engine.module, Llama) else None


def export(checkpoint: Path, config: Any, folder: Path) -> None:
    """Write a checkpoint's weights as a model in the Hugging Face layout, in fp32.

    Args:
        checkpoint: a folder that `train` has written.
        config: the model's `LlamaConfig`.
        folder: for config.json and model.safetensors.
    """
    with torch.device("meta"):
        model = Llama(config)
    model.load_state_dict(read_weights(checkpoint), strict=False, assign=True)
    if config.tie_word_embeddings:
        model.lm_head.weight = model.embed_tokens.weight
    model.save_pretrained(folder)


# ---------------------------------------------------------------- parts


def _starting_point(out: Path | None, resume: bool, processes: Processes) -> tuple[Path | None, list[str]]:
    if out is None:
        if resume:
            raise ReaderError("resume needs the folder of the run: give `out`")
        return None, []
    checkpoint, notes = last_checkpoint(out / "checkpoints", processes)
    if checkpoint and not resume:
        raise ReaderError(f"{out} holds a run, {checkpoint.name}: resume it, or name another folder")
    return checkpoint, notes


def _build(recipe: Recipe, source: Source, processes: Processes) -> nn.Module:
    """The recipe's model with its first weights, the same whatever the engine and in every process."""
    vocab_size = source.vocab_size()
    if recipe.init_from:
        model = Llama.from_pretrained(recipe.init_from)
        if vocab_size and model.config.vocab_size < vocab_size:
            raise ReaderError(
                f"{recipe.init_from} has {model.config.vocab_size} tokens and the tokenizer {vocab_size}: they do not "
                "belong together"
            )
        return model
    config = recipe.model_config(vocab_size)
    if recipe.engine == "deepspeed" and recipe.zero_stage == 3:
        from llmbook.training.engines.deepspeed_engine import build_partitioned

        return build_partitioned(recipe, config, processes)
    return Llama(config)


def _tokenizer_files(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    names = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja")
    return [folder] if folder.is_file() else [folder / name for name in names if (folder / name).exists()]


def _is_partitioned(model: nn.Module) -> bool:
    """Whether ZeRO-3 has the parameters, in their places already."""
    return any(hasattr(parameter, "ds_id") for parameter in model.parameters())


_FIXED = ("model", "init_from", "tokenizer", "data", "seed", "global_batch_size", "block_size")


def _check_same_run(recipe: Recipe, saved: Mapping[str, Any], checkpoint: Path) -> None:
    """What a resumed run may not change; engine, stage, processes, micro-batches and `max_steps` may."""
    now = recipe.to_mapping()
    for key in _FIXED:
        if now[key] != saved[key]:
            raise ReaderError(
                f"{checkpoint} was made with {key}: {saved[key]}, and the recipe says {now[key]}: "
                "resume with the same, or name another folder"
            )


def _predicted(batch: Batch) -> int:
    """How many tokens a batch predicts, which its mean loss is over."""
    labels = batch.get("labels")
    if labels is not None:
        return int((labels[:, 1:] != -100).sum())
    rows = batch["input_ids"] if "input_ids" in batch else next(iter(batch.values()))
    return rows[:, 1:].numel() if rows.dim() > 1 else len(rows)


@contextmanager
def _sigterm() -> Iterator[threading.Event]:
    """An event that SIGTERM sets; where signals cannot be caught (outside the main thread) nothing sets it."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.signal(signal.SIGTERM, lambda number, frame: asked.set())
    try:
        yield asked
    finally:
        signal.signal(signal.SIGTERM, before)


def _say(processes: Processes, line: str) -> None:
    if processes.rank == 0:
        print(f"llmbook: {line}", file=sys.stderr, flush=True)


@contextmanager
def _bar(recipe: Recipe, wanted: bool) -> Iterator[Callable[[Mapping[str, float]], None]]:
    """A function that shows a line of history: as a bar on a terminal, as text for every logged step elsewhere."""
    if not wanted:
        yield lambda line: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield partial(_print_line, recipe.max_steps)
        return
    columns = (
        TextColumn("step {task.completed}/{task.total}"), BarColumn(), TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console) as bars:
        bar = bars.add_task("", total=recipe.max_steps)

        def show(line: Mapping[str, float]) -> None:
            text = _figures(line) if "tokens_per_second" in line else bars.tasks[0].description
            bars.update(bar, completed=line["step"], description=text)

        yield show


def _print_line(max_steps: int, line: Mapping[str, float]) -> None:
    if "tokens_per_second" in line:
        print(f"step {line['step']}/{max_steps} {_figures(line)}", file=sys.stderr, flush=True)


def _figures(line: Mapping[str, float]) -> str:
    held_out = "".join(f", {name} {value:.3f}" for name, value in line.items() if name.startswith("eval/"))
    return f"loss {line['loss']:.4f}, {line['tokens_per_second']:,.0f} tokens/s, MFU {line['mfu']:.1%}{held_out}"
