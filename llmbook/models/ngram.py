"""N-gram language models: counting, and five ways to give what was never counted a probability (section 2.1)."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from llmbook.errors import ReaderError

BOS, EOS, UNK = "<s>", "</s>", "<unk>"

Smoothing = Literal["mle", "add_k", "witten_bell", "kneser_ney", "good_turing"]
Sentence = Sequence[Hashable]


@dataclass(frozen=True)
class _Order:
    """What was counted for histories of one length: P(w | h) = weight(hw) + backoff(h) P(w | h shortened by one).

    A history is its shorter history and one older word, an n-gram is its history and one newer word; both are
    known by a key made of the two numbers, and numbered by the place of that key in a sorted array.

    Attributes:
        histories: [H], keys.
        ngrams: [G], keys.
        weights: [G], the share that an n-gram has of its history's probability.
        backoffs: [H], the share that is left to the shorter history.
        unseen: the backoff of a history that was never seen.
        interpolated: add the shorter history's share to every word (True), or only to those never seen here (False).
    """

    histories: NDArray[np.int64]
    ngrams: NDArray[np.int64]
    weights: NDArray[np.float64]
    backoffs: NDArray[np.float64]
    unseen: float
    interpolated: bool


class NGramLM:
    """A language model that looks at the last n - 1 words: equation (2.3) with the counts of (2.2), smoothed.

    Sentences are padded with n - 1 times "<s>" and end with "</s>", which is predicted like a word. With C the count of
    a word sequence, h the last n - 1 words, h' the last n - 2, and V the size of the vocabulary, P(w | h) is

    - "mle": C(hw) / C(h); 0 for every word after a history that was never seen.
    - "add_k": (C(hw) + k) / (C(h) + kV); k = 1 is Laplace's.
    - "witten_bell": (C(hw) + T(h) P(w | h')) / (C(h) + T(h)), T(h) = number of different words seen after h.
    - "kneser_ney": (C(hw) - D) / C(h) + D T(h) / C(h) P(w | h'), the first term only for seen hw. D = n1 / (n1 + 2 n2)
      for each length, with n1 and n2 the number of n-grams that were counted once and twice. Shorter histories count in
      how many *different* contexts hw occurs, unless they begin with "<s>", before which there is nothing else
      (Chen and Goodman, 1999).
    - "good_turing": r* / C(h) for an hw that was seen r times, where r* is its simple Good-Turing count (Gale and
      Sampson, 1995); the others share what is left in proportion to P(w | h') (Katz, 1987).

    The recursions end in 1/V, an unseen history of the last three leaves all to the shorter one, and the unigrams of
    "good_turing" are Witten-Bell's.

    Args:
        n: words per n-gram; 1 knows no history.
        smoothing: one of the above.
        k: for "add_k".
        min_count: words rarer than this count as "<unk>", which then is in the vocabulary.

    Attributes:
        vocabulary: what can be predicted, "</s>" first, then "<unk>" if there is one, then words as they came.
        num_ngrams: how many different n-grams were seen.

    Raises:
        ReaderError: for an n below 1, an unknown smoothing, or a k that is not positive.
    """

    def __init__(self, n: int, smoothing: Smoothing = "witten_bell", k: float = 1.0, min_count: int = 1) -> None:
        if n < 1:
            raise ReaderError(f"an n-gram has at least 1 word, not n = {n}")
        if smoothing not in get_args(Smoothing):
            raise ReaderError(f"unknown smoothing {smoothing!r}: choose one of {', '.join(get_args(Smoothing))}")
        if not k > 0:
            raise ReaderError(f'add_k needs k > 0, not {k}: for no smoothing choose "mle"')
        self.n, self.smoothing, self.k, self.min_count = n, smoothing, k, min_count
        self.vocabulary: list[Hashable] = []
        self.num_ngrams = 0
        self._ids: dict[Hashable, int] = {}
        self._orders: list[_Order] = []

    def __repr__(self) -> str:
        k = f", k={self.k}" if self.smoothing == "add_k" else ""
        return f"NGramLM({self.n}, {self.smoothing!r}{k}, min_count={self.min_count})"

    # ------------------------------------------------------------ training

    def fit(self, sentences: Iterable[Sentence], vocabulary: Iterable[Hashable] | None = None) -> "NGramLM":
        """Count; whatever was counted before is forgotten.

        Args:
            sentences: each a sequence of words (any hashable things; in a plain string, its characters).
            vocabulary: the words to know, seen or not, in place of those that `min_count` selects; others are "<unk>".

        Raises:
            ReaderError: there are no sentences, or one contains "<s>" or "</s>".
        """
        sentences = [list(sentence) for sentence in sentences]
        frequency = Counter(chain.from_iterable(sentences))
        if BOS in frequency or EOS in frequency:
            raise ReaderError(f"a sentence contains {BOS} or {EOS}: leave them out, they are added here")
        has_unk = self.min_count > 1 or UNK in frequency or vocabulary is not None
        if vocabulary is None:
            vocabulary = (word for word, count in frequency.items() if count >= self.min_count)
        self.vocabulary = list(dict.fromkeys([EOS, *([UNK] if has_unk else []), *vocabulary]))
        self._ids = {word: number for number, word in enumerate(self.vocabulary)}
        self._orders = self._count(self._windows(sentences))
        self.num_ngrams = len(self._orders[-1].ngrams)
        return self

    def _count(self, windows: NDArray[np.int64]) -> list[_Order]:
        """Tables for histories of 0, 1, ..., n - 1 words, from the n-grams [tokens, n] of a text."""
        size, words = len(self.vocabulary), windows[:, -1]
        history = np.zeros(len(windows), dtype=np.int64)
        histories, ngrams, counts = [np.zeros(1, dtype=np.int64)], [], []
        for length in range(self.n):
            if length:
                keys, history = np.unique(history * (size + 1) + windows[:, -1 - length], return_inverse=True)
                histories.append(keys)
            seen = np.unique(history * size + words, return_counts=True)
            ngrams.append(seen[0])
            counts.append(seen[1].astype(np.float64))
        if self.smoothing == "kneser_ney":
            for length in range(self.n - 1):
                longer, last = np.divmod(ngrams[length + 1], size)
                shortened = histories[length + 1][longer] // (size + 1) * size + last
                contexts = np.bincount(np.searchsorted(ngrams[length], shortened))
                oldest = histories[length][ngrams[length] // size] % (size + 1)
                np.copyto(counts[length], contexts, where=(length == 0) | (oldest != size))
        orders: list[_Order] = []
        for table in zip(histories, ngrams, counts, strict=True):
            orders.append(self._smooth(orders, *table))
        return orders

    def _smooth(
        self,
        shorter: list[_Order],
        histories: NDArray[np.int64],
        ngrams: NDArray[np.int64],
        counts: NDArray[np.float64],
    ) -> _Order:
        """One table with its shares, given the finished ones for shorter histories."""
        size = len(self.vocabulary)
        of, words = np.divmod(ngrams, size)
        total = np.bincount(of, counts)  # C(h)
        types = np.bincount(of)  # T(h)
        unseen, interpolated = 1.0, True
        if self.smoothing == "mle":
            weights, backoffs, unseen = counts / total[of], np.zeros(len(total)), 0.0
        elif self.smoothing == "add_k":
            weights, backoffs = counts / (total + self.k * size)[of], self.k * size / (total + self.k * size)
        elif self.smoothing == "kneser_ney":
            once, twice = (counts == 1).sum(), (counts == 2).sum()
            discount = once / (once + 2 * twice) if once else 0.5
            weights, backoffs = (counts - discount) / total[of], discount * types / total
        elif self.smoothing == "witten_bell" or not shorter:
            weights, backoffs = counts / (total + types)[of], types / (total + types)
        else:
            weights, interpolated = good_turing_counts(counts) / total[of], False
            chain_of = [histories[of] // (size + 1)]
            for order in reversed(shorter[1:]):
                chain_of.append(order.histories[chain_of[-1]] // (size + 1))
            taken = np.bincount(of, weights)
            covered = np.bincount(of, self._evaluate(shorter, chain_of[::-1], words))
            everything = types == size  # was seen: there is no word to give the rest to
            weights = np.where(everything[of], weights / taken[of], weights)
            backoffs = np.where(everything, 0.0, (1 - taken) / np.where(everything, 1.0, 1 - covered))
        return _Order(histories, ngrams, weights, backoffs, unseen, interpolated)

    # ------------------------------------------------------------ probabilities

    def prob(self, word: Hashable, history: Sentence = ()) -> float:
        """P(word | history), whose last n - 1 words count: start with "<s>" to stand at a sentence's beginning.

        0 for a word outside the vocabulary if there is no "<unk>".
        """
        window = np.array([[*self._history(history), *self.encode([word])]])
        return float(self._evaluate(*self._used(window), window[:, -1])[0])

    def probs(self, history: Sentence = ()) -> NDArray[np.float64]:
        """P(w | history) for every w, [len(vocabulary)], in the vocabulary's order."""
        size = len(self.vocabulary)
        window = np.array([[*self._history(history), 0]])
        orders, histories = self._used(window)
        return self._evaluate(orders, [np.repeat(h, size) for h in histories], np.arange(size))

    def token_log_probs(self, sentences: Iterable[Sentence]) -> NDArray[np.float64]:
        """log P of every token in nats, the "</s>" of each sentence included: [tokens + sentences], in order."""
        windows = self._windows(sentences)
        with np.errstate(divide="ignore"):
            return np.log(self._evaluate(*self._used(windows), windows[:, -1]))

    def perplexity(self, sentences: Iterable[Sentence]) -> float:
        """exp of minus the mean of `token_log_probs`; infinite where a token has probability 0."""
        return float(np.exp(-self.token_log_probs(sentences).mean()))

    def sample(self, generator: torch.Generator | None = None, max_length: int = 100) -> list[Hashable]:
        """Draw a sentence word by word, until "</s>" or `max_length` words; both ends are left out."""
        sentence: list[Hashable] = []
        while len(sentence) < max_length:
            probs = torch.from_numpy(self.probs([BOS] * (self.n - 1) + sentence))
            word = self.vocabulary[int(torch.multinomial(probs, 1, generator=generator))]
            if word == EOS:
                break
            sentence.append(word)
        return sentence

    def _evaluate(
        self, orders: list[_Order], histories: list[NDArray[np.int64]], words: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """P of each word [N] after its history, given as a number [N] in each of the tables."""
        size = len(self.vocabulary)
        probs = np.where(words >= 0, 1 / size, 0.0)
        for order, history in zip(orders, histories, strict=True):
            place = _find(order.ngrams, np.where((history >= 0) & (words >= 0), history * size + words, -1))
            weight = np.where(place >= 0, order.weights[place], 0.0)
            probs = probs * np.where(history >= 0, order.backoffs[history], order.unseen)
            probs = weight + probs if order.interpolated else np.where(place >= 0, weight, probs)
        return probs

    def _used(self, windows: NDArray[np.int64]) -> tuple[list[_Order], list[NDArray[np.int64]]]:
        """The tables that a probability is made of, and the numbers in them of the histories [N, n]."""
        history = np.zeros(len(windows), dtype=np.int64)
        histories = [history]
        for length, order in enumerate(self._orders[1:], 1):
            older = windows[:, -1 - length]
            known = (history >= 0) & (older >= 0)
            history = _find(order.histories, np.where(known, history * (len(self.vocabulary) + 1) + older, -1))
            histories.append(history)
        first = self.n - 1 if self.smoothing in ("mle", "add_k") else 0
        return self._orders[first:], histories[first:]

    # ------------------------------------------------------------ words and their numbers

    def encode(self, sentence: Sentence) -> list[int]:
        """The words as places in the vocabulary; without an "<unk>" there, an unknown word is -1."""
        if not self._ids:
            raise ReaderError("the model has not counted anything yet: call fit(sentences) first")
        unknown = self._ids.get(UNK, -1)
        return [self._ids.get(word, unknown) for word in sentence]

    def _history(self, history: Sentence) -> list[int]:
        """The last n - 1 words as numbers, that of "<s>" being the vocabulary's size; only "<s>" comes before them."""
        words, start = [BOS] * (self.n - 1) + list(history), len(self.vocabulary)
        kept = words[len(words) - self.n + 1 :]
        return [start if word == BOS else number for word, number in zip(kept, self.encode(kept), strict=True)]

    def _windows(self, sentences: Iterable[Sentence]) -> NDArray[np.int64]:
        """All n-grams of the padded sentences as numbers, [tokens + sentences, n]."""
        padding, end = [len(self.vocabulary)] * (self.n - 1), self._ids.get(EOS)
        padded = list(chain.from_iterable([*padding, *self.encode(sentence), end] for sentence in sentences))
        if not padded:
            raise ReaderError("there are no sentences to look at: an iterator that was used before is empty")
        windows = np.lib.stride_tricks.sliding_window_view(np.array(padded, dtype=np.int64), self.n)
        return windows[windows[:, -1] != len(self.vocabulary)]  # those that end in padding straddle two sentences


def good_turing_counts(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """The simple Good-Turing estimate r* of each count r (Gale and Sampson, 1995).

    Turing's r* = (r + 1) n(r + 1) / n(r), with n(r) things counted r times, is taken for small r; from the first r at
    which it is missing, or no longer differs from the smooth one by 1.65 standard deviations, n(r) is replaced
    by a power law fitted to it, log n(r) = a + b log r.

    Args:
        counts: how often each thing was seen, at least once: [N].

    Returns:
        r* of each, [N], above 0 and below r.
    """
    r, n = np.unique(counts, return_counts=True)
    before = np.concatenate([[0.0], r[:-1]])
    after = np.concatenate([r[1:], [2 * r[-1] - before[-1]]])
    density = 2 * n / (after - before)  # a lone n(r) = 1 amid gaps stands for less than one thing per count
    slope = np.polyfit(np.log(r), np.log(density), 1)[0] if len(r) > 1 else -2.0
    smooth = r * (1 + 1 / r) ** (min(slope, -1.1) + 1)  # a flatter law would discount nothing
    following = np.where(np.append(r[1:], 0) == r + 1, np.append(n[1:], 0), 0)
    turing = (r + 1) * following / n
    deviation = (r + 1) * np.sqrt(following * (1 + following / n)) / n
    trusted = (following > 0) & (np.abs(turing - smooth) > 1.65 * deviation) & (turing < r)
    starred = np.where(np.logical_and.accumulate(trusted), turing, smooth)
    return starred[np.searchsorted(r, counts)]


def _find(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of each wanted key in the sorted keys, or -1."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, place, -1)
