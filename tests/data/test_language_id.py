"""Languages from scratch: held-out sentences, real prose, the world's texts, garbage, and naive Bayes by definition."""

import math
import random
import sys
import time
import types
from collections import Counter

import numpy as np
import pytest

from llmbook.data import prose
from llmbook.data.language_id import UNKNOWN, FastTextIdentifier, LanguageIdentifier, default_identifier
from llmbook.data.language_samples import SENTENCES
from llmbook.data.world import World
from llmbook.errors import ReaderError

SAMPLES = {language: text.strip().split("\n") for language, text in SENTENCES.items()}


@pytest.fixture(scope="module")
def half() -> LanguageIdentifier:
    """Trained on every other sentence."""
    return LanguageIdentifier({language: sentences[::2] for language, sentences in SAMPLES.items()})


def test_there_are_fifty_sentences_of_each_main_language():
    assert all(len(SAMPLES[language]) >= 50 for language in ("en", "zh", "de", "fr", "es", "ja"))
    assert all(len(set(sentences)) == len(sentences) >= 30 for sentences in SAMPLES.values())


def test_unseen_sentences_are_recognised(half):
    labels = [language for language, sentences in SAMPLES.items() for _ in sentences[1::2]]
    texts = [sentence for sentences in SAMPLES.values() for sentence in sentences[1::2]]
    found = half.identify(texts, threshold=0)
    assert np.mean([language == label for (language, _), label in zip(found, labels, strict=True)]) > 0.97


def test_scores_are_as_sure_as_they_are_right(half):
    labels = [language for language, sentences in SAMPLES.items() for _ in sentences[1::2]]
    for length in (15, 40, 200):
        texts = [sentence[:length] for sentences in SAMPLES.values() for sentence in sentences[1::2]]
        found = half.identify(texts, threshold=0)
        right = np.mean([language == label for (language, _), label in zip(found, labels, strict=True)])
        assert np.mean([score for _, score in found]) == pytest.approx(right, abs=0.15)


def test_real_english_and_the_worlds_texts_are_recognised():
    identifier = default_identifier()
    paragraphs = [" ".join(text.split()) for text in prose.topics()]
    english = [text for text in paragraphs if len(text) > 200 and ">>>" not in text and "::=" not in text]
    assert np.mean([language == "en" for language, _ in identifier.identify(english)]) > 0.98
    records = list(World(1).records("encyclopedia", 400))
    found = identifier.identify([record["text"] for record in records])
    assert np.mean([f[0] == r["language"] for f, r in zip(found, records, strict=True)]) > 0.98


def test_garbage_is_unknown():
    rng = random.Random(0)
    garbage = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz ", k=120)) for _ in range(50)]
    garbage += ["这是一个用错误的编码读出来的网页。".encode().decode("latin-1") * 3, "", "12:30 -- 99 % ***", "!!!"]
    assert [language for language, _ in default_identifier().identify(garbage)] == [UNKNOWN] * len(garbage)
    assert default_identifier().scores([""]).sum() == 1


def test_scores_are_probabilities_and_texts_do_not_influence_each_other():
    identifier = default_identifier()
    texts = ["Das ist ein Haus.", "", "一座房子", "the end", "x" * 5000]
    together = identifier.scores(texts)
    assert together.shape == (5, len(identifier.languages))
    assert identifier.languages[-1] == UNKNOWN
    np.testing.assert_allclose(together.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(together, np.concatenate([identifier.scores([text]) for text in texts]), atol=1e-5)
    assert identifier.scores([]).shape == (0, len(identifier.languages))


def test_it_is_naive_bayes_on_character_n_grams():
    """Log-odds of two languages for one text by dictionaries; without collisions the hashed ones are the same."""
    samples = {"en": SAMPLES["en"], "de": SAMPLES["de"]}
    identifier = LanguageIdentifier(samples, num_buckets=1 << 20)

    def grams(text: str) -> list[str]:
        letters = "".join(character if character.isalpha() else " " for character in text.lower() + "\n")
        letters = " ".join(letters.split()) + " "
        return [letters[i : i + n] for n in range(1, 5) for i in range(len(letters) - n + 1)]

    text = "Under the bridge, das Haus!"
    logs = {}
    for language, sentences in samples.items():
        counts = Counter(gram for sentence in sentences for gram in grams(sentence))
        total = sum(counts.values())
        logs[language] = sum(math.log(0.5 * counts[gram] / total + 0.5 / (1 << 20)) for gram in grams(text))
    scores = identifier.scores([text])[0]
    assert math.log(scores[0] / scores[1]) == pytest.approx(identifier.scale * (logs["en"] - logs["de"]), rel=0.02)


def test_the_threshold_turns_doubt_into_unknown():
    (language, score), (doubtful, same) = (default_identifier().identify(["hello"], t)[0] for t in (0.0, 0.99))
    assert language != UNKNOWN and doubtful == UNKNOWN and score == same


def test_samples_that_cannot_be_learned_from_are_refused():
    with pytest.raises(ReaderError, match="two languages"):
        LanguageIdentifier({"en": ["one", "two"]})
    with pytest.raises(ReaderError, match="two sentences"):
        LanguageIdentifier({"en": ["one", "two"], "de": ["eins"]})


def test_fasttext_speaks_the_same_way(monkeypatch, tmp_path):
    """The library is not there; what it returns is known: labels with a prefix, and one array of scores a text."""
    with pytest.raises(ReaderError, match="pip install fasttext"):
        monkeypatch.setitem(sys.modules, "fasttext", None)
        FastTextIdentifier("lid.176.bin")

    class Model:
        def predict(self, texts):
            assert all("\n" not in text for text in texts)
            return [["__label__en"] for _ in texts], [np.array([0.4 + 0.2 * place]) for place, _ in enumerate(texts)]

    monkeypatch.setitem(sys.modules, "fasttext", types.SimpleNamespace(load_model=lambda path: Model()))
    with pytest.raises(ReaderError, match="there is no file"):
        FastTextIdentifier(tmp_path / "lid.176.bin")
    (tmp_path / "lid.176.bin").write_bytes(b"")
    found = FastTextIdentifier(tmp_path / "lid.176.bin").identify(["one\nline", "two"])
    assert [language for language, _ in found] == [UNKNOWN, "en"]


def test_3000_documents_a_second():
    text = "\n\n".join(prose.topics())
    pages = [text[start : start + 1000] for start in range(0, 300_000, 1000)] * 3
    default_identifier().identify(pages[:50])
    start = time.process_time()
    default_identifier().identify(pages)
    assert len(pages) / (time.process_time() - start) > 3000
