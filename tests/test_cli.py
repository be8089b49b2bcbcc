"""`llmbook run` and its neighbours, on a book of tiny notebooks: each way that a run can end."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import nbformat
import pytest
from minibook import empty_book, section

from llmbook import cli, files
from llmbook.batch import parse_settings

CLAIM = "from llmbook.notebook import at_least, claim\nclaim('1.1', 'three is enough', N, at_least({}), 'counting')"
FIGURE = """import io
from IPython.display import Image, display
from PIL import Image as Picture
Picture.new("RGB", (40, 30), "teal").save(png := io.BytesIO(), "PNG")
display(Image(png.getvalue()))"""
WHERE = """import os, sys
print(sys.executable, os.getcwd(), os.environ.get("OMP_NUM_THREADS"), PRESET, N)"""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A book with every ending; the working folder; and another Python's kernelspec in front of ours."""
    root = empty_book(tmp_path_factory.mktemp("book"))
    section(root, "01_ends/1_passes", "1.1 Passes (通过)", CLAIM.format(2), WHERE, FIGURE)
    section(root, "01_ends/2_claims_too_much", "1.2 Claims too much", CLAIM.format(4))
    section(root, "01_ends/3_raises", "1.3 Raises", "1 + 1", "raise ValueError('first line\\nsecond line')", "2 + 2")
    section(root, "01_ends/4_dies", "1.4 Dies", "import os\nos._exit(3)")
    section(root, "01_ends/5_sleeps", "1.5 Sleeps", "import time\ntime.sleep(60)")
    section(root, "02_more/1_complains", "2.1 Complains", "import sys\nprint('tut', file=sys.stderr)")
    spec = root / "jupyter" / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": ["/bin/false"], "display_name": "not ours", "language": "python"}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(root / "jupyter"))
        patch.setenv("LLMBOOK_HOME", str(root / "home"))
        patch.setenv("MPLBACKEND", "Agg")
        patch.chdir(root / "chapters")
        yield root


@pytest.fixture
def llmbook(capsys):
    """Call the command in this process; returns status, stdout, stderr."""

    def call(*arguments):
        with pytest.raises(SystemExit) as end:
            cli.main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return end.value.code, printed.out, printed.err

    return call


@pytest.fixture(scope="module")
def ended(book):
    """All endings in one run, two notebooks at a time."""
    command = [sys.executable, "-m", "llmbook.cli", "run", "1", "--jobs", "2", "--timeout", "6"]
    done = subprocess.run(command, cwd=book, capture_output=True, text=True, timeout=120)
    return done, book / "home" / "runs" / "latest"


def record(out, name):
    return json.loads((out / "01_ends" / f"{name}.json").read_text())


def output_of(out, name):
    cells = nbformat.read(out / f"{name}.ipynb", as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return "".join(output.text for output in outputs if output.output_type == "stream")


def test_the_exit_status_and_each_failure_name_section_cell_and_error(ended):
    done, _ = ended
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "llmbook: section 1.2, cell 2: AssertionError: claim 1.1 does not hold: three is enough: "
        "measured 3, expected at least 4",
        "llmbook: section 1.3, cell 3: ValueError: first line",
        "llmbook: section 1.4, cell 2: the kernel died (exit status 3)",
        "llmbook: section 1.5, cell 2: the cell took longer than 6 s (--timeout)",
    ]


def test_progress_is_plain_lines_where_there_is_no_terminal(ended):
    done, out = ended
    assert "1.1 Passes (通过): passed (4/4 cells, " in done.stdout
    assert "1.2 Claims too much: failed (2/2 cells, " in done.stdout and "claims 0/1)" in done.stdout
    assert f"1 of 5 sections passed; report: {out / 'index.html'}" in done.stdout
    assert "\x1b" not in done.stdout


def test_records_and_ledger_hold_what_was_measured(ended):
    _, out = ended
    passed, raised = record(out, "1_passes"), record(out, "3_raises")
    assert (passed["state"], passed["cells"], passed["done"], passed["parameters"]) == ("passed", 4, 4, {})
    assert len(passed["figures"]) == 1 and len(passed["source"]) == 64 and passed["seconds"] > 0
    assert (raised["state"], raised["failed_cell"]) == ("failed", 3)
    ledger = json.loads((out / "claims.json").read_text())
    assert [(line["expected"], line["holds"]) for line in ledger] == [("at least 2", True), ("at least 4", False)]


