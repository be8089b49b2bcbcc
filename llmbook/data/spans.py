"""Marked stretches of text: what detectors and taggers find, and how well they find it (section 3.2.3)."""

import bisect
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of a text: `value` stands in `text[start:end]`.

    Attributes:
        type: what it is, e.g. "email".
        start: index of the first character.
        end: index after the last one.
        value: the characters themselves.
    """

    type: str
    start: int
    end: int
    value: str


class SpanScore(NamedTuple):
    """How many spans were there, how many were found, and how many of these are right to the character.

    A ratio without a denominator is 1: nothing was there to be missed, or nothing was found to be wrong.
    """

    true: int
    found: int
    right: int

    @property
    def precision(self) -> float:
        """Share of the found spans that are right."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the true spans that were found."""
        return self.right / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        total = self.true + self.found
        return 2 * self.right / total if total else 1.0


def without_overlaps(spans: Iterable[Span], ranks: Sequence[str]) -> list[Span]:
    """Keep the better one of any two spans that overlap, and sort what is left by place.

    Args:
        spans: in any order.
        ranks: types from the most to the least trusted; within a type the longer span wins, then the earlier one.
            Spans of other types come last.
    """
    order = {kind: rank for rank, kind in enumerate(ranks)}
    kept: list[Span] = []  # sorted by place
    for span in sorted(spans, key=lambda s: (order.get(s.type, len(order)), s.start - s.end, s.start)):
        place = bisect.bisect(kept, span.start, key=lambda other: other.start)
        before, after = kept[place - 1 : place], kept[place : place + 1]
        if all(other.end <= span.start for other in before) and all(span.end <= other.start for other in after):
            kept.insert(place, span)
    return kept


def replace_spans(text: str, spans: Iterable[Span], replacement: Callable[[Span], str]) -> str:
    """The text with each span, sorted and without overlaps, replaced by what `replacement` makes of it."""
    pieces, done = [], 0
    for span in spans:
        pieces += text[done : span.start], replacement(span)
        done = span.end
    return "".join(pieces) + text[done:]


def score_spans(found: Iterable[Iterable[Span]], true: Iterable[Iterable[Span]]) -> dict[str, SpanScore]:
    """Compare found spans with true ones, text by text: a span is right if type, start and end all are.

    Args:
        found: the spans found in each text.
        true: the spans that are there; the same number of texts.

    Returns:
        A score for each type that occurs, and under "all" the sum over types (the micro-average).
    """
    counts: dict[str, list[int]] = {"all": [0, 0, 0]}
    for mine, theirs in zip(found, true, strict=True):
        mine, theirs = {span[:3] for span in mine}, {span[:3] for span in theirs}
        for column, group in enumerate((theirs, mine, mine & theirs)):
            for kind, _, _ in group:
                counts.setdefault(kind, [0, 0, 0])[column] += 1
                counts["all"][column] += 1
    return {kind: SpanScore(*counts[kind]) for kind in sorted(counts)}
