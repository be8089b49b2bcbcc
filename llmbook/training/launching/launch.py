"""`llmbook launch`: one recipe on many machines, from the checks before to the report on the rank that failed."""

import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from llmbook import paths
from llmbook.errors import ReaderError
from llmbook.training.launching.commands import (
    DEFAULT_PORT,
    Job,
    Via,
    commands,
    deepspeed_env_files,
    local_command,
    passed_on,
    write_environment_file,
)
from llmbook.training.launching.failures import RankReport, read_reports
from llmbook.training.launching.hostfile import Host, read_hostfile, slurm_hosts
from llmbook.training.launching.hosts import check_hosts
from llmbook.training.launching.supervision import Outcome, supervise
from llmbook.training.launching.verdict import verdict

_AGAIN = "the same command with --resume goes on from the last checkpoint"
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def plan(
    recipe: str,
    *,
    hostfile: Path | None = None,
    preset: str | None = None,
    settings: Sequence[str] = (),
    out: Path | None = None,
    resume: bool = False,
    via: Via | None = None,
    slots: int | None = None,
    master_addr: str | None = None,
    master_port: int = DEFAULT_PORT,
) -> tuple[Job, Path]:
    """The job of a recipe, and the folder of its run.

    Args:
        recipe, preset, settings, out, resume: as for `llmbook train`.
        hostfile: the machines; None for those of the Slurm allocation, or this one alone with `slots`.
        via: how to start the processes; None for Slurm's way without a hostfile, "local" for this machine alone, else
            "ssh".
        slots: processes for each machine where no hostfile says.
        master_addr: where rank 0 is found; None for the first host.
        master_port: its port.

    Raises:
        ReaderError: there is no such recipe or host, or the recipe's batch cannot be shared among the processes.
    """
    from llmbook.training.recipe import Recipe, parse_overrides

    loaded = Recipe.load(recipe, preset, parse_overrides(settings))
    out = (out or paths.home() / "train" / loaded.name).absolute()
    arguments = ["train", str(Path(recipe).absolute()) if Path(recipe).is_file() else recipe, "--out", str(out)]
    arguments += ["--preset", preset] if preset else []
    arguments += [word for setting in settings for word in ("--set", setting)]
    arguments += ["--resume"] if resume else []
    hosts, via = _hosts(hostfile, via, slots)
    if via == "local":
        master_addr = master_addr or "127.0.0.1"
    environment = passed_on(os.environ, deepspeed_env_files())
    if not list(Path("/dev").glob("nvidia[0-9]*")):  # on processors, ranks would fight for all cores
        cores = len(os.sched_getaffinity(0))
        environment.setdefault("OMP_NUM_THREADS", str(max(1, cores // max(host.slots for host in hosts))))
        environment.setdefault("DS_ACCELERATOR", "cpu")
    job = Job(
        hosts, tuple(arguments), via, hostfile.absolute() if hostfile else None, master_addr or hosts[0].address,
        master_port, environment,
    )  # fmt: skip
    loaded.gradient_accumulation_steps(job.world_size)
    return job, out


def _hosts(hostfile: Path | None, via: Via | None, slots: int | None) -> tuple[tuple[Host, ...], Via]:
    if hostfile is not None:
        hosts = read_hostfile(hostfile)
        return hosts, via or ("local" if len(hosts) == 1 and _is_this_machine(hosts[0]) else "ssh")
    if via in ("srun", None) and "SLURM_JOB_NODELIST" in os.environ:
        return slurm_hosts(os.environ, slots), "srun"
    if via in ("local", None) and slots:
        return (Host("localhost", slots),), "local"
    if via == "srun":
        return slurm_hosts(os.environ, slots), "srun"  # says that this is no allocation
    raise ReaderError("name the machines: --hostfile FILE with lines `node-1 slots=8`, or --slots N for this one alone")


def _is_this_machine(host: Host) -> bool:
    name = socket.gethostname()
    return host.address in (*_THIS_MACHINE, name, name.partition(".")[0])


def describe(job: Job, node_rank: int | None = None) -> str:
    """The commands as lines to copy into a terminal, one for each machine where there are several."""
    lines: list[str] = []
    if job.via == "pdsh" and job.environment:
        lines.append("# the lines of ./.deepspeed_env, by which variables go to the nodes:")
        lines += [f"#   {name}={value}" for name, value in job.environment.items()]
    chosen = commands(job) if node_rank is None else [local_command(job, node_rank)]
    if len(chosen) > 1:
        lines.append("# each in a terminal of its own, or with & behind it")
    for command in chosen:
        ranks = [rank for n, host in enumerate(job.hosts) if host.name in command.nodes for rank in job.ranks(n)]
        numbers = f"rank {ranks[0]}" if len(ranks) == 1 else f"ranks {ranks[0]} to {ranks[-1]}"
        lines += [f"# {', '.join(command.nodes)}: {numbers} of {job.world_size}", str(command)]
    return "\n".join(lines)


def launch(
    job: Job, out: Path, *, node_rank: int | None = None, show: Callable[[str], None], complain: Callable[[str], object]
) -> int:
    """Check the machines, run the job, and say what became of it.

    Args:
        job: from `plan`.
        out: the folder of its run.
        node_rank: run this machine's share alone; whoever calls this on the other machines completes the job.
        show: called with each line that the ranks print.
        complain: called with each line that is about a failure.

    Returns:
        The exit status: 0 when all ranks finished, 1 when one failed, 2 when it could not be started, 128 and the
        signal's number when it was asked to end.
    """
    suffix = "" if node_rank is None else f"-node-{node_rank}"
    job = replace(job, reports=out / "launches" / (time.strftime("%Y-%m-%dT%H-%M-%S") + suffix))
    to_run = commands(job, held=True) if node_rank is None else [local_command(job, node_rank, held=True)]
    files = [Path(job.train[1])] if Path(job.train[1]).is_absolute() else []
    files += [job.hostfile] if job.hostfile and job.via != "pdsh" else []
    if faults := check_hosts(job, files, out, node_rank):
        for line in faults:
            complain(line)
        return 2
    if job.via == "pdsh":
        write_environment_file(job)
    before: list[RankReport] = []
    outcome = supervise(
        to_run, lambda node: _finished(job, node), show, lambda: before.extend(read_reports(job.reports))
    )  # fmt: skip
    own = range(job.world_size) if node_rank is None else job.ranks(node_rank)
    return _conclude(job, own, before, outcome, show, complain)


def _finished(job: Job, node: str) -> bool:
    """Whether all ranks of a machine came to their end."""
    number = next(number for number, host in enumerate(job.hosts) if host.name == node)
    states = {report.rank: report.state for report in read_reports(job.reports)}
    return all(states.get(rank) == "finished" for rank in job.ranks(number))


def _conclude(
    job: Job,
    own: range,
    before: Sequence[RankReport],
    outcome: Outcome,
    show: Callable[[str], None],
    complain: Callable[[str], object],
) -> int:
    """Say how the job ended, and return the status for it."""
    reports = read_reports(job.reports)
    if len(reports) == len(own) and all(report.state == "finished" for report in reports) and not outcome.interrupted:
        show(f"{len(own)} of {job.world_size} ranks finished; what each printed is in {job.reports}")
        return 0
    if outcome.interrupted:
        steps = [report.step for report in reports if report.step is not None]
        where = f"at step {max(steps)}" if steps else "before the first step"
        complain(f"stopped {where}; {_AGAIN}")
        return 128 + outcome.interrupted
    for line in verdict(job, before, reports, outcome.statuses, outcome.printed):
        complain(line)
    complain(f"all ranks were ended; what each printed is in {job.reports}; {_AGAIN}")
    return 1
