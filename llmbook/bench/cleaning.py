"""The cleaning steps against the labels of the sample world's crawl: how much of each injury is found, how surely."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmbook.data.classifier import QualityClassifier, roc_auc
from llmbook.data.dedup.components import connected_components, groups
from llmbook.data.dedup.minhash import near_duplicates
from llmbook.data.language_id import default_identifier
from llmbook.data.privacy import TYPES, find_personal_data
from llmbook.data.spans import Span, score_spans
from llmbook.data.world import World

Pages = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Row:
    """One line of the result.

    Attributes:
        task: what was looked for, and where.
        count: how many of it there are.
        recall, precision: of what was found; None where another measure stands.
        score: F1, or the area under the ROC curve.
        target: of the score, or of recall and precision in this order; None for no aim.
    """

    task: str
    count: int
    recall: float | None
    precision: float | None
    score: float | None = None
    target: str = ""


def bench_cleaning(count: int, seed: int = 0) -> Iterator[Row]:
    """Near duplicates, personal data, quality and language on so many pages of a crawl.

    The quality classifier learns from the crawl of another world, a tenth as large.

    Yields:
        One row per task, as soon as it is measured.
    """
    pages = list(World(seed).records("crawl", count))
    yield from _near_duplicates(pages)
    yield from _personal_data(pages)
    yield _quality(pages, list(World(seed + 1).records("crawl", max(count // 10, 1000))))
    yield _language(pages)


def _near_duplicates(pages: Pages) -> Iterator[Row]:
    """Pairs of pages with the same original, exact copies included."""
    numbers = {page["id"]: number for number, page in enumerate(pages)}
    true = np.array([numbers[page["duplicate_of"] or page["id"]] for page in pages])
    found = connected_components(len(pages), near_duplicates([page["text"] for page in pages])[0])
    for language in ("en", "zh"):
        chosen = np.array([page["language"] == language for page in pages])
        wanted, given = (_pairs(labels, chosen) for labels in (true, found))
        right = len(wanted & given)
        figures = right / max(len(wanted), 1), right / max(len(given), 1)
        yield Row(f"near duplicates, {language}", len(wanted), *figures, target="0.95, 0.98")


def _pairs(labels: NDArray[np.int64], chosen: NDArray[np.bool_]) -> set[tuple[int, int]]:
    """All pairs of the same label whose first is chosen."""
    members = (group.tolist() for group in groups(labels))
    return {(a, b) for group in members for i, a in enumerate(group) if chosen[a] for b in group[i + 1 :]}


def _personal_data(pages: Pages) -> Iterator[Row]:
    """Spans, right only if type, begin and end are; by type, and all that have a form together."""
    with_form = set(TYPES) - {"login", "address"}
    true = [[Span(**entry) for entry in page["pii"]] for page in pages]
    found = [find_personal_data(page["text"], TYPES) for page in pages]
    for kinds, name in ((with_form, "all with a form"), (None, "")):
        keep = [[[s for s in spans if kinds is None or s.type in kinds] for spans in side] for side in (found, true)]
        scores = score_spans(*keep)
        for kind, score in scores.items():
            if name and kind != "all" or not name and kind in ("all", "login", "name"):
                continue
            target = "0.95" if name else ""
            yield Row(f"personal data, {name or kind}", score.true, score.recall, score.precision, score.f1, target)


def _quality(pages: Pages, learnt_from: Pages) -> Row:
    """Whether the classifier scores good pages above bad ones, in either language."""
    texts = {good: [page["text"] for page in learnt_from if page["good"] is good] for good in (True, False)}
    scores = QualityClassifier().fit(texts[True], texts[False]).scores([page["text"] for page in pages])
    good = np.array([page["good"] for page in pages])
    return Row("quality, area under ROC", int((~good).sum()), None, None, roc_auc(scores, good), "0.95")


def _language(pages: Pages) -> Row:
    """Pages in another language than English and Chinese, told from those."""
    true = np.array([page["language"] not in ("en", "zh") for page in pages])
    names = [name for name, _ in default_identifier().identify([page["text"] for page in pages])]
    found = np.array([name not in ("en", "zh", "unknown") for name in names])
    right = (true & found).sum()
    return Row("other languages", int(true.sum()), right / max(true.sum(), 1), right / max(found.sum(), 1))
