"""One source of chance for the whole world: every random choice is counted, so the source's entropy is known."""

from collections.abc import Sequence
from hashlib import blake2b
from math import comb, log
from typing import TypeVar

T = TypeVar("T")

LOGS = (0.0, *(log(n) for n in range(1, 1025)))
_LOW = 1 << 64  # below this the pool is refilled, so that the bias of `% n` stays under n / 2**64


class Choices:
    """A stream of random choices named by a path, which adds up the surprisal of what it chose.

    The stream of `Choices(0, "catalogue", 7)` is a function of its path alone: the same on every machine, Python
    version and process, and independent of all other streams. It is one long number, the BLAKE2b digest of the path,
    read off digit by digit in mixed radix: a choice among n is one division by n.

    Attributes:
        nats: minus the natural logarithm of the probability of all choices made so far.
    """

    __slots__ = ("_block", "_path", "_pool", "nats")

    def __init__(self, *path: object) -> None:
        self.nats = 0.0
        self._path = "/".join(map(str, path)).encode()
        self._block = 0
        self._pool = int.from_bytes(blake2b(self._path).digest(), "little")

    def _draw(self, n: int) -> int:
        if self._pool < _LOW:
            self._block += 1
            self._pool = int.from_bytes(blake2b(self._path + b"#%d" % self._block).digest(), "little")
        self._pool, digit = divmod(self._pool, n)
        return digit

    def below(self, n: int) -> int:
        """One of 0, 1, …, n-1, equally likely; costs log(n) nats."""
        self.nats += LOGS[n] if n < 1025 else log(n)
        return self._draw(n)

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + self.below(high - low + 1)

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, equally likely."""
        return options[self.below(len(options))]

    def chance(self, wins: int, of: int) -> bool:
        """True with probability wins / of."""
        won = self._draw(of) < wins
        self.nats += log(of / (wins if won else of - wins))
        return won

    def weighted(self, options: Sequence[tuple[int, T]]) -> T:
        """The value of one of the pairs (weight, value), with probability proportional to its whole-number weight."""
        total = sum(weight for weight, _ in options)
        left = self._draw(total)
        for weight, value in options:
            if left < weight:
                self.nats += log(total / weight)
                return value
            left -= weight
        raise AssertionError("unreachable: the draw is below the total weight")

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        """`count` different options in random order; the first k are the same whatever the count."""
        rest = list(options)
        return [rest.pop(self.below(len(rest))) for _ in range(count)]

    def subset(self, options: Sequence[T], count: int) -> list[T]:
        """`count` different options in the order in which they were given; costs the log of the number of subsets."""
        self.nats += log(comb(len(options), count))
        kept = []
        for seen, option in enumerate(options):
            if self._draw(len(options) - seen) < count - len(kept):
                kept.append(option)
        return kept
