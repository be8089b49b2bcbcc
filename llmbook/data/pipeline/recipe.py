"""What to clean and how: a YAML file, read into typed and checked settings."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from llmbook.data.pipeline.steps import STEPS, Step
from llmbook.errors import ReaderError
from llmbook.options import from_mapping, nearest, read_yaml


@dataclass(frozen=True)
class CleaningRecipe:
    """Which documents to clean, by which steps, and where the result goes.

    Attributes:
        inputs: paths or glob patterns of .jsonl (plain, .gz, .zst, .bz2) and .parquet files, from the current folder.
        output: a folder, made by the run.
        steps: in order.
        text_column: which column is the text; the others are carried along.
        id_column: what examples call a document by; a row without it goes by its place.
        chunk_megabytes: how much of the input one worker takes at a time.
    """

    inputs: tuple[str, ...]
    output: Path
    steps: tuple[Step, ...]
    text_column: str = "text"
    id_column: str = "id"
    chunk_megabytes: float = 8.0

    @classmethod
    def load(cls, path: str | Path) -> "CleaningRecipe":
        """From a YAML file with the keys above; a step is a name, or a name with options: `- language: {keep: [en]}`.

        Raises:
            ReaderError: no such file, an unknown key or step, a value of the wrong type, or nothing to do.
        """
        return cls.from_mapping(read_yaml(Path(path)), str(path))

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], where: str = "the recipe") -> "CleaningRecipe":
        """As `load`, from what the file would hold."""
        written = mapping.get("steps")
        if not isinstance(written, Sequence) or isinstance(written, str) or not written:
            raise ReaderError(f"{where}: `steps` must be a list of steps; known are {', '.join(STEPS)}")
        steps = [_step(one, f"{where}: step {number}") for number, one in enumerate(written, start=1)]
        recipe = from_mapping(cls, {**mapping, "steps": steps}, where)
        if recipe.chunk_megabytes <= 0:
            raise ReaderError(f"{where}: chunk_megabytes must be above 0, not {recipe.chunk_megabytes}")
        return recipe

    def fingerprint(self, files: Iterable[Path]) -> str:
        """Changes whenever another result is to be expected: with the settings but `output`, and with the files."""
        settings = {
            "steps": [[step.name, asdict(step)] for step in self.steps],
            "text": self.text_column,
            "chunk": self.chunk_megabytes,
        }
        read = [path for step in self.steps for path in step.files()]
        stats = [(str(file), *_version(file)) for file in (*files, *read)]
        return hashlib.blake2b(json.dumps([settings, stats], default=str).encode(), digest_size=8).hexdigest()

    def describe(self) -> list[dict[str, Any]]:
        """The steps and all their options, for JSON."""
        return json.loads(json.dumps([{step.name: asdict(step)} for step in self.steps], default=str))


def _version(file: Path) -> tuple[int, int]:
    try:
        return file.stat().st_size, file.stat().st_mtime_ns
    except OSError as error:
        raise ReaderError(f"cannot read {file}: {error.strerror}") from None


def _step(written: Any, where: str) -> Step:
    name, options = written, {}
    if isinstance(written, Mapping) and len(written) == 1:
        ((name, options),) = written.items()
    if not isinstance(name, str) or not isinstance(options or {}, Mapping):
        raise ReaderError(
            f"{where} must be a name, or a name with options (`- rules: {{sets: [c4]}}`), not {written!r}"
        )
    if name not in STEPS:
        raise ReaderError(f"{where}: unknown step {name!r}; {nearest(name, STEPS)}")
    return from_mapping(STEPS[name], options or {}, f"{where} ({name})")
