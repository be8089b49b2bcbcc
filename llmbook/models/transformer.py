"""The encoder-decoder Transformer (section 2.2; Vaswani et al., 2017)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F

from llmbook.errors import ReaderError
from llmbook.models.attention import MultiHeadAttention, causal_mask
from llmbook.models.positions import SinusoidalPositions


@dataclass(frozen=True)
class TransformerConfig:
    """Sizes of an encoder-decoder Transformer; the defaults are the paper's base model.

    Attributes:
        src_vocab_size: number of source tokens.
        tgt_vocab_size: number of target tokens.
        hidden_size: width of every layer (d_model in the paper).
        num_hidden_layers: layers in the encoder, and again in the decoder (N).
        num_attention_heads: heads of each attention (h).
        intermediate_size: inner width of the feed-forward layer (d_ff).
        dropout: on sub-layer outputs, embeddings, attention weights and the feed-forward layer's inside.
        norm_first: normalise before each sub-layer (pre-norm, as the book's code) or after it (post-norm, as its
            figure 2.1 and the paper).
        max_position_embeddings: the longest sequence, in tokens.
        hidden_act: the feed-forward layer's activation, "relu", "gelu" or "gelu_new".
    """

    src_vocab_size: int
    tgt_vocab_size: int
    hidden_size: int = 512
    num_hidden_layers: int = 6
    num_attention_heads: int = 8
    intermediate_size: int = 2048
    dropout: float = 0.1
    norm_first: bool = True
    max_position_embeddings: int = 512
    hidden_act: str = "relu"


def make_masks(input_ids: Tensor, decoder_input_ids: Tensor, pad_token_id: int) -> tuple[Tensor, Tensor]:
    """The two masks of section 2.2.5: hide the source's padding, and the target's padding and future.

    Args:
        input_ids: [batch, source_length].
        decoder_input_ids: [batch, target_length].
        pad_token_id: the token that fills up short rows.

    Returns:
        Boolean masks, True = may be attended to: [batch, 1, source_length] and [batch, target_length, target_length].
    """
    attention_mask = (input_ids != pad_token_id)[:, None, :]
    seen = causal_mask(decoder_input_ids.shape[1], decoder_input_ids.device)
    return attention_mask, (decoder_input_ids != pad_token_id)[:, None, :] & seen


class FeedForward(nn.Module):
    """ReLU(x W₁ + b₁) W₂ + b₂, the same at every position: equation (2.8). BERT, GPT and BART have GELU for ReLU."""

    def __init__(
        self, hidden_size: int, intermediate_size: int, dropout: float = 0.0, hidden_act: str = "relu"
    ) -> None:
        super().__init__()
        self.up_proj = nn.Linear(hidden_size, intermediate_size)
        self.down_proj = nn.Linear(intermediate_size, hidden_size)
        self.dropout = nn.Dropout(dropout)
        # GPT-2's weights were trained with a tanh approximation of GELU, which is known as "gelu_new".
        self.activation = partial(F.gelu, approximate="tanh") if hidden_act == "gelu_new" else getattr(F, hidden_act)

    def forward(self, x: Tensor) -> Tensor:
        """[..., hidden_size] to the same shape."""
        return self.down_proj(self.dropout(self.activation(self.up_proj(x))))


class AddNorm(nn.Module):
    """A residual connection and a layer norm around a sub-layer (section 2.2.4, equation 2.9).

    Pre-norm keeps a clean path from input to output, x + f(norm(x)); post-norm is norm(x + f(x)).
    """

    def __init__(self, hidden_size: int, dropout: float, norm_first: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(self, x: Tensor, sublayer: Callable[[Tensor], Tensor]) -> Tensor:
        """[batch, length, hidden_size] to the same shape; `sublayer` maps that shape to itself."""
        if self.norm_first:
            return x + self.dropout(sublayer(self.norm(x)))
        return self.norm(x + self.dropout(sublayer(x)))


class EncoderLayer(nn.Module):
    """Self-attention over the whole source, then the feed-forward layer."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        size, dropout = config.hidden_size, config.dropout
        self.self_attention = MultiHeadAttention(size, config.num_attention_heads, dropout)
        self.feed_forward = FeedForward(size, config.intermediate_size, dropout, config.hidden_act)
        self.add_norms = nn.ModuleList(AddNorm(size, dropout, config.norm_first) for _ in range(2))

    def forward(self, x: Tensor, attention_mask: Tensor) -> Tensor:
        """[batch, source_length, hidden_size] to the same shape."""
        x = self.add_norms[0](x, lambda y: self.self_attention(y, y, y, attention_mask)[0])
        return self.add_norms[1](x, self.feed_forward)


