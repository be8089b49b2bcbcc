"""FlashAttention as GPU kernels, in Triton (section 2.4.2; Dao, 2023).

The same tiles as in `llmbook.models.flash_attention`, one program per tile, side by side on the GPU. Within a program
everything stays in registers and shared memory: global memory sees Q, K, V, O, their gradients, and two numbers a row.

Triton comes with PyTorch's CUDA builds. It is imported at the first call; with TRITON_INTERPRET=1 set before that, the
kernels run on a CPU, slowly, for tests.
"""

from __future__ import annotations  # Triton reads the annotations of its kernels; Python must not

import functools
import math
from types import SimpleNamespace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from llmbook.errors import ReaderError

if TYPE_CHECKING:
    import triton.language as tl

_TILES = {torch.float32: (32, 32), torch.float16: (64, 64), torch.bfloat16: (64, 64)}  # rows of a query and key tile


def flash_attention_triton(query: Tensor, key: Tensor, value: Tensor, causal: bool = False) -> Tensor:
    """Softmax(Q Kᵀ / √d) V by Triton kernels, forward and backward.

    Args:
        query: [batch, heads, query_length, head_dim], float32, float16 or bfloat16, on a GPU.
        key, value: [batch, heads, key_length, head_dim]; head_dim is at most 128.
        causal: position i attends to positions 0..i.

    Returns:
        [batch, heads, query_length, head_dim], of the query's dtype; sums are kept in float32.

    Raises:
        ReaderError: without Triton, without a GPU, or for tensors that the kernels cannot take.
    """
    if query.dtype not in _TILES or not query.dtype == key.dtype == value.dtype:
        raise ReaderError(
            f"the Triton kernels take float32, float16 or bfloat16, the same three times, not "
            f"{query.dtype}, {key.dtype}, {value.dtype}"
        )
    if query.shape[:2] != key.shape[:2] or key.shape != value.shape or query.shape[-1] != key.shape[-1]:
        raise ReaderError(
            f"query {list(query.shape)}, key {list(key.shape)} and value {list(value.shape)} do not fit: batch, heads "
            "and head_dim should be the same, and there should be as many values as keys"
        )
    if causal and query.shape[2] != key.shape[2]:
        raise ReaderError(f"causal attention needs as many queries as keys, not {query.shape[2]} and {key.shape[2]}")
    if query.shape[-1] > 128:
        raise ReaderError(f"head_dim {query.shape[-1]} is too large for the Triton kernels: at most 128")
    kernels = _kernels()
    if not (query.is_cuda or kernels.interpreted):
        raise ReaderError(f"Triton kernels run on a GPU, and the query is on {query.device}: use flash_attention there")
    if kernels.interpreted and query.dtype == torch.bfloat16:
        raise ReaderError("Triton's interpreter takes bfloat16 for integers in tl.dot: use float32 or float16 with it")
    return _TritonAttention.apply(query, key, value, causal)


class _TritonAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx, query: Tensor, key: Tensor, value: Tensor, causal: bool) -> Tensor:
        query, key, value = query.contiguous(), key.contiguous(), value.contiguous()
        output = torch.empty_like(query)
        logsumexp = torch.empty(query.shape[:-1], dtype=torch.float32, device=query.device)
        shape = _launch(query, key, causal)
        _kernels().forward[shape.over_queries](query, key, value, output, logsumexp, *shape.sizes, **shape.constants)
        ctx.causal = causal
        ctx.save_for_backward(query, key, value, output, logsumexp)
        return output

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, output, logsumexp = ctx.saved_tensors
        grad = grad.contiguous()
        delta = (grad.float() * output.float()).sum(-1)  # D of the derivation: rowsum(dO ∘ O)
        dq, dk, dv = torch.empty_like(query), torch.empty_like(key), torch.empty_like(value)
        shape = _launch(query, key, ctx.causal)
        inputs = query, key, value, grad, logsumexp, delta
        _kernels().key_gradients[shape.over_keys](*inputs, dk, dv, *shape.sizes, **shape.constants)
        _kernels().query_gradients[shape.over_queries](*inputs, dq, *shape.sizes, **shape.constants)
        return dq, dk, dv, None


