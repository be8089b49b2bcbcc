"""Checks of the exercises of section 3.3.1: first whether the answer is right, only then which mistake it shows."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch

from llmbook.exercises.checks import Wrong, drawn, expect, fresh_generator, grader, near
from llmbook.training.scaling import ParametricLaw

Constants = tuple[float, float, float, float, float]
Generator = torch.Generator


def _uniform(low: float, high: float, g: Generator) -> float:
    return low + (high - low) * torch.rand((), generator=g, dtype=torch.float64).item()


def _law(g: Generator) -> ParametricLaw:
    return ParametricLaw(
        _uniform(1.5, 2, g), _uniform(300, 500, g), _uniform(1000, 2500, g), _uniform(0.3, 0.35, g),
        _uniform(0.36, 0.42, g),
    )  # fmt: skip


def _pair(answer: object, what: str, length: int = 2) -> list[float]:
    right = isinstance(answer, Sequence | np.ndarray) and len(answer) == length
    expect(right, f"return {length} numbers: {what}")
    return [float(value) for value in answer]


def _same(value: float, expected: float, tolerance: float = 1e-6) -> bool:
    return math.isfinite(value) and abs(value - expected) <= tolerance * abs(expected)


@grader("3.3.1 twenty tokens per parameter")
def budget(answer: Callable[[float], tuple[float, float]]) -> None:
    """`answer(compute)` is (parameters, tokens) with 6 N D = compute and D = 20 N."""
    g = fresh_generator()
    for compute in (_uniform(1e19, 9e23, g), 1e21):
        n, d = _pair(answer(compute), "parameters and tokens")
        right = math.sqrt(compute / 120)
        if _same(n, right) and _same(d, 20 * right):
            continue
        expect(not (_same(n, 20 * right) and _same(d, right)), "the two are exchanged: first parameters, then tokens")
        expect(
            not _same(n, math.sqrt(compute / 20)), "the 6 is missing: a parameter costs 6 FLOPs per token, so C = 6 N D"
        )
        expect(not _same(n, math.sqrt(compute / 6)), "that is N = D; there should be 20 tokens for each parameter")
        expect(not _same(n, compute / 120), "C grows with the square of N here: take the root of C / 120")
        raise Wrong("put D = 20 N into C = 6 N D and solve for N")


@grader("3.3.1 what a training costs")
def training_cost(answer: Callable[[float, float, float, float], tuple[float, float]]) -> None:
    """`answer(parameters, tokens, peak, utilisation)` is (FLOPs, days on one accelerator)."""
    g = fresh_generator()
    n, d = _uniform(1e9, 2e11, g), _uniform(1e11, 2e12, g)
    peak, share = _uniform(1e14, 1e15, g), _uniform(0.3, 0.6, g)
    flops, days = _pair(answer(n, d, peak, share), "FLOPs and days")
    right = 6 * n * d / (share * peak) / 86_400
    if _same(flops, 6 * n * d) and _same(days, right):
        return
    expect(not _same(flops, 2 * n * d), "2 N D is the forward pass alone; the backward pass costs another 4 N D")
    expect(_same(flops, 6 * n * d), "the compute is 6 N D")
    expect(not _same(days, right * 24), "these are hours: a day has 86,400 seconds")
    expect(not _same(days, right * 86_400), "these are seconds: divide by 86,400")
    expect(not _same(days, right * share), "the utilisation is not used: the accelerator does not reach its peak")
    expect(not _same(days, right * share**2), "multiplied by the utilisation; a lower utilisation makes it longer")
    raise Wrong("days = FLOPs / (utilisation · peak) / 86,400")


@grader("3.3.1 an exponent from valleys")
def extrapolate(answer: Callable[[list[float], list[float], float], tuple[float, float, float]]) -> None:
    """`answer(compute, sizes, new)` fits a line in logarithms and continues it."""
    g = fresh_generator()
    compute = [10 ** _uniform(low, low + 0.8, g) for low in (18, 19, 20, 21)]
    a, k = _uniform(0.4, 0.6, g), _uniform(0.05, 0.2, g)
    sizes = [k * c**a * math.exp(_uniform(-0.1, 0.1, g)) for c in compute]
    new = 10 ** _uniform(22, 24, g)
    mine = _pair(answer(compute, sizes, new), "two exponents and a size", 3)
    x, y = np.log(compute), np.log(sizes)
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    predicted = math.exp(y.mean() + slope * (math.log(new) - x.mean()))
    if _same(mine[0], slope) and _same(mine[1], 1 - slope) and _same(mine[2], predicted, 1e-4):
        return
    inverse = float(((x - x.mean()) * (y - y.mean())).sum() / ((y - y.mean()) ** 2).sum())
    ends = float((y[-1] - y[0]) / (x[-1] - x[0]))
    expect(not _same(mine[0], inverse), "that is C as a power of N: fit ln N over ln C, not the other way round")
    expect(not _same(mine[0], ends), "the slope uses the first and the last point only: fit all four")
    expect(_same(mine[0], slope), "the first number is not the slope of ln N over ln C; are both axes logarithmic?")
    expect(not _same(mine[1], slope), "D grows with what is left of C: as C = 6 N D, the exponents add up to 1")
    expect(_same(mine[1], 1 - slope), "the exponent of D is 1 minus that of N")
    expect(not _same(mine[2], math.log(predicted), 1e-4), "the prediction is still a logarithm: take exp")
    raise Wrong("the exponents are right, the prediction is not: N = exp(height of the line) · C^a")


@grader("3.3.1 the optimum")
def optimum(answer: Callable[[float, float, float, float, float], tuple[float, float]]) -> None:
    """`answer(A, B, alpha, beta, compute)` is (N*, D*)."""
    g = fresh_generator()
    law, compute = _law(g), 10 ** _uniform(20, 24, g)
    n, d = _pair(answer(*law[1:], compute), "N* and D*")
    right = [float(value) for value in law.optimum(compute)]
    if _same(n, right[0]) and _same(d, right[1]):
        return
    alpha, beta = law.alpha, law.beta
    total = alpha + beta
    factor = alpha * law.parameter_factor / (beta * law.token_factor)
    pairs = compute / 6
    expect(not (_same(n, right[1]) and _same(d, right[0])), "N* and D* are exchanged")
    swapped = factor ** (1 / total) * pairs ** (alpha / total)
    expect(not _same(n, swapped), "the exponent of N* is β/(α+β): the penalty that falls faster gets less")
    without_six = law.optimum(6 * compute)
    expect(not _same(n, float(without_six[0])), "the 6 is missing: N times D is C / 6")
    bare = (law.parameter_factor / law.token_factor) ** (1 / total) * pairs ** (beta / total)
    expect(not _same(n, bare), "G holds αA over βB: the derivatives bring α and β down")
    unrooted = factor * pairs ** (beta / total)
    expect(not _same(n, unrooted), "G is the (α+β)-th root of αA / βB")
    expect(_same(n, right[0]), "set the derivative to zero: αA / N^α = βB / D^β at the optimum")
    raise Wrong("N* is right, D* is not: 6 N* D* must be the compute")


@grader("3.3.1 the objective")
def objective(answer: Callable[[Constants, np.ndarray, np.ndarray, np.ndarray, float], float]) -> None:
    """`answer(constants, n, d, loss, delta)` is the sum of Huber's loss of the errors in log loss."""
    g = fresh_generator()
    law, count = _law(g), drawn(8, 15, g)
    n, d = (np.array([10 ** _uniform(low, low + 3, g) for _ in range(count)]) for low in (7, 9))
    delta = _uniform(0.005, 0.02, g)
    # Two runs beyond δ, one on either side, one within it, the others anywhere: each mistake then shows.
    fixed = [2.7 * delta, -3 * delta, -0.5 * delta]  # with 3 and -3 two mistakes can give the same sum
    errors = np.array([*fixed, *(_uniform(-3 * delta, 3 * delta, g) for _ in range(count - 3))])
    losses = law.loss(n, d) * np.exp(errors)
    value = float(answer(tuple(law), n, d, losses, delta))
    size = np.abs(errors)
    terms = np.where(size <= delta, size**2 / 2, delta * (size - delta / 2))
    if _same(value, float(terms.sum())):
        return
    plain = np.abs(law.loss(n, d) - losses)
    in_loss = np.where(plain <= delta, plain**2 / 2, delta * (plain - delta / 2)).sum()
    expect(not _same(value, float(terms.mean())), "the mean is taken: the objective is the sum over the runs")
    expect(not _same(value, float(in_loss)), "the errors are those of L itself: compare ln L̂ with ln L")
    expect(not _same(value, float((size**2 / 2).sum())), "all errors are squared: beyond δ the loss grows linearly")
    expect(not _same(value, 2 * float(terms.sum())), "twice too large: inside δ it is r² / 2")
    broken = np.where(size <= delta, size**2 / 2, delta * size).sum()
    expect(not _same(value, float(broken)), "the two pieces do not meet at δ: beyond it the loss is δ (|r| - δ/2)")
    signed = np.where(errors * -1 <= delta, errors**2 / 2, delta * (-errors - delta / 2)).sum()
    expect(not _same(value, float(signed)), "negative errors count as small ones: compare |r| with δ")
    raise Wrong("the value is not Σ Huber_δ(ln L̂ - ln L)")


