"""Several processes that work together: how they are started from a notebook, and how they find each other."""

import contextlib
import importlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import torch
import torch.distributed as dist

from llmbook.errors import ReaderError


@dataclass(frozen=True)
class Processes:
    """Where this process stands among those that train together (section 4.4.1).

    Attributes:
        rank: its number among all, from 0.
        local_rank: its number on this machine.
        world_size: how many there are.
    """

    rank: int = 0
    local_rank: int = 0
    world_size: int = 1

    @property
    def device(self) -> torch.device:
        """The GPU of this process, or the processor."""
        return torch.device("cuda", self.local_rank) if torch.cuda.is_available() else torch.device("cpu")

    def mean(self, values: torch.Tensor) -> torch.Tensor:
        """The mean over the processes of a tensor, which is overwritten."""
        if self.world_size > 1:
            dist.all_reduce(values)
            values /= self.world_size
        return values

    def barrier(self) -> None:
        """Wait until all processes are here."""
        if self.world_size > 1:
            dist.barrier()


def this_process() -> Processes:
    """What torchrun, the deepspeed launcher or Slurm say in the environment; one process where none of them does.

    Raises:
        ReaderError: when only half of it is there.
    """
    if "WORLD_SIZE" not in os.environ and "SLURM_NTASKS" in os.environ and "MASTER_ADDR" in os.environ:
        names = {"RANK": "SLURM_PROCID", "LOCAL_RANK": "SLURM_LOCALID", "WORLD_SIZE": "SLURM_NTASKS"}
        os.environ.update({name: os.environ[slurm] for name, slurm in names.items()})
    if "WORLD_SIZE" not in os.environ:
        return Processes()
    missing = [name for name in ("RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT") if name not in os.environ]
    if missing:
        raise ReaderError(f"WORLD_SIZE is set but {', '.join(missing)} is not: start with torchrun or `llmbook launch`")
    return Processes(*(int(os.environ[name]) for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE")))


@contextlib.contextmanager
def process_group(timeout: float = 1800.0) -> Iterator[Processes]:
    """Join the group of the environment, and leave it at the end; a group that exists already is used and kept.

    Args:
        timeout: seconds that a collective operation may wait for the others before it fails.
    """
    here = this_process()
    if here.world_size == 1 or dist.is_initialized():
        yield here
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(here.device)
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    dist.init_process_group(backend, timeout=timedelta(seconds=timeout))
    try:
        yield here
    finally:
        dist.destroy_process_group()


def launch(target: str, nprocs: int, *args: Any, timeout: float = 600.0, threads: int = 1) -> list[Any]:
    """Run a function of a module in several processes that are joined in a group; a notebook's cells cannot be.

    Args:
        target: "module:function", importable in a new process.
        nprocs: how many processes; each has `torch.distributed` initialised (gloo; with GPUs also NCCL).
        args: for the function, the same in every process; what they hold must be picklable.
        timeout: seconds after which all are ended.
        threads: of PyTorch in each process.

    Returns:
        What the function returned in rank 0, 1, …

    Raises:
        ReaderError: a process failed, was killed or did not come to an end: the line names its rank, and the end of
            what it printed is attached as a note.
    """
    # The store lives here, at a port that is ours already: nobody can take it between choosing and using it.
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    environment = os.environ | {
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port), "TORCHELASTIC_USE_AGENT_STORE": "True",
        "WORLD_SIZE": str(nprocs), "LOCAL_WORLD_SIZE": str(nprocs), "OMP_NUM_THREADS": str(threads),
    }  # fmt: skip
    if sys.platform == "linux":
        environment.setdefault("GLOO_SOCKET_IFNAME", "lo")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "call").write_bytes(pickle.dumps((target, args, sys.path)))
        workers = [_start(folder, environment, rank) for rank in range(nprocs)]
        try:
            _wait(workers, folder, timeout)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
                worker.stdin.close()
        return [pickle.loads((folder / f"result-{rank}").read_bytes()) for rank in range(nprocs)]


def _start(folder: Path, environment: dict[str, str], rank: int) -> subprocess.Popen:
    command = [sys.executable, "-c", "from llmbook.training.processes import _work; _work()", str(folder)]
    with (folder / f"output-{rank}").open("wb") as output:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT,
            env=environment | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        )  # fmt: skip


def _wait(workers: list[subprocess.Popen], folder: Path, timeout: float) -> None:
    """Until every process has left its result; what becomes of it afterwards does not matter."""
    end = time.monotonic() + timeout
    while unfinished := [rank for rank in range(len(workers)) if not (folder / f"result-{rank}").exists()]:
        if any(workers[rank].poll() is not None for rank in unfinished):
            time.sleep(0.3)  # the others fail because of the first: see who has ended by then, and ask who was first
            ended = [rank for rank in unfinished if workers[rank].poll() is not None]
            raise _failure(min(ended, key=lambda rank: _ended_at(folder / f"failure-{rank}")), workers, folder)
        if time.monotonic() > end:
            ranks = ", ".join(map(str, unfinished))
            raise ReaderError(f"rank {ranks} of {len(workers)} did not come to an end within {timeout:g} s")
        time.sleep(0.02)


def _ended_at(failure: Path) -> float:
    """When a process failed; one that was killed could not say so, and comes first."""
    return failure.stat().st_mtime if failure.exists() else 0.0


def _failure(rank: int, workers: list[subprocess.Popen], folder: Path) -> ReaderError:
    status = workers[rank].returncode
    how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    lines = (folder / f"output-{rank}").read_text(errors="replace").strip().splitlines()
    error = ReaderError(f"rank {rank} of {len(workers)} {how}: {lines[-1] if lines else 'it printed nothing'}")
    error.add_note("\n".join(lines[-20:]))
    return error


def _work() -> None:
    """What a started process does."""
    folder, rank = Path(sys.argv[1]), os.environ["RANK"]
    target, args, sys.path[:] = pickle.loads((folder / "call").read_bytes())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    with process_group():
        try:
            result = pickle.dumps(_find(target)(*args))
        except BaseException:
            (folder / f"failure-{rank}").touch()  # before the others notice that the connection is gone
            traceback.print_exc()
            _end(1)
        if dist.is_initialized():
            dist.barrier()  # leave together: whoever goes first would break the connections of those who still work
    (folder / f"part-{rank}").write_bytes(result)
    os.replace(folder / f"part-{rank}", folder / f"result-{rank}")
    _end(0)


def _end(status: int) -> NoReturn:
    """At once: gloo's threads sometimes abort an orderly exit, after all work is done."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _find(target: str) -> Callable[..., Any]:
    module, _, function = target.partition(":")
    try:
        return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise ReaderError(f"cannot start {target!r}: {error}; name it as module:function") from None


def _end_with_parent() -> None:
    """The pipe that is our input closes when the starting process ends, however it ends."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)
