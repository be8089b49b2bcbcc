"""Where things are: the book's notebooks, its committed samples, and the folder that runs write to."""

import os
from pathlib import Path

from llmbook.errors import ReaderError


def home() -> Path:
    """The folder for everything written at run time: `$LLMBOOK_HOME`, by default `~/.cache/llmbook`."""
    return Path(os.environ.get("LLMBOOK_HOME") or Path.home() / ".cache" / "llmbook").expanduser()


def book_root() -> Path:
    """The folder that holds `chapters/`: the current folder or one above it, else the clone llmbook is installed from.

    Raises:
        ReaderError: when there is no book in either place.
    """
    here = Path.cwd().resolve()
    for root in (here, *here.parents, Path(__file__).resolve().parents[1]):
        if (root / "chapters").is_dir() and (root / "data_samples").is_dir():
            return root
    raise ReaderError(f"no book found in {here}: run this in a clone of llmbook (the folder that holds chapters/)")


def samples() -> Path:
    """The folder of small committed samples, `data_samples/`."""
    return book_root() / "data_samples"
