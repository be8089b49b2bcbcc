"""How a Transformer knows where a token stands (section 2.2.1)."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from llmbook.errors import ReaderError

ROPE_TYPES = ("default", "linear", "dynamic", "yarn", "llama3")


def sinusoidal_positions(num_positions: int, hidden_size: int, base: float = 10000.0) -> Tensor:
    """The position table of equations (2.5) and (2.6): sines in the even columns, cosines in the odd ones.

    Column pair i turns with the frequency base^(-2i / hidden_size); both members of a pair share it, so that moving by
    k positions is a rotation of every pair, the same wherever one starts.

    Returns:
        [num_positions, hidden_size], values in [-1, 1].

    Raises:
        ReaderError: when hidden_size is odd, as columns come in pairs.
    """
    if hidden_size % 2:
        raise ReaderError(f"hidden_size must be even for sinusoidal positions, not {hidden_size}")
    frequencies = base ** (-torch.arange(0, hidden_size, 2, dtype=torch.float64) / hidden_size)
    angles = torch.arange(num_positions, dtype=torch.float64)[:, None] * frequencies  # [num_positions, hidden_size / 2]
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1).float()


class SinusoidalPositions(nn.Module):
    """Scale token embeddings by √hidden_size and add the position table to them (section 2.2.1).

    Args:
        hidden_size: width of the embeddings.
        max_position_embeddings: the longest sequence.
    """

    table: Tensor

    def __init__(self, hidden_size: int, max_position_embeddings: int) -> None:
        super().__init__()
        self.scale = math.sqrt(hidden_size)
        self.register_buffer("table", sinusoidal_positions(max_position_embeddings, hidden_size), persistent=False)

    def forward(self, embeddings: Tensor) -> Tensor:
        """[batch, length, hidden_size] to the same shape.

        Raises:
            ReaderError: for a sequence longer than the table.
        """
        length = embeddings.shape[1]
        if length > len(self.table):
            raise ReaderError(
                f"a sequence of {length} tokens is longer than max_position_embeddings = {len(self.table)}: "
                "shorten it or build the model with a larger value"
            )
        return embeddings * self.scale + self.table[:length]


def rotary_angles(position_ids: Tensor, inverse_frequencies: Tensor) -> tuple[Tensor, Tensor]:
    """The table of RoPE: cosine and signed sine of the angles m·θ_j (section 2.4.1, equation 2.38).

    Args:
        position_ids: m, [length], or [batch, length] when rows stand at different positions.
        inverse_frequencies: θ_j, [head_dim / 2].

    Returns:
        cos and sin, float32, [length, head_dim] or [batch, 1, length, head_dim], so that they broadcast over batch and
        heads. Both halves of the last axis hold the same angles; the first half of sin is negative.
    """
    # In double precision, because the angle of a far position would lose its fraction.
    angles = position_ids[..., None].double() * inverse_frequencies.double()
    if position_ids.dim() == 2:
        angles = angles.unsqueeze(1)
    cos, sin = angles.cos().float(), angles.sin().float()
    return torch.cat([cos, cos], dim=-1), torch.cat([-sin, sin], dim=-1)


def apply_rotary(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn every pair (x_j, x_{j + head_dim/2}) by its angle: equation (2.38) in the pairing of LLaMA's checkpoints.

    The book's formula pairs neighbours, 2j with 2j + 1; the published weights pair the two halves. The two differ by
    a fixed reordering of the features, the same for queries and keys, so that scores do not change.

    Args:
        x: [batch, heads, length, head_dim].
        cos, sin: from `rotary_angles`.
    """
    return x * cos.to(x.dtype) + x.roll(x.shape[-1] // 2, dims=-1) * sin.to(x.dtype)


def rotary_frequencies(
    head_dim: int,
    rope_theta: float = 10000.0,
    rope_scaling: Mapping[str, object] | None = None,
    max_position_embeddings: int = 2048,
    length: int = 0,
    device: torch.device | None = None,
) -> tuple[Tensor, float]:
    """RoPE's frequencies θ_j = rope_theta^(-2j / head_dim), and how they are stretched for longer texts.

    The kinds of stretching, with their keys in `rope_scaling` beside `rope_type`:
    "linear" divides every frequency by `factor` (Chen et al., 2023); "dynamic" raises the base as far as the present
    length needs (`factor`); "yarn" divides slow frequencies, keeps fast ones, ramps in between, and sharpens the scores
    (`factor`, `original_max_position_embeddings`; `beta_fast`, `beta_slow`, `attention_factor`, `truncate`; Peng et
    al., 2023); "llama3" does so without the sharpening (`factor`, `low_freq_factor`, `high_freq_factor`,
    `original_max_position_embeddings`; Llama 3.1).

    Args:
        head_dim: width of a head.
        rope_theta: the base.
        rope_scaling: the kind and its numbers; None or "default" for no stretching.
        max_position_embeddings: the trained length, in tokens.
        length: the present length, which only "dynamic" looks at.
        device: where the frequencies go.

    Returns:
        The frequencies, float64, [head_dim / 2], and a factor for the cosines and sines, 1 except for "yarn".

    Raises:
        ReaderError: for an unknown kind, or a missing number.
    """
    scaling = dict(rope_scaling or {})
    kind = scaling.get("rope_type", scaling.get("type", "default"))
    if kind not in ROPE_TYPES:
        raise ReaderError(f"unknown rope_type {kind!r}: known are {', '.join(ROPE_TYPES)}")
    pairs = torch.arange(0, head_dim, 2, dtype=torch.float64, device=device) / head_dim
    try:
        if kind == "default":
            return rope_theta**-pairs, 1.0
        factor = float(scaling["factor"])
        if kind == "linear":
            return rope_theta**-pairs / factor, 1.0
        if kind == "dynamic":
            stretch = factor * max(length, max_position_embeddings) / max_position_embeddings - (factor - 1)
            return (rope_theta * stretch ** (head_dim / (head_dim - 2))) ** -pairs, 1.0
        if kind == "llama3":
            kept = _kept_by_llama3(rope_theta**-pairs, scaling)
            return rope_theta**-pairs * (kept + (1 - kept) / factor), 1.0
        kept = _kept_by_yarn(rope_theta**-pairs, rope_theta, scaling)
        sharpening = scaling.get("attention_factor") or 0.1 * math.log(max(factor, 1.0)) + 1.0
        return rope_theta**-pairs * (kept + (1 - kept) / factor), float(sharpening)
    except KeyError as missing:
        raise ReaderError(f"rope_scaling of type {kind!r} lacks {missing}") from None


def _kept_by_yarn(frequencies: Tensor, rope_theta: float, scaling: Mapping[str, object]) -> Tensor:
    """Which share of each frequency YaRN keeps, by how often it turns within the original length."""
    original, head_dim = float(scaling["original_max_position_embeddings"]), 2 * len(frequencies)

    def feature(rotations: float) -> float:
        """The feature that turns so many times within the original length."""
        return head_dim * math.log(original / (rotations * 2 * math.pi)) / (2 * math.log(rope_theta))

    low, high = feature(float(scaling.get("beta_fast") or 32)), feature(float(scaling.get("beta_slow") or 1))
    if scaling.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, head_dim - 1)
    index = torch.arange(len(frequencies), dtype=torch.float64, device=frequencies.device)
    return 1 - ((index - low) / max(high - low, 0.001)).clamp(0, 1)


def _kept_by_llama3(frequencies: Tensor, scaling: Mapping[str, object]) -> Tensor:
    """Which share of each frequency Llama 3.1 keeps, by how often it turns within the original length."""
    rotations = float(scaling["original_max_position_embeddings"]) * frequencies / (2 * math.pi)
    low, high = float(scaling["low_freq_factor"]), float(scaling["high_freq_factor"])
    return ((rotations - low) / (high - low)).clamp(0, 1)
