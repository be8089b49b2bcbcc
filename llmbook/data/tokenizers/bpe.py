"""Byte-level byte pair encoding, the tokeniser of GPT-2, LLaMA 3 and most models since (section 3.2.4).

Sennrich et al. (2016) for BPE, Radford et al. (2019) for bytes. A trained tokeniser is written as `tokenizer.json`,
which `tokenizers` and `transformers` load, and theirs are read.
"""

import heapq
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, pairwise
from pathlib import Path

import numpy as np

from llmbook.data.tokenizers import formats
from llmbook.data.tokenizers.chains import Chains, symbols_of
from llmbook.data.tokenizers.pretokenizers import GPT2_PATTERN, as_patterns, splitter, unicode_to_bytes
from llmbook.errors import ReaderError
from llmbook.files import write_atomically

Ids = tuple[int, ...]

_CACHED_WORDS = 1 << 18


# ---------------------------------------------------------------- training


def count_words(
    texts: Iterable[str],
    pattern: str | Sequence[str] = GPT2_PATTERN,
    special_tokens: Sequence[str] = (),
    normalization: str | None = None,
    num_workers: int = 1,
) -> Counter[str]:
    """How often each word occurs; texts are taken one by one, so they may be a stream larger than the memory.

    Args:
        texts: any number of them.
        pattern: what a word is; several patterns are applied in turn.
        special_tokens: are cut out of the texts, and counted nowhere.
        normalization: Unicode form that the texts are brought to first, e.g. "NFC".
        num_workers: processes that count side by side.
    """
    if isinstance(texts, str):
        raise ReaderError("texts is one string: give a list of texts, or an iterator of them")
    options = as_patterns(pattern), tuple(special_tokens), normalization
    if num_workers == 1:
        return _count_batch((texts, options))
    import multiprocessing

    words: Counter[str] = Counter()
    source = iter(texts)
    batches = ((batch, options) for batch in iter(lambda: list(islice(source, 1000)), []))
    with multiprocessing.get_context("spawn").Pool(num_workers) as pool:
        # `imap` would read the whole stream ahead of the workers.
        while window := list(islice(batches, 4 * num_workers)):
            for counted in pool.map(_count_batch, window, chunksize=1):
                words.update(counted)
    return words


def _count_batch(work: tuple[Iterable[str], tuple[tuple[str, ...], tuple[str, ...], str | None]]) -> Counter[str]:
    texts, (patterns, special_tokens, normalization) = work
    split, special, words = splitter(patterns), _alternatives(special_tokens), Counter()
    for text in texts:
        for part in special.split(text)[::2] if special else (text,):
            words.update(split(unicodedata.normalize(normalization, part) if normalization else part))
    return words


def learn_merges(chains: Chains, first_id: int, limit: int) -> Iterator[tuple[int, int]]:
    """The most frequent pair, merged everywhere, again and again: BPE training.

    Of equally frequent pairs the one with the smaller ids goes first, as in `tokenizers`.

    Args:
        chains: the words; they are merged in place.
        first_id: what the first merge makes; the next merge makes the next id.
        limit: most merges.

    Yields:
        The two ids that a merge joins. Fewer than `limit` when nothing is left to merge.
    """
    counts = chains.counts
    heap = [(-count, pair) for pair, count in counts.items()]
    heapq.heapify(heap)
    made = 0
    while heap and made < limit:
        count, pair = heap[0]
        now = counts.get(pair, 0)
        if now != -count:  # the pair became rarer since it was put on the heap
            if now:
                heapq.heapreplace(heap, (-now, pair))
            else:
                heapq.heappop(heap)
            continue
        heapq.heappop(heap)
        created, _, _ = chains.merge(pair, first_id + made)
        for fresh in created:
            heapq.heappush(heap, (-counts[fresh], fresh))
        made += 1
        yield symbols_of(pair)


# ---------------------------------------------------------------- the tokenizer


