"""Pages of the crawl as HTML, with menus, links and scripts around a main text that is known."""

import re
from collections.abc import Mapping
from html import escape
from typing import Any
from zlib import crc32

from llmbook.data.world.choices import Choices

_SEPARATOR = re.compile(r"(?: *[|›/»>·] +| {2,})")
_MENU = {
    "en": ("Home", "News", "Shops", "About us", "Contact", "Help", "Login", "Events", "Archive", "Forum", "Jobs"),
    "zh": ("首页", "新闻", "店铺", "关于我们", "联系我们", "帮助", "登录", "活动", "存档", "论坛", "招聘"),
}
_ASIDE = {
    "en": ("Lanterns on sale", "Ten kites for spring", "Our ferry times", "How to wrap a teapot",
           "New stalls this month", "Letters to the editor", "Weather for the fair", "The oldest bell",
           "Recipes with chestnuts"),
    "zh": ("灯笼大减价", "春天的十只风筝", "渡船时刻表", "怎样包茶壶", "读者来信", "庙会天气", "最老的钟", "新摊位"),
}  # fmt: skip
_FOOT = {
    "en": ("Terms of use", "Privacy policy", "Cookies", "Imprint", "Sitemap", "RSS"),
    "zh": ("使用条款", "隐私政策", "网站地图", "友情链接", "版权声明", "手机版"),
}
_COOKIES = {
    "en": "This site uses cookies. By staying here you accept them.",
    "zh": "本站使用Cookie。继续浏览即表示同意。",
}


def main_text(record: Mapping[str, Any]) -> str:
    """The text of a record of the crawl without the lines labelled boilerplate: what extraction should give."""
    text, kept, at = record["text"], [], 0
    for one in record["injuries"]:
        if one["kind"] == "boilerplate":
            kept.append(text[at : one["start"]])
            at = one["end"]
    return re.sub(r"\n\n(?:\s*\n)+", "\n\n", "".join([*kept, text[at:]])).strip()


def render_html(record: Mapping[str, Any]) -> str:
    """A web page that shows a record of the crawl.

    Paragraphs become `<p>`, a first paragraph without a full stop becomes `<h1>`. Lines that the record labels as
    boilerplate become menus and notices; a menu, a column of links, a cookie notice, a footer and scripts are added as
    most sites have them. The same record makes the same page.
    """
    draw = Choices("html", record["id"])
    language = "zh" if record["language"] == "zh" else "en"
    lines = _frame_lines(record)
    first, *rest = record["text"].split("\n\n")
    title = "" if first in lines or first.endswith((".", "。", "!", "！")) or "\n" in first else first
    paragraphs = "\n".join(_paragraph(part, lines) for part in (rest if title else (first, *rest)))
    menu, asides = (_list(draw.sample(pool[language], draw.between(4, 8))) for pool in (_MENU, _ASIDE))
    foot = " | ".join(map(_link, draw.sample(_FOOT[language], draw.between(3, 6))))
    headline = f"<h1>{escape(title)}</h1>\n" if title else ""
    return f"""<!DOCTYPE html>
<html lang="{record["language"]}">
<head>
<meta charset="utf-8">
<title>{escape(title or "-")}</title>
<style>body {{ margin: 0 }} .side {{ float: right }}</style>
<script>var page = {{"id": "{record["id"]}", "views": {draw.below(9999)}}}; if (page.views < 0) {{ track(); }}</script>
</head>
<body>
<div id="cookies">{_COOKIES[language]} {_link("OK")}</div>
<header><nav>{menu}</nav></header>
<div class="side">{asides}</div>
<article>
{headline}{paragraphs}
</article>
<footer>{foot}<p>© {draw.between(2005, 2023)}</p></footer>
<script>document.write("<img src='/count.gif?" + Math.random() + "'>");</script>
</body>
</html>
"""


def _frame_lines(record: Mapping[str, Any]) -> set[str]:
    spans = (one for one in record["injuries"] if one["kind"] == "boilerplate")
    return {line for one in spans for line in record["text"][one["start"] : one["end"]].split("\n")}


def _link(text: str) -> str:
    return f'<a href="/{crc32(text.encode()) % 10_000}">{escape(text)}</a>'


def _list(texts: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{_link(text)}</li>' for text in texts)}</ul>"


def _paragraph(text: str, frame: set[str]) -> str:
    """A paragraph of the main text, or the lines of a menu or notice."""
    lines = text.split("\n")
    if any(line in frame for line in lines):
        return "\n".join(_frame_line(line) for line in lines)
    return f"<p>{'<br>'.join(escape(line, quote=False) for line in lines)}</p>"


def _frame_line(line: str) -> str:
    parts = _SEPARATOR.split(line)
    if len(parts) > 1:
        return f'<div class="bar">{" | ".join(_link(part) for part in parts)}</div>'
    return f'<div class="note">{escape(line, quote=False)}</div>'
