"""Sentence grammars: templates with slots that are filled at random, and marks around the parts with a label."""

import re
from collections.abc import Callable, Mapping, Sequence

from llmbook.data.world.choices import Choices

# A marked part of a text under construction is START + label + NAMED + the part + END; no finished text contains these.
START, NAMED, END = "\x01", "\x02", "\x03"
_MARKS = re.compile(f"{START}([^{NAMED}]*){NAMED}|{END}")

Span = tuple[str, int, int]  # label, start, end
_Parts = tuple[object, ...]
_RANGE = re.compile(r"(\d+)~(\d+)")


def mark(label: str, text: str) -> str:
    """The text with a label around it, which `unmark` turns into a span."""
    return f"{START}{label}{NAMED}{text}{END}"


def unmark(text: str) -> tuple[str, list[Span]]:
    """The text without its marks, and the spans that they enclosed, in the order of their starts. Marks may nest."""
    if START not in text:
        return text, []
    pieces, spans, open_spans, at, length = [], [], [], 0, 0
    for found in _MARKS.finditer(text):
        pieces.append(text[at : found.start()])
        length += found.start() - at
        at = found.end()
        if found[1] is None:
            label, start = open_spans.pop()
            spans.append((label, start, length))
        else:
            open_spans.append((found[1], length))
    pieces.append(text[at:])
    return "".join(pieces), sorted(spans, key=lambda span: (span[1], -span[2]))


class _Key(str):
    """The name of a slot that the page's context fills."""


class Grammar:
    """Templates over named lists of phrases.

    A slot is `{phrase}`, one of the phrases of that name; `{this|that}`, one of the alternatives; `{3~40}`, a whole
    number from 3 to 40; or `{key}`, what the context says. Phrases may hold slots themselves.

    Args:
        phrases: for each name its phrases, one a line or as a tuple.
        finish: what to do with each finished sentence.
    """

    def __init__(self, phrases: Mapping[str, str | tuple[str, ...]], finish: Callable[[str], str] = str) -> None:
        self._finish = finish
        self._sources = {name: lines(one) if type(one) is str else one for name, one in phrases.items()}
        self._phrases: dict[str, tuple[object, ...]] = {}
        self._compiled: dict[str, object] = {}

    def say(self, template: str, draw: Choices, context: Mapping[str, str]) -> str:
        """One sentence (or more) made from a template."""
        compiled = self._compiled.get(template)
        if compiled is None:
            compiled = self._compiled[template] = self._compile(template)
        if type(compiled) is str:
            return self._finish(compiled)
        out: list[str] = []
        _expand(compiled, draw, context, out)
        return self._finish("".join(out))

    def _compile(self, template: str) -> object:
        """A string if the template has no slots, else a tuple of literals, keys, ranges and tuples of options."""
        parts: list[object] = []
        for is_slot, piece in _split(template):
            options = _alternatives(piece) if is_slot else ()
            if not is_slot:
                parts.append(piece)
            elif len(options) > 1:
                parts.append(tuple(self._compile(option) for option in options))
            elif found := _RANGE.fullmatch(piece):
                parts.append(range(int(found[1]), int(found[2]) + 1))
            elif piece in self._sources:
                parts.append(self._options(piece))
            else:
                parts.append(_Key(piece))
        return parts[0] if len(parts) == 1 and type(parts[0]) is str else tuple(parts)

    def _options(self, name: str) -> tuple[object, ...]:
        if name not in self._phrases:
            self._phrases[name] = tuple(self._compile(phrase) for phrase in self._sources[name])
        return self._phrases[name]


def _expand(parts: _Parts, draw: Choices, context: Mapping[str, str], out: list[str]) -> None:
    for part in parts:
        kind = type(part)
        if kind is str:
            out.append(part)
        elif kind is tuple:
            option = draw.pick(part)
            if option in out:  # "the canal and the canal" happens, but seldom
                option = draw.pick(part)
            if type(option) is str:
                out.append(option)
            else:
                _expand(option, draw, context, out)
        elif kind is range:
            out.append(str(part[draw.below(len(part))]))
        else:
            out.append(context[part])


def lines(text: str) -> tuple[str, ...]:
    """The lines of a block of text, without the empty ones and with single spaces."""
    return tuple(" ".join(filter(None, line.split(" "))) for line in text.split("\n") if line.strip())


def choose(draw: Choices, options: Sequence[str], count: int) -> list[str]:
    """`count` different options in random order, all of them if there are fewer."""
    return draw.sample(options, min(count, len(options)))


def _split(template: str) -> list[tuple[bool, str]]:
    """The literals (False, text) and the slots (True, what is between their braces) of a template."""
    pieces, depth, start = [], 0, 0
    for i, character in enumerate(template):
        if character == "{":
            if depth == 0 and i > start:
                pieces.append((False, template[start:i]))
            start, depth = (i + 1 if depth == 0 else start), depth + 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                pieces.append((True, template[start:i]))
                start = i + 1
    if start < len(template):
        pieces.append((False, template[start:]))
    return pieces


def _alternatives(slot: str) -> list[str]:
    """The slot cut at each `|` that is not inside braces."""
    options, depth = [""], 0
    for character in slot:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "|" and depth == 0:
            options.append("")
        else:
            options[-1] += character
    return options
