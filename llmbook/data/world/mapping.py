"""Patterns to be found in context: lines `input -> label`, whose rule is drawn anew for each record.

What a label stands for can only be learned from the lines above: without any, no label is better than another.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from llmbook.data.world import mapping_words as words
from llmbook.data.world import names
from llmbook.data.world.catalogue_tree import CATEGORIES, DEPARTMENTS
from llmbook.data.world.choices import Choices
from llmbook.data.world.facts import say
from llmbook.data.world.lexicon import THINGS
from llmbook.data.world.pages import LANGUAGES

if TYPE_CHECKING:
    from llmbook.data.world import World

MAX_LINES = 20
_MAX_INPUTS = 6  # that are repeated


class Lines(NamedTuple):
    """The pairs of a record: of which family and rule they are, and the language of their words."""

    family: str
    rule: str
    pairs: list[tuple[str, str]]
    language: str


# ---------------------------------------------------------------- repeats: what was labelled before has the same label


def repeats(world: "World", draw: Choices, language: str) -> Lines:
    """Two to six inputs, each with a label of its own, which then come again and again."""
    rule = draw.pick(("words", "nonsense", "numbers", "people"))
    pool = _repeated(rule, language) if rule != "people" else [person.name for person in world.strangers[language]]
    return Lines("repeats", rule, _repeating(draw, pool, words.LABELS[language]), language)


def _repeating(draw: Choices, pool: Sequence[str], pools: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    count = draw.between(2, _MAX_INPUTS)
    inputs, labels = draw.sample(pool, count), draw.sample(draw.pick(pools), count)
    pairs = list(zip(inputs, labels, strict=True))
    return pairs + [draw.pick(pairs) for _ in range(draw.between(2, MAX_LINES - count))]


@cache
def _repeated(rule: str, language: str) -> tuple[str, ...]:
    if rule == "numbers":
        return tuple(map(str, range(100)))
    return words.NONSENSE[language] if rule == "nonsense" else _kinds(language)["thing"]


# ---------------------------------------------------------------- classes: what is of a kind has the same label


def classes(world: "World", draw: Choices, language: str) -> Lines:
    """Inputs of two to four classes, hardly one of them twice, with a label for each class."""
    rule, options = _scheme(world, draw, language)
    pairs = _labelled(draw, options, words.LABELS[language])
    return Lines("classes", rule, pairs, "en-zh" if rule == "languages" else language)


def _scheme(world: "World", draw: Choices, language: str) -> tuple[str, Sequence[Sequence[str]]]:
    """What the classes are to be told apart by, and the classes that there are."""
    rule = draw.weighted(
        ((6, "kinds"), (2, "departments"), (2, "categories"), (2, "opinions"), (3, "numbers"), (2, "languages"))
    )
    if rule == "kinds":
        return rule, tuple(_kinds(language).values())
    if rule == "opinions":
        return rule, _opinions(language)
    if rule == "numbers":
        return draw.pick(_NUMBERS)
    if rule == "languages":
        return rule, (_names("en"), _names("zh"))
    options = world.sorted_goods[rule, language]
    return rule, draw.pick(options) if rule == "categories" else options


def _labelled(draw: Choices, options: Sequence[Sequence[str]], pools: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """Lines of some of the classes, each class once before any comes twice."""
    chosen = draw.sample(options, draw.between(2, min(4, len(options))))
    labels = draw.sample(draw.pick(pools), len(chosen))
    lines = draw.between(len(chosen) + 2, MAX_LINES)
    order = [*range(len(chosen)), *(draw.below(len(chosen)) for _ in range(lines - len(chosen)))]
    left: list[list[str]] = [[] for _ in chosen]
    pairs = []
    for i in order:
        if not left[i]:
            left[i] = list(chosen[i])
        pairs.append((left[i].pop(draw.below(len(left[i]))), labels[i]))
    return pairs


_NUMBERS = (
    ("parity", (tuple(map(str, range(10, 100, 2))), tuple(map(str, range(11, 100, 2))))),
    ("size", (tuple(map(str, range(100, 500))), tuple(map(str, range(500, 1000))))),
    ("digits", (tuple(map(str, range(10))), tuple(map(str, range(10, 100))))),
)


@cache
def _kinds(language: str) -> dict[str, tuple[str, ...]]:
    return {kind: tuple(say(name, language) for name in members) for kind, members in words.KINDS.items()}


@cache
def _opinions(language: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return words.opinions(language)


@cache
def _names(language: str) -> tuple[str, ...]:
    """All words of the classes in one language."""
    return tuple(word for members in _kinds(language).values() for word in members)


def sort_goods(world: "World") -> dict[tuple[str, str], tuple]:
    """The products' names by department; and by category, the categories of one department together."""
    goods: dict[tuple[str, str], tuple] = {}
    for language in LANGUAGES:
        by_category = {
            category.id: tuple(say(p.name, language) for p in world.products if p.category is category)
            for category in CATEGORIES
        }
        groups = tuple(
            tuple(by_category[category.id] for category in CATEGORIES if category.department is department)
            for department in DEPARTMENTS
        )
        goods["categories", language] = groups
        goods["departments", language] = tuple(tuple(name for names_ in group for name in names_) for group in groups)
    return goods


