"""`llmbook launch`: commands that DeepSpeed, torchrun and shells understand, hosts that are checked, failures named."""

import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from llmbook import cli
from llmbook.errors import ReaderError
from llmbook.training.launching import host_check, hosts, launch
from llmbook.training.launching.commands import Job, commands, local_command, passed_on, write_environment_file
from llmbook.training.launching.failures import FOLDER, NODE
from llmbook.training.launching.hostfile import Host, expand, read_hostfile, slurm_hosts

TWO = (Host("node-a", 2), Host("me@node-b", 1))
NASTY = ("train", "a b.yaml", "--set", 'name="x y"', "--set", "data={a: [1, 2], b: $HOME `id` \\ '*' ; # %n}")


@pytest.fixture
def job(tmp_path) -> Job:
    hostfile = tmp_path / "hosts"
    hostfile.write_text("node-a slots=2\nme@node-b slots=1\n")
    settings = {"NCCL_DEBUG": "INFO", "LLMBOOK_HOME": "/a folder/of $mine"}
    return Job(TWO, NASTY, "ssh", hostfile, "node-a", 29511, settings, tmp_path)


# ---------------------------------------------------------------- who takes part


def test_a_hostfile_means_what_deepspeed_takes_it_for(tmp_path):
    from deepspeed.launcher.runner import fetch_hostfile

    path = tmp_path / "hosts"
    path.write_text("# two racks\n\nnode-1 slots=8\n  me@10.0.0.2   slots=4 # half of it\nnode_3.cluster slots=1\n")
    hosts = read_hostfile(path)
    assert {host.name: host.slots for host in hosts} == dict(fetch_hostfile(str(path)))
    assert [host.address for host in hosts] == ["node-1", "10.0.0.2", "node_3.cluster"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("node-1 slots=8\nnode-2 8\n", "line 2: 'node-2 8' is no host: write `node-2 slots=8`"),
        ("node-1:4\n", "line 1: 'node-1:4' is no host: write `node-1:4 slots=8`"),
        ("node-1 slot=4", "write `node-1 slots=4`"),
        ("-oProxyCommand=id slots=1", "line 1: '-oProxyCommand=id slots=1' is no host"),
        ("a slots=1\n#\nb slots=0", "line 3: b has no slots; leave the line out"),
        ("a slots=1\nb slots=1\na slots=2", "line 3: a is there already"),
        ("# none\n", "names no host: write a line such as `node-1 slots=8`"),
    ],
)
def test_a_bad_hostfile_is_one_line_that_says_where(tmp_path, text, words):
    (tmp_path / "hosts").write_text(text)
    with pytest.raises(ReaderError) as error:
        read_hostfile(tmp_path / "hosts")
    assert words in str(error.value) and "\n" not in str(error.value)


def test_a_hostfile_that_is_not_there(tmp_path):
    with pytest.raises(ReaderError, match="cannot read the hostfile .*: No such file"):
        read_hostfile(tmp_path / "hosts")


@pytest.mark.parametrize(
    ("nodes", "names"),
    [
        ("gpu1", "gpu1"),
        ("gpu[08-10,12],login", "gpu08 gpu09 gpu10 gpu12 login"),
        ("r[1-2]n[0-1]-ib,x", "r1n0-ib r1n1-ib r2n0-ib r2n1-ib x"),
    ],
)
def test_slurms_lists_of_nodes(nodes, names):
    assert expand(nodes) == names.split()


@pytest.mark.parametrize(
    ("variables", "slots"),
    [
        ({"SLURM_GPUS_PER_NODE": "8", "SLURM_TASKS_PER_NODE": "1(x3)"}, [8, 8, 8]),
        ({"SLURM_GPUS_PER_NODE": "h100:4"}, [4, 4, 4]),
        ({"SLURM_TASKS_PER_NODE": "2(x2),1"}, [2, 2, 1]),
    ],
)
def test_slurms_slots(variables, slots):
    found = slurm_hosts({"SLURM_JOB_NODELIST": "n[1-3]", **variables})
    assert [(host.name, host.slots) for host in found] == list(zip(["n1", "n2", "n3"], slots, strict=True))


