"""Reading comprehension: a passage about invented people, prices or goods, and questions whose answers stand in it.

The people are not the world's makers, the prices are never the true ones, and what the goods are like is drawn afresh
for each passage: nothing of it can be known by heart, so the answers have to be looked up.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from llmbook.data.world import names, reading_en, reading_zh
from llmbook.data.world.catalogue_tree import CATEGORIES, Category
from llmbook.data.world.choices import Choices
from llmbook.data.world.entities import Product
from llmbook.data.world.facts import say
from llmbook.data.world.lexicon import PEOPLE, THINGS, Name, article
from llmbook.data.world.marked import Mark, Sentence, add, fill, join
from llmbook.data.world.pages import LANGUAGES
from llmbook.data.world.questions import WORDING as QUESTIONS
from llmbook.data.world.questions import Item, ask, spans

if TYPE_CHECKING:
    from llmbook.data.world import World

_WORDING = {"en": reading_en, "zh": reading_zh}
NOT_SAID = {"en": reading_en.NOT_SAID, "zh": reading_zh.NOT_SAID}
_SPACE = {"en": " ", "zh": ""}
Slots = dict[str, str | Mark]


class Query(NamedTuple):
    """Ways to ask for one fact, and the answer; with `back`, ways to ask for its subject, which is `who`."""

    about: str
    questions: Sequence[str]
    answer: str
    slots: Slots
    back: Sequence[str] = ()
    who: str = ""


class Passage(NamedTuple):
    """What is told, as sentences or lines with `space` between them, and what can be asked about it.

    Attributes:
        told: what the passage answers.
        missing: draws a query that it does not answer.
        whole: queries about the passage as a whole.
    """

    lines: list[Sentence]
    space: str
    told: list[Query]
    missing: Callable[[], Query]
    whole: tuple[Query, ...] = ()


# ---------------------------------------------------------------- people


class Person(NamedTuple):
    """Somebody of whom nothing else is known, and the slots in which the name stands."""

    name: str
    female: bool
    slots: Slots


def _person(name: str, female: bool, language: str) -> Person:
    whose = name + ("'s" if language == "en" else "的")
    return Person(name, female, {"Name": name, "name": name, "Names": whose, "names": whose})


_GIVEN = tuple((name, i % 2 == 0) for i, name in enumerate(names.GIVEN_NAMES))
_FULL_NAMES = {
    "en": tuple(_person(f"{s.en} {g.en}", female, "en") for s in names.SURNAMES for g, female in _GIVEN),
    "zh": tuple(_person(s.zh + g.zh, female, "zh") for s in names.SURNAMES for g, female in _GIVEN),
}
# As friends say: Mei, 小梅.
_FIRST_NAMES = {
    "en": tuple(_person(given.en, female, "en") for given, female in _GIVEN),
    "zh": tuple(_person("小" + given.zh, female, "zh") for given, female in _GIVEN),
}


def strangers(world: "World", language: str) -> tuple[Person, ...]:
    """All whose names could be a maker's, but are not."""
    makers = {say(maker.name, language) for maker in world.makers}
    return tuple(person for person in _FULL_NAMES[language] if person.name not in makers)


def _things(language: str) -> tuple[str, ...]:
    """`a red scarf` and the like; no green hats, which are an insult in Chinese."""
    looks = [(tint, noun) for tint in names.TINTS for noun in THINGS.values() if (tint.en, noun.en) != ("green", "hat")]
    if language == "zh":
        return tuple(f"一{noun.measure}{tint.zh}的{noun.zh}" for tint, noun in looks)
    return tuple(f"a {tint.en} {noun.en}" for tint, noun in looks)


def _pool(values: Sequence[Name], language: str) -> tuple[str, ...]:
    return tuple(say(value, language) for value in values)


def _pools(language: str) -> dict[str, tuple[str, ...]]:
    """By relation, the values that people can have; no two people of a passage have the same."""
    trades = tuple(f"{article(n.en)} {n.en}" if language == "en" else n.zh for n in PEOPLE.values())
    cities, things = _pool(names.CITIES, language), _things(language)
    return {
        "thing": things,
        "bought": things,
        "sells": _pool([category.name for category in CATEGORIES], language),
        "lives": cities,
        "travels": cities,
        "hobby": _pool(names.HOBBIES, language),
        "trade": trades,
        "age": tuple(map(str, range(18, 80))),
        "coins": tuple(map(str, range(2, 100))),
        "colour": _pool(names.TINTS, language),
        "ordered": tuple(map(str, range(2, 31))),
        "day": _pool(names.WEEKDAYS, language),
        "number": tuple(map(str, range(100, 1000))),
        "street": _pool(names.STREETS, language),
        "month": _pool(names.MONTHS, language),
    }


