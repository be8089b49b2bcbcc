"""The tagger against sums and maxima over all sequences of tags, and on names that it has never seen."""

import itertools
import re

import pytest
import torch

from llmbook.data.ner import Tagger, bio_tags, features, spans_of, tokens, train_tagger
from llmbook.data.spans import Span, score_spans
from llmbook.data.world import World
from llmbook.errors import ReaderError


def test_tokens_are_words_numbers_chinese_characters_and_signs():
    text = "Mr O'Neil's 12B: 周明，café_x"
    assert [text[a:b] for a, b in tokens(text)] == [
        "Mr", "O'Neil", "'", "s", "12", "B", ":", "周", "明", "，", "café", "_", "x",
    ]  # fmt: skip


def test_tags_by_hand_and_back():
    text = "周明 met Ann Lee Bo."
    spans = [Span("name", 0, 2, "周明"), Span("name", 7, 14, "Ann Lee"), Span("name", 15, 17, "Bo")]
    tags = bio_tags(tokens(text), spans)
    assert tags == ["B-name", "I-name", "O", "B-name", "I-name", "B-name", "O"]
    assert spans_of(text, tokens(text), tags) == spans


def test_an_i_without_a_beginning_begins_a_span():
    text = "Ann Lee Bo"
    assert [s.value for s in spans_of(text, tokens(text), ["I-name", "I-name", "I-address"])] == ["Ann Lee", "Bo"]


@pytest.fixture(scope="module")
def pages() -> list[tuple[str, list[Span]]]:
    """Pages of the crawl with the spans of the names in them."""
    records = [record for record in World(0).records("crawl", 240) if record["language"] in ("en", "zh")]
    names = [[Span(**entry) for entry in record["pii"] if entry["type"] == "name"] for record in records]
    return [(record["text"], spans) for record, spans in zip(records, names, strict=True)]


def test_tags_hold_all_that_spans_say(pages):
    for text, spans in pages:
        assert spans_of(text, tokens(text), bio_tags(tokens(text), spans)) == spans


def random_tagger(seed: int) -> Tagger:
    torch.manual_seed(seed)
    tagger = Tagger(["name", "place"], num_buckets=512).eval()
    torch.nn.init.normal_(tagger.emissions.weight)
    torch.nn.init.normal_(tagger.transitions)
    return tagger


def lawful(tags: tuple[str, ...]) -> bool:
    return all(b[0] != "I" or a[2:] == b[2:] and a != "O" for a, b in itertools.pairwise(("O", *tags)))


def score(tagger: Tagger, words: list[str], tags: tuple[str, ...]) -> float:
    scores, _ = tagger([tagger.encode(words)])
    index = [tagger.tags.index(tag) for tag in tags]
    return (sum(scores[0, t, i] for t, i in enumerate(index))
            + sum(tagger.transitions[a, b] for a, b in itertools.pairwise(index))).item()  # fmt: skip


SENTENCES = [["Ann", "met", "Bo", "12", "."], ["周", "明"], ["Redcliff"]]


@pytest.mark.parametrize("seed", range(3))
def test_decoding_finds_the_best_of_all_lawful_sequences(seed):
    tagger = random_tagger(seed)
    decoded = tagger.decode([tagger.encode(words) for words in SENTENCES])
    for words, tags in zip(SENTENCES, decoded, strict=True):
        every = [t for t in itertools.product(tagger.tags, repeat=len(words)) if lawful(t)]
        assert tuple(tags) == max(every, key=lambda t: score(tagger, words, t))


def test_the_loss_is_the_log_of_a_share_of_all_lawful_sequences():
    tagger = random_tagger(5)
    gold = [("B-name", "O", "B-place", "I-place", "O"), ("B-name", "I-name"), ("O",)]
    expected = 0.0
    for words, tags in zip(SENTENCES, gold, strict=True):
        every = [t for t in itertools.product(tagger.tags, repeat=len(words)) if lawful(t)]
        total = torch.tensor([score(tagger, words, t) for t in every]).logsumexp(0)
        expected += (total - score(tagger, words, tags)).item()
    encoded = [tagger.encode(words) for words in SENTENCES]
    assert tagger.loss(encoded, gold).item() == pytest.approx(expected / 8, rel=1e-4)


def test_padding_changes_no_decision():
    tagger = random_tagger(7)
    encoded = [tagger.encode(words) for words in SENTENCES]
    assert tagger.decode(encoded) == [tagger.decode([ids])[0] for ids in encoded]


def test_features_see_two_words_to_either_side():
    (_, _, middle, *_), (_, _, changed, *_) = features(list("abcdef")), features(list("abcdez"))
    assert list(middle) == list(changed)
    for place in (0, 1, 3, 4):
        words = list("abcdef")
        words[place] = "Q"
        assert list(features(words))[2] != middle


@pytest.fixture(scope="module")
def tagger(pages) -> Tagger:
    return train_tagger(*zip(*pages[:130], strict=True), epochs=4)


def test_it_finds_names_that_it_has_never_seen_better_than_a_pattern(pages, tagger):
    known = {span.value for _, spans in pages[:130] for span in spans}
    texts, true = zip(*pages[130:], strict=True)
    found = tagger.find(texts)
    unseen = [[[span for span in spans if span.value not in known] for spans in side] for side in (found, true)]
    capitals = re.compile(r"[A-Z][a-z]+ [A-Z][a-z]+|[王李张刘陈杨赵黄周吴][\u4e00-\u9fff]{1,2}")
    naive = [[Span("name", *match.span(), match.group()) for match in capitals.finditer(text)] for text in texts]
    assert score_spans(naive, true)["name"].f1 < 0.4
    assert score_spans(found, true)["name"].f1 > 0.5
    assert score_spans(*unseen)["name"].f1 > 0.5 and score_spans(*unseen)["name"].true > 50


def test_long_texts_are_cut_at_sentences_and_lines(pages, tagger):
    texts = [text for text, _ in pages[130:160]]
    joined = "\n".join(texts)
    apart = [span.value for spans in tagger.find(texts) for span in spans]
    found = tagger.find([joined])[0]
    assert [span.value for span in found] == apart and len(apart) > 20
    assert all(joined[span.start : span.end] == span.value for span in found)
    assert tagger.find([""]) == [[]] and tagger.find([]) == []


def test_bad_labels_are_refused():
    with pytest.raises(ReaderError, match="within a token"):
        bio_tags(tokens("Annabel"), [Span("name", 0, 3, "Ann")])
    with pytest.raises(ReaderError, match="not one span"):
        train_tagger(["Ann"], [[]])
