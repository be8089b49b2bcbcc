"""GPT: a decoder-only Transformer with learned positions (section 2.3.2; Radford et al., 2018 and 2019)."""

from dataclasses import dataclass

from torch import Tensor, nn

from llmbook.errors import ReaderError
from llmbook.models.attention import causal_mask
from llmbook.models.transformer import EncoderLayer


@dataclass(frozen=True)
class GPTConfig:
    """Sizes of a GPT; the defaults are GPT-2's smallest model.

    Attributes:
        vocab_size: number of tokens.
        hidden_size: width of every layer.
        num_hidden_layers: number of layers.
        num_attention_heads: heads of each attention.
        intermediate_size: inner width of the feed-forward layer.
        max_position_embeddings: the longest sequence, in tokens.
        dropout: on sub-layer outputs, embeddings, attention weights and the feed-forward layer's inside.
        norm_first: normalise before each sub-layer (GPT-2) or after it (GPT).
        hidden_act: the feed-forward layer's activation.
    """

    vocab_size: int = 50257
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    max_position_embeddings: int = 1024
    dropout: float = 0.1
    norm_first: bool = True
    hidden_act: str = "gelu"


class GPT(nn.Module):
    """Token and position embeddings, N layers of masked self-attention, and a head tied to the embeddings.

    A layer is the encoder layer of section 2.2 under a causal mask: a decoder without an encoder to look at.
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.embed_positions = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.dropout = nn.Dropout(config.dropout)
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(config.num_hidden_layers))
        self.norm = nn.LayerNorm(config.hidden_size) if config.norm_first else nn.Identity()
        self.apply(_initialise)

    def hidden_states(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """The last layer's vectors (2.24): position i has seen the tokens 0..i.

        Args:
            input_ids: [batch, length].
            attention_mask: boolean, True = may be attended to, broadcastable to [batch, length, length]; on top of
                the causal mask.

        Returns:
            [batch, length, hidden_size].

        Raises:
            ReaderError: for a token id outside the vocabulary, or too long a sequence.
        """
        length, longest = input_ids.shape[1], self.config.max_position_embeddings
        if length > longest:
            raise ReaderError(f"a sequence of {length} tokens is longer than max_position_embeddings = {longest}")
        mask = causal_mask(length, input_ids.device)
        mask = mask if attention_mask is None else mask & attention_mask
        try:
            embeddings = self.embed_tokens(input_ids)
        except IndexError:
            raise ReaderError(
                f"token id {input_ids.max().item()} is outside the model's vocabulary of {self.config.vocab_size}: "
                "the tokenizer belongs to another model"
            ) from None
        x = self.dropout(embeddings + self.embed_positions.weight[:length])
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x)

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Logits of the next token at every position (2.25), [batch, length, vocab_size]; arguments as above."""
        return self.hidden_states(input_ids, attention_mask) @ self.embed_tokens.weight.T


def _initialise(module: nn.Module) -> None:
    """GPT-2's: normal with standard deviation 0.02, biases zero."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
