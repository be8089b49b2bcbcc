"""Checks of the exercises of section 3.4.4. Right answers are recognised first, then mistakes are looked for."""

import itertools
import random
import string
import unicodedata
from collections import Counter
from collections.abc import Callable

from llmbook.exercises.checks import Wrong, expect, fresh_random, grader, near


@grader("3.4.4 retention")
def retention(kept: Callable[[float, float], float], removed: Callable[[list[float], list[float]], float]) -> None:
    """`kept(before, after)` and `removed(sizes, shares)`."""
    r = fresh_random()
    before = r.uniform(500, 2000)
    after = before * r.uniform(0.2, 0.45)
    share = kept(before, after)
    if not near(share, after / before):
        expect(not near(share, 1 - after / before), "this is the share that was removed, not what was kept")
        expect(not near(share, before / after), "before over after: the share is the other way round")
        expect(not near(share, 100 * after / before), "give a share between 0 and 1, not per cent")
        raise Wrong("the share kept is the tokens after over the tokens before")
    sizes = [r.uniform(10, 900) for _ in range(5)]
    shares = [r.uniform(0, 0.7) for _ in range(5)]
    gone = sum(a * b for a, b in zip(sizes, shares, strict=True))
    answer = removed(list(sizes), list(shares))
    if not near(answer, gone / sum(sizes)):
        expect(not near(answer, sum(shares) / 5), "every source counts the same here: weight each by its size")
        expect(not near(answer, gone), "these are the bytes that go; divide by all bytes")
        expect(not near(answer, 1 - gone / sum(sizes)), "this is what stays, not what goes")
        raise Wrong("sum size times share over the sources, and divide by the sum of the sizes")


@grader("3.4.4 length")
def length(answer: Callable[[str], int]) -> None:
    """`answer(text)` is the length by which short documents are told."""
    r = fresh_random()
    words = ["Stall", "cafe\u0301", "灯市", "don't", "e-mail", "价格：", "naïve", "Zürich"]
    for _ in range(4):
        lengths: dict[str, int] = {}
        while len(set(lengths.values())) < 8:  # until every mistake shows in the number
            drawn = (r.choice(words) + r.choice([" ", "  ", "\n\t ", ", ", "!? "]) for _ in range(r.randint(6, 14)))
            text = "... " + "".join(drawn) + "don't 价格： cafe\u0301  ,"
            lengths = _lengths(text)
        given = answer(text)
        for hint, value in lengths.items():
            expect(given != value or not hint, hint)
        expect(given == lengths[""], f"for {text[:20]!r}… the length should be {lengths['']}, and yours is {given}")


def _lengths(text: str) -> dict[str, int]:
    """The right length of a text, under "", and what mistakes make of it, under their hints."""
    no_marks = str.maketrans("", "", string.punctuation)
    composed = unicodedata.normalize("NFC", text).lower()
    plain = composed.translate(no_marks)
    decomposed = " ".join(text.lower().translate(no_marks).split())
    blanks = composed.translate(str.maketrans(dict.fromkeys(string.punctuation, " ")))
    unmarked = "".join(c for c in composed if not unicodedata.category(c).startswith("P"))
    return {
        "": len(" ".join(plain.split())),
        "white space is deleted here; the script collapses a run of it to one blank": len("".join(plain.split())),
        "runs of white space still count in full: each is one blank, and none at the ends": len(plain),
        "punctuation still counts: delete what is in string.punctuation": len(" ".join(composed.split())),
        "an accent still counts apart: bring the text into NFC first": len(decomposed),
        "punctuation becomes a blank here: delete it, so that don't is dont, of four": len(" ".join(blanks.split())),
        "only ASCII punctuation goes: the Chinese colon stays and counts": len(" ".join(unmarked.split())),
        "this is the length of the text as it is": len(text),
    }


@grader("3.4.4 components")
def components(answer: Callable[[int, list[tuple[int, int]]], list[int]]) -> None:
    """`answer(count, pairs)` gives the smallest member of everybody's group."""
    r = fresh_random()
    chain = list(itertools.pairwise(range(3000)))
    r.shuffle(chain)
    cases = [(5, [(0, 1), (0, 2), (0, 4)]), (5, [(2, 3), (1, 2), (2, 4)]), (4, [])]  # the second tells mistakes apart
    for _ in range(20):
        count = r.randint(6, 14)
        pairs = [tuple(r.sample(range(count), 2)) for _ in range(r.randint(3, count))]
        cases.append((count, pairs))
    for count, pairs in [*cases, (3000, [pair[:: r.choice([1, -1])] for pair in chain])]:
        given, right = list(map(int, answer(count, list(pairs)))), _groups(count, pairs)
        if given == right:
            continue
        expect(len(given) == count, f"return one number for each of the {count} documents")
        same = [len(set(zip(given, right, strict=True))) == len(set(given)) == len(set(right))]
        expect(not same[0], "the groups are right, but a group is to be known by its smallest member")
        direct = [min([i, *(a + b - i for a, b in pairs if i in (a, b))]) for i in range(count)]
        expect(given != direct, "only direct partners are looked at: a copy of a copy belongs to the group too")
        merged = sum(g != w for g, w in zip(given, right, strict=True))
        raise Wrong(f"{merged} of {count} documents are in the wrong group: join whole groups, not two documents")


