"""Checks of the exercises of section 3.2.2.

Each first asks whether the answer is right. If it is not, it looks for the mistakes people make, and names the one it
finds.
"""

import random
import re
import string
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha1
from itertools import combinations

from llmbook.data.dedup.components import UnionFind
from llmbook.data.dedup.paragraphs import normalise_paragraph
from llmbook.data.dedup.suffix_array import suffix_and_lcp
from llmbook.exercises.checks import Wrong, expect, fresh_random, grader, near


@grader("3.2.2 suffix array")
def suffix_array(
    array: Callable[[str], list[int]], lcp: Callable[[str, list[int]], list[int]], longest: Callable[[str], str]
) -> None:
    """The array counted from 0; `lcp(text, array)`; and the longest substring that stands in the text twice."""
    rng = fresh_random()
    text = "aaa"  # whose longest repeat, aa, overlaps itself
    while not _apart(text, suffix_and_lcp(text)[1].max()):
        piece = "".join(rng.choices("abc", k=rng.randint(5, 9)))
        text = piece + "".join(rng.choices("abcd", k=rng.randint(4, 8))) + piece + "".join(rng.choices("abc", k=5))
    for word in (text, "mississippi", "aaaaa"):
        order, common = (column.tolist() for column in suffix_and_lcp(word))
        ranks = [order.index(start) for start in range(len(word))]
        _check_array([int(start) for start in array(word)], order, ranks, word)
        _check_lcp([int(length) for length in lcp(word, list(order))], common, ranks, word)
        found = longest(word)
        expect(isinstance(found, str), "return the substring itself")
        expect(word.find(found, word.find(found) + 1) >= 0, f"your longest repeat of {word!r} stands in it only once")
        size = max(common)
        # Only where copies lie apart: a short answer may otherwise come from missing those that overlap.
        repeated = {word[start : start + size - 1] for rank, start in enumerate(order) if common[rank] == size}
        is_cut = found in repeated and bool(_apart(word, size))
        expect(not is_cut, "its last letter is missing: take the length from the largest LCP, at its own rank")
        short = "a longer one is repeated: do you miss copies that overlap, or take the first repeat that comes?"
        expect(len(found) == size, short)


def _apart(word: str, size: int) -> list[str]:
    """The substrings of that length of which two copies lie side by side or further apart."""
    pieces = [word[i : i + size] for i in range(len(word) - size + 1)]
    return [piece for piece in pieces if word.count(piece) > 1]


def _check_array(answer: list[int], order: list[int], ranks: list[int], word: str) -> None:
    if answer == order:
        return
    from_one = "the starts are counted from 1, as the book does; count from 0"
    expect(answer != [start + 1 for start in order], from_one)
    expect(answer != ranks, "these are the ranks of the suffixes in the order of the text: the array is the inverse")
    expect(answer != order[::-1], "the order is turned round: the smallest suffix comes first")
    raise Wrong(f"the suffixes of {word!r} from these starts are not in alphabetical order")


def _check_lcp(answer: list[int], common: list[int], ranks: list[int], word: str) -> None:
    if answer == common:
        return
    early = "the entries are one place early: LCP[r] compares ranks r - 1 and r, and LCP[0] is 0"
    expect(answer != [*common[1:], 0], early)
    expect(answer != [common[rank] for rank in ranks], "the entries stand in the order of the text, not of the array")
    raise Wrong(f"an entry is not how many symbols two neighbours in the array of {word!r} share at their beginning")


@grader("3.2.2 paragraph key")
def paragraph_key(answer: Callable[[str], bytes]) -> None:
    """`answer(paragraph)` is CCNet's key of 8 bytes."""
    rng = fresh_random()
    number = rng.randint(100, 9999)
    accented = rng.choice(["Café", "élan", "Übung", "naïve", "garçon"])  # one at least, or keeping accents would pass
    words = [accented, *rng.sample(["Straße", "naïveté", "Ærø", "灯市", "Señor"], 2)]
    texts = [
        f"“{words[0]}”: {number} € + {words[1]}…",
        f"{words[2]} — {number % 97}, ({words[0].upper()})?",
        "plain $5",
    ]
    keys = [answer(text) for text in texts]
    expect(all(isinstance(key, bytes) for key in keys), "the key is of type bytes: use digest(), not hexdigest()")
    expect(all(len(key) == 8 for key in keys), f"the key has 8 bytes (64 bits), not {len(keys[0])}")
    if keys == [_key(normalise_paragraph(text)) for text in texts]:
        return

    def is_like(**change: object) -> bool:
        return keys == [_key(_normalised(text, **change)) for text in texts]

    digests = [sha1(normalise_paragraph(text).encode()).digest() for text in texts]
    expect(keys != [digest[-8:] for digest in digests], "these are the last 64 bits; take the first")
    expect(not is_like(lower=False), "capitals still make a difference")
    expect(not is_like(digit=""), "digits are deleted; each becomes a 0")
    expect(not is_like(runs=True), "a whole number becomes one 0; each digit becomes one")
    expect(not is_like(accents=False), "accents still make a difference: decompose (NFD), then drop the marks (Mn)")
    expect(
        not is_like(punctuation=set(string.punctuation)),
        "only ASCII punctuation goes, and with it symbols: use the categories P*",
    )
    expect(not is_like(symbols=True), "symbols such as € go too: punctuation is the categories P*, symbols are S*")
    raise Wrong(
        "the key is not the first 8 bytes of the SHA-1 of the normalised text in UTF-8: print what you normalise to"
    )


