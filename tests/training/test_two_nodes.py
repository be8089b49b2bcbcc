"""Training over two machines through real launchers: a node that dies is named, and `--resume` loses nothing."""

import os
import signal
import time

import pytest
from fake_cluster import Cluster, finish
from two_nodes import KILL_AT, trial, why_not

from llmbook.training.launching.failures import read_reports

REASON = why_not()


@pytest.mark.skipif(bool(REASON), reason=REASON)
def test_zero_2_over_two_nodes_goes_on_after_one_died_with_the_loss_it_would_have_had(tmp_path):
    result = trial(tmp_path)
    assert result.status == 1 and result.seconds < 60
    first, *_ = result.report.splitlines()
    assert first.startswith("llmbook: rank 1 on 10.77.0.2 was last heard of at step ")
    assert "its machine died, or was cut off" in first
    assert "then rank 0 on 10.77.0.1 failed at step " in result.report and "--resume" in result.report
    assert KILL_AT <= result.killed_at < max(result.whole)
    # it went on from a checkpoint, not from the beginning
    assert "step 1/" not in result.said and f"step {max(result.whole)}/" in result.said
    assert result.resumed == pytest.approx(result.whole, abs=1e-5)
    assert result.whole[max(result.whole)] < result.whole[1] - 0.5  # and it learns something


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Cluster:
    """Two "nodes" that are this machine, for launchers that need no network of their own."""
    folder = tmp_path_factory.mktemp("cluster")
    return Cluster(folder, {"node-a": "", "node-b": ""}, "lo", max_steps=60, save_steps=20)


def test_torchrun_over_ssh_and_a_rank_that_is_killed(cluster):
    launch = cluster.launch(
        "torchrun",
        "--via",
        "torchrun",
        "--master-addr",
        "127.0.0.1",
        "--set",
        "max_steps=100000",
        "--master-port",
        "29631",
    )
    deadline = time.monotonic() + 120
    while max(cluster.losses("torchrun"), default=0) < 5:
        assert launch.poll() is None and time.monotonic() < deadline, launch.communicate()
        time.sleep(0.05)
    (folder,) = (cluster.folder / "torchrun" / "launches").iterdir()
    os.kill(read_reports(folder)[1].pid, signal.SIGKILL)
    printed, complaints = launch.communicate(timeout=90)
    first = complaints.splitlines()[0]
    assert launch.returncode == 1
    assert first.startswith("llmbook: rank 1 on node-b failed at step ") and "killed by SIGKILL" in first
    assert "node-a: [rank 0] step 1/" in printed


def test_deepspeeds_own_launcher_over_pdsh(cluster):
    deepspeed = ["--set", "engine=deepspeed", "--set", "zero_stage=1", "--set", "name=a b"]
    printed = finish(
        cluster.launch("pdsh", "--via", "pdsh", "--master-addr", "127.0.0.1", "--master-port", "29632", *deepspeed)
    )
    assert "2 of 2 ranks finished" in printed and max(cluster.losses("pdsh")) == 60


def test_srun_starts_the_ranks_itself(cluster):
    printed = finish(cluster.launch("srun", "--via", "srun", "--master-addr", "127.0.0.1", "--master-port", "29633"))
    assert "2 of 2 ranks finished" in printed and max(cluster.losses("srun")) == 60
