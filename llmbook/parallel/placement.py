"""Which process sits where (sections 4.4 and 4.4.1): ranks of hosts, coordinates in a grid of parallel dimensions."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from llmbook.errors import ReaderError


def rank_of(node_rank: int, local_rank: int, slots: Sequence[int]) -> int:
    """The global rank of a process: processes are numbered host by host.

    With the same number of processes on every host this is node_rank · nproc_per_node + local_rank (section 4.4.1).

    Args:
        node_rank: number of the host, from 0.
        local_rank: number of the process on it, from 0.
        slots: processes on each host, in the order of the hostfile.

    Raises:
        ReaderError: there is no such host, or no such process on it.
    """
    if not 0 <= node_rank < len(slots):
        raise ReaderError(f"node {node_rank} is not among the {len(slots)} hosts, which are numbered from 0")
    if not 0 <= local_rank < slots[node_rank]:
        raise ReaderError(f"node {node_rank} has {slots[node_rank]} processes, so it has no local rank {local_rank}")
    return sum(slots[:node_rank]) + local_rank


def node_of(rank: int, slots: Sequence[int]) -> tuple[int, int]:
    """The inverse of `rank_of`: (node_rank, local_rank).

    Raises:
        ReaderError: the rank is not below the world size, the sum of the slots.
    """
    if not 0 <= rank < sum(slots):
        raise ReaderError(f"rank {rank} does not exist in a world of {sum(slots)} processes")
    ends = list(itertools.accumulate(slots))
    node = next(node for node, end in enumerate(ends) if rank < end)
    return node, rank - (ends[node] - slots[node])


@dataclass(frozen=True)
class Grid:
    """Processes laid out along parallel dimensions, e.g. pipeline · data · tensor.

    Attributes:
        sizes: processes along each dimension. The last one varies fastest with the rank: its groups are neighbours, so
            put the dimension that talks most there, and the one that talks least first.

    Raises:
        ReaderError: for a size below 1.
    """

    sizes: Mapping[str, int]

    def __post_init__(self) -> None:
        for name, size in self.sizes.items():
            if size < 1:
                raise ReaderError(f"the dimension {name!r} has size {size}: give 1 for one that is not used")

    @property
    def world_size(self) -> int:
        """How many processes there are."""
        return math.prod(self.sizes.values())

    def coordinates(self, rank: int) -> dict[str, int]:
        """Where a rank is along each dimension.

        Raises:
            ReaderError: the rank is not in the grid.
        """
        if not 0 <= rank < self.world_size:
            raise ReaderError(f"rank {rank} does not exist in a grid of {self.world_size} processes")
        found = {}
        for name, size in reversed(self.sizes.items()):
            rank, found[name] = divmod(rank, size)
        return {name: found[name] for name in self.sizes}

    def rank(self, **coordinates: int) -> int:
        """The rank at these coordinates, one for each dimension.

        Raises:
            ReaderError: a coordinate is missing, or outside its dimension.
        """
        if set(coordinates) != set(self.sizes):
            raise ReaderError(f"give one coordinate for each of {', '.join(self.sizes)}")
        rank = 0
        for name, size in self.sizes.items():
            if not 0 <= coordinates[name] < size:
                raise ReaderError(f"{name} = {coordinates[name]} is outside 0 to {size - 1}")
            rank = rank * size + coordinates[name]
        return rank

    def groups(self, dimension: str) -> list[list[int]]:
        """The ranks that talk to each other along a dimension: those that differ in no other coordinate.

        Raises:
            ReaderError: the grid has no such dimension.
        """
        return list(self._groups(dimension))

    def _groups(self, dimension: str) -> Iterator[list[int]]:
        if dimension not in self.sizes:
            raise ReaderError(f"the grid has no dimension {dimension!r}: it has {', '.join(self.sizes)}")
        others = [name for name in self.sizes if name != dimension]
        for place in itertools.product(*(range(self.sizes[name]) for name in others)):
            fixed = dict(zip(others, place, strict=True))
            yield [self.rank(**fixed, **{dimension: index}) for index in range(self.sizes[dimension])]

    def crossing(self, dimension: str, slots: Sequence[int]) -> list[list[int]]:
        """The groups of a dimension whose members sit on more than one host.

        Args:
            dimension: one of `sizes`.
            slots: processes on each host.

        Raises:
            ReaderError: the hosts have another number of processes than the grid.
        """
        if sum(slots) != self.world_size:
            raise ReaderError(f"the hosts have {sum(slots)} processes and the grid {self.world_size}")
        return [group for group in self._groups(dimension) if len({node_of(rank, slots)[0] for rank in group}) > 1]
