"""Starting processes from a notebook, and what is said when one of them dies."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
import torch
import torch.distributed as dist

from llmbook.errors import ReaderError
from llmbook.training.processes import Processes, launch, process_group, this_process


def add_ranks(offset):
    total = torch.tensor(float(dist.get_rank() + offset))
    dist.all_reduce(total)
    here = this_process()
    return here.rank, here.world_size, total.item(), torch.get_num_threads()


def fail(rank):
    if dist.get_rank() == rank:
        raise ReaderError("the flour ran out")
    dist.barrier()


def die(rank):
    if dist.get_rank() == rank:
        os.kill(os.getpid(), signal.SIGKILL)
    dist.barrier()


def sleep():
    time.sleep(60)


def test_results_come_back_by_rank():
    # fails unless the group was joined: 0 + 1 + 2 * 10
    assert launch(f"{__name__}:add_ranks", 2, 10) == [(0, 2, 21.0, 1), (1, 2, 21.0, 1)]


def test_a_rank_that_fails_is_named_with_its_last_line():
    with pytest.raises(ReaderError, match="rank 1 of 2 ended with status 1: .*the flour ran out") as caught:
        launch(f"{__name__}:fail", 2, 1)
    assert any("Traceback" in note for note in caught.value.__notes__)


def test_a_killed_rank_is_named():
    with pytest.raises(ReaderError, match="rank 0 of 2 was killed by SIGKILL"):
        launch(f"{__name__}:die", 2, 0)


def test_a_rank_that_hangs_is_ended():
    start = time.monotonic()
    with pytest.raises(ReaderError, match="rank 0, 1 of 2 did not come to an end within 8 s"):
        launch(f"{__name__}:sleep", 2, timeout=8)
    assert time.monotonic() - start < 15


def test_an_unknown_function_is_one_line():
    with pytest.raises(ReaderError, match="cannot start 'llmbook.paths:nowhere'"):
        launch("llmbook.paths:nowhere", 1)


def test_alone_there_is_no_group(monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "SLURM_NTASKS"):
        monkeypatch.delenv(name, raising=False)
    with process_group() as here:
        assert here == Processes(0, 0, 1) and not dist.is_initialized()
        assert here.mean(torch.ones(2)).tolist() == [1, 1]


def test_half_an_environment_is_one_line(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(ReaderError, match="WORLD_SIZE is set but RANK"):
        this_process()


def test_slurm_says_the_same_in_other_words(monkeypatch):
    for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    slurm = {"SLURM_PROCID": "5", "SLURM_LOCALID": "1", "SLURM_NTASKS": "8", "MASTER_ADDR": "a", "MASTER_PORT": "1"}
    for name, value in slurm.items():
        monkeypatch.setenv(name, value)
    assert this_process() == Processes(5, 1, 8)
    for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE"):
        os.environ.pop(name)


STARTER = """
import os, sys
sys.path[:] = {path!r}
from llmbook.training.processes import launch
launch("test_processes:write_down_and_sleep", 1, {file!r})
"""


def write_down_and_sleep(file):
    with open(file, "w") as opened:
        opened.write(str(os.getpid()))
    time.sleep(60)


def test_started_processes_end_with_the_one_that_started_them(tmp_path):
    file = tmp_path / "pid"
    starter = subprocess.Popen([sys.executable, "-c", STARTER.format(path=sys.path, file=str(file))])
    until(lambda: file.exists() and file.read_text())
    child = psutil.Process(int(file.read_text()))
    starter.kill()
    starter.wait()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
