"""The contract of the chapter notebooks, what each must have and must not print; the committed ones keep it."""

import ast
import importlib
import inspect
import re
import textwrap

import nbformat
import pytest
from minibook import code, text
from nbformat.v4 import new_notebook, new_output

from llmbook.book import sections, tags_of
from llmbook.claims import CLAIM_MIME, claims_in, weigh
from llmbook.normalise import normalised, refusals, to_text
from llmbook.paths import book_root

LONGEST_CELL = 30
HEADINGS = ("At scale", "Exercises", "Going further")
UNWANTED = {
    "a figure with more than 4 decimals": re.compile(r"\d\.\d{5,}"),
    "a path of this machine": re.compile(r"(?<![\w./:])/[A-Za-z][\w.-]*/\w|\b[A-Z]:\\\w"),
    "an address in memory": re.compile(r"\b0x[0-9a-fA-F]{6,}"),
    "a time of day": re.compile(r"\b\d{1,2}:\d{2}:\d{2}\b|\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}"),
}
HOTLINK = re.compile(r"!\[[^\]]*\]\(\s*https?:|<img[^>]+src\s*=\s*[\"']?https?:", re.I)


def faults(notebook: nbformat.NotebookNode) -> list[str]:
    """Everything in a notebook that breaks the contract, in words."""
    cells = notebook.cells
    codes = [cell for cell in cells if cell.cell_type == "code"]
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    found = refusals(notebook)
    if not (cells[0].cell_type == "markdown" and cells[0].source.startswith("# ")):
        found.append("the first cell is no title")
    if "will be able to" not in cells[0].source:
        found.append('the first cell does not say what the reader "will be able to" do')
    parameters = [cell for cell in codes if "parameters" in tags_of(cell)]
    if len(parameters) != 1 or not {"PRESET", "SEED"} <= _assigned(parameters[0].source):
        found.append("there is not one parameters cell, with PRESET and SEED")
    if [cell.execution_count for cell in codes] != list(range(1, len(codes) + 1)):
        found.append("the cells were not run once, in order")
    claims = claims_in(notebook)
    if not claims:
        found.append("nothing is claimed")
    found += [f"a claim does not hold: {claim.statement}" for claim in claims if claim.holds is False]
    found += [f"no heading {words!r}" for words in HEADINGS if not re.search(rf"^#+ .*{words}", prose, re.M)]
    if not re.search("[\u4e00-\u9fff]", prose):
        found.append("no Chinese term in the prose")
    if HOTLINK.search(prose):
        found.append("a picture is loaded from the net")
    for number, cell in enumerate(codes, 1):
        found += [f"cell {number}: {fault}" for fault in _cell_faults(cell)]
    return found


def _cell_faults(cell: nbformat.NotebookNode) -> list[str]:
    found = []
    if cell.source.count("\n") >= LONGEST_CELL:
        found.append(f"more than {LONGEST_CELL} lines")
    for output in cell.outputs:
        data = output.get("data", {})
        if "image/svg+xml" in data:
            found.append("an SVG figure")
        # Source that is shown as Markdown is the package's own; HTML is looked at without its tags.
        untagged = re.sub("<[^>]*>", " ", data.get("text/html", ""))
        printed = [output.get("text", ""), data.get("text/plain", ""), untagged]
        found += [f"prints {what}" for what, pattern in UNWANTED.items() if pattern.search("\n".join(printed))]
        if HOTLINK.search(data.get("text/html", "") + data.get("text/markdown", "")):
            found.append("a picture is loaded from the net")
    if "mirror" in cell.metadata or "mirror" in tags_of(cell):
        found += _mirror_faults(cell)
    return found


def _mirror_faults(cell: nbformat.NotebookNode) -> list[str]:
    """A mirror (metadata `mirror`: dotted name) repeats a package object word for word, docstrings aside."""
    dotted = cell.metadata.get("mirror", "")
    module, _, name = dotted.rpartition(".")
    try:
        thing = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        return [f"mirrors {dotted!r}, which the package does not have"]
    here = [node for node in ast.parse(cell.source).body if getattr(node, "name", None) == name]
    there = ast.parse(textwrap.dedent(inspect.getsource(thing))).body
    same = len(here) == 1 and _meaning(here[0]) == _meaning(there[0])
    return [] if same else [f"differs from {dotted}, which it mirrors"]


def _meaning(tree: ast.AST) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)


