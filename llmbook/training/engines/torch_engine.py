"""Plain PyTorch: one process, or data parallel (section 4.2.1)."""

import contextlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from llmbook.training.engines import PRECISIONS, Batch, LossModule, Objective
from llmbook.training.engines.state import FullState, read_state, write_state
from llmbook.training.optimizer import make_optimizer
from llmbook.training.processes import Processes
from llmbook.training.recipe import Recipe


class TorchEngine:
    """The whole model on every process; DDP averages the gradients where there are several.

    Args:
        recipe, model, objective, processes: as `make_engine`.
    """

    def __init__(self, recipe: Recipe, model: nn.Module, objective: Objective, processes: Processes) -> None:
        self.module = model
        self._processes = processes
        self._max_grad_norm = recipe.max_grad_norm or float("inf")
        self._loss = LossModule(model, objective)
        if recipe.compile is True:
            self._loss.compile()
        self._parallel: nn.Module = self._loss
        if processes.world_size > 1:
            self._parallel = DistributedDataParallel(self._loss, gradient_as_bucket_view=True)
        self.optimizer = make_optimizer(recipe, model)
        self._device = processes.device.type
        self._dtype = PRECISIONS[recipe.precision]
        self._scaler = torch.amp.GradScaler(self._device, enabled=recipe.precision == "fp16")

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self._device, self._dtype, enabled=self._dtype != torch.float32)

    def forward_backward(self, batch: Batch, weight: float, last: bool) -> tuple[Tensor, Mapping[str, Tensor | float]]:
        """As `Engine.forward_backward`."""
        alone = not last and self._processes.world_size > 1
        with self._parallel.no_sync() if alone else contextlib.nullcontext():
            with self._autocast():
                loss, figures = self._parallel(batch)
            self._scaler.scale(loss * weight).backward()
        return loss.detach(), figures

    def step(self, learning_rate: float, skip_above: float = float("inf")) -> tuple[float, bool]:
        """As `Engine.step`."""
        self._scaler.unscale_(self.optimizer)
        norm = nn.utils.clip_grad_norm_(self.module.parameters(), self._max_grad_norm).item()
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        scale = self._scaler.get_scale()
        wanted = norm <= skip_above
        if wanted:
            self._scaler.step(self.optimizer)
        self._scaler.update()
        self.optimizer.zero_grad()
        return norm, wanted and self._scaler.get_scale() >= scale

    def evaluate(self, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor | float]]:
        """As `Engine.evaluate`."""
        self._loss.eval()
        with torch.no_grad(), self._autocast():
            result = self._loss(batch)
        self._loss.train()
        return result

    def save(self, folder: Path) -> None:
        """As `Engine.save`."""
        write_state(folder, self._processes, self._parameters(), self._full_state, self._scalars())

    def load(self, folder: Path) -> None:
        """As `Engine.load`."""
        scalars = read_state(folder, self._parameters(), self._set_state)
        for parameter in self._parameters().values():
            self.optimizer.state[parameter]["step"] = torch.tensor(float(scalars["steps"]), device=parameter.device)
        if self._scaler.is_enabled() and scalars.get("loss_scale"):
            scaling = {"scale": scalars["loss_scale"], "_growth_tracker": int(scalars.get("clean_steps", 0))}
            self._scaler.load_state_dict(self._scaler.state_dict() | scaling)

    def close(self) -> None:
        """As `Engine.close`."""

    def _parameters(self) -> dict[str, nn.Parameter]:
        return {name: parameter for name, parameter in self.module.named_parameters() if parameter.requires_grad}

    def _full_state(self, parameter: nn.Parameter) -> FullState:
        state = self.optimizer.state.get(parameter) or {}
        zeros = torch.zeros_like(parameter)
        return FullState(parameter.detach(), state.get("exp_avg", zeros), state.get("exp_avg_sq", zeros))

    def _set_state(self, parameter: nn.Parameter, state: FullState) -> None:
        with torch.no_grad():
            parameter.copy_(state.weight)
        moments = {"exp_avg": state.exp_avg, "exp_avg_sq": state.exp_avg_sq}
        self.optimizer.state[parameter].update({name: value.to(parameter.device) for name, value in moments.items()})

    def _scalars(self) -> dict[str, float]:
        steps = [state["step"].item() for state in self.optimizer.state.values()]
        if not self._scaler.is_enabled():
            return {"steps": max(steps, default=0.0)}
        scaler = self._scaler.state_dict()
        scaling = {"loss_scale": scaler["scale"], "clean_steps": scaler["_growth_tracker"]}
        return {"steps": max(steps, default=0.0), **scaling}
