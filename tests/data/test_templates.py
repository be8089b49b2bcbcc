"""The template English against counting: its true probabilities are those of a large sample."""

import math
from collections import Counter

import pytest

from llmbook.data.templates import KINDS, TEMPLATES, WORDS, documents, fill_mask_truth, labelled_sentences, sentences
from llmbook.errors import ReaderError

SAMPLE = labelled_sentences(30_000, seed=1)


def test_sizes_of_the_word_lists():
    sizes = {category: len(set(words)) for category, words in WORDS.items()}
    assert sizes == {
        "PERSON": 10, "PLACE": 10, "THING": 10, "COLOUR": 6, "DAY": 7, "VERB": 7, "SITE": 4, "SUBJECT": 4,
        "WEATHER": 6, "MOOD": 4,
    }  # fmt: skip
    every = [word for words in WORDS.values() for word in words]
    assert len(set(every)) == len(every), "no word stands in two lists"


def test_the_six_kinds_are_equally_likely_and_the_weather_changes():
    counts = Counter(kind for _, kind in SAMPLE)
    assert set(counts) == set(KINDS)
    deviation = math.sqrt(30_000 * 1 / 6 * 5 / 6)
    assert all(abs(count - 5000) < 4 * deviation for count in counts.values())
    weather = [sentence.split() for sentence, kind in SAMPLE if kind == "weather"]
    assert all(words[3] != words[-2] for words in weather)
    assert len({(words[3], words[-2]) for words in weather}) == 30


def test_a_seed_fixes_the_sentences_and_a_longer_list_begins_with_the_shorter():
    assert sentences(50, seed=3) == sentences(80, seed=3)[:50] != sentences(50, seed=4)
    assert documents(5, seed=3) == documents(9, seed=3)[:5]


@pytest.mark.parametrize(("kind", "place"), [(k, i) for k, t in TEMPLATES.items() for i in range(len(t.split()))])
def test_the_truth_is_the_share_in_a_large_sample(kind, place):
    """Where nothing but the sentence's kind bears on the word, that is, with the other adjective hidden as well."""
    column = [sentence.split()[place] for sentence, k in SAMPLE if k == kind]
    example = next(sentence for sentence, k in SAMPLE if k == kind).split()
    truth = fill_mask_truth(" ".join([*example[:place], "[MASK]", *example[place + 1 :]]))
    assert math.isclose(sum(truth.values()), 1)
    if kind == "weather" and place in (3, 9):
        partner = example[9 if place == 3 else 3]
        column = [
            words[place]
            for words in (sentence.split() for sentence, k in SAMPLE if k == kind)
            if words[9 if place == 3 else 3] == partner
        ]
    counts = Counter(column)
    assert set(counts) == set(truth)
    for word, p in truth.items():
        assert abs(counts[word] / len(column) - p) <= 5 * math.sqrt(p * (1 - p) / len(column))


def test_the_two_sentences_of_the_book():
    sites = fill_mask_truth("Today's most trending hashtags on [MASK] is Anna.")
    assert sites == dict.fromkeys(WORDS["SITE"], 0.25)
    assert fill_mask_truth("The [MASK] was cloudy yesterday, but today it's rainy.") == dict.fromkeys(
        WORDS["SUBJECT"], 0.25
    )
    assert fill_mask_truth("the sky was <mask> yesterday , but today it's rainy .", "<mask>").keys() == set(
        WORDS["WEATHER"]
    ) - {"rainy"}


def test_documents_share_person_place_thing_and_colour():
    for first, second, third in documents(200, seed=2):
        person, _, _, _, place, _, day, _ = first.split()
        name, verb, _, colour, thing, _, _, where, _ = second.split()
        assert (person, place) == (name, where)
        assert third == f"the {thing} on the table is {colour} ."
        assert day in WORDS["DAY"] and verb in WORDS["VERB"]


@pytest.mark.parametrize(
    ("masked", "message"),
    [
        ("the sky is [MASK] .", "follows none of the templates"),
        ("the sky was sunny", "should hold .MASK. once, not 0 times"),
        ("the [MASK] was [MASK] yesterday , but today it's rainy .", "once, not 2 times"),
    ],
)
def test_other_sentences_are_refused(masked, message):
    with pytest.raises(ReaderError, match=message):
        fill_mask_truth(masked)
