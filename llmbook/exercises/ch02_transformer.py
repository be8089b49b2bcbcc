"""Checks of the exercises of section 2.2.

Each first asks whether the answer is right. If it is not, it looks for the mistakes people make, and names the one it
finds; comparing with wrong answers only then means that a right one can never be taken for them by chance.
"""

import itertools
import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from llmbook.exercises.checks import Wrong, drawn, expect, expect_shape, fresh_generator, grader, near

NextLogProbs = Callable[[tuple[int, ...]], Tensor]


@grader("2.2.1 positions")
def positions(answer: Callable[[int, int], Tensor]) -> None:
    """`answer(num_positions, hidden_size)` is the table of equations (2.5) and (2.6)."""
    g = fresh_generator()
    n, d = drawn(12, 40, g), 2 * drawn(5, 20, g)
    # In about one process of a hundred the first single-precision sine or cosine is 1e-4 wrong (seen with torch 2.13
    # on two threads), and right ever after: that first one shall not be the reader's.
    torch.rand(40, 20).sin(), torch.rand(40, 20).cos()
    table = answer(n, d)
    expect_shape(table, (n, d), "the table")
    position, even = torch.arange(n).double()[:, None], torch.arange(0, d, 2).double()
    angle, doubled = position / 10000 ** (even / d), position / 10000 ** (2 * even / d)
    right = torch.stack([angle.sin(), angle.cos()], -1).flatten(1)
    if near(table, right):
        return
    all_sines_first = torch.cat([angle.sin(), angle.cos()], -1)
    expect(not near(table, all_sines_first), "sines come before cosines; they should alternate, sines in even columns")
    expect(not near(table[:-1], right[1:]), "the first row is position 0, not 1: its sines are 0 and its cosines 1")
    is_doubled = near(table[:, 0::2], doubled.sin())
    expect(not is_doubled, "the exponent is doubled: an index that counts 0, 2, 4, … is already the formula's 2i")
    expect(near(table[:, 0::2], angle.sin()), "the even columns are not sin(pos / 10000^(2i/d)): check the frequencies")
    raise Wrong("the sines are right, the cosines are not: both members of a pair share one frequency, 10000^(-2i/d)")


@grader("2.2.2 attention")
def attention(answer: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]) -> None:
    """`answer(query, key, value, mask)` is masked scaled dot-product attention; True in the mask = may be seen."""
    g = fresh_generator()
    q, k = torch.randn(2, 5, 16, generator=g), torch.randn(2, 7, 16, generator=g)
    v = torch.randn(2, 7, 3, generator=g)
    mask = torch.rand(2, 5, 7, generator=g) < 0.5
    mask[..., 0], mask[..., 1] = True, False
    output = answer(q, k, v, mask)
    expect_shape(output, (2, 5, 3), "the output")
    if near(output, F.scaled_dot_product_attention(q, k, v, mask)):
        return
    scores = q @ k.transpose(-2, -1)
    hidden = scores.masked_fill(~mask, float("-inf"))
    expect(not output.isnan().any(), "the output holds NaN: is minus infinity multiplied by 0, or a whole row hidden?")
    expect(not near(output, hidden.softmax(-1) @ v), "the scores are not divided by √d_k")
    expect(
        not near(output, (hidden / 16).softmax(-1) @ v), "the scores are divided by d_k; it should be its square root"
    )
    inverted = (scores / 4).masked_fill(mask, float("-inf")).softmax(-1) @ v
    expect(not near(output, inverted), "the mask is the wrong way round: True means that a key may be seen")
    masked_late = (scores / 4).softmax(-1).masked_fill(~mask, 0.0) @ v
    late = "the rows of weights don't sum to 1: the mask must be applied before the softmax, not after it"
    expect(not near(output, masked_late), late)
    expect(not near(output, (scores / 4).softmax(-1) @ v), "hidden keys still have weight: the mask is not used")
    row_sums = answer(q, k, torch.ones(2, 7, 1), mask)
    axis = "the weights of a query don't sum to 1 over the keys: along which axis is the softmax?"
    expect(near(row_sums, torch.ones(2, 5, 1)), axis)
    raise Wrong("the weights sum to 1, but the output is not softmax(QKᵀ / √d_k) V")


