"""`train` against transformers' Trainer, and the engines against each other."""

import math
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from llmbook.bench.llama import SMALL, TINY
from llmbook.models.llama import Llama, LlamaConfig
from llmbook.training.engines import LossModule, make_engine
from llmbook.training.engines.deepspeed_engine import import_deepspeed
from llmbook.training.optimizer import make_optimizer
from llmbook.training.processes import Processes, launch, this_process
from llmbook.training.recipe import Recipe
from llmbook.training.sources import TensorSource
from llmbook.training.trainer import language_modelling, train

# How the engines are named in the result, with the recipe keys that choose them.
ENGINES: dict[str, dict[str, Any]] = {
    "DDP": {"engine": "torch"},
    "DeepSpeed ZeRO-0": {"engine": "deepspeed", "zero_stage": 0},
    "DeepSpeed ZeRO-1": {"engine": "deepspeed", "zero_stage": 1},
    "DeepSpeed ZeRO-2": {"engine": "deepspeed", "zero_stage": 2},
    "DeepSpeed ZeRO-3": {"engine": "deepspeed", "zero_stage": 3},
}


@dataclass(frozen=True)
class Row:
    """One line of the result.

    Attributes:
        task: what was compared.
        ours, theirs: tokens per second of `train` and of transformers' Trainer.
        target: the ratio that the project aims at.
    """

    task: str
    ours: float
    theirs: float
    target: float

    @property
    def ratio(self) -> float:
        """Ours over theirs."""
        return self.ours / self.theirs


# ---------------------------------------------------------------- against transformers


def bench_trainer(
    rounds: int = 3, steps: int = 12, batch_size: int = 8, length: int = 256, compiled: bool = True
) -> Iterator[Row]:
    """`train` against `transformers.Trainer` on the same rows, by turns, in this process.

    Both train the same architecture with AdamW (fused), clipping and a cosine schedule, and write no checkpoints. A
    step is timed from the fetching of its batch to that of the next one; the first three, which start up and compile,
    do not count, and of the others the fastest does, as other programs only slow a step down.

    Args:
        rounds: of both, by turns.
        steps: of a round.
        batch_size, length: tokens of a step.
        compiled: also the comparison of defaults, in which ours compiles (some 30 s a round).

    Yields:
        One row per comparison.
    """
    import_deepspeed()  # transformers imports it, too, and not as quietly
    config = SMALL if torch.cuda.is_available() else TINY
    generator = torch.Generator().manual_seed(0)
    rows = torch.randint(3, config.vocab_size, (batch_size * steps, length), generator=generator)
    for precision in ("fp32", "bf16"):
        best = _best(rounds, config, rows, batch_size, {"precision": precision}, {"bf16": precision == "bf16"})
        yield Row(f"same configuration, {precision}", *best, target=1.15)
    if compiled:
        settings = {"precision": "bf16", "compile": True}  # what a long run's "auto" chooses; see `probe.settle`
        best = _best(rounds, config, rows, batch_size, settings, {})
        yield Row("our preset, its defaults", *best, target=1.8)


def _best(
    rounds: int, config: LlamaConfig, rows: Tensor, batch_size: int, ours: dict[str, Any], theirs: dict[str, Any]
) -> tuple[float, float]:
    rates = [(_ours(config, rows, batch_size, ours), _theirs(config, rows, batch_size, theirs)) for _ in range(rounds)]
    return max(a for a, _ in rates), max(b for _, b in rates)


_WARM_UP = 3  # steps


def _ours(config: LlamaConfig, rows: Tensor, batch_size: int, settings: dict[str, Any]) -> float:
    steps, ends = len(rows) // batch_size, []
    recipe = Recipe(
        "bench", model=asdict(config), max_steps=steps, global_batch_size=batch_size, micro_batch_size=batch_size,
        block_size=rows.shape[1], learning_rate=1e-4, log_steps=steps, **settings,
    )  # fmt: skip

    class Timed(TensorSource):
        def batch(self, step: int, rows: range) -> Any:
            ends.append(time.perf_counter())
            return super().batch(step, rows)

    train(recipe, source=Timed({"input_ids": rows}, batch_size))
    ends.append(time.perf_counter())
    return _rate(ends, rows, steps)


