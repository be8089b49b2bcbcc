"""Where the tokens of a training come from, and which of them a step sees: the `data:` section of a recipe.

Text is tokenised once, into shards (section 3.2.4), and training maps them into memory. Which rows step s takes depends
on the seed and s alone, so a checkpoint that knows its step knows its place in the data.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache, cached_property, lru_cache, partial
from hashlib import sha256
from itertools import count, islice, repeat
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from llmbook import paths
from llmbook.data import prose
from llmbook.data.mixtures import MixtureSampler, record_weights
from llmbook.data.tokenizers.bpe import BPETokenizer
from llmbook.data.tokenizers.shards import ids_dtype, open_shards, write_ids
from llmbook.data.world import HELD_OUT, World
from llmbook.errors import ReaderError
from llmbook.options import nearest

if TYPE_CHECKING:
    from torch import Tensor

PROSE = "prose"  # the source that is not the world's
SEPARATOR = "<|endoftext|>"

_FORMAT = 1  # of the prepared folders
_PASSAGE = 600  # characters, about, of a document of prose
_MEASURED = 500  # documents of a source that its mean length is taken from
_DOCUMENTS_AT_ONCE = 512
_WORTH_A_POOL = 1_000_000  # tokens; a process takes a second to start

Ids = NDArray[np.unsignedinteger]
Progress = Callable[[int, int], None]  # tokens that are ready, tokens in all
Place = tuple[str, int]  # a source, and the number of a document in it


# ---------------------------------------------------------------- what a recipe says


@dataclass(frozen=True)
class WorldText:
    """Text of the sample world, and real prose beside it, without end.

    Attributes:
        tokens: how many to make.
        weights: shares of the tokens by source: the world's kinds of records and "prose", the Python language
            reference. They need not sum to 1.
        seed: of the world, and of the order of its documents.
    """

    tokens: int
    weights: Mapping[str, float]
    seed: int = 0

    def __post_init__(self) -> None:
        _positive("data.world.tokens", self.tokens)
        known = (*World.KINDS, PROSE)
        for source, weight in self.weights.items():
            if source not in known:
                raise ReaderError(f"data.world.weights: there is no source {source!r}; {nearest(str(source), known)}")
            if not isinstance(weight, int | float) or isinstance(weight, bool) or not weight >= 0:
                raise ReaderError(f"data.world.weights: {source} must be a number from 0 on, not {weight!r}")
        if not sum(self.weights.values()) > 0:
            raise ReaderError("data.world.weights: give one source at least a weight above 0")


@dataclass(frozen=True)
class HubText:
    """Text of a dataset on the hub, or of a local folder of Parquet or JSON files, read as a stream.

    Attributes:
        name: the dataset ("HuggingFaceFW/fineweb-edu") or the folder.
        tokens: how many to take; the data may end before.
        config: which part of the dataset ("sample-10BT"); None where it has one only.
        split: of the dataset.
        text_column: where the text stands.
    """

    name: str
    tokens: int
    config: str | None = None
    split: str = "train"
    text_column: str = "text"

    def __post_init__(self) -> None:
        _positive("data.hub.tokens", self.tokens)


@dataclass(frozen=True)
class DataOptions:
    """The `data:` section of a recipe: one source of text, and what is held out of it.

    Attributes:
        shards: a folder of `write_shards`.
        eval_shards: another one, to evaluate on.
        world: text of the sample world.
        hub: text of a dataset.
        separator: the special token that follows every document of `world` and `hub`.
        eval_tokens: about how many are held out of `hub`, and of every source of `world`.
    """

    shards: Path | None = None
    eval_shards: Path | None = None
    world: WorldText | None = None
    hub: HubText | None = None
    separator: str = SEPARATOR
    eval_tokens: int = 20_000

    def __post_init__(self) -> None:
        named = [name for name in ("shards", "world", "hub") if getattr(self, name) is not None]
        if len(named) != 1:
            wrong = f"not {' and '.join(named)}" if named else "which is missing"
            raise ReaderError(f"data: name one source of text, shards, world or hub, {wrong}")
        if self.eval_shards is not None and self.shards is None:
            raise ReaderError(f"data: eval_shards belongs to shards; {named[0]} holds out its own text (eval_tokens)")
        _positive("data.eval_tokens", self.eval_tokens)


def _positive(name: str, value: int) -> None:
    if value < 1:
        raise ReaderError(f"{name} must be 1 or more, not {value}")


# ---------------------------------------------------------------- preparing


@dataclass(frozen=True)
class PreparedTokens:
    """Folders of token ids that `open_shards` and `TokenRows` read.

    Attributes:
        train: what to learn from.
        evaluation: by source, text that `train` has not.
    """

    train: Path
    evaluation: Mapping[str, Path]


def prepare(
    options: DataOptions,
    tokenizer: BPETokenizer,
    *,
    num_workers: int | None = None,
    progress: Progress | None = None,
) -> PreparedTokens:
    """Tokenise what a recipe asks for, once: the next call with the same options and tokenizer finds it.

    The text of `world` and `hub` goes to `tokens/` under LLMBOOK_HOME, under a name made of the options and the
    tokenizer, and is there when it is complete. Of several processes that ask at once, one works and the others wait.
    The ids do not depend on the number of workers.

    Args:
        options: the recipe's.
        tokenizer: the model's.
        num_workers: processes; None for one for each core where that pays.
        progress: is told the tokens that are ready and those that are wanted; None shows a bar on a terminal.

    Raises:
        ReaderError: shards that belong to another tokenizer, a separator that the tokenizer lacks, a dataset that
            cannot be read or has no such column, or a full disk.
    """
    if options.shards is not None:
        return _given(options, tokenizer)
    if options.separator not in tokenizer.special_tokens:
        raise ReaderError(f"data: the separator {options.separator!r} is no special token of the tokenizer; it has "
                          f"{', '.join(tokenizer.special_tokens) or 'none'}")  # fmt: skip
    source = _WorldSource(options.world) if options.world else _HubSource(options.hub)
    name = fingerprint(options, tokenizer, source)
    folder = paths.home() / "tokens" / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder.with_name(f".{name}.lock")):
            if not folder.exists():
                with _bar(progress) as advance:
                    _make(folder, options, tokenizer, source, _workers(num_workers, source.tokens), advance)
    except OSError as error:
        raise ReaderError(f"cannot write tokens to {folder}: {error.strerror or error}") from error
    return _prepared(folder)


def fingerprint(options: DataOptions, tokenizer: BPETokenizer, source: "_WorldSource | _HubSource") -> str:
    """A name for what `prepare` makes: of the options, the tokenizer, the format, and a sample of the text."""
    vocabulary = sorted((number, token.hex()) for token, number in tokenizer.vocabulary.items())
    merges = [(left.hex(), right.hex()) for left, right in tokenizer.merges]
    words = (tokenizer.special_tokens, tokenizer.patterns, tokenizer.ignore_merges, tokenizer.normalization)
    content = [_FORMAT, asdict(options), vocabulary, merges, words, source.sample()]
    return sha256(json.dumps(content, default=str, sort_keys=True).encode()).hexdigest()[:20]


def _given(options: DataOptions, tokenizer: BPETokenizer) -> PreparedTokens:
    """Shards that the reader has written."""
    folders = [folder for folder in (options.shards, options.eval_shards) if folder is not None]
    for folder in folders:
        open_shards(folder)
        written = json.loads((folder / "index.json").read_text())["vocab_size"]
        if written > len(tokenizer):
            raise ReaderError(f"{folder} was written with a vocabulary of {written} tokens, the tokenizer has "
                              f"{len(tokenizer)}: name the tokenizer that wrote it")  # fmt: skip
    return PreparedTokens(folders[0], {"shards": options.eval_shards} if options.eval_shards else {})


def _prepared(folder: Path) -> PreparedTokens:
    evaluation = sorted((folder / "evaluation").iterdir())
    return PreparedTokens(folder / "train", {path.name: path for path in evaluation})


def _make(
    folder: Path, options: DataOptions, tokenizer: BPETokenizer, source: "_WorldSource | _HubSource", workers: int,
    advance: Progress,
) -> None:  # fmt: skip
    """Everything beside its place first, then moved there at once."""
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    encoder = _Encoder(source.text, tokenizer, tokenizer.special_tokens[options.separator])
    try:
        for name, documents in source.held_out().items():
            write_ids(encoder.first(documents, options.eval_tokens), scratch / "evaluation" / name, len(tokenizer))
        parts = encoder.all(source.training(encoder.length), workers)
        if not write_ids(_counted(parts, source.tokens, advance), scratch / "train", len(tokenizer)):
            raise ReaderError(f"data: the text ended before eval_tokens {options.eval_tokens} were held out")
        try:
            os.replace(scratch, folder)
        except OSError:
            if not folder.exists():
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _counted(parts: Iterable[Ids], tokens: int, advance: Progress) -> Iterator[Ids]:
    """The first so many ids."""
    ready = 0
    for part in parts:
        part = part[: tokens - ready]
        ready += len(part)
        advance(ready, tokens)
        yield part
        if ready == tokens:
            return


def _workers(asked: int | None, tokens: int) -> int:
    return asked or (len(os.sched_getaffinity(0)) if tokens >= _WORTH_A_POOL else 1)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One process at a time; the system frees the lock of one that dies."""
    import fcntl

    with open(lock, "w") as file:
        with suppress(OSError):  # some network file systems have no locks: then all work, and the first is taken
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _bar(progress: Progress | None) -> Iterator[Progress]:
    """What to call with the tokens that are ready: the caller's own, or a bar that appears after two seconds."""
    if progress is not None:
        yield progress
        return
    from rich.console import Console
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    bars, start = Bars(console=console, disable=not console.is_terminal), time.monotonic()

    def advance(ready: int, tokens: int) -> None:
        if not bars.tasks and time.monotonic() - start > 2:
            bars.add_task("tokenising", total=tokens)
            bars.start()
        if bars.tasks:
            bars.update(bars.tasks[0].id, completed=ready, total=tokens)

    try:
        yield advance
    finally:
        bars.stop()


