import pytest

from llmbook.data.words import WordTokenizer
from llmbook.errors import ReaderError

TOKENIZER = WordTokenizer(["b a .", "c b [MASK]"], ["<pad>", "[MASK]"])


def test_special_tokens_come_first_and_words_are_sorted():
    assert TOKENIZER.tokens == ["<pad>", "[MASK]", ".", "a", "b", "c"] and len(TOKENIZER) == 6


def test_decoding_undoes_encoding():
    assert TOKENIZER.encode("c [MASK] a .") == [5, 1, 3, 2]
    assert TOKENIZER.decode([5, 1, 3, 2, 0]) == "c a ."
    assert TOKENIZER.decode([5, 1, 3, 2, 0], skip_special_tokens=False) == "c [MASK] a . <pad>"
    assert TOKENIZER.encode("") == [] and TOKENIZER.decode([]) == ""


def test_an_unknown_word_is_named():
    with pytest.raises(ReaderError, match="the word 'd' is not in the tokenizer's vocabulary"):
        TOKENIZER.encode("a d")
