"""Training sets with a repeated part: every row is used as often as it should be."""

import pytest

from llmbook.data.repetition import repeat_part, share_of_tokens
from llmbook.errors import ReaderError


@pytest.mark.parametrize(
    ("fraction", "repeats", "members"),
    [(0.5, 10, 480), (0.5, 100, 48), (0.5, 1000, 5), (0.9, 100, 86), (0.9, 8640, 1), (1.0, 96, 100)],
)  # the sizes that chapter 3's map names for 600 batches of 16
def test_some_rows_are_used_often_and_the_others_once(fraction, repeats, members):
    order = repeat_part(10_000, 9600, fraction, repeats, seed=1)
    times = order.bincount(minlength=10_000)
    places = round(9600 * fraction)
    assert len(order) == 9600
    assert (times == 1).sum() == 9600 - places
    often = times[times > 1]
    assert len(often) == members and often.sum() == places
    assert often.max() - often.min() <= 1


def test_nothing_is_repeated_at_fraction_zero_or_one_repeat():
    for fraction, repeats in ((0, 100), (0.5, 1)):
        assert repeat_part(500, 500, fraction, repeats).sort().values.tolist() == list(range(500))


def test_repeated_rows_are_spread_over_the_whole_training():
    order = repeat_part(10_000, 8000, 0.5, 1000, seed=3)
    common = order.bincount().argmax()
    quarters = (order == common).view(4, 2000).sum(dim=1)
    assert ((quarters - 250).abs() < 80).all()  # 5 standard deviations
    assert order.equal(repeat_part(10_000, 8000, 0.5, 1000, seed=3))
    assert not order.equal(repeat_part(10_000, 8000, 0.5, 1000, seed=4))


def test_what_cannot_be_is_refused():
    with pytest.raises(ReaderError, match="4848 different rows are needed and there are 2424.* total to 4800"):
        repeat_part(2424, 9600, 0.5, 100)
    for arguments in ((10, 0, 0.5, 2), (10, 10, 1.5, 2), (10, 10, 0.5, 0)):
        with pytest.raises(ReaderError, match="fraction"):
            repeat_part(*arguments)


def test_the_share_of_tokens_agrees_with_counting():
    documents = [1] * 999 + [100]  # one in a thousand is seen a hundred times
    assert share_of_tokens(0.001, 100) == pytest.approx(100 / sum(documents))
    assert share_of_tokens(0, 100) == 0 and share_of_tokens(1, 100) == 1 and share_of_tokens(1, 0) == 0
    with pytest.raises(ReaderError, match="from 0 to 1"):
        share_of_tokens(1.1, 5)
