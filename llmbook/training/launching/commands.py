"""The commands that start a job on many machines (section 4.4; the book has no launch over several nodes).

A job becomes commands for this machine: over ssh one for each node, with DeepSpeed's launcher or torchrun at the other
end; or a single one, which DeepSpeed (pdsh) or Slurm (srun) spreads. Whatever starts them, the ranks run the same
`python -m llmbook train RECIPE …`.
"""

import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from llmbook.errors import ReaderError
from llmbook.training.launching.failures import FOLDER, NODE
from llmbook.training.launching.hostfile import Host

Via = Literal["ssh", "torchrun", "pdsh", "srun", "local"]
DEFAULT_PORT = 29500

SSH = (
    "ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=15", "-o",
    "ServerAliveCountMax=3",
)  # fmt: skip

# What goes on to the nodes from the environment: these, and what begins with a name that ends in an underscore.
_PASSED_ON = (
    "LLMBOOK_", "NCCL_", "GLOO_", "UCX_", "TORCH_", "TORCHINDUCTOR_", "DS_", "OMP_NUM_THREADS", "LD_LIBRARY_PATH",
    "PYTHONPATH", "PYTHONHASHSEED", "CUDA_HOME", "XDG_CACHE_HOME", "TOKENIZERS_PARALLELISM", "HF_HOME", "HF_ENDPOINT",
    "HF_HUB_OFFLINE", "HF_HUB_CACHE", "HF_DATASETS_CACHE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE",
)  # fmt: skip


@dataclass(frozen=True)
class Job:
    """What is to run, and where.

    Attributes:
        hosts: the machines, in the order of their ranks.
        train: the arguments of llmbook: "train", the recipe, …
        via: how the processes are started: "ssh" and "pdsh" use DeepSpeed's launcher, "torchrun" torchrun over ssh,
            "srun" Slurm, "local" DeepSpeed's launcher on this machine.
        hostfile: the file of the hosts, absolute; None under Slurm, or on this machine alone.
        master_addr: where rank 0 is found by the others.
        master_port: its port.
        environment: variables that every rank needs.
        cwd: the folder to run in, on every machine.
        reports: the folder that ranks report to (`failures.report_failures`); None for none.
    """

    hosts: tuple[Host, ...]
    train: tuple[str, ...]
    via: Via = "ssh"
    hostfile: Path | None = None
    master_addr: str = "127.0.0.1"
    master_port: int = DEFAULT_PORT
    environment: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = field(default_factory=Path.cwd)
    reports: Path | None = None

    @property
    def world_size(self) -> int:
        """How many processes there are."""
        return sum(host.slots for host in self.hosts)

    def ranks(self, node: int) -> range:
        """The ranks of a machine: with DeepSpeed and torchrun those of the first host come first."""
        before = sum(host.slots for host in self.hosts[:node])
        return range(before, before + self.hosts[node].slots)

    def node_of(self, rank: int) -> str:
        """The machine of a rank."""
        return next(host.name for node, host in enumerate(self.hosts) if rank in self.ranks(node))


@dataclass(frozen=True)
class Command:
    """What this machine runs for a job.

    Attributes:
        nodes: the hosts that it starts processes on.
        argv: the command.
        environment: variables to set for it, beside those of this process.
        held: whether it ends when its input does (`llmbook.training.launching.node`).
    """

    nodes: tuple[str, ...]
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    held: bool = False

    def __str__(self) -> str:
        """The command as a shell wants it."""
        settings = [f"{name}={shlex.quote(value)}" for name, value in self.environment.items()]
        return " ".join(["env", *settings, shlex.join(self.argv)] if settings else [shlex.join(self.argv)])


def commands(job: Job, *, held: bool = False) -> list[Command]:
    """What to run on this machine so that the job runs on all of its own.

    Args:
        job: the job.
        held: put `llmbook.training.launching.node` around each node's launcher, which ends it with the connection;
            without it the commands are for a terminal.

    Raises:
        ReaderError: the way of starting cannot serve these hosts or these arguments.
    """
    if job.via == "srun":
        return [_srun(job)]
    if job.via == "pdsh":
        return [_pdsh(job)]
    if job.via == "local":
        if len(job.hosts) > 1:
            raise ReaderError(
                "`--via local` is for this machine alone; with several hosts say which is this: --node-rank N"
            )
        return [local_command(job, 0, held=held)]
    return [_over_ssh(job, node, held) for node in range(len(job.hosts))]


def local_command(job: Job, node: int, *, held: bool = False) -> Command:
    """One machine's share of the job, to be run on that machine: the same on every other starts the whole.

    Raises:
        ReaderError: there is no such machine.
    """
    if not 0 <= node < len(job.hosts):
        raise ReaderError(f"--node-rank {node}: the {len(job.hosts)} hosts are numbered from 0")
    return Command((job.hosts[node].name,), _on_node(job, node, held), _environment(job, node), held)


def passed_on(environment: Mapping[str, str], files: Sequence[Path]) -> dict[str, str]:
    """The variables that the ranks are to have: those of this process that matter to them, and DeepSpeed's own file.

    Args:
        environment: of this process.
        files: the places of `.deepspeed_env`, whose lines are NAME=VALUE; the last one wins.

    Raises:
        ReaderError: a line of such a file is none.
    """
    own = {FOLDER, NODE}
    prefixes = tuple(name for name in _PASSED_ON if name.endswith("_"))
    chosen = {
        name: value
        for name, value in environment.items()
        if (name in _PASSED_ON or name.startswith(prefixes)) and name not in own
    }
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path.is_file() else [], 1):
            name, equals, value = map(str.strip, line.partition("="))
            if not line.strip() or name.startswith("#"):
                continue
            if not equals or not re.fullmatch(r"[A-Za-z_]\w*", name):
                raise ReaderError(f"{path}, line {number}: {line.strip()!r} is not NAME=VALUE")
            chosen[name] = value
    return chosen


