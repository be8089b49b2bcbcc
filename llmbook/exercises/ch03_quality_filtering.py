"""Checks of the exercises of section 3.2.1. Each first asks whether the answer is right, then looks for the mistake."""

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import blake2b

from llmbook.exercises.checks import Wrong, expect, fresh_random, grader, near

Hash = Callable[[str], int]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
STOP = {"the", "be", "to", "of", "and", "that", "have", "with"}


def _word(rng: random.Random, low: int = 3, high: int = 8) -> str:
    return "".join(rng.choices(LETTERS, k=rng.randint(low, high)))


@grader("3.2.1 feature hashing")
def hashing(answer: Callable[[list[str], int, Hash], Sequence[int]]) -> None:
    """`answer(tokens, m, h)` is the signed, hashed count vector."""
    rng = fresh_random()
    salt, m = rng.randbytes(8), rng.choice([7, 16, 30])

    def h(token: str) -> int:
        return int.from_bytes(blake2b(token.encode(), digest_size=8, key=salt).digest(), "big")

    kinds = [_word(rng) for _ in range(40)]
    tokens = kinds + rng.choices(kinds, k=80)
    x = list(answer(list(tokens), m, h))
    expect(len(x) == m, f"x should have m = {m} entries, one per bucket; yours has {len(x)}")

    def vector(words: Sequence[str], sign: Callable[[int], int]) -> list[int]:
        found = [0] * m
        for word in words:
            found[h(word) % m] += sign(h(word))
        return found

    right = vector(tokens, lambda key: 1 if key >> 63 else -1)
    if near(x, right):
        return
    expect(not near(x, vector(tokens, lambda key: 1)), "there are no signs: features that collide add up for ever")
    turned = "the signs are turned round: a set highest bit means +1"
    expect(not near(x, [-value for value in right]), turned)
    once = vector(sorted(set(tokens)), lambda key: 1 if key >> 63 else -1)
    expect(not near(x, once), "every token counts once only: one that occurs twice is added twice")
    low = vector(tokens, lambda key: 1 if key & 1 else -1)
    expect(not near(x, low), "the sign comes from the lowest bit, which also decides the bucket: take the highest one")
    raise Wrong("x is not the sum of the signs of the tokens in each bucket h(t) mod m")


@grader("3.2.1 Pareto sampling")
def pareto(
    kept: Callable[[list[float], list[float]], Sequence[bool]], keep_probability: Callable[[float, float], float]
) -> None:
    """Which pages draws keep, and the probability (2 - q)^-α."""
    rng = fresh_random()
    scores = [rng.random() for _ in range(300)]
    draws = [rng.paretovariate(4) - 1 for _ in scores]
    mask = [bool(value) for value in kept(list(scores), list(draws))]
    if mask != [p > 1 - q for q, p in zip(scores, draws, strict=True)]:
        swapped = [p > q for q, p in zip(scores, draws, strict=True)]
        expect(mask != swapped, "good pages should be kept more often: compare the draw with 1 - q, not with q")
        turned = [p < 1 - q for q, p in zip(scores, draws, strict=True)]
        expect(mask != turned, "the comparison is turned round: a page stays if its draw is greater than 1 - q")
        raise Wrong("a page is kept exactly if its draw is greater than 1 - q")
    for _ in range(4):
        q, alpha = rng.random(), rng.uniform(1, 6)
        found = keep_probability(q, alpha)
        if near(found, (2 - q) ** -alpha):
            continue
        expect(not near(found, (2 - q) ** -9), "alpha is an argument: don't write the 9 of GPT-3 into the function")
        expect(not near(found, q**alpha), "that is q^α; put x = 1 - q into (1 + x)^-α")
        expect(not near(found, (1 + q) ** -alpha), "x is 1 - q, not q: a good page would be the rarest")
        expect(not near(found, 1 - (2 - q) ** -alpha), "that is the probability of being dropped")
        raise Wrong("the probability is (1 + x)^-α at x = 1 - q")


@grader("3.2.1 threshold")
def threshold(answer: Callable[[list[float], list[bool], float], float]) -> None:
    """`answer(scores, good, recall)` is the highest threshold that keeps that share of the good pages."""
    rng = fresh_random()
    for _ in range(5):
        good = [rng.random() < 0.4 for _ in range(rng.randint(150, 250))] + [True] * 3
        scores = [min(max(rng.gauss(0.35 + 0.3 * is_good, 0.2), 0), 1) for is_good in good]
        wanted = sorted(score for score, is_good in zip(scores, good, strict=True) if is_good)
        recall = rng.choice([0.7, 0.8, 0.9])
        found = answer(list(scores), list(good), recall)
        right = wanted[len(wanted) - math.ceil(recall * len(wanted) - 1e-9)]
        if near(found, right, 1e-9):
            continue
        everything = sorted(scores)
        of_all = everything[len(everything) - math.ceil(recall * len(everything) - 1e-9)]
        expect(not near(found, of_all, 1e-9), "that keeps the share of all pages: recall looks at the good ones only")
        wrong_end = wanted[math.ceil(recall * len(wanted) - 1e-9) - 1]
        expect(
            not near(found, wrong_end, 1e-9), "the good scores are counted from the wrong end: begin with the highest"
        )
        share = sum(score >= found for score in wanted) / len(wanted)
        expect(share >= recall - 1e-9, "the threshold keeps too few of the good pages: round the number up")
        raise Wrong("a higher threshold would still keep enough of the good pages")