# ---------------------------------------------------------------- documents of the world, and prose


def world_documents(options: WorldText, length: Callable[[str], int]) -> Iterator[str]:
    """The texts of the mixture in their order, without end; each source has its share of the sum of lengths.

    Args:
        options: the mixture; `tokens` does not matter here.
        length: of a text with what separates it from the next, in tokens or bytes.
    """
    source = _WorldSource(options)
    return map(source.text, source.training(length))


def held_out_documents(source: str, seed: int = 0) -> Iterator[str]:
    """Texts of a source that no training sees: the world's records from number 10,000,000 on, and a tenth of the prose.

    Raises:
        ReaderError: there is no such source.
    """
    numbers = range(len(_passages(held_out=True))) if source == PROSE else count()
    return (_text(seed, (source, HELD_OUT + number)) for number in numbers)


def document_shares(options: WorldText, length: Callable[[str], int]) -> dict[str, float]:
    """How likely a document of the mixture is of each source, so that the sources have their shares of the lengths.

    Args:
        options: the mixture.
        length: of a text with what separates it from the next; it is measured on some that are held out.
    """
    names = sorted(name for name, weight in options.weights.items() if weight > 0)
    samples = [islice(held_out_documents(name, options.seed), _MEASURED) for name in names]
    mean_lengths = [np.mean([length(text) for text in sample]) for sample in samples]
    shares = record_weights([options.weights[name] for name in names], mean_lengths)
    return dict(zip(names, shares.tolist(), strict=True))


