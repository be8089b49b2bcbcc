"""Checks of the exercises of section 3.4.3. Right answers are recognised first, then mistakes are looked for."""

from collections.abc import Callable
from itertools import pairwise

from llmbook.data.dedup.minhash import optimal_bands
from llmbook.data.dedup.minhash import probability as s_curve
from llmbook.data.web.warc import make_record
from llmbook.exercises.checks import Wrong, expect, fresh_random, grader, near

_WORDS = ("lantern", "kite", "red", "the", "of", "market", "a", "ferryman", "teapot", "and")


@grader("3.4.3 curve")
def curve(threshold: Callable[[int, int], float], probability: Callable[[float, int, int], float]) -> None:
    """`threshold(bands, rows)` and `probability(s, bands, rows)`."""
    r = fresh_random()
    for bands, rows in ((9, 13), (450, 20), (r.randint(20, 60), r.randint(3, 12))):
        right, given = (1 / bands) ** (1 / rows), threshold(bands, rows)
        if not near(given, right):
            expect(not near(given, (1 / rows) ** (1 / bands)), "bands and rows have changed places in the threshold")
            expect(not near(given, 1 / bands), "1 / bands is the root's argument: its r-th root is the threshold")
            raise Wrong("the threshold is the r-th root of 1 / b: at it, bands times s to the power of rows is 1")
        s = r.uniform(0.55, 0.9)
        right, given = s_curve(s, bands, rows), probability(s, bands, rows)
        if not near(given, right):
            expect(not near(given, s_curve(s, rows, bands)), "bands and rows have changed places in the probability")
            expect(not near(given, (1 - s**rows) ** bands), "this is the probability that no band agrees")
            expect(not near(given, s**rows), "this is one band; there are `bands` chances, and one is enough")
            expect(not near(given, bands * s**rows), "probabilities of several chances do not add up: it may exceed 1")
            raise Wrong("a band agrees with s to the power of rows; 1 minus the probability that none of them does")


