"""The book as files: which sections there are, what they are called, and where their exercises lie."""

import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llmbook.errors import ReaderError

_NUMBERED = re.compile(r"(?:\d+_)+")


@dataclass(frozen=True)
class Section:
    """One notebook of the book.

    Attributes:
        id: the chapter's and the notebook's numbers, e.g. "2.2" or "2.3.1".
        path: the notebook, e.g. `chapters/02_foundations/2_transformer.ipynb` or `…/3_1_bert.ipynb`.
        root: the book's folder.
    """

    id: str
    path: Path
    root: Path

    @property
    def name(self) -> str:
        """The notebook's place in the book, e.g. "02_foundations/2_transformer"."""
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def title(self) -> str:
        """The notebook's first heading, without the section number."""
        heading = _first_heading(read_notebook(self.path)) or self.path.stem
        return re.sub(r"^[\d.]+\s+", "", heading)

    @property
    def exercise(self) -> Path:
        """The student's notebook, which need not exist."""
        return self.root / "exercises" / self.path.parent.name / self.path.name

    @property
    def solution(self) -> Path:
        """The notebook with the answers, from which the student's is made."""
        return self.exercise.parent / "solutions" / self.path.name

    @property
    def wrong_answers(self) -> Path:
        """The YAML file of mistakes that the checks must catch."""
        return self.exercise.parent / "wrong" / f"{self.path.stem}.yaml"


def sections(root: Path) -> list[Section]:
    """Every section of the book in `root`, in the book's order."""
    found = []
    for path in (root / "chapters").glob("*/*.ipynb"):
        chapter, number = _NUMBERED.match(path.parent.name), _NUMBERED.match(path.name)
        if chapter and number:
            found.append(([int(part) for part in re.findall(r"\d+", chapter[0] + number[0])], path))
    return [Section(".".join(map(str, numbers)), path, root) for numbers, path in sorted(found)]


def find(names: Sequence[str], root: Path) -> list[Section]:
    """The sections that `names` ask for ("2.3.1", "2.3" for all of 2.3, "2" for a chapter), in order; all for no names.

    Raises:
        ReaderError: for a name that no section has, with the nearest ones; for a book without sections.
    """
    known = sections(root)
    if not known:
        raise ReaderError(f"no notebooks in {root / 'chapters'}: sections are files like chapters/02_name/1_name.ipynb")
    for name in names:
        if not any(_asks_for(name, section) for section in known):
            raise ReaderError(f"no section {name!r} in the book: {_nearest(name, known)}")
    return [section for section in known if not names or any(_asks_for(name, section) for name in names)]


def read_notebook(path: Path) -> dict:
    """The JSON of a notebook.

    Raises:
        ReaderError: when there is no such file or it is no notebook.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        notebook["cells"]
    except FileNotFoundError:
        raise ReaderError(f"no notebook {path}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ReaderError(f"{path} is not a notebook: {error}") from None
    return notebook


def source_of(cell: dict) -> str:
    """A cell's source as one string, as the JSON may hold it or a list of lines."""
    return "".join(cell["source"])


def tags_of(cell: dict) -> list[str]:
    """A cell's tags."""
    return cell.get("metadata", {}).get("tags", [])


def _first_heading(notebook: dict) -> str | None:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and (heading := re.search(r"^#+\s+(.+?)\s*$", source_of(cell), re.M)):
            return heading[1]
    return None


def _asks_for(name: str, section: Section) -> bool:
    return section.id == name or section.id.startswith(f"{name}.")


def _nearest(name: str, known: Sequence[Section]) -> str:
    """The nearest ids, or for a word the sections whose file name is near it."""
    by_word = {_NUMBERED.sub("", section.path.stem, count=1): section.id for section in known}
    by_id = {section.id: section.id for section in known}
    names = by_id if name[:1].isdigit() else by_word
    near = [names[match] for match in difflib.get_close_matches(name, list(names), n=3, cutoff=0.4)]
    return f"did you mean {', '.join(near)}?" if near else "`llmbook list` shows them all"
