"""`llmbook doctor`: can the book run here, and what is to be mended if not."""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.resources import files
from pathlib import Path

from llmbook import paths
from llmbook.errors import ReaderError
from llmbook.files import write_atomically
from llmbook.machine import hardware, versions

_GIB = 1024**3
_DISK_NEEDED = 2 * _GIB
_DEEPSPEED_SECONDS = 90
_STALE_SECONDS = 600


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what was looked at.
        found: how it is.
        mend: what to do about it; empty when it is well.
        needed: whether the book cannot run without it.
    """

    name: str
    found: str
    mend: str = ""
    needed: bool = True


def examine() -> Iterator[Finding]:
    """Look at everything that a run of the book depends on, quick things first."""
    machine = hardware()
    cores = f"{machine['cores']} cores ({machine['processor']})"
    yield Finding("machine", f"{cores}, {machine['memory']} of memory, {machine['system']}")
    yield Finding("GPU", machine["GPU"] + ("" if machine["GPU"] != "none" else ": the preset `cpu` needs none"))
    yield _python()
    yield _packages()
    yield _book()
    yield _home()
    yield _kernel()
    yield _font()
    yield _deepspeed()
    yield from _stale_locks()


def _python() -> Finding:
    ok = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return Finding("Python", versions()["Python"], "" if ok else "llmbook is tested on Python 3.11 to 3.13")


def _packages() -> Finding:
    """Every package that llmbook declares, at a version in the declared range."""
    from packaging.requirements import Requirement

    wanted = [Requirement(line) for line in requires("llmbook") or []]
    wrong = []
    for requirement in wanted:
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            wrong.append(f'"{requirement.name}{requirement.specifier}"')
            continue
        if not requirement.specifier.contains(installed, prereleases=True):
            wrong.append(f'"{requirement.name}{requirement.specifier}"')
    found = ", ".join(f"{name} {number}" for name, number in versions().items() if name != "Python")
    return Finding("packages", found, f"{sys.executable} -m pip install {' '.join(wrong)}" if wrong else "")


def _book() -> Finding:
    try:
        return Finding("book", f"found in {paths.book_root()}")
    except ReaderError as error:
        return Finding("book", "not found", str(error))


def _home() -> Finding:
    """The folder that everything is written to, and the room in it."""
    folder = paths.home()
    probe = folder / ".doctor"
    try:
        write_atomically(probe, "")
        probe.unlink()
    except (ReaderError, OSError) as error:
        return Finding("LLMBOOK_HOME", str(folder), f"{error}: set LLMBOOK_HOME to a folder that you can write to")
    free = shutil.disk_usage(folder).free
    short = "" if free >= _DISK_NEEDED else f"the book wants {_DISK_NEEDED // _GIB} GiB: make room, or set LLMBOOK_HOME"
    return Finding("LLMBOOK_HOME", f"{folder}, {free / _GIB:.1f} GiB free", short)


def _kernel() -> Finding:
    if importlib.util.find_spec("ipykernel") is None:
        return Finding("Jupyter kernel", "missing", f"{sys.executable} -m pip install ipykernel")
    return Finding("Jupyter kernel", f"ipykernel {version('ipykernel')}, started with this Python")


def _font() -> Finding:
    """Figures have Chinese labels; the font for them comes with llmbook."""
    from matplotlib import font_manager

    font = files("llmbook") / "fonts" / "LlmbookCJK-Regular.otf"
    try:
        name = font_manager.get_font(str(font)).family_name
    except (OSError, RuntimeError) as error:
        return Finding("Chinese font", "unreadable", f"install llmbook again: {error}")
    return Finding("Chinese font", f"{name}, carried by llmbook")


def _deepspeed() -> Finding:
    """DeepSpeed is imported in a process of its own: it prints much, and a broken CUDA or compiler can hang it."""
    compiler = "g++ found" if shutil.which(os.environ.get("CXX", "g++")) else "no g++ to compile its operators"
    plain = "chapters work without it, on plain PyTorch; to mend it"
    if importlib.util.find_spec("deepspeed") is None:
        return Finding("DeepSpeed", "missing", f"{plain}: {sys.executable} -m pip install deepspeed", needed=False)
    command = [sys.executable, "-c", "import deepspeed; print(deepspeed.__version__)"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=_DEEPSPEED_SECONDS)
    except subprocess.TimeoutExpired:
        why = f"no answer in {_DEEPSPEED_SECONDS} s"
    else:
        if run.returncode == 0:
            return Finding("DeepSpeed", f"{run.stdout.split()[-1]}, {compiler}")
        why = (run.stderr.strip().splitlines() or [f"exit status {run.returncode}"])[-1]
    return Finding("DeepSpeed", f"cannot be imported: {why}", f"{plain}, install it again", needed=False)


def _stale_locks() -> Iterator[Finding]:
    """A build of an extension that was killed leaves a lock, and whoever needs the extension next waits for ever."""
    for folder in _extension_folders():
        for lock in sorted(folder.glob("**/lock")):
            if time.time() - lock.stat().st_mtime > _STALE_SECONDS:
                what = f"a build of {lock.parent.name} was cut short; whoever needs it waits for ever"
                yield Finding("extension builds", what, f"rm {lock}", needed=False)


def _extension_folders() -> list[Path]:
    given = os.environ.get("TORCH_EXTENSIONS_DIR")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folders = {Path(given) if given else cache / "torch_extensions", paths.home() / "torch_extensions"}
    return sorted(folder for folder in folders if folder.is_dir())
