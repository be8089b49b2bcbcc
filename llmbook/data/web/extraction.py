"""From HTML to text: all of it, or only the main content (section 3.4.3, text extraction).

`strip_tags` keeps every word that is not in a script, as the WET files of Common Crawl do. `main_content` looks at each
block's length, at the share of its characters that are links, and at the share of its words that are stop words: prose
is long, has few links and many stop words, menus are the opposite. Blocks of which this leaves doubt go with their
neighbours. The idea and the classes are those of jusText (Pomikálek, 2011); trafilatura, which RefinedWeb uses, falls
back on the same idea where its own rules find nothing.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Literal, NamedTuple

from llmbook.errors import ReaderError

Verdict = Literal["good", "bad", "near-good", "short"]

_BLOCK_TAGS = """
    address article aside blockquote body br caption dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header
    hr html li main nav ol option p pre section select table tbody td tfoot th thead title tr ul
"""
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_SILENT = frozenset(("script", "style", "noscript", "template", "svg", "head"))
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_ENGLISH = """
    a about after again all also am an and any are as at be because been before but by can could did do does
    down each even every few first for from had has have he her here him his how i if in into is it its just
    last like made make many may me more most much must my never no not now of off on one only or other our out
    over own said same say see she should so some still such than that the their them then there these they this
    those through to too two under until up us very was way we well were what when where which while who why
    will with would year years you your
"""
_CHINESE = (
    "的一是了我不在人有他这个上们来到时大地为子中你说生年着就那和要她出也得里后自以会家可下而过天去能对小多然于心么之"
    "都好看起发当没成只如事把还用第样道想作种开它"
)
_STOP_WORDS = {"en": frozenset(_ENGLISH.split()), "zh": frozenset(_CHINESE)}


class Block(NamedTuple):
    """A stretch of text between two tags that start a new block."""

    text: str
    link_characters: int
    tag: str  # the block element that it stands in
    stop_density: float

    @property
    def link_density(self) -> float:
        return self.link_characters / max(1, len(self.text))


@dataclass(frozen=True)
class Limits:
    """What counts as long, in characters, and as dense in stop words.

    The defaults, for English, are close to those of jusText; a Chinese character says as much as two or three letters.
    """

    short: int = 70
    long: int = 140
    few_stop_words: float = 0.26
    many_stop_words: float = 0.30
    max_link_density: float = 0.2
    heading_distance: int = 200


_ZH = Limits(short=25, long=60, few_stop_words=0.10, many_stop_words=0.14)
LIMITS = {"en": Limits(), "zh": _ZH, "ja": Limits(short=25, long=60, few_stop_words=0, many_stop_words=0)}


class _Reader(HTMLParser):
    """Cuts a page into blocks. Broken HTML is read as browsers do: what was not opened is not closed."""

    def __init__(self, language: str) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._language = language
        self._pieces: list[str] = []
        self._open = ["body"]
        self._silent = self._links = self._link_characters = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS:
            self.flush()
            if tag not in ("br", "hr"):
                self._open.append(tag)
        elif tag == "a":
            self._links += 1

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        if tag in _BLOCKS:
            self.flush()

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self.flush()
            if tag in self._open[1:]:
                while self._open.pop() != tag:
                    pass
        elif tag == "a":
            self._links = max(0, self._links - 1)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._pieces.append(data)
            if self._links:
                self._link_characters += len(data.strip())

    def flush(self) -> None:
        text = re.sub(r"\s+", " ", "".join(self._pieces)).strip(" ")
        if text:
            block = Block(text, self._link_characters, self._open[-1], stop_density(text, self._language))
            self.blocks.append(block)
        self._pieces, self._link_characters = [], 0


def blocks(html: str, language: str = "en") -> list[Block]:
    """The blocks of a page in their order, without what stands in its head, in scripts and in styles.

    Args:
        html: a page, however broken.
        language: whose stop words are counted; "zh" counts characters, languages without a list have none.

    Raises:
        ReaderError: `html` is not a string.
    """
    if not isinstance(html, str):
        raise ReaderError(f"html is of type {type(html).__name__}: decode the page first (HttpMessage.text)")
    reader = _Reader(language)
    reader.feed(html)
    reader.close()
    reader.flush()
    return reader.blocks


def stop_density(text: str, language: str = "en") -> float:
    """The share of stop words among the words (Chinese: characters) of a text."""
    stop = _STOP_WORDS.get(language, frozenset())
    words = re.findall("[一-鿿]", text) if language == "zh" else re.findall(r"[^\W\d_]+", text.lower())
    return sum(word in stop for word in words) / max(1, len(words))


def strip_tags(html: str) -> str:
    """Every block of the page on a line of its own: what a WET file holds."""
    return "\n".join(block.text for block in blocks(html))


def main_content(html: str, language: str | None = None, limits: Limits | None = None) -> str:
    """The blocks that are likely to be the page's own text, as paragraphs with an empty line between them.

    Args:
        html: a page.
        language: ISO code; by default what the page says of itself (`<html lang="en">`), which no filter should trust,
            but which is known before any text is. Without a list of the language's stop words, only lengths and links
            are looked at.
        limits: by default those of the language.
    """
    language = language or declared_language(html)
    found = blocks(html, language)
    kept = (block.text for block, verdict in zip(found, verdicts(found, language, limits), strict=True) if verdict)
    return "\n\n".join(kept)


def declared_language(html: str) -> str:
    """The language of the page's `lang` attribute without its region, "en" for "en-GB"; empty if there is none."""
    found = re.search(r"<html\b[^>]*?\blang\s*=\s*[\"']?([A-Za-z]{2,3})", html[:2000], re.IGNORECASE)
    return found[1].lower() if found else ""


