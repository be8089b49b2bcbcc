"""A job on several machines as one: what its ranks print, which one failed and why, and that all of them end."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from llmbook.training.launching import launch, supervision
from llmbook.training.launching.commands import Command, Job
from llmbook.training.launching.failures import FOLDER, NODE, RankReport, read_reports
from llmbook.training.launching.hostfile import Host
from llmbook.training.launching.verdict import verdict, words_for

RANK = """
import ctypes, os, signal, sys, time
from llmbook.training.launching.failures import at_step, report_failures

def until_stopped():
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
    while not asked:
        time.sleep(0.01)
    print("saved", flush=True)
    sys.exit(143)

with report_failures():
    how = sys.argv[1]
    print("I am", os.environ["RANK"], how, flush=True)
    if how == "finish":
        sys.exit(0)
    if how == "instantly":
        raise RuntimeError("[../third_party/gloo/pair.cc:537] Read error: Connection reset by peer")
    at_step(7)
    if how == "wait":
        until_stopped()
    if how == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    time.sleep(0.3)
    if how == "raise":
        raise ValueError("two\\nlines")
    if how == "exit":
        sys.exit(3)
    if how == "crash":
        ctypes.string_at(0)
    if how == "orphan":  # a worker of the rank that keeps its output open
        os.fork() or time.sleep(600)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run ranks that end in given ways, one on each node, through all of `launch` but checks and launchers."""
    script = tmp_path / "rank.py"
    script.write_text(RANK)
    monkeypatch.setattr(launch, "check_hosts", lambda *_, **__: [])
    monkeypatch.setattr(supervision, "FAIL_SECONDS", 2.0)
    monkeypatch.setattr(supervision, "END_SECONDS", 2.0)

    def ways(*hows: str) -> tuple[int, list[str], list[str], float]:
        planned = Job(tuple(Host(f"node-{n}", 1) for n in range(len(hows))), ("train", "x"))

        def fakes(job: Job, held: bool) -> list[Command]:
            around = (sys.executable, "-m", "llmbook.training.launching.node", sys.executable, str(script))
            settings = [{FOLDER: str(job.reports), NODE: f"node-{n}", "RANK": str(n)} for n in range(len(hows))]
            return [Command((f"node-{n}",), (*around, how), settings[n], held) for n, how in enumerate(hows)]

        monkeypatch.setattr(launch, "commands", fakes)
        shown, complaints, start = [], [], time.monotonic()
        status = launch.launch(planned, tmp_path / "out", show=shown.append, complain=complaints.append)
        return status, shown, complaints, time.monotonic() - start

    return ways


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_when_all_finish_all_is_well(run):
    status, shown, complaints, _ = run("finish", "finish")
    assert status == 0 and not complaints
    assert sorted(shown[:-1]) == ["node-0: [rank 0] I am 0 finish", "node-1: [rank 1] I am 1 finish"]
    assert shown[-1].startswith("2 of 2 ranks finished; what each printed is in ")


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("raise", "ValueError: two lines"),
        ("exit", "exit status 3"),
        ("crash", "killed by SIGSEGV"),
        ("kill", "killed by SIGKILL, by hand or by the system for want of memory (`dmesg` there tells)"),
        ("orphan", "killed by SIGKILL, by hand or by the system for want of memory (`dmesg` there tells)"),
    ],
)
def test_the_rank_that_failed_is_named_with_its_host_step_reason_and_last_lines(run, how, words, tmp_path):
    status, _, complaints, seconds = run("wait", how)
    assert status == 1 and seconds < 30
    assert complaints[0] == f"rank 1 on node-1 failed at step 7: {words}"
    assert complaints[1] == "    last lines of rank 1:" and complaints[2] == f"    | I am 1 {how}"
    assert "--resume" in complaints[-1] and not any("rank 0" in line for line in complaints)
    (folder,) = (tmp_path / "out" / "launches").iterdir()
    first, second = read_reports(folder)
    assert (first.state, first.lines[-1]) == ("ended", "saved") and second.state == "failed"
    assert (folder / "rank-00001.log").read_text().startswith(f"I am 1 {how}\n")
    assert not alive(first.pid) and not alive(second.pid)


def test_a_rank_that_lost_its_connection_is_not_the_cause_though_it_was_first(run):
    status, _, complaints, _ = run("instantly", "raise")
    assert status == 1
    assert complaints[0] == "rank 1 on node-1 failed at step 7: ValueError: two lines"
    then = "then rank 0 on node-0 failed before its first step: RuntimeError: Read error: Connection reset by peer"
    assert complaints[-2] == then


def test_a_rank_that_does_not_hear_is_killed_within_a_bounded_time(run, tmp_path):
    status, _, complaints, seconds = run("stubborn", "raise")
    assert status == 1 and seconds < 15
    assert complaints[0].startswith("rank 1 on node-1 failed")
    assert not any("rank 0" in line for line in complaints)  # it was killed by us
    (folder,) = (tmp_path / "out" / "launches").iterdir()
    assert not alive(read_reports(folder)[0].pid)


def test_a_launcher_that_hides_a_death_behind_status_0_is_found_out(run, monkeypatch, tmp_path):
    """DeepSpeed's runner ends with 0 when a signal kills the launcher that it has started."""
    monkeypatch.setattr(supervision, "REPORT_SECONDS", 1.0)
    (tmp_path / "rank.py").write_text("print('bye')")
    status, shown, complaints, _ = run("finish")
    assert status == 1 and shown == ["bye"] and complaints


