"""Checks of the exercises of section 2.3.4."""

import math
from collections import Counter
from collections.abc import Callable

from llmbook.exercises.checks import Wrong, expect, fresh_random, grader

Rows = list[list[int]]

BOOK_LOG = {
    1000: 6.558231, 2000: 6.401168, 3000: 6.277831, 4000: 6.172856, 5000: 6.071129, 6000: 5.942584, 7000: 5.546123,
    8000: 5.248503, 9000: 4.934949, 10000: 4.549236,
}  # fmt: skip


@grader("2.3.4 group_texts")
def group(answer: Callable[[dict[str, list], int], dict[str, Rows]]) -> None:
    """`answer(examples, block_size)` joins rows and cuts blocks, without the column "text"."""
    rng = fresh_random()
    cases = [([700, 400, 200], 512), ([rng.randint(1, 30) for _ in range(rng.randint(6, 9))], rng.randint(5, 9))]
    cases.append(([3, 4], 7))
    for lengths, block in cases:
        rows = [[rng.randrange(1000) for _ in range(length)] for length in lengths]
        masks = [[rng.randrange(2) for _ in row] for row in rows]
        texts = ["word " * length for length in lengths]
        for examples in (
            {"input_ids": rows, "attention_mask": masks},
            {"text": texts, "input_ids": rows, "attention_mask": masks},
        ):
            result = answer(examples, block)
            expect(
                isinstance(result, dict), f"return a dict from column names to blocks, not a {type(result).__name__}"
            )
            expect("text" not in result, "the column text is still there; it has to be left out")
            expect(set(result) == {"input_ids", "attention_mask"}, "every column but text should be in the result")
            for name, column in (("input_ids", rows), ("attention_mask", masks)):
                _blocks(result[name], column, block, "text" in examples)


