"""Attention against PyTorch's own, its masks, and its gradients."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from llmbook.errors import ReaderError
from llmbook.models.attention import MultiHeadAttention, causal_mask, scaled_dot_product_attention


@pytest.mark.parametrize("masked", [False, True])
def test_equals_pytorch_sdpa(masked: bool) -> None:
    query, key, value = torch.randn(2, 3, 5, 8), torch.randn(2, 3, 7, 8), torch.randn(2, 3, 7, 4)
    mask = (torch.rand(2, 1, 5, 7) < 0.6) | (torch.arange(7) == 0) if masked else None
    output, weights = scaled_dot_product_attention(query, key, value, mask)
    torch.testing.assert_close(output, F.scaled_dot_product_attention(query, key, value, mask), atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 3, 5))
    if masked:
        assert weights.masked_select(~mask).eq(0).all()


def test_row_that_may_see_nothing_is_zero_with_zero_gradient() -> None:
    query, key, value = (torch.randn(1, 3, 4, requires_grad=True) for _ in range(3))
    mask = torch.tensor([[True, True, False], [False, False, False], [True, True, True]])
    output, weights = scaled_dot_product_attention(query, key, value, mask)
    assert output[0, 1].eq(0).all() and weights[0, 1].eq(0).all()
    output.sum().backward()
    for tensor in (query, key, value):
        assert tensor.grad.isfinite().all()
    assert query.grad[0, 1].eq(0).all()


def test_gradcheck() -> None:
    mask = causal_mask(4)
    tensors = [torch.randn(2, 4, 3, dtype=torch.float64, requires_grad=True) for _ in range(3)]
    assert torch.autograd.gradcheck(lambda q, k, v: scaled_dot_product_attention(q, k, v, mask)[0], tensors)


def test_causal_mask_counts_the_allowed_cells() -> None:
    for length in (1, 2, 9):
        mask = causal_mask(length)
        assert mask.sum() == length * (length + 1) // 2
        assert all(mask[i, j] == (j <= i) for i in range(length) for j in range(length))


def copied_attention(hidden_size: int, heads: int) -> tuple[MultiHeadAttention, nn.MultiheadAttention]:
    ours, theirs = MultiHeadAttention(hidden_size, heads), nn.MultiheadAttention(hidden_size, heads, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([ours.q_proj.weight, ours.k_proj.weight, ours.v_proj.weight]))
        theirs.in_proj_bias.copy_(torch.cat([ours.q_proj.bias, ours.k_proj.bias, ours.v_proj.bias]))
    theirs.out_proj.load_state_dict(ours.o_proj.state_dict())
    return ours, theirs


def test_multi_head_equals_pytorch_and_masks_mean_the_opposite() -> None:
    ours, theirs = copied_attention(12, 3)
    query, memory = torch.randn(2, 4, 12), torch.randn(2, 6, 12)
    padding = torch.tensor([[True] * 6, [True] * 4 + [False] * 2])  # True = a real token
    output, weights = ours(query, memory, memory, padding[:, None, :])
    expected, expected_weights = theirs(query, memory, memory, key_padding_mask=~padding, average_attn_weights=False)
    torch.testing.assert_close(output, expected, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(weights, expected_weights, atol=1e-6, rtol=1e-5)


def test_dropout_only_while_training() -> None:
    attention = MultiHeadAttention(8, 2, dropout=0.5)
    x = torch.randn(1, 5, 8)
    assert not attention(x, x, x)[0].equal(attention(x, x, x)[0])
    attention.eval()
    assert attention(x, x, x)[0].equal(attention(x, x, x)[0])


def test_parameter_count_is_four_square_matrices() -> None:
    assert sum(p.numel() for p in MultiHeadAttention(512, 8).parameters()) == 4 * (512**2 + 512) == 1_050_624


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ReaderError, match="hidden_size 10 is not divisible by num_attention_heads 3"):
        MultiHeadAttention(10, 3)