def test_slurm_without_an_allocation_or_a_number_of_slots():
    with pytest.raises(ReaderError, match="no Slurm allocation: use sbatch or salloc, or name the hosts"):
        slurm_hosts({})
    with pytest.raises(ReaderError, match="does not say how many processes"):
        slurm_hosts({"SLURM_JOB_NODELIST": "n[1-2]"})
    assert slurm_hosts({"SLURM_JOB_NODELIST": "n[1-2]"}, slots=3) == (Host("n1", 3), Host("n2", 3))


# ---------------------------------------------------------------- the commands


def test_deepspeeds_own_parser_reads_what_is_meant_for_it(job):
    from deepspeed.launcher.runner import parse_args

    for node in (0, 1):
        command = local_command(job, node)
        read = parse_args(list(command.argv[1:]))
        assert Path(command.argv[0]).name == "deepspeed"
        assert (read.hostfile, read.master_addr, read.master_port) == (str(job.hostfile), "node-a", 29511)
        assert read.no_ssh and read.module and read.no_local_rank and read.node_rank == node
        assert (read.user_script, tuple(read.user_args)) == ("llmbook", NASTY)
    alone = replace(job, hosts=(Host("localhost", 4),), via="local", hostfile=None)
    (command,) = commands(alone)
    read = parse_args(list(command.argv[1:]))
    assert (read.num_gpus, read.user_script, tuple(read.user_args)) == (4, "llmbook", NASTY)


def test_torchruns_own_parser_reads_what_is_meant_for_it(job):
    from torch.distributed.run import get_args_parser

    read = get_args_parser().parse_args(list(local_command(replace(job, via="torchrun"), 1).argv[1:]))
    assert (read.nnodes, read.nproc_per_node, read.node_rank) == ("2", "1", 1)
    assert (read.master_addr, read.master_port, read.module) == ("node-a", 29511, True)
    assert (read.training_script, tuple(read.training_script_args)) == ("llmbook", NASTY)