def _assigned(source: str) -> set[str]:
    statements = [node for node in ast.parse(source).body if isinstance(node, ast.Assign)]
    return {target.id for node in statements for target in node.targets if isinstance(target, ast.Name)}


COMMITTED = [pytest.param(section, id=section.id) for section in sections(book_root())]


@pytest.mark.parametrize("section", COMMITTED)
def test_a_committed_notebook_keeps_the_contract(section):
    notebook = nbformat.read(section.path, as_version=4)
    assert faults(notebook) == []
    updated = section.path.read_text(encoding="utf-8") == to_text(normalised(notebook))
    assert updated, "write it by `llmbook run --update`"


def good() -> nbformat.NotebookNode:
    """The smallest notebook that keeps the contract."""
    title = text("title", "# 2.2 Attention (注意力)\n\nYou will be able to look up.")
    parameters = code("p", 'PRESET = "cpu"\nSEED = 0', "parameters")
    claim = code("c", "claim(...)")
    record = weigh("2.2", "all is well", 1.0, True, "nature").as_dict()
    claim.outputs = [new_output("display_data", {CLAIM_MIME: record, "text/plain": "holds 0.1234 at 3/4 or.x/home/y"})]
    end = text("end", "## At scale\n\n## Exercises\n\n## Going further")
    notebook = new_notebook(cells=[title, parameters, claim, end])
    for count, cell in enumerate((parameters, claim), 1):
        cell.execution_count = count
    return notebook


def printing(words: str, stream: str = "stdout"):
    def spoil(notebook):
        notebook.cells[2].outputs.append(new_output("stream", name=stream, text=words))

    return spoil


def displaying(kind: str, data: str):
    def spoil(notebook):
        notebook.cells[2].outputs.append(new_output("display_data", {kind: data}))

    return spoil


def source(number: int, words: str):
    def spoil(notebook):
        notebook.cells[number].source = words

    return spoil


def mirror(dotted: str, words: str):
    def spoil(notebook):
        notebook.cells[2].metadata.mirror, notebook.cells[2].source = dotted, words

    return spoil


def unheld(notebook):
    notebook.cells[2].outputs[0].data[CLAIM_MIME]["holds"] = False


def unordered(notebook):
    notebook.cells[1].execution_count = 5


SHOWN = 'def at_least(low: float) -> Expectation:\n    return Expectation(f"at least {shown(low)}", low=low)'


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda notebook: None, None),
        (source(0, "2.2 (注意力) will be able to"), "the first cell is no title"),
        (source(0, "# 2.2 (注意力)"), 'the first cell does not say what the reader "will be able to" do'),
        (source(0, "# 2.2\nYou will be able to"), "no Chinese term in the prose"),
        (source(1, "SEED = 0"), "there is not one parameters cell, with PRESET and SEED"),
        (source(2, "x\n" * 30 + "x"), "cell 2: more than 30 lines"),
        (source(3, "## At scale\n## Exercises"), "no heading 'Going further'"),
        (source(0, "# 注 will be able to ![x](https://x.org/a.png)"), "a picture is loaded from the net"),
        (unordered, "the cells were not run once, in order"),
        (lambda notebook: notebook.cells[2].outputs.clear(), "nothing is claimed"),
        (unheld, "a claim does not hold: all is well"),
        (printing("loss 0.12345"), "cell 2: prints a figure with more than 4 decimals"),
        (printing("saved to /home/me/x.pt"), "cell 2: prints a path of this machine"),
        (printing("<object at 0x7fe8634fa840>"), "cell 2: prints an address in memory"),
        (printing("done at 12:03:59"), "cell 2: prints a time of day"),
        (displaying("text/html", "<b>0.12345</b>"), "cell 2: prints a figure with more than 4 decimals"),
        (displaying("text/html", "<b style='width:1.12345px'>0.1234</b>"), None),
        (displaying("image/svg+xml", ""), "cell 2: an SVG figure"),
        (printing("oh", "stderr"), "cell 2 writes to stderr: oh"),
        (mirror("llmbook.claims.at_least", SHOWN), None),
        (mirror("llmbook.claims.at_least", SHOWN.replace("low=low", "high=low")),
         "cell 2: differs from llmbook.claims.at_least, which it mirrors"),
        (mirror("llmbook.claims.nothing", SHOWN),
         "cell 2: mirrors 'llmbook.claims.nothing', which the package does not have"),
    ],
)  # fmt: skip
def test_the_contract_sees_each_fault(spoil, fault):
    notebook = good()
    spoil(notebook)
    assert faults(notebook) == ([fault] if fault else [])
