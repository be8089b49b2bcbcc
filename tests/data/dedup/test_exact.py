"""Exact duplicates, lines and paragraphs, against sets of the texts themselves and keys worked out by hand."""

from hashlib import sha1

import numpy as np
import pytest

from llmbook.data.dedup.exact import (
    collapse_spaces,
    document_frequency,
    document_keys,
    drop_common_lines,
    drop_duplicates,
    first_copies,
    line_keys,
)  # fmt: skip
from llmbook.data.dedup.paragraphs import drop_seen_paragraphs, normalise_paragraph, paragraph_key, paragraph_keys
from llmbook.data.prose import topics
from llmbook.errors import ReaderError


def test_keys_are_equal_exactly_for_equal_texts():
    texts = [*topics()[:500], *topics()[100:200], "", " ", "a", "A"]
    keys = document_keys(texts)
    assert keys.dtype == np.uint64 and len(set(keys.tolist())) == len(set(texts))
    assert drop_duplicates(texts) == list(dict.fromkeys(texts))
    first = {}
    assert first_copies(keys).tolist() == [first.setdefault(text, number) for number, text in enumerate(texts)]


def test_normalising_first_finds_more():
    texts = ["One  two", "one two\n", "onetwo"]
    assert drop_duplicates(texts) == texts
    assert drop_duplicates(texts, collapse_spaces) == ["One  two", "onetwo"]
    assert document_keys([]).shape == (0,)


def test_a_line_counts_once_per_document():
    texts = ["Home\nnews\nnews", "Home \nweather", "sport\n\n"]
    keys, documents = line_keys(texts)
    assert documents.tolist() == [0, 0, 0, 1, 1, 2, 2, 2]
    assert document_frequency(keys, documents).tolist() == [2, 1, 1, 2, 1, 1, 1, 1]
    assert drop_common_lines(texts, 1) == ["news\nnews", "weather", "sport\n\n"]
    assert drop_common_lines(["\na", "\nb", ""], 1) == ["\na", "\nb", ""]
    assert drop_common_lines([], 1) == []


def test_bad_input_gets_one_clear_line():
    with pytest.raises(ReaderError, match="max_documents is 0"):
        drop_common_lines(["a"], 0)
    with pytest.raises(ReaderError, match="one key, one number"):
        document_frequency(np.zeros(2, np.uint64), np.zeros(3, np.int64))


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("Price: 12 euros, CAFÉ!", "price 00 euros cafe"),
        ("price 99 euros cafe", "price 00 euros cafe"),
        ("12 €", "00 €"),
        ("  É１２，你好。 ", "e00你好"),
        ("snake_case (x) + “y” — ¿z?", "snakecase x + y  z"),
        ("", ""),
    ],
)
def test_paragraphs_are_normalised_as_ccnet_does(text, normalised):
    assert normalise_paragraph(text) == normalised
    assert paragraph_key(text) == sha1(normalised.encode()).digest()[:8]


def test_keys_of_many_texts_are_those_of_each_paragraph():
    texts = ["Eins, zwei!\n\nÉté 12", "", "数字１２\nΣΊΣΥΦΟΣ\n\u0301x"]
    keys, documents = paragraph_keys(texts)
    expected = [paragraph_key(line) for text in texts for line in text.split("\n")]
    assert [int(key).to_bytes(8, "big") for key in keys] == expected
    assert documents.tolist() == [0, 0, 0, 1, 2, 2, 2]
    assert paragraph_keys([])[0].shape == (0,)


def test_a_paragraph_is_kept_where_it_comes_first():
    seen: set[bytes] = set()
    assert drop_seen_paragraphs(["A b!\n\nc\nc", "a B\nd\n\nC"], seen) == ["A b!\n\nc", "d\n"]
    assert drop_seen_paragraphs(["D.\nnew\n\n"], seen) == ["new\n\n"]
    assert drop_seen_paragraphs([]) == []
