"""Running a notebook's cells in this process: no kernel, so hundreds of wrong answers cost seconds."""

import contextlib
import io
import re

from llmbook.book import source_of, tags_of


def rehearse(notebook: dict, replaced: dict[str, str] | None = None) -> dict[str, str]:
    """Run every code cell, some with other code, and go on after exceptions; what each printed, by cell id."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    printed = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        source = (replaced or {}).get(cell["id"], source_of(cell))
        source = re.sub(r"^[ \t]*[%!].*$", "", source, flags=re.M)
        with contextlib.redirect_stdout(io.StringIO()) as said:
            try:
                exec(compile(source, f"<cell {cell['id']}>", "exec"), namespace)
            except Exception as error:
                print(f"raised {error!r}")
        printed[cell["id"]] = said.getvalue().strip()
    return printed


def check_of(notebook: dict, task: str) -> str:
    """The id of the check that judges a task, named by its answer's cell or by what the check prints."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    ids = [cell["id"] for cell in cells]
    if task in ids:
        return next(cell["id"] for cell in cells[ids.index(task) :] if "check" in tags_of(cell))
    return next(cell["id"] for cell in cells if "check" in tags_of(cell) and task in str(cell["outputs"]))


def answer_of(notebook: dict, task: str) -> str:
    """The id of the cell that answers a task, named in the same two ways."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    ids = [cell["id"] for cell in cells]
    if task in ids:
        return task
    before = cells[: ids.index(check_of(notebook, task))]
    return next(cell["id"] for cell in reversed(before) if "### BEGIN SOLUTION" in source_of(cell))
