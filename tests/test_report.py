"""What the report says, and that it needs nothing from the net."""

import re
from pathlib import Path

import pytest
from minibook import code, text
from nbformat.v4 import new_notebook, new_output

from llmbook.claims import Claim
from llmbook.records import Record
from llmbook.report import mathml, without_paths, write_index, write_page

# What a browser fetches by itself; a link is only followed when clicked.
FETCHED = re.compile(r"""<(script|link|iframe|object)\b|(src|srcset)\s*=\s*["'](?!data:)|url\((?!data:)|@import""")

RECORD = Record(
    "2.2", "The <Transformer>", "02_foundations/2_transformer", "", {"N": 5}, "failed", 3, 2, 4.2,
    [Claim("2.2.2", "weights sum to one", "1", "1, within 0.001", True, "equation (2.9)"),
     Claim("2.2.5", "BLEU is high", "3", "at least 20", False)],
    2, "AssertionError: claim 2.2.5 does not hold",
)  # fmt: skip


def notebook():
    formula = r"Inline $a_{<t} \in \mathbb{R}^d$." "\n\n" r"$$\begin{aligned} y &= \sum_{i=1}^n x_i \end{aligned}$$"
    cell = code("c", "import torch")
    cell.outputs = [new_output("error", ename="E", evalue="", traceback=["File /home/me/book/llmbook/x.py"])]
    return new_notebook(cells=[text("t", f"# Title\n\n{formula}"), cell])


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    write_index(out, [RECORD, Record("3.1", "Later", "03_data/1_later", "")])
    write_page(out, RECORD, notebook(), Path("/home/me/book"))
    return out


def test_nothing_is_fetched_from_anywhere(out):
    for page in (out / "index.html", out / "02_foundations" / "2_transformer.html"):
        assert not FETCHED.search(page.read_text())


def test_the_index_says_what_failed_what_held_and_where_it_ran(out):
    page = out.joinpath("index.html").read_text()
    assert "section 2.2, cell 2: AssertionError: claim 2.2.5 does not hold" in page
    assert "The &lt;Transformer&gt;" in page
    for words in ("weights sum to one", "equation (2.9)", "1 of 2", "N = 5", "not run", "4.2 s", "torch", "cores"):
        assert words in page
    assert 'href="03_data/1_later.html"' not in page, "a section that has not run has no page"


def test_the_ledger_is_also_data(out):
    assert '"statement": "BLEU is high"' in out.joinpath("claims.json").read_text()


def test_formulas_are_mathml_and_paths_are_left_out(out):
    page = out.joinpath("02_foundations", "2_transformer.html").read_text()
    assert page.count("<math") == 2
    assert "<munderover>" in page and "<mtable" in page
    assert "$" not in re.sub(r"<style>.*?</style>", "", page, flags=re.S)
    assert "llmbook/x.py" in page and "/home/me" not in page


def test_a_formula_that_cannot_be_converted_is_still_there():
    assert mathml(r"\unheard{a} < b") == r"<code>\unheard{a} &lt; b</code>"
    assert mathml(r"\left( x") == r"<code>\left( x</code>"
    assert "max_len" in mathml(r"\text{max\_len}")


def test_paths_are_cut_to_the_book(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    root = Path("/home/me/book")
    assert without_paths("/home/me/book/a.py ~/book/b.py /home/me/c.py", root) == "a.py b.py ~/c.py"
