"""What befalls pages on the web: frames, mark-up, insertions, repeats, broken encodings, copies with changes."""

import re

from llmbook.data.world.choices import Choices
from llmbook.data.world.crawl.articles import SPACE
from llmbook.data.world.crawl.grammar import Span, mark
from llmbook.data.world.crawl.spam import frame_line, toxic_line

Context = dict[str, str]
_SENTENCE_END = re.compile(r"(?<=[.!?]) (?=[A-Z“\"])|(?<=[。！？])(?=[^”」）\x03])")

# ---------------------------------------------------------------- injuries to the paragraphs of a page


def add_frame(paragraphs: list[str], draw: Choices, language: str, context: Context) -> list[str]:
    """Menus before the text, notices within, footers after it: two to ten lines, each marked `boilerplate`."""

    def block(place: str, count: int) -> list[str]:
        texts = (mark("boilerplate", frame_line(draw, language, place, context)) for _ in range(count))
        return ["\n".join(texts)] if count else []

    middle = list(paragraphs)
    for _ in range(draw.between(0, 2)):
        middle.insert(draw.between(1, len(middle)), *block("within", 1))
    return block("before", draw.between(0, 3)) + middle + block("after", draw.between(2, 5))


def add_toxic(paragraphs: list[str], draw: Choices, language: str, context: Context) -> list[str]:
    """One to three abusive lines, as paragraphs of their own or at the end of one."""
    texts = list(paragraphs)
    for _ in range(draw.weighted(((3, 1), (2, 2), (1, 3)))):
        line = mark("toxic", toxic_line(draw, language, context))
        at = draw.between(1, len(texts) - 1)
        if draw.chance(1, 2):
            texts.insert(at, line)
        else:
            texts[at] += SPACE[language] + line
    return texts


def add_repetition(paragraphs: list[str], draw: Choices, heavy: bool) -> list[str]:
    """A paragraph that is there twice or three times; or, if heavy, so often that it makes up most of the page."""
    at = draw.between(1, len(paragraphs) - 1)
    length, total = len(paragraphs[at]), sum(map(len, paragraphs))
    copies = draw.between(2, 6) + 3 * total // (2 * length) if heavy else draw.between(1, 2)
    repeated = [mark("repetition", paragraphs[at])] * copies
    return paragraphs[: at + 1] + repeated + paragraphs[at + 1 :]


_CLASSES = ("c1", "entry", "post-body", "MsoNormal", "article-text", "col-8", "txt")
_SCRIPTS = (
    "<script>var _gaq = _gaq || []; _gaq.push(['_setAccount', 'UA-{}-1']);</script>",
    '<script type="text/javascript">document.write(new Date().getFullYear() + {});</script>',
    "<style>.box{} {{ margin: 0 auto; color: #333 }}</style>",
    "<!-- ad slot {} begin --><div class='ad'></div><!-- end -->",
    "function toggle{}(e) {{ e.style.display = e.style.display == 'none' ? '' : 'none'; }}",
    '{{"@context": "https://schema.example", "@type": "WebPage", "position": {}}}',
    '<img src="/img/{}.jpg" width="300" height="200" alt="">',
    '[caption id="attachment_{}" align="aligncenter"]',
    "[[File:Image{}.jpg|thumb|right]]",
)
_INLINE = ("&nbsp;", "<br />", "<br>", "&nbsp;&nbsp;", "<wbr>", "&amp;nbsp;", "[/url]", "</font>")


_QUOTED = mark("shared", "")[:-1]  # what a quotation begins with: it stays whole


def add_markup(paragraphs: list[str], draw: Choices, language: str) -> list[str]:
    """Tags around paragraphs and between sentences, entities, lines of script: all that was not text, marked."""
    texts = list(paragraphs)
    for i in (i for i in range(1, len(texts)) if _QUOTED not in texts[i]):
        if draw.chance(1, 2):
            tag, attribute = draw.pick(("p", "div", "span", "p", "td")), draw.pick(_CLASSES)
            texts[i] = mark("markup", f'<{tag} class="{attribute}">') + texts[i] + mark("markup", f"</{tag}>")
        sentences = _SENTENCE_END.split(texts[i])
        if len(sentences) > 1 and draw.chance(1, 2):
            at = draw.between(1, len(sentences) - 1)
            sentences[at] = mark("markup", draw.pick(_INLINE)) + sentences[at]
            texts[i] = SPACE[language].join(sentences)
    for _ in range(draw.between(1, 3)):
        texts.insert(draw.between(1, len(texts)), mark("markup", draw.pick(_SCRIPTS).format(draw.between(100, 99999))))
    return texts


