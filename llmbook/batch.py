"""`llmbook run`: the book, or some sections of it, unattended."""

import ast
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from llmbook import records, report
from llmbook.book import Section, read_notebook, source_of, tags_of
from llmbook.display import Display
from llmbook.errors import ReaderError
from llmbook.files import write_atomically
from llmbook.normalise import normalised, refusals, source_hash, to_text
from llmbook.records import Record
from llmbook.runner import Execution, code_cells, run_all

DEFAULT_PRESET = "cpu"
_SCIENTIFIC = re.compile(r"[-+]?\d+(\.\d*)?e[-+]?\d+", re.I)


@dataclass
class Job:
    """A section and the execution that is to run it.

    Attributes:
        blank: the record before the run.
        kept: the record of an earlier run that needs no repeating.
        figures: thumbnails of the executed notebook.
        refused: why the result could not be put back into the book.
        stored: whether the run's folder has it.
    """

    section: Section
    execution: Execution
    blank: Record
    kept: Record | None = None
    figures: list[str] = field(default_factory=list)
    refused: str = ""
    stored: bool = False

    @property
    def record(self) -> Record:
        """How it stands now."""
        run = self.execution
        record = self.kept or replace(
            self.blank, state=run.state, cells=run.cells, done=run.done, seconds=round(run.elapsed, 2),
            claims=run.claims, failed_cell=run.failed_cell, error=run.error, figures=self.figures,
        )  # fmt: skip
        return replace(record, state="failed", error=self.refused) if self.refused else record


def run_book(
    sections: Sequence[Section],
    out: Path,
    *,
    preset: str = DEFAULT_PRESET,
    settings: Sequence[str] = (),
    jobs: int = 1,
    timeout: int = 600,
    resume: bool = False,
    update: bool = False,
    display: Display | None = None,
) -> list[Record]:
    """Execute sections into `out`: notebooks, records, a report, and the ledger of claims.

    Args:
        preset: the notebooks' PRESET.
        settings: "name=value" for names of the notebooks' `parameters` cells; values are YAML.
        jobs: notebooks side by side; with more than one, each has one core.
        timeout: seconds that a cell may take.
        resume: keep the sections that have passed in `out` with the same source and parameters.
        update: write the normalised notebooks back into the book when they pass.
        display: who is told of the progress.

    Returns:
        One record for each section. An interrupt (Ctrl-C) leaves the finished ones and their report, and goes on.

    Raises:
        ReaderError: for settings that a notebook does not have, or a folder that cannot be written.
    """
    parameters = parse_settings(settings) | ({"PRESET": preset} if preset != DEFAULT_PRESET else {})
    if update and parameters:
        raise ReaderError("--update writes the notebooks as the book prints them: leave out --set and --preset")
    threads = 1 if jobs > 1 else None
    work = [_job(section, parameters, timeout, threads, out if resume else None) for section in sections]
    display = display or Display()

    def finished(execution: Execution) -> None:
        job = next(job for job in work if job.execution is execution)
        _store(job, out, update)
        display.finished(job.record, kept=job.kept is not None)
        report.write_index(out, [job.record for job in work])

    report.write_index(out, [job.record for job in work])
    for job in work:
        if not job.kept:
            records.forget(out, job.section)
    with display.showing(lambda: [job.record for job in work]):
        for job in work:
            if job.kept:
                finished(job.execution)
        try:
            run_all([job.execution for job in work if not job.kept], jobs, finished, display.tick)
        except KeyboardInterrupt:
            for job in work:
                if not job.stored and job.execution.state != "waiting":
                    finished(job.execution)
            raise
    return [job.record for job in work]


def parse_settings(settings: Sequence[str]) -> dict[str, object]:
    """Turn "name=value" into parameters; values are YAML literals, numbers like 1e-3 included.

    A value that names a file becomes its full path, since notebooks run in their own folder.

    Raises:
        ReaderError: for anything that is not name=value.
    """
    parameters = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        try:
            value = yaml.safe_load(text)
            json.dumps(value)  # dates are YAML, but no value that a record could hold
        except (yaml.YAMLError, TypeError):
            equals = ""
        if not equals or not name.isidentifier():
            raise ReaderError(f"--set {setting}: write it as name=value, for instance --set SEED=1")
        if isinstance(value, str) and _SCIENTIFIC.fullmatch(value):  # YAML 1.1 reads 1e-3 as text
            value = float(value)
        elif isinstance(value, str) and Path(value).is_file():
            value = str(Path(value).resolve())
        parameters[name] = value
    return parameters


def parameter_names(notebook: dict) -> list[str]:
    """The names that a notebook's `parameters` cell assigns."""
    source = next((source_of(cell) for cell in notebook["cells"] if "parameters" in tags_of(cell)), "")
    assigned = [node for node in ast.parse(source).body if isinstance(node, ast.Assign | ast.AnnAssign)]
    targets = [target for node in assigned for target in getattr(node, "targets", None) or [node.target]]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _job(
    section: Section, parameters: dict[str, object], timeout: int, threads: int | None, resume_from: Path | None
) -> Job:
    notebook = read_notebook(section.path)
    known = parameter_names(notebook) if parameters else []
    for name in parameters:
        if name not in known:
            valid = f"it has {', '.join(known)}" if known else "it has none"
            raise ReaderError(f"section {section.id} has no parameter {name!r}: {valid}")
    blank = Record(section.id, section.title, section.name, source_hash(notebook), parameters)
    job = Job(section, Execution(section.path, parameters, timeout, threads, cells=code_cells(notebook)), blank)
    old = records.load(resume_from, section) if resume_from else None
    if old and old.state == "passed" and (old.source, old.parameters) == (blank.source, parameters):
        job.kept = old if (resume_from / f"{section.name}.ipynb").exists() else None
    return job


def _store(job: Job, out: Path, update: bool) -> None:
    """Write what a finished section leaves: executed notebook, page, record, and if wished the book's own notebook."""
    import nbformat

    executed = out / f"{job.section.name}.ipynb"
    notebook = nbformat.read(executed, as_version=4) if job.kept else job.execution.notebook
    if update and job.record.state == "passed" and (why := _put_back(job.section, notebook)):
        job.refused = f"not updated: {why}"
    if not job.kept:
        job.figures = report.thumbnails(notebook)
        write_atomically(executed, to_text(normalised(notebook)))
    report.write_page(out, job.record, notebook, job.section.root)
    job.record.save(out)
    job.stored = True


def _put_back(section: Section, notebook: object) -> str:
    """Write the committed form of an executed notebook into the book; return why not, or nothing."""
    clean = normalised(notebook)
    if reasons := refusals(clean):
        return "; ".join(reasons)
    if source_hash(read_notebook(section.path)) != source_hash(notebook):
        return "the notebook was changed while it ran"
    write_atomically(section.path, to_text(clean))
    return ""
