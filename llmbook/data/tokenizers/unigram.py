"""Unigram, the tokeniser of T5 and mBART (section 3.2.4; Kudo, 2018): start with too many tokens and take away.

A text is as probable as the product of its tokens' probabilities, p(x) = Π p(x_i). Training alternates between
estimating the probabilities (EM) and dropping the tokens whose loss costs the corpus least.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from llmbook.data.tokenizers.formats import frame
from llmbook.data.tokenizers.pretokenizers import METASPACE, metaspace_words
from llmbook.errors import ReaderError
from llmbook.files import write_atomically

LogProbabilities = dict[str, float]
Estimate = Callable[[Mapping[str, int], LogProbabilities], Mapping[str, float]]

_LONGEST = 16  # characters of a token
_LEAST = 1e-3  # count of a token that EM finds no use for: it stays until it is pruned


def seed_counts(word_counts: Mapping[str, int], size: int) -> dict[str, float]:
    """All characters, and the most frequent longer substrings of words, up to `size` tokens; with their counts."""
    characters: Counter[str] = Counter()
    longer: Counter[str] = Counter()
    for word, count in word_counts.items():
        for start in range(len(word)):
            characters[word[start]] += count
            for end in range(start + 2, min(len(word), start + _LONGEST) + 1):
                longer[word[start:end]] += count
    return dict(characters) | dict(longer.most_common(max(0, size - len(characters))))


def normalized(counts: Mapping[str, float]) -> LogProbabilities:
    """ln p of each token, p being its share of all counts."""
    total = math.log(sum(counts.values()))
    return {token: math.log(count) - total for token, count in counts.items()}


def viterbi(
    word: str, log_probs: LogProbabilities, banned: str | None = None, missing: float = -1000.0
) -> tuple[list[str], float]:
    """The most probable segmentation argmax Σ ln p(s_i), by dynamic programming over the places of the word.

    Args:
        word: any text.
        log_probs: of the tokens.
        banned: a token that may not be used.
        missing: ln p of a character that is no token.

    Returns:
        The tokens, and the sum of their ln p.
    """
    best, start_of = [0.0] + [-math.inf] * len(word), [0] * (len(word) + 1)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - _LONGEST), end):
            token = word[start:end]
            score = log_probs.get(token, missing if end - start == 1 else None) if token != banned else None
            if score is not None and best[start] + score > best[end]:
                best[end], start_of[end] = best[start] + score, start
    tokens, end = [], len(word)
    while end:
        tokens.append(word[start_of[end] : end])
        end = start_of[end]
    return tokens[::-1], best[-1]


def corpus_loss(word_counts: Mapping[str, int], log_probs: LogProbabilities) -> float:
    """-Σ f_w ln p(s*_w): how improbable the corpus is when every word is segmented at its best, in nats."""
    return -sum(count * viterbi(word, log_probs)[1] for word, count in word_counts.items())


def removal_losses(word_counts: Mapping[str, int], log_probs: LogProbabilities) -> dict[str, float]:
    """By how much the corpus loss would rise without each token; characters are left out, they always stay.

    Exact: a word changes only if its best segmentation uses the token.
    """
    losses = {token: 0.0 for token in log_probs if len(token) > 1}
    for word, count in word_counts.items():
        tokens, score = viterbi(word, log_probs)
        for token in set(tokens):
            if len(token) > 1:
                losses[token] += count * (score - viterbi(word, log_probs, banned=token)[1])
    return losses


def viterbi_counts(word_counts: Mapping[str, int], log_probs: LogProbabilities) -> Counter[str]:
    """How often each token is used when every word is segmented at its best (hard EM, as the book describes it)."""
    counts: Counter[str] = Counter()
    for word, count in word_counts.items():
        for token in viterbi(word, log_probs)[0]:
            counts[token] += count
    return counts


def expected_counts(word_counts: Mapping[str, int], log_probs: LogProbabilities) -> dict[str, float]:
    """How often each token is used on average over all segmentations, weighted by their probability (EM proper).

    By forward and backward sums over the places of each word.
    """
    probability = {token: math.exp(value) for token, value in log_probs.items()}
    counts = dict.fromkeys(log_probs, 0.0)
    for word, count in word_counts.items():
        edges = [(start, end, token) for start in range(len(word))
                 for end in range(start + 1, min(len(word), start + _LONGEST) + 1)
                 if (token := word[start:end]) in probability]  # fmt: skip
        forward, backward = [1.0] + [0.0] * len(word), [0.0] * len(word) + [1.0]
        for start, end, token in edges:  # in order of start: forward[start] is complete
            forward[end] += forward[start] * probability[token]
        for start, end, token in reversed(edges):
            backward[start] += backward[end] * probability[token]
        for start, end, token in edges:
            counts[token] += count * forward[start] * probability[token] * backward[end] / forward[-1]
    return counts


def prune(
    word_counts: Mapping[str, int],
    counts: Mapping[str, float],
    size: int,
    share: float = 0.1,
    rounds: int = 2,
    estimate: Estimate = expected_counts,
) -> dict[str, float]:
    """Alternate between estimating and dropping until at most `size` tokens are left.

    Args:
        word_counts: words and how often each occurs.
        counts: of the tokens to start with.
        size: tokens to be left.
        share: of the tokens dropped each time, those whose removal costs least; characters never.
        rounds: of EM before each drop and at the end. With 0 the counts stay those of the start, as in the Hugging
            Face course.
        estimate: the E-step, `expected_counts` or `viterbi_counts`.

    Returns:
        The tokens left, and their counts.
    """
    counts = dict(counts)
    while True:
        for _ in range(rounds):
            estimated = estimate(word_counts, normalized(counts))
            counts = {token: max(estimated.get(token, 0.0), _LEAST) for token in counts}
        if len(counts) <= size:
            return counts
        losses = removal_losses(word_counts, normalized(counts))
        surplus = min(int(len(counts) * share) or 1, len(losses))
        if not surplus:
            return counts
        for token in sorted(losses, key=losses.__getitem__)[:surplus]:
            del counts[token]


class UnigramTokenizer:
    """Words of SentencePiece's kind (spaces are ▁), each cut into its most probable tokens.

    Args:
        log_probs: ln p of every token.
        byte_fallback: a character that is no token becomes its UTF-8 bytes, <0xE4> and so on; else it is <unk>.

    Ids are <unk>, then the 256 bytes if there are any, then the tokens in order.
    """

    def __init__(self, log_probs: LogProbabilities, byte_fallback: bool = True) -> None:
        self.log_probs, self.byte_fallback = dict(log_probs), byte_fallback
        fallback = [f"<0x{byte:02X}>" for byte in range(256)] if byte_fallback else []
        self.tokens = ["<unk>", *fallback, *self.log_probs]
        self.vocabulary = {token: number for number, token in enumerate(self.tokens)}
        self._missing = min(self.log_probs.values()) - 10  # as in `tokenizers`
        self._words: dict[str, list[str]] = {}

    @classmethod
    def train(
        cls, texts: Iterable[str], vocab_size: int, byte_fallback: bool = True, estimate: Estimate = expected_counts
    ) -> "UnigramTokenizer":
        """Learn a vocabulary of at most `vocab_size` tokens, from four times as many frequent substrings.

        Raises:
            ReaderError: when `vocab_size` does not hold the characters of the texts.
        """
        words = Counter(word for text in texts for word in metaspace_words(text))
        reserved, characters = 257 if byte_fallback else 1, len(set("".join(words)))
        if vocab_size < reserved + characters:
            least = reserved + characters
            raise ReaderError(f"vocab_size is {vocab_size}: <unk>, bytes and characters alone are {least}")
        size = vocab_size - reserved
        counts = prune(words, seed_counts(words, 4 * size), size, share=0.25, estimate=estimate)
        return cls(normalized(counts), byte_fallback)

    def __len__(self) -> int:
        return len(self.tokens)

    def encode_word(self, word: str) -> list[str]:
        """The tokens of one word."""
        tokens = []
        for token in viterbi(word, self.log_probs, missing=self._missing)[0]:
            if token in self.log_probs:
                tokens.append(token)
            elif self.byte_fallback:
                tokens += [f"<0x{byte:02X}>" for byte in token.encode()]
            elif tokens[-1:] != ["<unk>"]:  # neighbours that are unknown are one
                tokens.append("<unk>")
        return tokens

    def tokenize(self, text: str) -> list[str]:
        """The tokens of a text."""
        tokens = []
        for word in metaspace_words(text):
            if word not in self._words:
                self._words[word] = self.encode_word(word)
            tokens += self._words[word]
        return tokens

    def encode(self, text: str) -> list[int]:
        """The token ids of a text."""
        return [self.vocabulary[token] for token in self.tokenize(text)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text. Bytes that are no UTF-8 become �.

        Raises:
            ReaderError: for an id that is no token.
        """
        data = b""
        for number in map(int, ids):
            if not 0 <= number < len(self):
                raise ReaderError(f"there is no token {number}: ids go from 0 to {len(self) - 1}")
            is_byte = self.byte_fallback and 1 <= number <= 256
            data += bytes([number - 1]) if is_byte else self.tokens[number].encode()
        return data.decode("utf-8", errors="replace").replace(METASPACE, " ").removeprefix(" ")

    def save(self, path: str | Path) -> None:
        """Write `tokenizer.json`, for `tokenizers.Tokenizer.from_file`."""
        vocabulary: Sequence[tuple[str, float]] = [(token, self.log_probs.get(token, 0.0)) for token in self.tokens]
        model = {"type": "Unigram", "unk_id": 0, "vocab": vocabulary, "byte_fallback": self.byte_fallback}
        spaces = {"type": "Metaspace", "replacement": METASPACE, "prepend_scheme": "always", "split": True}
        decoders = [{"type": "ByteFallback"}, spaces] if self.byte_fallback else [spaces]
        content = frame(model, {"<unk>": 0}) | {
            "pre_tokenizer": spaces,
            "decoder": {"type": "Sequence", "decoders": decoders},
        }
        write_atomically(Path(path), json.dumps(content, ensure_ascii=False, indent=2))