_POOLS = {language: _pools(language) for language in LANGUAGES}
_RELATIONS = (*_POOLS["en"], "friend")
# What can be asked of people of whom it is not told, and not be guessed from the rest.
_UNTOLD = tuple(r for r in _RELATIONS if r not in ("thing", "bought", "ordered"))
# How many people, and how much is told of each; easy ones are frequent.
_SIZES = (
    (6, (2, 1)), (4, (3, 1)), (3, (4, 1)), (2, (5, 1)), (2, (6, 1)), (3, (1, 2)), (2, (1, 3)), (1, (1, 4)),
    (4, (2, 2)), (2, (2, 3)), (1, (2, 4)), (2, (3, 2)), (1, (4, 2)),
)  # fmt: skip


def people(world: "World", draw: Choices, language: str, record: str) -> Passage:
    """Some facts about each of some people, by person or by fact, in sentences or in what they say themselves."""
    count, each = draw.weighted(_SIZES)
    rest = list(world.strangers[language] if draw.chance(1, 2) else _FIRST_NAMES[language])
    cast = [rest.pop(draw.below(len(rest))) for _ in range(count)]
    relations = draw.sample(_RELATIONS, each)
    values = {relation: _values(draw, relation, cast, rest, language, record) for relation in relations}
    layouts = [(2, "persons"), (2, "pronouns"), (1, "speech"), (1, "facts")]
    if each == 1 or count == 1:
        layouts = [pair for pair in layouts if pair[1] != "facts" and (each > 1 or pair[1] != "pronouns")]
    layout = draw.weighted([pair for pair in layouts if count > 1 or pair[1] != "speech"])

    wording = _WORDING[language]
    order = _order(draw, range(count), relations, layout == "facts")
    lines = _sentences(draw, cast, order, values, layout, language)
    if layout == "speech":
        lines = _speeches(cast, lines, each, language)
    elif draw.chance(1, 4):
        lines.insert(draw.between(1, len(lines)), Sentence(draw.pick(wording.FILLERS)))
    if draw.chance(1, 3):
        lines.insert(0, Sentence(draw.pick(wording.OPENINGS)))

    told = []
    for i, relation in order:
        answer, _, _, questions, back = wording.PEOPLE[relation]
        told.append(Query(relation, questions, answer, values[relation][i], back, cast[i].name))

    def missing() -> Query:
        if draw.chance(1, 2):  # a fact that is told of others
            relation, slots = draw.pick(relations), draw.pick(rest).slots
            slots = {**values[relation][0], **slots}
        else:
            relation, slots = draw.pick([r for r in _UNTOLD if r not in values]), draw.pick(cast).slots
        return Query("nothing", wording.PEOPLE[relation][3], NOT_SAID[language], slots)

    return Passage(lines, "\n" if layout == "speech" else _SPACE[language], told, missing)


def _values(
    draw: Choices, relation: str, cast: list[Person], rest: list[Person], language: str, record: str
) -> list[Slots]:
    """For each of the cast, the slots of this relation: names, and a value that nobody else has."""
    shared: Slots = {}
    if relation == "ordered":
        noun = draw.pick(tuple(THINGS.values()))
        shared = {"goods": noun.plural if language == "en" else noun.zh, "measure": noun.measure}
    if relation == "friend":
        values = [rest.pop(draw.below(len(rest))).name for _ in cast]
    else:
        values = draw.sample(_POOLS[language][relation], len(cast))
    return [
        {**shared, **person.slots, "value": Mark(value, f"{record}/{person.name}", relation)}
        for person, value in zip(cast, values, strict=True)
    ]


def _order(draw: Choices, cast: range, relations: list[str], by_fact: bool) -> list[tuple[int, str]]:
    """Which fact about whom comes when: all about one after the other, or one fact about all after the other.

    The first goes through what there is as it was drawn, so that each order can be had in one way only.
    """
    order: list[tuple[int, str]] = []
    if by_fact:
        for relation in relations:
            order += [(i, relation) for i in (draw.sample(cast, len(cast)) if order else cast)]
    else:
        for i in cast:
            order += [(i, relation) for relation in (draw.sample(relations, len(relations)) if order else relations)]
    return order


