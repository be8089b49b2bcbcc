"""Two machines on one: network namespaces with addresses of their own, joined by a cable (a veth pair).

As root: `python tests/training/two_nodes.py [FOLDER]` trains with ZeRO-2 over both, kills one, and resumes.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fake_cluster import Cluster, finish

KILL_AT = 30
INTERFACE = "eth0"


@dataclass(frozen=True)
class Node:
    """A machine: its address, and the network namespace that it is."""

    address: str
    namespace: str

    def kill(self) -> None:
        """Every process in it, at once, as when the power fails."""
        listed = subprocess.run(["ip", "netns", "pids", self.namespace], capture_output=True, text=True, check=True)
        for pid in map(int, listed.stdout.split()):
            os.kill(pid, signal.SIGKILL)


def why_not() -> str:
    """Why there can be no two nodes here; empty where there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not shutil.which("ip"):
        return "network namespaces need the program ip (package iproute2)"
    try:
        with two_nodes():
            return ""
    except subprocess.CalledProcessError as error:
        return f"no network namespaces here: {error.stderr.strip()}"


@contextmanager
def two_nodes() -> Iterator[list[Node]]:
    """Two nodes that see each other and nothing else; what runs in them ends with them."""
    nodes = [Node(f"10.77.0.{n}", f"llmbook-{os.getpid()}-{n}") for n in (1, 2)]
    first, second = (node.namespace for node in nodes)
    made = []
    try:
        for node in nodes:
            _ip("netns", "add", node.namespace)
            made.append(node)
        _ip("link", "add", INTERFACE, "netns", first, "type", "veth", "peer", "name", INTERFACE, "netns", second)
        for node in nodes:
            _ip("-n", node.namespace, "addr", "add", f"{node.address}/24", "dev", INTERFACE)
            _ip("-n", node.namespace, "link", "set", INTERFACE, "up")
            _ip("-n", node.namespace, "link", "set", "lo", "up")
        yield nodes
    finally:
        for node in made:
            node.kill()
            _ip("netns", "del", node.namespace)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


@dataclass
class Trial:
    """What came of it.

    Attributes:
        whole: the losses of an uninterrupted run.
        killed_at: the last step that the killed run has written down.
        seconds: from the kill to the end of the launch.
        status: the launch's exit status.
        report: what the launch said on stderr.
        resumed: the losses after going on.
        said: what the resumed launch printed.
    """

    whole: dict[int, float]
    killed_at: int
    seconds: float
    status: int
    report: str
    resumed: dict[int, float]
    said: str


def trial(folder: Path, victim: int = 1, patience: float = 120.0) -> Trial:
    """Train over both nodes; again, with one of them killed on the way; and go on from the last checkpoint."""
    with two_nodes() as nodes:
        places = {node.address: f"ip netns exec {node.namespace}" for node in nodes}
        cluster = Cluster(folder, places, INTERFACE, engine="deepspeed", zero_stage=2)
        finish(cluster.launch("whole"), patience)
        killed = cluster.launch("killed")
        deadline = time.monotonic() + patience
        while max(cluster.losses("killed"), default=0) < KILL_AT:
            assert killed.poll() is None and time.monotonic() < deadline, killed.communicate()
            time.sleep(0.01)
        nodes[victim].kill()
        start = time.monotonic()
        _, report = killed.communicate(timeout=patience)
        seconds, killed_at = time.monotonic() - start, max(cluster.losses("killed"))
        said = finish(cluster.launch("killed", "--resume"), patience)
        whole, resumed = cluster.losses("whole"), cluster.losses("killed")
    return Trial(whole, killed_at, seconds, killed.returncode, report, resumed, said)


if __name__ == "__main__":
    if reason := why_not():
        sys.exit(reason)
    with tempfile.TemporaryDirectory() as temporary:
        result = trial(Path(sys.argv[1] if len(sys.argv) > 1 else temporary).absolute())
    print(result.report)
    worst = max(abs(result.whole[step] - result.resumed[step]) for step in result.whole)
    print(f"killed after step {result.killed_at}; ended {result.seconds:.1f} s later with status {result.status}")
    print(f"resumed to step {max(result.resumed)}; largest difference of a loss to the uninterrupted run: {worst:.2e}")
