"""Checks of the exercises of section 2.4.1; each asks first whether the answer is right, and only then why not."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from llmbook.exercises.checks import Wrong, drawn, expect, expect_shape, fresh_generator, grader, near


@grader("2.4.1 RMS norm")
def rms_norm(answer: Callable[[Tensor, Tensor, float], Tensor]) -> None:
    """`answer(x, weight, eps)` normalises the last axis by its root mean square."""
    g = fresh_generator()
    d = drawn(6, 12, g)
    x, weight = 2 + 3 * torch.randn(3, 5, d, generator=g), torch.randn(d, generator=g)
    small = 1e-3 * x  # where eps is as large as the mean square, its place matters
    results = [answer(values, weight, 1e-5) for values in (x, small)]
    expect_shape(results[0], x.shape, "the result")
    if all(
        near(result, F.rms_norm(values, (d,), weight, 1e-5)) for result, values in zip(results, (x, small), strict=True)
    ):
        return
    result = results[0]
    expect(not near(result, F.layer_norm(x, (d,)) * weight), "the mean is subtracted; RMSNorm leaves it in")
    expect(not near(result, F.rms_norm(x, (d,), None, 1e-5)), "the weight is not used")
    by_sum = x / x.square().sum(-1, keepdim=True).sqrt() * weight
    expect(not near(result, by_sum, 1e-3), "the squares are added up; take their mean (divide by the width)")
    no_root = x / x.square().mean(-1, keepdim=True) * weight
    expect(not near(result, no_root, 1e-3), "the root is missing: divide by the root of the mean square")
    of_all = x / x.square().mean().sqrt() * weight
    expect(not near(result, of_all, 1e-3), "one mean for the whole tensor; each token has its own, over the last axis")
    outside = small / (small.square().mean(-1, keepdim=True).sqrt() + 1e-5) * weight
    expect(not near(results[1], outside, 1e-3), "eps stands outside the root: add it to the mean square")
    raise Wrong("the result is not x / √(mean(x²) + eps) · weight")


@grader("2.4.1 width")
def width(answer: Callable[[int, int], int]) -> None:
    """`answer(d, multiple)` is LLaMA's inner width: two thirds of 4d, rounded up to a multiple."""
    g = fresh_generator()
    for d, multiple in ((4096, 256), (5120, 256), *((64 * drawn(3, 160, g), 2 ** drawn(4, 9, g)) for _ in range(12))):
        got, exact = answer(d, multiple), 8 * d / 3
        right = math.ceil(int(exact) / multiple) * multiple
        if got == right:
            continue
        expect(got != math.ceil(4 * d / multiple) * multiple, "that is 4d; the third matrix costs a third of the width")
        expect(got % multiple == 0, f"round up to a multiple of {multiple}")
        expect(got > exact, "round up, not down or to the nearest")
        raise Wrong("take two thirds of 4d, then the next multiple at or above it")


@grader("2.4.1 rotation")
def rotation(answer: Callable[[Tensor, float], Tensor]) -> None:
    """`answer(vector, angle)` turns a pair of numbers: equation (2.37)."""
    g = fresh_generator()
    vector, angle = torch.randn(2, generator=g, dtype=torch.float64), 0.3 + torch.rand((), generator=g).item()
    got = answer(vector, angle)
    expect_shape(got, (2,), "the turned pair")
    c, s = math.cos(angle), math.sin(angle)
    right = torch.tensor([c * vector[0] - s * vector[1], s * vector[0] + c * vector[1]])
    if near(got, right):
        return
    back = torch.tensor([c * vector[0] + s * vector[1], c * vector[1] - s * vector[0]])
    expect(not near(got, back), "that turns the other way: the minus sign belongs to the first row")
    expect(
        not near(got, torch.tensor([s * vector[0] - c * vector[1], c * vector[0] + s * vector[1]])),
        "sine and cosine are exchanged",
    )
    length = math.hypot(*got.tolist()) / math.hypot(*vector.tolist())
    expect(abs(length - 1) < 1e-4, "a rotation keeps the length, and yours changes it")
    raise Wrong("the result is not (cos·x₀ - sin·x₁, sin·x₀ + cos·x₁)")


