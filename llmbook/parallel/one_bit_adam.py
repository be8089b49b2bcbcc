"""1-bit Adam (section 4.4; Tang et al., 2021): after a warm-up, the workers send one bit per parameter instead of 32.

Adam divides the momentum by the root of the variance, so a compressed gradient would spoil it: the error would enter
squared. But the variance settles early. From `freeze_step` on it is kept as it is, Adam is then momentum descent with a
fixed scale for each coordinate, and what the workers send, their momentum, may be compressed: to its signs and one
length. What the signs lose is not lost: each worker adds it to what it sends in the next step (error feedback).
"""

import math
from collections.abc import Callable, Iterable

import torch
import torch.distributed as dist
from torch import Tensor, nn

from llmbook.errors import ReaderError

_BITS = torch.tensor([1, 2, 4, 8, 16, 32, 64, 128], dtype=torch.uint8)


def pack_signs(x: Tensor) -> Tensor:
    """Eight signs in a byte, 1 for x ≥ 0: [..., 8 k] to uint8 [..., k]."""
    return ((x >= 0).unflatten(-1, (-1, 8)) * _BITS.to(x.device)).sum(-1, dtype=torch.uint8)


def unpack_signs(packed: Tensor) -> Tensor:
    """The inverse of `pack_signs`, as +1 and -1: uint8 [..., k] to float32 [..., 8 k]."""
    bits = packed[..., None] & _BITS.to(packed.device)
    return torch.where(bits > 0, 1.0, -1.0).flatten(-2)


class Processes:
    """The workers are the processes of a `torch.distributed` group; each holds one row.

    Args:
        group: the processes; None for all.

    Attributes:
        count: M, the number of workers.
        rows: how many of them live in this process: 1.
        bytes_sent: by each worker so far, with a ring for the sum.
    """

    rows = 1

    def __init__(self, group: dist.ProcessGroup | None = None) -> None:
        self._group, self.count, self.bytes_sent = group, dist.get_world_size(group), 0

    def mean(self, values: Tensor) -> Tensor:
        """The average over the workers: [rows, n] to [n]."""
        self.bytes_sent += 2 * (self.count - 1) * values[0].nbytes // self.count
        total = values[0].clone()
        dist.all_reduce(total, group=self._group)
        return total / self.count

    def exchange(self, values: Tensor) -> Tensor:
        """Chunk j of every worker goes to worker j: [rows, M, k] to [rows, M, k], now chunk j of worker 0, 1, …"""
        self.bytes_sent += (self.count - 1) * values[0, 0].nbytes
        received = torch.empty_like(values[0])
        dist.all_to_all_single(received, values[0].contiguous(), group=self._group)
        return received[None]

    def gather(self, values: Tensor) -> Tensor:
        """What all the workers have: [rows, …] to [M, …]."""
        self.bytes_sent += (self.count - 1) * values[0].nbytes
        received = [torch.empty_like(values[0]) for _ in range(self.count)]
        dist.all_gather(received, values[0].contiguous(), group=self._group)
        return torch.stack(received)


class SimulatedWorkers:
    """The same for `count` workers in this process, one in each row: nothing is sent, and everything is counted."""

    def __init__(self, count: int) -> None:
        self.count = self.rows = count
        self.bytes_sent = 0

    def mean(self, values: Tensor) -> Tensor:
        """[M, n] to [n]."""
        self.bytes_sent += 2 * (self.count - 1) * values[0].nbytes // self.count
        return values.mean(0)

    def exchange(self, values: Tensor) -> Tensor:
        """[M, M, k] to [M, M, k]: the first two axes change places."""
        self.bytes_sent += (self.count - 1) * values[0, 0].nbytes
        return values.transpose(0, 1)

    def gather(self, values: Tensor) -> Tensor:
        """[M, …], as it is."""
        self.bytes_sent += (self.count - 1) * values[0].nbytes
        return values


def one_bit_mean(
    values: Tensor, worker_error: Tensor, server_error: Tensor, workers: Processes | SimulatedWorkers
) -> Tensor:
    """The average over the workers, with one bit per number sent each way.

    Every worker is the server of one chunk. It receives the signs of that chunk from all, averages them, and sends the
    signs of the average. A vector x is sent as sign(x) · ‖x‖₂ / √n, which keeps its length.

    Args:
        values: [rows, n], n divisible by 8 M.
        worker_error: what each worker has not yet sent, [rows, n]; written anew.
        server_error: what each server has not yet sent, [rows, n / M]; written anew.
        workers: who they are.

    Returns:
        [n], the same on every worker.
    """
    values = values + worker_error
    scales = _length(values)  # [rows, 1]
    signs = pack_signs(values)
    worker_error.copy_(values - scales * unpack_signs(signs))
    chunks = unpack_signs(workers.exchange(signs.unflatten(-1, (workers.count, -1))))  # [rows, M, n / M]
    average = (workers.gather(scales) * chunks).mean(1) + server_error  # [rows, n / M]
    scales, signs = _length(average), pack_signs(average)
    server_error.copy_(average - scales * unpack_signs(signs))
    return (workers.gather(scales) * unpack_signs(workers.gather(signs))).flatten()