@lru_cache(maxsize=1)
def _world(seed: int) -> World:
    return World(seed)


def _text(seed: int, place: Place) -> str:
    """The document at a place; from number HELD_OUT on it is one of those held out."""
    source, number = place
    if source == PROSE:
        held_out, number = divmod(number, HELD_OUT)
        return _passages(bool(held_out))[number]
    return _world(seed).record(source, number)["text"]


@cache
def _passages(held_out: bool) -> tuple[str, ...]:
    """The language reference in documents of some paragraphs that follow each other; every tenth is held out."""
    passages, length = [[]], 0
    for paragraph in prose.topics():
        if length >= _PASSAGE:
            passages.append([])
            length = 0
        passages[-1].append(paragraph)
        length += len(paragraph)
    chosen = (number for number in range(len(passages)) if (number % 10 == 9) == held_out)
    return tuple("\n\n".join(passages[number]) for number in chosen)


class _WorldSource:
    """What `prepare` asks of a source: documents to learn from and held out, and the text of a document."""

    def __init__(self, options: WorldText) -> None:
        self.options, self.tokens = options, options.tokens
        self.names = sorted(name for name, weight in options.weights.items() if weight > 0)
        self.text = partial(_text, options.seed)

    def sample(self) -> str:
        """A hash of some texts: the name of what is made changes when the world's wording does."""
        texts = (text for name in self.names for text in islice(held_out_documents(name, self.options.seed), 64))
        return sha256("\0".join(texts).encode()).hexdigest()

    def training(self, length: Callable[[str], int]) -> Iterator[Place]:
        """Places of documents in random order, without end."""
        sizes = {name: len(_passages(held_out=False)) if name == PROSE else HELD_OUT for name in self.names}
        sources = {name: range(size) for name, size in sizes.items()}
        return MixtureSampler(sources, document_shares(self.options, length), self.options.seed)

    def held_out(self) -> dict[str, Iterator[Place]]:
        """By source."""
        sizes = {name: len(_passages(held_out=True)) if name == PROSE else HELD_OUT for name in self.names}
        numbers = {name: range(HELD_OUT, HELD_OUT + size) for name, size in sizes.items()}
        return {name: zip(repeat(name), numbers[name], strict=False) for name in self.names}


