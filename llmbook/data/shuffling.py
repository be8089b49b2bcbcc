"""Shuffling and splitting more documents than fit into memory (sections 3.4.1 and 3.4.4)."""

import random
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path

from llmbook.errors import ReaderError


def shuffle_lines(lines: Iterable[str], folder: Path, buckets: int, seed: int = 0) -> Iterator[str]:
    """The lines in random order, by the two passes of the Pile: scatter to files, then shuffle each file in memory.

    Every line goes to a bucket drawn for it alone, and the buckets are read one after the other. That is sorting by a
    random number whose first digit is the bucket, so that every order of the lines is equally likely, with no more in
    memory than one bucket.

    Args:
        lines: each ends with a line feed, and has no other.
        folder: an empty or new folder for the buckets, which is deleted in the end.
        buckets: about the size of all lines divided by the memory to use.
        seed: of the order.

    Raises:
        ReaderError: for less than one bucket, a folder that is in use, or a line without its end.
    """
    paths = scatter(lines, folder, buckets, seed)
    try:
        for number, path in enumerate(paths):
            with open(path, encoding="utf-8", newline="\n") as file:
                bucket = file.readlines()
            path.unlink()
            random.Random(f"{seed} order {number}").shuffle(bucket)
            yield from bucket
            bucket.clear()  # before the next one is read: two at a time would double the memory
    finally:
        shutil.rmtree(folder)


def scatter(lines: Iterable[str], folder: Path, buckets: int, seed: int = 0) -> list[Path]:
    """Pass one: write every line to a file drawn at random; arguments as `shuffle_lines`.

    Returns:
        The files, which keep the order of the lines.
    """
    if buckets < 1:
        raise ReaderError(f"lines are scattered to at least 1 bucket, not {buckets}")
    if folder.exists() and any(folder.iterdir()):
        raise ReaderError(f"{folder} is not empty: an earlier shuffle was interrupted there, or it is in use")
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"bucket-{number:05d}" for number in range(buckets)]
    rng = random.Random(f"{seed} scatter")
    with ExitStack() as stack:
        files = [stack.enter_context(open(path, "w", encoding="utf-8", newline="\n")) for path in paths]
        for line in lines:
            if not line.endswith("\n") or line.count("\n") > 1:
                shutil.rmtree(folder)
                raise ReaderError(f"every line must end with its only line feed, unlike {line[:40]!r}")
            rng.choice(files).write(line)
    return paths


def is_held_out(name: str, share: float, seed: int = 0) -> bool:
    """Whether a document belongs to the hold-out set: by a hash of its name, so that any worker gives the same answer.

    Args:
        name: the document's id; copies under the same name fall on the same side.
        share: of the documents to hold out, 0 to 1.
        seed: gives another split.

    Raises:
        ReaderError: for a share outside 0 to 1.
    """
    if not 0 <= share <= 1:
        raise ReaderError(f"share must lie between 0 and 1, not {share}")
    digest = blake2b(name.encode(), digest_size=8, key=str(seed).encode()).digest()
    return int.from_bytes(digest, "big") < share * 2**64
