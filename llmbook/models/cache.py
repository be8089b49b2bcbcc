"""The key-value cache: what a decoder keeps of the tokens that it has read (sections 2.4.2 and 7.5)."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from llmbook.errors import ReaderError

if TYPE_CHECKING:
    from llmbook.models.llama import LlamaConfig


class KVCache:
    """Keys and values of every layer for the positions read so far, in buffers that are laid out once.

    Args:
        batch_size: rows.
        max_length: positions to make room for.
        num_hidden_layers, num_key_value_heads, head_dim: of the model.
        dtype, device: of the model.

    Attributes:
        length: positions that are filled.
    """

    def __init__(
        self,
        batch_size: int,
        max_length: int,
        num_hidden_layers: int,
        num_key_value_heads: int,
        head_dim: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
    ) -> None:
        shape = (num_hidden_layers, batch_size, num_key_value_heads, max_length, head_dim)
        self.keys = torch.zeros(shape, dtype=dtype, device=device)
        self.values = torch.zeros(shape, dtype=dtype, device=device)
        self.length = 0

    @property
    def max_length(self) -> int:
        """Positions there is room for."""
        return self.keys.shape[3]

    @property
    def nbytes(self) -> int:
        """Bytes of the buffers: 2 · layers · batch · heads · length · head_dim · bytes per number."""
        return 2 * self.keys.nbytes

    def update(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Store a layer's new positions, and give back all of them; `advance` after the last layer.

        Args:
            layer: counted from 0.
            keys, values: [batch, num_key_value_heads, new, head_dim].

        Returns:
            Keys and values [batch, num_key_value_heads, length + new, head_dim], views of the buffers.

        Raises:
            ReaderError: when there is no room for them.
        """
        end = self.length + keys.shape[2]
        if end > self.max_length:
            raise ReaderError(
                f"the cache has room for {self.max_length} positions, and {end} are needed: make it larger"
            )
        self.keys[layer, :, :, self.length : end] = keys
        self.values[layer, :, :, self.length : end] = values
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]

    def advance(self, new: int) -> None:
        """Count `new` positions as filled in every layer."""
        self.length += new


def kv_cache_bytes(config: "LlamaConfig", length: int, batch: int = 1, bytes_per_number: int = 2) -> int:
    """What the cache of `length` positions takes: 2 · layers · key-value heads · head_dim · length · batch · bytes.

    Args:
        config: sizes of the model; the query heads do not matter.
        length: positions in every row.
        batch: rows.
        bytes_per_number: 2 for float16 and bfloat16, 4 for float32.
    """
    numbers = 2 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim * length * batch
    return numbers * bytes_per_number
