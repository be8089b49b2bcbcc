"""Checks of the exercises of section 2.4.2.

Each first asks whether the answer is right, and only then looks for the mistakes people make.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from llmbook.exercises.checks import Wrong, drawn, expect, expect_shape, fresh_generator, grader, near

Piece = tuple[Tensor, Tensor, Tensor]


@grader("2.4.2 cells")
def cells(band_cells: Callable[[int, int], int], global_cells: Callable[[int, int], int]) -> None:
    """Allowed cells of a band of odd width, and of a pattern with some global positions, at length n."""
    g = fresh_generator()
    for n, half in ((drawn(30, 900, g), drawn(1, 6, g)), (64, 1)):
        counted, width = band_cells(n, 2 * half + 1), 2 * half + 1
        expect(counted != n * width, "the corners are missing: the first and the last rows have fewer neighbours")
        one_sided = n * (half + 1) - half * (half + 1) // 2
        expect(counted != one_sided, "this is half a band: a width counts the neighbours on both sides")
        right = n * width - half * (half + 1)
        expect(counted != right - n, "the diagonal is missing: a band holds the position itself")
        expect(
            counted == right,
            "add up the diagonals: the one at distance k has n - k cells, and all but k = 0 come twice",
        )
    n, few = drawn(30, 900, g), drawn(1, 6, g)
    counted = global_cells(n, few)
    expect(counted != 2 * few * n, "the corner where global rows and global columns meet is counted twice")
    expect(counted != few * n, "global positions see everything, and are also seen by everything: rows and columns")
    expect(counted == 2 * few * n - few * few, "count the global rows and the global columns, and their overlap once")


@grader("2.4.2 block mask")
def block_mask(answer: Callable[[Tensor, int], Tensor]) -> None:
    """`answer(mask, block_size)` marks the blocks with an allowed cell; the length is a multiple of block_size."""
    g = fresh_generator()
    size, blocks = drawn(2, 5, g), drawn(4, 6, g)
    mask = torch.rand(blocks * size, blocks * size, generator=g) < 0.6 / size**2
    mask[:size, size : 2 * size] = True  # a full block
    mask[size : 2 * size, :size] = False  # an empty one
    mask[0, 0], mask[1, 1] = True, False  # and one that is neither, whatever was drawn
    result = answer(mask.clone(), size)
    expect_shape(result, (blocks, blocks), "the block mask")
    expect(result.dtype == torch.bool, f"a mask is boolean; yours is {result.dtype}")
    cut = mask.view(blocks, size, blocks, size)
    right = cut.any(3).any(1)
    if result.equal(right):
        return
    expect(
        not result.equal(cut.all(3).all(1)), "one allowed cell is enough: with `all` the block would hide allowed cells"
    )
    expect(not result.equal(mask[::size, ::size]), "only the first cell of each block is looked at")
    expect(not result.equal(right.T), "rows and columns have changed places: queries are rows")
    diagonal = torch.stack([mask[i::size, i::size] for i in range(size)]).any(0)
    expect(not result.equal(diagonal), "only the diagonal of each block is looked at; all its cells count")
    raise Wrong("entry (i, j) should be True where any cell of rows i·b to (i+1)·b and columns j·b to (j+1)·b is")


@grader("2.4.2 bucket")
def bucket(answer: Callable[[Tensor, Tensor], Tensor]) -> None:
    """`answer(x, R)` is the hash of equation (2.42): x [n, d], R [d, b / 2], to int64 [n]."""
    g = fresh_generator()
    n, d, half = drawn(60, 90, g), drawn(5, 9, g), drawn(3, 6, g)
    x, rotations = torch.randn(n, d, generator=g), torch.randn(d, half, generator=g)
    result = answer(x, rotations)
    expect_shape(result, (n,), "the buckets")
    projected = x @ rotations
    right = torch.cat([projected, -projected], -1).argmax(-1)
    if result.equal(right):
        return
    expect(not result.equal(projected.argmax(-1)), "half of the buckets is missing: the opposite directions, -xR")
    absolute = projected.abs().argmax(-1)
    expect(not result.equal(absolute), "a vector and its opposite share a bucket: don't take the absolute value")
    swapped = torch.cat([-projected, projected], -1).argmax(-1)
    expect(not result.equal(swapped), "every bucket is the opposite one: xR comes first, and the largest product wins")
    raise Wrong("bucket i < b/2 is the direction of column i of R, bucket b/2 + i the opposite one; take the nearest")


@grader("2.4.2 routing")
def routing(answer: Callable[[Tensor, Tensor, Tensor, Tensor, float], tuple[Tensor, Tensor, Tensor]]) -> None:
    """`answer(sums, counts, vectors, assigned, decay)` is one update (2.39) to (2.41): new sums, counts, centroids."""
    g = fresh_generator()
    k, d, n = drawn(3, 5, g), drawn(2, 4, g), drawn(20, 30, g)
    sums, counts = torch.randn(k, d, generator=g), 1 + 5 * torch.rand(k, generator=g)
    vectors, assigned = torch.randn(n, d, generator=g), torch.randint(k, (n,), generator=g)
    decay = 0.5 + 0.4 * torch.rand((), generator=g).item()
    results = answer(sums.clone(), counts.clone(), vectors, assigned, decay)
    expect(isinstance(results, tuple) and len(results) == 3, "return three tensors: sums, counts, centroids")
    for result, shape, name in zip(results, ((k, d), (k,), (k, d)), ("sums", "counts", "centroids"), strict=True):
        expect_shape(result, shape, name)
    members = F.one_hot(assigned, k).float()
    new, number = members.T @ vectors, members.sum(0)
    mean = new / number.clamp(min=1)[:, None]
    expect(not near(results[0], (1 - decay) * sums + decay * new), "decay is the share that stays of the old values")
    expect(
        not near(results[0], decay * sums + (1 - decay) * mean),
        "(2.39) adds the sum of the cluster's vectors, not their mean",
    )
    expect(not near(results[0], decay * sums + new), "the new sum has the factor 1 - decay")
    expect(
        near(results[0], decay * sums + (1 - decay) * new),
        "sums should be decay · sums + (1 - decay) · (sum of the cluster)",
    )
    expect(not near(results[1], number), "the counts have a memory too: they decay as the sums do (2.40)")
    expect(
        near(results[1], decay * counts + (1 - decay) * number), "counts should be decay · counts + (1 - decay) · |μ|"
    )
    expect(
        not near(results[2], results[0] / number.clamp(min=1)[:, None]),
        "divide by the moving count c, not by |μ| (2.41)",
    )
    expect(
        near(results[2], results[0] / results[1][:, None]), "the centroids are the new sums over the new counts (2.41)"
    )


@grader("2.4.2 merge")
def merge(answer: Callable[[Piece, Piece], Piece]) -> None:
    """`answer(one, other)` merges two pieces (m, l, a) of a softmax: m and l [rows], a [rows, d]."""
    g = fresh_generator()
    rows, d = drawn(6, 9, g), drawn(2, 5, g)
    scores, values = 3 * torch.randn(rows, 12, generator=g), torch.randn(12, d, generator=g)
    cut = drawn(3, 9, g)
    one, other = (_piece(scores[:, part], values[part]) for part in (slice(cut), slice(cut, None)))
    result = answer(one, other)
    expect(isinstance(result, tuple) and len(result) == 3, "return the three things of a piece: m, l, a")
    right = _piece(scores, values)
    if all(map(near, result, right)):
        far = _piece(scores + 300, values)  # exponentials of raw scores would overflow
        apart = [_piece(scores[:, part] + 300, values[part]) for part in (slice(cut), slice(cut, None))]
        stable = answer(*apart)
        expect(
            all(map(near, stable, far)), "with scores of 300 the result is not finite: exponentiate differences only"
        )
        return
    (m_one, l_one, a_one), (m_other, l_other, a_other) = one, other
    expect(near(result[0], right[0]), "the new maximum is the larger of the two, row by row")
    added = l_one + l_other
    expect(
        not near(result[1], added), "the sums belong to different maxima: rescale each by e^(its m - the new m) first"
    )
    turned = (right[0] - m_one).exp() * l_one + (right[0] - m_other).exp() * l_other
    expect(not near(result[1], turned, 1e-4), "the exponent has the wrong sign: e^(old m - new m) is at most 1")
    expect(near(result[1], right[1]), "l should be e^(m_A - m)·l_A + e^(m_B - m)·l_B")
    expect(
        not near(result[2], right[2] / right[1][:, None]),
        "don't divide by l yet: a is the sum, the division comes last",
    )
    expect(not near(result[2], a_one + a_other), "l is rescaled and a is not: both need the same factors")
    raise Wrong("a should be e^(m_A - m)·a_A + e^(m_B - m)·a_B, the factor of a row times its whole vector")


def _piece(scores: Tensor, values: Tensor) -> Piece:
    m = scores.amax(-1)
    p = (scores - m[:, None]).exp()
    return m, p.sum(-1), p @ values


@grader("2.4.2 tiles")
def tiles(answer: Callable[[Tensor, Tensor, Tensor, int], Tensor]) -> None:
    """`answer(query, key, value, tile)` is attention [n, d], taking `tile` keys at a time."""
    g = fresh_generator()
    n, d, tile = drawn(11, 17, g), 2 * drawn(2, 4, g), drawn(3, 5, g)
    query, key = (2 * torch.randn(n, d, generator=g) for _ in range(2))
    value = torch.randn(n, d, generator=g)
    largest = _Largest()
    with largest:
        output = answer(query, key, value, tile)
    expect_shape(output, (n, d), "the output")
    if near(output, F.scaled_dot_product_attention(query[None], key[None], value[None])[0]):
        whole = "you computed all the scores at once: the point is to hold only [n, tile] of them at a time"
        expect(largest.numel <= n * max(tile, d), whole)
        hot = answer(100 * query, key, value, tile)
        exact = F.scaled_dot_product_attention(100 * query[None], key[None], value[None])[0]
        expect(near(hot, exact, 1e-3), "large scores overflow: subtract the running maximum before you exponentiate")
        return
    scores = query @ key.T
    cut = [slice(start, start + tile) for start in range(0, n, tile)]
    expect(not output.isnan().any(), "the output holds NaN: start the maximum at -∞ and both sums at zero")
    expect(not near(output, scores.softmax(-1) @ value), "the scores are not divided by √d")
    scores = scores / math.sqrt(d)
    apart = [scores[:, part].softmax(-1) @ value[part] for part in cut]
    averaged = not near(output, sum(apart)) and not near(output, sum(apart) / len(apart))
    expect(averaged, "each tile has a softmax of its own: keep one running sum per row, and divide once at the end")
    expect(not near(output, apart[-1]), "only the last tile is left: add to the running sums")
    pieces = [_piece(scores[:, part], value[part]) for part in cut]
    unscaled = sum(a for _, _, a in pieces) / sum(total for _, total, _ in pieces)[:, None]
    expect(not near(output, unscaled), "when the maximum grows, what was summed before must be rescaled")
    whole = len(cut) * tile > n
    shortened = [part for part in cut if part.stop <= n]
    kept = torch.cat([scores[:, part] for part in shortened], -1).softmax(-1) @ value[: len(shortened) * tile]
    expect(not (whole and near(output, kept)), "the last tile is left out where it is shorter than the others")
    raise Wrong(
        "the output is not softmax(QKᵀ / √d) V: is every sum rescaled by e^(old max - new max), and divided once?"
    )


class _Largest(TorchFunctionMode):
    """How many numbers the largest tensor has that any operation returned."""

    numel = 0

    def __torch_function__(self, function, types, args=(), kwargs=None):  # noqa: ANN001, ANN204 - PyTorch's signature
        result = function(*args, **(kwargs or {}))
        if isinstance(result, Tensor):
            self.numel = max(self.numel, result.numel())
        return result


@grader("2.4.2 traffic")
def traffic(standard: Callable[[int, int], int], flash: Callable[[int, int, int], int]) -> None:
    """Numbers read and written: `standard(N, d)`, and `flash(N, d, M)` for Algorithm 2.1."""
    g = fresh_generator()
    for n, d in ((drawn(100, 2000, g), drawn(20, 90, g)), (1024, 64)):
        counted = standard(n, d)
        expect(counted != 2 * n * n + 4 * n * d, "S and P are each written *and* read again")
        expect(counted != 4 * n * n + 3 * n * d, "Q, K and V are read, and O is written: 4Nd")
        expect(counted != 4 * n * n, "Q, K, V and O travel too: 4Nd")
        expect(counted == 4 * n * n + 4 * n * d, "read Q, K; write S; read S; write P; read P, V; write O")
    for n, d, m in ((drawn(300, 2000, g), 4 * drawn(5, 14, g) + 2, drawn(5_000, 30_000, g)), (1024, 64, 98_304)):
        counted, rows = flash(n, d, m), -(-m // (4 * d))
        passes = -(-n // rows)
        right = 2 * n * d + passes * (3 * n * d + 4 * n)
        expect(
            counted != 2 * n * d + passes * 3 * n * d, "l and m are read and written with every query tile: 4N a pass"
        )
        no_reading = 2 * n * d + passes * (2 * n * d + 4 * n)
        expect(counted != no_reading, "in each pass Q and O are read and O is written: 3Nd")
        printed = -(-m // rows)
        expect(
            counted != 2 * n * d + printed * (3 * n * d + 4 * n),
            "the number of tiles is ⌈N / B_c⌉; the book prints ⌈M / B_c⌉",
        )
        rounded_down = 2 * n * d + n // rows * (3 * n * d + 4 * n)
        expect(counted == right or counted != rounded_down, "the last, shorter tile needs a pass too: round up")
        expect(counted != passes * (5 * n * d + 4 * n), "K and V are read once in all, not once per pass")
        expect(
            counted == right, "K and V once; then for each of the ⌈N / B_c⌉ key tiles: Q, O, l, m in, and O, l, m out"
        )


@grader("2.4.2 pooling")
def pooling(answer: Callable[[Tensor, int, int], Tensor]) -> None:
    """`answer(weight, num_heads, num_groups)` mean-pools [heads · head_dim, d] to [groups · head_dim, d]."""
    g = fresh_generator()
    groups, size, width, d = drawn(2, 3, g), drawn(2, 4, g), drawn(3, 5, g), drawn(6, 9, g)
    weight = torch.randn(groups * size * width, d, generator=g)
    result = answer(weight.clone(), groups * size, groups)
    expect_shape(result, (groups * width, d), "the pooled weight")
    cut = weight.view(groups, size, width, d)
    if near(result, cut.mean(1).flatten(0, 1)):
        return
    expect(not near(result, cut.sum(1).flatten(0, 1)), "the heads of a group are added; take their mean")
    expect(
        not near(result, cut[:, 0].flatten(0, 1)), "only the first head of each group is taken; take the mean of all"
    )
    strided = weight.view(size, groups, width, d).mean(0).flatten(0, 1)
    expect(not near(result, strided), "the groups are *neighbouring* heads: with 8 heads and 2 groups, 0-3 and 4-7")
    rows = weight.view(groups, width, size, d).mean(2).flatten(0, 1)
    expect(
        not near(result, rows),
        "features inside a head are averaged: average row r of its heads",
    )
    raise Wrong(
        "reshape to [groups, heads per group, head_dim, d], take the mean over the second axis, and flatten again"
    )


@grader("2.4.2 cache")
def cache(answer: Callable[[int, int, int, int, int, int], int]) -> None:
    """`answer(layers, heads, kv_heads, head_dim, length, bytes_per_number)` is the KV cache of a sequence in bytes."""
    g = fresh_generator()
    kv = drawn(3, 8, g)
    some = (drawn(10, 90, g), kv * drawn(2, 9, g), kv, drawn(30, 130, g), drawn(50, 5000, g), drawn(3, 8, g))
    for sizes in (some, (80, 64, 8, 128, 2048, 2)):
        layers, heads, kv, width, length, size = sizes
        counted, right = answer(*sizes), 2 * layers * kv * width * length * size
        expect(counted != right // 2, "keys *and* values are kept: the factor 2 is missing")
        expect(counted != right // kv * heads, "the query heads do not matter: only keys and values are kept")
        expect(counted != right // layers, "every layer has a cache of its own")
        expect(counted != right // size, "this counts numbers; multiply by the bytes of each")
        expect(counted != right // kv, "this is the cache of one key-value head; there are several")
        expect(counted == right, "2 · layers · key-value heads · head_dim · length · bytes per number")
