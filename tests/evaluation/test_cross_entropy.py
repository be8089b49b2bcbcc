"""Nats of documents, against logits read one document at a time, and against a source that is known exactly."""

from math import log

import pytest
import torch

from llmbook.data.tokenizers.bpe import BPETokenizer
from llmbook.errors import ReaderError
from llmbook.evaluation.cross_entropy import TOKENS_AT_ONCE, Score, cross_entropy, document_nats
from llmbook.models.llama import Llama, LlamaConfig

TEXTS = ["red lamp", "a", "red lamp, blue lamp", "灯市有一盏灯", "x" * 90, "a" * 200 + "b" * 200, ""]


@pytest.fixture(scope="module")
def tokenizer():
    return BPETokenizer.train(["red lamp, blue lamp " * 20], 300, ["<|pad|>", "<|endoftext|>"])


def tiny(tokenizer, positions):
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = LlamaConfig(len(tokenizer), max_position_embeddings=positions, initializer_range=0.3, **sizes)
    return Llama(config).eval()


def ids_of(tokenizer, text):
    end = tokenizer.special_tokens["<|endoftext|>"]
    return [end, *tokenizer.encode(text), end]


@torch.no_grad()
def slowly(model, ids, first=1):
    log_probs = model(torch.tensor([ids]))[0].log_softmax(dim=-1)
    return -sum(log_probs[place - 1, ids[place]].item() for place in range(first, len(ids)))


def test_batches_give_what_one_document_at_a_time_gives(tokenizer, monkeypatch):
    model = tiny(tokenizer, 512)
    for tokens_at_once in (8192, 100):
        monkeypatch.setitem(TOKENS_AT_ONCE, "cpu", tokens_at_once)
        for text, (nats, tokens) in zip(TEXTS, document_nats(model, tokenizer, TEXTS), strict=True):
            ids = ids_of(tokenizer, text)
            assert tokens == len(ids) - 1
            assert nats == pytest.approx(slowly(model, ids), rel=1e-4)


@pytest.mark.parametrize("positions", [64, 63])
def test_long_documents_are_read_in_windows_and_every_token_is_predicted_once(tokenizer, positions):
    model = tiny(tokenizer, positions)
    ids = ids_of(tokenizer, TEXTS[5])
    nats = slowly(model, ids[:positions])
    step = positions // 2
    for start in range(step, len(ids), step):
        if start + positions - step >= len(ids):
            break
        nats += slowly(model, ids[start : start + positions], positions - step)
    ((found, tokens),) = document_nats(model, tokenizer, [TEXTS[5]])
    assert tokens == len(ids) - 1 > 4 * positions and found == pytest.approx(nats, rel=1e-4)


def test_scores_are_sums_and_the_gap_is_what_the_source_does_not_pay(tokenizer):
    model = tiny(tokenizer, 512)
    records = [
        {"kind": "a", "language": "en", "text": "red lamp", "nats": 2.0},
        {"kind": "a", "language": "zh", "text": "灯市", "nats": 3.0},
        {"kind": "b", "language": "en", "text": "blue", "nats": None},
    ]
    nats = document_nats(model, tokenizer, [record["text"] for record in records])
    scores = cross_entropy(model, tokenizer, records)
    assert list(scores) == ["a", "b"] and scores["a"].documents == 2
    assert scores["a"].nats == pytest.approx(nats[0][0] + nats[1][0]) and scores["a"].bytes == 8 + 6
    assert scores["a"].gap == pytest.approx((scores["a"].nats - 5.0) / (nats[0][1] + nats[1][1]))
    assert scores["a"].per_byte * 14 == pytest.approx(scores["a"].per_token * scores["a"].tokens)
    assert scores["b"].gap is None and (scores["a"] + scores["b"]).source_nats is None
    assert list(cross_entropy(model, tokenizer, records, group="language")) == ["en", "zh"]
    priced = cross_entropy(model, tokenizer, records[:2], {"a": 0.25, "b": 0.75})
    assert priced["a"].source_nats == pytest.approx(5.0 + 2 * log(4))
    assert Score(1, 2, 3, 4.0, 5.0) + Score(1, 1, 1, 1.0, 1.0) == Score(2, 3, 4, 5.0, 6.0)


# Two kinds of which some texts begin others: only a model that pays for the end of a text agrees with this source.
KINDS = {"a": ["red", "red blue", "red blue red", "blue"], "b": ["red red", "blue blue", "green", "green green"]}


def test_a_model_that_has_learned_a_source_has_no_gap_to_it(tokenizer):
    model = tiny(tokenizer, 64).train()
    texts = [text for kind in KINDS.values() for text in kind]
    rows = [ids_of(tokenizer, text) for text in texts]
    longest = max(map(len, rows))
    input_ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    labels = torch.tensor([row + [-100] * (longest - len(row)) for row in rows])
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(150):
        model.loss(input_ids, labels).backward()
        optimizer.step()
        optimizer.zero_grad()
    records = [{"kind": kind, "text": text, "nats": log(4)} for kind, texts in KINDS.items() for text in texts]
    model.eval()
    whole = sum(cross_entropy(model, tokenizer, records, {"a": 0.5, "b": 0.5}).values(), Score(0, 0, 0, 0.0, 0.0))
    assert 0 <= whole.gap < 0.02  # a mean over all texts of the source is never below its entropy
    kinds_known = sum(cross_entropy(model, tokenizer, records).values(), Score(0, 0, 0, 0.0, 0.0))
    assert kinds_known.gap - whole.gap == pytest.approx(log(2) * whole.documents / whole.tokens)


def test_what_cannot_be_scored_is_named(tokenizer):
    model = tiny(tokenizer, 64)
    with pytest.raises(ReaderError, match="no record"):
        cross_entropy(model, tokenizer, [])
    with pytest.raises(ReaderError, match="the kind 'c' has no prior above 0"):
        cross_entropy(model, tokenizer, [{"kind": "c", "text": "red", "nats": 1.0}], {"a": 1.0})
    bare = BPETokenizer.train(["red"], 256)
    with pytest.raises(ReaderError, match="no special token '<|endoftext|>'"):
        document_nats(model, bare, ["red"])
