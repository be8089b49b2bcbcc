"""Sentences of one clause: who did what to whom, where and when; what things are like, and what they cost."""

from llmbook.data.world.choices import Choices
from llmbook.data.world.lexicon import names
from llmbook.data.world.parallel.clauses import FEEL, GIVE, TRADE, action, clause
from llmbook.data.world.parallel.phrases import (
    ANY,
    BARE,
    DEFINITE,
    GIVEN,
    KNOWN,
    NEW,
    NOTHING,
    SOMEBODY,
    Cast,
    Phrase,
    Weights,
    Word,
    coins,
    part,
    person,
    place,
    said,
    site,
    thing,
    time,
)
from llmbook.data.world.parallel.relatives import DEALS, MEETINGS, the_thing_that


def stop(clause: Phrase) -> Phrase:
    """The clause as a sentence."""
    return Phrase((*clause.en, "."), (*clause.zh, "。"))


def question(clause: Phrase, particle: str = "") -> Phrase:
    """The clause as a question; one that can be answered by yes or no ends in 吗."""
    return Phrase((*clause.en, "?"), (*clause.zh, particle, "？"))


def goods_for(tense: str, negative: bool = False) -> Weights:
    """Which noun phrases sound right after the verb: habits take bare plurals, and what is denied is known."""
    return BARE if tense == "present" else DEFINITE if negative else ANY


def setting(draw: Choices, cast: Cast, tense: str) -> tuple[Phrase, Phrase]:
    """Perhaps a place and perhaps a time."""
    where = place(draw, cast) if draw.chance(1, 2) else NOTHING
    return where, time(draw, tense) if draw.chance(2, 3) else NOTHING


# ---------------------------------------------------------------- what people do


def trade(draw: Choices, cast: Cast) -> Phrase:
    """Lin Mei bought three red lanterns in Harbour City yesterday. 林梅昨天在海港城买了三盏红灯笼。"""
    who, verb = person(draw, cast, SOMEBODY), draw.pick(DEALS)
    cast = cast.without(who)
    tense = draw.weighted(((3, "past"), (1, "present"), (1, "future"), (1, "now")))
    if tense == "now":
        return stop(clause(who, action(verb, "now", plural=who.plural), thing(draw, cast, ANY)))
    negative = draw.chance(1, 4)
    what = thing(draw, cast, goods_for(tense, negative))
    if tense != "present" and not negative and draw.chance(1, 6):
        more = thing(draw, cast.without(what), NEW)
        what = Phrase((*what.en, "and", *more.en), (*what.zh, "和", *more.zh))
    where, when = setting(draw, cast, tense)
    first = when is not NOTHING and draw.chance(1, 4)
    return stop(clause(who, action(verb, tense, negative, who.plural), what, NOTHING, where, when, first))


def meet(draw: Choices, cast: Cast) -> Phrase:
    """The old potter thanked the weaver in the garden. 年老的陶匠在花园里感谢了织工。"""
    who, verb = person(draw, cast, SOMEBODY), draw.pick(MEETINGS)
    tense, negative = draw.weighted(((3, "past"), (1, "future"))), draw.chance(1, 4)
    whom = person(draw, cast.without(who), KNOWN if negative else SOMEBODY)
    where, when = setting(draw, cast, tense)
    first = when is not NOTHING and draw.chance(1, 4)
    return stop(clause(who, action(verb, tense, negative, who.plural), whom, NOTHING, where, when, first))


def feel(draw: Choices, cast: Cast) -> Phrase:
    """Two students want this beautiful kite. 两位学生想要这只漂亮的风筝。"""
    who, verb, negative = person(draw, cast, SOMEBODY), draw.pick(tuple(FEEL.values())), draw.chance(1, 3)
    cast = cast.without(who)
    if verb.base == "know":
        what = person(draw, cast, KNOWN)
    elif verb.base == "remember":
        what = thing(draw, cast, DEFINITE)
    else:
        what = thing(draw, cast, (*DEFINITE, (3, "bare")) if negative or verb.base == "like" else ANY)
    return stop(clause(who, action(verb, "present", negative, who.plural), what))


