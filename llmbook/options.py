"""Options that a reader writes by hand, as typed dataclasses: what is misspelt or of the wrong type gets one line."""

import re
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TypeVar

from llmbook.errors import ReaderError

Options = TypeVar("Options")
_SCIENTIFIC = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")  # YAML 1.1 reads 1e-4 as text


def read_yaml(path: Path) -> Mapping[str, Any]:
    """The mapping in a YAML file.

    Raises:
        ReaderError: there is no such file, it is not YAML, or not a mapping.
    """
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReaderError(f"cannot read {path}: {error.strerror or error}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise ReaderError(f"{path}{place} is not YAML: {getattr(error, 'problem', None) or error}") from None
    if not isinstance(content, Mapping):
        raise ReaderError(f"{path} holds no `key: value` lines")
    return content


def nearest(word: str, known: typing.Iterable[str]) -> str:
    """The end of an error line about an unknown word: the nearest known one, or all of them."""
    known = list(known)
    near = get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"


def from_mapping(cls: type[Options], mapping: Mapping[str, Any], where: str) -> Options:
    """A dataclass from what the reader wrote, with every value checked against the type of its field.

    Whole numbers and texts like 1e-4 serve as floats, lists as tuples, strings as paths, mappings as dataclasses.

    Args:
        cls: a dataclass whose fields are str, int, float, bool, Path, Literal[...], Mapping, another such dataclass,
            tuple[..., ...] of these, or one of them or None.
        mapping: the values.
        where: what the error line begins with, e.g. the file and the step.

    Raises:
        ReaderError: for an unknown key, a missing one, or a value of another type.
    """
    known = {field.name: field for field in fields(cls) if field.init}
    hints = typing.get_type_hints(cls)
    for key in mapping:
        if key not in known:
            raise ReaderError(f"{where}: unknown key {key!r}; {nearest(str(key), known)}")
    for name, field in known.items():
        if name not in mapping and field.default is MISSING and field.default_factory is MISSING:
            raise ReaderError(f"{where}: the key {name!r} is missing")
    return cls(**{name: _checked(value, hints[name], f"{where}: {name}") for name, value in mapping.items()})


def _checked(value: Any, hint: Any, where: str) -> Any:
    """The value as the type wants it."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        if value is None:
            return None
        (hint,) = (option for option in typing.get_args(hint) if option is not type(None))
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, list | tuple):
            raise ReaderError(f"{where} must be a list, not {value!r}")
        return tuple(_checked(one, typing.get_args(hint)[0], where) for one in value)
    if typing.get_origin(hint) is Literal:
        if value not in typing.get_args(hint):
            raise ReaderError(f"{where} cannot be {value!r}; {nearest(str(value), map(str, typing.get_args(hint)))}")
        return value
    if is_dataclass(hint) and not isinstance(value, hint):
        if not isinstance(value, Mapping):
            raise ReaderError(f"{where} must hold `key: value` lines, not {value!r}")
        return from_mapping(hint, value, where)
    hint = typing.get_origin(hint) or hint
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint is float and isinstance(value, str) and _SCIENTIFIC.fullmatch(value):
        return float(value)
    if hint is Path and isinstance(value, str):
        return Path(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        words = {
            int: "a whole number", float: "a number", str: "text", bool: "true or false", Path: "a path",
            Mapping: "`key: value` lines",
        }  # fmt: skip
        raise ReaderError(f"{where} must be {words.get(hint, hint.__name__)}, not {value!r}")
    return value
