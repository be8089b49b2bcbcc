"""Web archives, pages and addresses: against the specification, other parsers, and the crawl's own labels."""

import gzip
import hashlib
import io
import re
import statistics
from base64 import b32encode
from html.parser import HTMLParser

import lxml.html
import pytest
from warcio.archiveiterator import ArchiveIterator

from llmbook.data.web.extraction import (
    LIMITS,
    Block,
    Limits,
    blocks,
    classify,
    declared_language,
    main_content,
    stop_density,
    strip_tags,
    verdicts,
    word_overlap,
)
from llmbook.data.web.pages import main_text, render_html
from llmbook.data.web.urls import UrlFilter, canonical, host
from llmbook.data.web.warc import (
    WarcRecord,
    capture,
    conversion,
    member_offsets,
    read_warc,
    warcinfo,
    write_warc,
)
from llmbook.data.world import World
from llmbook.errors import ReaderError


@pytest.fixture(scope="module")
def crawl() -> list[dict]:
    return list(World(0).records("crawl", 600))


@pytest.fixture(scope="module")
def archive(crawl) -> list[WarcRecord]:
    records = [warcinfo("2023-05-31", software="llmbook")]
    for page in crawl[:40]:
        records += capture(page["url"], page["date"], render_html(page))
    return records


# ---------------------------------------------------------------- WARC

# The grammar of WARC 1.1, section 4, transcribed: version, named fields, empty line, block, two line ends.
FIELD = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [^\r\n]*\r\n"
RECORD = re.compile(rb"WARC/1\.1\r\n((?:" + FIELD + rb")+)\r\n", re.S)
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# Section 5: which types demand, allow or forbid a target URI.
NEEDS_URI = {"response", "resource", "request", "revisit", "conversion", "metadata"}


def test_bytes_follow_the_specification(archive, tmp_path):
    write_warc(tmp_path / "all.warc", archive)
    data, at, seen = (tmp_path / "all.warc").read_bytes(), 0, []
    while at < len(data):
        head = RECORD.match(data, at)
        fields = dict(line.split(": ", 1) for line in head[1].decode().split("\r\n") if line)
        assert {"WARC-Type", "WARC-Record-ID", "WARC-Date", "Content-Length"} <= set(fields)
        assert re.fullmatch(r"<urn:uuid:[0-9a-f-]{36}>", fields["WARC-Record-ID"]) and DATE.fullmatch(
            fields["WARC-Date"]
        )
        assert ("WARC-Target-URI" in fields) == (fields["WARC-Type"] in NEEDS_URI)
        end = head.end() + int(fields["Content-Length"])
        block = data[head.end() : end]
        assert fields["WARC-Block-Digest"] == "sha1:" + b32encode(hashlib.sha1(block).digest()).decode()
        assert data[end : end + 4] == b"\r\n\r\n"
        at = end + 4
        seen.append(fields)
    ids = [fields["WARC-Record-ID"] for fields in seen]
    assert len(seen) == 121 and len(set(ids)) == len(ids)
    assert [fields["WARC-Type"] for fields in seen[:4]] == ["warcinfo", "request", "response", "metadata"]
    responses = {fields["WARC-Record-ID"] for fields in seen if fields["WARC-Type"] == "response"}
    assert all(fields.get("WARC-Concurrent-To", ids[2]) in responses for fields in seen)
    assert all(fields.get("WARC-Refers-To", ids[2]) in responses for fields in seen)


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_what_was_written_is_read(archive, tmp_path, name):
    offsets = write_warc(tmp_path / name, archive)
    assert list(read_warc(tmp_path / name)) == archive
    third = next(read_warc(tmp_path / name, offsets[2]))
    assert third == archive[2] and third.type == "response"


def test_each_record_is_a_gzip_member(archive, tmp_path):
    path = tmp_path / "a.warc.gz"
    offsets = write_warc(path, archive)
    assert member_offsets(path) == offsets
    data = path.read_bytes()
    assert gzip.decompress(data) == b"".join(record.to_bytes() for record in archive)
    assert gzip.decompress(data[offsets[5] : offsets[6]]) == archive[5].to_bytes()
    assert write_warc(tmp_path / "b.warc.gz", archive) == offsets and (tmp_path / "b.warc.gz").read_bytes() == data


