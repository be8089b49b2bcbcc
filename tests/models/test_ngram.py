"""N-gram models against sums done by hand, formulas in plain loops, and figures measured elsewhere."""

import math
import random
from collections import Counter
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import torch

from llmbook.data import prose
from llmbook.errors import ReaderError
from llmbook.models.ngram import NGramLM, good_turing_counts

BOOK = [["我", "爱", "语言", "模型"], ["我", "爱", "自然", "语言"], ["语言", "模型", "爱", "数据"]]
SMOOTHINGS = ("mle", "add_k", "witten_bell", "kneser_ney", "good_turing")


def prose_split() -> tuple[list[list[str]], list[list[str]]]:
    sentences = sorted(prose.sentences())
    random.Random(0).shuffle(sentences)
    return sentences[321:], sentences[:321]


def random_corpus(seed: int, sentences: int = 60) -> list[list[str]]:
    draw = random.Random(seed)
    return [draw.choices("abcdefg", weights=(30, 20, 9, 5, 3, 2, 1), k=draw.randrange(7)) for _ in range(sentences)]


def counts_by_hand(sentences: list[list[str]], n: int, m: int) -> Counter:
    """C of all m-grams whose last word is predicted, with the padding of an n-gram model."""
    found = Counter()
    for sentence in sentences:
        padded = ["<s>"] * (n - 1) + sentence + ["</s>"]
        found.update(tuple(padded[i - m + 1 : i + 1]) for i in range(n - 1, len(padded)))
    return found


def by_hand(sentences, n, smoothing, k, vocabulary, history, word, m=None):
    """P(word | history) as the class's docstring defines it, in loops over dictionaries."""
    m = n if m is None else m  # the length of the n-grams of this step of the recursion
    if m == 0:
        return 1 / len(vocabulary)
    counts = dict(counts_by_hand(sentences, n, m))
    if smoothing == "kneser_ney" and m < n:
        longer = counts_by_hand(sentences, n, m + 1)
        for gram in counts:
            if gram[0] != "<s>":
                counts[gram] = len({g[0] for g in longer if g[1:] == gram})
    h = history[len(history) - m + 1 :]
    after = {w: counts.get((*h, w), 0) for w in vocabulary}
    total, types = sum(after.values()), sum(c > 0 for c in after.values())
    if smoothing == "mle":
        return after[word] / total if total else 0.0
    if smoothing == "add_k":
        return (after[word] + k) / (total + k * len(vocabulary))

    def shorter(w):
        return by_hand(sentences, n, smoothing, k, vocabulary, history, w, m - 1)

    if not total:
        return shorter(word)
    if smoothing == "kneser_ney":
        once, twice = (sum(c == r for c in counts.values()) for r in (1, 2))
        discount = once / (once + 2 * twice) if once else 0.5
        return max(after[word] - discount, 0) / total + discount * types / total * shorter(word)
    if smoothing == "witten_bell" or m == 1:
        return (after[word] + types * shorter(word)) / (total + types)
    values = np.array(sorted(set(counts.values())), dtype=float)
    everything = np.array(list(counts.values()), dtype=float)
    starred = {r: good_turing_counts(everything)[everything == r][0] for r in values}
    shares = {w: starred[c] / total for w, c in after.items() if c}
    if len(shares) == len(vocabulary):
        return shares[word] / sum(shares.values())
    if word in shares:
        return shares[word]
    rest = sum(shorter(w) for w in vocabulary if w not in shares)
    return (1 - sum(shares.values())) * shorter(word) / rest


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_every_probability_is_that_of_the_plain_formula(n: int, smoothing: str) -> None:
    for corpus in (BOOK, random_corpus(n)):
        model = NGramLM(n, smoothing, k=0.3).fit(corpus)
        words = model.vocabulary
        assert set(words) == {"</s>", *(word for sentence in corpus for word in sentence)}
        draw = random.Random(0)
        for _ in range(12):
            history = tuple(draw.choice(["<s>", *words]) for _ in range(n - 1))
            word = draw.choice(words)
            expected = by_hand(corpus, n, smoothing, 0.3, words, history, word)
            assert model.prob(word, history) == pytest.approx(expected, abs=1e-12)
            assert model.probs(history)[words.index(word)] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("smoothing", SMOOTHINGS[1:])
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_probabilities_of_all_words_sum_to_one_whatever_the_history(n: int, smoothing: str) -> None:
    train, _ = prose_split()
    for corpus, min_count in ((BOOK, 1), (random_corpus(1), 1), (train, 2)):
        model = NGramLM(n, smoothing, k=0.01, min_count=min_count).fit(corpus)
        draw = random.Random(n)
        for _ in range(20):
            history = [draw.choice(model.vocabulary[1:]) for _ in range(n - 1)]
            for start in (["<s>"] * draw.randrange(1, n + 1), draw.choice(corpus)[: n - 1], ["never seen"]):
                probs = model.probs([*start, *history[: draw.randrange(n)]])
                assert probs.sum() == pytest.approx(1, abs=1e-9) and probs.min() > 0


