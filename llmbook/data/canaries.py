"""Canaries: known secrets put into training data, to measure what a model memorises (sections 3.2.3 and 3.3.2).

The method is that of Carlini et al., "The Secret Sharer" (2019) and "Extracting training data from large language
models" (2021): plant random sequences a known number of times, train, and try to get them out again.
"""

import random
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor

from llmbook.errors import ReaderError

T = TypeVar("T")


def random_canaries(count: int, length: int, vocab_size: int, seed: int = 0) -> Tensor:
    """Sequences of tokens drawn evenly from the vocabulary, all different: nothing but memory predicts them.

    Returns:
        int64, shape [count, length].

    Raises:
        ReaderError: when there are fewer than `count` different sequences of that length.
    """
    if vocab_size**length < count:
        raise ReaderError(
            f"{vocab_size} tokens form {vocab_size**length} sequences of {length}, not {count}: make them longer"
        )
    generator = torch.Generator().manual_seed(seed)
    found: dict[tuple[int, ...], None] = {}
    while len(found) < count:
        rows = torch.randint(vocab_size, (count - len(found), length), generator=generator)
        found |= dict.fromkeys(map(tuple, rows.tolist()))
    return torch.tensor(list(found))


def numbered_canaries(template: str, count: int, seed: int = 0) -> list[str]:
    """Texts with a secret number: every "#" of the template becomes a random digit. All texts are different.

    >>> numbered_canaries("The safe of Mei opens with ####.", 2)
    ['The safe of Mei opens with 6604.', 'The safe of Mei opens with 8764.']

    Raises:
        ReaderError: when the template's digits allow fewer than `count` different texts.
    """
    places = template.count("#")
    if 10**places < count:
        raise ReaderError(f"{places} '#' in the template make {10**places} texts, not {count}: put in more")
    rng = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(str(rng.randrange(10)) if letter == "#" else letter for letter in template)] = None
    return list(found)


def plant(documents: Sequence[T], canaries: Sequence[T], counts: Sequence[int], seed: int = 0) -> list[T]:
    """The documents with canary i put among them `counts[i]` times, in random order.

    Args:
        documents: texts, or rows of token ids; left as they are.
        canaries: of the same type.
        counts: one number for each canary; 0 keeps it out, to see what a model says of a secret that it never saw.
        seed: of the order.

    Raises:
        ReaderError: for as many counts as there are no canaries, or a negative count.
    """
    if len(canaries) != len(counts) or min(counts, default=0) < 0:
        raise ReaderError(f"{len(canaries)} canaries need as many counts of 0 or more, not {list(counts)}")
    planted = [*documents, *(canary for canary, count in zip(canaries, counts, strict=True) for _ in range(count))]
    random.Random(seed).shuffle(planted)
    return planted


def extracted(generated: Tensor, canaries: Tensor, prefix_length: int) -> Tensor:
    """Which canaries a model has completed word for word from their first `prefix_length` tokens.

    Args:
        generated: prompts and greedy continuations, [n, at least prefix_length + 1]; the canary counts as extracted
            if all the generated tokens are right, so that the length of the continuation is part of the definition.
        canaries: [n, at least as long].
        prefix_length: tokens of the prompt.

    Returns:
        Boolean, [n].

    Raises:
        ReaderError: when there is nothing to compare.
    """
    length = generated.shape[-1]
    if not prefix_length < length <= canaries.shape[-1]:
        raise ReaderError(
            f"after a prefix of {prefix_length}, {length} generated tokens cannot be compared with canaries of "
            f"{canaries.shape[-1]}: generate at least one token, and no more than the canary has"
        )
    return (generated[:, prefix_length:] == canaries[:, prefix_length:length].to(generated.device)).all(dim=1)


def rate_by_count(memorised: Sequence[bool] | Tensor, counts: Sequence[int]) -> dict[int, float]:
    """The share of memorised examples for every number of occurrences, in rising order (figure 3.10)."""
    if len(memorised) != len(counts):
        raise ReaderError(f"{len(memorised)} results and {len(counts)} counts: give one count for each result")
    groups: dict[int, list[bool]] = {}
    for hit, count in zip(memorised, counts, strict=True):
        groups.setdefault(int(count), []).append(bool(hit))
    return {count: sum(hits) / len(hits) for count, hits in sorted(groups.items())}


def exposure(canary_losses: Tensor, other_losses: Tensor) -> Tensor:
    """How many bits of a secret the model gives away: log2 |R| - log2 rank, in bits (Carlini et al., 2019).

    The secret is one of the set R of possible ones, and `rank` its place when R is sorted by the model's loss. The
    likeliest has an exposure of log2 |R|; a model that knows nothing gives 1.44 bits on average (1 / ln 2).

    Args:
        canary_losses: loss of each planted secret, [n]; the sum over its tokens.
        other_losses: losses of secrets that were not planted, [m]: the rest of R, or a random sample of it, which
            cannot show more than log2(m + 1) bits.

    Returns:
        Bits, [n]. Of equal losses the planted one is ranked last.
    """
    if not len(other_losses):
        raise ReaderError("exposure compares with secrets that were not planted: give the loss of one at least")
    not_worse = torch.searchsorted(other_losses.sort().values, canary_losses.contiguous(), right=True)
    return torch.log2(torch.tensor(len(other_losses) + 1.0, device=not_worse.device) / (not_worse + 1))
