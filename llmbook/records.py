"""The record of one section's run: what the report, the ledger and `--resume` know about it."""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from llmbook.book import Section
from llmbook.claims import Claim
from llmbook.files import write_atomically


@dataclass(frozen=True)
class Record:
    """How one section's run went.

    Attributes:
        section: the id, e.g. "2.2".
        title: the notebook's first heading.
        name: the notebook's place in the book, e.g. "02_foundations/2_transformer", and of its files in a run's folder.
        source: fingerprint of the notebook's cells.
        parameters: what was given in place of the `parameters` cell's values.
        state: "waiting", "running", "passed", "failed" or "interrupted".
        cells: code cells, of which `done` were finished.
        seconds: how long it took, kernel start included.
        claims: the claims that the notebook recorded.
        failed_cell: the code cell that ended a failed run.
        error: why it failed, one line.
        figures: its first figures, made small (PNG in base64).
    """

    section: str
    title: str
    name: str
    source: str
    parameters: dict[str, object] = field(default_factory=dict)
    state: str = "waiting"
    cells: int = 0
    done: int = 0
    seconds: float = 0.0
    claims: list[Claim] = field(default_factory=list)
    failed_cell: int | None = None
    error: str = ""
    figures: list[str] = field(default_factory=list)

    @property
    def judged(self) -> list[Claim]:
        """The claims that were held against an expectation."""
        return [claim for claim in self.claims if claim.holds is not None]

    @property
    def held(self) -> list[Claim]:
        """The claims whose expectation was met."""
        return [claim for claim in self.claims if claim.holds]

    @property
    def failure(self) -> str:
        """What went wrong and where, one line; empty for a run that passed."""
        if self.state != "failed":
            return ""
        where = f", cell {self.failed_cell}" if self.failed_cell else ""
        return f"section {self.section}{where}: {self.error}"

    def save(self, out: Path) -> None:
        """Write the record into the run's folder."""
        write_atomically(_path(out, self.name), json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n")


def load(out: Path, section: Section) -> Record | None:
    """The record of a section in a run's folder; None where there is none that can be read."""
    try:
        stored = json.loads(_path(out, section.name).read_text(encoding="utf-8"))
        stored["claims"] = [Claim(**claim) for claim in stored["claims"]]
        return Record(**{f.name: stored[f.name] for f in fields(Record)})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def forget(out: Path, section: Section) -> None:
    """Remove a section's record, so that a run cut short cannot pass off the one before it as its own."""
    _path(out, section.name).unlink(missing_ok=True)


def _path(out: Path, name: str) -> Path:
    return out / f"{name}.json"
