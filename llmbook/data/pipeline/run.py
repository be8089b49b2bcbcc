"""`clean`: a recipe's steps over all chunks, by the processes of this machine or the workers of a cluster.

The steps are cut into stages: a stage ends with a step that must see all documents, or with the output. Within a stage
every chunk is a task by itself, whose result is a file; a task whose result is there is not done again, so that an
interrupted run goes on where it was. The tasks are submitted to a `concurrent.futures.Executor`: this machine's
process pool, or that of a Dask cluster. Of the engines that the field uses (Spark, Ray, Dask, datatrove's own), Dask is
the one with this interface of the standard library, so that both ways are one code; it is plain Python, and starts by
ssh, Slurm or Kubernetes.
"""

import json
import os
import pickle
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import IO, Any

import numpy as np

from llmbook.data.dedup.components import connected_components
from llmbook.data.pipeline import duplicates
from llmbook.data.pipeline.reading import Chunk, Malformed, Row, plan, read
from llmbook.data.pipeline.recipe import CleaningRecipe
from llmbook.data.pipeline.statistics import StepCount, plain, total
from llmbook.data.pipeline.steps import Removed, Step
from llmbook.errors import ReaderError
from llmbook.files import write_atomically

ROWS_PER_BATCH = 1024
ROWS_PER_PART = 8192  # whose keys and signatures are held in memory at a time


@dataclass(frozen=True)
class Stage:
    """Some steps that see one document at a time, and one that sees all, or None at the end."""

    number: int
    before: Step | None  # the one that ended the stage before, whose duplicates this one leaves out
    steps: tuple[Step, ...]
    gather: Step | None


@dataclass(frozen=True)
class Task:
    """One chunk's part of one stage."""

    recipe: CleaningRecipe
    stage: Stage
    index: int
    chunk: Chunk
    work: Path

    def path(self, suffix: str, stage: int | None = None) -> Path:
        return self.work / f"stage-{self.stage.number if stage is None else stage}" / f"{self.index:06d}{suffix}"


def clean(
    recipe: CleaningRecipe,
    workers: int = 1,
    cluster: str | None = None,
    progress: Callable[[str, int, int], None] = lambda title, done, of: None,
) -> dict[str, Any]:
    """Run a recipe. What an interrupted run of the same recipe on the same files has finished is not done again.

    Args:
        recipe: what to do.
        workers: processes of this machine; 1 works in this process.
        cluster: address of a Dask scheduler (`tcp://host:8786`), whose workers see the same files, to use instead.
        progress: called with a stage's title, how much of it is done, and of how much.

    Returns:
        The report, as it stands in `report.json` of the output folder: "rows" read, "set_aside" with reasons, "steps"
        (`StepCount`s as dicts), "kept" documents and "kept_characters", the "recipe" and its "fingerprint".

    Raises:
        ReaderError: the input is missing, the output folder holds something else, or a worker died.
    """
    chunks = plan(recipe.inputs, int(recipe.chunk_megabytes * 2**20))
    fingerprint = recipe.fingerprint(dict.fromkeys(Path(chunk.path) for chunk in chunks))
    if (done := _finished(recipe.output, fingerprint)) is not None:
        return done
    work = recipe.output.with_name(f".{recipe.output.name}.{fingerprint}.part")
    with _one_line(work), _executor(workers, cluster) as executor:
        counts: list[StepCount] = []
        reports: list[dict[str, Any]] = []
        stages = _stages(recipe.steps)
        for stage in stages:
            (work / f"stage-{stage.number}").mkdir(parents=True, exist_ok=True)
            tasks = [Task(recipe, stage, index, chunk, work.absolute()) for index, chunk in enumerate(chunks)]
            title = " → ".join(step.name for step in (*stage.steps, *filter(None, [stage.gather]))) or "write"
            latest = _all(executor, _run_task, tasks, [task.chunk.nbytes for task in tasks], title, progress)
            reports = reports or latest
            counts += total([StepCount.load(count) for count in report["steps"]] for report in latest)
            if stage.gather is not None:
                _gather(executor, stage, tasks, latest, progress)
        _name_originals(counts, stages, tasks)
        report = _report(recipe, fingerprint, reports, latest, counts)
        _publish(recipe, work, tasks, report)
    return report


