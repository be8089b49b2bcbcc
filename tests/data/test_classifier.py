"""The quality classifier, against scikit-learn, feature hashing by definition, and closed forms."""

import random
import re
from collections import Counter

import numpy as np
import pytest
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from llmbook.data import prose
from llmbook.data.classifier import (
    QualityClassifier,
    hashed_features,
    keep_probability,
    pareto_sample,
    roc_auc,
    threshold_for_recall,
)
from llmbook.data.text_arrays import mixed, string_hashes
from llmbook.data.world import World
from llmbook.errors import ReaderError

RNG = random.Random(0)
PROSE = [" ".join(text.split()) for text in prose.topics() if len(text) > 200]
WORDS = [word for text in PROSE for word in text.split()]
SPAM = ["Buy cheap watches now, best price, click here! " * 3 + " ".join(RNG.choices(WORDS, k=30)) for _ in PROSE]
RNG.shuffle(PROSE)
GOOD, UNSEEN = PROSE[:400], PROSE[400:]


def definition(text: str, m: int) -> dict[int, float]:
    """x_j = Σ s(t) over words and pairs of words, divided by the length of x."""
    words = re.findall(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+|\S", text.lower())
    hashes = string_hashes(words)
    cells = Counter()
    for order in (1, 2):
        for place in range(len(words) - order + 1):
            key = np.array([order], dtype=np.uint64)
            for offset in range(order):
                key = mixed(key + hashes[place + offset])
            cells[int(key[0]) % m] += 1 if int(key[0]) >> 63 else -1
    length = np.sqrt(sum(value**2 for value in cells.values()))
    return {bucket: value / length for bucket, value in cells.items() if value}


def test_features_are_those_of_the_definition():
    texts = ["A cat, a CAT and a dog.", "", "我们，买3个 cat", *UNSEEN[:20]]
    buckets, values, starts = hashed_features(texts, 1024)
    for number, text in enumerate(texts):
        row = slice(starts[number], starts[number + 1])
        found = dict(zip(buckets[row].tolist(), values[row].tolist(), strict=True))
        assert found == pytest.approx(definition(text, 1024), abs=1e-6)


def test_signs_keep_collisions_from_adding_up():
    """With signs the inner product of unlike texts is 0 on average, however few buckets there are."""
    texts = [" ".join(f"w{RNG.randrange(10**9)}" for _ in range(200)) for _ in range(200)]
    buckets, values, starts = hashed_features(texts, 256)
    dense = np.zeros((len(texts), 256))
    dense[np.repeat(np.arange(len(texts)), np.diff(starts)), buckets] = values
    products = (dense @ dense.T)[np.triu_indices(len(texts), 1)]
    assert abs(products.mean()) < 0.005
    assert products.std() == pytest.approx(1 / np.sqrt(256), rel=0.1)


@pytest.fixture(scope="module")
def classifier() -> QualityClassifier:
    return QualityClassifier(1 << 14).fit(GOOD, SPAM[:300])


def test_it_is_logistic_regression(classifier):
    texts, labels = [*GOOD, *SPAM[:300]], [1] * len(GOOD) + [0] * 300
    buckets, values, starts = hashed_features(texts, 1 << 14)
    dense = np.zeros((len(texts), 1 << 14), dtype=np.float32)
    dense[np.repeat(np.arange(len(texts)), np.diff(starts)), buckets] = values
    reference = LogisticRegression(C=10.0, class_weight="balanced", max_iter=300).fit(dense, labels)
    np.testing.assert_allclose(classifier.scores(texts), reference.predict_proba(dense)[:, 1], atol=2e-3)


def test_unseen_prose_scores_higher_than_unseen_spam(classifier):
    texts, good = [*UNSEEN, *SPAM[300:]], [True] * len(UNSEEN) + [False] * len(SPAM[300:])
    scores = classifier.scores(texts)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert roc_auc(scores, good) > 0.98
    vectorizer = HashingVectorizer(n_features=1 << 14, ngram_range=(1, 2))
    theirs = LogisticRegression(C=10.0, class_weight="balanced")
    theirs.fit(vectorizer.transform([*GOOD, *SPAM[:300]]), [1] * len(GOOD) + [0] * 300)
    peer = roc_auc(theirs.predict_proba(vectorizer.transform(texts))[:, 1], good)
    assert roc_auc(scores, good) > peer - 0.01


def test_chinese_is_classified_by_characters():
    texts = [r["text"] for r in World(0).records("encyclopedia", 800) if r["language"] == "zh"]
    spam = ["限时优惠，点击领取大奖！" + "".join(RNG.sample(text, len(text))) for text in texts]
    classifier = QualityClassifier(1 << 14).fit(texts[:200], spam[:200])
    scores = classifier.scores([*texts[200:], *spam[200:]])
    assert roc_auc(scores, np.repeat([True, False], len(texts) - 200)) > 0.99


def test_texts_do_not_influence_each_other(classifier):
    texts = ["", *UNSEEN[:5], "word", *SPAM[:3], "\n"]
    together = classifier.scores(texts)
    np.testing.assert_allclose(together, [classifier.scores([text])[0] for text in texts], rtol=1e-6)
    assert together[0] == together[-1] == 0
    assert len(classifier.scores([])) == 0


def test_a_model_is_saved_without_pickle_and_comes_back_the_same(classifier, tmp_path):
    classifier.save(tmp_path / "quality.npz")
    again = QualityClassifier.load(tmp_path / "quality.npz")
    assert repr(again) == repr(classifier)
    assert np.array_equal(again.scores(UNSEEN), classifier.scores(UNSEEN))
    with pytest.raises(ReaderError, match="there is no file"):
        QualityClassifier.load(tmp_path / "nothing.npz")


def test_pareto_sampling_is_gpt3s():
    """p ~ numpy's Pareto, keep if p > 1 - q; the closed form, and the shares that are drawn."""
    q = np.linspace(0, 1, 11)
    assert keep_probability(1.0) == 1
    assert keep_probability(0.0) == pytest.approx(2**-9)
    draws = np.random.default_rng(0).pareto(9, size=(200_000, 1))
    np.testing.assert_allclose((draws > 1 - q).mean(axis=0), keep_probability(q), atol=0.005)
    kept = np.stack([pareto_sample(q, seed=seed) for seed in range(2000)])
    np.testing.assert_allclose(kept.mean(axis=0), keep_probability(q), atol=0.04)
    assert np.array_equal(pareto_sample(q, seed=3), pareto_sample(q, seed=3))


def test_a_threshold_keeps_the_wanted_share_of_the_good():
    rng = np.random.default_rng(0)
    good = rng.random(1000) < 0.4
    scores = np.clip(rng.normal(0.3 + 0.4 * good, 0.2), 0, 1)
    for recall in (0.5, 0.9, 0.95, 1.0):
        threshold = threshold_for_recall(scores, good, recall)
        assert (scores[good] >= threshold).mean() >= recall
        assert (scores[good] > threshold).mean() < recall
    with pytest.raises(ReaderError, match="recall"):
        threshold_for_recall(scores, good, 0)
    with pytest.raises(ReaderError, match="good texts"):
        threshold_for_recall(scores, ~good & good)


def test_the_area_under_the_roc_curve_is_scikit_learns():
    rng = np.random.default_rng(0)
    good, scores = rng.random(500) < 0.3, rng.integers(0, 40, 500) / 40
    assert roc_auc(scores, good) == pytest.approx(roc_auc_score(good, scores))
    assert roc_auc([0, 1], [False, True]) == 1
    with pytest.raises(ReaderError, match="both"):
        roc_auc([0.5], [True])


def test_mistakes_of_use_are_told():
    with pytest.raises(ReaderError, match="power of two"):
        QualityClassifier(1000)
    with pytest.raises(ReaderError, match="power of two"):
        hashed_features(["a"], 0)
    with pytest.raises(ReaderError, match="one of the two is missing"):
        QualityClassifier().fit(["a"], [])
    with pytest.raises(ReaderError, match="0 to 1"):
        keep_probability([1.2])