# ---------------------------------------------------------------- garbled text

_SYMBOLS = "¤§¶†‡•◊□■▲▼◆○●★☆※~^`|\\#$%&*<>{}[]=+_@�"
_OCR = str.maketrans({"m": "rn", "l": "1", "e": "c", "o": "0", "i": "!", "h": "b", "S": "5", "w": "vv", "n": "ri"})
_OCR_ZH = str.maketrans("的日人不了在一个有是大上我没，。", "旳曰入丕孓茌—亇冇昰犬丄莪沒,o")


def garble(text: str, draw: Choices, language: str) -> str:
    """The text made unreadable: read in the wrong encoding, shuffled, badly scanned, or struck through with symbols."""
    ways = (
        (_wrong_encoding, _wrong_encoding, _salad, _scan, _symbols)
        if language == "zh"
        else (_salad, _salad, _scan, _symbols, _hex)
    )
    return draw.pick(ways)(text, draw, language)


def _wrong_encoding(text: str, draw: Choices, language: str) -> str:
    if draw.chance(1, 2):
        return text.encode().decode("latin-1")
    return text.encode().decode("gbk", errors="replace")


def _salad(text: str, draw: Choices, language: str) -> str:
    """Every paragraph's words (Chinese: characters), and those of the others, in random order."""
    joint, words = ("", list(text.replace("\n", ""))) if language == "zh" else (" ", text.split())
    order = draw.sample(range(len(words)), len(words))
    cuts = [0, *sorted(draw.sample(range(1, len(words)), min(4, len(words) - 1))), len(words)]
    return "\n\n".join(joint.join(words[i] for i in order[a:b]) for a, b in zip(cuts, cuts[1:], strict=False))


def _scan(text: str, draw: Choices, language: str) -> str:
    """Every other word with letters mistaken for others, and spaces in wrong places."""
    if language == "zh":
        return "".join(c.translate(_OCR_ZH) + (" " if draw.chance(1, 5) else "") for c in text)
    words = text.split(" ")
    for i, word in enumerate(words):
        choice = draw.below(4)
        if choice == 0:
            words[i] = word.translate(_OCR)
        elif choice == 1 and len(word) > 3:
            words[i] = word[:2] + " " + word[2:].translate(_OCR)
    return " ".join(words)


def _symbols(text: str, draw: Choices, language: str) -> str:
    """Two characters in five replaced by symbols."""
    return "".join(draw.pick(_SYMBOLS) if c != "\n" and draw.chance(2, 5) else c for c in text)


def _hex(text: str, draw: Choices, language: str) -> str:
    """A dump of bytes."""
    data = text.encode()[: 16 * draw.between(12, 30)]
    return "\n".join(f"{at:08x}  {data[at : at + 16].hex(' ')}" for at in range(0, len(data), 16))


# ---------------------------------------------------------------- quotations


def cut_passage(text: str, spans: list[Span], draw: Choices, shortest: int, longest: int) -> str:
    """Whole sentences from a paragraph's beginning on, with the spans in them marked; empty if none are so long."""
    starts = [found.end() for found in re.finditer("\n\n", text) if len(text) - found.end() >= shortest]
    if not starts:
        return ""
    start = draw.pick(starts)
    ends = [found.start() for found in _SENTENCE_END.finditer(text, start + shortest, start + longest + 2)]
    ends += [found.start() for found in re.compile("\n\n|$").finditer(text, start + shortest)]
    ends = [end for end in ends if shortest <= end - start <= longest]
    if not ends:
        return ""
    pieces, at, end = [], start, max(ends)
    for label, first, last in spans:
        if at <= first and last <= end:
            pieces += text[at:first], mark(label, text[first:last])
            at = last
    return "".join(pieces) + text[at:end]


# ---------------------------------------------------------------- copies

_PAIRS = re.compile(r"[\u3041-\u30fe\u4e00-\u9fff]{2}")  # two letters of Chinese or Japanese stand for a word
_WORD = {"zh": _PAIRS, "ja": _PAIRS}
_ANY_WORD = re.compile(r"[^\W\d_]+")
# A copy has one edit in so many words (Chinese: pairs of characters), so that nine in ten shingles stay.
_WORDS_PER_EDIT = 70


