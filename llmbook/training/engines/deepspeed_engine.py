"""DeepSpeed: ZeRO 0 to 3 and offloading behind the same protocol as plain PyTorch (section 4.4)."""

import atexit
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional as F

from llmbook import paths
from llmbook.errors import ReaderError
from llmbook.models.llama import Llama, LlamaConfig
from llmbook.training.engines import Batch, LossModule, Objective
from llmbook.training.engines.ds_config import ds_config
from llmbook.training.engines.state import FullState, read_state, write_state
from llmbook.training.optimizer import make_optimizer
from llmbook.training.processes import Processes
from llmbook.training.recipe import Recipe


def import_deepspeed() -> ModuleType:
    """DeepSpeed, ready to run on what this machine has, without compiling anything and without its log.

    Raises:
        ReaderError: it is not installed.
    """
    # A cache of our own: one that two environments share is built again whenever they take turns.
    os.environ.setdefault("TORCH_EXTENSIONS_DIR", str(paths.home() / "torch_extensions"))
    on_cpu = not torch.cuda.is_available()
    if on_cpu:
        os.environ.setdefault("DS_ACCELERATOR", "cpu")
    try:
        import deepspeed
    except ImportError as error:
        raise ReaderError(f"engine: deepspeed needs DeepSpeed ({error}): pip install deepspeed") from None
    from deepspeed.runtime import bf16_optimizer

    deepspeed.utils.logger.setLevel(logging.ERROR)
    bf16_optimizer.see_memory_usage = lambda *args, **options: None  # this one prints, and collects garbage each time
    warnings.filterwarnings("ignore", category=FutureWarning, module="torch.distributed")
    if on_cpu:
        # The first is an operator that starting would compile with g++ for a minute or two. The second is False where
        # fp16 is slow, on processors without an instruction for it; it works on all of them.
        deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
        deepspeed.accelerator.get_accelerator().is_fp16_supported = lambda: True
    return deepspeed


def build_partitioned(recipe: Recipe, config: LlamaConfig, processes: Processes) -> Llama:
    """A `Llama` for ZeRO-3 that is never whole in one place: its weights are those of `Llama(config)`, bit for bit.

    Args:
        recipe: with zero_stage 3 and its precision settled; the weights are rounded to it.
        config: of the model.
        processes: those that share it; all call it together, from the same random state.
    """
    deepspeed = import_deepspeed()
    _join_alone(processes)

    class Init(deepspeed.zero.Init):
        """Draws parameters in fp32 and rounds them; by itself it would draw them, and the rotary angles, rounded."""

        def _post_init_method(self, module: nn.Module) -> None:
            for parameter in module.parameters(recurse=False):
                parameter.data = parameter.data.to(self.dtype)
            super()._post_init_method(module)

    settings = ds_config(recipe, processes.world_size, torch.cuda.is_available())
    with Init(config_dict_or_path=settings, tensor_overrides=()):
        model = Llama(config)
    # Every module's parameters were cut up as soon as it was made, so Llama's own initialisation met empty tensors.
    for parameter in model.parameters():
        with deepspeed.zero.GatheredParameters([parameter], modifier_rank=0):
            if parameter.dim() > 1:
                parameter.data.copy_(torch.empty(parameter.shape).normal_(std=config.initializer_range))
    for buffer in model.buffers():
        buffer.data = buffer.data.to(processes.device)
    return model


def _join_alone(processes: Processes) -> None:
    """DeepSpeed needs a process group even for one process; it lasts, for DeepSpeed never lets go of the first one."""
    if processes.world_size == 1 and not dist.is_initialized():
        backend = "nccl" if processes.device.type == "cuda" else "gloo"
        dist.init_process_group(backend, store=dist.HashStore(), rank=0, world_size=1)
        atexit.register(lambda: dist.is_initialized() and dist.destroy_process_group())


def _check_disk_access() -> None:
    from deepspeed.ops.op_builder import AsyncIOBuilder

    if not AsyncIOBuilder().is_compatible(verbose=False):
        raise ReaderError("offloading to nvme needs libaio on every node: apt-get install libaio-dev, or use cpu")


@contextmanager
def _local_rank(processes: Processes) -> Iterator[None]:
    """DeepSpeed wants the variable even of one process; left behind, it would tell other libraries of a launcher."""
    if "LOCAL_RANK" in os.environ:
        yield
        return
    os.environ["LOCAL_RANK"] = str(processes.local_rank)
    try:
        yield
    finally:
        del os.environ["LOCAL_RANK"]


