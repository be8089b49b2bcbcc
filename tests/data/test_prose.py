"""The frozen language reference and the running installation's docstrings and source."""

import inspect
import json.decoder
import platform
import re
import sys
from itertools import islice

import pytest

from llmbook import paths
from llmbook.data import prose
from llmbook.errors import ReaderError


def test_topics_are_the_frozen_ones():
    """The figures that chapter 1 quotes: 377 thousand characters of 103 kinds once duplicates are gone."""
    paragraphs = prose.topics()
    text = "\n\n".join(paragraphs)
    assert (len(paragraphs), len(text), len(set(text))) == (2095, 376_548, 103)
    assert len(set(paragraphs)) == len(paragraphs)
    assert paragraphs[0].startswith('The "assert" statement')


def test_sentences_are_those_of_chapter_1():
    """3,213 distinct sentences: 2,892 to train on and 321 held out."""
    sentences = prose.sentences()
    assert len(sentences) == 2892 + 321
    assert sum(map(len, sentences)) == 70_435
    assert all(4 <= len(tokens) <= 60 for tokens in sentences)
    assert len(set(map(tuple, sentences))) == len(sentences)
    assert all(re.fullmatch(r"[a-z]+|[0-9]+|[^\sa-z0-9]", token) for tokens in sentences for token in tokens)


def test_freeze_remakes_the_snapshot_under_its_own_python_only(tmp_path, monkeypatch):
    if platform.python_version() == prose.FROZEN:
        from pydoc_data.topics import topics

        prose.freeze(tmp_path / "topics.xz")
        assert (tmp_path / "topics.xz").read_bytes() == prose.snapshot().read_bytes()
        assert prose._frozen() == topics
    monkeypatch.setattr(platform, "python_version", lambda: "3.99.0")
    with pytest.raises(ReaderError, match="3.99.0"):
        prose.freeze(tmp_path / "topics.xz")


def test_missing_and_damaged_snapshots(tmp_path, monkeypatch):
    whole = prose.snapshot().read_bytes()
    monkeypatch.setattr(paths, "samples", lambda: tmp_path)
    (tmp_path / "prose").mkdir()
    import lzma

    for content, complaint in (
        (None, "missing"),
        (whole[:5000], "damaged"),
        (b"no archive", "damaged"),
        (lzma.compress(b"{}"), "not the frozen text"),
    ):
        if content is not None:
            prose.snapshot().write_bytes(content)
        with pytest.raises(ReaderError, match=complaint) as error:
            prose.topics()
        assert "\n" not in str(error.value)


def test_licence_lies_beside_it():
    licence = (prose.snapshot().parent / "LICENSE.txt").read_text(encoding="utf-8")
    assert "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2" in licence


def test_docstrings_are_those_that_python_shows():
    wanted = {
        "json.decoder.JSONDecoder": json.decoder.JSONDecoder,
        "inspect.cleandoc": inspect.cleandoc,
        "json": json,
    }
    found, texts = {}, set()
    for record in prose.docstrings():
        assert record["text"] and record["text"] not in texts and record["python"] == platform.python_version()
        texts.add(record["text"])
        found[record["id"]] = record["text"]
    for name, thing in wanted.items():
        assert found[name] == inspect.getdoc(thing)
    assert len(texts) > 5000


def test_source_files_come_in_order_without_tests():
    records = list(prose.source_files())
    assert len({record["text"] for record in records}) == len(records) > 400
    sources = {record["id"]: record["text"] for record in records}
    assert sources["inspect"] == inspect.getsource(inspect) and "json" in sources
    assert not any(set(name.split(".")) & {"test", "tests", "idlelib", "site-packages"} for name in sources)
    assert [r["id"] for r in islice(prose.source_files(), 5)] == list(sources)[:5]


def test_nothing_is_imported():
    before = set(sys.modules)
    list(islice(prose.docstrings(), 2000))
    assert not {name for name in set(sys.modules) - before if name.startswith(("antigravity", "this", "turtle"))}


def test_no_source_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(prose.sysconfig, "get_path", lambda name: str(tmp_path))
    with pytest.raises(ReaderError, match="no Python source"):
        next(prose.source_files())
