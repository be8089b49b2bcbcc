"""Many texts as one array of code points: words, lines, n-grams and their hashes without a loop over characters.

The filters of section 3.2.1 look at every character of a crawl. A Python loop manages about a million characters per
second; the array operations here manage ten to fifty times as many, and need nothing but numpy.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from llmbook.errors import ReaderError

# Bits that describe a code point.
SPACE, ALNUM, ALPHA, CJK = 1, 2, 4, 8
_BATCH = 500_000  # code points worked on at once, so that the arrays of a batch take a few dozen megabytes
_PRIME = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
_INVERSE = pow(_PRIME, -1, 1 << 64)


@dataclass(frozen=True)
class Segments:
    """Pieces of a batch of texts, in order: words, tokens, lines or paragraphs.

    Attributes:
        starts, ends: [S], places in the batch's code points, the end excluded.
        text: [S], the number of the text that each piece belongs to.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    text: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def lengths(self) -> NDArray[np.int64]:
        return self.ends - self.starts


@dataclass(frozen=True)
class TextBatch:
    """Texts as one array of code points, each text followed by a line feed.

    Attributes:
        points: [N], uint32.
        bounds: [D + 1]; text d is `points[bounds[d] : bounds[d + 1]]`, its line feed included.
    """

    points: NDArray[np.uint32]
    bounds: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str]) -> "TextBatch":
        """Raises ReaderError for something that is not text."""
        try:
            joined = "\n".join(texts) + "\n" * bool(len(texts))
        except TypeError:
            raise ReaderError("the texts must be a list of strings, and one of them is not a string") from None
        # A lone surrogate, half of a broken character, is no valid text, but it occurs in crawls and must not stop us.
        points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + 1
        return cls(points, np.concatenate([[0], np.cumsum(lengths)]))

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def text_of(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The number of the text at each place."""
        return np.searchsorted(self.bounds, places, side="right") - 1

    def per_text(self, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        """In how many places of each text, [D], a mask over the code points, [N], is true."""
        return np.diff(np.concatenate([[0], np.cumsum(mask)])[self.bounds])

    def segments(self, begins: NDArray[np.bool_], inside: NDArray[np.bool_]) -> Segments:
        """The pieces that begin where `begins` says and last until the next begins or `inside` is no longer true."""
        starts = np.flatnonzero(begins)
        stops = np.flatnonzero(begins | ~inside)
        ends = np.append(stops, len(self.points))[np.searchsorted(stops, starts, side="right")]
        return Segments(starts, ends, self.text_of(starts))

    def tokens(self) -> Segments:
        """Runs of letters and digits, single Chinese characters and kana, and every other visible character alone."""
        kind = kinds(self.points)
        visible, joins = (kind & SPACE) == 0, (kind & (ALNUM | CJK)) == ALNUM
        continues = joins & _before(joins)
        return self.segments(visible & ~continues, visible)

    def words(self, spaced: bool = True) -> Segments:
        """What stands between blanks; or, for a language without blanks, single characters with what clings to them.

        Without blanks a word is a Chinese character or kana, or a run of other letters and digits, with the
        punctuation behind it, as in a spaced language punctuation clings to the word before it.
        """
        kind = kinds(self.points)
        visible = (kind & SPACE) == 0
        begins = visible & ~_before(visible)
        if not spaced:
            joins = (kind & (ALNUM | CJK)) == ALNUM
            begins |= ((kind & CJK) > 0) | (joins & ~_before(joins))
        return self.segments(begins, visible)

    def lines(self) -> tuple[Segments, NDArray[np.int64]]:
        """The lines that are not blank, without white space at both ends, and the number of the paragraph of each.

        A paragraph is what stands between blank lines.
        """
        visible = np.flatnonzero((kinds(self.points) & SPACE) == 0)
        number = np.cumsum(self.points == ord("\n"))[visible]
        first = np.flatnonzero(np.diff(number, prepend=-1))
        last = np.append(first[1:], len(number))[: len(first)] - 1
        lines = Segments(visible[first], visible[last] + 1, self.text_of(visible[first]))
        new = (np.diff(number[first], prepend=-2) > 1) | (np.diff(lines.text, prepend=-1) > 0)
        return lines, np.cumsum(new) - 1

    def hashes(self, segments: Segments, lower: bool = False) -> NDArray[np.uint64]:
        """A 64-bit hash of the characters of each segment, [S]: equal for equal segments, wherever they stand.

        With c the code points and P an odd number, a segment's hash is made of Σ c(i) P^(i - start) modulo 2^64,
        which for all segments at once is a difference of prefix sums times a power of 1 / P.
        """
        points = (lowered(self.points) if lower else self.points).astype(np.uint64)
        sums = np.concatenate([[np.uint64(0)], np.cumsum(points * _powers(len(points), _PRIME))])
        inside = (sums[segments.ends] - sums[segments.starts]) * _powers(len(points) + 1, _INVERSE)[segments.starts]
        return mixed(inside + segments.lengths.astype(np.uint64))


def batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """The texts in lists of about half a million characters."""
    batch: list[str] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def string_hashes(strings: Iterable[str], lower: bool = False) -> NDArray[np.uint64]:
    """The hashes that `TextBatch.hashes` gives to segments with these characters."""
    strings = list(strings)
    batch = TextBatch.of(strings)
    whole = Segments(batch.bounds[:-1], batch.bounds[1:] - 1, np.arange(len(strings)))
    return batch.hashes(whole, lower)


def mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Every bit of the result depends on every bit of a value (the finaliser of SplitMix64; Steele et al., 2014)."""
    values = values + np.uint64(_PRIME)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def seen_before(keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which keys have occurred earlier in the array, [N]."""
    order = np.argsort(keys, kind="stable")
    before = np.zeros(len(keys), dtype=bool)
    before[order[1:]] = keys[order[1:]] == keys[order[:-1]]
    return before


def kinds(points: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """What each code point is, as bits: SPACE, ALNUM (letters, digits and their marks), ALPHA, CJK (and kana)."""
    table = _tables()[0]
    return np.where(points < len(table), table[np.minimum(points, len(table) - 1)],
                    np.where(points >> 16 == 2, ALNUM | ALPHA | CJK, 0)).astype(np.uint8)  # fmt: skip


def lowered(points: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Capitals as small letters, where that is a single character."""
    table = _tables()[1]
    return np.where(points < len(table), table[np.minimum(points, len(table) - 1)], points)


def _before(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask one place earlier."""
    return np.concatenate([[False], mask[:-1]])


@cache
def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """Of the first 65,536 code points: what they are, and their small letters."""
    import unicodedata

    kind, small = np.zeros(1 << 16, dtype=np.uint8), np.arange(1 << 16, dtype=np.uint32)
    for point in range(1 << 16):
        character = chr(point)
        is_mark = unicodedata.category(character)[0] == "M"
        kind[point] = (
            SPACE * (character.isspace() or character in "\u200b\u200c\u200d\ufeff")
            | ALNUM * (character.isalnum() or is_mark)
            | ALPHA * character.isalpha()
            | CJK
            * (
                character.isalpha()
                and (0x3040 <= point <= 0x30FF or 0x3400 <= point <= 0x9FFF or 0xF900 <= point <= 0xFAFF)
            )
        )
        if len(character.lower()) == 1:
            small[point] = ord(character.lower())
    return kind, small


@cache
def _all_powers(count: int, base: int) -> NDArray[np.uint64]:
    powers = np.full(count, base, dtype=np.uint64)
    powers[0] = 1
    return np.cumprod(powers)


def _powers(count: int, base: int) -> NDArray[np.uint64]:
    """1, base, base², … modulo 2^64, [count]; tables of doubling size are kept."""
    return _all_powers(1 << max(count - 1, 1).bit_length(), base)[:count]
