"""A book of a few tiny notebooks, for tests of what runs, reports and grades notebooks."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PARAMETERS = 'PRESET = "cpu"\nSEED = 0\nN = 3'


def code(name: str, source: str, *tags: str) -> nbformat.NotebookNode:
    cell = new_code_cell(source)
    cell.id = name
    if tags:
        cell.metadata.tags = list(tags)
    return cell


def text(name: str, source: str) -> nbformat.NotebookNode:
    cell = new_markdown_cell(source)
    cell.id = name
    return cell


def write(path: Path, *cells: nbformat.NotebookNode) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


def section(root: Path, name: str, title: str, *sources: str) -> Path:
    """A chapter notebook: title, parameters, and a cell for each source."""
    cells = [code(f"cell-{i}", source) for i, source in enumerate(sources, 1)]
    parameters = code("parameters", PARAMETERS, "parameters")
    return write(root / "chapters" / f"{name}.ipynb", text("title", f"# {title}"), parameters, *cells)


def empty_book(root: Path) -> Path:
    for folder in ("chapters", "exercises", "data_samples"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    return root
