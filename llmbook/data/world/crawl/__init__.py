"""The dirtied crawl of Lantern Market: web pages with every injury labelled.

A page of the crawl plays one of the roles below; what happens to a good page on its way to the crawl is drawn besides.
The shares are those of a teaching corpus. A real crawl is far dirtier (RefinedWeb kept 12 % of its pages, and more than
half went because of their language): here every step of a cleaning pipeline has some hundreds of pages to find among
ten thousand, and enough good ones to spoil.
"""

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from llmbook.data.world.choices import Choices
from llmbook.data.world.crawl.articles import draw_context, write_article
from llmbook.data.world.crawl.grammar import Span, mark, unmark
from llmbook.data.world.crawl.injuries import (
    add_frame,
    add_markup,
    add_repetition,
    add_toxic,
    cut_passage,
    garble,
    near_copy,
)
from llmbook.data.world.crawl.languages import OTHER_LANGUAGES, foreign_page
from llmbook.data.world.crawl.spam import TOXIC, frame_page, rant, spam_page
from llmbook.data.world.crawl.urls import copy_url, write_url

if TYPE_CHECKING:
    from llmbook.data.world import World

__all__ = ["INJURED", "OTHER_LANGUAGES", "ROLES", "TOXIC", "crawl", "role_of"]

# Of a thousand pages. More than a fifth are copies, as in real crawls, where about half goes at this step.
ROLES = (
    (500, "article"),
    (70, "wrong_language"),
    (90, "spam"),
    (50, "garbled"),
    (40, "boilerplate"),
    (30, "rant"),
    (80, "exact_duplicate"),
    (140, "near_duplicate"),
)
# Of a hundred articles: how many have each injury. They are drawn independently of each other.
INJURED = {"boilerplate": 45, "markup": 10, "toxic": 8, "repetition": 8, "shared": 8, "personal": 30, "lookalike": 30}
_HEAVY = 40  # of a hundred repetitive articles, those that are mostly repetition
_SHARED_AT_LEAST, _SHARED_AT_MOST = 400, 700  # characters
_VIRAL = 40  # one page in so many is copied far more often than the others
_BAD = {"spam", "garbled", "boilerplate", "rant"}
_COPIED_EXACTLY = frozenset(role for _, role in ROLES if not role.endswith("duplicate"))
_COPIED_NEARLY = _COPIED_EXACTLY - {"garbled", "boilerplate"}  # who could tell a small change to noise?
_UNQUOTABLE = ("shared", "toxic", "repetition", "markup", "boilerplate")
_TRIES = 60
_FIRST_DAY, _DAYS = date(2020, 1, 1), 1000


class _Page(NamedTuple):
    """A page before it gets its id: what it says, and what is wrong with it."""

    language: str
    text: str
    spans: list[Span]
    good: bool
    url: str
    day: int
    duplicate_of: int | None = None
    duplicate: str | None = None


def role_of(seed: int, index: int) -> str:
    """What page `index` is, one of `ROLES`, without writing it. Page 0 is never a copy."""
    role = Choices(seed, "crawl", index).weighted(ROLES)
    return "article" if index == 0 and role.endswith("duplicate") else role


def crawl(world: "World", draw: Choices, name: str) -> dict[str, object]:
    """A web page, and all that is wrong with it.

    Columns of its own:
        url, date: where and when it was crawled.
        good: whether a perfect filter of quality keeps it. Spam, garbled text, abuse, pages that are nothing but
            boilerplate or mostly repetition are not good; foreign pages and copies of good pages are.
        injuries: {kind, start, end}, spans of the text. `boilerplate`, `toxic`, `repetition` (all copies of a paragraph
            but the first), `markup`, `shared` (a passage of an earlier page); and for whole pages `spam`, `garbled`,
            `wrong_language`, `boilerplate`, `toxic`, `exact_duplicate`, `near_duplicate`.
        duplicate_of, duplicate: the id of the page that it copies, which is an earlier one and no copy itself, and how
            ("exact" or "near"); or None. Two pages are duplicates iff `duplicate_of or id` is the same for both.
        pii: {type, value, start, end}, personal data: `text[start:end]` is the value.
    `nats` is None: copies do not add to the surprisal of the crawl.
    """
    index = int(name.rpartition("-")[2])
    role, language, injured = _plan(draw, index)
    copied = role.endswith("duplicate")
    page = _copy(world, draw, index, role) if copied else _original(world, draw, index, role, language, injured)
    injuries = [{"kind": label, "start": start, "end": end} for label, start, end in page.spans if label[:4] != "pii:"]
    return {
        "language": page.language,
        "text": page.text,
        "facts": [],
        "nats": None,
        "url": page.url,
        "date": (_FIRST_DAY + timedelta(page.day)).isoformat(),
        "good": page.good,
        "injuries": injuries,
        "duplicate_of": None if page.duplicate_of is None else f"crawl-{page.duplicate_of}",
        "duplicate": page.duplicate,
        "pii": [
            {"type": label[4:], "value": page.text[start:end], "start": start, "end": end}
            for label, start, end in page.spans
            if label[:4] == "pii:"
        ],
    }


# ---------------------------------------------------------------- originals


