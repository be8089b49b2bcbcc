"""Suffix arrays: every passage that stands in a corpus twice, found exactly (section 3.2.2; Lee et al., 2022).

The suffix array lists where the suffixes of a text begin, in the suffixes' alphabetical order (Manber and Myers, 1990).
Suffixes that begin alike are neighbours in it, so repeats need only be looked for between neighbours.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from llmbook.data.dedup.shingles import units
from llmbook.errors import ReaderError

Text = str | bytes | Sequence[int] | NDArray[np.integer]
Document = TypeVar("Document", str, bytes, list)


class Span(NamedTuple):
    """A passage that has stood earlier: documents[document][start:end].

    Its beginning has stood at documents[first_document][first_start:] for the first time.
    """

    document: int
    start: int
    end: int
    first_document: int
    first_start: int


# ---------------------------------------------------------------- the array


def suffix_array(text: Text) -> NDArray[np.int64]:
    """The starts of all suffixes in alphabetical order, counted from 0, [length].

    Prefix doubling: suffixes sorted by their first h symbols are sorted by 2h by the pair (rank of i, rank of i + h).
    Only suffixes that are still tied are sorted again (Larsson and Sadakane, 2007).

    Args:
        text: a string, bytes, or whole numbers such as token ids.

    Raises:
        ReaderError: for anything else.
    """
    return _inverse(_last_ranks(_symbols(text)))


def suffix_and_lcp(text: Text) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The suffix array and its LCP array, both [length].

    lcp[r] is how many symbols the suffixes of rank r - 1 and r have in common at their beginning; lcp[0] is 0. The
    ranks met on the way say whether two suffixes agree in h, 2h, 4h, … symbols, and the length in common is put
    together from these powers, for all neighbours at once.

    Raises:
        ReaderError: as `suffix_array`.
    """
    symbols = _symbols(text)
    levels = [(depth, np.append(ranks, -1)) for depth, ranks in _prefix_ranks(symbols)]
    order = _inverse(levels[-1][1][:-1]) if levels else np.zeros(0, np.int64)
    left, right, lcp = order[:-1], order[1:], np.zeros(len(order), np.int64)
    common = lcp[1:]
    for depth, ranks in reversed(levels):
        common += depth * (ranks[left + common] == ranks[right + common])
    ended = np.append(symbols, symbols.min(initial=0) - 1)  # differs from every symbol
    for _ in range(levels[0][0] - 1 if levels else 0):
        common += ended[left + common] == ended[right + common]
    return order, lcp


def kasai(text: Text, order: NDArray[np.int64]) -> NDArray[np.int64]:
    """The LCP array from text and suffix array in linear time, symbol by symbol (Kasai et al., 2001).

    Read in the order of the text, the length in common falls by at most one from each suffix to the next.
    """
    symbols, starts = _symbols(text).tolist(), order.tolist()
    ranks, lcp, common = _inverse(order).tolist(), [0] * len(order), 0
    for start, rank in enumerate(ranks):
        if not rank:
            common = 0
            continue
        other = starts[rank - 1]
        longest = len(symbols) - max(start, other)
        while common < longest and symbols[start + common] == symbols[other + common]:
            common += 1
        lcp[rank] = common
        common = max(common - 1, 0)
    return np.array(lcp, np.int64)


# ---------------------------------------------------------------- duplicates


def duplicate_spans(documents: Sequence[Text], min_length: int = 50) -> list[Span]:
    """All passages of at least `min_length` symbols that have stood earlier, in this document or one before it.

    Passages that overlap or touch are one. No passage reaches from one document into the next: after each stands a
    separator of its own. Two suffixes need only be compared in `min_length` symbols, so the doubling stops there.

    Args:
        documents: strings, bytes, or sequences of token ids.
        min_length: in symbols (RefinedWeb: 50 tokens).

    Returns:
        In the order of the documents.

    Raises:
        ReaderError: for a length below 1, or documents of another type.
    """
    if isinstance(documents, str | bytes):
        raise ReaderError("documents is a single text: give a list of documents")
    symbols = [_symbols(document) for document in documents]
    return _spans(symbols, min_length)


def duplicate_passages(texts: Sequence[str], min_words: int = 50) -> list[Span]:
    """The same counted in words, with the spans given in characters; case and punctuation make no difference.

    Args:
        texts: documents.
        min_words: words of a passage; a character of a script without spaces is a word (see `shingles.units`).

    Raises:
        ReaderError: as `duplicate_spans` or `units`.
    """
    cut = units(texts)
    numbers = np.unique(cut.hashes, return_inverse=True)[1]
    spans = _spans(np.split(numbers, cut.offsets[1:-1]) if len(texts) else [], min_words)

    def place(document: int, word: int) -> int:
        return int(cut.offsets[document]) + word

    return [
        Span(
            span.document,
            int(cut.starts[place(span.document, span.start)]),
            int(cut.ends[place(span.document, span.end - 1)]),
            span.first_document,
            int(cut.starts[place(span.first_document, span.first_start)]),
        )
        for span in spans
    ]


