"""BERT: an encoder that sees all positions, with a head for either task (section 2.3.1; Devlin et al., 2019)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from llmbook.errors import ReaderError
from llmbook.models.transformer import EncoderLayer

if TYPE_CHECKING:
    import transformers


@dataclass(frozen=True)
class BertConfig:
    """Sizes of a BERT; the defaults are those of BERT-base.

    Attributes:
        vocab_size: number of tokens |V|.
        hidden_size: width of every layer (H), and of the embeddings.
        num_hidden_layers: number of layers (L).
        num_attention_heads: heads of each attention (A).
        intermediate_size: inner width of the feed-forward layer.
        max_position_embeddings: the longest sequence, in tokens.
        type_vocab_size: number of segments |S|.
        dropout: on sub-layer outputs, embeddings, attention weights and the feed-forward layer's inside.
        norm_first: BERT normalises after each sub-layer.
        hidden_act: the feed-forward layer's activation.
        layer_norm_eps: what layer norms add to the variance.
        initializer_range: standard deviation of the first weights; a narrow model learns sooner with more than 0.02.
    """

    vocab_size: int = 30522
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    dropout: float = 0.1
    norm_first: bool = False
    hidden_act: str = "gelu"
    layer_norm_eps: float = 1e-12
    initializer_range: float = 0.02


BERT_BASE = BertConfig()
BERT_LARGE = BertConfig(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096)


class BertEmbeddings(nn.Module):
    """The input representation: token, segment and position embedding summed, (2.11) to (2.13), then normalised."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.segments = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.positions = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.norm = nn.LayerNorm(config.hidden_size)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, input_ids: Tensor, token_type_ids: Tensor | None = None) -> Tensor:
        """Token ids and segment numbers, both [batch, length], to [batch, length, hidden_size].

        Raises:
            ReaderError: for a token or segment that has no row in its table, or too long a sequence.
        """
        length, longest = input_ids.shape[1], self.positions.num_embeddings
        if length > longest:
            raise ReaderError(f"a sequence of {length} tokens is longer than max_position_embeddings = {longest}")
        token_type_ids = torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids
        try:
            summed = self.tokens(input_ids) + self.segments(token_type_ids) + self.positions.weight[:length]
        except IndexError:
            raise ReaderError(
                f"token ids up to {input_ids.max().item()} and segments up to {token_type_ids.max().item()} do not "
                f"fit tables of {self.tokens.num_embeddings} tokens and {self.segments.num_embeddings} segments: the "
                "tokenizer belongs to another model"
            ) from None
        return self.dropout(self.norm(summed))


class Bert(nn.Module):
    """Input representation, N encoder layers, and the pooler that makes one vector of a text."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.config = config
        self.embeddings = BertEmbeddings(config)
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(config.num_hidden_layers))
        self.pooler = nn.Linear(config.hidden_size, config.hidden_size)
        _initialise(self, config.initializer_range)

    def forward(
        self, input_ids: Tensor, token_type_ids: Tensor | None = None, attention_mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Encode a batch.

        Args:
            input_ids: [batch, length].
            token_type_ids: segment numbers, [batch, length]; all 0 when not given.
            attention_mask: boolean, True = may be attended to, broadcastable to [batch, length, length]; padding is
                hidden by `(input_ids != pad)[:, None]`.

        Returns:
            The last layer's vectors [batch, length, hidden_size]; and the vector of the first token, [CLS], after a
            linear map and tanh, [batch, hidden_size].
        """
        x = self.embeddings(input_ids, token_type_ids)
        for layer in self.layers:
            x = layer(x, attention_mask)
        return x, self.pooler(x[:, 0]).tanh()


class MaskedLMHead(nn.Module):
    """The scores of (2.18): a linear map, GELU and layer norm, then the token embeddings transposed, and a bias.

    Args:
        config: of the model.
        embedding: the token embeddings; they are shared, not copied.
    """

    def __init__(self, config: BertConfig, embedding: nn.Embedding) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.norm = nn.LayerNorm(config.hidden_size)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.weight = embedding.weight

    def forward(self, hidden_states: Tensor) -> Tensor:
        """[..., hidden_size] to logits [..., vocab_size]."""
        return F.linear(self.norm(F.gelu(self.dense(hidden_states))), self.weight, self.bias)


class BertForPreTraining(nn.Module):
    """BERT with the two output layers of figure 2.3: hidden tokens (MLM) and next sentence (NSP)."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.config = config
        self.bert = Bert(config)
        self.mlm_head = MaskedLMHead(config, self.bert.embeddings.tokens)
        self.nsp_head = nn.Linear(config.hidden_size, 2)
        _initialise(self, config.initializer_range)
        for module in self.modules():
            if isinstance(module, nn.LayerNorm):
                module.eps = config.layer_norm_eps

    def forward(
        self, input_ids: Tensor, token_type_ids: Tensor | None = None, attention_mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Logits over the vocabulary at every position [batch, length, vocab_size], and over (is next, is not)
        [batch, 2]; arguments as for `Bert`."""
        hidden_states, pooled = self.bert(input_ids, token_type_ids, attention_mask)
        return self.mlm_head(hidden_states), self.nsp_head(pooled)


