"""What a corpus looks like in a dozen numbers: lengths, vocabulary, punctuation, markup, compressibility (3.1.1)."""

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from llmbook.errors import ReaderError

# A word is a run of letters (with an apostrophe inside), a number, or one Chinese character.
_WORD = re.compile(r"[^\W\d_\u3400-\u9fff]+(?:['’][^\W\d_]+)*|\d+|[\u3400-\u9fff]")
_SENTENCE_END = re.compile(r"[.!?]+(?=\s|$)|[。！？]|\n\s*\n")
_TURN = re.compile(r"^[^\W\d_][\w ]{0,30}[:：][ \t]*\S", re.M)
_PUNCTUATION = re.compile(r"[.,;:!?'\"()\-、。，；：！？“”‘’（）…—]")
_SYMBOL = re.compile(r"[^\w\s.,;:!?'\"()\-、。，；：！？“”‘’（）…—]|_")
_DIGIT = re.compile(r"\d")
# An HTML tag or entity, a LaTeX command, a formula between dollars, a Markdown heading or rule at the start of a line.
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|&\w+;|\\[A-Za-z]+|\$[^$\n]+\$|^#{1,6} |^(?:```|---|===).*$", re.M)

ZLIB_SAMPLE = 32_768  # characters; the ratio depends on the length of what is compressed


@dataclass(frozen=True)
class Profile:
    """The profile of a corpus; lengths in characters, shares among all characters.

    Attributes:
        documents: how many.
        characters: in all.
        mean_length: characters of a mean document.
        median_length: characters of the median document.
        sentence_length: words of a mean sentence.
        word_length: characters of a mean word.
        turns: lines that begin with a speaker's name and a colon, for each document.
        new_words: different words among the first 1,000 (or all, if there are fewer), as a share of them.
        punctuation: share of ordinary punctuation marks.
        symbols: share of other characters that are neither letters, digits nor white space: `= [ { _ < $ ...`.
        digits: share of digits.
        markup: share of characters inside tags, entities, LaTeX commands and formulas, Markdown signs.
        line_length: mean length of a non-empty line.
        compressed: bytes after zlib as a share of the bytes before, over at most 32,768 characters.
    """

    documents: int
    characters: int
    mean_length: float
    median_length: float
    sentence_length: float
    word_length: float
    turns: float
    new_words: float
    punctuation: float
    symbols: float
    digits: float
    markup: float
    line_length: float
    compressed: float


def words(text: str) -> list[str]:
    """The words of a text in lower case: runs of letters, numbers, single Chinese characters."""
    return _WORD.findall(text.lower())


def profile(texts: Iterable[str]) -> Profile:
    """Measure a corpus.

    Args:
        texts: its documents.

    Raises:
        ReaderError: there is no character in them.
    """
    texts = list(texts)
    whole = "\n\n".join(texts)
    size = sum(map(len, texts))
    if not size:
        raise ReaderError("there is nothing to profile: the corpus has no character")
    found = words(whole)
    sentences = [count for part in _SENTENCE_END.split(whole) if (count := len(_WORD.findall(part)))]
    lines = [len(line) for line in whole.splitlines() if line.strip()]
    lengths = np.array([len(text) for text in texts])
    return Profile(
        documents=len(texts),
        characters=size,
        mean_length=float(lengths.mean()),
        median_length=float(np.median(lengths)),
        sentence_length=float(np.mean(sentences)) if sentences else 0.0,
        word_length=sum(map(len, found)) / max(1, len(found)),
        turns=len(_TURN.findall(whole)) / len(texts),
        new_words=len(set(found[:1000])) / max(1, len(found[:1000])),
        punctuation=_share(_PUNCTUATION, whole, size),
        symbols=_share(_SYMBOL, whole, size),
        digits=_share(_DIGIT, whole, size),
        markup=_share(_MARKUP, whole, size),
        line_length=float(np.mean(lines)) if lines else 0.0,
        compressed=compressed_share(whole),
    )


def compressed_share(text: str, sample: int = ZLIB_SAMPLE) -> float:
    """Bytes after zlib as a share of the bytes before, for the first `sample` characters; 0 for an empty text."""
    raw = text[:sample].encode("utf-8", "surrogatepass")
    return len(zlib.compress(raw, 9)) / len(raw) if raw else 0.0


def type_token_curve(texts: Iterable[str], points: int = 50) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How the vocabulary grows with the text (Heaps' law says V ~ k N^β with β between 0.4 and 0.8 for prose).

    Args:
        texts: read in order.
        points: of the curve, evenly spaced.

    Returns:
        Words read and different words among them, each [points] (fewer for a very short corpus).
    """
    found = [word for text in texts for word in words(text)]
    first = np.zeros(len(found), dtype=np.int64)
    seen: set[str] = set()
    for place, word in enumerate(found):
        if word not in seen:
            seen.add(word)
            first[place] = 1
    read = np.unique(np.linspace(min(1, len(found)), len(found), points).astype(np.int64))
    return read, np.concatenate([[0], first.cumsum()])[read]


def nearest_profile(sample: Profile, references: Mapping[str, Profile], features: Sequence[str]) -> str:
    """The name of the reference whose features are nearest to those of a sample.

    Features have different units, so each is divided by its spread over the references. Lengths go by their logarithm.

    Args:
        sample: of what is to be named.
        references: profiles by name, at least two.
        features: the attributes to compare.

    Raises:
        ReaderError: there are fewer than two references, or a feature is unknown.
    """
    known = set(asdict(sample))
    if len(references) < 2 or not set(features) <= known:
        raise ReaderError(f"give at least two references, and features among {', '.join(sorted(known))}")
    table = np.array([_values(reference, features) for reference in references.values()])
    spread = table.std(axis=0)
    distances = (((table - _values(sample, features)) / np.where(spread > 0, spread, 1)) ** 2).sum(axis=1)
    return list(references)[int(distances.argmin())]


def _values(measured: Profile, features: Sequence[str]) -> NDArray[np.float64]:
    values = asdict(measured)
    return np.array([np.log1p(values[name]) if name.endswith("length") else values[name] for name in features])


def _share(pattern: re.Pattern[str], text: str, size: int) -> float:
    return sum(map(len, pattern.findall(text))) / size
