"""Sparse patterns against their definitions, their counts, and what a stack of layers really sees."""

import itertools

import pytest
import torch
from torch import Tensor

from llmbook.errors import ReaderError
from llmbook.models import attention_patterns as patterns
from llmbook.models.attention import causal_mask, scaled_dot_product_attention

CELLS = {  # allowed cells at length 64 and 1024, in closed form
    "global": (patterns.global_mask, lambda n: 4 * n - 4),
    "band": (patterns.band_mask, lambda n: 3 * n - 2),
    "dilated": (patterns.dilated_mask, lambda n: 3 * n - 4),
    "random": (patterns.random_mask, lambda n: 2 * n),
    "block-local": (patterns.block_local_mask, lambda n: 4 * n),
    "star": (patterns.star_mask, lambda n: 5 * n - 6),
    "longformer": (patterns.longformer_mask, lambda n: 7 * n - 12),
    "etc": (patterns.etc_mask, lambda n: 3 * n - 2 + 4 * n + 4),
}


@pytest.mark.parametrize("name", CELLS)
def test_cells_follow_the_closed_form(name: str) -> None:
    build, cells = CELLS[name]
    assert [build(n).sum().item() for n in (64, 1024)] == [cells(64), cells(1024)]


def test_bigbird_is_the_longformer_and_two_more_a_row_less_overlap() -> None:
    for seed in range(3):
        longformer, bigbird = patterns.longformer_mask(1024), patterns.bigbird_mask(1024, seed=seed)
        assert bigbird[longformer].all() and 7156 + 2 * 1022 - 60 < bigbird.sum() <= 7156 + 2 * 1022


@pytest.mark.parametrize(
    ("mask", "allowed"),
    [
        (patterns.band_mask(9, 5), lambda i, j: abs(i - j) <= 2),
        (patterns.dilated_mask(9, 3, 3), lambda i, j: i - j in (-3, 0, 3)),
        (patterns.global_mask(9, 1), lambda i, j: 0 in (i, j)),
        (patterns.block_local_mask(9, 4), lambda i, j: i // 4 == j // 4),
        (patterns.star_mask(9), lambda i, j: 0 in (i, j) or abs(i - j) <= 1),
        (patterns.etc_mask(7), lambda i, j: i < 2 or j < 2 or abs(i - j) <= 1),
    ],
)
def test_every_cell(mask: Tensor, allowed) -> None:
    assert mask.shape == (9, 9)
    assert all(mask[i, j] == allowed(i, j) for i, j in itertools.product(range(9), repeat=2))


def test_random_rows_have_different_keys_and_depend_on_the_seed() -> None:
    mask = patterns.random_mask(50, 7, seed=3)
    assert mask.sum(1).eq(7).all() and mask.equal(patterns.random_mask(50, 7, seed=3))
    assert not mask.equal(patterns.random_mask(50, 7, seed=4))


def layers_until_all_is_seen(mask: Tensor, longest: int) -> int | None:
    """By gradients: the fewest attention layers with residuals after which every output depends on every input."""
    x = 0.1 * torch.randn(1, len(mask), 4, dtype=torch.float64)
    for layers in range(1, longest + 1):
        seen = torch.autograd.functional.jacobian(lambda h, n=layers: stack(h, mask, n), x)
        if seen.abs().sum((0, 2, 3, 5)).gt(0).all():
            return layers
    return None


def stack(h: Tensor, mask: Tensor, layers: int) -> Tensor:
    for _ in range(layers):
        h = h + scaled_dot_product_attention(h, h, h, mask)[0]
    return h


@pytest.mark.parametrize(
    "mask",
    [
        patterns.band_mask(7), patterns.dilated_mask(7), patterns.global_mask(7, 1), patterns.star_mask(7),
        patterns.block_local_mask(7), patterns.band_mask(7, 5), torch.ones(7, 7).bool(), patterns.random_mask(7, 3),
    ],
)  # fmt: skip
def test_hops_is_what_gradients_say(mask: Tensor) -> None:
    assert patterns.hops(mask) == layers_until_all_is_seen(mask, longest=7)


def test_hops_of_the_patterns() -> None:
    assert patterns.hops(patterns.band_mask(64)) == 63
    for build in (patterns.global_mask, patterns.star_mask, patterns.longformer_mask, patterns.bigbird_mask):
        assert patterns.hops(build(64)) == 2
    assert patterns.hops(patterns.etc_mask(64)) == 2
    assert patterns.hops(patterns.block_local_mask(64)) is patterns.hops(patterns.dilated_mask(64)) is None


def test_causal_hops_ask_only_for_the_past() -> None:
    assert patterns.hops(torch.ones(9, 9).bool(), causal=True) == 1
    assert patterns.hops(patterns.band_mask(64), causal=True) == 63
    assert patterns.hops(patterns.global_mask(64), causal=True) is None, "the first positions cannot see what follows"
    assert patterns.hops(patterns.longformer_mask(64), causal=True) == 61
    assert patterns.hops(causal_mask(9)) is None


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: patterns.band_mask(8, 4), "a band of width 4 has no centre"),
        (lambda: patterns.random_mask(4, 5), "5 random keys cannot be drawn from 4 positions"),
        (lambda: patterns.global_mask(0), "length should be at least 1, not 0"),
        (lambda: patterns.dilated_mask(8, 3, 0), "dilation should be at least 1, not 0"),
    ],
)
def test_bad_sizes_are_named(build, message: str) -> None:
    with pytest.raises(ReaderError, match=message):
        build()
