"""Unigram against the values of the Hugging Face course, all segmentations by brute force, and `tokenizers`."""

import math
import random
from collections import Counter

import pytest
import tokenizers

from llmbook.data.prose import topics
from llmbook.data.tokenizers import UnigramTokenizer
from llmbook.data.tokenizers.pretokenizers import metaspace_words
from llmbook.data.tokenizers.unigram import (
    corpus_loss,
    expected_counts,
    normalized,
    prune,
    removal_losses,
    seed_counts,
    viterbi,
    viterbi_counts,
)
from llmbook.data.world import World
from llmbook.errors import ReaderError

COURSE = [
    "This is the Hugging Face Course.",
    "This chapter is about tokenization.",
    "This section shows several tokenizer algorithms.",
    "Hopefully, you will be able to understand how they are trained and generate tokens.",
]
WORDS = Counter(word for text in COURSE for word in metaspace_words(text))


def segmentations(word, tokens):
    if not word:
        yield []
    for end in range(1, len(word) + 1):
        if word[:end] in tokens:
            yield from ([word[:end], *rest] for rest in segmentations(word[end:], tokens))


def test_the_values_of_the_course():
    seeds = seed_counts(WORDS, 300)
    log_probs = normalized(seeds)
    assert len(seeds) == 300 and sum(len(token) == 1 for token in seeds) == 30
    assert corpus_loss(WORDS, log_probs) == pytest.approx(382.10, abs=0.005)
    # The course starts each word's score at 1 and prints 413.10.
    assert corpus_loss(WORDS, log_probs) + sum(WORDS.values()) == pytest.approx(413.10, abs=0.005)
    losses = removal_losses(WORDS, log_probs)
    assert losses["ll"] == pytest.approx(6.3764, abs=5e-5) and losses["his"] == 0.0
    left = prune(WORDS, seeds, 100, rounds=0)
    assert len(left) <= 100 and sum(len(token) == 1 for token in left) == 30
    tokens = UnigramTokenizer(normalized(left)).tokenize("This is the Hugging Face course.")
    assert " ".join(tokens) == "▁This ▁is ▁the ▁Hugging ▁Face ▁ c ou r s e ."


def drawn_model(draw):
    tokens = {"a", "b", "c"} | {"".join(draw.choices("abc", k=draw.randint(2, 4))) for _ in range(12)}
    return normalized({token: draw.randint(1, 20) for token in sorted(tokens)})


def test_viterbi_and_expected_counts_by_brute_force():
    draw = random.Random(0)
    for _ in range(40):
        log_probs = drawn_model(draw)
        word = "".join(draw.choices("abc", k=draw.randint(1, 9)))
        scores = [(sum(map(log_probs.get, tokens)), tokens) for tokens in segmentations(word, log_probs)]
        tokens, score = viterbi(word, log_probs)
        assert score == pytest.approx(max(scores)[0]) and score == pytest.approx(sum(map(log_probs.get, tokens)))
        assert "".join(tokens) == word and viterbi_counts({word: 3}, log_probs) == Counter(tokens * 3)
        total = sum(math.exp(score) for score, _ in scores)
        expected = Counter()
        for score, tokens in scores:
            for token in tokens:
                expected[token] += 2 * math.exp(score) / total
        found = expected_counts({word: 2}, log_probs)
        assert found == pytest.approx({token: expected[token] for token in log_probs})


def test_em_makes_the_corpus_more_probable():
    """The likelihood over all segmentations never falls in an EM step."""

    def likelihood(log_probs):
        return sum(count * math.log(sum(math.exp(sum(map(log_probs.get, tokens)))
                                        for tokens in segmentations(word, log_probs)))
                   for word, count in short.items())  # fmt: skip

    short = {word: count for word, count in WORDS.items() if len(word) <= 8}
    counts = seed_counts(short, 90)
    steps = []
    for _ in range(4):
        steps.append(likelihood(normalized(counts)))
        estimated = expected_counts(short, normalized(counts))
        counts = {token: max(value, 1e-12) for token, value in estimated.items()}
    assert steps == sorted(steps) and steps[1] > steps[0] + 1


def test_removal_losses_by_definition():
    log_probs = normalized(seed_counts(WORDS, 120))
    before = corpus_loss(WORDS, log_probs)
    losses = removal_losses(WORDS, log_probs)
    assert set(losses) == {token for token in log_probs if len(token) > 1}
    for token, loss in losses.items():
        without = {other: value for other, value in log_probs.items() if other != token}
        assert loss == pytest.approx(corpus_loss(WORDS, without) - before, abs=1e-9), token


@pytest.mark.parametrize("byte_fallback", [True, False])
@pytest.mark.parametrize("estimate", [expected_counts, viterbi_counts])
def test_encoding_is_that_of_tokenizers(byte_fallback, estimate, tmp_path):
    texts = topics()[:25]
    ours = UnigramTokenizer.train(texts, 500, byte_fallback, estimate)
    assert len(ours) <= 500
    ours.save(tmp_path / "tokenizer.json")
    theirs = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    dialogues = [record["text"] for record in World(0).records("dialogue", 40)]
    samples = [*topics()[:60], *dialogues, "a  b", "中文", "x龙龙y"]
    expected = [encoding.ids for encoding in theirs.encode_batch(samples)]
    assert [ours.encode(text) for text in samples] == expected
    if byte_fallback:
        # A space in front of a text can't be told from the one that is put there.
        assert [ours.decode(ids) for ids in expected] == [text.removeprefix(" ") for text in samples]
        assert ours.tokenize("中文")[1:] == [f"<0x{byte:02X}>" for byte in "中文".encode()]
        assert len(ours.tokenize("中文")) == 7  # with the ▁ in front
    else:
        assert ours.tokenize("x龙龙y").count("<unk>") == 1


def test_bad_input_is_refused():
    with pytest.raises(ReaderError, match="bytes and characters alone are 260"):
        UnigramTokenizer.train(["ab"], 259)
    with pytest.raises(ReaderError, match="no token 300"):
        UnigramTokenizer(normalized({"a": 1})).decode([300])
