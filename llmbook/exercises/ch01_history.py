"""Checks of the exercises of section 1.2. The catalogues they ask about are made up, so no number of the book helps.

As everywhere, a check decides first whether the answer is right, and looks for the mistakes people make only if not.
"""

import random
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from llmbook.data.llm_catalogue import ReleasedModel
from llmbook.exercises.checks import Wrong, expect, expect_shape, fresh_random, grader
from llmbook.models.gpt import GPT, GPTConfig

Models = Sequence[ReleasedModel]


def _model(
    name: str,
    year: int = 2020,
    month: int = 1,
    params: float | None = 1e9,
    base: tuple[str, ...] = (),
    type: str = "LM",
    tokens: float | None = None,
    bytes: float | None = None,
    open: bool = True,
) -> ReleasedModel:
    return ReleasedModel(name, "", year, month, params, base, type, tokens, bytes, open, {})


def _names(rng: random.Random, count: int) -> list[str]:
    """Distinct names, none of them a part of another."""
    syllables = [a + b for a in "BDFGKLMNPRSTVZ" for b in ("amo", "eri", "iko", "oru", "una")]
    return rng.sample(syllables, count)


def _shuffled(rng: random.Random, models: Models) -> list[ReleasedModel]:
    return rng.sample(list(models), len(models))


@grader("1.2 tuned models of a base")
def tuned_on(answer: Callable[[Models, str], int]) -> None:
    """`answer(models, base)` counts the open instruction-tuned models made from `base`."""
    rng = fresh_random()
    base, other, *_ = names = _names(rng, 40)
    fresh = iter(names[2:])
    both, two_bases = rng.sample((1, 2, 3), 2)
    language, closed, longer = rng.sample((1, 2, 3), 3)
    kinds = [
        (rng.randint(1, 4), {"base": (base,), "type": "IT"}),
        (both, {"base": (base,), "type": "LM+IT"}),
        (two_bases, {"base": (other, base), "type": "IT"}),
        (language, {"base": (base,), "type": "LM"}),
        (closed, {"base": (base,), "type": "IT", "open": False}),
        (longer, {"base": (f"{base}2",), "type": "IT"}),
        (2, {"base": (other,), "type": "IT"}),
        (2, {"base": (), "type": "IT"}),
    ]
    models = _shuffled(rng, [_model(next(fresh), **columns) for count, columns in kinds for _ in range(count)])
    right = kinds[0][0] + both + two_bases
    number = answer(models, base)
    if number == right:
        return
    expect(number != right + closed, "closed models are counted too: look at `open`")
    expect(number != right + language, "plain language models are counted too: look at `type`")
    expect(number != right - both, '"LM+IT" is missing: such a model was released in both forms, so it counts as tuned')
    expect(number != right - two_bases, "models of more than one base are missing: `base` is a tuple, look inside it")
    part = f"a base whose name only contains the word is counted ({base}2 is not {base}): compare whole names"
    expect(number != right + longer, part)
    raise Wrong("count the models that are open, instruction-tuned, and have the base in their tuple of bases")


@grader("1.2 the year open models led")
def open_lead(answer: Callable[[Models, int], int | None]) -> None:
    """`answer(models, after)` is the first year after `after` with more open than closed models, or None."""
    rng = fresh_random()
    after = rng.randint(2000, 2015)
    start = after + rng.randint(1, 2)
    # (open, closed) by year: leads that come too early, then a closed one, a tie, the answer, and a larger lead.
    counts = {after - 1: (9, 1), after: (6, 2), start: (2, 3), start + 1: (4, 4), start + 3: (5, 4), start + 4: (9, 2)}
    never = {year: (a, b) for year, (a, b) in counts.items() if year < start + 3}
    for table, right in ((counts, start + 3), (never, None)):
        models = [
            _model(f"{year}-{is_open}-{i}", year, rng.randint(1, 12), open=is_open)
            for year, pair in table.items()
            for is_open, count in zip((True, False), pair, strict=True)
            for i in range(count)
        ]
        year = answer(_shuffled(rng, models), after)
        if year == right:
            continue
        expect(year not in (after - 1, after), "that year is not *after* the given one: the year itself does not count")
        expect(year != start, "open models do not lead in that year: count each year by itself, not all years up to it")
        expect(year != start + 1, "that year is a tie: open models lead when there are more of them")
        expect(year != start + 4, "that is a later year: the first one is asked for, each year counted by itself")
        expect(right is not None, "where open models never lead, return None")
        raise Wrong("count open and closed models year by year, and take the first year after the given one that fits")


