"""The files that tokenizers are kept in: `tokenizer.json` of Hugging Face, and the rank files of tiktoken."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from llmbook.data.tokenizers.pretokenizers import DIGIT, GPT2_PATTERN, bytes_to_unicode, unicode_to_bytes
from llmbook.errors import ReaderError

Merge = tuple[bytes, bytes]

_FORMS = ("NFC", "NFD", "NFKC", "NFKD")


def printable(token: bytes) -> str:
    """A token in GPT-2's alphabet."""
    return token.decode("latin-1").translate(bytes_to_unicode())


# ---------------------------------------------------------------- writing


def tokenizer_json(
    vocabulary: Mapping[bytes, int],
    merges: Iterable[Merge],
    special_tokens: Mapping[str, int],
    patterns: Sequence[str],
    ignore_merges: bool,
    normalization: str | None,
) -> dict[str, Any]:
    """The content of a byte-level BPE `tokenizer.json`."""
    tokens = {printable(token): number for token, number in vocabulary.items()} | dict(special_tokens)
    splits = [{"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
              for pattern in patterns]  # fmt: skip
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    model = {
        "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
        "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": ignore_merges,
        "vocab": dict(sorted(tokens.items(), key=lambda item: item[1])),
        "merges": [[printable(left), printable(right)] for left, right in merges],
    }  # fmt: skip
    return frame(model, special_tokens) | {
        "normalizer": {"type": normalization} if normalization else None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [*splits, byte_level]},
        "decoder": byte_level | {"use_regex": True},
    }


def frame(model: dict[str, Any], special_tokens: Mapping[str, int]) -> dict[str, Any]:
    """What every `tokenizer.json` has, around a model."""
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    added = [{"id": number, "content": token, **flags} for token, number in special_tokens.items()]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": sorted(added, key=lambda row: row["id"]),
        "normalizer": None, "pre_tokenizer": None, "post_processor": None, "decoder": None, "model": model,
    }  # fmt: skip


# ---------------------------------------------------------------- reading


def read_tokenizer_json(path: Path) -> dict[str, Any]:
    """The arguments of `BPETokenizer` that a file holds.

    Raises:
        ReaderError: when it is missing, damaged, or holds something else.
    """
    try:
        content = json.loads(_read(path))
        model = content["model"]
        kind = model.get("type") or ("BPE" if "merges" in model else "?")  # old files name no type
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ReaderError(f"{path} is no tokenizer.json ({type(error).__name__}: {error})") from None
    if kind != "BPE":
        raise ReaderError(f"{path} holds a {kind} model: only byte-level BPE is read here")
    for option in ("byte_fallback", "continuing_subword_prefix", "end_of_word_suffix", "dropout"):
        if model.get(option):
            raise ReaderError(f"{path} is BPE with {option}, not byte-level BPE: load it with `tokenizers`")
    try:
        special = {row["content"]: row["id"] for row in map(_plain, content.get("added_tokens") or [])}
        ids = {token: number for token, number in model["vocab"].items() if special.get(token) != number}
        return {
            "vocabulary": {_bytes_of(token): number for token, number in ids.items()},
            "merges": [_merge_of(merge) for merge in model["merges"]],
            "special_tokens": special,
            "pattern": _patterns(content.get("pre_tokenizer")),
            "ignore_merges": bool(model.get("ignore_merges")),
            "normalization": _normalization(content.get("normalizer")),
        }
    except _Unsupported as what:
        raise ReaderError(f"{path} uses {what}, which is not read here: load it with `tokenizers`") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReaderError(f"{path} is damaged ({type(error).__name__}: {error})") from None


class _Unsupported(Exception):
    """Something of `tokenizers` that `BPETokenizer` has no counterpart of; the message names it."""


def _plain(added: dict[str, Any]) -> dict[str, Any]:
    for flag in ("single_word", "lstrip", "rstrip"):
        if added.get(flag):
            raise _Unsupported(f"an added token with {flag}, {added['content']!r}")
    return added


def _bytes_of(token: str) -> bytes:
    try:
        return bytes(map(unicode_to_bytes().__getitem__, token))
    except KeyError as character:
        raise _Unsupported(f"the token {token!r}, whose {character} stands for no byte") from None


def _merge_of(merge: str | list[str]) -> Merge:
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return _bytes_of(left), _bytes_of(right)


def _patterns(step: dict[str, Any] | None) -> list[str]:
    """The splitting patterns of a pre-tokenizer that ends in ByteLevel."""
    steps = step["pretokenizers"] if step and step["type"] == "Sequence" else [step]
    patterns = []
    for number, part in enumerate(steps, 1):
        kind = part["type"] if part else None
        if (kind == "ByteLevel") != (number == len(steps)):
            raise _Unsupported("a pre-tokenizer that does not end in ByteLevel")
        if kind == "Split":
            covers = part["behavior"] == "Isolated" or (part["behavior"] == "Removed" and part.get("invert"))
            if not covers or "Regex" not in part["pattern"]:
                raise _Unsupported(f"a Split of behavior {part['behavior']}")
            patterns.append(part["pattern"]["Regex"])
        elif kind == "Digits":
            patterns.append(DIGIT if part["individual_digits"] else DIGIT + "+")
        elif kind != "ByteLevel":
            raise _Unsupported(f"the pre-tokenizer {kind}")
        elif part.get("add_prefix_space"):
            raise _Unsupported("ByteLevel with add_prefix_space")
        elif part.get("use_regex", True):
            patterns.append(GPT2_PATTERN)
    return patterns or [r"[\s\S]+"]


def _normalization(step: dict[str, Any] | None) -> str | None:
    if step and step["type"] == "Sequence" and len(step["normalizers"]) <= 1:
        step = next(iter(step["normalizers"]), None)
    if step is None:
        return None
    if step["type"] not in _FORMS:
        raise _Unsupported(f"the normalizer {step['type']}")
    return step["type"]


def read_tiktoken(path: Path) -> dict[bytes, int]:
    """The tokens of a rank file and their ranks.

    Raises:
        ReaderError: when it is missing, or a line is not a token in base 64 and a number.
    """
    ranks = {}
    for number, line in enumerate(_read(path).splitlines(), 1):
        if line.strip():
            try:
                token, rank = line.split()
                ranks[base64.b64decode(token, validate=True)] = int(rank)
            except ValueError:
                raise ReaderError(f"{path}, line {number}: should be a token in base 64, a space, and a rank") from None
    return ranks


def merges_of_ranks(ranks: Mapping[bytes, int]) -> list[Merge]:
    """Every way in which a token can be made of two others, in order of the token's rank."""
    merges = []
    for token in sorted(ranks, key=ranks.__getitem__):
        halves = ((token[:cut], token[cut:]) for cut in range(1, len(token)))
        known = [(left, right) for left, right in halves if left in ranks and right in ranks]
        merges += sorted(known, key=lambda pair: (ranks[pair[0]], ranks[pair[1]]))
    return merges


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ReaderError(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ReaderError(f"{path} is no UTF-8 text, so it is no tokenizer file") from None
