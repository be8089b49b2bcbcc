"""Who takes part in a job: the machines, and how many processes each runs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from llmbook.errors import ReaderError

_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.@:%-]*"
_LINE = re.compile(rf"({_NAME})\s+slots=(\d+)(\s+#.*)?")
_BRACKETS = re.compile(r"(.*?)\[([^\]]*)\](.*)")


@dataclass(frozen=True)
class Host:
    """A machine: what ssh calls it, and its slots, one for each process (each GPU)."""

    name: str
    slots: int

    @property
    def address(self) -> str:
        """The name without the account: "node-1" of "me@node-1"."""
        return self.name.rpartition("@")[2]


def read_hostfile(path: Path) -> tuple[Host, ...]:
    """The machines of a hostfile (DeepSpeed's format, MPI's): a line `name slots=8` for each; # begins a comment.

    Raises:
        ReaderError: it cannot be read, a line is none of these or names a machine again, or there is none.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ReaderError(f"cannot read the hostfile {path}: {getattr(error, 'strerror', None) or error}") from None
    hosts: dict[str, Host] = {}
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line or line.startswith("#"):
            continue
        host = _host(line, f"{path}, line {number}")
        if host.name in hosts:
            raise ReaderError(f"{path}, line {number}: {host.name} is there already; give it all its slots in one line")
        hosts[host.name] = host
    if not hosts:
        raise ReaderError(f"{path} names no host: write a line such as `node-1 slots=8` for each")
    return tuple(hosts.values())


def _host(line: str, where: str) -> Host:
    matched = _LINE.fullmatch(line)
    if matched is None:
        raise ReaderError(f"{where}: {line!r} is no host: write `{_suggestion(line)}`")
    if int(matched[2]) == 0:
        raise ReaderError(f"{where}: {matched[1]} has no slots; leave the line out, or put # before it")
    return Host(matched[1], int(matched[2]))


def _suggestion(line: str) -> str:
    """The line as it was probably meant."""
    name, number = re.match(_NAME, line), re.search(r"(\d+)\s*$", line.partition("#")[0])
    slots = number[1] if number and name and number.start() >= name.end() else "8"
    return f"{name[0] if name else 'node-1'} slots={slots}"


def slurm_hosts(environment: Mapping[str, str], slots: int | None = None) -> tuple[Host, ...]:
    """The machines of the Slurm allocation that this process is in.

    Args:
        environment: where Slurm says so.
        slots: processes for each machine; None for one for each GPU of the allocation, or for each task.

    Raises:
        ReaderError: outside an allocation, or where Slurm does not say how many processes a machine is to run.
    """
    nodes = environment.get("SLURM_JOB_NODELIST")
    if not nodes:
        raise ReaderError("this is no Slurm allocation: use sbatch or salloc, or name the hosts with --hostfile FILE")
    names = expand(nodes)
    counts = [slots] * len(names) if slots else _slurm_slots(environment, len(names))
    return tuple(Host(name, count) for name, count in zip(names, counts, strict=True))


def _slurm_slots(environment: Mapping[str, str], nodes: int) -> list[int]:
    """Slots of each machine, as Slurm writes them: GPUs "8" or "h100:8", tasks "8(x3),4"."""
    for name in ("SLURM_GPUS_PER_NODE", "SLURM_GPUS_ON_NODE", "SLURM_NTASKS_PER_NODE", "SLURM_TASKS_PER_NODE"):
        counts: list[int] = []
        for part in environment.get(name, "").split(","):
            if matched := re.fullmatch(r"(?:[^:]*:)?(\d+)(?:\(x(\d+)\))?", part):
                counts += [int(matched[1])] * int(matched[2] or 1)
        if len(counts) == 1:
            counts *= nodes
        if len(counts) == nodes and all(counts):
            return counts
    raise ReaderError("Slurm does not say how many processes a node is to run: --slots N, or sbatch --gpus-per-node N")


def expand(nodes: str) -> list[str]:
    """The names in one of Slurm's lists: "gpu[08-10,12],login" is gpu08, gpu09, gpu10, gpu12, login."""
    names: list[str] = []
    for item in re.findall(r"(?:[^,\[]|\[[^\]]*\])+", nodes):
        names += _expanded(item)
    return names


def _expanded(item: str) -> list[str]:
    matched = _BRACKETS.fullmatch(item)
    if matched is None:
        return [item]
    before, ranges, after = matched.groups()
    numbers: list[str] = []
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        numbers += [str(n).zfill(len(first)) for n in range(int(first), int(last or first) + 1)]
    return [before + number + rest for number in numbers for rest in _expanded(after)]