def remove_spans(documents: Sequence[Document], spans: Sequence[Span]) -> list[Document]:
    """The documents (strings, bytes or lists) without the spans, which must not overlap."""
    kept: list[list[Document]] = [[] for _ in documents]
    ends = [0] * len(documents)
    for span in sorted(spans):
        kept[span.document].append(documents[span.document][ends[span.document] : span.start])
        ends[span.document] = span.end
    for document, end, parts in zip(documents, ends, kept, strict=True):
        parts.append(document[end:])
    return [_join(parts) for parts in kept]


def _join(parts: list[Document]) -> Document:
    if isinstance(parts[0], str | bytes):
        return parts[0][:0].join(parts)
    return [symbol for part in parts for symbol in part]


def _spans(documents: Sequence[NDArray[np.int64]], min_length: int) -> list[Span]:
    """The spans of documents given as arrays of whole numbers."""
    if min_length < 1:
        raise ReaderError(f"a duplicate has at least 1 symbol, not min_length = {min_length}")
    if not documents:
        return []
    # Separators are smaller than every symbol and all different: a window with one in it is like no other.
    lowest = min(int(document.min(initial=0)) for document in documents) - len(documents)
    joined = np.concatenate([part for i, document in enumerate(documents) for part in (document, [lowest + i])])
    ranks = _last_ranks(joined, min_length)
    first = np.empty(len(joined), np.int64)
    first[ranks[::-1]] = np.arange(len(joined))[::-1]  # of equal ranks the one written last stands: the earliest
    first = first[ranks]
    begins = np.flatnonzero(first < np.arange(len(joined)))  # here begins what has begun before
    starts = begins[np.append(True, begins[1:] > begins[:-1] + min_length)[: len(begins)]]
    ends = begins[np.append(begins[1:] > begins[:-1] + min_length, True)[: len(begins)]] + min_length
    offsets = np.cumsum([0, *(len(document) + 1 for document in documents)])
    where, source = (np.searchsorted(offsets, places, side="right") - 1 for places in (starts, first[starts]))
    columns = where, starts - offsets[where], ends - offsets[where], source, first[starts] - offsets[source]
    return [Span(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


# ---------------------------------------------------------------- prefix doubling


def _prefix_ranks(symbols: NDArray[np.int64], depth: int | None = None) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """(h, ranks) for growing h: suffixes have the same rank if and only if their first h symbols are the same.

    The rank is how many suffixes are smaller. Ends when no two ranks are the same, or at h = `depth`. The array is
    changed in place from one to the next.
    """
    size = len(symbols)
    if not size:
        return
    alphabet, codes = np.unique(symbols, return_inverse=True)
    bits = len(alphabet).bit_length()
    h = min(64 // bits, size, depth or size)  # so many symbols fit into one machine word
    padded = np.append(codes + 1, np.zeros(h, np.int64)).astype(np.uint64)
    keys = np.zeros(size, np.uint64)
    for place in range(h):
        keys = keys << np.uint64(bits) | padded[place : place + size]
    order = np.argsort(keys)
    keys, tied, ranks = keys[order], np.arange(size), np.empty(size, np.int64)
    while True:
        begins = np.append(True, keys[1:] != keys[:-1])
        ranks[order[tied]] = np.maximum.accumulate(np.where(begins, tied, 0))
        yield h, ranks
        tied = tied[~(begins & np.append(begins[1:], True))]
        if not len(tied) or h == depth:
            return
        step = min(h, depth - h) if depth else h
        h += step
        places = order[tied]
        # A suffix that ends here is smaller than all that go on.
        following = np.where(places + step < size, ranks[np.minimum(places + step, size - 1)] + 1, 0)
        keys = ranks[places] * (size + 1) + following
        by_key = np.argsort(keys)
        order[tied], keys = places[by_key], keys[by_key]


def _last_ranks(symbols: NDArray[np.int64], depth: int | None = None) -> NDArray[np.int64]:
    last = deque(_prefix_ranks(symbols, depth), maxlen=1)
    return last[0][1] if last else np.zeros(0, np.int64)


def _inverse(permutation: NDArray[np.int64]) -> NDArray[np.int64]:
    inverse = np.empty_like(permutation)
    inverse[permutation] = np.arange(len(permutation))
    return inverse


def _symbols(text: ArrayLike) -> NDArray[np.int64]:
    """A text as whole numbers that sort as its symbols do."""
    if isinstance(text, str):
        return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    if isinstance(text, bytes):
        return np.frombuffer(text, np.uint8).astype(np.int64)
    numbers = np.asarray(text)
    if numbers.ndim != 1 or (len(numbers) and numbers.dtype.kind not in "iu"):
        raise ReaderError("a text is a string, bytes, or a flat sequence of whole numbers")
    return numbers.astype(np.int64)
