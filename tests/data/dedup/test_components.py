"""Connected components against each other and by hand."""

import random

import numpy as np
import pytest

from llmbook.data.dedup.components import UnionFind, connected_components, groups
from llmbook.errors import ReaderError


def test_pairs_with_a_common_member_are_one_group():
    """The book's example in 3.4.4: (A, B), (A, C), (A, E) make {A, B, C, E}."""
    labels = connected_components(5, np.array([(0, 1), (0, 2), (0, 4)]))
    assert labels.tolist() == [0, 0, 0, 3, 0]
    assert [group.tolist() for group in groups(labels)] == [[0, 1, 2, 4]]


@pytest.mark.parametrize("seed", range(5))
def test_labels_are_those_of_union_find(seed):
    rng = random.Random(seed)
    size = rng.randrange(1, 300)
    pairs = [(rng.randrange(size), rng.randrange(size)) for _ in range(rng.randrange(size))]
    forest = UnionFind(size)
    forest.union(pairs)
    expected = [forest.find(member) for member in range(size)]
    assert connected_components(size, np.array(pairs)).tolist() == expected
    # A label is its group's smallest member, and members of a pair share it.
    assert all(label <= member for member, label in enumerate(expected))
    assert all(expected[a] == expected[b] for a, b in pairs)
    assert sum(len(group) - 1 for group in groups(np.array(expected))) == size - len(set(expected))


@pytest.mark.parametrize("shuffled", [False, True])
def test_a_long_chain_is_one_group(shuffled):
    chain = list(range(100_000))
    if shuffled:
        random.Random(0).shuffle(chain)
    labels = connected_components(len(chain), np.stack([chain[:-1], chain[1:]], axis=1))
    assert not labels.any()
    forest = UnionFind(len(chain))
    forest.union(zip(chain, chain[1:], strict=False))
    assert forest.find(chain[-1]) == 0


def test_without_pairs_everybody_is_alone():
    assert connected_components(3, np.zeros((0, 2), np.int64)).tolist() == [0, 1, 2]
    assert groups(np.arange(3)) == [] == groups(np.arange(0))


def test_a_member_out_of_range_is_named():
    with pytest.raises(ReaderError, match="reach from 0 to 3, but the members are 0 … 2"):
        connected_components(3, np.array([(0, 3)]))