def _groups(count: int, pairs: list[tuple[int, int]]) -> list[int]:
    """Search outwards from every document, the smallest first."""
    neighbours: dict[int, list[int]] = {}
    for a, b in pairs:
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    labels = [-1] * count
    for start in range(count):
        if labels[start] >= 0:
            continue
        labels[start], border = start, [start]
        while border:
            for other in neighbours.get(border.pop(), ()):
                if labels[other] < 0:
                    labels[other] = start
                    border.append(other)
    return labels


@grader("3.4.4 shuffle")
def shuffle(answer: Callable[[list, int, random.Random], list]) -> None:
    """`answer(items, buckets, rng)` gives the items in an order of which each is equally likely."""
    r = fresh_random()
    seed = r.randrange(2**32)
    items = [f"item {i}" for i in range(40)]
    given = answer(list(items), 4, random.Random(seed))
    expect(sorted(given) == sorted(items), "every item must come out exactly once")
    again = answer(list(items), 4, random.Random(seed))
    expect(given == again, "the same rng gives another order the second time: use `rng` for all draws")
    runs, rng = 2400, random.Random(seed)
    orders = Counter("".join(answer(list("abcd"), 3, rng)) for _ in range(runs))
    expected = runs / 24
    spread = sum((orders["".join(order)] - expected) ** 2 / expected for order in itertools.permutations("abcd"))
    if spread < 80:  # 23 degrees of freedom: 80 is exceeded by chance once in forty million
        return
    expect(len(orders) > 1, "the order is always the same: nothing is shuffled")
    raise Wrong("some orders are likelier than others: draw the bucket of each item independently, then shuffle each")


@grader("3.4.4 leaks")
def leaks(
    by_hash: Callable[[list[str], list[str]], int], by_jaccard: Callable[[list[str], list[str], int, float], int]
) -> None:
    """`by_hash(train, held_out)` and `by_jaccard(train, held_out, n, threshold)` count leaked training documents."""
    r = fresh_random()
    words = [a + b for a in "bdgkmn" for b in ("ao", "ei", "ou", "ia")]
    texts = [" ".join(r.choices(words, k=40)) for _ in range(30)]
    held, train = texts[:10], texts[10:]
    exact = [held[0], held[0], held[3]]
    blank = [held[1].replace(" ", "  ", 1), held[2] + "\n"]
    changed = [held[4].replace(held[4].split()[20], "lantern", 1), held[5].upper()]
    longer = held[6] + " " + " ".join(r.choices(words, k=60))
    train = r.sample([*train, *exact, *blank, *changed, longer], len(train) + 8)
    given, right = by_hash(list(train), list(held)), 3
    if given != right:
        expect(given != 2, "a leak that stands there twice is two training documents to drop")
        expect(given != 5, "white space is normalised before hashing: SHA-256 of the text as it is does not see these")
        raise Wrong(f"{right} training documents equal a held-out one to the letter, and you count {given}")
    for n, threshold in ((3, 0.7), (5, r.uniform(0.55, 0.7)), (60, 1.0)):
        given, right = by_jaccard(list(train), list(held), n, threshold), _leaked(train, held, n, threshold)
        if given == right:
            continue
        expect(n != 60, "a text of fewer than n words has one n-gram, all of its words; none means nothing is found")
        contains = "a text that contains a held-out one and much besides is not similar to it"
        expect(given != right + 1, f"{contains}: divide by the n-grams of both, not by those of the shorter")
        raise Wrong(f"{right} training documents reach a similarity of {threshold:.2f}, and you count {given}: "
                    "Jaccard is the number of common n-grams over the number of all different ones")  # fmt: skip


def _leaked(train: list[str], held: list[str], n: int, threshold: float) -> int:
    return sum(any(_similar(text, other, n, threshold) for other in held) for text in train)


def _similar(a: str, b: str, n: int, threshold: float) -> bool:
    one, other = ({tuple(t.split()[i : i + n]) for i in range(max(1, len(t.split()) - n + 1))} for t in (a, b))
    return len(one & other) >= threshold * len(one | other)
