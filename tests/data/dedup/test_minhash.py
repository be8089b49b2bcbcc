"""MinHash against exact Jaccard similarities, the theory of its error, and the library datasketch."""

import random
from itertools import combinations

import datasketch.lsh
import numpy as np
import pytest

from llmbook.data.dedup.minhash import (
    band_keys,
    candidate_pairs,
    draw_permutations,
    estimated_jaccard,
    exact_jaccard,
    near_duplicates,
    optimal_bands,
    probability,
    signatures,
    sketch,
    threshold_of,
)  # fmt: skip
from llmbook.data.dedup.shingles import scramble, shingles
from llmbook.errors import ReaderError


def sets_of_similarity(similarity: float, pairs: int, size: int = 200) -> tuple[np.ndarray, np.ndarray, float]:
    """Hashes and offsets of `pairs` pairs of sets, all of one true similarity, which is returned too."""
    common = round(2 * size * similarity / (1 + similarity))
    numbers = scramble(np.arange(pairs * 2 * size, dtype=np.uint64)).reshape(pairs, 2 * size)
    left, right = numbers[:, :size], numbers[:, size - common : 2 * size - common]
    hashes = np.stack([left, right], axis=1).ravel()
    return hashes, np.arange(2 * pairs + 1) * size, common / (2 * size - common)


def test_a_signature_is_the_minimum_under_each_permutation():
    texts = ["a b c d e f", "", "b c d e f g h", "!?", "a b c d e f"]
    hashes, offsets = shingles(texts, 2)
    factors, shifts = draw_permutations(16, seed=7)
    result = signatures(texts, 16, n=2, seed=7)
    for number in range(len(texts)):
        values = [int(value) >> 32 for value in hashes[offsets[number] : offsets[number + 1]]]
        permuted = [[(int(a) * x + int(b)) % 2**32 for x in values] for a, b in zip(factors, shifts, strict=True)]
        assert result[number].tolist() == [min(row, default=2**32 - 1) for row in permuted]
    assert all(int(a) % 2 for a in factors)


@pytest.mark.parametrize("similarity", [0.2, 0.5, 0.8, 0.95])
def test_the_estimate_has_the_mean_and_the_spread_of_theory(similarity):
    pairs, k = 2000, 128
    hashes, offsets, truth = sets_of_similarity(similarity, pairs)
    both = np.arange(2 * pairs).reshape(pairs, 2)
    estimates = estimated_jaccard(sketch(hashes, offsets, draw_permutations(k)), both)
    deviation = (truth * (1 - truth) / k) ** 0.5
    assert abs(estimates.mean() - truth) < 5 * deviation / pairs**0.5
    assert estimates.std() == pytest.approx(deviation, rel=0.1)


def test_large_sets_are_not_taken_for_similar():
    hashes, offsets, truth = sets_of_similarity(0.0, 10, size=100_000)
    estimates = estimated_jaccard(sketch(hashes, offsets, draw_permutations(128)), np.arange(20).reshape(10, 2))
    assert truth == 0 and estimates.mean() < 0.01


def test_candidates_follow_the_s_curve():
    bands, rows, pairs = 20, 5, 1500
    for similarity in (0.3, 0.5, 0.6, 0.8):
        hashes, offsets, truth = sets_of_similarity(similarity, pairs, size=100)
        found = candidate_pairs(band_keys(sketch(hashes, offsets, draw_permutations(100)), bands, rows))
        share = sum(a % 2 == 0 and b == a + 1 for a, b in found.tolist()) / pairs
        expected = probability(truth, bands, rows)
        assert abs(share - expected) < 5 * (expected * (1 - expected) / pairs) ** 0.5 + 1e-3


def test_the_two_readings_of_refinedweb():
    assert threshold_of(450, 20) == pytest.approx(0.737, abs=5e-4)
    expected = {0.5: 0.0004, 0.7: 0.302, 0.75: 0.761, 0.8: 0.995}
    assert {s: probability(s, 450, 20) for s in expected} == pytest.approx(expected, abs=5e-4)
    assert threshold_of(20, 450) == pytest.approx(0.993, abs=5e-4)
    assert probability(0.99, 20, 450) == pytest.approx(0.196, abs=5e-4)


def test_optimal_bands_are_those_of_datasketch():
    assert optimal_bands(0.8) == (9, 13) and optimal_bands(0.8, 256) == (17, 15)
    optimum = datasketch.lsh._optimal_param
    for threshold, num_perm, weight in ((0.5, 64, 0.5), (0.7, 64, 0.2), (0.9, 48, 0.9), (0.3, 32, 0.5)):
        assert optimal_bands(threshold, num_perm, weight) == optimum(threshold, num_perm, weight, 1 - weight)


def test_keys_are_equal_exactly_where_a_band_is():
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, 2, (40, 7), dtype=np.uint32)
    keys = band_keys(drawn, bands=3, rows=2)
    for i, j in combinations(range(40), 2):
        same = (drawn[i, :6].reshape(3, 2) == drawn[j, :6].reshape(3, 2)).all(axis=1)
        assert (keys[i] == keys[j]).tolist() == same.tolist()
    assert len({*keys[:, 0].tolist()} & {*keys[:, 1].tolist()}) == 0  # the band is part of the key


