"""SimHash: 64-bit fingerprints that are close where texts are alike (section 3.4.2; Charikar, 2002).

ROOTS compared its documents this way. MinHash estimates the overlap of sets; SimHash estimates the angle θ between
vectors of weighted n-grams: a bit differs with probability θ / π.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from llmbook.data.dedup.minhash import candidate_pairs
from llmbook.data.dedup.shingles import Unit, blocks, shingles
from llmbook.errors import ReaderError

BITS = 64


def simhash(texts: Sequence[str], n: int = 6, unit: Unit = "word") -> NDArray[np.uint64]:
    """Fingerprints of texts, uint64 [texts]; an n-gram weighs as often as it occurs. A text without words gets 0.

    Args:
        texts: any number.
        n: units of an n-gram (ROOTS: 6).
        unit: "word" or "character"; see `shingles.units`.

    Raises:
        ReaderError: as `shingles`.
    """
    parts = [fingerprints(*shingles(block, n, unit)) for block in blocks(texts)]
    return np.concatenate([np.zeros(0, np.uint64), *parts])


def fingerprints(
    hashes: NDArray[np.uint64], offsets: NDArray[np.int64], weights: NDArray[np.float64] | None = None
) -> NDArray[np.uint64]:
    """Fingerprints of sets of hashed features: bit b is 1 if v_b = Σ w (2 bit_b(hash) - 1) > 0.

    Args:
        hashes: uint64 [features], one a feature.
        offsets: int64 [texts + 1], where the features of each text begin and end.
        weights: [features]; None for 1 each.

    Returns:
        uint64 [texts].
    """
    filled = np.flatnonzero(np.diff(offsets))
    result = np.zeros(len(offsets) - 1, np.uint64)
    if not len(filled):
        return result
    w = np.ones(len(hashes), np.float32) if weights is None else np.asarray(weights, np.float64)
    half = np.add.reduceat(w, offsets[filled]) / 2
    for bit in range(BITS):
        is_one = (hashes >> np.uint64(bit)) & np.uint64(1)
        ones = np.add.reduceat(is_one.astype(w.dtype) if weights is None else is_one * w, offsets[filled])
        result[filled] |= (ones > half).astype(np.uint64) << np.uint64(bit)
    return result


def hamming(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """In how many bits fingerprints differ; arrays of any shapes that broadcast."""
    return np.bitwise_count(np.bitwise_xor(left, right))


def hamming_pairs(
    fingerprints: NDArray[np.uint64], distance: int = 3, blocks: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """All pairs that differ in at most `distance` bits, without comparing all with all (Manku et al., 2007).

    The bits are cut into blocks. Two fingerprints that differ in d bits agree in all but d blocks at least; so for each
    choice of (blocks - d) blocks, those that agree there are candidates. More blocks make longer keys, hence fewer
    candidates, and more tables: C(blocks, d). Identical texts should be gone, or all their pairs are listed.

    Args:
        fingerprints: uint64 [texts].
        distance: d.
        blocks: by default d + 1, which makes d + 1 tables.

    Returns:
        Pairs [pairs, 2], the earlier first, in order; and their distances [pairs].

    Raises:
        ReaderError: for a distance that is not below the number of blocks, or more than 64 blocks.
    """
    blocks = distance + 1 if blocks is None else blocks
    if not 0 <= distance < blocks <= BITS:
        raise ReaderError(f"distance {distance} and {blocks} blocks: 0 <= distance < blocks <= {BITS} must hold")
    cuts = [BITS * block // blocks for block in range(blocks + 1)]
    masks = [(1 << end) - (1 << start) for start, end in zip(cuts, cuts[1:], strict=False)]
    found = [np.zeros((0, 2), np.int64)]
    for chosen in combinations(masks, blocks - distance):
        pairs = candidate_pairs(fingerprints & np.uint64(sum(chosen)), reach=len(fingerprints))
        found.append(pairs[hamming(*fingerprints[pairs.T]) <= distance])
    pairs = np.unique(np.concatenate(found), axis=0)
    return pairs, hamming(*fingerprints[pairs.T])
