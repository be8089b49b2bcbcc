"""Relative clauses, which follow their noun in English and precede it in Chinese."""

from llmbook.data.world.choices import Choices
from llmbook.data.world.parallel.clauses import MEET, TRADE, Verb, action, clause
from llmbook.data.world.parallel.phrases import (
    ALL_LOOKS,
    ANY,
    BARE,
    DEFINITE,
    NOTHING,
    ONE_KNOWN,
    Cast,
    Phrase,
    Word,
    adjectives_before,
    person,
    thing,
    time,
)

DEALS = tuple(TRADE.values())
MEETINGS = tuple(MEET.values())


def the_thing_that(draw: Choices, cast: Cast, adjectives: str = ALL_LOOKS, timed: bool = False) -> Phrase:
    """A thing and what somebody did with it: `the fan that Lin Mei sold` 林梅卖的那把扇子."""
    noun = draw.pick(cast.goods)
    one = (*adjectives_before(draw, noun, adjectives), Word(noun.en, noun.zh))
    who, verb = person(draw, cast, ONE_KNOWN), draw.pick(DEALS)
    when = time(draw, "past") if timed and draw.chance(1, 3) else NOTHING
    act = action(verb, "done", negative=draw.chance(1, 5))
    inner = clause(who, act, when=when)
    return Phrase(("the", *one, "that", *inner.en), (*inner.zh, "的那", noun.measure, *one))


def the_person_who(draw: Choices, cast: Cast) -> Phrase:
    """A person and a deed, done or suffered: `the weaver who bought the fan`, `the weaver whom the tailor thanked`."""
    head = person(draw, cast, ((1, "the"),), trait=False)
    cast = cast.without(head)
    kind = draw.weighted(((3, "traded"), (2, "met"), (2, "was met"), (1, "trades")))
    if kind == "was met":
        inner = clause(person(draw, cast, ONE_KNOWN), action(draw.pick(MEETINGS), "done"))
        return Phrase((*head.en, "whom", *inner.en), (*inner.zh, "的", *head.zh))
    tense = "present" if kind == "trades" else "past"
    negative = tense == "past" and draw.chance(1, 4)
    if kind == "met":
        verb, what = draw.pick(MEETINGS), person(draw, cast, ONE_KNOWN)
    else:
        verb = draw.pick(DEALS)
        what = thing(draw, cast, BARE if tense == "present" else DEFINITE if negative else ANY)
    inner = clause(NOTHING, action(verb, tense, negative), what)
    return Phrase((*head.en, "who", *inner.en), (*inner.zh, "的", *head.zh))


def unused(verbs: tuple[Verb, ...], phrase: Phrase) -> list[Verb]:
    """The verbs that this phrase does not use itself."""
    used = {piece.en for piece in phrase.en if isinstance(piece, Word)}
    return [verb for verb in verbs if used.isdisjoint(verb)]
