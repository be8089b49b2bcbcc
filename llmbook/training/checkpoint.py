"""Checkpoints: a kill at any byte leaves the one before, and a damaged one is noticed."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from llmbook.errors import ReaderError
from llmbook.training.processes import Processes

MANIFEST = "manifest.json"


def save_checkpoint(
    folder: Path, step: int, processes: Processes, write: Callable[[Path], None], keep: int = 2
) -> Path:
    """Write `folder/step-NNNNNNNN`: everything is written beside it, flushed to the disk, and renamed at the end.

    Args:
        folder: of the run's checkpoints; on several machines one that all of them see.
        step: the checkpoint's number.
        processes: all call this together.
        write: puts this process's files into the folder that it is given, named by rank as in state-00003.safetensors;
            files of other names are rank 0's.
        keep: the newest so many are kept, the others removed.

    Returns:
        The finished checkpoint.

    Raises:
        ReaderError: the disk is full, or the folder cannot be written to; the checkpoints before are untouched.
    """
    final, part = folder / f"step-{step:08}", folder / f".step-{step:08}.part"
    try:
        if processes.rank == 0:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
        processes.barrier()
        write(part)
        files = _gather(_flush(part, processes.rank), processes)
        if processes.rank == 0:
            _write_flushed(part / MANIFEST, json.dumps({"step": step, "files": files}, indent=1).encode())
            _flush_folder(part)
            shutil.rmtree(final, ignore_errors=True)
            part.rename(final)
            _flush_folder(folder)
            for old in _all(folder)[:-keep]:
                shutil.rmtree(old, ignore_errors=True)
        processes.barrier()
    except OSError as error:
        raise ReaderError(f"cannot write the checkpoint {final}: {error.strerror or error}") from error
    return final


def last_checkpoint(folder: Path, processes: Processes) -> tuple[Path | None, list[str]]:
    """The newest checkpoint that is whole, and a line about each newer one that is not.

    Every byte is compared with the digests of the manifest, by rank 0.
    """
    found: list[Any] = [None, []]
    if processes.rank == 0:
        for candidate in reversed(_all(folder)):
            if wrong := _damage(candidate):
                found[1].append(f"{candidate} is damaged ({wrong}); the one before it is used")
            else:
                found[0] = candidate
                break
    if processes.world_size > 1:
        dist.broadcast_object_list(found)
    return found[0], found[1]


def save_rng_state(folder: Path, rank: int) -> None:
    """This process's random generators."""
    cuda = torch.cuda.get_rng_state() if torch.cuda.is_available() else None
    torch.save({"cpu": torch.get_rng_state(), "cuda": cuda}, folder / f"rng-{rank:05}.pt")


def load_rng_state(folder: Path, rank: int) -> None:
    """Go on where this rank's generators were; a rank that was not there before keeps its seed."""
    path = folder / f"rng-{rank:05}.pt"
    if path.exists():
        states = torch.load(path, weights_only=True)
        torch.set_rng_state(states["cpu"])
        if states["cuda"] is not None and torch.cuda.is_available():
            torch.cuda.set_rng_state(states["cuda"])


def _all(folder: Path) -> list[Path]:
    """Finished checkpoints, the oldest first."""
    return sorted(path for path in folder.glob("step-*") if path.is_dir())


def _damage(checkpoint: Path) -> str:
    """What is wrong with a checkpoint, or nothing."""
    try:
        files = json.loads((checkpoint / MANIFEST).read_text(encoding="utf-8"))["files"]
        for name, (size, digest) in files.items():
            if (checkpoint / name).stat().st_size != size:
                return f"{name} has another size"
            if _digest(checkpoint / name) != digest:
                return f"{name} has other bytes"
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing"
    except (OSError, ValueError, KeyError, TypeError):
        return f"{MANIFEST} cannot be read"
    return ""


def _flush(part: Path, rank: int) -> dict[str, tuple[int, str]]:
    """Size and digest of the files that belong to this process, all of them on the disk."""
    # safetensors writes under a hidden name first: such a file is another process's, who has not done yet.
    done = (path for path in part.iterdir() if not path.name.startswith("."))
    mine = sorted(path for path in done if _owner(path) == rank)
    for path in mine:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    return {path.name: (path.stat().st_size, _digest(path)) for path in mine}


def _owner(path: Path) -> int:
    """The rank in a name like state-00003.safetensors; files without one are rank 0's."""
    numbered = re.search(r"-(\d{5})\.", path.name)
    return int(numbered[1]) if numbered else 0


def _gather(own: dict[str, tuple[int, str]], processes: Processes) -> dict[str, tuple[int, str]]:
    if processes.world_size == 1:
        return own
    shares: list[Any] = [None] * processes.world_size
    dist.all_gather_object(shares, own)
    return {name: figures for share in shares for name, figures in share.items()}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()[:32]


def _write_flushed(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Make the names in a folder last, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