def verdicts(found: Sequence[Block], language: str = "en", limits: Limits | None = None) -> list[bool]:
    """Which blocks are main content.

    Good blocks stay. Nearly good ones stay if a good one is near on either side; short ones, between two of which the
    nearest clear ones are good. A short heading stays if good text follows soon.
    """
    limits = limits or LIMITS.get(language, Limits(few_stop_words=0, many_stop_words=0))
    settled = _settle([classify(block, limits) for block in found], "near-good", needed=1)
    settled = _settle(settled, "short", needed=2)
    return [
        verdict == "good" or (block.tag in _HEADINGS and _text_follows(found, settled, i, limits))
        for i, (block, verdict) in enumerate(zip(found, settled, strict=True))
    ]


def classify(block: Block, limits: Limits) -> Verdict:
    """What a block looks like by itself."""
    if block.link_density > limits.max_link_density or "©" in block.text:
        return "bad"
    if len(block.text) < limits.short:
        return "bad" if block.link_characters else "short"
    if block.stop_density >= limits.many_stop_words:
        return "good" if len(block.text) > limits.long else "near-good"
    return "near-good" if block.stop_density >= limits.few_stop_words else "bad"


def _nearest(first: Sequence[Verdict], i: int, step: int) -> Verdict:
    """The nearest good or bad block before (step -1) or after (1) block i; beyond the page's ends all is bad."""
    places = range(i + step, len(first) if step > 0 else -1, step)
    return next((first[place] for place in places if first[place] in ("good", "bad")), "bad")


def _settle(first: Sequence[Verdict], doubtful: Verdict, needed: int) -> list[Verdict]:
    """Doubtful blocks become good if the nearest clear blocks are so on as many sides as needed, and bad if not."""

    def good_sides(i: int) -> int:
        return sum(_nearest(first, i, step) == "good" for step in (-1, 1))

    return [
        verdict if verdict != doubtful else "good" if good_sides(i) >= needed else "bad"
        for i, verdict in enumerate(first)
    ]


def _text_follows(found: Sequence[Block], settled: Sequence[Verdict], i: int, limits: Limits) -> bool:
    distance = 0
    for block, verdict in zip(found[i + 1 :], settled[i + 1 :], strict=True):
        if verdict == "good":
            return True
        distance += len(block.text)
        if distance > limits.heading_distance:
            return False
    return False


def word_overlap(extracted: str, truth: str) -> tuple[float, float]:
    """Precision and recall of the words of an extracted text, each counted as often as it stands in the true one.

    A Chinese character is a word.
    """
    found, wanted = (Counter(re.findall(r"[一-鿿]|[^\W一-鿿]+", text.lower())) for text in (extracted, truth))
    common = (found & wanted).total()
    return common / max(1, found.total()), common / max(1, wanted.total())
