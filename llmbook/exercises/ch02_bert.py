"""Checks of the exercises of section 2.3.1."""

import math
import random
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from llmbook.exercises.checks import (
    Wrong,
    drawn,
    expect,
    expect_shape,
    fresh_generator,
    fresh_random,
    grader,
    near,
)

Pair = tuple[str, str, int]


@grader("2.3.1 segments")
def segments(answer: Callable[[str], list[int]]) -> None:
    """`answer(tokens)` numbers the segments of tokens separated by blanks."""
    g = fresh_generator()
    for lengths in ([2, 1], [drawn(1, 5, g), drawn(1, 5, g)], [drawn(1, 5, g)]):
        parts = [["w"] * length + ["[SEP]"] for length in lengths]
        parts[0].insert(0, "[CLS]")
        right = [number for number, part in enumerate(parts) for _ in part]
        numbers = list(answer(" ".join(token for part in parts for token in part)))
        if numbers == right:
            continue
        expect(len(numbers) == len(right), f"one number per token: {len(right)} tokens, {len(numbers)} numbers")
        expect(numbers != [number + 1 for number in right], "segments are counted from 0")
        early = [n + (token == "[SEP]") for n, token in zip(right, sum(parts, []), strict=True)]
        expect(numbers != early, "[SEP] ends its segment and still belongs to it; the next one begins after it")
        expect(set(numbers) != {0} or set(right) == {0}, "everything after the first [SEP] is segment 1")
        raise Wrong("the number of a token is the number of [SEP] tokens before it")


@grader("2.3.1 shares")
def shares(answer: Callable[[float, int], tuple[float, float, float, float]]) -> None:
    """`answer(p, vocab_size)`: made [MASK], made random, kept, shown changed; of all ordinary tokens."""
    g = fresh_generator()
    p, v = 0.05 + 0.4 * torch.rand((), generator=g).item(), drawn(5, 60, g)
    result = [float(share) for share in answer(p, v)]
    right = [0.8 * p, 0.1 * p, 0.1 * p, 0.8 * p + 0.1 * p * (v - 1) / v]
    expect(len(result) == 4, "four shares are asked for")
    if near(result, right):
        return
    expect(
        not near(result[:3], [0.8, 0.1, 0.1]), "these are shares of the selected tokens; of all tokens p is selected"
    )
    expect(near(result[:3], right[:3]), "a token is selected with p, and then becomes [MASK] with 0.8, random with 0.1")
    expect(
        not near(result[3], 0.9 * p), "a random token is the original in one case out of V: then nothing has changed"
    )
    expect(not near(result[3], p), "the kept tokens are shown as they are; they have not changed")
    raise Wrong("shown changed are those made [MASK], and those made random that did not get the original back")


