"""Sentences of two clauses, in which who did what to whom, and in which order, decides the meaning."""

from llmbook.data.world.choices import Choices
from llmbook.data.world.parallel.clauses import FEEL, action, clause
from llmbook.data.world.parallel.phrases import (
    ANY,
    DEFINITE,
    KNOWN,
    NOTHING,
    Cast,
    Phrase,
    Word,
    person,
    thing,
    time,
)
from llmbook.data.world.parallel.relatives import DEALS, MEETINGS, the_person_who, the_thing_that, unused
from llmbook.data.world.parallel.statements import goods_for, stop


def who_did(draw: Choices, cast: Cast) -> Phrase:
    """The merchant who sold the old clock thanked the weaver. 卖了那座旧钟的商人感谢了织工。"""
    who = the_person_who(draw, cast)
    cast = cast.without(who)
    tense, negative = draw.weighted(((3, "past"), (1, "future"))), draw.chance(1, 5)
    if draw.chance(1, 2):
        verb, what = draw.pick(unused(MEETINGS, who)), person(draw, cast, KNOWN)
    else:
        verb, what = draw.pick(unused(DEALS, who)), thing(draw, cast, goods_for(tense, negative))
    when = time(draw, tense) if draw.chance(1, 3) else NOTHING
    return stop(clause(who, action(verb, tense, negative), what, when=when))


def know_who(draw: Choices, cast: Cast) -> Phrase:
    """Lin Mei knows the merchant who sold the old clock. 林梅认识卖了那座旧钟的商人。"""
    who = person(draw, cast, KNOWN)
    whom = the_person_who(draw, cast.without(who))
    if draw.chance(1, 2):
        verb, tense, negative = FEEL[draw.pick(("know", "remember"))], "present", draw.chance(1, 4)
    else:  # a past that is not denied would put 了 beside 了
        verb, tense = draw.pick(unused(MEETINGS, whom)), draw.pick(("past", "future"))
        negative = tense == "past"
    return stop(clause(who, action(verb, tense, negative, who.plural), whom))


def deal_in_what(draw: Choices, cast: Cast) -> Phrase:
    """The doctor bought the fan that Lin Mei made. 医生买了林梅做的那把扇子。"""
    who = person(draw, cast, KNOWN)
    what = the_thing_that(draw, cast.without(who))
    tense, negative = draw.weighted(((2, "past"), (1, "future"))), draw.chance(1, 5)
    return stop(clause(who, action(draw.pick(unused(DEALS, what)), tense, negative, who.plural), what))


def _deed(draw: Choices, cast: Cast, tense: str = "past", negative: bool = False) -> Phrase:
    """A short clause without time or place."""
    who = person(draw, cast, KNOWN)
    rest = cast.without(who)
    if draw.chance(1, 2):
        verb, what = draw.pick(MEETINGS), person(draw, rest, KNOWN)
    else:
        verb, what = draw.pick(DEALS), thing(draw, rest, DEFINITE if negative or tense == "present" else ANY)
    return clause(who, action(verb, tense, negative, who.plural), what)


def link(draw: Choices, cast: Cast) -> Phrase:
    """The tailor thanked the potter because the potter made the cup. 因为陶匠做了那只杯子，所以裁缝感谢了陶匠。"""
    kind = draw.pick(("but", "because", "although", "before", "after", "if"))
    if kind in ("but", "because", "although"):
        a, b = _deed(draw, cast, negative=draw.chance(1, 3)), _deed(draw, cast, negative=draw.chance(1, 3))
    else:
        a = _deed(draw, cast, "present" if kind == "if" else "past")
        b = _deed(draw, cast, {"if": "then", "before": "done", "after": "past"}[kind])
    both = {
        "but": Phrase((*a.en, ", but", *b.en), (*a.zh, "，但是", *b.zh)),
        "because": Phrase((*a.en, "because", *b.en), ("因为", *b.zh, "，所以", *a.zh)),
        "although": Phrase(("although", *a.en, ",", *b.en), ("虽然", *a.zh, "，但是", *b.zh)),
        "before": Phrase((*a.en, "before", *b.en), ("在", *b.zh, "之前，", *a.zh)),
        "after": Phrase((*a.en, "after", *b.en), (*b.zh, "之后，", *a.zh)),
        "if": Phrase(("if", *a.en, ",", *b.en), ("如果", *a.zh, "，", *b.zh)),
    }
    return stop(both[kind])


def report(draw: Choices, cast: Cast) -> Phrase:
    """The tailor said that the potter helped the weaver. 裁缝说陶匠帮助了织工。"""
    who = person(draw, cast, KNOWN)
    verb = Word(*draw.pick((("said", "说"), ("heard", "听说"), ("thought", "以为"))))
    told = _deed(draw, cast.without(who), negative=draw.chance(1, 4))
    return stop(Phrase((*who.en, verb, "that", *told.en), (*who.zh, verb, *told.zh)))