def test_the_report_has_a_page_for_every_section(ended):
    _, out = ended
    index = (out / "index.html").read_text()
    for name in ("1_passes", "2_claims_too_much", "3_raises", "4_dies", "5_sleeps"):
        assert f'href="01_ends/{name}.html"' in index
        assert (out / "01_ends" / f"{name}.html").read_text().count("<h1") == 1
    assert "encountered an exception" not in (out / "01_ends" / "3_raises.html").read_text()


def test_kernels_are_this_python_in_the_chapters_folder_with_one_core_each(ended, book):
    _, out = ended
    where = [sys.executable, str(book / "chapters" / "01_ends")]
    assert output_of(out, "01_ends/1_passes").split() == [*where, "1", "cpu", "3"]


def test_resume_keeps_what_passed_unless_parameters_or_source_differ(ended, book, llmbook):
    _, out = ended
    status, said, _ = llmbook("run", "1.1", "--resume")
    assert status == 0 and "1.1 Passes (通过): passed (kept from before, claims 1/1)" in said
    settings = ["--preset", "gpu", "--set", "N=4"]
    status, said, _ = llmbook("run", "1.1", "--resume", *settings, "--out", out)
    assert status == 0 and "4/4 cells" in said
    assert output_of(out, "01_ends/1_passes").split()[2:] == ["None", "gpu", "4"]
    assert record(out, "1_passes")["parameters"] == {"N": 4, "PRESET": "gpu"}
    source = book / "chapters/01_ends/1_passes.ipynb"
    before = source.read_text()
    source.write_text(before.replace("three is enough", "three is plenty"))
    try:
        status, said, _ = llmbook("run", "1.1", "--resume", *settings)
    finally:
        source.write_text(before)
    assert status == 0 and "4/4 cells" in said


def test_update_writes_the_same_bytes_twice_and_refuses_error_streams(book, llmbook, tmp_path):
    passes, complains = book / "chapters/01_ends/1_passes.ipynb", book / "chapters/02_more/1_complains.ipynb"
    kept, loud = passes.read_text(), complains.read_text()
    try:
        status, _, said = llmbook("run", "1.1", "2.1", "--update", "--out", tmp_path)
        assert status == 1
        assert said == "llmbook: section 2.1: not updated: cell 2 writes to stderr: tut\n"
        assert complains.read_text() == loud
        once = passes.read_text()
        assert "papermill" not in once and '"execution_count": 4' in once and "image/png" in once
        llmbook("run", "1.1", "--update", "--out", tmp_path)
        assert passes.read_text() == once
        listed = llmbook("list")[1].splitlines()
        assert listed[1].split()[-1] == "1" and listed[1].startswith("1.1") and "Passes (通过)" in listed[1]
    finally:
        passes.write_text(kept)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["1.9"], "no section '1.9' in the book: did you mean 1."),
        (["1.1", "--set", "M=3"], "section 1.1 has no parameter 'M': it has PRESET, SEED, N"),
        (["1.1", "--set", "N"], "--set N: write it as name=value"),
        (["1.1", "--set", "N=["], "--set N=[: write it as name=value"),
        (["1.1", "--update", "--set", "N=3"], "--update writes the notebooks as the book prints them"),
        (["1.1", "--update", "--preset", "gpu"], "--update writes the notebooks as the book prints them"),
        (["1.1", "--out", "01_ends/1_passes.ipynb/x"], "cannot write "),
    ],
)
def test_what_the_reader_can_mend_is_one_line_and_status_2(book, llmbook, arguments, line):
    status, said, complaint = llmbook("run", *arguments)
    assert status == 2 and said == ""
    assert complaint.startswith(f"llmbook: {line}") and complaint.count("\n") == 1


def test_a_missing_kernel_is_one_line(book, llmbook, monkeypatch):
    monkeypatch.setattr("llmbook.runner.importlib.util.find_spec", lambda name: None)
    status, _, complaint = llmbook("run", "1.1")
    assert status == 2 and complaint.startswith("llmbook: no Jupyter kernel in this Python: ")
    assert complaint.endswith("-m pip install ipykernel\n")


