"""A quality classifier (section 3.2.1): hashed features and a linear model, as GPT-3, PaLM and GLaM used.

Good pages and raw ones teach it; then every page of a crawl gets a score between 0 and 1, and a threshold or Pareto
sampling decides which to keep.
"""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from llmbook.data.perplexity import read_arrays
from llmbook.data.text_arrays import TextBatch, batches, mixed
from llmbook.errors import ReaderError
from llmbook.files import write_atomically

_FORMAT = "llmbook QualityClassifier 1"


def hashed_features(
    texts: Sequence[str], num_buckets: int = 1 << 16, orders: Sequence[int] = (1, 2)
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    """Feature hashing (Weinberger et al., 2009): x_j = Σ s(t) over the features t of a text that fall into bucket j.

    The features are the n-grams of tokens: words in small letters, single Chinese characters and marks of punctuation.
    h(t) mod m is a feature's bucket and s(t) = ±1 its sign, so that features that collide cancel each other as often as
    they add up. Each text's vector is then divided by its length.

    Args:
        texts: whole documents.
        num_buckets: m, a power of two.
        orders: the lengths of the n-grams.

    Returns:
        A sparse matrix [texts, m] in compressed rows: buckets [Z], values [Z], and where each row begins, [texts + 1].

    Raises:
        ReaderError: `num_buckets` is no power of two, or something is not text.
    """
    if num_buckets < 2 or num_buckets & (num_buckets - 1):
        raise ReaderError(f"num_buckets is {num_buckets}: give a power of two, such as 65536")
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
    first = 0
    for some in batches(texts):
        keys, owner = _ngrams(TextBatch.of(some), orders)
        place = owner * num_buckets + (keys & np.uint64(num_buckets - 1)).astype(np.int64)
        sign = np.where(keys >> np.uint64(63), 1.0, -1.0)
        cells, cell_of = np.unique(place, return_inverse=True)
        values = np.bincount(cell_of, sign, len(cells))
        rows, buckets = np.divmod(cells[values != 0], num_buckets)
        parts.append((rows + first, buckets, values[values != 0]))
        first += len(some)
    rows, buckets, values = (np.concatenate([part[i] for part in parts] or [np.zeros(0)]) for i in range(3))
    rows = rows.astype(np.int64)
    length = np.sqrt(np.bincount(rows, values**2, len(texts)))
    row_starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(texts)))])
    return buckets.astype(np.int64), (values / length[rows]).astype(np.float32), row_starts