@grader("3.4.3 bands")
def bands(answer: Callable[[float, int], tuple[int, int]]) -> None:
    """`answer(threshold, num_hashes)` gives (bands, rows) of the smallest error."""
    r = fresh_random()
    # Thresholds for which the optimum is clear enough not to depend on how an integral is computed.
    cases = [(0.8, 128), (r.choice((0.5, 0.6, 0.7, 0.9)), r.choice((32, 48, 64)))]
    for t, size in cases:
        right, given = optimal_bands(t, size), tuple(map(int, answer(t, size)))
        if _error(t, given, size) <= _error(t, right, size) + 1e-6:
            continue
        expect(given != right[::-1], "bands and rows have changed places: bands come first")
        expect(given[0] * given[1] <= size, f"{given[0]} bands of {given[1]} rows need more than {size} hashes")
        every = [(b, k) for b in range(1, size + 1) for k in range(1, size // b + 1)]
        nearest = min(every, key=lambda pair: abs((1 / pair[0]) ** (1 / pair[1]) - t))
        expect(given != nearest, "this has the threshold nearest to t; compare the areas of the errors instead")
        positives, negatives = _areas(t, *given)
        expect(positives > 0.001 * negatives, "this has no false positives and finds nothing: add the false negatives")
        expect(negatives > 0.001 * positives, "this finds everything and too much: add the false positives")
        full = [pair for pair in every if pair[0] * pair[1] == size]
        expect(
            given != min(full, key=lambda pair: sum(_areas(t, *pair))),
            "b · r may also be less than the number of hashes: try all that fit",
        )
        raise Wrong(f"for t = {t} and {size} hashes there is a pair with a smaller error than {given}")


def _areas(t: float, bands: int, rows: int, steps: int = 400) -> tuple[float, float]:
    below = (t * (i + 0.5) / steps for i in range(steps))
    above = (t + (1 - t) * (i + 0.5) / steps for i in range(steps))
    return (
        t * sum(s_curve(s, bands, rows) for s in below) / steps,
        (1 - t) * sum(1 - s_curve(s, bands, rows) for s in above) / steps,
    )


def _error(t: float, pair: tuple[int, ...], size: int) -> float:
    if len(pair) != 2 or min(pair) < 1 or pair[0] * pair[1] > size:
        return float("inf")
    return sum(_areas(t, *pair))


@grader("3.4.3 lines")
def lines(answer: Callable[[list[str], list[bool]], str | None]) -> None:
    """`answer(lines, flagged)` is the corrected text, or None."""
    r = fresh_random()

    def line(words: int) -> str:
        return " ".join(r.choice(_WORDS) for _ in range(words))

    body = [line(19) for _ in range(r.randint(3, 6))]
    exact = len(body)  # one word in twenty is flagged: exactly 5 %
    cases = [
        ([line(60), *["OK"] * 3], [False, True, True, True]),  # three lines of four, few of the words
        (["a of a red of a"] * 25 + ["ferryman lantern teapot a a a"], [False] * 25 + [True]),  # long words, but few
        ([*body, line(exact)], [*[False] * len(body), True]),
        ([*body, line(exact + 1)], [*[False] * len(body), True]),
        ([*[line(2)] * 30, line(40)], [*[False] * 30, True]),  # one line of 31, many of the words
        ([], []),
    ]
    for texts, flagged in cases:
        given, right = answer(list(texts), list(flagged)), _correct(texts, flagged, lambda text: len(text.split()))
        if given == right:
            continue
        by_line = _correct(texts, flagged, lambda text: 1)
        by_letter = _correct(texts, flagged, len)
        expect(texts, 'an empty document has nothing to lose: return ""')
        expect(given is None or isinstance(given, str), "return a text or None")
        kept = [len(text.split()) for text, bad in zip(texts, flagged, strict=True) if not bad]
        gone = sum(len(text.split()) for text in texts) - sum(kept)
        expect(not (given is None and gone * 20 == gone + sum(kept)), "exactly 5 % is not more than 5 %: keep it")
        expect(given is None or given != "\n".join(texts), "the flagged lines are still there: take them out")
        expect(by_line == right or given != by_line, "the share is of words, not of lines")
        expect(by_letter == right or given != by_letter, "the share is of words, not of characters")
        over_kept = None if gone > 0.05 * sum(kept) else right
        expect(over_kept == right or given != over_kept, "divide by all words of the document, not by those that stay")
        if given is None:
            raise Wrong(f"{gone} of {gone + sum(kept)} words are flagged: the document stays")
        raise Wrong("more than 5 % of the words are flagged: return None" if right is None else "join lines with \\n")


def _correct(texts: list[str], flagged: list[bool], size: Callable[[str], int]) -> str | None:
    gone = sum(size(text) for text, bad in zip(texts, flagged, strict=True) if bad)
    if gone * 20 > sum(map(size, texts)):
        return None
    return "\n".join(text for text, bad in zip(texts, flagged, strict=True) if not bad)


@grader("3.4.3 warc")
def warc(answer: Callable[[bytes], tuple[dict[str, str], bytes]]) -> None:
    """`answer(data)` is (fields, block) of the first record."""
    r = fresh_random()
    for text in ("HTTP/1.1 200 OK\r\nServer: x\r\n\r\n<p>one</p>\r\n\r\n<p>two</p>", "灯市 lanterns é"):
        url = f"http://tea{r.randint(1, 99)}.example:8080/a?b=c:d"
        record = make_record("response", url, "2023-05-31", text.encode(), "application/http")
        mixed = {r.choice((name, name.upper(), name.lower())): value for name, value in record.headers.items()}
        data = type(record)(mixed, record.block).to_bytes() + record.to_bytes()
        fields, block = answer(data)
        right = {name.lower(): value for name, value in mixed.items()}
        if fields == right and block == record.block:
            continue
        expect(isinstance(block, bytes), "the block is bytes: it may hold pictures, or text in any encoding")
        lowered = {str(name).lower(): value for name, value in fields.items()}
        expect(set(lowered) != set(right) or set(fields) == set(right), "give the names of the fields in small letters")
        target = fields.get("warc-target-uri")
        expect(target is None or target == url, f"a value may hold colons: {target!r} is cut off")
        expect(fields == right, "the fields should be all lines of the head but the version, as name: value")
        expect(
            not record.block.startswith(block) or b"\r\n\r\n" not in record.block,
            "the block may hold empty lines: count its bytes, do not search for its end",
        )
        characters = len(record.block.decode())
        expect(len(block) != characters, "Content-Length counts bytes, not characters: cut before you decode")
        expect(not block.startswith(record.block), "the block ends after Content-Length bytes; what follows is not its")
        raise Wrong("the block should be the Content-Length bytes after the head's empty line")


@grader("3.4.3 waterfall")
def waterfall(answer: Callable[[list[int]], list[tuple[float, float]]]) -> None:
    """`answer(counts)` gives (removed of what came before, left of all) for each step."""
    r = fresh_random()
    counts = [r.randint(8000, 9999)]
    for _ in range(4):
        counts.append(int(counts[-1] * r.uniform(0.4, 0.9)))
    right = [(1 - after / before, after / counts[0]) for before, after in pairwise(counts)]
    given = [tuple(pair) for pair in answer(list(counts))]
    expect(len(given) == len(right), f"{len(counts)} counts make {len(right)} steps; you give {len(given)}")
    if all(near(a, b) for got, want in zip(given, right, strict=True) for a, b in zip(got, want, strict=True)):
        return
    removed, left = zip(*given, strict=True)
    expect(
        not near(removed[1], counts[2] / counts[1]), "the first of the two is what a step removes, not what it keeps"
    )
    expect(
        not near(removed[1], (counts[1] - counts[2]) / counts[0]),
        "what a step removes counts as a share of what it was given, not of the whole",
    )
    expect(not near(left[1], counts[2] / counts[1]), "what is left counts as a share of the first count")
    expect(not near(removed[1], right[1][1]), "the pair is (removed, left), in this order")
    expect(not near(left[1], 1 - counts[2] / counts[0]), "the second of the two is what is left, not what has gone")
    raise Wrong("removed: 1 - after / before; left: after / first")