def _sentences(
    draw: Choices,
    cast: list[Person],
    order: list[tuple[int, str]],
    values: dict[str, list[Slots]],
    layout: str,
    language: str,
) -> list[Sentence]:
    wording, lines, last = _WORDING[language], [], -1
    for i, relation in order:
        slots = values[relation][i]
        if layout == "pronouns" and i == last:
            slots = {**slots, **wording.PRONOUNS[cast[i].female]}
        lines.append(fill(draw.pick(wording.PEOPLE[relation][2 if layout == "speech" else 1]), slots))
        last = i
    return lines


def _speeches(cast: list[Person], lines: list[Sentence], each: int, language: str) -> list[Sentence]:
    """A line for each person, who says so many of the sentences."""
    speeches = []
    for i, person in enumerate(cast):
        said = Sentence(person.name + (": " if language == "en" else "："))
        for j, line in enumerate(lines[i * each : (i + 1) * each]):
            said = add(said, add(Sentence(_SPACE[language]), line) if j else line)
        speeches.append(said)
    return speeches


# ---------------------------------------------------------------- prices


_LISTED = ((3, 2), (3, 3), (2, 4), (1, 5), (1, 6), (1, 8))  # how many goods have their price told
_COINS = range(2, 100)


class Good(NamedTuple):
    """Something for sale: its name, without and with an article, and its true price if it has one."""

    id: str
    name: str
    the: str
    coins: int | None = None


def prices(world: "World", draw: Choices, language: str, record: str) -> Passage:
    """The price list of a shop, at other prices than the true ones, or of a stall; as lines or as sentences."""
    wording = _WORDING[language]
    if draw.chance(1, 2):
        shop = draw.pick(world.shops)
        goods = [_product(price.product, price.coins, language) for price in world.prices_of[shop.id]]
        head = _head(draw, wording.SHOP_HEADS, {"shop": say(shop.name, language)}, language)
    else:
        goods, head = list(_THINGS[language]), _head(draw, wording.STALL_HEADS, {}, language)
    count = draw.weighted(_LISTED)
    listed = [goods.pop(draw.below(len(goods))) for _ in range(count)]
    coins = _other_prices(draw, listed)
    slots: list[Slots] = [
        {
            "Good": good.name,
            "the_good": good.the,
            "The_good": good.the[0].upper() + good.the[1:],
            "value": Mark(str(price), f"{record}/{good.id}", "price"),
        }
        for good, price in zip(listed, coins, strict=True)
    ]
    in_lines = draw.chance(1, 2)
    style = draw.pick(wording.PRICE_LINES) if in_lines else ""
    lines = [head, *(fill(style or draw.pick(wording.PRICE_SENTENCES), of_one) for of_one in slots)]
    told = [
        Query("price", wording.PRICE_QUESTIONS, wording.PRICE_ANSWER, of_one, wording.GOOD_QUESTIONS, good.the)
        for of_one, good in zip(slots, listed, strict=True)
    ]
    extremes = (("cheapest", wording.CHEAPEST, min(coins)), ("dearest", wording.DEAREST, max(coins)))
    whole = tuple(Query(about, questions, listed[coins.index(price)].the, {}) for about, questions, price in extremes)

    def missing() -> Query:
        return Query("nothing", wording.PRICE_QUESTIONS, NOT_SAID[language], {"the_good": draw.pick(goods).the})

    return Passage(lines, "\n" if in_lines else _SPACE[language], told, missing, whole)


def _product(product: Product, coins: int, language: str) -> Good:
    name = say(product.name, language)
    return Good(product.id, name, f"the {name}" if language == "en" else name, coins)


_THINGS = {
    "en": tuple(Good(noun.en, noun.en, f"{article(noun.en)} {noun.en}") for noun in THINGS.values()),
    "zh": tuple(Good(noun.en, noun.zh, noun.zh) for noun in THINGS.values()),
}


def _head(draw: Choices, heads: Sequence[str], slots: dict[str, str], language: str) -> Sentence:
    head = draw.pick(heads)
    for slot, pool in (("month", names.MONTHS), ("day", names.WEEKDAYS), ("street", names.STREETS)):
        if f"{{{slot}}}" in head:
            slots[slot] = say(draw.pick(pool), language)
    return fill(head, slots)


def _other_prices(draw: Choices, goods: Sequence[Good]) -> list[int]:
    """A price for each, all different, none the true one."""
    free, coins = list(_COINS), []
    for good in goods:
        options = [price for price in free if price != good.coins]
        coins.append(draw.pick(options))
        free.remove(coins[-1])
    return coins


# ---------------------------------------------------------------- cards

