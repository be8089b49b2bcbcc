"""`llmbook exercises check`: a reader's notebook run by nbval, and what each of its checks has to say."""

import contextlib
import copy
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
import nbval  # noqa: F401  pytest finds it by itself; without it, the import says what is missing
import pytest

from llmbook.book import find, read_notebook, sections, tags_of
from llmbook.errors import ReaderError
from llmbook.exercises.checks import NOT_YET
from llmbook.exercises.generate import CHECK_TAG, check_line

SECONDS = 120
_STATES = ("passed", "not yet", "wrong")


@dataclass(frozen=True)
class Verdict:
    """What a check said: `state` is "passed", "not yet" or "wrong"; `hint` explains the latter two."""

    task: str
    state: str
    hint: str = ""


def grade(targets: Sequence[str], root: Path, seconds: int = SECONDS) -> list[list[Verdict]]:
    """Run the notebooks of sections, or at paths, and judge each task; a task left open does not stop those after it.

    The check cells come from the solution, whatever the reader's notebook has made of them.

    Args:
        seconds: how long a cell may take.

    Returns:
        For each notebook a verdict on each task, in order.

    Raises:
        ReaderError: for a section without exercises, or a notebook that is none of the book's exercises.
    """
    notebooks = list(_notebooks(targets, root))
    runs = _run_by_nbval([path for path, _ in notebooks], [checks for _, checks in notebooks], seconds)
    return [_verdicts(checks, runs[path]) for path, checks in notebooks]


@dataclass(frozen=True)
class _Ran:
    """A cell that nbval has run; `stop` says how it kept the notebook from going on, if it did."""

    id: str
    number: int
    outputs: list
    stop: str


class _Watcher:
    """A pytest plugin: puts the solution's check cells in, and notes what every cell puts out."""

    def __init__(self, checks: dict[Path, dict[str, dict]], seconds: int) -> None:
        self.checks = checks
        self.seconds = seconds
        self.ran: dict[Path, list[_Ran]] = {path: [] for path in checks}

    def pytest_collection_modifyitems(self, items: list) -> None:
        for item in items:
            check = self.checks[item.path].get(item.cell.get("id"))
            if check:
                item.cell.update(copy.deepcopy(check))
            item.options["check"] = bool(check)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
        report = yield
        if call.when == "call":
            outputs = item.test_outputs or []
            ran = _Ran(item.cell.get("id", ""), item.cell_num + 1, outputs, self._stop(call, outputs))
            self.ran[item.path].append(ran)
        return report

    def _stop(self, call: pytest.CallInfo, outputs: list) -> str:
        if any(output.get("ename") == "KeyboardInterrupt" for output in outputs):
            return f"did not finish in {self.seconds} s"
        # nbval notices a dead kernel by its silence; at the cells that follow it says "dead on test start".
        silent = call.excinfo is not None and not outputs and call.excinfo.value.args[:1] != ("Cell outputs differ",)
        return "ended the kernel" if silent and "dead on test start" not in str(call.excinfo.value) else ""


def _run_by_nbval(paths: list[Path], checks: list[dict[str, dict]], seconds: int) -> dict[Path, list[_Ran]]:
    watcher = _Watcher(dict(zip(paths, checks, strict=True)), seconds)
    options = ["--nbval", "--nbval-current-env", f"--nbval-cell-timeout={seconds}", "--color=no"]
    # The reader's own pytest settings and conftest files have no part in this.
    options += ["-c", os.devnull, "--rootdir", str(paths[0].parent), "--noconftest", "-p", "no:cacheprovider"]
    own_settings = os.environ.pop("PYTEST_ADDOPTS", None)
    try:
        with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(said):
            status = pytest.main([*options, *map(str, paths)], plugins=[watcher])
    finally:
        if own_settings is not None:
            os.environ["PYTEST_ADDOPTS"] = own_settings
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        last = (said.getvalue().strip().splitlines() or ["no reason given"])[-1]
        raise ReaderError(f"nbval could not run the notebook: {last}")
    return watcher.ran


def _notebooks(targets: Sequence[str], root: Path) -> Iterator[tuple[Path, dict[str, dict]]]:
    """The notebooks to grade, each with the solution's check cells by their id."""
    paths = [Path(target) for target in targets if target.endswith(".ipynb")]
    names = [target for target in targets if not target.endswith(".ipynb")]
    by_id = {section.id: section for section in sections(root)}
    if names or not paths:
        chosen = [section for section in find(names, root) if section.exercise.exists()]
        if not chosen:
            raise ReaderError(f"no exercises for {' '.join(names) or 'any section'} in {root / 'exercises'}")
        paths += [section.exercise for section in chosen]
    for path in paths:
        of = read_notebook(path)["metadata"].get("llmbook", {}).get("exercise")
        same = [s for s in by_id.values() if path.resolve() in (s.exercise.resolve(), s.solution.resolve())]
        section = same[0] if same else by_id.get(of)
        if section is None or not section.solution.exists():
            raise ReaderError(f"{path} is no exercise notebook of this book")
        cells = nbformat.read(section.solution, as_version=4).cells
        checks = {cell.id: cell for cell in cells if CHECK_TAG in tags_of(cell)}
        if not checks:
            raise ReaderError(f"{section.solution} has no cell tagged {CHECK_TAG!r}")
        yield path.resolve(), checks


def _verdicts(checks: dict[str, dict], ran: list[_Ran]) -> list[Verdict]:
    said: dict[str, Verdict] = {}
    trouble = stopped = ""  # what went wrong since the last check, and what last stopped the whole notebook
    for cell in ran:
        stopped = f"cell {cell.number} {cell.stop}" if cell.stop else stopped
        trouble = trouble or _trouble(cell)
        if cell.id in checks:
            task = _task(checks[cell.id])
            said[cell.id] = _said(task, cell.outputs) or _excuse(task, trouble or stopped)
            trouble = ""
    missing = "its check cell is gone: copy it back from the notebook in solutions/"
    return [said.get(id, Verdict(_task(check), "not yet", missing)) for id, check in checks.items()]


def _task(check: dict) -> str:
    return check_line(check).removesuffix(": passed")


def _said(task: str, outputs: list) -> Verdict | None:
    """The verdict that a check has printed."""
    for output in outputs:
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        for line in text.splitlines():
            state, _, hint = line.removeprefix(f"{task}: ").partition(" — ")
            if line.startswith(f"{task}: ") and state in _STATES:
                return Verdict(task, state, hint)
    return None


def _excuse(task: str, trouble: str) -> Verdict:
    """The verdict on a task whose check could not speak."""
    if "NotImplementedError" in trouble:
        return Verdict(task, "not yet", NOT_YET)
    return Verdict(task, "wrong", trouble or "the check printed no verdict")


def _trouble(cell: _Ran) -> str:
    if cell.stop:
        return f"cell {cell.number} {cell.stop}"
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if not errors:
        return ""
    first = (errors[0].evalue.strip().splitlines() or [""])[0]
    return f"your code raised {errors[0].ename}: {first} (cell {cell.number})"
