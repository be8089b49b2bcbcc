"""Scaling laws: recovered from points that obey one, and the published constants against figures of the papers."""

import math
from statistics import linear_regression

import numpy as np
import pytest
import torch

from llmbook.errors import ReaderError
from llmbook.training.scaling import (
    BESIROGLU,
    HOFFMANN,
    KAPLAN_COMPUTE,
    KAPLAN_PARAMETERS,
    ParametricLaw,
    PowerLaw,
    SaturatingLaw,
    bootstrap_parametric_law,
    fit_isoflop,
    fit_parametric_law,
    fit_power_law,
    fit_saturating_law,
    predicted_loss,
)

SIZES = np.repeat(np.geomspace(5e7, 1.6e10, 9), 6)
DATA = np.tile(np.geomspace(5e9, 5e11, 6), 9)
GOPHER = 5.76e23  # FLOPs


@pytest.mark.parametrize(("exponent", "constant"), [(0.076, 8.8e13), (0.5, 40.0), (1.3, 0.02), (-0.2, 7.0)])
def test_a_known_law_is_recovered_and_predicts_beyond_its_points(exponent, constant):
    sizes = [488, 1_744, 6_560, 25_408]
    law = fit_power_law(sizes, [math.exp(exponent * (math.log(constant) - math.log(size))) for size in sizes])
    assert law.exponent == pytest.approx(exponent, rel=1e-9)
    assert law.constant == pytest.approx(constant, rel=1e-6)
    assert law.loss(1e9) == pytest.approx(math.exp(exponent * (math.log(constant) - math.log(1e9))), rel=1e-8)


def test_noisy_points_give_the_regression_line_of_statistics():
    generator = np.random.default_rng(0)
    sizes = np.array([5e3, 1.5e4, 5e4, 1.5e5])
    losses = 3 * sizes**-0.06 * np.exp(0.05 * generator.standard_normal(4))
    line = linear_regression(np.log(sizes), np.log(losses))
    exponent, constant = fit_power_law(list(sizes), list(losses))
    assert exponent == pytest.approx(-line.slope)
    assert exponent * math.log(constant) == pytest.approx(line.intercept)


@pytest.mark.parametrize(
    ("scale", "loss"),
    [
        ({"parameters": 1.5e9}, 2.304),
        ({"parameters": 175e9}, 1.604),
        ({"tokens": 3e11}, 1.638),
        ({"parameters": 8.8e13}, 1.0),
        ({"pf_days": 3.1e8}, 1.0),
        ({"pf_days": 3640}, math.exp(0.050 * math.log(3.1e8 / 3640))),
    ],
)
def test_kaplans_predictions(scale, loss):
    assert predicted_loss(**scale) == pytest.approx(loss, abs=5e-4)


def test_the_factor_of_a_larger_model():
    assert KAPLAN_PARAMETERS.factor(2) == pytest.approx(0.949, abs=5e-4)
    assert KAPLAN_PARAMETERS.factor(10) == pytest.approx(0.8395, abs=5e-5)
    assert KAPLAN_COMPUTE.factor(10) == pytest.approx(predicted_loss(pf_days=10) / predicted_loss(pf_days=1))
    assert PowerLaw(0.5, 1.0).factor(4) == 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: predicted_loss(), "0 scales are given"),
        (lambda: predicted_loss(parameters=1e9, tokens=1e9), "2 scales are given"),
        (lambda: predicted_loss(parameters=-1), "must be positive"),
        (lambda: predicted_loss(tokens=0), "must be positive"),
        (lambda: fit_power_law([1, 2, 3], [3, 2]), "3 scales and 2 losses"),
        (lambda: fit_power_law([5], [3]), "a line needs two points"),
        (lambda: fit_power_law([5, 5], [3, 2]), "a line needs two points"),
        (lambda: fit_power_law([1, 0], [3, 2]), "a scale of 0.0 has no logarithm"),
        (lambda: fit_power_law([1, 2], [3, float("nan")]), "a loss of nan has no logarithm"),
        (lambda: fit_power_law([1, 2, 3], [1, 1, 1]), "do not change with the scale"),
        (lambda: fit_power_law([1, 2, 3], [3, 3, 3]), "do not change with the scale"),
    ],
)
def test_what_cannot_be_fitted_is_said(call, message):
    with pytest.raises(ReaderError, match=message):
        call()


