"""Cutting text into words before subwords are looked for, so that no token reaches across them (section 3.2.4).

The patterns of byte-level BPE keep every character: joined, the words are the text. Spaces go to the front of the word
that follows them.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache

from llmbook.errors import ReaderError

# Radford et al. (2019). Letters, digits and punctuation stay apart; a space goes with what follows it.
GPT2_PATTERN = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
# Of GPT-4 and LLaMA 3: any one character may lead a word, numbers come in threes, line ends by themselves.
LLAMA3_PATTERN = "|".join([
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)", r"[^\r\n\p{L}\p{N}]?\p{L}+", r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n]*",
    r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+",
])  # fmt: skip
# Of Qwen 2: the same, but every digit is a token, so that 1234 has digits in the same places as 5678.
QWEN2_PATTERN = LLAMA3_PATTERN.replace(r"\p{N}{1,3}", r"\p{N}")
# To be put before another pattern, for single digits with any of them.
DIGIT = r"\p{N}"

METASPACE = "▁"
_BERT_WORDS = r"[^\s\p{P}$+<=>^`|~]+|[\p{P}$+<=>^`|~]"
_CONTROL = r"[^\P{C}\t\n\r]|\ufffd"
# The blocks of Chinese characters, as BERT draws them.
_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002ceaf\U0002f800-\U0002fa1f]"


@cache
def bytes_to_unicode() -> dict[int, str]:
    """GPT-2's printable name of every byte: printable bytes stand for themselves, the others for Ā, ā, Ă, … in order.

    A `vocab.json` can then hold any bytes as text. The space becomes Ġ, the line feed Ċ.
    """
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {byte: chr(byte) for byte in printable}
    others = (byte for byte in range(256) if byte not in table)
    return table | {byte: chr(256 + number) for number, byte in enumerate(others)}


@cache
def unicode_to_bytes() -> dict[str, int]:
    """The way back."""
    return {character: byte for byte, character in bytes_to_unicode().items()}


@cache
def splitter(patterns: tuple[str, ...]) -> Callable[[str], list[str]]:
    """A function that cuts a text at every match of the first pattern, the parts at every match of the next, and so on.

    What lies between two matches is a part too: nothing is lost.

    Raises:
        ReaderError: for a pattern that is no regular expression, or when the package `regex` is missing.
    """
    first, *rest = [_compiled(pattern) for pattern in patterns]
    if not rest:
        return lambda text: _cut(first, text)

    def split(text: str) -> list[str]:
        parts = _cut(first, text)
        for pattern in rest:
            parts = [piece for part in parts for piece in _cut(pattern, part)]
        return parts

    return split


def _cut(pattern: re.Pattern[str], text: str) -> list[str]:
    words = [] if pattern.groups else pattern.findall(text)  # which would give the groups
    if sum(map(len, words)) == len(text):
        return words
    spans, end = [], 0
    for match in pattern.finditer(text):
        if match.end() > match.start():
            spans += [(end, match.start()), match.span()]
            end = match.end()
    return [text[start:stop] for start, stop in [*spans, (end, len(text))] if stop > start]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        import regex  # the standard library's `re` knows no \p{L}
    except ImportError:
        raise ReaderError("splitting text into words needs the package `regex`: pip install regex") from None
    try:
        return regex.compile(pattern)
    except regex.error as error:
        raise ReaderError(f"the splitting pattern {pattern!r} is no regular expression: {error}") from None


def metaspace_words(text: str) -> list[str]:
    """SentencePiece's words: a space is the character ▁, which starts a word; one is put in front of the text."""
    marked = text.replace(" ", METASPACE)
    marked = marked if marked.startswith(METASPACE) or not marked else METASPACE + marked
    return re.findall(f"{METASPACE}[^{METASPACE}]*", marked)


def bert_words(text: str, lower_case: bool = False) -> list[str]:
    """BERT's words: cut at white space, and around every punctuation mark and every Chinese character.

    Args:
        text: control characters in it are dropped.
        lower_case: as "uncased" models do, also without accents.
    """
    text = re.sub(_HAN, r" \g<0> ", _compiled(_CONTROL).sub("", text))
    if lower_case:
        decomposed = unicodedata.normalize("NFD", text)
        text = "".join(c for c in decomposed if unicodedata.category(c) != "Mn").lower()
    return _compiled(_BERT_WORDS).findall(text)


def as_patterns(pattern: str | Sequence[str]) -> tuple[str, ...]:
    """One pattern, or several to be applied in turn, as a tuple."""
    return (pattern,) if isinstance(pattern, str) else tuple(pattern)
