"""Checks of the exercises of section 3.1. Right is decided first; the known mistakes are looked for only after that."""

import math
import random
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import islice

from llmbook.data.conversations import Post, dialogues
from llmbook.data.notation import AMINO_ACIDS
from llmbook.data.profile import Profile, profile
from llmbook.exercises.checks import Wrong, expect, fresh_random, grader, near


@grader("3.1 unique tokens")
def unique_tokens(answer: Callable[[list[float], list[float], float], list[float]]) -> None:
    """`answer(weights, epochs, total_tokens)` is the list n_i = w_i D / e_i."""
    draw = fresh_random()
    weights = [draw.uniform(0.05, 0.6) for _ in range(5)]
    epochs = [draw.uniform(0.3, 8.0) for _ in weights]
    total = draw.uniform(1e11, 2e12)
    sizes = _numbers(answer(list(weights), list(epochs), total), len(weights))
    right = [weight * total / seen for weight, seen in zip(weights, epochs, strict=True)]
    if _same(sizes, right):
        return
    turned = [seen * total / weight for weight, seen in zip(weights, epochs, strict=True)]
    expect(not _same(sizes, turned), "weight and epochs have changed places: the tokens drawn from a source are w · D")
    drawn = [weight * total for weight in weights]
    expect(not _same(sizes, drawn), "w · D are the tokens that are drawn, repetitions included: divide by the epochs")
    total_weight = sum(weights)
    normalised = [size / total_weight for size in right]
    expect(not _same(sizes, normalised), "use the weights as they are given, without making them sum to 1")
    multiplied = [weight * total * seen for weight, seen in zip(weights, epochs, strict=True)]
    expect(not _same(sizes, multiplied), "a source seen more often has fewer unique tokens: divide by the epochs")
    raise Wrong("from e = w · D / n follows n = w · D / e, for each source")


@grader("3.1 first out")
def first_out(answer: Callable[[dict[str, float], dict[str, float], float], tuple[str, float]]) -> None:
    """`answer(weights, sizes, max_epochs)` is the source that reaches the limit first, and the tokens until then."""
    draw = fresh_random()
    said: list[str] = []
    rules: dict[str, list[str]] = {"first": [], "last": [], "smallest": [], "heaviest": []}
    for _ in range(30):
        sizes = {name: draw.uniform(1e9, 5e11) for name in ("web", "books", "wiki", "code")}
        weights = {name: draw.uniform(0.02, 0.5) for name in sizes}
        most = draw.uniform(1.5, 6.0)
        limits = {name: most * sizes[name] / weights[name] for name in sizes}
        name, tokens = answer(weights | {"spare": 0.0}, sizes | {"spare": 1.0}, most)
        expect(name != "spare", "a source of weight 0 is never drawn, so it is never used up")
        said.append(name)
        rules["first"].append(min(limits, key=limits.__getitem__))
        rules["last"].append(max(limits, key=limits.__getitem__))
        rules["smallest"].append(min(sizes, key=sizes.__getitem__))
        rules["heaviest"].append(max(weights, key=weights.__getitem__))
        if name == rules["first"][-1] and not math.isclose(tokens, limits[name], rel_tol=1e-6):
            _explain_tokens(tokens, most * sizes[name], sizes[name] / weights[name])
    if said == rules["first"]:
        return
    expect(said != rules["last"], "this source is used up last: it has the fewest epochs, not the most")
    expect(said != rules["smallest"], "the smallest source is not always the first: compare w / n")
    expect(said != rules["heaviest"], "the heaviest weight does not decide alone: compare w / n")
    raise Wrong("the first source to run out is the one with the largest w / n")


def _explain_tokens(tokens: float, of_source: float, one_epoch: float) -> None:
    """The source is right, the number of tokens is not."""
    own = math.isclose(tokens, of_source, rel_tol=1e-6)
    expect(not own, "these are the tokens of that source alone; the whole training has seen 1 / w times as many")
    expect(not math.isclose(tokens, one_epoch, rel_tol=1e-6), "that is one epoch: max_epochs is left out")
    raise Wrong("the source is right, the number of tokens is not: solve w · D / n = max_epochs for D")


@grader("3.1 temperature")
def temperature(answer: Callable[[list[float], float], list[float]]) -> None:
    """`answer(sizes, tau)` is w_i ∝ n_i^(1/τ), summing to 1."""
    draw = fresh_random()
    sizes, tau = [10 ** draw.uniform(6, 12) for _ in range(6)], draw.uniform(1.5, 5.0)

    def rule(power: float) -> list[float]:
        logs = [power * math.log(size / max(sizes)) for size in sizes]
        return [math.exp(log) / sum(map(math.exp, logs)) for log in logs]

    weights = _numbers(answer(list(sizes), tau), len(sizes))
    if not _same(weights, rule(1 / tau)):
        expect(not _same(weights, rule(tau)), "the exponent is τ; it should be 1/τ: a high temperature flattens")
        expect(not _same(weights, rule(1.0)), "these are the natural weights: the temperature is not used")
        expect(math.isclose(sum(weights), 1.0, rel_tol=1e-6), "the weights do not sum to 1: divide by their sum")
        scaled = [math.exp(size / sum(sizes) / tau) for size in sizes]
        softmax = [value / sum(scaled) for value in scaled]
        expect(not _same(weights, softmax), "this is a softmax of the shares; the rule is a power of the sizes")
        raise Wrong("the weights are not n^(1/τ) / Σ n^(1/τ)")
    natural = _numbers(answer(list(sizes), 1.0), len(sizes))
    expect(_same(natural, rule(1.0)), "at τ = 1 the weights should be the natural ones")


