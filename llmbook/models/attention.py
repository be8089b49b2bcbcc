"""Scaled dot-product and multi-head attention (section 2.2.2).

Masks, here and everywhere in llmbook, are boolean and **True means "may be attended to"**, as in
`F.scaled_dot_product_attention`; `nn.MultiheadAttention` means the opposite. A query that may attend to
nothing gets an output of zeros, with zero gradient, where a softmax over minus infinities would give NaN.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from llmbook.errors import ReaderError


def causal_mask(length: int, device: torch.device | None = None) -> Tensor:
    """Position i may attend to positions 0..i. Boolean, shape [length, length]."""
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None = None, dropout: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Softmax(Q Kᵀ / √d_k) V, equation (2.7) with the scale of Vaswani et al. (2017).

    Args:
        query: [..., query_length, d_k].
        key: [..., key_length, d_k].
        value: [..., key_length, d_v].
        attention_mask: boolean, True = may be attended to, broadcastable to [..., query_length, key_length].
        dropout: probability of dropping a weight.

    Returns:
        The output [..., query_length, d_v] and the weights [..., query_length, key_length]; each row of weights
        sums to 1 (before dropout), or to 0 where the mask hides every key.
    """
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if attention_mask is not None:
        scores = scores.masked_fill(~attention_mask, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1)
    if attention_mask is not None:
        weights = weights.masked_fill(~attention_mask, 0.0)
    weights = F.dropout(weights, dropout)
    return weights @ value, weights


class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each on its own projection of the input (section 2.2.2).

    Args:
        hidden_size: width of queries, keys, values and output.
        num_attention_heads: number of heads; each works on hidden_size / num_attention_heads features.
        dropout: probability of dropping an attention weight during training.

    Raises:
        ReaderError: when the heads do not divide the hidden size.
    """

    def __init__(self, hidden_size: int, num_attention_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if hidden_size % num_attention_heads:
            raise ReaderError(
                f"hidden_size {hidden_size} is not divisible by num_attention_heads {num_attention_heads}"
            )
        self.num_heads = num_attention_heads
        self.dropout = dropout
        self.q_proj = nn.Linear(hidden_size, hidden_size)
        self.k_proj = nn.Linear(hidden_size, hidden_size)
        self.v_proj = nn.Linear(hidden_size, hidden_size)
        self.o_proj = nn.Linear(hidden_size, hidden_size)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Attend from each query to the keys.

        Args:
            query: [batch, query_length, hidden_size].
            key, value: [batch, key_length, hidden_size].
            attention_mask: boolean, True = may be attended to, broadcastable to [batch, query_length, key_length];
                the same for every head.

        Returns:
            The output [batch, query_length, hidden_size] and the weights
            [batch, num_attention_heads, query_length, key_length].
        """
        q = self._split_heads(self.q_proj(query))  # [batch, heads, query_length, head_dim]
        k = self._split_heads(self.k_proj(key))
        v = self._split_heads(self.v_proj(value))
        mask = None if attention_mask is None else attention_mask.unsqueeze(-3)
        heads, weights = scaled_dot_product_attention(q, k, v, mask, self.dropout if self.training else 0.0)
        return self.o_proj(heads.transpose(1, 2).flatten(2)), weights

    def _split_heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
