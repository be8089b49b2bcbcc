"""Claims: what holds, what does not, and how they are printed and collected."""

import json

import pytest

from llmbook.claims import CLAIM_MIME, Claim, at_least, at_most, between, claims_in, close_to, shown, weigh


@pytest.mark.parametrize(
    ("expectation", "inside", "outside"),
    [
        (at_least(3), [3, 4.5], [2.999, float("nan")]),
        (at_most(3), [3, -1], [3.001, float("nan")]),
        (between(1, 2), [1, 1.5, 2], [0.99, 2.01, float("nan")]),
        (close_to(-10, rel=0.1), [-11, -9], [-11.1, -8.9]),
        (close_to(5, abs=0.5), [4.5, 5.5], [4.4, 5.6]),
        (close_to(7), [7], [7.0001]),
    ],
)
def test_expectations_hold_inside_their_bounds_only(expectation, inside, outside) -> None:
    assert all(expectation.holds(value) for value in inside)
    assert not any(expectation.holds(value) for value in outside)


def test_booleans_must_be_equal_and_none_is_only_recorded() -> None:
    assert weigh("1.1", "s", True, True).holds and weigh("1.1", "s", False, False).holds
    assert weigh("1.1", "s", True, False).holds is False
    assert weigh("1.1", "s", 3.0, None).holds is None


def test_figures_are_printed_with_at_most_four_decimals() -> None:
    assert [shown(x) for x in (0.123456, 0.08366, 12.3456, 1_050_624, 1.5e-9, True, 0.0)] == [
        "0.1235", "0.0837", "12.35", "1,050,624", "1.50e-09", "yes", "0",
    ]  # fmt: skip


def test_claims_are_collected_from_a_notebook_in_order() -> None:
    claims = [Claim("2.2.1", "a", "1", "at most 2", True, "book"), Claim("2.2.2", "b", "3", "", None)]
    outputs = [{"output_type": "display_data", "data": {CLAIM_MIME: claim.as_dict()}} for claim in claims]
    notebook = {"cells": [{"cell_type": "markdown"}, *({"outputs": [output]} for output in outputs)]}
    assert claims_in(json.loads(json.dumps(notebook))) == claims
