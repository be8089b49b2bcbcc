"""AdamW with decoupled weight decay, and which parameters decay."""

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from llmbook.training.recipe import Recipe


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict]:
    """Matrices decay; norms and biases do not (section 2.4.1; Loshchilov and Hutter, 2019)."""
    decayed, others = [], []
    for parameter in model.parameters():
        if parameter.requires_grad:
            shape = getattr(parameter, "ds_shape", parameter.shape)  # ZeRO-3 leaves an empty tensor in its place
            (decayed if len(shape) > 1 else others).append(parameter)
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def make_optimizer(recipe: "Recipe", model: nn.Module) -> torch.optim.AdamW:
    """AdamW as the recipe wants it; its learning rate is set before every step."""
    groups = [group for group in parameter_groups(model, recipe.weight_decay) if group["params"]]
    return torch.optim.AdamW(groups, lr=1.0, betas=recipe.adam_betas, eps=recipe.adam_epsilon, fused=True)
