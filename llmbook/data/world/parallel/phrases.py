"""Noun phrases, times and places said in English and Chinese at once: the bricks of the parallel sentences.

A side of a phrase is a tuple of pieces in the order of that language. A piece is a plain string (a function word, which
has no counterpart) or a `Word`, which stands in both sides and so ties the place of a content word to its translation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from llmbook.data.world.choices import Choices
from llmbook.data.world.lexicon import (
    COLOURS,
    MATERIALS,
    PEOPLE,
    THINGS,
    Name,
    Noun,
    article,
    names,
    number_en,
    number_zh,
)


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """One use of a content word with its translation (two uses of one word are two objects: `eq` is identity)."""

    en: str
    zh: str


Side = tuple[str | Word, ...]
Weights = Sequence[tuple[int, str]]

PUNCTUATION = (".", "?", ",", "'s")  # pieces that English attaches to the word before


class Phrase(NamedTuple):
    """A phrase in both languages; `plural` decides the English verb form, `definite` the Chinese word order."""

    en: Side = ()
    zh: Side = ()
    plural: bool = False
    definite: bool = True


NOTHING = Phrase()


class Cast(NamedTuple):
    """The people, goods and cities that a sentence may speak of."""

    people: tuple[Name, ...]
    cities: tuple[Name, ...]
    trades: tuple[Noun, ...]
    goods: tuple[Noun, ...]

    def without(self, *phrases: Phrase) -> "Cast":
        """The cast less whoever and whatever these phrases name, so that nobody thanks himself."""
        used = {piece.zh for phrase in phrases for piece in phrase.zh if isinstance(piece, Word)}
        return Cast(*(tuple(one for one in group if one.zh not in used) for group in self))


def _table(text: str) -> dict[str, tuple[str, ...]]:
    lines = (line.split(":") for line in text.strip().splitlines())
    return {key.strip(): tuple(values.split()) for key, values in lines}


# What a thing may be made of. A colour stands before few materials: 红木 is not red wood but rosewood.
_MADE_OF = _table("""
    lantern: paper silk glass
    oil lamp: copper iron glass
    kettle: copper iron
    cup: jade silver wooden bamboo
    bowl: jade silver wooden stone
    plate: silver wooden copper
    robe: silk
    scarf: silk
    fan: silk paper bamboo
    notebook:
    drum: copper wooden
    flute: bamboo jade
    kite: paper silk
    box: jade iron silver wooden
    clock: copper silver wooden
    mirror: copper silver
    umbrella: paper silk
    stool: bamboo wooden stone
""")
_COLOURED = ("paper", "silk", "glass")
GOODS = tuple(THINGS[en] for en in _MADE_OF)
TRADES = tuple(PEOPLE.values())

_QUALITIES = names("beautiful 漂亮的, expensive 昂贵的, heavy 沉重的, strange 奇怪的")
_SIZES = names("big 大, small 小")
_AGES = names("old 旧, new 新")
_TRAITS = names("kind 善良的, young 年轻的, clever 聪明的, old 年老的")

_PARTS = _table("""
    box: lid bottom
    kettle: lid handle bottom
    cup: handle bottom
    bowl: edge bottom
    plate: edge bottom
    mirror: handle edge
    umbrella: handle
    fan: handle edge
    scarf: edge
    stool: bottom
    drum: edge bottom
