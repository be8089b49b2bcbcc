"""Checks of the exercises of section 3.4.2. Right is decided first, known mistakes after that."""

import math
import random
from collections.abc import Callable
from hashlib import blake2b

import numpy as np

from llmbook.data.code_files import CodeRules, code_file_faults
from llmbook.data.dedup.simhash import fingerprints
from llmbook.exercises.checks import Wrong, expect, fresh_random, grader

RULES = CodeRules((100, 200_000), (0.15, 0.65), (20, 1_000))


@grader("3.4.2 fingerprint")
def fingerprint(answer: Callable[[list[str]], int]) -> None:
    """`answer(tokens)` is the 64-bit SimHash with BLAKE2b of 8 bytes, big-endian."""
    draw = fresh_random()
    for size in (9, 12, 40):
        tokens = [draw.choice(("灯", "lamp", "jug", "tea", "fair")) + str(draw.randrange(8)) for _ in range(size)]
        value = answer(list(tokens))
        if value == _simhash(tokens):
            continue
        expect(isinstance(value, int), "the fingerprint is a whole number")
        expect(0 <= value < 1 << 64, "the fingerprint has 64 bits: a number from 0 to 2**64 - 1")
        expect(value != _simhash(list(dict.fromkeys(tokens))), "a token votes as often as it stands in the list")
        expect(value != _simhash(tokens, "little"), "the eight bytes are to be read as a big-endian number")
        expect(value != _simhash(tokens) ^ ((1 << 64) - 1), "the votes are turned round: a one votes for 1")
        reversed_bits = int(f"{_simhash(tokens):064b}"[::-1], 2)
        expect(
            value != reversed_bits,
            "the bits are in the wrong order: bit b of the hashes makes bit b of the fingerprint",
        )
        expect(value != _simhash(tokens, above=-1), "a bit whose sum is 0 is 0: above 0, not at least 0")
        together = int.from_bytes(blake2b("".join(tokens).encode(), digest_size=8).digest(), "big")
        expect(value != together, "this is one hash of the whole text: hash each token, and let them vote")
        raise Wrong("each token's hash votes +1 or -1 on each of 64 bits; bit b is 1 if the sum for b is above 0")


@grader("3.4.2 index")
def index(answer: Callable[[list[int], int], tuple[list[tuple[int, int]], int]]) -> None:
    """`answer(fingerprints, distance)` is the list of near pairs, and the number of candidates."""
    draw = fresh_random()
    for distance in (2, 3, 5):
        values = _clustered(draw, distance)
        pairs, compared = answer(list(values), distance)
        found = [tuple(pair) for pair in pairs]
        all_pairs = [(a, b) for b in range(len(values)) for a in range(b)]
        right = sorted(p for p in all_pairs if (values[p[0]] ^ values[p[1]]).bit_count() <= distance)
        candidates = _candidates(values, distance + 1)
        if found == right and compared == len(candidates):
            continue
        expect(not set(found) - set(all_pairs), "a pair has two different members, the smaller index first")
        expect(len(set(found)) == len(found), "some pairs come twice: they may agree in more than one block")
        fewer = sorted(pair for pair in right if pair in _candidates(values, distance))
        expect(not (fewer != right and found == fewer),
               "with as many blocks as errors, every block can be hit: one more block is needed")  # fmt: skip
        strict = [p for p in right if (values[p[0]] ^ values[p[1]]).bit_count() < distance]
        expect(found != strict, "a pair at exactly the distance belongs to the result")
        expect(
            set(found) != candidates or candidates == set(right), "candidates agree in one block: compare them wholly"
        )
        expect(set(right) <= set(found), "some near pairs are missing: they agree in one of distance + 1 blocks")
        expect(set(found) <= set(right), "some pairs are farther apart than the distance")
        expect(found == right, "the pairs should be in order")
        expect(compared != len(all_pairs), "all pairs were compared: only those that agree in a block are candidates")
        expect(
            compared != _with_repetitions(values, distance + 1), "a pair that agrees in several blocks is counted once"
        )
        raise Wrong("the pairs are right, the number of candidates is not: pairs that agree in at least one block")


@grader("3.4.2 code filter")
def code_filter(answer: Callable[[list[str]], list[int]]) -> None:
    """`answer(files)` is the list of the numbers of files that pass the rules of ROOTS."""
    draw = fresh_random()
    files = _files(draw)
    names = list(files)
    draw.shuffle(names)
    texts = [files[name] for name in names]
    kept = [int(number) for number in answer(list(texts))]
    right = [number for number, text in enumerate(texts) if not code_file_faults(text, RULES)]
    if kept == right:
        return
    expect(sorted(kept) != right, "the numbers should be in order")
    expect(all(0 <= number < len(texts) for number in kept), "return the numbers of files, counted from 0")
    wrong = {names[number] for number in set(kept) ^ set(right)}
    for name, hint in (
        ("long", "a file of many short lines is not too long: the rule bounds the length of the longest line"),
        ("minified", "one line of 5,000 characters should not pass: look at the longest line, not at their mean"),
        ("chinese", "only a to z and A to Z count as letters: a Chinese character is none"),
        ("numbers", "a table of numbers has too few letters"),
        ("prose", "plain prose has too many letters: more than 65 %"),
        ("bounds", "the bounds are included: 100 characters and a line of 20 still pass"),
        ("short", "fewer than 100 characters are too few"),
        ("huge", "more than 200,000 characters are too many"),
        ("narrow", "no line reaches 20 characters: that file should go"),
    ):
        expect(name not in wrong, hint)
    raise Wrong("some files are judged wrongly: check length, share of letters, and longest line")


