"""The runs behind the scaling laws: what is counted, what is measured, and the committed results."""

import math

import pytest
import torch

from llmbook.data.markov import MarkovSource
from llmbook.errors import ReaderError
from llmbook.training import scaling_runs
from llmbook.training.scaling_runs import (
    Run,
    build_model,
    count_parameters,
    grid_plan,
    held_out_loss,
    isoflop_plan,
    read_runs,
    remake,
    train_run,
)


@pytest.fixture(scope="module")
def source() -> MarkovSource:
    return MarkovSource(5, 2, seed=3)


class Oracle(torch.nn.Module):
    """Knows the source, and says log p of the next symbol, sharpened by a factor."""

    def __init__(self, source: MarkovSource, factor: float = 1.0) -> None:
        super().__init__()
        self.table = factor * torch.from_numpy(source.probabilities).log()
        self.vocab_size = source.vocab_size

    def forward(self, text):
        before = torch.cat([torch.zeros_like(text[:, :1]), text[:, :-1]], dim=1)
        return self.table[before * self.vocab_size + text]


def test_a_model_that_knows_the_source_has_the_entropy_rate_as_its_loss(source):
    text = source.sample(600, 12, seed=1)
    assert held_out_loss(Oracle(source), source, text) == pytest.approx(source.entropy_rate, abs=1e-9)
    # one that knows nothing has log V, up to the luck of 6,000 symbols, which mostly cancels
    ignorant = held_out_loss(Oracle(source, 0.0), source, text)
    assert ignorant == pytest.approx(math.log(5), abs=0.03)
    assert held_out_loss(Oracle(source, 3.0), source, text) > source.entropy_rate + 0.05


@pytest.mark.parametrize(("width", "vocab_size"), [(8, 12), (24, 5)])
def test_the_number_of_parameters_follows_the_formula(width, vocab_size):
    assert count_parameters(build_model(width, vocab_size)) == 32 * width**2 + (2 * vocab_size + 5) * width


def test_runs_of_one_budget_spend_it():
    for width, tokens in isoflop_plan(1e9, [4, 8, 64], 12):
        assert 6 * count_parameters(build_model(width, 12)) * tokens == pytest.approx(1e9)
    assert [width for width, _ in isoflop_plan(1e9, [4, 8, 64], 12)] == [4, 8]  # width 64 would see 1,250 tokens


def test_a_run_learns_and_says_what_it_was(source):
    held_out = source.sample(200, 32, seed=9)
    run = train_run(source, held_out, 8, 40_000, seed=1)
    assert run[:3] == ("grid", 8, count_parameters(build_model(8, 5)))
    assert run.tokens == 78 * 16 * 32 and run.seed == 1 and run.compute == 6 * run.parameters * run.tokens
    assert source.entropy_rate < run.loss < source.conditional_entropy(0)
    with pytest.raises(ReaderError, match="fill 8 batches of 512"):
        train_run(source, held_out, 8, 4000)


def test_the_committed_runs_are_those_of_the_plan():
    runs, plan = read_runs(), grid_plan(MarkovSource().vocab_size)
    assert {run[:2] for run in runs} == {(series, width) for series, width, _ in plan}
    assert len(runs) == len(plan)
    for run, (series, width, tokens) in zip(runs, plan, strict=True):
        assert run[:2] == (series, width) and run.tokens == pytest.approx(tokens, rel=0.02)
        assert run.parameters == 32 * width**2 + 29 * width
        assert MarkovSource().entropy_rate < run.loss < math.log(12)


def test_a_committed_run_is_what_the_function_gives_today():
    source = MarkovSource()
    committed = next(run for run in read_runs() if run.width == 12 and run.tokens == 32_768)
    held_out = source.sample(scaling_runs.HELD_OUT_ROWS, scaling_runs.ROW_LENGTH, scaling_runs.HELD_OUT_SEED)
    again = train_run(source, held_out, 12, 32_768)
    assert again.loss == pytest.approx(committed.loss, abs=0.01)  # other processors round otherwise


def test_remaking_goes_on_where_it_stopped(tmp_path, monkeypatch, source):
    calls = []

    def trained(source, held_out, width, tokens, seed, series):
        calls.append(width)
        return Run(series, width, 100, int(tokens), 1.5, seed)

    monkeypatch.setattr(scaling_runs, "train_run", trained)
    monkeypatch.setattr(scaling_runs, "MarkovSource", lambda: source)
    plan = [("grid", 4, 1e5), ("isoflop", 4, 2e5), ("grid", 8, 1e5)]
    monkeypatch.setattr(scaling_runs, "grid_plan", lambda vocab_size: plan[:2])
    remake(tmp_path / "runs.csv")
    monkeypatch.setattr(scaling_runs, "grid_plan", lambda vocab_size: plan)
    remake(tmp_path / "runs.csv")
    assert calls == [4, 4, 8]
    assert read_runs(tmp_path / "runs.csv") == [Run(s, w, 100, int(t), 1.5, 0) for s, w, t in plan]


def test_a_missing_or_broken_file_is_said(tmp_path):
    with pytest.raises(ReaderError, match="there is no file"):
        read_runs(tmp_path / "none.csv")
    (tmp_path / "broken.csv").write_text("series,width\ngrid,8\n", encoding="utf-8")
    with pytest.raises(ReaderError, match="line 2, is no run: it needs series, width"):
        read_runs(tmp_path / "broken.csv")
