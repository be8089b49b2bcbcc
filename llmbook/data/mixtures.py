"""How much of each source a model sees: epochs, sampling weights, and a sampler that keeps to them (section 3.1)."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from llmbook.errors import ReaderError

T = TypeVar("T")
Floats = NDArray[np.float64]

# Printed weights are rounded: those of GPT-3 sum to 101 %.
ROUNDING = 0.02
EXHAUSTED = ("repeat", "drop", "stop")


# ---------------------------------------------------------------- formulas


def epochs(weights: ArrayLike, total_tokens: float, sizes: ArrayLike) -> Floats:
    """How often each source is seen: e_i = w_i D / n_i.

    Args:
        weights: w, sampling probabilities, shape [sources]; used as given, so that rounded tables can be recomputed.
        total_tokens: D, tokens of the whole training.
        sizes: n, unique tokens of each source, [sources].

    Returns:
        [sources].

    Raises:
        ReaderError: a size is not positive, or a weight is negative.
    """
    return _weights(weights) * total_tokens / _sizes(sizes)


def unique_sizes(weights: ArrayLike, total_tokens: float, epochs: ArrayLike) -> Floats:
    """The inverse of `epochs`: a source of weight w_i that was seen e_i times has n_i = w_i D / e_i unique tokens."""
    return _weights(weights) * total_tokens / _sizes(epochs, "the number of epochs")


def natural_weights(sizes: ArrayLike) -> Floats:
    """Every text equally often: w_i = n_i / Σ n_j, shape [sources]."""
    return temperature_weights(sizes, 1.0)


def temperature_weights(sizes: ArrayLike, tau: float) -> Floats:
    """w_i ∝ n_i^(1/τ): natural at τ = 1, flatter above, equal for all sources as τ goes to infinity.

    The rule of multilingual models, which write 1/τ as an exponent α (0.3 in XLM-R; section 3.1.2).

    Args:
        sizes: unique tokens (or documents) of each source, [sources].
        tau: the temperature, above 0; `math.inf` gives equal weights.

    Returns:
        [sources], summing to 1.

    Raises:
        ReaderError: a size or the temperature is not positive.
    """
    if not tau > 0:
        raise ReaderError(f"the temperature is {tau}: it must be above 0 (1 keeps the natural shares)")
    logits = np.log(_sizes(sizes)) / tau
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def log_size_weights(sizes: ArrayLike) -> Floats:
    """p_i = log n_i / Σ log n_j: the handbook's rule for the data sets of its reward model.

    Ten times the data is one more constant step, so small sets are seen too. The base of the logarithm cancels, the
    unit does not: a size in millions gives other weights, and a set of size 1 is never drawn.

    Args:
        sizes: |d_i|, the number of samples of each set, at least 1 and not all 1.

    Returns:
        [sources], summing to 1.

    Raises:
        ReaderError: a size is below 1, or all are 1.

    Source:
        领域大模型修炼手册, the part on the reward model's data: "每个数据集的采样比重如下".
    """
    logs = np.log(_sizes(sizes))
    if logs.min() < 0 or not logs.sum():
        raise ReaderError("the logarithm of a size below 1 is no weight: give numbers of samples, not all of them 1")
    return logs / logs.sum()


def up_weighting(weights: ArrayLike, sizes: ArrayLike) -> Floats:
    """u_i = w_i / (natural weight): above 1 for a source that is seen more often than its size asks for."""
    return _weights(weights) / natural_weights(sizes)


def capped_weights(weights: ArrayLike, sizes: ArrayLike, total_tokens: float, max_epochs: float) -> Floats:
    """The nearest weights under which no source is seen more than `max_epochs` times.

    What a capped source gives up is shared among the others in proportion to their weights, and so on until nobody is
    above the cap; with equal weights this is the rule of UniMax (Chung et al., 2023).

    Returns:
        [sources], summing to 1.

    Raises:
        ReaderError: all sources together do not hold `total_tokens / max_epochs` tokens.
    """
    weights, sizes = _weights(weights), _sizes(sizes)
    most = sizes * max_epochs / total_tokens
    if most.sum() < 1 - 1e-9:
        raise ReaderError(f"{total_tokens:g} tokens would need more than {max_epochs:g} epochs of everything: "
                          "lower the total or raise max_epochs")  # fmt: skip
    capped = np.zeros(len(weights), dtype=bool)
    while True:
        rest = 1 - most[capped].sum()
        shared = weights * ~capped
        result = np.where(capped, most, shared / (shared.sum() or 1) * rest)
        above = ~capped & (result > most)
        if not above.any():
            return result / result.sum()
        capped |= above


def record_weights(token_weights: ArrayLike, mean_lengths: ArrayLike) -> Floats:
    """From shares of tokens to probabilities of drawing a document: q_i ∝ w_i / l_i.

    A mixture is stated in tokens, a sampler draws documents. Drawn with the token weights, a source of long documents
    gets more than its share.

    Args:
        token_weights: w, [sources].
        mean_lengths: l, tokens of a mean document of each source, [sources].

    Returns:
        [sources], summing to 1.
    """
    rates = _weights(token_weights) / _sizes(mean_lengths, "the mean length")
    return rates / rates.sum()


def first_exhausted(weights: Mapping[str, float], sizes: Mapping[str, float], max_epochs: float) -> tuple[str, float]:
    """The source that first reaches `max_epochs`, and the tokens of training after which it does.

    Raises:
        ReaderError: the names differ, or no weight is positive.
    """
    used = {name: weight for name, weight in _matched(weights, sizes).items() if weight > 0}
    reached = {name: sizes[name] * max_epochs / weight for name, weight in used.items()}
    name = min(reached, key=reached.__getitem__)
    return name, reached[name]


@dataclass(frozen=True)
class MixtureRow:
    """One source of a mixture.

    Attributes:
        source: its name.
        size: unique tokens.
        weight: sampling probability, as given.
        natural: the probability that its size alone would give it.
        up_weighting: weight / natural.
        tokens: tokens drawn from it, weight times the total.
        epochs: tokens / size.
    """

    source: str
    size: float
    weight: float
    natural: float
    up_weighting: float
    tokens: float
    epochs: float


def mixture_table(sizes: Mapping[str, float], weights: Mapping[str, float], total_tokens: float) -> list[MixtureRow]:
    """What a mixture means for each of its sources, in the order of `sizes`.

    Args:
        sizes: unique tokens by source.
        weights: sampling probabilities by source; they must sum to 1 up to the rounding of printed tables (0.02).
        total_tokens: of the whole training.

    Raises:
        ReaderError: the names differ, a value is out of range, or the weights do not sum to 1.
    """
    weights = _matched(weights, sizes)
    total = sum(weights.values())
    if abs(total - 1) > ROUNDING:
        raise ReaderError(f"the weights sum to {total:.4g}, not 1: are they percentages, or is a source missing?")
    size, weight = list(sizes.values()), [weights[name] for name in sizes]
    columns = (size, weight, natural_weights(size), up_weighting(weight, size), np.multiply(weight, total_tokens),
               epochs(weight, total_tokens, size))  # fmt: skip
    return [MixtureRow(name, *map(float, values)) for name, *values in zip(sizes, *columns, strict=True)]


# ---------------------------------------------------------------- the sampler


class MixtureSampler(Generic[T]):
    """Draws records from several sources with given probabilities, as one stream of (source, record).

    Which source is drawn t-th depends on the seed and t alone, so that a training that was stopped goes on with the
    record it would have seen next, from a state of a few numbers. The stream has the distribution of
    `datasets.interleave_datasets`, not its order: the random numbers are others.

    Args:
        sources: by name; anything that can be iterated over more than once (a list, a `datasets.Dataset`, ...).
            Sources with a length and an index go on after a resumption at once, others are skipped through.
        weights: probabilities by name, not necessarily summing to 1. They are those of drawing a record: see
            `record_weights` for a mixture that is stated in tokens.
        seed: of the choices.
        exhausted: when a source has no more records, "repeat" starts it again and the stream never ends; "drop" goes
            on with the others, their weights in the same proportion, until all are empty; "stop" ends the stream.

    Raises:
        ReaderError: the names differ, no weight is positive, a policy is unknown, or a source is empty.
    """

    _block = 4096

    def __init__(
        self,
        sources: Mapping[str, Iterable[T]],
        weights: Mapping[str, float],
        seed: int = 0,
        exhausted: str = "repeat",
    ) -> None:
        if exhausted not in EXHAUSTED:
            raise ReaderError(f"unknown policy {exhausted!r} for exhausted sources: choose {', '.join(EXHAUSTED)}")
        weights = _matched(weights, sources)
        self.sources, self.seed, self.exhausted = dict(sources), seed, exhausted
        self._weights = {name: float(weights[name]) for name in sources}
        if not sum(self._weights.values()) > 0 or min(self._weights.values()) < 0:
            raise ReaderError("the weights of a mixture must not be negative, and one at least must be above 0")
        self.drawn = 0  # choices made so far
        self.taken = dict.fromkeys(sources, 0)  # records given out, by source
        self._position = dict.fromkeys(sources, 0)  # of them, in the running pass
        self._empty = {name for name, weight in self._weights.items() if not weight}
        self._open()

    def _open(self) -> None:
        """Iterators at the positions, and the cumulated weights of what is not empty."""
        self._streams = {name: _skipped(source, self._position[name]) for name, source in self.sources.items()}
        self._renormalise()
        self._number, self._uniforms = -1, []

    def _renormalise(self) -> None:
        self._names = [name for name in self.sources if name not in self._empty]
        self._bounds = list(accumulate(self._weights[name] for name in self._names))

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return self

    def __next__(self) -> tuple[str, T]:
        while self._names:
            name = self._choose()
            for record in self._streams[name]:
                self.taken[name] += 1
                self._position[name] += 1
                return name, record
            self._end_of(name)
        raise StopIteration

    def _choose(self) -> str:
        number, place = divmod(self.drawn, self._block)
        if number != self._number:
            generator = np.random.default_rng((self.seed, number))
            self._number, self._uniforms = number, generator.random(self._block).tolist()
        self.drawn += 1
        return self._names[
            bisect_right(self._bounds, self._uniforms[place] * self._bounds[-1], hi=len(self._names) - 1)
        ]

    def _end_of(self, name: str) -> None:
        """A source was drawn and had nothing left."""
        if not self._position[name]:
            raise ReaderError(f"the source {name!r} has no first record: leave it out if it is empty; if it is a "
                              "generator, which can be read only once, give a list")  # fmt: skip
        if self.exhausted == "repeat":
            self.drawn -= 1  # the same choice again, from the start of the source
            self._position[name] = 0
            self._streams[name] = iter(self.sources[name])
        else:
            self._empty = {*self._empty, name} if self.exhausted == "drop" else set(self.sources)
            self._renormalise()

    def state_dict(self) -> dict[str, object]:
        """Where the stream is, in plain numbers and strings (it can be stored as JSON)."""
        return {
            "seed": self.seed,
            "drawn": self.drawn,
            "taken": dict(self.taken),
            "position": dict(self._position),
            "empty": sorted(self._empty),
        }

    def load_state_dict(self, state: Mapping[str, object]) -> None:
        """Go on where the sampler that gave `state` was; the sources, weights and policy must be those it had.

        Raises:
            ReaderError: the state is of other sources.
        """
        if set(state["taken"]) != set(self.sources):
            raise ReaderError(f"the state is of the sources {', '.join(state['taken'])}, this sampler's are "
                              f"{', '.join(self.sources)}")  # fmt: skip
        self.seed, self.drawn, self._empty = state["seed"], state["drawn"], set(state["empty"])
        self.taken, self._position = dict(state["taken"]), dict(state["position"])
        self._open()


def _skipped(source: Iterable[T], count: int) -> Iterator[T]:
    """The records of a source from number `count` on."""
    indexed = hasattr(source, "__getitem__") and hasattr(source, "__len__") and not isinstance(source, Mapping)
    if indexed:
        return (source[number] for number in range(count, len(source)))
    return islice(iter(source), count, None)


def _weights(values: ArrayLike) -> Floats:
    weights = np.asarray(values, dtype=np.float64)
    if not np.all(weights >= 0) or not np.all(np.isfinite(weights)):
        raise ReaderError("a weight is negative or no number: weights are shares between 0 and 1")
    return weights


def _sizes(values: ArrayLike, what: str = "the size") -> Floats:
    sizes = np.asarray(values, dtype=np.float64)
    if not sizes.size or not np.all(sizes > 0) or not np.all(np.isfinite(sizes)):
        raise ReaderError(f"{what} of every source must be a number above 0")
    return sizes


def _matched(weights: Mapping[str, float], sources: Mapping[str, object]) -> Mapping[str, float]:
    """The weights, if they name the same sources."""
    if set(weights) != set(sources):
        wrong = ", ".join(sorted(set(weights) ^ set(sources)))
        raise ReaderError(f"weights and sources do not name the same things: {wrong or 'there are none'}")
    return weights
