"""Stories whose last word can be known only from their beginning: LAMBADA in miniature (section 3.3.3).

LAMBADA (Paperno et al., 2016) asks for the last word of a passage from a novel, chosen so that people guess it from the
whole passage and not from its last sentence. Here a hero is named in the first sentences and once more at the very end;
in between "she" or "he" will do.
"""

import random
from collections.abc import Iterator
from typing import NamedTuple

NAMES = {
    "she": ("Agnes", "Beata", "Clara", "Dorit", "Edda", "Greta", "Hanna", "Irma"),
    "he": ("Anton", "Boris", "Casper", "Emil", "Gustav", "Henrik", "Ivan", "Jakob"),
}
THINGS = ("lantern", "violin", "kite", "clock", "compass", "mirror", "telescope", "chest", "teapot", "map", "ring",
          "bell")  # fmt: skip
PLACES = ("harbour", "mill", "market", "tower", "forest", "bridge", "library", "orchard", "station", "chapel", "inn",
          "garden")  # fmt: skip
FOLK = ("baker", "sailor", "widow", "doctor", "porter", "teacher", "miller", "child", "soldier", "weaver")
WEATHER = ("rain", "fog", "snow", "wind", "frost", "sunshine", "thunder", "dusk")
MOODS = ("slowly", "in silence", "with a smile", "without hope", "in a hurry", "as before", "all alone", "by chance")
SENTENCES = (
    "When the {weather} came , {who} walked to the {place} {mood} .",
    "There an old {folk} spoke of the {place} and of the {weather} .",
    "The {folk} had seen it near the {place} , and {who} believed every word .",
    "For days {who} waited at the {place} , but nothing came except {weather} .",
    "Then {who} asked the {folk} , who pointed {mood} at the {place} .",
    "In the {place} a {folk} slept , and {who} went on {mood} .",
    "After the {weather} the road to the {place} was empty .",
    "At night {who} dreamt of the {folk} and of the {place} .",
)
LONGEST = 17  # words of the longest sentence
ENDING = "And so , in the end , the {thing} belonged to"


class Story(NamedTuple):
    """A story without its last word, and that word.

    Attributes:
        context: all but the last word; words and signs are separated by blanks.
        last_word: the hero's name.
        distance: words from the last time that the name stands in the context to the last word.
    """

    context: str
    last_word: str
    distance: int

    @property
    def text(self) -> str:
        """The whole story, closed by a full stop."""
        return f"{self.context} {self.last_word} ."


def stories(count: int, seed: int = 0, distance: int | None = None, length: int = 40) -> Iterator[Story]:
    """Stories drawn independently of each other.

    Args:
        count: how many.
        seed: of the draws.
        distance: in the last `distance` words before the end, at least, the hero is only "she" or "he"; None draws it
            for every story, from 0 to `length`, as novels have near and far references.
        length: words of a story, at least; a sentence more where the distance asks for it.
    """
    rng = random.Random(seed)
    for _ in range(count):
        yield _story(rng, rng.randrange(length + 1) if distance is None else distance, length)


def _story(rng: random.Random, distance: int, length: int) -> Story:
    pronoun = rng.choice(("she", "he"))
    hero, thing = rng.choice(NAMES[pronoun]), rng.choice(THINGS)
    words = f"Long ago {hero} wanted a {thing} .".split()
    ending = ENDING.format(thing=thing).split()
    last = words.index(hero)
    while len(words) + len(ending) < max(length, last + distance):
        early = len(words) + LONGEST + distance <= length
        sentence = rng.choice(SENTENCES).format(
            who=hero if early else pronoun, weather=rng.choice(WEATHER), place=rng.choice(PLACES),
            folk=rng.choice(FOLK), mood=rng.choice(MOODS),
        )  # fmt: skip
        words += sentence.split()
        last = max(place for place, word in enumerate(words) if word == hero)
    words += ending
    return Story(" ".join(words), hero, len(words) - last)
