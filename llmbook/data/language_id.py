"""The language filter (section 3.2.1): which language is a page in?

`LanguageIdentifier` is a naive Bayes classifier on hashed character n-grams, trained in a fraction of a second on the
sentences of `llmbook.data.language_samples`. `FastTextIdentifier` is the one that CCNet and RefinedWeb use, with 176
languages, for those who have its model file; both identify in the same way.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from llmbook.data.language_samples import SENTENCES
from llmbook.data.text_arrays import ALPHA, TextBatch, batches, kinds, lowered, mixed
from llmbook.errors import ReaderError

UNKNOWN = "unknown"
_EVEN = 0.5  # the share of a class's probability that all buckets get alike, seen or not


class LanguageIdentifier:
    """Naive Bayes on the character n-grams of a text, n = 1 to 4, whose use goes back to Cavnar and Trenkle (1994).

    Small letters only; whatever is no letter counts as one blank. Every n-gram g falls into one of the buckets, and
    P(g | c) is half the share of its bucket among the n-grams of class c, and half the same for all buckets. The
    classes are the languages, and four kinds of garbage that together make "unknown": letters in random order, random
    letters, random Chinese characters, and UTF-8 read in the wrong encoding. A class has the score

        softmax over c of  s · Σ over g of log P(g | c)

    Naive Bayes takes n-grams for independent, though each shares its characters with its neighbours, and so is far too
    sure of itself. The scale s < 1 mends that: it is the one under which sentences that were left out of training are
    most likely.

    Args:
        samples: sentences by language.
        num_buckets: a power of two.
        max_length: characters of a text that are looked at.
        seed: of the garbage.

    Attributes:
        languages: of the columns of `scores`, "unknown" being the last.

    Raises:
        ReaderError: there are fewer than two languages, or one with fewer than two sentences.
    """

    def __init__(
        self, samples: Mapping[str, Sequence[str]], num_buckets: int = 1 << 16, max_length: int = 1000, seed: int = 0
    ) -> None:
        if len(samples) < 2 or min(map(len, samples.values())) < 2:
            raise ReaderError("a language identifier needs two languages at least, and two sentences of each")
        self.languages = (*samples, UNKNOWN)
        self.num_buckets, self.max_length = num_buckets, max_length
        texts = [list(sentences) for sentences in samples.values()]
        texts += _garbage([sentence for sentences in texts for sentence in sentences], seed)
        self._num_classes = len(texts)
        self._weights = self._trained([some[::2] for some in texts])
        self.scale = self._calibrated([some[1::2] for some in texts])
        self._weights = self._trained(texts)

    def scores(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The probability of each language, [texts, languages]; a text without letters is "unknown"."""
        sums, sizes = self._sums(texts)
        probs = torch.softmax(self.scale * sums, dim=-1)
        named = len(self.languages) - 1
        probs = torch.cat([probs[:, :named], probs[:, named:].sum(-1, keepdim=True)], dim=-1)
        probs[sizes == 0] = F.one_hot(torch.tensor(named), named + 1).float()
        return probs.numpy()

    def identify(self, texts: Sequence[str], threshold: float = 0.5) -> list[tuple[str, float]]:
        """The language of each text and its probability; "unknown" where that is below the threshold."""
        scores = self.scores(texts)
        best = scores.argmax(axis=1)
        found = zip(best.tolist(), scores[np.arange(len(best)), best].tolist(), strict=True)
        return [(self.languages[place] if score >= threshold else UNKNOWN, score) for place, score in found]

    # ------------------------------------------------------------ training

    def _trained(self, texts: Sequence[Sequence[str]]) -> torch.Tensor:
        """log P(bucket | class), less its mean over the classes, [buckets, classes]."""
        columns = []
        for some in texts:
            buckets, _ = self._buckets(some)
            shares = np.bincount(buckets, minlength=self.num_buckets) / len(buckets)
            columns.append(np.log((1 - _EVEN) * shares + _EVEN / self.num_buckets))
        weights = np.stack(columns, axis=1)
        return torch.from_numpy((weights - weights.mean(axis=1, keepdims=True)).astype(np.float32))

    def _calibrated(self, texts: Sequence[Sequence[str]]) -> float:
        """The scale that makes unseen sentences, and pieces of them, most likely."""
        pieces = [[sentence[:length] for sentence in some for length in (15, 40, 200)] for some in texts]
        labels = torch.arange(len(texts)).repeat_interleave(torch.tensor([len(some) for some in pieces]))
        sums, _ = self._sums([piece for some in pieces for piece in some])
        scales = torch.logspace(-2, 0.5, 51)
        losses = torch.stack([F.cross_entropy(scale * sums, labels) for scale in scales])
        return float(scales[losses.argmin()])

    # ------------------------------------------------------------ n-grams

    def _sums(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """The sum of the weights of each text's n-grams, [texts, classes], and how many there are, [texts]."""
        sums, sizes = [torch.zeros(0, self._num_classes)], [torch.zeros(0, dtype=torch.int64)]
        for some in batches(text[: self.max_length] for text in texts):
            buckets, owner = self._buckets(some)
            size = torch.from_numpy(np.bincount(owner, minlength=len(some)))
            offsets = torch.cumsum(size, 0) - size
            sums.append(F.embedding_bag(torch.from_numpy(buckets), self._weights, offsets, mode="sum"))
            sizes.append(size)
        return torch.cat(sums), torch.cat(sizes)

    def _buckets(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The bucket of every n-gram, in order of the texts, and the text that it is in."""
        batch = TextBatch.of(texts)
        is_letter = (kinds(batch.points) & ALPHA) > 0
        kept = np.flatnonzero(is_letter | np.concatenate([[False], is_letter[:-1]]))
        points = np.where(is_letter, lowered(batch.points), np.uint32(ord(" ")))[kept].astype(np.uint64)
        owner = batch.text_of(kept)
        keys, owners = [], []
        key = np.zeros_like(points)
        for length in range(1, 5):
            key = points + np.uint64(0x9E3779B97F4A7C15) * np.concatenate([[np.uint64(0)], key])[:-1]
            inside = owner[length - 1 :] == owner[: max(len(owner) - length + 1, 0)]
            keys.append(mixed(key[length - 1 :][inside] + np.uint64(length)))
            owners.append(owner[length - 1 :][inside])
        every = np.concatenate(owners)
        order = np.argsort(every, kind="stable")
        buckets = np.concatenate(keys) & np.uint64(self.num_buckets - 1)
        return buckets[order].astype(np.int64), every[order]


@cache
def default_identifier() -> LanguageIdentifier:
    """The identifier of the eleven languages of `llmbook.data.language_samples`."""
    samples = {name: text.strip().split("\n") for name, text in SENTENCES.items()}
    samples["zh"] += _common_characters()
    return LanguageIdentifier(samples)


def _common_characters() -> list[str]:
    """The 3,755 characters of everyday Chinese, the first level of the standard GB 2312, apart, fifty to a line.

    Fifty sentences hold 400 of them; without the others a page about pens and bowls would look like random characters.
    """
    rows = (bytes([row, column]) for row in range(0xB0, 0xD8) for column in range(0xA1, 0xFF))
    characters = b"".join(rows).decode("gb2312", "ignore")
    return [" ".join(characters[start : start + 50]) for start in range(0, len(characters), 50)]


class FastTextIdentifier:
    """fastText's identifier of 176 languages (Joulin et al., 2017), used by CCNet, RefinedWeb and FineWeb.

    Args:
        path: of `lid.176.bin`, to be had from fasttext.cc.

    Raises:
        ReaderError: the library or the file is missing.
    """

    def __init__(self, path: str | Path) -> None:
        try:
            import fasttext
        except ImportError:
            raise ReaderError("fastText is not installed: `pip install fasttext-wheel` brings it") from None
        if not Path(path).is_file():
            raise ReaderError(f"there is no file {path}: get lid.176.bin from fasttext.cc")
        self._model = fasttext.load_model(str(path))

    def identify(self, texts: Sequence[str], threshold: float = 0.5) -> list[tuple[str, float]]:
        """The language of each text and its probability; "unknown" where that is below the threshold."""
        labels, scores = self._model.predict([" ".join(text.split()) for text in texts])
        found = [
            (label[0].removeprefix("__label__"), float(score[0])) for label, score in zip(labels, scores, strict=True)
        ]
        return [(language if score >= threshold else UNKNOWN, score) for language, score in found]


def _garbage(sentences: Sequence[str], seed: int) -> list[list[str]]:
    """Four kinds of what is no language: letters in random order, random letters, random Chinese, broken UTF-8."""
    rng = np.random.default_rng(seed)
    alphabetic = [sentence for sentence in sentences if max(map(ord, sentence)) < 0x3000]
    shuffled = ["".join(rng.permutation(list(sentence))) for sentence in alphabetic]
    letters = [
        "".join(" " if blank else chr(letter) for letter, blank in zip(
            rng.integers(ord("a"), ord("z") + 1, len(sentence)), rng.random(len(sentence)) < 0.15, strict=True))
        for sentence in alphabetic
    ]  # fmt: skip
    chinese = ["".join(map(chr, rng.integers(0x4E00, 0x9FA6, 30))) for _ in sentences]
    broken = [
        sentence.encode().decode("latin-1") for sentence in sentences if len(sentence.encode()) > 1.5 * len(sentence)
    ]
    return [kind for kind in (shuffled, letters, chinese, broken) if len(kind) >= 2]
