"""The parallel sentences: one Chinese for each English, true alignments, and the grammar that they teach."""

import re
from collections import Counter, defaultdict

import pytest

from llmbook.data.world import World


def words(text: str) -> list[str]:
    return text.split()


DIGITS = dict(zip("一二三四五六七八九", range(1, 10), strict=True)) | {"两": 2}
TEENS = words("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
ENGLISH = {word: n for n, word in enumerate([*words("one two three four five six seven eight nine"), *TEENS], start=1)}
TENS = {word: 10 * n for n, word in enumerate(words("twenty thirty forty fifty sixty seventy eighty ninety"), start=2)}


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=0)


@pytest.fixture(scope="module")
def pairs(world) -> list[dict]:
    return list(world.records("parallel", 20_000))


def aligned(pair: dict) -> list[tuple[str, str]]:
    return [(pair["en"][a:b], pair["zh"][c:d]) for a, b, c, d in pair["alignment"]]


def english_number(text: str) -> int | None:
    if text.isdigit():
        return int(text)
    tens, _, ones = text.lower().partition("-")
    if tens in TENS:
        return TENS[tens] + (ENGLISH[ones] if ones else 0)
    return ENGLISH.get(text.lower())


def chinese_number(text: str) -> int:
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return (DIGITS.get(tens, 1) * 10 if ten else 0) + (DIGITS[ones] if ones else 0)


def test_each_english_sentence_has_one_translation(pairs):
    chinese = {}
    for pair in pairs:
        assert chinese.setdefault(pair["en"], pair["zh"]) == pair["zh"]
        assert pair["text"] == f"{pair['en']}\n{pair['zh']}"


def test_hardly_a_sentence_comes_twice(pairs):
    """At an entropy of 20 nats and more, there are far over 10**7 sentences, the frequent ones short."""
    assert len({pair["en"] for pair in pairs}) > 0.97 * len(pairs)
    assert sum(pair["nats"] for pair in pairs) / len(pairs) > 20


def test_size_of_the_language(pairs):
    lengths = [len(pair["en"].split()) for pair in pairs]
    assert min(lengths) >= 4 and max(lengths) <= 30 and 9 < sum(lengths) / len(lengths) < 12
    english = Counter(word for pair in pairs for word in re.findall(r"[a-z]+", pair["en"].lower()))
    chinese = Counter(character for pair in pairs for character in pair["zh"] if "一" <= character <= "鿿")
    assert 250 < len(english) < 330 and 200 < len(chinese) < 300
    assert min(english.values()) >= 3  # nothing too rare to be learnt


def test_form_of_the_sentences(pairs):
    for pair in pairs:
        assert re.fullmatch(r"[A-Z0-9][A-Za-z0-9,' -]*[.?]", pair["en"]), pair["en"]
        assert re.fullmatch(r"[一-鿿0-9，]+[。？]", pair["zh"]), pair["zh"]
        assert pair["en"].endswith("?") == pair["zh"].endswith("？")
        assert " ," not in pair["en"] and " '" not in pair["en"]


def test_alignments_are_spans_of_words_that_do_not_overlap(pairs):
    for pair in pairs:
        spans = pair["alignment"]
        assert len(spans) >= 2 and spans == sorted(spans)
        for length, side in ((len(pair["en"]), [s[:2] for s in spans]), (len(pair["zh"]), [s[2:] for s in spans])):
            side = sorted(side)
            assert all(0 <= start < end <= length for start, end in side)
            assert all(a[1] <= b[0] for a, b in zip(side, side[1:], strict=False))
        for start, end, _, _ in spans:
            assert not pair["en"][:start][-1:].isalnum() and not pair["en"][end : end + 1].isalnum()


def test_alignments_are_a_dictionary(world, pairs):
    """A word has few translations (old: 旧, 年老的; buy: 买, 买了), names and numbers exactly their own."""
    names = {name.en: name.zh for name in (*world.cast.people, *world.cast.cities)}
    dictionary = defaultdict(set)
    for pair in pairs:
        for en, zh in aligned(pair):
            if en in names:
                assert zh == names[en]
            elif (n := english_number(en)) is not None:
                assert chinese_number(zh) == n, pair["text"]
            else:
                dictionary[en.lower()].add(zh)
    assert dictionary["old"] == {"旧", "年老的"} and dictionary["not"] == {"没有", "不"}
    assert dictionary["expensive"] == {"昂贵的", "贵"}
    assert max(len(translations) for translations in dictionary.values()) <= 3


