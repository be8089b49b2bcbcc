"""Small language models of many sizes, trained on much and little data: the runs behind section 3.3.1.

`python -m llmbook.training.scaling_runs FILE` trains the grid whose results stand in `data_samples/scaling_runs.csv`,
in about fifteen minutes of one processor core; it goes on where an earlier call was stopped.
"""

import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from llmbook import paths
from llmbook.data.markov import MarkovSource
from llmbook.errors import ReaderError
from llmbook.models.llama import Llama, LlamaConfig
from llmbook.training.loop import fit

ROW_LENGTH = 32
HELD_OUT_ROWS, HELD_OUT_SEED = 2048, 2**31
WIDTHS = (8, 12, 16, 24, 32, 48, 64)
DATA_SIZES = (32_768, 98_304, 327_680, 983_040, 3_276_800, 9_830_400)
BUDGETS = (1e9, 3e9, 1e10, 3e10, 1e11)
BUDGET_WIDTHS = (4, *WIDTHS)
FEWEST_TOKENS, MOST_TOKENS = 30_000, 5_000_000  # of a run of a budget
LARGEST_COMPUTE = 4.5e11  # FLOPs of one run


class Run(NamedTuple):
    """One model, trained once from start to end on fresh data, with a learning rate that falls over all of its steps.

    Attributes:
        series: which experiment it belongs to, "grid" or "isoflop".
        width: hidden size of the model.
        parameters: N, all of them.
        tokens: D, seen in training, each once.
        loss: on held-out text, in nats per symbol, where the whole context that matters is in view.
        seed: of the initial weights and of the training text.
    """

    series: str
    width: int
    parameters: int
    tokens: int
    loss: float
    seed: int

    @property
    def compute(self) -> float:
        """C = 6 N D, in FLOPs."""
        return 6.0 * self.parameters * self.tokens


def build_model(width: int, vocab_size: int, seed: int = 0) -> Llama:
    """A LLaMA of two layers and two heads; `width` alone sets its size, N = 32 width² + (2 V + 5) width."""
    torch.manual_seed(seed)
    return Llama(LlamaConfig(
        vocab_size=vocab_size, hidden_size=width, intermediate_size=4 * width, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=ROW_LENGTH, initializer_range=0.4 * width**-0.5,
    ))  # fmt: skip


def count_parameters(model: nn.Module) -> int:
    """N: all trained numbers of a model."""
    return sum(parameter.numel() for parameter in model.parameters())


def held_out_loss(model: nn.Module, source: MarkovSource, text: Tensor) -> float:
    """The model's loss in nats per symbol, where the whole context that matters is in view.

    Measured as the entropy rate plus the mean excess of the model's surprisal over the source's own, symbol by symbol.
    The excess has the model's Kullback-Leibler divergence from the source as its mean, and the luck of this text (how
    many rare symbols it happens to hold) cancels in it; the plain mean of the cross-entropy has the same expectation.

    Args:
        model: in evaluation mode.
        source: what wrote the text.
        text: [rows, length].
    """
    with torch.no_grad():
        batches = [rows[:, :-1].to(next(model.parameters(), text).device) for rows in text.split(512)]
        logits = torch.cat([model(rows)[:, source.order - 1 :].cpu() for rows in batches])
    cross_entropy = nn.functional.cross_entropy(logits.flatten(0, 1), text[:, source.order :].flatten()).item()
    return source.entropy_rate + cross_entropy - source.surprisal(text).mean().item()


def next_symbol_loss(model: nn.Module, rows: Tensor) -> tuple[Tensor, dict[str, float]]:
    """The objective of `fit`: cross-entropy of each next symbol in rows [batch, length]."""
    return nn.functional.cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten()), {}


