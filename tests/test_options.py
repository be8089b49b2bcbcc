"""Options that a reader wrote: every mistake is one line that names its place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from llmbook.errors import ReaderError
from llmbook.options import from_mapping, nearest, read_yaml


@dataclass
class Baking:
    flour: tuple[str, ...]
    grams: int = 500
    salt: float = 0.02
    rise: bool = True
    oven: Path | None = None
    name: str = "loaf"


@dataclass
class Shelf:
    loaf: Baking
    kind: Literal["rye", 3, True] = "rye"
    more: Mapping[str, float] = field(default_factory=dict)
    second: Baking | None = None


def test_sections_choices_and_mappings():
    made = from_mapping(Shelf, {"loaf": {"flour": ["rye"], "salt": "2e-2"}, "kind": 3, "more": {"a": 1}}, "shelf.yaml")
    assert made == Shelf(Baking(("rye",), salt=0.02), 3, {"a": 1})
    for mapping, words in (
        ({"loaf": {"flour": [], "gram": 1}}, "shelf.yaml: loaf: unknown key 'gram'; did you mean 'grams'?"),
        ({"loaf": 3}, "shelf.yaml: loaf must hold `key: value` lines, not 3"),
        ({"loaf": {"flour": []}, "kind": "ryee"}, "shelf.yaml: kind cannot be 'ryee'; did you mean 'rye'?"),
        ({"loaf": {"flour": []}, "more": [1]}, "shelf.yaml: more must be `key: value` lines, not [1]"),
        ({"loaf": {"flour": []}, "second": {"flour": 1}}, "shelf.yaml: second: flour must be a list, not 1"),
    ):
        with pytest.raises(ReaderError) as caught:
            from_mapping(Shelf, mapping, "shelf.yaml")
        assert words in str(caught.value)


def test_values_take_the_types_of_the_fields():
    made = from_mapping(Baking, {"flour": ["rye", "wheat"], "salt": 1, "oven": "a/b", "name": "x"}, "bread.yaml")
    assert made == Baking(("rye", "wheat"), salt=1.0, oven=Path("a/b"), name="x")
    assert isinstance(made.salt, float) and from_mapping(Baking, {"flour": [], "oven": None}, "x").oven is None


@pytest.mark.parametrize(
    "mapping, words",
    [
        ({"flour": [], "gram": 3}, "bread.yaml: unknown key 'gram'; did you mean 'grams'?"),
        ({"flour": [], "xyzzy": 3}, "unknown key 'xyzzy'; known are flour, grams"),
        ({"grams": 3}, "the key 'flour' is missing"),
        ({"flour": "rye"}, "flour must be a list, not 'rye'"),
        ({"flour": [3]}, "flour must be text, not 3"),
        ({"flour": [], "grams": 2.5}, "grams must be a whole number, not 2.5"),
        ({"flour": [], "grams": True}, "grams must be a whole number, not True"),
        ({"flour": [], "salt": True}, "salt must be a number, not True"),
        ({"flour": [], "salt": "a pinch"}, "salt must be a number, not 'a pinch'"),
        ({"flour": [], "rise": 1}, "rise must be true or false, not 1"),
        ({"flour": [], "name": None}, "name must be text, not None"),
    ],
)
def test_what_is_wrong_is_named(mapping, words):
    with pytest.raises(ReaderError) as caught:
        from_mapping(Baking, mapping, "bread.yaml")
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_files_that_are_no_mapping(tmp_path):
    path = tmp_path / "r.yaml"
    with pytest.raises(ReaderError, match="cannot read .*No such file"):
        read_yaml(path)
    for content, words in (("a: [1\nb: 2", "line 2 is not YAML"), ("- a", "no `key: value`"), ("", "no `key: value`")):
        path.write_text(content)
        with pytest.raises(ReaderError, match=words):
            read_yaml(path)
    path.write_bytes(b"\xff\xfe\x00a")
    with pytest.raises(ReaderError):
        read_yaml(path)
    path.write_text("a: {b: [1]}")
    assert read_yaml(path) == {"a": {"b": [1]}}


def test_nearest_or_all():
    assert nearest("normalise", ["normalize", "rules"]) == "did you mean 'normalize'?"
    assert nearest("zzz", ["normalize", "rules"]) == "known are normalize, rules"
