"""MinHash and locality-sensitive hashing: near duplicates without comparing all pairs (sections 3.2.2 and 3.4.3).

Broder (1997): under a random permutation of all shingles, the smallest of A and the smallest of B are the same with
probability J(A, B) = |A ∩ B| / |A ∪ B|. Cutting the signature into bands of rows and looking for equal bands finds the
similar pairs (Indyk and Motwani, 1998). The parts are separate, so that signatures and keys can be made shard by shard,
and candidates key range by key range.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from llmbook.data.dedup.shingles import Unit, blocks, scramble, shingles
from llmbook.errors import ReaderError

NUM_PERM = 128
_EMPTY = np.uint32(0xFFFFFFFF)  # every minimum of a text without shingles
_BUFFER = 1 << 17  # permuted hashes worked on at a time: half a megabyte, which stays in the processor's cache


# ---------------------------------------------------------------- signatures


def signatures(
    texts: Sequence[str], num_perm: int = NUM_PERM, n: int = 5, unit: Unit = "word", seed: int = 1
) -> NDArray[np.uint32]:
    """The MinHash signatures of texts, [texts, num_perm].

    Two signatures agree in a place with probability J of the two sets of shingles, so the share of places in which they
    agree estimates J with standard deviation √(J (1 - J) / num_perm). Texts without a single word are all alike.

    Args:
        texts: any number; one depends on no other, so that shards can be done apart.
        num_perm: how many permutations.
        n: units of a shingle.
        unit: "word" (a Chinese character counts as a word) or "character"; see `shingles.units`.
        seed: of the permutations. Only signatures of the same n, unit and seed can be compared.

    Raises:
        ReaderError: as `shingles`, or for a num_perm below 1.
    """
    permutations = draw_permutations(num_perm, seed)
    parts = [np.zeros((0, num_perm), np.uint32)]
    for block in blocks(texts):
        hashes, offsets = shingles(block, n, unit)
        parts.append(sketch(hashes, offsets, permutations))
    return np.concatenate(parts)


def draw_permutations(num_perm: int, seed: int = 1) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Factors and shifts, each uint32 [num_perm], of the permutations x → a x + b mod 2^32, all a odd.

    An odd factor makes the map one-to-one (Dietzfelbinger et al., 1997: multiply and shift), and the modulus costs
    nothing, as it is the width of the arithmetic.

    Raises:
        ReaderError: for a num_perm below 1.
    """
    if num_perm < 1:
        raise ReaderError(f"a signature has at least 1 permutation, not num_perm = {num_perm}")
    rng = np.random.default_rng(seed)
    factors, shifts = rng.integers(0, 1 << 32, (2, num_perm), dtype=np.uint32)
    return factors | np.uint32(1), shifts


