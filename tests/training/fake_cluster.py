"""Machines that are none: programs in the place of ssh, pdsh and srun that run here what they are to run elsewhere."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from llmbook.data.tokenizers.bpe import BPETokenizer
from llmbook.data.world import World

RECIPE = {
    "model": {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2},
    "data": {"world": {"tokens": 20_000, "weights": {"encyclopedia": 1}}, "eval_tokens": 1_000},
    "max_steps": 150, "global_batch_size": 4, "micro_batch_size": 2, "block_size": 64, "warmup_steps": 5,
    "save_steps": 20,
}  # fmt: skip

SSH = """#!/bin/sh
while [ "$1" = "-o" ]; do shift 2; done
case "$1" in
{cases}
*) echo "ssh: Could not resolve hostname $1: Name or service not known" >&2; exit 255;;
esac
"""

# As DeepSpeed calls it: -S tells the worst status, %n is the host's number.
PDSH = """#!{python}
import subprocess, sys
hosts, words = sys.argv[5].split(","), sys.argv[6:]
assert sys.argv[1:5] == ["-S", "-f", "1024", "-w"], sys.argv
if "pkill" not in " ".join(words):
    shells = [subprocess.Popen(["ssh", host, " ".join(words).replace("%n", str(n))]) for n, host in enumerate(hosts)]
    sys.exit(max(shell.wait() for shell in shells))
"""

SRUN = """#!{python}
import os, subprocess, sys
words = sys.argv[1:]
options = {{}}
while words[0].startswith("--"):
    name, equals, value = words.pop(0).partition("=")
    options[name] = value if equals else words.pop(0)
assert options["--export"] == "ALL" and options["--kill-on-bad-exit"] == "1"
tasks = int(options["--ntasks"])
running = []
for number, node in enumerate(options["--nodelist"].split(",")):
    own = {{"SLURM_PROCID": str(number), "SLURM_LOCALID": "0", "SLURM_NTASKS": str(tasks), "SLURMD_NODENAME": node}}
    running.append(subprocess.Popen(words, env=os.environ | own))
sys.exit(max(task.wait() for task in running))
"""


class Cluster:
    """A hostfile, a tiny recipe, and `llmbook launch` to try them with.

    Args:
        folder: which all nodes see.
        nodes: what each is called, and the command that runs a command on it ("" for here).
        interface: of the network that joins them.
        recipe: keys beside `RECIPE`.
    """

    def __init__(self, folder: Path, nodes: Mapping[str, str], interface: str, **recipe: object) -> None:
        self.folder = folder
        programs = folder / "bin"
        programs.mkdir(parents=True)
        cases = "\n".join(f'{name}) shift; exec {prefix} sh -c "$1";;' for name, prefix in nodes.items())
        self._write(programs / "ssh", SSH.format(cases=cases))
        self._write(programs / "pdsh", PDSH.format(python=sys.executable))
        self._write(programs / "srun", SRUN.format(python=sys.executable))
        (folder / "hosts").write_text("".join(f"{name} slots=1\n" for name in nodes))
        texts = [record["text"] for record in World(0).records("encyclopedia", 60)]
        BPETokenizer.train(texts, 400, ["<|endoftext|>"]).save_pretrained(folder / "tokenizer")
        content = {**RECIPE, "tokenizer": str(folder / "tokenizer"), **recipe}
        (folder / "recipe.yaml").write_text(yaml.safe_dump(content))
        self.environment = os.environ | {
            "PATH": f"{programs}:{os.environ['PATH']}", "GLOO_SOCKET_IFNAME": interface, "OMP_NUM_THREADS": "1",
            "LLMBOOK_HOME": str(folder / "home"), "HOME": str(folder),
        }  # fmt: skip

    def _write(self, path: Path, program: str) -> None:
        path.write_text(program)
        path.chmod(0o755)

    def launch(self, out: str, *more: str) -> subprocess.Popen:
        """`llmbook launch` on all nodes."""
        command = [sys.executable, "-m", "llmbook", "launch", str(self.folder / "recipe.yaml")]
        command += ["--hostfile", str(self.folder / "hosts"), "--out", str(self.folder / out), *more]
        return subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder
        )

    def losses(self, out: str) -> dict[int, float]:
        """The loss of every step that a run has written down."""
        path = self.folder / out / "metrics.jsonl"
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        read = [json.loads(line) for line in lines if line.endswith("\n")]
        return {int(line["step"]): line["loss"] for line in read}


def finish(launch: subprocess.Popen, patience: float = 240.0) -> str:
    """What a launch that must succeed printed."""
    printed, complaints = launch.communicate(timeout=patience)
    assert launch.returncode == 0, f"{printed}\n{complaints}"
    return printed
