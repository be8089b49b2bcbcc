"""What training costs: arithmetic, days, and the share of the hardware's peak that is used (section 1.3)."""

import math
from dataclasses import dataclass

from llmbook.errors import ReaderError

SECONDS_PER_DAY = 86_400
PETAFLOP_DAY = 1e15 * SECONDS_PER_DAY  # 8.64e19 FLOPs: 10^15 operations a second, for a day


@dataclass(frozen=True)
class Accelerator:
    """A GPU as its datasheet describes it.

    Attributes:
        name: what it is sold as.
        peak_flops: dense 16-bit matrix arithmetic with 32-bit sums, in FLOP/s; twice that, with "sparsity", is no
            peak that language models reach.
        memory: bytes.
        source: where the figures come from.
    """

    name: str
    peak_flops: float
    memory: float
    source: str


ACCELERATORS = {
    "V100": Accelerator("V100 SXM2 32GB", 125e12, 32e9, "NVIDIA V100 datasheet (2020): tensor performance, fp16"),
    "A100": Accelerator("A100 SXM 80GB", 312e12, 80e9, "NVIDIA A100 80GB datasheet (2021): bf16 or fp16, dense"),
    "H100": Accelerator("H100 SXM 80GB", 989e12, 80e9, "NVIDIA H100 datasheet (2023): bf16, dense (1,979 sparse)"),
    "H200": Accelerator("H200 SXM 141GB", 989e12, 141e9, "NVIDIA H200 datasheet (2024): bf16, dense (1,979 sparse)"),
}


def training_flops(num_parameters: float, num_tokens: float) -> float:
    """FLOPs of a training run, C = 6 N D (Kaplan et al., 2020, §2.1).

    Each token costs each weight one multiplication and one addition forward, and twice as many backward. Attention's
    own products are left out; they add little while the context is short beside 12 times the width. Recomputed
    activations are left out too: they do not count as work, and lower the utilisation instead.

    Args:
        num_parameters: N; of a mixture of experts, those that a token uses.
        num_tokens: D, tokens processed in all, repeated ones included.
    """
    _check(num_parameters=num_parameters, num_tokens=num_tokens)
    return 6.0 * num_parameters * num_tokens


def petaflop_days(flops: float) -> float:
    """FLOPs in petaFLOP/s-days: the *amount* of work that 10^15 operations a second do in a day."""
    return flops / PETAFLOP_DAY


def training_days(
    num_parameters: float, num_tokens: float, num_gpus: float, peak_flops: float, utilisation: float
) -> float:
    """Days of a training run: 6 N D / (GPUs · peak · utilisation · 86,400).

    Args:
        num_parameters, num_tokens: as for `training_flops`.
        num_gpus: how many work at once.
        peak_flops: of one of them, in FLOP/s; see `ACCELERATORS`.
        utilisation: share of the peak that goes into the 6 N D, in (0, 1] (model FLOPs utilisation, MFU).

    Raises:
        ReaderError: for a figure that is not positive, or a utilisation above 1.
    """
    if utilisation > 1:
        raise ReaderError(f"a utilisation of {utilisation} is above 1: give a share of the peak, such as 0.5 for 50 %")
    _check(num_gpus=num_gpus, peak_flops=peak_flops, utilisation=utilisation)
    flops_per_second = num_gpus * peak_flops * utilisation
    return training_flops(num_parameters, num_tokens) / flops_per_second / SECONDS_PER_DAY


def implied_utilisation(
    num_parameters: float, num_tokens: float, num_gpus: float, peak_flops: float, days: float
) -> float:
    """The share of the peak that a run of so many days used on average, standstill included.

    Arguments as for `training_days`. A result above 1 means that the figures cannot all be true.
    """
    _check(num_gpus=num_gpus, peak_flops=peak_flops, days=days)
    return training_flops(num_parameters, num_tokens) / (num_gpus * peak_flops * days * SECONDS_PER_DAY)


def _check(**figures: float) -> None:
    for name, figure in figures.items():
        if not 0 < figure < math.inf:
            raise ReaderError(f"{name} is {figure}: it must be positive and finite")
