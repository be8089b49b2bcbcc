"""One machine's share of a job: its launcher runs as long as somebody holds this process's input open.

`python -m llmbook.training.launching.node COMMAND …` starts the command and ends with its status. A line on the input,
or its end (the connection is gone), or SIGTERM asks the ranks of this machine to stop; what does not end is killed.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from llmbook.training.launching.failures import FOLDER, NODE, read_reports

GRACE_SECONDS = 30.0  # what ranks have for a last checkpoint when nobody says
LAST_WORDS_SECONDS = 3.0  # what their watchers have for a report when they are killed


class Stop:
    """Whether the end was asked for, and when it must have come."""

    def __init__(self) -> None:
        self.asked = False
        self.deadline = float("inf")

    def ask(self, grace: float) -> None:
        """Give what runs `grace` seconds, or what is left of an earlier asking."""
        self.deadline = min(self.deadline, time.monotonic() + grace)
        self.asked = True

    def listen(self) -> None:
        """Ask when the input says so: each line is a number of seconds."""
        for line in iter(sys.stdin.buffer.readline, b""):
            with suppress(ValueError):
                self.ask(float(line))
        self.ask(GRACE_SECONDS)


def run(command: list[str]) -> int:
    """Run a launcher to its end, or end it; returns its status."""
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.ask(GRACE_SECONDS))
    launcher = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    threading.Thread(target=stop.listen, daemon=True).start()
    told = False
    while launcher.poll() is None and time.monotonic() < stop.deadline:
        if stop.asked and not told:
            told = True
            # Not to the launcher, which would give its ranks 30 seconds and no more.
            _signal_ranks(signal.SIGTERM) or _signal_group(launcher, signal.SIGTERM)
        time.sleep(0.05)
    if launcher.poll() is None and _signal_ranks(signal.SIGKILL):
        with suppress(subprocess.TimeoutExpired):
            launcher.wait(LAST_WORDS_SECONDS)
    _signal_group(launcher, signal.SIGKILL)  # also what a launcher that died has left behind
    return launcher.wait()


def _signal_ranks(number: int) -> bool:
    """A signal for the processes that train on this machine; whether there are any."""
    folder, node = os.environ.get(FOLDER), os.environ.get(NODE)
    reports = read_reports(Path(folder)) if folder else []
    ranks = [report.pid for report in reports if report.node == node and report.status is None]
    for pid in ranks:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    return bool(ranks)


def _signal_group(launcher: subprocess.Popen, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(launcher.pid, number)


if __name__ == "__main__":
    status = run(sys.argv[1:])
    sys.stdout.flush()
    os._exit(128 - status if status < 0 else status)  # the thread that listens cannot be interrupted
