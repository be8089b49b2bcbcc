"""Training sets in which a part is repeated many times (section 3.3.2; Hernandez et al., 2022)."""

import torch
from torch import Tensor

from llmbook.errors import ReaderError


def repeat_part(num_rows: int, total: int, fraction: float, repeats: int, seed: int = 0) -> Tensor:
    """Which row to train on at each of `total` places: mostly rows seen once, and a few that come again and again.

    A share `fraction` of the places is filled by a small set of rows, each used `repeats` times; the other places by
    rows that are used once. The length of the training, `total`, is the same whatever is repeated: what changes is how
    much of it is new. `rows[repeat_part(len(rows), ...)]` is the training set.

    Args:
        num_rows: rows at hand.
        total: places in the training set.
        fraction: share of the *places*, from 0 (all rows unique) to 1, that repeated rows fill.
        repeats: how often each of the repeated rows comes.
        seed: of the choice of rows and of their order.

    Returns:
        Row numbers in training order, int64, shape [total]. The set of repeated rows has round(fraction * total /
        repeats) members, at least one unless `fraction` is 0; where `repeats` does not divide their places, some come
        once more or less than others.

    Raises:
        ReaderError: for impossible numbers, or when there are not enough rows.
    """
    if not 0 <= fraction <= 1 or repeats < 1 or total < 1:
        raise ReaderError(
            f"fraction {fraction}, repeats {repeats}, total {total}: fraction is between 0 and 1, the others at least 1"
        )
    places = round(fraction * total)
    repeated = max(1, round(places / repeats)) if places else 0
    needed = repeated + total - places
    if needed > num_rows:
        raise ReaderError(
            f"{needed} different rows are needed and there are {num_rows}: give more, or lower the total to "
            f"{int(num_rows / needed * total)}"
        )
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(num_rows, generator=generator)[:needed]
    often = chosen[torch.arange(places) % max(1, repeated)]
    return torch.cat([often, chosen[repeated:]])[torch.randperm(total, generator=generator)]


def share_of_tokens(fraction_of_documents: float, repeats: float) -> float:
    """The share of training tokens that repeated documents make up: f R / (f R + 1 - f).

    Args:
        fraction_of_documents: f, the share of *different* documents that are repeated, all being equally long.
        repeats: R, how often each of these is seen; the others are seen once.

    Raises:
        ReaderError: for a fraction outside 0 to 1, or a negative number of repeats.
    """
    if not 0 <= fraction_of_documents <= 1 or repeats < 0:
        raise ReaderError(f"fraction {fraction_of_documents} and repeats {repeats}: from 0 to 1, and at least 0")
    repeated = fraction_of_documents * repeats
    once = 1 - fraction_of_documents
    return repeated / (repeated + once) if repeated + once else 0.0