def test_the_two_sets_of_constants_disagree_at_gophers_compute():
    """32B and 3.0T from the printed constants, 72B and 1.33T from the refit: worked out apart for the chapter."""
    parameters, tokens = HOFFMANN.optimum(GOPHER)
    assert (parameters, tokens) == (pytest.approx(32e9, rel=0.02), pytest.approx(3.0e12, rel=0.02))
    parameters, tokens = BESIROGLU.optimum(GOPHER)
    assert (parameters, tokens) == (pytest.approx(72e9, rel=0.02), pytest.approx(1.33e12, rel=0.02))


@pytest.mark.parametrize("law", [HOFFMANN, BESIROGLU, ParametricLaw(1.4, 9.0, 40.0, 0.5, 0.4)])
def test_the_optimum_is_the_lowest_point_of_its_iso_flop_curve(law):
    compute = 1e21
    sizes = np.geomspace(1e6, 1e13, 200_001)
    lowest = sizes[np.argmin(law.loss(sizes, compute / 6 / sizes))]
    parameters, tokens = law.optimum(compute)
    assert parameters == pytest.approx(lowest, rel=1e-3)
    assert 6 * parameters * tokens == pytest.approx(compute)
    slope = np.diff(np.log(law.optimum([1e18, 1e24])[0]))[0] / math.log(1e6)
    assert slope == pytest.approx(law.beta / (law.alpha + law.beta))


def test_tokens_for_inverts_the_loss():
    assert BESIROGLU.tokens_for(BESIROGLU.loss(7e9, 2e12), 7e9) == pytest.approx(2e12)
    assert BESIROGLU.tokens_for(1.9, [1e8, 1e13]) == pytest.approx([math.inf, BESIROGLU.tokens_for(1.9, 1e13)])


@pytest.mark.parametrize("served", [0.0, 1e12, 1e14])
def test_the_lifetime_optimum_is_the_cheapest_model_of_its_loss(served):
    loss = BESIROGLU.loss(*BESIROGLU.optimum(GOPHER))
    parameters, tokens = BESIROGLU.lifetime_optimum(loss, served)
    assert BESIROGLU.loss(parameters, tokens) == pytest.approx(loss)
    sizes = np.geomspace(1e9, 1e13, 100_000)
    costs = sizes * (6 * BESIROGLU.tokens_for(loss, sizes) + 2 * served)
    assert parameters * (6 * tokens + 2 * served) <= costs.min() * (1 + 1e-9)
    if served == 0:
        assert parameters == pytest.approx(BESIROGLU.optimum(GOPHER)[0], rel=1e-4)


@pytest.mark.parametrize("law", [HOFFMANN, BESIROGLU, ParametricLaw(0.4, 60.0, 900.0, 0.42, 0.2)])
def test_the_parametric_law_is_recovered_from_its_own_losses(law):
    assert list(fit_parametric_law(SIZES, DATA, law.loss(SIZES, DATA))) == pytest.approx(list(law), rel=1e-6)


def noisy(law: ParametricLaw, seed: int = 0, spread: float = 0.005) -> np.ndarray:
    return law.loss(SIZES, DATA) * np.exp(spread * np.random.default_rng(seed).standard_normal(len(SIZES)))


def test_the_fit_finds_the_minimum_that_torch_finds():
    """The same objective by another road: automatic derivatives and L-BFGS, started at the true constants."""
    losses = noisy(BESIROGLU)
    log_n, log_d, log_loss = (torch.tensor(np.log(column)) for column in (SIZES, DATA, losses))

    def objective(x: torch.Tensor) -> torch.Tensor:
        e, a, b, alpha, beta = x
        terms = [e.expand(len(log_n)), a - alpha * log_n, b - beta * log_d]
        predicted = torch.stack(terms).logsumexp(0)
        return torch.nn.functional.huber_loss(predicted, log_loss, delta=1e-3, reduction="sum") * 1e4

    x = torch.tensor([*np.log(BESIROGLU[:3]), *BESIROGLU[3:]], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [x], max_iter=5000, history_size=20, tolerance_grad=1e-13, tolerance_change=1e-18, line_search_fn="strong_wolfe"
    )

    def closure():
        optimizer.zero_grad()
        value = objective(x)
        value.backward()
        return value

    optimizer.step(closure)
    fitted = fit_parametric_law(SIZES, DATA, losses)
    ours = objective(torch.tensor([*np.log(fitted[:3]), *fitted[3:]], dtype=torch.float64))
    assert ours.item() <= objective(x).item() * (1 + 1e-6)
    assert list(fitted[3:]) == pytest.approx(x[3:].tolist(), abs=1e-3)


