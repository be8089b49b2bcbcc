"""The last words of a process that trains: what it printed, how far it came, how it ended.

Under `llmbook launch` every rank is two processes: the one that trains, and a watcher that the launcher (DeepSpeed's,
torchrun, srun) takes for it. A process that is killed, for want of memory say, can leave no word; its watcher does.
"""

import ctypes
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import BinaryIO, Literal

from llmbook.errors import ReaderError
from llmbook.files import write_atomically

FOLDER = "LLMBOOK_LAUNCH"  # the environment variable that names the folder of the reports
NODE = "LLMBOOK_NODE"  # and the one that says what the hostfile calls this machine
_PIPE = "LLMBOOK_WATCHER"  # where the watcher listens
_LAST_LINES = 20
_LONGEST = 2000  # characters of an exception
_HEARTBEAT_SECONDS = 2.0
_PR_SET_PDEATHSIG = 1

_pipe: int | None = None


@dataclass
class RankReport:
    """How a rank stands; its watcher keeps it in `rank-00001.json`, beside the rank's output in `rank-00001.log`.

    Attributes:
        rank: its number.
        node: what the hostfile calls its machine.
        pid: of the process that trains.
        state: "failed" is one that ended with another status than 0, "ended" one that was asked to by SIGTERM.
        step: the last optimizer step that it began, None before the first; while it runs, some seconds old.
        status: its exit status, or the signal that killed it, negative; None while it runs.
        exception: what it raised, in one line.
        lines: the last lines of its output.
        time: the last sign of life, in seconds since 1970 by its machine's clock.
    """

    rank: int
    node: str
    pid: int
    state: Literal["running", "finished", "failed", "ended"] = "running"
    step: int | None = None
    status: int | None = None
    exception: str | None = None
    lines: list[str] = field(default_factory=list)
    time: float = 0.0

    def write(self, folder: Path) -> None:
        """Keep it; a disk that is full must not end the training."""
        with suppress(ReaderError):
            write_atomically(folder / f"rank-{self.rank:05d}.json", json.dumps(asdict(self)))


def read_reports(folder: Path) -> list[RankReport]:
    """The reports that a folder has, by rank."""
    known = {field.name for field in fields(RankReport)}
    found = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("rank-*.json")))
    return [RankReport(**{key: value for key, value in report.items() if key in known}) for report in found]


@contextmanager
def report_failures() -> Iterator[None]:
    """Around all that a rank does: under `llmbook launch` its end is reported, elsewhere nothing happens.

    Enter it before anything heavy is imported: under `llmbook launch` the process that enters becomes the watcher, and
    starts its own command line again as the process that trains.
    """
    global _pipe
    folder = os.environ.get(FOLDER)
    if not folder:
        yield
        return
    _die_with_parent()
    if _PIPE not in os.environ:
        _end_as(_Watcher(Path(folder)).watch())
    _pipe = int(os.environ.pop(_PIPE))
    del os.environ[FOLDER]  # what this process starts is no rank
    os.set_inheritable(_pipe, False)
    os.set_blocking(_pipe, False)  # nothing that the watcher waits for may hold up the training
    try:
        yield
    except BaseException as error:
        if not isinstance(error, SystemExit | KeyboardInterrupt) and not hasattr(error, "exit_code"):  # typer.Exit
            os.set_blocking(_pipe, True)
            _tell(exception=_in_one_line(error))
        raise


def _in_one_line(error: BaseException) -> str:
    """What was raised; an error for the reader is its message alone."""
    message = " ".join(str(error).split())[:_LONGEST]
    return message if isinstance(error, ReaderError) else f"{type(error).__name__}: {message}"


def at_step(step: int) -> None:
    """Say which optimizer step begins; costs some microseconds, and nothing outside `llmbook launch`."""
    if _pipe is not None:
        with suppress(BlockingIOError):
            _tell(step=step)


def _tell(**words: object) -> None:
    with suppress(BrokenPipeError):
        os.write(_pipe, json.dumps(words).encode() + b"\n")


class _Watcher:
    """Starts the process that trains, passes on what it prints, and keeps its report."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.told_to_end = folder, False
        rank = int(os.environ.get("RANK") or os.environ.get("SLURM_PROCID") or 0)
        self.words, ear = os.pipe()
        # Launchers signal every process of a rank: the one that trains decides what to do, the watcher outlives it.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note_signal)
        self.child = subprocess.Popen(
            [sys.executable, *sys.orig_argv[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=[ear],
            env=os.environ | {_PIPE: str(ear), "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        os.close(ear)
        self.report = RankReport(rank, os.environ.get(NODE) or socket.gethostname(), self.child.pid)
        self.last: deque[str] = deque(maxlen=_LAST_LINES)

    def watch(self) -> int:
        """Until the process that trains has ended; returns its status."""
        with (self.folder / f"rank-{self.report.rank:05d}.log").open("wb", buffering=0) as log:
            output = _Lines(self.child.stdout.fileno(), self._printed(log))
            words = _Lines(self.words, self._heard)
            with selectors.DefaultSelector() as selector:
                for source in (output, words):
                    selector.register(source.descriptor, selectors.EVENT_READ, source)
                beat = 0.0
                while self.child.poll() is None:
                    if time.monotonic() - beat > _HEARTBEAT_SECONDS:
                        beat = time.monotonic()
                        self._keep("running")
                    for key, _ in selector.select(0.2):
                        if not key.data.read():
                            selector.unregister(key.fd)
            for source in (output, words):  # but not to its end: a process that the rank left behind may hold it open
                source.read()
                source.flush()
        return self._ended(self.child.returncode)

    def _ended(self, status: int) -> int:
        asked = self.told_to_end or status in (-signal.SIGTERM, 128 + signal.SIGTERM)
        self.report.status, self.report.lines = status, list(self.last)
        self._keep("ended" if asked else "failed" if status else "finished")
        return status

    def _keep(self, state: str) -> None:
        self.report.state, self.report.time = state, time.time()
        self.report.write(self.folder)

    def _printed(self, log: BinaryIO) -> Callable[[bytes], None]:
        prefix = f"[rank {self.report.rank}] "

        def printed(line: bytes) -> None:
            text = line.decode(errors="replace")
            self.last.append(text)
            with suppress(OSError):
                log.write(line + b"\n")
            with suppress(OSError):  # nobody may be listening any more
                print(prefix + text, flush=True)

        return printed

    def _heard(self, line: bytes) -> None:
        for name, value in json.loads(line).items():
            setattr(self.report, name, value)

    def _note_signal(self, number: int, frame: object) -> None:
        self.told_to_end = True


class _Lines:
    """The lines that come out of a pipe, as they come; a progress bar's carriage returns end lines too."""

    def __init__(self, descriptor: int, take: Callable[[bytes], None]) -> None:
        os.set_blocking(descriptor, False)
        self.descriptor, self.take, self.rest = descriptor, take, b""

    def read(self) -> bool:
        """Take what is there; whether more may come."""
        while True:
            try:
                chunk = os.read(self.descriptor, 1 << 16)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            *lines, self.rest = (self.rest + chunk).replace(b"\r", b"\n").split(b"\n")
            for line in filter(None, lines):
                self.take(line)

    def flush(self) -> None:
        """Take the line that has no end."""
        if self.rest:
            self.take(self.rest)


def _end_as(status: int) -> None:
    """End this process as another did, so that the launcher sees the same."""
    with suppress(OSError):
        sys.stdout.flush()
    if status < 0:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if -status not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


def _die_with_parent() -> None:
    """Whatever becomes of the launcher, its ranks do not stay behind on the machine."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
