"""Heuristic quality filters (section 3.2.1): what the published rule sets measure, and where they draw the line.

A `Rule` compares one statistic of a text with bounds, and says who published it. `failures` applies rules to many
texts at once, `failed_rules` to one. The functions that change a text (`c4_lines`, `refinedweb_lines`, `remove_markup`)
stand at the end.

The rules were written for English. In Chinese and Japanese blanks do not separate words, so here a word is a single
character, n words of an n-gram rule are 1.6 n characters (a Chinese word has 1.6 of them on average), function words
and punctuation are those of the language, and rules about the length or the letters of words give way to the share of
letters among the characters, as in the filter of ROOTS.
"""

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from llmbook.data.text_arrays import (
    ALPHA,
    SPACE,
    Segments,
    TextBatch,
    batches,
    kinds,
    mixed,
    seen_before,
    string_hashes,
)
from llmbook.errors import ReaderError

GOPHER, C4, FINEWEB = "Gopher (Rae et al., 2021)", "C4 (Raffel et al., 2020)", "FineWeb (Penedo et al., 2024)"
REFINEDWEB, ROOTS = "RefinedWeb (Penedo et al., 2023)", "ROOTS (Laurençon et al., 2022)"
BOOK = "keyword filter (book, 3.2.1)"

UNSPACED = ("zh", "ja")  # languages without blanks between words
FUNCTION_WORDS = {
    "en": ("the", "be", "to", "of", "and", "that", "have", "with"),  # Gopher's
    "zh": tuple("的是在了和有不一这就也人"),
    "ja": tuple("のにはをがとでたし"),
    "de": ("der", "die", "das", "und", "zu", "ist", "in", "mit", "nicht", "ein"),
    "fr": ("le", "la", "les", "de", "et", "que", "est", "un", "une", "dans"),
    "es": ("el", "la", "los", "de", "y", "que", "en", "un", "una", "con"),
    "it": ("il", "la", "di", "e", "che", "un", "una", "con", "per", "in"),
    "pt": ("o", "a", "de", "e", "que", "um", "uma", "com", "em", "para"),
    "nl": ("de", "het", "een", "en", "van", "in", "is", "dat", "met", "op"),
}
TERMINAL = ".!?\"'。！？…”’」』"  # what a finished line ends with: a sentence's end, or a quotation's
_BULLETS = "•‣◦●○■□▪▫◆◇★☆·*-–—►▶"

# Insults and dirty words, mild ones: a filter in earnest takes its list as an argument.
BLOCKED_WORDS = {
    "en": ("idiot", "idiots", "moron", "morons", "stupid", "dumb", "scum", "trash", "loser", "losers", "shut up",
           "crap", "damn", "bastard", "bastards", "pathetic", "worthless", "vermin", "filthy"),
    "zh": ("白痴", "笨蛋", "蠢货", "废物", "垃圾", "混蛋", "滚开", "去死", "傻瓜", "人渣", "王八蛋", "脑残", "恶心",
           "无耻", "下流"),
}  # fmt: skip

