"""The published figures of training corpora, GPT-3 to SlimPajama, and treemaps of them (sections 3.1, 3.3 and 3.4)."""

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from llmbook import paths
from llmbook.errors import ReaderError

COLUMNS = ("table", "row", "group", "column", "value", "unit", "source", "note")
SOURCES = ("book", "paper", "model card", "recalled")


@dataclass(frozen=True)
class Figure:
    """One published number.

    Attributes:
        table: the corpus or figure it belongs to, for example "pile".
        row: the component, for example "Books3".
        group: the kind of component, where the table has kinds ("prose"; for languages "Eurasia / Indo-European").
        column: what is counted: "size", "epochs", "weight", ...
        value: in `unit`; shares are between 0 and 1.
        unit: "token", "byte", "GiB", "share", "epoch", ...
        source: "book"; "paper" or "model card" where it was compared with a copy of that document; "recalled" for a
            number of a paper that was written down from memory and passes only the checks of arithmetic.
        note: what should be known about it, or "".
    """

    table: str
    row: str
    group: str
    column: str
    value: float
    unit: str
    source: str
    note: str


class CorpusTable(Mapping[str, Mapping[str, float]]):
    """The figures of one corpus as a table: `table["Books3"]["epochs"]` is a number.

    Args:
        name: of the corpus.
        figures: all of them, in the order of the rows.
    """

    def __init__(self, name: str, figures: list[Figure]) -> None:
        self.name = name
        self.figures = figures
        self._rows: dict[str, dict[str, float]] = {}
        for figure in figures:
            self._rows.setdefault(figure.row, {})[figure.column] = figure.value

    def __getitem__(self, row: str) -> Mapping[str, float]:
        try:
            return self._rows[row]
        except KeyError:
            raise ReaderError(f"the table {self.name!r} has no row {row!r}: it has {', '.join(self._rows)}") from None

    def __contains__(self, row: object) -> bool:
        return row in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def column(self, name: str) -> dict[str, float]:
        """The values of a column by row, for the rows that have one.

        Raises:
            ReaderError: no row has such a column.
        """
        values = {row: cells[name] for row, cells in self._rows.items() if name in cells}
        if not values:
            columns = dict.fromkeys(figure.column for figure in self.figures)
            raise ReaderError(f"the table {self.name!r} has no column {name!r}: it has {', '.join(columns)}")
        return values

    def sources(self, column: str) -> dict[str, str]:
        """Where each value of a column comes from: "book", "paper", "model card" or "recalled"."""
        return {figure.row: figure.source for figure in self.figures if figure.column == column}

    def groups(self) -> dict[str, str]:
        """The kind of each row, "" where the table has no kinds."""
        return {figure.row: figure.group for figure in self.figures}


