"""From pairs of duplicates to groups, of which one member each is kept (section 3.4.4)."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from llmbook.errors import ReaderError


class UnionFind:
    """Groups that grow pair by pair, for pairs that arrive as a stream; a group is known by its earliest member.

    Args:
        size: the members are 0 … size - 1.
    """

    def __init__(self, size: int) -> None:
        self.parents = list(range(size))

    def find(self, member: int) -> int:
        """The earliest member of the group."""
        root = member
        while self.parents[root] != root:
            root = self.parents[root]
        while self.parents[member] != root:  # hang the whole path on the root: the next search takes one step
            self.parents[member], member = root, self.parents[member]
        return root

    def union(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Join the groups of both members of each pair."""
        for left, right in pairs:
            first, second = sorted((self.find(left), self.find(right)))
            self.parents[second] = first


def connected_components(size: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """The earliest member of each member's group, int64 [size]: `result == np.arange(size)` are the ones to keep.

    The smaller label is handed across every pair, and labels of labels are looked up, until nothing changes. A chain of
    n pairs takes about log n rounds.

    Args:
        size: the members are 0 … size - 1.
        pairs: [pairs, 2].

    Raises:
        ReaderError: for a pair with a member outside the range.
    """
    pairs = np.asarray(pairs, np.int64).reshape(-1, 2)
    if len(pairs) and (pairs.min() < 0 or pairs.max() >= size):
        raise ReaderError(f"the pairs reach from {pairs.min()} to {pairs.max()}, but the members are 0 … {size - 1}")
    labels = np.arange(size)
    while True:
        ends = labels[pairs]
        ends = ends[ends[:, 0] != ends[:, 1]]
        if not len(ends):
            return labels
        np.minimum.at(labels, ends.max(axis=1), ends.min(axis=1))
        while not np.array_equal(deeper := labels[labels], labels):
            labels = deeper


def groups(labels: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The members of every group of two or more, each in order, groups by their first member.

    Args:
        labels: from `connected_components`.
    """
    order = np.argsort(labels, kind="stable")
    cuts = np.flatnonzero(np.diff(labels[order])) + 1
    return [group for group in np.split(order, cuts) if len(group) > 1]
