"""A metric filter (section 3.2.1): the perplexity of a text under an n-gram model of good text, as CCNet uses it.

`KneserNeyLM` is the model of KenLM in numpy: the same estimate, stored as sorted hashes in place of a trie, so that all
the n-grams of many texts are looked up at once. `llmbook.models.ngram.NGramLM` is the one to read first: it explains
the smoothing, and takes any sequence of anything; this one takes texts and is made for crawls.
"""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from llmbook.data.text_arrays import TextBatch, batches, lowered, mixed
from llmbook.errors import ReaderError
from llmbook.files import write_atomically

_BOS, _EOS, _UNK = mixed(np.array([1, 2, 3], dtype=np.uint64))  # hashes of no word
_MULTIPLIER = np.uint64(0xD1342543DE82EF95)
_FORMAT = "llmbook KneserNeyLM 1"


@dataclass(frozen=True)
class _Order:
    """The n-grams of one length, and the same things as histories of the next.

    Attributes:
        keys: [G], hashes, sorted.
        weights: [G], the share that the n-gram's last word has of its history's probability.
        backoffs: [G], the share that, standing before a word, the n-gram leaves to the shorter history.
    """

    keys: NDArray[np.uint64]
    weights: NDArray[np.float32]
    backoffs: NDArray[np.float32]


