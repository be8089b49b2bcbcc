"""Greedy and beam search against a search that looks at everything."""

from itertools import product

import pytest
import torch

from llmbook.models.decoding import beam_search, greedy_decode
from llmbook.models.transformer import Transformer, TransformerConfig, make_masks

PAD, BOS, EOS, VOCAB, LONGEST = 0, 1, 2, 5, 4
SPECIAL = {"bos_token_id": BOS, "eos_token_id": EOS, "pad_token_id": PAD, "max_new_tokens": LONGEST}


def tiny_model(seed: int) -> Transformer:
    torch.manual_seed(seed)
    model = Transformer(
        TransformerConfig(
            src_vocab_size=VOCAB, tgt_vocab_size=VOCAB, hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=8, dropout=0.0,
        )
    ).eval()  # fmt: skip
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.5 * torch.randn_like(parameter))
    return model


def every_sentence() -> list[tuple[int, ...]]:
    """All token sequences that end at their first end token, or are cut at the longest length."""
    tails = [s for n in range(1, LONGEST + 1) for s in product(range(VOCAB), repeat=n)]
    return [s for s in tails if EOS not in s[:-1] and (s[-1] == EOS or len(s) == LONGEST)]


@torch.no_grad()
def log_prob(model: Transformer, source: torch.Tensor, sentence: tuple[int, ...]) -> float:
    decoder_input = torch.tensor([[BOS, *sentence[:-1]]])
    # Generated padding is a token like any other to the model, so only the causal half of the mask applies.
    attention_mask, _ = make_masks(source, decoder_input, PAD)
    causal = torch.ones(len(sentence), len(sentence)).tril().bool()
    log_probs = model(source, decoder_input, attention_mask, causal).log_softmax(-1)[0]
    return sum(log_probs[i, token].item() for i, token in enumerate(sentence))


def wide_search(model: Transformer, source: torch.Tensor, **special: int) -> torch.Tensor:
    return beam_search(model, source, **special, num_beams=3)[0]


def stripped(row: torch.Tensor, length: int) -> tuple[int, ...]:
    return tuple(row[:length].tolist())


@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_wide_beam_finds_what_exhaustive_search_finds(seed: int, length_penalty: float) -> None:
    model, source = tiny_model(seed), torch.tensor([[3, 4, 3, 2]])
    scores = {s: log_prob(model, source, s) / ((5 + len(s)) / 6) ** length_penalty for s in every_sentence()}
    best = max(scores, key=scores.get)
    found, score = beam_search(model, source, **SPECIAL, num_beams=VOCAB**LONGEST, length_penalty=length_penalty)
    assert stripped(found[0], len(best)) == best and found[0, len(best) :].eq(PAD).all()
    assert score.item() == pytest.approx(scores[best], abs=1e-5)


def test_one_beam_is_greedy_and_rows_do_not_disturb_each_other() -> None:
    for seed in range(6):
        model = tiny_model(seed)
        source = torch.tensor([[3, 4, 3, 2], [4, 2, PAD, PAD], [3, 3, 2, PAD]])
        greedy = greedy_decode(model, source, **SPECIAL)
        beam, _ = beam_search(model, source, **SPECIAL, num_beams=1)
        assert beam.equal(greedy)
        wide = wide_search(model, source, **SPECIAL)
        for row, ids in enumerate(source):
            alone = ids[ids != PAD][None]
            for batched, search in ((greedy, greedy_decode), (wide, wide_search)):
                single = search(model, alone, **SPECIAL)[0]
                assert single.tolist() == batched[row, : len(single)].tolist()


def test_wider_beams_never_score_worse_than_greedy_on_the_whole() -> None:
    gains = []
    for seed in range(8):
        model, source = tiny_model(seed), torch.tensor([[3, 4, 2]])
        scores = [beam_search(model, source, **SPECIAL, num_beams=k, length_penalty=0.0)[1].item() for k in (1, 20)]
        gains.append(scores[1] - scores[0])
    assert min(gains) > -1e-5 and max(gains) > 0.01