class DecoderLayer(nn.Module):
    """Masked self-attention over the target so far, cross-attention to the encoder's output, feed-forward."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        size, dropout = config.hidden_size, config.dropout
        self.self_attention = MultiHeadAttention(size, config.num_attention_heads, dropout)
        self.cross_attention = MultiHeadAttention(size, config.num_attention_heads, dropout)
        self.feed_forward = FeedForward(size, config.intermediate_size, dropout, config.hidden_act)
        self.add_norms = nn.ModuleList(AddNorm(size, dropout, config.norm_first) for _ in range(3))

    def forward(self, x: Tensor, encoded: Tensor, decoder_mask: Tensor, attention_mask: Tensor) -> Tensor:
        """[batch, target_length, hidden_size] to the same shape; queries from x, keys and values from `encoded`."""
        x = self.add_norms[0](x, lambda y: self.self_attention(y, y, y, decoder_mask)[0])
        x = self.add_norms[1](x, lambda y: self.cross_attention(y, encoded, encoded, attention_mask)[0])
        return self.add_norms[2](x, self.feed_forward)


class Stack(nn.Module):
    """Embedding, positions and N layers, with the final norm that pre-norm needs: one side of figure 2.1."""

    def __init__(self, config: TransformerConfig, vocab_size: int, layer: type[EncoderLayer | DecoderLayer]) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(vocab_size, config.hidden_size)
        self.positions = SinusoidalPositions(config.hidden_size, config.max_position_embeddings)
        self.dropout = nn.Dropout(config.dropout)
        self.layers = nn.ModuleList(layer(config) for _ in range(config.num_hidden_layers))
        self.norm = nn.LayerNorm(config.hidden_size) if config.norm_first else nn.Identity()

    def forward(self, token_ids: Tensor, *context: Tensor) -> Tensor:
        """[batch, length] token ids to [batch, length, hidden_size]; `context` goes to every layer.

        Raises:
            ReaderError: for a token id outside the vocabulary, or too long a sequence.
        """
        try:
            embeddings = self.embed_tokens(token_ids)
        except IndexError:
            raise ReaderError(
                f"token id {token_ids.max().item()} is outside the model's vocabulary of "
                f"{self.embed_tokens.num_embeddings}: the tokenizer belongs to another model"
            ) from None
        x = self.dropout(self.positions(embeddings))
        for layer in self.layers:
            x = layer(x, *context)
        return self.norm(x)


class Transformer(nn.Module):
    """The encoder-decoder of figure 2.1, from token ids to logits over the target vocabulary.

    Every matrix starts Xavier-uniform, as in the book's training listing (section 2.2.5).
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Stack(config, config.src_vocab_size, EncoderLayer)
        self.decoder = Stack(config, config.tgt_vocab_size, DecoderLayer)
        self.lm_head = nn.Linear(config.hidden_size, config.tgt_vocab_size)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)

    def forward(
        self, input_ids: Tensor, decoder_input_ids: Tensor, attention_mask: Tensor, decoder_mask: Tensor
    ) -> Tensor:
        """Score every next target token.

        Args:
            input_ids: [batch, source_length].
            decoder_input_ids: [batch, target_length], the target shifted right by one.
            attention_mask, decoder_mask: from `make_masks`.

        Returns:
            Logits [batch, target_length, tgt_vocab_size].
        """
        encoded = self.encoder(input_ids, attention_mask)
        return self.lm_head(self.decoder(decoder_input_ids, encoded, decoder_mask, attention_mask))