def corpora(path: str | Path | None = None) -> dict[str, CorpusTable]:
    """The tables of `data_samples/corpora.csv` by name.

    "gpt3", "llama" and "gopher" are mixtures; "figure_3_1" the shares of data types in eleven models; "pile" its 22
    components; "roots", "roots_languages" and "roots_code" the corpus of BLOOM; "refinedweb"; "slimpajama".

    Args:
        path: another CSV file of the same columns, UTF-8.

    Raises:
        ReaderError: the file is missing, or a row is damaged; the message names the row.
    """
    mend = "" if path else ": restore it with `git checkout data_samples/corpora.csv`"
    path = Path(path).expanduser() if path else paths.samples() / "corpora.csv"
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except FileNotFoundError:
        raise ReaderError(f"{path} is missing{mend}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReaderError(f"cannot read {path} as CSV in UTF-8 ({error}){mend}") from None
    if not rows or tuple(rows[0]) != COLUMNS:
        raise ReaderError(f"the first line of {path} should be {','.join(COLUMNS)}{mend}")
    tables: dict[str, list[Figure]] = {}
    for number, row in enumerate(rows[1:], 2):
        try:
            figure = _figure(row)
            if any((other.row, other.column) == (figure.row, figure.column) for other in tables.get(figure.table, ())):
                raise ValueError(f"{figure.table} has a second {figure.column!r} of {figure.row!r}")
        except ValueError as error:
            raise ReaderError(f"{path}, row {number}: {error}{mend}") from None
        tables.setdefault(figure.table, []).append(figure)
    return {name: CorpusTable(name, figures) for name, figures in tables.items()}


def _figure(row: list[str]) -> Figure:
    if len(row) != len(COLUMNS):
        raise ValueError(f"{len(row)} fields where {len(COLUMNS)} are expected")
    cells = dict(zip(COLUMNS, (cell.strip() for cell in row), strict=True))
    if cells["source"] not in SOURCES:
        raise ValueError(f"the source is {cells['source']!r}; it should be one of {', '.join(SOURCES)}")
    try:
        value = float(cells["value"])
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ValueError(f"the value is {cells['value']!r}; write a number such as 0.15 or 410e9")
    if cells["unit"] == "share" and value > 1:
        raise ValueError(f"the share is {value}; shares are between 0 and 1")
    return Figure(**{**cells, "value": value})


# ---------------------------------------------------------------- a picture of sizes: figures 3.12 and 3.13

Rectangle = tuple[float, float, float, float]


def squarified(
    sizes: Mapping[str, float], x: float = 0.0, y: float = 0.0, width: float = 1.0, height: float = 1.0
) -> dict[str, Rectangle]:
    """Lay out a treemap: rectangles whose areas are in proportion to the sizes, and as near to squares as may be.

    Largest first, rectangles are put into a strip along the shorter side of what is still free, as long as the worst
    ratio of sides in the strip gets better; then a new strip begins (Bruls, Huizing and van Wijk, 2000).

    Args:
        sizes: by name, positive.
        x, y: the corner of the whole, where the layout begins.
        width, height: of the whole.

    Returns:
        (x, y, width, height) by name, largest first; they cover the whole without overlap.

    Raises:
        ReaderError: there are no sizes, or one is not positive, or the whole has no area.
    """
    if not sizes or not min(sizes.values()) > 0 or not min(width, height) > 0:
        raise ReaderError("a treemap needs a width, a height and at least one size, all above 0: leave out empty parts")
    scale = width * height / sum(sizes.values())
    waiting = sorted(((size * scale, name) for name, size in sizes.items()), key=lambda item: -item[0])
    placed: dict[str, Rectangle] = {}
    while waiting:
        side = min(width, height)
        count = 1
        while count < len(waiting) and _worst(waiting[: count + 1], side) <= _worst(waiting[:count], side):
            count += 1
        strip, waiting = waiting[:count], waiting[count:]
        thickness = sum(area for area, _ in strip) / side
        offset = 0.0
        for area, name in strip:
            length = area / thickness
            upright = (x, y + offset, thickness, length)
            placed[name] = upright if width >= height else (x + offset, y, length, thickness)
            offset += length
        if width >= height:
            x, width = x + thickness, width - thickness
        else:
            y, height = y + thickness, height - thickness
    return placed


def _worst(strip: list[tuple[float, str]], side: float) -> float:
    """The largest ratio of long to short side when these areas fill a strip along `side`."""
    thickness = sum(area for area, _ in strip) / side
    return max(max(area / thickness**2, thickness**2 / area) for area, _ in strip)


def grouped_treemap(
    sizes: Mapping[str, float], group_of: Callable[[str], str], width: float = 1.0, height: float = 1.0
) -> dict[str, Rectangle]:
    """A treemap of two levels: first the groups, then the members inside the rectangle of their group.

    Args:
        sizes: by name, positive.
        group_of: the group of a name.
        width, height: of the whole.

    Returns:
        (x, y, width, height) by name.

    Raises:
        ReaderError: as `squarified`.
    """
    groups: dict[str, dict[str, float]] = {}
    for name, size in sizes.items():
        groups.setdefault(group_of(name), {})[name] = size
    frames = squarified({group: sum(members.values()) for group, members in groups.items()}, 0, 0, width, height)
    return {name: box for group, frame in frames.items() for name, box in squarified(groups[group], *frame).items()}
