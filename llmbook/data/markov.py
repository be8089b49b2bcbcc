"""A random source of symbols whose entropy is known exactly: a Markov chain with memory (section 3.3.1)."""

from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from llmbook.errors import ReaderError

LARGEST_TABLE = 2**24  # entries of the table of probabilities: 128 MB in double precision


class MarkovSource:
    """Symbols 0, 1, …, each drawn given the `order` symbols before it, by one fixed random table.

    The logit of the next symbol x is a sum of independent normal numbers, one for each length j of the context:

        logit(x | context) = Σ_j σ_j g_j(last j symbols, x),   j = 0, …, order

    with σ_0 = `spread` / 2 and σ_j = `spread` · `decay`^(j-1). Each further symbol of context therefore tells less
    than the one before, and needs `vocab_size` times as many numbers to be written down. Language is like this, too.

    Args:
        vocab_size: number of symbols V.
        order: symbols of context K that matter; the table has V^(K+1) entries.
        spread: how far the distributions after different last symbols lie apart.
        decay: how much less each further symbol matters.
        seed: of the table.

    Attributes:
        probabilities: p(next symbol | context), [V^K, V]; a context's row is its symbols read as a number to the base
            V, the last one being the unit digit.

    Raises:
        ReaderError: for sizes that make no source, or a table too large for memory.
    """

    def __init__(
        self, vocab_size: int = 12, order: int = 5, *, spread: float = 1.5, decay: float = 0.7, seed: int = 0
    ) -> None:
        if vocab_size < 2 or order < 1:
            raise ReaderError(f"a source needs 2 symbols and order 1 or more, not {vocab_size} and {order}")
        if vocab_size ** (order + 1) > LARGEST_TABLE:
            raise ReaderError(
                f"the table would have {vocab_size}^{order + 1} entries, more than {LARGEST_TABLE}: "
                "take fewer symbols or a lower order"
            )
        self.vocab_size, self.order = vocab_size, order
        generator = np.random.default_rng(seed)
        logits = np.zeros((vocab_size**order, vocab_size))
        for length in range(order + 1):
            sigma = spread * decay ** (length - 1) if length else spread / 2
            part = sigma * generator.standard_normal((vocab_size**length, vocab_size))
            logits += np.tile(part, (vocab_size ** (order - length), 1))
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        self.probabilities = weights / weights.sum(axis=1, keepdims=True)

    @cached_property
    def stationary(self) -> np.ndarray:
        """How often each context occurs in the long run, [V^K]; by power iteration, to a total error below 1e-10."""
        v, share = self.vocab_size, np.full(len(self.probabilities), 1 / len(self.probabilities))
        while True:
            # Dropping the oldest symbol and appending the next is a shift of the digits: sum over the leading one.
            following = (share[:, None] * self.probabilities).reshape(v, -1).sum(axis=0)
            if np.abs(following - share).sum() < 1e-12:
                return following / following.sum()
            share = following

    def conditional_entropy(self, length: int) -> float:
        """H(next symbol | the last `length` symbols), in nats: the least loss of any model that sees no more.

        Raises:
            ReaderError: for a negative length.
        """
        if length < 0:
            raise ReaderError(f"a context of {length} symbols: its length must be 0 or more")
        length = min(length, self.order)
        pairs = (self.stationary[:, None] * self.probabilities).reshape(-1, self.vocab_size**length, self.vocab_size)
        joint = pairs.sum(axis=0)
        return float(-(joint * np.log(joint / joint.sum(axis=1, keepdims=True))).sum())

    @property
    def entropy_rate(self) -> float:
        """Nats per symbol that no model can save: the conditional entropy given all the context that matters."""
        return self.conditional_entropy(self.order)

    def sample(self, rows: int, length: int, seed: int = 0) -> Tensor:
        """Independent stretches of the endless text, int64, shape [rows, length].

        Raises:
            ReaderError: for a negative number of rows, or rows shorter than the order.
        """
        if rows < 0 or length < self.order:
            raise ReaderError(f"{rows} rows of {length} symbols: rows must hold the order, {self.order}, at least")
        generator, v = np.random.default_rng(seed), self.vocab_size
        context = np.searchsorted(self._cumulative_stationary, generator.random(rows), side="right")
        context = np.minimum(context, len(self.stationary) - 1)
        digits = v ** np.arange(self.order - 1, -1, -1)
        text = np.empty((rows, length), dtype=np.int64)
        text[:, : self.order] = context[:, None] // digits % v
        for place in range(self.order, length):
            symbol = (self._cumulative[context] < generator.random((rows, 1))).sum(axis=1)
            text[:, place] = np.minimum(symbol, v - 1)  # the last sum may fall short of 1 by a rounding
            context = (context * v + text[:, place]) % len(self.stationary)
        return torch.from_numpy(text)

    def surprisal(self, text: Tensor) -> Tensor:
        """-log p of every symbol from number `order` on, given those before it, in nats.

        Args:
            text: integers, [rows, length].

        Returns:
            float64, [rows, length - order].

        Raises:
            ReaderError: for a symbol that the source does not have.
        """
        symbols, v = text.numpy(), self.vocab_size
        if symbols.size and not (symbols.min() >= 0 and symbols.max() < v):
            raise ReaderError(f"the text holds symbols outside 0 to {v - 1}: it comes from another source")
        windows = np.lib.stride_tricks.sliding_window_view(symbols, self.order, axis=1)[:, :-1]
        contexts = windows @ v ** np.arange(self.order - 1, -1, -1)
        return torch.from_numpy(-np.log(self.probabilities[contexts, symbols[:, self.order :]]))

    @cached_property
    def _cumulative(self) -> np.ndarray:
        return self.probabilities.cumsum(axis=1)

    @cached_property
    def _cumulative_stationary(self) -> np.ndarray:
        return self.stationary.cumsum()
