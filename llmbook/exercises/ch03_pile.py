"""Checks of the exercises of section 3.4.1. Right is decided first, known mistakes after that."""

import math
import random
from collections.abc import Callable, Mapping

from llmbook.exercises.checks import Wrong, expect, fresh_random, grader

Table = dict[str, float]


@grader("3.4.1 weights")
def weights(answer: Callable[[Table, Table], tuple[float, Table]]) -> None:
    """`answer(sizes, epochs)` is the effective size and the weights."""
    sizes, epochs = _corpus(fresh_random())
    whole, found = answer(dict(sizes), dict(epochs))
    effective = {name: sizes[name] * epochs[name] for name in sizes}
    if math.isclose(whole, sum(effective.values()), rel_tol=1e-9) and _same(found, _shares(effective)):
        return
    expect(set(found) == set(sizes), "give a weight for each subset")
    expect(not _same(found, _shares(sizes)), "these are the shares of the raw sizes: multiply by the epochs first")
    expect(not _same(found, _shares(epochs)), "these are the shares of the epochs: multiply by the sizes")
    divided = {name: sizes[name] / epochs[name] for name in sizes}
    expect(not _same(found, _shares(divided)), "a subset that is repeated counts more: multiply, do not divide")
    raw = sum(sizes.values())
    expect(not _same(found, {name: size / raw for name, size in effective.items()}),
           "the effective sizes are divided by the raw sum: the weights must sum to 1")  # fmt: skip
    expect(not _same(found, {name: 100 * share for name, share in _shares(effective).items()}),
           "these are percentages: the weights should sum to 1")  # fmt: skip
    expect(not math.isclose(whole, raw, rel_tol=1e-9), "the effective size counts each subset as often as it is seen")
    raise Wrong("the effective size is Σ size · epochs, a weight is the share in it")


@grader("3.4.1 removal")
def removed(answer: Callable[[Table, Table, set[str]], tuple[float, Table]]) -> None:
    """`answer(sizes, epochs, gone)` is the shrinking factor, and the weights of what remains."""
    draw = fresh_random()
    sizes, epochs = _corpus(draw)
    gone = set(draw.sample(sorted(sizes), 3))
    factor, found = answer(dict(sizes), dict(epochs), set(gone))
    effective = {name: sizes[name] * epochs[name] for name in sizes}
    left = {name: size for name, size in effective.items() if name not in gone}
    whole, rest = sum(effective.values()), sum(left.values())
    if math.isclose(factor, rest / whole, rel_tol=1e-9) and _same(found, _shares(left)):
        return
    expect(set(found) != set(sizes), "the subsets that are gone should have no weight, not even 0")
    expect(set(found) == set(left), "give a weight for each subset that remains")
    expect(not _same(found, {name: size / whole for name, size in left.items()}),
           "these are the old weights: what remains must sum to 1 again")  # fmt: skip
    raw = {name: sizes[name] for name in left}
    expect(not _same(found, _shares(raw)), "the epochs are left out: they stay as they were")
    if _same(found, _shares(left)):
        expect(
            not math.isclose(factor, 1 - rest / whole, rel_tol=1e-9), "that is the share that is gone, not what is left"
        )
        expect(
            not math.isclose(factor, whole / rest, rel_tol=1e-9),
            "the new size over the old one: the fraction is upside down",
        )
        raw_factor = sum(raw.values()) / sum(sizes.values())
        expect(not math.isclose(factor, raw_factor, rel_tol=1e-9), "bytes of training count with their epochs")
        raise Wrong("the weights are right, the factor is not: new effective size over the old one")
    raise Wrong("divide the effective sizes of what remains by their sum")


