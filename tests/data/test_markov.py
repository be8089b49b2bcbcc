"""The source's entropy and its samples, against transition matrices, closed forms and counting."""

import itertools
import math

import numpy as np
import pytest
import torch

from llmbook.data.markov import MarkovSource
from llmbook.errors import ReaderError


@pytest.fixture(scope="module")
def source() -> MarkovSource:
    return MarkovSource(4, 3, seed=1)


def transition_matrix(source: MarkovSource) -> np.ndarray:
    """Between contexts, written out one context at a time."""
    v, contexts = source.vocab_size, list(itertools.product(range(source.vocab_size), repeat=source.order))
    place = {context: number for number, context in enumerate(contexts)}
    matrix = np.zeros((len(contexts), len(contexts)))
    for context in contexts:
        for symbol in range(v):
            matrix[place[context], place[*context[1:], symbol]] = source.probabilities[place[context], symbol]
    return matrix


def test_the_stationary_distribution_is_the_eigenvector_of_the_transition_matrix(source):
    values, vectors = np.linalg.eig(transition_matrix(source).T)
    vector = np.real(vectors[:, np.argmax(np.real(values))])
    assert source.stationary == pytest.approx(vector / vector.sum(), abs=1e-10)


def test_a_chain_of_order_one_has_the_entropy_of_the_textbook_formula():
    source = MarkovSource(3, 1, seed=5)
    p = source.probabilities
    rows = -(p * np.log(p)).sum(axis=1)
    assert source.entropy_rate == pytest.approx(float(source.stationary @ rows), abs=1e-12)
    assert source.conditional_entropy(0) == pytest.approx(float(-source.stationary @ np.log(source.stationary)))


def test_without_spread_all_symbols_are_equally_likely():
    assert MarkovSource(7, 2, spread=0.0).entropy_rate == pytest.approx(math.log(7))


def test_each_symbol_of_context_helps_and_those_beyond_the_order_do_not(source):
    entropies = [source.conditional_entropy(length) for length in range(6)]
    assert entropies[0] > entropies[1] > entropies[2] > entropies[3] == entropies[4] == entropies[5]
    assert entropies[3] == source.entropy_rate


def test_samples_have_the_frequencies_and_the_surprisal_of_the_source(source):
    text = source.sample(20_000, 12, seed=3)
    assert text.shape == (20_000, 12) and text.dtype == torch.int64
    for start in (0, 8):  # stationary: the same at either end of a row
        windows = text[:, start : start + 4]
        counted = torch.bincount(windows @ torch.tensor([64, 16, 4, 1]), minlength=256) / len(text)
        expected = (source.stationary[:, None] * source.probabilities).ravel()
        deviation = (counted.numpy() - expected) / np.sqrt(expected * (1 - expected) / len(text))
        assert np.abs(deviation).max() < 5
    assert source.surprisal(text).mean().item() == pytest.approx(source.entropy_rate, abs=0.01)


def test_surprisal_is_looked_up_symbol_by_symbol(source):
    text = source.sample(2, 6, seed=0)
    for row, values in zip(text.tolist(), source.surprisal(text), strict=True):
        for place in range(3, 6):
            a, b, c = row[place - 3 : place]
            expected = -math.log(source.probabilities[a * 16 + b * 4 + c, row[place]])
            assert values[place - 3].item() == pytest.approx(expected)


def test_a_seed_is_a_text_and_another_seed_another(source):
    assert source.sample(5, 9, seed=1).equal(source.sample(5, 9, seed=1))
    assert not source.sample(5, 9, seed=1).equal(source.sample(5, 9, seed=2))
    assert not np.allclose(source.probabilities, MarkovSource(4, 3, seed=2).probabilities)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MarkovSource(1, 3), "needs 2 symbols"),
        (lambda: MarkovSource(4, 0), "order 1 or more"),
        (lambda: MarkovSource(100, 5), "take fewer symbols or a lower order"),
        (lambda: MarkovSource(3, 2).sample(2, 1), "must hold the order"),
        (lambda: MarkovSource(3, 2).conditional_entropy(-1), "0 or more"),
        (lambda: MarkovSource(3, 2).surprisal(torch.tensor([[0, 1, 3]])), "comes from another source"),
    ],
)
def test_what_cannot_be_is_said(call, message):
    with pytest.raises(ReaderError, match=message):
        call()