def test_http_messages(crawl, archive):
    request, response, metadata = archive[1:4]
    assert request.http().start == f"GET /{crawl[0]['url'].split('/', 3)[3]} HTTP/1.1"
    assert request.http().headers["host"] == host(crawl[0]["url"])
    assert response.http().status == 200 and response.http().text == render_html(crawl[0])
    assert capture("http://a.example", "2023-01-01", "gone", 404)[1].http().start == "HTTP/1.1 404 Not Found"
    with pytest.raises(ReaderError, match="metadata"):
        metadata.http()
    latin = WarcRecord(
        {"WARC-Type": "response"}, b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=latin-1\r\n\r\n\xe9"
    )
    assert latin.http().text == "é"
    odd = WarcRecord({"WARC-Type": "response"}, b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=odd\r\n\r\n\xe9")
    assert odd.http().text == "�"


def test_conversion_refers_to_its_response(archive):
    text = conversion(archive[2], "Text.\n\n文字。")
    assert text.get("warc-refers-to") == archive[2].id and text.url == archive[2].url
    assert text.block.decode() == "Text.\n\n文字。" and text.get("Content-Length") == str(len(text.block))


def test_a_library_reads_it_too(archive, tmp_path):
    """warcio, the library of the field."""
    write_warc(tmp_path / "a.warc.gz", archive)
    theirs = ArchiveIterator(io.BytesIO((tmp_path / "a.warc.gz").read_bytes()))
    types = [(record.rec_type, record.rec_headers.get_header("WARC-Target-URI") or "") for record in theirs]
    assert types == [(record.type, record.url) for record in archive]


def test_damaged_files(archive, tmp_path):
    for name in ("a.warc", "a.warc.gz"):
        path = tmp_path / name
        write_warc(path, archive)
        path.write_bytes(path.read_bytes()[:-30])
        with pytest.raises(ReaderError, match="cut off|ended before"):
            list(read_warc(path))
    (tmp_path / "no.warc").write_bytes(b"<html>")
    (tmp_path / "no.warc.gz").write_bytes(b"<html>")
    (tmp_path / "bare.warc").write_bytes(b"WARC/1.1\r\nWARC-Type: response\r\n\r\n")
    for name in ("no.warc", "no.warc.gz", "bare.warc", "missing.warc", "pages.html"):
        with pytest.raises(ReaderError) as error:
            list(read_warc(tmp_path / name))
        assert "\n" not in str(error.value)


# ---------------------------------------------------------------- pages


class AllText(HTMLParser):
    """The text of a page in one piece."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.hidden = "", 0

    def handle_starttag(self, tag, attrs):
        self.hidden += tag in ("script", "style", "head")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("script", "style", "head")

    def handle_data(self, data):
        if not self.hidden:
            self.text += data


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_the_main_text_is_on_the_page(crawl):
    for page in crawl:
        reader = AllText()
        reader.feed(render_html(page))
        for paragraph in main_text(page).split("\n\n"):
            assert squeezed(paragraph) in squeezed(reader.text)


def test_main_text_is_the_text_without_boilerplate(crawl):
    for page in crawl:
        spans = [page["text"][one["start"] : one["end"]] for one in page["injuries"] if one["kind"] == "boilerplate"]
        counted = sum(map(len, map(squeezed, spans)))
        assert len(squeezed(main_text(page))) == len(squeezed(page["text"])) - counted


def test_rendering_is_deterministic_and_well_formed(crawl):
    for page in crawl[:50]:
        html = render_html(page)
        assert html == render_html(dict(page))
        if "garbled" not in {one["kind"] for one in page["injuries"]}:
            tree = lxml.html.fromstring(html)
            assert len(tree.findall(".//nav//a")) >= 4 and tree.find(".//article") is not None


# ---------------------------------------------------------------- extraction


def test_blocks():
    head, body = "<head><title>T</title></head><h2>Head</h2>", "<p>One <b>two</b>&amp;three<br>four <a href=x>five six"
    html = f"{head}{body}</a></div>seven"
    found = [(block.text, block.tag, block.link_characters) for block in blocks(html)]
    assert found == [("Head", "h2", 0), ("One two&three", "p", 0), ("four five six", "p", 8), ("seven", "p", 0)]
    assert [block.text for block in blocks("a<script>if (1 < 2) b</script><style>p {}</style>c")] == ["ac"]
    assert blocks("") == []
    with pytest.raises(ReaderError, match="bytes"):
        blocks(b"<p>")


def test_strip_tags_agrees_with_another_parser(crawl):
    for page in crawl[:80]:
        if "garbled" in {one["kind"] for one in page["injuries"]}:
            continue
        body = lxml.html.fromstring(render_html(page)).find("body")
        for silent in body.xpath(".//script|.//style"):
            silent.drop_tree()
        assert squeezed(strip_tags(render_html(page))) == squeezed(body.text_content())


def test_stop_density():
    assert stop_density("The cat and the dog") == 3 / 5 and stop_density("") == 0
    assert stop_density("我的猫在", "zh") == 3 / 4


@pytest.mark.parametrize(
    ("block", "verdict"),
    [
        (Block("x" * 100, 30, "p", 0.5), "bad"),  # links
        (Block("© Tea House " + "the " * 50, 0, "p", 0.5), "bad"),
        (Block("x" * 30, 2, "p", 0.5), "bad"),  # short, with a link
        (Block("x" * 30, 0, "p", 0.5), "short"),
        (Block("x" * 100, 0, "p", 0.5), "near-good"),
        (Block("x" * 300, 0, "p", 0.5), "good"),
        (Block("x" * 300, 0, "p", 0.28), "near-good"),
        (Block("x" * 300, 0, "p", 0.1), "bad"),
    ],
)
def test_classes(block, verdict):
    assert classify(block, LIMITS["en"]) == verdict


def test_doubtful_blocks_go_with_their_neighbours():
    good, near, short = Block("x" * 300, 0, "p", 0.5), Block("x" * 100, 0, "p", 0.5), Block("x" * 20, 0, "p", 0.5)
    bad, head = Block("x" * 300, 300, "p", 0.5), Block("x" * 20, 0, "h1", 0.5)
    assert verdicts([near, good, near, bad, near]) == [True, True, True, False, False]
    assert verdicts([short, good, short, good, short, bad]) == [False, True, True, True, False, False]
    assert verdicts([head, good, bad, head, bad]) == [True, True, False, False, False]
    assert verdicts([near, near]) == [False, False]  # nothing clear to go with
    assert verdicts([near], limits=Limits(long=50)) == [True]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_main_content_beats_tag_stripping(crawl, language):
    ours, stripped = [], []
    for page in crawl:
        if page["language"] == language and page["good"]:
            html, truth = render_html(page), main_text(page)
            ours.append(word_overlap(main_content(html, language), truth))
            stripped.append(word_overlap(strip_tags(html), truth))
    (precision, recall), (all_precision, all_recall) = (
        [statistics.mean(column) for column in zip(*rows, strict=True)] for rows in (ours, stripped)
    )
    assert all_recall > 0.999 and all_precision < 0.87
    assert precision > 0.95 and recall > 0.95


def test_other_languages_are_judged_without_stop_words():
    page = "<html lang='de-AT'><p>{}</p><p><a href=x>Impressum und mehr und noch viel mehr als das allein</a></p>"
    prose = "Der alte Krug stand lange auf dem Tisch. " * 5
    assert declared_language(page) == "de" and declared_language("<p>") == ""
    assert main_content(page.format(prose)) == prose.strip()
    assert main_content(page.format(prose), "en") == ""  # judged by English, this is no prose


def test_word_overlap():
    assert word_overlap("a b b c", "B c d d") == (2 / 4, 2 / 4)
    assert word_overlap("", "a") == (0, 0)
    assert word_overlap("红灯 A", "红灯笼a") == (1, 3 / 4)


# ---------------------------------------------------------------- addresses


def test_scores():
    scores = UrlFilter()
    assert scores.score("http://www.moonlake-times.example/news/tea-12") == 0
    assert scores.score("http://shop.example/best-tea") == 1
    assert scores.score("http://shop.example/best-best-tea") == 1
    assert scores.score("http://goodcasino77.example/") == 2
    assert scores.score("http://shop.example/free-poker") == 3
    assert scores.score("http://shop.example/pokerwork") == 0
    assert not scores.is_blocked("http://shop.example/best-tea") and scores.is_blocked("http://shop.example/free-deal")


def test_blocklist_holds_subdomains():
    scores = UrlFilter(blocklist={"bad.example"})
    assert scores.is_blocked("http://www.bad.example:8080/") and scores.is_blocked("https://bad.example/x")
    assert not scores.is_blocked("https://notbad.example/") and not scores.is_blocked("https://bad.example.org/")


def test_scores_on_the_crawl(crawl):
    """Three spam pages in four have a telling address; one innocent page in 400 has one that looks guilty."""
    scores = UrlFilter()
    spam = [page for page in crawl if "spam" in {one["kind"] for one in page["injuries"]}]
    rest = [page for page in crawl if page not in spam]
    assert sum(scores.is_blocked(page["url"]) for page in spam) > 0.5 * len(spam)
    assert sum(scores.is_blocked(page["url"]) for page in rest) < 0.02 * len(rest)


@pytest.mark.parametrize(
    "other",
    [
        "http://tea.example/a/b?x=1&y=2",
        "https://www.tea.example/a/b/?y=2&x=1",
        "https://m.TEA.example:443/a/b?x=1&y=2&utm_source=mail#top",
        "https://tea.example/a/b?sessionid=77&x=1&y=2&ref=home",
    ],
)
def test_canonical(other):
    assert canonical(other) == "tea.example/a/b?x=1&y=2"


def test_canonical_keeps_what_differs():
    urls = [
        "http://a.example",
        "http://b.a.example",
        "http://a.example/x",
        "http://a.example/X",
        "http://a.example/?x=1",
    ]
    assert len(set(map(canonical, urls))) == len(urls)
