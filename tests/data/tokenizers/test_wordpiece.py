"""WordPiece against the values of the Hugging Face course, a trainer by definition, and `tokenizers`."""

from collections import Counter

import pytest
import tokenizers
from tokenizers import models, normalizers, pre_tokenizers

from llmbook.data.prose import topics
from llmbook.data.tokenizers import WordPieceTokenizer
from llmbook.data.tokenizers.pretokenizers import bert_words
from llmbook.data.tokenizers.wordpiece import BERT_SPECIAL_TOKENS, learn_pieces, pair_scores
from llmbook.data.world import World
from llmbook.errors import ReaderError

COURSE = [
    "This is the Hugging Face Course.",
    "This chapter is about tokenization.",
    "This section shows several tokenizer algorithms.",
    "Hopefully, you will be able to understand how they are trained and generate tokens.",
]


def spelled(words):
    return {(word[0], *(f"##{letter}" for letter in word[1:])): count for word, count in words.items()}


def test_the_values_of_the_course():
    words = Counter(word for text in COURSE for word in bert_words(text))
    scores = pair_scores(spelled(words))
    assert scores["T", "##h"] == 0.125 and scores["i", "##s"] == 0.1
    assert max(scores, key=scores.get) == ("a", "##b") and scores["a", "##b"] == 0.2
    ours = WordPieceTokenizer.train(COURSE, 70)
    assert len({piece for word in spelled(words) for piece in word}) == 40
    assert ours.pieces[:5] == list(BERT_SPECIAL_TOKENS) and ours.pieces[5:45] == sorted(ours.pieces[5:45])
    assert " ".join(ours.pieces[45:]) == (
        "ab ##fu Fa Fac ##ct ##ful ##full ##fully Th ch ##hm cha chap chapt ##thm Hu Hug Hugg sh th is ##thms ##za "
        "##zat ##ut"
    )
    assert ours.encode_word("Hugging") == ["Hugg", "##i", "##n", "##g"]
    assert ours.encode_word("HOgging") == ["[UNK]"]


def by_definition(words, limit):
    """Every score anew for every merge."""
    chains = spelled(words)
    for _ in range(limit):
        scores = pair_scores(chains)
        if not scores:
            return
        left, right = best = max(scores, key=scores.get)
        new, merged = left + right.removeprefix("##"), {}
        for word, count in chains.items():
            row, place = [], 0
            while place < len(word):
                row.append(new if word[place : place + 2] == best else word[place])
                place += 2 if word[place : place + 2] == best else 1
            merged[tuple(row)] = count
        chains = merged
        yield left, right, new, scores[best]


def test_training_is_that_of_the_definition():
    words = Counter(word for text in topics()[:25] for word in bert_words(text)) + Counter({"aaaa": 3, "aaaaaaa": 2})
    assert list(learn_pieces(words, 250)) == list(by_definition(words, 250))
    assert list(learn_pieces({"ab": 1}, 9)) == [("a", "##b", "ab", 1.0)]


def test_the_listing_of_bert():
    vocabulary = [*BERT_SPECIAL_TOKENS, "i", "have", "a", "new", "gp", "##u", "!"]
    ours = WordPieceTokenizer(vocabulary, lower_case=True)
    assert ours.tokenize("I have a new GPU!") == ["i", "have", "a", "new", "gp", "##u", "!"]
    assert ours.decode(ours.encode("I have a new GPU!")) == "i have a new gpu !"


@pytest.mark.parametrize("lower_case", [False, True])
def test_encoding_is_that_of_tokenizers(lower_case, tmp_path):
    texts = topics()[:200] + [record["text"] for record in World(0).records("dialogue", 100)]
    ours = WordPieceTokenizer.train(texts[:150], 600, lower_case=lower_case)
    theirs = tokenizers.Tokenizer(models.WordPiece(ours.vocabulary, unk_token="[UNK]"))
    theirs.normalizer = normalizers.BertNormalizer(lowercase=lower_case)
    theirs.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ours.save(tmp_path / "tokenizer.json")
    saved = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    samples = [*texts, "x" * 101, "y" * 100, "", "naïve 中文 CAFÉ"]
    expected = [encoding.ids for encoding in theirs.encode_batch(samples)]
    assert [ours.encode(text) for text in samples] == expected
    assert [encoding.ids for encoding in saved.encode_batch(samples)] == expected
    assert [ours.decode(ids) for ids in expected] == [saved.decode(ids, skip_special_tokens=False) for ids in expected]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: WordPieceTokenizer(["a", "a", "[UNK]"]), "holds a piece twice"),
        (lambda: WordPieceTokenizer(["a"]), "lacks the unknown token"),
        (lambda: WordPieceTokenizer.train(["abc"], 7), "special tokens and characters alone are 8"),
        (lambda: WordPieceTokenizer(["[UNK]"]).decode([3]), "outside the vocabulary of 1"),
    ],
)
def test_bad_input_is_refused(make, message):
    with pytest.raises(ReaderError, match=message):
        make()
