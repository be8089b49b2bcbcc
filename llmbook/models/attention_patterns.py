"""Which cells of the attention matrix a sparse model computes: position-based patterns (section 2.4.2).

Every pattern is a boolean matrix, True = may be attended to, of shape [length, length], with queries in rows.
The five basic ones are those of figure 2.9; `star_mask`, `longformer_mask`, `bigbird_mask` and `etc_mask` are the
composites of figure 2.10. None is causal: for a decoder, `&` it with `causal_mask(length)`.
"""

import torch
from torch import Tensor

from llmbook.errors import ReaderError


def global_mask(length: int, num_global: int = 2) -> Tensor:
    """The first `num_global` positions see everything, and are seen by everything."""
    _check(length, num_global=num_global)
    is_global = torch.arange(length) < num_global
    return is_global[:, None] | is_global


def band_mask(length: int, width: int = 3) -> Tensor:
    """Each position sees the `width` positions centred on it."""
    return dilated_mask(length, width, dilation=1)


def dilated_mask(length: int, width: int = 3, dilation: int = 2) -> Tensor:
    """A band with gaps: `width` positions, `dilation` apart, centred on each position."""
    _check(length, width=width, dilation=dilation)
    if width % 2 == 0:
        raise ReaderError(f"a band of width {width} has no centre: use an odd width")
    position = torch.arange(length)
    distance = (position[:, None] - position).abs()
    return (distance % dilation == 0) & (distance <= width // 2 * dilation)


def random_mask(length: int, num_keys: int = 2, seed: int = 0) -> Tensor:
    """Each position sees `num_keys` different positions, drawn at random once for all inputs."""
    _check(length, num_keys=num_keys)
    if num_keys > length:
        raise ReaderError(f"{num_keys} random keys cannot be drawn from {length} positions")
    scores = torch.rand(length, length, generator=torch.Generator().manual_seed(seed))
    return torch.zeros(length, length, dtype=torch.bool).scatter(1, scores.topk(num_keys).indices, True)


def block_local_mask(length: int, block_size: int = 4) -> Tensor:
    """The sequence is cut into blocks of `block_size`; each position sees its own block."""
    _check(length, block_size=block_size)
    block = torch.arange(length) // block_size
    return block[:, None] == block


def star_mask(length: int) -> Tensor:
    """Star-Transformer: one global position and a band of width 3."""
    return global_mask(length, 1) | band_mask(length, 3)


def longformer_mask(length: int, width: int = 3, num_global: int = 2) -> Tensor:
    """Longformer: a band and *internal* global positions, which are tokens of the sequence."""
    return band_mask(length, width) | global_mask(length, num_global)


def bigbird_mask(length: int, width: int = 3, num_global: int = 2, num_keys: int = 2, seed: int = 0) -> Tensor:
    """BigBird: band, global and random together."""
    return longformer_mask(length, width, num_global) | random_mask(length, num_keys, seed)


def etc_mask(length: int, width: int = 3, num_global: int = 2) -> Tensor:
    """ETC: a band and *external* global positions, which are added before the `length` tokens of the sequence.

    Returns:
        [num_global + length, num_global + length].
    """
    mask = global_mask(num_global + length, num_global)
    mask[num_global:, num_global:] |= band_mask(length, width)
    return mask


def hops(mask: Tensor, causal: bool = False) -> int | None:
    """How many layers it takes until every position can depend on every other; None if no number of layers does.

    Args:
        mask: [length, length]. A position always keeps what it has, by the residual connection.
        causal: hide later positions, and ask only that every position can depend on all earlier ones.
    """
    step = mask | torch.eye(len(mask), dtype=torch.bool, device=mask.device)
    wanted = torch.ones_like(step)
    if causal:
        step, wanted = step.tril(), wanted.tril()
    reach, layers = step.float(), 1
    while not reach.bool().equal(wanted):
        further = (reach @ step.float() > 0).float()
        if further.equal(reach):
            return None
        reach, layers = further, layers + 1
    return layers


def _check(length: int, **sizes: int) -> None:
    for name, size in {"length": length, **sizes}.items():
        if size < 1:
            raise ReaderError(f"{name} should be at least 1, not {size}")
