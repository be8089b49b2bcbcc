"""Which part of the package may import which, and how little it takes to import them."""

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest

import llmbook

PACKAGE = Path(llmbook.__file__).parent
# In chapter order: each may import those before it, except that models and data know nobody.
CHAPTERS = ("models", "data", "training", "parallel", "finetuning", "rlhf", "apps", "serving", "evaluation")
KNOW_NOBODY = ("models", "data")
# The foundation under all of them. The rest (runner, report, exercises, …) stands above the chapters.
BASE = ("errors", "paths", "files", "options")
TOP = ("notebook", "cli")


def imported(module: Path) -> set[str]:
    """The parts of llmbook (folders, or modules at its top) that a module imports, anywhere in it."""
    parts = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module] if node.module != "llmbook" else [f"llmbook.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            folders = ["llmbook", *module.relative_to(PACKAGE).parts[:-1]]
            names = [".".join([*folders[: len(folders) + 1 - node.level], node.module or node.names[0].name])]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        parts |= {name.split(".")[1] for name in names if name.startswith("llmbook.")}
    return parts


def part_of(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


MODULES = sorted(module for module in PACKAGE.rglob("*.py") if module != PACKAGE / "__init__.py")


@pytest.mark.parametrize("module", MODULES, ids=[str(module.relative_to(PACKAGE)) for module in MODULES])
def test_dependencies_point_one_way(module):
    part, found = part_of(module), imported(module)
    assert part == "__main__" or not found & set(TOP) - {part}, "nothing imports notebook or cli"
    if part in BASE:
        assert found <= set(BASE)
    if part in CHAPTERS:
        earlier = () if part in KNOW_NOBODY else CHAPTERS[: CHAPTERS.index(part)]
        assert found <= {part, *BASE, *earlier}


def seconds_of(*command: str, tries: int = 3) -> float:
    """The best of some tries, since other work on the machine only adds."""
    took = []
    for _ in range(tries):
        start = time.perf_counter()
        subprocess.run([sys.executable, *command], check=True, capture_output=True)
        took.append(time.perf_counter() - start)
    return min(took)


def test_importing_the_package_is_instant_and_loads_no_torch():
    alone = seconds_of("-c", "pass")
    assert seconds_of("-c", "import llmbook, sys; assert 'torch' not in sys.modules") - alone < 0.5


def test_the_commands_help_is_instant():
    heavy = "('torch', 'papermill', 'nbformat', 'nbconvert', 'pytest', 'numpy')"
    script = f"""
import sys
from llmbook.cli import main
try:
    main(["--help"])
except SystemExit as end:
    assert end.code == 0
assert not [name for name in {heavy} if name in sys.modules]
"""
    assert seconds_of("-c", script) < 1.0


# What torch and numpy themselves need, beside the standard library.
BARE = """
import importlib, pkgutil, sys
allowed = {*sys.stdlib_module_names, "llmbook", "torch", "torchgen", "functorch", "numpy", "typing_extensions", "sympy",
           "mpmath", "networkx", "jinja2", "markupsafe", "filelock", "fsspec"}

class Bare:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in allowed and not name.startswith("_"):
            raise ModuleNotFoundError(f"no module named {name!r} on a bare machine", name=name)

sys.meta_path.insert(0, Bare())
import llmbook.models, llmbook.data
for package in (llmbook.models, llmbook.data):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
"""


def test_models_and_data_need_only_torch_and_numpy():
    done = subprocess.run([sys.executable, "-c", BARE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_import_reader_sees_every_form(tmp_path, monkeypatch):
    source = (
        "import llmbook.data.world as w\nfrom llmbook import claims\nfrom llmbook.models.llama import Llama\n"
        "def f():\n    from ..training import engine\n    from . import x\n    from .y import z\n"
    )
    module = PACKAGE / "rlhf" / "reward.py"
    monkeypatch.setattr(Path, "read_text", lambda self, encoding: source)
    assert imported(module) == {"data", "claims", "models", "training", "rlhf"}
