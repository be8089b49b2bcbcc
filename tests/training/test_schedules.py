"""The warm-up schedule of the Transformer paper."""

import pytest

from llmbook.training.schedules import inverse_sqrt_schedule


def test_rises_linearly_peaks_and_falls_with_the_root() -> None:
    rates = [inverse_sqrt_schedule(step, 512, 4000) for step in range(1, 20_001)]
    assert max(range(len(rates)), key=rates.__getitem__) + 1 == 4000
    assert rates[3999] == pytest.approx((512 * 4000) ** -0.5) == pytest.approx(6.9877e-4, rel=1e-4)
    assert rates[999] == pytest.approx(rates[3999] / 4)
    assert rates[15_999] == pytest.approx(rates[3999] / 2)
    assert inverse_sqrt_schedule(10, 512, 4000, factor=3.0) == pytest.approx(3 * rates[9])
