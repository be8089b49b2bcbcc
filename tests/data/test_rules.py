"""The published heuristics, against the same by string methods and against examples worked by hand."""

import random
import time
from collections import Counter

import numpy as np
import pytest

from llmbook.data import prose
from llmbook.data.rules import (
    FUNCTION_WORDS,
    RULE_SETS,
    Rule,
    c4_lines,
    failed_rules,
    failures,
    keyword_spans,
    percentile_rule,
    refinedweb_lines,
    remove_markup,
    rules_for,
    statistics,
)
from llmbook.errors import ReaderError

GOOD = (
    "The lantern maker of the old town began to work with paper and bamboo when she was eleven years old. "
    "Her first lantern burned down on a windy night, and that taught her to have a bucket of water ready. "
    "Today people come from all over the province to buy what she makes, and many stay for tea.\n\n"
    "She says that the hardest part is not the frame but the painting: a crane must be drawn in one stroke. "
    "Those who want to learn can visit the workshop on any Saturday morning. There is no need to book."
)
GOOD_ZH = (
    "老城的灯笼匠十一岁就开始学着用竹子和纸做灯。她做的第一盏灯在一个大风的夜里烧掉了，从那以后她总是在旁边放着一桶水。"
    "现在省里各地的人都来买她的灯，很多人还会留下来喝茶。\n\n她说最难的不是骨架，而是上面的画：一只鹤要一笔画成。"
    "想学手艺的人可以在星期六上午到作坊去看看，不用预约。"
)


def reference(text: str) -> dict[str, float]:
    """English statistics straight from their definitions."""
    words, found = text.split(), {}
    found["words"] = len(words)
    found["word_length"] = sum(map(len, words)) / len(words)
    found["alphabetic_words"] = sum(any(map(str.isalpha, word)) for word in words) / len(words)
    found["hash_ratio"] = text.count("#") / len(words)
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    paragraphs = [part.strip() for part in text.split("\n\n") if part.strip()]
    for name, parts in (("line", lines), ("paragraph", paragraphs)):
        again = [part for place, part in enumerate(parts) if part in parts[:place]]
        found[f"duplicate_{name}s"] = len(again) / len(parts)
        found[f"duplicate_{name}_characters"] = sum(map(len, again)) / sum(map(len, parts))
    found["finished_lines"] = sum(line[-1] in ".!?\"'" for line in lines) / len(lines)
    found["short_lines"] = sum(len(line) < 30 for line in lines) / len(lines)
    total = sum(map(len, words))
    for n in range(2, 11):
        grams = [tuple(words[place : place + n]) for place in range(len(words) - n + 1)]
        if n <= 4:
            count, size = max(((c, sum(map(len, g))) for g, c in Counter(grams).items()), default=(0, 0))
            found[f"top_{n}_gram"] = min(count * size / total, 1) if count > 1 else 0
        else:
            covered = set()
            for place, gram in enumerate(grams):
                if gram in grams[:place]:
                    covered.update(range(place, place + n))
            found[f"duplicate_{n}_grams"] = sum(len(words[place]) for place in covered) / total
    return found


def random_page(rng: random.Random) -> str:
    """Few words in many repetitions, on lines and paragraphs that repeat as well."""
    words = ["a", "bb", "ccc", "#dd", "12", "e.", "ff!", "g"]
    sentences = [" ".join(rng.choices(words, k=rng.randint(1, 9))) for _ in range(4)]
    return "".join(rng.choice(sentences) + rng.choice(["\n", "\n\n", " "]) for _ in range(rng.randint(1, 12)))


def test_statistics_are_those_of_the_definitions():
    rng = random.Random(1)
    texts = [random_page(rng) for _ in range(150)] + [GOOD]
    found = statistics(texts, "en")
    for number, text in enumerate(texts):
        for name, value in reference(text).items():
            assert found[name][number] == pytest.approx(value), (name, text)


def test_statistics_do_not_depend_on_the_neighbours():
    rng = random.Random(2)
    texts = [GOOD, "", random_page(rng), GOOD, "\n", random_page(rng), GOOD_ZH]
    together = statistics(texts, "en")
    for number, text in enumerate(texts):
        alone = statistics([text], "en")
        assert {name: values[number] for name, values in together.items()} == {k: v[0] for k, v in alone.items()}


