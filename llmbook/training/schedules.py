"""Learning-rate schedules: functions from the step number to the learning rate."""


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
