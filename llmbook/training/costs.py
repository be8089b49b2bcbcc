"""What training costs: arithmetic, days, the share of the peak that is used (section 1.3), and why one device is not
enough (section 4.1): the three walls, and how much faster many devices are than one."""

import math
from dataclasses import dataclass

from llmbook.errors import ReaderError

SECONDS_PER_DAY = 86_400
SECONDS_PER_YEAR = 365.25 * SECONDS_PER_DAY
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


def gpu_hours(num_parameters: float, num_tokens: float, peak_flops: float, utilisation: float) -> float:
    """Hours of one GPU, or of all of them added up; arguments as for `training_days`."""
    return 24 * training_days(num_parameters, num_tokens, 1, peak_flops, utilisation)


def growth(factor: float, months: float, years: float) -> float:
    """How much something has grown that gets `factor` times as large every so many months."""
    _check(factor=factor, months=months)
    return factor ** (12 * years / months)


# ---------------------------------------------------------------- the three walls


@dataclass(frozen=True)
class Walls:
    """What one device lacks to train a model, and what many have to tell each other (section 4.1).

    Attributes:
        flops: of the run, 6 N D.
        years: that one device would work, at its full peak.
        weight_bytes: of the weights alone.
        state_bytes: of weights, gradients and Adam in mixed precision, 16 bytes per parameter (section 4.2.4).
        devices_for_weights, devices_for_states: how many it takes to hold them.
        gradient_bytes: of all copies of the model together, in one step.
        bytes_sent: by each copy in one step, where a ring adds the gradients up.
        exchange_seconds: how long that takes each copy over its link.
    """

    flops: float
    years: float
    weight_bytes: float
    state_bytes: float
    devices_for_weights: int
    devices_for_states: int
    gradient_bytes: float
    bytes_sent: float
    exchange_seconds: float


def walls(
    num_parameters: float,
    num_tokens: float,
    accelerator: Accelerator,
    *,
    bytes_per_number: int = 2,
    replicas: int = 1,
    bandwidth: float = 50e9,
) -> Walls:
    """The compute wall, the memory wall and the communication wall of a training run.

    Args:
        num_parameters, num_tokens: as for `training_flops`.
        accelerator: the device.
        bytes_per_number: of a weight and of a gradient: 2 in fp16 and bf16, 4 in fp32.
        replicas: copies of the model that train side by side.
        bandwidth: of the link that a copy sends through, in bytes per second; 50e9 is 400 Gb/s.
    """
    _check(num_parameters=num_parameters, bytes_per_number=bytes_per_number, replicas=replicas, bandwidth=bandwidth)
    flops, weights, states = (
        training_flops(num_parameters, num_tokens),
        bytes_per_number * num_parameters,
        16 * num_parameters,
    )
    sent = ring_bytes(weights, replicas)
    return Walls(
        flops=flops,
        years=flops / accelerator.peak_flops / SECONDS_PER_YEAR,
        weight_bytes=weights,
        state_bytes=states,
        devices_for_weights=math.ceil(weights / accelerator.memory),
        devices_for_states=math.ceil(states / accelerator.memory),
        gradient_bytes=replicas * weights,
        bytes_sent=sent,
        exchange_seconds=sent / bandwidth,
    )


# ---------------------------------------------------------------- many devices


def ring_bytes(num_bytes: float, devices: int) -> float:
    """Bytes that each of M devices sends when a ring adds up a tensor of so many bytes: 2 (M - 1) / M times as many.

    No way of adding up sends less on average (Patarasuk and Yuan, 2009).
    """
    _check(devices=devices)
    return 2 * (devices - 1) / devices * num_bytes


def amdahl_speedup(serial_share: float, devices: float) -> float:
    """1 / (s + (1 - s) / M): how much faster M devices do a fixed amount of work (Amdahl, 1967).

    Args:
        serial_share: s, the share of one device's time that cannot be split, in [0, 1].
        devices: M.
    """
    _check_share(serial_share=serial_share)
    _check(devices=devices)
    return 1 / (serial_share + (1 - serial_share) / devices)


def gustafson_speedup(serial_share: float, devices: float) -> float:
    """s + (1 - s) M: how much more work M devices do in the time of one, where the work grows (Gustafson, 1988).

    Args:
        serial_share: s, the share of each device's time that cannot be split, in [0, 1].
        devices: M.
    """
    _check_share(serial_share=serial_share)
    _check(devices=devices)
    return serial_share + (1 - serial_share) * devices


@dataclass(frozen=True)
class StepTime:
    """Seconds of a data-parallel step on M devices: T(M) = T_c / M + 2 (M - 1) / M · G / B + 2 (M - 1) α.

    The terms are the arithmetic, the gradients on a ring, and its 2 (M - 1) messages. With a batch that grows with M
    the first term is T_c. Computing and sending are taken to come one after the other; where they overlap it is less.

    Attributes:
        compute: T_c, seconds of one device for the batch.
        gradient_bytes: G.
        bandwidth: B, bytes per second that a device sends.
        latency: α, seconds before a message arrives, however short.
    """

    compute: float
    gradient_bytes: float
    bandwidth: float
    latency: float = 0.0

    def communication(self, devices: int) -> float:
        """Seconds for the exchange of the gradients."""
        return ring_bytes(self.gradient_bytes, devices) / self.bandwidth + 2 * (devices - 1) * self.latency

    def strong(self, devices: int) -> float:
        """Seconds of a step whose batch is the same for any number of devices."""
        return self.compute / devices + self.communication(devices)

    def weak(self, devices: int) -> float:
        """Seconds of a step whose batch is `devices` times as large."""
        return self.compute + self.communication(devices)

    def strong_efficiency(self, devices: int) -> float:
        """The speed-up over one device, S_M, as a share of M: the third factor of equation (4.1)."""
        return self.compute / (devices * self.strong(devices))

    def weak_efficiency(self, devices: int) -> float:
        """The same where the batch grows with the devices."""
        return self.compute / self.weak(devices)


def checkpoint_interval(checkpoint_seconds: float, seconds_between_failures: float) -> float:
    """Seconds of work between two checkpoints that lose least: √(2 δ MTBF) (Young, 1974).

    Each checkpoint costs δ, each failure on average half an interval. M devices fail M times as often as one.

    Args:
        checkpoint_seconds: δ, for which training stands still.
        seconds_between_failures: of the whole cluster, on average (MTBF).
    """
    _check(checkpoint_seconds=checkpoint_seconds, seconds_between_failures=seconds_between_failures)
    return math.sqrt(2 * checkpoint_seconds * seconds_between_failures)


def _check_share(**shares: float) -> None:
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise ReaderError(f"{name} is {share}: it must be a share, from 0 to 1")


def _check(**figures: float) -> None:
    for name, figure in figures.items():
        if not 0 < figure < math.inf:
            raise ReaderError(f"{name} is {figure}: it must be positive and finite")
