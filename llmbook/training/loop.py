"""The training loop, as small as it can be: one process, one model, one objective."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import torch
from torch import Tensor, nn

from llmbook.errors import ReaderError
from llmbook.training.optimizer import parameter_groups
from llmbook.training.schedules import cosine_schedule

Objective = Callable[[nn.Module, object], tuple[Tensor, Mapping[str, float]]]


def fit(
    model: nn.Module,
    batches: Iterable[object],
    objective: Objective,
    *,
    max_steps: int,
    learning_rate: float,
    warmup_steps: int = 0,
    min_lr_ratio: float = 0.1,
    weight_decay: float = 0.01,
    adam_betas: tuple[float, float] = (0.9, 0.999),
    max_grad_norm: float | None = None,
    eval_steps: int | None = None,
    evaluate: Callable[[nn.Module], Mapping[str, float]] | None = None,
) -> list[dict[str, float]]:
    """Train a model with AdamW, a linear warm-up and a cosine fall of the learning rate.

    Args:
        model: trained in place, and left in training mode.
        batches: as many as there are steps; what a batch is, only the objective knows.
        objective: `objective(model, batch)` gives the loss, a scalar tensor, and further figures to keep.
        max_steps: optimizer steps.
        learning_rate: the highest.
        warmup_steps: steps of the rise.
        min_lr_ratio: where the fall ends, as a share of `learning_rate`; 1 keeps it constant after the rise.
        weight_decay: decoupled, on every parameter with two or more dimensions.
        adam_betas: AdamW's.
        max_grad_norm: clip the gradient's norm to this.
        eval_steps: call `evaluate` after every so many steps, and after the last one.
        evaluate: `evaluate(model)` gives figures to keep; the model is in evaluation mode, without gradients.

    Returns:
        One dict per step: "step" (from 1), "loss", "learning_rate", the objective's figures, and those of `evaluate`.

    Raises:
        ReaderError: when the batches run out, or the loss is no longer finite.
    """
    optimizer = torch.optim.AdamW(parameter_groups(model, weight_decay), lr=1.0, betas=adam_betas, fused=True)
    rate = partial(
        cosine_schedule, max_steps=max_steps, warmup_steps=warmup_steps, learning_rate=learning_rate,
        min_lr_ratio=min_lr_ratio,
    )  # fmt: skip
    history, source = [], iter(batches)
    model.train()
    for step in range(1, max_steps + 1):
        try:
            batch = next(source)
        except StopIteration:
            raise ReaderError(f"the batches ran out after {step - 1} of {max_steps} steps: give more") from None
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        loss, figures = objective(model, batch)
        if not loss.isfinite():
            raise ReaderError(f"the loss is {loss.item()} at step {step}: lower the learning rate or clip the gradient")
        loss.backward()
        if max_grad_norm is not None:
            nn.utils.clip_grad_norm_(model.parameters(), max_grad_norm)
        optimizer.step()
        optimizer.zero_grad()
        history.append({"step": step, "loss": loss.item(), "learning_rate": rate(step), **figures})
        if evaluate and (step == max_steps or (eval_steps and step % eval_steps == 0)):
            model.eval()
            with torch.no_grad():
                history[-1].update(evaluate(model))
            model.train()
    return history
