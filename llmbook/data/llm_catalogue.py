"""The models of tables 1.1 and 1.2 (section 1.2), or of a reader's own table of the same columns."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llmbook import paths
from llmbook.errors import ReaderError

COLUMNS = ("name", "name_zh", "date", "params", "base", "type", "tokens", "bytes", "open", "note")
TYPES = ("LM", "IT", "LM+IT")
_DATE = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class ReleasedModel:
    """One row of the tables, with the book's values; what is wrong with a value stands in `notes`.

    Attributes:
        name: in English or pinyin.
        name_zh: the Chinese name, where there is one; else "".
        year: of the release.
        month: of the release, 1 to 12.
        params: number of parameters, None where it was not published.
        base: names of the models it was made from; empty for one trained from scratch. A base need not be in the table.
        type: "LM" (language model, 语言模型), "IT" (instruction-tuned, 指令微调模型) or "LM+IT" for both.
        tokens: pretraining data in tokens, None where unknown.
        bytes: pretraining data in bytes, for models whose data were given so.
        open: whether the weights were released (table 1.1) or not (table 1.2).
        notes: corrections and additions, by the column that they concern.
    """

    name: str
    name_zh: str
    year: int
    month: int
    params: float | None
    base: tuple[str, ...]
    type: str
    tokens: float | None
    bytes: float | None
    open: bool
    notes: dict[str, str]

    @property
    def time(self) -> float:
        """The middle of the month of release, in years: 2019-10 is 2019.79."""
        return self.year + (self.month - 0.5) / 12

    @property
    def tokens_per_param(self) -> float | None:
        """Pretraining tokens for each parameter, None where either is unknown."""
        return self.tokens / self.params if self.tokens and self.params else None


def llm_catalogue(path: str | Path | None = None) -> list[ReleasedModel]:
    """The rows of `data_samples/llm_catalogue.csv`: 36 open models, then 23 closed ones.

    Args:
        path: another CSV file of the same columns, UTF-8.

    Raises:
        ReaderError: the file is missing, or a row is damaged; the message names the line.
    """
    mend = "" if path else ": restore it with `git checkout data_samples/llm_catalogue.csv`"
    path = Path(path).expanduser() if path else paths.samples() / "llm_catalogue.csv"
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except FileNotFoundError:
        raise ReaderError(f"{path} is missing{mend}") from None
    except OSError as error:
        raise ReaderError(f"cannot read {path}: {error.strerror or error}{mend}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ReaderError(f"{path} is no CSV file in UTF-8 ({error}){mend}") from None
    if not rows or tuple(rows[0]) != COLUMNS:
        raise ReaderError(f"the first line of {path} should be {','.join(COLUMNS)}{mend}")
    models = []
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        try:
            models.append(_model(row))
        except ValueError as error:
            raise ReaderError(f"{path}, row {number}: {error}{mend}") from None
    twice = {model.name for model in models if [other.name for other in models].count(model.name) > 1}
    if twice:
        raise ReaderError(f"{path} has more than one row for {', '.join(sorted(twice))}{mend}")
    return models


def _model(row: Sequence[str]) -> ReleasedModel:
    if len(row) != len(COLUMNS):
        raise ValueError(f"{len(row)} fields where {len(COLUMNS)} are expected")
    cells = dict(zip(COLUMNS, (cell.strip() for cell in row), strict=True))
    if not cells["name"]:
        raise ValueError("the model has no name")
    if not (date := _DATE.fullmatch(cells["date"])):
        raise ValueError(f"the date is {cells['date']!r}; write year and month as 2023-07")
    if cells["type"] not in TYPES:
        raise ValueError(f"the type is {cells['type']!r}; it should be one of {', '.join(TYPES)}")
    if cells["open"] not in ("yes", "no"):
        raise ValueError(f"open is {cells['open']!r}; it should be yes or no")
    return ReleasedModel(
        name=cells["name"],
        name_zh=cells["name_zh"],
        year=int(date[1]),
        month=int(date[2]),
        params=_amount(cells, "params"),
        base=tuple(name.strip() for name in cells["base"].split("/") if name.strip()),
        type=cells["type"],
        tokens=_amount(cells, "tokens"),
        bytes=_amount(cells, "bytes"),
        open=cells["open"] == "yes",
        notes=_notes(cells["note"]),
    )


def _amount(cells: dict[str, str], column: str) -> float | None:
    if not cells[column]:
        return None
    try:
        amount = float(cells[column])
    except ValueError:
        amount = 0.0
    if not 0 < amount < float("inf"):
        raise ValueError(f"{column} is {cells[column]!r}; write a number such as 6.7e9, or nothing where it is unknown")
    return amount


def _notes(text: str) -> dict[str, str]:
    notes = {}
    for note in filter(None, text.split(" | ")):
        column, colon, words = note.partition(": ")
        if not colon or column not in COLUMNS:
            raise ValueError(f"the note {note!r} does not begin with a column's name and a colon")
        notes[column] = words
    return notes