# ---------------------------------------------------------------- documents of the hub


class _HubSource:
    """The same for a dataset; what is held out is its first documents."""

    def __init__(self, options: HubText) -> None:
        self.options, self.tokens = options, options.tokens

    def sample(self) -> str:
        return ""

    @staticmethod
    def text(document: str) -> str:
        return document

    def training(self, length: Callable[[str], int]) -> Iterator[str]:
        return self._stream

    def held_out(self) -> dict[str, Iterator[str]]:
        return {"hub": self._stream}

    @cached_property
    def _stream(self) -> Iterator[str]:
        """One pass through the data, which the documents that are held out and the others share."""
        return hub_documents(self.options)


def hub_documents(options: HubText) -> Iterator[str]:
    """The texts of a dataset, as they come over the network or from the folder.

    Raises:
        ReaderError: there is no such dataset, part, split or column, or no network.
    """
    try:
        from datasets import load_dataset
    except ImportError:
        raise ReaderError("data.hub needs the package datasets: pip install datasets") from None
    column = options.text_column
    try:
        for row in load_dataset(options.name, options.config, split=options.split, streaming=True):
            if not isinstance(row.get(column, 0), str | None):
                raise ReaderError(f"data.hub: {options.name} has no text in a column {column!r}; "
                                  f"text_column may be {', '.join(row)}")  # fmt: skip
            if row[column]:
                yield row[column]
    except ReaderError:
        raise
    except Exception as error:  # the library, the network and the file formats each have their own errors
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ReaderError(f"data.hub: cannot read {options.name} (split {options.split}): {reason}") from None


# ---------------------------------------------------------------- from documents to ids


@dataclass(frozen=True)
class _Encoder:
    """Documents to token ids, each followed by the separator."""

    text: Callable[[Any], str]
    tokenizer: BPETokenizer
    separator: int

    def encode(self, documents: Sequence[Any]) -> Ids:
        ids: list[int] = []
        for document in documents:
            ids += self.tokenizer.encode(self.text(document), parse_special_tokens=False)
            ids.append(self.separator)
        return np.array(ids, ids_dtype(len(self.tokenizer)))

    def length(self, text: str) -> int:
        return len(self.tokenizer.encode(text, parse_special_tokens=False)) + 1

    def first(self, documents: Iterable[Any], tokens: int) -> Iterator[Ids]:
        """Whole documents until there are so many tokens."""
        for document in documents:
            ids = self.encode([document])
            yield ids
            tokens -= len(ids)
            if tokens <= 0:
                return

    def all(self, documents: Iterable[Any], num_workers: int) -> Iterator[Ids]:
        """The ids of all documents, in order, by several processes."""
        source = iter(documents)
        batches = iter(lambda: list(islice(source, _DOCUMENTS_AT_ONCE)), [])
        if num_workers == 1:
            yield from map(self.encode, batches)
            return
        import multiprocessing

        with _no_main(), multiprocessing.get_context("spawn").Pool(num_workers, _start, (self,)) as pool:
            # `imap` would read the whole stream ahead of the workers.
            while window := list(islice(batches, 16 * num_workers)):
                yield from pool.imap(_encode, window)


_here: list[_Encoder] = []  # of a pool's process: it keeps the world and the tokenizer's memory of words


def _start(encoder: _Encoder) -> None:
    _here.append(encoder)


def _encode(documents: list[Any]) -> Ids:
    return _here[0].encode(documents)


