"""Training costs against the figures of the book and of the papers that it quotes."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from llmbook.errors import ReaderError
from llmbook.models.gpt import GPT, GPTConfig
from llmbook.models.losses import causal_lm_loss
from llmbook.training.costs import (
    ACCELERATORS,
    StepTime,
    amdahl_speedup,
    checkpoint_interval,
    gpu_hours,
    growth,
    gustafson_speedup,
    implied_utilisation,
    petaflop_days,
    ring_bytes,
    training_days,
    training_flops,
    walls,
)

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
        (lambda: amdahl_speedup(1.5, 8), "serial_share is 1.5"),
        (lambda: gustafson_speedup(0.5, 0), "devices is 0"),
        (lambda: growth(56, 0, 10), "months is 0"),
        (lambda: ring_bytes(8, 0), "devices is 0"),
        (lambda: walls(175e9, 300e9, ACCELERATORS["H100"], bandwidth=0), "bandwidth is 0"),
        (lambda: checkpoint_interval(60, -1), "seconds_between_failures is -1"),
    ],
)
def test_impossible_figures_are_refused(call, message):
    with pytest.raises(ReaderError, match=message):
        call()


# ---------------------------------------------------------------- section 4.1

H100 = ACCELERATORS["H100"]
LLAMA = {  # parameters, tokens, GPU-hours (Touvron et al., 2023, tables 2 and 15), and the share of the peak they imply
    "7B": (6.7e9, 1.0e12, 82_432, 0.43),
    "13B": (13.0e9, 1.0e12, 135_168, 0.51),
    "33B": (32.5e9, 1.4e12, 530_432, 0.46),
    "65B": (65.2e9, 1.4e12, 1_022_362, 0.48),
}


@pytest.mark.parametrize(("parameters", "tokens", "hours", "share"), LLAMA.values(), ids=LLAMA)
def test_gpu_hours_of_llama(parameters, tokens, hours, share):
    implied = implied_utilisation(parameters, tokens, 1, A100, hours / 24)
    assert implied == pytest.approx(share, abs=0.006)
    assert gpu_hours(parameters, tokens, A100, implied) == pytest.approx(hours)


def test_growth_of_models_and_of_chips():
    assert [growth(56, 18, years) for years in (0, 1.5)] == [1, 56]
    assert (growth(56, 18, 1), growth(2, 18, 1)) == pytest.approx((14.6, 1.59), rel=3e-3)
    assert (growth(56, 18, 10), growth(2, 18, 10)) == pytest.approx((4.5e11, 102), rel=0.01)


def test_the_walls_of_gpt3():
    wall = walls(175e9, 300e9, H100)
    assert wall.flops == pytest.approx(3.15e23)
    assert wall.years == pytest.approx(10.1, rel=2e-3)
    assert walls(175e9, 300e9, replace(H100, peak_flops=2000e12)).years == pytest.approx(5.0, rel=2e-3)
    assert (wall.weight_bytes, wall.state_bytes) == (350e9, 2.8e12)
    assert (wall.devices_for_weights, wall.devices_for_states) == (5, 35)
    assert wall.bytes_sent == 0


def test_the_gradients_of_128_copies():
    wall = walls(175e9, 300e9, H100, bytes_per_number=4, replicas=128, bandwidth=800e9 / 8)
    assert wall.gradient_bytes == pytest.approx(89.6e12)
    assert wall.bytes_sent == pytest.approx(2 * 127 / 128 * 700e9)
    assert wall.exchange_seconds == pytest.approx(13.9, abs=0.05)


@pytest.mark.parametrize("devices", [1, 2, 3, 8])
def test_bytes_of_a_ring_are_those_that_a_ring_sends(devices):
    """A ring that is walked through: M - 1 steps in which blocks grow to sums, M - 1 in which the sums go round."""
    held = np.arange(devices * devices * 5.0).reshape(devices, devices, 5) ** 2
    wanted, sent = held.sum(0), np.zeros(devices)
    for step in range(2 * (devices - 1)):
        adding = step < devices - 1
        blocks = [(device - step) % devices for device in range(devices)]
        moving = [held[device, block].copy() for device, block in enumerate(blocks)]
        for device, (block, numbers) in enumerate(zip(blocks, moving, strict=True)):
            right = (device + 1) % devices
            held[right, block] = held[right, block] + numbers if adding else numbers
            sent[device] += numbers.nbytes
    assert all(np.array_equal(sums, wanted) for sums in held)
    assert sent == pytest.approx(ring_bytes(held[0].nbytes, devices))


def test_amdahl_and_gustafson():
    assert [amdahl_speedup(0, m) for m in (1, 8)] == [1, 8]
    assert amdahl_speedup(0.05, 10**9) == pytest.approx(20)
    assert amdahl_speedup(0.1, 16) == pytest.approx(6.4)
    assert gustafson_speedup(0.1, 16) == pytest.approx(14.5)
    assert amdahl_speedup(1, 64) == gustafson_speedup(1, 64) == 1


def test_time_of_a_step_on_many_devices():
    step = StepTime(compute=8.0, gradient_bytes=4e9, bandwidth=1e9, latency=0.01)
    assert step.strong(1) == step.weak(1) == 8.0
    assert step.communication(4) == pytest.approx(2 * 3 / 4 * 4 + 6 * 0.01)
    assert step.strong(4) == pytest.approx(2 + 6.06)
    assert step.strong_efficiency(4) == pytest.approx(8 / (4 * 8.06))
    assert step.weak_efficiency(4) == pytest.approx(8 / 14.06)
    # Without anything to send the efficiency is 1; and more devices never help a fixed batch beyond the exchange.
    assert StepTime(8.0, 0, 1e9).strong_efficiency(1000) == pytest.approx(1)
    assert StepTime(8.0, 4e9, 1e9).strong(10**6) == pytest.approx(8.0, rel=1e-3)


def test_the_best_time_between_checkpoints():
    """Against a simulation of a run with random failures, over other intervals."""

    def lost(interval, checkpoint=60.0, between=4 * 3600.0, work=4e6):
        rng, clock, done = random.Random(0), 0.0, 0.0
        failure = rng.expovariate(1 / between)
        while done < work:
            if clock + interval + checkpoint > failure:
                clock, failure = failure, failure + rng.expovariate(1 / between)
            else:
                clock, done = clock + interval + checkpoint, done + interval
        return clock / done - 1

    best = checkpoint_interval(60, 4 * 3600)
    assert best == pytest.approx(1314.5, abs=0.1)
    losses = {scale: lost(scale * best) for scale in (0.25, 0.5, 1, 2, 4)}
    assert min(losses, key=losses.get) == 1
    assert losses[1] == pytest.approx((2 * 60 / (4 * 3600)) ** 0.5, rel=0.15)
