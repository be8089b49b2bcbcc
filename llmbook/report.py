"""The report of a run: an index with the ledger of claims, and a page for each section; nothing comes from the net."""

import base64
import io
import json
import re
import sys
from collections.abc import Sequence
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2

from llmbook.files import write_atomically
from llmbook.machine import hardware, versions
from llmbook.records import Record

if TYPE_CHECKING:
    from nbconvert import HTMLExporter
    from nbformat import NotebookNode

_THUMBNAILS = 3
_THUMBNAIL_SIZE = (400, 180)


def write_index(out: Path, records: Sequence[Record]) -> None:
    """Write `index.html` and the ledger of claims, `claims.json`, for the sections of a run."""
    ledger = [claim for record in records for claim in record.claims]
    ledger_text = json.dumps([claim.as_dict() for claim in ledger], ensure_ascii=False, indent=1)
    write_atomically(out / "claims.json", ledger_text + "\n")
    chapters = groupby(records, key=lambda record: record.name.split("/")[0])
    page = _template("index.html.j2").render(
        chapters=[(_chapter_title(folder), list(members)) for folder, members in chapters],
        records=records,
        ledger=[(record, claim) for record in records for claim in record.claims],
        judged=sum(len(record.judged) for record in records),
        held=sum(len(record.held) for record in records),
        versions=versions(),
        hardware=hardware(),
    )
    write_atomically(out / "index.html", page)


def write_page(out: Path, record: Record, notebook: "NotebookNode", root: Path) -> None:
    """Write a section's page, the executed notebook as HTML; paths of this machine are left out."""
    body, _ = _exporter().from_notebook_node(notebook)
    page = _template("section.html.j2").render(record=record, body=body, highlight=_highlight_style())
    write_atomically(out / f"{record.name}.html", without_paths(page, root))


def without_paths(text: str, root: Path) -> str:
    """A text, usually a traceback, with the book's folder, Python's and the home folder taken out of its paths."""
    home = str(Path.home())
    for folder, name in ((str(root), ""), (sys.prefix, "python/"), (home, "~/")):
        short = f"~{folder[len(home) :]}" if folder.startswith(home + "/") else folder
        for prefix in (folder, short):
            text = text.replace(prefix.rstrip("/") + "/", name)
    return text


def thumbnails(notebook: "NotebookNode") -> list[str]:
    """The first figures of a notebook, made small: PNG in base64."""
    from PIL import Image

    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    figures = [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    small = []
    for figure in figures[:_THUMBNAILS]:
        image = Image.open(io.BytesIO(base64.b64decode(figure))).convert("RGB")
        image.thumbnail(_THUMBNAIL_SIZE, Image.Resampling.LANCZOS)
        image.quantize(64).save(buffer := io.BytesIO(), "PNG", optimize=True)
        small.append(base64.b64encode(buffer.getvalue()).decode())
    return small


def mathml(latex: str, display: str = "inline") -> str:
    """A formula as MathML, which browsers draw by themselves; as its LaTeX source where it cannot be converted."""
    # The same things under the names that the converter knows.
    known = re.sub(r"\\arg(\\[,!])?\s*\\(max|min)", r"\\arg\2", latex.replace("{aligned}", "{split}"))
    if display == "block":
        known = re.sub(r"\\(argmax|argmin|sum|prod|max|min|lim)(?=\s*[_^])", r"\\\1\\limits", known)
    try:
        from latex2mathml.converter import convert

        converted = convert(known, display=display).replace(r"\_", "_")
    except Exception:  # the converter's errors have no common type, and a formula must not cost the report
        converted = "\\"
    # A command that the converter does not know comes out as it went in.
    return f"<code>{escape(latex)}</code>" if "\\" in converted else converted


@cache
def _exporter() -> "HTMLExporter":
    """nbconvert's bare HTML, which loads no script, with formulas as MathML."""
    from jinja2 import pass_context
    from nbconvert import HTMLExporter
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):
        def inline_math(self, body: str) -> str:
            return mathml(body)

        def block_math(self, body: str) -> str:
            return f'<div class="formula">{mathml(body, "block")}</div>'

        def latex_environment(self, name: str, body: str) -> str:
            return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")

    class Exporter(HTMLExporter):
        @pass_context
        def markdown2html(self, context: jinja2.runtime.Context, source: str) -> str:
            attachments = context.get("cell", {}).get("attachments", {})
            return MarkdownWithMath(renderer=Renderer(escape=False, attachments=attachments)).render(source)

    return Exporter(template_name="basic")


@cache
def _highlight_style() -> str:
    from pygments.formatters import HtmlFormatter

    return HtmlFormatter(style="default").get_style_defs(".highlight")


@cache
def _template(name: str) -> jinja2.Template:
    loader = jinja2.PackageLoader("llmbook", "templates")
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["duration"] = lambda s: f"{s:.1f} s" if s < 60 else f"{s // 60:.0f} min {s % 60:.0f} s"
    return environment.get_template(name)


def _chapter_title(folder: str) -> str:
    number, _, words = folder.partition("_")
    return f"Chapter {int(number)}: {words.replace('_', ' ')}"
