"""The committed form of an executed notebook: what a reader sees is kept, what only this run knew is stripped."""

import base64
import copy
import hashlib
import io
import json
from typing import TYPE_CHECKING

from llmbook.book import source_of

if TYPE_CHECKING:
    from nbformat import NotebookNode

PNG_LIMIT = 300 * 1024
_WIDGET = "application/vnd.jupyter.widget-view+json"
# Everything else in a cell's or a notebook's metadata belongs to an editor or to one run.
_CELL_KEYS = ("llmbook", "mirror", "tags")
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def normalised(notebook: "NotebookNode") -> "NotebookNode":
    """A copy with outputs and execution counts as they are, and the traces of this run and this machine gone."""
    clean = copy.deepcopy(notebook)
    kept = {"llmbook": clean.metadata.llmbook} if "llmbook" in clean.metadata else {}
    clean.metadata = {"kernelspec": _KERNEL, "language_info": {"name": "python"}, **kept}
    for cell in clean.cells:
        cell.metadata = {key: cell.metadata[key] for key in _CELL_KEYS if cell.metadata.get(key)}
        if cell.cell_type == "code":
            cell.outputs = _joined([output for output in cell.outputs if _WIDGET not in output.get("data", {})])
            for data in (output.data for output in cell.outputs if "image/png" in output.get("data", {})):
                data["image/png"] = _in_palette(data["image/png"])
    return clean


def to_text(notebook: "NotebookNode") -> str:
    """The file's content: the same notebook always gives the same bytes."""
    import nbformat

    return nbformat.writes(nbformat.from_dict(notebook)) + "\n"


def refusals(notebook: dict) -> list[str]:
    """Why an executed notebook may not be committed, one line each: error streams, exceptions, too much picture."""
    lines = []
    for number, cell in enumerate((c for c in notebook["cells"] if c["cell_type"] == "code"), 1):
        for output in cell["outputs"]:
            if output.get("name") == "stderr":
                said = "".join(output["text"]).strip().splitlines() or [""]
                lines.append(f"cell {number} writes to stderr: {said[0][:120]}")
            if output["output_type"] == "error":
                lines.append(f"cell {number} stores an exception: {output['ename']}")
    if (size := png_bytes(notebook)) > PNG_LIMIT:
        lines.append(f"its PNG figures take {size / 1024:.0f} KB, more than {PNG_LIMIT // 1024}")
    return lines


def png_bytes(notebook: dict) -> int:
    """Bytes of all PNG figures in a notebook's outputs."""
    outputs = (output for cell in notebook["cells"] for output in cell.get("outputs", []))
    figures = (output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {}))
    return sum(len(base64.b64decode("".join(figure))) for figure in figures)


def source_hash(notebook: dict) -> str:
    """A fingerprint of what a notebook says and does: the kinds and sources of its cells, not their outputs."""
    cells = [[cell["cell_type"], source_of(cell)] for cell in notebook["cells"]]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _in_palette(figure: str) -> str:
    """A PNG figure in base64 with at most 128 colours: a third of the bytes, and no difference that one can see."""
    from PIL import Image

    image = Image.open(io.BytesIO(base64.b64decode(figure)))
    if image.mode == "P":
        return figure
    small = io.BytesIO()
    image.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return base64.b64encode(small.getvalue()).decode()


def _joined(outputs: list) -> list:
    """Outputs with neighbouring pieces of one stream put together: where a stream is cut depends on timing."""
    joined: list = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last and output["output_type"] == last["output_type"] == "stream" and output["name"] == last["name"]:
            last["text"] += output["text"]
        else:
            joined.append(output)
    return joined
