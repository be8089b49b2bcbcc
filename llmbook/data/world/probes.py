"""Tests of what a model of the world can do: prompts with their right answers, from records that no training sees."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from llmbook.data.world import HELD_OUT
from llmbook.data.world.choices import Choices
from llmbook.data.world.entities import Price, Product
from llmbook.data.world.pages import LANGUAGES
from llmbook.data.world.questions import STOP
from llmbook.data.world.worked import ANSWER, CUES, STEPS, layout
from llmbook.errors import ReaderError

if TYPE_CHECKING:
    from llmbook.data.world import World

PRODUCT_RELATIONS = ("category", "material", "colour", "size", "maker", "year", "price")
MAX_SHOTS = 16
_PER_SEED = 1_000_000


@dataclass(frozen=True)
class Probe:
    """A prompt and what a model that knows or has understood says next.

    The prompt ends where a token may end (never with a space, in Chinese after punctuation or before a digit), so that
    its tokens are those that a text beginning like this has in training. Prompt and answer joined begin such a text.

    Attributes:
        answer: what follows the prompt, with its leading space, up to `stop`; with `after`, up to `stop` after that.
        language: "en", "zh", or "en-zh" for words of both.
        about: the relation, rule or kind of problem.
        options: all answers that the prompt's pattern could have, where there is a choice of labels; to be ranked.
        stop: what ends the answer, if the text does not.
        after: what stands before the answer in the continuation, where steps come first.
    """

    prompt: str
    answer: str
    language: str
    about: str
    options: tuple[str, ...] = ()
    stop: str = "\n"
    after: str = ""

    def matches(self, continuation: str) -> bool:
        """Whether what a model wrote after the prompt (without its end-of-text token) gives exactly the answer."""
        if self.after:
            continuation = continuation.partition(self.after)[2]
        return continuation.split(self.stop, 1)[0].strip() == self.answer.strip()


def product_cloze(
    world: "World",
    count: int,
    language: str | None = None,
    seed: int = 0,
    relations: Sequence[str] = PRODUCT_RELATIONS,
) -> list[Probe]:
    """Sentences about products, cut before the value: `The Rain Puppet is made of` + ` pine`, to be known by heart.

    The relations are equally frequent, as are the facts of each, and the sentences are among those of kind "questions".

    Raises:
        ReaderError: for a language or relation that is not there.
    """
    if unknown := set(relations) - set(PRODUCT_RELATIONS) or not relations:
        raise ReaderError(f"products have the relations {', '.join(PRODUCT_RELATIONS)}, not {unknown or 'none'}")
    languages, probes = _languages(language), []
    for i in range(count):
        draw = Choices(world.seed, "product cloze", seed, i)
        spoken, relation = draw.pick(languages), draw.pick(relations)
        entity: Price | Product = draw.pick(world.prices if relation == "price" else world.products)
        told = world.quizzes(entity, spoken)[relation].told
        item = draw.pick([item for item in told if _can_be_cut(item.sentence.text, item.start)])
        prompt = item.sentence.text[: item.start].rstrip()
        answer = item.sentence.text[len(prompt) :].removesuffix(STOP[spoken])
        probes.append(Probe(prompt, answer, spoken, relation, stop=STOP[spoken]))
    return probes


def _can_be_cut(text: str, at: int) -> bool:
    """Whether no token of ours can reach across: there is a space, punctuation before, or a digit after."""
    return not text[at - 1].isalnum() or text[at].isdigit()


def reading_probes(
    world: "World", count: int, language: str | None = None, seed: int = 0, answered: bool | None = True
) -> list[Probe]:
    """Passages with one question each.

    Args:
        answered: questions whose answer stands in the passage; False: those that it does not answer; None: both, as
            they come.

    Raises:
        ReaderError: for a language that is not there.
    """

    def probe(record: dict[str, Any]) -> Probe | None:
        question = record["questions"][0]
        if answered is not None and answered != (question["about"] != "nothing"):
            return None
        return _cut(record["text"], question["start"], question["end"], record["language"], question["about"])

    return _held_out(world, "reading", count, language, seed, probe)


def mapping_probes(
    world: "World",
    count: int,
    shots: int,
    family: str = "classes",
    language: str | None = None,
    seed: int = 0,
) -> list[Probe]:
    """Patterns with so many labelled lines before the query; the queries are the same for every number of shots.

    Without shots, the labels cannot be known: a model that ranks the `options` is right by chance. With a few, a model
    that finds the rule is right.

    Args:
        shots: from 0 to 16.
        family: "classes" (the query is none of the lines before), "repeats" (it is one of them if there are six or
            more) or "functions".

    Raises:
        ReaderError: for a language, family or number of shots that is not there.
    """
    if not 0 <= shots <= MAX_SHOTS:
        raise ReaderError(f"mapping probes have 0 to {MAX_SHOTS} shots, not {shots}")
    if family not in ("classes", "repeats", "functions"):
        raise ReaderError(f"mappings are of the families classes, repeats and functions, not {family!r}")

    def probe(record: dict[str, Any]) -> Probe | None:
        pairs = record["pairs"]
        if record["family"] != family or len(pairs) <= MAX_SHOTS:
            return None
        query = pairs[MAX_SHOTS]
        if family == "classes" and query["input"] in [pair["input"] for pair in pairs[:MAX_SHOTS]]:
            return None
        lines = [record["layout"].format(x=pair["input"], y=pair["label"]) for pair in (*pairs[:shots], query)]
        text = "\n".join(lines)
        labels = sorted({pair["label"] for pair in pairs}) if family != "functions" else []
        made = _cut(text, len(text) - len(query["label"]), len(text), record["language"], record["rule"])
        space = made.answer[: -len(query["label"])]
        return Probe(made.prompt, made.answer, made.language, made.about, tuple(space + label for label in labels))

    return _held_out(world, "mapping", count, language, seed, probe)


def sum_probes(
    world: "World", count: int, steps: bool, language: str | None = None, seed: int = 0, least: int = 2
) -> list[Probe]:
    """Word problems of at least so many calculations, asked for with steps or at once; the problems are the same.

    Raises:
        ReaderError: for a language that is not there, or more than four calculations.
    """
    if not 1 <= least <= 4:
        raise ReaderError(f"problems take one to four calculations, not {least}")

    def ask(record: dict[str, Any]) -> Probe | None:
        if len(record["steps"]) < least:
            return None
        spoken, about = record["language"], f"{len(record['steps'])} steps"
        cue, answer = CUES[spoken][steps][0], str(record["answer"])
        text = layout(spoken, record["question"], cue)
        probe = _cut(text + answer, len(text), len(text) + len(answer), spoken, about)
        if not steps:
            return probe
        prompt = text.removesuffix(ANSWER[spoken]) + STEPS[spoken].rstrip(" ")
        return Probe(prompt, probe.answer, spoken, about, after=ANSWER[spoken].rstrip(" "))

    return _held_out(world, "worked", count, language, seed, ask)


def _cut(text: str, start: int, end: int, language: str, about: str) -> Probe:
    prompt = text[:start].rstrip(" ")
    return Probe(prompt, text[len(prompt) : end], language, about)


def _languages(language: str | None) -> tuple[str, ...]:
    if language is not None and language not in LANGUAGES:
        raise ReaderError(f"probes are in {' or '.join(LANGUAGES)}, not {language!r}")
    return LANGUAGES if language is None else (language,)


def _held_out(
    world: "World",
    kind: str,
    count: int,
    language: str | None,
    seed: int,
    probe: Callable[[dict[str, Any]], Probe | None],
) -> list[Probe]:
    """Probes made of the first held-out records of which the function makes one."""
    _languages(language)
    made: Iterator[Probe | None] = (
        probe(record)
        for record in world.records(kind, start=HELD_OUT + seed * _PER_SEED)
        if language is None or record["language"] == language
    )
    return list(islice(filter(None, made), count))
