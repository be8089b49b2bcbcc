"""LLaMA's parts against PyTorch, transformers and closed forms; the whole model's masks, cache, loss and counts."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from transformers import LlamaConfig as TheirConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb

from llmbook.errors import ReaderError
from llmbook.models.llama import Llama, LlamaConfig, LlamaMLP, RMSNorm
from llmbook.models.losses import causal_lm_loss, linear_cross_entropy
from llmbook.models.positions import apply_rotary, rotary_angles, rotary_frequencies

SMALL = {
    "vocab_size": 61, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
    "max_position_embeddings": 64,
}  # fmt: skip


def model(**changes):
    torch.manual_seed(0)
    return Llama(LlamaConfig(**{**SMALL, "num_key_value_heads": 2, **changes})).eval()


def ids(rows=2, length=12, seed=0):
    return torch.randint(0, 61, (rows, length), generator=torch.Generator().manual_seed(seed))


def test_rms_norm_by_hand_and_against_pytorch():
    assert RMSNorm(2, 0.0)(torch.tensor([3.0, 4.0])).tolist() == pytest.approx([0.848528, 1.131371])
    x = 3 * torch.randn(5, 7, 16)
    norm, theirs = RMSNorm(16, 1e-5), nn.RMSNorm(16, eps=1e-5)
    nn.init.normal_(norm.weight)
    theirs.weight.data.copy_(norm.weight)
    torch.testing.assert_close(norm(x), theirs(x))
    torch.testing.assert_close(RMSNorm(16, 0.0)(7 * x), RMSNorm(16, 0.0)(x)), "a scale does not change it"


def test_swiglu_is_its_formula():
    mlp, x = LlamaMLP(8, 12), torch.randn(3, 8)
    gate, up = x @ mlp.gate_proj.weight.T, x @ mlp.up_proj.weight.T
    torch.testing.assert_close(mlp(x), (gate / (1 + torch.exp(-gate)) * up) @ mlp.down_proj.weight.T)


def test_rotation_is_that_of_transformers():
    config = TheirConfig(
        hidden_size=64, num_attention_heads=4, rope_parameters={"rope_type": "default", "rope_theta": 5e3}
    )
    position_ids = torch.tensor([[0, 1, 2, 3, 4], [7, 8, 9, 100, 101]])
    q, k = torch.randn(2, 4, 5, 16), torch.randn(2, 2, 5, 16)
    expected = apply_rotary_pos_emb(q, k, *LlamaRotaryEmbedding(config)(q, position_ids))
    cos, sin = rotary_angles(position_ids, rotary_frequencies(16, 5e3)[0])
    # Theirs takes the angles in single precision, which at position 101 is 1e-5 off.
    torch.testing.assert_close((apply_rotary(q, cos, sin), apply_rotary(k, cos, sin)), expected, atol=5e-5, rtol=0)


def test_rotation_by_complex_numbers_keeps_lengths_and_sees_only_distances():
    frequencies = rotary_frequencies(8)[0]
    assert frequencies.tolist() == pytest.approx([10000 ** (-2 * j / 8) for j in range(4)])
    cos, sin = rotary_angles(torch.arange(9), frequencies)
    x = torch.randn(8)
    turned = apply_rotary(x.expand(1, 1, 9, 8), cos, sin)[0, 0]
    numbers = torch.complex(x[:4], x[4:]) * torch.exp(1j * torch.arange(9)[:, None] * frequencies)
    torch.testing.assert_close(
        torch.complex(turned[:, :4], turned[:, 4:]), numbers.to(torch.complex64), atol=1e-5, rtol=0
    )
    scores = turned @ apply_rotary(torch.randn(8).expand(1, 1, 9, 8), cos, sin)[0, 0].T
    for offset in range(-8, 9):
        assert scores.diagonal(offset).std(unbiased=False) < 1e-5


def test_heads_that_share_keys_are_heads_with_repeated_keys():
    grouped = model()
    full = model(num_key_value_heads=4)
    state = grouped.state_dict()
    for name, weight in state.items():
        if "k_proj" in name or "v_proj" in name:
            state[name] = weight.view(2, 1, 8, 32).expand(2, 2, 8, 32).reshape(32, 32)
    full.load_state_dict(state)
    torch.testing.assert_close(full(ids()), grouped(ids()))


def test_a_token_sees_only_what_came_before():
    m, x = model(), ids()
    changed = x.clone()
    changed[:, 7] = (changed[:, 7] + 1) % 61
    torch.testing.assert_close(m(x)[:, :7], m(changed)[:, :7])
    assert not torch.allclose(m(x)[:, 7:], m(changed)[:, 7:])


def test_a_window_hides_what_is_farther_back():
    m, x = model(sliding_window=3, num_hidden_layers=1), ids()
    changed = x.clone()
    changed[:, 4] = (changed[:, 4] + 1) % 61
    same = [torch.allclose(a, b) for a, b in zip(m(x)[0], m(changed)[0], strict=True)]
    assert [i for i, equal in enumerate(same) if not equal] == [4, 5, 6]


@pytest.mark.parametrize("window", [None, 4])
def test_reading_in_pieces_through_the_cache_gives_the_same_logits(window):
    m, x = model(sliding_window=window), ids(2, 20)
    cache = m.new_cache(2, 20)
    pieces = [m(part, cache=cache) for part in x.split([7, 1, 1, 5, 6], dim=1)]
    torch.testing.assert_close(torch.cat(pieces, dim=1), m(x), atol=1e-5, rtol=1e-5)
    with pytest.raises(ReaderError, match="room for 20 positions, and 21 are needed"):
        m(x[:, :1], cache=cache)


def test_padding_on_the_left_changes_nothing():
    m, x = model(), ids(1, 9)
    padded = torch.cat([torch.zeros(1, 4, dtype=torch.long), x], dim=1)
    mask = torch.arange(13)[None, None, :] >= 4
    position_ids = (torch.arange(13)[None] - 4).clamp(min=0)
    torch.testing.assert_close(m(padded, mask, position_ids=position_ids)[:, 4:], m(x), atol=1e-5, rtol=1e-5)


def test_the_loss_and_its_gradients_are_those_of_the_logits():
    m, x = model(tie_word_embeddings=True), ids(3, 15)
    expected = causal_lm_loss(m(x), x)
    gradients = torch.autograd.grad(expected, m.parameters())
    loss = m.loss(x)
    torch.testing.assert_close(loss, expected)
    for ours, theirs in zip(torch.autograd.grad(loss, m.parameters()), gradients, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-4)
    labels = x.clone()
    labels[:, :9] = -100
    torch.testing.assert_close(m.loss(x, labels), causal_lm_loss(m(x), labels))


@pytest.mark.parametrize("rows", [1, 4, 10**9])
def test_the_sliced_head_agrees_with_pytorch_whatever_the_slices(rows, monkeypatch):
    monkeypatch.setattr("llmbook.models.losses._rows_at_once", lambda vocab_size, device_type: rows)
    torch.manual_seed(0)
    states, weight = torch.randn(10, 8, dtype=torch.double), torch.randn(61, 8, dtype=torch.double)
    labels = torch.randint(0, 61, (10,))
    labels[3] = -100
    inputs = states.float().requires_grad_(), weight.float().requires_grad_()
    loss = 3 * linear_cross_entropy(*inputs, labels)
    expected = 3 * F.cross_entropy(inputs[0] @ inputs[1].T, labels)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(torch.autograd.grad(loss, inputs), torch.autograd.grad(expected, inputs))
    with torch.no_grad():
        assert linear_cross_entropy(*inputs, torch.full((10,), -100)) == 0


def test_under_autocast_the_loss_stays_close():
    m, x = model(), ids(4, 32)
    exact = m.loss(x)
    with torch.autocast("cpu", torch.bfloat16):
        rough = m.loss(x)
    rough.backward()
    assert rough.dtype == torch.float32 and rough.item() == pytest.approx(exact.item(), rel=5e-3)
    assert all(parameter.grad.isfinite().all() for parameter in m.parameters())


@pytest.mark.parametrize(
    ("layers", "heads", "size", "inner", "count"),
    [
        (32, 32, 4096, 11008, 6_738_415_616), (40, 40, 5120, 13824, 13_015_864_320),
        (60, 52, 6656, 17920, 32_528_943_616), (80, 64, 8192, 22016, 65_285_660_672),
    ],
)  # fmt: skip
def test_the_four_sizes_of_table_2_1(layers, heads, size, inner, count):
    with torch.device("meta"):
        built = Llama(LlamaConfig(32000, size, inner, layers, heads))
    assert sum(parameter.numel() for parameter in built.parameters()) == count
    assert inner == math.ceil(8 * size / 3 / 256) * 256


def test_bad_sizes_and_strange_tokens_are_told_in_one_line():
    for changes, line in (
        ({"num_attention_heads": 5}, "hidden_size 32 is not divisible by num_attention_heads 5"),
        ({"num_key_value_heads": 3}, "num_attention_heads 4 is not divisible by num_key_value_heads 3"),
        ({"head_dim": 7}, "head_dim 7 is odd"),
        ({"rope_scaling": {"rope_type": "yarn", "factor": 2.0}}, "lacks 'original_max_position_embeddings'"),
    ):
        with pytest.raises(ReaderError, match=line):
            model(**changes)
    with pytest.raises(ReaderError, match="token id 61 is outside the model's vocabulary of 61"):
        model()(torch.tensor([[1, 61]]))


def test_it_compiles_to_the_same_loss_and_gradients():
    m, x = model(), ids(2, 16)
    expected = m.loss(x)
    gradients = torch.autograd.grad(expected, m.parameters())
    loss = torch.compile(m.loss, backend="aot_eager")(x)
    torch.testing.assert_close(loss, expected)
    for ours, theirs in zip(torch.autograd.grad(loss, m.parameters()), gradients, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-4)
