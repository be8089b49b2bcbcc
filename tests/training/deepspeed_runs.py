"""What the processes of `test_deepspeed_engine.py` run, and the plain loop that it is compared with."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from llmbook.models.llama import Llama
from llmbook.training.activations import checkpoint_layers
from llmbook.training.engines import Engine, deepspeed_engine, make_engine
from llmbook.training.engines.deepspeed_engine import build_partitioned, import_deepspeed
from llmbook.training.engines.ds_config import ds_config
from llmbook.training.optimizer import parameter_groups
from llmbook.training.processes import Processes, this_process
from llmbook.training.recipe import Recipe

SIZES = {
    "vocab_size": 131, "hidden_size": 36, "intermediate_size": 88, "num_hidden_layers": 2, "num_attention_heads": 3,
    "tie_word_embeddings": True, "max_position_embeddings": 64,
}  # fmt: skip
PLAIN = Recipe("plain", model=SIZES, global_batch_size=8, micro_batch_size=2, max_grad_norm=0.5)
DEEPSPEED = PLAIN.with_(engine="deepspeed")
RATE = 3e-3


class Step(NamedTuple):
    """One step: the loss over all processes, the gradient's norm, and whether the weights were updated."""

    loss: float
    norm: float
    updated: bool


def batch_of(step: int) -> dict[str, Tensor]:
    """Rows of which each predicts another number of tokens."""
    generator = torch.Generator().manual_seed(step)
    ids = torch.randint(SIZES["vocab_size"], (8, 24), generator=generator)
    visible = torch.arange(24) < torch.randint(4, 24, (8, 1), generator=generator)
    return {"input_ids": ids, "labels": ids.where(visible, -100)}


