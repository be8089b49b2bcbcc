"""What runs a training step: plain PyTorch (one process, or data parallel), or DeepSpeed (ZeRO 0 to 3, offload).

The loop of `trainer.py` knows this protocol and nothing of what is behind it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from llmbook.training.processes import Processes
    from llmbook.training.recipe import Recipe

Batch = Mapping[str, Tensor]
Objective = Callable[[Any, Batch], tuple[Tensor, Mapping[str, Tensor | float]]]


class Engine(Protocol):
    """A model on its way through training.

    Attributes:
        module: the bare model; under ZeRO-3 its parameters are only whole inside `evaluate`.
    """

    module: nn.Module

    def forward_backward(self, batch: Batch, weight: float, last: bool) -> tuple[Tensor, Mapping[str, Tensor | float]]:
        """One micro-batch: its loss (detached) and figures; the gradients of `weight` · loss are added up.

        Args:
            batch: this process's rows.
            weight: the share of the micro-batch in the global batch, times the number of processes, so that the mean
                over the processes is the mean over the global batch.
            last: whether it is the last micro-batch before `step`: only then do the processes exchange gradients.
        """
        ...

    def step(self, learning_rate: float, skip_above: float = float("inf")) -> tuple[float, bool]:
        """Clip, update, zero.

        Args:
            learning_rate: of this step.
            skip_above: leave the weights as they are when the gradient's norm is above this.

        Returns:
            The gradient's norm before clipping, and whether the weights were updated (not for a spike, nor for an
            overflow in fp16).
        """
        ...

    def evaluate(self, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor | float]]:
        """Loss and figures in evaluation mode, without gradients; all processes call it together."""
        ...

    def save(self, folder: Path) -> None:
        """Write this process's share of weights and optimizer state: `state-RRRRR.safetensors`; all call it together.

        Parameter number i of `named_parameters()` is written by rank i modulo the number of processes, as whole fp32
        tensors `NAME:weight`, `NAME:exp_avg` and `NAME:exp_avg_sq`; rank 0 also writes `optimizer.json`, with the
        steps that Adam has taken and the state of the loss scaling. Nothing in it depends on the engine, on the
        stage of ZeRO or on the number of processes.
        """
        ...

    def load(self, folder: Path) -> None:
        """Take over what any engine has saved, on any number of processes."""
        ...

    def close(self) -> None:
        """Let go of what the engine holds; the process group stays."""
        ...


class LossModule(nn.Module):
    """The objective as the forward pass of a module, so that DDP, DeepSpeed and torch.compile see one call."""

    def __init__(self, model: nn.Module, objective: Objective) -> None:
        super().__init__()
        self.model = model
        self.objective = objective

    def forward(self, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor | float]]:
        return self.objective(self.model, batch)


def make_engine(recipe: "Recipe", model: nn.Module, objective: Objective, processes: "Processes") -> Engine:
    """The engine that the recipe names.

    Args:
        recipe: with its precision and compilation settled (`recipe.precision` is not "auto").
        model: on its device, in fp32 (ZeRO-3: as built in the engine's own context).
        objective: `objective(model, batch)` gives the loss, a mean over the batch, and figures to keep.
        processes: the group that the engine works in.
    """
    if recipe.engine == "deepspeed":
        from llmbook.training.engines.deepspeed_engine import DeepSpeedEngine

        return DeepSpeedEngine(recipe, model, objective, processes)
    from llmbook.training.engines.torch_engine import TorchEngine

    return TorchEngine(recipe, model, objective, processes)


PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
