"""Whether a model's answer is the right one, letter by letter (section 8.3)."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Protocol

import torch
from torch import Tensor

from llmbook.data.tokenizers.bpe import BPETokenizer
from llmbook.errors import ReaderError
from llmbook.evaluation.cross_entropy import END_OF_TEXT, Window, window_nats
from llmbook.models.generation import stream
from llmbook.models.llama import Llama


class Probe(Protocol):
    """A question with its answer, such as those of `llmbook.data.world.probes`, which says what its fields mean."""

    @property
    def prompt(self) -> str: ...

    @property
    def answer(self) -> str: ...

    @property
    def language(self) -> str: ...

    @property
    def options(self) -> tuple[str, ...]: ...

    @property
    def stop(self) -> str: ...

    @property
    def after(self) -> str: ...

    def matches(self, continuation: str) -> bool: ...


def complete(
    model: Llama,
    tokenizer: BPETokenizer,
    prompts: Sequence[str],
    max_new_tokens: int = 32,
    stop: str | Sequence[str] = "\n",
    *,
    batch_size: int = 64,
) -> list[str]:
    """What a model writes after each prompt, taking the likeliest token every time.

    A prompt is read as the beginning of a document, after an end-of-text token. Prompts of about the same length are
    answered together.

    Args:
        model: in evaluation mode.
        tokenizer: the model's.
        prompts: not empty; one that ends in the middle of a word is cut into tokens as no text was in training.
        max_new_tokens: the longest answer.
        stop: texts that end an answer, as the end-of-text token does; they are not part of it.
        batch_size: prompts at once.

    Returns:
        The answers, in the order of the prompts.

    Raises:
        ReaderError: the tokenizer has no end-of-text token.
    """
    if END_OF_TEXT not in tokenizer.special_tokens:
        raise ReaderError(f"the tokenizer has no special token {END_OF_TEXT!r} to begin a text with")
    stops, end = [stop] if isinstance(stop, str) else list(stop), tokenizer.special_tokens[END_OF_TEXT]
    encoded = [[end, *tokenizer.encode(prompt)] for prompt in prompts]
    order = sorted(range(len(prompts)), key=lambda number: len(encoded[number]))
    answers = [""] * len(prompts)
    for start in range(0, len(order), batch_size):
        numbers = order[start : start + batch_size]
        rows = [encoded[number] for number in numbers]
        for number, answer in zip(numbers, _answers(model, tokenizer, rows, max_new_tokens, stops, end), strict=True):
            answers[number] = answer
    return answers


def _answers(
    model: Llama, tokenizer: BPETokenizer, rows: list[list[int]], max_new_tokens: int, stops: list[str], end: int
) -> list[str]:
    """One batch, until every answer has ended."""
    input_ids, mask = _left_padded(rows, end, model.embed_tokens.weight.device)
    written: list[list[int]] = [[] for _ in rows]
    answers: list[str | None] = [None] * len(rows)
    for tokens in stream(model, input_ids, max_new_tokens, mask):
        for row, token in enumerate(tokens.tolist()):
            if answers[row] is not None:
                continue
            if token != end:
                written[row].append(token)
            text = tokenizer.decode(written[row])
            found = [place for mark in stops if (place := text.find(mark)) >= 0]
            if found or token == end:
                answers[row] = text[: min(found)] if found else text
        if None not in answers:
            break
    return [tokenizer.decode(ids) if answer is None else answer for ids, answer in zip(written, answers, strict=True)]


def _left_padded(rows: list[list[int]], padding: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Token ids and where they are no padding, both [rows, longest]."""
    longest = max(map(len, rows))
    input_ids = torch.tensor([[padding] * (longest - len(row)) + row for row in rows], device=device)
    lengths = torch.tensor([len(row) for row in rows], device=device)
    return input_ids, torch.arange(longest, device=device) >= longest - lengths[:, None]


def exact_match(
    model: Llama,
    tokenizer: BPETokenizer,
    probes: Iterable[Probe],
    max_new_tokens: int = 32,
    max_steps_tokens: int = 96,
) -> dict[str, float]:
    """The share of questions that a model, writing on after the prompt, answers exactly.

    Args:
        model, tokenizer: as `complete`.
        probes: questions with their answers.
        max_new_tokens: the longest answer.
        max_steps_tokens: the longest answer of questions where steps come first (`after`).

    Returns:
        By language, and over "all".

    Raises:
        ReaderError: there is no question.
    """
    probes = list(probes)
    right = [False] * len(probes)
    for stop, steps in sorted({(probe.stop, bool(probe.after)) for probe in probes}):
        numbers = [n for n, probe in enumerate(probes) if (probe.stop, bool(probe.after)) == (stop, steps)]
        prompts, most = [probes[number].prompt for number in numbers], max_steps_tokens if steps else max_new_tokens
        answers = complete(model, tokenizer, prompts, most, () if steps else stop)
        for number, answer in zip(numbers, answers, strict=True):
            right[number] = probes[number].matches(answer)
    return _by_language(probes, right)


def ranked_match(model: Llama, tokenizer: BPETokenizer, probes: Iterable[Probe]) -> dict[str, float]:
    """The share of questions of which a model finds the right one of the `options` likeliest; result as `exact_match`.

    An option's probability is that of all its tokens after the prompt, so that options of more tokens are dearer.

    Raises:
        ReaderError: there is no question, or one has no options.
    """
    probes = list(probes)
    if not all(probe.options for probe in probes):
        raise ReaderError("a question without options has nothing to rank: use exact_match")
    end = tokenizer.special_tokens[END_OF_TEXT]
    windows, counts = [], [len(probe.options) for probe in probes]
    for probe in probes:
        prompt = [end, *tokenizer.encode(probe.prompt)]
        windows += [
            Window(len(windows) + number, prompt + tokenizer.encode(option), len(prompt))
            for number, option in enumerate(probe.options)
        ]
    nats, right = iter(window_nats(model, windows, len(windows))), []
    for probe, count in zip(probes, counts, strict=True):
        cost = dict(zip(probe.options, islice(nats, count), strict=True))
        right.append(min(cost, key=cost.__getitem__).strip() == probe.answer.strip())
    return _by_language(probes, right)


def _by_language(probes: Sequence[Probe], right: Sequence[bool]) -> dict[str, float]:
    if not probes:
        raise ReaderError("there is no question to answer")
    groups: dict[str, list[bool]] = {"all": list(right)}
    for probe, matched in zip(probes, right, strict=True):
        groups.setdefault(probe.language, []).append(matched)
    return {name: sum(matched) / len(matched) for name, matched in groups.items()}