def _key(text: str) -> bytes:
    return sha1(text.encode()).digest()[:8]


def _normalised(
    text: str,
    lower: bool = True,
    accents: bool = True,
    digit: str = "0",
    runs: bool = False,
    punctuation: set[str] | None = None,
    symbols: bool = False,
) -> str:
    """CCNet's normalisation, with a mistake if one is asked for."""
    text = (
        unicodedata.normalize("NFD", text.lower() if lower else text) if accents else (text.lower() if lower else text)
    )
    text = "".join(c for c in text if not accents or unicodedata.category(c) != "Mn")
    text = re.sub(r"\d+" if runs else r"\d", digit, text)
    refused = "PS" if symbols else "P"
    gone = (lambda c: c in punctuation) if punctuation else (lambda c: unicodedata.category(c)[0] in refused)
    return "".join(c for c in text if not gone(c)).strip()


Documents = list[list[str]]


@grader("3.2.2 passages")
def passages(answer: Callable[[Documents, int], list[int]]) -> None:
    """`answer(documents, k)`: which documents share k tokens in a row with an earlier document that is kept."""
    rng = fresh_random()
    k = rng.randint(40, 60)

    def fresh(length: int) -> list[str]:
        return [f"w{rng.randrange(10**6)}" for _ in range(length)]

    passage, other = fresh(k), fresh(k)
    half = fresh(k // 2)
    documents = [
        fresh(20) + passage + fresh(30),
        fresh(50) + passage[:-1] + fresh(9),  # one token short
        passage + other + fresh(10),  # a copy
        fresh(15) + other,  # shares only with a document that is gone
        rng.sample(passage, k),  # the same words in another order
        fresh(30) + half,  # half a passage at the end, and its other half at the next beginning
        fresh(5) + half * 3 + fresh(4),  # repeats itself
        fresh(8) + passage + fresh(3),  # one more copy
        [],
    ]
    found = sorted(int(number) for number in answer([list(document) for document in documents], k))
    if found == (right := _passages(documents, k)):
        return
    expect(0 not in found, "the first copy goes too: one copy must stay")
    strict = "a common passage of exactly k tokens is missed: how many windows of k tokens has a list of n?"
    expect(set(right) & set(found), strict)
    expect(4 not in found, "the same words in another order are taken for a passage: they must stand in a row")
    expect(1 not in found, "a passage of k - 1 tokens is taken for one of k")
    expect(6 not in found, "a document is dropped because it repeats itself: compare it with other documents")
    expect(3 not in found, "a document is dropped for what it shares with one that is dropped itself")
    raise Wrong("the dropped documents are not those with k tokens in a row in common with an earlier one that is kept")


def _passages(documents: Documents, k: int) -> list[int]:
    seen: set[tuple[str, ...]] = set()
    dropped = []
    for number, document in enumerate(documents):
        windows = {tuple(document[start : start + k]) for start in range(len(document) - k + 1)}
        if windows & seen:
            dropped.append(number)
        else:
            seen |= windows
    return dropped


@grader("3.2.2 signature")
def signature(
    answer: Callable[[list[int], list[int], list[int]], list[int]], estimate: Callable[[list[int], list[int]], float]
) -> None:
    """`answer(shingles, factors, shifts)`: the minima of (a x + b) mod 2^32; `estimate(left, right)` of Jaccard."""
    rng = fresh_random()
    shingles = [rng.randrange(2**32) for _ in range(rng.randint(20, 40))]
    factors = [rng.randrange(2**31) * 2 + 1 for _ in range(12)]
    shifts = [rng.randrange(2**32) for _ in range(12)]
    permutations = list(zip(factors, shifts, strict=True))
    right = [min((a * x + b) % 2**32 for x in shingles) for a, b in permutations]
    found = [int(value) for value in answer(list(shingles), list(factors), list(shifts))]
    if found != right:
        expect(len(found) == 12, f"a signature has one number for each permutation, 12 here, not {len(found)}")
        expect(
            found != [min(a * x + b for x in shingles) for a, b in permutations], "the result is not taken modulo 2^32"
        )
        first = [(a * min(shingles) + b) % 2**32 for a, b in permutations]
        expect(
            found != first, "the smallest shingle is taken before the permutation: permute all, then take the minimum"
        )
        expect(
            found != [max((a * x + b) % 2**32 for x in shingles) for a, b in permutations], "this is the largest value"
        )
        no_shift = [min(a * x % 2**32 for x in shingles) for a, _ in permutations]
        expect(found != no_shift, "the shift b is not added")
        which = [min(shingles, key=lambda x, a=a, b=b: (a * x + b) % 2**32) for a, b in permutations]
        expect(found != which, "these are the shingles that win; the signature holds their permuted values")
        raise Wrong("the values are not the minima of (a x + b) mod 2^32 over the shingles x")
    left, other = [1, 2, 2, 5, 7, 9, 9, 4], [1, 2, 3, 5, 8, 9, 1, 7]
    shuffle = rng.sample(range(8), 8)
    left, other = ([part[i] for i in shuffle] for part in (left, other))
    value = estimate(left, other)
    if near(value, 4 / 8):
        return
    sets = len(set(left) & set(other)) / len(set(left) | set(other))
    expect(
        not near(value, sets), "this is the Jaccard similarity of the signatures as sets; compare them place by place"
    )
    raise Wrong("the estimate is the share of places in which both signatures have the same value")


Signatures = list[list[int]]
Pairs = set[tuple[int, int]]


@grader("3.2.2 bands")
def bands(
    probability: Callable[[float, int, int], float],
    candidates: Callable[[Signatures, int, int], Iterable[Sequence[int]]],
) -> None:
    """P(candidate | s) for so many bands of rows; and all pairs (i, j), i < j, that agree in a whole band."""
    rng = fresh_random()
    for s, b, r in ((rng.uniform(0.3, 0.9), 9, 13), (rng.uniform(0.3, 0.7), 20, 4)):
        value = probability(s, b, r)
        if near(value, 1 - (1 - s**r) ** b):
            continue
        expect(
            not near(value, 1 - (1 - s**b) ** r), "bands and rows are swapped: a band agrees with probability s^rows"
        )
        expect(not near(value, (1 - s**r) ** b), "this is the probability that no band agrees")
        expect(not near(value, 1 - s**r), "this is the probability that one certain band disagrees")
        raise Wrong("a band agrees with probability s^rows, and a candidate agrees in at least one of the bands")
    b, r = 4, 3
    drawn = [[rng.randrange(1000) for _ in range(b * r)] for _ in range(12)]
    drawn[1][3:6] = drawn[0][3:6]  # a pair
    drawn[4][6:9], drawn[7][6:9], drawn[9][6:9] = [7, 7, 7], [7, 7, 7], [7, 7, 7]  # a group of three
    drawn[3][0:3], drawn[8][9:12] = [5, 6, 7], [5, 6, 7]  # the same values in different bands
    drawn[10][0], drawn[10][4] = drawn[11][0], drawn[11][4]  # single rows
    drawn[6][0:4] = drawn[5][0:4]  # would agree in a band of four
    found = {tuple(int(i) for i in pair) for pair in candidates([list(row) for row in drawn], b, r)}
    right = _candidates(drawn, b, r)
    if found == right:
        return
    expect(all(i != j for i, j in found), "a page is paired with itself")
    expect({(min(pair), max(pair)) for pair in found} != right, "write each pair once, the smaller number first")
    expect((3, 8) not in found, "equal values in different bands make no candidates: keep the bands apart")
    expect((10, 11) not in found, "one equal row is not enough: all rows of a band must agree")
    expect(found, "no pair is found: one equal band is enough, they need not all agree")
    expect(
        {(4, 7), (4, 9), (7, 9)} <= found or (4, 7) not in found, "of a group of three, all three pairs are candidates"
    )
    expect(found != _candidates(drawn, r, b), "bands and rows are swapped: cut the signature into `bands` pieces")
    raise Wrong("the pairs are not those whose signatures agree in all rows of at least one band")


def _candidates(signatures: Signatures, b: int, r: int) -> Pairs:
    def agree(i: int, j: int) -> bool:
        left, right = signatures[i], signatures[j]
        return any(left[band * r : (band + 1) * r] == right[band * r : (band + 1) * r] for band in range(b))

    return {pair for pair in combinations(range(len(signatures)), 2) if agree(*pair)}


@grader("3.2.2 components")
def components(answer: Callable[[int, list[tuple[int, int]]], list[int]]) -> None:
    """`answer(size, pairs)`: the pages to keep, the earliest of each connected component and all that stand alone."""
    rng = fresh_random()
    for size, pairs in ((5, [(0, 1), (0, 2), (0, 4)]), _drawn_pairs(rng), _drawn_pairs(rng)):
        found = sorted(int(number) for number in answer(size, list(pairs)))
        forest = UnionFind(size)
        forest.union(pairs)
        roots = [forest.find(number) for number in range(size)]
        right = sorted(set(roots))
        if found == right:
            continue
        named = {number for pair in pairs for number in pair}
        expect(
            found != sorted(set(range(size)) - named), "all copies go, the first one too: keep one page of each group"
        )
        later = {max(pair) for pair in pairs}
        chain = "two pages of one group are kept: if A and C both pair with B, then A and C are in one group as well"
        expect(found != sorted(set(range(size)) - later), chain)
        last = {root: max(i for i in range(size) if roots[i] == root) for root in set(roots)}
        expect(found != sorted(last.values()), "the latest page of each group is kept; keep the earliest")
        expect(set(range(size)) - named <= set(found), "pages without any pair must be kept too")
        expect(len(found) <= len(right), chain)
        raise Wrong("keep the earliest page of each connected component, and every page that is in no pair")


def _drawn_pairs(rng: random.Random) -> tuple[int, list[tuple[int, int]]]:
    """Groups of which one is a path that meets in its latest page, as pairs in random order, and pages alone."""
    pages = rng.sample(range(30), 22)
    low = sorted(pages[:4])
    path = [(low[0], low[3]), (low[1], low[3]), (low[1], low[2])]
    star = [(pages[4], page) for page in pages[5:9]]
    pairs = [(min(pair), max(pair)) for pair in [*path, *star, (pages[9], pages[10])]]
    rng.shuffle(pairs)
    return 30, pairs


@grader("3.2.2 contamination")
def contamination(answer: Callable[[list[str], list[str], int], list[int]]) -> None:
    """`answer(items, documents, n)`: the items that share n words in a row with a document."""
    rng = fresh_random()
    n = rng.randint(8, 13)

    def fresh(length: int) -> list[str]:
        return ["".join(rng.choices(string.ascii_lowercase, k=rng.randint(3, 9))) for _ in range(length)]

    items = [fresh(20) for _ in range(7)]
    items.append(fresh(n - 3))  # too short
    split = items[4][2 : 2 + n]
    documents = [
        " ".join(fresh(30) + items[0] + fresh(10)),  # letter for letter
        " ".join(fresh(5) + [word.capitalize() + "," for word in items[1][3 : 3 + n]] + fresh(5)),  # another layout
        " ".join(fresh(8) + items[2][: n - 1] + fresh(8)),  # one word short
        " ".join(rng.sample(items[3], 20)),  # the same words in another order
        " ".join(fresh(9) + split[: n // 2]),  # one half at the end of a document,
        " ".join(split[n // 2 :] + fresh(9)),  # the other at the beginning of the next
        " ".join(fresh(4) + items[5][4 : 4 + n] + fresh(4)),  # exactly n words
        " ".join(fresh(4) + items[7] + fresh(4)),
    ]
    texts = [" ".join(item) + "?" for item in items]
    found = sorted(int(number) for number in answer(list(texts), list(documents), n))
    if found == [0, 1, 5]:
        return
    part = "an item of which only a part leaked is missed: one run of n words in common is enough"
    expect(5 in found, part)
    expect(1 in found, "an item in another layout is missed: compare lower-case words without punctuation")
    expect(0 in found, "an item that leaked letter for letter is missed")
    expect(3 not in found, "the same words in another order are taken for a leak: they must stand in a row")
    expect(4 not in found, "a run reaches from one document into the next: look into each document by itself")
    expect(7 not in found, "an item shorter than n words has no run of n words")
    expect(2 not in found, "n - 1 words in common are taken for n: are characters compared in place of words?")
    raise Wrong("the items are not those with a run of n words in common with one of the documents")
