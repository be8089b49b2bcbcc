"""The Market model, the book's own: its tokenizer, and how it is made from nothing (`llmbook make base`)."""

import csv
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmbook import paths
from llmbook.data.tokenizers.bpe import BPETokenizer
from llmbook.data.world import HELD_OUT, World
from llmbook.errors import ReaderError
from llmbook.training.data import PROSE, SEPARATOR, WorldText, document_shares, held_out_documents, world_documents

if TYPE_CHECKING:
    from torch import nn

    from llmbook.evaluation.cross_entropy import Score
    from llmbook.models.llama import Llama
    from llmbook.training.recipe import Recipe

# ---------------------------------------------------------------- the tokenizer

VOCAB_SIZE = 4096
TOKENIZER_BYTES = 6_000_000  # of the mixture, that the tokenizer learns from
PADDING = "<|pad|>"

# ChatML's, then those of reasoning and tool calls (with Qwen's names) and of pictures; the rest are for readers.
SPECIAL_TOKENS = (
    SEPARATOR, PADDING, "<|im_start|>", "<|im_end|>",
    "<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>",
    "<|vision_start|>", "<|vision_end|>", "<|image_pad|>",
    "<|reserved_0|>", "<|reserved_1|>", "<|reserved_2|>",
)  # fmt: skip

# Qwen 2's, but only a space may lead a word, and signs do not take the line end after them. With Qwen's own, 答案：木
# holds a token ：木, and a prompt that ends in 答案： is cut as no training text ever was: the model has not seen 木
# follow ： and answers otherwise.
MARKET_PATTERN = "|".join([
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)", r" ?\p{L}+", r"\p{N}", r" ?[^\s\p{L}\p{N}]+", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+",
])  # fmt: skip

# The ChatML layout: every message between its marks, after the name of who speaks.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def market_tokenizer(texts: Iterable[str], vocab_size: int = VOCAB_SIZE, num_workers: int = 1) -> BPETokenizer:
    """A byte-level BPE tokenizer for both languages, with single digits and the special tokens of all chapters.

    Args:
        texts: what to learn from, such as `tokenizer_texts`.
        vocab_size: tokens in all.
        num_workers: processes that count words.
    """
    return BPETokenizer.train(texts, vocab_size, SPECIAL_TOKENS, MARKET_PATTERN, num_workers=num_workers)


def tokenizer_texts(options: WorldText, total_bytes: int = TOKENIZER_BYTES) -> list[str]:
    """The first documents of a mixture, until they have so many bytes: a fixed sample, with shares in bytes."""
    texts, left = [], total_bytes
    for text in world_documents(options, lambda text: len(text.encode())):
        texts.append(text)
        left -= len(text.encode())
        if left <= 0:
            break
    return texts


def save_tokenizer(tokenizer: BPETokenizer, folder: Path) -> None:
    """`tokenizer.json` and `tokenizer_config.json`, which names the special tokens' parts and the chat layout."""
    tokenizer.save_pretrained(folder, eos_token=SEPARATOR, pad_token=PADDING, chat_template=CHAT_TEMPLATE)


# ---------------------------------------------------------------- what a model of the world knows

# A name for the tables, the function of `llmbook.data.world.probes` and its arguments, and whether the options are
# ranked.
PROBES = {
    "facts": ("product_cloze", {}, False),
    "reading": ("reading_probes", {}, False),
    "labels, no example": ("mapping_probes", {"shots": 0}, True),
    "labels, 8 examples": ("mapping_probes", {"shots": 8}, True),
    "labels, seen before": ("mapping_probes", {"shots": 8, "family": "repeats"}, True),
    "sums with steps": ("sum_probes", {"steps": True}, False),
    "sums at once": ("sum_probes", {"steps": False}, False),
}


def ability(
    model: "Llama", tokenizer: BPETokenizer, name: str, count: int, world: World | None = None
) -> dict[str, float]:
    """The share of right answers to `count` questions of the set `name` (of `PROBES`), by language and over "all".

    Raises:
        ReaderError: there is no such set.
    """
    from llmbook.data.world import probes
    from llmbook.evaluation.exact_match import exact_match, ranked_match

    if name not in PROBES:
        raise ReaderError(f"there are no probes {name!r}; there are {', '.join(PROBES)}")
    maker, arguments, ranked = PROBES[name]
    asked = getattr(probes, maker)(world or World(), count, **arguments)
    return (ranked_match if ranked else exact_match)(model, tokenizer, asked)