def _blocks(found: Rows, column: Rows, block: int, with_text: bool) -> None:
    joined = [token for row in column for token in row]
    right = [joined[i : i + block] for i in range(0, len(joined) // block * block, block)]
    found = [list(row) for row in found]
    if found == right:
        return
    empty = any(not row for row in found)
    expect(not (empty and with_text), "there are empty blocks: the length is counted in characters of the column text")
    expect(not any(len(row) > block for row in found), "a block is longer than block_size")
    short = any(len(row) < block for row in found)
    expect(not short, "a block is shorter than block_size: the remainder should be dropped, once, at the end")
    expect(len(found) >= len(right), "blocks are missing: join all rows first, and drop the remainder once, at the end")
    raise Wrong("the blocks are not the joined rows in their order")


@grader("2.3.4 steps")
def steps(answer: Callable[[int, int, int, int], tuple[int, int]]) -> None:
    """`answer(texts, batch_size, accumulation, epochs)`: steps of the old Trainer and of today's."""
    rng = fresh_random()
    batch, accumulation, epochs = rng.randint(3, 9), rng.randint(3, 9), rng.randint(3, 9)
    # Both roundings matter: the last mini-batch is a single text, and begins a new group.
    odd = batch * accumulation * rng.randint(5, 50) + 1
    for texts, b, a, e in (
        (odd, batch, accumulation, epochs),
        (odd - 1, batch, accumulation, epochs),
        (odd - 1 - batch + 1, batch, accumulation, epochs),
        (637_417, 10, 8, 10),
    ):
        then, now = answer(texts, b, a, e)
        mini = math.ceil(texts / b)
        right = e * (mini // a), e * math.ceil(mini / a)
        if (then, now) == right:
            continue
        expect((now, then) != right, "the old Trainer makes fewer steps: then comes first, now second")
        whole = e * (texts // b // a), e * math.ceil(texts // b / a)
        expect((then, now) != whole, "the last mini-batch of an epoch counts, even if it has fewer texts")
        over = e * mini // a, math.ceil(e * mini / a)
        expect((then, now) != over, "groups end with their epoch: round within the epoch, then multiply")
        per_epoch = right[0] // e, right[1] // e
        expect((then, now) != per_epoch, "this is one epoch")
        expect(then == right[0], "the old Trainer drops the last partial group: divide the mini-batches without rest")
        raise Wrong("today's Trainer makes a step of the last partial group: round up")


@grader("2.3.4 WordPiece")
def wordpiece(answer: Callable[[str, set[str]], list[str]]) -> None:
    """`answer(text, vocabulary)` cuts words by the longest piece that fits."""
    rng = fresh_random()
    letters = "abcdef"
    pieces = {rng.choice(letters) + rng.choice(letters) for _ in range(9)}
    vocabulary = {
        *letters[:5],
        *(f"##{letter}" for letter in letters[:5]),
        *pieces,
        *(f"##{piece}" for piece in pieces),
    }
    vocabulary |= {"abcde", "##cde", "ab", "##[UNK]"}
    words = ["".join(rng.choice(letters) for _ in range(rng.randint(1, 7))) for _ in range(60)]
    texts = [
        ("Weather cloudiest", {"weather", "cloud", "##i", "##est", "##e", "##s", "##t"}),
        ("abcde ababcde fab aff AB", vocabulary),
        *((" ".join(words[i : i + 6]), vocabulary) for i in range(0, 60, 6)),
    ]
    for text, known in texts:
        tokens, right = list(answer(text, known)), _cut(text, known)
        if tokens == right:
            continue
        expect(tokens[:1] == ["[CLS]"] and tokens[-1:] == ["[SEP]"], "[CLS] comes first and [SEP] last")
        expect(tokens != _cut(text, known, lower=False), "the text is not put in lower case")
        shortest = "a shorter piece was taken than fits: begin with the longest"
        expect(tokens != _cut(text, known, shortest=True), shortest)
        expect(tokens != _cut(text, known, whole=False), "a word that cannot be cut to its end is one [UNK], all of it")
        plain = [token.removeprefix("##") for token in right]
        expect(tokens != plain, "pieces that continue a word begin with ##")
        bare = "inside a word a piece without ## was taken: only pieces with ## continue a word"
        expect(not any(t in known and not t.startswith("##") for t in _inside(tokens, text)), bare)
        raise Wrong(f"{text!r} should give {' '.join(right)}, not {' '.join(map(str, tokens))}")


def _cut(text: str, known: set[str], lower: bool = True, shortest: bool = False, whole: bool = True) -> list[str]:
    tokens = ["[CLS]"]
    for word in (text.lower() if lower else text).split():
        pieces, start = [], 0
        while start < len(word):
            ends = range(start + 1, len(word) + 1) if shortest else range(len(word), start, -1)
            end = next((end for end in ends if ("##" if start else "") + word[start:end] in known), None)
            if end is None:
                pieces = ["[UNK]"] if whole else [*pieces, "[UNK]"]
                break
            pieces.append(("##" if start else "") + word[start:end])
            start = end
        tokens += pieces
    return [*tokens, "[SEP]"]


def _inside(tokens: list[str], text: str) -> list[str]:
    """Tokens that stand where the right cut has a piece with ##, as far as the letters tell."""
    starts, at = set(), 0
    for word in text.lower().split():
        starts.add(at)
        at += len(word)
    inside, at = [], 0
    for token in tokens[1:-1]:
        if token == "[UNK]":
            return []
        if at not in starts:
            inside.append(token)
        at += len(token.removeprefix("##"))
    return inside


@grader("2.3.4 padding")
def padding(answer: Callable[[Rows, Rows, int], dict[str, Rows]]) -> None:
    """`answer(rows, labels, pad_id)` fills up on the right."""
    rng = fresh_random()
    pad = rng.randint(0, 9)
    lengths = [rng.randint(2, 4), rng.randint(6, 9), 1, rng.randint(2, 5)]
    rows = [[rng.randint(10, 99) for _ in range(length)] for length in lengths]
    labels = [[rng.choice([-100, token]) for token in row] for row in rows]
    before = [list(row) for row in rows], [list(row) for row in labels]
    batch = answer(rows, labels, pad)
    expect((rows, labels) == before, "your function changes the rows it was given: make new lists")
    expect(
        set(batch) == {"input_ids", "labels", "attention_mask"}, 'the keys are "input_ids", "labels", "attention_mask"'
    )
    longest = max(lengths)
    for name, column in batch.items():
        expect(
            all(len(row) == longest for row in column),
            f"the rows of {name} should be as long as the longest, {longest}",
        )
    ids, targets, mask = (batch[name] for name in ("input_ids", "labels", "attention_mask"))
    expect(ids != [[pad] * (longest - len(row)) + row for row in rows], "padding goes to the right of the tokens")
    expect(ids == [row + [pad] * (longest - len(row)) for row in rows], "fill the ids up with pad_id")
    filled = [row + [pad] * (longest - len(row)) for row in labels]
    expect(targets != filled, "labels are filled up with pad_id: the loss would ask for padding; use -100")
    expect(targets == [row + [-100] * (longest - len(row)) for row in labels], "fill the labels up with -100")
    right = [[1] * n + [0] * (longest - n) for n in lengths]
    mask = [[int(value) for value in row] for row in mask]
    expect(mask != [[1 - value for value in row] for row in right], "the mask is inverted: 1 = a real token")
    expect(mask == right, "the mask is 1 for every real token, whatever its label, and 0 for padding")


@grader("2.3.4 plateau")
def plateau(answer: Callable[[Rows, Rows], float]) -> None:
    """`answer(rows, special_tokens_mask)` is the entropy of the ordinary tokens' frequencies, in nats."""
    rng = fresh_random()
    rows = [[2, *(min(rng.randint(5, 25), rng.randint(5, 25)) for _ in range(rng.randint(4, 9))), 3] for _ in range(30)]
    masks = [[1, *[0] * (len(row) - 2), 1] for row in rows]
    result = float(answer(rows, masks))
    ordinary = [token for row in rows for token in row[1:-1]]
    right = _entropy(ordinary)
    if math.isclose(result, right, rel_tol=1e-6):
        return

    def close(value: float) -> bool:
        return math.isclose(result, value, rel_tol=1e-6)

    expect(not close(_entropy([token for row in rows for token in row])), "special tokens are counted; leave them out")
    expect(not close(right / math.log(2)), "this is in bits: take the natural logarithm")
    expect(not close(math.log(len(set(ordinary)))), "this is ln |V|, where all tokens are equally frequent")
    expect(not close(-right), "the sign: a loss is -ln of a probability, and positive")
    each = sum(_entropy(row[1:-1]) for row in rows) / len(rows)
    expect(not close(each), "the frequencies are those of all rows together, not of each row")
    of_types = -sum(math.log(n / len(ordinary)) for n in Counter(ordinary).values()) / len(set(ordinary))
    expect(not close(of_types), "weight every token's -ln f by how often it occurs, f")
    raise Wrong("the loss is the sum of -f ln f over the ordinary tokens, with f the share of a token")


def _entropy(tokens: list[int]) -> float:
    return -sum(n / len(tokens) * math.log(n / len(tokens)) for n in Counter(tokens).values())


@grader("2.3.4 curve")
def curve(answer: Callable[[dict[int, float], float], int | None]) -> None:
    """`answer(log, factor)`: the step after which the loss first falls faster than factor × the mean fall before."""
    rng = fresh_random()
    cases = [(BOOK_LOG, 2.0), ({100: 5.0, 200: 4.0, 300: 3.0, 400: 2.0}, 1.5)]
    for _ in range(40):
        loss, log = 9.0, {}
        for step in range(10, 10 * rng.randint(6, 12), 10):
            log[step] = loss
            loss -= rng.choice([0.05, 0.1, 0.15, 0.2, 0.9])
        cases.append((log, rng.choice([1.5, 2.0, 3.0])))
    cases = [case for case in cases if not _undecided(*case)]
    rights = [_end(log, factor) for log, factor in cases]
    answers = [answer(dict(log), factor) for log, factor in cases]
    if answers == rights:
        return
    expect(answers[0] is not None or answers[1] is not None, "nothing is returned, or always None")
    following = [None if end is None else _next(log, end) for (log, _), end in zip(cases, rights, strict=True)]
    expect(answers != following, "return the step at which the fast fall begins, not the one at which it is over")
    with_first = [_end(log, factor, first=0) for log, factor in cases]
    expect(answers != with_first, "at least one fall must lie before the step, to compare with")
    last = [_end(log, factor, previous=1) for log, factor in cases]
    expect(answers != last, "compare with the mean of all falls before, not with the last one alone")
    included = [_end(log, factor, included=True) for log, factor in cases]
    expect(answers != included, "the mean is of the falls before the step; the fall itself is no part of it")
    final = [_end(log, factor, final=True) for log, factor in cases]
    expect(answers != final, "the first such step is asked for, not the last or the steepest")
    log, factor = next(case for case, a, r in zip(cases, answers, rights, strict=True) if a != r)
    falls = [round(a - b, 2) for a, b in zip(list(log.values()), list(log.values())[1:], strict=False)]
    raise Wrong(f"steps {list(log)} with falls {falls} and factor {factor} should give {_end(log, factor)}")


def _falls(log: dict[int, float]) -> list[float]:
    losses = list(log.values())
    return [a - b for a, b in zip(losses, losses[1:], strict=False)]


def _end(
    log: dict[int, float], factor: float, first: int = 1, previous: int = 0, included: bool = False, final: bool = False
) -> int | None:
    falls, found = _falls(log), None
    for i in range(first, len(falls)):
        before = falls[max(0, i - previous) if previous else 0 : i + included]
        if falls[i] > factor * (sum(before) / len(before) if before else 0):
            found = list(log)[i]
            if not final:
                break
    return found


def _undecided(log: dict[int, float], factor: float) -> bool:
    """Whether rounding could turn a comparison."""
    falls = _falls(log)
    return any(abs(falls[i] - factor * sum(falls[:i]) / i) < 1e-6 for i in range(1, len(falls)))


def _next(log: dict[int, float], step: int) -> int:
    return list(log)[list(log).index(step) + 1]


@grader("2.3.4 distance")
def distance(answer: Callable[[dict[str, float], dict[str, float]], float]) -> None:
    """`answer(answer, truth)` is the total variation distance over the words of both."""
    rng = fresh_random()
    words = [f"w{number}" for number in range(9)]
    for guessed, true in (
        (words[:5], words[1:5]),
        (words[:2], words[:4]),
        (words[:3], words[3:6]),
        (words[:4], words[:4]),
    ):
        p, q = ({word: rng.random() for word in part} for part in (guessed, true))
        p, q = ({word: value / sum(part.values()) for word, value in part.items()} for part in (p, q))
        if guessed == true:
            p = dict(q)
        result = float(answer(dict(p), dict(q)))
        gaps = {word: abs(p.get(word, 0) - q.get(word, 0)) for word in {*p, *q}}
        right = sum(gaps.values()) / 2
        if math.isclose(result, right, abs_tol=1e-9):
            continue
        expect(not math.isclose(result, 2 * right), "halve the sum, so that disjoint distributions are 1 apart")
        only_true = sum(gaps[word] for word in q) / 2
        forgets = "words that the answer has and the truth does not are left out; they are mistakes too"
        expect(not math.isclose(result, only_true, abs_tol=1e-9), forgets)
        only_guessed = sum(gaps[word] for word in p) / 2
        missed = "words that the truth has and the answer does not are left out; there the answer's probability is 0"
        expect(not math.isclose(result, only_guessed, abs_tol=1e-9), missed)
        squares = sum(gap**2 for gap in gaps.values())
        squared = "these are squares; take absolute differences"
        expect(not any(math.isclose(result, value) for value in (squares, squares / 2, math.sqrt(squares))), squared)
        expect(
            not math.isclose(result, max(gaps.values())), "this is the largest difference; add all of them, and halve"
        )
        raise Wrong("the distance is half the sum of |p - q| over all words of either distribution")
