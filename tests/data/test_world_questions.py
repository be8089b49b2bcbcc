"""Closed-book questions and reading comprehension: complete, varied, right, and answerable from the passage alone."""

import re
from collections import Counter, defaultdict

import pytest

from llmbook.data.world import World, facts, reading
from llmbook.data.world.catalogue_tree import CATEGORIES
from llmbook.data.world.choices import Choices
from llmbook.data.world.lexicon import THINGS

STOPS = {"en": ".", "zh": "。"}
NOT_SAID = {"en": "The passage does not say.", "zh": "短文没有提到。"}


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=0)


@pytest.fixture(scope="module")
def passages(world) -> list[dict]:
    return list(world.records("reading", 6000))


# ---------------------------------------------------------------- closed book


def entities(world: World) -> list:
    return [*world.cities, *world.makers, *world.shops, *world.products, *world.prices, *CATEGORIES]


def test_all_facts_can_be_asked_for_in_five_ways_and_told_in_five(world):
    for language in ("en", "zh"):
        asked = {(entity.id, relation) for entity in entities(world) for relation in world.quizzes(entity, language)}
        right = {(subject, relation) for subject, relations in world.facts.items() for relation in relations}
        assert asked == {pair for pair in right if pair[1] != "member"}  # of those there are six right answers
        for entity in entities(world):
            for quiz in world.quizzes(entity, language).values():
                assert len(quiz.asked) >= 5 and len(quiz.told) >= 5


def test_answers_are_the_facts(world):
    """Each answer is the value itself, but for its article and its unit."""
    for language in ("en", "zh"):
        for entity in entities(world):
            for relation, quiz in world.quizzes(entity, language).items():
                (value,) = world.facts[entity.id][relation]
                for item in (*quiz.asked, *quiz.told):
                    (fact,) = item.sentence.facts
                    assert fact[:3] == (entity.id, relation, facts.say(value, language))
                    assert item.sentence.text[fact[3] : fact[4]] == fact[2]
                    assert re.fullmatch(rf"(the |an? )?{fact[2]}( coins|文|年|人)?", item.answer)


def test_no_two_ways_make_the_same_text(world):
    """Sentences end at their only full stop and questions have one line each, so what is joined can be told apart."""
    seen = set()
    for language in ("en", "zh"):
        for entity in entities(world):
            for quiz in world.quizzes(entity, language).values():
                for item in quiz.told:
                    text = item.sentence.text
                    assert text.count(STOPS[language]) == 1 and text.endswith(STOPS[language]) and "\n" not in text
                for item in quiz.asked:
                    assert item.sentence.text.count("\n") == 1
                seen |= {item.sentence.text for item in (*quiz.asked, *quiz.told)}
    assert len(seen) == sum(
        len(quiz.asked) + len(quiz.told)
        for language in ("en", "zh")
        for entity in entities(world)
        for quiz in world.quizzes(entity, language).values()
    )


def test_products_are_asked_for_most(world):
    about = Counter(fact["subject"].split("-")[0] for r in world.records("questions", 3000) for fact in r["facts"])
    prices = sum("/" in fact["subject"] for r in world.records("questions", 3000) for fact in r["facts"])
    assert about["product"] > 0.35 * about.total() and prices > 0.25 * about.total()
    assert all(about[kind] > 0 for kind in ("city", "maker", "shop", "category"))


@pytest.mark.parametrize("kind", ["questions", "reading"])
def test_spans_of_answers(world, kind):
    for record in world.records(kind, 2000):
        assert 1 <= len(record["questions"]) <= 3
        for question in record["questions"]:
            assert record["text"][question["start"] : question["end"]] == question["answer"]
        for fact in record["facts"]:
            assert record["text"][fact["start"] : fact["end"]] == fact["object"]
        if kind == "questions":
            told = "\n" not in record["text"]
            head = record["text"][: record["questions"][0]["start"]]
            assert (
                head.rstrip() == record["questions"][0]["question"] if told else head.endswith(("Answer: ", "答案："))
            )


# ---------------------------------------------------------------- reading


def core(answer: str) -> str:
    """What an answer is without article, unit and measure word."""
    return re.sub(r"^(the|an?) | coins$|(?<=\d)\D+$", "", answer)


