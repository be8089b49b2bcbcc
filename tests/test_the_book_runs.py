"""The book itself, run as a reader runs it: every section, and section 2.2 on the reader's own sentence pairs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from llmbook.paths import book_root

NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
ZAHLEN = ["ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"]


def llmbook(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "llmbook.cli", *arguments]
    return subprocess.run(command, cwd=book_root(), capture_output=True, text=True, timeout=1800)


def test_every_section_passes_and_every_claim_holds(tmp_path: Path) -> None:
    done = llmbook("run", "--out", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    ledger = json.loads((tmp_path / "claims.json").read_text(encoding="utf-8"))
    assert len(ledger) >= 30 and all(claim["holds"] is not False for claim in ledger)
    assert "The Transformer" in (tmp_path / "index.html").read_text(encoding="utf-8")


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """200 English–German pairs, with a malformed line in between and one that is far too long."""
    lines = [f"{a} and {b}\t{x} und {y}" for a, x in zip(NUMBERS, ZAHLEN) for b, y in zip(NUMBERS, ZAHLEN)]  # noqa: B905
    lines += [f"{a} plus {b}\t{x} plus {y}" for a, x in zip(NUMBERS, ZAHLEN) for b, y in zip(NUMBERS, ZAHLEN)]  # noqa: B905
    lines[6] = "no tab here"
    lines.append("very " * 300 + "long\t" + "sehr " * 300 + "lang")
    path = tmp_path / "my pairs.tsv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_own_pairs_are_refused_with_the_line_or_trained_on_without_it(pairs: Path, tmp_path: Path) -> None:
    own = ["run", "2.2", "--out", str(tmp_path / "out"), "--set", f"PAIRS={pairs}", "--set", "STEPS=40"]
    refused = llmbook(*own)
    assert refused.returncode == 1 and "Traceback" not in refused.stderr
    assert "my pairs.tsv, line 7: 1 tab-separated fields where 2 are expected" in refused.stderr
    trained = llmbook(*own, "--set", "MALFORMED=skip")
    assert trained.returncode == 0, trained.stdout + trained.stderr
    executed = (tmp_path / "out" / "02_foundations" / "2_transformer.ipynb").read_text(encoding="utf-8")
    assert "1 malformed lines skipped, 1 training pairs over 128 tokens left out" in executed
