"""The outline: complete, in order, and its links lead somewhere."""

import os
import re
from pathlib import Path

import nbformat
import pytest
from minibook import empty_book, section

from llmbook.book import sections
from llmbook.outline import CHAPTERS, PARTS, chapter_map, chapters_before, place_of
from llmbook.paths import book_root

IDS = [heading.id for chapter in CHAPTERS for heading in chapter.headings]
LINK = re.compile(r"\]\(([^)]+\.ipynb)\)")


def test_eight_chapters_in_three_parts_after_the_introduction():
    assert [chapter.number for chapter in CHAPTERS] == list(range(1, 9))
    members = {part: [chapter.number for chapter in CHAPTERS if chapter.part == part] for part in PARTS}
    assert list(members.values()) == [[1], [2, 3, 4], [5, 6], [7, 8]]


def test_the_table_of_contents_is_complete():
    """Sections of each chapter, and subsections of each section, as the textbook's contents count them."""
    in_chapter = [sum(id.count(".") == 1 and id[0] == str(number) for id in IDS) for number in range(1, 9)]
    assert in_chapter == [4, 4, 4, 4, 5, 4, 5, 4]
    parts = {id: sum(other.startswith(f"{id}.") for other in IDS) for id in IDS if id.count(".") == 1}
    split = {id: count for id, count in parts.items() if count}
    assert split == {
        "2.2": 5, "2.3": 4, "2.4": 2, "3.1": 2, "3.2": 4, "3.3": 3, "3.4": 4, "4.2": 4, "4.3": 2, "4.4": 2, "5.1": 2,
        "5.2": 2, "5.3": 2, "5.4": 2, "5.5": 4, "6.1": 3, "6.2": 3, "6.3": 3, "6.4": 2, "7.1": 2, "7.2": 2, "7.3": 2,
        "7.4": 3, "7.5": 2, "8.2": 3, "8.3": 2, "8.4": 2,
    }  # fmt: skip


def test_sections_are_numbered_in_order_without_gaps():
    assert len(set(IDS)) == len(IDS)
    assert sorted(IDS, key=lambda id: [int(part) for part in id.split(".")]) == IDS
    for id in IDS:
        *around, last = id.split(".")
        assert last == "1" or ".".join([*around, str(int(last) - 1)]) in IDS
        assert len(around) == 1 or ".".join(around) in IDS


def test_titles():
    for chapter in CHAPTERS:
        for thing in (chapter, *chapter.headings):
            assert thing.title.strip() == thing.title != "" and thing.title_zh.strip() == thing.title_zh != ""
    assert re.search("[\u4e00-\u9fff]", "".join(chapter.title_zh for chapter in CHAPTERS))


def test_prerequisites_come_first():
    assert all(needed < chapter.number for chapter in CHAPTERS for needed in chapter.needs)


@pytest.mark.parametrize(("number", "before"), [(1, []), (2, [1]), (4, [1, 2]), (6, [1, 2, 3, 4, 5])])
def test_what_to_read_before_a_chapter(number, before):
    assert chapters_before(number) == before


def test_evaluation_can_be_read_without_applications():
    assert chapters_before(8) == [1, 2, 3, 4, 5, 6] and chapters_before(7) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("id", "place"),
    [("2.2.1", "2.2"), ("2.2", "2.2"), ("2.3.1", "2.3.1"), ("2.3.2", None), ("2.3", None), ("2.1", None)],
)
def test_a_section_is_treated_in_its_own_notebook_or_the_one_around_it(id, place):
    assert place_of(id, ["2.2", "2.3.1", "2.11"]) == place


def test_every_notebook_of_the_book_is_in_the_outline():
    assert [there.id for there in sections(book_root()) if there.id not in IDS] == []


def test_every_link_leads_to_a_notebook_and_every_notebook_is_linked():
    root = book_root()
    folder = root / "chapters" / "01_introduction"
    links = LINK.findall(chapter_map(root, folder))
    linked = [Path(os.path.normpath(folder / link)) for link in links]
    assert linked == [there.path for there in sections(root)]


def test_the_committed_map_is_up_to_date():
    """`llmbook run 1.4 --update` writes it anew when a notebook has been added."""
    root = book_root()
    (home,) = (there.path for there in sections(root) if there.id == "1.4")
    outputs = [o for cell in nbformat.read(home, as_version=4).cells for o in cell.get("outputs", [])]
    shown = [o.data["text/markdown"] for o in outputs if "text/markdown" in o.get("data", {})]
    assert chapter_map(root, home.parent) in shown


def test_the_map_of_a_book_in_the_making(tmp_path):
    root = empty_book(tmp_path)
    section(root, "02_foundations/2_transformer", "2.2 The Transformer")
    section(root, "02_foundations/3_1_bert", "2.3.1 BERT")
    rows = {line.split(" | ")[0]: line for line in chapter_map(root, root / "chapters" / "01_x").splitlines()}
    assert "| [The Transformer](../02_foundations/2_transformer.ipynb) (Transformer 模型) |" in rows["| 2.2"]
    assert "to come" not in rows["| 2.2"] and "2.2.1 The embedding layer; 2.2.2" in rows["| 2.2"]
    assert "| Pre-trained language models (预训练语言模型) |" in rows["| 2.3"]
    assert "2.3.1 [The masked language model BERT](../02_foundations/3_1_bert.ipynb); 2.3.2" in rows["| 2.3"]
    assert rows["| 2.3"].count("(to come)") == 3
    assert rows["| 8.1"] == "| 8.1 | Overview (模型评估概述) (to come) |  |"
    assert sum(id in rows for id in (f"| {id}" for id in IDS)) == 34
