"""BPE as the book tells it: characters of words, all of them rescanned for each merge (section 3.2.4, figure 3.4).

Short and slow: each merge reads every word. `llmbook.data.tokenizers.bpe` learns the same without rescanning. Symbols
are strings; a word is a tuple of them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

Pair = tuple[str, str]
Word = tuple[str, ...]

END = "</w>"  # the end of a word; without it "est" in "newest" and in "estate" would be the same token


def spell(word_counts: Mapping[str, int], end: str = END) -> dict[Word, int]:
    """Each word as its characters and the end marker ("" for none)."""
    return {(*word, *([end] if end else [])): count for word, count in word_counts.items()}


def count_pairs(words: Mapping[Word, int]) -> Counter[Pair]:
    """How often each pair of neighbours occurs, in order of first occurrence."""
    pairs: Counter[Pair] = Counter()
    for word, count in words.items():
        for pair in zip(word, word[1:], strict=False):
            pairs[pair] += count
    return pairs


def merge_symbols(word: Sequence[str], pair: Pair) -> list[str]:
    """A word with every occurrence of the pair joined, from left to right."""
    merged: list[str] = []
    place = 0
    while place < len(word):
        if tuple(word[place : place + 2]) == pair:
            merged.append(pair[0] + pair[1])
            place += 2
        else:
            merged.append(word[place])
            place += 1
    return merged


def merge_pair(words: Mapping[Word, int], pair: Pair) -> dict[Word, int]:
    """All words after one merge."""
    return {tuple(merge_symbols(word, pair)): count for word, count in words.items()}


def learn_by_rescanning(words: Mapping[Word, int], limit: int) -> Iterator[tuple[Pair, int]]:
    """The merges and the counts they were chosen for; of equally frequent pairs the one that occurs first.

    Args:
        words: spelled, with their counts.
        limit: most merges; there are fewer when no two symbols are left to be merged.
    """
    for _ in range(limit):
        pairs = count_pairs(words)
        if not pairs:
            return
        best = max(pairs, key=pairs.__getitem__)
        yield best, pairs[best]
        words = merge_pair(words, best)


def apply_merges(symbols: Sequence[str], merges: Iterable[Pair]) -> list[str]:
    """Encode one word as BPE does: every merge in the order learned."""
    for pair in merges:
        symbols = merge_symbols(symbols, pair)
    return list(symbols)


def longest_match(word: str, tokens: Iterable[str], unknown: str = "[UNK]") -> list[str]:
    """Encode one word as the book describes: the longest token found in it splits it, then the next shorter one, …

    Its result can differ from that of the merges. What no token matches is unknown.
    """
    longest_first = sorted((token for token in tokens if token), key=len, reverse=True)

    def split(part: str) -> list[str]:
        for token in longest_first:
            if token in part:
                before, _, after = part.partition(token)
                return [*split(before), token, *split(after)]
        return [unknown] if part else []

    return split(word)


def decode_words(tokens: Iterable[str], end: str = END) -> str:
    """The text: tokens joined, an end marker becoming the space between words."""
    return "".join(tokens).replace(end, " ").strip()