def run_through_a_shell(line: str, tmp_path: Path, program: str, **environment: str) -> dict:
    """What a program of that name is called with when a shell reads the line: it tells instead of working."""
    teller = tmp_path / "tell"
    teller.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        "print(json.dumps({'argv': sys.argv[1:], 'env': dict(os.environ), 'cwd': os.getcwd()}))"
    )
    teller.chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", line.replace(program, str(teller), 1)], capture_output=True, text=True, cwd="/",
        env={"PATH": "/usr/bin:/bin", **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_shell_at_the_other_end_of_ssh_sees_every_argument_variable_and_the_folder(job, tmp_path):
    first, second = commands(job, held=False)
    assert first.nodes == ("node-a",) and second.argv[-2] == "me@node-b" and "BatchMode=yes" in second.argv
    told = run_through_a_shell(second.argv[-1], tmp_path, local_command(job, 1).argv[0])
    assert tuple(told["argv"]) == local_command(job, 1).argv[1:]
    assert told["cwd"] == str(tmp_path)
    assert job.environment.items() <= told["env"].items()
    assert told["env"]["PATH"].startswith(f"{Path(sys.executable).parent}:/usr/bin")
    # and a shell here, into which a reader copies the printed line
    assert shlex.split(str(second)) == list(second.argv)


def test_deepspeeds_pdsh_carries_every_argument_and_variable(job, tmp_path, monkeypatch):
    """DeepSpeed quotes what it gives to pdsh in its own way; what a shell on the node then reads is what was meant."""
    from deepspeed.launcher import runner
    from deepspeed.launcher.multinode_runner import PDSHRunner

    job = replace(job, via="pdsh", reports=tmp_path / "reports", environment={"LLMBOOK_HOME": "/a folder", "A_B": "1"})
    write_environment_file(job)
    (command,) = commands(job)
    assert command.nodes == ("node-a", "me@node-b")
    read = runner.parse_args(list(command.argv[1:]))
    assert read.launcher == "pdsh" and read.hostfile == str(job.hostfile)
    pdsh = PDSHRunner(read, "e30=")
    for line in Path(command.environment["DS_ENV_FILE"]).read_text().splitlines():
        pdsh.add_export(*line.split("=", 1))
    monkeypatch.chdir(tmp_path)
    argv, _, _ = pdsh.get_cmd({}, {"node-a": [0, 1], "me@node-b": [0]})
    told = run_through_a_shell(" ".join(argv[argv.index("-w") + 2 :]), tmp_path, sys.executable)
    assert tuple(told["argv"][-len(NASTY) :]) == NASTY
    assert told["env"]["LLMBOOK_HOME"] == "/a folder" and told["env"][FOLDER] == str(job.reports)
    assert told["env"]["PATH"] == f"{Path(sys.executable).parent}:/usr/bin:/bin"


def test_pdsh_refuses_a_variable_that_no_quoting_saves(job, tmp_path):
    job = replace(job, via="pdsh", reports=tmp_path)
    with pytest.raises(ReaderError, match="LLMBOOK_HOME='/a folder/of .*' cannot be passed on by pdsh: use --via ssh"):
        write_environment_file(job)


def test_srun_starts_every_rank(job):
    even = replace(job, via="srun", hosts=(Host("n1", 4), Host("n2", 4)))
    (command,) = commands(even)
    line = " ".join(command.argv)
    for words in (
        "--nodes 2 --ntasks 8 --ntasks-per-node 4",
        "--nodelist n1,n2",
        "--kill-on-bad-exit=1",
        "--export=ALL",
    ):
        assert words in line
    assert command.argv[-len(NASTY) :] == NASTY
    assert command.environment["MASTER_ADDR"] == "node-a" and command.environment["MASTER_PORT"] == "29511"
    with pytest.raises(ReaderError, match="as many processes on every node, not node-a 2, me@node-b 1"):
        commands(replace(job, via="srun"))


def test_ranks_are_numbered_host_by_host(job):
    assert (job.world_size, list(job.ranks(0)), list(job.ranks(1))) == (3, [0, 1], [2])
    assert [job.node_of(rank) for rank in range(3)] == ["node-a", "node-a", "me@node-b"]


def test_what_goes_on_to_the_nodes(tmp_path):
    file = tmp_path / ".deepspeed_env"
    file.write_text("# ours\n\nNCCL_DEBUG=WARN\nMY_OWN=a=b\n")
    here = {
        "NCCL_DEBUG": "INFO", "GLOO_SOCKET_IFNAME": "eth0", "LLMBOOK_HOME": "/h", "PYTHONPATH": "/p", "HOME": "/root",
        "HF_TOKEN": "secret", "TORCHELASTIC_RUN_ID": "x", "CUDA_VISIBLE_DEVICES": "3", FOLDER: "/f", NODE: "n",
    }  # fmt: skip
    assert passed_on(here, [tmp_path / "missing", file]) == {
        "NCCL_DEBUG": "WARN", "GLOO_SOCKET_IFNAME": "eth0", "LLMBOOK_HOME": "/h", "PYTHONPATH": "/p", "MY_OWN": "a=b",
    }  # fmt: skip
    file.write_text("A=1\nexport B=2\n")
    with pytest.raises(ReaderError, match="line 2: 'export B=2' is not NAME=VALUE"):
        passed_on({}, [file])


# ---------------------------------------------------------------- the plan


@pytest.fixture
def recipe(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("SLURM_")]:
        monkeypatch.delenv(name)
    path = tmp_path / "tiny.yaml"
    path.write_text("max_steps: 3\nglobal_batch_size: 12\nmicro_batch_size: 2\n")
    return path


def test_the_plan_chooses_the_way_by_the_hosts(recipe, tmp_path, monkeypatch):
    (tmp_path / "one").write_text("localhost slots=2\n")
    (tmp_path / "two").write_text("a slots=2\nb slots=1\n")
    job, out = launch.plan("tiny.yaml", hostfile=Path("two"), settings=["seed=3"], out=Path("run"), resume=True)
    assert (job.via, job.master_addr, out) == ("ssh", "a", tmp_path / "run")
    assert job.train == ("train", str(recipe), "--out", str(tmp_path / "run"), "--set", "seed=3", "--resume")
    assert launch.plan("tiny.yaml", hostfile=Path("one"))[0].via == "local"
    assert launch.plan("tiny.yaml", slots=3)[0].hosts == (Host("localhost", 3),)
    monkeypatch.setenv("SLURM_JOB_NODELIST", "n[1-2]")
    job, _ = launch.plan("tiny.yaml", slots=3)
    assert (job.via, job.master_addr, job.world_size) == ("srun", "n1", 6)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "name the machines: --hostfile FILE"),
        ({"via": "srun"}, "no Slurm allocation"),
        ({"slots": 5}, "5 processes with micro_batch_size 2 cannot share global_batch_size 12"),
        ({"slots": 2, "settings": ["max_step=3"]}, "did you mean 'max_steps'"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_before_any_host_is_asked(recipe, options, words):
    with pytest.raises(ReaderError, match=words):
        launch.plan("tiny.yaml", **options)


def test_a_dry_run_names_the_ranks_of_every_host(recipe, tmp_path):
    (tmp_path / "two").write_text("a slots=2\nb slots=1\n")
    job, _ = launch.plan("tiny.yaml", hostfile=Path("two"))
    lines = launch.describe(job).splitlines()
    assert lines[1::2] == ["# a: ranks 0 to 1 of 3", "# b: rank 2 of 3"]
    assert lines[2].startswith("ssh -o ") and lines[4].startswith("ssh -o ")
    assert "--node_rank 1" in launch.describe(job, 1) and "ssh" not in launch.describe(job, 1).split("--no_ssh")[0]
    with pytest.raises(ReaderError, match="the 2 hosts are numbered from 0"):
        launch.describe(job, 2)


# ---------------------------------------------------------------- the checks

HERE = {
    "versions": {"Python": "3.11.2", "torch": "2.13.0", "deepspeed": "0.19.8", "llmbook": "0.1.0"},
    "llmbook": "abc", "files": {"/r.yaml": "123"}, "folder": "", "gpus": 0, "master": "", "port": 29511,
    "interfaces": [], "lock": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"versions": HERE["versions"] | {"torch": "2.10.0"}}, "torch 2.10.0 there, 2.13.0 here: install the same"),
        (
            {"versions": HERE["versions"] | {"llmbook": "missing"}},
            "llmbook missing there, 0.1.0 here: install the same",
        ),
        ({"llmbook": "def"}, "llmbook's source differs from the one here: bring both to the same commit"),
        ({"files": {"/r.yaml": "cannot be read: No such file"}}, "/r.yaml cannot be read: No such file: put it on a"),
        ({"files": {"/r.yaml": "456"}}, "/r.yaml has another content than here: put it on a file system"),
        (
            {"folder": "is not there"},
            "--out: the folder is not there: choose one on a file system that all hosts share",
        ),
        ({"gpus": 1}, "slots=2, but it has 1 GPUs: lower the slots"),
        ({"master": "Name or service not known"}, "cannot resolve node-a (Name or service not known): --master-addr"),
        ({"port": 31234}, "port 29511 is taken: --master-port 31234"),
        ({"interfaces": ["ib0"]}, "no network interface ib0: mend GLOO_SOCKET_IFNAME"),
        ({"lock": "/c/lock"}, "a build of an extension was cut short; whoever needs it waits for ever: rm /c/lock"),
    ],
)
def test_every_fault_of_a_host_is_one_line_that_begins_with_its_name(job, answer, words):
    (line,) = hosts.faults(job, TWO[0], HERE | answer, HERE)
    assert line.startswith(f"node-a: {words}") and "\n" not in line
    assert hosts.faults(job, TWO[0], HERE, HERE) == []


