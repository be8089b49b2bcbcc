"""The doctor finds what is missing, and says how to mend it."""

import os
import subprocess
import time

import pytest

from llmbook import cli, doctor


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LLMBOOK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TORCH_EXTENSIONS_DIR", str(tmp_path / "extensions"))
    return tmp_path


def test_a_whole_machine_passes(home, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["doctor"])
    printed = capsys.readouterr().out
    assert end.value.code == 0, printed
    for words in ("cores", "torch 2.", "ipykernel", "GiB free", "Llmbook CJK", "DeepSpeed: 0."):
        assert words in printed
    assert "mend" not in printed


def test_a_home_that_cannot_be_written_fails_with_what_to_do(home, monkeypatch, capsys):
    (home / "file").write_text("")
    monkeypatch.setenv("LLMBOOK_HOME", str(home / "file" / "home"))
    monkeypatch.setattr(doctor, "examine", lambda: iter([doctor._home()]))
    with pytest.raises(SystemExit) as end:
        cli.main(["doctor"])
    assert end.value.code == 1
    assert "set LLMBOOK_HOME to a folder that you can write to" in capsys.readouterr().out


def test_a_package_outside_its_range_is_named_with_the_command(monkeypatch):
    monkeypatch.setattr(doctor, "requires", lambda name: ["torch>=99", "numpy>=1", "nosuch>=2", "x>1; extra == 'test'"])
    assert doctor._packages().mend.endswith('-m pip install "torch>=99" "nosuch>=2"')


def test_a_missing_kernel_is_found(monkeypatch):
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    assert "pip install ipykernel" in doctor._kernel().mend


def test_deepspeed_that_hangs_or_breaks_is_a_note_not_a_failure(monkeypatch):
    def hang(command, **options):
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(doctor.subprocess, "run", hang)
    assert doctor._deepspeed().found == "cannot be imported: no answer in 90 s"
    broken = subprocess.CompletedProcess([], 1, "", "noise\nImportError: libcuda\n")
    monkeypatch.setattr(doctor.subprocess, "run", lambda command, **options: broken)
    finding = doctor._deepspeed()
    assert finding.found == "cannot be imported: ImportError: libcuda"
    assert finding.mend and not finding.needed


def test_only_a_stale_lock_is_reported(home):
    old, new = home / "extensions" / "cpu_adam" / "lock", home / "extensions" / "shm" / "lock"
    for lock in (old, new):
        lock.parent.mkdir(parents=True)
        lock.touch()
    os.utime(old, (time.time() - 3600,) * 2)
    assert [finding.mend for finding in doctor._stale_locks()] == [f"rm {old}"]