def _rate(ends: list[float], rows: Tensor, steps: int) -> float:
    """Tokens per second of the fastest step after the warm-up; `ends`: when each began, and when the last ended."""
    return rows.numel() / steps / min(end - begin for begin, end in pairwise(ends[_WARM_UP:]))


def _theirs(config: LlamaConfig, rows: Tensor, batch_size: int, settings: dict[str, Any]) -> float:
    import transformers
    from transformers import LlamaConfig as TheirConfig
    from transformers import LlamaForCausalLM, PrinterCallback, Trainer, TrainerCallback, TrainingArguments

    names = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
             "num_key_value_heads", "max_position_embeddings", "tie_word_embeddings")  # fmt: skip
    torch.manual_seed(0)
    model = LlamaForCausalLM(TheirConfig(**{name: getattr(config, name) for name in names}))
    begins: list[float] = []

    class Begins(TrainerCallback):
        def on_step_begin(self, *args: Any, **kwargs: Any) -> None:
            begins.append(time.perf_counter())

        def on_train_end(self, *args: Any, **kwargs: Any) -> None:
            begins.append(time.perf_counter())

    data = [{"input_ids": row, "labels": row} for row in rows]
    steps = len(rows) // batch_size
    transformers.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder, per_device_train_batch_size=batch_size, max_steps=steps, learning_rate=1e-4, report_to=[],
            save_strategy="no", logging_strategy="no", lr_scheduler_type="cosine", disable_tqdm=True,
            use_cpu=not torch.cuda.is_available(), **settings,
        )  # fmt: skip
        trainer = Trainer(model, arguments, train_dataset=data, callbacks=[Begins()])
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return _rate(begins, rows, steps)


# ---------------------------------------------------------------- engines


def bench_engines(rounds: int = 8, nprocs: int = 2, rows: int = 4, length: int = 256) -> dict[str, float]:
    """Seconds of a step of every engine and of FSDP2, by turns in one process group; the best of the rounds.

    Args:
        rounds: that count.
        nprocs: processes, with one thread each where there is no GPU.
        rows, length: tokens of a step on one process.
    """
    results = launch("llmbook.bench.train:_time_engines", nprocs, rounds, rows, length, timeout=1200)
    return {name: max(result[name] for result in results) for name in results[0]}


def _time_engines(rounds: int, rows: int, length: int) -> dict[str, float]:
    here, config = this_process(), SMALL if torch.cuda.is_available() else TINY
    batch = {"input_ids": torch.randint(3, config.vocab_size, (rows, length), device=here.device)}
    steps = {name: _stepper(config, keys, batch, here) for name, keys in ENGINES.items()}
    steps["FSDP2"] = _fsdp_stepper(config, batch, here)
    best = dict.fromkeys(steps, math.inf)
    for round_ in range(2 + rounds):
        for name, step in steps.items():
            dist.barrier()
            start = time.perf_counter()
            step()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            if round_ >= 2:
                best[name] = min(best[name], time.perf_counter() - start)
    return best


def _stepper(config: LlamaConfig, keys: dict[str, Any], batch: dict[str, Tensor], here: Processes) -> Any:
    torch.manual_seed(0)
    rows = batch["input_ids"].shape[0]
    recipe = Recipe("bench", global_batch_size=rows * here.world_size, micro_batch_size=rows, **keys)
    engine = make_engine(recipe, Llama(config).to(here.device), language_modelling, here)

    def step() -> None:
        engine.forward_backward(batch, 1.0, last=True)
        engine.step(1e-4)

    return step


def _fsdp_stepper(config: LlamaConfig, batch: dict[str, Tensor], here: Processes) -> Any:
    """PyTorch's own sharding, as the peer of ZeRO-3."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    torch.manual_seed(0)
    model = Llama(config).to(here.device)
    mesh = init_device_mesh(here.device.type, (here.world_size,))
    for layer in model.layers:
        fully_shard(layer, mesh=mesh)
    # The root is what is called, so that its hooks gather what the objective uses without calling it: the head.
    wrapped = fully_shard(LossModule(model, language_modelling), mesh=mesh)
    optimizer = make_optimizer(Recipe("bench"), model)

    def step() -> None:
        loss, _ = wrapped(batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = 1e-4
        optimizer.step()
        optimizer.zero_grad()

    return step
