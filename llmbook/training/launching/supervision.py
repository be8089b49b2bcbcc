"""The processes of a job on all its machines, as one: what they print, how they end, and that they do end."""

import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from llmbook.errors import ReaderError
from llmbook.training.launching.commands import Command

FAIL_SECONDS = 10.0  # what the others have, after the first failure, to find it out by themselves
REPORT_SECONDS = 60.0  # what a network file system may need to show here that a rank has ended
END_SECONDS = 15.0  # and then to end when they are asked to
STOP_SECONDS = 120.0  # for a last checkpoint after Ctrl-C or SIGTERM
_LAST_LINES = 20


@dataclass
class Outcome:
    """How a job ended.

    Attributes:
        statuses: of the commands, by node, when the first failure was dealt with; None for those that still ran.
        printed: their last lines.
        interrupted: the signal that ended it, or 0.
    """

    statuses: dict[str, int | None] = field(default_factory=dict)
    printed: dict[str, list[str]] = field(default_factory=dict)
    interrupted: int = 0


class _Process:
    """A command that runs; its lines are shown as they come, with its node's name before them."""

    def __init__(self, command: Command, prefix: str, show: Callable[[str], None]) -> None:
        self.command, self.last = command, deque[str](maxlen=_LAST_LINES)
        try:
            # In a session of its own: Ctrl-C at the terminal is for us, who end it in order.
            self.process = subprocess.Popen(
                command.argv, stdin=subprocess.PIPE if command.held else subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, env=os.environ | dict(command.environment), start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise ReaderError(f"cannot start {command.argv[0]}: {error.strerror}") from None
        self.reader = threading.Thread(target=self._read, args=(prefix, show), daemon=True)
        self.reader.start()

    def _read(self, prefix: str, show: Callable[[str], None]) -> None:
        for raw in self.process.stdout:
            line = raw.decode(errors="replace").rstrip("\r\n")
            self.last.append(line)
            show(prefix + line)

    def ask_to_end(self, grace: float) -> None:
        """Let its ranks stop within `grace` seconds."""
        if not self.command.held:
            self.process.terminate()
            return
        with suppress(OSError):  # it may have ended by itself
            self.process.stdin.write(f"{grace}\n".encode())
            self.process.stdin.flush()

    def kill(self) -> None:
        """End it now, with all that it has started here."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def supervise(
    commands: Sequence[Command],
    finished: Callable[[str], bool],
    show: Callable[[str], None],
    ending: Callable[[], object] = lambda: None,
) -> Outcome:
    """Run commands until all have ended; when one fails, or Ctrl-C or SIGTERM comes, all end within a bounded time.

    Args:
        commands: what to run.
        finished: whether the ranks of a node came to their end, asked when a command has ended with status 0:
            DeepSpeed's launcher does so, too, when a signal kills the one that it has started.
        show: called with each line of output.
        ending: called before what still runs is asked to end.

    Raises:
        ReaderError: a program is missing.
    """
    outcome = Outcome()
    processes: list[_Process] = []
    with _signals() as asked:
        try:
            for command in commands:
                prefix = f"{command.nodes[0]}: " if len(commands) > 1 else ""
                processes.append(_Process(command, prefix, show))
            _wait(processes, asked, finished)
            outcome.statuses = _by_node(processes, [process.process.poll() for process in processes])
            ending()
            _end(processes, asked, outcome)
        finally:
            for process in processes:
                process.kill()
                process.process.wait()
    for process in processes:
        process.reader.join(timeout=2)  # what it left behind may hold the pipe open
    outcome.printed = _by_node(processes, [list(process.last) for process in processes])
    return outcome


def _wait(processes: Sequence[_Process], asked: list[int], finished: Callable[[str], bool]) -> None:
    """Until all have ended well, or one has not and the others had time to find out, or a signal came."""
    patience = float("inf")
    while not asked and time.monotonic() < patience:
        statuses = [process.process.poll() for process in processes]
        left_out = [
            process
            for process, status in zip(processes, statuses, strict=True)
            if status == 0 and not all(map(finished, process.command.nodes))
        ]
        if None not in statuses and not left_out:
            return
        if any(statuses):
            patience = min(patience, time.monotonic() + (FAIL_SECONDS if None in statuses else 0))
        elif left_out:
            patience = min(patience, time.monotonic() + REPORT_SECONDS)
        else:
            patience = float("inf")
        time.sleep(0.1)


def _end(processes: Sequence[_Process], asked: list[int], outcome: Outcome) -> None:
    """Ask what still runs to end, and wait for it; a second signal ends the waiting."""
    outcome.interrupted = asked[0] if asked else 0
    grace = STOP_SECONDS if asked else END_SECONDS
    signals, deadline = len(asked), time.monotonic() + grace + 5
    for process in processes:
        if process.process.poll() is None:
            process.ask_to_end(grace)
    while any(process.process.poll() is None for process in processes) and time.monotonic() < deadline:
        if len(asked) > max(signals, 1):
            for process in processes:
                process.ask_to_end(0)
            signals, deadline = len(asked), min(deadline, time.monotonic() + 2)
        time.sleep(0.1)


def _by_node(processes: Sequence[_Process], values: Sequence[object]) -> dict:
    pairs = zip(processes, values, strict=True)
    return {node: value for process, value in pairs for node in process.command.nodes}


@contextmanager
def _signals() -> Iterator[list[int]]:
    """The signals that have come to end us, as they come."""
    asked: list[int] = []
    stops = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, lambda number, frame: asked.append(number)) for number in stops]
    try:
        yield asked
    finally:
        for number, handler in zip(stops, before, strict=True):
            signal.signal(number, handler)
