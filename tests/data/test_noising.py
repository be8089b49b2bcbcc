"""The five noises: against every outcome that their definition allows, and against the Poisson distribution."""

import math
import random
from collections import Counter
from functools import partial
from itertools import combinations, permutations

import pytest

from llmbook.data.noising import (
    compose,
    document_rotation,
    poisson,
    sentence_permutation,
    text_infilling,
    token_deletion,
    token_masking,
)
from llmbook.errors import ReaderError

TEXT = list("ABC.DE.")
NOISES = {
    "masking": partial(token_masking, mask="_", share=2 / 7),
    "deletion": partial(token_deletion, share=2 / 7),
    "infilling": partial(text_infilling, mask="_", share=2 / 7),
    "permutation": partial(sentence_permutation, full_stop="."),
    "rotation": document_rotation,
}


def outcomes(noise, draws: int = 4000) -> Counter:
    rng = random.Random(0)
    return Counter(" ".join(noise(TEXT, rng)) for _ in range(draws))


def assert_even(counts: Counter, expected: set[str]) -> None:
    """Every expected outcome came, no other did, and each within five standard deviations of its share."""
    assert set(counts) == expected
    mean = counts.total() / len(expected)
    assert all(abs(count - mean) < 5 * math.sqrt(mean) for count in counts.values())


@pytest.mark.parametrize(
    ("noise", "row"),  # figure 2 of Lewis et al. (2020)
    [
        ("masking", "A _ C . _ E ."),
        ("deletion", "A C . E ."),
        ("permutation", "D E . A B C ."),
        ("rotation", "C . D E . A B"),
    ],
)
def test_the_papers_examples_are_possible(noise, row):
    assert row in outcomes(NOISES[noise])


def test_the_papers_infilling_is_possible():
    """`A _ . D _ E .`: B C is one span, and a span of length 0 stands before E."""
    assert "A _ . D _ E ." in outcomes(NOISES["infilling"], 20_000)


def test_masking_and_deletion_choose_every_pair_of_places_equally_often():
    pairs = list(combinations(range(7), 2))
    masked = {" ".join("_" if i in pair else t for i, t in enumerate(TEXT)) for pair in pairs}
    assert_even(outcomes(NOISES["masking"]), masked)
    numbered = [str(i) for i in range(7)]  # with TEXT, different deletions can look the same
    deleted = {" ".join(t for i, t in enumerate(numbered) if i not in pair) for pair in pairs}
    rng = random.Random(0)
    assert_even(Counter(" ".join(NOISES["deletion"](numbered, rng)) for _ in range(4000)), deleted)


def test_permutation_and_rotation_give_every_order_equally_often():
    assert_even(outcomes(NOISES["rotation"]), {" ".join(TEXT[k:] + TEXT[:k]) for k in range(7)})
    assert_even(outcomes(NOISES["permutation"]), {"A B C . D E .", "D E . A B C ."})
    text = list("a.b.c.d")  # the rest without a full stop moves too
    rng = random.Random(1)
    seen = Counter(" ".join(sentence_permutation(text, rng, full_stop=".")) for _ in range(4000))
    assert_even(seen, {" ".join(order) for order in permutations(["a .", "b .", "c .", "d"])})


@pytest.mark.parametrize("noise", ["permutation", "rotation"])
def test_order_noises_keep_the_tokens(noise):
    rng = random.Random(2)
    for _ in range(50):
        text = rng.choices("abc.", k=rng.randrange(12))
        assert Counter(NOISES[noise](text, rng)) == Counter(text)


def restorable(noisy: list[str], text: list[str]) -> bool:
    """Whether spans put for the masks can give the text: the kept tokens stand in it in order, gaps only at masks."""
    reached = {0}
    for token in noisy:
        if token == "_":
            reached = set(range(min(reached), len(text) + 1))
        else:
            reached = {i + 1 for i in reached if i < len(text) and text[i] == token}
        if not reached:
            return False
    return len(text) in reached


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("length", [0, 1, 7, 40])
def test_infilling_hides_the_share_and_can_be_undone(share, length):
    text, rng = [str(i) for i in range(length)], random.Random(3)
    for _ in range(100):
        noisy = text_infilling(text, rng, mask="_", share=share)
        assert len([t for t in noisy if t != "_"]) == length - int(share * length + 0.5)
        assert restorable(noisy, text)


def test_infilled_spans_have_poisson_lengths():
    """In a long text cutting the last span does not matter; adjacent masks cannot be told apart and are left out."""
    text, rng = list(range(3000)), random.Random(4)
    lengths = Counter()
    for _ in range(40):
        noisy = text_infilling(text, rng, mask=-1, share=0.1)
        for before, here, after in zip(noisy, noisy[1:], noisy[2:], strict=False):
            if here == -1 and before != -1 and after != -1:
                lengths[after - before - 1] += 1
    total = lengths.total()
    assert total > 3000
    for k in range(7):
        p = math.exp(-3) * 3**k / math.factorial(k)
        assert abs(lengths[k] / total - p) < 5 * math.sqrt(p / total)


@pytest.mark.parametrize("mean", [0.5, 3.0])
def test_poisson(mean):
    rng, n = random.Random(5), 20_000
    draws = [poisson(mean, rng) for _ in range(n)]
    assert abs(sum(draws) / n - mean) < 5 * math.sqrt(mean / n)
    assert abs(draws.count(0) / n - math.exp(-mean)) < 5 * math.sqrt(math.exp(-mean) / n)
    assert abs(sum(d * d for d in draws) / n - mean - mean**2) < 0.5  # the variance is the mean


@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
def test_noises_are_pure_and_repeat_with_the_seed(noise):
    text = list(TEXT)
    state = random.getstate()
    assert noise(text, random.Random(6)) == noise(text, random.Random(6))
    assert text == TEXT and random.getstate() == state
    assert noise([], random.Random(6)) == []


def test_compose_applies_from_left_to_right():
    both = compose(NOISES["permutation"], NOISES["masking"])
    rng = random.Random(7)
    expected = NOISES["masking"](NOISES["permutation"](TEXT, rng), rng)
    assert both(TEXT, random.Random(7)) == expected
    assert compose()(tuple(TEXT), rng) == TEXT


def test_bad_shares_and_lengths_are_refused():
    rng = random.Random(8)
    for noise in (partial(token_masking, mask="_"), token_deletion, partial(text_infilling, mask="_")):
        with pytest.raises(ReaderError, match="share is 30"):
            noise(TEXT, rng, share=30)
    with pytest.raises(ReaderError, match="mean_length is 0"):
        text_infilling(TEXT, rng, mask="_", mean_length=0)
