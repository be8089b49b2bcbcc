"""Writing text with a decoder-only model: one token at a time, each forward pass on the new token only."""

from collections.abc import Iterator

import torch
from torch import Tensor

from llmbook.errors import ReaderError
from llmbook.models.llama import Llama


@torch.inference_mode()
def stream(
    model: Llama,
    input_ids: Tensor,
    max_new_tokens: int,
    attention_mask: Tensor | None = None,
    temperature: float = 0.0,
    top_k: int | None = None,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """The new tokens, one column after the other, as they are found.

    The prompt is read in one pass, which fills the cache; after it every pass reads one token per row.

    Args:
        model: in evaluation mode.
        input_ids: prompts, [batch, length]; shorter ones are padded on the left.
        max_new_tokens: how many columns to write.
        attention_mask: boolean, True = a token, False = padding, [batch, length]; None for no padding.
        temperature: 0 takes the likeliest token; above, logits are divided by it and a token is drawn.
        top_k: draw among so many of the likeliest tokens; None for all.
        generator: of the draws.

    Yields:
        [batch], the next token of every row.

    Raises:
        ReaderError: for an empty prompt or a row of padding only, a negative temperature, or padding on the right.
    """
    batch_size, length = input_ids.shape
    if not length:
        raise ReaderError("the prompt is empty: give at least one token to begin with")
    if temperature < 0:
        raise ReaderError(f"temperature must be 0 or more, not {temperature}")
    cache = model.new_cache(batch_size, length + max_new_tokens)
    mask = position_ids = None
    if attention_mask is not None and not attention_mask.all():
        if not attention_mask[:, -1].all():
            raise ReaderError("pad prompts on the left, so that each ends with its last token")
        position_ids = (attention_mask.long().cumsum(dim=1) - 1).clamp(min=0)
        written = attention_mask.new_ones(batch_size, max_new_tokens)
        mask = torch.cat([attention_mask, written], dim=1)[:, None, :]  # [batch, 1, length + max_new_tokens]
    for _ in range(max_new_tokens):
        seen = None if mask is None else mask[:, :, : cache.length + input_ids.shape[1]]
        states = model.hidden_states(input_ids, seen, cache, position_ids)
        tokens = choose(model.lm_head(states[:, -1]), temperature, top_k, generator)
        yield tokens
        input_ids = tokens[:, None]
        position_ids = None if position_ids is None else position_ids[:, -1:] + 1


def generate(
    model: Llama,
    input_ids: Tensor,
    max_new_tokens: int,
    attention_mask: Tensor | None = None,
    eos_token_id: int | None = None,
    temperature: float = 0.0,
    top_k: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Continue prompts; arguments as `stream`.

    Args:
        eos_token_id: ends a row; what would come after it is filled with it. None writes all `max_new_tokens`.

    Returns:
        Prompts and continuations, [batch, length + new], where `new` is at most `max_new_tokens`, and less when all
        rows have ended.
    """
    columns, ended = [input_ids], torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)
    for tokens in stream(model, input_ids, max_new_tokens, attention_mask, temperature, top_k, generator):
        if eos_token_id is not None:
            tokens = tokens.where(~ended, eos_token_id)
            ended = ended | (tokens == eos_token_id)
        columns.append(tokens[:, None])
        if eos_token_id is not None and ended.all():
            break
    return torch.cat(columns, dim=1)


def choose(
    logits: Tensor, temperature: float = 0.0, top_k: int | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """The next token of every row: the likeliest, or one drawn from the softmax of logits / temperature.

    Args:
        logits: [batch, vocab_size].
        temperature, top_k, generator: as `stream`.

    Returns:
        Token ids, [batch].
    """
    if temperature == 0:
        return logits.argmax(dim=-1)
    logits = logits.float() / temperature
    if top_k is not None:
        least = logits.topk(min(top_k, logits.shape[-1])).values[:, -1:]
        logits = logits.masked_fill(logits < least, float("-inf"))
    return torch.multinomial(logits.softmax(dim=-1), 1, generator=generator).squeeze(1)
