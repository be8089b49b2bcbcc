"""Taking the time of several ways to do the same work."""

import time
from collections.abc import Callable, Mapping

import torch


def interleave(variants: Mapping[str, Callable[[], object]], rounds: int, warm_up: int = 2) -> dict[str, float]:
    """Run every variant `rounds` times, taking turns, after `warm_up` rounds that do not count.

    Returns:
        The best seconds of each variant.
    """
    best = dict.fromkeys(variants, float("inf"))
    for round_ in range(warm_up + rounds):
        for name, run in variants.items():
            _synchronise()
            start = time.perf_counter()
            run()
            _synchronise()
            if round_ >= warm_up:
                best[name] = min(best[name], time.perf_counter() - start)
    return best


def _synchronise() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
