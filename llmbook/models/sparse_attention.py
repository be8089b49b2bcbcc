"""Attention that computes less than all of the matrix (section 2.4.2): by blocks, by hashing, by clustering."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from llmbook.errors import ReaderError


def block_mask_of(mask: Tensor, block_size: int) -> Tensor:
    """The blocks that hold at least one allowed cell.

    Args:
        mask: boolean, [query_length, key_length].
        block_size: rows and columns of a block; the last ones may be cut short.

    Returns:
        Boolean, [⌈query_length / block_size⌉, ⌈key_length / block_size⌉].
    """
    rows, columns = (-size % block_size for size in mask.shape)
    blocks = F.pad(mask, (0, columns, 0, rows)).unflatten(1, (-1, block_size)).unflatten(0, (-1, block_size))
    return blocks.any(3).any(1)


def block_sparse_attention(
    query: Tensor, key: Tensor, value: Tensor, block_mask: Tensor, block_size: int, causal: bool = False
) -> Tensor:
    """Softmax attention over the allowed blocks, and no work for the others.

    Queries and keys are cut into blocks. Rows of blocks that may see equally many blocks are computed together: the
    key and value blocks of each row are gathered side by side, and dense attention runs on what was gathered.

    Args:
        query, key, value: [batch, heads, length, head_dim].
        block_mask: boolean, True = may be attended to, [num_blocks, num_blocks], num_blocks = ⌈length / block_size⌉.
        block_size: positions in a block; the last block may be shorter.
        causal: hide later positions too; blocks above the diagonal are then skipped.

    Returns:
        [batch, heads, length, head_dim]; zeros for queries that may attend to nothing.

    Raises:
        ReaderError: when the block mask does not fit the length.
    """
    heads, length = query.shape[1:3]
    num_blocks = -(-length // block_size)
    if block_mask.shape != (num_blocks, num_blocks):
        raise ReaderError(
            f"{length} positions are {num_blocks} blocks of {block_size}: the block mask should be "
            f"[{num_blocks}, {num_blocks}], not {list(block_mask.shape)}"
        )
    padding = num_blocks * block_size - length
    query, key, value = (
        F.pad(x, (0, 0, 0, padding)).flatten(0, 1).unflatten(1, (num_blocks, block_size)) for x in (query, key, value)
    )  # [batch · heads, num_blocks, block_size, head_dim]
    allowed = block_mask.tril() if causal else block_mask
    outputs, order = [], []
    for rows in _rows_by_count(allowed.sum(1), key[:, 0].numel()):
        columns = allowed[rows].nonzero()[:, 1].view(len(rows), -1)  # [rows, count], the blocks that each row sees
        mask = _within_blocks(rows, columns, block_size, length, causal) if causal or padding else None
        keys, values = (x[:, columns].flatten(2, 3) for x in (key, value))  # [..., rows, count · block_size, head_dim]
        outputs.append(F.scaled_dot_product_attention(query[:, rows], keys, values, mask))
        order.append(rows)
    blind = (~allowed.any(1)).nonzero()[:, 0]
    outputs.append(0 * value[:, blind])
    output = torch.cat(outputs, 1)[:, torch.cat([*order, blind]).argsort()]
    return output.flatten(1, 2)[:, :length].unflatten(0, (-1, heads))


def _rows_by_count(counts: Tensor, block_numel: int) -> Iterator[Tensor]:
    """Rows that see equally many blocks (one or more), so many at a time that what they gather stays in the cache."""
    gathered = 2**20 if counts.device.type == "cpu" else 2**28  # numbers
    for count in counts.unique().tolist():
        if count:
            yield from (counts == count).nonzero()[:, 0].split(max(1, gathered // (count * block_numel)))


def _within_blocks(rows: Tensor, columns: Tensor, block_size: int, length: int, causal: bool) -> Tensor:
    """Which of the gathered keys a query may see, [1, rows, block_size, count · block_size]."""
    offsets = torch.arange(block_size, device=rows.device)
    query_positions = (rows[:, None] * block_size + offsets)[..., None]
    key_positions = (columns[..., None] * block_size + offsets).flatten(1)[:, None]
    mask = (key_positions < length).expand(-1, block_size, -1)
    return (mask & (key_positions <= query_positions) if causal else mask)[None]


def lsh_buckets(x: Tensor, rotations: Tensor) -> Tensor:
    """Reformer's locality-sensitive hash, equation (2.42): h(x) = argmax([x R; -x R]).

    Vectors that point in like directions fall into one bucket more often than others.

    Args:
        x: [..., dim].
        rotations: R, normally distributed random numbers, [dim, num_buckets / 2].

    Returns:
        int64 in 0..num_buckets - 1, [...].

    Raises:
        ReaderError: when the shapes do not fit.
    """
    if rotations.dim() != 2 or x.shape[-1] != rotations.shape[0]:
        raise ReaderError(
            f"rotations of shape {list(rotations.shape)} cannot hash vectors of size {x.shape[-1]}: "
            "they should be [dim, num_buckets / 2]"
        )
    projected = x @ rotations
    return torch.cat([projected, -projected], dim=-1).argmax(-1)


class RoutingClusters:
    """Routing Transformer's k-means: centroids that follow queries and keys as a moving average, (2.39) to (2.41).

    Args:
        centroids: where to start, [num_clusters, dim].
        decay: λ, the share that an update leaves of the past.

    Attributes:
        centroids: μ, [num_clusters, dim].
        sums: μ̃, the moving sum of each cluster's vectors, [num_clusters, dim].
        counts: c, the moving number of them, [num_clusters].
    """

    def __init__(self, centroids: Tensor, decay: float = 0.9) -> None:
        if not 0 <= decay < 1:
            raise ReaderError(f"decay should be at least 0 and below 1, not {decay}")
        self.centroids, self.decay = centroids.clone(), decay
        self.sums, self.counts = centroids.clone(), centroids.new_ones(len(centroids))

    def assign(self, x: Tensor) -> Tensor:
        """The nearest centroid of each vector: [..., dim] to int64 [...]."""
        distances = self.centroids.square().sum(-1) - 2 * x @ self.centroids.T
        return distances.argmin(-1)

    def update(self, query: Tensor, key: Tensor) -> None:
        """Move the centroids towards the vectors now assigned to them; query [..., dim], key [..., dim]."""
        vectors = torch.cat([query.flatten(0, -2), key.flatten(0, -2)])
        members = F.one_hot(self.assign(vectors), len(self.centroids)).to(vectors.dtype)  # [vectors, num_clusters]
        self.sums = self.decay * self.sums + (1 - self.decay) * members.T @ vectors
        self.counts = self.decay * self.counts + (1 - self.decay) * members.sum(0)
        self.centroids = self.sums / self.counts[:, None]