def test_prose_passes_all_the_rules():
    every = {language: rules_for(language, list(RULE_SETS)) for language in ("en", "zh")}
    assert failed_rules(GOOD, "en", every["en"]) == []
    assert failed_rules(GOOD_ZH, "zh", every["zh"]) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("the quick and the dead have to be with us. " * 3, "gopher_words"),
        (GOOD.replace(" ", ""), "gopher_word_length"),
        ("a b c d of to " * 40, "gopher_word_length"),
        (GOOD.replace(" the", " # the").replace(" a", " # a"), "gopher_hashes"),
        (GOOD.replace(" the", " … the").replace(" a", " ... a"), "gopher_ellipses"),
        ("\n".join(f"- {line}" for line in GOOD.replace("\n\n", " ").split(". ")), "gopher_bullet_lines"),
        ("\n".join(f"{line}..." for line in GOOD.split(". ")), "gopher_ellipsis_lines"),
        (GOOD + " 17 23 42 99" * 10, "gopher_alphabetic_words"),
        (" ".join(w for w in GOOD.split() if w.lower() not in FUNCTION_WORDS["en"]), "gopher_function_words"),
        (GOOD + "\nBuy now" * 9, "gopher_duplicate_lines"),
        (GOOD + "\n\n" + GOOD, "gopher_duplicate_paragraphs"),
        (GOOD + "\n" + GOOD, "gopher_duplicate_line_characters"),
        (GOOD + " lucky casino" * 20, "gopher_top_2_gram"),
        (GOOD + " " + GOOD, "gopher_duplicate_10_grams"),
        (GOOD.replace(".", ";"), "c4_sentences"),
        ("Lorem ipsum dolor sit amet.\n" + GOOD, "c4_lorem_ipsum"),
        (GOOD + " function() { return.", "c4_curly_bracket"),
        (GOOD.replace(".", "\n"), "fineweb_finished_lines"),
        (GOOD.replace(" She", "\nShe") + "\nHome\nAbout\nBlog\nShop\nJobs\nHelp\nMap", "fineweb_short_lines"),
        (GOOD + "\nHOME PRODUCTS ABOUT US CONTACT OUR SHOPS\n12 likes\nSign in\nRead more", "refinedweb_removed_words"),
        (GOOD + "<div class='a'><b>x</b></div>" * 2, "book_markup"),
        (GOOD + " https://example.com/very/long/address/of/a/page" * 5, "book_links"),
        (GOOD + " You idiots are all stupid losers!", "book_blocked_words"),
    ],
)
def test_each_rule_of_english_catches_its_case(text, rule):
    assert rule in failed_rules(text, "en", rules_for("en", list(RULE_SETS)))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("好的，我在这里。", "gopher_words"),
        (GOOD_ZH.replace("，", "！@￥%&*！！～" * 2).replace("。", "★★★☆☆※※" * 2), "roots_letters"),
        ("北京上海广州深圳天津重庆成都武汉西安南京" * 5, "gopher_function_words"),
        (GOOD_ZH + "点击领取大奖" * 20, "gopher_top_2_gram"),
        (GOOD_ZH + GOOD_ZH, "gopher_duplicate_10_grams"),
        (GOOD_ZH.replace("。", "\n"), "fineweb_finished_lines"),
        (GOOD_ZH + "\n首页\n登录\n版权所有\n1024次浏览\n阅读全文", "refinedweb_removed_words"),
        (GOOD_ZH + "你这个白痴，废物，滚开！", "book_blocked_words"),
    ],
)
def test_each_rule_of_chinese_catches_its_case(text, rule):
    assert rule in failed_rules(text, "zh", rules_for("zh", list(RULE_SETS)))


def test_chinese_n_grams_count_sixteen_characters_for_ten_words():
    passage = "竹子和纸做的灯笼在大风的夜里烧掉"  # 16 characters
    found = statistics([passage + "，又是一年。" + passage, passage[:15] + "，又是一年。" + passage[:15]], "zh")
    # The last word of the passage has punctuation behind it in the first place only, so 15 characters are compared.
    assert (found["duplicate_10_grams"] == 0).all()
    found = statistics([passage + passage], "zh")
    assert found["duplicate_10_grams"][0] == pytest.approx(0.5)