def train_run(
    source: MarkovSource,
    held_out: Tensor,
    width: int,
    tokens: float,
    seed: int = 0,
    series: str = "grid",
    device: torch.device | str = "cpu",
) -> Run:
    """Train one model on one amount of data.

    The batch grows with the data, 16 to 64 rows, so that short runs have steps enough and long ones are quick.

    Args:
        source: where the text comes from.
        held_out: text of the same source that no run trains on, [rows, length].
        width: hidden size of the model.
        tokens: D, rounded to whole batches.
        seed: of the weights and of the training text.
        series: a name for the results.
        device: where the model is trained.

    Raises:
        ReaderError: when the data do not fill ten batches.
    """
    batch_size = 16 if tokens < 5e5 else 32 if tokens < 2e6 else 64
    steps = round(tokens / (batch_size * ROW_LENGTH))
    if steps < 10:
        raise ReaderError(f"{tokens:.0f} tokens fill {steps} batches of {batch_size * ROW_LENGTH}: give ten or more")
    model = build_model(width, source.vocab_size, seed).to(device)
    text = source.sample(steps * batch_size, ROW_LENGTH, seed)
    fit(
        model, (rows.to(device) for rows in text.split(batch_size)), next_symbol_loss, max_steps=steps,
        learning_rate=min(0.03, 0.25 / width), warmup_steps=max(1, steps // 10), min_lr_ratio=0.05,
        weight_decay=0.0, adam_betas=(0.9, 0.95), max_grad_norm=1.0,
    )  # fmt: skip
    loss = held_out_loss(model.eval(), source, held_out)
    return Run(series, width, count_parameters(model), steps * batch_size * ROW_LENGTH, round(loss, 5), seed)


def isoflop_plan(budget: float, widths: Sequence[int], vocab_size: int) -> list[tuple[int, float]]:
    """(width, tokens) of the runs that spend one budget: D = C / 6N, where neither too few nor too many come out."""
    sizes = [(width, count_parameters(build_model(width, vocab_size))) for width in widths]
    plan = [(width, budget / (6 * size)) for width, size in sizes]
    return [(width, tokens) for width, tokens in plan if FEWEST_TOKENS <= tokens <= MOST_TOKENS]


def grid_plan(vocab_size: int) -> list[tuple[str, int, float]]:
    """(series, width, tokens) of the committed runs, short ones first."""
    plan = [
        ("grid", width, float(tokens))
        for width in WIDTHS
        for tokens in DATA_SIZES
        if 6 * count_parameters(build_model(width, vocab_size)) * tokens <= LARGEST_COMPUTE
    ]
    plan += [
        ("isoflop", width, tokens)
        for budget in BUDGETS
        for width, tokens in isoflop_plan(budget, BUDGET_WIDTHS, vocab_size)
    ]
    return sorted(plan, key=lambda item: item[1] ** 2 * item[2])


def remake(path: str | Path, seed: int = 0) -> None:
    """Train what `path` does not hold yet of the committed grid, and append each result as it comes."""
    path, source = Path(path), MarkovSource()
    done = {(run.series, run.width, run.tokens) for run in read_runs(path)} if path.exists() else set()
    held_out = source.sample(HELD_OUT_ROWS, ROW_LENGTH, HELD_OUT_SEED)
    if not done:
        path.write_text(",".join(Run._fields) + "\n", encoding="utf-8")
    for series, width, tokens in grid_plan(source.vocab_size):
        if any(run[:2] == (series, width) and abs(run[2] / tokens - 1) < 0.02 for run in done):
            continue
        run = train_run(source, held_out, width, tokens, seed, series)
        with path.open("a", encoding="utf-8") as file:
            file.write(",".join(map(str, run)) + "\n")


def read_runs(path: str | Path | None = None) -> list[Run]:
    """The committed runs, `data_samples/scaling_runs.csv`, or those of another file of the same columns.

    Raises:
        ReaderError: when the file is missing, or a row is no run.
    """
    mend = "" if path else ": restore it with `git checkout data_samples/scaling_runs.csv`"
    path = Path(path) if path else paths.samples() / "scaling_runs.csv"
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    except FileNotFoundError:
        raise ReaderError(f"there is no file {path}{mend}") from None
    return list(_parsed(rows, path))


def _parsed(rows: Iterable[dict[str, str]], path: Path) -> Iterable[Run]:
    for number, row in enumerate(rows, 2):
        try:
            yield Run(
                row["series"], int(row["width"]), int(row["parameters"]), int(row["tokens"]), float(row["loss"]),
                int(row["seed"]),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError):
            raise ReaderError(f"{path.name}, line {number}, is no run: it needs {', '.join(Run._fields)}") from None


if __name__ == "__main__":
    torch.set_num_threads(1)
    remake(sys.argv[1])
