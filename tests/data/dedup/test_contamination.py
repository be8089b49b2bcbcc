"""Contamination against looking for n-grams as strings."""

import random

import numpy as np
import pytest

from llmbook.data.dedup.contamination import contamination, decontaminate, drop_held_out, sha256_keys
from llmbook.data.dedup.shingles import blocks


def slow(items, documents, n):
    def grams(text, size):
        words = text.split()
        return [tuple(words[i : i + size]) for i in range(len(words) - size + 1)]

    overlap, pairs, hits = [], [], [0] * len(documents)
    for item in items:
        size = min(n, len(item.split()))
        wanted, found, where = grams(item, size) if size else [], set(), []
        for number, document in enumerate(documents):
            matches = sum(wanted.count(gram) for gram in grams(document, size)) if size else 0
            hits[number] += matches
            found |= set(grams(document, size)) & set(wanted) if size else set()
            where += [number] if matches else []
        overlap.append(sum(gram in found for gram in wanted) / max(len(wanted), 1))
        pairs.append(where)
    return overlap, pairs, hits


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("block", [10, 1 << 16])
def test_overlaps_are_those_of_strings(monkeypatch, seed, block):
    monkeypatch.setattr(blocks, "__defaults__", (block,))
    rng = random.Random(seed)
    items = [" ".join(rng.choices("abc", k=rng.randrange(9))) for _ in range(12)]
    documents = [" ".join(rng.choices("abc", k=rng.randrange(14))) for _ in range(15)]
    report = contamination(items, documents, n=5)
    overlap, pairs, hits = slow(items, documents, 5)
    np.testing.assert_allclose(report.overlap, overlap)
    assert [found.tolist() for found in report.item_documents] == pairs
    assert report.document_hits.tolist() == hits
    assert report.contaminated().tolist() == [i for i, share in enumerate(overlap) if share]
    assert decontaminate(items, documents, n=5) == [d for d, count in zip(documents, hits, strict=True) if not count]


def test_a_leaked_item_is_found_whatever_its_layout():
    item = "Which of the twelve cities of the plain has the oldest market for lanterns and lamps?"
    leaked = "FAQ — which of the twelve cities of the plain\nhas the oldest market for lanterns (and lamps)? Ours!"
    item_zh, leaked_zh = (
        "灯市里最老的一家灯笼铺子是在哪一年开张的？",
        "有人问：灯市里最老的一家灯笼铺子是在哪一年开张的",
    )
    report = contamination([item, item_zh, "short one"], ["nothing here", leaked, leaked_zh, "a short one"])
    assert report.overlap.tolist() == [1.0, 1.0, 1.0]
    assert [found.tolist() for found in report.item_documents] == [[1], [2], [3]]
    assert report.contaminated(0.99).tolist() == [0, 1, 2]
    # SHA-256 sees only copies that are the same to the letter.
    assert drop_held_out([item, item + " ", leaked], [item]) == [item + " ", leaked]
    assert sha256_keys(["abc"])[0].startswith("ba7816bf")  # the standard's example


def test_nothing_overlaps_with_nothing():
    report = contamination([], ["a b c"])
    assert len(report.overlap) == 0 and report.item_documents == [] and report.document_hits.tolist() == [0]
    report = contamination(["a b c"], [])
    assert report.overlap.tolist() == [0.0] and len(report.document_hits) == 0
