"""Word problems with a cue that says whether the steps are to be written out or the answer is wanted at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from llmbook.data.world.arithmetic import Problem, change, coins, minus, more, plus, share, two_goods
from llmbook.data.world.choices import Choices
from llmbook.data.world.lexicon import THINGS

if TYPE_CHECKING:
    from llmbook.data.world import World

# How the cue sounds: with steps, and without.
CUES = {
    "en": {
        True: ("Think step by step.", "Work it out step by step.", "Show the steps."),
        False: ("Answer at once.", "Give only the answer.", "Do not show any steps."),
    },
    "zh": {
        True: ("请一步一步地想。", "请一步一步地算。", "请写出步骤。"),
        False: ("请直接回答。", "只写答案。", "不用写步骤。"),
    },
}
_SPACE = {"en": " ", "zh": ""}


# ---------------------------------------------------------------- a store whose goods come and go

_HAS = {
    "en": (
        "A shop has {a} {goods}.",
        "There are {a} {goods} in the store.",
        "In the morning, {a} {goods} stand on the shelf.",
    ),
    "zh": ("店里有{a}{measure}{good}。", "仓库里有{a}{measure}{good}。", "早上，架子上有{a}{measure}{good}。"),
}
_MORE = {
    "en": (
        "{b} more are delivered.",
        "{b} new ones arrive.",
        "The workshop makes another {b}.",
        "{b} are brought back.",
    ),
    "zh": ("又送来{b}{measure}。", "新到了{b}{measure}。", "作坊又做了{b}{measure}。", "有人退回{b}{measure}。"),
}
_FEWER = {
    "en": ("{b} are sold.", "Customers buy {b}.", "{b} are broken.", "{b} are sent to another city."),
    "zh": ("卖掉了{b}{measure}。", "顾客买走{b}{measure}。", "坏了{b}{measure}。", "有{b}{measure}送去了别的城市。"),
}
_NOW = {
    "en": ("How many {goods} are there now?", "How many are there in the end?", "How many {goods} does that make?"),
    "zh": ("现在有多少{measure}{good}？", "最后有多少{measure}？", "最后一共有多少{measure}{good}？"),
}


def stock(world: "World", draw: Choices, language: str) -> Problem:
    """Goods come into a store and leave it, one to four times, in numbers up to thirty."""
    noun, there = draw.pick(tuple(THINGS.values())), draw.between(2, 30)
    slots = {"goods": noun.plural} if language == "en" else {"good": noun.zh, "measure": noun.measure}
    sentences, steps = [draw.pick(_HAS[language]).format(a=there, **slots)], []
    for _ in range(draw.between(1, 4)):
        b = draw.between(2, 20)
        if b <= there and draw.chance(1, 2):
            wording, steps, there = _FEWER, [*steps, minus(there, b)], there - b
        else:
            wording, steps, there = _MORE, [*steps, plus(there, b)], there + b
        sentences.append(draw.pick(wording[language]).format(b=b, **slots))
    sentences.append(draw.pick(_NOW[language]).format(**slots))
    return Problem(_SPACE[language].join(sentences), tuple(steps), there)


# ---------------------------------------------------------------- records

# The lines of arithmetic, with the cue after the question.
STEPS = {"en": "\nSteps: ", "zh": "\n步骤："}
ANSWER = {"en": "\nAnswer: ", "zh": "\n答案："}


def layout(language: str, question: str, cue: str, steps: Sequence[str] = ()) -> str:
    """The question, its cue and the steps, if any, up to where the answer is to stand."""
    if language == "en":
        head, written = f"Question: {question} {cue}", ". ".join(steps) + "."
    else:
        head, written = f"问题：{question}{cue}", "，".join(steps) + "。"
    return head + (STEPS[language] + written if steps else "") + ANSWER[language]


_KINDS = ((6, stock), (6, coins), (1, change), (1, two_goods), (1, share), (1, more))


def worked(world: "World", draw: Choices, name: str) -> dict[str, object]:
    """A word problem, and, as its cue demands, the steps and the answer, or the answer alone.

    Columns of its own: `question` (without the cue), `steps` and `answer` as in arithmetic, `cue`, and `shown`: whether
    the steps stand in the text.
    """
    language, shown = draw.pick(("en", "zh")), draw.chance(1, 2)
    problem = draw.weighted(_KINDS)(world, draw, language)
    answer, cue = str(problem.answer), draw.pick(CUES[language][shown])
    head = layout(language, problem.question, cue, problem.steps if shown else ())
    text, start = head + answer, len(head)
    fact = {"subject": name, "relation": "answer", "object": answer, "start": start, "end": len(text)}
    return {
        "language": language,
        "text": text,
        "facts": [fact],
        "question": problem.question,
        "steps": list(problem.steps),
        "answer": problem.answer,
        "cue": cue,
        "shown": shown,
    }