@grader("1.2 tokens per parameter")
def tokens_per_param(answer: Callable[[ReleasedModel], float | None]) -> None:
    """`answer(model)` is tokens / params to two decimals, or None where one of them is unknown."""
    rng = fresh_random()
    exact = 0.0
    while round(exact, 2) in (exact, round(exact, 1)):  # rounding must show
        params, tokens = rng.randint(20, 900) * 1e8, rng.randint(100, 20_000) * 1.0007e8
        exact = tokens / params
    ratio = answer(_model("known", params=params, tokens=tokens))
    if ratio != round(exact, 2):
        expect(ratio is not None, "both numbers are known here, so there is a ratio")
        inverse = abs(ratio - params / tokens) < 0.006
        expect(not inverse, "that is parameters for each token; divide the other way round")
        rounded = (exact, round(exact, 1), round(exact), exact // 1)
        expect(ratio not in rounded, "the ratio is right; round it to two decimals")
        raise Wrong("divide the tokens by the parameters and round to two decimals")
    only_bytes = answer(_model("bytes", params=params, bytes=tokens))
    expect(only_bytes is None, "bytes are not tokens: where only the bytes are known, return None")
    for unknown in (_model("size", params=None, tokens=tokens), _model("data", params=params)):
        expect(answer(unknown) is None, "where size or data are unknown, return None")


@grader("1.2 record holders")
def record_holders(answer: Callable[[Models], Sequence[str]]) -> None:
    """`answer(models)` are the names of the models larger than all before them, by date."""
    rng = fresh_random()
    names = _names(rng, 12)
    # Climbing, with smaller ones, an equal one and unknown ones in between.
    pattern = [3, 2, None, 5, 5, 4, None, 8, 6, 12, 12, 7]
    scale = rng.randint(1, 9) * 1e9
    right = found_unsorted = found_by_year = []
    while right in (found_unsorted, found_by_year) or len(found_unsorted) < 2:  # order and month must matter
        months = sorted(rng.sample(range(36), len(pattern)))
        in_order = [
            _model(name, 2015 + month // 12, month % 12 + 1, size and size * scale)
            for name, month, size in zip(names, months, pattern, strict=True)
        ]
        models = _shuffled(rng, in_order)
        right, found_unsorted = _records(in_order), _records(models)
        found_by_year = _records(sorted(models, key=lambda model: model.year))
    held = list(answer(models))
    if held == right:
        return
    expect(held != found_unsorted, "the models come in no order: sort them by date first (`time`)")
    expect(held != found_by_year, "they are sorted by year alone: the month counts too, `time` holds both")
    expect(held != _records(in_order, ties=True), "a model as large as the record does not break it")
    expect(sorted(held) != sorted(right), "these are the right models; return them in the order of their dates")
    expect(len(held) != len(pattern), "every model is returned: a record is larger than everything released before it")
    expect(held != right[-1:], "only the largest of all is returned: each model that was the largest in its day counts")
    raise Wrong("go through the models by date, keep the largest size so far, and note each model that exceeds it")


def _records(models: Models, ties: bool = False) -> list[str]:
    largest, names = 0.0, []
    for model in models:
        size = model.params or 0.0
        if size > largest or (ties and size == largest > 0):
            largest = size
            names.append(model.name)
    return names


@grader("1.2 family")
def family(answer: Callable[[Models, str], set[str]]) -> None:
    """`answer(models, base)` are the names of all descendants of `base`."""
    rng = fresh_random()
    root, a, b, c, d, e, f, g, other = _names(rng, 9)
    bases = {
        root: (), other: (), f"{root}2": (), a: (root,), b: (root, other), c: (a,), d: (other, b), e: (d,),
        f: (other,), g: (f"{root}2",),
    }  # fmt: skip
    models = _shuffled(rng, [_model(name, base=base) for name, base in bases.items()])
    right = {a, b, c, d, e}
    found = set(answer(models, root))
    if found == right:
        expect(set(answer(models, e)) == set(), "a model without descendants has the empty set")
        return
    expect(found != right | {root}, "the base itself is not its own descendant")
    expect(found != {a, b}, "only the direct descendants are found: go on with each of them")
    expect(found != {a, b, c, d}, "children and grandchildren are found, and nothing below: go on until nothing is new")
    expect(g not in found, f"{root}2 is another model than {root}: compare whole names")
    expect(found != {a, c}, "models of more than one base are missing: one of them is enough")
    expect(not right < found, "too much is found: follow the bases downwards only, from the given one")
    raise Wrong("collect the models that have the base among their bases, then those that have one of these, and so on")


@grader("1.2 parameters of a GPT")
def gpt_parameters(answer: Callable[[int, int, int, int], int]) -> None:
    """`answer(layers, d, vocab_size, positions)` counts a GPT whose head is tied to its embeddings."""
    rng = fresh_random()
    layers, d = rng.randint(2, 5), 8 * rng.randint(8, 60)
    vocab_size, positions = rng.randint(300, 9000), rng.randint(100, 300)
    with torch.device("meta"):
        model = GPT(GPTConfig(vocab_size, d, layers, 8, 4 * d, positions))
    right = sum(parameter.numel() for parameter in model.parameters())
    number = answer(layers, d, vocab_size, positions)
    if number == right:
        return
    for short, hint in (
        (2 * d, "the layer norm above the last layer is missing: weight and bias, 2d"),
        (positions * d, "the table of positions is missing: P · d"),
        (4 * d * layers, "each layer has two layer norms with weight and bias, 4d in all; they are missing"),
        (9 * d * layers, "the biases of the layers are missing: 4d of attention, 4d + d of the feed-forward layer"),
        (13 * d * layers, "biases and layer norms of the layers are missing: 13d a layer"),
        (13 * d * layers + 2 * d, "biases and layer norms are missing: 13d a layer and 2d above the last"),
        (-vocab_size * d, "the head is counted beside the embeddings; here both are one table"),
        (8 * d * d * layers, "the feed-forward layer is missing: it is four times as wide, 8d² weights"),
        (4 * d * d * layers, "the maps of attention are missing: queries, keys, values and output, 4d² weights"),
    ):
        expect(number != right - short, hint)
    raise Wrong("a layer has 12d² + 13d parameters; add (V + P)·d for the two tables and 2d for the last norm")


@grader("1.2 reach")
def reach(answer: Callable[[str, int, int], Tensor]) -> None:
    """`answer(architecture, num_source, num_target)`: boolean [S + T, S + T], True where input j can reach output i."""
    rng = fresh_random()
    s, t = rng.sample(range(2, 8), 2)
    n = s + t
    past = torch.ones(n, n, dtype=torch.bool).tril()
    in_source = torch.arange(n) < s
    translator = torch.where(in_source[:, None], in_source, past)
    pictures = {"encoder-only": torch.ones(n, n, dtype=torch.bool), "decoder-only": past, "encoder-decoder": translator}
    for name, right in pictures.items():
        matrix = answer(name, s, t)
        expect_shape(matrix, (n, n), f"the matrix of {name!r}")
        expect(matrix.dtype == torch.bool, "the matrix should be boolean, True = can reach")
        if matrix.equal(right):
            continue
        expect(not matrix.equal(right.T), f"{name}: rows and columns are exchanged; outputs are rows, inputs columns")
        expect(
            not matrix.equal(right & ~torch.eye(n, dtype=torch.bool)), f"{name}: an output is reached by its own input"
        )
        if name == "encoder-only":
            raise Wrong("encoder-only: nothing is hidden, every input reaches every output")
        if name == "decoder-only":
            expect(
                not matrix.equal(translator),
                "decoder-only: the source is part of one text, read from left to right as well",
            )
            raise Wrong("decoder-only: output i is reached by the inputs 0, …, i and no others")
        expect(
            not matrix[s:, :s].logical_not().all(), "encoder-decoder: the target sees the source, by cross-attention"
        )
        expect(not matrix[:s, s:].any(), "encoder-decoder: the encoder never sees the target; those cells are False")
        expect(matrix[:s, :s].all(), "encoder-decoder: the encoder reads the source in both directions")
        raise Wrong("encoder-decoder: source sees source; target sees the whole source and the target up to itself")
