"""The package and its tests are linted and formatted, as pyproject.toml says."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_has_nothing_to_say(command: list[str]) -> None:
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run([sys.executable, "-m", "ruff", *command, root], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
