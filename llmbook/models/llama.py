"""The LLaMA decoder (section 2.4.1): pre-norm with RMSNorm, SwiGLU, rotary positions, grouped-query attention.

One class reads the checkpoints of four families, LLaMA, Mistral, Qwen2 and Qwen3, which differ in a few switches of the
configuration. Modules and parameters have the names of the Hugging Face layout.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from llmbook.errors import ReaderError
from llmbook.models.cache import KVCache
from llmbook.models.losses import linear_cross_entropy
from llmbook.models.positions import apply_rotary, rotary_angles, rotary_frequencies

ROTARY_TABLE_LENGTH = 8192  # positions whose angles a model keeps ready


@dataclass(frozen=True)
class LlamaConfig:
    """Sizes and switches of a LLaMA; the defaults are LLaMA-7B's (table 2.1).

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
        rope_scaling: how the frequencies are stretched beyond the trained length, in the field's keys (`rope_type`,
            `factor`, …: see `rotary_frequencies`); None for not at all.
        tie_word_embeddings: whether the head shares the embedding's matrix.
        attention_bias: whether the query, key and value projections have a bias (Qwen2).
        qk_norm: whether each head's queries and keys are RMS-normalised before they are turned (Qwen3).
        sliding_window: how many of the last tokens, itself included, a token may attend to (Mistral); None for all.
        initializer_range: standard deviation of the initial weights.

    Raises:
        ReaderError: for sizes that do not fit together.
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
    rope_scaling: Mapping[str, object] | None = None
    tie_word_embeddings: bool = False
    attention_bias: bool = False
    qk_norm: bool = False
    sliding_window: int | None = None
    initializer_range: float = 0.02

    def __post_init__(self) -> None:
        heads, kv_heads = self.num_attention_heads, self.num_key_value_heads or self.num_attention_heads
        if self.head_dim is None and self.hidden_size % heads:
            raise ReaderError(f"hidden_size {self.hidden_size} is not divisible by num_attention_heads {heads}")
        if heads % kv_heads:
            raise ReaderError(f"num_attention_heads {heads} is not divisible by num_key_value_heads {kv_heads}")
        object.__setattr__(self, "num_key_value_heads", kv_heads)
        object.__setattr__(self, "head_dim", self.head_dim or self.hidden_size // heads)
        if self.head_dim % 2:
            raise ReaderError(f"head_dim {self.head_dim} is odd, and rotary positions turn features in pairs")
        rotary_frequencies(self.head_dim, self.rope_theta, self.rope_scaling, self.max_position_embeddings)


class RMSNorm(nn.Module):
    """x / √(mean(x²) + eps) · weight, over the last axis: equations (2.30) and (2.31), by PyTorch's kernel."""

    def __init__(self, hidden_size: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(hidden_size))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """[..., hidden_size] to the same shape."""
        return F.rms_norm(x, self.weight.shape, self.weight, self.eps)


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
    """Causal self-attention in which several query heads may share a key and value head (2.4.1 and 2.4.2)."""

    def __init__(self, config: LlamaConfig, layer_idx: int) -> None:
        super().__init__()
        self.layer_idx = layer_idx
        self.head_dim = config.head_dim
        q_size, kv_size = (n * self.head_dim for n in (config.num_attention_heads, config.num_key_value_heads))
        self.grouped = q_size != kv_size
        self.q_proj = nn.Linear(config.hidden_size, q_size, bias=config.attention_bias)
        self.k_proj = nn.Linear(config.hidden_size, kv_size, bias=config.attention_bias)
        self.v_proj = nn.Linear(config.hidden_size, kv_size, bias=config.attention_bias)
        self.o_proj = nn.Linear(q_size, config.hidden_size, bias=False)
        self.q_norm = RMSNorm(self.head_dim, config.rms_norm_eps) if config.qk_norm else nn.Identity()
        self.k_norm = RMSNorm(self.head_dim, config.rms_norm_eps) if config.qk_norm else nn.Identity()

    def forward(
        self,
        x: Tensor,
        rotation: tuple[Tensor, Tensor],
        attention_mask: Tensor | None = None,
        cache: KVCache | None = None,
    ) -> Tensor:
        """Attend from every position of `x` to those before it, and to the cached ones.

        Args:
            x: [batch, length, hidden_size].
            rotation: cos and sin of `rotary_angles` for the positions of `x`.
            attention_mask: boolean, True = may be attended to, broadcastable to [batch, heads, length, key_length];
                None for the causal mask, which then needs no memory.
            cache: keys and values of the tokens before `x`; those of `x` are added.

        Returns:
            [batch, length, hidden_size].
        """
        shape = (*x.shape[:2], -1, self.head_dim)
        q = apply_rotary(self.q_norm(self.q_proj(x).view(shape)).transpose(1, 2), *rotation)
        k = apply_rotary(self.k_norm(self.k_proj(x).view(shape)).transpose(1, 2), *rotation)
        v = self.v_proj(x).view(shape).transpose(1, 2)  # [batch, num_key_value_heads, length, head_dim]
        if cache is not None:
            k, v = cache.update(self.layer_idx, k, v)
        causal = attention_mask is None and x.shape[1] > 1
        heads = F.scaled_dot_product_attention(q, k, v, attention_mask, is_causal=causal, enable_gqa=self.grouped)
        return self.o_proj(heads.transpose(1, 2).flatten(2))


class LlamaDecoderLayer(nn.Module):
    """Norm, attention, add; norm, feed-forward, add (figure 2.7)."""

    def __init__(self, config: LlamaConfig, layer_idx: int) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.self_attn = LlamaAttention(config, layer_idx)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.mlp = LlamaMLP(config.hidden_size, config.intermediate_size)

    def forward(
        self,
        x: Tensor,
        rotation: tuple[Tensor, Tensor],
        attention_mask: Tensor | None = None,
        cache: KVCache | None = None,
    ) -> Tensor:
        """[batch, length, hidden_size] to the same shape; arguments as `LlamaAttention`."""
        x = x + self.self_attn(self.input_layernorm(x), rotation, attention_mask, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class Llama(nn.Module):
    """A decoder-only language model, from token ids to logits.

    Args:
        config: its sizes; the weights start normal with standard deviation `initializer_range`.
    """

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(LlamaDecoderLayer(config, i) for i in range(config.num_hidden_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        if config.tie_word_embeddings:
            self.lm_head.weight = self.embed_tokens.weight
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=config.initializer_range)
        # Worked out once: a generated token costs as much time in small operations as in its matrix products.
        positions = torch.arange(min(config.max_position_embeddings, ROTARY_TABLE_LENGTH), device="cpu")
        self.register_buffer("rotary_table", _rotary_table(config, positions), persistent=False)

    @classmethod
    def from_pretrained(
        cls, path_or_hub_id: str | Path, dtype: torch.dtype | None = None, device: torch.device | str = "cpu"
    ) -> "Llama":
        """Read a LLaMA, Mistral, Qwen2 or Qwen3 checkpoint in the Hugging Face layout.

        Args:
            path_or_hub_id: a folder with config.json and safetensors files, or a repository's name.
            dtype: of the weights; None for float32.
            device: where the weights go.

        Returns:
            The model, in evaluation mode.

        Raises:
            ReaderError: for a missing file, another architecture, a feature that this class lacks, or weights that are
                missing, left over or of the wrong shape.
        """
        from llmbook.models.checkpoints import load_llama

        return load_llama(cls, path_or_hub_id, dtype or torch.float32, torch.device(device))

    def save_pretrained(self, folder: str | Path, max_shard_size: int = 5 * 10**9) -> None:
        """Write config.json and safetensors that `transformers.AutoModelForCausalLM` loads with the same logits.

        Args:
            folder: made if there is none; a checkpoint in it is replaced.
            max_shard_size: bytes of weights per file.
        """
        from llmbook.models.checkpoints import save_llama

        save_llama(self, folder, max_shard_size)

    def hidden_states(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        cache: KVCache | None = None,
        position_ids: Tensor | None = None,
    ) -> Tensor:
        """The last layer's vectors, after the final norm: position i has seen the tokens 0..i.

        Args:
            input_ids: [batch, length]; with a cache, the tokens that come after those it holds.
            attention_mask: boolean, True = may be attended to, broadcastable to [batch, length, key_length], where
                key_length counts the cached tokens too; it only takes away from the causal mask.
            cache: keys and values of the tokens read before; those of `input_ids` are added to it.
            position_ids: [length] or [batch, length]; None for those that follow the cache.

        Returns:
            [batch, length, hidden_size].

        Raises:
            ReaderError: for a token id outside the vocabulary, or a full cache.
        """
        length, past = input_ids.shape[1], cache.length if cache is not None else 0
        try:
            x = self.embed_tokens(input_ids)
        except IndexError:
            raise ReaderError(
                f"token id {input_ids.max().item()} is outside the model's vocabulary of {self.config.vocab_size}: "
                "the tokenizer belongs to another model"
            ) from None
        rotation = self._rotation(position_ids, past, length, x)
        mask = _attention_mask(length, past, attention_mask, self.config.sliding_window, x.device)
        for layer in self.layers:
            x = layer(x, rotation, mask, cache)
        if cache is not None:
            cache.advance(length)
        return self.norm(x)

    def _rotation(self, position_ids: Tensor | None, past: int, length: int, x: Tensor) -> tuple[Tensor, Tensor]:
        """Cosines and sines of the positions: those that follow the cache are looked up, any others worked out."""
        if position_ids is None and past + length <= self.rotary_table.shape[1]:
            cos, sin = self.rotary_table[:, past : past + length].unbind(0)
        else:
            positions = torch.arange(past, past + length) if position_ids is None else position_ids
            cos, sin = _rotary_table(self.config, positions.to(x.device), past + length)
        return cos.to(x.dtype), sin.to(x.dtype)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        cache: KVCache | None = None,
        position_ids: Tensor | None = None,
    ) -> Tensor:
        """Logits of the next token at every position, [batch, length, vocab_size]; arguments as `hidden_states`."""
        return self.lm_head(self.hidden_states(input_ids, attention_mask, cache, position_ids))

    def loss(self, input_ids: Tensor, labels: Tensor | None = None, attention_mask: Tensor | None = None) -> Tensor:
        """Mean negative log-likelihood of each token given those before it (2.26), without keeping all logits.

        Args:
            input_ids: [batch, length].
            labels: [batch, length], -100 where a token is not to be predicted; None for `input_ids`. Position i is
                predicted from the state at i - 1: the shift is done here.
            attention_mask: as `hidden_states`.

        Returns:
            A scalar, in nats per predicted token.
        """
        labels = input_ids if labels is None else labels
        states = self.hidden_states(input_ids, attention_mask)[:, :-1]
        return linear_cross_entropy(states.flatten(0, 1), self.lm_head.weight, labels[:, 1:].flatten())

    def new_cache(self, batch_size: int, max_length: int) -> KVCache:
        """An empty cache for `batch_size` rows of up to `max_length` tokens, in the model's precision."""
        config, weight = self.config, self.embed_tokens.weight
        return KVCache(
            batch_size, max_length, config.num_hidden_layers, config.num_key_value_heads, config.head_dim,
            weight.dtype, weight.device,
        )  # fmt: skip


def _rotary_table(config: LlamaConfig, position_ids: Tensor, length: int = 0) -> Tensor:
    """Cosines and sines as `rotary_angles` gives them, stacked; `length` is what a dynamic stretching goes by."""
    frequencies, factor = rotary_frequencies(
        config.head_dim, config.rope_theta, config.rope_scaling, config.max_position_embeddings, length,
        position_ids.device,
    )  # fmt: skip
    return torch.stack(rotary_angles(position_ids, frequencies)) * factor


def _attention_mask(
    length: int, past: int, attention_mask: Tensor | None, sliding_window: int | None, device: torch.device
) -> Tensor | None:
    """What each of `length` queries after `past` cached tokens may see, [batch or 1, 1, length, past + length].

    None where the causal mask is all there is and the attention kernel can do without it.
    """
    windowed = sliding_window is not None and past + length > sliding_window
    if attention_mask is None and not windowed and (length == 1 or not past):
        return None
    queries, keys = (
        torch.arange(past, past + length, device=device)[:, None],
        torch.arange(past + length, device=device),
    )
    mask = keys <= queries
    if windowed:
        mask = mask & (keys > queries - sliding_window)
    return mask[None, None] if attention_mask is None else (mask & attention_mask).unsqueeze(-3)
