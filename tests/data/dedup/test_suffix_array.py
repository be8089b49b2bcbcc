"""Suffix arrays against sorting all suffixes, spans against comparing all places."""

import random

import numpy as np
import pytest

from llmbook.data.dedup.suffix_array import (
    Span,
    duplicate_passages,
    duplicate_spans,
    kasai,
    remove_spans,
    suffix_and_lcp,
    suffix_array,
)  # fmt: skip
from llmbook.data.prose import topics
from llmbook.errors import ReaderError


def slow(text) -> tuple[list[int], list[int]]:
    order = sorted(range(len(text)), key=lambda i: text[i:])
    lcp = [0] * len(text)
    for rank in range(1, len(text)):
        left, right = text[order[rank - 1] :], text[order[rank] :]
        agree = [a == b for a, b in zip(left, right, strict=False)]
        lcp[rank] = agree.index(False) if False in agree else len(agree)
    return order, lcp


def test_the_examples_of_the_book_and_the_map():
    assert (suffix_array("banana") + 1).tolist() == [6, 4, 2, 1, 5, 3]
    order, lcp = suffix_and_lcp("mississippi")
    assert order.tolist() == [10, 7, 4, 1, 0, 9, 8, 6, 3, 5, 2]
    assert lcp.tolist() == [0, 1, 1, 4, 0, 0, 1, 0, 2, 1, 3]
    start = order[lcp.argmax()]
    assert "mississippi"[start : start + lcp.max()] == "issi"


@pytest.mark.parametrize("alphabet", ["a", "ab", "abcdefgh", "灯市𠀀x"])
def test_array_and_lcp_are_those_of_sorted_suffixes(alphabet):
    rng = random.Random(alphabet)
    for length in (*range(9), 30, 200, 500):
        text = "".join(rng.choices(alphabet, k=length))
        order, lcp = slow(text)
        found, common = suffix_and_lcp(text)
        assert found.tolist() == suffix_array(text).tolist() == order
        assert common.tolist() == kasai(text, found).tolist() == lcp


def test_bytes_and_token_ids_are_texts_too():
    tokens = np.random.default_rng(0).integers(-5, 70_000, 300)
    tokens[200:250] = tokens[20:70]
    assert suffix_array(tokens).tolist() == slow(tokens.tolist())[0] == suffix_array(tokens.tolist()).tolist()
    assert suffix_array("naïve".encode()).tolist() == slow("naïve".encode())[0]


def test_both_lcps_agree_on_real_text():
    text = "\n".join(topics())[:200_000]
    order, lcp = suffix_and_lcp(text)
    assert np.array_equal(kasai(text, order), lcp)


def slow_spans(documents, min_length) -> list[Span]:
    """Every window is looked for in all windows before it."""
    first, spans = {}, []
    for number, document in enumerate(documents):
        open_span = None
        for start in range(len(document) - min_length + 1):
            window = tuple(document[start : start + min_length])
            source = first.setdefault(window, (number, start))
            if source == (number, start):
                continue
            if open_span and start <= open_span.end:
                open_span = open_span._replace(end=start + min_length)
            else:
                spans += [open_span] if open_span else []
                open_span = Span(number, start, start + min_length, *source)
        spans += [open_span] if open_span else []
    return spans


@pytest.mark.parametrize("min_length", [1, 2, 3, 5, 8, 13])
def test_spans_are_all_windows_that_have_come_before(min_length):
    rng = random.Random(min_length)
    for _ in range(30):
        documents = ["".join(rng.choices("ab", k=rng.randrange(60))) for _ in range(rng.randrange(1, 6))]
        assert duplicate_spans(documents, min_length) == slow_spans(documents, min_length)


def test_a_passage_does_not_reach_into_the_next_document():
    assert duplicate_spans(["abcdef", "abc", "def"], 4) == []
    assert duplicate_spans(["xabcdefy", "--abcdef--"], 4) == [Span(1, 2, 8, 0, 1)]
    assert duplicate_spans([[1, 2, 3], [], [0, 1, 2, 3]], 3) == [Span(2, 1, 4, 0, 0)]


def test_one_copy_is_left():
    rng = random.Random(5)
    letters = "abcdefghijklmnopqrstuvwxyz"
    passage, parts = "".join(rng.choices(letters, k=80)), ["".join(rng.choices(letters, k=100)) for _ in range(6)]
    documents = [parts[0] + passage + parts[1], parts[2] + passage, passage + parts[3], parts[4] + passage[:49]]
    spans = duplicate_spans(documents, 50)
    assert remove_spans(documents, spans) == [documents[0], parts[2], parts[3], documents[3]]
    assert duplicate_spans(remove_spans(documents, spans), 50) == []
    assert remove_spans([[1, 2, 3]], [Span(0, 1, 2, 0, 0)]) == [[1, 3]]


def test_repetition_within_a_document_leaves_its_first_turn():
    assert remove_spans(["abcabcabcabcx"], duplicate_spans(["abcabcabcabcx"], 5)) == ["abcx"]


def test_passages_are_counted_in_words_and_given_in_characters():
    texts = [
        "Once: the quick brown fox, jumps.",
        "And the QUICK - brown fox jumps again",
        "没有人知道灯市在哪里",
        "他说没有人知道灯市。",
    ]
    found = duplicate_passages(texts, 5)
    assert [texts[span.document][span.start : span.end] for span in found] == [
        "the QUICK - brown fox jumps", "没有人知道灯市",
    ]  # fmt: skip
    assert [(span.first_document, span.first_start) for span in found] == [(0, 6), (2, 0)]
    assert duplicate_passages([], 5) == [] == duplicate_passages(["", "a"], 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: suffix_array([[1], [2]]), "flat sequence"),
        (lambda: suffix_array([0.5]), "whole numbers"),
        (lambda: duplicate_spans(["a"], 0), "min_length = 0"),
        (lambda: duplicate_spans("abc", 3), "list of documents"),
    ],
)
def test_bad_input_gets_one_clear_line(call, message):
    with pytest.raises(ReaderError, match=message):
        call()
