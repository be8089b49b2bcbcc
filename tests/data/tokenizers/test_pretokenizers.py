"""Words against the pre-tokenizers of `tokenizers` and the splitting of `tiktoken`'s patterns."""

import random

import pytest
import regex
from tokenizers import Regex, normalizers, pre_tokenizers

from llmbook.data.prose import topics
from llmbook.data.tokenizers.pretokenizers import (
    DIGIT,
    GPT2_PATTERN,
    LLAMA3_PATTERN,
    QWEN2_PATTERN,
    bert_words,
    bytes_to_unicode,
    metaspace_words,
    splitter,
    unicode_to_bytes,
)
from llmbook.errors import ReaderError

TEXTS = [
    "",
    " ",
    "I'm sure they'll say it's 12345 coins, DON'T you?\n\n  \tYes…",
    "今天我们在云渡买了3把扇子，一共１２元。\r\n龍は三匹",
    "naïve café ½ Ⅷ x² 🙂👩‍👩‍👧 é\u0301 \u00a0\u3000\u200b end   \n\n\n",
    "def f(x):\n    return x**2  # 'twas\n\n\n\nclass A_b: pass\x1c\x00\x7f",
    *topics()[:40],
]


def noise(count: int) -> list[str]:
    """Random strings of characters that patterns tell apart."""
    draw = random.Random(0)
    alphabet = "aZé中龙あ19½Ⅷ'sTll .,_-\n\r\t \u00a0\u3000🙂\u0301ſ"
    return ["".join(draw.choices(alphabet, k=draw.randint(1, 30))) for _ in range(count)]


def named(text: str) -> str:
    return "".join(bytes_to_unicode()[byte] for byte in text.encode())


@pytest.mark.parametrize(
    "patterns", [[GPT2_PATTERN], [LLAMA3_PATTERN], [QWEN2_PATTERN], [DIGIT, GPT2_PATTERN], ["[A-Z]"]]
)
def test_words_are_those_of_tokenizers(patterns):
    splits = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in patterns]
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    theirs = pre_tokenizers.Sequence([*splits, byte_level])
    for text in TEXTS + noise(300):
        words = splitter(tuple(patterns))(text)
        assert "".join(words) == text
        assert [named(word) for word in words] == [word for word, _ in theirs.pre_tokenize_str(text)], text


def test_the_pattern_of_gpt2_is_that_of_byte_level():
    theirs = pre_tokenizers.ByteLevel(add_prefix_space=False)
    for text in TEXTS + noise(300):
        words = splitter((GPT2_PATTERN,))(text)
        assert [named(word) for word in words] == [word for word, _ in theirs.pre_tokenize_str(text)], text


def test_a_group_in_a_pattern_changes_nothing():
    assert splitter((r"(a|b)+|c",))("xaabcy") == ["x", "aab", "c", "y"]
    assert splitter((r"(?:a|b)+|c",))("xaabcy") == ["x", "aab", "c", "y"]


def test_digits_stand_alone():
    assert splitter((QWEN2_PATTERN,))("in 2023年") == ["in", " ", "2", "0", "2", "3", "年"]
    assert splitter((LLAMA3_PATTERN,))("in 2023年") == ["in", " ", "202", "3", "年"]


def test_the_table_of_bytes_is_that_of_gpt2():
    table = bytes_to_unicode()
    assert sorted(table) == list(range(256)) and sorted(table.values()) == sorted(pre_tokenizers.ByteLevel.alphabet())
    assert all(named(text) == theirs[0][0] for text in ("Ġ", "é", "中", "\x00", "\n")
               if (theirs := pre_tokenizers.ByteLevel(False, use_regex=False).pre_tokenize_str(text)))  # fmt: skip
    assert table[32] == "Ġ" and table[10] == "Ċ"
    assert {unicode_to_bytes()[character]: character for character in table.values()} == table


def test_metaspace():
    theirs = pre_tokenizers.Metaspace(prepend_scheme="always")
    for text in ["", "a", " a", "a  b ", "▁a b", "中文 字", "a\nb c", *topics()[:20]]:
        if text:
            assert metaspace_words(text) == [word for word, _ in theirs.pre_tokenize_str(text)], text
    assert metaspace_words("") == []


@pytest.mark.parametrize("lower_case", [False, True])
def test_words_of_bert(lower_case):
    normalizer, theirs = normalizers.BertNormalizer(lowercase=lower_case), pre_tokenizers.BertPreTokenizer()
    for text in TEXTS + noise(300):
        words = theirs.pre_tokenize_str(normalizer.normalize_str(text))
        assert bert_words(text, lower_case) == [word for word, _ in words], text


def test_a_broken_pattern_is_named():
    with pytest.raises(ReaderError, match=r"pattern '\(a' is no regular expression"):
        splitter(("(a",))


def test_qwen_is_llama_with_single_digits():
    assert regex.fullmatch(QWEN2_PATTERN, "7") and not regex.fullmatch(QWEN2_PATTERN, "77")
