"""How much memory a computation needs at its peak."""

import weakref
from collections.abc import Callable

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter


class _Allocations(TorchDispatchMode):
    """Follows the storages that operations make until they are freed."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):  # noqa: ANN001, ANN204 - PyTorch's signature
        self._follow((args, kwargs), counted=False)
        result = function(*args, **(kwargs or {}))
        self._follow(result, counted=True)
        self.peak = max(self.peak, self.now)
        return result

    def _follow(self, tensors: object, counted: bool) -> None:
        """Watch the storages not seen before; those that come in as arguments were there before us."""
        for storage in _storages(tensors):
            if id(storage) not in self._known:
                nbytes = storage.nbytes() if counted else 0
                self._known.add(id(storage))
                self.now += nbytes
                weakref.finalize(storage, self._free, id(storage), nbytes)

    def _free(self, known: int, nbytes: int) -> None:
        self._known.discard(known)
        self.now -= nbytes


def _storages(values: object) -> list[torch.UntypedStorage]:
    return [value.untyped_storage() for value in tree_iter(values) if isinstance(value, torch.Tensor)]


def peak_memory(function: Callable[[], object], device: torch.device | str = "cpu") -> int:
    """Bytes of the tensors that `function()` makes, at the moment when most of them are alive at once.

    On a CPU the tensors are counted that PyTorch operations return, forward and backward, so the figure is the same on
    every machine; the scratch space inside an operation is not seen. On a GPU the allocator is asked.

    Args:
        function: called once; what it returns is dropped.
        device: where it computes.
    """
    device = torch.device(device)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        function()
        torch.cuda.synchronize(device)
        return torch.cuda.max_memory_allocated(device) - before
    with _Allocations() as allocations:
        function()
    return allocations.peak