@grader("3.3.1 the cheapest model")
def cheapest(answer: Callable[[Constants, float, float, np.ndarray], float]) -> None:
    """`answer(constants, wanted, served, sizes)` is the size with the least compute over the model's life."""
    g = fresh_generator()
    for served in (0.0, 10 ** _uniform(13, 13.5, g)):
        law, wanted, sizes = _task(g)
        while served and _cheapest(law, wanted, sizes, 2 * served) == _cheapest(law, wanted, sizes, 6 * served):
            law, wanted, sizes = _task(g)  # until the price of a served token shows
        chosen = float(answer(tuple(law), wanted, served, sizes.copy()))
        data = law.tokens_for(wanted, sizes)
        with np.errstate(invalid="ignore"):
            total = 6 * sizes * data + 2 * sizes * served
        if near(chosen, sizes[np.argmin(total)]):
            continue
        expect(math.isfinite(chosen), "the result is not a number: leave out sizes that never reach the loss")
        expect(np.isclose(sizes, chosen, rtol=1e-9).any(), "return one of the sizes")
        possible = np.isfinite(data)
        expect(possible[np.argmin(np.abs(sizes - chosen))], "this size never reaches the loss, however much it reads")
        training = sizes[np.argmin(np.where(possible, sizes * data, np.inf))]
        expect(not near(chosen, training), "the tokens served are not counted: each costs 2 N FLOPs")
        expect(not near(chosen, sizes[possible].min()), "that is the smallest size that gets there, not the cheapest")
        heavy = np.where(possible, 6 * sizes * (data + served), np.inf)
        expect(
            not near(chosen, sizes[np.argmin(heavy)]), "a served token costs 2 N, not 6 N: there is no backward pass"
        )
        raise Wrong("minimise 6 N D(N) + 2 N T, with D(N) = (B / (wanted - E - A / N^α))^(1/β)")


