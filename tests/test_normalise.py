"""The committed form of a notebook: what stays, what goes, what is refused."""

import base64
import io
import json

import nbformat
import numpy as np
from minibook import code, text
from nbformat.v4 import new_notebook, new_output
from PIL import Image

from llmbook.normalise import PNG_LIMIT, normalised, png_bytes, refusals, source_hash, to_text


def executed(*outputs) -> nbformat.NotebookNode:
    cell = code("a", "1 + 1", "mirror")
    cell.execution_count, cell.outputs = 7, list(outputs)
    cell.metadata.update(papermill={"duration": 1.0}, execution={"iopub": "x"}, collapsed=False, mirror="x.Y")
    notebook = new_notebook(cells=[text("t", "# Title"), cell])
    notebook.metadata.update(
        papermill={"input_path": "/home/me"}, widgets={"state": {}}, llmbook={"exercise": "2.2"},
        kernelspec={"name": "my-env", "display_name": "Mine", "language": "python"},
        language_info={"name": "python", "version": "3.11.7"},
    )  # fmt: skip
    return notebook


def printed(words: str, name: str = "stdout"):
    return new_output("stream", name=name, text=words)


def png(image: Image.Image, size: int = 0):
    """A figure; zeros behind the picture bring it to `size` bytes."""
    file = io.BytesIO()
    image.save(file, "png")
    return new_output("display_data", {"image/png": base64.b64encode(file.getvalue().ljust(size, b"\0")).decode()})


def figure(size: int):
    return png(Image.new("P", (4, 4)), size)


def test_outputs_counts_ids_and_tags_stay_and_the_runs_traces_go():
    before = executed(printed("2\n"), figure(100))
    clean = normalised(before)
    assert clean.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "llmbook": {"exercise": "2.2"},
    }
    assert clean.cells[1].metadata == {"tags": ["mirror"], "mirror": "x.Y"}
    assert (clean.cells[1].id, clean.cells[1].execution_count) == ("a", 7)
    assert clean.cells[1].outputs == before.cells[1].outputs
    assert "papermill" in before.metadata, "the original must stay as it is"


def test_streams_are_joined_and_widgets_dropped():
    widget = new_output("display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": "random"}})
    clean = normalised(executed(printed("a"), printed("b\n"), widget, printed("c\n")))
    assert [output.text for output in clean.cells[1].outputs] == ["ab\nc\n"]


def test_figures_are_put_in_a_palette_which_nobody_can_see():
    blue = np.random.default_rng(0).integers(0, 256, (200, 300))
    pixels = np.stack([blue // 4, blue // 2, blue], -1).astype(np.uint8)
    before = executed(png(Image.fromarray(pixels).convert("RGBA")))
    clean = normalised(before)
    image = Image.open(io.BytesIO(base64.b64decode(clean.cells[1].outputs[0].data["image/png"])))
    assert image.mode == "P" and png_bytes(clean) < png_bytes(before)
    assert np.abs(np.asarray(image.convert("RGB")).astype(int) - pixels).mean() < 10


def test_the_text_is_a_valid_notebook_and_a_fixed_point():
    once = to_text(normalised(executed(printed("结果\n"))))
    again = to_text(normalised(nbformat.reads(once, as_version=4)))
    assert once == again
    assert "结果" in once
    assert once.endswith("}\n")


def test_error_streams_exceptions_and_heavy_figures_are_refused_by_name():
    assert refusals(executed(printed("fine"), figure(PNG_LIMIT))) == []
    assert refusals(executed(printed("oh\n", "stderr"))) == ["cell 1 writes to stderr: oh"]
    error = new_output("error", ename="ValueError", evalue="x", traceback=[])
    assert refusals(executed(error)) == ["cell 1 stores an exception: ValueError"]
    heavy = executed(figure(200 * 1024), figure(150 * 1024))
    assert png_bytes(heavy) == 350 * 1024
    assert refusals(heavy) == ["its PNG figures take 350 KB, more than 300"]


def test_the_fingerprint_sees_sources_and_not_outputs():
    a, b = executed(printed("1")), executed(printed("2"))
    assert source_hash(a) == source_hash(b) == source_hash(json.loads(to_text(a)))
    b.cells[1].source += " "
    assert source_hash(a) != source_hash(b)
