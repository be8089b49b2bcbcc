"""Closed-book questions: what is true in the world, asked for and told in many ways, to be known by heart."""

from typing import TYPE_CHECKING, NamedTuple

from llmbook.data.world import questions_en, questions_zh
from llmbook.data.world.catalogue_tree import CATEGORIES, Category
from llmbook.data.world.choices import Choices
from llmbook.data.world.entities import City, Maker, Price, Product, Shop
from llmbook.data.world.facts import say
from llmbook.data.world.marked import Mark, Sentence, add, fill, join
from llmbook.data.world.pages import LANGUAGES, slots_of

if TYPE_CHECKING:
    from llmbook.data.world import World

Asked = City | Maker | Shop | Product | Category | Price

WORDING = {"en": questions_en, "zh": questions_zh}
_WORDED = {City: "CITY", Maker: "MAKER", Shop: "SHOP", Product: "PRODUCT", Category: "CATEGORY", Price: "PRICE"}
# How a question and its answer are laid out; the answer goes on until the end of the line.
QUESTION = {"en": "Question: ", "zh": "问题："}
ANSWER = {"en": "\nAnswer: ", "zh": "\n答案："}
STOP = {"en": ".", "zh": "。"}


class Item(NamedTuple):
    """A question with its answer, or a sentence and the end of it that is to be known, as text with the fact in it.

    `text[start:]` is the answer, in a sentence with its full stop; `about` is the relation.
    """

    sentence: Sentence
    question: str
    answer: str
    start: int
    about: str


class Quiz(NamedTuple):
    """All items about one fact: as questions with answers, and as sentences."""

    asked: tuple[Item, ...]
    told: tuple[Item, ...]


def write_quizzes(world: "World", entity: Asked, language: str) -> dict[str, Quiz]:
    """By relation, every way to ask for each fact about the entity that has one right answer."""
    slots = price_slots(entity, language) if isinstance(entity, Price) else slots_of(world, entity, language)
    wording = getattr(WORDING[language], _WORDED[type(entity)])
    return {
        relation: _quiz(relation, words, slots, language) for relation, words in wording.items() if relation in slots
    }


def price_slots(price: Price, language: str) -> dict[str, str | Mark]:
    """The values that templates about a price use."""
    return {
        "product": say(price.product.name, language),
        "shop": say(price.shop.name, language),
        "price": Mark(str(price.coins), price.id, "price"),
    }


def _quiz(
    relation: str, words: tuple[str, tuple[str, ...], tuple[str, ...]], slots: dict[str, str | Mark], language: str
) -> Quiz:
    answer, questions, sentences = words
    given = fill(answer, slots)
    asked = (ask(fill(question, slots).text, given, language, relation) for question in questions)
    return Quiz(tuple(asked), tuple(_tell(fill(sentence, slots), language, relation) for sentence in sentences))


def ask(question: str, answer: Sentence, language: str, about: str) -> Item:
    """The question above its answer."""
    head = f"{QUESTION[language]}{question}{ANSWER[language]}"
    return Item(add(Sentence(head), answer), question, answer.text, len(head), about)


def _tell(sentence: Sentence, language: str, about: str) -> Item:
    """A sentence that is cut where its fact begins."""
    start = sentence.facts[0][3]
    question, answer = sentence.text[:start].rstrip(), sentence.text[start:].removesuffix(STOP[language])
    return Item(sentence, question, answer, start, about)


_ABOUT = ((12, "products"), (9, "prices"), (3, "makers"), (3, "shops"), (1, "cities"), (1, "categories"))


def questions(world: "World", draw: Choices, name: str) -> dict[str, object]:
    """One to three questions with their answers, or as many sentences that state a fact at their end.

    Column of its own: `questions`, each {question, answer, about, start, end}: what stands before the answer (the
    question, or the sentence so far), the answer, the relation, and where the answer is in the text.
    """
    language, told = draw.pick(LANGUAGES), draw.chance(1, 2)
    items = []
    for _ in range(draw.between(1, 3)):
        about = draw.weighted(_ABOUT)
        quizzes = world.quizzes(draw.pick(CATEGORIES if about == "categories" else getattr(world, about)), language)
        quiz = quizzes[draw.pick(tuple(quizzes))]
        items.append(draw.pick(quiz.told if told else quiz.asked))
    space = ("" if language == "zh" else " ") if told else "\n"
    text, facts = join((item.sentence for item in items), space)
    return {"language": language, "text": text, "facts": facts, "questions": spans(items, len(space))}


def spans(items: list[Item], space: int, at: int = 0) -> list[dict[str, object]]:
    """The column `questions` of items that follow each other from `at` on, with so many characters between them."""
    found = []
    for item in items:
        start, end = at + item.start, at + item.start + len(item.answer)
        found.append(
            {"question": item.question, "answer": item.answer, "about": item.about, "start": start, "end": end}
        )
        at += len(item.sentence.text) + space
    return found
