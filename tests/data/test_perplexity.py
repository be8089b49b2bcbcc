"""The n-gram filter, against the model of chapter 2, a dictionary implementation, and the laws of probability."""

import re
import time
from collections import Counter, defaultdict

import numpy as np
import pytest

from llmbook.data import prose
from llmbook.data.perplexity import KneserNeyLM, perplexity_buckets
from llmbook.data.world import World
from llmbook.errors import ReaderError
from llmbook.models.ngram import NGramLM

LINES = [" ".join(paragraph.split()) for paragraph in prose.topics()]
TRAIN, TEST = LINES[:500], LINES[500:700]
TINY = ["a b c a b", "b c a b c 17", "a b d", "c a b c a b d.", "d d d d e"]


def words(text: str) -> list[str]:
    return re.findall(
        r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+|\S", re.sub("[0-9]", "0", text.lower())
    )


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize("min_count", [2, 3])
def test_with_one_discount_it_is_the_model_of_chapter_2(order, min_count):
    model = KneserNeyLM(order, min_count, modified=False).fit(TRAIN)
    reference = NGramLM(order, "kneser_ney", min_count=min_count).fit(map(words, TRAIN))
    assert model.vocabulary_size == len(reference.vocabulary)
    assert model.num_ngrams[-1] == reference.num_ngrams
    log_probs, sizes = model.token_log_probs(TEST)
    np.testing.assert_allclose(log_probs, reference.token_log_probs(map(words, TEST)), atol=1e-6)
    assert sizes.tolist() == [len(words(text)) + 1 for text in TEST]
    assert model.perplexities(TEST[7:8])[0] == pytest.approx(reference.perplexity([words(TEST[7])]), rel=1e-5)


def test_chinese_is_modelled_by_characters():
    texts = [r["text"].replace("\n", " ") for r in World(0).records("encyclopedia", 300) if r["language"] == "zh"]
    model = KneserNeyLM(4, modified=False).fit(texts[:100])
    reference = NGramLM(4, "kneser_ney", min_count=2).fit(map(words, texts[:100]))
    expected = reference.token_log_probs(map(words, texts[100:]))
    np.testing.assert_allclose(model.token_log_probs(texts[100:])[0], expected, atol=1e-6)


def by_the_book(sentences: list[list[str]], order: int, vocabulary: set[str]):
    """Modified Kneser-Ney from the definition, with dictionaries: a function P(word, history)."""
    padded = [["<s>"] * (order - 1) + sentence + ["</s>"] for sentence in sentences]
    raw = [Counter() for _ in range(order + 1)]
    for sentence in padded:
        for end in range(order - 1, len(sentence)):
            for length in range(1, order + 1):
                raw[length][tuple(sentence[end - length + 1 : end + 1])] += 1
    counts = [Counter() for _ in range(order + 1)]
    counts[order] = raw[order]
    for length in range(1, order):
        contexts = defaultdict(set)
        for gram in raw[length + 1]:
            contexts[gram[1:]].add(gram[0])
        for gram in raw[length]:
            counts[length][gram] = raw[length][gram] if gram[0] == "<s>" else len(contexts[gram])

    def discount(length: int, count: int) -> float:
        n = [sum(value == c for value in counts[length].values()) for c in range(5)]
        if not (n[1] and n[2] and n[3]):
            return [0, 0.5, 1.0, 1.5][min(count, 3)]
        y = n[1] / (n[1] + 2 * n[2])
        estimate = [0, 1 - 2 * y * n[2] / n[1], 2 - 3 * y * n[3] / n[2], 3 - 4 * y * n[4] / n[3]][min(count, 3)]
        return min(max(estimate, 0), min(count, 3))

    def probability(word: str, history: tuple[str, ...]) -> float:
        if len(history) == order:
            return probability(word, history[1:])
        shorter = probability(word, history[1:]) if history else 1 / len(vocabulary)
        length = len(history) + 1
        following = {gram: count for gram, count in counts[length].items() if gram[:-1] == history}
        total = sum(following.values())
        if not total:
            return shorter
        count = counts[length][(*history, word)]
        left = sum(discount(length, c) for c in following.values())
        return (count - discount(length, count) if count else 0) / total + left / total * shorter

    return probability


