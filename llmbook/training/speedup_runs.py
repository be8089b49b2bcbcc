"""What section 4.1 runs in several processes: how much faster two are than one, and a run whose process is killed.

A start of processes costs seconds of imports; `llmbook.training.engine_runs:in_turn` makes several calls in one.
`python -m llmbook.training.speedup_runs FOLDER` under torchrun is the run that may be killed.
"""

import argparse
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from llmbook.data import prose
from llmbook.data.blocks import CharacterTokenizer
from llmbook.models.llama import Llama, LlamaConfig
from llmbook.training.engines import LossModule
from llmbook.training.optimizer import make_optimizer
from llmbook.training.processes import this_process
from llmbook.training.recipe import Recipe
from llmbook.training.sources import TensorSource
from llmbook.training.trainer import language_modelling, train

# ---------------------------------------------------------------- speed

SHORT = ("few", "exchange", "update")  # parts that are timed more often, as a disturbance weighs more


@dataclass(frozen=True)
class StepTimes:
    """Seconds of the parts of a training step with M processes: of the slowest process, in the best of several rounds.

    Attributes:
        gradient_bytes: of the model.
        difference: the largest difference between the mean of the processes' gradients and the gradient of the whole
            batch in one process, as a share of the largest gradient.
        shared_work: processor time of `split` over that of `alone`, which other programs on the machine do not change.
        alone: forward and backward of the whole batch, in one process while the others wait.
        split: the same where each has its M-th part.
        whole: the same where each has a whole batch of its own.
        few: the same where each has a single row.
        exchange: the all-reduce of the gradients.
        update: AdamW, which every process does for the whole model.
        ddp_split, ddp_whole: forward, backward and exchange by `DistributedDataParallel`, with an M-th part of the
            batch and with a whole one.
    """

    gradient_bytes: int
    difference: float
    shared_work: float
    alone: float
    split: float
    whole: float
    few: float
    exchange: float
    update: float
    ddp_split: float
    ddp_whole: float


def step_times(configs: Sequence[LlamaConfig], rows: int, length: int, rounds: int, seed: int = 0) -> list[StepTimes]:
    """Take a data-parallel training step apart, for each of several models.

    Args:
        configs: of the models.
        rows: of the whole batch, a multiple of the number of processes.
        length: tokens per row.
        rounds: how often each part is timed; the parts take turns.
        seed: of weights and tokens.
    """
    return [_step_times(config, rows, length, rounds, seed) for config in configs]


def _step_times(config: LlamaConfig, rows: int, length: int, rounds: int, seed: int) -> StepTimes:
    here = this_process()
    torch.manual_seed(seed)
    batch = torch.randint(config.vocab_size, (rows, length))
    mine = batch.chunk(here.world_size)[here.rank]
    model = Llama(config)
    parallel = DistributedDataParallel(LossModule(Llama(config), language_modelling), gradient_as_bucket_view=True)
    optimizer = make_optimizer(Recipe(name="speed"), model)
    gradients = _flat_gradients(model)

    def backward(of: Tensor) -> Callable[[], object]:
        return lambda: model.loss(of).backward()

    parts = {
        "alone": backward(batch) if here.rank == 0 else lambda: None,
        "split": backward(mine), "whole": backward(batch), "few": backward(batch[:1]),
        "exchange": lambda: dist.all_reduce(gradients), "update": optimizer.step,
        "ddp_split": lambda: parallel({"input_ids": mine})[0].backward(),
        "ddp_whole": lambda: parallel({"input_ids": batch})[0].backward(),
    }  # fmt: skip
    difference = _difference(gradients, parts["split"], parts["whole"], here.world_size)
    times = torch.tensor([_round(parts, gradients) for _ in range(rounds + 1)])[1:]  # the first one warms up
    dist.all_reduce(times, dist.ReduceOp.MAX)
    seconds, work = (dict(zip(parts, best, strict=True)) for best in times.amin(0).T.tolist())
    return StepTimes(gradients.nbytes, difference, shared_work=work["split"] / work["alone"], **seconds)