def _length(x: Tensor) -> Tensor:
    return x.norm(dim=-1, keepdim=True) / math.sqrt(x.shape[-1])


class OneBitAdam(torch.optim.Optimizer):
    """AdamW until `freeze_step`, then 1-bit Adam. It averages the gradients itself: do not wrap the model in DDP.

    Parameters whose gradient was zero until the freeze have no variance; they stay where they are.

    Args:
        params: parameters, or groups of them with a `lr` and `weight_decay` of their own. All get a gradient each step.
        lr: learning rate.
        betas: how much of momentum and variance a step leaves.
        eps: added to the root of the variance.
        weight_decay: decoupled, as in AdamW.
        freeze_step: steps of plain AdamW; the book's example has 400, the paper 15 to 25 % of the run.
        error_feedback: False drops what the signs lose, to show what becomes of it.
        workers: who averages; by default all processes of the default group.

    Raises:
        ReaderError: `freeze_step` is below 1: there would be no variance.
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter] | Iterable[dict],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        freeze_step: int,
        error_feedback: bool = True,
        workers: Processes | SimulatedWorkers | None = None,
    ) -> None:
        if freeze_step < 1:
            raise ReaderError(
                f"freeze_step is {freeze_step}: the variance needs some steps of warm-up, e.g. 20 % of all"
            )
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})
        self._betas, self._eps, self._freeze_step, self._error_feedback = betas, eps, freeze_step, error_feedback
        self.workers = workers or Processes()
        self._parameters = [parameter for group in self.param_groups for parameter in group["params"]]
        numel = sum(parameter.numel() for parameter in self._parameters)
        padded = numel + -numel % (8 * self.workers.count)
        zeros = self._parameters[0].new_zeros
        rows = self.workers.rows
        self.state[self._parameters[0]] = {  # flat, and under one parameter, so that `state_dict` knows it
            "step": 0,
            "momentum": zeros(padded),
            "variance": zeros(padded),
            "worker_error": zeros(rows, padded),
            "server_error": zeros(rows, padded // self.workers.count),
        }

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:
        """One update from the gradients of this process."""
        if closure is not None:
            raise ReaderError("1-bit Adam takes no closure: call backward() first, then step()")
        self.update(torch.cat([parameter.grad.flatten() for parameter in self._parameters])[None])

    @torch.no_grad()
    def update(self, gradients: Tensor) -> None:
        """One update from flat gradients, one row for each worker of this process: [rows, number of parameters]."""
        state, (beta1, beta2) = self.state[self._parameters[0]], self._betas
        momentum, variance = state["momentum"], state["variance"]
        gradients = nn.functional.pad(gradients, (0, momentum.numel() - gradients.shape[1]))
        state["step"] += 1
        if state["step"] <= self._freeze_step:
            mean = self.workers.mean(gradients)
            momentum.lerp_(mean, 1 - beta1)
            variance.lerp_(mean.square(), 1 - beta2)
        else:
            momentum.copy_(self._one_bit_mean(momentum.lerp(gradients, 1 - beta1), state))
        frozen = min(state["step"], self._freeze_step)
        root = (variance / (1 - beta2**frozen)).sqrt().add_(self._eps)
        direction = (momentum / (1 - beta1 ** state["step"]) / root).where(variance > 0, 0.0)
        self._move(direction)

    def _one_bit_mean(self, momenta: Tensor, state: dict[str, Tensor]) -> Tensor:
        errors = state["worker_error"], state["server_error"]
        mean = one_bit_mean(momenta, *errors, self.workers)
        if not self._error_feedback:
            for error in errors:
                error.zero_()
        return mean

    def _move(self, direction: Tensor) -> None:
        place = 0
        for group in self.param_groups:
            for parameter in group["params"]:
                share = direction[place : place + parameter.numel()].view_as(parameter)
                parameter.mul_(1 - group["lr"] * group["weight_decay"]).sub_(share, alpha=group["lr"])
                place += parameter.numel()