""")
_PART_NAMES = {name.en: name for name in names("lid 盖子, handle 把手, edge 边缘, bottom 底部")}


def said(name: Name) -> Word:
    """A word of the tables, put to use once."""
    return Word(name.en, name.zh)


ALL_LOOKS = "look size age quality"
_ADJECTIVES = {"colour": COLOURS, "size": _SIZES, "age": _AGES, "quality": _QUALITIES}
# How often which adjectives stand together, and which of the caller's kinds that needs.
_PATTERNS = (
    (4, "", ""), (4, "colour", "look"), (2, "size", "size"), (2, "age", "age"), (1, "quality", "quality"),
    (1, "size colour", "size look"), (1, "quality colour", "quality look"), (2, "material", "look"),
    (1, "size material", "size look"), (1, "age material", "age look"), (1, "quality material", "quality look"),
    (1, "colour coloured", "look"),
)  # fmt: skip


def adjectives_before(draw: Choices, noun: Noun, kinds: str = ALL_LOOKS) -> tuple[Word, ...]:
    """None to two adjectives that go together before this noun, in the order that both languages share."""
    materials = _MADE_OF[noun.en]
    coloured = [m for m in materials if m in _COLOURED]
    patterns = [
        (weight, pattern)
        for weight, pattern, needs in _PATTERNS
        if all(need in kinds for need in needs.split())
        and ("material" not in pattern or materials)
        and ("coloured" not in pattern or coloured)
    ]
    words = []
    for kind in draw.weighted(patterns).split():
        if kind in _ADJECTIVES:
            words.append(said(draw.pick(_ADJECTIVES[kind])))
        else:
            words.append(said(MATERIALS[draw.pick(materials if kind == "material" else coloured)]))
    return tuple(words)


def number(draw: Choices, n: int) -> Word:
    """A number in words (two, 两) or in digits (2, 2), which Chinese takes over as they are."""
    return Word(number_en(n), number_zh(n)) if draw.chance(2, 3) else Word(str(n), str(n))


def coins(draw: Choices) -> Word:
    """A sum of money: 2 to 99 in words, or a multiple of five in digits, so that few different figures occur."""
    if draw.chance(2, 3):
        n = draw.between(2, 99)
        return Word(number_en(n), number_zh(n))
    figure = str(5 * draw.between(2, 19))
    return Word(figure, figure)


# ---------------------------------------------------------------- things

NEW = ((4, "a"), (4, "count"), (1, "some"), (1, "many"))
GIVEN = ((5, "the"), (2, "this"), (2, "that"), (2, "owner"))
GIVEN_ALL = ((2, "thes"), (1, "these"), (1, "those"))
DEFINITE = (*GIVEN, *GIVEN_ALL)
ANY = (*NEW, *GIVEN, *GIVEN_ALL)
BARE = ((1, "bare"),)


def thing(draw: Choices, cast: Cast, kinds: Weights, adjectives: str = ALL_LOOKS) -> Phrase:
    """Goods: `three red lanterns` 三盏红灯笼, `that old clock` 那座旧钟, `Lin Mei's jade box` 林梅的玉盒子."""
    kind, noun = draw.weighted(kinds), draw.pick(cast.goods)
    if kind == "owner":
        adjectives = adjectives.replace("quality", "")  # 的 … 的 would be clumsy
    return _determined(draw, cast, kind, noun, adjectives_before(draw, noun, adjectives))


def _determined(draw: Choices, cast: Cast, kind: str, noun: Noun, adjectives: tuple[Word, ...]) -> Phrase:
    one, many = (*adjectives, Word(noun.en, noun.zh)), (*adjectives, Word(noun.plural, noun.zh))
    if kind == "a":
        return Phrase((article(one[0].en), *one), ("一", noun.measure, *one), definite=False)
    if kind == "count":
        count = number(draw, draw.between(2, 12))
        return Phrase((count, *many), (count, noun.measure, *many), True, False)
    if kind in ("the", "this", "that"):
        return Phrase((kind, *one), ("这" if kind == "this" else "那", noun.measure, *one))
    if kind in ("thes", "these", "those"):
        return Phrase(("the" if kind == "thes" else kind, *many), ("这些" if kind == "these" else "那些", *many), True)
    if kind == "owner":
        owner = person(draw, cast, ONE_KNOWN, trait=False)
        return Phrase((*owner.en, "'s", *one), (*owner.zh, "的", *one))
    if kind == "bare":
        return Phrase(many, many, True, False)
    return Phrase((kind, *many), ("一些" if kind == "some" else "很多", *many), True, False)


def part(draw: Choices, cast: Cast) -> Phrase:
    """Nested of-phrases, which Chinese turns round: `the lid of the jade box` 那个玉盒子的盖子."""
    noun = draw.pick([noun for noun in cast.goods if noun.en in _PARTS])
    piece = said(_PART_NAMES[draw.pick(_PARTS[noun.en])])
    whole = (*adjectives_before(draw, noun, "look size age"), Word(noun.en, noun.zh))
    if draw.chance(2, 3):
        return Phrase(("the", piece, "of", "the", *whole), ("那", noun.measure, *whole, "的", piece))
    owner = person(draw, cast, ONE_KNOWN, trait=False)
    return Phrase(("the", piece, "of", "the", *whole, "of", *owner.en), (*owner.zh, "的", *whole, "的", piece))


# ---------------------------------------------------------------- people

ONE_KNOWN = ((4, "name"), (5, "the"))
KNOWN = (*ONE_KNOWN, (1, "thes"))
SOMEBODY = (*KNOWN, (1, "a"), (1, "count"))


def person(draw: Choices, cast: Cast, kinds: Weights, trait: bool = True) -> Phrase:
    """Somebody: `Lin Mei` 林梅, `the old potter` 老陶匠, `two weavers` 两位织工, `the students` 学生们."""
    kind = draw.weighted(kinds)
    if kind == "name":
        name = said(draw.pick(cast.people))
        return Phrase((name,), (name,))
    noun = draw.pick(cast.trades)
    how = (said(draw.pick(_TRAITS)),) if trait and draw.chance(1, 4) else ()
    one, many = (*how, Word(noun.en, noun.zh)), (*how, Word(noun.plural, noun.zh))
    if kind == "the":
        return Phrase(("the", *one), one)
    if kind == "a":
        return Phrase((article(one[0].en), *one), ("一", noun.measure, *one), definite=False)
    if kind == "thes":
        return Phrase(("the", *many), (*many, "们"), True)
    count = number(draw, draw.between(2, 12))
    return Phrase((count, *many), (count, noun.measure, *many), True, False)


# ---------------------------------------------------------------- times and places

TIMES = {
    "past": names("yesterday 昨天, last year 去年, this morning 今天早上, on Monday 星期一"),
    "present": names("every day 每天, every morning 每天早上, every year 每年"),
    "future": names("tomorrow 明天, next year 明年, tonight 今晚"),
}
_ROOMS = names("garden 花园, market 市场, temple 寺庙, school 学校, shop 商店")
_SITES = (*_ROOMS, *names("tower 塔, gate 大门"))
_IN = Name("in", "里")
_BESIDE = names("near 附近, behind 后面, in front of 前面")


def time(draw: Choices, tense: str) -> Phrase:
    """A time that goes with the tense: `yesterday` 昨天."""
    when = said(draw.pick(TIMES[tense]))
    return Phrase((when,), (when,))


def site(draw: Choices) -> Phrase:
    """A place in town; Chinese puts the preposition's meaning after the noun: `behind the temple` 寺庙后面."""
    side = _IN if draw.chance(1, 3) else draw.pick(_BESIDE)
    where, what = said(side), said(draw.pick(_ROOMS if side is _IN else _SITES))
    return Phrase((where, "the", what), (what, where))


def place(draw: Choices, cast: Cast) -> Phrase:
    """Where something happens: `in Harbour City` 在海港城, `behind the temple` 在寺庙后面."""
    if draw.chance(2, 5):
        name = said(draw.pick(cast.cities))
        return Phrase(("in", name), ("在", name))
    spot = site(draw)
    return Phrase(spot.en, ("在", *spot.zh))