@grader("2.3.1 masking")
def masking(answer: Callable[[Tensor, Tensor, int, int, float], tuple[Tensor, Tensor]]) -> None:
    """`answer(input_ids, special, mask_id, vocab_size, p)` masks 80/10/10."""
    g = fresh_generator()
    v, p = drawn(40, 80, g), 0.1 + 0.2 * torch.rand((), generator=g).item()
    ids = torch.randint(5, v, (600, 50), generator=g)
    ids[:, 0] = 2
    special = torch.zeros_like(ids, dtype=torch.bool)
    special[:, 0] = True
    before, special_before = ids.clone(), special.clone()
    masked, labels = answer(ids, special, 4, v, p)
    expect(ids.equal(before) and special.equal(special_before), "your function changes the tensors it was given")
    expect_shape(masked, ids.shape, "the masked ids")
    expect_shape(labels, ids.shape, "the labels")
    selected = labels != -100
    ordinary = (~special).sum().item()
    expect(not selected.all(), "every token has a label: those that were not selected get -100")
    expect(not (selected & special).any(), "special tokens are selected: leave them out with ~special")
    expect(labels[selected].equal(ids[selected]), "a label is the original token: take it before the ids are changed")
    expect(masked[~selected].equal(ids[~selected]), "tokens that were not selected have changed")
    share = selected.sum().item() / ordinary
    expect(_is_share(share, p, ordinary), f"{share:.3f} of the ordinary tokens are selected, p is {p:.3f}")
    count = selected.sum().item()
    as_mask = (masked[selected] == 4).float().mean().item()
    kept = (masked[selected] == ids[selected]).float().mean().item()
    expect(as_mask < 0.99, "every selected token became the mask: draw a second time, apart from the selection")
    expect(
        not _is_share(as_mask, 0.1 + 0.9 * 0.1 / v, count),
        "one tenth became the mask and most became random: it should be the other way round",
    )
    expect(
        not _is_share(kept, 0.18, count),
        "the random tokens are 10 % of the last 20 %, that is 2 %: they should be half of the last 20 %",
    )
    expect(
        _is_share(as_mask, 0.8 + 0.1 / v, count),
        f"{as_mask:.2f} of the selected became the mask; it should be 0.8, and one random token in V",
    )
    expect(kept > 0.03, "no selected token stays as it is; one in ten should")
    expect(
        _is_share(kept, 0.1 + 0.1 / v, count),
        f"{kept:.2f} of the selected stayed as they were; it should be 0.1, and one random token in V",
    )
    other = masked[selected & (masked != 4) & (masked != ids)]
    expect(len(set(other.tolist())) > v // 2, "the random tokens are few different ones: draw one for every place")


def _is_share(measured: float, expected: float, count: int) -> bool:
    return abs(measured - expected) <= 5 * math.sqrt(expected * (1 - expected) / count)


@grader("2.3.1 masked loss")
def loss(answer: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]) -> None:
    """`answer(hidden, embeddings, bias, labels)` is the mean cross-entropy over the labels that count."""
    g = fresh_generator()
    n, d, v = drawn(6, 10, g), drawn(3, 6, g), drawn(7, 12, g)
    hidden, table = torch.randn(n, d, generator=g), torch.randn(v, d, generator=g)
    bias, labels = torch.randn(v, generator=g), torch.randint(1, v, (n,), generator=g)
    labels[::2] = -100
    result = answer(hidden, table, bias, labels)
    expect_shape(result, (), "the loss")
    if near(result, F.cross_entropy(hidden @ table.T + bias, labels)):
        return
    each = F.cross_entropy(hidden @ table.T + bias, labels, reduction="none")
    counted = labels != -100
    expect(
        not near(result, F.cross_entropy(hidden @ table.T, labels)), "the bias b of (2.18) is not added to the scores"
    )
    expect(not near(result, each.sum()), "this is the sum; the loss is the mean over the selected positions")
    expect(not near(result, each.mean()), "you divide by all positions; only the selected ones count")
    p = (hidden @ table.T + bias).softmax(-1)
    as_index = -p.log().gather(-1, labels.clamp(min=0)[:, None]).mean()
    expect(not near(result, as_index), "positions with the label -100 count as well; leave them out")
    right_p = p[counted].gather(-1, labels[counted, None])
    expect(not near(result, -right_p.mean()), "the logarithm is missing: the loss is the mean of -log p")
    expect(not near(result, -right_p.mean().log()), "the logarithm of the mean is not the mean of the logarithms")
    expect(not near(result, -right_p.log2().mean()), "take the natural logarithm")
    raise Wrong("the loss is not the mean of -log softmax(h Wᵀ + b) at the right tokens of the selected positions")


@grader("2.3.1 counting")
def counting(embedding: Callable[[int, int, int, int], int], layer: Callable[[int, int], int]) -> None:
    """Parameters of the input representation, and of one encoder layer."""
    g = fresh_generator()
    for v, n, s, h, i in (
        # Three segments or more: with two, their table is as large as the norm.
        (drawn(50, 999, g), drawn(9, 99, g), drawn(3, 5, g), drawn(5, 64, g), drawn(65, 200, g)),
        (30522, 512, 2, 768, 3072),
    ):
        tables, norm = (v + n + s) * h, 2 * h
        counted = embedding(v, n, s, h)
        expect(counted != tables, "the layer norm is missing: it has a weight and a bias of the hidden size")
        expect(counted != (v + n) * h + norm, "the segment table is missing")
        expect(counted == tables + norm, "three tables of rows × hidden size, and a layer norm's weight and bias")
        attention, feed_forward = 4 * (h * h + h), 2 * h * i + i + h
        counted = layer(h, i)
        expect(counted != attention + feed_forward, "the two layer norms are missing")
        expect(counted != attention + feed_forward + 2 * h, "there are two layer norms in a layer, not one")
        no_biases = "the biases are missing: four maps of the attention and two of the feed-forward layer have them"
        expect(counted != 4 * h * h + 2 * h * i + 4 * h, no_biases)
        three = "three maps of the attention are counted; the fourth, W^O, mixes the heads"
        expect(counted != attention - h * h - h + feed_forward + 4 * h, three)
        expect(counted == attention + feed_forward + 4 * h, "add attention (4 maps), feed-forward (2 maps) and 2 norms")


