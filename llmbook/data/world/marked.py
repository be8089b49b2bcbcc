"""Text that knows where its facts stand."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from llmbook.data.world.lexicon import article


class Mark(NamedTuple):
    """A value to put into a text: what will stand there is the object of `relation` of `subject`."""

    text: str
    subject: str
    relation: str


class Sentence(NamedTuple):
    """A finished piece of text, and the facts in it as (subject, relation, object, start, end)."""

    text: str
    facts: tuple[tuple[str, str, str, int, int], ...] = ()


def fill(template: str, slots: Mapping[str, str | Mark]) -> Sentence:
    """Puts values into the `{key}` slots of a template and notes where each `Mark` came to stand.

    `{a_key}` becomes `a` or `an`, as the value of `key` demands, unless the slots say something else.
    """
    text, facts = "", []
    for part in template.split("{"):
        key, closed, rest = part.partition("}")
        if not closed:
            text += part
            continue
        value = slots[key] if key in slots else _article(slots[key.removeprefix("a_")])
        if isinstance(value, Mark):
            facts.append((value.subject, value.relation, value.text, len(text), len(text) + len(value.text)))
            value = value.text
        text += value + rest
    return Sentence(text, tuple(facts))


def _article(value: str | Mark) -> str:
    return article(value.text if isinstance(value, Mark) else value)


def add(first: Sentence, second: Sentence) -> Sentence:
    """Both pieces, one after the other, as one."""
    shift = len(first.text)
    moved = ((*fact[:3], fact[3] + shift, fact[4] + shift) for fact in second.facts)
    return Sentence(first.text + second.text, (*first.facts, *moved))


def join(sentences: Iterable[Sentence], space: str) -> tuple[str, list[dict[str, object]]]:
    """One text of many sentences, and the facts of all at their places in it."""
    texts, facts, at = [], [], 0
    for text, marks in sentences:
        texts.append(text)
        for subject, relation, value, start, end in marks:
            facts.append(
                {"subject": subject, "relation": relation, "object": value, "start": at + start, "end": at + end}
            )
        at += len(text) + len(space)
    return space.join(texts), facts
