"""What section 4.4 runs in several processes: one training with every engine, and DeepSpeed as it comes.

A start of processes costs seconds of imports, so a notebook makes one start for everything:
`launch("llmbook.training.engine_runs:in_turn", 2, {"runs": (side_by_side, recipes, rows), …})`.
"""

import contextlib
import io
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from llmbook.models.llama import Llama, LlamaConfig
from llmbook.training.engines import Engine, make_engine
from llmbook.training.processes import Processes, this_process
from llmbook.training.recipe import Recipe
from llmbook.training.sources import TensorSource
from llmbook.training.trainer import language_modelling, train


def in_turn(calls: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """Call functions one after another in this process; returns what each returned.

    Args:
        calls: by name, a function of a module and its arguments.
    """
    return {name: function(*arguments) for name, (function, *arguments) in calls.items()}


# ---------------------------------------------------------------- one training, every engine


@dataclass
class EngineRun:
    """One engine's training, as one of the processes saw it.

    Attributes:
        losses: of every step, the mean over the processes.
        seconds: of every step, from a barrier to a barrier.
        weights: how many numbers of the model's weights this process keeps between two steps.
        optimizer_bytes: see `optimizer_bytes`.
    """

    losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    weights: int = 0
    optimizer_bytes: int = 0


def side_by_side(recipes: Mapping[str, Recipe], rows: Tensor) -> dict[str, EngineRun]:
    """Train a model by each of several recipes, one step of each in turn, so that their times can be compared.

    Args:
        recipes: with the same seed, batches and steps.
        rows: token ids to learn from, [number of rows, block_size].
    """
    processes, runs = this_process(), {name: EngineRun() for name in recipes}
    engines = {name: _engine(recipe, processes) for name, recipe in recipes.items()}
    recipe = next(iter(recipes.values()))
    source = TensorSource({"input_ids": rows}, recipe.global_batch_size, recipe.seed)
    for step in range(recipe.max_steps):
        for name, engine in engines.items():
            processes.barrier()
            start = time.perf_counter()
            runs[name].losses.append(one_step(engine, recipes[name], source, step, processes))
            processes.barrier()
            runs[name].seconds.append(time.perf_counter() - start)
    for name, engine in engines.items():
        runs[name].weights = sum(_kept(parameter).numel() for parameter in engine.module.parameters())
        runs[name].optimizer_bytes = optimizer_bytes(engine)
    for engine in engines.values():
        engine.close()
    return runs


def _engine(recipe: Recipe, processes: Processes) -> Engine:
    torch.manual_seed(recipe.seed)
    return make_engine(recipe, Llama(recipe.model_config()).to(processes.device), language_modelling, processes)


def one_step(engine: Engine, recipe: Recipe, source: TensorSource, step: int, processes: Processes) -> float:
    """Forward, backward and update for this process's rows; returns the mean loss of all processes."""
    count, size = recipe.gradient_accumulation_steps(processes.world_size), recipe.micro_batch_size
    total = torch.zeros((), device=processes.device)
    for number in range(count):
        start = (processes.rank * count + number) * size
        batch = source.batch(step, range(start, start + size))
        batch = {name: tensor.to(processes.device) for name, tensor in batch.items()}
        loss, _ = engine.forward_backward(batch, 1 / count, last=number == count - 1)
        total += loss.float() / count
    engine.step(recipe.learning_rate_at(step + 1))
    return processes.mean(total).item()


def _kept(parameter: nn.Parameter) -> Tensor:
    """What this process holds of a parameter between two steps: under ZeRO-3 its partition, else all of it."""
    return getattr(parameter, "ds_tensor", parameter)


def optimizer_bytes(engine: Engine) -> int:
    """Bytes that one process's AdamW holds: two moments, and the fp32 weights where they are not the model's own."""
    own = {parameter.data_ptr() for parameter in engine.module.parameters()}
    copies = [weight for weight in engine.optimizer.state if weight.data_ptr() not in own]
    moments = [state[key] for state in engine.optimizer.state.values() for key in ("exp_avg", "exp_avg_sq")]
    return sum(tensor.nbytes for tensor in copies + moments)


def relay(recipes: Sequence[Recipe], rows: Tensor, folder: Path) -> list[float]:
    """Hand one training on from recipe to recipe, each resuming the checkpoint of the one before.

    Args:
        recipes: with rising `max_steps`; engine and stage may differ.
        rows: as for `side_by_side`.
        folder: of the run, which all processes see.

    Returns:
        The loss of every step.
    """
    for recipe in recipes:
        source = TensorSource({"input_ids": rows}, recipe.global_batch_size, recipe.seed)
        run = train(recipe, folder, resume=True, source=source)
    return [line["loss"] for line in run.history]


# ---------------------------------------------------------------- DeepSpeed as it comes


def deepspeed_loop(config: Mapping[str, Any], model: nn.Module, batches: Iterable[Tensor]) -> list[dict[str, float]]:
    """The loop that section 4.4.2 announces and does not print: three calls of DeepSpeed's engine.

    Args:
        config: DeepSpeed's, with an optimizer.
        model: gives logits for token ids.
        batches: this process's token ids, [rows, length], for one step each.

    Returns:
        "loss" (of this process), "loss_scale" and "skipped" (steps left out for an overflow so far) of every step.
    """
    deepspeed = _deepspeed()
    engine, _, _, _ = deepspeed.initialize(model=model, model_parameters=model.parameters(), config=dict(config))
    history = []
    for input_ids in batches:
        scale = getattr(engine.optimizer, "cur_scale", 1.0)
        logits = engine(input_ids.to(engine.device))
        labels = input_ids[:, 1:].to(engine.device)
        loss = F.cross_entropy(logits[:, :-1].flatten(0, 1).float(), labels.flatten())
        engine.backward(loss)
        engine.step()
        history.append({"loss": loss.item(), "loss_scale": scale, "skipped": engine.skipped_steps})
    engine.destroy()
    return history


def loops(
    configs: Mapping[str, Mapping[str, Any]], sizes: LlamaConfig, rows: Tensor, seed: int
) -> dict[str, list[dict[str, float]]]:
    """`deepspeed_loop` for each of several configurations, from the same first weights and over the same rows.

    Args:
        configs: by name.
        sizes: of the model.
        rows: [steps, rows of all processes, length]; each process takes its share of every step.
        seed: of the weights.
    """
    here, histories = this_process(), {}
    batches = [step.chunk(here.world_size)[here.rank] for step in rows]
    for name, config in configs.items():
        torch.manual_seed(seed)
        histories[name] = deepspeed_loop(config, Llama(sizes), batches)
    return histories


def traffic(sizes: LlamaConfig, stages: Sequence[int], seed: int) -> dict[int, dict[str, float]]:
    """What one optimizer step of ZeRO in fp32 sends, by DeepSpeed's own log of its collective operations.

    Args:
        sizes: of the model.
        stages: of ZeRO; stage 3 is made to let go of every parameter after use, as it must with a large model.
        seed: of the weights.

    Returns:
        For every stage, by operation: bytes that each process sends in a ring, as a multiple of the model's bytes.
    """
    torch.manual_seed(seed)
    return {stage: _sent(Llama(sizes), stage) for stage in stages}


def _sent(model: nn.Module, stage: int) -> dict[str, float]:
    _deepspeed()
    from deepspeed import comm

    keep_nothing = ("max_live_parameters", "max_reuse_distance", "prefetch_bucket_size", "param_persistence_threshold")
    config = {
        "train_micro_batch_size_per_gpu": 1,
        "zero_optimization": {"stage": stage} | {f"stage3_{key}": 0 for key in keep_nothing if stage == 3},
        "optimizer": {"type": "AdamW", "params": {"torch_adam": True}},
        "comms_logger": {"enabled": True, "prof_all": True, "verbose": False},
        "steps_per_print": None,
    }
    model_bytes, log = sum(parameter.nbytes for parameter in model.parameters()), comm.comm.comms_logger

    def three_steps() -> Iterator[Tensor]:
        row = torch.zeros(1, 8, dtype=torch.long)
        yield from (row, row)
        log.comms_dict.clear()  # at first DeepSpeed also hands out the weights, and agrees on the order of operations
        yield row

    deepspeed_loop(config, model, three_steps())
    log.enabled = False
    size, sent = this_process().world_size, {}
    ring = {"all_reduce": 2 * (size - 1) / size, "reduce_scatter_tensor": (size - 1) / size,
            "all_gather_into_tensor": size - 1}  # fmt: skip
    for operation, calls in log.comms_dict.items():
        handed_in = sum(nbytes * times[0] for nbytes, times in calls.items())
        sent[operation] = ring[operation] * handed_in / model_bytes
    return sent


def answers(configs: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """What DeepSpeed says to configurations: the first line of its error, or that it accepts it, and how."""
    return {name: _answer(config) for name, config in configs.items()}


def _answer(config: Mapping[str, Any]) -> str:
    deepspeed, model = _deepspeed(), nn.Linear(8, 8)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            engine = deepspeed.initialize(model=model, model_parameters=model.parameters(), config=dict(config))[0]
    except Exception as error:  # of any kind: it is what the caller asks for
        return " ".join(f"{type(error).__name__}: {error}".split())
    stage = engine.zero_optimization_stage()
    engine.destroy()
    return f"accepted, with ZeRO stage {stage}"


def estimates(num_parameters: int, devices: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Bytes of model states on each of so many devices of one node, at levels 2 and 3, by DeepSpeed's own estimators.

    Args:
        num_parameters: of the model; its largest layer is left out.
        devices: for each of these numbers.
    """
    _deepspeed()
    from deepspeed.runtime.zero.stage3 import estimate_zero3_model_states_mem_needs as level3
    from deepspeed.runtime.zero.stage_1_and_2 import estimate_zero2_model_states_mem_needs as level2

    return {
        count: (
            level2(num_parameters, count, 1, cpu_offload=False)[1],
            level3(num_parameters, 0, count, 1, cpu_offload=False)[1],
        )
        for count in devices
    }


def _deepspeed() -> ModuleType:
    from llmbook.training.engines.deepspeed_engine import import_deepspeed

    return import_deepspeed()
