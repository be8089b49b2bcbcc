"""A recipe is checked before anything runs."""

from pathlib import Path

import pytest

from llmbook.data.pipeline.recipe import CleaningRecipe
from llmbook.data.pipeline.steps import STEPS, MinLength, NearDuplicates, Normalize, PersonalData, Rules
from llmbook.errors import ReaderError

GOOD = """
inputs: [a/*.jsonl]
output: out
steps:
  - normalize
  - min_length: {characters: 50}
  - rules: {sets: [c4]}
  - near_duplicates:
  - personal_data: {policy: pseudonym, key_file: k}
"""


def test_a_file_becomes_typed_steps(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text(GOOD)
    recipe = CleaningRecipe.load(path)
    assert recipe.steps == (
        Normalize(), MinLength(50), Rules(("c4",)), NearDuplicates(), PersonalData("pseudonym", key_file=Path("k"))
    )  # fmt: skip
    assert recipe.inputs == ("a/*.jsonl",) and recipe.output.name == "out" and recipe.text_column == "text"


@pytest.mark.parametrize(
    "steps, words",
    [
        (["normalise"], "step 1: unknown step 'normalise'; did you mean 'normalize'?"),
        (
            ["normalize", {"min_length": {"chars": 3}}],
            "step 2 (min_length): unknown key 'chars'; did you mean 'characters'?",
        ),
        ([{"min_length": {"characters": "3"}}], "characters must be a whole number"),
        ([{"rules": {"sets": ["gofer_quality"]}}], "unknown rule set 'gofer_quality'"),
        ([{"normalize": {"form": "NFD"}}], "form must be one of NFC, NFKC"),
        ([{"lines": {"like": "c5"}}], "like must be one of c4, refinedweb"),
        ([{"near_duplicates": {"threshold": 1.5}}], "threshold"),
        ([{"near_duplicates": {"unit": "byte"}}], "unit must be one of word, character"),
        ([{"personal_data": {"policy": "pseudonym"}}], "`key_file` goes with `policy: pseudonym`"),
        ([{"personal_data": {"types": ["fax"]}}], "unknown type 'fax'"),
        ([{"normalize": {}, "rules": {}}], "step 1 must be a name, or a name with options"),
        ([3], "step 1 must be a name"),
        ([], "`steps` must be a list of steps; known are normalize"),
        ("normalize", "`steps` must be a list of steps"),
    ],
)
def test_a_wrong_step_is_named(steps, words):
    with pytest.raises(ReaderError) as caught:
        CleaningRecipe.from_mapping({"inputs": ["a"], "output": "o", "steps": steps})
    assert words in str(caught.value)


def test_wrong_settings_are_named():
    good = {"inputs": ["a"], "output": "o", "steps": ["normalize"]}
    for change, words in (
        ({"input": ["a"]}, "unknown key 'input'; did you mean 'inputs'?"),
        ({"inputs": "a"}, "inputs must be a list"),
        ({"chunk_megabytes": 0}, "chunk_megabytes must be above 0"),
    ):
        with pytest.raises(ReaderError) as caught:
            CleaningRecipe.from_mapping(good | change)
        assert words in str(caught.value)
    with pytest.raises(ReaderError, match="'output' is missing"):
        CleaningRecipe.from_mapping({"inputs": ["a"], "steps": ["normalize"]})


def test_the_fingerprint_tells_results_apart(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_text("{}")
    good = {"inputs": ["a"], "output": "o", "steps": ["normalize"]}
    prints = {
        CleaningRecipe.from_mapping(good | change).fingerprint([file])
        for change in (
            {},
            {"steps": [{"normalize": {"form": "NFKC"}}]},
            {"text_column": "body"},
            {"chunk_megabytes": 1},
        )
    }
    assert len(prints) == 4
    assert CleaningRecipe.from_mapping(good | {"output": "p"}).fingerprint([file]) in prints
    file.write_text("{ }")
    assert CleaningRecipe.from_mapping(good).fingerprint([file]) not in prints


def test_the_fingerprint_follows_the_files_that_steps_read(tmp_path):
    items = tmp_path / "items.txt"
    items.write_text("one")
    steps = [{"decontaminate": {"items": [str(tmp_path / "*.txt")]}}]
    recipe = CleaningRecipe.from_mapping({"inputs": ["a"], "output": "o", "steps": steps})
    before = recipe.fingerprint([])
    items.write_text("one and two")
    assert recipe.fingerprint([]) != before
    items.unlink()
    with pytest.raises(ReaderError, match="cannot read"):
        recipe.fingerprint([])


def test_every_step_says_what_it_does():
    assert all(step.__doc__ and "(" in step.__doc__ or step.name == "markup" for step in STEPS.values())