def _stages(steps: Iterable[Step]) -> list[Stage]:
    stages: list[Stage] = []
    before, current = None, []
    for step in steps:
        if step.gathers:
            stages.append(Stage(len(stages), before, tuple(current), step))
            before, current = step, []
        else:
            current.append(step)
    return [*stages, Stage(len(stages), before, tuple(current), None)]


# ---------------------------------------------------------------- one chunk


def _run_task(task: Task) -> dict[str, Any]:
    """A chunk through a stage's steps; the result is in files, the report of it is given back."""
    marker = task.path(".json")
    if marker.exists():
        return json.loads(marker.read_text(encoding="utf-8"))
    report: dict[str, Any] = {"rows": 0, "set_aside": Counter(), "kept": 0, "parts": 0, "characters": 0}
    counts = [StepCount(step.name) for step in task.stage.steps]
    dropped = StepCount(task.stage.before.name) if task.stage.before else None
    with _result(task) as write, _Keys(task) as keys:
        source = _later_rows(task, dropped) if dropped else _first_rows(task, report)
        while batch := list(islice(source, ROWS_PER_BATCH)):
            for step, count in zip(task.stage.steps, counts, strict=True):
                batch = _apply(step, batch, count, task.recipe)
            write(batch)
            keys.add([number for number, _ in batch], [row[task.recipe.text_column] for _, row in batch])
            report["kept"] += len(batch)
            report["characters"] += sum(len(row[task.recipe.text_column]) for _, row in batch)
    report |= {"steps": plain([dropped, *counts] if dropped else counts), "parts": keys.parts}
    write_atomically(marker, json.dumps(report, ensure_ascii=False))
    return report


def _apply(step: Step, batch: list[tuple[int, Row]], count: StepCount, recipe: CleaningRecipe) -> list[tuple[int, Row]]:
    """The rows that a step keeps, as it left them."""
    column, kept = recipe.text_column, []
    texts = [row[column] for _, row in batch]
    count.documents += len(batch)
    count.characters += sum(map(len, texts))
    for (number, row), before, after in zip(batch, texts, step.apply(texts, [row for _, row in batch]), strict=True):
        if isinstance(after, Removed):
            count.remove(str(row.get(recipe.id_column, number)), after.reason, before)
            continue
        if after != before:
            count.edited += 1
            row = {**row, column: after}
        kept.append((number, row))
    return kept


def _first_rows(task: Task, report: dict[str, Any]) -> Iterator[tuple[int, Row]]:
    """The rows of the input, numbered; what is malformed goes into a file of its own."""
    with open(task.path(".set-aside.jsonl"), "w", encoding="utf-8") as aside:
        for number, row in enumerate(read(task.chunk, task.recipe.text_column)):
            report["rows"] += 1
            if isinstance(row, Malformed):
                report["set_aside"][row.reason.partition(":")[0]] += 1
                aside.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
            else:
                yield number, row


def _later_rows(task: Task, count: StepCount) -> Iterator[tuple[int, Row]]:
    """The rows that the stage before left, without those that turned out to be duplicates."""
    before, recipe = task.stage.number - 1, task.recipe
    removed = np.load(task.work / f"stage-{before}" / "removed.npy", mmap_mode="r")  # [duplicates, (row, original)]
    begin, end = np.searchsorted(
        removed[:, 0], [duplicates.row_id(task.index, 0), duplicates.row_id(task.index + 1, 0)]
    )
    originals = {row & 0xFFFFFFFF: original for row, original in removed[begin:end].tolist()}
    for number, row in _unpickle(task.path(".rows", before)):
        text = row[recipe.text_column]
        count.documents += 1
        count.characters += len(text)
        if number in originals:
            count.remove(str(row.get(recipe.id_column, number)), f"duplicate: {originals[number]}", text)
        else:
            yield number, row


def _unpickle(path: Path) -> Iterator[tuple[int, Row]]:
    with open(path, "rb") as file:
        while True:
            try:
                yield from pickle.load(file)
            except EOFError:
                return


@contextmanager
def _result(task: Task) -> Iterator[Callable[[list[tuple[int, Row]]], None]]:
    """Writes batches to the file that the next stage reads, or to the output."""
    parquet = task.chunk.path.endswith(".parquet")
    if task.stage.gather is not None:
        # Pickled, since the columns of a row may be of any type: only this run reads the file.
        with open(task.path(".rows"), "wb") as file:
            yield lambda batch: pickle.dump(batch, file, protocol=5)
    elif parquet:
        with _parquet_writer(task) as write:
            yield write
    else:
        with open(task.path(".jsonl"), "w", encoding="utf-8", newline="\n") as file:
            yield lambda batch: _write_lines(file, batch)


