"""Block-sparse attention against dense attention under the same mask; hashing and clustering by their definitions."""

import math

import pytest
import torch
from torch import Tensor

from llmbook.errors import ReaderError
from llmbook.models.attention import causal_mask, scaled_dot_product_attention
from llmbook.models.attention_patterns import band_mask, bigbird_mask, block_local_mask
from llmbook.models.sparse_attention import RoutingClusters, block_mask_of, block_sparse_attention, lsh_buckets
from llmbook.training.memory import peak_memory


def inputs(length: int, dtype: torch.dtype = torch.float32, heads: int = 3, d: int = 8) -> list[Tensor]:
    return [torch.randn(2, heads, length, d, dtype=dtype, requires_grad=True) for _ in range(3)]


def block_masks(blocks: int) -> list[Tensor]:
    blind = band_mask(blocks).clone()
    blind[1] = False  # a row of blocks that sees nothing
    backwards = torch.ones(blocks, blocks).bool().triu(1)  # under a causal mask, one cell of it is left
    backwards[1, 0] = True
    return [bigbird_mask(blocks), block_local_mask(blocks, 2), torch.ones(blocks, blocks).bool(), blind, backwards]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("length", "block_size"), [(48, 8), (45, 8), (7, 1), (30, 7)])
def test_equals_dense_attention_forward_and_backward(length: int, block_size: int, causal: bool) -> None:
    for block_mask in block_masks(-(-length // block_size)):
        tensors = inputs(length)
        output = block_sparse_attention(*tensors, block_mask, block_size, causal)
        mask = block_mask.repeat_interleave(block_size, 0).repeat_interleave(block_size, 1)[:length, :length]
        expected, _ = scaled_dot_product_attention(*tensors, mask & causal_mask(length) if causal else mask)
        torch.testing.assert_close(output, expected, atol=2e-6, rtol=1e-5)
        direction = torch.randn_like(output)
        ours, theirs = (torch.autograd.grad(x, tensors, direction) for x in (output, expected))
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_many_rows_are_computed_a_few_at_a_time() -> None:
    tensors = [torch.randn(2, 8, 512, 64) for _ in range(3)]  # more than 2**20 gathered numbers
    block_mask = bigbird_mask(32)
    mask = block_mask.repeat_interleave(16, 0).repeat_interleave(16, 1)
    output = block_sparse_attention(*tensors, block_mask, 16)
    torch.testing.assert_close(output, scaled_dot_product_attention(*tensors, mask)[0], atol=1e-5, rtol=1e-5)


def test_gradcheck() -> None:
    tensors = inputs(10, torch.float64, heads=1, d=3)
    assert torch.autograd.gradcheck(lambda *x: block_sparse_attention(*x, bigbird_mask(4), 3, causal=True), tensors)


def test_memory_grows_with_the_allowed_blocks() -> None:
    def peak(length: int) -> int:
        tensors = [torch.randn(1, 2, length, 16) for _ in range(3)]
        return peak_memory(lambda: block_sparse_attention(*tensors, band_mask(length // 16), 16))

    assert peak(2048) < 1.2 * 4 * peak(512) < 2 * 2048 * 2048 * 4 / 4


def test_block_mask_of_tokens() -> None:
    mask = torch.zeros(7, 5, dtype=torch.bool)
    mask[0, 4] = mask[6, 2] = True
    assert block_mask_of(mask, 3).tolist() == [[False, True], [False, False], [True, False]]
    assert block_mask_of(band_mask(12), 4).equal(band_mask(3))
    assert block_mask_of(block_local_mask(10, 4), 4).equal(torch.eye(3).bool())


def test_a_block_mask_of_the_wrong_size_is_refused() -> None:
    with pytest.raises(ReaderError, match=r"10 positions are 3 blocks of 4: the block mask should be \[3, 3\]"):
        block_sparse_attention(*inputs(10), band_mask(4), 4)


def test_lsh_takes_the_nearest_of_plus_and_minus_the_rotations() -> None:
    rotations = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    x = torch.tensor([[3.0, 1.0], [1.0, 3.0], [-3.0, 1.0], [1.0, -3.0]])
    assert lsh_buckets(x, rotations).tolist() == [0, 1, 2, 3]
    assert lsh_buckets(x[None], rotations).shape == (1, 4)


def test_lsh_collisions_follow_the_cosine() -> None:
    """With two buckets the hash is the sign of one projection: P(same) = 1 - angle / π (Goemans and Williamson)."""
    rotations = torch.randn(16, 20_000)
    for cosine in (0.9, 0.5, 0.0, -0.5):
        x, y = torch.eye(16)[0], torch.zeros(16)
        y[0], y[1] = cosine, math.sqrt(1 - cosine**2)
        same = torch.stack([lsh_buckets(v, rotations[:, i : i + 1]) for v in (x, y) for i in range(2000)]).view(2, -1)
        assert abs((same[0] == same[1]).float().mean() - (1 - math.acos(cosine) / math.pi)) < 0.05


def test_lsh_refuses_rotations_of_another_size() -> None:
    with pytest.raises(ReaderError, match="cannot hash vectors of size 3"):
        lsh_buckets(torch.randn(2, 3), torch.randn(4, 2))


def test_routing_update_is_equations_2_39_to_2_41() -> None:
    clusters = RoutingClusters(torch.tensor([[0.0, 0.0], [10.0, 0.0]]), decay=0.75)
    query, key = torch.tensor([[1.0, 0.0], [9.0, 1.0]]), torch.tensor([[0.0, 2.0], [1.0, 1.0]])
    assert clusters.assign(query).tolist() == [0, 1] and clusters.assign(key).tolist() == [0, 0]
    clusters.update(query, key)
    # 0.75 · (0, 0) + 0.25 · (2, 3) and 0.75 · (10, 0) + 0.25 · (9, 1); 0.75 + 0.25 · 3 and 0.75 + 0.25 · 1
    torch.testing.assert_close(clusters.sums, torch.tensor([[0.5, 0.75], [9.75, 0.25]]))
    torch.testing.assert_close(clusters.counts, torch.tensor([1.5, 1.0]))
    torch.testing.assert_close(clusters.centroids, torch.tensor([[1 / 3, 0.5], [9.75, 0.25]]))


def test_routing_finds_gaussian_clouds() -> None:
    centres = 8 * torch.eye(5)
    clusters = RoutingClusters(centres + torch.randn(5, 5), decay=0.5)
    for _ in range(20):
        clusters.update(*(centres.repeat(20, 1) + torch.randn(100, 5) for _ in range(2)))
    assert (clusters.centroids - centres).abs().max() < 0.7
    assert clusters.assign(centres).tolist() == [0, 1, 2, 3, 4]


def test_routing_refuses_a_decay_of_one() -> None:
    with pytest.raises(ReaderError, match="decay should be at least 0 and below 1, not 1"):
        RoutingClusters(torch.zeros(2, 2), decay=1)