def give(draw: Choices, cast: Cast) -> Phrase:
    """The merchant sold the tailor the old clock. 商人把那座旧钟卖给了裁缝。 A known thing comes before the verb."""
    who, verb = person(draw, cast, KNOWN), draw.pick(tuple(GIVE.values()))
    whom = person(draw, cast.without(who), KNOWN)
    tense, negative = draw.weighted(((3, "past"), (1, "future"))), draw.chance(1, 4)
    what = thing(draw, cast.without(who, whom), DEFINITE if negative else ANY)
    when = time(draw, tense) if draw.chance(1, 2) else NOTHING
    en = (*what.en, "to", *whom.en) if draw.chance(1, 2) else (*whom.en, *what.en)
    act = action(verb, tense, negative, who.plural)
    if not what.definite:
        return stop(clause(who, act, Phrase(en, (*whom.zh, *what.zh)), when=when))
    return stop(clause(who, act, Phrase(en, whom.zh), Phrase((), ("把", *what.zh)), when=when))


def partner(draw: Choices, cast: Cast) -> Phrase:
    """The student borrowed a fan from the teacher. 学生从老师那里借了一把扇子。"""
    who = person(draw, cast, KNOWN)
    whom = person(draw, cast.without(who), KNOWN)
    if draw.chance(1, 2):
        verb, to = draw.pick(("buy", "borrow", "order")), Phrase(("from", *whom.en), ("从", *whom.zh, "那里"))
    else:
        verb, to = draw.pick(("buy", "make", "choose", "repair")), Phrase(("for", *whom.en), ("为", *whom.zh))
    tense = draw.weighted(((3, "past"), (1, "future")))
    what = thing(draw, cast.without(who, whom), ANY)
    when = time(draw, tense) if draw.chance(1, 2) else NOTHING
    return stop(clause(who, action(TRADE[verb], tense, plural=who.plural), what, to, when=when))


# ---------------------------------------------------------------- what things are

JUDGED = names("cheap 便宜, expensive 贵, heavy 重, light 轻, beautiful 漂亮, big 大, small 小")
_COMPARATIVE = {
    "cheap": "cheaper", "expensive": "more expensive", "heavy": "heavier", "light": "lighter",
    "beautiful": "more beautiful", "big": "bigger", "small": "smaller",
}  # fmt: skip
_SUPERLATIVE = {
    "cheap": "cheapest", "expensive": "most expensive", "heavy": "heaviest", "light": "lightest",
    "beautiful": "most beautiful", "big": "biggest", "small": "smallest",
}  # fmt: skip
_STATES = names("busy 忙, happy 高兴, tired 累, tall 高, young 年轻, clever 聪明")
_DEGREES = (("", "很", ""), ("not", "不", ""), ("very", "非常", ""), ("too", "太", "了"))
_LOOKS = "look age"  # adjectives that cannot gainsay what is then said of the thing


def be(plural: bool) -> str:
    """`is` or `are`."""
    return "are" if plural else "is"


def known_thing(draw: Choices, cast: Cast) -> Phrase:
    """A known thing, perhaps with the clause that says which."""
    return thing(draw, cast, DEFINITE, _LOOKS) if draw.chance(2, 3) else the_thing_that(draw, cast, _LOOKS, timed=True)


def judge(draw: Choices, cast: Cast) -> Phrase:
    """The red lantern is too expensive. 那盏红灯笼太贵了。 The weavers are not busy. 织工们不忙。"""
    kind = draw.weighted(((3, "thing"), (1, "part"), (2, "person")))
    if kind == "person":
        what = person(draw, cast, KNOWN, trait=False)
    else:
        what = known_thing(draw, cast) if kind == "thing" else part(draw, cast)
    how = said(draw.pick(_STATES if kind == "person" else JUDGED))
    en, before, after = draw.pick(_DEGREES)
    return stop(Phrase((*what.en, be(what.plural), en, how), (*what.zh, before, how, after)))


