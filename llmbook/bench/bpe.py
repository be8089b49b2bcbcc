"""Byte-level BPE against `tokenizers` (Rust) and against rescanning: training and encoding of the standard library."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmbook.bench.timing import interleave
from llmbook.data.prose import source_files
from llmbook.data.tokenizers.bpe import BPETokenizer, count_words
from llmbook.data.tokenizers.formats import printable
from llmbook.data.tokenizers.word_bpe import count_pairs, merge_pair

if TYPE_CHECKING:
    import tokenizers

_PARALLELISM = "TOKENIZERS_PARALLELISM"


@dataclass(frozen=True)
class Row:
    """One line of the result.

    Attributes:
        task: "train" or "encode".
        peer: what is compared with.
        ours, theirs: megabytes of text per second.
        same: whether both sides gave the same merges, or the same ids.
        target: the ratio that the project aims at, or None.
    """

    task: str
    peer: str
    ours: float
    theirs: float
    same: bool
    target: float | None = None

    @property
    def ratio(self) -> float:
        """Ours over theirs."""
        return self.ours / self.theirs


def bench_bpe(
    megabytes: float = 8.0, vocab_size: int = 8000, naive_megabytes: float = 0.5, naive_vocab_size: int = 1024,
    rounds: int = 3,
) -> Iterator[Row]:  # fmt: skip
    """Training on the standard library's source, then encoding it.

    Args:
        megabytes, vocab_size: of the comparison with `tokenizers`.
        naive_megabytes, naive_vocab_size: of the comparison with rescanning, which is slow: one round.
        rounds: that count.

    Yields:
        One row per comparison, as soon as it is measured. `tokenizers` runs as it does by default, on all cores, and
        once more on one; ours runs on one. It encodes text by text on one core, and in batches on all.
    """
    texts, size = _texts(megabytes)
    made: dict[str, object] = {}
    variants = {
        "ours": lambda: made.update(ours=BPETokenizer.train(texts, vocab_size)),
        "all cores": lambda: made.update(theirs=_trained(texts, vocab_size)),
        "one core": lambda: _trained_on_one_core(texts, vocab_size),
    }
    seconds = interleave(variants, rounds, warm_up=0)
    ours: BPETokenizer = made["ours"]
    theirs: tokenizers.Tokenizer = made["theirs"]
    same = _merges(ours) == json.loads(theirs.to_str())["model"]["merges"]
    for peer in ("all cores", "one core"):
        yield Row("train", f"tokenizers, {peer}", size / seconds["ours"], size / seconds[peer], same, 0.5)
    yield _against_rescanning(naive_megabytes, naive_vocab_size)
    same = ours.encode_batch(texts) == [encoding.ids for encoding in theirs.encode_batch(texts)]
    variants = {
        "ours": lambda: ours.encode_batch(texts),
        "batch": lambda: theirs.encode_batch(texts),
        "text by text": lambda: [theirs.encode(text) for text in texts],
    }
    seconds = interleave(variants, rounds, warm_up=1)
    for peer in ("batch", "text by text"):
        yield Row("encode", f"tokenizers, {peer}", size / seconds["ours"], size / seconds[peer], same)


def _texts(megabytes: float) -> tuple[list[str], float]:
    """Source files of that size together, and what it is exactly."""
    texts, size = [], 0
    for file in source_files():
        if size >= megabytes * 1e6:
            break
        texts.append(file["text"])
        size += len(file["text"].encode())
    return texts, size / 1e6


def _trained(texts: list[str], vocab_size: int) -> "tokenizers.Tokenizer":
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _merges(tokenizer: BPETokenizer) -> list[list[str]]:
    return [[printable(left), printable(right)] for left, right in tokenizer.merges]


def _trained_on_one_core(texts: list[str], vocab_size: int) -> "tokenizers.Tokenizer":
    before = os.environ.get(_PARALLELISM)
    os.environ[_PARALLELISM] = "false"  # it looks at every call
    try:
        return _trained(texts, vocab_size)
    finally:
        del os.environ[_PARALLELISM]
        os.environ.update({} if before is None else {_PARALLELISM: before})


def _against_rescanning(megabytes: float, vocab_size: int) -> Row:
    texts, size = _texts(megabytes)
    made: dict[str, object] = {}
    seconds = interleave({
        "ours": lambda: made.update(ours=_merges(BPETokenizer.train(texts, vocab_size))),
        "rescanning": lambda: made.update(rescanning=_rescanned(count_words(texts), vocab_size - 256)),
    }, rounds=1, warm_up=0)  # fmt: skip
    same = made["ours"] == made["rescanning"]
    return Row("train", "rescanning", size / seconds["ours"], size / seconds["rescanning"], same, 50.0)


def _rescanned(word_counts: Counter[str], limit: int) -> list[list[str]]:
    """The textbook's algorithm: all pairs of all words are counted anew for each merge. Ties as in `tokenizers`."""
    words = {tuple(printable(word.encode())): count for word, count in word_counts.items()}
    numbers = {symbol: number for number, symbol in enumerate(sorted(printable(bytes(range(256)))))}
    merges = []
    for _ in range(limit):
        pairs = count_pairs(words)
        best = min(pairs, key=lambda pair: (-pairs[pair], numbers[pair[0]], numbers[pair[1]]))
        words = merge_pair(words, best)
        numbers[best[0] + best[1]] = len(numbers)
        merges.append(list(best))
    return merges
