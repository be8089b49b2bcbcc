"""The steps that a recipe can name: dataclasses whose fields are the options.

Most steps see some documents at a time (`apply`). A step that has to see all of them (`gathers`) gives keys and
signatures instead: see `duplicates`.
"""

import glob
import string
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from llmbook.data import privacy, rules
from llmbook.data.pipeline.reading import Row, read_texts
from llmbook.errors import ReaderError

if TYPE_CHECKING:
    from llmbook.data.classifier import QualityClassifier
    from llmbook.data.perplexity import KneserNeyLM


@dataclass(frozen=True)
class Removed:
    """What stands for a document that goes; what follows a colon in the reason is a detail."""

    reason: str


Result = str | Removed


class Step:
    """A step of a recipe.

    Attributes:
        name: how a recipe calls it.
        gathers: whether it must see all documents at once.
        adds: the columns that it writes beside the text.
    """

    name: ClassVar[str]
    gathers: ClassVar[bool] = False
    adds: ClassVar[tuple[str, ...]] = ()

    def apply(self, texts: Sequence[str], rows: Sequence[Row]) -> list[Result]:
        """What becomes of each document: its text, changed or not, or `Removed`."""
        raise NotImplementedError

    def files(self) -> list[Path]:
        """What the step reads: with another content, another result is to be expected."""
        return [value for value in vars(self).values() if isinstance(value, Path)]


@dataclass(frozen=True)
class Normalize(Step):
    """One way to write each character (Unicode normal form), and plain line ends (section 3.4.4, step 1)."""

    name = "normalize"
    form: str = "NFC"

    def __post_init__(self) -> None:
        _one_of("normalize: form", self.form, ("NFC", "NFKC"))

    def apply(self, texts: Sequence[str], rows: Sequence[Row]) -> list[Result]:
        return [unicodedata.normalize(self.form, text.replace("\r\n", "\n").replace("\x00", "")) for text in texts]


_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True)
class MinLength(Step):
    """Drop short documents, not counting punctuation and further blanks (SlimPajama; section 3.4.4, step 2)."""

    name = "min_length"
    characters: int = 200

    def apply(self, texts: Sequence[str], rows: Sequence[Row]) -> list[Result]:
        lengths = (len(" ".join(text.translate(_NO_PUNCTUATION).split())) for text in texts)
        return [
            text if length >= self.characters else Removed("too short")
            for text, length in zip(texts, lengths, strict=True)
        ]


@dataclass(frozen=True)
class Markup(Step):
    """Take out left-over HTML: scripts, tags, addresses of pages; entities become characters."""

    name = "markup"

    def apply(self, texts: Sequence[str], rows: Sequence[Row]) -> list[Result]:
        return [rules.remove_markup(text) if "<" in text or "&" in text else text for text in texts]


@dataclass(frozen=True)
class Rules(Step):
    """Drop what published heuristics reject, by the rules for its language (section 3.2.1)."""

    name = "rules"
    sets: tuple[str, ...] = ("gopher_quality", "gopher_repetition")

    def __post_init__(self) -> None:
        rules.rules_for("en", self.sets)

    def apply(self, texts: Sequence[str], rows: Sequence[Row]) -> list[Result]:
        results: list[Result] = list(texts)
        for language, places in _by_language(rows).items():
            failures = rules.failures([texts[i] for i in places], language, rules.rules_for(language, self.sets))
            for name, failed in reversed(failures.items()):  # the first rule that a document fails is its reason
                for place in np.flatnonzero(failed):
                    results[places[place]] = Removed(name)
        return results


@dataclass(frozen=True)
class Lines(Step):
    """Take out single lines, as C4 or RefinedWeb did; a document without a line left goes (sections 3.2.1, 3.4.3)."""

    name = "lines"
    like: str = "refinedweb"

    def __post_init__(self) -> None:
        _one_of("lines: like", self.like, ("c4", "refinedweb"))

    def apply(self, texts: Sequence[str], rows: Sequence[Row]) -> list[Result]:
        correct: Callable[[str, str], str] = (
            rules.c4_lines if self.like == "c4" else lambda text, language: rules.refinedweb_lines(text, language)[0]
        )
        corrected = (correct(text, _language(row)) for text, row in zip(texts, rows, strict=True))
        return [text if text.strip() else Removed("no line left") for text in corrected]


