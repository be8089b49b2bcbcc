"""What each step did: how many documents and characters came in, were changed, and went, why, with examples."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

EXAMPLES = 3
EXCERPT = 160  # characters of a document that an example shows


@dataclass
class StepCount:
    """The work of one step, on one chunk or on all of them.

    Attributes:
        step: its name in the recipe.
        documents, characters: that came in.
        removed, removed_characters: of those, what went.
        edited: documents that stayed and were changed.
        reasons: reason: how many documents it removed.
        examples: at most three removed documents: {"id", "reason", "text"}.
    """

    step: str
    documents: int = 0
    characters: int = 0
    removed: int = 0
    removed_characters: int = 0
    edited: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, str]] = field(default_factory=list)

    def remove(self, name: str, reason: str, text: str) -> None:
        """Count a document that goes. What follows a colon in the reason is a detail, not counted apart."""
        self.removed += 1
        self.removed_characters += len(text)
        self.reasons[reason.partition(":")[0]] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append({"id": name, "reason": reason, "text": text[:EXCERPT]})

    def add(self, other: "StepCount") -> None:
        """Count another chunk's work too."""
        for name in ("documents", "characters", "removed", "removed_characters", "edited"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reasons.update(other.reasons)
        self.examples = (self.examples + other.examples)[:EXAMPLES]

    @classmethod
    def load(cls, plain: Mapping[str, Any]) -> "StepCount":
        """From `asdict`'s form, as it stands in JSON."""
        return cls(**{**plain, "reasons": Counter(plain["reasons"])})


def total(chunks: Iterable[Iterable[StepCount]]) -> list[StepCount]:
    """The same steps over all chunks."""
    sums: list[StepCount] = []
    for counts in chunks:
        sums = sums or [StepCount(count.step) for count in counts]
        for one, count in zip(sums, counts, strict=True):
            one.add(count)
    return sums


def waterfall(counts: Iterable[StepCount]) -> list[dict[str, Any]]:
    """What is left after each step, as in figure 3.16.

    Returns:
        One dict per step: "step", "documents" (that came in), "removed", "edited", "removed_of_previous" and
        "kept_of_all" (shares of documents), "kept_characters" (share of all), "reasons" (the commonest first).
    """
    rows, first, characters = [], 0, 0
    for count in counts:
        first, characters = first or count.documents, characters or count.characters
        kept = count.documents - count.removed
        rows.append({
            "step": count.step,
            "documents": count.documents,
            "removed": count.removed,
            "edited": count.edited,
            "removed_of_previous": count.removed / max(count.documents, 1),
            "kept_of_all": kept / max(first, 1),
            "kept_characters": (count.characters - count.removed_characters) / max(characters, 1),
            "reasons": dict(count.reasons.most_common()),
        })  # fmt: skip
    return rows


def plain(counts: Iterable[StepCount]) -> list[dict[str, Any]]:
    """For JSON."""
    return [{**vars(count), "reasons": dict(count.reasons)} for count in counts]
