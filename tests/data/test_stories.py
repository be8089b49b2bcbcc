"""Stories whose last word stands far back, and nowhere near."""

from collections import Counter

import pytest

from llmbook.data.stories import LONGEST, NAMES, PLACES, SENTENCES, stories


@pytest.mark.parametrize("distance", [10, 28, 60])
def test_the_last_word_stands_in_the_context_but_not_near_the_end(distance):
    for story in stories(200, seed=1, distance=distance, length=40):
        words = story.context.split()
        places = [place for place, word in enumerate(words) if word == story.last_word]
        assert places[0] == 2  # "Long ago Edda ..."
        assert len(words) - places[-1] == story.distance >= distance
        assert len(words) >= 40
        assert not set(words) & {name for names in NAMES.values() for name in names} - {story.last_word}
        pronoun = next(key for key, names in NAMES.items() if story.last_word in names)
        assert not {"she", "he"} & set(words) - {pronoun}
        assert story.text == f"{story.context} {story.last_word} ."


def test_every_hero_is_equally_likely_and_nothing_else_gives_the_name_away():
    drawn = list(stories(3200, seed=2, distance=28))
    counts = Counter(story.last_word for story in drawn)
    assert len(counts) == 16 and min(counts.values()) > 130 and max(counts.values()) < 275  # 5 standard deviations
    by_place = Counter(story.last_word for story in drawn if PLACES[0] in story.context)
    total = sum(by_place.values())
    assert max(by_place.values()) / total < 0.12  # 1/16, with room for chance


def test_distances_are_near_and_far_when_none_is_asked_for():
    distances = [story.distance for story in stories(500, seed=3)]
    assert min(distances) < 20 and max(distances) > 40


def test_the_same_seed_tells_the_same_stories():
    assert list(stories(20, seed=4)) == list(stories(20, seed=4)) != list(stories(20, seed=5))
    assert list(stories(20, seed=4))[:10] == list(stories(10, seed=4))


def test_the_longest_sentence_is_known():
    assert max(len(sentence.split()) for sentence in SENTENCES) + 2 == LONGEST  # a mood may have three words
