"""The progress of a batch run: a live table on a terminal, plain lines anywhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from llmbook.records import Record

_COLOURS = {"passed": "green", "failed": "red", "interrupted": "yellow", "running": "cyan", "waiting": "bright_black"}


class Display:
    """Shows how the sections of a run stand."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console()
        self._live: Live | None = None
        self._records: Callable[[], list[Record]] = list

    @contextmanager
    def showing(self, records: Callable[[], list[Record]]) -> Iterator[None]:
        """Show `records()`, read anew at every `tick`, until the block ends; a terminal keeps the final table."""
        self._records = records
        if not self.console.is_terminal:
            yield
            return
        # Transient, since a live table cannot be longer than the screen; the whole one follows at the end.
        try:
            with Live(console=self.console, auto_refresh=False, transient=True) as self._live:
                yield
        finally:
            self._live = None
            self.console.print(table(records()))

    def tick(self) -> None:
        """Redraw the live table."""
        if self._live:
            self._live.update(table(self._fitting(self._records())), refresh=True)

    def finished(self, record: Record, kept: bool = False) -> None:
        """Say how a section ended, where there is no live table to see it in."""
        if self._live is None:
            claims = f", claims {_claims(record)}" if record.claims else ""
            took = "kept from before" if kept else f"{record.done}/{record.cells} cells, {record.seconds:.1f} s"
            line = f"{record.section} {record.title}: {record.state} ({took}{claims})"
            self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _fitting(self, records: list[Record]) -> list[Record]:
        """What a screen has room for: everything, or else the rows that tell most."""
        room = max(self.console.height - 5, 3)
        if len(records) <= room:
            return records
        importance = ["running", "failed", "passed", "interrupted", "waiting"]
        first = sorted(records, key=lambda record: importance.index(record.state))[:room]
        return [record for record in records if record in first]


def table(records: list[Record]) -> Table:
    """A row for each section: title, cells, time, claims, state."""
    grid = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("section", "title", "cells", "time", "claims", "state"):
        grid.add_column(heading, justify="right" if heading in ("cells", "time", "claims") else "left")
    for record in records:
        begun = record.state != "waiting"
        grid.add_row(
            record.section,
            Text(record.title),
            f"{record.done}/{record.cells}" if begun else "",
            f"{record.seconds:.0f} s" if begun else "",
            _claims(record),
            f"[{_COLOURS[record.state]}]{record.state}",
        )
    return grid


def _claims(record: Record) -> str:
    return f"{len(record.held)}/{len(record.judged)}" if record.judged else ""