@grader("3.4.2 thresholds")
def thresholds(answer: Callable[[dict[str, list[float]], float], dict[str, float]]) -> None:
    """`answer(measured, loss)` is, for each language, the smallest value that at most that share lies above."""
    draw = fresh_random()
    loss = draw.choice((0.05, 0.1, 0.2))
    measured = {}
    for place, language in enumerate(("en", "sw", "zh", "ig")):
        size = draw.choice((40, 60, 100)) + 7
        measured[language] = [(place + 1) * draw.lognormvariate(0, 0.6) for _ in range(size)]
    bounds = answer({language: list(values) for language, values in measured.items()}, loss)
    expect(set(bounds) == set(measured), "give one bound for each language")

    def by(rule: Callable[[list[float]], float], values: dict[str, list[float]] = measured) -> bool:
        return all(
            math.isclose(bounds[language], rule(sorted(some)), rel_tol=1e-9) for language, some in values.items()
        )

    def bound(values: list[float], lost: int) -> float:
        return values[len(values) - lost - 1]

    if by(lambda values: bound(values, int(loss * len(values) + 1e-9))):
        return
    together = sorted(value for some in measured.values() for value in some)
    one = {language: together for language in measured}
    expect(not (len(set(bounds.values())) == 1 or by(lambda values: bound(values, int(loss * len(values))), one)),
           "one bound for all languages: each has its own distribution, so choose for each alone")  # fmt: skip
    expect(
        not by(lambda values: values[int(loss * len(values))]),
        "that is the lower tail: pages with *much* of it are to go",
    )
    expect(not by(lambda values: bound(values, int(loss * len(values)) + 1)),
           "one page more is lost than allowed: count those strictly above the bound")  # fmt: skip
    expect(not by(lambda values: (1 - loss) * values[-1]), "a share of the largest value is no quantile: count pages")
    expect(not by(lambda values: float(np.quantile(values, 1 - loss))),
           "the quantile lies between two values: the bound should be one of the measured ones")  # fmt: skip
    lost = {language: np.mean(np.array(some) > bounds[language]) for language, some in measured.items()}
    expect(all(share <= loss + 1e-9 for share in lost.values()), "more than the allowed share of good pages lies above")
    raise Wrong("a smaller bound would still lose no more than allowed: take the smallest such value")


def _simhash(tokens: list[str], order: str = "big", above: int = 0) -> int:
    hashes = [int.from_bytes(blake2b(token.encode(), digest_size=8).digest(), order) for token in tokens]
    if above == 0:
        return int(fingerprints(np.array(hashes, np.uint64), np.array([0, len(hashes)]))[0])
    votes = [sum(1 if value >> bit & 1 else -1 for value in hashes) for bit in range(64)]
    return sum(1 << bit for bit, vote in enumerate(votes) if vote > above)


def _clustered(draw: random.Random, distance: int) -> list[int]:
    """Fingerprints with neighbours at and around the distance, errors spread evenly over the bits."""
    values = [draw.getrandbits(64) for _ in range(20)]
    blocks = distance
    for value in values[:10]:
        # One error in each of `distance` blocks: an index with no block more than errors misses this pair.
        spread = sum(1 << draw.randrange(64 * k // blocks, 64 * (k + 1) // blocks) for k in range(blocks))
        values += [value ^ spread, value ^ ((1 << distance) - 1)]
        for flips in (distance - 1, distance + 1, distance + 2):
            bits = draw.sample(range(64), flips)
            values.append(value ^ sum(1 << bit for bit in bits))
    draw.shuffle(values)
    return values


def _agreeing(values: list[int], blocks: int) -> list[set[tuple[int, int]]]:
    """For each block the pairs that agree in it."""
    found = []
    for k in range(blocks):
        start, end = 64 * k // blocks, 64 * (k + 1) // blocks
        keys = [value >> start & ((1 << (end - start)) - 1) for value in values]
        found.append({(a, b) for b in range(len(keys)) for a in range(b) if keys[a] == keys[b]})
    return found


def _candidates(values: list[int], blocks: int) -> set[tuple[int, int]]:
    return set().union(*_agreeing(values, blocks))


def _with_repetitions(values: list[int], blocks: int) -> int:
    return sum(map(len, _agreeing(values, blocks)))


def _files(draw: random.Random) -> dict[str, str]:
    """One file for each rule and mistake."""
    line = "    total = (a[%d] + b[%d]) * 2  # 10\n"

    def code(lines: int) -> str:
        return "".join(line % (draw.randrange(100), draw.randrange(100)) for _ in range(lines))

    return {
        "good": code(draw.randint(10, 40)),
        "long": code(1500),
        "minified": code(60) + "x=f(1);" * 715 + "\n",
        "chinese": "打印('灯市今天开门，欢迎光临') # 0123456\n" * 10,
        "numbers": "0123, 4567, 8901, 2345, 6789\n" * 20,
        "prose": "it is only words and nothing but words here\n" * 20,
        "bounds": "abcdef 12345 (67890)\n" * 4 + "abcdef 12345 678",
        "short": "value = [1, 2, 3, 4, 5, 6, 7]\n" * 3,
        "huge": code(6500),
        "narrow": "a = b[1] + 2\n" * 30,
    }
