"""GPT: a decoder-only Transformer with learned positions (section 2.3.2; Radford et al., 2018 and 2019)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from llmbook.errors import ReaderError
from llmbook.models.attention import causal_mask
from llmbook.models.generation import choose
from llmbook.models.transformer import EncoderLayer

if TYPE_CHECKING:
    from transformers import GPT2LMHeadModel


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
        hidden_act: the feed-forward layer's activation; the published GPT and GPT-2 have "gelu_new".
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


class GPTForSequenceClassification(nn.Module):
    """A GPT with a linear classifier on the vector of a text's last token (2.27).

    Args:
        gpt: the pre-trained model; it is not copied, so fine-tuning changes it.
        num_labels: number of classes k.
    """

    def __init__(self, gpt: GPT, num_labels: int) -> None:
        super().__init__()
        self.gpt = gpt
        self.score = nn.Linear(gpt.config.hidden_size, num_labels, bias=False)
        _initialise(self.score)

    def forward(self, input_ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Classify texts, and score their tokens in the same pass, as the mixed loss (2.29) needs both.

        Args:
            input_ids: [batch, length], padded on the right with any token.
            lengths: [batch], tokens of each text without the padding.

        Returns:
            Logits over the labels [batch, num_labels], and over the next token [batch, length, vocab_size].
        """
        hidden = self.gpt.hidden_states(input_ids)
        last = hidden[torch.arange(len(hidden), device=hidden.device), lengths - 1]
        return self.score(last), hidden @ self.gpt.embed_tokens.weight.T


@torch.inference_mode()
def generate(
    model: GPT,
    input_ids: Tensor,
    *,
    max_new_tokens: int,
    temperature: float = 1.0,
    eos_token_id: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Continue a batch of equally long prompts, one token at a time; every step reads the whole text anew.

    Args:
        model: in evaluation mode.
        input_ids: [batch, prompt_length], at least one token each: GPT has no start of its own.
        max_new_tokens: tokens to add, unless every row ends before.
        temperature: divides the logits before a token is drawn; 0 takes the likeliest.
        eos_token_id: a row that has it is filled up with it.
        generator: where the draws come from.

    Returns:
        Prompts and continuations, [batch, prompt_length + at most max_new_tokens].
    """
    ended = torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)
    for _ in range(max_new_tokens):
        logits = model.hidden_states(input_ids)[:, -1] @ model.embed_tokens.weight.T
        tokens = choose(logits, temperature, generator=generator)
        if eos_token_id is not None:
            tokens = tokens.where(~ended, eos_token_id)
            ended = ended | (tokens == eos_token_id)
        input_ids = torch.cat([input_ids, tokens[:, None]], dim=1)
        if ended.all():
            break
    return input_ids


def to_gpt2(model: GPT) -> "GPT2LMHeadModel":
    """The same model as a `transformers` object, with a copy of the weights: same logits, same loss.

    Raises:
        ReaderError: for a model that normalises after each sub-layer, which GPT-2 does not.
    """
    from transformers import GPT2Config, GPT2LMHeadModel

    config = model.config
    if not config.norm_first:
        raise ReaderError(
            "GPT-2 normalises before each sub-layer, and this model after it: make it with norm_first=True"
        )
    peer = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=config.vocab_size, n_embd=config.hidden_size, n_layer=config.num_hidden_layers,
            n_head=config.num_attention_heads, n_inner=config.intermediate_size,
            n_positions=config.max_position_embeddings, activation_function=config.hidden_act,
            resid_pdrop=config.dropout, embd_pdrop=config.dropout, attn_pdrop=config.dropout,
            bos_token_id=None, eos_token_id=None,
        )
    )  # fmt: skip
    with torch.no_grad():
        for ours, theirs in _same_parameters(model, peer):
            theirs.copy_(ours)
    return peer.to(model.embed_tokens.weight.device).train(model.training)


def from_gpt2(peer: "GPT2LMHeadModel") -> GPT:
    """The inverse of `to_gpt2`: a published GPT-2, loaded by `transformers`, as a model of ours.

    Raises:
        ReaderError: for a variant that our layers do not have.
    """
    config = peer.config
    if config.scale_attn_by_inverse_layer_idx or not config.scale_attn_weights or not config.tie_word_embeddings:
        raise ReaderError(
            "this GPT-2 scales its attention in another way, or has an untied head: it cannot be converted"
        )
    model = GPT(
        GPTConfig(
            vocab_size=config.vocab_size, hidden_size=config.n_embd, num_hidden_layers=config.n_layer,
            num_attention_heads=config.n_head, intermediate_size=config.n_inner or 4 * config.n_embd,
            max_position_embeddings=config.n_positions, dropout=config.resid_pdrop,
            hidden_act=config.activation_function,
        )
    )  # fmt: skip
    with torch.no_grad():
        for ours, theirs in _same_parameters(model, peer):
            ours.copy_(theirs)
    return model.to(peer.device).train(peer.training)


def _same_parameters(model: GPT, peer: "GPT2LMHeadModel") -> Iterator[tuple[Tensor, Tensor]]:
    """Each parameter of ours with the view of GPT-2's that means the same: it keeps its matrices transposed."""
    body = peer.transformer
    yield model.embed_tokens.weight, body.wte.weight
    yield model.embed_positions.weight, body.wpe.weight
    yield from zip(model.norm.parameters(), body.ln_f.parameters(), strict=True)
    for ours, theirs in zip(model.layers, body.h, strict=True):
        attention, feed_forward = ours.self_attention, ours.feed_forward
        joined = theirs.attn.c_attn  # queries, keys and values side by side
        linears = [
            *zip(
                (attention.q_proj, attention.k_proj, attention.v_proj),
                zip(joined.weight.chunk(3, dim=1), joined.bias.chunk(3), strict=True),
                strict=True,
            ),
            (attention.o_proj, theirs.attn.c_proj.parameters()),
            (feed_forward.up_proj, theirs.mlp.c_fc.parameters()),
            (feed_forward.down_proj, theirs.mlp.c_proj.parameters()),
        ]
        for linear, (weight, bias) in linears:
            yield linear.weight, weight.T
            yield linear.bias, bias
        for norm, add_norm in zip((theirs.ln_1, theirs.ln_2), ours.add_norms, strict=True):
            yield from zip(add_norm.norm.parameters(), norm.parameters(), strict=True)


def _initialise(module: nn.Module) -> None:
    """GPT-2's: normal with standard deviation 0.02, biases zero."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