@grader("3.1.1 reply tree")
def tree(answer: Callable[[list[Post]], list[list[str]]]) -> None:
    """`answer(posts)` gives all root-to-leaf dialogues as lists of texts, in reading order."""
    draw = fresh_random()
    for shuffled in (False, True):
        posts = _thread(draw, 12)
        if shuffled:
            draw.shuffle(posts)
        right = [[post.text for post in path] for path in dialogues(posts)]
        found = [list(path) for path in answer(list(posts))]
        if found == right:
            continue
        is_lost = shuffled and sorted(found) != sorted(right)  # the thread in order went well
        expect(not is_lost, "a parent may stand after its answers: look at all posts")
        _explain_tree(found, right)


def _explain_tree(found: list[list[str]], right: list[list[str]]) -> None:
    if sorted(found) == sorted(right):
        raise Wrong("the dialogues are right, their order is not: follow each answer to its end, first answers first")
    if sorted(path[::-1] for path in found) == sorted(right):
        raise Wrong("the dialogues run backwards: the opening post comes first")
    prefixes = {tuple(path[:length]) for path in right for length in range(1, len(path) + 1)}
    if len(found) > len(right) and {tuple(path) for path in found} <= prefixes:
        raise Wrong("some dialogues end too early: only a post without answers ends one")
    if sorted(found) == sorted(path[1:] for path in right):
        raise Wrong("the opening post is missing")
    if len(found) == 1 and found[0] in right:
        raise Wrong("this is one dialogue; a thread has as many as it has posts without answers")
    if len(found) == 1:
        raise Wrong("this is the thread in one row: posts that do not answer each other must not follow each other")
    raise Wrong("there should be one dialogue for each post without answers: the path from the opening post to it")


@grader("3.1.1 domain")
def domain(answer: Callable[[Profile], str]) -> None:
    """`answer(profile)` names the domain of samples of different sizes: "chat", "book" or "code"."""
    draw = fresh_random()
    for name, texts in _samples(draw):
        said = answer(profile(texts))
        expect(said in ("chat", "book", "code"), 'say "chat", "book" or "code"')
        if said == name:
            continue
        how = f"a sample of {name} is taken for {said}"
        if name == "book" and len(texts[0]) < 4000:
            raise Wrong(f"{how}: it is a short excerpt; its length depends on where it was cut, so do not rely on it")
        if name == "code":
            raise Wrong(f"{how}: nothing in code ends with a full stop, so its sentences are very long")
        if name == "chat":
            raise Wrong(f"{how}: in chats a dozen lines of each document begin with a speaker's name")
        raise Wrong(f"{how}: prose has sentences of ten to thirty words and no speakers")


@grader("3.1.2 proteins")
def protein(to_letters: Callable[[str], str], from_letters: Callable[[str], str]) -> None:
    """Three-letter codes with hyphens to letters, and back."""
    draw = fresh_random()
    codes = [*AMINO_ACIDS, *draw.choices(list(AMINO_ACIDS), k=20)]
    draw.shuffle(codes)
    three, one = "-".join(codes), "".join(AMINO_ACIDS[code] for code in codes)
    letters = to_letters(three)
    if letters != one:
        expect(letters != "".join(code[0] for code in codes),
               "the letter is not always the initial: Ala, Arg, Asn and Asp cannot all be A")  # fmt: skip
        expect(letters != "-".join(one), "one-letter codes stand side by side, without hyphens")
        expect(letters != one.lower(), "one-letter codes are capitals")
        raise Wrong("not every code is translated by the table AMINO_ACIDS")
    back = from_letters(one)
    if back != three:
        expect(back != three.replace("-", ""), "the three-letter codes should be joined by hyphens")
        expect(back != three + "-", "there is a hyphen too many at the end: join, rather than append")
        expect(back.lower() != three.lower(), "three-letter codes are written Met, not MET or met")
        raise Wrong("the way back does not lead to the codes one came from")


