"""chapters/listings.yaml accounts for the textbook's listings: every entry must lead somewhere."""

import importlib
from pathlib import Path

import pytest
import yaml

from llmbook.book import read_notebook, sections

ROOT = Path(__file__).resolve().parents[1]
ENTRIES = yaml.safe_load((ROOT / "chapters" / "listings.yaml").read_text(encoding="utf-8"))
KEYS = {"section", "listing", "blocks", "object", "notebook", "verdict", "how"}


def notebook_cells(section: str) -> set[str]:
    [found] = [known for known in sections(ROOT) if known.id == section]
    return {cell["id"] for cell in read_notebook(found.path)["cells"]}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry['section']} {entry['listing']}")
def test_entry_resolves(entry: dict) -> None:
    assert set(entry) == KEYS and entry["verdict"] in ("works", "dead interface", "wrong") and entry["how"]
    module, name = entry["object"].rsplit(".", 1)
    assert hasattr(importlib.import_module(module), name)
    section, cell = entry["notebook"].split("#")
    assert cell in notebook_cells(section)


def test_no_listing_is_entered_twice_or_beyond_the_book() -> None:
    named = [(entry["section"], entry["listing"]) for entry in ENTRIES]
    assert len(set(named)) == len(named) and sum(entry["blocks"] for entry in ENTRIES) <= 167
