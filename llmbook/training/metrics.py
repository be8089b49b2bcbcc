"""What a run says of itself: a line of JSON for every logged step, TensorBoard, throughput and utilisation."""

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch

from llmbook.errors import ReaderError
from llmbook.files import write_atomically
from llmbook.models.llama import LlamaConfig
from llmbook.training.costs import ACCELERATORS
from llmbook.training.engines import PRECISIONS

METRICS = "metrics.jsonl"


class MetricsFile:
    """Metrics of one run, in `folder/metrics.jsonl`; after a resume it goes on where the checkpoint was.

    Args:
        folder: of the run.
        step: of the checkpoint that the run goes on from; later lines are dropped.
        tensorboard: also write event files to `folder/tensorboard`.
    """

    def __init__(self, folder: Path, step: int = 0, tensorboard: bool = False) -> None:
        self._path = folder / METRICS
        self._board = _summary_writer(folder / "tensorboard") if tensorboard else None
        self.drop_after(step)

    def write(self, line: Mapping[str, float]) -> None:
        """One line; it has a "step"."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        if self._board:
            for name, value in line.items():
                self._board.add_scalar(name, value, int(line["step"]))

    def drop_after(self, step: int) -> None:
        """Forget the lines after a step that is gone back to."""
        kept = [line for line in read_metrics(self._path.parent) if line["step"] <= step]
        write_atomically(self._path, "".join(json.dumps(line) + "\n" for line in kept))

    def close(self) -> None:
        """Let TensorBoard finish."""
        if self._board:
            self._board.close()


def read_metrics(folder: Path) -> list[dict[str, float]]:
    """The lines of a run's `metrics.jsonl`; a last one that was cut off by a kill is left out."""
    path, lines = Path(folder) / METRICS, []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        with contextlib.suppress(ValueError):
            lines.append(json.loads(line))
    return lines


def _summary_writer(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise ReaderError("tensorboard: true needs TensorBoard: pip install 'llmbook[tensorboard]'") from None
    return SummaryWriter(str(folder))


# ---------------------------------------------------------------- throughput


class Clock:
    """Tokens per second since the last reading, without the time that is spent on other things."""

    def __init__(self) -> None:
        self._start, self._tokens, self._outside = time.perf_counter(), 0, 0.0

    def add(self, tokens: int) -> None:
        """Tokens that have been trained on."""
        self._tokens += tokens

    @contextlib.contextmanager
    def outside(self) -> Iterator[None]:
        """Time in here does not count: evaluation, checkpoints."""
        start = time.perf_counter()
        yield
        self._outside += time.perf_counter() - start

    def read(self) -> float:
        """Tokens per second, and begin anew."""
        seconds = time.perf_counter() - self._start - self._outside
        rate = self._tokens / max(seconds, 1e-9)
        self._start, self._tokens, self._outside = time.perf_counter(), 0, 0.0
        return rate


def flops_per_token(num_parameters: int, config: LlamaConfig | None = None, block_size: int = 0) -> float:
    """FLOPs to train on one token: 6 N, and 6 · 2 · layers · heads · head_dim · context for the attention products.

    PaLM's count (Chowdhery et al., 2022, appendix B), with the causal half left in. An embedding that is not the head
    too is only looked up and does not count. Activations computed again do not count either.

    Args:
        num_parameters: N, of the whole model.
        config: of a Llama; None leaves the attention out.
        block_size: tokens in a row.
    """
    if config is None:
        return 6.0 * num_parameters
    if not config.tie_word_embeddings:
        num_parameters -= config.vocab_size * config.hidden_size
    attention = 12 * config.num_hidden_layers * config.num_attention_heads * config.head_dim * block_size
    return 6.0 * num_parameters + attention


@cache
def peak_flops(device_type: str, precision: str) -> float:
    """The device's highest rate in FLOP/s: a GPU's from its datasheet, anything else measured on matrix products.

    A GPU that is not in `costs.ACCELERATORS` is measured, too. GPUs multiply fp32 at the rate of the datasheet's
    tensor cores only in TF32, so their fp32 is measured.
    """
    if device_type == "cuda" and precision != "fp32":
        name = torch.cuda.get_device_name()
        for accelerator in sorted(ACCELERATORS, key=len, reverse=True):
            if accelerator in name:
                return ACCELERATORS[accelerator].peak_flops
    rate = 0.0
    for size in (256, 512, 1024, 2048, 4096, 8192):
        seconds = _product_seconds(size, device_type, PRECISIONS[precision])
        rate = max(rate, 2 * size**3 / seconds)
        if seconds > 0.02:  # a larger one says nothing new, and where there are no instructions for it takes for ever
            break
    return rate


def _product_seconds(size: int, device_type: str, dtype: torch.dtype) -> float:
    """The best of some products of two square matrices."""
    a = torch.ones(size, size, device=device_type, dtype=dtype)
    best = float("inf")
    for _ in range(4):
        start = time.perf_counter()
        a @ a
        if device_type == "cuda":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - start)
    return best
