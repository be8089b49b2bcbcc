"""Training losses over token predictions."""

from torch import Tensor
from torch.nn import functional as F


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