def gaps(model: "Llama", tokenizer: BPETokenizer, text: WorldText, count: int = 200) -> dict[str, "Score"]:
    """By kind, a model's cross-entropy on `count` held-out records that nobody trained on, beside the source's own.

    The source pays for the choice of the kind as the model does, by the mixture's shares of documents.

    Args:
        model, tokenizer: to be measured.
        text: the mixture the model learned from.
        count: records of each kind; of prose, at most the passages that are held out.
    """
    from llmbook.evaluation.cross_entropy import cross_entropy

    shares = document_shares(text, lambda document: len(tokenizer.encode(document)) + 1)
    world, records = World(text.seed), []
    for kind in shares:
        if kind == PROSE:
            passages = islice(held_out_documents(PROSE), count)
            records += ({"kind": PROSE, "text": passage, "nats": None} for passage in passages)
        else:
            records += world.records(kind, count, HELD_OUT)
    return cross_entropy(model, tokenizer, records, shares)


def measure(model: "Llama", tokenizer: BPETokenizer, text: WorldText, questions: int, records: int) -> dict[str, Any]:
    """All figures of the model card, as plain data: abilities, and cross-entropy by kind.

    "all" are the kinds of which the source is known, in their shares of the training's tokens.
    """
    scores = gaps(model, tokenizer, text, records)
    figures = {kind: _figures(score) for kind, score in scores.items()}
    known = {kind: text.weights[kind] for kind, score in scores.items() if score.gap is not None}
    if known:
        figures["all"] = {
            name: round(sum(weight * figures[kind][name] for kind, weight in known.items()) / sum(known.values()), 4)
            for name in ("nats_per_token", "gap")
        }
    world = World(text.seed)
    abilities = {name: ability(model, tokenizer, name, questions, world) for name in PROBES}
    return {"abilities": abilities, "cross_entropy": figures}


def _figures(score: "Score") -> dict[str, float | None]:
    gap = None if score.gap is None else round(score.gap, 4)
    return {"nats_per_token": round(score.per_token, 4), "nats_per_byte": round(score.per_byte, 4), "gap": gap}


# ---------------------------------------------------------------- making it

QUESTIONS, RECORDS = 500, 200  # of each set and kind, for the model card
_QUESTIONS_ON_THE_WAY = 60  # of each set, while it trains
_HISTORY_LINES = 400