def compare(draw: Choices, cast: Cast) -> Phrase:
    """The red lantern is cheaper than the blue umbrella. 那盏红灯笼比那把蓝雨伞便宜。"""
    this = known_thing(draw, cast)
    that = thing(draw, cast.without(this), DEFINITE, _LOOKS)
    verb = be(this.plural)
    kind = draw.weighted(((3, "more"), (1, "much"), (1, "as"), (1, "not as"), (1, "by"), (1, "whether")))
    adjective = draw.pick(JUDGED[:2] if kind == "by" else JUDGED)
    how = Word(_COMPARATIVE[adjective.en], adjective.zh)
    more = Phrase((*this.en, verb, how, "than", *that.en), (*this.zh, "比", *that.zh, how))
    if kind == "more":
        return stop(more)
    if kind == "much":
        return stop(Phrase((*this.en, verb, "much", how, "than", *that.en), (*more.zh, "得多")))
    if kind == "by":
        sum_ = coins(draw)
        return stop(Phrase((*this.en, verb, sum_, "coins", how, "than", *that.en), (*more.zh, sum_, "文")))
    if kind == "whether":
        return question(Phrase((verb, *this.en, how, "than", *that.en), more.zh), "吗")
    how = said(adjective)
    if kind == "as":
        return stop(Phrase((*this.en, verb, "as", how, "as", *that.en), (*this.zh, "和", *that.zh, "一样", how)))
    return stop(Phrase((*this.en, verb, "not as", how, "as", *that.en), (*this.zh, "没有", *that.zh, "那么", how)))


def superlative(draw: Choices, cast: Cast) -> Phrase:
    """This old clock is the heaviest thing in the shop. 这座旧钟是商店里最重的东西。"""
    what, adjective, where = thing(draw, cast, GIVEN, _LOOKS), draw.pick(JUDGED), site(draw)
    most, item = Word(_SUPERLATIVE[adjective.en], "最" + adjective.zh), Word("thing", "东西")
    return stop(Phrase((*what.en, "is the", most, item, *where.en), (*what.zh, "是", *where.zh, most, "的", item)))


def cost(draw: Choices, cast: Cast) -> Phrase:
    """The jade bowl costs twenty-three coins. 那只玉碗要二十三文。"""
    what, sum_ = known_thing(draw, cast), coins(draw)
    if draw.chance(1, 2):
        verb = Word("cost" if what.plural else "costs", "要")
        return stop(Phrase((*what.en, verb, sum_, "coins"), (*what.zh, verb, sum_, "文")))
    price = Word("price", "价格")
    return stop(Phrase(("the", price, "of", *what.en, "is", sum_, "coins"), (*what.zh, "的", price, "是", sum_, "文")))


_TONES = names("red 红色, blue 蓝色, green 绿色, yellow 黄色, black 黑色, white 白色")
_FEATURES = names("colour 颜色, shape 形状, weight 重量")


def feature(draw: Choices, cast: Cast) -> Phrase:
    """The colour of the lid of the wooden box is red. 那个木盒子的盖子的颜色是红色。"""
    what = part(draw, cast)
    if draw.chance(1, 2):
        colour, tone = Word("colour", "颜色"), said(draw.pick(_TONES))
        return stop(Phrase(("the", colour, "of", *what.en, "is", tone), (*what.zh, "的", colour, "是", tone)))
    who, aspect = person(draw, cast.without(what), KNOWN), said(draw.pick(_FEATURES))
    act = action(FEEL["remember"], "present", draw.chance(1, 2), who.plural)
    return stop(clause(who, act, Phrase(("the", aspect, "of", *what.en), (*what.zh, "的", aspect))))


def there(draw: Choices, cast: Cast) -> Phrase:
    """There are three red lanterns behind the temple. 寺庙后面有三盏红灯笼。"""
    where, kind = site(draw), draw.weighted(((3, "is"), (1, "no"), (1, "whether")))
    what = thing(draw, cast, BARE if kind == "no" else NEW)
    has = Word("are no", "没有") if kind == "no" else Word(be(what.plural), "有")
    zh = (*where.zh, has, *what.zh)
    if kind == "whether":
        return question(Phrase((has, "there", *what.en, *where.en), zh), "吗")
    return stop(Phrase(("there", has, *what.en, *where.en), zh))


def have(draw: Choices, cast: Cast) -> Phrase:
    """The farmer has two fans. 农夫有两把扇子。 The students have no kites. 学生们没有风筝。"""
    who, negative = person(draw, cast, KNOWN), draw.chance(1, 3)
    what = thing(draw, cast, BARE if negative else NEW)
    form = "have" if who.plural else "has"
    verb = Word(form + " no", "没有") if negative else Word(form, "有")
    return stop(Phrase((*who.en, verb, *what.en), (*who.zh, verb, *what.zh)))
