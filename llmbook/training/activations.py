"""Activation checkpointing (section 4.2.4): keep what enters a layer, compute the rest again in the backward pass."""

from functools import partial

from torch import nn
from torch.utils.checkpoint import checkpoint

from llmbook.errors import ReaderError


def checkpoint_layers(model: nn.Module) -> None:
    """Let every layer in `model.layers` keep its input alone (Chen et al., 2016); the results stay the same.

    Raises:
        ReaderError: the model has no `layers`.
    """
    layers = getattr(model, "layers", None)
    if not isinstance(layers, nn.ModuleList):
        raise ReaderError(f"activation_checkpointing wants a model with `layers`, which {type(model).__name__} lacks")
    for layer in layers:
        layer.forward = partial(checkpoint, layer.forward, use_reentrant=False)