class KneserNeyLM:
    """An interpolated Kneser-Ney model (Chen and Goodman, 1999) of texts, by words or Chinese characters.

    Words are runs of letters and digits in small letters, all digits being "0"; Chinese characters, kana and marks
    of punctuation are words of their own. Each line that is not blank is a sentence: padded with order - 1 times "<s>",
    and ended by "</s>", which is predicted like a word. With C the count of a word sequence, h the last words and h'
    one fewer,

        P(w | h) = (C(hw) - D(C(hw))) / C(h) + (Σ over words v of D(C(hv))) / C(h) · P(w | h')

    where lengths below the longest count in how many different contexts a sequence occurs, and the recursion ends in
    1 / V. The discount D is D1, D2 or D3 for things counted once, twice, or more often (`modified`), as in KenLM; or
    n1 / (n1 + 2 n2) for all, n1 and n2 being the number of things counted once and twice.

    Args:
        order: n, the words of the longest n-gram: 5 for Chinese characters, 3 to 5 for words.
        min_count: words that are rarer count as "<unk>", which is always in the vocabulary.
        modified: three discounts, or one.

    Attributes:
        vocabulary_size: V, "</s>" and "<unk>" included.
        num_ngrams: how many different n-grams of each length were seen.

    Raises:
        ReaderError: for an order or a count below 1.
    """

    def __init__(self, order: int = 5, min_count: int = 2, modified: bool = True) -> None:
        if order < 1 or min_count < 1:
            raise ReaderError(f"order {order} and min_count {min_count} should both be at least 1")
        self.order, self.min_count, self.modified = order, min_count, modified
        self._words = np.zeros(0, dtype=np.uint64)
        self._orders: list[_Order] = []

    def __repr__(self) -> str:
        return f"KneserNeyLM(order={self.order}, min_count={self.min_count}, modified={self.modified})"

    @property
    def vocabulary_size(self) -> int:
        return len(self._words) + 2

    @property
    def num_ngrams(self) -> list[int]:
        return [len(order.keys) - (order is not self._orders[-1]) for order in self._orders]

    # ------------------------------------------------------------ training

    def fit(self, texts: Sequence[str]) -> "KneserNeyLM":
        """Count; whatever was counted before is forgotten.

        Raises:
            ReaderError: there is not a single word in the texts.
        """
        stream = np.concatenate([self._stream(TextBatch.of(some))[0] for some in batches(texts)] or [self._words])
        words, counts = np.unique(stream[(stream != _BOS) & (stream != _EOS)], return_counts=True)
        if not len(words):
            raise ReaderError("there are no words in the texts: give the model some good text to learn from")
        self._words = words[counts >= self.min_count]
        stream = self._known(stream)
        ends = np.flatnonzero(stream != _BOS)
        hashes = [np.zeros_like(stream)]
        for _ in range(self.order):
            hashes.append(_extended(hashes[-1], stream))
        seen = [np.unique(keys[ends], return_index=True, return_counts=True) for keys in hashes[1:]]
        history = _Order(np.zeros(1, dtype=np.uint64), np.zeros(1, np.float32), np.zeros(1, np.float32))
        self._orders = []
        for length, (keys, first, counts) in enumerate(seen, 1):
            place = ends[first]  # one place in the stream at which the n-gram ends
            if length < self.order:
                longer = ends[seen[length][1]]
                contexts = np.bincount(np.searchsorted(keys, hashes[length][longer]), minlength=len(keys))
                counts = np.where(stream[place - length + 1] == _BOS, counts, contexts)
            owner = np.searchsorted(history.keys, hashes[length - 1][place - 1])
            weights, history.backoffs[:] = self._smoothed(counts, owner, len(history.keys))
            if length < self.order:  # "<s> … <s>" is a history, though never predicted
                keys = np.append(keys, _repeated(_BOS, length))
                order = np.argsort(keys)
                keys, weights = keys[order], np.append(weights, 0.0)[order]
            history = _Order(keys, weights.astype(np.float32), np.ones(len(keys), np.float32))
            self._orders.append(history)
        return self

    def _smoothed(
        self, counts: NDArray[np.int64], owner: NDArray[np.int64], num_histories: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weights of the n-grams, and backoffs of the histories that own them."""
        taken = self._discounts(counts)[np.minimum(counts, 3)]
        total = np.bincount(owner, counts, num_histories)
        left = np.bincount(owner, taken, num_histories)
        followed = total > 0  # a history that no word follows, such as "… </s>", leaves all to the shorter one
        backoffs = np.where(followed, left / np.where(followed, total, 1), 1.0)
        if num_histories == 1:
            self._unigram_backoff = float(backoffs[0])
        return (counts - taken) / total[owner], backoffs

    def _discounts(self, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """What is taken off a count of 0, 1, 2, and 3 or more."""
        n1, n2, n3, n4 = (float((counts == value).sum()) for value in (1, 2, 3, 4))
        share = n1 / (n1 + 2 * n2) if n1 else 0.5
        if not self.modified:
            return np.array([0, share, share, share])
        if not (n1 and n2 and n3):
            return np.array([0, 0.5, 1.0, 1.5])  # too little text to estimate them: KenLM's fallback
        estimates = [1 - 2 * share * n2 / n1, 2 - 3 * share * n3 / n2, 3 - 4 * share * n4 / n3]
        return np.array([0, *np.clip(estimates, [0, 0, 0], [1, 2, 3])])

    # ------------------------------------------------------------ scoring

    def perplexities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """exp(-mean log P) over the tokens and sentence ends of each text, [texts]; infinite for a text without any."""
        log_probs, sizes = self.token_log_probs(texts)
        owner = np.repeat(np.arange(len(sizes)), sizes)
        total = np.bincount(owner, log_probs, len(sizes))
        return np.where(sizes > 0, np.exp(-total / np.maximum(sizes, 1)), np.inf)

    def token_log_probs(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """log P in nats of all tokens and sentence ends, in order, and how many of them each text has.

        Raises:
            ReaderError: the model has not learned anything yet.
        """
        if not self._orders:
            raise ReaderError("the model has not counted anything yet: call fit(texts) or load a model")
        scored: list[NDArray[np.float64]] = [np.zeros(0)]
        sizes: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
        for some in batches(texts):
            stream, text = self._stream(TextBatch.of(some))
            is_predicted = stream != _BOS
            scored.append(self._log_probs(self._known(stream), is_predicted))
            sizes.append(np.bincount(text[is_predicted], minlength=len(some)))
        return np.concatenate(scored), np.concatenate(sizes)

    def _log_probs(self, stream: NDArray[np.uint64], is_predicted: NDArray[np.bool_]) -> NDArray[np.float64]:
        probs = np.full(len(stream), 1 / self.vocabulary_size)
        backoff = np.full(len(stream), self._unigram_backoff)
        found = np.arange(len(stream))  # where the n-gram of this length that ends here is known
        key = np.zeros_like(stream)
        for order in self._orders:
            key = _extended(key, stream)
            place = np.minimum(np.searchsorted(order.keys, key[found]), len(order.keys) - 1)
            known = order.keys[place] == key[found]
            found, place = found[known], place[known]
            probs *= backoff
            probs[found] += order.weights[place]
            backoff.fill(1.0)
            followers = found + 1
            inside = followers < len(stream)
            backoff[followers[inside]] = order.backoffs[place[inside]]
        return np.log(probs[is_predicted])

    # ------------------------------------------------------------ texts as streams of hashed words

    def _stream(self, batch: TextBatch) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """The words of all lines with "<s>" before and "</s>" behind each line, and the text of each."""
        points = lowered(batch.points)
        points = np.where((points >= ord("0")) & (points <= ord("9")), np.uint32(ord("0")), points)
        tokens = batch.tokens()
        lines, _ = batch.lines()
        line = np.searchsorted(lines.starts, tokens.starts, side="right") - 1
        size = np.bincount(line, minlength=len(lines)) + self.order
        last = np.cumsum(size) - 1
        stream = np.full(size.sum(), _BOS)
        stream[last] = _EOS
        stream[np.arange(len(tokens)) + line * self.order + self.order - 1] = TextBatch(points, batch.bounds).hashes(
            tokens
        )
        return stream, np.repeat(lines.text, size)

    def _known(self, stream: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Unknown words as "<unk>"."""
        place = np.minimum(np.searchsorted(self._words, stream), max(len(self._words) - 1, 0))
        known = self._words[place] == stream if len(self._words) else np.zeros(len(stream), dtype=bool)
        return np.where(known | (stream == _BOS) | (stream == _EOS), stream, _UNK)

    # ------------------------------------------------------------ files

    def save(self, path: str | Path) -> None:
        """Write the model to one .npz file of plain arrays, without pickle."""
        settings = {"format": _FORMAT, "order": self.order, "min_count": self.min_count, "modified": self.modified,
                    "unigram_backoff": self._unigram_backoff}  # fmt: skip
        arrays = {"settings": np.array(json.dumps(settings)), "words": self._words}
        for length, order in enumerate(self._orders, 1):
            arrays |= {f"keys_{length}": order.keys, f"weights_{length}": order.weights}
            arrays |= {f"backoffs_{length}": order.backoffs}
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        write_atomically(Path(path), buffer.getvalue())

    @classmethod
    def load(cls, path: str | Path) -> "KneserNeyLM":
        """Read what `save` wrote.

        Raises:
            ReaderError: there is no such file, or it holds something else.
        """
        arrays, settings = read_arrays(path, _FORMAT)
        model = cls(settings["order"], settings["min_count"], settings["modified"])
        model._words, model._unigram_backoff = arrays["words"], settings["unigram_backoff"]
        for length in range(1, model.order + 1):
            names = (f"keys_{length}", f"weights_{length}", f"backoffs_{length}")
            model._orders.append(_Order(*(arrays[name] for name in names)))
        return model


def read_arrays(path: str | Path, format: str) -> tuple[dict[str, NDArray], dict]:
    """The arrays of an .npz file, and its settings, whose "format" must be the one that is asked for.

    Raises:
        ReaderError: there is no such file, or it holds something else.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        settings = json.loads(str(arrays.pop("settings")))
    except FileNotFoundError:
        raise ReaderError(f"there is no file {path}: fit a model and save it there first") from None
    except Exception as error:
        raise ReaderError(f"{path} is no file of a saved model ({type(error).__name__})") from None
    if settings.get("format") != format:
        raise ReaderError(f"{path} holds {settings.get('format')!r}, not {format!r}")
    return arrays, settings


def perplexity_buckets(perplexities: ArrayLike, reference: ArrayLike | None = None) -> NDArray[np.str_]:
    """CCNet's three buckets: "head" for the third of the texts with the lowest perplexity, "middle", and "tail".

    Args:
        perplexities: [N].
        reference: what the percentiles are taken of, if not of `perplexities`: a sample of the crawl, say.

    Raises:
        ReaderError: there is no finite perplexity to take percentiles of.
    """
    values = np.asarray(perplexities, dtype=np.float64)
    sample = values if reference is None else np.asarray(reference, dtype=np.float64)
    sample = sample[np.isfinite(sample)]
    if not len(sample):
        raise ReaderError("there is no finite perplexity to take percentiles of: score a sample of texts first")
    low, high = np.quantile(sample, [1 / 3, 2 / 3])
    return np.select([values <= low, values <= high], ["head", "middle"], "tail")


def _extended(shorter: NDArray[np.uint64], stream: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The hash of the n-gram that ends at each place, given those of one word fewer; meaningless where none fits."""
    return stream + _MULTIPLIER * np.concatenate([shorter[-1:], shorter[:-1]])


def _repeated(word: np.uint64, length: int) -> np.uint64:
    key = np.zeros(1, dtype=np.uint64)
    for _ in range(length):
        key = word + _MULTIPLIER * key
    return key[0]
