#!/usr/bin/env python3
"""Set everything up in a virtual environment, then run the book or its tests. Needs Python 3.11-3.13 and nothing else.

    python3 start.py          run every notebook on this machine's processor; ends with the path of a report page
    python3 start.py test     run the tests

What follows either word goes to `llmbook run` or to pytest. The environment is `.venv` beside this file, or where
LLMBOOK_VENV says; it is installed again only when pyproject.toml or constraints.txt has changed.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("LLMBOOK_VENV") or ROOT / ".venv").resolve()
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install() -> None:
    """Create the environment and install llmbook with its tested dependencies, unless that has been done."""
    wanted = b"".join((ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
    stamp, fingerprint = VENV / "llmbook.installed", hashlib.sha256(wanted + str(ROOT).encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == fingerprint:
        return
    print(f"Setting up {VENV} (once; takes some minutes)", flush=True)
    venv.create(VENV, with_pip=True, clear=not PYTHON.exists())
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", ROOT / "constraints.txt"]
    subprocess.run([*pip, "-e", f"{ROOT}[test]"], check=True)
    stamp.write_text(fingerprint)


def main() -> int:
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        version = ".".join(map(str, sys.version_info[:2]))
        print(f"start.py: llmbook needs Python 3.11, 3.12 or 3.13, and this is {version}", file=sys.stderr)
        return 2
    word, *rest = sys.argv[1:] or ["run"]
    if word not in ("run", "test"):
        print(f"start.py: say 'run' or 'test', not {word!r}", file=sys.stderr)
        return 2
    try:
        install()
    except subprocess.CalledProcessError as error:
        print("start.py: the installation failed; pip's last lines above say why", file=sys.stderr)
        return error.returncode
    except ImportError:
        print("start.py: this Python lacks venv (on Debian: apt install python3-venv)", file=sys.stderr)
        return 2
    command = [VENV / PYTHON.parent / "llmbook", "run"] if word == "run" else [PYTHON, "-m", "pytest"]
    return subprocess.run([*command, *rest], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
