"""Each step does to a batch what its module does to a text, and says why a document goes."""

import json
import unicodedata

import numpy as np
import pytest

from llmbook.cli import main
from llmbook.data import privacy, rules
from llmbook.data.classifier import QualityClassifier, keep_probability
from llmbook.data.language_id import default_identifier
from llmbook.data.perplexity import KneserNeyLM
from llmbook.data.pipeline.steps import (
    STEPS,
    Decontaminate,
    ExactDuplicates,
    Language,
    Lines,
    Markup,
    MinLength,
    NearDuplicates,
    Normalize,
    Perplexity,
    PersonalData,
    Quality,
    Removed,
    Rules,
)
from llmbook.data.world import World
from llmbook.errors import ReaderError

PAGES = list(World(3).records("crawl", 400))
TEXTS = [page["text"] for page in PAGES]
ROWS = [{"language": page["language"]} for page in PAGES]


def test_normalize():
    first, second = Normalize().apply(["e\u0301\r\nx\x00", "ﬁ"], [{}, {}])
    assert (first, second) == ("é\nx", "ﬁ") and Normalize("NFKC").apply(["ﬁ"], [{}]) == ["fi"]
    assert all(unicodedata.is_normalized("NFC", text) for text in Normalize().apply(TEXTS, ROWS))


def test_min_length_counts_neither_punctuation_nor_further_blanks():
    assert MinLength(11).apply(["  Hello,\n\tworld!! "], [{}]) == ["  Hello,\n\tworld!! "]
    assert MinLength(12).apply(["  Hello,\n\tworld!! "], [{}]) == [Removed("too short")]


def test_markup_and_lines():
    assert Markup().apply(["a <b>b</b> &amp; c", "1 * 2"], [{}, {}])[1] == "1 * 2"
    for like, one in (("c4", rules.c4_lines), ("refinedweb", lambda t, lang: rules.refinedweb_lines(t, lang)[0])):
        results = Lines(like).apply(TEXTS, ROWS)
        wanted = [one(text, row["language"]) for text, row in zip(TEXTS, ROWS, strict=True)]
        assert results == [text if text.strip() else Removed("no line left") for text in wanted]


def test_rules_give_the_first_failed_rule_in_the_language_of_the_page():
    results = Rules().apply(TEXTS, ROWS)
    for text, row, result in zip(TEXTS, ROWS, results, strict=True):
        failed = rules.failed_rules(text, row["language"])
        assert result == (Removed(failed[0]) if failed else text)
    assert {"gopher_function_words", "gopher_duplicate_lines"} <= {r.reason for r in results if isinstance(r, Removed)}


def test_language_writes_a_column_and_keeps_some():
    rows = [{} for _ in TEXTS]
    results = Language(keep=("en", "zh")).apply(TEXTS, rows)
    assert [row["language"] for row in rows] == [name for name, _ in default_identifier().identify(TEXTS)]
    for row, result, text in zip(rows, results, TEXTS, strict=True):
        wanted = text if row["language"] in ("en", "zh") else Removed(f"language {row['language']}")
        assert result == wanted
    assert Language().apply(TEXTS, rows) == TEXTS, "without `keep` it only writes the column"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for name, kept in (("good", True), ("bad", False)):
        lines = [json.dumps({"text": page["text"]}) for page in PAGES if page["good"] is kept]
        (folder / f"{name}.jsonl").write_text("\n".join(lines))
    main_or_exit("data", "train-quality", "--good", folder / "good.jsonl", "--bad", folder / "bad.jsonl",
                 "--out", folder / "quality.npz")  # fmt: skip
    main_or_exit("data", "train-perplexity", folder / "good.jsonl", "--out", folder / "perplexity.npz", "--order", 3)
    return folder


def main_or_exit(*words):
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    assert not end.value.code