@grader("3.1.2 molecules")
def molecules(answer: Callable[[str, dict[str, str]], str]) -> None:
    """`answer(text, table)` puts SMILES in place of the names that stand as words."""
    table = {"acid": "OX", "acetic acid": "CC(=O)O", "ethanol": "CCO", "water": "O"}
    names = ["ethanol", "water"]
    draw = fresh_random()
    draw.shuffle(names)

    def mark(name: str) -> str:
        return f"[START_SMILES]{table[name]}[END_SMILES]"

    first, second = names
    cases = (
        (f"We heat {first} and {second}.", f"We heat {mark(first)} and {mark(second)}.",
         "a name is not replaced by [START_SMILES]…[END_SMILES]"),
        (f"{first.capitalize()} burns; {first} is gone.", f"{mark(first)} burns; {mark(first)} is gone.",
         "the case of a name does not matter, and every occurrence counts"),
        ("An ethanolic, underwater test of waters.", "An ethanolic, underwater test of waters.",
         "a name inside a longer word is left alone: look for word boundaries"),
        ("Some acetic acid, no acid.", f"Some {mark('acetic acid')}, no {mark('acid')}.",
         "of names that contain each other the longer one is meant: try it first"),
    )  # fmt: skip
    for text, right, hint in cases:
        result = answer(text, dict(table))
        if result == right:
            continue
        bare = re.sub(r"\[(START|END)_SMILES\]", "", right)
        expect(not (bare != right and result == bare), "the markers [START_SMILES] and [END_SMILES] are missing")
        expect("[START_SMILES][START_SMILES]" not in result and "START_[" not in result,
               "a replaced name is looked at again: replace all names in one pass")  # fmt: skip
        raise Wrong(hint)


@grader("3.1.2 comments")
def comments(answer: Callable[[str], tuple[int, int]]) -> None:
    """`answer(source)` is (number of comments, their characters)."""
    draw = fresh_random()
    lines, found = [], []
    for number in range(30):
        comment = "# " + "".join(draw.choices("abc #'\"", k=draw.randint(0, 9))) + "."
        kind = draw.randrange(4)
        lines.append((f"x{number} = 1  {comment}", comment, f"y = '# no comment {number}'", f"z = {number}")[kind])
        found += [comment] if kind < 2 else []
    lines.append('"""A string\n# over two lines, no comment."""')
    source = "\n".join(lines) + "\n"
    count, characters = answer(source)
    right = (len(found), sum(map(len, found)))
    if (count, characters) == right:
        return
    signs = source.count("#")
    expect(count != signs, "every # is counted: one inside a string or a comment begins no comment")
    lines_with = sum("#" in line for line in source.splitlines())
    expect(count != lines_with, "every line with a # is counted: inside a string it begins no comment")
    alone = sum(line.lstrip().startswith("#") for line in source.splitlines())
    expect(count != alone, "comments that follow code on the same line count too")
    expect(count == right[0], "the number of comments is not right: use the tokens of type tokenize.COMMENT")
    expect(characters != right[1] - right[0], "the sign # belongs to the comment")
    expect(characters != right[1] + right[0], "the line's end does not belong to the comment")
    raise Wrong("the number of comments is right, that of their characters is not: it is the sum of their lengths")


def _thread(draw: random.Random, size: int) -> list[Post]:
    """A thread in which at least one post has two answers and one answer is answered."""
    parents = [None, 0, 0, 1, *(draw.randrange(place) for place in range(4, size))]
    return [
        Post(
            f"p{place}", None if parent is None else f"p{parent}", f"a{place % 3}", f"text {place} {draw.random():.6f}"
        )
        for place, parent in enumerate(parents)
    ]


def _samples(draw: random.Random) -> list[tuple[str, list[str]]]:
    """Texts of three kinds, large samples and small ones."""
    from llmbook.data import code_files
    from llmbook.data.world import World

    paragraphs, files = _real_texts()
    world, start = World(draw.randrange(1000)), draw.randrange(10_000)
    found: list[tuple[str, list[str]]] = []
    for size in (1, 6):
        chats = [record["text"] for record in world.records("dialogue", 20 * size, start)]
        found.append(("chat", chats))
        found.append(("book", ["\n\n".join(draw.sample(paragraphs, 5 if size == 1 else 60))]))
        found.append(("code", [code_files.code_only(text) for text in draw.sample(files, size)]))
    return found


@cache
def _real_texts() -> tuple[list[str], list[str]]:
    """Paragraphs of prose, and files of code."""
    from llmbook.data import prose

    files = (file["text"] for file in prose.source_files())
    return (
        [text for text in prose.topics() if len(text) > 200 and "    " not in text],
        list(islice((text for text in files if 3_000 < len(text) < 20_000), 60)),
    )


def _numbers(values: Sequence[float], count: int) -> list[float]:
    values = [float(value) for value in values]
    expect(len(values) == count, f"return one number for each of the {count} sources, not {len(values)}")
    return values


def _same(found: Sequence[float] | Mapping, right: Sequence[float]) -> bool:
    scale = max(map(abs, right))
    return near([value / scale for value in found], [value / scale for value in right], 1e-9) or all(
        math.isclose(a, b, rel_tol=1e-6) for a, b in zip(found, right, strict=True)
    )