@grader("2.2.2 counting")
def counting(attention_parameters: Callable[[int], int], allowed_cells: Callable[[int], int]) -> None:
    """Parameters of multi-head attention at width d, with biases; allowed cells of a causal mask of length L."""
    g = fresh_generator()
    for d in (drawn(3, 700, g), 512):
        counted = attention_parameters(d)
        expect(counted != 4 * d * d, "the biases are missing: each of the four maps has d of them")
        expect(counted != 3 * (d * d + d), "three maps are counted; W^O, which mixes the heads, is the fourth")
        expect(counted == 4 * (d * d + d), "there are four maps of d × d weights and d biases; heads only cut them up")
    length = drawn(5, 900, g)
    cells = allowed_cells(length)
    expect(cells != length * (length - 1) // 2, "the diagonal is missing: a token may look at itself")
    expect(cells == length * (length + 1) // 2, "row i may look at i + 1 tokens; add up the rows")


@grader("2.2.4 layer norm")
def layer_norm(answer: Callable[[Tensor, Tensor, Tensor, float], Tensor]) -> None:
    """`answer(x, weight, bias, eps)` normalises the last axis."""
    g = fresh_generator()
    d = drawn(6, 12, g)
    x = 2 + 3 * torch.randn(3, 5, d, generator=g)
    small = 1e-3 * x  # where eps is as large as the variance, its place matters
    weight, bias = torch.randn(d, generator=g), torch.randn(d, generator=g)
    results = [answer(values, weight, bias, 1e-5) for values in (x, small)]
    expect_shape(results[0], x.shape, "the result")
    expected = [F.layer_norm(values, (d,), weight, bias) for values in (x, small)]
    if all(map(near, results, expected)):
        return
    centred, result = x - x.mean(-1, keepdim=True), results[0]
    unbiased = centred / x.std(-1, keepdim=True) * weight + bias
    expect(
        not near(result, unbiased, 1e-3), "the standard deviation divides by d - 1; layer norm by d (unbiased=False)"
    )
    expect(not near(result, F.layer_norm(x, (d,))), "weight and bias are not used")
    expect(not near(result, F.layer_norm(x, (d,), weight)), "the bias is not added")
    of_all = (x - x.mean()) / (x.var(unbiased=False) + 1e-5).sqrt() * weight + bias
    expect(
        not near(result, of_all),
        "mean and variance are those of the whole tensor; each token has its own, over the last axis",
    )
    outside = 1e-3 * centred / (small.std(-1, keepdim=True, unbiased=False) + 1e-5) * weight + bias
    expect(
        not near(results[1], outside, 1e-3), "eps stands outside the root: add it to the variance, then take the root"
    )
    raise Wrong("the result is not weight · (x - μ) / √(σ² + eps) + bias")


@grader("2.2.5 masks")
def masks(answer: Callable[[Tensor, Tensor, int], tuple[Tensor, Tensor]]) -> None:
    """`answer(source, target, pad)` gives boolean masks [B, 1, S] and [B, T, T], True = may be seen."""
    g = fresh_generator()
    pad = drawn(0, 3, g)
    source, target = torch.randint(4, 99, (2, 6), generator=g), torch.randint(4, 99, (2, 5), generator=g)
    source[1, 4:], target[1, 3:] = pad, pad
    source_mask, target_mask = answer(source, target, pad)
    expect_shape(source_mask, (2, 1, 6), "the source mask")
    expect_shape(target_mask, (2, 5, 5), "the target mask")
    expect(source_mask.dtype == target_mask.dtype == torch.bool, "masks are boolean tensors")
    real_source, real_target = (source != pad)[:, None], (target != pad)[:, None]
    seen = torch.ones(5, 5, dtype=torch.bool).tril()
    expect(not source_mask.equal(~real_source), "the source mask is the wrong way round: True = may be seen")
    expect(source_mask.equal(real_source), "the source mask should be True exactly where the source is not padding")
    is_upper = target_mask.equal(real_target & seen.T)
    expect(not is_upper, "the triangle is the wrong one: row i may see columns 0..i, the past")
    expect(not target_mask.equal(real_target & seen.tril(-1)), "the diagonal is hidden: a token may look at itself")
    expect(not target_mask.equal(seen.expand(2, 5, 5)), "the target's padding can still be seen")
    sees_future = target_mask.equal(real_target.expand(2, 5, 5))
    expect(not sees_future, "the future can still be seen: the target also needs the triangle")
    expect(
        target_mask.equal(real_target & seen), "the target mask is True where a column is neither padding nor future"
    )


@grader("2.2.5 leak")
def leak(answer: Callable[[Callable[[Tensor], Tensor], Tensor], bool]) -> None:
    """`answer(logits_of, target)` says whether logits depend on later tokens; target is [length] token ids below 10."""
    g = fresh_generator()
    table = torch.randn(10, 6, generator=g)
    target = torch.randint(10, (7,), generator=g)

    def model(sees: Callable[[int, int], bool]) -> Callable[[Tensor], Tensor]:
        reach = torch.tensor([[float(sees(i, j)) for j in range(7)] for i in range(7)])
        return lambda tokens: reach @ table[tokens]

    before = target.clone()
    for sees, leaks, hint in (
        (
            lambda i, j: j <= i,
            False,
            "a model that sees only the past is reported: logits from the changed token on may change",
        ),
        (lambda i, j: True, True, "a model that sees everything is not caught"),
        (lambda i, j: j <= i + 1, True, "one token ahead is not caught: change each position in turn"),
        (
            lambda i, j: j <= i or (i, j) == (0, 2),
            True,
            "one early logit that sees token 2 is not caught: compare all of them",
        ),
    ):
        expect(bool(answer(model(sees), target)) is leaks, hint)
        expect(target.equal(before), "your test has changed the target it was given: work on a clone")


@grader("2.2.5 label smoothing")
def label_smoothing(answer: Callable[[Tensor, Tensor, float, int], Tensor]) -> None:
    """`answer(logits, labels, smoothing, ignore_index)` is the mean smoothed loss over the labels that count."""
    g = fresh_generator()
    logits, labels = 2 * torch.randn(2, 6, 9, generator=g), torch.randint(9, (2, 6), generator=g)
    labels[1, 3:] = -100
    smoothing = 0.05 + 0.3 * torch.rand((), generator=g).item()
    loss = answer(logits, labels, smoothing, -100)
    flat = (logits.flatten(0, 1), labels.flatten())
    if near(loss, F.cross_entropy(*flat, label_smoothing=smoothing)):
        return
    log_p, counted = logits.log_softmax(-1), labels != -100
    nll = -log_p.gather(-1, labels.clamp(min=0)[..., None])[..., 0]
    others = ((1 - smoothing) * nll + smoothing * (-log_p.sum(-1) - nll) / 8)[counted].mean()
    everywhere = (1 - smoothing) * nll - smoothing * log_p.mean(-1)
    expect(not near(loss, F.cross_entropy(*flat)), "this is the plain cross-entropy: ε is not used")
    expect(
        not near(loss, others),
        "ε is shared among the other tokens; the paper shares it among all V, the right one included",
    )
    expect(not near(loss, everywhere.mean()), "padding counts: leave out the labels that equal ignore_index")
    over_all = everywhere[counted].sum() / counted.numel()
    expect(not near(loss, over_all), "padding is left out of the sum, and not of the count: divide by those that count")
    raise Wrong("the loss is not the mean of (1 - ε)·(-log p_label) + ε·(mean over the vocabulary of -log p)")


@grader("2.2.5 warm-up")
def warm_up(answer: Callable[[int, int, int], float]) -> None:
    """`answer(step, hidden_size, warmup_steps)` is the learning rate of the Transformer paper."""
    g = fresh_generator()
    d, w = 8 * drawn(8, 100, g), drawn(50, 5000, g)
    steps = (1, w // 3 + 1, w, 3 * w)
    same = partial(math.isclose, rel_tol=1e-6)
    unscaled = [min(step**-0.5, step * w**-1.5) for step in steps]
    rates = [answer(step, d, w) for step in steps]
    expect(not same(rates[0], d**-0.5), "there is no rise: of the two curves the smaller one holds (min)")
    expect(not all(map(same, rates, unscaled)), "the factor hidden_size^(-1/2) is missing")
    for rate, value, step in zip(rates, unscaled, steps, strict=True):
        where = "before" if step < w else "at" if step == w else "after"
        formula = "hidden_size^(-1/2) · min(step^(-1/2), step · w^(-3/2))"
        expect(same(rate, d**-0.5 * value), f"{where} the end of the warm-up it is not {formula}")


@grader("2.2.5 beam search")
def beam_search(answer: Callable[[NextLogProbs, int, int, int], tuple[int, ...]]) -> None:
    """`answer(next_log_probs, num_beams, max_length, eos)` finds the likeliest sentence, by log-probability alone."""
    eos, vocab, longest = 0, 3, 5
    sentences = _all_sentences(vocab, longest, eos)

    def search(next_log_probs: NextLogProbs, width: int) -> tuple[int, ...]:
        found = tuple(int(token) for token in answer(next_log_probs, width, longest, eos))
        ended = "a sentence should end at its first end token, or have max_length tokens; the start is no part of it"
        expect(found in sentences, ended)
        return found

    # The end token is likely at once. What is lost or grows on after it shows here.
    short = torch.tensor([0.9, 0.06, 0.04]).log()
    stays = "an ended hypothesis must stay in the race unchanged: if the end comes first with 0.9, that is the sentence"
    expect(search(lambda prefix: short, 2) == (eos,), stays)
    # A slip in the ranking shows in about one language of ten.
    languages = [_random_language(vocab, longest, fresh_generator()) for _ in range(150)]
    for next_log_probs, score in languages:
        greedy = _beams(next_log_probs, 1, longest, eos)
        expect(search(next_log_probs, 1) == greedy, "a beam of width 1 should give what greedy decoding gives")
        two = score(_beams(next_log_probs, 2, longest, eos))
        ranked = "two beams could have found a better sentence: rank the continuations of all beams together"
        expect(score(search(next_log_probs, 2)) > two - 1e-5, ranked)
    for next_log_probs, score in languages[:4]:
        whole = "a beam as wide as the whole tree misses the likeliest sentence"
        expect(score(search(next_log_probs, vocab**longest)) > max(map(score, sentences)) - 1e-5, whole)


def _random_language(
    vocab: int, longest: int, generator: torch.Generator
) -> tuple[NextLogProbs, Callable[[tuple[int, ...]], float]]:
    """Random log-probabilities for every prefix, an early end being unlikely, and the score of a sentence."""
    table = {
        prefix: (torch.randn(vocab, generator=generator) - 3 * torch.eye(vocab)[0]).log_softmax(-1)
        for length in range(longest)
        for prefix in itertools.product(range(vocab), repeat=length)
    }
    return table.__getitem__, lambda s: sum(table[s[:i]][token].item() for i, token in enumerate(s))


def _all_sentences(vocab: int, longest: int, eos: int) -> set[tuple[int, ...]]:
    tails = itertools.chain.from_iterable(itertools.product(range(vocab), repeat=n) for n in range(1, longest + 1))
    return {s for s in tails if eos not in s[:-1] and (s[-1] == eos or len(s) == longest)}


def _beams(next_log_probs: NextLogProbs, width: int, longest: int, eos: int) -> tuple[int, ...]:
    beams: list[tuple[tuple[int, ...], float]] = [((), 0.0)]
    for _ in range(longest):
        ended = [(s, p) for s, p in beams if eos in s]
        grown = [(s + (t,), p + q) for s, p in beams if eos not in s for t, q in enumerate(next_log_probs(s).tolist())]
        beams = sorted(ended + grown, key=lambda beam: -beam[1])[:width]
    return beams[0][0]