def sketch(
    hashes: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    permutations: tuple[NDArray[np.uint32], NDArray[np.uint32]],
) -> NDArray[np.uint32]:
    """The smallest permuted hash of each set under each permutation.

    Args:
        hashes: uint64 [shingles], well mixed; their upper halves are used.
        offsets: int64 [sets + 1], where the shingles of each set begin and end.
        permutations: from `draw_permutations`.

    Returns:
        uint32 [sets, num_perm].
    """
    factors, shifts = permutations
    minima = np.full((len(offsets) - 1, len(factors)), _EMPTY)
    filled = np.flatnonzero(np.diff(offsets))  # reduceat knows no empty run
    if not len(filled):
        return minima
    values = (hashes >> np.uint64(32)).astype(np.uint32)
    step = max(1, _BUFFER // len(values))
    buffer = np.empty((step, len(values)), np.uint32)
    for first in range(0, len(factors), step):
        some = slice(first, first + step)
        permuted = np.multiply(factors[some, None], values, out=buffer[: len(factors[some])])
        permuted += shifts[some, None]
        minima[filled, some] = np.minimum.reduceat(permuted, offsets[filled], axis=1).T
    return minima


# ---------------------------------------------------------------- bands


def probability(similarity: NDArray[np.float64] | float, bands: int, rows: int) -> NDArray[np.float64] | float:
    """1 - (1 - s^rows)^bands: that two texts of similarity s agree in a whole band, and so become candidates."""
    return 1 - (1 - similarity**rows) ** bands


def threshold_of(bands: int, rows: int) -> float:
    """(1 / bands)^(1 / rows), about where the S-curve is steepest."""
    return (1 / bands) ** (1 / rows)


def optimal_bands(threshold: float, num_perm: int = NUM_PERM, false_positive_weight: float = 0.5) -> tuple[int, int]:
    """The (bands, rows) with the smallest weighted error, the criterion of the library `datasketch`.

    The error is the area under the S-curve below the threshold (false positives) times its weight, plus the area over
    it above the threshold (false negatives) times what is left to 1.

    Raises:
        ReaderError: for a threshold or weight outside 0 to 1.
    """
    if not (0 < threshold < 1 and 0 <= false_positive_weight <= 1):
        raise ReaderError(f"threshold {threshold} and weight {false_positive_weight} should lie between 0 and 1")
    # Gauss-Legendre quadrature: exact, up to rounding, for polynomials of a degree of up to 2 · 128 - 1.
    nodes, weights = np.polynomial.legendre.leggauss(max(64, num_perm // 2 + 1))
    below = (nodes + 1) / 2 * threshold
    above = threshold + (nodes + 1) / 2 * (1 - threshold)
    best, choice = np.inf, (1, 1)
    for bands in range(1, num_perm + 1):
        rows = np.arange(1, num_perm // bands + 1)[:, None]
        false_positive = probability(below, bands, rows) @ weights * threshold / 2
        false_negative = (1 - probability(above, bands, rows)) @ weights * (1 - threshold) / 2
        errors = false_positive_weight * false_positive + (1 - false_positive_weight) * false_negative
        if errors.min() < best:
            best, choice = errors.min(), (bands, int(errors.argmin()) + 1)
    return choice


def band_keys(signatures: NDArray[np.uint32], bands: int, rows: int) -> NDArray[np.uint64]:
    """One key a band, uint64 [texts, bands]: equal where two texts agree in all rows of that band.

    The band's number is part of the key, so that keys of all bands can lie in one heap and be split by value.

    Raises:
        ReaderError: when the signatures are shorter than bands · rows.
    """
    texts, num_perm = signatures.shape
    if bands < 1 or rows < 1 or bands * rows > num_perm:
        raise ReaderError(f"{bands} bands of {rows} rows do not fit into signatures of {num_perm} permutations")
    cut = signatures[:, : bands * rows].reshape(texts, bands, rows)
    keys = np.broadcast_to(np.arange(1, bands + 1, dtype=np.uint64), (texts, bands))
    for row in range(rows):
        keys = scramble(keys * np.uint64(0x9E3779B97F4A7C15) + cut[..., row])
    return keys


# ---------------------------------------------------------------- pairs


def candidate_pairs(
    keys: NDArray[np.uint64], documents: NDArray[np.int64] | None = None, reach: int = 16
) -> NDArray[np.int64]:
    """All pairs of documents that share a key, each once: [pairs, 2], the earlier document first, in order.

    In a group of more than `reach` + 1, a document is paired with the group's first and with the `reach` before it, so
    that a page that stands in the crawl ten thousand times does not make fifty million pairs. All are still connected.

    Args:
        keys: [documents, bands] from `band_keys`; or keys of any shape, such as one range of all keys.
        documents: of the shape of `keys`, whose key each is; None for the number of the row.
        reach: see above.

    Raises:
        ReaderError: when documents and keys differ in shape.
    """
    if documents is None:
        documents = np.broadcast_to(np.arange(len(keys)).reshape(-1, *[1] * (keys.ndim - 1)), keys.shape)
    if documents.shape != keys.shape:
        raise ReaderError(
            f"documents has shape {list(documents.shape)} and keys {list(keys.shape)}: one key, one number"
        )
    keys, documents = _shared(keys.ravel(), documents.ravel())
    begins = np.append(True, keys[1:] != keys[:-1])[: len(keys)]
    firsts = np.flatnonzero(begins)[begins.cumsum() - 1]  # where the group of each entry begins
    entries = np.arange(len(keys))
    found = [np.stack([documents[firsts], documents], axis=1)]
    for distance in range(1, reach + 1):
        later = entries[entries - distance > firsts]
        if not len(later):
            break
        found.append(np.stack([documents[later - distance], documents[later]], axis=1))
    pairs = np.concatenate(found)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    size = np.int64(pairs.max(initial=0) + 1)
    return np.stack(np.divmod(np.unique(pairs[:, 0] * size + pairs[:, 1]), size), axis=1)


def estimated_jaccard(
    signatures: NDArray[np.uint32], pairs: NDArray[np.int64], block: int = 1 << 14
) -> NDArray[np.float64]:
    """The share of equal minima of each pair of signatures, [pairs]."""
    if not len(pairs):
        return np.zeros(0)
    parts = (pairs[start : start + block] for start in range(0, len(pairs), block))
    return np.concatenate([(signatures[part[:, 0]] == signatures[part[:, 1]]).mean(axis=1) for part in parts])


def exact_jaccard(
    hashes: NDArray[np.uint64], offsets: NDArray[np.int64], pairs: NDArray[np.int64]
) -> NDArray[np.float64]:
    """|A ∩ B| / |A ∪ B| of each pair of shingle sets, [pairs]; 0 for two empty sets.

    Args:
        hashes, offsets: from `shingles`.
        pairs: [pairs, 2], numbers of texts.
    """
    numbers = np.unique(hashes, return_inverse=True)[1]
    texts = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    width = np.int64(numbers.max(initial=0) + 1)
    members = np.unique(texts * width + numbers)  # every shingle of every text, once
    if not (len(members) and len(pairs)):
        return np.zeros(len(pairs))
    begins = np.searchsorted(members, np.arange(len(offsets)) * width)
    sizes = np.diff(begins)
    left, right = pairs.T
    # All shingles of all left texts, one after the other: is each one of the right text's too?
    counts = sizes[left]
    pair = np.repeat(np.arange(len(pairs)), counts)
    places = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts) + begins[left][pair]
    wanted = right[pair] * width + members[places] % width
    found = np.minimum(np.searchsorted(members, wanted), len(members) - 1)
    common = np.bincount(pair, weights=members[found] == wanted, minlength=len(pairs))
    return common / np.maximum(sizes[left] + sizes[right] - common, 1)


def near_duplicates(
    texts: Sequence[str],
    threshold: float = 0.7,
    *,
    num_perm: int = NUM_PERM,
    n: int = 5,
    unit: Unit = "word",
    bands: int | None = None,
    rows: int | None = None,
    seed: int = 1,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """All steps at once: the pairs whose estimated similarity reaches the threshold.

    With 5-grams of words, one changed word in fifty costs a tenth of the shingles: J is about 0.82, and a page that
    also lost its menu or footer is still above 0.7, while different pages that share a passage or a template are seldom
    above 0.4.

    Args:
        texts: in the order in which they shall be kept.
        threshold: the smallest estimated Jaccard similarity of a duplicate.
        num_perm, n, unit, seed: see `signatures`.
        bands, rows: of the search for candidates; by default the optimum for the threshold when a false positive
            weighs 0.1: comparing two signatures in vain costs little, a pair that is no candidate is lost.

    Returns:
        Pairs [pairs, 2], the earlier text first, and their estimated similarity [pairs].

    Raises:
        ReaderError: as the steps do, or for one of bands and rows without the other.
    """
    if (bands is None) != (rows is None):
        raise ReaderError("give both bands and rows, or neither")
    if bands is None or rows is None:
        bands, rows = optimal_bands(threshold, num_perm, false_positive_weight=0.1)
    sketches = signatures(texts, num_perm, n, unit, seed)
    pairs = candidate_pairs(band_keys(sketches, bands, rows))
    similarity = estimated_jaccard(sketches, pairs)
    return pairs[similarity >= threshold], similarity[similarity >= threshold]


def _shared(keys: NDArray[np.uint64], documents: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The entries whose key another has too, in order of key and document."""
    order = np.argsort(keys)
    is_same = keys[order[1:]] == keys[order[:-1]]
    kept = order[np.append(False, is_same)[: len(keys)] | np.append(is_same, False)[: len(keys)]]
    kept = kept[np.lexsort((documents[kept], keys[kept]))]  # few by now, so the slower sort can settle the order
    return keys[kept], documents[kept]