@contextmanager
def _no_main() -> Iterator[None]:
    """Processes that are started meanwhile do not run the caller's script again, which may have no main guard."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


# ---------------------------------------------------------------- rows for a step


class TokenRows:
    """Rows of tokens in an order that needs no memory: a training's input.

    The text is cut into rows of `block_size`; what is left at the end of a shard is dropped. Every epoch goes through
    all rows once, in another order, which is a permutation that can be evaluated at any place (`permuted`).

    Args:
        folder: of shards.
        block_size: tokens in a row. `Llama.loss` shifts by itself: a row predicts all its tokens but the first.
        seed: of the orders.

    Raises:
        ReaderError: the folder holds no finished shards, or not even one row.
    """

    def __init__(self, folder: str | Path, block_size: int, seed: int = 0) -> None:
        shards = open_shards(folder)
        self._shards = [shard[: len(shard) // block_size * block_size].reshape(-1, block_size) for shard in shards]
        self._starts = np.cumsum([0, *map(len, self._shards)])
        self.block_size, self.seed = block_size, seed
        if not len(self):
            tokens = sum(map(len, shards))
            raise ReaderError(f"{folder} holds {tokens} tokens, less than one row of {block_size}: more text is needed")

    def __len__(self) -> int:
        """Rows of an epoch."""
        return int(self._starts[-1])

    def places(self, step: int, global_batch_size: int) -> NDArray[np.int64]:
        """Which rows step `step` (0, 1, …) sees, [global_batch_size]; a process of several takes its part of them."""
        drawn = np.arange(step * global_batch_size, (step + 1) * global_batch_size)
        epochs, places = np.divmod(drawn, len(self))
        rows = np.empty_like(places)
        for epoch in np.unique(epochs):
            mine = epochs == epoch
            rows[mine] = permuted(places[mine], len(self), self.seed, int(epoch))
        return rows

    def read(self, places: NDArray[np.int64]) -> "Tensor":
        """The rows at these places, int64, [rows, block_size]."""
        import torch

        rows = np.empty((len(places), self.block_size), dtype=np.int64)
        shards = np.searchsorted(self._starts, places, side="right") - 1
        for shard in np.unique(shards):
            there = shards == shard
            rows[there] = self._shards[shard][places[there] - self._starts[shard]]
        return torch.from_numpy(rows)

    def batch(self, step: int, global_batch_size: int) -> "Tensor":
        """The rows of step `step` (0, 1, …), int64, [global_batch_size, block_size]."""
        return self.read(self.places(step, global_batch_size))

    def first(self, count: int) -> "Tensor":
        """The first `count` rows of the text, or all where there are fewer: for evaluation."""
        return self.read(np.arange(min(count, len(self))))


_ROUNDS = 8
_SMALL = 4096


def permuted(places: NDArray[np.int64], size: int, *key: int) -> NDArray[np.int64]:
    """Where a permutation of 0, …, size - 1 that a key chooses sends the given places.

    A short one is written down: the numbers in the order of their hashes. A long one is worked out where it is asked
    for. A Feistel network (Luby and Rackoff, 1988) permutes the numbers of n bits: by turns, one half is changed by a
    hash of the other, which can be undone whatever the hash is. What comes out too large goes in again, until it fits:
    with n bits for the next power of two above `size`, less than twice on average.

    Args:
        places: [n], each from 0 to size - 1.
        size: at most 2**62.
        key: numbers that choose the permutation, such as a seed and an epoch.

    Returns:
        [n].
    """
    keys = np.random.SeedSequence(key).generate_state(_ROUNDS, np.uint64)
    if size <= _SMALL:
        hashes = np.arange(size, dtype=np.uint64)
        for round_key in keys[:2]:
            hashes = _mixed(hashes ^ round_key)
        return np.argsort(hashes)[places]
    bits = (size - 1).bit_length()
    low = np.uint64(bits // 2)
    masks = [np.uint64((1 << (bits - bits // 2)) - 1), np.uint64((1 << (bits // 2)) - 1)]
    values = places.astype(np.uint64)
    outside = np.ones(len(values), dtype=bool)
    while outside.any():
        halves = [values[outside] >> low, values[outside] & masks[1]]
        for number, round_key in enumerate(keys):
            this, other = number % 2, 1 - number % 2
            halves[this] ^= _mixed(halves[other] ^ round_key) & masks[this]
        values[outside] = halves[0] << low | halves[1]
        outside = values >= size
    return values.astype(np.int64)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Every bit of the result depends on every bit of the value: the finaliser of splitmix64 (Steele et al., 2014)."""
    values = (values ^ values >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ values >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return values ^ values >> np.uint64(31)