def _round(parts: Mapping[str, Callable[[], object]], gradients: Tensor) -> list[tuple[float, float]]:
    gradients.zero_()  # what is exchanged again and again would grow without end
    return [_seconds(part, 5 if name in SHORT else 1) for name, part in parts.items()]


def _flat_gradients(model: Llama) -> Tensor:
    """One tensor whose parts are the gradients of the parameters, so that one all-reduce exchanges them all."""
    flat = torch.zeros(sum(parameter.numel() for parameter in model.parameters()))
    for parameter, part in zip(model.parameters(), flat.split([p.numel() for p in model.parameters()]), strict=True):
        parameter.grad = part.view_as(parameter)
    return flat


def _difference(gradients: Tensor, split: Callable[[], object], whole: Callable[[], object], world_size: int) -> float:
    gradients.zero_()
    split()
    dist.all_reduce(gradients)
    mean = gradients / world_size
    gradients.zero_()
    whole()
    return ((mean - gradients).abs().max() / gradients.abs().max()).item()


def _seconds(part: Callable[[], object], times: int) -> tuple[float, float]:
    """The best of several calls, which all processes begin together: by the clock, and in processor time."""
    best = (float("inf"), float("inf"))
    for _ in range(times):
        dist.barrier()
        start, work = time.perf_counter(), time.process_time()
        part()
        best = min(best[0], time.perf_counter() - start), min(best[1], time.process_time() - work)
    return best


# ---------------------------------------------------------------- failure

BLOCK_SIZE = 64


class FatalSource(TensorSource):
    """Batches as of `TensorSource`, and at one step the process that asks is killed, as by the system.

    Args:
        tensors, global_batch_size, seed: as `TensorSource`.
        fatal_step: from 1; None for never.
    """

    def __init__(
        self, tensors: Mapping[str, Tensor], global_batch_size: int, seed: int = 0, fatal_step: int | None = None
    ) -> None:
        super().__init__(tensors, global_batch_size, seed)
        self._fatal_step = fatal_step

    def batch(self, step: int, rows: range) -> Mapping[str, Tensor]:
        """As `Source.batch`."""
        if self._fatal_step is not None and step + 1 == self._fatal_step:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().batch(step, rows)


def train_characters(
    folder: str | Path, max_steps: int, save_steps: int, seed: int = 0, fatal_step: int | None = None
) -> list[dict[str, float]]:
    """Train a tiny Llama on the characters of the Python language reference, resuming what `folder` holds.

    Args:
        folder: of the run.
        max_steps: optimizer steps.
        save_steps: a checkpoint after every so many.
        seed: of the weights and the order of the rows.
        fatal_step: the last process is killed when it begins this step; None for never.

    Returns:
        `Run.history`.
    """
    here = this_process()
    text = "\n".join(prose.topics())[:100_000]
    tokenizer = CharacterTokenizer(text)
    rows = tokenizer.encode(text)[: len(text) // BLOCK_SIZE * BLOCK_SIZE].view(-1, BLOCK_SIZE)
    recipe = Recipe(
        name="characters", seed=seed, max_steps=max_steps, save_steps=save_steps, global_batch_size=8,
        micro_batch_size=8 // here.world_size, block_size=BLOCK_SIZE, learning_rate=3e-3, warmup_steps=4,
        model={"vocab_size": len(tokenizer), "hidden_size": 64, "intermediate_size": 176, "num_hidden_layers": 2,
               "num_attention_heads": 4},
    )  # fmt: skip
    fatal = fatal_step if here.rank == here.world_size - 1 else None
    source = FatalSource({"input_ids": rows}, recipe.global_batch_size, seed, fatal)
    return train(recipe, folder, resume=True, source=source).history


def main() -> None:
    """One rank under torchrun; what kills it kills only the first attempt."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--max-steps", type=int, default=24)
    parser.add_argument("--save-steps", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fatal-step", type=int)
    options = parser.parse_args()
    first = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") == "0"
    torch.set_num_threads(1)
    fatal = options.fatal_step if first else None
    train_characters(options.folder, options.max_steps, options.save_steps, options.seed, fatal)
    os._exit(0)  # gloo's threads sometimes abort an orderly exit, after all work is done


if __name__ == "__main__":
    main()
