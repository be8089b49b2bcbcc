"""Words as chains of symbols whose neighbours merge: the data structure under the trainers of BPE and WordPiece.

A trainer that counts all pairs anew after each merge reads the whole text for every token it learns. Here the count and
the places of each pair are kept, and a merge touches only the places where it happens.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

_EDGE = -1  # stands before, between and after words, and where a symbol went up in its left neighbour
_RIGHT = (1 << 32) - 1

Array = NDArray[np.int64]


def pair_of(left: int, right: int) -> int:
    """The number of a pair of symbols; numbers are in order of the left symbol, then of the right one."""
    return left << 32 | right


def symbols_of(pair: int) -> tuple[int, int]:
    """The two symbols of a pair."""
    return pair >> 32, pair & _RIGHT


class Chains:
    """The distinct words of a text, each a chain of symbols with a weight.

    Args:
        symbols: those of all words, end to end.
        lengths: how many of them each word has.
        weights: how often each word occurs.

    Attributes:
        counts: how often each pair of neighbours occurs; in a run of n equal symbols it is counted n - 1 times.
    """

    def __init__(self, symbols: Sequence[int] | Array, lengths: Sequence[int], weights: Iterable[int]) -> None:
        words = len(lengths)
        symbols = np.asarray(symbols, dtype=np.int64)
        places = np.arange(len(symbols)) + np.repeat(np.arange(1, words + 1), lengths)
        size = len(symbols) + words + 1
        self._symbols = np.full(size, _EDGE, dtype=np.int64)
        self._symbols[places] = symbols
        self._weights = np.zeros(size, dtype=np.int64)
        self._weights[places] = np.repeat(np.fromiter(weights, np.int64, words), lengths)
        self._after, self._before = np.arange(1, size + 1), np.arange(-1, size - 1)
        self.counts: dict[int, int] = {}
        self._places: dict[int, Array] = {}
        left = places[self._symbols[places + 1] != _EDGE] if words else places
        self._add(self._symbols[left] << 32 | self._symbols[left + 1], left)

    def _add(self, pairs: Array, places: Array) -> tuple[Array, list[int], list[int]]:
        """Enter new pairs; returns for each of them an index into `pairs`, its number and its count."""
        if not len(pairs):
            return places, [], []
        order = pairs.argsort(kind="stable")  # keeps the places of a pair in ascending order
        pairs, places = pairs[order], places[order]
        starts = np.flatnonzero(np.concatenate(([True], pairs[1:] != pairs[:-1])))
        totals = np.add.reduceat(self._weights[places], starts).tolist()
        distinct, bounds = pairs[starts].tolist(), [*starts.tolist(), len(pairs)]
        for number, pair in enumerate(distinct):
            self._places[pair] = places[bounds[number] : bounds[number + 1]]
        self.counts.update(zip(distinct, totals, strict=True))
        return order[starts], distinct, totals

    def first_place(self, pair: int) -> int:
        """Where a pair first occurs, reading word after word."""
        places = self._places[pair]
        left, right = symbols_of(pair)
        alive = (self._symbols[places] == left) & (self._symbols[self._after[places]] == right)
        return int(places[alive.argmax()])

    def merge(self, pair: int, new: int) -> tuple[list[int], list[int], int]:
        """Make every occurrence of a pair the symbol `new`, from left to right.

        Returns:
            The pairs that came into being, the pairs of which fewer are left, and how many merges there were.
        """
        left, right = symbols_of(pair)
        symbols, after, before = self._symbols, self._after, self._before
        first = self._places.pop(pair)
        del self.counts[pair]
        second = after[first]
        # Places are not struck out when a neighbour is merged away; here we see which still hold the pair.
        alive = (symbols[first] == left) & (symbols[second] == right)
        first, second = first[alive], second[alive]
        if left == right:
            kept = _every_other(first, second)
            first, second = first[kept], second[kept]
        third = after[second]
        symbols[first], symbols[second] = new, _EDGE
        after[first], before[third] = third, first
        zeroth = before[first]
        following, leading = symbols[third], symbols[zeroth]
        inner, outer = following != _EDGE, (leading != _EDGE) & (leading != new)  # two new ones: counted as "following"
        following, leading = following[inner], leading[outer]
        created = np.concatenate((new << 32 | following, leading << 32 | new))
        gone = np.concatenate((right << 32 | np.where(following == new, left, following), leading << 32 | left))
        indices, fresh, totals = self._add(created, np.concatenate((first[inner], zeroth[outer])))
        fewer = gone[indices].tolist() if fresh else []
        for old, total in zip(fewer, totals, strict=True):
            self._subtract(old, total)
        return fresh, fewer, int(self._weights[first].sum())

    def _subtract(self, pair: int, total: int) -> None:
        rest = self.counts.get(pair, 0) - total
        if rest > 0:
            self.counts[pair] = rest
        else:
            self.counts.pop(pair, None)
            self._places.pop(pair, None)


def _every_other(first: Array, second: Array) -> NDArray[np.bool_]:
    """In a run of equal symbols the 1st and 2nd merge, the 3rd and 4th, …; which of the places start a merge."""
    number = np.arange(len(first))
    starts_run = np.concatenate(([True], first[1:] != second[:-1]))[: len(first)]
    return (number - np.maximum.accumulate(np.where(starts_run, number, 0))) % 2 == 0
