"""1-bit Adam against AdamW, against itself in real processes, and against a slow version without packed bits."""

import copy
import math

import numpy as np
import pytest
import torch
import torch.distributed as dist
from torch import nn

from llmbook.errors import ReaderError
from llmbook.parallel.one_bit_adam import OneBitAdam, SimulatedWorkers, one_bit_mean, pack_signs, unpack_signs
from llmbook.training.processes import launch


def small_model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 1))


def gradient_rows(workers: int, step: int) -> torch.Tensor:
    """What each worker's backward pass gives: the parameters of `small_model` are 50."""
    return torch.randn(workers, 50, generator=torch.Generator().manual_seed(step)) + 0.5


def set_gradients(model: nn.Module, flat: torch.Tensor) -> None:
    parameters = list(model.parameters())
    for parameter, part in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
        parameter.grad = part.view_as(parameter).clone()


def test_signs_are_packed_as_numpy_packs_them():
    x = torch.randn(3, 40)
    x[0, 0] = 0.0
    assert pack_signs(x).numpy().tolist() == np.packbits(x.numpy() >= 0, axis=-1, bitorder="little").tolist()
    assert unpack_signs(pack_signs(x)).equal(torch.where(x >= 0, 1.0, -1.0))


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_the_warm_up_is_adamw_on_the_mean_gradient(weight_decay):
    ours, theirs = small_model(), small_model()
    settings = {"lr": 3e-3, "betas": (0.8, 0.99), "weight_decay": weight_decay}
    optimizer = OneBitAdam(ours.parameters(), freeze_step=10, workers=SimulatedWorkers(4), **settings)
    reference = torch.optim.AdamW(theirs.parameters(), **settings)
    for step in range(10):
        rows = gradient_rows(4, step)
        optimizer.update(rows)
        set_gradients(theirs, rows.mean(0))
        reference.step()
    for left, right in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(left, right, atol=1e-6, rtol=1e-6)


def slow_one_bit_mean(values, worker_error, server_error):
    """The two compressions written out for every worker and every server, in double precision."""
    workers, n = values.shape
    sent, chunk = np.zeros((workers, n)), n // workers
    for i in range(workers):
        x = values[i] + worker_error[i]
        sent[i] = np.where(x >= 0, 1, -1) * math.sqrt(sum(x**2) / n)
        worker_error[i] = x - sent[i]
    result = np.zeros(n)
    for j in range(workers):
        own = slice(j * chunk, (j + 1) * chunk)
        x = sum(sent[i, own] for i in range(workers)) / workers + server_error[j]
        result[own] = np.where(x >= 0, 1, -1) * math.sqrt(sum(x**2) / chunk)
        server_error[j] = x - result[own]
    return result


def test_the_mean_is_that_of_the_slow_version_and_nothing_is_lost():
    errors = torch.zeros(4, 64), torch.zeros(4, 16)
    slow_errors = np.zeros((4, 64)), np.zeros((4, 16))
    wanted = received = torch.zeros(64)
    for step in range(20):
        values = torch.randn(4, 64, generator=torch.Generator().manual_seed(step))
        mean = one_bit_mean(values, *errors, SimulatedWorkers(4))
        assert np.allclose(mean, slow_one_bit_mean(values.double().numpy(), *slow_errors), atol=1e-5)
        wanted, received = wanted + values.mean(0), received + mean
    kept = errors[0].mean(0) + errors[1].flatten()
    torch.testing.assert_close(received + kept, wanted, atol=1e-5, rtol=1e-5)


def train(steps: int, freeze_step: int, error_feedback: bool = True, seed: int = 0) -> tuple[float, float]:
    """Four workers on one regression problem: the loss at the end, and the megabytes that each of them sent."""
    torch.manual_seed(seed)
    model, target = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 1)), torch.randn(64, 1) / 8
    workers = SimulatedWorkers(4)
    optimizer = OneBitAdam(
        model.parameters(), lr=3e-3, freeze_step=freeze_step, error_feedback=error_feedback, workers=workers
    )
    losses = []
    for _ in range(steps):
        rows = []
        for _ in range(4):
            x = torch.randn(32, 64)
            loss = (model(x) - x @ target).square().mean()
            rows.append(torch.cat([grad.flatten() for grad in torch.autograd.grad(loss, list(model.parameters()))]))
            losses.append(loss.item())
        optimizer.update(torch.stack(rows))
    return sum(losses[-100:]) / 100, workers.bytes_sent / 1e6


def test_it_learns_as_adam_does_with_fewer_bytes():
    torch.set_num_threads(1)
    (adam, all_bytes), (one_bit, few_bytes) = train(300, 300), train(300, 100)
    assert one_bit == pytest.approx(adam, rel=0.3)
    assert all_bytes / few_bytes == pytest.approx(1 / (1 / 3 + 2 / 3 / 32), rel=0.01)
    assert not train(300, 100, error_feedback=False)[0] < 100 * adam  # NaN counts as diverged


def test_a_parameter_without_gradient_stays_where_it_is():
    model = small_model()
    before = nn.utils.parameters_to_vector(model.parameters()).clone()
    optimizer = OneBitAdam(model.parameters(), freeze_step=2, workers=SimulatedWorkers(2))
    for step in range(6):
        rows = gradient_rows(2, step)
        rows[:, :9] = 0
        optimizer.update(rows)
    after = nn.utils.parameters_to_vector(model.parameters())
    assert after[:9].equal(before[:9]) and (after[9:] != before[9:]).all()


def test_its_state_is_saved_and_goes_on_the_same():
    models = [small_model(), small_model()]
    first, second = (OneBitAdam(model.parameters(), freeze_step=3, workers=SimulatedWorkers(2)) for model in models)
    for step in range(6):
        first.update(gradient_rows(2, step))
    models[1].load_state_dict(models[0].state_dict())
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    for optimizer in (first, second):
        optimizer.update(gradient_rows(2, 9))
    for left, right in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert left.equal(right)


def test_what_it_cannot_do_is_said():
    with pytest.raises(ReaderError, match="freeze_step is 0"):
        OneBitAdam(small_model().parameters(), freeze_step=0, workers=SimulatedWorkers(2))
    with pytest.raises(ReaderError, match="no closure"):
        OneBitAdam(small_model().parameters(), freeze_step=1, workers=SimulatedWorkers(2)).step(lambda: 0.0)


def in_a_process() -> tuple[torch.Tensor, int]:
    """Eight steps of one of two processes, with its own row of the gradients."""
    model = small_model()
    optimizer = OneBitAdam(model.parameters(), lr=1e-2, freeze_step=3)
    for step in range(8):
        set_gradients(model, gradient_rows(2, step)[dist.get_rank()])
        optimizer.step()
    return nn.utils.parameters_to_vector(model.parameters()).detach(), optimizer.workers.bytes_sent


def test_two_processes_do_what_two_simulated_workers_do():
    (left, sent), (right, _) = launch(f"{__name__}:in_a_process", 2)
    assert left.equal(right)
    model = small_model()
    optimizer = OneBitAdam(model.parameters(), lr=1e-2, freeze_step=3, workers=SimulatedWorkers(2))
    for step in range(8):
        optimizer.update(gradient_rows(2, step))
    torch.testing.assert_close(left, nn.utils.parameters_to_vector(model.parameters()).detach(), atol=1e-6, rtol=1e-6)
    assert sent == optimizer.workers.bytes_sent