_FIELDS = ("material", "colour", "size", "maker", "year")
_CARDS = ((3, (1, 2)), (2, (1, 3)), (1, (1, 4)), (3, (2, 1)), (3, (2, 2)), (2, (2, 3)), (2, (3, 1)), (1, (3, 2)))
_MODELS = tuple((motif, category) for motif in names.MOTIFS for category in CATEGORIES)


def cards(world: "World", draw: Choices, language: str, record: str) -> Passage:
    """What one to three products are like, in this passage alone: as the lines of a card, or in sentences."""
    count, each = draw.weighted(_CARDS)
    models = list(_MODELS)
    listed = [models.pop(draw.below(len(models))) for _ in range(count)]
    fields = draw.sample(_FIELDS, each)
    wording, ways, in_lines = _WORDING[language], QUESTIONS[language].PRODUCT, draw.chance(1, 2)
    styles = {field: draw.pick(wording.CARD[field]) for field in fields} if in_lines else {}
    makers = list(world.strangers[language])
    lines, told = [], []
    for motif, category in listed:
        slots: Slots = {"name": _model_name(motif, category, language)}
        if in_lines:
            lines.append(fill("{name}", slots))
        for field in fields:
            value = _field(draw, field, category, makers, language)
            slots[field] = Mark(value, f"{record}/{slots['name']}", field)
            answer, questions, sentences = ways[field]
            lines.append(fill(styles[field] if in_lines else draw.pick(sentences), slots))
            told.append(Query(field, questions, answer, slots))

    def missing() -> Query:
        other = len(fields) == len(_FIELDS) or draw.chance(1, 2)
        motif, category = draw.pick(models if other else listed)
        field = draw.pick(fields if other else [field for field in _FIELDS if field not in fields])
        return Query("nothing", ways[field][1], NOT_SAID[language], {"name": _model_name(motif, category, language)})

    return Passage(lines, "\n" if in_lines else _SPACE[language], told, missing)


def _model_name(motif: Name, category: Category, language: str) -> str:
    return f"{motif.en} {category.noun.en.title()}" if language == "en" else motif.zh + category.stem


def _field(draw: Choices, field: str, category: Category, makers: list[Person], language: str) -> str:
    if field == "year":
        return str(draw.between(1950, 2010))
    if field == "maker":
        return makers.pop(draw.below(len(makers))).name
    if field == "material":
        return say(names.STUFFS[draw.pick(category.materials)], language)
    tints = names.TINTS if category.noun.en != "hat" else [tint for tint in names.TINTS if tint.en != "green"]
    return say(draw.pick(names.SIZES if field == "size" else tints), language)


# ---------------------------------------------------------------- records

_KINDS = ((6, people), (2, prices), (2, cards))


def reading(world: "World", draw: Choices, name: str) -> dict[str, object]:
    """A passage and one to three questions about it.

    Columns of its own: `passage`, and `questions`, each {question, answer, about, start, end} with the place of the
    answer in the text. What it is about is a relation ("lives"; "who lives" when it asks for the person), or "nothing"
    when the passage does not say (one in ten). Facts are those of the passage (`reading-5/Chen Mei`).
    """
    language = draw.pick(LANGUAGES)
    passage = draw.weighted(_KINDS)(world, draw, language, name)
    text, facts = join(passage.lines, passage.space)
    label = _WORDING[language].LABEL
    label = label.rstrip() + "\n" if passage.space == "\n" else label
    for fact in facts:
        fact["start"], fact["end"] = fact["start"] + len(label), fact["end"] + len(label)
    items = _ask(draw, passage, language)
    whole = "\n".join((label + text, *(item.sentence.text for item in items)))
    return {
        "language": language,
        "text": whole,
        "facts": facts,
        "passage": text,
        "questions": spans(items, 1, len(label) + len(text) + 1),
    }


def _ask(draw: Choices, passage: Passage, language: str) -> list[Item]:
    left = list(passage.told)
    kinds = [(8, "told"), (1, "missing"), (1, "whole")][: 3 if passage.whole else 2]
    items = []
    for _ in range(draw.between(1, min(3, len(left)))):
        kind = draw.weighted(kinds)
        if kind == "told":
            query = left.pop(draw.below(len(left)))
            if query.back and draw.chance(1, 4):
                query = Query("who " + query.about, query.back, query.who, query.slots)
        else:
            query = passage.missing() if kind == "missing" else draw.pick(passage.whole)
        answer = Sentence(fill(query.answer, query.slots).text)
        items.append(ask(fill(draw.pick(query.questions), query.slots).text, answer, language, query.about))
    return items