def _write_lines(file: IO[str], batch: list[tuple[int, Row]]) -> None:
    file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for _, row in batch)


@contextmanager
def _parquet_writer(task: Task) -> Iterator[Callable[[list[tuple[int, Row]]], None]]:
    """With the columns of the input file, and those that steps have added."""
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.parquet.read_schema(task.chunk.path)
    for step in task.recipe.steps:
        for column in step.adds:
            if column not in schema.names:
                schema = schema.append(pyarrow.field(column, pyarrow.string()))
    with pyarrow.parquet.ParquetWriter(task.path(".parquet"), schema) as writer:
        yield lambda batch: writer.write_table(pyarrow.Table.from_pylist([row for _, row in batch], schema=schema))


class _Keys:
    """Collects the keys and signatures of a chunk, and writes them a part at a time."""

    def __init__(self, task: Task) -> None:
        self.task, self.parts = task, 0
        self._rows: list[np.ndarray] = []
        self._signatures: list[np.ndarray] = []

    def __enter__(self) -> "_Keys":
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self._write()

    def add(self, numbers: Sequence[int], texts: Sequence[str]) -> None:
        """Take in a batch; where the stage ends without a gathering step there is nothing to do."""
        step = self.task.stage.gather
        if step is None or not texts:
            return
        self._rows.append(duplicates.row_id(self.task.index, np.array(numbers)))
        self._signatures.append(step.signatures(texts))
        if sum(map(len, self._rows)) >= ROWS_PER_PART:
            self._write()

    def _write(self) -> None:
        if not self._rows:
            return
        rows, signatures = np.concatenate(self._rows), np.concatenate(self._signatures)
        stem = self.task.path(f".{self.parts:04d}")
        duplicates.write_keys(stem, rows, self.task.stage.gather.keys(signatures), signatures)
        self.parts += 1
        self._rows, self._signatures = [], []


# ---------------------------------------------------------------- all chunks


def _gather(
    executor: Executor | None,
    stage: Stage,
    tasks: Sequence[Task],
    reports: Sequence[dict[str, Any]],
    progress: Callable[[str, int, int], None],
) -> None:
    """Find the duplicates among all rows; all but the earliest of each group are noted in `removed.npy`."""
    path = tasks[0].path("").with_name("removed.npy")
    if path.exists():
        return
    parts = zip(tasks, reports, strict=True)
    stems = [task.path(f".{part:04d}") for task, report in parts for part in range(report["parts"])]
    found = np.zeros((0, 2), dtype=np.uint64)
    if stems:
        ranges = -(-duplicates.count_keys(stems) // duplicates.KEYS_PER_RANGE)
        jobs = [(stems, stage.gather, part, ranges) for part in range(ranges)]
        links = _all(executor, _link, jobs, [1] * ranges, f"{stage.gather.name}: compare", progress)
        found = np.unique(np.concatenate(links), axis=0)
    rows, inverse = np.unique(found, return_inverse=True)
    originals = rows[connected_components(len(rows), inverse.reshape(found.shape))]
    copies = rows != originals
    partial = path.with_name("removed.part.npy")
    np.save(partial, np.stack([rows[copies], originals[copies]], axis=1))
    os.replace(partial, path)


def _link(job: tuple[Sequence[Path], Step, int, int]) -> np.ndarray:
    return duplicates.link(*job)


def _name_originals(counts: Iterable[StepCount], stages: Sequence[Stage], tasks: Sequence[Task]) -> None:
    """Call the originals of the duplicates that are shown as examples by their ids."""
    gathering = [stage for stage in stages if stage.gather]
    names = {stage.gather.name for stage in gathering}
    for stage, count in zip(gathering, (count for count in counts if count.step in names), strict=True):
        for example in count.examples:
            original = int(example["reason"].partition(": ")[2])
            task = tasks[original >> 32]
            rows = _unpickle(task.path(".rows", stage.number))
            row = next(row for number, row in rows if number == original & 0xFFFFFFFF)
            name = row.get(task.recipe.id_column, f"row {original & 0xFFFFFFFF} of {task.chunk.path}")
            example["reason"] = f"duplicate of {name}"


def _all(
    executor: Executor | None,
    work: Callable[[Any], Any],
    jobs: Sequence[Any],
    sizes: Sequence[int],
    title: str,
    progress: Callable[[str, int, int], None],
) -> list[Any]:
    """`work` of every job, in order; few are handed out at a time, so that none waits in memory."""
    done, of = 0, sum(sizes)
    results: list[Any] = [None] * len(jobs)
    progress(title, 0, of)
    if executor is None:
        for index, job in enumerate(jobs):
            results[index] = work(job)
            progress(title, done := done + sizes[index], of)
        return results
    queue, running = iter(range(len(jobs))), {}
    in_flight = 4 * (getattr(executor, "_max_workers", None) or os.cpu_count() or 1)
    while True:
        for index in islice(queue, in_flight - len(running)):
            running[executor.submit(work, jobs[index])] = index
        if not running:
            return results
        finished: set[Future] = wait(running, return_when=FIRST_COMPLETED).done
        for future in finished:
            index = running.pop(future)
            results[index] = future.result()
            progress(title, done := done + sizes[index], of)


@contextmanager
def _executor(workers: int, cluster: str | None) -> Iterator[Executor | None]:
    """Where tasks run; None for this process."""
    if cluster is not None:
        try:
            from distributed import Client
        except ModuleNotFoundError:
            raise ReaderError("a cluster needs the package distributed: pip install 'llmbook[cluster]'") from None
        try:
            client = Client(cluster, timeout=5)
        except (OSError, ValueError) as error:
            raise ReaderError(f"no Dask scheduler answers at {cluster}: {error}") from None
        with client:
            yield client.get_executor(pure=False)
    elif workers > 1:
        # Fresh processes: a forked one would inherit the memory, and the locks, of a notebook's threads.
        pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_one_thread)
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    else:
        yield None


