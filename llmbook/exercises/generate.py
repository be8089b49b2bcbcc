"""Students' notebooks, made from the solutions: answers taken out, and what the checks say to right answers kept.

An answer stands between `### BEGIN SOLUTION` and `### END SOLUTION`. Inside a function it becomes
`raise NotImplementedError("your answer")`; elsewhere it may only assign names, and each becomes `name = ...`.
"""

import ast
import copy
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from llmbook.book import Section, find, read_notebook, source_of, tags_of
from llmbook.errors import ReaderError
from llmbook.files import write_atomically
from llmbook.normalise import normalised, refusals, source_hash, to_text
from llmbook.runner import Execution, run_all

if TYPE_CHECKING:
    from nbformat import NotebookNode

HERE = "# 在此作答"
CHECK_TAG = "check"
_REGION = re.compile(
    r"^(?P<indent>[ \t]*)### BEGIN SOLUTION[^\n]*\n(?P<answer>.*?)^[ \t]*### END SOLUTION[^\n]*$", re.M | re.S
)
_MARKER = re.compile(r"^\s*### (BEGIN|END) SOLUTION", re.M)


def generate(names: Sequence[str], root: Path, force: bool = False) -> list[Path]:
    """Execute solutions and write the students' notebooks; doing it twice changes nothing.

    Returns:
        The students' notebooks, relative to `root`.

    Raises:
        ReaderError: when a student's notebook holds answers and `force` is not given, when a solution fails, does not
            pass its own checks, or may not be committed.
    """
    chosen = [section for section in find(names, root) if section.solution.exists()]
    if not chosen:
        raise ReaderError(f"no solutions for {' '.join(names) or 'any section'} in {root / 'exercises'}")
    for section in chosen:
        if not force and section.exercise.exists() and has_answers(read_notebook(section.exercise)):
            where = section.exercise.relative_to(root)
            raise ReaderError(f"{where} has been worked on: it is left alone unless you say --force")
    runs = {section: Execution(section.solution) for section in chosen}
    run_all(list(runs.values()), jobs=1, finished=lambda run: None)
    for section, run in runs.items():
        solution = _accepted(section, run)
        write_atomically(section.solution, to_text(solution))
        write_atomically(section.exercise, to_text(student(solution, section.id)))
    return [section.exercise.relative_to(root) for section in chosen]


def student(solution: "NotebookNode", section: str) -> "NotebookNode":
    """The notebook that a student gets.

    Check cells keep their outputs, for nbval to compare with; so do the cells before the first answer. All other
    outputs could give an answer away, and are cleared together with their counts, so that nbval only runs those cells.
    """
    notebook = copy.deepcopy(solution)
    answered = False
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if has_answer(cell):
            answered = True
            cell.source = without_answers(cell.source, cell.id)
        if answered and CHECK_TAG not in tags_of(cell):
            cell.outputs, cell.execution_count = [], None
    notebook.metadata["llmbook"] = {"exercise": section, "pristine": source_hash(notebook)}
    return notebook


def without_answers(source: str, name: str = "") -> str:
    """A cell's source with a place to answer instead of each answer.

    Raises:
        ReaderError: for markers that do not pair, or an answer that cannot be taken out.
    """

    def blank(region: re.Match) -> str:
        line = source.count("\n", 0, region.start()) + 1
        last = line + region["answer"].count("\n")
        if any(function.lineno <= line < function.end_lineno for function in functions):
            return f'{region["indent"]}raise NotImplementedError("your answer")  {HERE}'
        inside = [node for node in statements if line < node.lineno <= last]
        answers = [node for node in inside if node.col_offset == len(region["indent"])]
        names = [target.id for node in answers for target in _targets(node) if isinstance(target, ast.Name)]
        if not names or len(names) != len(answers):
            raise ReaderError(f"cell {name!r}: a solution outside a function may only assign names, one to a line")
        return "\n".join(f"{region['indent']}{name} = ...  {HERE}" for name in dict.fromkeys(names))

    statements = [node for node in ast.walk(ast.parse(_without_magics(source))) if isinstance(node, ast.stmt)]
    functions = [node for node in statements if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    blanked = _REGION.sub(blank, source)
    if _MARKER.search(blanked):
        raise ReaderError(f"cell {name!r}: ### BEGIN SOLUTION and ### END SOLUTION do not pair")
    return blanked


def has_answer(cell: dict) -> bool:
    """Whether a solution's cell holds an answer."""
    return cell["cell_type"] == "code" and bool(_MARKER.search(source_of(cell)))


def has_answers(notebook: dict) -> bool:
    """Whether anything in a student's notebook, answers or notes, differs from what was handed out."""
    return notebook["metadata"].get("llmbook", {}).get("pristine") != source_hash(notebook)


def check_line(cell: dict) -> str:
    """What a check cell has said, printed or displayed."""
    texts = (output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell["outputs"])
    return "".join("".join(text) for text in texts).strip()


def _accepted(section: Section, run: Execution) -> "NotebookNode":
    """The committed form of an executed solution."""
    where = f"the solution of {section.id}"
    if run.state != "passed":
        raise ReaderError(f"{where}, cell {run.failed_cell}: {run.error}")
    clean = normalised(run.notebook)
    if reasons := refusals(clean):
        raise ReaderError(f"{where}: {'; '.join(reasons)}")
    checks = [cell for cell in clean.cells if CHECK_TAG in tags_of(cell)]
    if not checks:
        raise ReaderError(f"{where} has no cell tagged {CHECK_TAG!r}")
    for check in checks:
        if not (said := check_line(check)).endswith(": passed"):
            raise ReaderError(f"{where} does not pass its own check {check.id!r}: {said or 'nothing printed'}")
    return clean


def _targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []


def _without_magics(source: str) -> str:
    return re.sub(r"^([ \t]*)[%!].*$", r"\1pass", source, flags=re.M)
