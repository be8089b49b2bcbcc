"""How well a language model predicts documents, in nats, and how far it is from the source that wrote them (8.3)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from llmbook.data.tokenizers.bpe import BPETokenizer
from llmbook.errors import ReaderError
from llmbook.models.llama import Llama
from llmbook.models.losses import LOGITS_AT_ONCE

END_OF_TEXT = "<|endoftext|>"
TOKENS_AT_ONCE = {"cpu": 1024, "other": 65536}  # in a batch, padding included; a core's cache holds no more


@dataclass(frozen=True)
class Score:
    """What a model's prediction of some documents costs; scores add up.

    The end-of-text token after a document counts as one of its tokens, here and in what the source knows: when a text
    ends is part of what the source chose. The one before it is given.

    Attributes:
        documents, tokens, bytes: how much was predicted; the bytes are those of UTF-8.
        nats: minus the model's log-probability of all of it.
        source_nats: the same for the source that wrote it; None where it is not known.
    """

    documents: int
    tokens: int
    bytes: int
    nats: float
    source_nats: float | None = None

    def __add__(self, other: "Score") -> "Score":
        known = self.source_nats is not None and other.source_nats is not None
        return Score(
            self.documents + other.documents, self.tokens + other.tokens, self.bytes + other.bytes,
            self.nats + other.nats, self.source_nats + other.source_nats if known else None,
        )  # fmt: skip

    @property
    def per_token(self) -> float:
        """Cross-entropy in nats a token."""
        return self.nats / self.tokens

    @property
    def per_byte(self) -> float:
        """In nats a byte, which models with different tokenizers can be compared by."""
        return self.nats / self.bytes

    @property
    def gap(self) -> float | None:
        """What the model loses to the source, in nats a token: an estimate of their Kullback-Leibler divergence."""
        return None if self.source_nats is None else (self.nats - self.source_nats) / self.tokens


def cross_entropy(
    model: Llama,
    tokenizer: BPETokenizer,
    records: Iterable[Mapping[str, Any]],
    priors: Mapping[str, float] | None = None,
    *,
    group: str = "kind",
) -> dict[str, Score]:
    """A model's cross-entropy on records of the world, by kind, beside the source's own.

    A record's `nats` are those of its text once its kind is known. A model that reads a mixture must find out the kind
    too, which costs another -log(share of the kind): with `priors` the source pays that as well, and a model that knows
    everything has a gap of 0.

    Args:
        model: in evaluation mode.
        tokenizer: the model's.
        records: with `text`, `kind` and, where it is known, `nats`.
        priors: the share of a kind among the documents the model learned from (`document_shares`); None compares with
            a source of which the kind is known.
        group: the column to keep apart, "kind" or "language".

    Returns:
        By group, in the order in which they come.

    Raises:
        ReaderError: there is no record, or a kind has no prior.
    """
    records = list(records)
    if not records:
        raise ReaderError("there is no record to predict")
    scores: dict[str, Score] = {}
    nats = document_nats(model, tokenizer, [record["text"] for record in records])
    for record, (own, tokens) in zip(records, nats, strict=True):
        source = _source_nats(record, priors)
        score = Score(1, tokens, len(record["text"].encode()), own, source)
        name = record[group]
        scores[name] = scores[name] + score if name in scores else score
    return scores


def _source_nats(record: Mapping[str, Any], priors: Mapping[str, float] | None) -> float | None:
    if record.get("nats") is None:
        return None
    if priors is None:
        return record["nats"]
    if not priors.get(record["kind"]):
        raise ReaderError(f"the kind {record['kind']!r} has no prior above 0, and a record of that kind is there")
    return record["nats"] - log(priors[record["kind"]])


def document_nats(
    model: Llama, tokenizer: BPETokenizer, texts: Sequence[str], *, end_of_text: str = END_OF_TEXT
) -> list[tuple[float, int]]:
    """Minus the log-probability of each text followed by the end-of-text token, given that token before it.

    Texts that are longer than the model's positions are read in windows that overlap by half.

    Args:
        model: in evaluation mode.
        tokenizer: the model's.
        texts: any number of them; they are sorted by length to waste little on padding.
        end_of_text: the special token that separates the documents the model learned from.

    Returns:
        For each text its nats and the number of tokens they are the sum over, the last end-of-text token included.

    Raises:
        ReaderError: the tokenizer has no such special token.
    """
    if end_of_text not in tokenizer.special_tokens:
        raise ReaderError(f"the tokenizer has no special token {end_of_text!r} to begin and end a text with")
    end = tokenizer.special_tokens[end_of_text]
    documents = [[end, *tokenizer.encode(text, parse_special_tokens=False), end] for text in texts]
    windows = [Window(number, ids, first) for number, whole in enumerate(documents)
               for ids, first in _windows(whole, model.config.max_position_embeddings)]  # fmt: skip
    nats = window_nats(model, windows, len(texts))
    return [(own, len(ids) - 1) for own, ids in zip(nats, documents, strict=True)]


def _windows(ids: list[int], most: int) -> Iterator[tuple[list[int], int]]:
    """Parts of a document that fit, each with the number of its first token to predict."""
    yield ids[:most], 1
    for start in range(most // 2, len(ids) - most + most // 2, most // 2):
        yield ids[start : start + most], most - most // 2


class Window(NamedTuple):
    """Tokens to be read at once: `ids[first:]` are to be predicted, and count for text number `text`."""

    text: int
    ids: list[int]
    first: int


def window_nats(model: Llama, windows: Iterable[Window], texts: int) -> list[float]:
    """Minus the log-probability of what the windows of each text predict, for texts number 0 to `texts` - 1."""
    nats = torch.zeros(texts, dtype=torch.float64)
    device = model.embed_tokens.weight.device.type
    most = TOKENS_AT_ONCE.get(device, TOKENS_AT_ONCE["other"])
    for batch in _batches(sorted(windows, key=lambda window: len(window.ids)), most):
        nats.index_add_(0, torch.tensor([window.text for window in batch]), _batch_nats(model, batch))
    return nats.tolist()


def _batches(windows: list[Window], most: int) -> Iterator[list[Window]]:
    """Neighbours that together have few enough tokens; the last of them is the longest."""
    batch: list[Window] = []
    for window in windows:
        if batch and (len(batch) + 1) * len(window.ids) > most:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch


@torch.inference_mode()
def _batch_nats(model: Llama, batch: list[Window]) -> Tensor:
    """The nats of each window, float64, [windows]. Padding stands on the right, where causal attention ignores it."""
    longest = max(len(window.ids) for window in batch)
    input_ids = torch.tensor([window.ids + [0] * (longest - len(window.ids)) for window in batch])
    places = torch.arange(1, longest)
    firsts, ends = torch.tensor([[window.first, len(window.ids)] for window in batch]).T[:, :, None]
    rows, columns = ((places >= firsts) & (places < ends)).nonzero(as_tuple=True)
    device = model.embed_tokens.weight.device
    states = model.hidden_states(input_ids.to(device))[rows.to(device), columns.to(device)]
    labels = input_ids[:, 1:][rows, columns].to(device)
    step = max(128, LOGITS_AT_ONCE.get(device.type, LOGITS_AT_ONCE["other"]) // model.config.vocab_size)
    parts = [F.cross_entropy(model.lm_head(part).float(), wanted, reduction="none")
             for part, wanted in zip(states.split(step), labels.split(step), strict=True)]  # fmt: skip
    return torch.zeros(len(batch), dtype=torch.float64).index_add_(0, rows, torch.cat(parts).double().cpu())
