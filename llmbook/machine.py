"""What the book runs on: versions, cores, memory, GPU. Names and paths of the machine stay out of it."""

import platform
import shutil
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import psutil

# What decides a result or whether a notebook runs.
PACKAGES = (
    "torch", "numpy", "transformers", "tokenizers", "datasets", "peft", "deepspeed", "safetensors", "matplotlib",
    "ipykernel", "papermill", "nbval",
)  # fmt: skip


@cache
def versions() -> dict[str, str]:
    """The installed version of Python, llmbook and the packages that matter; "missing" where there is none."""
    from llmbook import __version__

    found = {"Python": platform.python_version(), "llmbook": __version__}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "missing"
    return found


@cache
def hardware() -> dict[str, str]:
    """System, processor, cores, memory and GPU, in words."""
    memory = psutil.virtual_memory()
    gib = 1024**3
    process = psutil.Process()
    cores = len(process.cpu_affinity()) if hasattr(process, "cpu_affinity") else psutil.cpu_count()
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(cores),
        "memory": f"{memory.total / gib:.1f} GiB",
        "GPU": _gpus() or "none",
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


def _gpus() -> str:
    """Asked of the driver, since importing torch takes seconds."""
    if not shutil.which("nvidia-smi"):
        return ""
    query = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        return "; ".join(subprocess.run(query, capture_output=True, text=True, timeout=20).stdout.strip().splitlines())
    except (OSError, subprocess.TimeoutExpired):
        return ""