def _task(g: torch.Generator) -> tuple[ParametricLaw, float, np.ndarray]:
    """A law, a loss that it can reach, and sizes to choose from."""
    law = _law(g)
    best, tokens = law.optimum(10 ** _uniform(22, 24, g))
    return law, float(law.loss(best, tokens)), float(best) * np.geomspace(0.05, 8, 60)


def _cheapest(law: ParametricLaw, wanted: float, sizes: np.ndarray, served: float) -> int:
    """Which size costs least, if serving costs `served` FLOPs per parameter."""
    data = law.tokens_for(wanted, sizes)
    return int(np.argmin(np.where(np.isfinite(data), 6 * sizes * data + sizes * served, np.inf)))


@grader("3.3.1 an irreducible loss")
def entropy_rate(answer: Callable[[np.ndarray], float]) -> None:
    """`answer(P)` is the entropy rate of the chain with transition matrix P, in nats."""
    g = fresh_generator()
    size = drawn(3, 6, g)
    P = torch.rand(size, size, generator=g, dtype=torch.float64).numpy() ** 3 + 0.01
    P = P / P.sum(axis=1, keepdims=True)
    value = float(answer(P.copy()))
    values, vectors = np.linalg.eig(P.T)
    pi = np.real(vectors[:, np.argmax(np.real(values))])
    pi = pi / pi.sum()
    rows = -(P * np.log(P)).sum(axis=1)
    right = float(pi @ rows)
    if _same(value, right):
        return
    expect(not _same(value, -right), "the sign: p ln p is negative, an entropy is not")
    expect(not _same(value, right / math.log(2)), "these are bits: take the natural logarithm")
    alike = "all symbols count alike: weight each row by how often its symbol occurs"
    expect(not _same(value, float(rows.mean())), alike)
    unigram = float(-(pi * np.log(pi)).sum())
    expect(not _same(value, unigram), "that is the entropy of a single symbol; a model may look at the one before")
    expect(not _same(value, float(rows.sum())), "the rows are added up: average them by how often each symbol occurs")
    raise Wrong("h = Σ_s π_s · H(row s), with π = π P")
