"""Ranks and coordinates against PyTorch's device mesh, DeepSpeed's topology, and the figures of 4.2.3 to 4.4.1."""

import itertools

import pytest
import torch.distributed as dist
from torch.distributed.device_mesh import DeviceMesh

from llmbook.errors import ReaderError
from llmbook.parallel.placement import Grid, node_of, rank_of

FIGURE_429 = Grid({"pp": 4, "dp": 2, "tp": 4})


def test_ranks_count_the_hosts_one_after_another():
    assert rank_of(3, 5, [8] * 4) == 29  # node_rank · nproc_per_node + local_rank
    slots = [4, 1, 3]
    places = [(node, local) for node, count in enumerate(slots) for local in range(count)]
    assert [rank_of(*place, slots) for place in places] == list(range(8))
    assert [node_of(rank, slots) for rank in range(8)] == places


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: rank_of(2, 0, [8, 8]), "node 2 is not among the 2 hosts"),
        (lambda: rank_of(-1, 0, [8, 8]), "node -1 is not among"),
        (lambda: rank_of(1, 4, [8, 4]), "node 1 has 4 processes, so it has no local rank 4"),
        (lambda: node_of(12, [8, 4]), "rank 12 does not exist in a world of 12"),
        (lambda: Grid({"dp": 2, "tp": 0}), "'tp' has size 0"),
        (lambda: FIGURE_429.coordinates(32), "rank 32 does not exist in a grid of 32"),
        (lambda: FIGURE_429.rank(pp=1, dp=2, tp=0), "dp = 2 is outside 0 to 1"),
        (lambda: FIGURE_429.rank(pp=1, dp=1), "one coordinate for each of pp, dp, tp"),
        (lambda: FIGURE_429.groups("ep"), "no dimension 'ep': it has pp, dp, tp"),
        (lambda: FIGURE_429.crossing("tp", [8, 8]), "the hosts have 16 processes and the grid 32"),
    ],
)
def test_impossible_places_are_named(call, words):
    with pytest.raises(ReaderError, match=words):
        call()


@pytest.fixture
def pretended_world():
    """A process group of 32 in which this process is rank 13; nothing is ever sent."""
    from torch.testing._internal.distributed.fake_pg import FakeStore

    dist.init_process_group("fake", store=FakeStore(), rank=13, world_size=32)
    yield
    dist.destroy_process_group()


@pytest.mark.parametrize("sizes", [{"pp": 4, "dp": 2, "tp": 4}, {"dp": 8, "pp": 2, "tp": 2}, {"dp": 32}])
def test_the_grid_is_that_of_a_device_mesh(pretended_world, sizes):
    grid = Grid(sizes)
    mesh = dist.init_device_mesh("cpu", tuple(sizes.values()), mesh_dim_names=tuple(sizes))
    assert isinstance(mesh, DeviceMesh) and list(grid.coordinates(13).values()) == list(mesh.get_coordinate())
    for name in sizes:
        own = [group for group in grid.groups(name) if 13 in group]
        assert own == [mesh[name].mesh.tolist()]


def test_the_grid_is_that_of_deepspeeds_topology():
    from deepspeed.runtime.pipe.topology import PipeModelDataParallelTopology

    topology = PipeModelDataParallelTopology(num_pp=4, num_mp=4, num_dp=2)
    names = {"pipe": "pp", "data": "dp", "model": "tp"}
    for rank in range(32):
        coordinates = topology.get_coord(rank)._asdict()
        assert FIGURE_429.coordinates(rank) == {names[axis]: index for axis, index in coordinates.items()}
    for axis, name in names.items():
        assert sorted(FIGURE_429.groups(name)) == sorted(topology.get_axis_comm_lists(axis))


def test_coordinates_and_ranks_are_inverse_and_groups_part_the_world():
    grid = Grid({"a": 3, "b": 1, "c": 5})
    assert [grid.rank(**grid.coordinates(rank)) for rank in range(15)] == list(range(15))
    for name, size in grid.sizes.items():
        assert {len(group) for group in grid.groups(name)} == {size}
        assert sorted(itertools.chain(*grid.groups(name))) == list(range(15))


def test_figure_429_keeps_tensor_and_data_groups_inside_a_node():
    nodes = [8] * 4
    assert FIGURE_429.crossing("tp", nodes) == FIGURE_429.crossing("dp", nodes) == []
    assert len(FIGURE_429.crossing("pp", nodes)) == 8  # every one of them
    outward = Grid({"tp": 4, "dp": 2, "pp": 4})  # the order turned round: now the tensor groups cross
    assert len(outward.crossing("tp", nodes)) == 8 and outward.crossing("pp", nodes) == []


def test_bloom():
    """Section 4.2.3: 384 = 8 · 12 · 4 devices on 48 nodes; the tensor neighbours of rank 17 are 16 to 19."""
    grid = Grid({"pp": 12, "dp": 8, "tp": 4})
    assert grid.world_size == 384 and [16, 17, 18, 19] in grid.groups("tp")
    assert grid.crossing("tp", [8] * 48) == [] and len(grid.groups("pp")) == 32
