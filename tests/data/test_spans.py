import itertools
import random

import pytest

from llmbook.data.spans import Span, SpanScore, replace_spans, score_spans, without_overlaps

TEXT = "call 555-0100 or ann@example.com"
PHONE, EMAIL = Span("phone", 5, 13, "555-0100"), Span("email", 17, 32, "ann@example.com")


def test_spans_are_replaced_from_left_to_right():
    assert replace_spans(TEXT, [PHONE, EMAIL], lambda span: f"<{span.type}>") == "call <phone> or <email>"
    assert replace_spans(TEXT, [], str) == TEXT
    assert replace_spans(TEXT, [PHONE, EMAIL], lambda span: span.value) == TEXT


def test_of_overlapping_spans_the_more_trusted_then_the_longer_one_stays():
    short, long, other = Span("a", 0, 4, "...."), Span("a", 2, 9, "......."), Span("b", 0, 20, "." * 20)
    unknown = Span("c", 20, 22, "..")
    for order in itertools.permutations([short, long, other, unknown]):
        assert without_overlaps(order, ["a", "b"]) == [long, unknown]
        assert without_overlaps(order, ["b", "a"]) == [other, unknown]
        assert without_overlaps(order, []) == [other, unknown]


def test_many_random_spans_against_the_plain_rule():
    rng = random.Random(0)
    for _ in range(200):
        starts = [rng.randrange(60) for _ in range(12)]
        spans = [Span(rng.choice("abc"), a, a + rng.randint(1, 9), "") for a in starts]
        kept = []
        for span in sorted(spans, key=lambda s: ("bac".index(s.type), s.start - s.end, s.start)):
            if not any(set(range(*span[1:3])) & set(range(*other[1:3])) for other in kept):
                kept.append(span)
        assert without_overlaps(spans, ["b", "a"]) == sorted(kept, key=lambda span: span.start)


def test_spans_that_touch_do_not_overlap():
    touching = [Span("a", 0, 2, ".."), Span("b", 2, 4, "..")]
    assert without_overlaps(touching, []) == touching


def test_a_span_counts_as_right_only_with_its_type_and_both_ends():
    true = [[PHONE, EMAIL], [PHONE]]
    found = [[PHONE, EMAIL._replace(end=31)], [PHONE._replace(type="card")]]
    scores = score_spans(found, true)
    assert scores == {"all": (3, 3, 1), "card": (0, 1, 0), "email": (1, 1, 0), "phone": (2, 1, 1)}
    assert scores["phone"].recall == 0.5 and scores["phone"].precision == 1
    assert scores["phone"].f1 == pytest.approx(2 / 3)


def test_nothing_to_find_is_found_without_fault():
    empty = score_spans([[]], [[]])["all"]
    assert empty == SpanScore(0, 0, 0) and empty.precision == empty.recall == empty.f1 == 1


def test_found_and_true_must_be_of_the_same_texts():
    with pytest.raises(ValueError):
        score_spans([[PHONE]], [])
