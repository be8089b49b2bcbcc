"""The pipeline: the same result however it is run, nothing lost, nothing done twice, memory that does not grow."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from unittest import mock

import psutil
import pyarrow.parquet
import pytest

from llmbook.data.pipeline import duplicates, run
from llmbook.data.pipeline.recipe import CleaningRecipe
from llmbook.data.pipeline.run import clean
from llmbook.data.pipeline.statistics import StepCount, waterfall
from llmbook.errors import ReaderError

STEPS = ["normalize", "exact_duplicates", {"min_length": {"characters": 300}}, "near_duplicates", "personal_data"]


def documents(count, seed=0):
    """Random texts, with exact copies, near copies, short ones, e-mail addresses and broken lines; and what is kept."""
    rng = random.Random(seed)
    words = [f"word{i}" for i in range(4000)]
    texts = [" ".join(rng.choices(words, k=90)) for _ in range(count)]
    rows, kept = [], []
    for i, text in enumerate(texts):
        earlier = rng.randrange(i) if i else 0
        kind = rng.choices(["new", "exact", "near", "short", "mail"], [70, 10, 10, 5, 5])[0] if i else "new"
        if kind == "exact":
            text = rows[earlier]["text"]
        elif kind == "near":
            near = rows[earlier]["text"].split()
            near[rng.randrange(len(near))] = "changed"
            text = " ".join(near)
        elif kind == "short":
            text = f"a short text number {i}"
        elif kind == "mail":
            text += f" write to user{i}@example.com"
        rows.append({"id": f"d{i}", "text": text, "kind": kind, "number": i})
        if kind in ("new", "mail"):
            kept.append(f"d{i}")
    return rows, kept


ROWS, KEPT = documents(1500)


def write_lines(folder, rows=ROWS, files=3):
    folder.mkdir(exist_ok=True)
    for n in range(files):
        lines = [json.dumps(row) + "\n" for row in rows[n * len(rows) // files : (n + 1) * len(rows) // files]]
        lines.insert(5, "broken\n")
        (folder / f"{n}.jsonl").write_text("".join(lines))


def recipe_for(folder, output="out", **changes):
    settings = {"inputs": [str(folder / "*.jsonl")], "output": str(folder / output), "steps": STEPS}
    return CleaningRecipe.from_mapping(settings | {"chunk_megabytes": 0.1} | changes)


def lines_of(output):
    return [json.loads(line) for path in sorted((output / "data").iterdir()) for line in path.open()]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crawl")
    write_lines(folder)
    return folder, clean(recipe_for(folder))


def test_what_is_kept_is_what_the_labels_say(done):
    folder, report = done
    rows = lines_of(folder / "out")
    assert [row["id"] for row in rows] == KEPT
    originals = {row["id"]: row for row in ROWS}
    for row in rows:
        before = originals[row["id"]]
        assert (row["kind"], row["number"]) == (before["kind"], before["number"])
        assert ("<EMAIL>" in row["text"]) == (before["kind"] == "mail") and "@" not in row["text"]
        assert row["text"] == before["text"] or before["kind"] == "mail"


def test_the_report_counts_every_document(done):
    folder, report = done
    kinds = Counter(row["kind"] for row in ROWS)
    counts = {count["step"]: count for count in report["steps"]}
    assert report["rows"] == len(ROWS) + 3 and report["set_aside"] == {"not JSON": 3}
    different = {row["text"] for row in ROWS}
    assert counts["exact_duplicates"]["removed"] == len(ROWS) - len(different)
    assert counts["min_length"]["removed"] == sum(len(text) < 300 for text in different)
    assert counts["personal_data"]["edited"] == kinds["mail"]
    flow = [count["documents"] - count["removed"] for count in report["steps"]]
    assert flow[:-1] == [count["documents"] for count in report["steps"][1:]] and flow[-1] == report["kept"] == len(
        KEPT
    )
    characters = [count["characters"] - count["removed_characters"] for count in report["steps"]]
    assert characters[:3] == [count["characters"] for count in report["steps"][1:4]]
    assert report["kept_characters"] == sum(len(row["text"]) for row in lines_of(folder / "out"))
    aside = [json.loads(line) for line in (folder / "out" / "set-aside.jsonl").open()]
    assert [one["raw"] for one in aside] == ["broken\n"] * 3
    assert json.loads((folder / "out" / "report.json").read_text()) == report


def test_examples_name_the_original(done):
    _, report = done
    texts = {row["id"]: row["text"] for row in ROWS}
    for step in ("exact_duplicates", "near_duplicates"):
        (count,) = (count for count in report["steps"] if count["step"] == step)
        assert len(count["examples"]) == 3
        for example in count["examples"]:
            original = texts[example["reason"].removeprefix("duplicate of ")].split()
            changed = set(original) ^ set(texts[example["id"]].split())
            assert not changed if step == "exact_duplicates" else 0 < len(changed) < 10


def test_processes_and_a_cluster_give_the_same_files(done, tmp_path):
    from distributed import LocalCluster

    folder, report = done
    wanted = [(path.name, path.read_bytes()) for path in sorted((folder / "out" / "data").iterdir())]
    with (
        mock.patch.dict(os.environ),  # the cluster sets OMP_NUM_THREADS here too, and leaves it set
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
    ):
        ways = {"two": {"workers": 2}, "dask": {"cluster": cluster.scheduler_address}}
        for name, how in ways.items():
            assert clean(recipe_for(folder, name), **how) == report
            assert [(path.name, path.read_bytes()) for path in sorted((folder / name / "data").iterdir())] == wanted


def test_the_order_of_steps_and_the_size_of_chunks_do_not_change_what_is_kept(done):
    folder, _ = done
    assert clean(recipe_for(folder, "large", chunk_megabytes=100))["kept"] == len(KEPT)
    rows = lines_of(folder / "large")
    assert [row["id"] for row in rows] == KEPT


def test_many_ranges_of_keys_find_the_same(done, monkeypatch):
    folder, report = done
    monkeypatch.setattr(duplicates, "KEYS_PER_RANGE", 500)
    monkeypatch.setattr(run, "ROWS_PER_PART", 100)
    monkeypatch.setattr(run, "ROWS_PER_BATCH", 7)
    assert clean(recipe_for(folder, "ranges"))["steps"] == report["steps"]


class Stop(Exception):
    pass


@pytest.mark.parametrize("after", [0, 3, 9, 20])
def test_an_interrupted_run_goes_on_where_it_was(done, tmp_path, monkeypatch, after):
    folder, report = done
    calls = Counter()
    real = run._run_task

    def counted(task):
        if not task.path(".json").exists():
            calls[task.stage.number, task.index] += 1
            if calls.total() == after + 1 and not interrupted:
                interrupted.append(1)
                calls[task.stage.number, task.index] -= 1
                raise Stop
        return real(task)

    interrupted = []
    monkeypatch.setattr(run, "_run_task", counted)
    recipe = recipe_for(folder, f"again{after}")
    with pytest.raises(Stop):
        clean(recipe)
    assert not recipe.output.exists()
    assert clean(recipe) == report and set(calls.values()) == {1}
    assert clean(recipe) == report and set(calls.values()) == {1}, "a finished run is not done again"
    assert not [path for path in folder.iterdir() if path.name.endswith(".part")]


def test_the_same_step_may_stand_twice(done):
    folder, _ = done
    steps = ["near_duplicates", {"min_length": {"characters": 300}}, "exact_duplicates", "near_duplicates"]
    report = clean(recipe_for(folder, "twice", steps=steps))
    first, _, _, last = report["steps"]
    assert first["removed"] and not last["removed"] and report["kept"] == len(KEPT)
    assert all(example["reason"].startswith("duplicate of d") for example in first["examples"])


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    write_lines(tmp_path, files=1)

    def refuse(task):
        raise PermissionError(13, "Permission denied", "secret.jsonl")

    monkeypatch.setattr(run, "_run_task", refuse)
    with pytest.raises(ReaderError, match="secret.jsonl: Permission denied"):
        clean(recipe_for(tmp_path))


def test_a_killed_run_leaves_no_output_and_can_be_run_again(done, tmp_path):
    folder, report = done
    path = tmp_path / "r.yaml"
    path.write_text(json.dumps({
        "inputs": [str(folder / "*.jsonl")], "output": str(tmp_path / "out"), "steps": STEPS, "chunk_megabytes": 0.1,
    }))  # fmt: skip
    command = [sys.executable, "-m", "llmbook.cli", "data", "clean", str(path), "--workers", "1"]
    for _ in range(3):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while process.poll() is None and not list(tmp_path.glob(".out.*/stage-*/*.json")):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
        process.wait()
        assert not (tmp_path / "out").exists() or json.loads((tmp_path / "out" / "report.json").read_text())
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{report['kept']} of {report['rows']} documents are in" in done.stdout
    assert [row["id"] for row in lines_of(tmp_path / "out")] == KEPT


def test_a_worker_that_dies_is_reported(done):
    folder, report = done
    killed = []

    def kill_one(title, finished, of):
        if killed:
            return
        workers = [child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())]
        if workers:
            killed.append(workers[0].pid)
            os.kill(workers[0].pid, signal.SIGKILL)

    recipe = recipe_for(folder, "died")
    with pytest.raises(ReaderError, match="a worker died"):
        clean(recipe, workers=2, progress=kill_one)
    assert killed and clean(recipe) == report


def test_parquet_keeps_its_columns(tmp_path):
    table = pyarrow.table({
        "id": [row["id"] for row in ROWS], "text": [row["text"] for row in ROWS],
        "when": [time.gmtime(0)[:3]] * len(ROWS), "raw": [b"\x00\xff"] * len(ROWS),
    })  # fmt: skip
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet", row_group_size=200)
    report = clean(recipe_for(tmp_path, inputs=[str(tmp_path / "a.parquet")]))
    files = sorted((tmp_path / "out" / "data").iterdir())
    assert len(files) > 2 and all(path.suffix == ".parquet" for path in files)
    kept = pyarrow.concat_tables(map(pyarrow.parquet.read_table, files))
    assert kept["id"].to_pylist() == KEPT and report["kept"] == len(KEPT)
    assert kept.schema == table.schema and kept["raw"][0].as_py() == b"\x00\xff"


def test_an_output_that_is_something_else_is_not_touched(done, tmp_path):
    folder, _ = done
    for output in ("out", "foreign"):
        (folder / output).mkdir(exist_ok=True)
        with pytest.raises(ReaderError, match="holds another result"):
            clean(recipe_for(folder, output, steps=["normalize"]))
    assert not list((folder / "foreign").iterdir())


def test_empty_input_gives_empty_output(tmp_path):
    (tmp_path / "a.jsonl").write_text("")
    report = clean(recipe_for(tmp_path))
    assert report["rows"] == report["kept"] == 0 and lines_of(tmp_path / "out") == []


def test_a_scheduler_that_does_not_answer(done):
    folder, _ = done
    with pytest.raises(ReaderError, match="no Dask scheduler answers at tcp://127.0.0.1:1"):
        clean(recipe_for(folder, "nobody"), cluster="tcp://127.0.0.1:1")


def test_the_waterfall():
    counts = [StepCount("a", 100, 1000, 20, 100, 3, Counter(x=15, y=5)), StepCount("b", 80, 900, 40, 500)]
    first, second = waterfall(counts)
    assert (first["removed_of_previous"], first["kept_of_all"], first["kept_characters"]) == (0.2, 0.8, 0.9)
    assert (second["removed_of_previous"], second["kept_of_all"], second["kept_characters"]) == (0.5, 0.4, 0.4)
    assert first["reasons"] == {"x": 15, "y": 5}


PEAK = """
import resource, sys
from llmbook.data.pipeline.recipe import CleaningRecipe
from llmbook.data.pipeline.run import clean
clean(CleaningRecipe.load(sys.argv[1]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_input(tmp_path):
    peaks = []
    for size in (1, 10):
        folder = tmp_path / str(size)
        rng = random.Random(size)
        words = [f"word{i}" for i in range(4000)]
        rows = [{"id": f"d{i}", "text": " ".join(rng.choices(words, k=150))} for i in range(2000 * size)]
        write_lines(folder, rows)
        (folder / "r.yaml").write_text(json.dumps({
            "inputs": [str(folder / "*.jsonl")], "output": str(folder / "out"), "steps": STEPS, "chunk_megabytes": 0.5,
        }))  # fmt: skip
        done = subprocess.run([sys.executable, "-c", PEAK, str(folder / "r.yaml")], capture_output=True, text=True)
        peaks.append(int(done.stdout))
    assert peaks[1] < 1.15 * peaks[0], f"2 MB of input took {peaks[0]} KB, 20 MB {peaks[1]} KB"
