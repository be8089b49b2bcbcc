"""Checks of the exercises of section 3.3.2."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from llmbook.exercises.checks import Wrong, drawn, expect, expect_shape, fresh_generator, fresh_random, grader, near


@grader("3.3.2 repeated share")
def repeated_share(of_training: Callable[[float, int], float], of_documents: Callable[[float, int], float]) -> None:
    """Each answer(fraction, repeats) gives the share of the tokens that repeated documents make up."""
    rng = fresh_random()
    for f, repeats in ((rng.uniform(0.001, 0.009), rng.randint(20, 100)), (rng.uniform(0.01, 0.03), rng.randint(2, 9))):
        first, second = of_training(f, repeats), of_documents(f, repeats)
        right, counted = f * repeats, f * repeats / (f * repeats + 1 - f)
        if near(first, right, 1e-9) and near(second, counted, 1e-9):
            continue
        swapped = near(first, counted, 1e-9) and near(second, right, 1e-9)
        expect(not swapped, "the two readings are swapped: only the share of the documents needs a denominator")
        expect(near(first, right, 1e-9), "a part as long as f of the training, seen R times, fills f R of it")
        expect(not near(second, right, 1e-9), "f R is more than its share: divide by all tokens, f R + (1 - f)")
        both = f * repeats / (f * repeats + 1)
        expect(not near(second, both, 1e-9), "the repeated documents are counted among the unique ones too: 1 - f")
        raise Wrong("with f of the documents seen R times and 1 - f seen once, the share is f R / (f R + 1 - f)")


@grader("3.3.2 training order")
def training_order(answer: Callable[[int, int, float, int], Tensor]) -> None:
    """`answer(num_rows, total, fraction, repeats)` gives the row numbers of a training set with a repeated part."""
    g = fresh_generator()
    repeats, members = drawn(5, 9, g), drawn(4, 8, g)
    places = repeats * members
    total = places * drawn(2, 4, g)
    num_rows = total + drawn(5, 20, g)
    order = answer(num_rows, total, places / total, repeats)
    expect_shape(order, (total,), "the order")
    inside = not order.is_floating_point() and int(order.min()) >= 0 and int(order.max()) < num_rows
    expect(inside, "row numbers are whole numbers from 0 to num_rows - 1")
    times = order.bincount(minlength=num_rows)
    common = times[times > 1]
    expect(len(common), "no row is repeated")
    if len(common) == members and (common == repeats).all() and (times == 1).sum() == total - places:
        is_common = times[order] > 1
        blocks = is_common[:places].all() or is_common[-places:].all() or (order[1:] == order[:-1]).sum() > places // 2
        expect(not blocks, "the copies stand together: shuffle the order, or the model sees them all at once")
        return
    overlap = len(common) >= members and (times == 1).sum() < total - places
    expect(not overlap, "rows of the small set are among the unique ones too: draw both from one permutation")
    uneven = len(common) <= members and (times == 1).sum() >= total - places
    expect(not uneven, "the copies are drawn at random and come unevenly often: each row exactly `repeats` times")
    raise Wrong(f"the small set should have fraction * total / repeats = {members} rows, each {repeats} times, and "
                f"{total - places} other rows come once")  # fmt: skip


@grader("3.3.2 memorisation rate")
def memorisation_rate(answer: Callable[[Sequence[int], Sequence[bool], Sequence[int]], list[float | None]]) -> None:
    """`answer(counts, memorised, edges)`: the share memorised in each bin edges[i] <= count < edges[i + 1]."""
    rng = fresh_random()
    edges = [1, 2, 5, 20, 100, 500]
    counts = [rng.choice((1, 1, 2, 3, 4, 5, 7, 19, 100, 250)) for _ in range(80)] + [2, 5, 100, 1]
    memorised = [rng.random() < 0.15 + count / 400 for count in counts[:-4]] + [True, False, True, False]

    def rates(belongs: Callable[[int, int, int], bool], empty: float | None = None) -> list[float | None]:
        bins = [[m for c, m in zip(counts, memorised, strict=True) if belongs(c, a, b)] for a, b in pairwise(edges)]
        return [sum(hits) / len(hits) if hits else empty for hits in bins]

    def same(other: list[float | None]) -> bool:
        pairs = zip(given, other, strict=True)
        return all(a is b if a is None or b is None else near(a, b, 1e-9) for a, b in pairs)

    given = list(answer(counts, memorised, edges))
    expect(len(given) == len(edges) - 1, f"{len(edges)} edges bound {len(edges) - 1} bins")
    if same(rates(lambda c, a, b: a <= c < b)):
        return
    expect(not same(rates(lambda c, a, b: a <= c < b, 0.0)), "an empty bin has no rate: give None, not 0")
    expect(not same(rates(lambda c, a, b: a < c <= b)), "the edges belong to the wrong bins: a <= count < b")
    expect(not same(rates(lambda c, a, b: a <= c <= b)), "an edge is counted in two bins: a <= count < b")
    sizes = [sum(a <= c < b for c in counts) for a, b in pairwise(edges)]
    right = rates(lambda c, a, b: a <= c < b)
    total = [None if r is None else r * size / len(counts) for r, size in zip(right, sizes, strict=True)]
    shares = [0.0 if value is None else value for value in total]
    expect(not same(total) and not same(shares), "the hits are divided by all texts: divide by the texts of the bin")
    raise Wrong("in each bin divide the number of memorised texts by the number of texts whose count lies in it")


@grader("3.3.2 exposure")
def exposure(answer: Callable[[float, Tensor], float]) -> None:
    """`answer(loss, others)`: log2 |R| - log2 rank of a planted secret among all other possible ones."""
    g = fresh_generator()
    others = 5 + 20 * torch.rand(drawn(200, 300, g), generator=g, dtype=torch.float64)
    for place in (drawn(3, 30, g), 0, len(others)):
        ranked = others.sort().values
        below = ranked[place - 1] if place else ranked[0] - 1
        above = ranked[place] if place < len(ranked) else ranked[-1] + 1
        loss = float((below + above) / 2)
        bits, size = answer(loss, others), len(others) + 1
        right = math.log2(size) - math.log2(place + 1)
        if near(bits, right, 1e-6):
            continue
        expect(not near(bits, -right, 1e-6), "the sign is wrong: a likelier secret is more exposed")
        expect(not near(bits, right * math.log(2), 1e-6), "this is in nats: take logarithms to the base 2")
        reverse = math.log2(size) - math.log2(len(others) - place + 1)
        expect(not near(bits, reverse, 1e-6), "the ranking is upside down: rank 1 is the lowest loss")
        missing = math.log2(size - 1) - math.log2(place + 1)
        expect(not near(bits, missing, 1e-6), "the planted secret is itself one of R: |R| = len(others) + 1")
        zero = math.log2(size) - (math.log2(place) if place else math.inf)
        expect(
            not near(bits, zero, 1e-6) and math.isfinite(bits), "ranks begin with 1: count the better ones and add 1"
        )
        raise Wrong("exposure is log2(len(others) + 1) - log2(1 + the number of others with a lower loss)")


@grader("3.3.2 cost of a mismatch")
def mismatch(answer: Callable[[Tensor], float]) -> None:
    """`answer(scores)`, [n, n], rows = training years, columns = test years, higher is better: the mean gap."""
    g = fresh_generator()
    n = drawn(3, 5, g)
    scores = 70 + 10 * torch.rand(n, n, generator=g, dtype=torch.float64) + 6 * torch.eye(n) * torch.arange(1, n + 1)
    gap = answer(scores.clone())
    off = ~torch.eye(n, dtype=torch.bool)
    matching, others = scores.diagonal().mean(), scores[off].mean()
    if near(gap, matching - others, 1e-5):
        return
    expect(
        not near(gap, others - matching, 1e-5), "the sign is wrong: scores are better when higher, a cost is positive"
    )
    expect(not near(gap, matching - scores.mean(), 1e-5), "the diagonal is among the others: leave it out")
    expect(not near(gap, n * (matching - others), 1e-5), "this is the sum over the columns: take the mean")
    extremes = (scores.max(dim=0).values - scores.min(dim=0).values).mean()
    expect(not near(gap, extremes, 1e-5), "best against worst says nothing about years: compare the matching year")
    half = matching - scores[torch.ones(n, n, dtype=torch.bool).triu(1)].mean()
    expect(not near(gap, half, 1e-5), "this looks only at corpora that are too old: too new ones count as well")
    raise Wrong("take the mean of the diagonal less the mean of all other cells")


@grader("3.3.2 leaked validation")
def leaked(answer: Callable[[Sequence[str], Sequence[str]], list[int]]) -> None:
    """`answer(training, held_out)`: places of held-out texts that training holds too, but for case and white space."""
    rng = fresh_random()
    words = ("Lamp", "market", "Red", "tea", "river", "old", "Silk", "gate")
    texts = list({" ".join(rng.choice(words) for _ in range(6)): None for _ in range(40)})
    training, fresh = texts[:24], texts[24:]
    held_out = [fresh[0], training[3], fresh[1], training[5].upper(), f"  {training[7].replace(' ', '  ')} ",
                fresh[2] + " " + training[9], training[11], fresh[3].split(" ", 1)[1]]  # fmt: skip
    given = list(answer(list(training), list(held_out)))
    right = [1, 3, 4, 6]
    if given == right:
        return
    expect(given != [held_out[i] for i in right], "return the places in held_out, not the texts")
    expect(given != [1, 6], "copies that differ in case or white space are missed: normalise both sides first")
    expect(given != [1, 4, 6], "a copy in capital letters is missed: fold the case of both sides")
    expect(given != [1, 3, 6], "a copy with other white space is missed: split and join")
    expect(given != [0, 2, 5, 7], "these are the clean ones: return those that leak")
    expect(5 not in given, "a longer text that contains a training text is another text: compare whole texts")
    raise Wrong("return in order the places of held-out texts whose normalised form is that of a training text")