def _launch(query: Tensor, key: Tensor, causal: bool) -> SimpleNamespace:
    """Grids (tiles, batch · heads), sizes and compile-time constants of a launch."""
    (batch, heads, query_length, head_dim), key_length = query.shape, key.shape[2]
    query_tile, key_tile = _TILES[query.dtype]
    return SimpleNamespace(
        over_queries=(-(-query_length // query_tile), batch * heads),
        over_keys=(-(-key_length // key_tile), batch * heads),
        sizes=(query_length, key_length, head_dim, 1 / math.sqrt(head_dim)),
        # A tile's width must be a power of two, and tl.dot wants at least 16; the columns beyond head_dim are zeros.
        constants={
            "QUERY_TILE": query_tile, "KEY_TILE": key_tile, "WIDTH": max(16, 1 << (head_dim - 1).bit_length()),
            "CAUSAL": causal, "num_warps": 4, "num_stages": 2,
        },
    )  # fmt: skip


@functools.cache
def _kernels() -> SimpleNamespace:
    """The kernels, compiled at their first launch.

    Raises:
        ReaderError: when Triton is not installed.
    """
    global tl  # a kernel finds Triton's language among the globals of its module
    try:
        import triton
        import triton.language as tl
    except ImportError:
        raise ReaderError(
            "Triton is not installed: it comes with the CUDA builds of PyTorch; without a GPU use flash_attention"
        ) from None
    functions = (_forward_kernel, _key_gradients_kernel, _query_gradients_kernel)
    forward, key_gradients, query_gradients = (triton.jit(function) for function in functions)
    return SimpleNamespace(
        forward=forward, key_gradients=key_gradients, query_gradients=query_gradients,
        interpreted=not isinstance(forward, triton.JITFunction),
    )  # fmt: skip


def _forward_kernel(
    Q, K, V, O, L, query_length, key_length, head_dim, scale,  # noqa: E741
    QUERY_TILE: tl.constexpr, KEY_TILE: tl.constexpr, WIDTH: tl.constexpr, CAUSAL: tl.constexpr,
):  # fmt: skip
    """One query tile of one head: pass over the key tiles with a running maximum and a running sum."""
    head = tl.program_id(1).to(tl.int64)
    start = tl.program_id(0) * QUERY_TILE
    rows = start + tl.arange(0, QUERY_TILE)
    columns = tl.arange(0, KEY_TILE)
    features = tl.arange(0, WIDTH)
    inside = features[None, :] < head_dim
    row_cells = rows[:, None] * head_dim + features[None, :]
    row_mask = (rows[:, None] < query_length) & inside
    q = tl.load(Q + head * query_length * head_dim + row_cells, mask=row_mask, other=0.0)
    row_max = tl.full([QUERY_TILE], float("-inf"), tl.float32)
    row_sum = tl.zeros([QUERY_TILE], tl.float32)
    weighted = tl.zeros([QUERY_TILE, WIDTH], tl.float32)
    end = tl.minimum(start + QUERY_TILE, key_length) if CAUSAL else key_length
    for first in range(0, end, KEY_TILE):
        keys = first + columns
        cells = head * key_length * head_dim + keys[:, None] * head_dim + features[None, :]
        mask = (keys[:, None] < key_length) & inside
        k = tl.load(K + cells, mask=mask, other=0.0)
        v = tl.load(V + cells, mask=mask, other=0.0)
        scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
        seen = keys[None, :] < key_length
        if CAUSAL:
            seen = seen & (keys[None, :] <= rows[:, None])
        scores = tl.where(seen, scores, float("-inf"))
        new_max = tl.maximum(row_max, tl.max(scores, 1))
        p = tl.exp(scores - new_max[:, None])
        shrink = tl.exp(row_max - new_max)
        row_sum = row_sum * shrink + tl.sum(p, 1)
        weighted = weighted * shrink[:, None] + tl.dot(p.to(v.dtype), v, input_precision="ieee")
        row_max = new_max
    output = weighted / row_sum[:, None]
    tl.store(O + head * query_length * head_dim + row_cells, output.to(O.dtype.element_ty), mask=row_mask)
    tl.store(L + head * query_length + rows, row_max + tl.log(row_sum), mask=rows < query_length)


def _key_gradients_kernel(
    Q, K, V, dO, L, D, dK, dV, query_length, key_length, head_dim, scale,
    QUERY_TILE: tl.constexpr, KEY_TILE: tl.constexpr, WIDTH: tl.constexpr, CAUSAL: tl.constexpr,
):  # fmt: skip
    """dK and dV of one key tile: pass over the query tiles that see it. Scores are held transposed, [keys, queries]."""
    head = tl.program_id(1).to(tl.int64)
    start = tl.program_id(0) * KEY_TILE
    keys = start + tl.arange(0, KEY_TILE)
    features = tl.arange(0, WIDTH)
    inside = features[None, :] < head_dim
    key_cells = head * key_length * head_dim + keys[:, None] * head_dim + features[None, :]
    key_mask = (keys[:, None] < key_length) & inside
    k = tl.load(K + key_cells, mask=key_mask, other=0.0)
    v = tl.load(V + key_cells, mask=key_mask, other=0.0)
    dk = tl.zeros([KEY_TILE, WIDTH], tl.float32)
    dv = tl.zeros([KEY_TILE, WIDTH], tl.float32)
    begin = start // QUERY_TILE * QUERY_TILE if CAUSAL else 0
    for first in range(begin, query_length, QUERY_TILE):
        rows = first + tl.arange(0, QUERY_TILE)
        cells = head * query_length * head_dim + rows[:, None] * head_dim + features[None, :]
        mask = (rows[:, None] < query_length) & inside
        q = tl.load(Q + cells, mask=mask, other=0.0)
        do = tl.load(dO + cells, mask=mask, other=0.0)
        logsumexp = tl.load(L + head * query_length + rows, mask=rows < query_length, other=0.0)
        delta = tl.load(D + head * query_length + rows, mask=rows < query_length, other=0.0)
        scores = tl.dot(k, tl.trans(q), input_precision="ieee") * scale
        seen = (rows[None, :] < query_length) & (keys[:, None] < key_length)
        if CAUSAL:
            seen = seen & (keys[:, None] <= rows[None, :])
        p = tl.where(seen, tl.exp(scores - logsumexp[None, :]), 0.0)
        dv += tl.dot(p.to(do.dtype), do, input_precision="ieee")
        dp = tl.dot(v, tl.trans(do), input_precision="ieee")
        ds = p * (dp - delta[None, :])
        dk += tl.dot(ds.to(q.dtype), q, input_precision="ieee")
    tl.store(dK + key_cells, (dk * scale).to(dK.dtype.element_ty), mask=key_mask)
    tl.store(dV + key_cells, dv.to(dV.dtype.element_ty), mask=key_mask)


def _query_gradients_kernel(
    Q, K, V, dO, L, D, dQ, query_length, key_length, head_dim, scale,
    QUERY_TILE: tl.constexpr, KEY_TILE: tl.constexpr, WIDTH: tl.constexpr, CAUSAL: tl.constexpr,
):  # fmt: skip
    """dQ of one query tile: pass over the key tiles that it sees."""
    head = tl.program_id(1).to(tl.int64)
    start = tl.program_id(0) * QUERY_TILE
    rows = start + tl.arange(0, QUERY_TILE)
    features = tl.arange(0, WIDTH)
    inside = features[None, :] < head_dim
    row_cells = head * query_length * head_dim + rows[:, None] * head_dim + features[None, :]
    row_mask = (rows[:, None] < query_length) & inside
    q = tl.load(Q + row_cells, mask=row_mask, other=0.0)
    do = tl.load(dO + row_cells, mask=row_mask, other=0.0)
    logsumexp = tl.load(L + head * query_length + rows, mask=rows < query_length, other=0.0)
    delta = tl.load(D + head * query_length + rows, mask=rows < query_length, other=0.0)
    dq = tl.zeros([QUERY_TILE, WIDTH], tl.float32)
    end = tl.minimum(start + QUERY_TILE, key_length) if CAUSAL else key_length
    for first in range(0, end, KEY_TILE):
        keys = first + tl.arange(0, KEY_TILE)
        cells = head * key_length * head_dim + keys[:, None] * head_dim + features[None, :]
        mask = (keys[:, None] < key_length) & inside
        k = tl.load(K + cells, mask=mask, other=0.0)
        v = tl.load(V + cells, mask=mask, other=0.0)
        scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
        seen = (rows[:, None] < query_length) & (keys[None, :] < key_length)
        if CAUSAL:
            seen = seen & (keys[None, :] <= rows[:, None])
        p = tl.where(seen, tl.exp(scores - logsumexp[:, None]), 0.0)
        ds = p * (tl.dot(do, tl.trans(v), input_precision="ieee") - delta[:, None])
        dq += tl.dot(ds.to(k.dtype), k, input_precision="ieee")
    tl.store(dQ + row_cells, (dq * scale).to(dQ.dtype.element_ty), mask=row_mask)
