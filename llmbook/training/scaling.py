"""Scaling laws: how the loss of a language model falls with its size, its data and its compute (section 1.1)."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

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
