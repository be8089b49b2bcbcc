"""Sums: plain ones, and word problems about coins and goods, with the steps that lead to the answer."""

from typing import TYPE_CHECKING, NamedTuple

from llmbook.data.world.choices import Choices
from llmbook.data.world.lexicon import THINGS, Noun
from llmbook.data.world.marked import Mark, fill, join

if TYPE_CHECKING:
    from llmbook.data.world import World

GOODS = tuple(THINGS.values())


class Problem(NamedTuple):
    """A question, the calculations `a op b = c` that answer it, and the answer."""

    question: str
    steps: tuple[str, ...]
    answer: int


def plus(a: int, b: int) -> str:
    return f"{a} + {b} = {a + b}"


def minus(a: int, b: int) -> str:
    return f"{a} - {b} = {a - b}"


def times(a: int, b: int) -> str:
    return f"{a} × {b} = {a * b}"


# ---------------------------------------------------------------- plain sums

_PLAIN = {
    "en": ("What is {sum}?", "{sum} = ?", "Work out {sum}.", "How much is {sum}?"),
    "zh": ("{sum}等于多少？", "{sum} = ?", "计算{sum}。", "求{sum}的值。"),
}
_OPERATORS = {
    "en": {"+": ("+", "plus"), "-": ("-", "minus"), "×": ("×", "times"), "÷": ("÷", "divided by")},
    "zh": {"+": ("+", "加"), "-": ("-", "减"), "×": ("×", "乘以"), "÷": ("÷", "除以")},
}


def plain(world: "World", draw: Choices, language: str) -> Problem:
    """One operation on numbers of up to two digits, or two additions or subtractions in a row."""
    kind = draw.weighted(((3, "+"), (3, "-"), (2, "×"), (1, "÷"), (3, "two")))
    template = draw.pick(_PLAIN[language])
    if kind == "two":
        return _plain_two(draw, template)
    a, b, answer = _operands(draw, kind)
    words = "=" not in template and draw.chance(1, 3)
    operator = _OPERATORS[language][kind][words]
    space = "" if words and language == "zh" else " "
    question = template.format(sum=f"{a}{space}{operator}{space}{b}")
    return Problem(question, (f"{a} {kind} {b} = {answer}",), answer)


def _operands(draw: Choices, operator: str) -> tuple[int, int, int]:
    """Two numbers and what the operator makes of them; nothing is negative, and divisions leave no rest."""
    if operator == "+":
        a, b = draw.below(100), draw.below(100)
        return a, b, a + b
    if operator == "-":
        a = draw.below(100)
        b = draw.below(a + 1)
        return a, b, a - b
    a, b = draw.between(2, 12), draw.between(2, 99 if operator == "×" else 12)
    return (a, b, a * b) if operator == "×" else (a * b, b, a)


def _plain_two(draw: Choices, template: str) -> Problem:
    total = draw.below(100)
    expression, steps = str(total), []
    for _ in range(2):
        b = draw.below(100)
        if b <= total and draw.chance(1, 2):
            expression, steps, total = f"{expression} - {b}", [*steps, minus(total, b)], total - b
        else:
            expression, steps, total = f"{expression} + {b}", [*steps, plus(total, b)], total + b
    return Problem(template.format(sum=expression), tuple(steps), total)


# ---------------------------------------------------------------- word problems


def _person(world: "World", draw: Choices, language: str) -> dict[str, str]:
    maker = draw.pick(world.makers)
    if language == "zh":
        return {"name": maker.name.zh, "she": "她" if maker.female else "他"}
    pronouns = ("She", "she") if maker.female else ("He", "he")
    return {"name": maker.name.en, "She": pronouns[0], "she": pronouns[1]}


