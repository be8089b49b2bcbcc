"""Exact duplicates: whole documents, and lines that stand in many documents (section 3.2.2)."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from llmbook.errors import ReaderError


def document_keys(texts: Iterable[str], normalise: Callable[[str], str] | None = None) -> NDArray[np.uint64]:
    """64 bits of a cryptographic hash (BLAKE2b) of each text, uint64 [texts].

    Among n texts, two different ones share a key with probability of about n² / 2^65: 3 % for a billion.

    Args:
        texts: any number.
        normalise: applied first, such as `str.casefold` or `collapse_spaces`; None for the text as it is.
    """
    texts = texts if normalise is None else map(normalise, texts)
    digests = [blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest() for text in texts]
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64)


def collapse_spaces(text: str) -> str:
    """The text in lower case with single spaces: what a change of layout leaves alone."""
    return " ".join(text.lower().split())


def first_copies(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """For each key the number of its first occurrence, int64 [keys]: `result == np.arange(n)` are the ones to keep."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return first[inverse]


def drop_duplicates(texts: Sequence[str], normalise: Callable[[str], str] | None = None) -> list[str]:
    """The texts without those that equal an earlier one; arguments as `document_keys`."""
    first = first_copies(document_keys(texts, normalise))
    return [text for number, text in enumerate(texts) if first[number] == number]


# ---------------------------------------------------------------- lines


def line_keys(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Keys of all lines, without the white space around them, and each line's document; two arrays [lines].

    Lines are separated by line feeds. A text of n line feeds has n + 1 lines.
    """
    lines = [text.split("\n") for text in texts]
    keys = document_keys(line.strip() for part in lines for line in part)
    return keys, np.repeat(np.arange(len(texts)), np.fromiter(map(len, lines), np.int64, len(lines)))


def document_frequency(keys: NDArray[np.uint64], documents: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each entry, in how many different documents its key occurs, int64 [entries].

    Args:
        keys, documents: the key of each entry and where it stands, as `line_keys` or `paragraph_keys` give them.

    Raises:
        ReaderError: when keys and documents differ in shape.
    """
    if keys.shape != documents.shape:
        raise ReaderError(
            f"keys has shape {list(keys.shape)} and documents {list(documents.shape)}: one key, one number"
        )
    _, numbers = np.unique(keys, return_inverse=True)
    width = np.int64(documents.max(initial=0) + 1)
    places = np.unique(numbers * width + documents)  # every (key, document) once
    return np.bincount(places // width, minlength=1)[numbers] if len(places) else np.zeros(0, np.int64)


def drop_common_lines(texts: Sequence[str], max_documents: int) -> list[str]:
    """The texts without the lines that stand in more than `max_documents` of them: menus, cookie notes, footers.

    Empty lines stay. Unlike a duplicate passage, a line is dropped everywhere, as its first copy is boilerplate too.

    Raises:
        ReaderError: for a max_documents below 1.
    """
    if max_documents < 1:
        raise ReaderError(f"max_documents is {max_documents}: every line stands in 1 document at least")
    keys, documents = line_keys(texts)
    (empty,) = document_keys([""])
    is_kept = iter(((document_frequency(keys, documents) <= max_documents) | (keys == empty)).tolist())
    return ["\n".join([line for line in text.split("\n") if next(is_kept)]) for text in texts]
