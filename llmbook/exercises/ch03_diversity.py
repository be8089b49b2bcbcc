"""Checks of the exercises of section 3.3.3."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from llmbook.exercises.checks import Wrong, drawn, expect, expect_shape, fresh_generator, fresh_random, grader, near

# Table 3.2: sampling probability, epochs, bytes, and what follows for 1.4 T tokens: billions of unique tokens, bytes
# per token (to two decimals).
_TABLE = (
    (0.67, 1.10, 3.3e12, 852.7, 3.87), (0.15, 1.06, 783e9, 198.1, 3.95), (0.045, 0.64, 328e9, 98.4, 3.33),
    (0.045, 2.45, 83e9, 25.7, 3.23), (0.045, 2.23, 85e9, 28.3, 3.01), (0.025, 1.06, 92e9, 33.0, 2.79),
    (0.02, 1.03, 78e9, 27.2, 2.87),
)  # fmt: skip


@grader("3.3.3 unique tokens")
def unique_tokens(answer: Callable[[float, float, float, float], tuple[float, float]]) -> None:
    """`answer(weight, epochs, size_bytes, total_tokens)` gives unique tokens and bytes per token of a source."""
    rng = fresh_random()
    rows = [(w, e, size, 1.4e12, n * 1e9, ratio) for w, e, size, n, ratio in _TABLE]
    w, e, total = rng.uniform(0.02, 0.6), rng.uniform(0.5, 3), rng.uniform(1, 9) * 1e11
    n = w * total / e
    rows.append((w, e, 3 * n, total, n, 3.0))
    for w, e, size, total, n, ratio in rows:
        unique, per_token = answer(w, e, size, total)
        if near(unique / n, 1, 0.02) and near(per_token / ratio, 1, 0.02):
            continue
        expect(not near(unique, w * total, 1e-6) or near(e, 1, 0.01),
               "w D is what was drawn: with e epochs each unique token was drawn e times")  # fmt: skip
        expect(
            not near(unique / (w * total * e), 1, 0.001), "the epochs divide: several passes need fewer unique tokens"
        )
        expect(not near(unique / (total / e), 1, 0.001), "the sampling probability is missing: only w D come from here")
        expect(near(unique / n, 1, 0.02), "unique tokens are w D / e")
        expect(not near(per_token * ratio, 1, 0.02), "this is tokens per byte: turn the fraction over")
        expect(
            not near(per_token / (size / (w * total)), 1, 0.001),
            "divide the bytes by the unique tokens, not by those drawn",
        )
        raise Wrong("bytes per token are the size in bytes divided by the unique tokens")


@grader("3.3.3 epochs of a longer training")
def longer_training(answer: Callable[[Mapping[str, float], float, float], dict[str, float]]) -> None:
    """`answer(epochs, tokens, new_tokens)`: the epochs of each source when the same weights run for longer."""
    rng = fresh_random()
    table = {"Wikipedia": 2.45, "GitHub": 0.64, "Books": rng.uniform(1, 3)}
    for old, new in ((1.4e12, 2e12), (rng.uniform(1, 2) * 1e12, rng.uniform(2.1, 4) * 1e12)):
        given = answer(dict(table), old, new)
        expect(isinstance(given, dict) and given.keys() == table.keys(), "return a dict with the same sources")
        right = {name: epochs * new / old for name, epochs in table.items()}
        if all(near(given[name], right[name], 1e-6) for name in table):
            continue
        inverse = all(near(given[name], table[name] * old / new, 1e-6) for name in table)
        expect(not inverse, "the ratio is upside down: more tokens mean more epochs")
        unchanged = all(near(given[name], table[name], 1e-9) for name in table)
        expect(not unchanged, "the same weights over more tokens draw more of every source")
        whole = all(near(given[name], int(right[name]), 1e-9) or near(given[name], round(right[name]), 1e-9)
                    for name in table)  # fmt: skip
        expect(not whole, "epochs need not be whole numbers: GitHub's 0.64 is a part of a pass")
        raise Wrong("w and n stay as they are, so e = w D / n grows in proportion to D")


@grader("3.3.3 shares with fixed sources")
def full_shares(answer: Callable[[Mapping[str, float], Mapping[str, float]], dict[str, float]]) -> None:
    """`answer(shares, fixed)`: the shares of all sources, when `shares` divide what the fixed ones leave."""
    rng = fresh_random()
    parts = [rng.uniform(0.5, 2) for _ in range(4)]
    shares = dict(zip(("MassiveWeb", "Books", "C4", "News"), (part / sum(parts) for part in parts), strict=True))
    fixed = {"Wikipedia": rng.uniform(0.01, 0.05), "GitHub": rng.uniform(0.05, 0.1)}
    given = answer(dict(shares), dict(fixed))
    expect(isinstance(given, dict) and given.keys() == {*shares, *fixed}, "return a dict of all six sources")
    rest = 1 - sum(fixed.values())
    right = {name: share * rest for name, share in shares.items()} | fixed
    if all(near(given[name], right[name], 1e-9) for name in right):
        return
    total = sum(given.values())
    expect(
        not near(total, 1 + sum(fixed.values()), 1e-9), "the six sum to more than 1: the four divide only what is left"
    )
    scaled = {name: share / (1 + sum(fixed.values())) for name, share in {**shares, **fixed}.items()}
    normalised = all(near(given[name], scaled[name], 1e-9) for name in scaled)
    expect(not normalised, "the fixed shares have shrunk: Wikipedia must keep exactly its share of the whole")
    once = all(near(given[name], shares[name] - sum(fixed.values()) / 4, 1e-9) for name in shares)
    expect(not once, "every source gives up the same amount: they should give up in proportion to their shares")
    expect(near(total, 1, 1e-9), "the six shares should sum to 1")
    raise Wrong("multiply the four shares by 1 - (the sum of the fixed ones), and leave the fixed ones as they are")


@grader("3.3.3 last-word accuracy")
def last_word(answer: Callable[[Tensor, Tensor, Tensor], float]) -> None:
    """`answer(logits, lengths, answers)`: share of contexts, padded on the right, whose next token is `answers`."""
    g = fresh_generator()
    batch, length, size = drawn(100, 120, g), drawn(8, 11, g), 12
    logits = torch.randn(batch, length, size, generator=g)
    lengths = torch.randint(2, length - 1, (batch,), generator=g)
    answers = torch.randint(size, (batch,), generator=g)
    rows = torch.arange(batch)
    # Different numbers of hits at the right place, one too late, and at the end, so that each mistake shows.
    for places, hits in ((lengths - 1, drawn(65, 75, g)), (lengths, drawn(40, 50, g)), (-1, drawn(10, 20, g))):
        hit = torch.randperm(batch, generator=g) < hits
        logits[rows, places, answers] = 20.0 * hit - 20.0 * ~hit
    given = answer(logits, lengths, answers)
    if isinstance(given, Tensor):
        expect_shape(given, (), "the accuracy")

    def share(places: Tensor | int) -> float:
        return (logits[rows, places].argmax(-1) == answers).double().mean().item()

    right = share(lengths - 1)
    if near(given, right):
        return
    expect(
        not near(given, share(lengths)), "the logits at position n - 1 predict the token after n tokens: one too late"
    )
    expect(not near(given, share(-1)), "the last column is padding for shorter contexts: use each one's own length")
    expect(not near(given, 1 - right), "this is the error rate")
    expect(not near(given, right * batch), "this counts the hits: divide by the number of contexts")
    everywhere = (logits.argmax(-1) == answers[:, None]).double().mean().item()
    expect(not near(given, everywhere), "every position is compared with the answer: only the last of a context counts")
    raise Wrong("take the logits at lengths - 1, their argmax, and the share that equals the answers")


@grader("3.3.3 choosing a mixture")
def choose_mixture(answer: Callable[[Tensor], int]) -> None:
    """`answer(losses)`, [mixtures, domains]: the mixture whose worst regret over the domains is the smallest."""
    g = fresh_generator()
    # Regrets on top of domain floors of very different height, so that the obvious shortcuts choose other rows.
    regrets = torch.tensor([[0.0, 0.9, 0.3, 0.3], [0.30, 0.31, 0.32, 0.33], [0.6, 0.0, 0.0, 0.1], [0.5, 0.5, 0.5, 0.0]])
    floors = torch.tensor([4.0, 1.0, 2.0, 3.0])
    rows, columns = torch.randperm(4, generator=g), torch.randperm(4, generator=g)
    losses = ((regrets + floors) * (1 + torch.rand((), generator=g)))[rows][:, columns]
    given = int(answer(losses.clone()))
    source = int(rows[given]) if 0 <= given < 4 else -1
    if source == 1:
        return
    expect(source >= 0, "return the number of a row")
    expect(source != 2, "this mixture has the smallest mean loss; one domain pays for it: look at the worst regret")
    expect(source != 0, "this row is best where the losses are highest: subtract each domain's best loss first, "
                        "as domains differ in difficulty")  # fmt: skip
    raise Wrong("regret = loss less the smallest loss of its column; take the row whose largest regret is smallest")
