"""Shingles: the hashed n-grams that every fuzzy comparison of texts starts from (section 3.2.2).

All of it is array arithmetic over code points, with no Python call per word. A run of symbols x_0, x_1, … gets the
polynomial hash Σ x_j B^j mod 2^64 (Karp and Rabin, 1987); with the running sum H_i = Σ_{j<i} x_j B^j, that of the
symbols from s to e is (H_e - H_s) B^-s, whatever their number.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from llmbook.errors import ReaderError

Unit = Literal["word", "character"]

BLOCK_CHARACTERS = 1 << 16  # texts are hashed in blocks of about so many, which stay in the processor's cache
_SEPARATOR, _LETTER, _ALONE = 0, 1, 2
_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
_SPACE = np.uint64(0xD6E8FEB86659FD93)
# Scripts that write no spaces between words: a character is taken for a word.
_UNSPACED = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3005, 0x3007), (0x3040, 0x30FF), (0x31F0, 0x31FF),
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x20000, 0x3FFFF),
)  # fmt: skip


class Units(NamedTuple):
    """The words or characters of texts, one after the other.

    Attributes:
        hashes: uint64 [units], equal for equal units.
        starts, ends: int64 [units], where in its text a unit stands.
        offsets: int64 [texts + 1]; the units of text i are numbers offsets[i] to offsets[i + 1] - 1.
    """

    hashes: NDArray[np.uint64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    offsets: NDArray[np.int64]


def units(texts: Sequence[str], unit: Unit = "word") -> Units:
    """Cut texts into words or characters and hash each; case and punctuation make no difference.

    A word is a run of letters, marks and digits; in scripts without spaces (Chinese, Japanese, Thai, …) it is a single
    character. As characters, every letter, mark and digit counts, and whatever stands between two of them is one space.

    Raises:
        ReaderError: for an unknown unit, or one string in place of a list.
    """
    _check(texts, unit)
    parts, before = [], 0
    for block in blocks(texts):
        part = _units_of_block(block, unit)
        parts.append(part._replace(offsets=part.offsets[:-1] + before))
        before += len(part.hashes)
    if not parts:
        empty = np.zeros(0, np.int64)
        return Units(empty.astype(np.uint64), empty, empty, np.zeros(1, np.int64))
    hashes, starts, ends, offsets = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return Units(hashes, starts, ends, np.append(offsets, before))


def shingles(texts: Sequence[str], n: int = 5, unit: Unit = "word") -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The hashed n-grams of texts, as often as they occur; a text shorter than n is one shingle, an empty one none.

    Args:
        texts: any number.
        n: units of a shingle.
        unit: "word" or "character", as `units` cuts them.

    Returns:
        Hashes, uint64 [shingles], and offsets, int64 [texts + 1]: where the shingles of each text begin and end.

    Raises:
        ReaderError: for an n below 1, or as `units`.
    """
    _check(texts, unit, n)
    parts = [window_hashes(cut.hashes, cut.offsets, n) for cut in (_units_of_block(b, unit) for b in blocks(texts))]
    hashes = np.concatenate([np.zeros(0, np.uint64), *(hashes for hashes, _ in parts)])
    counts = np.concatenate([np.zeros(1, np.int64), *(np.diff(offsets) for _, offsets in parts)])
    return hashes, counts.cumsum()