class BPETokenizer:
    """Text to token ids and back, for any text: every byte is a token, so nothing is unknown.

    Args:
        vocabulary: tokens as bytes, and their ids; all 256 single bytes must be among them.
        merges: pairs of tokens to be joined, the first learned first.
        special_tokens: texts that are one token each, such as "<|endoftext|>", and their ids.
        pattern: what a word is; merges never reach across words. Several patterns are applied in turn.
        ignore_merges: a word that is a token needs no merging, even where the merges would not lead to it (LLaMA 3).
        normalization: Unicode form that text is brought to first ("NFC" in Qwen 2), or None.

    Raises:
        ReaderError: for a missing byte, an id given twice, or a merge of or to something that is not in the vocabulary.
    """

    def __init__(
        self,
        vocabulary: Mapping[bytes, int],
        merges: Iterable[tuple[bytes, bytes]],
        special_tokens: Mapping[str, int] | None = None,
        pattern: str | Sequence[str] = GPT2_PATTERN,
        *,
        ignore_merges: bool = False,
        normalization: str | None = None,
    ) -> None:
        self.vocabulary, self.merges = dict(vocabulary), list(merges)
        self.special_tokens, self.patterns = dict(special_tokens or {}), as_patterns(pattern)
        self.ignore_merges, self.normalization = ignore_merges, normalization
        self._tokens = {number: token for token, number in self.vocabulary.items()}
        self._tokens |= {number: token.encode() for token, number in self.special_tokens.items()}
        if len(self._tokens) < len(self.vocabulary) + len(self.special_tokens):
            raise ReaderError("two tokens have the same id: give each its own")
        try:
            self._bytes = [self.vocabulary[bytes([byte])] for byte in range(256)]
        except KeyError as missing:
            raise ReaderError(f"the vocabulary lacks the byte {missing}: a byte-level one holds all 256") from None
        self._ranks: dict[tuple[int, int], int] = {}
        self._made: dict[int, int] = {}
        for rank, (left, right) in enumerate(self.merges):
            try:
                pair = self.vocabulary[left], self.vocabulary[right]
                self._made[rank] = self.vocabulary[left + right]
            except KeyError as missing:
                raise ReaderError(
                    f"merge {rank} joins {left!r} and {right!r}, but the vocabulary lacks {missing}"
                ) from None
            self._ranks.setdefault(pair, rank)
        self._prepare()

    def _prepare(self) -> None:
        self._split, self._special = splitter(self.patterns), _alternatives(self.special_tokens)
        self._words, self._pieces = _Cache(self._encode_word), _Cache(self._encode_piece)
        self._joined, self._junctions = _Cache(self._may_join), None

    def __getstate__(self) -> dict[str, object]:
        """Without what has been remembered: copies for other processes stay small, and fingerprints the same."""
        made = ("_split", "_special", "_words", "_pieces", "_joined", "_junctions")
        return {name: value for name, value in self.__dict__.items() if name not in made}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._prepare()

    def __len__(self) -> int:
        """The rows that an embedding needs: the highest id plus one."""
        return max(self._tokens) + 1

    # ------------------------------------------------------------ encoding

    def encode(self, text: str, parse_special_tokens: bool = True) -> list[int]:
        """The token ids of a text.

        Args:
            text: anything.
            parse_special_tokens: whether "<|endoftext|>" in the text is that token (as in `tokenizers`), or its
                characters. Text that strangers wrote should not be able to end a document: pass False for it.

        Raises:
            ReaderError: for half a surrogate pair, which is no character.
        """
        if not (self._special and parse_special_tokens):
            return self._encode_part(text)
        ids = []
        for number, part in enumerate(self._special.split(text)):
            if number % 2:
                ids.append(self.special_tokens[part])
            elif part:
                ids += self._encode_part(part)
        return ids

    def encode_batch(self, texts: Iterable[str], parse_special_tokens: bool = True) -> list[list[int]]:
        """`encode` for each of many texts."""
        return [self.encode(text, parse_special_tokens) for text in texts]

    def tokenize(self, text: str) -> list[str]:
        """The tokens of a text in GPT-2's printable alphabet (Ġ is a space), as in `transformers`."""
        special = {number: token for token, number in self.special_tokens.items()}
        return [special.get(number) or formats.printable(self._tokens[number]) for number in self.encode(text)]

    def _encode_part(self, text: str) -> list[int]:
        if self.normalization:
            text = unicodedata.normalize(self.normalization, text)
        try:
            return list(chain.from_iterable(map(self._words.__getitem__, self._split(text))))
        except UnicodeEncodeError as error:
            mend = "repair the text by text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')"
            raise ReaderError(f"character {error.object[error.start]!r} is half a surrogate pair: {mend}") from None

    def _encode_word(self, word: str) -> Ids:
        data = word.encode()
        if self.ignore_merges and data in self.vocabulary:
            return (self.vocabulary[data],)
        if len(data) <= 16:
            return self._encode_piece(word)
        # Sentences of Chinese have no spaces, and as words they hardly repeat. Cut them where no token of the
        # vocabulary can reach across; the pieces are short, and known from other sentences.
        joined = self._joined
        cuts = [i for i in range(1, len(word)) if not joined[word[i - 1 : i + 1]]]
        pieces = (word[start:end] for start, end in pairwise((0, *cuts, len(word))))
        return tuple(chain.from_iterable(map(self._pieces.__getitem__, pieces)))

    def _encode_piece(self, piece: str) -> Ids:
        """Join the pair of lowest rank, of several the leftmost, until none has a rank: n log n steps for n bytes."""
        ids = [*map(self._bytes.__getitem__, piece.encode()), -1]  # the last one merges with nothing
        get, after, before = self._ranks.get, [*range(1, len(ids)), -1], list(range(-1, len(ids) - 1))
        heap = [(rank, place) for place, pair in enumerate(pairwise(ids)) if (rank := get(pair)) is not None]
        heapq.heapify(heap)
        while heap:
            rank, place = heapq.heappop(heap)
            second = after[place]
            if ids[place] < 0 or get((ids[place], ids[second])) != rank:
                continue
            ids[place], ids[second] = self._made[rank], -1
            after[place], before[after[second]] = after[second], place
            for left in (before[place], place):
                if left >= 0 and (rank := get((ids[left], ids[after[left]]))) is not None:
                    heapq.heappush(heap, (rank, left))
        return tuple(number for number in ids if number >= 0)

    def _may_join(self, pair: str) -> bool:
        """Whether some token reaches from one character into the next, so that the two may end up in one token."""
        if self._junctions is None:
            self._junctions = set(chain.from_iterable(map(_inner_boundaries, self.vocabulary)))
        left, right = pair[0].encode(), pair[1].encode()
        ends, starts = range(1, len(left) + 1), range(1, len(right) + 1)
        return any((left[-i:], right[:j]) in self._junctions for i in ends for j in starts)

    # ------------------------------------------------------------ decoding

    def decode_bytes(self, ids: Iterable[int], skip_special_tokens: bool = False) -> bytes:
        """The bytes of token ids: a single token may be part of a character only.

        Raises:
            ReaderError: for an id that is no token.
        """
        ids = list(map(int, ids))
        if skip_special_tokens:
            special = set(self.special_tokens.values())
            ids = [number for number in ids if number not in special]
        try:
            return b"".join(map(self._tokens.__getitem__, ids))
        except KeyError as error:
            raise ReaderError(f"there is no token {error}: ids go from 0 to {len(self) - 1}") from None

    def decode(self, ids: Iterable[int], skip_special_tokens: bool = False) -> str:
        """The text of token ids. Bytes that are no UTF-8, as a model may write them, become �.

        Raises:
            ReaderError: for an id that is no token.
        """
        return self.decode_bytes(ids, skip_special_tokens).decode("utf-8", errors="replace")

    # ------------------------------------------------------------ learning

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        vocab_size: int,
        special_tokens: Sequence[str] = (),
        pattern: str | Sequence[str] = GPT2_PATTERN,
        *,
        normalization: str | None = None,
        num_workers: int = 1,
    ) -> "BPETokenizer":
        """Learn a vocabulary: ids are the special tokens', then the 256 bytes', then the merges' in order.

        The result is that of `tokenizers.trainers.BpeTrainer` with `initial_alphabet=ByteLevel.alphabet()`. Special
        tokens that stand in the texts are cut out first.

        Args:
            texts: a list, or an iterator that is read once.
            vocab_size: tokens in all; fewer come out when the texts are too small for it.
            special_tokens: in the order of their ids, from 0.
            pattern: what a word is.
            normalization: Unicode form that texts are brought to first, in training and later.
            num_workers: processes that count words.

        Raises:
            ReaderError: when `vocab_size` does not even hold the bytes, or a special token is given twice.
        """
        first = 256 + len(special_tokens)
        if vocab_size < first:
            raise ReaderError(f"vocab_size is {vocab_size}: 256 bytes and {first - 256} special tokens need {first}")
        if len(set(special_tokens)) < len(special_tokens):
            raise ReaderError("a special token is given twice")
        words = count_words(texts, pattern, special_tokens, normalization, num_workers)
        # GPT-2 numbers the bytes by their printable names.
        named = sorted(unicode_to_bytes().items())
        vocabulary = {bytes([byte]): number for number, (_, byte) in enumerate(named, len(special_tokens))}
        base = cls(vocabulary, [], {token: n for n, token in enumerate(special_tokens)}, pattern,
                   normalization=normalization)  # fmt: skip
        return base._grown(words, vocab_size)

    def extended(self, texts: Iterable[str], vocab_size: int, num_workers: int = 1) -> "BPETokenizer":
        """A tokenizer that goes on learning from other texts: all tokens keep their ids, new ones are appended.

        Args:
            texts: what the vocabulary is to be extended to, for example Chinese.
            vocab_size: tokens in all, old ones included.
            num_workers: processes that count words.

        Raises:
            ReaderError: when `vocab_size` is not larger than the vocabulary.
        """
        if vocab_size <= len(self):
            raise ReaderError(f"vocab_size is {vocab_size}, and there are {len(self)} tokens already: ask for more")
        words = count_words(texts, self.patterns, tuple(self.special_tokens), self.normalization, num_workers)
        return self._grown(words, vocab_size)

    def _grown(self, words: Mapping[str, int], vocab_size: int) -> "BPETokenizer":
        """With the merges that the words suggest, as they are encoded now."""
        if self.merges:
            encoded = list(map(self._encode_word, words))
            symbols = np.fromiter(chain.from_iterable(encoded), np.int64)
        else:
            encoded = [word.encode() for word in words]
            symbols = np.array(self._bytes)[np.frombuffer(b"".join(encoded), np.uint8)]
        chains = Chains(symbols, list(map(len, encoded)), words.values())
        vocabulary, tokens, merges = dict(self.vocabulary), dict(self._tokens), list(self.merges)
        for left, right in learn_merges(chains, len(self), vocab_size - len(self)):
            merges.append((tokens[left], tokens[right]))
            number = len(self) + len(merges) - len(self.merges) - 1
            tokens[number] = tokens[left] + tokens[right]
            vocabulary[tokens[number]] = number
        return BPETokenizer(vocabulary, merges, self.special_tokens, self.patterns,
                            ignore_merges=self.ignore_merges, normalization=self.normalization)  # fmt: skip

    # ------------------------------------------------------------ files

    @classmethod
    def from_file(cls, path: str | Path) -> "BPETokenizer":
        """Read a byte-level BPE `tokenizer.json`, or the one in a folder: GPT-2's, LLaMA 3's, Qwen's, ours.

        A template that puts special tokens around every text is not applied, as with `add_special_tokens=False`.

        Raises:
            ReaderError: when the file is missing, damaged, or of another kind; the message says of which.
        """
        path = Path(path)
        return cls(**formats.read_tokenizer_json(path / "tokenizer.json" if path.is_dir() else path))

    @classmethod
    def from_tiktoken(
        cls, path: str | Path, pattern: str | Sequence[str], special_tokens: Mapping[str, int] | None = None
    ) -> "BPETokenizer":
        """Read a rank file of `tiktoken`: a line is a token in base 64 and its rank, which is its id as well.

        It holds no merges: any two neighbours that make a token together may merge, those of lowest rank first.

        Raises:
            ReaderError: when the file is missing or damaged.
        """
        ranks = formats.read_tiktoken(Path(path))
        merges = formats.merges_of_ranks(ranks)
        tokenizer = cls(ranks, merges, special_tokens, pattern, ignore_merges=True)
        tokenizer._made = {number: number for number in ranks.values()}
        tokenizer._ranks = {(ranks[left], ranks[right]): ranks[left + right] for left, right in merges}
        return tokenizer

    def save(self, path: str | Path) -> None:
        """Write `tokenizer.json`, for `tokenizers.Tokenizer.from_file` and `BPETokenizer.from_file`."""
        content = formats.tokenizer_json(self.vocabulary, self.merges, self.special_tokens, self.patterns,
                                         self.ignore_merges, self.normalization)  # fmt: skip
        write_atomically(Path(path), json.dumps(content, ensure_ascii=False, indent=2))

    def save_pretrained(
        self,
        folder: str | Path,
        *,
        bos_token: str | None = None,
        eos_token: str | None = None,
        pad_token: str | None = None,
        chat_template: str | None = None,
    ) -> None:
        """Write a folder that `transformers.AutoTokenizer.from_pretrained` and `BPETokenizer.from_file` read.

        Args:
            folder: made if needed.
            bos_token, eos_token, pad_token: which special tokens play these parts.
            chat_template: Jinja text for `apply_chat_template`.

        Raises:
            ReaderError: when one of them is no special token of this tokenizer.
        """
        parts = {"bos_token": bos_token, "eos_token": eos_token, "pad_token": pad_token}
        for part, token in parts.items():
            if token is not None and token not in self.special_tokens:
                raise ReaderError(f"{part} {token!r} is no special token of this tokenizer: train it with that token")
        self.save(Path(folder) / "tokenizer.json")
        config = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
        config |= {part: token for part, token in parts.items() if token is not None}
        if chat_template is not None:
            config["chat_template"] = chat_template
        write_atomically(Path(folder) / "tokenizer_config.json", json.dumps(config, ensure_ascii=False, indent=2))


class _Cache(dict[str, object]):
    """Remembers what a function gave for a string; forgets everything when it is full."""

    def __init__(self, compute: Callable[[str], object]) -> None:
        super().__init__()
        self._compute = compute

    def __missing__(self, key: str) -> object:
        value = self._compute(key)
        if len(key) <= 256:
            if len(self) >= _CACHED_WORDS:
                self.clear()
            self[key] = value
        return value


def _alternatives(tokens: Iterable[str]) -> re.Pattern[str] | None:
    """Finds the special tokens in a text, of two at the same place the longer."""
    longest_first = sorted(tokens, key=len, reverse=True)
    return re.compile(f"({'|'.join(map(re.escape, longest_first))})") if longest_first else None


def _inner_boundaries(token: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Where a character starts inside a token: what it holds of the character before, and of the one that starts."""
    starts = [place for place, byte in enumerate(token) if byte & 0xC0 != 0x80]
    for before, start, end in zip([0, *starts], starts, [*starts[1:], len(token)], strict=False):
        if start:
            yield token[before:start], token[start:end]