def objective(model: nn.Module, batch: Mapping[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    return model.loss(batch["input_ids"], batch["labels"]), {"rows": len(batch["labels"])}


def plain_loop(steps: int) -> list[Step]:
    """No engine, no process group, no micro-batch."""
    torch.manual_seed(0)
    model, history = Llama(PLAIN.model_config()), []
    optimizer = torch.optim.AdamW(parameter_groups(model, PLAIN.weight_decay), lr=RATE, betas=PLAIN.adam_betas)
    for step in range(steps):
        batch = batch_of(step)
        logits = model(batch["input_ids"])[:, :-1].flatten(0, 1)
        loss = F.cross_entropy(logits, batch["labels"][:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), PLAIN.max_grad_norm)
        optimizer.step()
        history.append(Step(loss.item(), norm.item(), True))
    return history


def engine_for(recipe: Recipe, processes: Processes, partitioned: bool = False, checkpointing: bool = False) -> Engine:
    torch.manual_seed(0)
    config = recipe.model_config()
    model = build_partitioned(recipe, config, processes) if partitioned else Llama(config)
    if checkpointing:
        checkpoint_layers(model)
    return make_engine(recipe, model, objective, processes)


def advance(engine: Engine, processes: Processes, steps: range, skip_above: float = float("inf")) -> list[Step]:
    """Optimizer steps as the trainer takes them: a micro-batch weighs what its tokens are of all tokens."""
    history = []
    for step in steps:
        batch, loss = batch_of(step), torch.zeros(())
        counts = (batch["labels"][:, 1:] != -100).sum(1)
        mine = [part for part in torch.arange(8).chunk(processes.world_size)[processes.rank].split(2)]
        for part in mine:
            weight = (counts[part].sum() / counts.sum() * processes.world_size).item()
            rows = {name: value[part] for name, value in batch.items()}
            value, figures = engine.forward_backward(rows, weight, part is mine[-1])
            assert figures == {"rows": 2} and not value.requires_grad
            loss += weight * value.float()
        history.append(Step(processes.mean(loss).item(), *engine.step(RATE, skip_above)))
    return history


def train(recipe: Recipe, save: Path, steps: int = 20, **build: bool) -> dict[str, object]:
    """Train, with a checkpoint half-way, and evaluate in the end."""
    processes = this_process()
    engine = engine_for(recipe, processes, **build)
    history = advance(engine, processes, range(steps // 2))
    if processes.rank == 0:
        save.mkdir()
    processes.barrier()
    engine.save(save)
    history += advance(engine, processes, range(steps // 2, steps))
    evaluated = engine.evaluate(batch_of(99))[0].item()
    held = sum(getattr(p, "ds_tensor", p).numel() for p in engine.module.parameters())
    engine.close()
    assert F.linear is torch._C._nn.linear, "what zero.Init changes for the whole process is undone"
    return {"history": history, "evaluated": evaluated, "held": held}


def resume(recipe: Recipe, load: Path, steps: int = 20, **build: bool) -> dict[str, object]:
    """The second half of `train`, from a checkpoint."""
    processes = this_process()
    engine = engine_for(recipe, processes, **build)
    processes.barrier()
    engine.load(load)
    history = advance(engine, processes, range(steps // 2, steps))
    evaluated = engine.evaluate(batch_of(99))[0].item()
    engine.close()
    return {"history": history, "evaluated": evaluated}


def in_turn(calls: Mapping[str, tuple]) -> dict[str, object]:
    """Several functions of this module in one launch, since starting costs more than they do."""
    return {name: globals()[function](*args, **options) for name, (function, args, options) in calls.items()}


def scaling(recipe: Recipe, folder: Path) -> dict[str, object]:
    """Twenty steps of fp16 with the scaler of section 4.2.4's run, in one go and resumed after eight."""
    settings = {"initial_scale_power": 24, "loss_scale_window": 5, "hysteresis": 1}

    def config(*args: object) -> dict[str, object]:
        made = ds_config(*args)
        return made | {"fp16": made["fp16"] | settings}

    def steps(engine: Engine, first: int, last: int) -> list[tuple[float, Step]]:
        return [(engine._loss_scale, advance(engine, processes, range(i, i + 1))[0]) for i in range(first, last)]

    processes = this_process()
    with mock.patch.object(deepspeed_engine, "ds_config", config):
        engine = engine_for(recipe, processes)
        whole = steps(engine, 0, 8)
        if processes.rank == 0:
            folder.mkdir()
        processes.barrier()
        engine.save(folder)
        whole += steps(engine, 8, 20)
        skipped = engine._engine.skipped_steps
        engine.close()
        engine = engine_for(recipe, processes)
        processes.barrier()
        engine.load(folder)
        rest = steps(engine, 8, 20)
        engine.close()
    return {"whole": whole, "rest": rest, "skipped": skipped}


def spike(recipe: Recipe) -> tuple[Step, Step, bool]:
    """A step that is left out for its norm, the same without a limit, and whether the first left the state alone."""
    processes = this_process()
    engine = engine_for(recipe, processes)
    before = {name: engine._full_state(p) for name, p in engine._parameters().items()}
    before = {name: [tensor.clone() for tensor in state] for name, state in before.items()}
    (left_out,) = advance(engine, processes, range(1), skip_above=0.01)
    after = {name: engine._full_state(p) for name, p in engine._parameters().items()}
    same = all(torch.equal(a, b) for name in before for a, b in zip(before[name], after[name], strict=True))
    (taken,) = advance(engine, processes, range(1))
    engine.close()
    return left_out, taken, same


class Odd(nn.Module):
    """Parameters of sizes that two processes do not divide, and one that is not trained."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(5, 7), nn.Linear(7, 3)
        self.scale = nn.Parameter(torch.ones(1))
        self.shift = nn.Parameter(torch.full((3,), 0.5), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x).tanh()) * self.scale + self.shift


def odd(recipe: Recipe, save: Path, load: Path | None) -> list[Step]:
    """Three steps of `Odd`, from the beginning or from a checkpoint."""
    processes = this_process()
    torch.manual_seed(0)
    engine = make_engine(recipe, Odd(), lambda model, batch: (model(batch["x"]).square().mean(), {}), processes)
    if load:
        engine.load(load)
    history = []
    for step in range(3):
        x = torch.randn(8, 5, generator=torch.Generator().manual_seed(step))
        parts = x.chunk(processes.world_size)[processes.rank].split(2)
        losses = [engine.forward_backward({"x": part}, 1 / len(parts), part is parts[-1])[0] for part in parts]
        history.append(Step(processes.mean(torch.stack(losses).mean()).item(), *engine.step(RATE)))
    if processes.rank == 0:
        save.mkdir()
    processes.barrier()
    engine.save(save)
    processes.barrier()
    engine.close()
    return history


def partitioned_weights(recipe: Recipe) -> float:
    """How far the weights and rotary angles of `build_partitioned` are from those of `Llama`, rounded."""
    deepspeed, config = import_deepspeed(), recipe.model_config()
    torch.manual_seed(0)
    model = build_partitioned(recipe, config, this_process())
    torch.manual_seed(0)
    expected = Llama(config)
    worst = (model.rotary_table - expected.rotary_table).abs().max().item()
    for ours, theirs in zip(model.parameters(), expected.parameters(), strict=True):
        with deepspeed.zero.GatheredParameters([ours]):
            worst = max(worst, (ours - theirs.to(ours.dtype)).abs().max().item())
    F.linear = torch._C._nn.linear
    return worst


def accepted(recipes: Mapping[str, Recipe]) -> dict[str, tuple[int, str]]:
    """DeepSpeed's own reading of configurations: train_batch_size and where it offloads to."""
    import_deepspeed()
    from deepspeed.runtime.config import DeepSpeedConfig

    read = {name: DeepSpeedConfig(ds_config(recipe, this_process().world_size)) for name, recipe in recipes.items()}
    offloads = {name: config.zero_config.offload_optimizer for name, config in read.items()}
    return {
        name: (config.train_batch_size, offloads[name].device if offloads[name] else "none")
        for name, config in read.items()
    }


def on_nvme(folder: Path) -> str:
    """What the engine says to offloading where libaio is missing."""
    from deepspeed.ops.op_builder import AsyncIOBuilder

    recipe = DEEPSPEED.with_(zero_stage=3, offload_optimizer="nvme", nvme_path=str(folder))
    with mock.patch.object(AsyncIOBuilder, "is_compatible", lambda self, verbose: False):
        try:
            engine_for(recipe, this_process())
        except ValueError as error:
            return str(error)
    return "no error"


def compiled() -> bool:
    """Whether DeepSpeed compiled any operator."""
    return os.path.exists(os.environ["TORCH_EXTENSIONS_DIR"])