@pytest.mark.parametrize("reach", [2, 100])
def test_candidates_are_all_pairs_that_share_a_key(reach):
    keys = np.random.default_rng(1).integers(0, 12, (60, 2)).astype(np.uint64)
    brute = {(i, j) for i, j in combinations(range(60), 2) if set(keys[i].tolist()) & set(keys[j].tolist())}
    found = candidate_pairs(keys, reach=reach)
    assert found.tolist() == sorted(map(list, {tuple(pair) for pair in found.tolist()}))
    assert {tuple(pair) for pair in found.tolist()} == brute if reach == 100 else len(found) < len(brute)
    # Split by key and put together, they are the same.
    documents = np.broadcast_to(np.arange(60)[:, None], keys.shape)
    parts = [candidate_pairs(keys[keys % 3 == part], documents[keys % 3 == part], reach) for part in range(3)]
    assert np.array_equal(np.unique(np.concatenate(parts), axis=0), found)


def test_a_large_group_makes_few_pairs_that_still_connect_it():
    pairs = candidate_pairs(np.zeros((1000, 3), np.uint64), reach=4)
    assert len(pairs) < 1000 * 5
    assert {(0, i) for i in range(1, 1000)} <= {tuple(pair) for pair in pairs.tolist()}


def test_exact_jaccard_is_that_of_sets():
    rng = random.Random(3)
    texts = [" ".join(rng.choices("abcdef", k=rng.randrange(9))) for _ in range(40)]
    hashes, offsets = shingles(texts, 2)
    sets = [set(hashes[a:b].tolist()) for a, b in zip(offsets, offsets[1:], strict=False)]
    pairs = np.array(list(combinations(range(40), 2)))
    expected = [len(sets[i] & sets[j]) / max(len(sets[i] | sets[j]), 1) for i, j in pairs]
    np.testing.assert_allclose(exact_jaccard(hashes, offsets, pairs), expected)
    assert exact_jaccard(hashes, offsets, pairs[:0]).shape == (0,)
    assert exact_jaccard(*shingles(["", "!"]), np.array([[0, 1]])).tolist() == [0.0]


def planted(seed: int = 0) -> tuple[list[str], set[tuple[int, int]]]:
    """600 texts in two scripts; every third has a copy with some words changed."""
    rng = random.Random(seed)
    vocabulary = ["".join(rng.choices("abcdefghij", k=5)) for _ in range(3000)], [chr(0x4E00 + i) for i in range(3000)]
    texts, truth = [], set()
    for number in range(450):
        words = rng.choices(vocabulary[number % 2], k=200)
        texts.append("".join(words) if number % 2 else " ".join(words))
        if number % 3 == 0:
            words[50:52] = rng.choices(vocabulary[number % 2], k=2)
            truth.add((len(texts) - 1, len(texts)))
            texts.append("".join(words) if number % 2 else " ".join(words))
    return texts, truth


def test_planted_duplicates_are_found_in_both_scripts_and_nothing_else():
    texts, truth = planted()
    pairs, similarity = near_duplicates(texts, 0.8, bands=16, rows=8)
    assert {tuple(pair) for pair in pairs.tolist()} == truth
    # Two changed words spoil 6 of 196 shingles on either side.
    assert similarity.mean() == pytest.approx(190 / 202, abs=0.01)


def test_recall_is_that_of_datasketch_with_the_same_parameters():
    texts, truth = planted(1)
    hashes, offsets = shingles(texts)
    sets = [[x.to_bytes(8, "little") for x in hashes[a:b].tolist()] for a, b in zip(offsets, offsets[1:], strict=False)]
    lsh = datasketch.MinHashLSH(params=(16, 8), num_perm=128)
    theirs = datasketch.MinHash.bulk(sets, num_perm=128)
    for number, sketch_ in enumerate(theirs):
        lsh.insert(number, sketch_)
    found = {(i, j) for j, sketch_ in enumerate(theirs) for i in lsh.query(sketch_) if i < j}
    ours = {tuple(pair) for pair in candidate_pairs(band_keys(signatures(texts), 16, 8)).tolist()}
    assert found & truth == ours & truth == truth


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: signatures(["a"], 0), "num_perm = 0"),
        (lambda: signatures("abc"), "one string"),
        (lambda: optimal_bands(1.5), "threshold 1.5"),
        (lambda: band_keys(signatures(["a"], 8), 3, 3), "3 bands of 3 rows do not fit"),
        (lambda: candidate_pairs(np.zeros((3, 2), np.uint64), np.arange(3)), "one key, one number"),
        (lambda: near_duplicates(["a"], bands=3), "both bands and rows"),
    ],
)
def test_bad_input_gets_one_clear_line(call, message):
    with pytest.raises(ReaderError, match=message):
        call()


def test_no_texts_make_no_pairs():
    pairs, similarity = near_duplicates([])
    assert pairs.shape == (0, 2) and similarity.shape == (0,)