def test_a_run_that_went_wrong_does_not_bend_the_law():
    losses = BESIROGLU.loss(SIZES, DATA)
    losses[[3, 20]] *= 1.5
    robust, squares = (fit_parametric_law(SIZES, DATA, losses, huber_delta=delta) for delta in (1e-3, 1e3))
    assert abs(robust.irreducible - BESIROGLU.irreducible) < 0.005
    assert abs(squares.irreducible - BESIROGLU.irreducible) > 0.05


def test_bootstrap_intervals_have_the_width_of_the_estimates_own_spread():
    """Over 30 fresh data sets the fitted E spreads as much as over the resamples of one."""
    losses = noisy(BESIROGLU)
    fitted = fit_parametric_law(SIZES, DATA, losses)
    laws = bootstrap_parametric_law(fitted, SIZES, DATA, losses, count=60, seed=1)
    resampled = np.std([law.irreducible for law in laws])
    fresh = np.std([fit_parametric_law(SIZES, DATA, noisy(BESIROGLU, seed)).irreducible for seed in range(1, 31)])
    assert 0.5 < resampled / fresh < 2
    again = bootstrap_parametric_law(fitted, SIZES, DATA, losses, count=3, seed=1)
    assert [list(law) for law in again] == [pytest.approx(list(law), rel=1e-6) for law in laws[:3]]


@pytest.mark.parametrize("law", [SaturatingLaw(1.4, 0.5, 300.0), SaturatingLaw(0.6, 0.25, 2.0)])
def test_the_saturating_law_is_recovered(law):
    scales = np.geomspace(600, 1e6, 7)
    fitted = fit_saturating_law(scales, law.loss(scales))
    assert list(fitted) == pytest.approx(list(law), rel=1e-4)
    assert fitted.loss(300.0) == pytest.approx(law.irreducible + (law.constant / 300.0) ** law.exponent)


def test_a_pure_power_law_leaves_no_irreducible_loss():
    scales = np.geomspace(600, 1e6, 7)
    fitted = fit_saturating_law(scales, [PowerLaw(0.2, 50.0).loss(x) for x in scales])
    assert fitted.irreducible < 1e-3 and fitted.exponent == pytest.approx(0.2, rel=1e-3)


def test_the_iso_flop_parabola_is_the_one_the_points_lie_on():
    sizes = [2e3, 5e3, 9e3, 2e4]
    fitted = fit_isoflop(sizes, [1.7 + 0.05 * math.log(size / 7e3) ** 2 for size in sizes])
    assert list(fitted) == pytest.approx([7e3, 1.7, 0.05])
    assert fit_isoflop([1, math.e, math.e**2], [2, 1, 2]).parameters == pytest.approx(math.e)


def test_the_parabola_through_chinchillas_curve_lies_near_its_optimum():
    parameters, tokens = BESIROGLU.optimum(1e21)
    sizes = parameters * np.geomspace(0.5, 2, 7)
    fitted = fit_isoflop(sizes, BESIROGLU.loss(sizes, 1e21 / 6 / sizes))
    assert fitted.parameters == pytest.approx(parameters, rel=0.01)
    assert fitted.loss == pytest.approx(BESIROGLU.loss(parameters, tokens), abs=1e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: HOFFMANN.loss(0, 1e9), "must be positive"),
        (lambda: HOFFMANN.lifetime_optimum(1.69, 1e9), "no model reaches a loss of 1.69"),
        (lambda: fit_parametric_law([1, 2], [1, 2, 3], [1, 2]), "2 of number of parameters, 3 of number of tokens"),
        (lambda: fit_parametric_law([1, 2], [1, 2], [1, 2]), "2 runs cannot fix five constants"),
        (lambda: fit_parametric_law([5] * 6, [1, 2, 3, 4, 5, 6], [1] * 6), "all runs have one size"),
        (lambda: fit_parametric_law([1, 2] * 3, [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, -1]), "a loss of -1.0 has no log"),
        (lambda: fit_saturating_law([1, 2], [3, 2]), "three constants need three points"),
        (lambda: fit_isoflop([1, 2], [3, 2]), "a parabola needs three points"),
        (lambda: fit_isoflop([1, 2, 4], [1, 3, 1]), "no valley"),
    ],
)
def test_what_no_law_can_be_fitted_to_is_said(call, message):
    with pytest.raises(ReaderError, match=message):
        call()