@pytest.mark.parametrize("texts", [TINY, TRAIN[:15]], ids=["tiny", "prose"])
def test_with_three_discounts_it_is_the_definition(texts):
    order = 3
    frequency = Counter(word for text in texts for word in words(text))
    known = {word for word, count in frequency.items() if count >= 2} | {"<unk>", "</s>"}

    def encoded(text: str) -> list[str]:
        return [word if word in known else "<unk>" for word in words(text)]

    probability = by_the_book([encoded(text) for text in texts], order, known)
    model = KneserNeyLM(order, 2).fit(texts)
    for text in [*texts[:6], "b b a zzz d", "e"]:
        sentence = ["<s>"] * (order - 1) + encoded(text) + ["</s>"]
        expected = [
            probability(sentence[i], tuple(sentence[i - order + 1 : i])) for i in range(order - 1, len(sentence))
        ]
        np.testing.assert_allclose(np.exp(model.token_log_probs([text])[0]), expected, rtol=1e-5)


@pytest.mark.parametrize("modified", [True, False])
def test_probabilities_sum_to_one(modified):
    model = KneserNeyLM(3, min_count=1, modified=modified).fit(TINY)
    vocabulary = [*{word for text in TINY for word in words(text)}, "unseen"]
    assert len(vocabulary) + 1 == model.vocabulary_size
    for history in ("a b", "c a", "d d", "e", "unseen a"):
        size = len(history.split())
        total = sum(np.exp(model.token_log_probs([f"{history} {word}"])[0][size]) for word in vocabulary)
        end = np.exp(model.token_log_probs([history])[0][size])
        assert total + end == pytest.approx(1, abs=1e-5)


def test_word_salad_is_more_perplexing_than_prose():
    rng = np.random.default_rng(0)
    model = KneserNeyLM(3).fit(TRAIN)
    texts = [text for text in TEST if len(text.split()) > 10]
    salad = [" ".join(rng.permutation(text.split())) for text in texts]
    assert (model.perplexities(salad) > model.perplexities(texts)).mean() > 0.95


def test_texts_do_not_influence_each_other():
    model = KneserNeyLM(4).fit(TRAIN)
    together = model.perplexities(["", *TEST[:5], "two\nlines", "\n \n"])
    alone = [float(model.perplexities([text])[0]) for text in ["", *TEST[:5], "two\nlines", "\n \n"]]
    assert together.tolist() == alone
    assert together[0] == together[-1] == np.inf
    assert len(model.perplexities([])) == 0


def test_a_model_is_saved_without_pickle_and_comes_back_the_same(tmp_path):
    model = KneserNeyLM(3, 2, modified=False).fit(TRAIN)
    model.save(tmp_path / "lm.npz")
    again = KneserNeyLM.load(tmp_path / "lm.npz")
    assert repr(again) == repr(model)
    assert again.num_ngrams == model.num_ngrams
    assert np.array_equal(again.perplexities(TEST), model.perplexities(TEST))


def test_files_that_are_no_models_are_named(tmp_path):
    with pytest.raises(ReaderError, match="there is no file"):
        KneserNeyLM.load(tmp_path / "nothing.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(ReaderError, match="no file of a saved model"):
        KneserNeyLM.load(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", settings=np.array('{"format": "else"}'))
    with pytest.raises(ReaderError, match="'else', not 'llmbook KneserNeyLM 1'"):
        KneserNeyLM.load(tmp_path / "other.npz")


def test_mistakes_of_use_are_told():
    with pytest.raises(ReaderError, match="at least 1"):
        KneserNeyLM(0)
    with pytest.raises(ReaderError, match="no words"):
        KneserNeyLM().fit(["", "\n"])
    with pytest.raises(ReaderError, match="not counted anything"):
        KneserNeyLM().perplexities(["a"])


def test_buckets_are_thirds():
    values = np.random.default_rng(0).lognormal(size=999)
    buckets = perplexity_buckets(values)
    assert [int((buckets == name).sum()) for name in ("head", "middle", "tail")] == [333, 333, 333]
    assert values[buckets == "head"].max() < values[buckets == "middle"].min()
    assert perplexity_buckets([1.5, 2.5, 9.0, np.inf], reference=[1, 2, 3, 4]).tolist() == [
        "head", "middle", "tail", "tail"
    ]  # fmt: skip
    with pytest.raises(ReaderError, match="finite"):
        perplexity_buckets([np.inf])


def test_a_megabyte_is_scored_in_a_second():
    model = KneserNeyLM(5).fit(LINES)
    size = sum(len(text.encode()) for text in LINES)
    start = time.process_time()
    model.perplexities(LINES)
    assert size / (time.process_time() - start) > 1e6
