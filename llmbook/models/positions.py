"""How a Transformer knows where a token stands (section 2.2.1)."""

import math

import torch
from torch import Tensor, nn

from llmbook.errors import ReaderError


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
    """Cosine and sine of the angles m·θ_j by which RoPE turns position m (section 2.4.1, equation 2.38).

    Args:
        position_ids: [batch, length], or [length] when all rows stand at the same positions.
        inverse_frequencies: θ_j, [head_dim / 2].

    Returns:
        Two tensors [batch, 1, length, head_dim / 2] (or without the batch), float32; they broadcast over the heads.
    """
    angles = position_ids[..., None, :, None] * inverse_frequencies.double()
    return angles.cos().float(), angles.sin().float()


def apply_rotary(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn every pair (x_j, x_{j + head_dim/2}) by its angle: equation (2.38) in the pairing of LLaMA's checkpoints.

    The book's formula pairs neighbours, 2j with 2j + 1; the published weights pair the two halves. The two differ by
    a fixed reordering of the features, the same for queries and keys, so that scores do not change.

    Args:
        x: [batch, heads, length, head_dim].
        cos, sin: from `rotary_angles`.
    """
    first, second = x.chunk(2, dim=-1)
    cos, sin = cos.to(x.dtype), sin.to(x.dtype)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)
