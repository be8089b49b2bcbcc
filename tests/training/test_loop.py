"""The training loop: what it does to a model, what it records, and how it stops."""

import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from llmbook.errors import ReaderError
from llmbook.training.loop import fit
from llmbook.training.schedules import cosine_schedule


def regression(model, batch):
    x, y = batch
    return F.mse_loss(model(x), y), {"rows": len(x)}


def problem(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 3)
    return nn.Linear(3, 1), (x, x @ torch.tensor([[1.0], [-2.0], [0.5]]))


def test_it_trains_as_a_loop_written_out_with_torch():
    model, batch = problem()
    history = fit(
        model, itertools.repeat(batch), regression, max_steps=40, learning_rate=0.1, warmup_steps=5, weight_decay=0.1,
        max_grad_norm=0.5,
    )  # fmt: skip
    other, _ = problem()
    groups = [{"params": [other.weight], "weight_decay": 0.1}, {"params": [other.bias], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=0.1)
    warm_up = torch.optim.lr_scheduler.LinearLR(optimizer, 0.2, 1.0, total_iters=4)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=35, eta_min=0.01)
    schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, [warm_up, fall], milestones=[4])
    losses = []
    for _ in range(40):
        loss = F.mse_loss(other(batch[0]), batch[1])
        loss.backward()
        nn.utils.clip_grad_norm_(other.parameters(), 0.5)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        schedule.step()
    assert [record["loss"] for record in history] == pytest.approx(losses, rel=1e-4)
    assert [record["step"] for record in history] == list(range(1, 41))
    assert {record["rows"] for record in history} == {64}


def test_it_evaluates_when_asked_and_at_the_end_in_evaluation_mode():
    model, batch = problem()
    modes = []

    def evaluate(model):
        modes.append((model.training, torch.is_grad_enabled()))
        return {"eval_loss": 1.0}

    history = fit(
        model, itertools.repeat(batch), regression, max_steps=7, learning_rate=0.1, eval_steps=3, evaluate=evaluate
    )
    assert [record["step"] for record in history if "eval_loss" in record] == [3, 6, 7]
    assert modes == [(False, False)] * 3 and model.training


def test_batches_that_run_out_and_a_loss_that_breaks_are_told_in_one_line():
    model, batch = problem()
    with pytest.raises(ReaderError, match="ran out after 2 of 3 steps"):
        fit(model, [batch, batch], regression, max_steps=3, learning_rate=0.1)
    with pytest.raises(ReaderError, match="the loss is nan at step 1"):
        fit(model, [(batch[0], batch[1] * float("nan"))], regression, max_steps=1, learning_rate=0.1)


def test_frozen_parameters_stay():
    model, batch = problem()
    model.weight.requires_grad_(False)
    before = model.weight.clone()
    fit(model, itertools.repeat(batch), regression, max_steps=3, learning_rate=0.1)
    assert torch.equal(model.weight, before)


def test_the_cosine_schedule_rises_falls_and_stays():
    rates = [cosine_schedule(step, 100, 10, 2.0, 0.1) for step in (1, 5, 10, 55, 100, 120)]
    assert rates == pytest.approx([0.2, 1.0, 2.0, 1.1, 0.2, 0.2])
    assert cosine_schedule(1, 100, 0, 2.0, 1.0) == cosine_schedule(100, 100, 0, 2.0, 1.0) == 2.0