def test_maximum_likelihood_sums_to_one_after_seen_histories_and_to_zero_after_others() -> None:
    model = NGramLM(3, "mle").fit(BOOK)
    assert model.probs(["我", "爱"]).sum() == pytest.approx(1, abs=1e-12)
    assert model.probs(["爱", "我"]).sum() == 0


def test_the_three_sentences_of_the_exercise() -> None:
    mle, laplace = NGramLM(2, "mle").fit(BOOK), NGramLM(2, "add_k").fit(BOOK)
    factors = [Fraction(2, 3), 1, Fraction(1, 3), Fraction(2, 3), Fraction(1, 2)]
    assert np.exp(mle.token_log_probs(BOOK[:1])) == pytest.approx([float(factor) for factor in factors], abs=1e-12)
    assert math.exp(mle.token_log_probs(BOOK[:1]).sum()) == pytest.approx(2 / 27, abs=1e-12)
    assert laplace.prob("数据", ["语言"]) == pytest.approx(0.1, abs=1e-12)
    # Witten and Bell, by hand: 语言 is followed by 模型 twice and by the end once (C = 3, T = 2).
    assert NGramLM(2).fit(BOOK).prob("数据", ["语言"]) == pytest.approx(2 * (1 + 7 / 7) / (15 + 7) / (3 + 2), abs=1e-12)
    assert mle.perplexity(BOOK[:1]) == pytest.approx((27 / 2) ** (1 / 5), abs=1e-12)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_all_sentences_together_have_probability_one(smoothing: str) -> None:
    """Half the words end a sentence here, so those of up to 12 words have nearly all the mass, never more than 1."""
    model = NGramLM(2, smoothing).fit([["a"], ["b"], ["a"], [], ["b", "a"]])
    sums = [
        sum(math.exp(model.token_log_probs([sentence]).sum()) for sentence in product("ab", repeat=length))
        for length in range(13)
    ]
    assert 0.99 < sum(sums) <= 1 + 1e-12


@pytest.mark.parametrize(
    ("n", "ngrams", "zero_tokens", "zero_sentences", "laplace", "witten_bell"),
    [
        (1, 1899, 0.0, 0.0, 203.1, 203.1),
        (2, 19003, 16.8, 80.1, 178.6, 52.1),
        (3, 37376, 44.7, 94.4, 498.3, 38.6),
        (4, 46771, 62.3, 98.4, 757.6, 38.9),
        (5, 50972, 70.9, 99.4, 897.3, 41.1),
    ],
)
def test_the_figures_measured_on_the_language_reference(
    n: int, ngrams: int, zero_tokens: float, zero_sentences: float, laplace: float, witten_bell: float
) -> None:
    train, held_out = prose_split()
    mle = NGramLM(n, "mle", min_count=2).fit(train)
    assert len(mle.vocabulary) == 1899 and mle.num_ngrams == ngrams
    zero = np.isinf(mle.token_log_probs(held_out))
    lengths = np.cumsum([len(sentence) + 1 for sentence in held_out])[:-1]
    assert 100 * zero.mean() == pytest.approx(zero_tokens, abs=0.05)
    assert 100 * np.mean([part.any() for part in np.split(zero, lengths)]) == pytest.approx(zero_sentences, abs=0.05)
    assert NGramLM(n, "add_k", min_count=2).fit(train).perplexity(held_out) == pytest.approx(laplace, abs=0.05)
    assert NGramLM(n, "witten_bell", min_count=2).fit(train).perplexity(held_out) == pytest.approx(
        witten_bell, abs=0.05
    )


def test_each_way_of_asking_for_a_probability_gives_the_same() -> None:
    train, held_out = prose_split()
    model = NGramLM(3, "kneser_ney", min_count=2).fit(train[:500])
    sentence = held_out[0]
    ids = [*model.encode(sentence), 0]
    log_probs = model.token_log_probs([sentence])
    for i, word in enumerate([*sentence, "</s>"]):
        assert math.log(model.prob(word, sentence[:i])) == pytest.approx(log_probs[i], abs=1e-12)
        assert math.log(model.probs(sentence[:i])[ids[i]]) == pytest.approx(log_probs[i], abs=1e-12)
    both = model.token_log_probs(held_out[:2])
    assert both == pytest.approx(np.concatenate([log_probs, model.token_log_probs(held_out[1:2])]))


