"""Words, tokens, lines and hashes of many texts at once, against the same by string methods."""

import random
import re

import numpy as np
import pytest

from llmbook.data.text_arrays import Segments, TextBatch, batches, seen_before, string_hashes
from llmbook.errors import ReaderError

CJK = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
TEXTS = [
    "Hello, world! It's 你好，world.\n\n  Second  line \nthird\n \n\npara",
    "",
    "我们，买3个abc。！！ x",
    "\n\n",
    "naïve Übung\tcafé 𠮷野家 😀 ＡＢ",
    "かな カタカナ 漢字 mixed漢字text",
]


def pieces(batch: TextBatch, segments: Segments) -> list[list[str]]:
    found = [[] for _ in range(len(batch))]
    for start, end, text in zip(segments.starts, segments.ends, segments.text, strict=True):
        found[text].append("".join(map(chr, batch.points[start:end])))
    return found


def test_words_of_a_spaced_language_are_those_of_split():
    batch = TextBatch.of(TEXTS)
    assert pieces(batch, batch.words()) == [text.split() for text in TEXTS]


def test_tokens_are_words_single_characters_and_symbols():
    batch = TextBatch.of(TEXTS)
    expected = [re.findall(rf"[{CJK}𠮷]|[^\W_{CJK}𠮷]+|\S", text) for text in TEXTS]
    assert pieces(batch, batch.tokens()) == expected


def test_words_without_blanks_are_characters_with_what_clings_to_them():
    batch = TextBatch.of(["我们，买3个abc。！！ x"])
    assert pieces(batch, batch.words(spaced=False)) == [["我", "们，", "买", "3", "个", "abc。！！", "x"]]


def test_lines_and_paragraphs():
    batch = TextBatch.of(TEXTS)
    lines, paragraph = batch.lines()
    expected = [[line.strip() for line in text.split("\n") if line.strip()] for text in TEXTS]
    assert pieces(batch, lines) == expected
    number_of_paragraphs = sum(len([part for part in re.split(r"\n\s*\n", text) if part.strip()]) for text in TEXTS)
    assert paragraph.tolist()[:4] == [0, 1, 1, 2]
    assert paragraph[-1] + 1 == number_of_paragraphs


def test_hashes_are_equal_exactly_for_equal_segments():
    rng = random.Random(0)
    texts = [" ".join("".join(rng.choices("ab", k=rng.randint(1, 6))) for _ in range(50)) for _ in range(40)]
    batch = TextBatch.of(texts)
    words = batch.words()
    strings = [word for some in pieces(batch, words) for word in some]
    by_hash = dict(zip(batch.hashes(words).tolist(), strings, strict=True))
    assert all(by_hash[key] == word for key, word in zip(batch.hashes(words).tolist(), strings, strict=True))
    assert len(by_hash) == len(set(strings)) > 100
    assert np.array_equal(string_hashes(strings), batch.hashes(words))


def test_lower_case_hashes():
    batch = TextBatch.of(["The ÉCOLE İ"])
    assert batch.hashes(batch.words(), lower=True)[:2].tolist() == string_hashes(["the", "école"]).tolist()


def test_seen_before_is_the_definition():
    keys = np.random.default_rng(0).integers(0, 30, 100).astype(np.uint64)
    assert seen_before(keys).tolist() == [key in keys[:place] for place, key in enumerate(keys)]


def test_batches_lose_nothing():
    texts = ["x" * 200_000] * 7 + ["y"]
    assert [text for some in batches(texts) for text in some] == texts
    assert len(list(batches(texts))) == 3


def test_a_broken_character_does_no_harm_and_a_number_is_refused():
    broken = TextBatch.of(["a\ud800b c"])
    assert len(broken.words()) == 2
    with pytest.raises(ReaderError, match="not a string"):
        TextBatch.of(["a", 3])
