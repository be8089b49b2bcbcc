"""What one machine says of itself before a job starts there.

This file is sent to the machine and run by the Python that is to train, so it uses the standard library alone, and
says in words even that llmbook is missing there.
"""

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import socket
import sys
import time
from glob import glob
from pathlib import Path


def examine(wanted: dict) -> dict:
    """What is asked for.

    Args:
        wanted: "files": paths whose content must be the same everywhere, "folder": one to write to, with "marker", a
            file that the asking machine has put there, "master_addr" to resolve, and "port" to be free.
    """
    return {
        "node": os.environ.get("SLURMD_NODENAME", ""),
        "versions": {"Python": platform.python_version(), **{name: _version(name) for name in wanted["packages"]}},
        "llmbook": _source_digest(),
        "files": {path: _digest(Path(path)) for path in wanted["files"]},
        "folder": _folder_fault(Path(wanted["folder"]), wanted["marker"]),
        "gpus": len(glob("/dev/nvidia[0-9]*")),
        "master": _address_fault(wanted["master_addr"]),
        "port": _free_port(wanted["port"]),
        "interfaces": _missing_interfaces(os.environ.get("GLOO_SOCKET_IFNAME", "")),
        "lock": _stale_lock(),
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def _source_digest() -> str:
    """A name for the package's source: between two clones the version may be the same, and the code not."""
    found = importlib.util.find_spec("llmbook")
    if found is None or not found.origin:
        return "missing"
    root = Path(found.origin).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _folder_fault(folder: Path, marker: str) -> str:
    if not (folder / marker).is_file():
        return "is not there" if not folder.is_dir() else "is another folder than here"
    return "" if os.access(folder, os.W_OK) else "cannot be written to"


def _address_fault(address: str) -> str:
    try:
        socket.getaddrinfo(address, None)
    except OSError as error:
        return str(error.strerror or error)
    return ""


def _free_port(port: int) -> int:
    """The port if it is free, else one that is."""
    for number in (port, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", number))
            except OSError:
                continue
            return probe.getsockname()[1]
    return 0


def _missing_interfaces(names: str) -> list[str]:
    there = {name for _, name in socket.if_nameindex()}
    return [name for name in names.split(",") if name and name not in there]


def _stale_lock() -> str:
    """A killed build of one of DeepSpeed's operators leaves a lock, on which every later start waits for ever."""
    home = Path(os.environ.get("LLMBOOK_HOME") or Path.home() / ".cache" / "llmbook")
    folder = Path(os.environ.get("TORCH_EXTENSIONS_DIR") or home / "torch_extensions")
    old = [lock for lock in folder.glob("**/lock") if time.time() - lock.stat().st_mtime > 600]
    return str(old[0]) if old else ""


if __name__ == "__main__":
    print(json.dumps(examine(json.loads(sys.argv[1]))))
