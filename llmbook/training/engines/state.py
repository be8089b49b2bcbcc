"""Weights and optimizer state on disk, as whole tensors by name: the same files for every engine."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from torch import Tensor, nn

from llmbook.errors import ReaderError
from llmbook.training.processes import Processes


class FullState(NamedTuple):
    """What AdamW keeps of one parameter, each of the parameter's shape, in fp32."""

    weight: Tensor
    exp_avg: Tensor
    exp_avg_sq: Tensor


def write_state(
    folder: Path,
    processes: Processes,
    parameters: Mapping[str, nn.Parameter],
    full_state: Callable[[nn.Parameter], FullState],
    scalars: Mapping[str, float],
) -> None:
    """Write this process's share: parameter number i belongs to rank i modulo the number of processes.

    Args:
        folder: exists already.
        processes: who shares the work.
        parameters: all that are trained, by name, in the same order everywhere.
        full_state: gathers one parameter's state; called for every parameter in every process, in order.
        scalars: what is not a tensor; "steps" counts Adam's steps.
    """
    from safetensors.torch import save_file

    share: dict[str, Tensor] = {}
    for number, (name, parameter) in enumerate(parameters.items()):
        state = full_state(parameter)
        if number % processes.world_size == processes.rank:
            for field, value in state._asdict().items():
                share[f"{name}:{field}"] = value.detach().float().cpu().clone()
    save_file(share, folder / f"state-{processes.rank:05}.safetensors")
    if processes.rank == 0:
        (folder / "optimizer.json").write_text(json.dumps(dict(scalars)), encoding="utf-8")


def read_state(
    folder: Path, parameters: Mapping[str, nn.Parameter], set_state: Callable[[nn.Parameter, FullState], None]
) -> dict[str, float]:
    """Hand every parameter what was saved of it, and return the scalars.

    Raises:
        ReaderError: the files hold other parameters, or other shapes.
    """
    from safetensors import safe_open

    left = dict(parameters)
    for path in sorted(folder.glob("state-*.safetensors")):
        with safe_open(path, "pt") as file:
            for name in sorted({key.rpartition(":")[0] for key in file.keys()}):  # noqa: SIM118 - not a mapping
                if name not in left:
                    raise ReaderError(f"{folder} holds {name!r}, which the model lacks: it is of another model")
                state = FullState(*(file.get_tensor(f"{name}:{field}") for field in FullState._fields))
                set_state(left.pop(name), state)
    if left:
        raise ReaderError(f"{folder} lacks {next(iter(left))!r} and {len(left) - 1} more: it is of another model")
    return json.loads((folder / "optimizer.json").read_text(encoding="utf-8"))


def read_weights(folder: Path) -> dict[str, Tensor]:
    """Only the weights, by name: what an export needs."""
    from safetensors import safe_open

    weights = {}
    for path in sorted(folder.glob("state-*.safetensors")):
        with safe_open(path, "pt") as file:
            keys = [key for key in file.keys() if key.endswith(":weight")]  # noqa: SIM118 - not a mapping
            weights |= {key.removesuffix(":weight"): file.get_tensor(key) for key in keys}
    return weights
