"""The five noises of BART (section 2.3.3; Lewis et al., 2020, §2.2): what is done to a text that a model is to restore.

Each is a pure function of a token list and a source of randomness, and works on words as well as on token ids. Start
and end tokens are the caller's: put them on afterwards. Noises are joined by `compose`:

    noise = compose(partial(sentence_permutation, full_stop="."), partial(text_infilling, mask="[MASK]"))
    noise("a b c . d e .".split(), random.Random(0))
"""

import math
import random
from collections.abc import Callable, Sequence
from functools import reduce
from typing import TypeVar

from llmbook.errors import ReaderError

T = TypeVar("T")
Noise = Callable[[Sequence[T], random.Random], list[T]]


def token_masking(tokens: Sequence[T], rng: random.Random, *, mask: T, share: float = 0.15) -> list[T]:
    """Put `mask` in the place of randomly chosen tokens: the length stays, and the places are told.

    Args:
        tokens: the text.
        rng: where the choice comes from.
        mask: the mask token.
        share: of the tokens to hide; their number is rounded.

    Raises:
        ReaderError: for a share outside 0 to 1; the same for the other noises.
    """
    hidden = set(rng.sample(range(len(tokens)), _budget(tokens, share)))
    return [mask if i in hidden else token for i, token in enumerate(tokens)]


def token_deletion(tokens: Sequence[T], rng: random.Random, *, share: float = 0.15) -> list[T]:
    """Take randomly chosen tokens out: the model must also find where they stood. Arguments as above."""
    deleted = set(rng.sample(range(len(tokens)), _budget(tokens, share)))
    return [token for i, token in enumerate(tokens) if i not in deleted]


def text_infilling(
    tokens: Sequence[T], rng: random.Random, *, mask: T, share: float = 0.3, mean_length: float = 3.0
) -> list[T]:
    """Put one `mask` in the place of each of several spans: the model must also find how long they were.

    Span lengths follow a Poisson distribution and are drawn until they cover the share; the last is cut to fit. A span
    of length 0 only inserts a mask. Every arrangement of the spans among the kept tokens is equally likely.

    Args:
        tokens: the text.
        rng: where the lengths and the places come from.
        mask: the mask token.
        share: of the tokens to hide; their number is rounded.
        mean_length: of a span, λ of the Poisson distribution.

    Raises:
        ReaderError: for a share outside 0 to 1, or a mean length that is not positive.
    """
    if mean_length <= 0:
        raise ReaderError(f"mean_length is {mean_length}; spans of no length never cover anything: give a positive one")
    missing = _budget(tokens, share)
    kept = len(tokens) - missing
    lengths = []
    while missing:
        lengths.append(min(poisson(mean_length, rng), missing))
        missing -= lengths[-1]
    rng.shuffle(lengths)  # or the one that was cut would always stand in the same place
    spans = set(rng.sample(range(kept + len(lengths)), len(lengths)))  # which slots of the noisy text are masks
    noisy, source = [], 0
    for slot in range(kept + len(lengths)):
        noisy.append(mask if slot in spans else tokens[source])
        source += lengths.pop() if slot in spans else 1
    return noisy


def sentence_permutation(tokens: Sequence[T], rng: random.Random, *, full_stop: T) -> list[T]:
    """Shuffle the sentences; each ends with `full_stop`, and a rest without one counts as a sentence."""
    ends = [0, *(i + 1 for i, token in enumerate(tokens) if token == full_stop), len(tokens)]
    sentences = [tokens[start:end] for start, end in zip(ends, ends[1:], strict=False)]
    rng.shuffle(sentences)
    return [token for sentence in sentences for token in sentence]


def document_rotation(tokens: Sequence[T], rng: random.Random) -> list[T]:
    """Turn the text so that a randomly chosen token comes first: the model must find the old beginning."""
    start = rng.randrange(len(tokens)) if tokens else 0
    return [*tokens[start:], *tokens[:start]]


def compose(*noises: Noise[T]) -> Noise[T]:
    """One noise that applies several, from left to right; BART itself permutes sentences, then fills in."""
    return lambda tokens, rng: reduce(lambda noisy, noise: noise(noisy, rng), noises, list(tokens))


def poisson(mean: float, rng: random.Random) -> int:
    """A Poisson-distributed whole number, by Knuth's method: uniform factors until their product is below e^-mean."""
    count, product = 0, rng.random()
    while product > math.exp(-mean):
        count += 1
        product *= rng.random()
    return count


def _budget(tokens: Sequence[object], share: float) -> int:
    """How many tokens a share is, halves rounded up."""
    if not 0 <= share <= 1:
        raise ReaderError(f"share is {share}: give a share of the tokens, from 0 to 1")
    return int(share * len(tokens) + 0.5)
