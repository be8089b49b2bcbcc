"""Evaluation data inside the training data: found by n-grams, and exactly by SHA-256 (sections 3.2.2 and 3.4.4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from llmbook.data.dedup.shingles import Unit, Units, blocks, shingles, units, window_hashes


@dataclass(frozen=True)
class Contamination:
    """What evaluation items and training documents have in common.

    Attributes:
        overlap: [items], the share of an item's n-grams that stand in some training document.
        item_documents: for each item the numbers of the training documents that share an n-gram with it.
        document_hits: [documents], how many matches with n-grams of evaluation items a training document has.
    """

    overlap: NDArray[np.float64]
    item_documents: list[NDArray[np.int64]]
    document_hits: NDArray[np.int64]

    def contaminated(self, threshold: float = 0.0) -> NDArray[np.int64]:
        """The numbers of the items of which more than this share was found."""
        return np.flatnonzero(self.overlap > threshold)


def contamination(items: Sequence[str], documents: Sequence[str], n: int = 13, unit: Unit = "word") -> Contamination:
    """Look for the n-grams of evaluation items in training documents (Brown et al., 2020: n = 13).

    Case and punctuation make no difference. An item of fewer than n words is looked for as a whole, so
    choose items long enough that finding them is no accident.

    Args:
        items: the texts of an evaluation set.
        documents: the training texts, read in blocks.
        n: units of an n-gram.
        unit: "word" (a Chinese character counts as a word) or "character"; see `shingles.units`.

    Raises:
        ReaderError: as `shingles`.
    """
    hashes, offsets = shingles(items, n, unit)
    owners = np.repeat(np.arange(len(items)), np.diff(offsets))
    sizes = np.unique(np.diff(units(items, unit).offsets).clip(max=n))
    order = np.argsort(hashes)
    found, hits, shared, first = np.zeros(len(hashes), bool), [], [], 0
    for block in blocks(documents):
        cut = units(block, unit)
        hits.append(np.zeros(len(block), np.int64))
        for size in sizes[sizes > 0].tolist():
            document, ngram = _matches(cut, size, hashes[order])
            hits[-1] += np.bincount(document, minlength=len(block))
            ngram = order[ngram]
            found[ngram] = True
            shared.append(np.stack([owners[ngram], first + document], axis=1))
        first += len(block)
    totals = np.maximum(np.diff(offsets), 1)
    overlap = np.bincount(owners, weights=found, minlength=len(items)) / totals
    pairs = np.unique(np.concatenate([np.zeros((0, 2), np.int64), *shared]), axis=0)
    item_documents = np.split(pairs[:, 1], np.searchsorted(pairs[:, 0], np.arange(1, len(items))))
    return Contamination(overlap, item_documents[: len(items)], np.concatenate([np.zeros(0, np.int64), *hits]))


def _matches(cut: Units, size: int, ranked: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(document, place in `ranked`) of every equality between a window of so many units and a sorted hash."""
    windows, places = window_hashes(cut.hashes, cut.offsets, size)
    documents = np.repeat(np.arange(len(places) - 1), np.diff(places))
    is_whole = np.diff(cut.offsets)[documents] >= size  # a shorter document's only window has a shorter size
    windows, documents = windows[is_whole], documents[is_whole]
    begins = np.searchsorted(ranked, windows)
    counts = np.searchsorted(ranked, windows, side="right") - begins
    within = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
    return np.repeat(documents, counts), np.repeat(begins, counts) + within


def decontaminate(items: Sequence[str], documents: Sequence[str], n: int = 13, unit: Unit = "word") -> list[str]:
    """The training documents that share no n-gram with an evaluation item; arguments as `contamination`."""
    hits = contamination(items, documents, n, unit).document_hits
    return [document for document, count in zip(documents, hits, strict=True) if not count]


def sha256_keys(texts: Iterable[str]) -> list[str]:
    """The SHA-256 of each text in UTF-8, in hexadecimal."""
    return [sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in texts]


def drop_held_out(texts: Sequence[str], held_out: Iterable[str]) -> list[str]:
    """The training texts that equal no held-out text, by SHA-256 (SlimPajama's last step).

    A single changed space is enough to be missed; `contamination` and MinHash see such copies.
    """
    refused = set(sha256_keys(held_out))
    return [text for text, key in zip(texts, sha256_keys(texts), strict=True) if key not in refused]
