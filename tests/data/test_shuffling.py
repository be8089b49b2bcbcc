"""Shuffling on disk: uniform, complete, with bounded memory."""

import itertools
import tracemalloc
from collections import Counter

import pytest

from llmbook.data.shuffling import is_held_out, scatter, shuffle_lines
from llmbook.errors import ReaderError


def test_every_order_is_equally_likely(tmp_path):
    counts = Counter(
        "".join(shuffle_lines(["a\n", "b\n", "c\n", "d\n"], tmp_path / str(seed), 3, seed)).replace("\n", "")
        for seed in range(2400)
    )
    assert set(counts) == set(map("".join, itertools.permutations("abcd")))
    chi_square = sum((count - 100) ** 2 / 100 for count in counts.values())
    assert chi_square < 49.7, "23 degrees of freedom: exceeded by chance once in a thousand"


def test_nothing_is_lost_and_the_seed_decides(tmp_path):
    lines = [f"行 {i}\r\n" for i in range(1000)] + ["\n"]
    once, again, other = (list(shuffle_lines(lines, tmp_path / "x", 7, seed)) for seed in (1, 1, 2))
    assert once == again != other and sorted(once) == sorted(lines) and once != lines
    assert not (tmp_path / "x").exists()


def test_memory_is_that_of_a_bucket(tmp_path):
    def peak(buckets):
        lines = ("x" * 100 + f"{i}\n" for i in range(100_000))
        tracemalloc.start()
        for _ in shuffle_lines(lines, tmp_path / "y", buckets):
            pass
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(40) < 0.1 * peak(1)


def test_scattered_files_share_the_lines_evenly(tmp_path):
    paths = scatter((f"{i}\n" for i in range(10_000)), tmp_path / "z", 10)
    sizes = [len(path.read_text().splitlines()) for path in paths]
    assert sum(sizes) == 10_000 and min(sizes) > 870 and max(sizes) < 1130
    assert all((numbers := list(map(int, path.read_text().split()))) == sorted(numbers) for path in paths)


def test_what_is_wrong_is_said(tmp_path):
    with pytest.raises(ReaderError, match="at least 1 bucket"):
        list(shuffle_lines(["a\n"], tmp_path / "a", 0))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "file").touch()
    with pytest.raises(ReaderError, match="is not empty"):
        list(shuffle_lines(["a\n"], tmp_path / "b", 1))
    for line in ("a", "a\nb\n"):
        with pytest.raises(ReaderError, match="only line feed"):
            list(shuffle_lines([line], tmp_path / "c", 1))
    with pytest.raises(ReaderError, match="between 0 and 1"):
        is_held_out("a", 1.5)


def test_the_split_is_by_name():
    names = [f"doc-{i}" for i in range(20_000)]
    held = {name for name in names if is_held_out(name, 0.05)}
    assert 900 < len(held) < 1100
    assert held <= {name for name in names if is_held_out(name, 0.1)}, "a larger share holds out the same and more"
    other = {name for name in names if is_held_out(name, 0.05, seed=1)}
    assert len(held & other) < 100
    assert not any(is_held_out(name, 0.0) for name in names) and all(is_held_out(name, 1.0) for name in names)
