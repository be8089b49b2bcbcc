"""Loading a trained model with its tokenizer: the book's own by name, and any other checkpoint that `Llama` reads."""

from pathlib import Path
from typing import TYPE_CHECKING

from llmbook import paths
from llmbook.data.tokenizers.bpe import BPETokenizer
from llmbook.errors import ReaderError
from llmbook.models.checkpoints import checkpoint_folder
from llmbook.models.llama import Llama
from llmbook.options import nearest

if TYPE_CHECKING:
    import torch

MARKET = "market-"  # what the book's own checkpoints are called: market-base is data_samples/models/base


def load_model(
    name_or_path: str | Path, dtype: "torch.dtype | None" = None, device: "torch.device | str" = "cpu"
) -> tuple[Llama, BPETokenizer]:
    """A model that is ready to use, and the tokenizer that belongs to it.

    Args:
        name_or_path: "market-base" and the like, the book's own checkpoints; a folder in the Hugging Face layout; or
            owner/name on the hub.
        dtype: of the weights; None for float32.
        device: where the weights go.

    Returns:
        The model in evaluation mode, and its tokenizer.

    Raises:
        ReaderError: nothing has that name, a file is missing or damaged, the checkpoint is of another architecture, or
            the tokenizer has more tokens than the model.
    """
    folder = model_folder(name_or_path)
    if not (folder / "tokenizer.json").is_file():
        raise ReaderError(f"{folder} has no tokenizer.json: a model without its tokenizer is no use; save one there")
    tokenizer = BPETokenizer.from_file(folder)
    model = Llama.from_pretrained(folder, dtype, device)
    if len(tokenizer) > model.config.vocab_size:
        raise ReaderError(f"the tokenizer in {folder} has {len(tokenizer)} tokens, the model "
                          f"{model.config.vocab_size}: they do not belong together")  # fmt: skip
    return model, tokenizer


def model_folder(name_or_path: str | Path) -> Path:
    """Where a checkpoint is: in `data_samples/models`, in the folder of that name, or downloaded from the hub.

    Raises:
        ReaderError: it is in none of these places; the message says which of the book's own there are.
    """
    name = str(name_or_path)
    if Path(name_or_path).is_dir():
        return Path(name_or_path)
    if isinstance(name_or_path, Path) or "/" in name:
        return checkpoint_folder(name_or_path, also=["tokenizer.json"])
    own = paths.samples() / "models"
    known = {MARKET + path.parent.name: path.parent for path in sorted(own.glob("*/config.json"))}
    if name in known:
        return known[name]
    raise ReaderError(f"there is no model {name!r}; {nearest(name, known) if known else f'{own} holds none'}; "
                      "or name a folder, or owner/name on the hub")  # fmt: skip
