"""From multi-head to grouped-query and multi-query attention (section 2.4.2; Ainslie et al., 2023)."""

from dataclasses import replace

import torch

from llmbook.errors import ReaderError
from llmbook.models.llama import Llama


def pool_key_value_heads(model: Llama, num_key_value_heads: int, how: str = "mean") -> Llama:
    """A copy of a model with fewer key and value heads, the starting point of *uptraining*.

    Neighbouring heads form groups of equal size, and each group becomes one head.

    Args:
        model: with more key-value heads than the copy is to have.
        num_key_value_heads: of the copy: 1 for multi-query attention.
        how: "mean" averages the projections of a group, "first" takes those of its first head.

    Raises:
        ReaderError: when the heads cannot be cut into that many equal groups, or for an unknown `how`.
    """
    old = model.config.num_key_value_heads
    if num_key_value_heads < 1 or old % num_key_value_heads:
        raise ReaderError(f"{old} key-value heads cannot be pooled into {num_key_value_heads} equal groups")
    pools = {"mean": lambda heads: heads.mean(1), "first": lambda heads: heads[:, 0]}
    if how not in pools:
        raise ReaderError(f"unknown way to pool {how!r}: choose one of {', '.join(pools)}")
    state = model.state_dict()
    for name, projection in state.items():
        if ".k_proj." in name or ".v_proj." in name:  # [heads · head_dim, ...]
            groups = projection.unflatten(0, (num_key_value_heads, old // num_key_value_heads, -1))
            state[name] = pools[how](groups).flatten(0, 1)
    with torch.device(next(model.parameters()).device):
        pooled = Llama(replace(model.config, num_key_value_heads=num_key_value_heads))
    pooled.load_state_dict(state)
    return pooled
