"""Learning-rate schedules: functions from the step number to the learning rate."""

import math


def inverse_sqrt_schedule(step: int, hidden_size: int, warmup_steps: int, factor: float = 1.0) -> float:
    """The schedule of the Transformer paper: rise linearly for `warmup_steps`, then fall with 1/√step.

    factor · hidden_size^(-1/2) · min(step^(-1/2), step · warmup_steps^(-3/2)); Vaswani et al. (2017), §5.3, with
    factor 1 and 4,000 warm-up steps. The peak, at step = warmup_steps, is factor / √(hidden_size · warmup_steps).

    Args:
        step: the optimizer step, counted from 1.
        hidden_size: width of the model.
        warmup_steps: length of the rise.
        factor: scales the whole curve.
    """
    return factor * hidden_size**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)


def cosine_schedule(
    step: int, max_steps: int, warmup_steps: int, learning_rate: float, min_lr_ratio: float = 0.1
) -> float:
    """Rise linearly for `warmup_steps`, then fall along half a cosine to `min_lr_ratio` of the peak.

    The schedule of LLaMA (section 2.4.1; Touvron et al., 2023, §2.3): the fall ends at a tenth of the peak.

    Args:
        step: the optimizer step, counted from 1; the peak is at step = warmup_steps.
        max_steps: the step at which the fall ends.
        warmup_steps: length of the rise; 0 starts at the peak.
        learning_rate: the peak.
        min_lr_ratio: where the fall ends, as a share of the peak.
    """
    if step < warmup_steps:
        return learning_rate * step / warmup_steps
    progress = min(1.0, (step - warmup_steps) / max(1, max_steps - warmup_steps))
    return learning_rate * (min_lr_ratio + (1 - min_lr_ratio) * (1 + math.cos(math.pi * progress)) / 2)


def wsd_schedule(
    step: int, max_steps: int, warmup_steps: int, decay_steps: int, learning_rate: float, min_lr_ratio: float = 0.1
) -> float:
    """Warm up, stay, decay: rise linearly, keep the peak, fall linearly over the last `decay_steps`.

    While it stays at the peak the length of the training need not be known: any checkpoint can be decayed from
    (MiniCPM; Hu et al., 2024, §4).

    Args:
        step: the optimizer step, counted from 1.
        max_steps: the step at which the fall ends.
        warmup_steps: length of the rise.
        decay_steps: length of the fall.
        learning_rate: the peak.
        min_lr_ratio: where the fall ends, as a share of the peak.
    """
    if step < warmup_steps:
        return learning_rate * step / warmup_steps
    fallen = max(0, min(step, max_steps) - (max_steps - decay_steps)) / max(1, decay_steps)
    return learning_rate * (1 - (1 - min_lr_ratio) * fallen)
