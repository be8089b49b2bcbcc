"""Training losses over token predictions."""

import torch
from torch import Tensor
from torch.nn import functional as F

# Logits that exist at a time: on a processor about what a core's cache holds, 8 MB in float32; elsewhere 256 MB, as
# small products would leave a GPU idle.
LOGITS_AT_ONCE = {"cpu": 2**21, "other": 2**26}


def label_smoothed_cross_entropy(
    logits: Tensor, labels: Tensor, smoothing: float = 0.1, ignore_index: int = -100
) -> Tensor:
    """Cross-entropy against (1 - ε) on the label and ε spread evenly over the vocabulary (Vaswani et al., 2017, §5.4).

    Args:
        logits: [..., vocab_size].
        labels: [...], token ids.
        smoothing: ε.
        ignore_index: label of positions that do not count, such as padding.

    Returns:
        The mean in nats over the labels that count; 0 where none does.
    """
    log_probs = logits.log_softmax(dim=-1)
    counted = labels != ignore_index
    nll = -log_probs.gather(-1, labels.where(counted, 0).unsqueeze(-1)).squeeze(-1)
    uniform = -log_probs.mean(dim=-1)
    losses = (1 - smoothing) * nll + smoothing * uniform
    return losses.where(counted, 0.0).sum() / counted.sum().clamp(min=1)


def causal_lm_loss(logits: Tensor, input_ids: Tensor, ignore_index: int = -100) -> Tensor:
    """Mean negative log-likelihood of each token given those before it: equation (2.26), per token.

    Args:
        logits: [batch, length, vocab_size]; those at position i predict token i + 1, so that the last are not used.
        input_ids: [batch, length]; a token equal to `ignore_index` is not predicted.
        ignore_index: label of positions that do not count.

    Returns:
        The mean in nats over the predicted tokens.
    """
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), input_ids[:, 1:].flatten(), ignore_index=ignore_index)


def linear_cross_entropy(hidden_states: Tensor, weight: Tensor, labels: Tensor, ignore_index: int = -100) -> Tensor:
    """Cross-entropy of a language model's head, `F.cross_entropy(hidden_states @ weight.T, labels)`, in little memory.

    The logits are the largest tensor of a small model's training step, tokens × vocab_size. Here they exist for a few
    hundred tokens at a time: each slice's gradient is taken at once, while its logits are still in the cache.

    Args:
        hidden_states: [tokens, hidden_size].
        weight: the head's matrix, [vocab_size, hidden_size].
        labels: [tokens], token ids.
        ignore_index: label of positions that do not count.

    Returns:
        The mean in nats over the labels that count; 0 where none does.
    """
    device = hidden_states.device.type
    if torch.is_autocast_enabled(device):
        dtype = torch.get_autocast_dtype(device)
        hidden_states, weight = hidden_states.to(dtype), weight.to(dtype)
    wanted = torch.is_grad_enabled() and (hidden_states.requires_grad or weight.requires_grad)
    return _linear_cross_entropy(hidden_states, weight, labels, ignore_index, wanted)[0]


# An operator of its own, because a compiler that looked inside would unroll the slices and lose what they gain.
@torch.library.custom_op("llmbook::linear_cross_entropy", mutates_args=())
def _linear_cross_entropy(
    hidden_states: Tensor, weight: Tensor, labels: Tensor, ignore_index: int, wanted: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """The loss and, where wanted, its gradients: over the logits it is (softmax - one-hot) / count."""
    counted = labels != ignore_index
    labels = labels.where(counted, 0)[:, None]
    minus_one = -torch.ones_like(labels, dtype=torch.float32)
    loss = torch.zeros((), device=hidden_states.device)
    grad_hidden = torch.empty_like(hidden_states if wanted else loss)
    grad_weight = torch.zeros_like(weight if wanted else loss, dtype=torch.float32)
    step = _rows_at_once(len(weight), hidden_states.device.type)
    for start in range(0, len(hidden_states), step):
        rows = slice(start, start + step)
        log_probs = (hidden_states[rows] @ weight.T).float().log_softmax(dim=-1)
        loss -= (log_probs.gather(1, labels[rows]).squeeze(1) * counted[rows]).sum()
        if wanted:
            slope = log_probs.exp_().scatter_add_(1, labels[rows], minus_one[rows]).mul_(counted[rows, None])
            slope = slope.to(weight.dtype)
            grad_hidden[rows] = slope @ weight
            grad_weight += slope.T @ hidden_states[rows]
    count = counted.sum().clamp(min=1)
    return loss / count, grad_hidden.div_(count), grad_weight.div_(count).to(weight.dtype)


def _rows_at_once(vocab_size: int, device_type: str) -> int:
    """Tokens in a slice; never so few that the products with a large vocabulary's matrix become slow."""
    return max(128, LOGITS_AT_ONCE.get(device_type, LOGITS_AT_ONCE["other"]) // vocab_size)


@_linear_cross_entropy.register_fake
def _(hidden_states: Tensor, weight: Tensor, labels: Tensor, ignore_index: int, wanted: bool) -> tuple[Tensor, ...]:
    loss = hidden_states.new_empty((), dtype=torch.float32)
    return loss, torch.empty_like(hidden_states if wanted else loss), torch.empty_like(weight if wanted else loss)


def _keep_gradients(ctx, inputs: tuple, output: tuple[Tensor, Tensor, Tensor]) -> None:
    ctx.save_for_backward(*output[1:])


def _scale_gradients(ctx, grad_loss: Tensor, *unused: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
    grad_hidden, grad_weight = ctx.saved_tensors
    return (
        (grad_hidden * grad_loss).to(grad_hidden.dtype),
        (grad_weight * grad_loss).to(grad_weight.dtype),
        None,
        None,
        None,
    )


_linear_cross_entropy.register_autograd(_scale_gradients, setup_context=_keep_gradients)
