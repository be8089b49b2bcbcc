"""FlashAttention against exact attention: values, gradients, memory, and traffic."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from llmbook.errors import ReaderError
from llmbook.models.attention import causal_mask, scaled_dot_product_attention
from llmbook.models.flash_attention import flash_attention, hbm_accesses
from llmbook.training.memory import peak_memory

TILES = [(1, 1), (3, 4), (4, 3), (16, 2), (2, 16), (64, 64)]


def inputs(*shape: int, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    return [torch.randn(*shape, dtype=dtype, requires_grad=True) for _ in range(3)]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("tiles", TILES)
def test_equals_exact_attention(tiles: tuple[int, int], causal: bool) -> None:
    tensors = inputs(2, 3, 13, 8, dtype=torch.float64)
    output = flash_attention(*tensors, causal, *tiles)
    expected, _ = scaled_dot_product_attention(*tensors, causal_mask(13) if causal else None)
    torch.testing.assert_close(output, expected, atol=1e-12, rtol=1e-12)
    direction = torch.randn_like(output)
    ours, theirs = (torch.autograd.grad(x, tensors, direction) for x in (output, expected))
    torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("causal", [False, True])
def test_equals_pytorch_in_float32_at_the_default_tiles(causal: bool) -> None:
    tensors = inputs(1, 2, 700, 32)
    output, expected = flash_attention(*tensors, causal), F.scaled_dot_product_attention(*tensors, is_causal=causal)
    torch.testing.assert_close(output, expected, atol=2e-6, rtol=1e-5)
    ours, theirs = (torch.autograd.grad(x.square().sum(), tensors) for x in (output, expected))
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("tiles", [(2, 3), (3, 2), (8, 8)])
@pytest.mark.parametrize("causal", [False, True])
def test_gradcheck(tiles: tuple[int, int], causal: bool) -> None:
    tensors = inputs(1, 5, 3, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda q, k, v: flash_attention(q, k, v, causal, *tiles), tensors)


def test_other_lengths_and_widths_of_keys_and_values() -> None:
    query, key, value = torch.randn(2, 5, 8), torch.randn(2, 9, 8), torch.randn(2, 9, 3)
    expected, _ = scaled_dot_product_attention(query, key, value)
    torch.testing.assert_close(flash_attention(query, key, value, False, 2, 4), expected, atol=1e-6, rtol=1e-5)


def test_scores_of_hundreds_do_not_overflow() -> None:
    query, key, value = (200 * torch.randn(1, 20, 8) for _ in range(3))
    expected, _ = scaled_dot_product_attention(query.double(), key.double(), value.double())
    output = flash_attention(query, key, value, False, 4, 4)
    torch.testing.assert_close(output.double(), expected, atol=1e-2, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_summed_in_float32(dtype: torch.dtype) -> None:
    halves = [x.detach().to(dtype).requires_grad_() for x in inputs(1, 300, 16)]
    wholes = [x.detach().double().requires_grad_() for x in halves]
    output, expected = flash_attention(*halves, True, 32, 32), F.scaled_dot_product_attention(*wholes, is_causal=True)
    eps = torch.finfo(dtype).eps
    assert output.dtype == dtype and (output - expected).abs().max() < 2 * eps
    ours, theirs = (torch.autograd.grad(x.sum(), t) for x, t in ((output, halves), (expected, wholes)))
    for mine, exact in zip(ours, theirs, strict=True):
        assert mine.dtype == dtype and (mine - exact).abs().max() < 4 * eps * exact.abs().max()


def test_memory_is_linear_forward_and_backward() -> None:
    def peak(length: int) -> int:
        tensors = inputs(1, 2, length, 16)
        return peak_memory(lambda: flash_attention(*tensors, True, 64, 64).sum().backward())

    small, middle, large = (peak(length) for length in (256, 512, 1024))
    assert large - middle == pytest.approx(2 * (middle - small), rel=0.01)
    assert large < 2 * 1024 * 1024 * 4 / 2, "half of one attention matrix per head"


def test_hbm_accesses() -> None:
    assert hbm_accesses(1024, 64) == 4_456_448
    assert hbm_accesses(1024, 64, 16_384) == 3_342_336
    assert hbm_accesses(1024, 64, 98_304) == 733_184
    assert hbm_accesses(2048, 64) / hbm_accesses(2048, 64, 98_304) == pytest.approx(6.5, abs=0.05)


@pytest.mark.parametrize(("length", "d", "sram"), [(64, 8, 256), (50, 8, 300), (33, 4, 16)])
def test_hbm_accesses_count_what_algorithm_2_1_moves(length: int, d: int, sram: int) -> None:
    moved = 0
    key_rows, query_rows = math.ceil(sram / (4 * d)), min(math.ceil(sram / (4 * d)), d)
    for j in range(0, length, key_rows):
        moved += 2 * d * min(key_rows, length - j)  # K_j, V_j
        for i in range(0, length, query_rows):
            rows = min(query_rows, length - i)
            moved += rows * (2 * d + 2) + rows * (d + 2)  # Q_i, O_i, l_i, m_i in; O_i, l_i, m_i out
    assert hbm_accesses(length, d, sram) == moved


@pytest.mark.parametrize(
    ("shapes", "causal", "tile", "message"),
    [
        (((4, 2), (5, 2), (5, 2)), True, 2, "causal attention needs as many queries as keys, not 4 and 5"),
        (((2, 4, 2), (1, 4, 2), (1, 4, 2)), False, 2, "do not fit"),
        (((4, 2), (4, 2), (5, 2)), False, 2, "as many values as keys"),
        (((4, 2), (4, 2), (4, 2)), False, 0, "a tile has at least one row, not 0"),
    ],
)
def test_bad_input_is_named(shapes, causal: bool, tile: int, message: str) -> None:
    with pytest.raises(ReaderError, match=message):
        flash_attention(*(torch.randn(*shape) for shape in shapes), causal, 4, tile)