class DeepSpeedEngine:
    """Optimizer states, gradients or parameters partitioned over the processes, by DeepSpeed.

    The weights have the recipe's precision; AdamW updates a copy of them in fp32.

    Args:
        recipe, model, objective, processes: as `make_engine`.
    """

    def __init__(self, recipe: Recipe, model: nn.Module, objective: Objective, processes: Processes) -> None:
        self._deepspeed = import_deepspeed()
        _join_alone(processes)
        self._on_disk = recipe.offload_optimizer == "nvme"
        if self._on_disk or recipe.offload_param == "nvme":
            _check_disk_access()
        self.module = model
        self._processes = processes
        self._stage = recipe.zero_stage
        self._half = recipe.precision == "fp16"
        self._skip_above, self._scale = float("inf"), 1.0
        loss = LossModule(model, objective)
        if recipe.compile is True:
            # At stage 3 the compiler would see the empty tensors that stand for parameters outside their own module.
            for module in getattr(model, "layers", ()) if self._stage == 3 else (loss,):
                module.compile()
        self.optimizer = make_optimizer(recipe, model)
        self._set_learning_rate(0.0)  # stage 0 in 16 bit takes a step without gradients to make Adam's state
        settings = ds_config(recipe, processes.world_size, torch.cuda.is_available())
        with _local_rank(processes):
            self._engine, self._zero, _, _ = self._deepspeed.initialize(
                model=loss, optimizer=self.optimizer, config=settings
            )
        self._update, self.optimizer.step = self.optimizer.step, self._update_unless_spike
        self._masters = self._find_masters()
        self._start_adam()

    def forward_backward(self, batch: Batch, weight: float, last: bool) -> tuple[Tensor, Mapping[str, Tensor | float]]:
        """As `Engine.forward_backward`."""
        self._engine.set_gradient_accumulation_boundary(last)
        loss, figures = self._engine(batch)
        scale = 1.0 if self._stage else self._loss_scale  # at stage 0 DeepSpeed 0.19 unscales what it has not scaled
        self._engine.backward(loss * (weight * scale), scale_wrt_gas=False)
        return loss.detach(), figures

    def step(self, learning_rate: float, skip_above: float = float("inf")) -> tuple[float, bool]:
        """As `Engine.step`."""
        self._set_learning_rate(learning_rate)
        self._skip_above, self._scale = skip_above, self._loss_scale
        if self._zero is self.optimizer:  # stage 0 in fp32 clips without telling the norm
            gradients = [p.grad for p in self.module.parameters() if p.grad is not None]
            self.optimizer._global_grad_norm = nn.utils.get_total_norm(gradients)
        self._engine.step()
        overflow = getattr(self._zero, "overflow", False)
        norm = float("inf") if overflow else self._norm()
        return norm, not overflow and norm <= skip_above

    def evaluate(self, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor | float]]:
        """As `Engine.evaluate`."""
        self._engine.eval()
        with torch.no_grad():
            result = self._engine(batch)
        self._engine.train()
        return result

    def save(self, folder: Path) -> None:
        """As `Engine.save`."""
        write_state(folder, self._processes, self._parameters(), self._full_state, self._scalars())

    def load(self, folder: Path) -> None:
        """As `Engine.load`."""
        if self._on_disk:
            raise ReaderError(f"to go on from {folder}, set offload_optimizer: cpu: what is on nvme cannot be replaced")
        scalars = read_state(folder, self._parameters(), self._set_partition if self._stage == 3 else self._set_state)
        if self._stage in (1, 2):
            self._zero.update_lp_params()
        for state in self.optimizer.state.values():
            state["step"].fill_(scalars["steps"])
        scaler = self._scaler()
        if scaler is not None and "loss_scale" in scalars:
            scaler.cur_scale = scalars["loss_scale"]
            scaler.cur_iter, scaler.last_overflow_iter = int(scalars.get("clean_steps", 0)), -1
            scaler.cur_hysteresis = int(scalars.get("hysteresis", getattr(scaler, "cur_hysteresis", 1)))

    def close(self) -> None:
        """As `Engine.close`."""
        from deepspeed.runtime.zero.partition_parameters import InsertPostInitMethodToModuleSubClasses as Patch

        self._engine.destroy()
        F.linear = getattr(Patch, "linear_bk", F.linear)  # zero.Init put its own in place, for the whole process

    def _parameters(self) -> dict[str, nn.Parameter]:
        return {name: parameter for name, parameter in self.module.named_parameters() if parameter.requires_grad}

    def _set_learning_rate(self, learning_rate: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate

    def _norm(self) -> float:
        """The gradient's norm before clipping, with the scale of the loss taken out."""
        norm = float(self._zero._global_grad_norm)
        if self._stage == 0:
            return norm / self._scale
        if self._stage == 3:  # divided by the scale that the next step will have
            return norm * self._loss_scale / self._scale
        return norm

    def _update_unless_spike(self) -> None:
        """Adam's step. DeepSpeed calls it when it knows the norm and has clipped: the last moment to leave it out."""
        if self._norm() <= self._skip_above:
            self._update()

    @property
    def _loss_scale(self) -> float:
        scaler = self._scaler()
        return 1.0 if scaler is None else float(scaler.cur_scale)

    def _scaler(self) -> Any:
        """What holds the scale of the loss, or None outside fp16."""
        return getattr(self._zero, "loss_scaler" if self._stage else "loss_scale_config") if self._half else None

    def _find_masters(self) -> dict[nn.Parameter, Tensor]:
        """At stage 0 in 16 bit, the fp32 copy of every parameter."""
        if self._stage or self._zero is self.optimizer:
            return {}
        pairs = zip(self._zero.fp16_groups, self._zero.fp32_groups, strict=True)
        return {half: whole for halves, wholes in pairs for half, whole in zip(halves, wholes, strict=True)}

    def _start_adam(self) -> None:
        """Adam's state, all zero, before the first step: so that it can be saved, loaded, or a step be left out."""
        if self._on_disk:
            return
        weights = [weight for group in self.optimizer.param_groups for weight in group["params"]]
        for weight in self._zero.fp32_partitioned_groups_flat if self._stage == 3 else weights:
            state = self.optimizer.state[weight]
            state["step"] = torch.zeros((), device=weight.device)
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(weight), torch.zeros_like(weight)
        if self._stage in (1, 2):
            self._zero._lazy_init_hp_params_optimizer_state()

    def _full_state(self, parameter: nn.Parameter) -> FullState:
        from deepspeed.utils import safe_get_full_fp32_param, safe_get_full_optimizer_state

        if self._stage:
            moments = (safe_get_full_optimizer_state(parameter, key) for key in ("exp_avg", "exp_avg_sq"))
            return FullState(safe_get_full_fp32_param(parameter), *moments)
        weight = self._masters.get(parameter, parameter)
        state = self.optimizer.state[weight]
        return FullState(weight, state["exp_avg"], state["exp_avg_sq"])

    def _set_state(self, parameter: nn.Parameter, state: FullState) -> None:
        from deepspeed.utils import safe_set_full_fp32_param, safe_set_full_optimizer_state

        if self._stage:
            safe_set_full_fp32_param(parameter, state.weight.to(parameter.device))
            for key in ("exp_avg", "exp_avg_sq"):
                safe_set_full_optimizer_state(parameter, getattr(state, key).to(parameter.device), key)
            return
        weight = self._masters.get(parameter, parameter)
        for key in ("exp_avg", "exp_avg_sq"):
            self.optimizer.state[weight][key].copy_(getattr(state, key))
        weight.data.copy_(state.weight)
        parameter.data.copy_(state.weight)

    def _set_partition(self, parameter: nn.Parameter, state: FullState) -> None:
        """As `_set_state` at stage 3, whose own function wants a size that the processes divide."""
        from deepspeed.utils import safe_set_local_fp32_param, safe_set_local_optimizer_state

        size, rank = parameter.ds_tensor.numel(), self._processes.rank
        flat = (F.pad(value.flatten(), (0, size * self._processes.world_size - value.numel())) for value in state)
        weight, exp_avg, exp_avg_sq = (value[rank * size : (rank + 1) * size] for value in flat)
        safe_set_local_fp32_param(parameter, weight)
        safe_set_local_optimizer_state(parameter, exp_avg, "exp_avg")
        safe_set_local_optimizer_state(parameter, exp_avg_sq, "exp_avg_sq")
        with self._deepspeed.zero.GatheredParameters([parameter], modifier_rank=0):
            parameter.data.copy_(state.weight)

    def _scalars(self) -> dict[str, float]:
        steps = next(iter(self.optimizer.state.values()))["step"].item()
        scaler = self._scaler()
        if scaler is None:
            return {"steps": steps}
        clean = scaler.cur_iter - scaler.last_overflow_iter - 1
        return {"steps": steps, "loss_scale": float(scaler.cur_scale), "clean_steps": clean,
                "hysteresis": getattr(scaler, "cur_hysteresis", 1)}  # fmt: skip