def test_ranks_that_do_not_start_leave_what_their_launcher_said(run, tmp_path):
    (tmp_path / "rank.py").write_text("import sys; print('No module named llmbook'); sys.exit(1)")
    status, _, complaints, _ = run("finish", "finish")
    assert status == 1
    assert complaints[0] == "node-0: its ranks did not start (exit status 1)"
    assert complaints[1:3] == ["    last lines of node-0:", "    | No module named llmbook"]


def interrupted(tmp_path: Path, *numbers: int, how: str = "wait") -> tuple[subprocess.Popen, str, float]:
    """A launch of two ranks in a process of its own, which signals come to when both are at work."""
    (tmp_path / "rank.py").write_text(RANK)
    script = tmp_path / "launching.py"
    script.write_text(f"""
import sys
from pathlib import Path
from llmbook.training.launching import launch
from llmbook.training.launching.hostfile import Host
from llmbook.training.launching.commands import Command, Job
launch.check_hosts = lambda *_, **__: []
launch.commands = lambda job, held: [
    Command((host.name,), (sys.executable, "-m", "llmbook.training.launching.node", sys.executable,
            {str(tmp_path / "rank.py")!r}, {how!r}),
            {{{FOLDER!r}: str(job.reports), {NODE!r}: host.name, "RANK": str(n)}}, held)
    for n, host in enumerate(job.hosts)]
job = Job((Host("a", 1), Host("b", 1)), ("train", "x"))
sys.exit(launch.launch(job, Path({str(tmp_path / "out")!r}), show=print, complain=lambda line: print("!", line)))
""")
    process = subprocess.Popen([sys.executable, "-u", script], stdout=subprocess.PIPE, text=True)
    while sum(report.step == 7 for report in reports_in(tmp_path)) < 2:
        assert process.poll() is None
        time.sleep(0.05)
    start = time.monotonic()
    for number in numbers:
        process.send_signal(number)
        time.sleep(0.5)
    printed, _ = process.communicate(timeout=60)
    return process, printed, time.monotonic() - start


