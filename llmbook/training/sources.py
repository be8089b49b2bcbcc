"""Batches for a training: rows of tokens as a recipe names them, or tensors that are in memory."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch import Tensor

from llmbook.data.tokenizers.bpe import BPETokenizer
from llmbook.errors import ReaderError
from llmbook.training.data import PreparedTokens, TokenRows, permuted, prepare
from llmbook.training.engines import Batch
from llmbook.training.pretrained import model_folder

if TYPE_CHECKING:
    from llmbook.training.recipe import Recipe


class Source(Protocol):
    """Where batches come from. What a step sees depends on its number alone, so a checkpoint needs no other place.

    Attributes:
        tokenizer_folder: files to put beside the finished model; None for none.
    """

    tokenizer_folder: Path | None

    def vocab_size(self) -> int | None:
        """How many tokens the model must know; None where that is the model's own business."""
        ...

    def batch(self, step: int, rows: range) -> Batch:
        """The rows of that range of the global batch of a step (from 0), in the memory of the host."""
        ...

    def held_out(self, rows: int) -> Mapping[str, Tensor]:
        """Token ids to evaluate on by name, [at most rows, block_size]."""
        ...


class TokenSource:
    """Tokenised text on disk.

    Args:
        tokens: from `prepare`.
        block_size, global_batch_size, seed: the recipe's.
        tokenizer: the one that wrote the text.
        tokenizer_folder: where it comes from.
    """

    def __init__(
        self,
        tokens: PreparedTokens,
        block_size: int,
        global_batch_size: int,
        seed: int,
        tokenizer: BPETokenizer,
        tokenizer_folder: Path,
    ) -> None:
        self._rows = TokenRows(tokens.train, block_size, seed)
        self._held_out = {name: TokenRows(folder, block_size) for name, folder in tokens.evaluation.items()}
        self._global_batch_size, self._tokenizer = global_batch_size, tokenizer
        self.tokenizer_folder = tokenizer_folder

    def vocab_size(self) -> int:
        """As `Source.vocab_size`."""
        return len(self._tokenizer)

    def batch(self, step: int, rows: range) -> Batch:
        """As `Source.batch`."""
        places = self._rows.places(step, self._global_batch_size)
        return {"input_ids": self._rows.read(places[rows.start : rows.stop])}

    def held_out(self, rows: int) -> Mapping[str, Tensor]:
        """As `Source.held_out`."""
        return {name: source.first(rows) for name, source in self._held_out.items()}


class TensorSource:
    """Rows of tensors that are in memory, every epoch in another order.

    Args:
        tensors: by name, each [rows, ...].
        global_batch_size, seed: the recipe's.
        held_out: token ids to evaluate on, by name.

    Raises:
        ReaderError: the tensors have different numbers of rows, or none.
    """

    tokenizer_folder: Path | None = None

    def __init__(
        self, tensors: Batch, global_batch_size: int, seed: int = 0, held_out: Mapping[str, Tensor] | None = None
    ) -> None:
        lengths = {name: len(tensor) for name, tensor in tensors.items()}
        if len(set(lengths.values())) != 1 or not min(lengths.values()):
            raise ReaderError(f"the tensors must have equally many rows, at least one, not {lengths}")
        self._tensors, self._length, self._seed = dict(tensors), min(lengths.values()), seed
        self._global_batch_size, self._held_out = global_batch_size, held_out or {}

    def vocab_size(self) -> None:
        """As `Source.vocab_size`."""

    def batch(self, step: int, rows: range) -> Batch:
        """As `Source.batch`."""
        drawn = np.arange(rows.start, rows.stop) + step * self._global_batch_size
        epochs, places = np.divmod(drawn, self._length)
        for epoch in np.unique(epochs):
            places[epochs == epoch] = permuted(places[epochs == epoch], self._length, self._seed, int(epoch))
        chosen = torch.from_numpy(places)
        return {name: tensor[chosen] for name, tensor in self._tensors.items()}

    def held_out(self, rows: int) -> Mapping[str, Tensor]:
        """As `Source.held_out`."""
        return {name: tensor[:rows] for name, tensor in self._held_out.items()}


def open_source(recipe: "Recipe") -> TokenSource:
    """The recipe's `data`, tokenised if it is not yet.

    Raises:
        ReaderError: as `tokens_of`.
    """
    tokens, folder = tokens_of(recipe), tokenizer_folder(recipe.tokenizer)
    tokenizer = BPETokenizer.from_file(folder)
    return TokenSource(tokens, recipe.block_size, recipe.global_batch_size, recipe.seed, tokenizer, folder)


def tokens_of(recipe: "Recipe") -> PreparedTokens:
    """Where the recipe's tokens are; what is not tokenised yet is now: of several processes one works, others wait.

    Raises:
        ReaderError: the recipe names no data or no tokenizer, or what `prepare` raises.
    """
    missing = [key for key in ("data", "tokenizer") if getattr(recipe, key) is None]
    if missing:
        raise ReaderError(f"{recipe.name}: the recipe has no {' and no '.join(missing)}")
    return prepare(recipe.data, BPETokenizer.from_file(tokenizer_folder(recipe.tokenizer)))


def tokenizer_folder(name_or_path: str) -> Path:
    """A folder or file itself, the folder of one of the book's models ("market-base"), or a repository's tokenizer.

    Raises:
        ReaderError: it is none of these, or the hub cannot be reached.
    """
    path = Path(name_or_path)
    if path.exists():
        return path
    if "/" not in name_or_path and path.suffix != ".json":
        return model_folder(name_or_path)
    if name_or_path.count("/") != 1 or name_or_path.startswith((".", "/", "~")):
        raise ReaderError(f"no tokenizer {name_or_path}: name a folder, a tokenizer.json, or owner/name on the hub")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name_or_path, allow_patterns=["tokenizer*", "special_tokens_map.json"]))
    except Exception as error:  # whatever the network or the hub says, the reader needs one line
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ReaderError(f"no tokenizer {name_or_path}, and the hub has no answer for it: {reason}") from None