@pytest.fixture
def small_disk(tmp_path, monkeypatch):
    """A folder on a disk of 100 KB; where mounting one is not allowed, writes above that fail as they would there."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "none", str(tmp_path)]
    mounted = shutil.which("mount") and subprocess.run(mount, capture_output=True).returncode == 0
    if not mounted:
        write = files.Path.write_bytes

        def limited(path, content):
            if len(content) > 100_000:
                write(path, content[:100_000])
                raise OSError(28, "No space left on device")
            return write(path, content)

        monkeypatch.setattr(files.Path, "write_bytes", limited)
    yield tmp_path
    if mounted:
        subprocess.run(["umount", tmp_path], check=True)


def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(book, llmbook, small_disk):
    section(book, "03_big/1_big", "3.1 Big", "print('x' * 200_000)")
    try:
        status, _, complaint = llmbook("run", "3.1", "--out", small_disk)
    finally:
        shutil.rmtree(book / "chapters" / "03_big")
    assert status == 2
    assert complaint == f"llmbook: cannot write {small_disk / '03_big' / '1_big.ipynb'}: No space left on device\n"
    left = sorted(path.name for path in small_disk.rglob("*") if path.is_file())
    assert left == ["claims.json", "index.html"]
    assert (small_disk / "index.html").read_text().endswith("</html>")


def test_an_interrupt_leaves_a_report_and_resume_goes_on(book, llmbook, tmp_path):
    wait = "import pathlib, time\nwhile not pathlib.Path('go').exists():\n    time.sleep(0.1)"
    root = empty_book(tmp_path / "book")
    section(root, "01_a/1_quick", "1.1 Quick", CLAIM.format(1))
    section(root, "01_a/2_waits", "1.2 Waits", wait)
    section(root, "01_a/3_later", "1.3 Later", "1 + 1")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "llmbook.cli", "run", "--out", str(out)]
    run = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(300):
        if (out / "01_a" / "1_quick.json").exists():
            break
        time.sleep(0.1)
    time.sleep(1.5)  # the second notebook's kernel is starting or running by now
    run.send_signal(signal.SIGINT)
    said, complaint = run.communicate(timeout=30)
    assert run.returncode == 130
    assert "1.1 Quick: passed" in said and "1.2 Waits: interrupted" in said
    assert complaint.startswith("llmbook: interrupted; what was finished is in ") and complaint.count("\n") == 1
    index = (out / "index.html").read_text()
    assert "interrupted" in index and "not run" in index and "1 of 3" in index
    (root / "chapters" / "01_a" / "go").touch()
    os.chdir(root)
    status, said, _ = llmbook("run", "--resume", "--jobs", "2", "--out", out)
    os.chdir(book)
    assert status == 0
    assert "1.1 Quick: passed (kept from before, claims 1/1)" in said
    assert "1.2 Waits: passed (2/2 cells" in said and "1.3 Later: passed (2/2 cells" in said


def test_settings_are_yaml_and_scientific_numbers_are_numbers():
    given = parse_settings(["a=1", "b=1e-3", "c=text", "d=[1, 2]", "e=true", "f=", "g=1.5E+2", "h='1e3'"])
    assert given == {"a": 1, "b": 1e-3, "c": "text", "d": [1, 2], "e": True, "f": None, "g": 150.0, "h": 1e3}


def test_a_setting_that_names_a_file_reaches_the_notebook_whatever_its_folder(tmp_path, monkeypatch):
    (tmp_path / "pairs.tsv").touch()
    monkeypatch.chdir(tmp_path)
    given = parse_settings(["a=pairs.tsv", "b=others.tsv", "c=."])
    assert given == {"a": str(tmp_path / "pairs.tsv"), "b": "others.tsv", "c": "."}


def test_data_and_samples_are_made_by_the_sample_world(book, llmbook, monkeypatch):
    """The commands hand over to llmbook.data.samples: what that writes is tested with it."""
    calls = []
    fake = type(sys)("llmbook.data.samples")
    fake.write_records = lambda world, *rest: calls.append((type(world).__name__, *rest))
    fake.write_samples = lambda *rest: calls.append(rest)
    monkeypatch.setitem(sys.modules, "llmbook.data.samples", fake)
    assert llmbook("data", "generate", "parallel", "--count", 5, "--out", "x.jsonl", "--start", 2)[0] == 0
    assert llmbook("make", "samples", "--seed", 7)[0] == 0
    assert calls == [("World", "parallel", 5, cli.Path("x.jsonl"), 2), (book / "data_samples", 7)]
