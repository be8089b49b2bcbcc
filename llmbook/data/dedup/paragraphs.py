"""Duplicate paragraphs by normalised hash keys, as CCNet finds them and LLaMA does after it (section 3.2.2).

Wenzek et al. (2020): a paragraph's key is the first 64 bits of the SHA-1 of its normalised text, and a paragraph whose
key has been seen is dropped.
"""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha1

import numpy as np
from numpy.typing import NDArray

_DROP = 0xFFFFFFFF


def normalise_paragraph(text: str) -> str:
    """Lower case, accents off (NFD without nonspacing marks), every digit a 0, Unicode punctuation (P*) off, trimmed.

    Symbols such as € and + (categories S*) stay.
    """
    return _normalise(text).strip()


def paragraph_key(text: str) -> bytes:
    """The first 8 bytes of the SHA-1 of the normalised paragraph in UTF-8."""
    return _key(normalise_paragraph(text))


def paragraph_keys(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Keys of all paragraphs (lines) as numbers, and each paragraph's document; two arrays [paragraphs]."""
    keys = np.frombuffer(b"".join(_keys(texts)), ">u8").astype(np.uint64)
    counts = np.fromiter((text.count("\n") + 1 for text in texts), np.int64, len(texts))
    return keys, np.repeat(np.arange(len(texts)), counts)


def drop_seen_paragraphs(texts: Sequence[str], seen: set[bytes] | None = None) -> list[str]:
    """The texts without the paragraphs whose key has been seen, earlier in the same text included.

    Paragraphs that normalise to nothing stay, as empty lines are layout.

    Args:
        texts: documents, whose paragraphs are separated by line feeds.
        seen: keys of earlier shards; those of these texts are added to it.
    """
    seen = set() if seen is None else seen
    keys, nothing, kept = iter(_keys(texts)), _key(""), []
    for text in texts:
        lines = []
        for line, key in zip(text.split("\n"), keys, strict=False):  # a text takes as many keys as it has lines
            if key == nothing or key not in seen:
                lines.append(line)
            seen.add(key)
        kept.append("\n".join(lines))
    return kept


def _keys(texts: Sequence[str]) -> list[bytes]:
    """The keys of all paragraphs of all texts, normalised in one go: no rule looks across a line feed."""
    return [_key(line.strip()) for line in _normalise("\n".join(texts)).split("\n")] if len(texts) else []


def _key(normalised: str) -> bytes:
    return sha1(normalised.encode("utf-8", "surrogatepass")).digest()[:8]


def _normalise(text: str) -> str:
    codes = unicodedata.normalize("NFD", text.lower()).encode("utf-32-le", "surrogatepass")
    changed = _changed()[np.frombuffer(codes, np.uint32)]
    return changed[changed != _DROP].tobytes().decode("utf-32-le", "surrogatepass")


@lru_cache(maxsize=1)
def _changed() -> NDArray[np.uint32]:
    """What becomes of each code point, uint32 [0x110000]."""
    table = np.arange(0x110000, dtype=np.uint32)
    for code in (*range(0x20000), *range(0xE0100, 0xE01F0)):  # in the other planes is nothing to change
        category = unicodedata.category(chr(code))
        if category == "Nd":
            table[code] = ord("0")
        elif category == "Mn" or category[0] == "P":
            table[code] = _DROP
    return table