def test_answers_stand_in_the_passage_or_it_does_not_say(passages):
    said = Counter()
    for record in passages:
        objects = {fact["object"] for fact in record["facts"]}
        for question in record["questions"]:
            nothing = question["answer"] == NOT_SAID[record["language"]]
            assert nothing == (question["about"] == "nothing")
            said[not nothing] += 1
            if not nothing:
                assert core(question["answer"]) in record["passage"]
            if not nothing and not question["about"].startswith(("who", "cheapest", "dearest", "price")):
                assert question["answer"] in objects or core(question["answer"]) in objects
    assert 0.05 < said[False] / said.total() < 0.15


def test_answers_are_those_of_the_facts(passages):
    """A question names one subject of the passage (or one value), and its answer is that subject's value."""
    checked = Counter()
    for record in passages:
        facts_ = [(f["subject"].split("/", 1)[1], f["relation"], f["object"]) for f in record["facts"]]
        for question in record["questions"]:
            about = question["about"]
            if about == "nothing" or about in ("cheapest", "dearest") or about.endswith("price"):
                continue
            if about.startswith("who "):
                right = [s for s, relation, value in facts_ if relation == about[4:] and value in question["question"]]
                if about == "who number" or any(a in b for a in right for b in right if a != b):
                    right = right if len(right) == 1 else [question["answer"]]
                assert question["answer"] in right
            else:
                right = [v for s, relation, v in facts_ if relation == about and s in question["question"]]
                assert core(question["answer"]) in right or question["answer"] in right, record["text"]
            checked[about] += 1
    assert len(checked) > 30 and min(checked.values()) > 10


def test_lists_of_prices(world, passages):
    """Prices differ from the true ones and from each other; the questions about the whole list are right."""
    true, extremes = {price.id: price.coins for price in world.prices}, 0
    for record in passages:
        language = record["language"]
        coins = {f["subject"].split("/", 1)[1]: int(f["object"]) for f in record["facts"] if f["relation"] == "price"}
        assert len(set(coins.values())) == len(coins)
        head = record["passage"][:40]
        for shop in world.shops:
            if getattr(shop.name, language) in head:
                assert all(true.get(f"{shop.id}/{product}") != price for product, price in coins.items())
        for question in record["questions"]:
            if question["about"] in ("cheapest", "dearest"):
                best = (min if question["about"] == "cheapest" else max)(coins, key=coins.get)
                named = {product.id: product.name for product in world.products} | THINGS
                name = named[best].en if language == "en" else named[best].zh
                assert re.sub("^(the|an?) ", "", question["answer"]) == name
                extremes += 1
    assert extremes > 50


def test_strangers_are_none_of_the_makers(world, passages):
    for language in ("en", "zh"):
        makers = {getattr(maker.name, language) for maker in world.makers}
        people = [person.name for person in world.strangers[language]]
        assert len(people) == 420 and len(set(people)) == 420 and not makers & set(people)


def test_passages_are_varied(passages):
    sizes = Counter(len(record["facts"]) for record in passages)
    assert min(sizes) == 2 and max(sizes) == 8
    assert sizes[2] > 0.15 * len(passages)  # many easy ones
    for language in ("en", "zh"):
        wordings = defaultdict(set)
        for record in passages:
            if record["language"] == language:
                for fact in record["facts"]:
                    text = record["text"]
                    around = text[max(0, fact["start"] - 9) : fact["start"]], text[fact["end"] :][:4]
                    wordings[fact["relation"]].add(around)
        assert len(wordings) >= 20 and all(len(ways) >= 3 for ways in wordings.values())


def test_relations_of_people_are_worded_alike_in_both_languages():
    en, zh = reading.reading_en, reading.reading_zh
    assert en.PEOPLE.keys() == zh.PEOPLE.keys() == set(reading._RELATIONS)
    for language in (en, zh):
        templates = [t for ways in language.PEOPLE.values() for group in ways[1:] for t in group]
        assert len(set(templates)) == len(templates)
        assert len(set(language.FILLERS) | set(language.OPENINGS)) == 16
    for relation in en.PEOPLE:
        assert [len(group) for group in en.PEOPLE[relation][1:]] == [len(group) for group in zh.PEOPLE[relation][1:]]


def test_a_small_passage_by_hand(world):
    """The writer's facts, read off the finished text."""
    passage = reading.people(world, Choices("by hand"), "en", "r")
    text = " ".join(line.text for line in passage.lines)
    for query in passage.told:
        assert query.slots["value"].text in text and query.who in text
