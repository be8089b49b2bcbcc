"""Token ids on disk: text is tokenised once, side by side; training maps the files into memory (section 3.2.4)."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llmbook.data.tokenizers.bpe import BPETokenizer
from llmbook.errors import ReaderError
from llmbook.files import write_atomically

_INDEX = "index.json"


def write_shards(
    texts: Iterable[str],
    tokenizer: BPETokenizer,
    folder: str | Path,
    separator: str,
    *,
    shard_tokens: int = 100_000_000,
    num_workers: int = 1,
) -> int:
    """Tokenise a stream of texts into files of token ids, one text after the other, each followed by a separator.

    An id takes two bytes, or four when the vocabulary has more than 65,536 tokens. The files are the same whatever the
    number of workers. Special tokens are not looked for in the texts.

    Args:
        texts: read one by one.
        tokenizer: a trained one.
        folder: for `000000.bin`, `000001.bin`, … and `index.json`; it must be new or empty.
        separator: a special token of the tokenizer.
        shard_tokens: ids in a file; the last has the rest.
        num_workers: processes that tokenise side by side.

    Returns:
        Tokens written, separators included.

    Raises:
        ReaderError: when the folder holds something, or the separator is no special token.
    """
    if separator not in tokenizer.special_tokens:
        raise ReaderError(f"the separator {separator!r} is no special token of the tokenizer")
    encoded = _encoded(texts, tokenizer, separator, ids_dtype(len(tokenizer)), num_workers)
    return write_ids(encoded, folder, len(tokenizer), shard_tokens=shard_tokens)


def write_ids(
    parts: Iterable[NDArray[np.unsignedinteger]],
    folder: str | Path,
    vocab_size: int,
    *,
    shard_tokens: int = 100_000_000,
) -> int:
    """Write token ids that come in parts, joined, as `write_shards` does; arguments and result as there.

    Args:
        parts: of the dtype `ids_dtype(vocab_size)`.
        vocab_size: tokens of the tokenizer.

    Raises:
        ReaderError: when the folder holds something.
    """
    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()):
        raise ReaderError(f"{folder} is not empty: name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    lengths: list[int] = []
    for ids in parts:
        while len(ids):
            if not lengths or lengths[-1] == shard_tokens:
                lengths.append(0)
            part, ids = np.split(ids, [shard_tokens - lengths[-1]])
            with (folder / f"{len(lengths) - 1:06}.bin").open("ab") as file:
                part.tofile(file)
            lengths[-1] += len(part)
    index = {"dtype": ids_dtype(vocab_size).str, "tokens": lengths, "vocab_size": vocab_size}
    write_atomically(folder / _INDEX, json.dumps(index))  # last: a folder without it is unfinished
    return sum(lengths)


def ids_dtype(vocab_size: int) -> np.dtype[np.unsignedinteger]:
    """How an id is stored: in two bytes, or in four where two are too few."""
    return np.dtype("<u2" if vocab_size <= 1 << 16 else "<u4")


def open_shards(folder: str | Path) -> list[NDArray[np.unsignedinteger]]:
    """The files that `write_shards` wrote, mapped into memory: only what is looked at is read.

    Raises:
        ReaderError: when the folder is missing or unfinished, or a file is too short.
    """
    folder = Path(folder)
    try:
        index = json.loads((folder / _INDEX).read_text())
        dtype, lengths = np.dtype(index["dtype"]), index["tokens"]
    except (OSError, ValueError, KeyError, TypeError):
        raise ReaderError(f"{folder} holds no finished shards (no {_INDEX}): write them again") from None
    shards = []
    for number, length in enumerate(lengths):
        path = folder / f"{number:06}.bin"
        if not path.exists() or path.stat().st_size != length * dtype.itemsize:
            raise ReaderError(f"{path} is missing or damaged: write the shards again")
        shards.append(np.memmap(path, dtype, mode="r"))
    return shards


def _encoded(
    texts: Iterable[str], tokenizer: BPETokenizer, separator: str, dtype: np.dtype, num_workers: int
) -> Iterator[NDArray[np.unsignedinteger]]:
    source = iter(texts)
    batches = iter(lambda: list(islice(source, 512)), [])
    worker = _Worker(tokenizer, tokenizer.special_tokens[separator], dtype)
    if num_workers == 1:
        yield from map(worker.encode, batches)
        return
    import multiprocessing

    with multiprocessing.get_context("spawn").Pool(num_workers, _start, (worker,)) as pool:
        # `imap` would read the whole stream ahead of the workers.
        while window := list(islice(batches, 4 * num_workers)):
            yield from pool.map(_encode, window, chunksize=1)


@dataclass
class _Worker:
    tokenizer: BPETokenizer
    separator: int
    dtype: np.dtype

    def encode(self, texts: list[str]) -> NDArray[np.unsignedinteger]:
        ids: list[int] = []
        for text in texts:
            ids += self.tokenizer.encode(text, parse_special_tokens=False)
            ids.append(self.separator)
        return np.array(ids, self.dtype)


_here: list[_Worker] = []  # of a pool's process: it keeps the tokenizer's memory of words between batches


def _start(worker: _Worker) -> None:
    _here.append(worker)


def _encode(texts: list[str]) -> NDArray[np.unsignedinteger]:
    return _here[0].encode(texts)