FAKE_SSH = """#!/bin/sh
while [ "$1" = "-o" ]; do shift 2; done
case "$1" in
*locked) echo "me@$1: Permission denied (publickey,password)." >&2; exit 255;;
*gone) echo "ssh: connect to host $1 port 22: No route to host" >&2; exit 255;;
*misspelt) echo "ssh: Could not resolve hostname $1: Name or service not known" >&2; exit 255;;
*slow) sleep 30;;
*bare) cd /; exec sh -c "$(echo "$2" | sed 's:/[^ ]*/python:/no/python:')";;
*elsewhere) exec sh -c "$(echo "$2" | sed 's:^cd [^ ]*:cd /nowhere:')";;
*) exec sh -c "$2";;
esac
"""


@pytest.fixture
def fake_ssh(tmp_path, monkeypatch) -> None:
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(FAKE_SSH)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


def test_all_hosts_are_asked_and_each_that_cannot_serve_is_named_with_the_remedy(job, fake_ssh, tmp_path, monkeypatch):
    monkeypatch.setattr(hosts, "_ANSWER_SECONDS", 4)
    names = ("good", "locked", "gone", "misspelt", "slow", "bare", "elsewhere")
    job = replace(job, hosts=tuple(Host(name, 1) for name in names), master_addr="127.0.0.1", master_port=29641)
    start = time.monotonic()
    lines = hosts.check_hosts(job, [job.hostfile], tmp_path / "out")
    assert time.monotonic() - start < 20  # at the same time
    assert lines == [
        "locked: ssh asks for a password: ssh-copy-id locked",
        "gone: it does not answer: is it up?",
        "misspelt: there is no such name: mend the hostfile, or /etc/hosts",
        "slow: no answer within 4 s: is it overloaded, or its shared folder gone?",
        f"bare: {sys.executable} is not there: install llmbook at the same place",
        f"elsewhere: {tmp_path} is not there: put the folder on a file system that all hosts share",
    ]
    assert not list((tmp_path / "out").iterdir())  # no trace of the check


