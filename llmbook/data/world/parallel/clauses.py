"""Verbs and clauses said in English and Chinese at once: tense, agreement, negation, and what moves before the verb."""

from typing import NamedTuple

from llmbook.data.world.parallel.phrases import NOTHING, Phrase, Side, Word


class Verb(NamedTuple):
    """The four forms of an English verb and its Chinese."""

    base: str
    third: str
    past: str
    ing: str
    zh: str


def _verbs(table: str) -> dict[str, Verb]:
    return {line.split()[0]: Verb(*line.split()) for line in table.strip().splitlines()}


# What people do with things; what they do with people; what they feel, which has no end and so takes no 了.
TRADE = _verbs("""
    buy buys bought buying 买
    sell sells sold selling 卖
    make makes made making 做
    repair repairs repaired repairing 修理
    borrow borrows borrowed borrowing 借
    order orders ordered ordering 订购
    choose chooses chose choosing 挑选
    draw draws drew drawing 画
    examine examines examined examining 检查
""")
MEET = _verbs("""
    thank thanks thanked thanking 感谢
    help helps helped helping 帮助
    visit visits visited visiting 拜访
    invite invites invited inviting 邀请
    teach teaches taught teaching 教
    meet meets met meeting 遇见
""")
FEEL = _verbs("""
    want wants wanted wanting 想要
    like likes liked liking 喜欢
    need needs needed needing 需要
    know knows knew knowing 认识
    remember remembers remembered remembering 记得
""")
GIVE = _verbs("""
    give gives gave giving 送给
    sell sells sold selling 卖给
    lend lends lent lending 借给
    send sends sent sending 寄给
""")


class Action(NamedTuple):
    """A verb in its tense: English before and after the subject; Chinese before the place (没有, 会) and after it."""

    en: Side
    zh_before: Side
    zh: Side
    asked: Side = ()


def action(verb: Verb, tense: str, negative: bool = False, plural: bool = False) -> Action:
    """The verb in a statement, agreeing with its subject.

    Args:
        tense: "past" (bought 买了), "present" (buys 买), "future" (will buy 会买), "now" (is buying 正在买); also
            "done", a past that Chinese leaves unmarked (在林梅买…之前), and "then", the future after an if (就会买).
    """
    base = Word(verb.base, verb.zh)
    if tense == "now":
        now = Word(("are " if plural else "is ") + verb.ing, "正在" + verb.zh)
        return Action((now,), (), (now,))
    if tense in ("future", "then"):
        will = Word("will not", "不会") if negative else Word("will", "会" if tense == "future" else "就会")
        return Action((will, base), (will,), (base,))
    if negative:
        do = "do" if plural else "does"
        do, no = (do, Word("not", "不")) if tense == "present" else ("did", Word("not", "没有"))
        return Action((do, no, base), (no,), (base,))
    if tense == "present":
        form = Word(verb.base if plural else verb.third, verb.zh)
    else:
        form = Word(verb.past, verb.zh + ("了" if tense == "past" else ""))
    return Action((form,), (), (form,))


def asked(verb: Verb, tense: str, plural: bool = False) -> Action:
    """The verb in a question: English puts `did`, `does` or `will` before the subject, Chinese moves nothing."""
    if tense == "future":
        will, base = Word("will", "会"), Word(verb.base, verb.zh)
        return Action((base,), (will,), (base,), (will,))
    base = Word(verb.base, verb.zh + ("了" if tense == "past" else ""))
    return Action((base,), (), (base,), ("did" if tense == "past" else "do" if plural else "does",))


def clause(
    subject: Phrase,
    act: Action,
    what: Phrase = NOTHING,
    to: Phrase = NOTHING,
    where: Phrase = NOTHING,
    when: Phrase = NOTHING,
    first: bool = False,
) -> Phrase:
    """A whole clause: English says subject, verb, object, place, time; Chinese puts time and place before the verb.

    Args:
        to: a partner (`from the potter` 从陶匠那里), after the object in English and before the verb in Chinese.
        first: whether the time opens the English sentence; then it opens the Chinese one, too.
    """
    en = (*act.asked, *subject.en, *act.en, *what.en, *to.en, *where.en)
    zh = (*act.zh_before, *where.zh, *to.zh, *act.zh, *what.zh)
    if first:
        return Phrase((*when.en, ",", *en), (*when.zh, "，", *subject.zh, *zh))
    return Phrase((*en, *when.en), (*subject.zh, *when.zh, *zh))
