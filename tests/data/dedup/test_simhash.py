"""SimHash against its formula, and the index against comparing all pairs."""

from hashlib import blake2b

import numpy as np
import pytest

from llmbook.data.dedup.shingles import scramble, shingles
from llmbook.data.dedup.simhash import fingerprints, hamming, hamming_pairs, simhash
from llmbook.errors import ReaderError


def by_formula(hashes: list[int], weights: list[float]) -> int:
    result = 0
    for bit in range(64):
        v = sum(w * (2 * (h >> bit & 1) - 1) for h, w in zip(hashes, weights, strict=True))
        result |= (v > 0) << bit
    return result


def test_fingerprints_are_the_formula():
    words = ["the", "cat", "sat", "on", "the", "mat"]
    hashes = [int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "big") for word in words]
    array, offsets = np.array(hashes, np.uint64), np.array([0, 4, 4, 6])
    expected = [by_formula(hashes[:4], [1] * 4), 0, by_formula(hashes[4:], [1] * 2)]
    assert fingerprints(array, offsets).tolist() == expected
    weights = [3.0, 0.5, 2.0, 1.0, 0.25, 7.0]
    expected = [by_formula(hashes[:4], weights[:4]), 0, by_formula(hashes[4:], weights[4:])]
    assert fingerprints(array, offsets, np.array(weights)).tolist() == expected


def test_texts_are_fingerprinted_by_their_ngrams():
    texts = ["one two three four five six seven", "", "灯市里有一家小店卖灯笼", "one two"]
    assert simhash(texts, n=3).tolist() == fingerprints(*shingles(texts, 3)).tolist()
    assert simhash(texts)[1] == 0
    assert simhash([]).shape == (0,)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 1.0])
def test_bits_differ_as_the_angle_says(share):
    """Sets of n features that differ in a share of them have the cosine 1 - share; P(bit differs) = angle / π."""
    texts, n = 300, 200
    features = scramble(np.arange(texts * 2 * n, dtype=np.uint64)).reshape(texts, 2 * n)
    changed = round(share * n)
    offsets = np.arange(texts + 1) * n
    left, right = (
        fingerprints(part.ravel(), offsets) for part in (features[:, :n], features[:, changed : changed + n])
    )
    expected = np.arccos(1 - share) / np.pi
    deviation = (expected * (1 - expected) / (64 * texts)) ** 0.5
    assert hamming(left, right).mean() / 64 == pytest.approx(expected, abs=5 * deviation + 0.005)


@pytest.mark.parametrize(("distance", "blocks"), [(0, None), (3, None), (3, 6), (5, 7), (3, 5)])
def test_the_index_finds_all_pairs(distance, blocks):
    rng = np.random.default_rng(distance)
    drawn = np.repeat(rng.integers(0, 1 << 64, 150, dtype=np.uint64), 2)
    for number in range(0, 300, 2):
        for bit in rng.choice(64, number % 8, replace=False):
            drawn[number] ^= np.uint64(1) << np.uint64(bit)
    pairs, distances = hamming_pairs(drawn, distance, blocks)
    table = hamming(drawn[:, None], drawn[None])
    expected = np.argwhere(np.triu(table <= distance, 1))
    assert np.array_equal(pairs, expected) and len(expected)
    assert distances.tolist() == table[tuple(expected.T)].tolist()


def test_a_distance_needs_more_blocks():
    with pytest.raises(ReaderError, match="distance 3 and 3 blocks"):
        hamming_pairs(np.zeros(2, np.uint64), 3, 3)
