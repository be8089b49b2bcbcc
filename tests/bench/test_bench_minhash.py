"""The benchmark compares the same work: both sides find the same planted pairs."""

from llmbook.bench.minhash import bench_minhash, plant


def test_planted_copies_differ_in_one_word_of_a_hundred():
    texts, pairs = plant(60, words=200)
    assert len(texts) == 60 and pairs == {(number - 1, number) for number in range(5, 60, 6)}
    for left, right in pairs:
        differ = [a != b for a, b in zip(texts[left].split(), texts[right].split(), strict=True)]
        assert 1 <= sum(differ) <= 2


def test_the_rows_of_a_small_run():
    rows = list(bench_minhash(documents=120, rounds=1, processes=(1,)))
    assert [row.variant for row in rows] == ["llmbook", "datasketch, bulk", "datasketch, loop", "signatures, 1 process"]
    assert [row.recall for row in rows[:3]] == [row.precision for row in rows[:3]] == [1.0] * 3
    assert all(row.documents_per_second > 0 for row in rows) and rows[0].ratio == rows[3].ratio == 1.0
    assert rows[1].ratio > 1 and rows[2].ratio > 1