_HAS = {
    "en": ("{name} has {a} coins.", "{name} starts the day with {a} coins.", "There are {a} coins in {name}'s purse."),
    "zh": ("{name}有{a}文。", "{name}一早带着{a}文出门。", "{name}的钱袋里有{a}文。"),
}
_GAINS = {
    "en": (
        "{She} earns {b} coins.",
        "A friend gives {name} {b} coins.",
        "{She} finds {b} coins.",
        "{She} is paid {b} coins.",
    ),
    "zh": ("{she}挣了{b}文。", "朋友给了{name}{b}文。", "{she}捡到{b}文。", "{she}收到{b}文工钱。"),
}
_LOSSES = {
    "en": (
        "{She} spends {b} coins.",
        "{She} gives away {b} coins.",
        "{She} pays {b} coins for tea.",
        "{She} loses {b} coins.",
    ),
    "zh": ("{she}花了{b}文。", "{she}送出去{b}文。", "{she}喝茶付了{b}文。", "{she}丢了{b}文。"),
}
_LEFT = {
    "en": (
        "How many coins does {she} have now?",
        "How many coins are there now?",
        "How many coins has {name} got in the end?",
    ),
    "zh": ("{she}现在有多少文？", "现在一共有多少文？", "{name}最后有多少文？"),
}


def coins(world: "World", draw: Choices, language: str) -> Problem:
    """Somebody's coins come and go, two to four times."""
    who, has = _person(world, draw, language), draw.between(2, 99)
    sentences, steps = [draw.pick(_HAS[language]).format(a=has, **who)], []
    for _ in range(draw.between(2, 4)):
        b = draw.between(2, 99)
        if b <= has and draw.chance(2, 3):
            wording, steps, has = _LOSSES, [*steps, minus(has, b)], has - b
        else:
            wording, steps, has = _GAINS, [*steps, plus(has, b)], has + b
        sentences.append(draw.pick(wording[language]).format(b=b, **who))
    sentences.append(draw.pick(_LEFT[language]).format(**who))
    return Problem((" " if language == "en" else "").join(sentences), tuple(steps), has)


_BUYS = {
    "en": (
        "{name} buys {n} {goods} at {p} coins each and pays with {paid} coins. How much change does {she} get?",
        "One {good} costs {p} coins. {name} takes {n} of them and hands over {paid} coins. How much change is that?",
        "{name} has {paid} coins. {She} buys {n} {goods} for {p} coins each. How many coins are left?",
    ),
    "zh": (
        "{name}买了{n}{measure}{good}，每{measure}{p}文，付了{paid}文。应该找回多少文？",
        "一{measure}{good}卖{p}文，{name}要了{n}{measure}，给了{paid}文。应该找{she}多少文？",
        "{name}有{paid}文，买了{n}{measure}{good}，每{measure}{p}文。还剩多少文？",
    ),
}


def change(world: "World", draw: Choices, language: str) -> Problem:
    """Several of one thing, paid with more than they cost."""
    who, noun = _person(world, draw, language), draw.pick(GOODS)
    n, p = draw.between(2, 9), draw.between(2, 60)
    paid = n * p + draw.between(1, 99)
    template = draw.pick(_BUYS[language])
    question = template.format(n=n, p=p, paid=paid, **who, **_noun(noun, language))
    return Problem(question, (times(n, p), minus(paid, n * p)), paid - n * p)


def _noun(noun: Noun, language: str, mark: str = "") -> dict[str, str]:
    if language == "en":
        return {"good" + mark: noun.en, "goods" + mark: noun.plural}
    return {"good" + mark: noun.zh, "measure" + mark: noun.measure}


_TWO_GOODS = {
    "en": (
        "{name} buys {n} {goods} at {p} coins each and {m} {goods2} at {q} coins each. How much is that in all?",
        "A shop sells {goods} at {p} coins and {goods2} at {q} coins. How much do {n} {goods} and {m} {goods2} cost?",
    ),
    "zh": (
        "{name}买了{n}{measure}{good}，每{measure}{p}文，又买了{m}{measure2}{good2}，每{measure2}{q}文。一共多少文？",
        "店里{good}卖{p}文一{measure}，{good2}卖{q}文一{measure2}。{n}{measure}{good}和{m}{measure2}{good2}一共多少文？",
    ),
}


