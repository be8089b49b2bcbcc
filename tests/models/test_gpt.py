"""GPT against transformers' GPT and GPT-2 with the same weights, and against what its definition says."""

import pytest
import torch
from transformers import (
    GPT2Config,
    GPT2ForSequenceClassification,
    GPT2LMHeadModel,
    OpenAIGPTConfig,
    OpenAIGPTLMHeadModel,
)

from llmbook.errors import ReaderError
from llmbook.models.attention import causal_mask
from llmbook.models.gpt import GPT, GPTConfig, GPTForSequenceClassification, from_gpt2, generate, to_gpt2
from llmbook.models.losses import causal_lm_loss

SIZES = {
    "vocab_size": 19, "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 20,
    "max_position_embeddings": 9, "dropout": 0.0,
}  # fmt: skip


def shaken(model: torch.nn.Module) -> torch.nn.Module:
    """No weight stays zero or one, so that none can be left out of a comparison unnoticed."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return model.eval()


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.fixture
def model() -> GPT:
    return shaken(GPT(GPTConfig(**SIZES)))


@pytest.fixture
def ids() -> torch.Tensor:
    return torch.randint(SIZES["vocab_size"], (4, 9))


@pytest.mark.parametrize("hidden_act", ["relu", "gelu", "gelu_new"])
@torch.no_grad()
def test_logits_and_loss_are_those_of_gpt2(hidden_act, ids):
    model = shaken(GPT(GPTConfig(**SIZES, hidden_act=hidden_act)))
    peer = to_gpt2(model)
    theirs = peer(ids, labels=ids)
    torch.testing.assert_close(model(ids), theirs.logits, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(causal_lm_loss(model(ids), ids), theirs.loss, rtol=1e-6, atol=1e-6)
    assert sum(p.numel() for p in model.parameters()) == sum(p.numel() for p in peer.parameters())


@torch.no_grad()
def test_a_gpt2_can_be_read(ids):
    config = GPT2Config(vocab_size=19, n_embd=12, n_layer=2, n_head=3, n_positions=9)
    peer = shaken(GPT2LMHeadModel(config))
    torch.testing.assert_close(from_gpt2(peer)(ids), peer(ids).logits, rtol=1e-5, atol=1e-5)
    peer.config.scale_attn_by_inverse_layer_idx = True
    with pytest.raises(ReaderError, match="cannot be converted"):
        from_gpt2(peer)
    with pytest.raises(ReaderError, match="norm_first"):
        to_gpt2(GPT(GPTConfig(**SIZES, norm_first=False)))


@torch.no_grad()
def test_post_norm_logits_are_those_of_the_first_gpt(ids):
    inner = {"intermediate_size": 48}  # four times the width, which it always has
    ours = shaken(GPT(GPTConfig(**SIZES | inner, norm_first=False, hidden_act="gelu_new")))
    config = OpenAIGPTConfig(
        vocab_size=19, n_embd=12, n_layer=2, n_head=3, n_positions=9, afn="gelu", resid_pdrop=0.0, embd_pdrop=0.0,
        attn_pdrop=0.0,
    )  # fmt: skip
    peer = OpenAIGPTLMHeadModel(config).eval()
    body = peer.transformer
    body.tokens_embed.weight.copy_(ours.embed_tokens.weight)
    body.positions_embed.weight.copy_(ours.embed_positions.weight)
    for layer, block in zip(ours.layers, body.h, strict=True):
        attention = layer.self_attention
        inputs = (attention.q_proj, attention.k_proj, attention.v_proj)
        block.attn.c_attn.weight.copy_(torch.cat([linear.weight.T for linear in inputs], dim=1))
        block.attn.c_attn.bias.copy_(torch.cat([linear.bias for linear in inputs]))
        for linear, theirs in (
            (attention.o_proj, block.attn.c_proj),
            (layer.feed_forward.up_proj, block.mlp.c_fc),
            (layer.feed_forward.down_proj, block.mlp.c_proj),
        ):
            theirs.weight.copy_(linear.weight.T)
            theirs.bias.copy_(linear.bias)
        for add_norm, norm in zip(layer.add_norms, (block.ln_1, block.ln_2), strict=True):
            norm.load_state_dict(add_norm.norm.state_dict())
    torch.testing.assert_close(ours(ids), peer(ids).logits, rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_no_position_sees_a_later_token(model, ids):
    before = model(ids)
    for position in range(1, 9):
        changed = ids.clone()
        changed[:, position] = (changed[:, position] + 1) % SIZES["vocab_size"]
        after = model(changed)
        assert torch.equal(after[:, :position], before[:, :position])
        assert not torch.isclose(after[:, position:], before[:, position:]).all(-1).any()


@torch.no_grad()
def test_a_hidden_token_is_as_good_as_absent(model, ids):
    visible = torch.tensor([True] * 8 + [False])  # a narrower mask goes on top of the causal one
    torch.testing.assert_close(model(ids, visible)[:, :8], model(ids[:, :8]))
    local = causal_mask(9) & ~causal_mask(9).tril(-2)  # one token back: two layers reach two tokens back
    changed = ids.clone()
    changed[:, 0] = (changed[:, 0] + 1) % SIZES["vocab_size"]
    assert torch.equal(model(changed, local)[:, 3:], model(ids, local)[:, 3:])
    assert not torch.isclose(model(changed, local)[:, 2], model(ids, local)[:, 2]).all()


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (GPTConfig(vocab_size=40478, max_position_embeddings=512, norm_first=False), 116_534_784),
        (GPTConfig(), 124_439_808),
        (GPTConfig(hidden_size=1600, num_hidden_layers=48, num_attention_heads=25, intermediate_size=6400),
         1_557_611_200),
    ],
    ids=["GPT", "GPT-2", "GPT-2 XL"],
)  # fmt: skip
def test_parameter_counts(config, count):
    with torch.device("meta"):
        assert sum(p.numel() for p in GPT(config).parameters()) == count


@torch.no_grad()
def test_initial_weights_have_standard_deviation_002_and_the_first_loss_is_ln_v():
    model = GPT(GPTConfig(vocab_size=1000, hidden_size=64, num_hidden_layers=1, num_attention_heads=4)).eval()
    for weight in (model.embed_tokens.weight, model.layers[0].feed_forward.up_proj.weight):
        assert 0.0195 < weight.std() < 0.0205
    assert not model.layers[0].feed_forward.up_proj.bias.any()
    ids = torch.randint(1000, (8, 64))
    assert abs(causal_lm_loss(model(ids), ids) - torch.tensor(1000.0).log()) < 0.1


@torch.no_grad()
def test_classifier_is_that_of_gpt2(model, ids):
    classifier = GPTForSequenceClassification(model, 5)
    body = to_gpt2(model)
    body.config.num_labels, body.config.pad_token_id = 5, 0
    peer = GPT2ForSequenceClassification(body.config).eval()
    peer.transformer.load_state_dict(body.transformer.state_dict())
    peer.score.load_state_dict(classifier.score.state_dict())
    lengths = torch.tensor([9, 4, 1, 7])
    padded = (ids % 18 + 1).where(torch.arange(9) < lengths[:, None], 0)
    labels, tokens = classifier(padded, lengths)
    torch.testing.assert_close(labels, peer(padded).logits, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(tokens, model(padded))


def test_greedy_generation_is_that_of_transformers(model, ids):
    theirs = to_gpt2(model).generate(
        ids[:, :3], attention_mask=torch.ones(4, 3), do_sample=False, max_new_tokens=6, pad_token_id=0
    )
    assert generate(model, ids[:, :3], max_new_tokens=6, temperature=0).equal(theirs)


@torch.no_grad()
def test_drawn_tokens_follow_the_model(model):
    prompt = torch.full((4000, 1), 3)
    for temperature in (1.0, 0.5):
        drawn = generate(
            model, prompt, max_new_tokens=1, temperature=temperature, generator=torch.Generator().manual_seed(1)
        )
        share = torch.bincount(drawn[:, 1], minlength=19) / 4000
        p = (model(prompt[:1])[0, -1] / temperature).softmax(-1)
        assert ((share - p).abs() <= 5 * (p * (1 - p) / 4000).sqrt() + 1e-6).all()


def test_an_ended_row_stays_ended(model):
    rows = generate(model, torch.randint(19, (50, 1)), max_new_tokens=8, eos_token_id=5)[:, 1:]
    ended = 0
    for row in rows.tolist():
        if 5 in row[:-1]:
            ended += 1
            assert set(row[row.index(5) :]) == {5}
    assert ended
    never = generate(model, torch.randint(19, (50, 1)), max_new_tokens=8)[:, 1:].tolist()
    assert any(len(set(row[row.index(5) :])) > 1 for row in never if 5 in row[:-1])


def test_bad_input_is_refused_in_words(model):
    with pytest.raises(ReaderError, match="10 tokens is longer than max_position_embeddings = 9"):
        model(torch.zeros(1, 10, dtype=torch.long))
    with pytest.raises(ReaderError, match="token id 19 is outside the model's vocabulary of 19"):
        model(torch.tensor([[19]]))
