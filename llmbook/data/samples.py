"""The committed sample of the world, and files of any size like it."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmbook import paths
from llmbook.data.world import World
from llmbook.data.world.catalogue_tree import CATEGORIES, DEPARTMENTS
from llmbook.data.world.columns import features, to_dataset
from llmbook.data.world.lexicon import Name
from llmbook.errors import ReaderError
from llmbook.files import write_atomically

if TYPE_CHECKING:
    import datasets

# How many records of each kind are committed: about a megabyte and a half in all.
COUNTS = {
    "encyclopedia": 300,
    "catalogue": 200,
    "dialogue": 120,
    "arithmetic": 400,
    "parallel": 600,
    "questions": 150,
    "reading": 100,
    "mapping": 80,
    "worked": 120,
}
_ROWS_PER_BATCH = 1000


def write_samples(folder: Path, seed: int = 0) -> None:
    """Writes the sample into `folder/world`: `world.json` with the entities, and a JSONL file of each kind of record.

    The same seed writes the same bytes. Raises ReaderError when the folder cannot be written to.
    """
    world = World(seed)
    out = folder / "world"
    write_atomically(out / "world.json", _one_entity_a_line(describe(world)))
    for kind, count in COUNTS.items():
        write_atomically(out / f"{kind}.jsonl", "".join(map(_line, world.records(kind, count))))


def load_sample(kind: str) -> "datasets.Dataset":
    """The committed records of a kind, from `data_samples/world`.

    Raises:
        ReaderError: there is no such kind, or its file is missing or damaged.
    """
    if kind not in COUNTS:
        raise ReaderError(f"there is no sample of kind {kind!r}; there are {', '.join(COUNTS)}")
    path = paths.samples() / "world" / f"{kind}.jsonl"
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return to_dataset(kind, rows)
    except FileNotFoundError:
        raise ReaderError(f"{path} is missing: remake it with `llmbook make samples`") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ReaderError(f"{path} is damaged ({error}): remake it with `llmbook make samples`") from None


def write_records(world: World, kind: str, count: int, path: str | Path, start: int = 0) -> None:
    """Writes records start, …, start + count - 1 of a kind to a `.jsonl` or `.parquet` file, a batch at a time.

    The file appears when it is complete; memory does not grow with `count`.

    Raises:
        ReaderError: no such kind, a negative number, another suffix, or the file cannot be written.
    """
    path = Path(path).expanduser()
    writers = {".jsonl": _write_jsonl, ".parquet": _write_parquet}
    if path.suffix not in writers:
        raise ReaderError(f"records go to .jsonl or .parquet files, not to {path.name}")
    records = world.records(kind, count, start)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            writers[path.suffix](records, kind, part)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise ReaderError(f"cannot write {path}: {error.strerror or error}") from error


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"


def _write_jsonl(records: Iterable[dict[str, Any]], kind: str, path: Path) -> None:
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(map(_line, records))


def _write_parquet(records: Iterator[dict[str, Any]], kind: str, path: Path) -> None:
    schema = features(kind).arrow_schema
    import pyarrow
    import pyarrow.parquet

    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        while rows := list(islice(records, _ROWS_PER_BATCH)):
            writer.write_table(pyarrow.Table.from_pylist(rows, schema=schema))


def describe(world: World) -> dict[str, Any]:
    """The world's entities as plain data; an entity inside another is its id, a name is {"en", "zh"}."""
    groups = {
        "departments": DEPARTMENTS,
        "categories": CATEGORIES,
        "cities": world.cities,
        "makers": world.makers,
        "shops": world.shops,
        "products": world.products,
        "prices": world.prices,
    }
    return {"seed": world.seed, **{name: [_plain(entity) for entity in group] for name, group in groups.items()}}


def _one_entity_a_line(groups: dict[str, Any]) -> str:
    parts = []
    for name, group in groups.items():
        lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in group) if isinstance(group, list) else ""
        parts.append(f'"{name}": ' + (f"[\n{lines}\n]" if lines else json.dumps(group)))
    return "{" + ",\n".join(parts) + "}\n"


def _plain(entity: Any) -> dict[str, Any]:
    names = entity._fields if isinstance(entity, tuple) else [field.name for field in fields(entity)]
    return {name: _value(getattr(entity, name)) for name in names}


def _value(value: Any) -> Any:
    if isinstance(value, Name):
        return value._asdict()
    if hasattr(value, "id"):
        return value.id
    return value._asdict() if hasattr(value, "_asdict") else value
