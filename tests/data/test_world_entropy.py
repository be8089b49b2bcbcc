"""Is `nats` the surprisal? Small generators are enumerated, choice by choice; large ones are sampled."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction
from math import exp, log
from types import SimpleNamespace

import pytest

from llmbook.data.world import World, mapping, names, reading
from llmbook.data.world.arithmetic import share
from llmbook.data.world.catalogue_tree import CATEGORIES
from llmbook.data.world.choices import Choices
from llmbook.data.world.pages import tell
from llmbook.data.world.parallel.phrases import place


class Scripted(Choices):
    """Makes the choices it is told to make, then always the first; remembers what there was to choose from."""

    def __init__(self, script: list[int]) -> None:
        super().__init__()
        self.script, self.taken = script, []

    def _draw(self, n: int) -> int:
        digit = self.script[len(self.taken)] if len(self.taken) < len(self.script) else 0
        self.taken.append((digit, n))
        return digit


def enumerate_all(generate: Callable[[Choices], object]) -> Iterator[tuple[object, float, Fraction]]:
    """Every run of the generator: what it made, its nats, and the probability of the run."""
    script: list[int] | None = []
    while script is not None:
        draw = Scripted(script)
        made, probability = generate(draw), Fraction(1)
        for _, n in draw.taken:
            probability /= n
        yield made, draw.nats, probability
        digits = draw.taken
        while digits and digits[-1][0] + 1 == digits[-1][1]:
            digits.pop()
        script = [digit for digit, _ in digits[:-1]] + [digits[-1][0] + 1] if digits else None


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=0)


GENERATORS = {
    "choices": lambda world: (
        lambda draw: (
            draw.weighted(((3, "a"), (1, "b"))),
            draw.chance(2, 5),
            draw.between(3, 5),
            tuple(draw.sample("xyz", 2)),
            tuple(draw.subset("pqrs", 2)),
        )
    ),
    "share": lambda world: lambda draw: share(world, draw, "zh"),
    "place": lambda world: lambda draw: tuple(getattr(p, "zh", p) for p in place(draw, world.cast).zh),
    "category page": lambda world: lambda draw: tuple(tell(world.sheet(CATEGORIES[0], "en"), draw)),
}


def check_surprisal(generate: Callable[[Choices], object]) -> None:
    """Over all runs, the probability of each outcome is exp(-nats), and outcomes are all there is."""
    probability, nats = defaultdict(Fraction), {}
    for made, surprisal, chance in enumerate_all(generate):
        probability[made] += chance
        assert nats.setdefault(made, surprisal) == pytest.approx(surprisal)
    assert sum(probability.values()) == 1 and len(probability) > 20
    for made, chance in probability.items():
        assert exp(-nats[made]) == pytest.approx(float(chance))


@pytest.mark.parametrize("name", GENERATORS)
def test_nats_are_the_surprisal_of_what_was_made(world, name):
    check_surprisal(GENERATORS[name](world))


# ---------------------------------------------------------------- passages and patterns, from small pools

PEOPLE = {
    "lives": ("{value}", ("In {value} lives {name}.",), ("I: {value}.",), ("Where {name}?",), ()),
    "hobby": ("{value}", ("{Names} hobby: {value}.",), ("I like {value}.",), ("What {name}?", "Does {name}?"), ()),
}
HEADS = {"SHOP_HEADS": ("{shop}:", "{shop} on {day}:"), "STALL_HEADS": ("In {street}:",)}
LINES = {
    "PRICE_LINES": ("{Good}: {value}",),
    "PRICE_SENTENCES": ("{The_good} costs {value}.", "{value} for {the_good}."),
}


def person(name: str) -> reading.Person:
    return reading.Person(name, True, {"Name": name, "name": name, "Names": name + "'s", "names": name + "'s"})


@pytest.fixture
def small(monkeypatch) -> SimpleNamespace:
    """A world and words of which there are only two or three each, so that all passages can be had."""
    wording = SimpleNamespace(PEOPLE=PEOPLE, OPENINGS=("O.",), FILLERS=("F.",), CARD=reading.reading_en.CARD)
    vars(wording).update(HEADS, **LINES, PRONOUNS=reading.reading_en.PRONOUNS, PRICE_QUESTIONS=("?",), PRICE_ANSWER="!")
    vars(wording).update(GOOD_QUESTIONS=(), CHEAPEST=(), DEAREST=())
    goods = [reading.Good(x, x, f"the {x}") for x in ("cup", "fan")]
    monkeypatch.setattr(reading, "_WORDING", {"en": wording})
    monkeypatch.setattr(reading, "_SIZES", ((1, (1, 1)), (1, (1, 2)), (1, (2, 1)), (1, (2, 2))))
    monkeypatch.setattr(reading, "_FIRST_NAMES", {"en": (person("a"), person("b"))})
    monkeypatch.setattr(reading, "_RELATIONS", tuple(PEOPLE))
    monkeypatch.setattr(reading, "_POOLS", {"en": {"lives": ("p", "q"), "hobby": ("x", "y")}})
    monkeypatch.setattr(reading, "_THINGS", {"en": goods})
    monkeypatch.setattr(reading, "_LISTED", ((1, 1), (2, 2)))
    monkeypatch.setattr(reading, "_COINS", range(4, 7))
    monkeypatch.setattr(reading, "_CARDS", ((1, (1, 1)), (1, (1, 2)), (2, (2, 1))))
    monkeypatch.setattr(reading, "_FIELDS", ("material", "size"))
    monkeypatch.setattr(reading, "_MODELS", ((names.MOTIFS[0], CATEGORIES[0]), (names.MOTIFS[1], CATEGORIES[2])))
    monkeypatch.setattr(names, "WEEKDAYS", names.WEEKDAYS[:2])
    monkeypatch.setattr(names, "STREETS", names.STREETS[:3])
    world = World(0)
    shop, strangers = world.shops[0], {"en": (person("c"), person("d"))}
    prices_of = {shop.id: world.prices_of[shop.id][:2]}
    return SimpleNamespace(shops=(shop,), prices_of=prices_of, strangers=strangers)


@pytest.mark.parametrize("kind", [reading.people, reading.prices, reading.cards])
def test_nats_of_passages(small, kind):
    def write(draw: Choices) -> object:
        passage = kind(small, draw, "en", "r")
        return (*(line.text for line in passage.lines), passage.space)

    check_surprisal(write)


def test_nats_of_questions_on_a_passage():
    told = [
        reading.Query("a", ("a?", "A?"), "1", {}, ("who a?", "Who A?"), "x"),
        reading.Query("b", ("b?",), "2", {}, ("who b?",), "y"),
    ]
    whole = (reading.Query("c", ("most?", "Most?"), "x", {}), reading.Query("d", ("least?",), "y", {}))
    for all_of_it in ((), whole):

        def ask(draw: Choices, whole: tuple = all_of_it) -> object:
            missing = lambda: reading.Query("nothing", draw.pick((("no?",), ("none?", "nil?"))), "-", {})  # noqa: E731
            items = reading._ask(draw, reading.Passage([], "", told, missing, whole), "en")
            return tuple(item.sentence.text for item in items)

        check_surprisal(ask)


def test_nats_of_mappings(monkeypatch):
    monkeypatch.setattr(mapping, "MAX_LINES", 5)
    monkeypatch.setattr(mapping, "_MAX_INPUTS", 3)
    check_surprisal(lambda draw: tuple(mapping._labelled(draw, ("ab", "vw", "xy"), ("ABC", "#%&"))))
    check_surprisal(lambda draw: tuple(mapping._repeating(draw, "xyz", ("ABC", "#%&"))))


def test_mean_nats_are_the_entropy_of_many_draws(world):
    """The plug-in entropy of 40,000 places against the mean of their nats (some 40 outcomes: bias under 0.001)."""
    n, counts, total = 40_000, Counter(), 0.0
    for i in range(n):
        draw = Choices("entropy", i)
        counts[tuple(getattr(piece, "zh", piece) for piece in place(draw, world.cast).zh)] += 1
        total += draw.nats
    entropy = -sum(count / n * log(count / n) for count in counts.values())
    assert entropy == pytest.approx(total / n, abs=0.01)


@pytest.mark.parametrize("kind", [kind for kind in World.KINDS if kind != "crawl"])
def test_a_text_has_one_surprisal(world, kind):
    """Were two ways of choosing to make the same text, their nats would hardly agree."""
    nats, repeats = {}, 0
    for record in world.records(kind, 20_000):
        repeats += record["text"] in nats
        assert nats.setdefault(record["text"], record["nats"]) == record["nats"], record["text"]
    assert repeats > 0 or kind in ("dialogue", "reading", "mapping")  # 10**14 texts and more to choose from


def test_streams_are_uniform_and_unlike():
    draws = [Choices(0, "kind", i).below(7) for i in range(70_000)]
    assert all(abs(count - 10_000) < 500 for count in Counter(draws).values())  # five standard deviations
    assert Choices(0, "a", 1).sample(range(100), 20) != Choices(0, "a", 2).sample(range(100), 20)
    long = Choices("long")
    digits = Counter(long.below(10) for _ in range(50_000))  # far more than one digest holds
    assert all(abs(count - 5000) < 350 for count in digits.values())