@grader("3.4.1 strip")
def strip(answer: Callable[[list[float], float], int]) -> None:
    """`answer(areas, side)` is the number of rectangles in the first strip of a squarified layout."""
    draw = fresh_random()
    cases = []
    for _ in range(200):
        areas = sorted((draw.uniform(0.2, 10) for _ in range(draw.randint(1, 12))), reverse=True)
        side = draw.uniform(1.0, 8.0)
        cases.append((areas, side, answer(list(areas), side)))
    if all(said == _strip(areas, side, _worst_ratio) for areas, side, said in cases):
        return
    many = [case for case in cases if len(case[0]) > 1]
    one_more = all(said == min(len(areas), _strip(areas, side, _worst_ratio) + 1) for areas, side, said in cases)
    expect(not one_more, "the rectangle that made the ratio worse belongs to the next strip")
    whole = (
        "everything is put into one strip: a rectangle can also be too thin, so the ratio is the larger of both ways"
    )
    expect(not all(said == len(areas) for areas, side, said in many), whole)
    expect(not all(said == _strip(areas, side, _last_ratio) for areas, side, said in cases),
           "the worst ratio of the whole strip decides, not that of the newest rectangle alone")  # fmt: skip
    possible = all(1 <= said <= len(areas) for areas, side, said in cases)
    expect(possible, "a strip has one rectangle at least, and no more than there are")
    raise Wrong(
        "thickness = Σ areas / side; each rectangle's ratio is max(a / t², t² / a); add while the worst does not grow"
    )


@grader("3.4.1 bits per byte")
def bits(answer: Callable[[float, int, str], float]) -> None:
    """`answer(loss, tokens, text)` is the loss in bits per UTF-8 byte."""
    draw = fresh_random()
    text = "".join(draw.choices("abc def 灯市é", k=draw.randint(20, 60))) + "灯"
    loss, tokens = draw.uniform(0.5, 4.0), draw.randint(5, 19)
    value = answer(loss, tokens, text)
    size = len(text.encode())
    right = loss * tokens / math.log(2) / size

    def is_(other: float) -> bool:
        return math.isclose(value, other, rel_tol=1e-9)

    if is_(right):
        return
    expect(
        not is_(loss * tokens / math.log(2) / len(text)), "that is per character: a Chinese character has three bytes"
    )
    expect(not is_(loss * tokens / size), "these are nats: divide by ln 2 for bits")
    expect(not is_(right * math.log(2) ** 2), "a nat is more than a bit: divide by ln 2, do not multiply")
    expect(not is_(loss / math.log(2)), "these are bits per token: multiply by tokens, divide by bytes")
    expect(not is_(loss / math.log(2) * size / tokens), "the fraction is upside down: tokens over bytes")
    expect(not is_(loss / math.log(2) / size), "the loss is a mean over tokens: multiply by their number first")
    raise Wrong("bits per byte = loss · tokens / (ln 2 · bytes)")


def _corpus(draw: random.Random) -> tuple[Table, Table]:
    names = [f"part {letter}" for letter in "abcdefgh"]
    return {name: draw.uniform(1, 200) for name in names}, {
        name: draw.choice((1.0, 1.5, 2.0, 2.5, 3.0)) for name in names
    }


def _shares(values: Mapping[str, float]) -> Table:
    return {name: value / sum(values.values()) for name, value in values.items()}


def _same(found: Mapping[str, float], right: Mapping[str, float]) -> bool:
    return set(found) == set(right) and all(math.isclose(found[name], right[name], rel_tol=1e-9) for name in right)


def _worst_ratio(areas: list[float], thickness: float) -> float:
    return max(max(area / thickness**2, thickness**2 / area) for area in areas)


def _last_ratio(areas: list[float], thickness: float) -> float:
    return max(areas[-1] / thickness**2, thickness**2 / areas[-1])


def _strip(areas: list[float], side: float, ratio: Callable[[list[float], float], float]) -> int:
    count = 1
    while count < len(areas):
        now, then = (ratio(areas[:size], sum(areas[:size]) / side) for size in (count, count + 1))
        if then > now:
            break
        count += 1
    return count
