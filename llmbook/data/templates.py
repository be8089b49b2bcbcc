"""A small English from six sentence templates, with its true probabilities (section 2.3).

BERT, GPT and BART are pretrained on it. Every slot of a template is filled evenly and independently from a short list
of words, so that what a perfectly trained model would answer is known: `fill_mask_truth`.
"""

import random
import re

from llmbook.errors import ReaderError

WORDS: dict[str, tuple[str, ...]] = {
    "PERSON": ("anna", "bruno", "carla", "david", "elena", "frank", "grace", "henry", "irene", "jonas"),
    "PLACE": (
        "museum", "station", "market", "library", "garden", "harbour", "school", "castle", "theatre", "bakery",
    ),
    "THING": ("book", "hat", "lamp", "bag", "cup", "ring", "coat", "kite", "map", "bell"),
    "COLOUR": ("red", "blue", "green", "black", "white", "yellow"),
    "DAY": ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    "VERB": ("found", "bought", "lost", "sold", "saw", "left", "painted"),
    "SITE": ("twitter", "facebook", "youtube", "reddit"),
    "SUBJECT": ("weather", "morning", "day", "sky"),
    "WEATHER": ("rainy", "cloudy", "sunny", "windy", "foggy", "stormy"),
    "MOOD": ("quiet", "busy", "warm", "bright"),
}  # fmt: skip

TEMPLATES: dict[str, str] = {
    "weather": "the SUBJECT was WEATHER yesterday , but today it's WEATHER .",
    "find": "PERSON VERB a COLOUR THING in the PLACE .",
    "trip": "on DAY PERSON went to the PLACE with PERSON .",
    "trend": "today's most trending hashtags on SITE is PERSON .",
    "table": "the THING on the table is COLOUR and the THING is COLOUR .",
    "likes": "PERSON likes the PLACE because it is always MOOD .",
}
KINDS = tuple(TEMPLATES)

Example = tuple[str, str]


def labelled_sentences(count: int, seed: int = 0) -> list[Example]:
    """Sentences with the name of their template, all six equally likely.

    Lower case, tokens separated by blanks. The two adjectives of a "weather" sentence differ; all other slots are
    independent of each other.

    Args:
        count: how many.
        seed: the same seed gives the same sentences, and a higher count begins with those of a lower one.

    Returns:
        Pairs (sentence, one of `KINDS`).
    """
    rng = random.Random(seed)
    examples = []
    for _ in range(count):
        kind = rng.choice(KINDS)
        words = _filled(TEMPLATES[kind], rng)
        while not _allowed(kind, words):
            words = _filled(TEMPLATES[kind], rng)
        examples.append((" ".join(words), kind))
    return examples


def sentences(count: int, seed: int = 0) -> list[str]:
    """The sentences of `labelled_sentences`."""
    return [sentence for sentence, _ in labelled_sentences(count, seed)]


def documents(count: int, seed: int = 0) -> list[list[str]]:
    """Documents of three sentences that share a person, a place, a thing and its colour.

    Args:
        count: how many.
        seed: the same seed gives the same documents.

    Returns:
        Lists of three sentences, such as "anna went to the museum on friday .", "anna found a red book in the
        museum .", "the book on the table is red .".
    """
    rng = random.Random(seed)
    written = []
    for _ in range(count):
        names = {category: rng.choice(words) for category, words in WORDS.items()}
        story = (
            "{PERSON} went to the {PLACE} on {DAY} .",
            "{PERSON} {VERB} a {COLOUR} {THING} in the {PLACE} .",
            "the {THING} on the table is {COLOUR} .",
        )
        written.append([sentence.format(**names) for sentence in story])
    return written


def fill_mask_truth(masked: str, mask: str = "[MASK]") -> dict[str, float]:
    """The probability of every word in the place of the one mask, given the rest of the sentence.

    Args:
        masked: a sentence of one of the templates with one word hidden; capitals and missing blanks are accepted.
        mask: the mask token.

    Returns:
        Words and their probabilities, which sum to 1.

    Raises:
        ReaderError: when there is not exactly one mask, or no template fits.
    """
    found = re.findall(rf"{re.escape(mask)}|[\w']+|[^\w\s]", masked)
    words = [word if word == mask else word.lower() for word in found]
    if words.count(mask) != 1:
        raise ReaderError(f"{masked!r} should hold {mask} once, not {words.count(mask)} times")
    place = words.index(mask)
    for kind, template in TEMPLATES.items():
        slots = template.split()
        fits = len(slots) == len(words) and all(
            word in WORDS.get(slot, (slot,)) for slot, word in zip(slots, words, strict=True) if word != mask
        )
        if fits:  # only one template ever does: each has at least two words of its own
            candidates = WORDS.get(slots[place], (slots[place],))
            possible = [c for c in candidates if _allowed(kind, [*words[:place], c, *words[place + 1 :]])]
            return dict.fromkeys(possible, 1 / len(possible))
    raise ReaderError(f"{masked!r} follows none of the templates: see llmbook.data.templates.TEMPLATES")


def _filled(template: str, rng: random.Random) -> list[str]:
    return [rng.choice(WORDS.get(slot, (slot,))) for slot in template.split()]


def _allowed(kind: str, words: list[str]) -> bool:
    """The weather changes."""
    return kind != "weather" or words[3] != words[-2]
