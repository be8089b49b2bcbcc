"""The Transformer and its parts against PyTorch's, layer by layer, on random weights."""

import pytest
import torch
from torch import nn

from llmbook.errors import ReaderError
from llmbook.models.losses import label_smoothed_cross_entropy
from llmbook.models.positions import SinusoidalPositions, sinusoidal_positions
from llmbook.models.transformer import (
    DecoderLayer,
    EncoderLayer,
    FeedForward,
    Transformer,
    TransformerConfig,
    make_masks,
)

SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 24, "dropout": 0.0}
PAD = 0


def config(**changes: object) -> TransformerConfig:
    return TransformerConfig(src_vocab_size=11, tgt_vocab_size=13, **{**SIZES, **changes})


def copy_attention(theirs: nn.MultiheadAttention, ours: nn.Module) -> None:
    projections = (ours.q_proj, ours.k_proj, ours.v_proj)
    theirs.in_proj_weight.copy_(torch.cat([p.weight for p in projections]))
    theirs.in_proj_bias.copy_(torch.cat([p.bias for p in projections]))
    theirs.out_proj.load_state_dict(ours.o_proj.state_dict())


@torch.no_grad()
def copy_layer(theirs: nn.Module, ours: EncoderLayer | DecoderLayer) -> nn.Module:
    copy_attention(theirs.self_attn, ours.self_attention)
    if isinstance(ours, DecoderLayer):
        copy_attention(theirs.multihead_attn, ours.cross_attention)
    theirs.linear1.load_state_dict(ours.feed_forward.up_proj.state_dict())
    theirs.linear2.load_state_dict(ours.feed_forward.down_proj.state_dict())
    for i, add_norm in enumerate(ours.add_norms, start=1):
        getattr(theirs, f"norm{i}").load_state_dict(add_norm.norm.state_dict())
    return theirs


def randomised(module: nn.Module) -> nn.Module:
    """Norms start as ones and zeros; random values leave no place for a mix-up to hide."""
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)
    return module


def inputs() -> tuple[torch.Tensor, torch.Tensor]:
    source = torch.tensor([[3, 4, 5, 6, 2], [7, 8, 2, PAD, PAD]])
    target = torch.tensor([[1, 9, 10, 4], [1, 5, PAD, PAD]])
    return source, target


@pytest.mark.parametrize("norm_first", [True, False])
def test_equals_torch_transformer(norm_first: bool) -> None:
    ours = randomised(Transformer(config(norm_first=norm_first)))
    layer_args = dict(d_model=16, nhead=4, dim_feedforward=24, dropout=0.0, batch_first=True, norm_first=norm_first)
    encoder = [copy_layer(nn.TransformerEncoderLayer(**layer_args), layer) for layer in ours.encoder.layers]
    decoder = [copy_layer(nn.TransformerDecoderLayer(**layer_args), layer) for layer in ours.decoder.layers]
    source, target = inputs()
    hidden_padding, future = source == PAD, nn.Transformer.generate_square_subsequent_mask(4)

    x = ours.encoder.positions(ours.encoder.embed_tokens(source))
    for layer in encoder:
        x = layer(x, src_key_padding_mask=hidden_padding)
    y = ours.decoder.positions(ours.decoder.embed_tokens(target))
    x = nn.functional.layer_norm(x, (16,), ours.encoder.norm.weight, ours.encoder.norm.bias) if norm_first else x
    for layer in decoder:
        y = layer(y, x, tgt_mask=future, memory_key_padding_mask=hidden_padding, tgt_is_causal=True)
    y = nn.functional.layer_norm(y, (16,), ours.decoder.norm.weight, ours.decoder.norm.bias) if norm_first else y
    logits = ours(source, target, *make_masks(source, target, PAD))
    real = target != PAD  # what padding positions say does not matter: the loss ignores them
    torch.testing.assert_close(logits[real], ours.lm_head(y)[real], atol=1e-5, rtol=1e-5)


