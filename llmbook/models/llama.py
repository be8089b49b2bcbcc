"""The LLaMA decoder (section 2.4.1): pre-norm with RMSNorm, SwiGLU, rotary positions, grouped-query attention.

Module and parameter names are those of the Hugging Face layout.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from llmbook.errors import ReaderError
from llmbook.models.attention import causal_mask
from llmbook.models.cache import KVCache
from llmbook.models.positions import apply_rotary, rotary_angles


@dataclass(frozen=True)
class LlamaConfig:
    """Sizes of a LLaMA; the defaults are LLaMA-7B's (table 2.1).

    Attributes:
        vocab_size: number of tokens.
        hidden_size: width of every layer.
        intermediate_size: inner width of the feed-forward layer.
        num_hidden_layers: number of layers.
        num_attention_heads: query heads.
        num_key_value_heads: key and value heads: as many as query heads (multi-head), 1 (multi-query), or a divisor
            in between (grouped-query); None for as many.
        head_dim: width of a head; None for hidden_size / num_attention_heads.
        max_position_embeddings: the longest sequence that the model is meant for, in tokens.
        rms_norm_eps: added to the mean square.
        rope_theta: base of the rotary frequencies.
        tie_word_embeddings: whether the head shares the embedding's matrix.
        initializer_range: standard deviation of the initial weights.
    """

    vocab_size: int = 32000
    hidden_size: int = 4096
    intermediate_size: int = 11008
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_key_value_heads: int | None = None
    head_dim: int | None = None
    max_position_embeddings: int = 2048
    rms_norm_eps: float = 1e-6
    rope_theta: float = 10000.0
    tie_word_embeddings: bool = False
    initializer_range: float = 0.02

    def __post_init__(self) -> None:
        heads, kv_heads = self.num_attention_heads, self.num_key_value_heads or self.num_attention_heads
        if self.head_dim is None and self.hidden_size % heads:
            raise ReaderError(f"hidden_size {self.hidden_size} is not divisible by num_attention_heads {heads}")
        if heads % kv_heads:
            raise ReaderError(f"num_attention_heads {heads} is not divisible by num_key_value_heads {kv_heads}")
        object.__setattr__(self, "num_key_value_heads", kv_heads)
        object.__setattr__(self, "head_dim", self.head_dim or self.hidden_size // heads)


class RMSNorm(nn.Module):
    """x / √(mean(x²) + eps) · weight, over the last axis: equations (2.30) and (2.31)."""

    def __init__(self, hidden_size: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(hidden_size))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """[..., hidden_size] to the same shape; the mean is taken in float32."""
        mean_square = x.float().pow(2).mean(dim=-1, keepdim=True)
        return (x * torch.rsqrt(mean_square + self.eps)).to(x.dtype) * self.weight


class LlamaMLP(nn.Module):
    """SwiGLU: (Swish(x W) ⊗ x V) W₂, equations (2.32) to (2.34)."""

    def __init__(self, hidden_size: int, intermediate_size: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(hidden_size, intermediate_size, bias=False)
        self.up_proj = nn.Linear(hidden_size, intermediate_size, bias=False)
        self.down_proj = nn.Linear(intermediate_size, hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[..., hidden_size] to the same shape."""
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class LlamaAttention(nn.Module):
    """Causal self-attention in which several query heads share a key and value head (sections 2.4.1 and 2.4.2)."""

    def __init__(self, config: LlamaConfig, layer_idx: int) -> None:
        super().__init__()
        self.layer_idx = layer_idx
        self.head_dim = config.head_dim
        self.q_proj = nn.Linear(config.hidden_size, config.num_attention_heads * config.head_dim, bias=False)
        self.k_proj = nn.Linear(config.hidden_size, config.num_key_value_heads * config.head_dim, bias=False)
        self.v_proj = nn.Linear(config.hidden_size, config.num_key_value_heads * config.head_dim, bias=False)
        self.o_proj = nn.Linear(config.num_attention_heads * config.head_dim, config.hidden_size, bias=False)

    def forward(
        self, x: Tensor, rotation: tuple[Tensor, Tensor], attention_mask: Tensor | None, cache: KVCache | None
    ) -> Tensor:
        """[batch, length, hidden_size] to the same shape."""
        q = apply_rotary(self._split_heads(self.q_proj(x)), *rotation)  # [batch, heads, length, head_dim]
        k = apply_rotary(self._split_heads(self.k_proj(x)), *rotation)
        v = self._split_heads(self.v_proj(x))
        if cache is not None:
            k, v = cache.update(self.layer_idx, k, v)
        causal = attention_mask is None and q.shape[2] > 1
        heads = F.scaled_dot_product_attention(
            q, k, v, attn_mask=attention_mask, is_causal=causal, enable_gqa=q.shape[1] != k.shape[1]
        )
        return self.o_proj(heads.transpose(1, 2).flatten(2))

    def _split_heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (-1, self.head_dim)).transpose(1, 2)


class LlamaDecoderLayer(nn.Module):
    """Norm, attention, add; norm, feed-forward, add (figure 2.7)."""

    def __init__(self, config: LlamaConfig, layer_idx: int) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.self_attn = LlamaAttention(config, layer_idx)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.mlp = LlamaMLP(config.hidden_size, config.intermediate_size)

    def forward(
        self, x: Tensor, rotation: tuple[Tensor, Tensor], attention_mask: Tensor | None, cache: KVCache | None
    ) -> Tensor:
        """[batch, length, hidden_size] to the same shape."""
        x = x + self.self_attn(self.input_layernorm(x), rotation, attention_mask, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class Llama(nn.Module):
    """A decoder-only language model, from token ids to logits."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(LlamaDecoderLayer(config, i) for i in range(config.num_hidden_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        half = torch.arange(0, config.head_dim, 2, dtype=torch.float64)
        self.register_buffer("inverse_frequencies", config.rope_theta ** (-half / config.head_dim), persistent=False)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=config.initializer_range)
        if config.tie_word_embeddings:
            self.lm_head.weight = self.embed_tokens.weight

    def hidden_states(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, cache: KVCache | None = None
    ) -> Tensor:
        """The last layer's vectors, after the final norm: position i has seen the tokens 0..i.

        Args:
            input_ids: [batch, length]; with a cache, the tokens that come after those it holds.
            attention_mask: boolean, True = may be attended to, broadcastable to [batch, length, key_length]; on top
                of the causal mask.
            cache: keys and values of the tokens read before; the new ones are added to it.

        Returns:
            [batch, length, hidden_size].
        """
        past = cache.length if cache is not None else 0
        length = input_ids.shape[1]
        positions = torch.arange(past, past + length, device=input_ids.device)
        rotation = rotary_angles(positions, self.inverse_frequencies)
        mask = None
        if attention_mask is not None or (past and length > 1):
            mask = causal_mask(past + length, input_ids.device)[past:]
            mask = mask[None, None] if attention_mask is None else (mask & attention_mask).unsqueeze(-3)
        x = self.embed_tokens(input_ids)
        for layer in self.layers:
            x = layer(x, rotation, mask, cache)
        if cache is not None:
            cache.advance(length)
        return self.norm(x)

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None, cache: KVCache | None = None) -> Tensor:
        """Logits of the next token at every position, [batch, length, vocab_size]; arguments as `hidden_states`."""
        return self.lm_head(self.hidden_states(input_ids, attention_mask, cache))