@dataclass(frozen=True)
class Language(Step):
    """Write a document's language into the column `language`, and keep some languages only (section 3.2.1).

    `model` is a file of fastText's identifier (lid.176.bin); without it, ours, of eleven languages.
    """

    name = "language"
    adds = ("language",)
    keep: tuple[str, ...] = ()
    threshold: float = 0.5
    model: Path | None = None

    def apply(self, texts: Sequence[str], rows: Sequence[Row]) -> list[Result]:
        results: list[Result] = []
        for text, row, (language, _) in zip(texts, rows, self._identify(texts, self.threshold), strict=True):
            row["language"] = language
            is_kept = language in self.keep or not self.keep
            results.append(text if is_kept else Removed(f"language {language}"))
        return results

    @cached_property
    def _identify(self) -> Callable[[Sequence[str], float], list[tuple[str, float]]]:
        from llmbook.data.language_id import FastTextIdentifier, default_identifier

        return (FastTextIdentifier(self.model) if self.model else default_identifier()).identify


@dataclass(frozen=True)
class Quality(Step):
    """Drop what a classifier finds unlike good text: below a threshold, or by Pareto sampling (section 3.2.1).

    `model` is a file of `llmbook data train-quality`. With `alpha` a document of score q stays with probability
    (2 - q)^-alpha, drawn by a hash of its text.
    """

    name = "quality"
    model: Path
    threshold: float = 0.5
    alpha: float | None = None

    def apply(self, texts: Sequence[str], rows: Sequence[Row]) -> list[Result]:
        from llmbook.data.classifier import keep_probability
        from llmbook.data.dedup.exact import document_keys

        scores = self._classifier.scores(texts)
        if self.alpha is None:
            kept = scores >= self.threshold
        else:
            kept = document_keys(texts) / 2**64 < keep_probability(scores, self.alpha)
        return [
            text if is_kept else Removed(f"low quality: score {score:.2f}")
            for text, is_kept, score in zip(texts, kept, scores, strict=True)
        ]

    @cached_property
    def _classifier(self) -> "QualityClassifier":
        from llmbook.data.classifier import QualityClassifier

        return QualityClassifier.load(self.model)


@dataclass(frozen=True)
class Perplexity(Step):
    """Drop what an n-gram model finds unlikely, or too likely to be text (section 3.2.1; CCNet).

    `model` is a file of `llmbook data train-perplexity`.
    """

    name = "perplexity"
    model: Path
    low: float = 0.0
    high: float = 1e9

    def apply(self, texts: Sequence[str], rows: Sequence[Row]) -> list[Result]:
        results: list[Result] = []
        for text, value in zip(texts, self._model.perplexities(texts), strict=True):
            how = "low" if value < self.low else "" if value <= self.high else "high"
            results.append(Removed(f"perplexity too {how}: {value:.0f}") if how else text)
        return results

    @cached_property
    def _model(self) -> "KneserNeyLM":
        from llmbook.data.perplexity import KneserNeyLM

        return KneserNeyLM.load(self.model)


@dataclass(frozen=True)
class Decontaminate(Step):
    """Drop documents that share an n-gram with an evaluation item (sections 3.2.2 and 3.4.4).

    `items` are .jsonl or .parquet files with a column `text`, or .txt files with an item a line.
    """

    name = "decontaminate"
    items: tuple[str, ...]
    ngram: int = 13

    def apply(self, texts: Sequence[str], rows: Sequence[Row]) -> list[Result]:
        from llmbook.data.dedup.contamination import contamination

        hits = contamination(self._items, texts, self.ngram).document_hits
        return [Removed("evaluation data") if hit else text for text, hit in zip(texts, hits, strict=True)]

    def files(self) -> list[Path]:
        return [Path(path) for pattern in self.items for path in sorted(glob.glob(pattern)) or [pattern]]

    @cached_property
    def _items(self) -> list[str]:
        return list(read_texts(self.items))