Statistics = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Rule:
    """Keep a text if `low` ≤ its statistic ≤ `high`.

    Attributes:
        name: unique in the rule sets of a language.
        source: who published the rule.
        statistic: what is measured: a key of `statistics`.
        low, high: the bounds.
        strict: a text that lies exactly on a bound fails as well.
    """

    name: str
    source: str
    statistic: str
    low: float = -math.inf
    high: float = math.inf
    strict: bool = False

    def keeps(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of the values are inside the bounds."""
        if self.strict:
            return (self.low < values) & (values < self.high)
        return (self.low <= values) & (values <= self.high)


# ---------------------------------------------------------------- the rule sets


def gopher_quality(language: str = "en") -> tuple[Rule, ...]:
    """Gopher's rules for text that looks like prose: length, symbols, lines, letters, function words.

    In Chinese and Japanese the length counts characters (at least 80, which is about 50 words), and letters must be
    60 % of the characters. A language without an entry in `FUNCTION_WORDS` is spared the last rule.
    """
    spaced = language not in UNSPACED
    rules = [
        Rule("gopher_words", GOPHER, "words", 50 if spaced else 80, 100_000 if spaced else 160_000),
        Rule("gopher_hashes", GOPHER, "hash_ratio", high=0.1),
        Rule("gopher_ellipses", GOPHER, "ellipsis_ratio", high=0.1),
        Rule("gopher_bullet_lines", GOPHER, "bullet_lines", high=0.9),
        Rule("gopher_ellipsis_lines", GOPHER, "ellipsis_lines", high=0.3),
    ]
    if spaced:
        rules.append(Rule("gopher_word_length", GOPHER, "word_length", 3, 10))
        rules.append(Rule("gopher_alphabetic_words", GOPHER, "alphabetic_words", low=0.8))
    else:
        rules.append(Rule("roots_letters", ROOTS, "letters", low=0.6))
    if language in FUNCTION_WORDS:
        rules.append(Rule("gopher_function_words", GOPHER, "function_words", low=2))
    return tuple(rules)


def gopher_repetition(language: str = "en") -> tuple[Rule, ...]:
    """Gopher's rules against repetition: of lines, of paragraphs, of n-grams (n in words, whatever the language)."""
    bounds = {"duplicate_lines": 0.30, "duplicate_paragraphs": 0.30,
              "duplicate_line_characters": 0.20, "duplicate_paragraph_characters": 0.20,
              "top_2_gram": 0.20, "top_3_gram": 0.18, "top_4_gram": 0.16,
              "duplicate_5_grams": 0.15, "duplicate_6_grams": 0.14, "duplicate_7_grams": 0.13,
              "duplicate_8_grams": 0.12, "duplicate_9_grams": 0.11, "duplicate_10_grams": 0.10}  # fmt: skip
    return tuple(Rule(f"gopher_{name}", GOPHER, name, high=bound) for name, bound in bounds.items())


def c4(language: str = "en") -> tuple[Rule, ...]:
    """C4's rules for pages, applied to what `c4_lines` leaves of them."""
    return (
        Rule("c4_sentences", C4, "c4_sentences", low=5),
        Rule("c4_lorem_ipsum", C4, "lorem_ipsum", high=0),
        Rule("c4_curly_bracket", C4, "curly_brackets", high=0),
    )


def fineweb(language: str = "en") -> tuple[Rule, ...]:
    """FineWeb's three additions; a short line has fewer than 30 characters, in Chinese and Japanese fewer than 12."""
    return (
        Rule("fineweb_finished_lines", FINEWEB, "finished_lines", low=0.12, strict=True),
        Rule("fineweb_duplicate_lines", FINEWEB, "duplicate_line_characters", high=0.10, strict=True),
        Rule("fineweb_short_lines", FINEWEB, "short_lines", high=0.67, strict=True),
    )


def refinedweb(language: str = "en") -> tuple[Rule, ...]:
    """RefinedWeb's rule for pages: at most 5 % of the words stand in lines that its corrections take away."""
    return (Rule("refinedweb_removed_words", REFINEDWEB, "removed_words", high=0.05),)


def keywords(language: str = "en") -> tuple[Rule, ...]:
    """The book's keyword filter: leftover markup, links, offensive words; the bounds are ours."""
    return (
        Rule("book_markup", BOOK, "markup", high=0.05),
        Rule("book_links", BOOK, "links", high=0.20),
        Rule("book_blocked_words", BOOK, "blocked_words", high=0.01),
    )


RULE_SETS: dict[str, Callable[[str], tuple[Rule, ...]]] = {
    "gopher_quality": gopher_quality,
    "gopher_repetition": gopher_repetition,
    "c4": c4,
    "fineweb": fineweb,
    "refinedweb": refinedweb,
    "keywords": keywords,
}


def rules_for(
    language: str = "en", sets: Collection[str] = ("gopher_quality", "gopher_repetition")
) -> tuple[Rule, ...]:
    """The rules of some sets for a language.

    Raises:
        ReaderError: for an unknown set.
    """
    unknown = [name for name in sets if name not in RULE_SETS]
    if unknown:
        raise ReaderError(f"unknown rule set {unknown[0]!r}: choose from {', '.join(RULE_SETS)}")
    return tuple(rule for name in sets for rule in RULE_SETS[name](language))


def failures(
    texts: Sequence[str], language: str = "en", rules: Sequence[Rule] | None = None
) -> dict[str, NDArray[np.bool_]]:
    """Which texts fail which rule: by the rule's name, a boolean array [texts]. The rules are Gopher's if None.

    Raises:
        ReaderError: for something that is not text, or a rule about an unknown statistic.
    """
    rules = rules_for(language) if rules is None else rules
    values = statistics(texts, language, {rule.statistic for rule in rules})
    return {rule.name: ~rule.keeps(values[rule.statistic]) for rule in rules}


def failed_rules(text: str, language: str = "en", rules: Sequence[Rule] | None = None) -> list[str]:
    """The names of the rules that a text fails; none, if it is to be kept."""
    return [name for name, failed in failures([text], language, rules).items() if failed[0]]


def percentile_rule(rule: Rule, values: NDArray[np.float64], dropped: float) -> Rule:
    """The rule with bounds for another language: each finite bound is moved to where it drops that share of `values`.

    ROOTS and FineWeb2 chose their thresholds per language in this way: look at the statistic over text of the
    language that is known to be good, and cut off a fixed share of its tail.

    Args:
        rule: whose statistic was measured.
        values: of good texts, [N].
        dropped: the share of them to lose at each finite bound.

    Raises:
        ReaderError: there are no values, or the share is not between 0 and 1.
    """
    if not len(values) or not 0 <= dropped < 1:
        raise ReaderError("a percentile needs values of good texts and a share to drop, at least 0 and below 1")
    low = float(np.quantile(values, dropped)) if math.isfinite(rule.low) else rule.low
    high = float(np.quantile(values, 1 - dropped)) if math.isfinite(rule.high) else rule.high
    return Rule(rule.name, rule.source, rule.statistic, low, high, rule.strict)


# ---------------------------------------------------------------- the statistics


def statistics(texts: Sequence[str], language: str = "en", names: Collection[str] | None = None) -> Statistics:
    """What the rules measure, by name: arrays [texts]. Shares of an empty text are 0.

    - `words` and `word_length` (mean number of characters); `hash_ratio` and `ellipsis_ratio`, per word;
      `alphabetic_words`, the share of words with a letter in them; `letters`, the share of letters among the visible
      characters; `function_words`, how many different ones of `FUNCTION_WORDS[language]` occur.
    - of the lines that are not blank: the shares `bullet_lines`, `ellipsis_lines`, `finished_lines` (ending in
      one of `TERMINAL`), `short_lines`, and `duplicate_lines`, which repeat an earlier line; likewise
      `duplicate_paragraphs`; `duplicate_line_characters` and `duplicate_paragraph_characters` are their shares of
      the characters.
    - `top_2_gram` … `top_4_gram`: the share of the characters in words that the most frequent n-gram covers, 0 if
      none occurs twice; `duplicate_5_grams` … `duplicate_10_grams`: the share of the characters that lie in an
      n-gram that occurred before, each character counted once.
    - `c4_sentences`, how many sentences `c4_lines` leaves; `lorem_ipsum` and `curly_brackets`, how many there are.
    - `removed_words`: the share that `refinedweb_lines` takes away.
    - `markup` and `links`: the shares of the characters in tags and entities, and in addresses of pages;
      `blocked_words`: the share of the words that stand in `BLOCKED_WORDS`.

    Args:
        texts: whole documents.
        language: ISO code.
        names: the ones that are wanted; all if None.

    Raises:
        ReaderError: for something that is not text, or an unknown name.
    """
    wanted = set(_GROUPS) if names is None else set(names)
    unknown = sorted(wanted - set(_GROUPS))
    if unknown:
        raise ReaderError(f"unknown statistic {unknown[0]!r}: choose from {', '.join(_GROUPS)}")
    groups = dict.fromkeys(group for name, group in _GROUPS.items() if name in wanted)
    parts: list[Statistics] = []
    for some in batches(texts):
        batch = TextBatch.of(some)
        found: Statistics = {}
        for group in groups:
            found |= group(batch, some, language)
        parts.append(found)
    return {name: np.concatenate([part[name] for part in parts] or [np.zeros(0)]) for name in _GROUPS if name in wanted}


def _share(part: NDArray, whole: NDArray) -> NDArray[np.float64]:
    return part / np.maximum(whole, 1)


def _word_statistics(batch: TextBatch, texts: Sequence[str], language: str) -> Statistics:
    kind, points = kinds(batch.points), batch.points
    words = batch.words(language not in UNSPACED)
    number = np.bincount(words.text, minlength=len(batch))
    letters = np.concatenate([[0], np.cumsum((kind & ALPHA) > 0)])
    with_letter = letters[words.ends] > letters[words.starts]
    return {
        "words": number.astype(np.float64),
        "word_length": _share(np.bincount(words.text, words.lengths, len(batch)), number),
        "hash_ratio": _share(batch.per_text(points == ord("#")), number),
        "ellipsis_ratio": _share(batch.per_text(_ellipses(points)), number),
        "alphabetic_words": _share(np.bincount(words.text, with_letter, len(batch)), number),
        "letters": _share(batch.per_text((kind & ALPHA) > 0), batch.per_text((kind & SPACE) == 0)),
        "function_words": _function_words(batch, language),
    }


def _ellipses(points: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Where an ellipsis begins: a run of "…", or of three full stops or more."""
    single = points == ord("…")
    stop = np.concatenate([points == ord("."), [False, False]])
    three = stop[:-2] & stop[1:-1] & stop[2:]
    before = np.concatenate([[False], single[:-1]]), np.concatenate([[False], stop[:-3]])
    return (single & ~before[0]) | (three & ~before[1])


def _function_words(batch: TextBatch, language: str) -> NDArray[np.float64]:
    tokens = batch.tokens()
    hashes = batch.hashes(tokens, lower=True)
    number = np.zeros(len(batch))
    for wanted in string_hashes(FUNCTION_WORDS.get(language, ())):
        number += np.bincount(tokens.text[hashes == wanted], minlength=len(batch)) > 0
    return number


def _line_statistics(batch: TextBatch, texts: Sequence[str], language: str) -> Statistics:
    lines, paragraph = batch.lines()
    number = np.bincount(lines.text, minlength=len(batch))
    last = batch.points[lines.ends - 1]
    dots = [batch.points[np.maximum(lines.ends - back, 0)] == ord(".") for back in (1, 2, 3)]
    first = np.flatnonzero(np.diff(paragraph, prepend=-1))
    final = np.append(first[1:], len(paragraph))[: len(first)] - 1
    paragraphs = Segments(lines.starts[first], lines.ends[final], lines.text[first])

    def share(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
        return _share(np.bincount(lines.text, mask, len(batch)), number)

    return {
        "bullet_lines": share(_among(batch.points[lines.starts], _BULLETS)),
        "ellipsis_lines": share((last == ord("…")) | ((dots[0] & dots[1] & dots[2]) & (lines.lengths >= 3))),
        "finished_lines": share(_among(last, TERMINAL)),
        "short_lines": share(lines.lengths < (12 if language in UNSPACED else 30)),
        **_duplicates(batch, lines, "line"),
        **_duplicates(batch, paragraphs, "paragraph"),
    }


def _among(points: NDArray[np.uint32], characters: str) -> NDArray[np.bool_]:
    return np.isin(points, np.array([ord(character) for character in characters], dtype=np.uint32))


def _duplicates(batch: TextBatch, segments: Segments, name: str) -> Statistics:
    """The share of lines or paragraphs that repeat an earlier one of their text, and their share of the characters."""
    again = seen_before(_within_text(batch.hashes(segments), segments.text))

    def total(weights: NDArray) -> NDArray[np.float64]:
        return np.bincount(segments.text, weights, len(batch))

    ones = np.ones(len(segments))
    return {
        f"duplicate_{name}s": _share(total(again), total(ones)),
        f"duplicate_{name}_characters": _share(total(again * segments.lengths), total(segments.lengths)),
    }


def _within_text(hashes: NDArray[np.uint64], text: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Hashes that are equal only for equal things in the same text."""
    return mixed(hashes + mixed(text.astype(np.uint64)))


def _ngram_statistics(batch: TextBatch, texts: Sequence[str], language: str) -> Statistics:
    """Lengths grow from 2 to 10; what does not occur twice as an n-gram cannot do so as a longer one."""
    spaced = language not in UNSPACED
    words = batch.words(spaced)
    hashes = _within_text(batch.hashes(words), words.text)
    characters = np.concatenate([[0], np.cumsum(words.lengths)])
    total = np.bincount(words.text, words.lengths, len(batch))
    last = np.append(np.flatnonzero(np.diff(words.text)), len(words) - 1)  # the last word of each text that has any
    end_of_text = np.repeat(last, np.diff(last, prepend=-1)) if len(words) else last
    places = np.arange(len(words))
    found: Statistics = {}
    for n in range(2, 11):
        wanted = n if spaced else round(1.6 * n)
        places = places[places + wanted - 1 <= end_of_text[places]] if len(places) else places
        keys = _ngram_keys(hashes, places, wanted)
        order = np.argsort(keys, kind="stable")
        same = keys[order[1:]] == keys[order[:-1]]
        again = order[1:][same]
        if n <= 4:
            covered = _most_frequent(order, same, places, characters, wanted, words.text, len(batch))
            found[f"top_{n}_gram"] = np.minimum(_share(covered, total), 1.0)
        else:
            inside = np.zeros(len(words) + 1, dtype=np.int64)
            np.add.at(inside, places[again], 1)
            np.add.at(inside, places[again] + wanted, -1)
            covered = np.bincount(words.text, words.lengths * (np.cumsum(inside)[:-1] > 0), len(batch))
            found[f"duplicate_{n}_grams"] = _share(covered, total)
        twice = np.zeros(len(places), dtype=bool)
        twice[order[1:][same]] = twice[order[:-1][same]] = True
        places = places[twice]
    return found


def _ngram_keys(hashes: NDArray[np.uint64], places: NDArray[np.int64], n: int) -> NDArray[np.uint64]:
    """Keys of the n-grams that begin at the places."""
    keys = np.zeros(len(places), dtype=np.uint64)
    for offset in range(n):
        keys = keys * np.uint64(0x9E3779B97F4A7C15) + hashes[places + offset]
    return keys


def _most_frequent(
    order: NDArray[np.int64],
    same: NDArray[np.bool_],
    places: NDArray[np.int64],
    characters: NDArray[np.int64],
    n: int,
    text: NDArray[np.int64],
    num_texts: int,
) -> NDArray[np.float64]:
    """Characters in all occurrences of the most frequent n-gram of each text (the longest of several), [texts]."""
    covered = np.zeros(num_texts)
    if not same.any():
        return covered
    first = np.flatnonzero(np.concatenate([[True], ~same]))
    count = np.diff(np.append(first, len(order)))
    first, count = first[count > 1], count[count > 1]
    place = places[order[first]]
    length = characters[place + n] - characters[place]
    owner = text[place]
    ranked = np.lexsort((length, count, owner))
    top = ranked[np.append(np.flatnonzero(np.diff(owner[ranked])), len(ranked) - 1)]
    covered[owner[top]] = count[top] * length[top]
    return covered


def _c4_statistics(batch: TextBatch, texts: Sequence[str], language: str) -> Statistics:
    kept = [c4_lines(text, language) for text in texts]
    return {
        "c4_sentences": np.array([len(_SENTENCE_END.findall(text)) for text in kept], dtype=np.float64),
        "lorem_ipsum": np.array([text.lower().count("lorem ipsum") for text in kept], dtype=np.float64),
        "curly_brackets": np.array([text.count("{") for text in kept], dtype=np.float64),
    }


def _refinedweb_statistics(batch: TextBatch, texts: Sequence[str], language: str) -> Statistics:
    return {"removed_words": np.array([refinedweb_lines(text, language)[1] for text in texts])}


def _keyword_statistics(batch: TextBatch, texts: Sequence[str], language: str) -> Statistics:
    size = np.array([len(text) for text in texts], dtype=np.float64)
    words = np.bincount(batch.words(language not in UNSPACED).text, minlength=len(batch))
    spans = [keyword_spans(text, language) for text in texts]
    blocked = [sum(end - start if language in UNSPACED else 1 for start, end in some) for some in spans]
    return {
        "markup": _share(np.array([_matched(_MARKUP, text, "<", "&") for text in texts]), size),
        "links": _share(np.array([_matched(_LINK, text, "www.", "://") for text in texts]), size),
        "blocked_words": _share(np.array(blocked), words),
    }


def _matched(pattern: re.Pattern, text: str, *signs: str) -> float:
    """Characters in matches of a pattern, none of which is without one of the signs."""
    if not any(sign in text for sign in signs):
        return 0.0
    return float(sum(match.end() - match.start() for match in pattern.finditer(text)))


_GROUPS: dict[str, Callable[[TextBatch, Sequence[str], str], Statistics]] = {
    **dict.fromkeys(["words", "word_length", "hash_ratio", "ellipsis_ratio", "alphabetic_words", "letters",
                     "function_words"], _word_statistics),
    **dict.fromkeys(["bullet_lines", "ellipsis_lines", "finished_lines", "short_lines", "duplicate_lines",
                     "duplicate_line_characters", "duplicate_paragraphs", "duplicate_paragraph_characters"],
                    _line_statistics),
    **dict.fromkeys([f"top_{n}_gram" for n in (2, 3, 4)] + [f"duplicate_{n}_grams" for n in range(5, 11)],
                    _ngram_statistics),
    **dict.fromkeys(["c4_sentences", "lorem_ipsum", "curly_brackets"], _c4_statistics),
    "removed_words": _refinedweb_statistics,
    **dict.fromkeys(["markup", "links", "blocked_words"], _keyword_statistics),
}  # fmt: skip


# ---------------------------------------------------------------- what changes a text

_SENTENCE_END = re.compile(r"[.!?][\"')\]]*(?=\s|$)|[。！？]+")
_POLICY = re.compile(
    r"javascript|terms of use|privacy policy|cookie policy|uses cookies|use of cookies|use cookies|隐私政策|使用条款"
    r"|启用\s*cookie|使用\s*cookie",
    re.I,
)
_TAG = r"<!--.*?-->|</?[a-zA-Z][^<>]{0,500}>"
_ENTITY = r"&(?:[a-zA-Z]{2,8}|#\d{2,6}|#x[0-9a-fA-F]{2,6});"
_MARKUP = re.compile(f"{_TAG}|{_ENTITY}", re.S)
_SCRIPT = re.compile(r"<(script|style)\b[^>]*>.*?</\1\s*>", re.S | re.I)
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"'，。；！？）】\u4e00-\u9fff]+")
_COUNTER = re.compile(
    r"[\d.,]+\s*[kKmM万]?\s*(?:likes?|shares?|comments?|views?|repl(?:y|ies)|votes?|followers?"
    r"|次浏览|次阅读|条评论|个赞|人赞|人关注|次播放)\W*",
    re.I,
)
_NAVIGATION = re.compile(
    r"^(?:sign[ -]?in|log[ -]?in|sign[ -]?up|register|home\b.*\||skip to|登录|注册|首页)"
    r"|(?:read more|learn more|click here|see all|share this|阅读更多|查看更多|点击这里|阅读全文|展开全文)\W*$"
    r"|(?:items? in cart|add to cart|all rights reserved|accept cookies|版权所有|加入购物车|购物车)",
    re.I,
)


def _num_words(line: str, language: str) -> int:
    """Words of a line: between blanks, or in a language without blanks Chinese characters, kana and other runs."""
    return len(_UNSPACED_WORD.findall(line)) if language in UNSPACED else len(line.split())


_UNSPACED_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")


def c4_lines(text: str, language: str = "en", min_words: int | None = None) -> str:
    """The lines that C4 keeps: finished by punctuation, not too short, not about JavaScript, cookies or terms of use.

    Args:
        text: a page.
        language: ISO code.
        min_words: of a line: 3 if None, in Chinese and Japanese 5 characters. (The paper's versions say 3 words and
            5 sentences, or 5 words and 3 sentences.)
    """
    least = min_words if min_words is not None else 5 if language in UNSPACED else 3
    lines = (line.strip() for line in text.split("\n"))
    return "\n".join(
        line
        for line in lines
        if line.endswith(tuple(TERMINAL))
        and not line.endswith(("...", "…"))
        and _num_words(line, language) >= least
        and not _POLICY.search(line)
    )


def refinedweb_lines(text: str, language: str = "en") -> tuple[str, float]:
    """Line-wise corrections in the manner of RefinedWeb, and the share of the words that they take away.

    A line goes if it is mainly capitals, nothing but digits, a counter ("3 likes"), a single word, or if it has at most
    ten words and is a piece of navigation ("Sign in", "Read more", "2 items in cart"). Ten English words are sixteen
    Chinese characters.
    """
    kept, words, removed = [], 0, 0
    for line in text.split("\n"):
        size = _num_words(line, language)
        words += size
        if _is_flagged(line.strip(), size, language):
            removed += size
        else:
            kept.append(line)
    return "\n".join(kept), removed / words if words else 0.0


def _is_flagged(line: str, size: int, language: str) -> bool:
    if not line:
        return False
    unspaced = language in UNSPACED
    capitals = sum(map(str.isupper, line))
    return (
        capitals > 0.5 * len(line)
        or (not any(map(str.isalpha, line)) and any(map(str.isdigit, line)))
        or _COUNTER.fullmatch(line) is not None
        or (size == 1 and not unspaced)
        or (size <= (16 if unspaced else 10) and _NAVIGATION.search(line) is not None)
    )


def remove_markup(text: str) -> str:
    """The text without scripts, styles, comments, tags and the addresses of pages; entities become their characters."""
    from html import unescape

    text = _SCRIPT.sub(" ", text)
    text = re.sub(_TAG, " ", text, flags=re.S)
    text = _LINK.sub(" ", unescape(text))
    return re.sub(r"[ \t]{2,}", " ", text).strip()


def keyword_spans(text: str, language: str = "en", keywords: Collection[str] | None = None) -> list[tuple[int, int]]:
    """Where keywords stand in a text, in order, without overlaps; capitals do not matter.

    Args:
        text: a page.
        language: in Chinese and Japanese a keyword counts anywhere, elsewhere only as a word of its own.
        keywords: those of `BLOCKED_WORDS[language]` if None.
    """
    words = BLOCKED_WORDS.get(language, ()) if keywords is None else keywords
    pattern = _keyword_pattern(frozenset(words), language in UNSPACED)
    return [match.span() for match in pattern.finditer(text)] if pattern else []


@cache
def _keyword_pattern(words: frozenset[str], anywhere: bool) -> re.Pattern | None:
    longest_first = sorted(filter(None, words), key=lambda word: (-len(word), word))
    choice = "|".join(map(re.escape, longest_first))
    return re.compile(choice if anywhere else rf"(?<!\w)(?:{choice})(?!\w)", re.I) if choice else None
