"""Checkpoints: whole or not there, and noticed when they are damaged."""

import errno
import multiprocessing
import os
import random
import signal
import time

import pytest
import torch

from llmbook.errors import ReaderError
from llmbook.training.checkpoint import last_checkpoint, save_checkpoint
from llmbook.training.processes import Processes

ALONE = Processes()


def save(folder, step, size=1000, keep=2):
    def write(part):
        (part / "state-00000.safetensors").write_bytes(random.Random(step).randbytes(size))
        (part / "trainer.json").write_text(str(step))

    return save_checkpoint(folder, step, ALONE, write, keep)


def step_of(checkpoint):
    step = int((checkpoint / "trainer.json").read_text())
    assert checkpoint.name == f"step-{step:08}"
    size = (checkpoint / "state-00000.safetensors").stat().st_size
    assert (checkpoint / "state-00000.safetensors").read_bytes() == random.Random(step).randbytes(size)
    return step


def test_the_last_ones_are_kept(tmp_path):
    assert last_checkpoint(tmp_path, ALONE) == (None, [])
    for step in (5, 10, 15):
        save(tmp_path, step)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000010", "step-00000015"]
    assert last_checkpoint(tmp_path, ALONE) == (tmp_path / "step-00000015", [])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    "damage, words",
    [
        (lambda at: flip(at / "state-00000.safetensors"), "state-00000.safetensors has other bytes"),
        (lambda at: os.truncate(at / "state-00000.safetensors", 999), "state-00000.safetensors has another size"),
        (lambda at: (at / "trainer.json").unlink(), "trainer.json is missing"),
        (lambda at: (at / "manifest.json").unlink(), "manifest.json is missing"),
        (lambda at: os.truncate(at / "manifest.json", 20), "manifest.json cannot be read"),
    ],
)
def test_a_damaged_one_is_passed_over_with_a_word(tmp_path, damage, words):
    good, bad = save(tmp_path, 1), save(tmp_path, 2)
    damage(bad)
    assert last_checkpoint(tmp_path, ALONE) == (good, [f"{bad} is damaged ({words}); the one before it is used"])
    damage(good)
    found, notes = last_checkpoint(tmp_path, ALONE)
    assert found is None and len(notes) == 2


def test_a_full_disk_leaves_the_one_before(tmp_path):
    good = save(tmp_path, 1)

    def full(part):
        (part / "state-00000.safetensors").write_bytes(b"half of i")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(ReaderError, match="cannot write the checkpoint .*step-00000002: No space left on device"):
        save_checkpoint(tmp_path, 2, ALONE, full)
    assert last_checkpoint(tmp_path, ALONE) == (good, [])
    assert step_of(save(tmp_path, 2)) == 2  # what was left behind is not in the way


def save_for_ever(folder, announced):
    step = announced.value
    while True:
        step += 1
        save(folder, step, size=200_000)
        announced.value = step


def test_a_kill_at_any_moment_of_saving_loses_nothing_that_was_saved(tmp_path):
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["llmbook.training.trainer"])
    announced, moments = processes.Value("i", 0), random.Random(0)
    for _ in range(20):
        saver = processes.Process(target=save_for_ever, args=(tmp_path, announced))
        before = announced.value
        saver.start()
        while announced.value == before:
            time.sleep(0.001)
        time.sleep(moments.uniform(0, 0.03))
        os.kill(saver.pid, signal.SIGKILL)
        saver.join()
        found, notes = last_checkpoint(tmp_path, ALONE)
        # One more may have been renamed into place that was not announced yet.
        assert step_of(found) - announced.value in (0, 1) and not notes
        announced.value = step_of(found)
    assert announced.value >= 20


def test_every_process_lists_its_own_files(tmp_path, monkeypatch):
    """As rank 0 of two, whose other process has written before: its files come from it, by way of the group."""
    import torch.distributed as dist

    import llmbook.training.checkpoint as module

    monkeypatch.setattr(dist, "barrier", lambda: None)

    def gather(shares, own):
        part = next(tmp_path.glob(".step-*"))
        shares[:] = [own, module._flush(part, 1)]

    monkeypatch.setattr(dist, "all_gather_object", gather)

    def write(part):
        for name in ("state-00000.safetensors", "state-00001.safetensors", "rng-00001.pt", "optimizer.json"):
            torch.save(torch.zeros(3), part / name)

    made = save_checkpoint(tmp_path, 1, Processes(0, 0, 2), write)
    assert last_checkpoint(tmp_path, ALONE) == (made, [])
    for name in ("state-00001.safetensors", "optimizer.json"):
        flip(made / name)
        assert name in last_checkpoint(tmp_path, ALONE)[1][0]
        flip(made / name)
