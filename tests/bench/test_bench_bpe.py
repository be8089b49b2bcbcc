"""The benchmark compares the same work: all sides give the same merges and ids."""

import os

from llmbook.bench.bpe import bench_bpe


def test_the_rows_of_a_small_run(monkeypatch):
    monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
    rows = list(bench_bpe(0.05, 500, 0.02, 300, rounds=1))
    assert [(row.task, row.peer) for row in rows] == [
        ("train", "tokenizers, all cores"), ("train", "tokenizers, one core"), ("train", "rescanning"),
        ("encode", "tokenizers, batch"), ("encode", "tokenizers, text by text"),
    ]  # fmt: skip
    assert all(row.same and row.ours > 0 and row.theirs > 0 for row in rows)
    assert "TOKENIZERS_PARALLELISM" not in os.environ
