"""Finding sections, and how the command names what it cannot find."""

import pytest
from minibook import empty_book, section

from llmbook.book import find, read_notebook, sections
from llmbook.errors import ReaderError


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    root = empty_book(tmp_path_factory.mktemp("book"))
    for name in (
        "02_foundations/1_n_grams",
        "02_foundations/2_transformer",
        "02_foundations/10_last",
        "10_end/1_x",
        "02_foundations/10_2_later",
        "02_foundations/10_1_sooner",
    ):
        section(root, name, f"2.2 About {name[-6:]} (关于)")
    (root / "chapters" / "02_foundations" / "notes.ipynb").write_text("{}")
    return root


def test_sections_come_in_the_books_order(book):
    assert [s.id for s in sections(book)] == ["2.1", "2.2", "2.10", "2.10.1", "2.10.2", "10.1"]


def test_a_section_knows_its_title_and_its_exercises(book):
    transformer = find(["2.2"], book)[0]
    assert transformer.title == "About former (关于)"
    assert transformer.exercise == book / "exercises" / "02_foundations" / "2_transformer.ipynb"
    assert transformer.solution == book / "exercises" / "02_foundations" / "solutions" / "2_transformer.ipynb"
    assert transformer.wrong_answers == book / "exercises" / "02_foundations" / "wrong" / "2_transformer.yaml"


def test_sections_and_chapters_are_asked_for_by_number(book):
    assert [s.id for s in find(["10.1", "2.2", "2.2"], book)] == ["2.2", "10.1"]
    assert [s.id for s in find(["2"], book)] == ["2.1", "2.2", "2.10", "2.10.1", "2.10.2"]
    assert [s.id for s in find(["2.10"], book)] == ["2.10", "2.10.1", "2.10.2"]
    assert [s.id for s in find(["2.10.2"], book)] == ["2.10.2"]
    assert [s.id for s in find([], book)] == ["2.1", "2.2", "2.10", "2.10.1", "2.10.2", "10.1"]


@pytest.mark.parametrize(("name", "advice"), [("2.3", "2.2"), ("transfromer", "2.2"), ("zzz", "llmbook list")])
def test_an_unknown_section_is_told_its_neighbours(book, name, advice):
    with pytest.raises(ReaderError, match=f"no section '{name}' in the book: .*{advice}"):
        find([name], book)


def test_a_book_without_sections_and_a_file_that_is_no_notebook_are_said_to_be_so(tmp_path):
    with pytest.raises(ReaderError, match="no notebooks in"):
        find([], empty_book(tmp_path))
    (tmp_path / "x.ipynb").write_text("not json")
    with pytest.raises(ReaderError, match="is not a notebook"):
        read_notebook(tmp_path / "x.ipynb")
    with pytest.raises(ReaderError, match="no notebook"):
        read_notebook(tmp_path / "y.ipynb")