@grader("2.4.1 rotary positions")
def rotary(answer: Callable[[Tensor, float], Tensor]) -> None:
    """`answer(x, base)` turns queries [batch, heads, length, head_dim] by their positions, halves paired."""
    g = fresh_generator()
    d, length, base = 2 * drawn(3, 8, g), drawn(5, 9, g), float(drawn(50, 5000, g))
    x = torch.randn(2, 3, length, d, generator=g, dtype=torch.float64)
    got = answer(x, base)
    expect_shape(got, x.shape, "the result")

    def turned(frequencies: Tensor, positions: Tensor, sign: float = 1.0) -> Tensor:
        angles = positions[:, None] * frequencies
        first, second = x.chunk(2, dim=-1)
        c, s = angles.cos(), sign * angles.sin()
        return torch.cat([first * c - second * s, second * c + first * s], dim=-1)

    theta, positions = base ** (-torch.arange(0, d, 2).double() / d), torch.arange(length).double()
    if near(got, turned(theta, positions)):
        return
    expect(not near(got, turned(theta, positions + 1)), "positions are counted from 1; the first token stands at 0")
    expect(
        not near(got, turned(theta, positions, -1.0)), "that turns backwards: is rotate_half (x₂, -x₁) for (-x₂, x₁)?"
    )
    halved = base ** (-torch.arange(d // 2).double() / d)
    expect(not near(got, turned(halved, positions)), "the exponent is -2j/d; yours is -j/d")
    pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
    neighbours = torch.view_as_real(
        pairs * torch.polar(torch.ones(length, d // 2).double(), positions[:, None] * theta)
    )
    hint = "neighbours are paired, as in the formula; LLaMA's weights pair feature j with j + d/2"
    expect(not near(got, neighbours.flatten(-2)), hint)
    expect(near(got[:, :, 0], x[:, :, 0]), "the token at position 0 is turned by nothing, and yours changes")
    raise Wrong("positions and frequencies look right at 0, but the result is not x·cos + rotate_half(x)·sin")


@grader("2.4.1 pairing")
def pairing(answer: Callable[[Tensor, int], Tensor]) -> None:
    """`answer(weight, head_dim)` reorders W^Q's output features from neighbouring pairs to paired halves."""
    g = fresh_generator()
    heads, d, size = drawn(2, 4, g), 2 * drawn(3, 6, g), drawn(5, 9, g)
    weight = torch.randn(heads * d, size, generator=g)
    got = answer(weight.clone(), d)
    expect_shape(got, weight.shape, "the reordered matrix")
    by_head = weight.view(heads, d // 2, 2, size)
    right = by_head.transpose(1, 2).reshape(heads * d, size)
    if near(got, right):
        return
    expect(not near(got, weight), "nothing is reordered")
    inverse = weight.view(heads, 2, d // 2, size).transpose(1, 2).reshape(heads * d, size)
    expect(not near(got, inverse), "that is the way back, from halves to neighbours")
    whole = weight.view(heads * d // 2, 2, size).transpose(0, 1).reshape(heads * d, size)
    expect(not near(got, whole), "the features are reordered across all heads; reorder within each head")
    raise Wrong("within each head the order should be 0, 2, 4, …, 1, 3, 5, …")


@grader("2.4.1 parameters")
def parameters(answer: Callable[[int, int, int, int, int, int, bool], int]) -> None:
    """`answer(layers, d, d_ff, heads, kv_heads, vocab, tied)` counts a LLaMA's parameters."""
    g = fresh_generator()
    cases = [(40, 5120, 13824, 40, 40, 32000, False)]
    for _ in range(8):
        kv_heads, group = drawn(1, 4, g), drawn(1, 4, g)
        d = 16 * kv_heads * group
        tied = drawn(0, 1, g) == 1
        cases.append((drawn(1, 9, g), d, drawn(20, 300, g), kv_heads * group, kv_heads, drawn(50, 900, g), tied))
    cases.append((3, 64, 100, 8, 2, 500, True))
    for layers, d, inner, heads, kv_heads, vocab, tied in cases:
        got = answer(layers, d, inner, heads, kv_heads, vocab, tied)
        attention, mlp, embedding = 2 * d * d + 2 * d * d * kv_heads // heads, 3 * d * inner, vocab * d
        right = layers * (attention + mlp + 2 * d) + (1 if tied else 2) * embedding + d
        if got == right:
            continue
        expect(got != right - d, "the last norm, before the head, is missing")
        expect(
            got != right - layers * 2 * d - d and got != right - layers * 2 * d,
            "every layer has two norms of d weights",
        )
        full = layers * (4 * d * d + mlp + 2 * d) + (1 if tied else 2) * embedding + d
        expect(got != full, "keys and values are only kv_heads · head_dim wide")
        expect(got != right - layers * d * inner, "SwiGLU has three matrices: gate, up and down")
        expect(
            got != right + embedding and got != right - embedding,
            "a tied head is the embedding; an untied one is a second matrix",
        )
        raise Wrong(f"for {layers} layers of width {d} it should be {right:,}, and yours is {got:,}")
