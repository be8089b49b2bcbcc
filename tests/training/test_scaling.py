"""Power laws: recovered from points that obey one, and Kaplan's constants against figures worked out from the paper."""

import math
from statistics import linear_regression

import numpy as np
import pytest

from llmbook.errors import ReaderError
from llmbook.training.scaling import KAPLAN_COMPUTE, KAPLAN_PARAMETERS, PowerLaw, fit_power_law, predicted_loss


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