def deepspeed_env_files() -> list[Path]:
    """Where DeepSpeed's launcher looks for variables to pass on."""
    name = os.environ.get("DS_ENV_FILE", ".deepspeed_env")
    return [Path.home() / name, Path.cwd() / name]


def _environment(job: Job, node: int | None = None) -> dict[str, str]:
    """Every rank's variables; `node` adds what the hostfile calls its machine."""
    own = {FOLDER: str(job.reports)} if job.reports else {}
    if own and node is not None:
        own[NODE] = job.hosts[node].name
    return {**job.environment, **own}


def _on_node(job: Job, node: int, held: bool) -> tuple[str, ...]:
    """The command of one machine's launcher, on that machine."""
    around = (sys.executable, "-m", "llmbook.training.launching.node") if held else ()
    launcher = _torchrun(job, node) if job.via == "torchrun" else _deepspeed(job, node)
    return (*around, *launcher, *job.train)


def _deepspeed(job: Job, node: int) -> tuple[str, ...]:
    """DeepSpeed's launcher for the processes of one machine."""
    where: tuple[str, ...] = ("--num_gpus", str(job.hosts[node].slots))
    if job.hostfile is not None:
        where = (
            "--hostfile",
            str(job.hostfile),
            "--no_ssh",
            "--node_rank",
            str(node),
            "--master_addr",
            job.master_addr,
        )
    return (_program("deepspeed"), *where, *_deepspeed_options(job))


def _deepspeed_options(job: Job) -> tuple[str, ...]:
    # Without --no_local_rank it would put --local_rank=N before our own arguments.
    return ("--master_port", str(job.master_port), "--quiet", "--no_local_rank", "--module", "llmbook")


def _torchrun(job: Job, node: int) -> tuple[str, ...]:
    where = ("--nnodes", str(len(job.hosts)), "--nproc-per-node", str(job.hosts[node].slots), "--node-rank", str(node))
    master = ("--master-addr", job.master_addr, "--master-port", str(job.master_port))
    return (_program("torchrun"), *where, *master, "-m", "llmbook")


def _program(name: str) -> str:
    """A launcher by its whole path: a shell that ssh opens does not activate the environment it is in."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.is_file() else name


def remote(job: Job, argv: Sequence[str], environment: Mapping[str, str]) -> str:
    """A command line for the shell of another machine, in the job's folder, with this Python's programs on its path."""
    settings = [f"{name}={shlex.quote(value)}" for name, value in environment.items() if name != "PATH"]
    programs = shlex.quote(str(Path(sys.executable).parent))
    return f"cd {shlex.quote(str(job.cwd))} && exec " + " ".join(
        ["env", f'PATH={programs}:"$PATH"', *settings, shlex.join(argv)]
    )


def _over_ssh(job: Job, node: int, held: bool) -> Command:
    host = job.hosts[node].name
    line = remote(job, _on_node(job, node, held), _environment(job, node))
    return Command((host,), (*SSH, host, line), held=held)


def _pdsh(job: Job) -> Command:
    """DeepSpeed's own way to several machines; variables go there by a file, `--hostfile` is read here alone."""
    if job.hostfile is None:
        raise ReaderError("`--via pdsh` needs --hostfile FILE")
    options = ("--force_multi", "--no_ssh_check", "--launcher", "pdsh", "--master_addr", job.master_addr)
    command = (_program("deepspeed"), "--hostfile", str(job.hostfile), *options, *_deepspeed_options(job))
    settings = {"DS_ENV_FILE": str(job.reports / "environment")} if job.reports else {}
    return Command(tuple(host.name for host in job.hosts), (*command, *map(_for_pdsh, job.train)), settings)


def write_environment_file(job: Job) -> None:
    """The file by which DeepSpeed's launcher gives the job's variables to all nodes.

    Raises:
        ReaderError: a value cannot go through the shells in between.
    """
    from llmbook.files import write_atomically

    programs = str(Path(sys.executable).parent)
    environment = {**_environment(job), "PATH": f"{programs}:$PATH"}
    for name, value in environment.items():
        if name != "PATH" and re.search(r'["$`\\\n]', value):
            raise ReaderError(f"{name}={value!r} cannot be passed on by pdsh: use --via ssh, or unset {name}")
    write_atomically(job.reports / "environment", "".join(f"{name}={value}\n" for name, value in environment.items()))


def _for_pdsh(argument: str) -> str:
    """An argument that a shell on the other machine sees; DeepSpeed puts double quotes around one with spaces."""
    if " " in argument:
        return re.sub(r"([$`\\])", r"\\\1", argument)
    return shlex.quote(argument)


def _srun(job: Job) -> Command:
    """Slurm starts the ranks themselves, one task each."""
    slots = {host.slots for host in job.hosts}
    if len(slots) > 1:
        counts = ", ".join(f"{host.name} {host.slots}" for host in job.hosts)
        raise ReaderError(f"srun wants as many processes on every node, not {counts}: --slots N, or --via ssh")
    names = ",".join(host.name for host in job.hosts)
    tasks = ("--nodes", str(len(job.hosts)), "--ntasks", str(job.world_size), "--ntasks-per-node", str(slots.pop()))
    options = ("--nodelist", names, "--distribution", "block", "--kill-on-bad-exit=1", "--export=ALL")
    master = {"MASTER_ADDR": job.master_addr, "MASTER_PORT": str(job.master_port)}
    argv = ("srun", *tasks, *options, sys.executable, "-u", "-m", "llmbook", *job.train)
    return Command(tuple(host.name for host in job.hosts), argv, {**_environment(job), **master})