def test_rare_words_become_one_and_unknown_ones_have_no_probability_without_it() -> None:
    plain, thinned = NGramLM(2).fit(BOOK), NGramLM(2, min_count=2).fit(BOOK)
    assert thinned.vocabulary == ["</s>", "<unk>", "我", "爱", "语言", "模型"]
    assert thinned.prob("数据", ["爱"]) == thinned.prob("自然", ["爱"]) == thinned.prob("<unk>", ["爱"]) > 0
    assert plain.prob("天气", ["爱"]) == 0 and plain.perplexity([["天气"]]) == math.inf
    assert plain.prob("<s>", ["爱"]) == 0
    assert plain.prob("爱", ["天气"]) == pytest.approx(NGramLM(1).fit(BOOK).prob("爱"))
    assert NGramLM(2).fit([["a", "<unk>"]]).vocabulary == ["</s>", "<unk>", "a"]


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_a_given_vocabulary_makes_models_of_different_texts_comparable(smoothing: str) -> None:
    words = NGramLM(2).fit(random_corpus(0)).vocabulary
    for n in (1, 2, 3):
        model = NGramLM(n, smoothing).fit([["a", "b", "z"], ["b"]], words)
        assert model.vocabulary == ["</s>", "<unk>", *words[1:]]
        if smoothing != "mle":
            assert model.probs(["b"]).sum() == pytest.approx(1, abs=1e-12) and model.probs(["b"]).min() > 0
        assert model.prob("z", ["a", "b"]) == model.prob("<unk>", ["a", "b"]) > 0
    counted = NGramLM(3, smoothing, min_count=2).fit(random_corpus(2))
    again = NGramLM(3, smoothing).fit(random_corpus(2), counted.vocabulary)
    assert again.token_log_probs(random_corpus(3)) == pytest.approx(counted.token_log_probs(random_corpus(3)))


def test_samples_follow_the_model() -> None:
    model, generator = NGramLM(2, "mle").fit(random_corpus(3)), torch.Generator().manual_seed(0)
    drawn = [model.sample(generator) for _ in range(2000)]
    first = Counter(sentence[0] if sentence else "</s>" for sentence in drawn)
    for word, expected in zip(model.vocabulary, model.probs([]), strict=True):
        assert first[word] / 2000 == pytest.approx(expected, abs=5 * math.sqrt(expected / 2000))
    second = Counter(sentence[1] for sentence in drawn if sentence[:1] == ["a"] and len(sentence) > 1)
    assert second["b"] / first["a"] == pytest.approx(model.prob("b", ["a"]), abs=0.06)
    assert all(len(model.sample(generator, max_length=2)) <= 2 for _ in range(20))
    again = [model.sample(torch.Generator().manual_seed(5)) for _ in range(2)]
    assert again[0] == again[1]


def test_good_turing_counts_of_a_power_law_and_of_tiny_texts() -> None:
    # With n(r) proportional to 1 / (r (r + 1)), Turing's r* is r n(r) / (r + 2) ... = r (r + 1) / (r + 2) exactly.
    sizes = {r: round(2e6 / (r * (r + 1))) for r in range(1, 30)}
    starred = good_turing_counts(np.repeat(np.array(list(sizes), dtype=float), list(sizes.values())))
    places = np.cumsum([0, *sizes.values()])
    for r in (1, 2, 3):
        assert starred[places[r - 1]] == pytest.approx((r + 1) * sizes[r + 1] / sizes[r], rel=1e-9)
        assert starred[places[r - 1]] == pytest.approx(r * (r + 1) / (r + 2), rel=1e-3)
    for counts in ([1.0], [1.0, 1.0], [7.0], [1.0, 2.0], [3.0, 3.0, 9.0]):
        found = good_turing_counts(np.array(counts))
        assert (found > 0).all() and (found < counts).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: NGramLM(0), "at least 1 word"),
        (lambda: NGramLM(2, "laplace"), "choose one of mle, add_k"),
        (lambda: NGramLM(2, "add_k", k=0), 'choose "mle"'),
        (lambda: NGramLM(2).fit([]), "no sentences"),
        (lambda: NGramLM(2).fit([["<s>", "a"]]), "leave them out"),
        (lambda: NGramLM(2).prob("a"), "call fit"),
        (lambda: NGramLM(2).sample(), "call fit"),
        (lambda: NGramLM(2).perplexity([["a"]]), "call fit"),
        (lambda: NGramLM(2).fit(BOOK).perplexity(iter([])), "no sentences"),
    ],
)
def test_mistakes_are_answered_in_one_line(make, words: str) -> None:
    with pytest.raises(ReaderError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)