def near_copy(text: str, spans: list[Span], draw: Choices, language: str, context: Context) -> tuple[str, list[Span]]:
    """The text with small changes: words, case, punctuation, figures, perhaps a sentence less or a frame line more.

    Nothing inside a span is changed, so that all spans still say what they said.
    """
    taken = [(start, end) for _, start, end in spans]
    frame_language = "zh" if language == "zh" else "en"
    words = [
        found.span() for found in _WORD.get(language, _ANY_WORD).finditer(text) if not _inside(found.span(), taken)
    ]
    edits = _word_edits(text, words, draw, language)
    edits |= _small_edits(text, taken, draw)
    if draw.chance(1, 4):
        edits = _drop_sentence(text, taken, draw, edits)
    changed, moved = _apply(text, spans, edits)
    if draw.chance(1, 3) or changed == text:
        line = frame_line(draw, frame_language, "after", context)
        at = len(changed) + 2
        changed, moved = f"{changed}\n\n{line}", [*moved, ("boilerplate", at, at + len(line))]
    return changed, moved


def _inside(place: tuple[int, int], taken: list[tuple[int, int]]) -> bool:
    start, end = place
    return any(first < end and start < last for first, last in taken)


def _word_edits(text: str, words: list[tuple[int, int]], draw: Choices, language: str) -> dict[tuple[int, int], str]:
    """Some words replaced, dropped, doubled by another, or in capitals."""
    edits: dict[tuple[int, int], str] = {}
    count = draw.between(1, max(1, len(words) // _WORDS_PER_EDIT))
    space = SPACE.get(language, " ")
    for start, end in draw.sample(words, min(count, len(words))):
        word, other = text[start:end], text[slice(*draw.pick(words))]
        edits[start, end] = draw.pick((other, other, "", word + space + other))
    return edits


def _small_edits(text: str, taken: list[tuple[int, int]], draw: Choices) -> dict[tuple[int, int], str]:
    """Figures, punctuation and capitals: changes that most normalisations undo, but for the figures."""
    edits = {}
    figures = [found.span() for found in re.finditer(r"\d+", text) if not _inside(found.span(), taken)]
    for start, end in draw.sample(figures, min(len(figures), draw.between(0, 2))):
        edits[start, end] = str(draw.between(10 ** (end - start - 1), 10 ** (end - start) - 1))
    for found in re.finditer(r"[.,!。，！]", text):
        if draw.chance(1, 12) and not _inside(found.span(), taken):
            edits[found.span()] = {".": "!", ",": " -", "!": ".", "。": "！", "，": "、", "！": "。"}[found[0]]
    if draw.chance(1, 4):
        first = re.match(r"[^\n]*", text)
        if not _inside(first.span(), taken):
            edits = {place: new for place, new in edits.items() if place[0] >= first.end()}
            edits[first.span()] = first[0].upper()
    return edits


def _drop_sentence(text: str, taken: list[tuple[int, int]], draw: Choices, edits: dict[tuple[int, int], str]) -> dict:
    """One sentence less, if the text is long enough to spare it."""
    ends = [found.start() for found in _SENTENCE_END.finditer(text)]
    if len(ends) < 12:
        return edits
    at = draw.below(len(ends) - 1)
    place = (ends[at], ends[at + 1])
    if _inside(place, taken) or "\n" in text[slice(*place)]:
        return edits
    return {**{other: new for other, new in edits.items() if not _inside(other, [place])}, place: ""}


def _apply(text: str, spans: list[Span], edits: dict[tuple[int, int], str]) -> tuple[str, list[Span]]:
    """The text with each (start, end) replaced, and the spans at their new places. Edits and spans do not overlap."""
    pieces, at, shift, shifts = [], 0, 0, []
    for (start, end), new in sorted(edits.items()):
        if start < at:
            continue
        pieces += text[at:start], new
        at = end
        shift += len(new) - (end - start)
        shifts.append((end, shift))
    pieces.append(text[at:])

    def moved(place: int) -> int:
        return place + max((by for by in shifts if by[0] <= place), default=(0, 0))[1]

    return "".join(pieces), [(label, moved(start), moved(end)) for label, start, end in spans]
