"""Training costs against the figures of the book and of the papers that it quotes."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from llmbook.errors import ReaderError
from llmbook.models.gpt import GPT, GPTConfig
from llmbook.models.losses import causal_lm_loss
from llmbook.training.costs import ACCELERATORS, implied_utilisation, petaflop_days, training_days, training_flops

A100, V100 = ACCELERATORS["A100"].peak_flops, ACCELERATORS["V100"].peak_flops
GPT3 = (174.6e9, 300e9)  # GPT-3 paper, table D.1


def test_gpt3_took_3640_petaflop_days():
    assert training_flops(*GPT3) == pytest.approx(3.14e23, rel=1e-3)
    assert petaflop_days(training_flops(*GPT3)) == pytest.approx(3640, rel=1e-3)
    assert petaflop_days(training_flops(175e9, 300e9)) == pytest.approx(3646, abs=0.5)


@pytest.mark.parametrize(
    ("num_gpus", "peak", "utilisation", "days"),
    [(1000, A100, 0.5, 23.3), (1000, V100, 0.5, 58.2), (1024, A100, 0.4, 28.5), (1, A100, 0.5, 23_333)],
)
def test_days_of_gpt3(num_gpus, peak, utilisation, days):
    took = training_days(*GPT3, num_gpus, peak, utilisation)
    assert took == pytest.approx(days, rel=2e-3)
    assert implied_utilisation(*GPT3, num_gpus, peak, took) == pytest.approx(utilisation)


@pytest.mark.parametrize(
    ("parameters", "tokens", "num_gpus", "days", "share"),
    [
        (175e9, 300e9, 992, 60, 0.196),
        (175e9, 180e9, 992, 60, 0.118),
        (176e9, 366e9, 384, 105, 0.356),
        (65.2e9, 1.4e12, 2048, 21, 0.472),  # LLaMA-65B: 380 tokens a second and GPU, "approximately 21 days"
    ],
)
def test_what_the_reported_days_imply(parameters, tokens, num_gpus, days, share):
    assert implied_utilisation(parameters, tokens, num_gpus, A100, days) == pytest.approx(share, abs=2e-3)


def test_six_operations_per_weight_and_token():
    """PyTorch's own count of a training step; attention and the unused last logits account for the rest."""
    sizes = GPTConfig(
        vocab_size=64, hidden_size=128, intermediate_size=512, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=16, dropout=0.0,
    )  # fmt: skip
    model = GPT(sizes)
    # A position's embedding is looked up, not multiplied; a token's is, since the head is tied to it.
    weights = sum(p.numel() for p in model.parameters() if p.dim() > 1) - model.embed_positions.weight.numel()
    input_ids = torch.randint(64, (8, 16))
    with FlopCounterMode(display=False) as counter:
        causal_lm_loss(model(input_ids), input_ids).backward()
    assert counter.get_total_flops() == pytest.approx(training_flops(weights, input_ids.numel()), rel=0.05)


def test_the_peaks_are_the_datasheets():
    peaks = {name: gpu.peak_flops / 1e12 for name, gpu in ACCELERATORS.items()}
    assert peaks == {"V100": 125, "A100": 312, "H100": 989, "H200": 989}
    assert all("NVIDIA" in gpu.source for gpu in ACCELERATORS.values())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: training_flops(0, 1e9), "num_parameters is 0"),
        (lambda: training_flops(1e9, float("inf")), "num_tokens is inf"),
        (lambda: training_days(*GPT3, 0, A100, 0.5), "num_gpus is 0"),
        (lambda: training_days(*GPT3, 8, A100, 50), "a utilisation of 50 is above 1"),
        (lambda: training_days(*GPT3, 8, A100, 0), "utilisation is 0"),
        (lambda: implied_utilisation(*GPT3, 8, A100, -1), "days is -1"),
    ],
)
def test_impossible_figures_are_refused(call, message):
    with pytest.raises(ReaderError, match=message):
        call()
