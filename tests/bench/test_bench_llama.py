"""The benchmark compares the same work: both sides get the same weights' shapes, tokens and optimizer."""

import time

import torch

from llmbook.bench.llama import Row, _generations, _pair, _training_steps, bench_llama
from llmbook.bench.timing import interleave
from llmbook.models.llama import LlamaConfig

CONFIG = LlamaConfig(97, 32, 48, 2, 4, max_position_embeddings=128, tie_word_embeddings=True)


def test_variants_take_turns_and_the_best_round_counts():
    order = []

    def slow():
        order.append("slow")
        time.sleep(0.02 if len(order) > 4 else 0.03)

    best = interleave({"slow": slow, "fast": lambda: order.append("fast")}, rounds=3, warm_up=1)
    assert order == ["slow", "fast"] * 4
    assert 0.02 <= best["slow"] < 0.03 and best["fast"] < best["slow"]


def test_both_sides_have_the_same_parameters_and_train():
    ours, theirs = _pair(CONFIG, torch.device("cpu"))
    shapes = sorted(tuple(p.shape) for p in ours.parameters())
    assert shapes == sorted(tuple(p.shape) for p in theirs.parameters())
    steps = _training_steps(ours, theirs, "fp32", False, 2, 16)
    for model, name in ((ours, "ours"), (theirs, "theirs")):
        before = [p.detach().clone() for p in model.parameters()]
        steps[name]()
        assert all(not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_both_sides_write_the_same_number_of_tokens():
    ours, theirs = (model.eval() for model in _pair(CONFIG, torch.device("cpu")))
    assert {run().shape for run in _generations(ours, theirs, 3).values()} == {(3, 96)}


def test_the_rows_of_a_small_run(monkeypatch):
    monkeypatch.setattr("llmbook.bench.llama.TINY", CONFIG)
    monkeypatch.setattr("llmbook.bench.llama.matmul_peak", lambda dtype, device: 1e12)
    rows = list(bench_llama(torch.device("cpu"), ("fp32", "bf16"), False, 1, 2, 16, (1, 2)))
    assert [row.task for row in rows] == [
        "train fp32 eager", "train bf16 eager", "generate fp32 batch 1", "generate fp32 batch 2",
        "generate bf16 batch 1", "generate bf16 batch 2",
    ]  # fmt: skip
    assert all(row.ours > 0 and row.theirs > 0 for row in rows)
    assert Row("x", 3.0, 2.0).ratio == 1.5
