"""BPE of the book: figure 3.4 and listing A, with the values they give when they are run."""

from collections import Counter

from llmbook.data.tokenizers.pretokenizers import GPT2_PATTERN, splitter
from llmbook.data.tokenizers.word_bpe import (
    apply_merges,
    count_pairs,
    decode_words,
    learn_by_rescanning,
    longest_match,
    merge_symbols,
    spell,
)

LOW = {"low": 5, "lower": 2, "newest": 6, "widest": 3}
COURSE = [
    "This is the Hugging Face Course.",
    "This chapter is about tokenization.",
    "This section shows several tokenizer algorithms.",
    "Hopefully, you will be able to understand how they are trained and generate tokens.",
]


def course_words(text: str) -> list[str]:
    return [word.replace(" ", "Ġ") for word in splitter((GPT2_PATTERN,))(text)]


def test_figure_3_4():
    merges = list(learn_by_rescanning(spell(LOW), 10))
    assert merges == [
        (("e", "s"), 9), (("es", "t"), 9), (("est", "</w>"), 9), (("l", "o"), 7), (("lo", "w"), 7), (("n", "e"), 6),
        (("ne", "w"), 6), (("new", "est</w>"), 6), (("low", "</w>"), 5), (("w", "i"), 3),
    ]  # fmt: skip
    tokens = [left + right for (left, right), _ in merges] + list("lowernstid")
    assert longest_match("lowest</w>", tokens) == ["low", "est</w>"]
    assert apply_merges([*"lowest", "</w>"], [pair for pair, _ in merges]) == ["low", "est</w>"]
    assert decode_words(["low", "est</w>", "new", "est</w>"]) == "lowest newest"


def test_listing_a():
    words = Counter(word for text in COURSE for word in course_words(text))
    assert len(words) == 30 and len(set("".join(words))) == 30
    merges = [pair for pair, _ in learn_by_rescanning(spell(words, end=""), 50 - 31)]
    assert " ".join("+".join(pair) for pair in merges) == (
        "Ġ+t i+s e+r Ġ+a Ġt+o e+n T+h Th+is o+u s+e Ġto+k Ġtok+en n+d Ġ+is Ġt+h Ġth+e i+n Ġa+b Ġtoken+i"
    )
    tokens = [token for word in course_words("This is not a token.") for token in apply_merges(word, merges)]
    assert tokens == ["This", "Ġis", "Ġ", "n", "o", "t", "Ġa", "Ġtoken", "."]
    vocabulary = [*sorted(set("".join(words))), *("".join(pair) for pair in merges)]
    assert apply_merges("Ġthen", merges) == ["Ġth", "en"]
    assert longest_match("Ġthen", vocabulary) == ["Ġthe", "n"]


def test_pairs_overlap_and_merges_do_not():
    assert count_pairs({("a", "a", "a"): 2}) == {("a", "a"): 4}
    assert merge_symbols("aaaaa", ("a", "a")) == ["aa", "aa", "a"]
    assert list(learn_by_rescanning({("a",): 3}, 5)) == []


def test_what_no_token_matches_is_unknown():
    assert longest_match("x-low", ["low", "l", "o"]) == ["[UNK]", "low"]
    assert longest_match("", ["low"]) == []
