"""Questions: English moves words to the front, Chinese asks where the answer will stand."""

from llmbook.data.world.choices import Choices
from llmbook.data.world.parallel.clauses import action, asked, clause
from llmbook.data.world.parallel.phrases import (
    ANY,
    BARE,
    KNOWN,
    NOTHING,
    Cast,
    Phrase,
    Word,
    adjectives_before,
    part,
    person,
    site,
    thing,
    time,
)
from llmbook.data.world.parallel.relatives import DEALS, MEETINGS
from llmbook.data.world.parallel.statements import goods_for, known_thing, question, setting


def whether(draw: Choices, cast: Cast) -> Phrase:
    """Did Lin Mei buy a kite in Tea Hill? 林梅在茶山买了一只风筝吗？"""
    who, tense = person(draw, cast, KNOWN), draw.weighted(((3, "past"), (1, "present"), (1, "future")))
    cast = cast.without(who)
    if tense != "present" and draw.chance(1, 3):
        verb, what = draw.pick(MEETINGS), person(draw, cast, KNOWN)
    else:
        verb, what = draw.pick(DEALS), thing(draw, cast, goods_for(tense))
    where, when = setting(draw, cast, tense)
    return question(clause(who, asked(verb, tense, who.plural), what, NOTHING, where, when), "吗")


def how_many(draw: Choices, cast: Cast) -> Phrase:
    """How many red lanterns did Lin Mei buy? 林梅买了多少盏红灯笼？ Which fan will she sell? 哪把扇子？"""
    noun = draw.pick(cast.goods)
    looks = adjectives_before(draw, noun)
    one, many = (*looks, Word(noun.en, noun.zh)), (*looks, Word(noun.plural, noun.zh))
    kind = draw.weighted(((2, "how many"), (1, "which"), (1, "there")))
    how = Word("which", "哪") if kind == "which" else Word("how many", "多少")
    front, what = (how, *(one if kind == "which" else many)), (how, noun.measure, *(one if kind == "which" else many))
    if kind == "there":
        where, are = site(draw), Word("are", "有")
        return question(Phrase((*front, are, "there", *where.en), (*where.zh, are, *what)))
    who, verb, tense = person(draw, cast, KNOWN), draw.pick(DEALS), draw.pick(("past", "future"))
    where, when = setting(draw, cast, tense)
    inner = clause(who, asked(verb, tense, who.plural), Phrase((), what), NOTHING, where, when)
    return question(Phrase((*front, *inner.en), inner.zh))


def what(draw: Choices, cast: Cast) -> Phrase:
    """What did Lin Mei buy in Tea Hill? 林梅在茶山买了什么？ What colour is the lid of the box? 是什么颜色的？"""
    if draw.chance(1, 2):
        thing_, colour = part(draw, cast), Word("colour", "颜色")
        return question(Phrase(("what", colour, "is", *thing_.en), (*thing_.zh, "是什么", colour, "的")))
    who, verb, tense = person(draw, cast, KNOWN), draw.pick(DEALS), draw.pick(("past", "future"))
    where, when = setting(draw, cast, tense)
    word = Word("what", "什么")
    inner = clause(who, asked(verb, tense, who.plural), Phrase((), (word,)), NOTHING, where, when)
    return question(Phrase((word, *inner.en), inner.zh))


def where(draw: Choices, cast: Cast) -> Phrase:
    """Where will Lin Mei sell the fan? 林梅会在哪里卖那把扇子？"""
    who, verb, tense = person(draw, cast, KNOWN), draw.pick(DEALS), draw.pick(("present", "future"))
    what = thing(draw, cast.without(who), BARE if tense == "present" else ANY)
    when = time(draw, tense) if draw.chance(1, 2) else NOTHING
    word = Word("where", "哪里")
    inner = clause(who, asked(verb, tense, who.plural), what, NOTHING, Phrase((), ("在", word)), when)
    return question(Phrase((word, *inner.en), inner.zh))


def how_much(draw: Choices, cast: Cast) -> Phrase:
    """How much does the red lantern cost? 那盏红灯笼多少钱？"""
    what, cost = known_thing(draw, cast), Word("cost", "多少钱")
    return question(Phrase(("how much", "do" if what.plural else "does", *what.en, cost), (*what.zh, cost)))


def who(draw: Choices, cast: Cast) -> Phrase:
    """Who thanked the potter? 谁感谢了陶匠？ Whom did the potter thank? 陶匠感谢了谁？"""
    when = time(draw, "past") if draw.chance(1, 2) else NOTHING
    kind = draw.pick(("met", "traded", "was met"))
    if kind == "was met":
        subject, word = person(draw, cast, KNOWN), Word("whom", "谁")
        act = asked(draw.pick(MEETINGS), "past", subject.plural)
        inner = clause(subject, act, Phrase((), (word,)), when=when)
        return question(Phrase((word, *inner.en), inner.zh))
    word = Word("who", "谁")
    if kind == "met":
        verb, what = draw.pick(MEETINGS), person(draw, cast, KNOWN)
    else:
        verb, what = draw.pick(DEALS), thing(draw, cast, ANY)
    inner = clause(Phrase((word,), (word,)), action(verb, "past"), what)
    return question(Phrase((*inner.en, *when.en), (*when.zh, *inner.zh)))