def reports_in(tmp_path: Path) -> list[RankReport]:
    return [report for folder in tmp_path.glob("out/launches/*") for report in read_reports(folder)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_lets_every_rank_save_and_says_how_to_go_on(tmp_path, number):
    process, printed, seconds = interrupted(tmp_path, number)
    assert process.returncode == 128 + number and seconds < 20
    assert printed.count("saved") == 2 and "! stopped at step 7; the same command with --resume goes on" in printed
    assert not any(alive(report.pid) for report in reports_in(tmp_path))


def test_a_second_interrupt_waits_for_nobody(tmp_path):
    process, _, seconds = interrupted(tmp_path, signal.SIGINT, signal.SIGINT, how="stubborn")
    assert process.returncode == 130 and seconds < 20
    assert not any(alive(report.pid) for report in reports_in(tmp_path))


def test_ranks_end_when_the_launch_itself_is_killed(tmp_path):
    process, _, _ = interrupted(tmp_path, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 20
    while any(alive(report.pid) for report in reports_in(tmp_path)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert [report.lines[-1] for report in reports_in(tmp_path)] == ["saved", "saved"]


# ---------------------------------------------------------------- the verdict


@pytest.fixture
def job() -> Job:
    return Job((Host("node-a", 2), Host("me@node-b", 1)), ("train", "x"))


def report(rank: int, state: str = "failed", **more: object) -> RankReport:
    return RankReport(rank, "n", 1, state, **({"step": 4, "status": 1} | more))


def test_many_ranks_that_fail_alike_take_one_line(job):
    same = [report(rank, exception="ReaderError: no such file", lines=["a"]) for rank in range(3)]
    assert verdict(job, same, same, {}, {}) == [
        "rank 0 on node-a failed at step 4: ReaderError: no such file", "    last lines of rank 0:", "    | a",
        "rank 1, 2 failed in the same way",
    ]  # fmt: skip


def test_a_machine_that_died_is_named_before_those_who_missed_it(job):
    lost = report(0, exception="RuntimeError: " + "x" * 300 + "Connection closed by peer")
    reports = [lost, report(1, "ended"), report(2, "running", status=None, step=None)]
    lines = verdict(job, reports, reports, {"node-a": 1, "me@node-b": 255}, {})
    dead = "rank 2 on me@node-b was last heard of before its first step: its machine died, or was cut off"
    assert lines[0] == dead + " (its launcher: exit status 255)"
    assert lines[1].startswith("then rank 0 on node-a failed at step 4: RuntimeError: xxx") and len(lines[1]) < 260
    assert len(lines) == 2


def test_a_launcher_that_was_killed_is_told_from_a_machine_that_died(job):
    """DeepSpeed's runner hides the signal that killed the launcher which it had started."""
    lines = verdict(job, [], [report(2, "running", status=None)], {"me@node-b": 0}, {})
    assert lines == ["rank 2 on me@node-b was last heard of at step 4: its launcher was killed"]


def test_a_rank_that_hangs_until_the_others_lose_patience_is_named(job):
    waited = report(0, exception="RuntimeError: [x/gloo/buffer.cc:81] Timed out waiting 1800000ms for recv operation")
    reports = [waited, report(1, "running", status=None, step=3), report(2, "ended")]
    lines = verdict(job, reports, [waited, report(1, "failed", status=-9, step=3), report(2, "ended")], {}, {})
    assert lines == [
        "rank 1 on node-a hangs at step 3: the others waited for it in vain",
        "then rank 0 on node-a failed at step 4: RuntimeError: Timed out waiting 1800000ms for recv operation",
    ]


def test_when_only_connections_broke_the_first_to_notice_is_reported(job):
    lost = [report(rank, exception=f"RuntimeError: Connection closed by peer {rank}", time=-rank) for rank in range(3)]
    assert verdict(job, lost, lost, {}, {})[0].startswith("rank 2 on me@node-b failed at step 4")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (3, "exit status 3"),
        (-15, "killed by SIGTERM"),
        (139, "killed by SIGSEGV"),
        (250, "killed by SIGABRT"),
        (255, "exit status 255"),
    ],
)
def test_what_a_status_means(status, words):
    assert words_for(status) == words
