"""Showing a pipeline's progress and its report on a console."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llmbook.data.pipeline.statistics import StepCount, waterfall

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def progress(console: "Console") -> Iterator[Callable[[str, int, int], None]]:
    """A bar for every stage, for `clean`'s argument `progress`."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        bar_of: dict[str, Any] = {}

        def advance(title: str, done: int, of: int) -> None:
            if title not in bar_of:
                bar_of[title] = bars.add_task(title, total=of)
            bars.update(bar_of[title], completed=done)

        yield advance


def show(report: Mapping[str, Any], console: "Console") -> None:
    """The steps as a waterfall, the commonest reasons, an example of each step, and what was set aside."""
    from rich.table import Table

    counts = [StepCount.load(count) for count in report["steps"]]
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("step", "documents", "removed", "of them", "edited", "left of all", "why"):
        table.add_column(heading, justify="left" if heading in ("step", "why") else "right")
    for row in waterfall(counts):
        why = ", ".join(f"{reason} {count}" for reason, count in list(row["reasons"].items())[:3])
        table.add_row(
            row["step"], f"{row['documents']:,}", f"{row['removed']:,}", f"{row['removed_of_previous']:.1%}",
            f"{row['edited']:,}", f"{row['kept_of_all']:.1%}", why,
        )  # fmt: skip
    console.print(table)
    for count in counts:
        for example in count.examples[:1]:
            excerpt = " ".join(example["text"].split())[:100]
            line = f"{count.step} removed {example['id']} ({example['reason']}): {excerpt}"
            console.print(line, markup=False, highlight=False)
    aside = report["set_aside"]
    if aside:
        reasons = ", ".join(f"{count} {reason}" for reason, count in aside.items())
        console.print(f"set aside as malformed, in set-aside.jsonl: {reasons}", markup=False, highlight=False)