def _ngrams(batch: TextBatch, orders: Sequence[int]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """A hash of every n-gram of tokens, and the text that it is in."""
    tokens = batch.tokens()
    words = batch.hashes(tokens, lower=True)
    keys, owners = [np.zeros(0, dtype=np.uint64)], [np.zeros(0, dtype=np.int64)]
    for order in orders:
        inside = np.flatnonzero(tokens.text[order - 1 :] == tokens.text[: len(words) - order + 1])
        key = np.full(len(inside), order, dtype=np.uint64)
        for offset in range(order):
            key = mixed(key + words[inside + offset])
        keys.append(key)
        owners.append(tokens.text[inside])
    return np.concatenate(keys), np.concatenate(owners)


class QualityClassifier:
    """The score of a text is σ(w · x + b), x being its hashed features: near 1 where it resembles the good texts.

    Args:
        num_buckets: m, a power of two.
        orders: lengths of the n-grams; (1, 2) are words and pairs of them, in Chinese characters and pairs of those.
        regularization: C of scikit-learn's logistic regression: the larger, the closer to the training texts.

    Attributes:
        weights: w, [m]; `bias`: b. Both are 0 before `fit`.

    Raises:
        ReaderError: `num_buckets` is no power of two.
    """

    def __init__(
        self, num_buckets: int = 1 << 16, orders: Sequence[int] = (1, 2), regularization: float = 10.0
    ) -> None:
        if num_buckets < 2 or num_buckets & (num_buckets - 1):
            raise ReaderError(f"num_buckets is {num_buckets}: give a power of two, such as 65536")
        self.num_buckets, self.orders, self.regularization = num_buckets, tuple(orders), regularization
        self.weights, self.bias = np.zeros(num_buckets, dtype=np.float32), 0.0

    def __repr__(self) -> str:
        return f"QualityClassifier({self.num_buckets}, {self.orders}, regularization={self.regularization})"

    def fit(self, good: Sequence[str], bad: Sequence[str]) -> "QualityClassifier":
        """Learn to tell good texts from bad ones, or from a raw crawl, which is mostly bad.

        Both classes weigh the same, however many texts there are of each, so that a score of ½ means undecided.

        Raises:
            ReaderError: scikit-learn is missing, or there are no texts of one class.
        """
        try:
            from scipy.sparse import csr_matrix
            from sklearn.linear_model import LogisticRegression
        except ImportError:
            raise ReaderError("training needs scikit-learn: `pip install scikit-learn` brings it") from None
        if not len(good) or not len(bad):
            raise ReaderError("a classifier needs good texts and bad ones to learn from, and one of the two is missing")
        texts = [*good, *bad]
        buckets, values, starts = hashed_features(texts, self.num_buckets, self.orders)
        matrix = csr_matrix((values, buckets, starts), shape=(len(texts), self.num_buckets))
        labels = np.repeat([1, 0], [len(good), len(bad)])
        model = LogisticRegression(C=self.regularization, class_weight="balanced", max_iter=300).fit(matrix, labels)
        self.weights, self.bias = model.coef_[0].astype(np.float32), float(model.intercept_[0])
        return self

    def scores(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Between 0 and 1, [texts]; a text without a single word gets 0."""
        buckets, values, starts = hashed_features(texts, self.num_buckets, self.orders)
        rows = np.repeat(np.arange(len(texts)), np.diff(starts))
        logits = np.bincount(rows, self.weights[buckets] * values, len(texts)) + self.bias
        return np.where(np.diff(starts) > 0, 1 / (1 + np.exp(-logits)), 0.0)

    def save(self, path: str | Path) -> None:
        """Write the model to one .npz file of plain arrays, without pickle."""
        settings = {"format": _FORMAT, "orders": self.orders, "regularization": self.regularization, "bias": self.bias}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, settings=np.array(json.dumps(settings)), weights=self.weights)
        write_atomically(Path(path), buffer.getvalue())

    @classmethod
    def load(cls, path: str | Path) -> "QualityClassifier":
        """Read what `save` wrote.

        Raises:
            ReaderError: there is no such file, or it holds something else.
        """
        arrays, settings = read_arrays(path, _FORMAT)
        model = cls(len(arrays["weights"]), settings["orders"], settings["regularization"])
        model.weights, model.bias = arrays["weights"], settings["bias"]
        return model


# ---------------------------------------------------------------- from scores to decisions


def keep_probability(scores: ArrayLike, alpha: float = 9.0) -> NDArray[np.float64]:
    """With which probability Pareto sampling keeps a text of each score: (2 - q)^-α (GPT-3; Brown et al., 2020).

    GPT-3 keeps a document if p > 1 - q for a p drawn from the Pareto distribution of numpy, which is Lomax's, with
    P(p > x) = (1 + x)^-α. At α = 9 a text with score 1 is always kept, and one with score 0 in 0.2 % of the cases.

    Raises:
        ReaderError: a score is not between 0 and 1, or α is not positive.
    """
    q = np.asarray(scores, dtype=np.float64)
    if alpha <= 0 or (len(np.atleast_1d(q)) and not ((q >= 0) & (q <= 1)).all()):
        raise ReaderError("Pareto sampling needs scores from 0 to 1 and an alpha above 0")
    return (2 - q) ** -alpha


def pareto_sample(scores: ArrayLike, alpha: float = 9.0, seed: int = 0) -> NDArray[np.bool_]:
    """Which texts are kept, [texts], each drawn independently with its `keep_probability`.

    Raises:
        ReaderError: as `keep_probability`.
    """
    keep = keep_probability(scores, alpha)
    return np.random.default_rng(seed).random(keep.shape) < keep


def threshold_for_recall(scores: ArrayLike, good: ArrayLike, recall: float = 0.95) -> float:
    """The highest threshold t at which `scores >= t` still keeps the wanted share of the good texts.

    Args:
        scores: of labelled texts, [N].
        good: which of them are good, [N].
        recall: the share to keep, above 0 and at most 1.

    Raises:
        ReaderError: there are no good texts, or the share is out of range.
    """
    wanted = np.sort(np.asarray(scores, dtype=np.float64)[np.asarray(good, dtype=bool)])[::-1]
    if not len(wanted) or not 0 < recall <= 1:
        raise ReaderError("a threshold needs scores of some good texts, and a recall above 0 and at most 1")
    return float(wanted[int(np.ceil(recall * len(wanted) - 1e-9)) - 1])


def roc_auc(scores: ArrayLike, good: ArrayLike) -> float:
    """The area under the ROC curve: how often a good text scores higher than a bad one, ties counting one half.

    Raises:
        ReaderError: there are no good texts, or no bad ones.
    """
    values, labels = np.asarray(scores, dtype=np.float64), np.asarray(good, dtype=bool)
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if not positives or not negatives:
        raise ReaderError("the area under a ROC curve needs both good texts and bad ones")
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks = np.cumsum(count) - (count - 1) / 2  # the mean of the ranks, from 1, that equal scores share
    return float((ranks[place][labels].sum() - positives * (positives + 1) / 2) / (positives * negatives))