@grader("2.3.1 pairs")
def pairs(answer: Callable[[list[list[str]], random.Random], list[Pair]]) -> None:
    """`answer(documents, rng)` makes one pair of each document of two sentences; label 0 = is next."""
    rng = fresh_random()
    documents = [[f"{word}.1", f"{word}.2"] for word in rng.sample(range(1000), 5)]
    made = [answer([list(document) for document in documents], rng) for _ in range(200)]
    expect(all(len(batch) == 5 for batch in made), "there should be one pair per document, in their order")
    rows = [(document, *pair) for batch in made for document, pair in zip(documents, batch, strict=True)]
    expect(all(first == own[0] for own, first, _, _ in rows), "a pair begins with its document's first sentence")
    place = "the second sentence of a pair is some document's second sentence"
    expect(all(second.endswith(".2") for _, _, second, _ in rows), place)
    expect({label for *_, label in rows} <= {0, 1}, "labels are 0 and 1")
    is_next = [second == own[1] for own, _, second, _ in rows]
    labels = [bool(label) for *_, label in rows]
    swapped = "the labels are the wrong way round: in transformers 0 = is next, 1 = random"
    expect(labels != is_next, swapped)
    odd = [nxt and label for nxt, label in zip(is_next, labels, strict=True)]
    expect(not any(odd), "a pair labelled random has its own second sentence: draw from the *other* documents")
    expect([not nxt for nxt in is_next] == labels, "a pair labelled 0 does not have its own second sentence")
    expect(_is_share(sum(labels) / len(labels), 0.5, len(labels)), "half of the pairs should be random, each by a draw")
    expect(any(batch != made[0] for batch in made), "the pairs are the same at every call: draw them from rng")
    for own, *_ in rows[:5]:
        found = {second for document, _, second, label in rows if label and document == own}
        expect(len(found) == 4, "not every other document lends its sentence: draw evenly from all of them")


@grader("2.3.1 reach")
def reach(answer: Callable[[Callable[[Tensor], Tensor], Tensor], Tensor]) -> None:
    """`answer(outputs_of, x)`: entry (i, j) says whether output i depends on input j."""
    g = fresh_generator()
    n, d = drawn(4, 6, g), 8
    seen = torch.ones(n, n, dtype=torch.bool)
    odd = seen.tril()
    odd[0, n - 1] = True
    for right, hint in (
        (seen.tril(), "a causal model is not told: its outputs depend on the past and the present alone"),
        (seen, "a model that sees everything is not told"),
        (odd, "one single look ahead is missed: test every input against every output"),
    ):
        weights = torch.randn(n, n, generator=g).abs().add(0.5) * right
        mix = torch.randn(d, d, generator=g)

        def outputs_of(x: Tensor, weights: Tensor = weights, mix: Tensor = mix) -> Tensor:
            return F.layer_norm(weights @ (x @ mix).tanh(), (d,))

        x = torch.randn(n, d, generator=g)
        before = x.clone()
        result = answer(outputs_of, x)
        expect(x.equal(before), "your function changes the input it was given: work on a clone")
        expect_shape(result, (n, n), "the matrix")
        result = result.bool()
        if result.equal(right):
            continue
        expect(not result.equal(right.T), "rows and columns are exchanged: row i is an output, column j an input")
        expect(
            result.any(),
            "nothing depends on anything: the sum over a layer norm's output is constant, so its gradient is zero; "
            "look at the features one by one, or change the input",
        )
        expect(not result.equal(torch.eye(n, dtype=torch.bool)), "only the diagonal is found: outputs also see others")
        raise Wrong(hint)