def test_feed_forward_is_a_convolution_of_width_one() -> None:
    ours = FeedForward(8, 20)
    up, down = nn.Conv1d(8, 20, kernel_size=1), nn.Conv1d(20, 8, kernel_size=1)
    up.load_state_dict({"weight": ours.up_proj.weight[..., None], "bias": ours.up_proj.bias})
    down.load_state_dict({"weight": ours.down_proj.weight[..., None], "bias": ours.down_proj.bias})
    x = torch.randn(2, 5, 8)
    torch.testing.assert_close(ours(x), down(up(x.transpose(1, 2)).relu()).transpose(1, 2), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("part", [FeedForward(6, 10), SinusoidalPositions(6, 9)])
def test_gradcheck(part: nn.Module) -> None:
    x = torch.randn(2, 4, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(part.double(), x)


def test_gradcheck_of_decoder_layer() -> None:
    layer = DecoderLayer(config()).double()
    x = torch.randn(1, 3, 16, dtype=torch.float64, requires_grad=True)
    encoded = torch.randn(1, 4, 16, dtype=torch.float64, requires_grad=True)
    seen, padding = torch.ones(3, 3).tril().bool(), torch.tensor([[[True, True, True, False]]])
    assert torch.autograd.gradcheck(lambda x, encoded: layer(x, encoded, seen, padding), (x, encoded))


def test_base_model_has_the_parameters_of_the_book() -> None:
    with torch.device("meta"):
        model = Transformer(TransformerConfig(src_vocab_size=1, tgt_vocab_size=1))
    tables = [model.encoder.embed_tokens, model.decoder.embed_tokens, model.lm_head]
    counted = sum(p.numel() for p in model.parameters()) - sum(p.numel() for t in tables for p in t.parameters())
    assert counted == 6 * 3_152_384 + 6 * 4_204_032 + 2_048 == 44_140_544


def test_masks_hide_padding_and_future_by_gradient() -> None:
    model = Transformer(config())
    source, target = inputs()
    attention_mask, decoder_mask = make_masks(source, target, PAD)
    assert attention_mask.shape == (2, 1, 5) and decoder_mask.shape == (2, 4, 4)
    embedded = {}

    def keep(name: str):
        def hook(_module: nn.Module, _args: tuple, output: torch.Tensor) -> None:
            output.retain_grad()
            embedded[name] = output

        return hook

    model.encoder.embed_tokens.register_forward_hook(keep("source"))
    model.decoder.embed_tokens.register_forward_hook(keep("target"))
    model(source, target, attention_mask, decoder_mask)[1, 1].sum().backward()
    reached = {name: x.grad[1].abs().sum(-1) > 0 for name, x in embedded.items()}
    assert reached["source"].tolist() == [True, True, True, False, False]
    assert reached["target"].tolist() == [True, True, False, False]


def test_positions_follow_the_formula_and_rotate() -> None:
    table = sinusoidal_positions(40, 8)
    expected = [0.84147, 0.54030, 0.0099998, 0.99995]
    torch.testing.assert_close(sinusoidal_positions(2, 4)[1], torch.tensor(expected), atol=1e-5, rtol=0)
    angle = 5 * 10000.0 ** (-torch.arange(0, 8, 2) / 8)
    rotation = torch.block_diag(*(torch.tensor([[a.cos(), -a.sin()], [a.sin(), a.cos()]]) for a in angle))
    torch.testing.assert_close(table[:-5] @ rotation, table[5:], atol=1e-5, rtol=1e-5)


def test_without_positions_the_encoder_cannot_tell_order() -> None:
    model = Transformer(config()).eval()
    model.encoder.positions = nn.Identity()
    source = torch.tensor([[3, 4, 5, 6]])
    order = torch.tensor([2, 0, 3, 1])
    everything = torch.ones(1, 1, 4, dtype=torch.bool)
    shuffled = model.encoder(source[:, order], everything)
    torch.testing.assert_close(shuffled, model.encoder(source, everything)[:, order], atol=1e-5, rtol=1e-5)


def test_label_smoothing_equals_torch_and_ignores_padding() -> None:
    logits, labels = torch.randn(3, 5, 7, dtype=torch.float64, requires_grad=True), torch.randint(7, (3, 5))
    labels[1, 2:] = -100
    for smoothing in (0.0, 0.1, 0.4):
        expected = nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), label_smoothing=smoothing)
        torch.testing.assert_close(label_smoothed_cross_entropy(logits, labels, smoothing), expected)
    assert torch.autograd.gradcheck(lambda x: label_smoothed_cross_entropy(x, labels, 0.1), logits)
    assert label_smoothed_cross_entropy(logits, torch.full((3, 5), -100)).item() == 0.0


def test_bad_input_is_one_clear_line() -> None:
    model = Transformer(config(max_position_embeddings=6))
    target = torch.tensor([[1, 2]])
    with pytest.raises(ReaderError, match="token id 99 is outside the model's vocabulary of 11"):
        source = torch.tensor([[3, 99]])
        model(source, target, *make_masks(source, target, PAD))
    with pytest.raises(ReaderError, match="a sequence of 7 tokens is longer than max_position_embeddings = 6"):
        source = torch.ones(1, 7, dtype=torch.long)
        model(source, target, *make_masks(source, target, PAD))
    with pytest.raises(ReaderError, match="must be even"):
        sinusoidal_positions(4, 5)
