"""FlashAttention (section 2.4.2; Dao et al., 2022): exact attention whose matrix is never stored.

Algorithm 2.1, corrected. Q, K, V ∈ R^{N×d}, with 1/√d multiplied into Q, lie in slow memory (HBM); M is the size of
fast memory (SRAM), in numbers.

    B_c = ⌈M / 4d⌉,  B_r = min(⌈M / 4d⌉, d)          rows of a key and of a query tile
    T_c = ⌈N / B_c⌉,  T_r = ⌈N / B_r⌉                 number of tiles (the book prints ⌈M / B_c⌉, ⌈M / B_r⌉)
    O = 0 (N×d),  l = 0 (N),  m = -∞ (N)
    for j = 1..T_c:                                   load K_j, V_j
        for i = 1..T_r:                               load Q_i, O_i, l_i, m_i
            S = Q_i K_jᵀ;  m̃ = rowmax(S);  P̃ = exp(S - m̃);  l̃ = rowsum(P̃)
            m_new = max(m_i, m̃);  l_new = exp(m_i - m_new) l_i + exp(m̃ - m_new) l̃
            O_i = diag(l_new)⁻¹ (diag(l_i) exp(m_i - m_new) O_i + exp(m̃ - m_new) P̃ V_j)    (the book writes O)
            l_i = l_new;  m_i = m_new                 store O_i, l_i, m_i

`flash_attention` has the loops the other way round, as all later versions have (Dao, 2023): a query tile stays in fast
memory until its row is complete, so that O is written once and divided by l once. Both give the same numbers.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from llmbook.errors import ReaderError


def flash_attention(
    query: Tensor, key: Tensor, value: Tensor, causal: bool = False, query_tile: int = 256, key_tile: int = 256
) -> Tensor:
    """Softmax(Q Kᵀ / √d) V, tile by tile; equal to `scaled_dot_product_attention`, in memory linear in the length.

    The backward pass computes the weights of each tile a second time, from the scores and the stored log-sum-exp.

    Args:
        query: [..., query_length, head_dim].
        key: [..., key_length, head_dim].
        value: [..., key_length, value_dim].
        causal: position i attends to positions 0..i; tiles above the diagonal are skipped.
        query_tile, key_tile: rows of a tile; the last tile may be shorter.

    Returns:
        [..., query_length, value_dim].

    Raises:
        ReaderError: when the shapes do not fit, lengths are unequal under a causal mask, or a tile has no rows.
    """
    if causal and query.shape[-2] != key.shape[-2]:
        raise ReaderError(f"causal attention needs as many queries as keys, not {query.shape[-2]} and {key.shape[-2]}")
    if query.shape[:-2] != key.shape[:-2] or key.shape[:-1] != value.shape[:-1]:
        raise ReaderError(
            f"query {list(query.shape)}, key {list(key.shape)} and value {list(value.shape)} do not fit: batch and "
            "heads should be the same, and there should be as many values as keys"
        )
    if min(query_tile, key_tile) < 1:
        raise ReaderError(f"a tile has at least one row, not {min(query_tile, key_tile)}")
    return _FlashAttention.apply(query, key, value, causal, query_tile, key_tile)


class _FlashAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx, query: Tensor, key: Tensor, value: Tensor, causal: bool, query_tile: int, key_tile: int) -> Tensor:
        ctx.causal, ctx.tiles = causal, (query_tile, key_tile)
        output = query.new_empty(*query.shape[:-1], value.shape[-1])
        logsumexp = torch.empty(query.shape[:-1], dtype=_accumulator(query), device=query.device)
        for rows in _tiles(query.shape[-2], query_tile):
            q = _scaled(query[..., rows, :])
            row_max = logsumexp.new_full((*q.shape[:-1], 1), -math.inf)  # m, the largest score so far
            row_sum = torch.zeros_like(row_max)  # l, the sum of exp(score - m) so far
            weighted = q.new_zeros(*q.shape[:-1], value.shape[-1])  # the sum of exp(score - m) · value so far
            for columns in _tiles(key.shape[-2], key_tile, end=rows.stop if causal else None):
                scores = _scores(q, key, rows, columns, causal)
                new_max = torch.maximum(row_max, scores.amax(-1, keepdim=True))
                p = scores.sub_(new_max).exp_()
                shrink = (row_max - new_max).exp_()
                row_sum.mul_(shrink).add_(p.sum(-1, keepdim=True))
                weighted.mul_(shrink).add_(p @ value[..., columns, :].to(p.dtype))
                row_max = new_max
            output[..., rows, :] = weighted / row_sum
            logsumexp[..., rows] = (row_max + row_sum.log())[..., 0]
        ctx.save_for_backward(query, key, value, output, logsumexp)
        return output

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, output, logsumexp = ctx.saved_tensors
        (query_tile, key_tile), dtype = ctx.tiles, logsumexp.dtype
        dq, dk, dv = (torch.zeros_like(x, dtype=dtype) for x in (query, key, value))
        for rows in _tiles(query.shape[-2], query_tile):
            q, do = _scaled(query[..., rows, :]), grad[..., rows, :].to(dtype)
            # Every row of dS = P ∘ (dP - D) sums to zero; D = rowsum(dP ∘ P) is also rowsum(dO ∘ O).
            d = (do * output[..., rows, :]).sum(-1, keepdim=True)
            for columns in _tiles(key.shape[-2], key_tile, end=rows.stop if ctx.causal else None):
                p = _scores(q, key, rows, columns, ctx.causal).sub_(logsumexp[..., rows, None]).exp_()
                dv[..., columns, :] += p.transpose(-2, -1) @ do
                ds = (do @ value[..., columns, :].to(dtype).transpose(-2, -1)).sub_(d).mul_(p)
                dq[..., rows, :] += ds @ key[..., columns, :].to(dtype)
                dk[..., columns, :] += ds.transpose(-2, -1) @ q  # q holds the factor 1/√d
        dq /= math.sqrt(query.shape[-1])
        return dq.to(query.dtype), dk.to(key.dtype), dv.to(value.dtype), None, None, None


def _tiles(length: int, tile: int, end: int | None = None) -> Iterator[slice]:
    """0..length in slices of `tile`, as far as those that start before `end`."""
    for start in range(0, length if end is None else end, tile):
        yield slice(start, min(start + tile, length))


def _accumulator(x: Tensor) -> torch.dtype:
    return torch.promote_types(x.dtype, torch.float32)


def _scaled(query: Tensor) -> Tensor:
    return query.to(_accumulator(query)) / math.sqrt(query.shape[-1])


def _scores(q: Tensor, key: Tensor, rows: slice, columns: slice, causal: bool) -> Tensor:
    """One tile of S, [..., query_tile, key_tile]; what causality hides is minus infinity."""
    scores = q @ key[..., columns, :].to(q.dtype).transpose(-2, -1)
    if causal and columns.stop > rows.start + 1:
        row, column = (torch.arange(s.start, s.stop, device=q.device) for s in (rows, columns))
        scores.masked_fill_(column > row[:, None], -math.inf)
    return scores


def hbm_accesses(length: int, head_dim: int, sram_elements: int | None = None) -> int:
    """Numbers that one head's forward pass reads from and writes to slow memory.

    Args:
        length: N, of queries and of keys.
        head_dim: d.
        sram_elements: M, the numbers that fast memory holds, for Algorithm 2.1; None for standard attention, which
            reads Q and K, writes S, reads S, writes P, reads P and V, and writes O.

    Returns:
        4N² + 4Nd for standard attention; 2Nd + T_c (3Nd + 4N) for Algorithm 2.1: K and V are read once, and for each
        of the T_c key tiles all of Q is read, and O, l and m are read and written.
    """
    if sram_elements is None:
        return 4 * length * length + 4 * length * head_dim
    key_rows = -(-sram_elements // (4 * head_dim))
    passes = -(-length // key_rows)
    return 2 * length * head_dim + passes * (3 * length * head_dim + 4 * length)
