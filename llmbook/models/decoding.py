"""From logits to sentences: greedy and beam search for the encoder-decoder (section 2.2.5)."""

import torch
from torch import Tensor

from llmbook.models.attention import causal_mask
from llmbook.models.transformer import Transformer


@torch.inference_mode()
def greedy_decode(
    model: Transformer,
    input_ids: Tensor,
    *,
    bos_token_id: int,
    eos_token_id: int,
    pad_token_id: int,
    max_new_tokens: int = 80,
) -> Tensor:
    """Take the likeliest token at every step until each row has its end token: the book's `translate`, in batches.

    Args:
        model: in evaluation mode.
        input_ids: [batch, source_length].
        bos_token_id, eos_token_id, pad_token_id: of the target, pad also of the source.
        max_new_tokens: rows that have not ended by then are cut.

    Returns:
        [batch, length <= max_new_tokens]: the tokens after the start token, the end token included, then padding.
    """
    attention_mask = (input_ids != pad_token_id)[:, None, :]
    encoded = model.encoder(input_ids, attention_mask)
    output = input_ids.new_full((len(input_ids), 1), bos_token_id)
    ended = torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)
    for _ in range(max_new_tokens):
        tokens = _next_log_probs(model, output, encoded, attention_mask).argmax(dim=-1)
        tokens = tokens.where(~ended, pad_token_id)
        output = torch.cat([output, tokens[:, None]], dim=1)
        ended = ended | (tokens == eos_token_id)
        if ended.all():
            break
    return output[:, 1:]


@torch.inference_mode()
def beam_search(
    model: Transformer,
    input_ids: Tensor,
    *,
    bos_token_id: int,
    eos_token_id: int,
    pad_token_id: int,
    num_beams: int = 4,
    length_penalty: float = 0.6,
    max_new_tokens: int = 80,
) -> tuple[Tensor, Tensor]:
    """Keep the `num_beams` best prefixes at every step, ended ones among them.

    A hypothesis Y is ranked by log P(Y | X) / ((5 + |Y|) / 6)^length_penalty (Wu et al., 2016, eq. 14; the Transformer
    paper uses 4 beams and 0.6); |Y| counts the end token, and a penalty of 0 ranks by probability alone.

    Returns:
        The best hypothesis of each row, laid out as by `greedy_decode`, and its score [batch].
    """
    batch, device = len(input_ids), input_ids.device
    attention_mask = (input_ids != pad_token_id)[:, None, :]
    encoded = model.encoder(input_ids, attention_mask).repeat_interleave(num_beams, dim=0)
    attention_mask = attention_mask.repeat_interleave(num_beams, dim=0)
    output = input_ids.new_full((batch, num_beams, 1), bos_token_id)
    # All beams start equal: only the first may branch, or every beam would hold the same sentence.
    log_probs = torch.full((batch, num_beams), float("-inf"), device=device)
    log_probs[:, 0] = 0.0
    lengths = torch.zeros(batch, num_beams, device=device)
    ended = torch.zeros(batch, num_beams, dtype=torch.bool, device=device)
    for _ in range(max_new_tokens):
        step = _next_log_probs(model, output.flatten(0, 1), encoded, attention_mask).unflatten(0, (batch, num_beams))
        # An ended hypothesis stays in the race unchanged: its only continuation is padding, at no cost.
        step[ended] = float("-inf")
        step[..., pad_token_id] = step[..., pad_token_id].masked_fill(ended, 0.0)
        candidates = log_probs[..., None] + step  # [batch, num_beams, vocab_size]
        lengths = lengths + (~ended).float()
        ranking = candidates / ((5 + lengths[..., None]) / 6) ** length_penalty
        scores, best = ranking.flatten(1).topk(num_beams)
        beams, tokens = best // step.shape[-1], best % step.shape[-1]
        log_probs = candidates.flatten(1).gather(1, best)
        lengths, ended = lengths.gather(1, beams), ended.gather(1, beams)
        output = output.gather(1, beams[..., None].expand(-1, -1, output.shape[-1]))
        output = torch.cat([output, tokens[..., None]], dim=-1)
        ended = ended | (tokens == eos_token_id)
        if ended.all():
            break
    return output[:, 0, 1:], scores[:, 0]


def _next_log_probs(model: Transformer, output: Tensor, encoded: Tensor, attention_mask: Tensor) -> Tensor:
    # The target holds no padding before its end, so the causal mask is all that its self-attention needs.
    hidden = model.decoder(output, encoded, causal_mask(output.shape[1], output.device), attention_mask)
    return model.lm_head(hidden[:, -1]).log_softmax(dim=-1)
