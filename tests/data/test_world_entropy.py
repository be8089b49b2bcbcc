"""Is `nats` the surprisal? Small generators are enumerated, choice by choice; large ones are sampled."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction
from math import exp, log

import pytest

from llmbook.data.world import World
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


@pytest.mark.parametrize("name", GENERATORS)
def test_nats_are_the_surprisal_of_what_was_made(world, name):
    """Over all runs, the probability of each outcome is exp(-nats), and outcomes are all there is."""
    probability, nats = defaultdict(Fraction), {}
    for made, surprisal, chance in enumerate_all(GENERATORS[name](world)):
        probability[made] += chance
        assert nats.setdefault(made, surprisal) == pytest.approx(surprisal)
    assert sum(probability.values()) == 1 and len(probability) > 20
    for made, chance in probability.items():
        assert exp(-nats[made]) == pytest.approx(float(chance))


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
    assert repeats > 0 or kind == "dialogue"  # a dialogue has 10**14 texts to choose from


def test_streams_are_uniform_and_unlike():
    draws = [Choices(0, "kind", i).below(7) for i in range(70_000)]
    assert all(abs(count - 10_000) < 500 for count in Counter(draws).values())  # five standard deviations
    assert Choices(0, "a", 1).sample(range(100), 20) != Choices(0, "a", 2).sample(range(100), 20)
    long = Choices("long")
    digits = Counter(long.below(10) for _ in range(50_000))  # far more than one digest holds
    assert all(abs(count - 5000) < 350 for count in digits.values())
