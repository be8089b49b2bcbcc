"""Writing files so that nobody ever sees half of one."""

import os
from pathlib import Path

from llmbook.errors import ReaderError


def write_atomically(path: Path, content: str | bytes) -> None:
    """Put `content` (text as UTF-8) at `path`, making its folder: readers see the old file or the new one, never half.

    Raises:
        ReaderError: when the folder cannot be written to or the disk is full; the old file is then untouched.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(content.encode() if isinstance(content, str) else content)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise ReaderError(f"cannot write {path}: {error.strerror or error}") from error