@grader("3.2.1 perplexity")
def perplexity(answer: Callable[[list[list[float]]], float]) -> None:
    """`answer(log_probs by line)` is exp of minus the mean over all tokens."""
    rng = fresh_random()
    lines = [[-rng.expovariate(0.7) - 0.1 for _ in range(rng.randint(2, 12))] for _ in range(rng.randint(3, 6))]
    lines.append([-4.0 - rng.random()])
    every = [value for line in lines for value in line]
    found = answer([list(line) for line in lines])
    if near(found, math.exp(-sum(every) / len(every))):
        return
    per_line = [math.exp(-sum(line) / len(line)) for line in lines]
    expect(
        not near(found, sum(per_line) / len(per_line)),
        "that is the mean of the lines' perplexities: a short line must not weigh as much as a long one",
    )
    mean_of_means = math.exp(-sum(sum(line) / len(line) for line in lines) / len(lines))
    expect(not near(found, mean_of_means), "the mean is taken of the lines' means: every token should weigh the same")
    expect(not near(found, 2 ** (-sum(every) / len(every))), "the logarithms are natural: the base is e, not 2")
    arithmetic = sum(math.exp(-value) for value in every) / len(every)
    expect(not near(found, arithmetic), "average the logarithms first, then take exp: not the other way round")
    expect(not near(found, math.exp(sum(every) / len(every))), "the sign is missing: perplexity is at least 1")
    raise Wrong("perplexity is exp(-mean of ln p) over all tokens of the page")


def _page(rng: random.Random, words: int = 80) -> str:
    """A text that passes all five rules."""
    return " ".join(["the", "of", *(_word(rng) for _ in range(words - 2))])


@grader("3.2.1 Gopher's rules")
def gopher(answer: Callable[[str], Sequence[str]]) -> None:
    """`answer(text)` names the rules that fail, of the five."""
    rng = fresh_random()
    page, few = _page(rng), [_word(rng) for _ in range(60)]
    mixed = " ".join(["#"] * 10 + ["a", "I"] * 20 + ["12"] * 30 + few[:10])
    cases = [
        (page, [], "a page of ordinary words with two function words passes all the rules"),
        (_page(rng, 50), [], "50 words are enough: a text on the bound passes"),
        (_page(rng, 49), ["words"], "49 words are too few"),
        (
            "The lamp, (of) " + " ".join(few),
            [],
            "'The' and '(of)' are function words: capitals and punctuation do not matter",
        ),
        ("the " * 5 + " ".join(few), ["function_words"], "one function word five times is not two different ones"),
        (page + " #" * 12, ["symbols"], "twelve # in some ninety words are more than 0.1 per word"),
        (page + " wait…" * 12, ["symbols"], "the ellipsis … is the second symbol: it has a bound as well"),
        (page + " #" * 5 + " so…" * 5, [], "five # and five … are each below 0.1 per word: the two are not added up"),
        (page + " 2026" * 40, ["letters"], "40 of 120 words without a letter are too many"),
        ("the of a " + "I o " * 40, ["word_length"], "words of one letter are too short on average"),
        (
            mixed,
            ["word_length", "symbols", "letters", "function_words"],
            "a text can fail several rules, in their order",
        ),
        ("", ["words", "word_length", "letters", "function_words"], "the empty text must not divide by zero"),
    ]
    for text, expected, hint in cases:
        found = list(answer(text))
        expect(found == expected, hint)


def _shares(words: Sequence[str], n: int) -> dict[str, float]:
    """The right share of repeated n-grams, and what the usual mistakes make of it."""
    grams = [tuple(words[place : place + n]) for place in range(len(words) - n + 1)]
    again = [place for place, gram in enumerate(grams) if gram in grams[:place]]
    every = [place for place, gram in enumerate(grams) if grams.count(gram) > 1]
    covered, covered_first = ({p + offset for p in places for offset in range(n)} for places in (again, every))
    total = sum(map(len, words))
    return {
        "right": sum(len(words[place]) for place in covered) / total,
        "first": sum(len(words[place]) for place in covered_first) / total,
        "doubled": sum(len(word) for place in again for word in grams[place]) / total,
        "words": len(covered) / len(words),
        "grams": len(again) / len(grams),
    }