def test_quality_by_threshold_and_by_chance(files):
    scores = QualityClassifier.load(files / "quality.npz").scores(TEXTS)
    hard = Quality(files / "quality.npz", threshold=0.4).apply(TEXTS, ROWS)
    assert [isinstance(result, Removed) for result in hard] == (scores < 0.4).tolist()
    kept = Quality(files / "quality.npz", alpha=3.0).apply(TEXTS, ROWS)
    number = sum(not isinstance(result, Removed) for result in kept)
    chances = keep_probability(scores, 3.0)
    assert abs(number - chances.sum()) < 4 * np.sqrt((chances * (1 - chances)).sum())
    assert kept == Quality(files / "quality.npz", alpha=3.0).apply(TEXTS, ROWS)
    half = Quality(files / "quality.npz", alpha=3.0).apply(TEXTS[:50], ROWS[:50])
    assert kept[:50] == half, "what is drawn depends on the text alone, not on the batch"


def test_perplexity_has_two_ends(files):
    values = KneserNeyLM.load(files / "perplexity.npz").perplexities(TEXTS)
    low, high = np.quantile(values, [0.1, 0.9])
    results = Perplexity(files / "perplexity.npz", low, high).apply(TEXTS, ROWS)
    for value, result in zip(values, results, strict=True):
        how = "low" if value < low else "high" if value > high else ""
        assert result.reason.startswith(f"perplexity too {how}:") if how else isinstance(result, str), (value, result)


def test_decontaminate(tmp_path):
    item = " ".join(TEXTS[4].split()[:30]) if PAGES[4]["language"] == "en" else TEXTS[4][:60]
    (tmp_path / "items.txt").write_text(item.replace("\n", " ") + "\n")
    (tmp_path / "items.jsonl").write_text(json.dumps({"text": item}))
    for name in ("items.txt", "items.jsonl"):
        results = Decontaminate((str(tmp_path / name),)).apply(TEXTS, ROWS)
        assert results[4] == Removed("evaluation data") and sum(isinstance(r, Removed) for r in results) < 20
    (tmp_path / "bad.jsonl").write_text("{}")
    for name, words in (("no.txt", "cannot read"), ("no.jsonl", "no file matches"), ("bad.jsonl", "no 'text'")):
        with pytest.raises(ReaderError, match=words):
            Decontaminate((str(tmp_path / name),)).apply(TEXTS[:2], ROWS[:2])


def test_personal_data_by_policy(tmp_path):
    text = "write to li.wei@example.org or call 555-0123"
    assert PersonalData().apply([text], [{}]) == [privacy.scrub(text)] and "<EMAIL>" in privacy.scrub(text)
    assert "@" not in PersonalData("delete").apply([text], [{}])[0]
    keys = [tmp_path / name for name in ("s", "s", "t")]
    for key in keys:
        key.write_text(key.name * 16)
    once, again, other = (PersonalData("pseudonym", key_file=key).apply([text], [{}])[0] for key in keys)
    assert once == again != other
    assert "li.wei" not in once and "@" in once
    assert PersonalData(types=("phone",)).apply(["a@example.org"], [{}]) == ["a@example.org"]


def test_duplicates_by_key_and_signature():
    texts = [TEXTS[0], TEXTS[0], TEXTS[0] + " one more sentence stands here .", TEXTS[1]]
    for step, same in ((ExactDuplicates(), [True, False, False]), (NearDuplicates(), [True, True, False])):
        signatures = step.signatures(texts)
        assert step.similar(signatures[[0, 0, 0]], signatures[[1, 2, 3]]).tolist() == same
        keys = step.keys(signatures)
        assert keys.dtype == np.uint64 and (keys[0] == keys[1]).all() and not (keys[0] == keys[3]).any()


def test_a_recipe_can_name_every_step():
    assert set(STEPS) == {
        "normalize", "min_length", "markup", "rules", "lines", "language", "quality", "perplexity", "decontaminate",
        "personal_data", "exact_duplicates", "near_duplicates",
    }  # fmt: skip