# ---------------------------------------------------------------- functions: what is said is made of the input


def functions(world: "World", draw: Choices, language: str) -> Lines:
    """Outputs that follow from the inputs by a rule: translation, a number more, words turned round, a known fact."""
    rule, make = draw.weighted(_FUNCTIONS)
    pairs = make(world, draw, language)
    lines = draw.between(4, min(MAX_LINES, len(pairs)))
    spoken = "en-zh" if rule == "translation" else language
    return Lines("functions", rule, draw.sample(pairs, lines), spoken)


Pairs = Sequence[tuple[str, str]]


@cache
def _dictionary(language: str) -> Pairs:
    other = "zh" if language == "en" else "en"
    return tuple(
        (say(name, language), say(name, other))
        for kind in ("colour", "animal", "thing", "trade", "hobby", "month", "weekday")
        for name in words.KINDS[kind]
    )


def _translation(world: "World", draw: Choices, language: str) -> Pairs:
    return _dictionary(language)


def _sum(world: "World", draw: Choices, language: str) -> Pairs:
    more = draw.pick([k for k in range(-9, 10) if k])
    return [(str(n), str(n + more)) for n in range(10, 90)]


def _steps(world: "World", draw: Choices, language: str) -> Pairs:
    """The weekday or month that comes one to three later."""
    ring, step = draw.pick((names.MONTHS, names.WEEKDAYS)), draw.between(1, 3)
    return [(say(name, language), say(ring[(i + step) % len(ring)], language)) for i, name in enumerate(ring)]


@cache
def _coloured(language: str) -> Sequence[tuple[str, str]]:
    """Two words with a space between them, in Chinese too."""
    tints, things = _kinds(language)["colour"], _kinds(language)["thing"]
    return tuple((tint, thing) for tint in tints for thing in things if " " not in thing)


def _turned(world: "World", draw: Choices, language: str) -> Pairs:
    return [(f"{a} {b}", f"{b} {a}") for a, b in _coloured(language)]


def _one_of_two(world: "World", draw: Choices, language: str) -> Pairs:
    at = draw.below(2)
    return [(f"{a} {b}", (a, b)[at]) for a, b in _coloured(language)]


def _forms(world: "World", draw: Choices, language: str) -> Pairs:
    """The plural in English, the measure word in Chinese."""
    nouns = THINGS.values()
    return [(n.en, n.plural) for n in nouns] if language == "en" else [(n.zh, n.measure) for n in nouns]


def _fact(world: "World", draw: Choices, language: str) -> Pairs:
    """Something that is true of the world's products, shops or cities."""
    return draw.pick(world.fact_pairs[language])


def pair_facts(world: "World") -> dict[str, tuple[Pairs, ...]]:
    """By language, for some relations, all that have it with its value."""
    return {language: _fact_pairs(world, language) for language in LANGUAGES}


def _fact_pairs(world: "World", language: str) -> tuple[Pairs, ...]:
    groups = (
        (world.products, ("material", "colour", "size", "maker", "category")),
        (world.shops, ("city", "owner", "department")),
        (world.cities, ("landmark", "region", "fair")),
        (world.makers, ("city", "craft", "hobby")),
    )
    return tuple(
        tuple((say(entity.name, language), say(world.facts[entity.id][relation][0], language)) for entity in entities)
        for entities, relations in groups
        for relation in relations
    )


_FUNCTIONS: tuple[tuple[int, tuple[str, Callable[["World", Choices, str], Pairs]]], ...] = (
    (3, ("translation", _translation)),
    (3, ("sum", _sum)),
    (1, ("step", _steps)),
    (1, ("turned", _turned)),
    (1, ("one of two", _one_of_two)),
    (1, ("form", _forms)),
    (3, ("fact", _fact)),
)


# ---------------------------------------------------------------- records

_FAMILIES = ((3, repeats), (5, classes), (3, functions))


def mapping(world: "World", draw: Choices, name: str) -> dict[str, object]:
    """Four to twenty lines that follow one rule.

    Columns of its own: `family` ("repeats", "classes" or "functions"), `rule`, `layout` (a template with {x} and {y}),
    and `pairs`, each {input, label, start, end} with the place of the label in the text. In the first two families the
    labels mean nothing and are drawn for this record. Bilingual rules have the language "en-zh".
    """
    language = draw.pick(LANGUAGES)
    lines = draw.weighted(_FAMILIES)(world, draw, language)
    layout = draw.pick(words.LAYOUTS[language])
    return {
        "language": lines.language,
        "text": "\n".join(layout.format(x=x, y=y) for x, y in lines.pairs),
        "facts": [],
        "family": lines.family,
        "rule": lines.rule,
        "layout": layout,
        "pairs": _spans(lines.pairs, layout),
    }


def _spans(pairs: list[tuple[str, str]], layout: str) -> list[dict[str, object]]:
    frame, found, at = len(layout.format(x="", y="")), [], 0
    for x, y in pairs:
        at += frame + len(x)
        found.append({"input": x, "label": y, "start": at, "end": at + len(y)})
        at += len(y) + 1
    return found