@grader("3.2.1 repeated n-grams")
def repetition(answer: Callable[[list[str], int], float]) -> None:
    """`answer(words, n)` is the share of the characters in n-grams that occurred before."""
    rng = fresh_random()
    for n in (2, 3, 5):
        shares: dict[str, float] = {}
        while len({round(share, 4) for share in shares.values()}) < 5:  # no two mistakes shall look the same
            phrase = [_word(rng, 1, 9) for _ in range(n + 2)]
            words = phrase + [_word(rng) for _ in range(15)] + phrase + [_word(rng)] + phrase * 2
            shares = _shares(words, n)
        found = answer(list(words), n)
        if near(found, shares["right"]):
            continue
        first = "the first occurrence counts too: only what has occurred before is a repetition"
        expect(not near(found, shares["first"]), first)
        doubled = "n-grams overlap, and their characters are counted several times: mark words"
        expect(not near(found, shares["doubled"]), doubled)
        expect(not near(found, shares["words"]), "that is the share of the words: count their characters")
        expect(not near(found, shares["grams"]), "that is the share of the n-grams: count the characters in them")
        raise Wrong(
            "mark the words of each n-gram that has occurred before, then add up the characters of marked words"
        )


@grader("3.2.1 language")
def language(answer: Callable[[str, dict[str, Counter], int, int], str]) -> None:
    """`answer(text, counts, n, V)` is the most likely language of a text."""
    rng = fresh_random()
    n, names = 2, ["north", "south", "west"]
    rng.shuffle(names)

    def speak(weights: list[float], length: int) -> str:
        return "".join(rng.choices(LETTERS, weights, k=length))

    tongues = {name: [0.3 + rng.random() for _ in LETTERS] for name in names}
    samples = {name: speak(tongues[name], 300 * 6**place) for place, name in enumerate(names)}
    counts = {name: Counter(text[i : i + n] for i in range(len(text) - n + 1)) for name, text in samples.items()}
    size = len(LETTERS) ** n

    def best(text: str, total: Callable[[Counter], int] = lambda count: sum(count.values()) + size) -> str:
        grams = [text[i : i + n] for i in range(len(text) - n + 1)]
        totals = {name: total(counts[name]) for name in names}
        return max(names, key=lambda name: sum(math.log((counts[name][g] + 1) / totals[name]) for g in grams))

    def ask(text: str) -> str:
        return answer(text, {name: Counter(counts[name]) for name in names}, n, size)

    short = [speak(tongues[name], 30) for name in names for _ in range(40)]
    found = [ask(text) for text in short]
    if found == [best(text) for text in short]:
        long = [speak(tongues[name], 3000) for name in names]
        underflow = "short texts are right, long ones are not: a product of small numbers becomes 0, so add logarithms"
        expect([ask(text) for text in long] == [best(text) for text in long], underflow)
        return
    undivided = [best(text, lambda count: 1) for text in short]
    expect(found != undivided, "the largest sample wins too often: divide the counts of a language by their total")
    without_v = [best(text, lambda count: sum(count.values())) for text in short]
    expect(found != without_v, "the probabilities don't sum to 1: each count gets 1 more, and so the total V more")
    raise Wrong("the answer is not the language with the highest sum of ln P(g | c) over the n-grams of the text")


@grader("3.2.1 line-wise corrections")
def lines(answer: Callable[[str, Callable[[str], bool]], str | None]) -> None:
    """`answer(text, is_flagged)` is the text without flagged lines, or None if over 5 % of its words are in them."""
    rng = fresh_random()

    def line(words: int, letters: int = 5) -> str:
        return " ".join(_word(rng, letters, letters) for _ in range(words))

    def page(sizes: Sequence[int], flagged: Sequence[int], letters: int = 5) -> tuple[str, set[str], str]:
        some = [line(size, letters if place in flagged else 5) for place, size in enumerate(sizes)]
        bad = {some[place] for place in flagged}
        return "\n".join(some), bad, "\n".join(text for text in some if text not in bad)

    def judged(case: tuple[str, set[str], str]) -> str | None:
        return answer(case[0], lambda some: some in case[1])

    few = page([30, 2, 40, 28], [1])
    found = judged(few)
    expect(found is not None, "2 of 100 words are flagged, one line of four: count words, not lines")
    expect(found != few[0], "the flagged line is still there: the page stays, the line goes")
    expect(found == few[2], "what stays are the other lines, unchanged and in order, joined by line feeds")
    bound = page([50, 5, 45], [1])
    expect(judged(bound) == bound[2], "exactly 5 of 100 words are flagged: only more than 5 % drop the page")
    many = page([30, 6, 36, 28], [1])
    expect(judged(many) is None, "6 of 100 words are flagged, and the page should be dropped: return None")
    spread = page([30, 3, 34, 3, 30], [1, 3])
    expect(judged(spread) is None, "two flagged lines of 3 words make 6 of 100: add up all of them")
    long_words = page([48, 4, 48], [1], letters=20)
    expect(
        judged(long_words) == long_words[2],
        "4 of 100 words are flagged, though they are long ones: count words, not characters",
    )
