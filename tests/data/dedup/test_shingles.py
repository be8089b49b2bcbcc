"""Shingles against cutting texts word by word in plain Python."""

import random
import sys
import unicodedata

import numpy as np
import pytest

from llmbook.data.dedup import shingles as module
from llmbook.data.dedup.shingles import scramble, shingles, units
from llmbook.errors import ReaderError

TEXTS = [
    "The cat, the CAT and the dog: 12 cats!", "", "  ", "猫坐在垫子上。The cat 坐着 x2", "naïve café", "a", "\n a b\n",
    "カタカナとหนึ่ง", "𠀀𠀁x", "Straße İstanbul", "\ud800 broken",
]  # fmt: skip


def is_alone(character: str) -> bool:
    names = ("CJK UNIFIED", "HIRAGANA", "KATAKANA", "THAI")
    return unicodedata.name(character, "").startswith(names)


def slow_words(text: str) -> list[tuple[int, int]]:
    spans, open_at = [], None
    for place, character in enumerate([*text, " "]):
        counts = unicodedata.category(character)[0] in "LNM"
        if open_at is not None and (not counts or is_alone(character)):
            spans.append((open_at, place))
            open_at = None
        if counts and is_alone(character):
            spans.append((place, place + 1))
        elif counts and open_at is None:
            open_at = place
    return spans


def words(texts: list[str]) -> list[list[str]]:
    return [["".join(c.lower()[0] for c in text[a:b]) for a, b in slow_words(text)] for text in texts]


def same_partition(hashes: np.ndarray, things: list) -> bool:
    """Equal hashes for equal things and different ones for different."""
    return len(set(zip(hashes.tolist(), things, strict=True))) == len(set(things)) == len(set(hashes.tolist()))


@pytest.mark.parametrize("block", [1, 20, 1 << 16])
def test_words_are_cut_and_hashed_like_in_plain_python(monkeypatch, block):
    monkeypatch.setattr(module.blocks, "__defaults__", (block,))
    cut = units(TEXTS)
    expected = [slow_words(text) for text in TEXTS]
    assert list(zip(cut.starts.tolist(), cut.ends.tolist(), strict=True)) == sum(expected, [])
    assert cut.offsets.tolist() == np.cumsum([0, *map(len, expected)]).tolist()
    assert same_partition(cut.hashes, sum(words(TEXTS), []))


@pytest.mark.parametrize("n", [1, 2, 5])
def test_shingles_are_the_ngrams(n):
    rng = random.Random(n)
    texts = [" ".join(rng.choices("abcde", k=rng.randrange(12))) for _ in range(60)]
    grams = []
    for tokens in words(texts):
        grams.append([tuple(tokens[i : i + n]) for i in range(max(len(tokens) - n + 1, 1))] if tokens else [])
    hashes, offsets = shingles(texts, n)
    assert offsets.tolist() == np.cumsum([0, *map(len, grams)]).tolist()
    assert same_partition(hashes, sum(grams, []))


def test_characters_count_with_one_space_between_words():
    hashes, offsets = shingles(["(Ab,  c!)", "ab c"], 3, "character")
    assert offsets.tolist() == [0, 2, 4]
    assert hashes[:2].tolist() == hashes[2:].tolist()  # "ab " and "b c"
    letters = units(["x  y", "xy "], "character")
    assert letters.offsets.tolist() == [0, 3, 5]
    assert letters.starts.tolist() == [0, 2, 3, 0, 1]


def test_order_and_borders_matter():
    hashes, _ = shingles(["ab c", "a bc", "c ab", "abc", "a b c"], 9)
    assert len(set(hashes.tolist())) == 5


def test_a_text_is_hashed_alike_in_any_company():
    alone, _ = shingles(["the end of it all"], 2)
    beside, offsets = shingles(["something before", "the end of it all", "x"], 2)
    assert beside[offsets[1] : offsets[2]].tolist() == alone.tolist()


def test_there_are_no_collisions_among_many_words_nor_a_bias_in_the_bits():
    hashes, _ = shingles([" ".join(f"w{i}" for i in range(200_000))], 1)
    assert len(np.unique(hashes)) == 200_000
    ones = np.unpackbits(hashes.view(np.uint8)).reshape(-1, 64).mean(axis=0)
    assert np.abs(ones - 0.5).max() < 6 * 0.5 / 200_000**0.5  # six standard deviations


def test_scrambling_loses_nothing():
    numbers = np.arange(100_000, dtype=np.uint64)
    assert len(np.unique(scramble(numbers))) == len(numbers)


def test_nothing_gives_nothing():
    assert [len(column) for column in units([])] == [0, 0, 0, 1]
    hashes, offsets = shingles([])
    assert (hashes.dtype, len(hashes), offsets.tolist()) == (np.uint64, 0, [0])


@pytest.mark.parametrize(
    ("texts", "options", "message"),
    [("one", {}, "one string"), (["a"], {"unit": "byte"}, "unknown unit 'byte'"), (["a"], {"n": 0}, "n = 0")],
)
def test_bad_input_gets_one_clear_line(texts, options, message):
    with pytest.raises(ReaderError, match=message):
        shingles(texts, **options)


def test_every_code_point_can_be_hashed():
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    assert len(units([everything]).hashes) > 100_000
