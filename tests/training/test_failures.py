"""A rank's watcher: there is none outside a launch; in one it keeps all output and never holds up the training."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from llmbook.training.launching import failures
from llmbook.training.launching.failures import FOLDER, NODE, at_step, read_reports, report_failures


def run(tmp_path: Path, script: str, **more: str) -> tuple[subprocess.CompletedProcess, Path]:
    (tmp_path / "rank.py").write_text(script)
    folder = tmp_path / "reports"
    environment = os.environ | {FOLDER: str(folder), "RANK": "3", **more}
    command = [sys.executable, str(tmp_path / "rank.py"), "a b"]
    return subprocess.run(command, env=environment, capture_output=True, timeout=60), folder


def test_outside_a_launch_nothing_happens(monkeypatch):
    monkeypatch.delenv(FOLDER, raising=False)
    with report_failures():
        at_step(1)
    with pytest.raises(ValueError, match="as it was"), report_failures():
        raise ValueError("as it was")


OUTPUT = r"""
import sys
from llmbook.training.launching.failures import at_step, report_failures
with report_failures():
    at_step(11)
    print(sys.argv[1])
    for share in range(50):
        print(f"\r{share} %", end="", flush=True)
    print("\nto stderr", file=sys.stderr)
    sys.stdout.buffer.write(b"\xff no text\nno end")
"""


def test_the_whole_output_is_kept_and_passed_on(tmp_path):
    done, folder = run(tmp_path, OUTPUT)
    assert done.returncode == 0 and not done.stderr
    log = (folder / "rank-00003.log").read_bytes().splitlines()
    assert log[0] == b"a b" and log[1:51] == [f"{share} %".encode() for share in range(50)]
    assert log[51:] == [b"to stderr", b"\xff no text", b"no end"]
    (report,) = read_reports(folder)
    assert (report.rank, report.state, report.step, report.status) == (3, "finished", 11, 0)
    assert report.lines[-3:] == ["to stderr", "\ufffd no text", "no end"] and len(report.lines) == 20
    shown = done.stdout.decode().splitlines()
    assert shown[0] == "[rank 3] a b" and len(shown) == len(log)


def test_a_process_that_a_rank_starts_is_no_rank(tmp_path):
    ours = (FOLDER, NODE, failures._PIPE)
    inner = f"import os; print([name for name in {ours} if name in os.environ], 'LLMBOOK_HOME' in os.environ)"
    done, folder = run(
        tmp_path,
        "import subprocess, sys\nfrom llmbook.training.launching.failures import report_failures\n"
        f"with report_failures():\n    subprocess.run([sys.executable, '-c', {inner!r}])\n",
        LLMBOOK_HOME="/h",
    )
    assert done.returncode == 0 and done.stdout.decode().strip() == "[rank 3] [] True"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("ReaderError('no such file: mend it')", "no such file: mend it"),
        ("KeyError('x')", "KeyError: 'x'"),
        ("RuntimeError('a' * 100_000)", "RuntimeError: " + "a" * 2000),
        ("SystemExit('in words')", None),
        ("typer.Exit(4)", None),
    ],
)
def test_what_was_raised_is_reported_in_one_line_and_raised_on(tmp_path, error, words):
    done, folder = run(
        tmp_path,
        "import typer\nfrom llmbook.errors import ReaderError\n"
        "from llmbook.training.launching.failures import report_failures\n"
        f"with report_failures():\n    raise {error}\n",
    )
    (report,) = read_reports(folder)
    assert done.returncode == report.status == 1 and report.state == "failed" and report.exception == words


def test_a_watcher_that_does_not_listen_does_not_hold_up_the_training(monkeypatch):
    ear, mouth = os.pipe()
    os.set_blocking(mouth, False)
    monkeypatch.setattr(failures, "_pipe", mouth)
    start = time.process_time()
    for step in range(20_000):  # more than a pipe holds
        at_step(step)
    assert time.process_time() - start < 2
    os.close(ear)
    at_step(1)  # nor one that is gone
    os.close(mouth)


def test_reports_of_a_later_version_can_be_read(tmp_path):
    report = {"rank": 0, "node": "n", "pid": 1, "state": "finished", "something": "new"}
    (tmp_path / "rank-00000.json").write_text(json.dumps(report))
    assert read_reports(tmp_path)[0].state == "finished"