def test_bounds_are_kept_by_gopher_and_failed_by_fineweb():
    words = np.array([49.0, 50.0, 100_000.0, 100_001.0])
    gopher = next(rule for rule in rules_for("en") if rule.statistic == "words")
    assert gopher.keeps(words).tolist() == [False, True, True, False]
    (short,) = (rule for rule in rules_for("en", ["fineweb"]) if rule.statistic == "short_lines")
    assert short.keeps(np.array([0.66, 0.67, 0.68])).tolist() == [True, False, False]


def test_thresholds_are_the_published_ones():
    high = {rule.statistic: rule.high for rule in rules_for("en")}
    assert [high[f"duplicate_{n}_grams"] for n in range(5, 11)] == [0.15, 0.14, 0.13, 0.12, 0.11, 0.10]
    assert [high[f"top_{n}_gram"] for n in (2, 3, 4)] == [0.20, 0.18, 0.16]
    assert len(rules_for("en")) == 8 + 13
    assert len({rule.name for rule in rules_for("zh", list(RULE_SETS))}) == len(rules_for("zh", list(RULE_SETS)))


def test_c4_keeps_finished_lines():
    page = "Home | About\nThis line is finished.\nToo short.\nPlease enable JavaScript now.\nAnd so on...\nIs it? Yes!"
    assert c4_lines(page) == "This line is finished.\nIs it? Yes!"
    assert c4_lines("首页\n这一行已经写完了。\n太短。\n请启用 Cookie 再看这一页。", "zh") == "这一行已经写完了。"
    assert c4_lines("Four words are few.", min_words=5) == ""


def test_refinedweb_takes_away_navigation_and_says_how_much():
    page = "SHOP NOW\n2024\n3 likes\nContact\nSign in here\nThe lamp burns all night long."
    text, removed = refinedweb_lines(page)
    assert text == "The lamp burns all night long."
    assert removed == pytest.approx(9 / 15)
    long = "Sign in to the town hall at nine and you will be given a lantern and tea."
    assert refinedweb_lines(long) == (long, 0.0)


def test_markup_is_removed_and_what_only_looks_like_it_stays():
    page = "<p>Bread &amp; butter</p> <script>var a = 1 < 2;</script>at https://a.b/c?d=e, or 3 < 4 > 2."
    assert remove_markup(page) == "Bread & butter at or 3 < 4 > 2."


def test_keywords_stand_alone_in_english_and_anywhere_in_chinese():
    text = "Scunthorpe is no SCUM, scum."
    assert [text[a:b] for a, b in keyword_spans(text)] == ["SCUM", "scum"]
    assert keyword_spans("他真是个大笨蛋。", "zh") == [(5, 7)]
    assert keyword_spans("free lunch", keywords=["free", "free lunch"]) == [(0, 10)]
    assert keyword_spans("anything", keywords=[]) == []


def test_a_threshold_by_percentile_drops_that_share():
    values = np.random.default_rng(0).random(10_001)
    rule = percentile_rule(Rule("r", "ours", "words", 0.0, 1.0), values, 0.05)
    assert (rule.low, rule.high) == pytest.approx((0.05, 0.95), abs=0.01)
    assert rule.keeps(values).mean() == pytest.approx(0.9, abs=0.001)
    one_sided = percentile_rule(Rule("r", "ours", "words", low=0.0), values, 0.05)
    assert one_sided.high == np.inf
    with pytest.raises(ReaderError, match="percentile"):
        percentile_rule(rule, values[:0], 0.05)


def test_unknown_names_are_refused():
    with pytest.raises(ReaderError, match="unknown rule set 'gofer'"):
        rules_for("en", ["gofer"])
    with pytest.raises(ReaderError, match="unknown statistic 'wrods'"):
        statistics([GOOD], "en", ["wrods"])


def test_no_texts_and_empty_texts():
    assert all(len(failed) == 0 for failed in failures([]).values())
    assert "gopher_words" in failed_rules("")
    assert "gopher_words" in failed_rules("\n \n", "zh")


def test_both_sets_of_gopher_take_1500_documents_of_a_kilobyte_per_second():
    text = "\n\n".join(prose.topics())
    pages = [text[start : start + 1000] for start in range(0, 300_000, 1000)]
    failures(pages)
    start = time.process_time()
    failures(pages)
    assert len(pages) / (time.process_time() - start) > 1500
