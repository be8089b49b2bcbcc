"""What the defaults find in the labelled crawl: near duplicates in both languages, and passages that stood before.

`llmbook bench cleaning` measures the same at 50,000 pages.
"""

import numpy as np
import pytest

from llmbook.data.dedup.components import connected_components, groups
from llmbook.data.dedup.exact import document_keys, first_copies
from llmbook.data.dedup.minhash import near_duplicates
from llmbook.data.dedup.suffix_array import duplicate_passages
from llmbook.data.world import World


def roots(pages: list[dict]) -> np.ndarray:
    """Which page each one copies, itself if none."""
    numbers = {page["id"]: number for number, page in enumerate(pages)}
    return np.array([numbers[page["duplicate_of"] or page["id"]] for page in pages])


def pairs_of(labels: np.ndarray, chosen: np.ndarray) -> set[tuple[int, int]]:
    """All pairs of pages with the same label, the first of which is chosen."""
    members = (group.tolist() for group in groups(labels))
    return {(a, b) for group in members for i, a in enumerate(group) if chosen[a] for b in group[i + 1 :]}


def recall_and_precision(true: set, found: set) -> tuple[float, float]:
    return len(true & found) / len(true), len(true & found) / len(found)


@pytest.fixture(scope="module")
def pages() -> list[dict]:
    return list(World(0).records("crawl", 3000))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_near_duplicates_are_found(pages, language):
    labels = connected_components(len(pages), near_duplicates([page["text"] for page in pages])[0])
    chosen = np.array([page["language"] == language for page in pages])
    recall, precision = recall_and_precision(pairs_of(roots(pages), chosen), pairs_of(labels, chosen))
    assert recall >= 0.95 and precision >= 0.98


def test_exact_duplicates_are_all_found_and_nothing_else(pages):
    first = first_copies(document_keys(page["text"] for page in pages))
    found = {number for number, other in enumerate(first) if number != other}
    labelled = {number for number, page in enumerate(pages) if page["duplicate"] == "exact"}
    assert labelled <= found
    # Two near copies of one page may by chance be the same.
    assert all(pages[number]["duplicate"] for number in found)


def test_passages_of_earlier_pages_are_found(pages):
    originals = [page for page in pages if not page["duplicate"]]
    is_found = [np.zeros(len(page["text"]), bool) for page in originals]
    for span in duplicate_passages([page["text"] for page in originals], 50):
        is_found[span.document][span.start : span.end] = True
    shares = {"shared": [], "repetition": []}
    for page, found in zip(originals, is_found, strict=True):
        for injury in page["injuries"]:
            # A paragraph of fewer than 50 words is too short to be a passage.
            if injury["kind"] in shares and injury["end"] - injury["start"] >= 400:
                shares[injury["kind"]].append(found[injury["start"] : injury["end"]].mean())
    assert min(len(part) for part in shares.values()) >= 10
    assert np.mean(shares["shared"]) >= 0.95 and np.mean(shares["repetition"]) >= 0.95
