"""BERT against transformers' with the same weights, and against what its definition says."""

import pytest
import torch
import transformers

from llmbook.errors import ReaderError
from llmbook.models.bert import (
    BERT_BASE,
    BERT_LARGE,
    BertConfig,
    BertForPreTraining,
    from_transformers,
    pretraining_loss,
    to_transformers,
)

SIZES = {
    "vocab_size": 31, "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 20,
    "max_position_embeddings": 9,
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
def batch() -> dict[str, torch.Tensor]:
    mask = torch.arange(9) < torch.tensor([9, 5, 7, 2])[:, None]
    return {"ids": torch.randint(31, (4, 9)), "segments": torch.randint(2, (4, 9)), "mask": mask}


def theirs_of(peer, batch, **labels):
    return peer(input_ids=batch["ids"], token_type_ids=batch["segments"], attention_mask=batch["mask"].long(), **labels)


@pytest.mark.parametrize("eps", [1e-12, 1e-2])
@torch.no_grad()
def test_logits_and_loss_are_those_of_transformers(batch, eps):
    model = shaken(BertForPreTraining(BertConfig(**SIZES, layer_norm_eps=eps)))
    labels = batch["ids"].where(torch.rand(4, 9) < 0.3, -100)
    next_sentence_label = torch.tensor([0, 1, 1, 0])
    theirs = theirs_of(to_transformers(model), batch, labels=labels, next_sentence_label=next_sentence_label)
    mlm, nsp = model(batch["ids"], batch["segments"], batch["mask"][:, None])
    torch.testing.assert_close(mlm, theirs.prediction_logits, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(nsp, theirs.seq_relationship_logits, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(pretraining_loss(mlm, nsp, labels, next_sentence_label), theirs.loss)


@torch.no_grad()
def test_a_bert_of_transformers_can_be_read(batch):
    config = transformers.BertConfig(**SIZES)
    peer = shaken(transformers.BertForPreTraining(config))
    model = from_transformers(peer)
    assert not model.training and model.config == BertConfig(**SIZES)
    mlm, nsp = model(batch["ids"], batch["segments"], batch["mask"][:, None])
    theirs = theirs_of(peer, batch)
    torch.testing.assert_close(mlm, theirs.prediction_logits, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(nsp, theirs.seq_relationship_logits, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("config", "body", "whole"),
    [(BERT_BASE, 109_482_240, 110_106_428), (BERT_LARGE, 335_141_888, 336_226_108)],
    ids=["base", "large"],
)
def test_parameter_counts(config, body, whole):
    with torch.device("meta"):
        model = BertForPreTraining(config)
    assert sum(p.numel() for p in model.bert.parameters()) == body
    assert sum(p.numel() for p in model.parameters()) == whole


@torch.no_grad()
def test_every_position_sees_every_other_but_no_padding(batch):
    model = shaken(BertForPreTraining(BertConfig(**SIZES)))
    before, _ = model(batch["ids"], batch["segments"], batch["mask"][:, None])
    for position in range(9):
        changed = batch["ids"].clone()
        changed[:, position] = (changed[:, position] + 1) % 31
        after, _ = model(changed, batch["segments"], batch["mask"][:, None])
        seen = batch["mask"][:, position]
        others = torch.arange(9) != position
        same = torch.isclose(after, before).all(-1)[:, others]
        assert not same[seen].any()
        assert same[~seen].all()


@torch.no_grad()
def test_segments_default_to_the_first(batch):
    model = shaken(BertForPreTraining(BertConfig(**SIZES)))
    zeros = torch.zeros_like(batch["ids"])
    torch.testing.assert_close(model(batch["ids"]), model(batch["ids"], zeros))
    assert not torch.isclose(model(batch["ids"])[1], model(batch["ids"], zeros + 1)[1]).any()


def test_the_head_shares_the_embeddings_matrix(batch):
    model = BertForPreTraining(BertConfig(**SIZES))
    assert model.mlm_head.weight is model.bert.embeddings.tokens.weight
    names = [name for name, _ in model.named_parameters()]
    assert "mlm_head.bias" in names and "mlm_head.weight" not in names


@pytest.mark.parametrize("std", [0.02, 0.04])
def test_initial_weights_have_the_standard_deviation_and_the_first_losses_are_ln_v_and_ln_2(std):
    sizes = {"vocab_size": 1000, "hidden_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4}
    model = BertForPreTraining(BertConfig(**sizes, intermediate_size=256, dropout=0.0, initializer_range=std))
    for weight in (model.bert.embeddings.tokens.weight, model.bert.layers[0].feed_forward.up_proj.weight):
        assert 0.975 < weight.std() / std < 1.025
    assert not model.nsp_head.bias.any() and not model.mlm_head.dense.bias.any()
    ids = torch.randint(1000, (8, 64))
    mlm, nsp = model(ids)
    zero = torch.zeros(8, dtype=torch.long)
    expected = torch.tensor(1000.0).log() + torch.tensor(2.0).log()
    assert abs(pretraining_loss(mlm, nsp, ids, zero) - expected) < 0.15


def test_bad_input_is_refused_in_words():
    model = BertForPreTraining(BertConfig(**SIZES))
    with pytest.raises(ReaderError, match="10 tokens is longer than max_position_embeddings = 9"):
        model(torch.zeros(1, 10, dtype=torch.long))
    with pytest.raises(ReaderError, match="token ids up to 31 and segments up to 0 do not fit tables of 31 tokens"):
        model(torch.tensor([[31]]))
    with pytest.raises(ReaderError, match="segments up to 2"):
        model(torch.tensor([[3]]), torch.tensor([[2]]))
    with pytest.raises(ReaderError, match="norm_first=False"):
        to_transformers(BertForPreTraining(BertConfig(**SIZES, norm_first=True)))
    untied = transformers.BertForPreTraining(transformers.BertConfig(**SIZES, tie_word_embeddings=False))
    with pytest.raises(ReaderError, match="an output matrix of its own"):
        from_transformers(untied)
