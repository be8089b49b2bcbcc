"""Checks of the exercises of section 4.1: first whether the answer is right, only then which mistake it shows."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from llmbook.exercises.checks import Wrong, drawn, expect, expect_shape, fresh_generator, grader, near
from llmbook.training.costs import StepTime, amdahl_speedup, ring_bytes

Generator = torch.Generator


def _uniform(low: float, high: float, g: Generator) -> float:
    return low + (high - low) * torch.rand((), generator=g, dtype=torch.float64).item()


def _numbers(answer: object, what: str, length: int) -> list[float]:
    right = isinstance(answer, Sequence | np.ndarray) and len(answer) == length
    expect(right, f"return {length} numbers: {what}")
    return [float(value) for value in answer]


def _same(value: float, expected: float, tolerance: float = 1e-6) -> bool:
    return math.isfinite(value) and abs(value - expected) <= tolerance * abs(expected)


@grader("4.1 growth")
def growth_per(answer: Callable[[float, float, float, float], float]) -> None:
    """`answer(before, after, years, months)` is the factor by which it grew every so many months."""
    g = fresh_generator()
    for before, after, years, months in (
        (_uniform(1, 9, g), _uniform(1e3, 1e6, g), _uniform(3, 9, g), drawn(4, 30, g)),
        (61e6, 540e9, 9.52, 18),
    ):
        factor, ratio, periods = float(answer(before, after, years, months)), after / before, 12 * years / months
        if _same(factor, ratio ** (1 / periods)):
            continue
        share = "that shares the whole growth out evenly: growth multiplies, so take a root instead of dividing"
        expect(not _same(factor, ratio / periods), share)
        expect(not _same(factor, ratio**periods), "the exponent is upside down: the factor, to the number of periods, "
                                                  "is the whole growth")  # fmt: skip
        expect(not _same(factor, ratio ** (1 / years)), "that is the growth in one year; a period has `months` months")
        expect(not _same(factor, ratio ** (months / years)), "years and months are mixed: a year has 12 months")
        expect(not _same(factor, math.log(ratio) / periods), "that is the logarithm of the factor: take exp of it")
        raise Wrong(
            "how many periods of `months` months are there, and which factor, that many times, gives the whole?"
        )


@grader("4.1 utilisation")
def utilisation(answer: Callable[[float, float, float, float], float]) -> None:
    """`answer(parameters, tokens, gpu_hours, peak)` is the model FLOPs utilisation."""
    g = fresh_generator()
    n, d, hours = _uniform(1e9, 1e11, g), _uniform(5e11, 2e12, g), _uniform(5e4, 2e6, g)
    for parameters, tokens, gpu_hours, peak in ((n, d, hours, 312e12), (65.2e9, 1.4e12, 1_022_362, 312e12)):
        share, right = (
            float(answer(parameters, tokens, gpu_hours, peak)),
            6 * parameters * tokens / gpu_hours / 3600 / peak,
        )
        if _same(share, right):
            continue
        expect(not _same(share, 1 / right), "that is the inverse: work that was wanted over work that was possible")
        expect(not _same(share, 3600 * right), "the peak is per second, and the GPUs' time is in hours")
        expect(not _same(share, 60 * right), "an hour has 3,600 seconds, not 60")
        expect(not _same(share, right / 3), "2 N D is the forward pass alone; the backward pass costs twice that")
        expect(not _same(share, right / 6), "the 6 of C = 6 N D is missing")
        expect(not _same(share, right / 24), "the hours are GPU-hours already: they are not days")
        expect(not _same(share, 100 * right), "that is in percent: return a share, such as 0.48")
        raise Wrong("6 N D operations were wanted; the GPUs could have done hours · 3,600 · peak")


@grader("4.1 memory wall")
def memory_wall(answer: Callable[[float, int, float], tuple[float, int, int]]) -> None:
    """`answer(parameters, bytes_per_number, device_bytes)`: bytes of weights, devices for them, devices to train."""
    g = fresh_generator()
    for parameters, width, device in (
        (_uniform(4e10, 9e11, g), 2 ** drawn(0, 2, g), drawn(16, 141, g) * 1e9),
        (175e9, 2, 80e9),
    ):
        what = "bytes of the weights, devices that hold them, devices that hold the training states"
        size, to_hold, to_train = _numbers(answer(parameters, width, device), what, 3)
        weights = width * parameters
        expect(not _same(size, weights / 2**30), "that is in GiB: return bytes")
        expect(not _same(size, weights / 1e9), "that is in GB: return bytes")
        expect(
            not (_same(size, 4 * parameters) and width != 4), "that is fp32: a number takes `bytes_per_number` bytes"
        )
        expect(not _same(size, weights / 8), "bytes_per_number is in bytes already, not in bits")
        expect(_same(size, weights), "the weights are `parameters` numbers of `bytes_per_number` bytes")
        whole = "devices come whole: round up"
        expect(to_hold == int(to_hold) and to_train == int(to_train), whole)
        expect(to_hold != math.floor(weights / device) or weights % device == 0, f"{whole}, or the rest has no place")
        expect(to_hold == math.ceil(weights / device), "how many devices of `device_bytes` hold all the weights?")
        twice = "gradients are not all: Adam keeps fp32 weights and two moments too, 16 bytes per parameter in all"
        expect(to_train != math.ceil(2 * weights / device), twice)
        twelve = "12 bytes are the optimizer's; weights and gradients in 16 bits are 4 more"
        expect(to_train != math.ceil(12 * parameters / device), twelve)
        expect(to_train != to_hold, "training keeps more than the weights: 16 bytes per parameter")
        expect(to_train == math.ceil(16 * parameters / device), "to train takes 16 bytes per parameter; round up")


@grader("4.1 compute wall")
def compute_wall(answer: Callable[[float, float, float, float], float]) -> None:
    """`answer(parameters, tokens, peak, utilisation)` is years on one device."""
    g = fresh_generator()
    for parameters, tokens, peak, share in (
        (_uniform(1e9, 5e11, g), _uniform(1e11, 9e12, g), _uniform(1e14, 1e15, g), _uniform(0.2, 0.6, g)),
        (175e9, 300e9, 989e12, 0.4),
    ):
        years, seconds = float(answer(parameters, tokens, peak, share)), 6 * parameters * tokens / (peak * share)
        right = seconds / 86_400 / 365.25
        if _same(years, right, 1e-3):  # whichever length of a year
            continue
        expect(not _same(years, seconds, 1e-3), "those are seconds: a year has 365.25 days of 86,400")
        expect(not _same(years, seconds / 86_400, 1e-3), "those are days")
        expect(not _same(years, right * share, 1e-3), "the utilisation is not used: at 0.4 it takes 2.5 times as long")
        expect(not _same(years, right * share**2, 1e-3), "multiplied by the utilisation: a device that is used less "
                                                         "takes longer")  # fmt: skip
        expect(not _same(years, right / 3, 1e-3), "2 N D is the forward pass alone")
        expect(not _same(years, right / 6, 1e-3), "the 6 of C = 6 N D is missing")
        raise Wrong("6 N D operations, at peak · utilisation operations a second, in years")


@grader("4.1 Amdahl backwards")
def serial_share(answer: Callable[[int, float, int], tuple[float, float]]) -> None:
    """`answer(devices, speedup, more)` is (the share that cannot be divided, the speed-up of `more` devices)."""
    g = fresh_generator()
    devices, more, s = drawn(4, 16, g), drawn(64, 900, g), _uniform(0.01, 0.2, g)
    speedup = amdahl_speedup(s, devices)
    share, then = _numbers(answer(devices, speedup, more), "the share s and the speed-up of `more` devices", 2)
    if _same(share, s, 1e-4) and _same(then, amdahl_speedup(s, more), 1e-4):
        return
    lost = "1 - S/M is what is missing of the efficiency, not the share s: solve S = 1 / (s + (1 - s)/M) for s"
    expect(not _same(share, 1 - speedup / devices, 1e-4), lost)
    expect(not _same(share, 1 - s, 1e-4), "that is the share that can be divided; s is the other one")
    of_gustafson = (devices - speedup) / (devices - 1)
    expect(not _same(share, of_gustafson, 1e-4), "that is Gustafson's law, for work that grows; here the work is fixed")
    expect(not _same(share, 1 / speedup, 1e-4), "1/S is all the time that is left, and a part of it is divided work")
    expect(_same(share, s, 1e-4), "solve S = 1 / (s + (1 - s)/M) for s; with M = 8 and S = 4 it is 1/7")
    straight = "the speed-up is carried on in proportion to the devices; it levels off, at 1/s"
    expect(not _same(then, speedup * more / devices, 1e-4), straight)
    expect(not _same(then, 1 / s, 1e-4), "1/s is the limit for ever more devices; `more` is a number")
    expect(not _same(then, s + (1 - s) * more, 1e-4), "that is Gustafson's law; the work is fixed here")
    raise Wrong("the share is right; put it into Amdahl's law with `more` devices")


@grader("4.1 communication wall")
def communication_wall(answer: Callable[[float, int, int, float], tuple[float, float, float]]) -> None:
    """`answer(parameters, bytes_per_number, replicas, gigabits)` is (bytes in all, bytes each sends, seconds)."""
    g = fresh_generator()
    for parameters, width, replicas, gigabits in (
        (_uniform(1e9, 3e11, g), 2 * drawn(1, 2, g), drawn(3, 200, g), _uniform(25, 800, g)),
        (175e9, 4, 128, 800),
    ):
        what = "bytes of all replicas together, bytes that each sends on a ring, seconds of the exchange"
        together, each, seconds = _numbers(answer(parameters, width, replicas, gigabits), what, 3)
        own = width * parameters
        sent = ring_bytes(own, replicas)
        expect(not _same(together, own), "that is one replica's; the first figure counts all of them")
        expect(not _same(together, own / 1e12 * replicas), "that is in TB: return bytes")
        expect(_same(together, replicas * own), "each replica has `parameters` gradients of `bytes_per_number` bytes")
        once = "a ring goes round twice: once to add up, once to hand out the sums, so 2 (M - 1)/M times the gradients"
        expect(not (_same(each, own) or _same(each, sent / 2)), once)
        expect(not _same(each, 2 * own), "2 is the limit for many replicas: the factor is 2 (M - 1)/M")
        central = "that is what a centre would receive; on a ring everybody sends the same, 2 (M - 1)/M times its own"
        expect(not (_same(each, replicas * own) or _same(each, 2 * (replicas - 1) * own)), central)
        expect(_same(each, sent), "on a ring each replica sends 2 (M - 1)/M times its gradients")
        expect(not _same(seconds, sent / (gigabits * 1e9)), "Gb/s are gigabits: 400 Gb/s are 50 gigabytes per second")
        expect(not _same(seconds, 8 * sent / (gigabits * 2**30)), "a gigabit is 10⁹ bits in networks, not 2³⁰")
        whole = "the replicas send at the same time, each over its own link: what one sends decides"
        expect(not _same(seconds, 8 * together / (gigabits * 1e9)), whole)
        expect(_same(seconds, 8 * sent / (gigabits * 1e9)), "bytes that each sends, over bytes per second of its link")


@grader("4.1 fit of the communication")
def fit_communication(answer: Callable[[np.ndarray, np.ndarray], tuple[float, float]]) -> None:
    """`answer(gradient_bytes, seconds)` of two processes is (bandwidth, latency), with seconds = G/B + 2 α."""
    g = fresh_generator()
    bandwidth, latency = _uniform(5e8, 2e10, g), _uniform(1e-4, 1e-2, g)
    sizes = np.sort(np.array([_uniform(1e6, 3e8, g) for _ in range(6)]))
    seconds = np.array([StepTime(0, size, bandwidth, latency).communication(2) for size in sizes])
    b, a = _numbers(answer(sizes, seconds), "the bandwidth in bytes per second and the latency in seconds", 2)
    if _same(b, bandwidth, 1e-3) and _same(a, latency, 1e-3):
        return
    expect(not _same(b, 1 / bandwidth, 1e-3), "the slope is seconds per byte: the bandwidth is its inverse")
    expect(not (_same(b, latency, 1e-3) or _same(b, 2 * latency, 1e-3)), "the two are exchanged: first the bandwidth")
    origin = ((sizes * sizes).sum() / (sizes * seconds).sum(), (sizes / seconds).mean(), sizes[-1] / seconds[-1])
    no_latency = "the line goes through zero: with no bytes at all the messages still take 2 α"
    expect(not any(_same(b, value, 1e-3) for value in origin), no_latency)
    expect(
        not _same(b, bandwidth / 8, 1e-3) and not _same(b, 8 * bandwidth, 1e-3), "bytes per second are wanted, no bits"
    )
    expect(_same(b, bandwidth, 1e-3), "fit a straight line to the seconds over the bytes; 1 / slope is the bandwidth")
    expect(not _same(a, 2 * latency, 1e-3), "with two processes a ring has 2 (M - 1) = 2 messages: halve the intercept")
    raise Wrong("the intercept of the line is 2 α")


@grader("4.1 accumulation")
def accumulation(answer: Callable[[float, float, float], int]) -> None:
    """`answer(micro_batch, exchange, share)`: fewest micro-batches so that the exchange is at most that share."""
    g = fresh_generator()
    for micro, exchange, share in (
        *((_uniform(0.05, 0.4, g), _uniform(0.5, 6, g), _uniform(0.05, 0.35, g)) for _ in range(20)),
        (0.5, 2.0, 0.2),
    ):
        count, exact = answer(micro, exchange, share), exchange * (1 - share) / (share * micro)
        expect(float(count) == int(count), "a number of micro-batches is whole")
        right = math.ceil(exact - 1e-9)
        if count == right:
            continue
        down = "rounded down, the exchange takes more than its share: round up"
        expect(not (count == math.floor(exact) and share * 0.999 < exchange / (max(count, 1) * micro + exchange)), down)
        of_arithmetic = "a share of the whole step: the exchange itself is part of it, e / (k t + e)"
        expect(count != math.ceil(exchange / (share * micro) - 1e-9), of_arithmetic)
        inverse = "the arithmetic is to be the large part: e / (k t + e) at most `share`"
        expect(count != math.ceil(exchange * share / ((1 - share) * micro)), inverse)
        raise Wrong("k micro-batches and one exchange: find the smallest k with e / (k t + e) at most `share`")


@grader("4.1 failures")
def failures(answer: Callable[[int, float, float, float], tuple[float, float]]) -> None:
    """`answer(gpus, years_per_gpu, days, checkpoint)` is (expected failures, best seconds between checkpoints)."""
    g = fresh_generator()
    for gpus, years, days, checkpoint in (
        (drawn(100, 20_000, g), _uniform(2, 9, g), _uniform(5, 90, g), _uniform(10, 300, g)),
        (16_384, 5.8, 54, 60),
    ):
        what = "failures to expect, and seconds between two checkpoints"
        expected, interval = _numbers(answer(gpus, years, days, checkpoint), what, 2)
        right, between = gpus * days / (years * 365.25), years * 365.25 * 86_400 / gpus
        if _same(expected, right, 2e-3) and _same(interval, math.sqrt(2 * checkpoint * between), 2e-3):
            continue
        expect(not _same(expected, right / gpus, 2e-3), "that is one GPU's; a failure of any of them stops the run")
        expect(not _same(expected, 1 / right, 2e-3), "that is upside down: more GPUs and more days, more failures")
        expect(not _same(expected, right * 365.25, 3e-3), "years and days are mixed")
        expect(_same(expected, right, 2e-3), "each GPU fails days / (365.25 · years) times; add up over the GPUs")
        lonely = "the time between failures is that of the whole cluster: one GPU's, divided by the GPUs"
        expect(not _same(interval, math.sqrt(2 * checkpoint * between * gpus), 2e-3), lonely)
        expect(not _same(interval, math.sqrt(checkpoint * between), 2e-3), "the 2 under the root is missing")
        expect(not _same(interval, between, 2e-3), "that is the time between failures itself: almost all work is lost")
        expect(
            not _same(interval, math.sqrt(2 * checkpoint * between) / 60, 2e-3), "that is in minutes: return seconds"
        )
        raise Wrong("√(2 · checkpoint · seconds between failures of the cluster)")


@grader("4.1 equivalence")
def merge(answer: Callable[[Sequence[Tensor], Sequence[int]], Tensor]) -> None:
    """`answer(gradients, rows)`: the gradient of the mean loss over all rows, from those of each device's mean loss."""
    g = fresh_generator()
    rows = [drawn(1, 4, g), drawn(5, 9, g), drawn(10, 20, g)]
    x, y, w = torch.randn(sum(rows), 4, generator=g), torch.randn(sum(rows), generator=g), torch.randn(4, generator=g)

    def gradient(part: slice) -> Tensor:
        return 2 * ((x[part] @ w - y[part]) @ x[part]) / len(x[part])

    ends = np.cumsum([0, *rows]).tolist()
    gradients = [gradient(slice(start, end)) for start, end in zip(ends, ends[1:], strict=False)]
    before = [value.clone() for value in gradients]
    merged, whole = answer(gradients, rows), gradient(slice(None))
    expect_shape(merged, whole.shape, "the merged gradient")
    expect(all(map(torch.equal, gradients, before)), "the devices' gradients were changed: work on new tensors")
    if near(merged, whole):
        return
    stacked, counts = torch.stack(gradients), torch.tensor(rows, dtype=torch.float)
    plain = "that is the plain mean: a row on the device with few rows counts more than one on the others"
    expect(not near(merged, stacked.mean(0)), plain)
    expect(not near(merged, stacked.sum(0)), "that is the sum: the step would grow with the number of devices")
    expect(not near(merged, counts @ stacked, 1e-4), "weighted by the rows, but not divided by the number of all rows")
    expect(not near(merged, counts @ stacked / len(rows), 1e-4), "divide by the number of all rows, not of devices")
    raise Wrong("each device's mean counts as often as it has rows: Σ rows · gradient / Σ rows")


