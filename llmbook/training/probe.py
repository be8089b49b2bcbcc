"""Which precision, and whether to compile: measured on this device with this model, not assumed."""

import copy
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.distributed as dist
from torch import nn

from llmbook.training.engines import PRECISIONS, Batch, LossModule, Objective
from llmbook.training.processes import Processes

if TYPE_CHECKING:
    from llmbook.training.recipe import Recipe
    from llmbook.training.sources import Source

WORTH_COMPILING = 300.0  # seconds of a run; translating a model takes some 20 to 60


def settle(
    recipe: "Recipe",
    model: nn.Module,
    objective: Objective,
    source: "Source",
    processes: Processes,
    checkpoint: Path | None,
) -> "Recipe":
    """The recipe with "auto" replaced by what is fastest here; a resumed run keeps what it was begun with.

    Rank 0 measures forward and backward passes of one micro-batch, in turns: fp32 against bf16, and then, in a run that
    will take more than five minutes, the winner against itself compiled.
    """
    if "auto" not in (recipe.precision, recipe.compile):
        return recipe
    choice = [recipe.precision, recipe.compile]
    if checkpoint:
        begun = json.loads((checkpoint / "trainer.json").read_text(encoding="utf-8"))["recipe"]
        choice = [begun["precision"], begun["compile"]]
    elif processes.rank == 0:
        batch = source.batch(0, range(recipe.micro_batch_size))
        batch = {name: tensor.to(processes.device) for name, tensor in batch.items()}
        choice = _measure(recipe, model, objective, batch, processes)
    if processes.world_size > 1:
        dist.broadcast_object_list(choice)
    return recipe.with_(precision=choice[0], compile=choice[1])


def _measure(
    recipe: "Recipe", model: nn.Module, objective: Objective, batch: Batch, processes: Processes
) -> list[str | bool]:
    random_state = torch.get_rng_state()
    candidates = ("fp32", "bf16") if recipe.precision == "auto" else (recipe.precision,)
    loss = LossModule(model, objective)
    seconds = _seconds(loss, batch, candidates, processes.device)
    precision = min(seconds, key=seconds.__getitem__)
    compiling = recipe.compile
    if compiling == "auto":
        rows = recipe.max_steps * recipe.global_batch_size / recipe.micro_batch_size / processes.world_size
        compiling = False
        if rows * seconds[precision] > WORTH_COMPILING:
            translated = LossModule(copy.deepcopy(model), objective)
            translated.compile()
            compiling = _seconds(translated, batch, (precision,), processes.device)[precision] < seconds[precision]
    model.zero_grad()
    torch.set_rng_state(random_state)
    return [precision, compiling]


def _seconds(
    loss: nn.Module, batch: Batch, precisions: tuple[str, ...], device: torch.device, rounds: int = 3
) -> dict[str, float]:
    """The best time of a forward and backward pass in each precision, after one that does not count."""
    best = dict.fromkeys(precisions, float("inf"))
    for round_ in range(1 + rounds):
        for precision in precisions:
            dtype = PRECISIONS[precision]
            start = time.perf_counter()
            with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
                value, _ = loss(batch)
            value.backward()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            if round_:
                best[precision] = min(best[precision], time.perf_counter() - start)
    return best