def make_base(recipe: "Recipe", out: Path, questions: int = QUESTIONS, records: int = RECORDS) -> dict[str, Any]:
    """Train the Market model from nothing and write it with its tokenizer, card, recipe, history and figures.

    In this process alone. The run is kept under LLMBOOK_HOME: called again with the same recipe it goes on where it was
    stopped.

    Args:
        recipe: "pretrain", or one like it with a `data.world`; its `tokenizer` is the one that is trained here, with
            `model.vocab_size` tokens or 4,096.
        out: the folder to write, or to replace when all is done.
        questions: of each set of probes, to measure the model by.
        records: of each kind, likewise.

    Returns:
        The figures of the model card (`measure`).

    Raises:
        ReaderError: the recipe has no `data.world`, the training was stopped, or what `train` raises.
    """
    from llmbook.training.pretrained import load_model
    from llmbook.training.trainer import train

    if recipe.data is None or recipe.data.world is None:
        raise ReaderError(f"{recipe.name}: the Market model learns from the world: the recipe needs data.world")
    models = _made(out.parent)
    texts = tokenizer_texts(recipe.data.world, TOKENIZER_BYTES)
    work = paths.home() / "make" / f"{recipe.name}-{_name_of(recipe, texts)}"
    if not (work / "tokenizer" / "tokenizer_config.json").exists():
        save_tokenizer(market_tokenizer(texts, recipe.model.get("vocab_size", VOCAB_SIZE)), work / "tokenizer")
    tokenizer = BPETokenizer.from_file(work / "tokenizer")
    run = train(
        recipe.with_(tokenizer=str(work / "tokenizer")),
        work / "run",
        resume=True,
        evaluate=partial(_on_the_way, tokenizer=tokenizer, world=World(recipe.data.world.seed)),
        progress=True,
    )
    if run.interrupted:
        raise ReaderError(
            f"stopped at step {run.history[-1]['step']} after saving: the same command goes on from there"
        )
    scratch = Path(tempfile.mkdtemp(prefix=".base-", dir=models))
    try:
        _save(run.exported, tokenizer, scratch)
        model, tokenizer = load_model(scratch)
        figures = measure(model, tokenizer, recipe.data.world, questions, records)
        _describe(scratch, recipe, run.history, figures)
        card = model_card(model, recipe, figures, questions, records)
        (scratch / "README.md").write_text(card, encoding="utf-8")
        _replace(out, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return figures


def _on_the_way(model: "nn.Module", tokenizer: BPETokenizer, world: World) -> dict[str, float]:
    """Which abilities have appeared so far, for the history."""
    return {f"ability/{name}": ability(model, tokenizer, name, _QUESTIONS_ON_THE_WAY, world)["all"] for name in PROBES}


def _name_of(recipe: "Recipe", texts: Sequence[str]) -> str:
    """Another recipe or other wording is another run; how often it is evaluated, logged and saved does not matter."""
    content = {key: value for key, value in recipe.to_mapping().items() if not key.startswith(("eval", "log", "save"))}
    digest = sha256(json.dumps(content, default=str, sort_keys=True).encode())
    digest.update("\0".join(texts).encode())
    return digest.hexdigest()[:12]


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReaderError(f"cannot make {folder}: {error.strerror or error}") from error
    return folder


def _save(trained: Path, tokenizer: BPETokenizer, folder: Path) -> None:
    """The weights in bfloat16: half the size; the figures are measured on what is saved."""
    import torch

    from llmbook.models.llama import Llama

    Llama.from_pretrained(trained, dtype=torch.bfloat16).save_pretrained(folder)
    save_tokenizer(tokenizer, folder)


def _replace(out: Path, scratch: Path) -> None:
    """The new folder in the place of the old one, if there is one."""
    os.chmod(scratch, 0o755)
    for path in scratch.iterdir():
        os.chmod(path, 0o644)
    old = scratch.with_name(f"{scratch.name}.old")
    if out.exists():
        os.replace(out, old)
    os.replace(scratch, out)
    shutil.rmtree(old, ignore_errors=True)


def _describe(folder: Path, recipe: "Recipe", history: Sequence[Mapping[str, float]], figures: dict[str, Any]) -> None:
    """What lies beside the weights: recipe, history and figures."""
    import yaml

    plain = json.loads(json.dumps({**recipe.to_mapping(), "tokenizer": "market-base"}, default=str))
    (folder / "recipe.yaml").write_text(yaml.safe_dump(_without_none(plain), sort_keys=False), encoding="utf-8")
    (folder / "history.csv").write_text(_as_csv(history, recipe.global_batch_size * recipe.block_size))
    (folder / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _without_none(mapping: Mapping[str, Any]) -> dict[str, Any]:
    values = {key: _without_none(value) if isinstance(value, Mapping) else value for key, value in mapping.items()}
    return {key: value for key, value in values.items() if value is not None}


def model_card(model: "Llama", recipe: "Recipe", figures: Mapping[str, Any], questions: int, records: int) -> str:
    """What README.md says of a model: what it is, how it was made, and what was measured (`measure`)."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    weights = recipe.data.world.weights
    shares = {kind: weight / sum(weights.values()) for kind, weight in weights.items() if weight}
    environment = Environment(
        loader=PackageLoader("llmbook"), undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    return environment.get_template("market_card.md.j2").render(
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        config=model.config,
        tokens=recipe.tokens,
        shares=sorted(shares.items(), key=lambda item: -item[1]),
        questions=questions,
        records=records,
        **figures,
    )


def _as_csv(history: Sequence[Mapping[str, float]], tokens_per_step: int) -> str:
    """At most some hundred lines, among them all that were evaluated."""
    every = max(1, -(-len(history) // _HISTORY_LINES))
    kept = [line for line in history if line["step"] % every == 0 or any("/" in key for key in line)]
    figures = dict.fromkeys(key for line in kept for key in line if "/" in key)
    columns = ["step", "tokens", "loss", "learning_rate", "grad_norm", *figures]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    for line in kept:
        values = {**line, "tokens": line["step"] * tokens_per_step}
        writer.writerow([_cell(values.get(column, "")) for column in columns])
    return file.getvalue()


def _cell(value: float | str) -> float | str:
    return f"{value:.6g}" if isinstance(value, float) else value