# ---------------------------------------------------------------- resuming


class Trainer:
    """A training in miniature, with all that a real one has to remember.

    Attributes:
        weights, momentum: tensors, changed in place.
        step: how many steps are done; the learning rate depends on it.
        generator: draws the batches.
    """

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)
        self.weights = torch.randn(6, generator=self.generator)
        self.momentum, self.step = torch.zeros(6), 0

    def train_step(self) -> None:
        """One step."""
        batch = torch.randn(6, generator=self.generator)
        self.step += 1
        self.momentum.mul_(0.9).add_(self.weights - batch)
        self.weights.sub_(self.momentum, alpha=0.1 / self.step)


def _run(trainer: Trainer, steps: int) -> Tensor:
    for _ in range(steps):
        trainer.train_step()
    return trainer.weights.clone()


@grader("4.1 resuming")
def resume(save: Callable[[Trainer], Mapping], restore: Callable[[Trainer, Mapping], None]) -> None:
    """`save(trainer)` gives a checkpoint, `restore(trainer, checkpoint)` takes it over: the rest must be bit-exact."""
    g = fresh_generator()
    seed, first, rest = drawn(0, 10**6, g), drawn(3, 6, g), drawn(3, 6, g)
    trainer, other = Trainer(seed), Trainer(seed + 1)
    _run(trainer, first)
    here = {"weights": trainer.weights.clone(), "momentum": trainer.momentum.clone()}
    draws = trainer.generator.get_state()
    checkpoint = save(trainer)
    untouched = torch.equal(draws, trainer.generator.get_state()) and torch.equal(here["weights"], trainer.weights)
    expect(untouched and trainer.step == first, "saving has changed the training that goes on: only read")
    undisturbed = _run(trainer, rest)
    _run(other, 2)
    restore(other, checkpoint)
    live = "it changed while the training went on: the checkpoint holds the tensor itself; keep a clone"
    for name, value in here.items():
        now = getattr(other, name)
        expect(not torch.equal(now, getattr(trainer, name)), f"{name}: {live}")
        expect(torch.equal(now, value), f"{name} are not what they were when the checkpoint was made")
    expect(other.step != first + rest, "step: it is the trainer's of now, not that of the checkpoint")
    expect(other.step == first, "step is not restored: the learning rate depends on it")
    drawn_before = "the generator is not restored: the batches after the restart are others than they would have been"
    expect(torch.equal(other.generator.get_state(), draws), drawn_before)
    expect(torch.equal(_run(other, rest), undisturbed), "the run goes on otherwise than it would have done")
    again = Trainer(seed + 2)
    restore(again, checkpoint)
    twice = "the first restart has changed the checkpoint: copy out of it, so that it serves a second time"
    expect(torch.equal(_run(again, rest), undisturbed), twice)