def _plan(draw: Choices, index: int) -> tuple[str, str, dict[str, bool]]:
    """What page `index` is to be: its role, its language, and the injuries that it gets if it is an article."""
    role, language = draw.weighted(ROLES), draw.pick(("en", "zh"))
    if index == 0 and role.endswith("duplicate"):
        role = "article"
    return role, language, {injury: draw.chance(percent, 100) for injury, percent in INJURED.items()}


def _page_again(world: "World", index: int) -> _Page:
    """An earlier original, written anew."""
    draw = Choices(world.seed, "crawl", index)
    return _original(world, draw, index, *_plan(draw, index))


def _original(world: "World", draw: Choices, index: int, role: str, language: str, injured: dict[str, bool]) -> _Page:
    context = draw_context(world, draw, language)
    good = role not in _BAD
    if role == "article":
        text, spans, good = _article(world, draw, index, language, context, injured)
    elif role == "rant":
        text, spans = unmark("\n\n".join(rant(draw, language, context)))
        spans = [("toxic", 0, len(text)), *spans]
    else:
        if role == "wrong_language":
            language, text = foreign_page(draw)
        elif role == "spam":
            text = spam_page(draw, language, context)
        elif role == "boilerplate":
            text = frame_page(draw, language, context)
        else:
            body, _ = unmark("\n\n".join(write_article(draw, language, context, 0, 0)))
            text = garble(body, draw, language)
        text, spans = unmark(text)
        spans = [(role, 0, len(text)), *spans]
    return _Page(language, text, spans, good, write_url(world, draw, role), draw.below(_DAYS))


def _article(
    world: "World", draw: Choices, index: int, language: str, context: dict[str, str], injured: dict[str, bool]
) -> tuple[str, list[Span], bool]:
    """A good page and what happened to it; bad only if most of it is repetition."""
    personal = draw.between(1, 3) if injured["personal"] else 0
    paragraphs = write_article(draw, language, context, personal, draw.between(1, 2) if injured["lookalike"] else 0)
    heavy = injured["repetition"] and draw.chance(_HEAVY, 100)
    if injured["shared"]:
        passage = _passage(world, draw, index, language, sum(map(len, paragraphs)))
        if passage:
            paragraphs.insert(draw.between(1, len(paragraphs)), mark("shared", passage))
    if injured["toxic"]:
        paragraphs = add_toxic(paragraphs, draw, language, context)
    if injured["repetition"]:
        paragraphs = add_repetition(paragraphs, draw, heavy)
    if injured["markup"] and not injured["repetition"]:  # tags would make the repeats differ
        paragraphs = add_markup(paragraphs, draw, language)
    if injured["boilerplate"]:
        paragraphs = add_frame(paragraphs, draw, language, context)
    text, spans = unmark("\n\n".join(paragraphs))
    return text, spans, not heavy


# ---------------------------------------------------------------- copies


def _copy(world: "World", draw: Choices, index: int, role: str) -> _Page:
    """A page that was crawled before, word for word or with small changes, mostly from elsewhere."""
    exact = role == "exact_duplicate"
    root, copied = _root(world.seed, draw, index, _COPIED_EXACTLY if exact else _COPIED_NEARLY)
    page = _page_again(world, root)
    text, spans = page.text, page.spans
    if not exact:
        context = draw_context(world, draw, "zh" if page.language == "zh" else "en")
        plain = {key: unmark(one)[0] for key, one in context.items()}
        whole = [(label, 0, 0) for label, start, end in spans if (start, end) == (0, len(text))]
        text, spans = near_copy(text, spans[len(whole) :], draw, page.language, plain)
        spans = [*((label, 0, len(text)) for label, _, _ in whole), *spans]
    url = copy_url(world, draw, page.url, copied)
    day = min(page.day + draw.between(1, 200), _DAYS + 200)
    return page._replace(
        text=text,
        spans=[(role, 0, len(text)), *spans],
        url=url,
        day=day,
        duplicate_of=root,
        duplicate=role.split("_")[0],
    )


def _root(seed: int, draw: Choices, index: int, roles: frozenset[str]) -> tuple[int, str]:
    """An earlier page in one of these roles, and its role. Few pages are copied often, most not at all."""
    for _ in range(_TRIES):
        root = draw.below(index)
        if draw.chance(1, 4):
            root -= root % _VIRAL
        role = role_of(seed, root)
        if role in roles:
            return root, role
    return 0, role_of(seed, 0)


# ---------------------------------------------------------------- quotations


def _passage(world: "World", draw: Choices, index: int, language: str, own: int) -> str:
    """A long passage of an earlier article, its personal data marked; empty if none is found.

    It is at most three fifths of that page and shorter than what the quoting page says itself (`own` characters), so
    that the two are no duplicates.
    """
    for _ in range(_TRIES if index else 0):
        source = draw.below(index)
        role, spoken, injured = _plan(Choices(world.seed, "crawl", source), source)
        if role == "article" and spoken == language and not any(injured[one] for one in _UNQUOTABLE):
            page = _page_again(world, source)
            longest = min(_SHARED_AT_MOST, own, len(page.text) * 3 // 5)
            passage = cut_passage(page.text, page.spans, draw, _SHARED_AT_LEAST, longest)
            if passage:
                return passage
    return ""