def window_hashes(
    values: NDArray[np.uint64], offsets: NDArray[np.int64], n: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hashes of all windows of n values that lie within one text; a text shorter than n is one window.

    Args:
        values: uint64 [values], the units of all texts.
        offsets: int64 [texts + 1], where each text's values begin and end.
        n: values of a window.

    Returns:
        As `shingles`.
    """
    lengths = np.diff(offsets)
    counts = np.where(lengths, np.maximum(lengths - n + 1, 1), 0)
    places = np.concatenate([np.zeros(1, np.int64), counts.cumsum()])
    # The window number w of a text begins w values after the text's first.
    starts = np.arange(places[-1]) + np.repeat(offsets[:-1] - places[:-1], counts)
    ends = starts + np.repeat(np.minimum(lengths, n), counts)
    return _hash_runs(values, starts, ends), places


def blocks(texts: Sequence[str], characters: int = BLOCK_CHARACTERS) -> Iterator[Sequence[str]]:
    """Consecutive texts of about so many characters together; a longer text is a block by itself."""
    start = size = 0
    for number, length in enumerate(map(len, texts)):
        if size and size + length > characters:
            yield texts[start:number]
            start, size = number, 0
        size += length + 1
    if size:
        yield texts[start:]


def scramble(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A bijection of 64-bit numbers after which every bit depends on every other (the finaliser of MurmurHash3)."""
    values = values ^ (values >> np.uint64(33))
    values *= np.uint64(0xFF51AFD7ED558CCD)
    values ^= values >> np.uint64(33)
    values *= np.uint64(0xC4CEB9FE1A85EC53)
    values ^= values >> np.uint64(33)
    return values


def _check(texts: Sequence[str], unit: str, n: int = 1) -> None:
    if isinstance(texts, str):
        raise ReaderError("texts is one string: give a list of texts")
    if unit not in get_args(Unit):
        raise ReaderError(f"unknown unit {unit!r}: choose one of {', '.join(get_args(Unit))}")
    if n < 1:
        raise ReaderError(f"a shingle has at least 1 {unit}, not n = {n}")


def _units_of_block(texts: Sequence[str], unit: Unit) -> Units:
    hash_of, kind_of = _tables()
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    # A line break after every text: no word runs on into the next.
    codes = np.frombuffer("\n".join([*texts, ""]).encode("utf-32-le", "surrogatepass"), np.uint32)
    first = np.concatenate([np.zeros(1, np.int64), (lengths + 1).cumsum()])  # where each text begins
    values, kinds = hash_of[codes], kind_of[codes]
    if unit == "word":
        starts, ends, hashes = _words(values, kinds)
    else:
        starts, ends, hashes = _characters(values, kinds, first)
    offsets = np.searchsorted(starts, first)
    origin = np.repeat(first[:-1], np.diff(offsets))
    return Units(hashes, starts - origin, ends - origin, offsets)


def _words(values: NDArray[np.uint64], kinds: NDArray[np.uint8]) -> tuple[NDArray, NDArray, NDArray]:
    """Starts, ends and hashes of words. The last kind is a separator."""
    previous = np.empty_like(kinds)
    previous[0], previous[1:] = _SEPARATOR, kinds[:-1]
    # A word starts, and one ends, where a letter borders on something else, and around each character that is alone.
    changes = (kinds != previous) | (kinds == _ALONE)
    starts = np.flatnonzero(changes & (kinds != _SEPARATOR))
    ends = np.flatnonzero(changes & (previous != _SEPARATOR))
    return starts, ends, _hash_runs(values, starts, ends)


def _characters(
    values: NDArray[np.uint64], kinds: NDArray[np.uint8], first: NDArray[np.int64]
) -> tuple[NDArray, NDArray, NDArray]:
    """The same for characters: a space stands where a separator comes before a letter that is not its text's first."""
    is_letter = kinds != _SEPARATOR
    spaces = np.flatnonzero(~is_letter[:-1] & is_letter[1:])
    letters_before = np.concatenate([np.zeros(1, np.int64), is_letter.cumsum()])
    begins = first[np.searchsorted(first, spaces + 1, side="right") - 1]
    spaces = spaces[letters_before[spaces] > letters_before[begins]]
    is_unit = is_letter.copy()
    is_unit[spaces] = True
    starts = np.flatnonzero(is_unit)
    hashes = values[starts]
    hashes[~is_letter[starts]] = _SPACE
    return starts, starts + 1, hashes


def _hash_runs(values: NDArray[np.uint64], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The polynomial hash of every run of values from a start to an end, scrambled."""
    powers, inverses = _powers(max(len(values), 1).bit_length())
    sums = np.zeros(len(values) + 1, np.uint64)
    np.cumsum(values * powers[: len(values)], out=sums[1:])
    return scramble((sums[ends] - sums[starts]) * inverses[starts])


@lru_cache(maxsize=4)
def _powers(bits: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """B^i and B^-i modulo 2^64 for i below 2^bits."""
    tables = []
    for base in (_BASE, pow(_BASE, -1, 1 << 64)):
        powers = np.full(1 << bits, base, np.uint64)
        powers[0] = 1
        tables.append(powers.cumprod(dtype=np.uint64))
    return tables[0], tables[1]


@lru_cache(maxsize=1)
def _tables() -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """For every code point: a random number, the same for both cases of a letter; and separator, letter or alone."""
    size, cased = 0x110000, 0x20000  # nothing above `cased` has a lower case
    lower, kinds = np.arange(size, dtype=np.uint64), np.zeros(size, np.uint8)
    for code in range(cased):
        character = chr(code)
        kinds[code] = unicodedata.category(character)[0] in "LNM"
        lower[code] = ord(character.lower()[0])
    for low, high in _UNSPACED:
        kinds[low : high + 1][(kinds[low : high + 1] != _SEPARATOR) | (low >= cased)] = _ALONE
    return scramble(lower + np.uint64(_BASE)), kinds
