"""Whether the machines of a job are ready: they answer, agree about versions, and see the same files."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from llmbook.errors import ReaderError
from llmbook.files import write_atomically
from llmbook.training.launching import host_check
from llmbook.training.launching.commands import SSH, Job, commands, remote
from llmbook.training.launching.hostfile import Host

PACKAGES = ("torch", "deepspeed", "llmbook")
_ANSWER_SECONDS = 60
_SIDE_BY_SIDE = 64


def check_hosts(job: Job, files: Sequence[Path], out: Path, node_rank: int | None = None) -> list[str]:
    """What keeps the job from running on its machines; all are asked at the same time, by ssh, or by srun under Slurm.

    Args:
        job: the job.
        files: what every machine must see with the same content: recipe, hostfile.
        out: the folder that every machine writes to; it must be one and the same.
        node_rank: ask only this machine, which is the one of that number.

    Returns:
        A line for each fault: the host, what is wrong there, and how to mend it.

    Raises:
        ReaderError: the folder cannot be written to from here, or there is no program to ask with.
    """
    marker = f".launch-{uuid4().hex}"
    write_atomically(out / marker, "")
    wanted = {
        "packages": PACKAGES, "files": [str(path) for path in files], "folder": str(out), "marker": marker,
        "master_addr": job.master_addr, "port": job.master_port,
    }  # fmt: skip
    try:
        here = host_check.examine(wanted)
        if node_rank is not None or job.via == "local":
            hosts, answers = [job.hosts[node_rank or 0]], [here]
        else:
            hosts, answers = job.hosts, (_ask_by_srun if job.via == "srun" else _ask_all)(job, wanted)
    finally:
        (out / marker).unlink(missing_ok=True)
    lines: list[str] = []
    for host, answer in zip(hosts, answers, strict=True):
        if isinstance(answer, str):
            lines.append(f"{host.name}: {answer}")
            continue
        if host != job.hosts[0]:
            answer["port"] = job.master_port  # which only rank 0 listens at
        lines += faults(job, host, answer, here)
    return lines


def _ask_all(job: Job, wanted: dict[str, Any]) -> list[dict[str, Any] | str]:
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        return list(pool.map(lambda host: _ask(job, host.name, wanted), job.hosts))


def _ask_by_srun(job: Job, wanted: dict[str, Any]) -> list[dict[str, Any] | str]:
    """One task on each node of the allocation, which says its name."""
    once = replace(job, hosts=tuple(Host(host.name, 1) for host in job.hosts))
    (command,) = commands(once)
    srun = command.argv[: command.argv.index(sys.executable)]
    asking = [*srun, sys.executable, host_check.__file__, json.dumps(wanted)]
    try:
        done = subprocess.run(
            asking, capture_output=True, text=True, timeout=_ANSWER_SECONDS, env=os.environ | dict(job.environment)
        )
    except subprocess.TimeoutExpired:
        return [f"no answer within {_ANSWER_SECONDS} s: is the allocation in use?"] * len(job.hosts)
    except FileNotFoundError:
        raise ReaderError("there is no srun on this machine: use --hostfile FILE with --via ssh") from None
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    answers = {answer["node"]: answer for answer in found}
    last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
    return [answers.get(host.name, f"the check failed there: {last}") for host in job.hosts]


def _ask(job: Job, host: str, wanted: dict[str, Any]) -> dict[str, Any] | str:
    """What a machine says of itself, or why it does not."""
    line = remote(job, [sys.executable, "-", json.dumps(wanted)], job.environment)
    script = Path(host_check.__file__).read_text(encoding="utf-8")
    try:
        done = subprocess.run(
            [*SSH, host, line], input=script, capture_output=True, text=True, timeout=_ANSWER_SECONDS
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"no answer within {_ANSWER_SECONDS} s: is it overloaded, or its shared folder gone?"
    except FileNotFoundError:
        raise ReaderError("there is no ssh on this machine: install it, or use --node-rank N on every host") from None
    if done.returncode == 0:
        return json.loads(done.stdout.splitlines()[-1])
    return _why(host, done.returncode, done.stderr, job)


def _why(host: str, status: int, printed: str, job: Job) -> str:
    """Words for what ssh or the remote shell complained of."""
    last = (printed.strip().splitlines() or [f"exit status {status}"])[-1].strip()
    known = {
        r"Permission denied": f"ssh asks for a password: ssh-copy-id {host}",
        r"Host key verification failed": f"ssh does not know its key: run `ssh {host}` once by hand",
        r"Could not resolve hostname": "there is no such name: mend the hostfile, or /etc/hosts",
        r"Connection refused": "it runs no ssh server, or on another port: set Port in ~/.ssh/config",
        r"(timed out|No route to host|Network is unreachable)": "it does not answer: is it up?",
        r"(cd: |No such file or directory: ).*|can't cd to": (
            f"{job.cwd} is not there: put the folder on a file system that all hosts share"
        ),
        r"(env: .*No such file|not found)": f"{sys.executable} is not there: install llmbook at the same place",
    }
    for pattern, words in known.items():
        if re.search(pattern, last):
            return words
    return f"the check failed there: {last}"


def faults(job: Job, host: Host, answer: dict[str, Any], here: dict[str, Any]) -> list[str]:
    """What a machine's answer shows to be wrong, against that of this machine.

    Returns:
        Lines that begin with the host's name.
    """
    wrong = [
        f"{name} {found} there, {here['versions'][name]} here: install the same"
        for name, found in answer["versions"].items()
        if found != here["versions"][name]
    ]
    if answer["llmbook"] != here["llmbook"] and not wrong:
        wrong.append("llmbook's source differs from the one here: bring both to the same commit")
    for path, digest in answer["files"].items():
        if digest != here["files"][path]:
            fault = digest if digest.startswith("cannot") else "has another content than here"
            wrong.append(f"{path} {fault}: put it on a file system that all hosts share, or copy it there")
    if answer["folder"]:
        wrong.append(f"--out: the folder {answer['folder']}: choose one on a file system that all hosts share")
    if answer["gpus"] and host.slots > answer["gpus"]:
        wrong.append(f"slots={host.slots}, but it has {answer['gpus']} GPUs: lower the slots in the hostfile")
    if answer["master"]:
        wrong.append(f"cannot resolve {shlex.quote(job.master_addr)} ({answer['master']}): --master-addr ADDRESS")
    if answer["port"] != job.master_port:
        wrong.append(f"port {job.master_port} is taken: --master-port {answer['port']}")
    if answer["interfaces"]:
        wrong.append(f"no network interface {', '.join(answer['interfaces'])}: mend GLOO_SOCKET_IFNAME")
    if answer["lock"]:
        wrong.append(f"a build of an extension was cut short; whoever needs it waits for ever: rm {answer['lock']}")
    return [f"{host.name}: {line}" for line in wrong]