def test_the_command_starts_nothing_when_a_host_cannot_serve(recipe, fake_ssh, tmp_path, capsys):
    (tmp_path / "hosts").write_text("gone slots=1\nlocked slots=1\n")
    with pytest.raises(SystemExit) as end:
        cli.main(["launch", "tiny.yaml", "--hostfile", "hosts", "--out", "run"])
    printed = capsys.readouterr()
    assert end.value.code == 2 and printed.out == ""
    assert printed.err.splitlines() == [
        "llmbook: gone: it does not answer: is it up?",
        "llmbook: locked: ssh asks for a password: ssh-copy-id locked",
    ]
    assert not (tmp_path / "run" / "launches").exists()


def test_a_host_tells_what_it_sees(tmp_path, monkeypatch):
    import socket

    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo,nosuch0")
    monkeypatch.setenv("TORCH_EXTENSIONS_DIR", str(tmp_path / "ext"))
    lock = tmp_path / "ext" / "fused_adam" / "lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    (tmp_path / "marker").touch()
    (tmp_path / "recipe").write_text("x")
    wanted = {
        "packages": ["torch", "nosuch"], "files": [str(tmp_path / "recipe"), "/nosuch"],
        "folder": str(tmp_path), "marker": "marker", "master_addr": "nosuch.invalid", "port": None,
    }  # fmt: skip
    with socket.socket() as busy:
        busy.bind(("", 0))
        busy.listen()
        wanted["port"] = busy.getsockname()[1]
        told = host_check.examine(wanted)
    import torch

    python = ".".join(map(str, sys.version_info[:3]))
    assert told["versions"] == {"Python": python, "torch": torch.__version__, "nosuch": "missing"}
    assert told["interfaces"] == ["nosuch0"] and told["master"] and told["folder"] == "" and told["lock"] == ""
    assert told["port"] not in (0, wanted["port"]) and told["files"]["/nosuch"].startswith("cannot be read")
    os.utime(lock, (time.time() - 3600,) * 2)
    told = host_check.examine(wanted | {"folder": str(tmp_path / "other"), "master_addr": "127.0.0.1"})
    assert told["lock"] == str(lock) and told["folder"] == "is not there" and told["master"] == ""
    assert told["port"] == wanted["port"]
    assert host_check.examine(wanted | {"marker": "none"})["folder"] == "is another folder than here"
