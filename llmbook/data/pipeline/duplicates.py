"""Finding duplicates among rows that no one machine holds: by keys that are sorted a range at a time.

Each worker writes the keys of its rows, sorted. A later worker collects one range of keys from all files, so that equal
keys meet; the rows behind them are linked, after a comparison of their signatures where the step keeps any. Memory
goes with the size of a range, and with the number of links found, not with the number of rows.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from llmbook.data.dedup.minhash import candidate_pairs

KEYS_PER_RANGE = 2**19
_PAIRS_AT_ONCE = 2**14

UInt64 = NDArray[np.uint64]


class Deduplicator(Protocol):
    """A step of the pipeline that compares every document with all others."""

    def signatures(self, texts: Sequence[str]) -> np.ndarray:
        """[documents, …], small, from which duplicates can be told."""

    def keys(self, signatures: np.ndarray) -> UInt64:
        """[documents, keys]: documents that share a key may be duplicates."""

    def similar(self, first: np.ndarray, second: np.ndarray) -> NDArray[np.bool_]:
        """[pairs], whether the documents behind two arrays of signatures are duplicates."""


def row_id(chunk: int, number: int | NDArray[np.integer]) -> UInt64:
    """One number for a row: its chunk in the high 32 bits, its place in the chunk in the low ones."""
    return (np.uint64(chunk) << np.uint64(32)) | np.asarray(number, dtype=np.uint64)


def write_keys(stem: Path, rows: UInt64, keys: UInt64, signatures: np.ndarray) -> None:
    """Write a part's sorted keys, and its signatures.

    Args:
        stem: path of the files, without suffix.
        rows: row ids, ascending, [rows].
        keys: [rows, keys].
        signatures: [rows, …].
    """
    flat = keys.ravel()
    order = np.argsort(flat, kind="stable")
    np.save(f"{stem}.keys.npy", np.stack([flat[order], np.repeat(rows, keys.shape[1])[order]]))  # [2, rows · keys]
    np.save(f"{stem}.rows.npy", rows)
    np.save(f"{stem}.signatures.npy", signatures)


def count_keys(stems: Sequence[Path]) -> int:
    """How many keys the parts hold."""
    return sum(np.load(f"{stem}.keys.npy", mmap_mode="r").shape[1] for stem in stems)


def link(stems: Sequence[Path], step: Deduplicator, part: int, parts: int) -> UInt64:
    """Pairs of duplicate rows among the keys of one range.

    Args:
        stems: as given to `write_keys`.
        step: whose keys they are.
        part, parts: which of so many equal ranges of keys.

    Returns:
        [pairs, 2], the earlier row first, each pair once.
    """
    slices = []
    for stem in stems:
        entries = np.load(f"{stem}.keys.npy", mmap_mode="r")
        begin, end = (_place(entries[0], i, parts) for i in (part, part + 1))
        slices.append(np.array(entries[:, begin:end]))
    keys, owners = np.concatenate(slices, axis=1)
    rows, places = np.unique(owners, return_inverse=True)
    pairs = candidate_pairs(keys, places)
    wanted, inverse = np.unique(pairs, return_inverse=True)
    first, second = inverse.reshape(pairs.shape).T
    signatures = _signatures(stems, rows[wanted])
    blocks = [slice(i, i + _PAIRS_AT_ONCE) for i in range(0, len(pairs), _PAIRS_AT_ONCE)]
    same = [step.similar(signatures[first[some]], signatures[second[some]]) for some in blocks]
    return rows[pairs[np.concatenate(same)]] if same else np.zeros((0, 2), dtype=np.uint64)


def _place(keys: UInt64, part: int, parts: int) -> int:
    """Where a range of keys begins among sorted ones."""
    return len(keys) if part == parts else int(np.searchsorted(keys, np.uint64(part * 2**64 // parts)))


def _signatures(stems: Sequence[Path], wanted: UInt64) -> np.ndarray:
    """The signatures of some rows, which are given in ascending order."""
    found = []
    for stem in stems:
        rows = np.load(f"{stem}.rows.npy", mmap_mode="r")
        begin, end = np.searchsorted(wanted, [rows[0], rows[-1] + np.uint64(1)])
        signatures = np.load(f"{stem}.signatures.npy", mmap_mode="r")
        found.append(signatures[np.searchsorted(rows, wanted[begin:end])])
    return np.concatenate(found)