def _one_thread() -> None:
    """The processes share the cores already: their libraries should not start threads on top."""
    os.environ["OMP_NUM_THREADS"] = "1"


@contextmanager
def _one_line(work: Path) -> Iterator[None]:
    """What the reader can mend, as one line; what is finished stays in `work`."""
    try:
        yield
    except BrokenProcessPool:
        raise ReaderError(
            "a worker died, perhaps for want of memory: run it again with fewer --workers; what is finished is kept"
        ) from None
    except OSError as error:
        raise ReaderError(f"{error.filename or work}: {error.strerror or error}") from error


# ---------------------------------------------------------------- the result


def _report(
    recipe: CleaningRecipe,
    fingerprint: str,
    first: Sequence[dict[str, Any]],
    last: Sequence[dict[str, Any]],
    counts: Sequence[StepCount],
) -> dict[str, Any]:
    set_aside: Counter[str] = Counter()
    for report in first:
        set_aside.update(report["set_aside"])
    return {
        "fingerprint": fingerprint,
        "recipe": recipe.describe(),
        "rows": sum(report["rows"] for report in first),
        "set_aside": dict(set_aside),
        "steps": plain(counts),
        "kept": sum(report["kept"] for report in last),
        "kept_characters": sum(report["characters"] for report in last),
    }


def _publish(recipe: CleaningRecipe, work: Path, tasks: Sequence[Task], report: dict[str, Any]) -> None:
    """Lay the result out and put it in its place at once."""
    out = work / "output"
    shutil.rmtree(out, ignore_errors=True)
    (out / "data").mkdir(parents=True)
    for task in tasks:
        suffix = ".parquet" if task.chunk.path.endswith(".parquet") else ".jsonl"
        shutil.copyfile(task.path(suffix), out / "data" / f"{task.index:06d}{suffix}")
    with open(out / "set-aside.jsonl", "wb") as aside:
        for task in tasks:
            with open(task.path(".set-aside.jsonl", stage=0), "rb") as file:
                shutil.copyfileobj(file, aside)
    write_atomically(out / "report.json", json.dumps(report, ensure_ascii=False, indent=1))
    os.replace(out, recipe.output)
    shutil.rmtree(work)


def _finished(output: Path, fingerprint: str) -> dict[str, Any] | None:
    """The report of the same recipe on the same files, if the output is that; None if there is no output yet."""
    if not output.exists():
        return None
    try:
        report = json.loads((output / "report.json").read_text(encoding="utf-8"))
        if report["fingerprint"] == fingerprint:
            return report
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise ReaderError(f"{output} holds another result: move it away, or name another output")