@dataclass(frozen=True)
class PersonalData(Step):
    """Replace personal data: by a typed placeholder, by nothing, or by a pseudonym (section 3.2.3).

    `key_file` holds the 16 to 64 bytes from which pseudonyms are made, which belong in no recipe.
    """

    name = "personal_data"
    policy: str = "placeholder"
    types: tuple[str, ...] = privacy.TYPES
    key_file: Path | None = None

    def __post_init__(self) -> None:
        _one_of("personal_data: policy", self.policy, ("placeholder", "delete", "pseudonym"))
        if (self.policy == "pseudonym") != (self.key_file is not None):
            raise ReaderError("personal_data: `key_file` goes with `policy: pseudonym`, whose key it holds")
        privacy.find_personal_data("", self.types)

    def apply(self, texts: Sequence[str], rows: Sequence[Row]) -> list[Result]:
        return [privacy.scrub(text, self._write, self.types) for text in texts]

    @cached_property
    def _write(self) -> Callable[[Any], str]:
        from llmbook.data import pseudonyms

        if self.policy == "pseudonym":
            return pseudonyms.Pseudonyms(self.key_file.read_bytes().strip())
        return privacy.placeholder if self.policy == "placeholder" else privacy.delete


# ---------------------------------------------------------------- steps that see all documents


@dataclass(frozen=True)
class ExactDuplicates(Step):
    """Keep the first of the documents with the same text (section 3.2.2)."""

    name = "exact_duplicates"
    gathers = True

    def signatures(self, texts: Sequence[str]) -> NDArray[np.uint64]:
        from llmbook.data.dedup.exact import document_keys

        return document_keys(texts)[:, None]

    def keys(self, signatures: NDArray[np.uint64]) -> NDArray[np.uint64]:
        return signatures

    def similar(self, first: NDArray[np.uint64], second: NDArray[np.uint64]) -> NDArray[np.bool_]:
        return (first == second).all(axis=1)


@dataclass(frozen=True)
class NearDuplicates(Step):
    """Keep the first of the documents that share most of their n-grams, by MinHash (section 3.2.2)."""

    name = "near_duplicates"
    gathers = True
    threshold: float = 0.7
    permutations: int = 128
    ngram: int = 5
    unit: str = "word"
    seed: int = 1

    def __post_init__(self) -> None:
        _one_of("near_duplicates: unit", self.unit, ("word", "character"))
        _ = self._bands

    @cached_property
    def _bands(self) -> tuple[int, int]:
        from llmbook.data.dedup.minhash import optimal_bands

        # A false candidate costs one comparison of signatures, a missed one is lost.
        return optimal_bands(self.threshold, self.permutations, false_positive_weight=0.1)

    def signatures(self, texts: Sequence[str]) -> NDArray[np.uint32]:
        from llmbook.data.dedup.minhash import signatures

        return signatures(texts, self.permutations, self.ngram, self.unit, self.seed)

    def keys(self, signatures: NDArray[np.uint32]) -> NDArray[np.uint64]:
        from llmbook.data.dedup.minhash import band_keys

        return band_keys(signatures, *self._bands)

    def similar(self, first: NDArray[np.uint32], second: NDArray[np.uint32]) -> NDArray[np.bool_]:
        return (first == second).mean(axis=1) >= self.threshold


def _language(row: Row) -> str:
    """What the column `language` says, which the step `language` writes; English without it."""
    return row.get("language") or "en"


def _by_language(rows: Sequence[Row]) -> dict[str, list[int]]:
    places = defaultdict(list)
    for place, row in enumerate(rows):
        places[_language(row)].append(place)
    return places


def _one_of(where: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise ReaderError(f"{where} must be one of {', '.join(choices)}, not {value!r}")


STEPS: dict[str, type[Step]] = {step.name: step for step in Step.__subclasses__()}
