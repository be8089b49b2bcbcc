"""Scaling laws: how the loss of a language model falls with its size, data and compute (sections 1.1, 3.3.1)."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from llmbook.errors import ReaderError


class PowerLaw(NamedTuple):
    """L(x) = (constant / x) ** exponent: a straight line of slope -exponent when both axes are logarithmic.

    Attributes:
        exponent: α; each tenfold x multiplies the loss by 10 ** -α.
        constant: the x at which the loss would be 1, in the unit of x.
    """

    exponent: float
    constant: float

    def loss(self, x: float) -> float:
        """The loss at a scale x > 0, in nats per token if the law was fitted to such losses."""
        if not x > 0:
            raise ReaderError(f"a scale of {x} has no predicted loss: it must be positive")
        return (self.constant / x) ** self.exponent

    def factor(self, ratio: float) -> float:
        """What the loss is multiplied by when x is multiplied by `ratio`."""
        return ratio**-self.exponent


# Kaplan et al. (2020), equations 1.1 to 1.3: test loss on WebText2 in nats per token (50,257 kinds, contexts of 1,024).
KAPLAN_PARAMETERS = PowerLaw(0.076, 8.8e13)  # non-embedding parameters; data and steps without limit
KAPLAN_TOKENS = PowerLaw(0.095, 5.4e13)  # tokens of training data; a large model, stopped early
KAPLAN_COMPUTE = PowerLaw(0.050, 3.1e8)  # PF-days (8.64e19 FLOPs), spent on the best size; figure 1 there has 2.3e8


def predicted_loss(
    *, parameters: float | None = None, tokens: float | None = None, pf_days: float | None = None
) -> float:
    """The loss that Kaplan et al. (2020) predict when one scale is the bottleneck and the others are plentiful.

    Args:
        parameters: N, without the embeddings.
        tokens: D, in the training data.
        pf_days: C, in 10^15 FLOP/s for a day, at the best division between size and steps.

    Returns:
        Nats per token, on WebText2.

    Raises:
        ReaderError: unless exactly one scale is given, and it is positive.
    """
    laws = ((KAPLAN_PARAMETERS, parameters), (KAPLAN_TOKENS, tokens), (KAPLAN_COMPUTE, pf_days))
    given = [(law, x) for law, x in laws if x is not None]
    if len(given) != 1:
        raise ReaderError(f"{len(given)} scales are given: name exactly one of parameters, tokens and pf_days")
    law, x = given[0]
    return law.loss(x)


def fit_power_law(x: Sequence[float], loss: Sequence[float]) -> PowerLaw:
    """The power law nearest to measured losses: least squares in log x and log loss, as unweighted points.

    log L = -α log x + α log(constant) is linear, so the slope of the line gives the exponent and its height the
    constant. There is no irreducible loss in it: near the entropy of the text a real curve bends away from the line.

    Args:
        x: the scales: parameters, tokens or FLOPs; at least two different ones.
        loss: the losses, as many.

    Raises:
        ReaderError: for too few points, values that are not positive, or losses that do not change with x.
    """
    scales, losses = np.asarray(x, dtype=float), np.asarray(loss, dtype=float)
    if scales.shape != losses.shape or scales.ndim != 1:
        raise ReaderError(f"{scales.size} scales and {losses.size} losses: give two lists of one length")
    for name, values in (("scale", scales), ("loss", losses)):
        bad = values[~((values > 0) & np.isfinite(values))]
        if bad.size:
            raise ReaderError(f"a {name} of {bad[0]} has no logarithm: all must be positive and finite")
    if len(np.unique(scales)) < 2:
        raise ReaderError("a line needs two points: give losses at two different scales or more")
    slope, height = np.polyfit(np.log(scales), np.log(losses), 1)
    with np.errstate(all="ignore"):
        constant = float(np.exp(-height / slope))
    if not 0 < constant < math.inf:
        raise ReaderError("the losses do not change with the scale: there is no power law to fit")
    return PowerLaw(float(-slope), constant)


class ParametricLaw(NamedTuple):
    """L(N, D) = E + A / N^α + B / D^β: Hoffmann et al. (2022), equation 10 and appendix D.3.

    Attributes:
        irreducible: E, the loss of an endless model on endless data: the entropy of the text, if the form is right.
        parameter_factor: A.
        token_factor: B.
        alpha: α, the exponent of the parameters N.
        beta: β, the exponent of the training tokens D.
    """

    irreducible: float
    parameter_factor: float
    token_factor: float
    alpha: float
    beta: float

    def loss(self, parameters: ArrayLike, tokens: ArrayLike) -> np.ndarray | float:
        """L(N, D) in nats per token; N and D broadcast.

        Raises:
            ReaderError: for a scale that is not positive.
        """
        n, d = np.asarray(parameters, dtype=float), np.asarray(tokens, dtype=float)
        if not ((n > 0).all() and (d > 0).all()):
            raise ReaderError("parameters and tokens must be positive: nothing else has a predicted loss")
        return self.irreducible + self.parameter_factor * n**-self.alpha + self.token_factor * d**-self.beta

    def optimum(self, compute: ArrayLike) -> tuple[np.ndarray | float, np.ndarray | float]:
        """The size N* and the data D* of least loss among all with 6 N D = `compute` FLOPs.

        N* = G (C/6)^(β/(α+β)) and D* = G⁻¹ (C/6)^(α/(α+β)), with G = (αA / βB)^(1/(α+β)).
        """
        pairs, total = np.asarray(compute, dtype=float) / 6, self.alpha + self.beta
        g = (self.alpha * self.parameter_factor / (self.beta * self.token_factor)) ** (1 / total)
        return g * pairs ** (self.beta / total), pairs ** (self.alpha / total) / g

    def tokens_for(self, loss: float, parameters: ArrayLike) -> np.ndarray | float:
        """The data D with which a model of N parameters reaches `loss`; infinite where no amount is enough."""
        n = np.asarray(parameters, dtype=float)
        left = loss - self.irreducible - self.parameter_factor * n**-self.alpha
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(left > 0, (self.token_factor / left) ** (1 / self.beta), np.inf)[()]

    def lifetime_optimum(self, loss: float, served_tokens: float) -> tuple[float, float]:
        """The size N and data D that reach `loss` with the least compute over the model's whole life.

        Training costs 6 N D FLOPs, and each token read or written in service another 2 N (Sardana and Frankle, 2023).

        Args:
            loss: to be reached, in nats per token.
            served_tokens: read and written after the training; with 0, the result is that of `optimum`.

        Raises:
            ReaderError: for a loss at or below E, which no model reaches.
        """
        if loss <= self.irreducible:
            raise ReaderError(f"no model reaches a loss of {loss}: the irreducible loss is {self.irreducible:.4g}")
        smallest = (
            math.log(self.parameter_factor / (loss - self.irreducible)) / self.alpha
        )  # it would need endless data
        low, high = smallest, smallest + 40 / self.alpha
        for _ in range(6):  # the cost has one valley in log N: narrow a grid around its lowest point
            sizes = np.exp(np.linspace(low, high, 400)[1:])
            data = self.tokens_for(loss, sizes)
            best = int(np.argmin(sizes * (6 * data + 2 * served_tokens)))
            low, high = math.log(sizes[max(best - 1, 0)]), math.log(sizes[min(best + 1, len(sizes) - 1)])
        return float(sizes[best]), float(data[best])


# Two sets of constants for the same 245 or so runs of Hoffmann et al. (2022).
HOFFMANN = ParametricLaw(1.69, 406.4, 410.7, 0.34, 0.28)  # as printed there, rounded
BESIROGLU = ParametricLaw(1.8172, 482.01, 2085.43, 0.3478, 0.3658)  # the points of its figure 4, fitted to the end


class SaturatingLaw(NamedTuple):
    """L(x) = E + (constant / x)^α: a power law that falls towards an irreducible loss E instead of zero."""

    irreducible: float
    exponent: float
    constant: float

    def loss(self, x: ArrayLike) -> np.ndarray | float:
        """The loss at scales x > 0."""
        return self.irreducible + (self.constant / np.asarray(x, dtype=float)) ** self.exponent


class IsoFlop(NamedTuple):
    """The valley of one compute budget: loss = `loss` + `curvature` · (ln N - ln `parameters`)²."""

    parameters: float
    loss: float
    curvature: float


def fit_isoflop(parameters: Sequence[float], loss: Sequence[float]) -> IsoFlop:
    """The parabola in ln N through the losses of one budget; its lowest point is the best size for that budget.

    Approach 2 of Hoffmann et al. (2022).

    Raises:
        ReaderError: for fewer than three sizes, values without a logarithm, or losses that have no valley.
    """
    n, losses = _columns(("number of parameters", parameters), ("loss", loss))
    if len(np.unique(n)) < 3:
        raise ReaderError("a parabola needs three points: give the losses of three sizes or more")
    x = np.log(n)
    curvature, slope, _ = np.polyfit(x - x.mean(), losses, 2)
    if curvature <= 0:
        raise ReaderError("the losses have no valley: add smaller and larger models, until both ends rise")
    lowest = x.mean() - slope / (2 * curvature)
    least = float(np.mean(losses - curvature * (x - lowest) ** 2))
    return IsoFlop(float(np.exp(lowest)), least, float(curvature))


def fit_saturating_law(x: Sequence[float], loss: Sequence[float], *, huber_delta: float = 1e-3) -> SaturatingLaw:
    """The power law with an irreducible loss nearest to measured losses; errors as `fit_parametric_law` counts them.

    Raises:
        ReaderError: for fewer than three different scales, or values without a logarithm.
    """
    scales, losses = _columns(("scale", x), ("loss", loss))
    if len(np.unique(scales)) < 3:
        raise ReaderError("three constants need three points: give losses at three different scales or more")
    e, a, alpha = _best_fit(np.log(scales)[:, None], np.log(losses), huber_delta)
    return SaturatingLaw(math.exp(e), alpha, math.exp(a / alpha))


def fit_parametric_law(
    parameters: Sequence[float], tokens: Sequence[float], loss: Sequence[float], *, huber_delta: float = 1e-3
) -> ParametricLaw:
    """Fit E, A, B, α and β to runs of many sizes and amounts of data: approach 3 of Hoffmann et al. (2022).

    Minimises the sum over the runs of Huber_δ(log L̂ - log L), with log L̂ = logsumexp(log E, log A - α log N,
    log B - β log D), from 48 starts at once. Huber's loss is quadratic up to δ and linear beyond, so that a few runs
    that went wrong do not bend the law; with δ = 0.001, the paper's choice, it is nearly the absolute error.

    Args:
        parameters: N of each run.
        tokens: D of each run.
        loss: of each run, in nats per token.
        huber_delta: δ, in log loss.

    Raises:
        ReaderError: for fewer than five runs, fewer than two sizes or amounts of data, or values without a logarithm.
    """
    n, d, losses = _runs(parameters, tokens, loss)
    return _law(_best_fit(np.log(np.stack([n, d], axis=1)), np.log(losses), huber_delta))


def bootstrap_parametric_law(
    law: ParametricLaw,
    parameters: Sequence[float],
    tokens: Sequence[float],
    loss: Sequence[float],
    *,
    count: int = 200,
    seed: int = 0,
    huber_delta: float = 1e-3,
) -> list[ParametricLaw]:
    """The laws that `count` resamples of the runs, drawn with replacement, would have given.

    The quantiles of any figure over them are its bootstrap interval. Runs differ by more than chance here: what the
    wrong form of the law does to a fit, resampling does not show.

    Args:
        law: the fit to all runs, from which each refit starts.
        parameters: N of each run.
        tokens: D of each run.
        loss: of each run.
        count: resamples.
        seed: of the resampling.
        huber_delta: as in the fit.
    """
    n, d, losses = _runs(parameters, tokens, loss)
    drawn = np.random.default_rng(seed).integers(len(n), size=(count, len(n)))
    weights = np.stack([np.bincount(rows, minlength=len(n)) for rows in drawn]).astype(float)
    logs = np.log(np.stack([n, d], axis=1))
    start = np.array([
        math.log(law.irreducible), math.log(law.parameter_factor), math.log(law.token_factor), law.alpha, law.beta
    ])  # fmt: skip
    start[1:3] -= start[3:] * logs.mean(axis=0)
    fitted, _ = _descend(logs - logs.mean(axis=0), np.log(losses), np.tile(start, (count, 1)), weights, huber_delta)
    fitted[:, 1:3] += fitted[:, 3:] * logs.mean(axis=0)
    return [_law(row) for row in fitted]


def _law(row: np.ndarray) -> ParametricLaw:
    return ParametricLaw(*(float(x) for x in (*np.exp(row[:3]), *row[3:])))


def _columns(*named: tuple[str, Sequence[float]]) -> list[np.ndarray]:
    """The columns as arrays of one length, all positive and finite."""
    columns = [np.asarray(values, dtype=float) for _, values in named]
    if any(column.shape != columns[0].shape or column.ndim != 1 for column in columns):
        sizes = ", ".join(f"{column.size} of {name}" for (name, _), column in zip(named, columns, strict=True))
        raise ReaderError(f"the columns differ in length: {sizes}")
    for (name, _), column in zip(named, columns, strict=True):
        bad = column[~((column > 0) & np.isfinite(column))]
        if bad.size:
            raise ReaderError(f"a {name} of {bad[0]} has no logarithm: all must be positive and finite")
    return columns


def _runs(parameters: Sequence[float], tokens: Sequence[float], loss: Sequence[float]) -> list[np.ndarray]:
    n, d, losses = _columns(("number of parameters", parameters), ("number of tokens", tokens), ("loss", loss))
    if len(n) < 5:
        raise ReaderError(f"{len(n)} runs cannot fix five constants: give five or more")
    if min(len(np.unique(n)), len(np.unique(d))) < 2:
        raise ReaderError("all runs have one size, or one amount of data: the law needs both to vary")
    return [n, d, losses]


def _best_fit(logs: np.ndarray, log_loss: np.ndarray, delta: float) -> np.ndarray:
    """The best of a grid of starts: [log E, a_1 … a_k, α_1 … α_k] for log scales of shape [runs, k]."""
    terms, centre = logs.shape[1], logs.mean(axis=0)
    losses = np.exp(log_loss)
    starts = []
    for share in (0.3, 0.6, 0.9):
        floor = share * losses.min()
        height = np.log((np.median(losses) - floor) / terms)  # of each term, in the middle of the runs
        for exponents in np.stack(np.meshgrid(*[[0.1, 0.3, 0.6, 1.2]] * terms), -1).reshape(-1, terms):
            starts.append([np.log(floor), *[height] * terms, *exponents])
    weights = np.ones((len(starts), len(log_loss)))
    fitted, objective = _descend(logs - centre, log_loss, np.array(starts), weights, delta)
    best = fitted[np.argmin(objective)].copy()
    best[1 : 1 + terms] += best[1 + terms :] * centre
    return best


def _descend(
    logs: np.ndarray, log_loss: np.ndarray, starts: np.ndarray, weights: np.ndarray, delta: float, steps: int = 400
) -> tuple[np.ndarray, np.ndarray]:
    """Levenberg-Marquardt for Huber's loss, for many starts side by side.

    Huber's loss is a weighted square with weights min(1, δ/|r|), worked out anew in each step; a step is taken only if
    it lowers the objective, and is shortened (damped) otherwise.

    Args:
        logs: log scales, [runs, k], centred.
        log_loss: [runs].
        starts: [starts, 1 + 2k].
        weights: of each run for each start, [starts, runs].
        delta: of Huber's loss.
        steps: at most.

    Returns:
        The constants, shaped as `starts`, and the objective of each, [starts].
    """
    x, damping = starts.copy(), np.full(len(starts), 1e-3)
    residual, slopes = _residuals(x, logs, log_loss)
    objective = (weights * _huber(residual, delta)).sum(axis=1)
    eye = np.eye(x.shape[1])
    for _ in range(steps):
        w = weights * np.minimum(1, delta / np.maximum(np.abs(residual), 1e-300))
        weighted = slopes * w[..., None]
        hessian = slopes.transpose(0, 2, 1) @ weighted
        scale = np.trace(hessian, axis1=1, axis2=2) + 1e-300
        damped = hessian + (damping * scale)[:, None, None] * eye
        move = np.linalg.solve(damped, (weighted * residual[..., None]).sum(axis=1)[..., None])[..., 0]
        trial = x - np.clip(move, -2, 2)
        new_residual, new_slopes = _residuals(trial, logs, log_loss)
        new_objective = (weights * _huber(new_residual, delta)).sum(axis=1)
        better = new_objective < objective
        x[better], residual[better], slopes[better] = trial[better], new_residual[better], new_slopes[better]
        objective[better] = new_objective[better]
        damping = np.clip(np.where(better, damping / 4, damping * 4), 1e-15, 1e6)
        if (damping >= 1e6).all():
            break
    return x, objective


def _residuals(x: np.ndarray, logs: np.ndarray, log_loss: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log L̂ - log L, [starts, runs], and its derivatives by the constants, [starts, runs, 1 + 2k]."""
    terms = logs.shape[1]
    floor = np.broadcast_to(x[:, None, :1], (len(x), len(logs), 1))
    parts = np.concatenate([floor, x[:, None, 1 : 1 + terms] - x[:, None, 1 + terms :] * logs], axis=2)
    highest = parts.max(axis=2, keepdims=True)
    shares = np.exp(parts - highest)
    total = shares.sum(axis=2, keepdims=True)
    shares = shares / total
    predicted = (highest + np.log(total))[..., 0]
    return predicted - log_loss, np.concatenate([shares, -shares[..., 1:] * logs], axis=2)


def _huber(residual: np.ndarray, delta: float) -> np.ndarray:
    size = np.abs(residual)
    return np.where(size <= delta, residual**2 / 2, delta * (size - delta / 2))