def test_all_content_words_are_aligned(pairs):
    function_words = {
        *words("a an the this that these those some many is are do does did of in to from for than as much not very"),
        *words("too there and but because before after if although who whom what how coins 's"),
    }
    left = Counter()
    for pair in pairs:
        en = list(pair["en"])
        for start, end, _, _ in pair["alignment"]:
            en[start:end] = " " * (end - start)
        left.update(re.findall(r"'s|[a-z]+", "".join(en).lower()))
    assert set(left) <= function_words


def test_time_and_place_come_before_the_verb(world, pairs):
    """`… bought … in Harbour City yesterday.` The two last of English are the two before the verb in Chinese."""
    cities, checked = {city.en for city in world.cast.cities}, 0
    for pair in pairs:
        match = re.fullmatch(r".* (bought|sold|made|chose) .* in ([A-Z][A-Za-z ]+) (yesterday|last year)\.", pair["en"])
        if not match or match[2] not in cities or re.search(r"that|who", pair["en"]):
            continue
        at = {en: start for (en, _), (_, _, start, _) in zip(aligned(pair), pair["alignment"], strict=True)}
        assert at[match[3]] < at[match[2]] < at[match[1]]
        checked += 1
    assert checked > 10


def test_clauses_of_because_change_places(pairs):
    checked = 0
    for pair in pairs:
        if " because " in pair["en"]:
            middle = pair["en"].index(" because ")
            comma = pair["zh"].index("，所以")
            assert pair["zh"].startswith("因为")
            for start, _, zh_start, _ in pair["alignment"]:
                assert (start > middle) == (zh_start < comma)
            checked += 1
    assert checked > 100


def test_word_order_decides_the_meaning(pairs):
    """There are sentences of the same English words, or Chinese characters, that mean different things."""
    english, chinese = defaultdict(set), defaultdict(set)
    for pair in pairs:
        english[tuple(sorted(pair["en"].lower().rstrip(".?").split()))].add(pair["zh"])
        chinese[tuple(sorted(pair["zh"]))].add(pair["en"])
    assert sum(len(meanings) > 1 for meanings in english.values()) >= 1
    assert sum(len(meanings) > 1 for meanings in chinese.values()) > 20


def test_english_agrees(world, pairs):
    """Singular and plural subjects have their own verb forms."""
    trades = [noun.en for noun in world.cast.trades]
    one, many = "|".join(trades), "|".join(noun.plural for noun in world.cast.trades)
    things, more = "|".join(n.en for n in world.cast.goods), "|".join(n.plural for n in world.cast.goods)
    third = "buys|sells|makes|repairs|borrows|orders|chooses|draws|examines|wants|likes|needs|knows|remembers|has|costs"
    base = "buy|sell|make|repair|borrow|order|choose|draw|examine|want|like|need|know|remember|have|cost"
    seen = Counter()
    for pair in pairs:
        en = pair["en"]
        assert not re.search(rf"^(The|These|Those) (\w+ ){{0,2}}({many}|{more}) (is|does|has|{third})\b", en), en
        assert not re.search(rf"\b({many}) (is|does|{third})\b", en), en
        assert not re.search(rf"\b({one}) (are|do|have)\b", en), en
        if en.endswith("."):
            assert not re.search(rf"\b({one}) ({base})\b", en), en
            assert not re.search(rf"^[^,]*\bthe ({things}) are\b", en) or " and " in en, en
        seen["plural"] += bool(re.search(rf"\b({many}) (are|do|{base})\b", en))
        seen["singular"] += bool(re.search(rf"\b({one}) (is|does|{third})\b", en))
        for auxiliary, verb in re.findall(r"\b(did|does|do|will)(?: not)? (\w+(?:s|ed|ing))\b", en.lower()):
            assert auxiliary != "did" or verb in ("this", "those"), en
    assert min(seen.values()) > 200


def test_denials_take_no_le(pairs):
    """没有 and 了 do not go together: what was not done has no completed verb after it."""
    verbs, denied = "买|卖|做|修理|借|订购|挑选|画|检查|感谢|帮助|拜访|邀请|教|遇见|送给|卖给|借给|寄给", 0
    for pair in pairs:
        assert not re.search(rf"没有(在[^的]{{2,8}})?({verbs})了", pair["zh"]), pair["zh"]
        denied += bool(re.search(rf"没有(在[^的]{{2,8}})?({verbs})", pair["zh"]))
    assert denied > 1000
