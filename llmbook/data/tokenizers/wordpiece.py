"""WordPiece, the tokeniser of BERT (section 3.2.4; Schuster and Nakajima, 2012; Devlin et al., 2019).

Google published how it encodes, not how it is trained; the trainer follows equation (3.1), the score that the Hugging
Face course gives.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from llmbook.data.tokenizers.chains import Chains, symbols_of
from llmbook.data.tokenizers.formats import frame
from llmbook.data.tokenizers.pretokenizers import bert_words
from llmbook.errors import ReaderError
from llmbook.files import write_atomically

CONTINUING = "##"  # stands before a piece that does not begin a word
BERT_SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def learn_pieces(word_counts: Mapping[str, int], limit: int) -> Iterator[tuple[str, str, str, float]]:
    """Merge the pair with the highest score (3.1), freq(ab) / (freq(a) · freq(b)), again and again.

    Of equal scores the pair that occurs first goes first.

    Args:
        word_counts: words and how often each occurs.
        limit: most merges.

    Yields:
        Left piece, right piece, what they make, and the score.
    """
    spelled = [_characters(word) for word in word_counts]
    pieces = sorted({piece for word in spelled for piece in word})
    number_of = {piece: number for number, piece in enumerate(pieces)}
    symbols = np.array([number_of[piece] for word in spelled for piece in word], dtype=np.int64)
    lengths, weights = list(map(len, spelled)), list(word_counts.values())
    chains = Chains(symbols, lengths, weights)
    frequency = np.zeros(len(pieces) + limit)
    np.add.at(frequency, symbols, np.repeat(weights, lengths))
    table = _PairTable(chains.counts)
    for _ in range(limit):
        scores = table.scores(frequency)
        if not len(scores) or scores.max() <= 0:
            return
        best = [table.pairs[slot] for slot in np.flatnonzero(scores == scores.max())]
        pair = best[0] if len(best) == 1 else min(best, key=chains.first_place)
        left, right = symbols_of(pair)
        new = len(pieces)
        created, fewer, merged = chains.merge(pair, new)
        pieces.append(pieces[left] + pieces[right].removeprefix(CONTINUING))
        frequency[new] += merged
        frequency[left] -= merged
        frequency[right] -= merged
        table.update({other: chains.counts.get(other, 0) for other in (pair, *fewer, *created)})
        yield pieces[left], pieces[right], pieces[new], float(scores.max())


class _PairTable:
    """The pairs in arrays, since every score may change with every merge."""

    def __init__(self, counts: Mapping[int, int]) -> None:
        self.pairs: list[int] = []
        self._slots: dict[int, int] = {}
        self._rows = np.zeros((3, 0))  # count, left, right
        self.update(counts)

    def update(self, counts: Mapping[int, int]) -> None:
        for pair, count in counts.items():
            slot = self._slots.setdefault(pair, len(self.pairs))
            if slot == len(self.pairs):
                self.pairs.append(pair)
                if slot >= self._rows.shape[1]:
                    self._rows = np.concatenate((self._rows, np.zeros((3, max(1024, slot)))), axis=1)
                self._rows[1:, slot] = symbols_of(pair)
            self._rows[0, slot] = count

    def scores(self, frequency: np.ndarray) -> np.ndarray:
        count, left, right = self._rows[:, : len(self.pairs)]
        return count / np.maximum(frequency[left.astype(np.int64)] * frequency[right.astype(np.int64)], 1)


def pair_scores(words: Mapping[tuple[str, ...], int]) -> dict[tuple[str, str], float]:
    """Equation (3.1) for every pair of neighbours in words that are spelled in pieces.

    Args:
        words: tuples of pieces, and how often each word occurs.
    """
    single: Counter[str] = Counter()
    double: Counter[tuple[str, str]] = Counter()
    for word, count in words.items():
        for piece in word:
            single[piece] += count
        for pair in zip(word, word[1:], strict=False):
            double[pair] += count
    return {(a, b): count / (single[a] * single[b]) for (a, b), count in double.items()}


def _characters(word: str) -> list[str]:
    return [word[0], *(CONTINUING + character for character in word[1:])]


class WordPieceTokenizer:
    """Words of BERT's kind, each cut greedily into the longest pieces of a vocabulary, from the left.

    Args:
        vocabulary: the pieces in order of their ids; those that do not begin a word start with ##.
        lower_case: text is lower-cased and stripped of accents ("uncased").
        unknown: the token for a word that cannot be cut into pieces.
        longest_word: words of more characters are unknown.

    Raises:
        ReaderError: for a piece that is given twice, or a vocabulary without the unknown token.
    """

    def __init__(
        self, vocabulary: Sequence[str], lower_case: bool = False, unknown: str = "[UNK]", longest_word: int = 100
    ) -> None:
        self.pieces = list(vocabulary)
        self.vocabulary = {piece: number for number, piece in enumerate(self.pieces)}
        self.lower_case, self.unknown, self.longest_word = lower_case, unknown, longest_word
        self._words: dict[str, list[str]] = {}
        if len(self.vocabulary) < len(self.pieces):
            raise ReaderError("the vocabulary holds a piece twice")
        if unknown not in self.vocabulary:
            raise ReaderError(f"the vocabulary lacks the unknown token {unknown!r}")

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        vocab_size: int,
        special_tokens: Sequence[str] = BERT_SPECIAL_TOKENS,
        lower_case: bool = False,
    ) -> "WordPieceTokenizer":
        """Learn a vocabulary: special tokens, the characters in order, then the merges.

        Raises:
            ReaderError: when `vocab_size` does not hold the characters.
        """
        words = Counter(word for text in texts for word in bert_words(text, lower_case))
        alphabet = sorted({piece for word in words for piece in _characters(word)})
        base = [*special_tokens, *alphabet]
        if vocab_size < len(base):
            raise ReaderError(f"vocab_size is {vocab_size}: special tokens and characters alone are {len(base)}")
        merges = learn_pieces(words, vocab_size - len(base))
        return cls([*base, *(piece for _, _, piece, _ in merges)], lower_case)

    def __len__(self) -> int:
        return len(self.pieces)

    def encode_word(self, word: str) -> list[str]:
        """The pieces of one word, or the unknown token alone."""
        pieces, start = [], 0
        while start < len(word) <= self.longest_word:
            mark = CONTINUING if start else ""
            for end in range(len(word), start, -1):
                if mark + word[start:end] in self.vocabulary:
                    pieces.append(mark + word[start:end])
                    start = end
                    break
            else:
                return [self.unknown]
        return pieces or [self.unknown]

    def tokenize(self, text: str) -> list[str]:
        """The pieces of a text."""
        pieces = []
        for word in bert_words(text, self.lower_case):
            if word not in self._words:
                self._words[word] = self.encode_word(word)
            pieces += self._words[word]
        return pieces

    def encode(self, text: str) -> list[int]:
        """The ids of a text's pieces, without [CLS] and [SEP]."""
        return [self.vocabulary[piece] for piece in self.tokenize(text)]

    def decode(self, ids: Iterable[int]) -> str:
        """The pieces joined; spaces between words are guessed, as white space was dropped.

        Raises:
            ReaderError: for an id that is no piece.
        """
        try:
            return " ".join(self.pieces[int(number)] for number in ids).replace(" " + CONTINUING, "")
        except IndexError:
            raise ReaderError(f"an id is outside the vocabulary of {len(self)} pieces") from None

    def save(self, path: str | Path) -> None:
        """Write `tokenizer.json`, for `tokenizers.Tokenizer.from_file`."""
        special = {piece: n for n, piece in enumerate(self.pieces) if piece in BERT_SPECIAL_TOKENS}
        model = {"type": "WordPiece", "unk_token": self.unknown, "continuing_subword_prefix": CONTINUING,
                 "max_input_chars_per_word": self.longest_word, "vocab": self.vocabulary}  # fmt: skip
        normalizer = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                      "strip_accents": None, "lowercase": self.lower_case}  # fmt: skip
        content = frame(model, special) | {
            "normalizer": normalizer,
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "decoder": {"type": "WordPiece", "prefix": CONTINUING, "cleanup": False},
        }
        write_atomically(Path(path), json.dumps(content, ensure_ascii=False, indent=2))