def pretraining_loss(mlm_logits: Tensor, nsp_logits: Tensor, labels: Tensor, next_sentence_label: Tensor) -> Tensor:
    """The sum of the two tasks' mean cross-entropies, in nats.

    Args:
        mlm_logits: [batch, length, vocab_size].
        nsp_logits: [batch, 2].
        labels: [batch, length], the original token where one was selected and -100 elsewhere.
        next_sentence_label: [batch], 0 = is next, 1 = is not.
    """
    mlm = F.cross_entropy(mlm_logits.flatten(0, 1), labels.flatten())
    return mlm + F.cross_entropy(nsp_logits, next_sentence_label)


def to_transformers(model: BertForPreTraining) -> "transformers.BertForPreTraining":
    """The same model as a `transformers` object, with a copy of the weights: same logits, same loss.

    Raises:
        ReaderError: for a model that normalises before each sub-layer, which BERT does not.
    """
    import transformers

    config = model.config
    if config.norm_first:
        raise ReaderError("BERT normalises after each sub-layer, and this model before it: set norm_first=False")
    peer = transformers.BertForPreTraining(
        transformers.BertConfig(
            vocab_size=config.vocab_size, hidden_size=config.hidden_size, num_hidden_layers=config.num_hidden_layers,
            num_attention_heads=config.num_attention_heads, intermediate_size=config.intermediate_size,
            max_position_embeddings=config.max_position_embeddings, type_vocab_size=config.type_vocab_size,
            hidden_act=config.hidden_act, hidden_dropout_prob=config.dropout,
            attention_probs_dropout_prob=config.dropout, layer_norm_eps=config.layer_norm_eps,
            initializer_range=config.initializer_range,
        )
    )  # fmt: skip
    with torch.no_grad():
        for ours, theirs in _same_parameters(model, peer):
            theirs.copy_(ours)
    return peer.train(model.training)


def from_transformers(peer: "transformers.BertForPreTraining") -> BertForPreTraining:
    """The inverse of `to_transformers`: a published BERT, loaded by `transformers`, as a model of ours.

    Raises:
        ReaderError: for a variant with an untied head.
    """
    config = peer.config
    if not config.tie_word_embeddings:
        raise ReaderError("this BERT has an output matrix of its own, and ours shares the embeddings: cannot convert")
    model = BertForPreTraining(
        BertConfig(
            vocab_size=config.vocab_size, hidden_size=config.hidden_size, num_hidden_layers=config.num_hidden_layers,
            num_attention_heads=config.num_attention_heads, intermediate_size=config.intermediate_size,
            max_position_embeddings=config.max_position_embeddings, type_vocab_size=config.type_vocab_size,
            dropout=config.hidden_dropout_prob, hidden_act=config.hidden_act, layer_norm_eps=config.layer_norm_eps,
            initializer_range=config.initializer_range,
        )
    )  # fmt: skip
    with torch.no_grad():
        for ours, theirs in _same_parameters(model, peer):
            ours.copy_(theirs)
    return model.train(peer.training)


def _same_parameters(
    model: BertForPreTraining, peer: "transformers.BertForPreTraining"
) -> Iterator[tuple[Tensor, Tensor]]:
    """Each parameter of ours with the one of `transformers` that means the same."""
    embeddings, head = peer.bert.embeddings, peer.cls.predictions
    modules = [
        (model.bert.embeddings.tokens, embeddings.word_embeddings),
        (model.bert.embeddings.segments, embeddings.token_type_embeddings),
        (model.bert.embeddings.positions, embeddings.position_embeddings),
        (model.bert.embeddings.norm, embeddings.LayerNorm),
        (model.bert.pooler, peer.bert.pooler.dense),
        (model.mlm_head.dense, head.transform.dense),
        (model.mlm_head.norm, head.transform.LayerNorm),
        (model.nsp_head, peer.cls.seq_relationship),
    ]
    for ours, theirs in zip(model.bert.layers, peer.bert.encoder.layer, strict=True):
        attention, projections = ours.self_attention, theirs.attention.self
        modules += [
            (attention.q_proj, projections.query),
            (attention.k_proj, projections.key),
            (attention.v_proj, projections.value),
            (attention.o_proj, theirs.attention.output.dense),
            (ours.add_norms[0].norm, theirs.attention.output.LayerNorm),
            (ours.feed_forward.up_proj, theirs.intermediate.dense),
            (ours.feed_forward.down_proj, theirs.output.dense),
            (ours.add_norms[1].norm, theirs.output.LayerNorm),
        ]
    for ours, theirs in modules:
        yield from zip(ours.parameters(), theirs.parameters(), strict=True)
    yield model.mlm_head.bias, head.bias


def _initialise(model: nn.Module, std: float) -> None:
    """BERT's: normal matrices, biases zero."""
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=std)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
