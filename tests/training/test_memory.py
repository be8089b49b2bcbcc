"""Peak memory against sums done by hand."""

import torch

from llmbook.training.memory import peak_memory


def test_what_is_freed_makes_room() -> None:
    def two_at_a_time() -> torch.Tensor:
        x = torch.zeros(1000)
        for _ in range(10):
            x = x + 1
        return x

    assert peak_memory(two_at_a_time) == 2 * 4000


def test_views_and_in_place_operations_take_nothing() -> None:
    assert peak_memory(lambda: torch.zeros(1000).add_(1).view(10, 100)[2:].t()) == 4000


def test_what_was_there_before_does_not_count() -> None:
    x = torch.zeros(1000)
    assert peak_memory(lambda: x.add_(1)) == 0
    assert peak_memory(lambda: x * 2) == 4000


def test_saved_for_backward_counts_until_it_is_used() -> None:
    """exp keeps its result for the gradient. At the second step back: 5 results, the gradient given, two made."""

    def deep(x: torch.Tensor) -> None:
        for _ in range(5):
            x = x.exp()
        x.backward(torch.ones_like(x))

    inputs = torch.zeros(1000, requires_grad=True)
    with torch.no_grad():
        assert peak_memory(lambda: deep_forward(torch.zeros(1000))) == 2 * 4000
    assert peak_memory(lambda: deep(inputs)) == (5 + 1 + 2) * 4000


def deep_forward(x: torch.Tensor) -> torch.Tensor:
    for _ in range(5):
        x = x.exp()
    return x


def test_the_figure_is_the_same_each_time() -> None:
    def work() -> None:
        x = torch.randn(64, 64, requires_grad=True)
        (x @ x).softmax(-1).sum().backward()

    assert len({peak_memory(work) for _ in range(5)}) == 1