def two_goods(world: "World", draw: Choices, language: str) -> Problem:
    """Some of one thing and some of another."""
    noun, other = draw.sample(GOODS, 2)
    n, p, m, q = draw.between(2, 9), draw.between(2, 40), draw.between(2, 9), draw.between(2, 40)
    template = draw.pick(_TWO_GOODS[language])
    who = _person(world, draw, language) if "{name}" in template else {}
    question = template.format(n=n, p=p, m=m, q=q, **who, **_noun(noun, language), **_noun(other, language, "2"))
    return Problem(question, (times(n, p), times(m, q), plus(n * p, m * q)), n * p + m * q)


_SHARES = {
    "en": (
        "{n} friends share {total} coins equally. How many coins does each of them get?",
        "{n} {goods} of the same price cost {total} coins together. What does one {good} cost?",
    ),
    "zh": (
        "{n}个朋友平分{total}文，每人分到多少文？",
        "{n}{measure}同样的{good}一共{total}文，一{measure}{good}多少文？",
    ),
}


def share(world: "World", draw: Choices, language: str) -> Problem:
    """A sum divided into equal parts."""
    n, part, template = draw.between(2, 9), draw.between(2, 60), draw.pick(_SHARES[language])
    noun = _noun(draw.pick(GOODS), language) if "{good}" in template else {}
    return Problem(template.format(n=n, total=n * part, **noun), (f"{n * part} ÷ {n} = {part}",), part)


_MORE = {
    "en": (
        "{name} has {a} coins, and {name2} has {b} coins more. How many coins do they have together?",
        "{name} sold {a} {goods} last week and {b} more than that this week. How many {goods} is that in all?",
    ),
    "zh": (
        "{name}有{a}文，{name2}比{name}多{b}文。两人一共有多少文？",
        "{name}上周卖了{a}{measure}{good}，这周比上周多卖了{b}{measure}。一共卖了多少{measure}{good}？",
    ),
}


def more(world: "World", draw: Choices, language: str) -> Problem:
    """A number, another that is so much more, and both together."""
    a, b, template = draw.between(2, 60), draw.between(2, 40), draw.pick(_MORE[language])
    if "{name2}" in template:
        people = draw.sample(world.makers, 2)
        names = [maker.name.en if language == "en" else maker.name.zh for maker in people]
        slots = {"name": names[0], "name2": names[1]}
    else:
        slots = {**_person(world, draw, language), **_noun(draw.pick(GOODS), language)}
    return Problem(template.format(a=a, b=b, **slots), (plus(a, b), plus(a, a + b)), a + a + b)


# ---------------------------------------------------------------- records

_KINDS = ((6, plain), (4, coins), (2, change), (2, two_goods), (1, share), (1, more))
_LAYOUT = {
    "en": ("Question: {question}\n", "Steps: {steps}.\n", "Answer: {answer}", ". "),
    "zh": ("问题：{question}\n", "步骤：{steps}。\n", "答案：{answer}", "，"),
}


def arithmetic(world: "World", draw: Choices, name: str) -> dict[str, object]:
    """A sum with its answer; one that takes more than one step shows the steps.

    Columns of its own: `question`, `steps` (a list of `a op b = c`) and `answer`, a whole number.
    """
    language = draw.pick(("en", "zh"))
    problem = draw.weighted(_KINDS)(world, draw, language)
    question, steps, answer, comma = _LAYOUT[language]
    parts = [fill(question, {"question": problem.question})]
    if len(problem.steps) > 1:
        parts.append(fill(steps, {"steps": comma.join(problem.steps)}))
    parts.append(fill(answer, {"answer": Mark(str(problem.answer), name, "answer")}))
    text, facts = join(parts, "")
    return {
        "language": language,
        "text": text,
        "facts": facts,
        "question": problem.question,
        "steps": list(problem.steps),
        "answer": problem.answer,
    }
