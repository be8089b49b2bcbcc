"""WARC files, in which Common Crawl and other archives keep the web (ISO 28500; version 1.1 is WARC's own).

A record is a version line, named fields, an empty line, a block of `Content-Length` bytes, and two line ends. In a
`.warc.gz` each record is a gzip member of its own, so that one of them can be read by seeking to its first byte: that
is what an index of URLs and offsets (Common Crawl's CDX files) is for.
"""

import base64
import gzip
import hashlib
import uuid
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from llmbook.errors import ReaderError
from llmbook.files import write_atomically

VERSION = "WARC/1.1"
_REQUIRED = ("WARC-Type", "WARC-Record-ID", "WARC-Date", "Content-Length")
_CHUNK = 1 << 16


@dataclass(frozen=True)
class WarcRecord:
    """One record: its named fields, without their colons, and its block.

    Attributes:
        headers: the fields in order. Names are matched without regard to case by `get`.
        block: the bytes that `Content-Length` counts. Of a response: the HTTP message, head and body.
    """

    headers: Mapping[str, str]
    block: bytes

    def get(self, name: str, default: str = "") -> str:
        """The value of a field."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), default)

    @property
    def type(self) -> str:
        """warcinfo, request, response, metadata, conversion (extracted text), revisit, resource or continuation."""
        return self.get("WARC-Type")

    @property
    def url(self) -> str:
        return self.get("WARC-Target-URI")

    @property
    def date(self) -> str:
        """When it was captured: `2023-05-31T12:00:00Z`."""
        return self.get("WARC-Date")

    @property
    def id(self) -> str:
        return self.get("WARC-Record-ID")

    def http(self) -> "HttpMessage":
        """The HTTP message of a request or response.

        Raises:
            ReaderError: the record is of another type.
        """
        if self.type not in ("request", "response"):
            raise ReaderError(f"a WARC record of type {self.type!r} holds no HTTP message")
        head, _, body = self.block.partition(b"\r\n\r\n")
        start, *lines = head.decode("iso-8859-1").split("\r\n")
        fields = (line.split(":", 1) for line in lines if ":" in line)
        return HttpMessage(start, {name.strip().lower(): value.strip() for name, value in fields}, body)

    def to_bytes(self) -> bytes:
        """The record as it stands in a `.warc` file."""
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        return f"{VERSION}\r\n{head}\r\n".encode() + self.block + b"\r\n\r\n"


class HttpMessage(NamedTuple):
    """A request or an answer as it went over the wire. Names of fields are in small letters."""

    start: str  # "GET /about HTTP/1.1", or "HTTP/1.1 200 OK"
    headers: dict[str, str]
    body: bytes

    @property
    def status(self) -> int:
        """200 for a page that was found."""
        return int(self.start.split()[1])

    @property
    def text(self) -> str:
        """The body in the encoding that `Content-Type` names (UTF-8 if none); what cannot be read becomes U+FFFD."""
        _, _, charset = self.headers.get("content-type", "").partition("charset=")
        try:
            return self.body.decode(charset.strip("\"' ") or "utf-8", errors="replace")
        except LookupError:
            return self.body.decode("utf-8", errors="replace")


# ---------------------------------------------------------------- making records


def make_record(kind: str, url: str, date: str, block: bytes, content_type: str, **fields: str) -> WarcRecord:
    """A record with the fields that the standard demands, and a digest of its block.

    The same arguments make the same record: its id is the name-based UUID of type, URL and date.

    Args:
        kind: WARC-Type.
        url: WARC-Target-URI; empty for a warcinfo record.
        date: a day, `2023-05-31`, or a moment, `2023-05-31T12:00:00Z`.
        block, content_type: what it holds.
        fields: further fields, `refers_to="<urn:…>"` for `WARC-Refers-To`.
    """
    moment = date if "T" in date else f"{date}T12:00:00Z"
    digest = base64.b32encode(hashlib.sha1(block).digest()).decode()
    headers = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{kind} {moment} {url}')}>",
        "WARC-Date": moment,
        **({"WARC-Target-URI": url} if url else {}),
        **{"WARC-" + name.replace("_", "-").title(): value for name, value in fields.items()},
        "WARC-Block-Digest": f"sha1:{digest}",
        "Content-Type": content_type,
        "Content-Length": str(len(block)),
    }
    return WarcRecord(headers, block)


def capture(url: str, date: str, html: str, status: int = 200) -> list[WarcRecord]:
    """What a crawler writes down when it fetches a page: request, response and metadata, which name each other."""
    host, _, path = url.partition("://")[2].partition("/")
    asked = f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: llmbook\r\nAccept: text/html\r\n\r\n".encode()
    body = html.encode()
    reason = {200: "OK", 404: "Not Found", 503: "Service Unavailable"}.get(status, "-")
    head = (
        f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    response = make_record("response", url, date, head.encode() + body, "application/http; msgtype=response")
    request = make_record("request", url, date, asked, "application/http; msgtype=request", concurrent_to=response.id)
    noted = f"fetchTimeMs: {50 + len(body) % 400}\r\ncharset-detected: utf-8\r\n".encode()
    metadata = make_record("metadata", url, date, noted, "application/warc-fields", refers_to=response.id)
    return [request, response, metadata]


def warcinfo(date: str, **about: str) -> WarcRecord:
    """The record that opens a file and tells who made it: `warcinfo("2023-05-31", software="llmbook")`."""
    block = "".join(f"{name}: {value}\r\n" for name, value in {**about, "format": "WARC File Format 1.1"}.items())
    return make_record("warcinfo", "", date, block.encode(), "application/warc-fields")


def conversion(response: WarcRecord, text: str) -> WarcRecord:
    """The record of a WET file: the text that was extracted from a response."""
    date = response.date
    return make_record("conversion", response.url, date, text.encode(), "text/plain", refers_to=response.id)


# ---------------------------------------------------------------- files


def write_warc(path: str | Path, records: Iterable[WarcRecord]) -> list[int]:
    """Writes a `.warc`, or a `.warc.gz` with a gzip member for each record.

    Returns:
        Where each record begins, in bytes: what an index would hold.

    Raises:
        ReaderError: another suffix, or the file cannot be written.
    """
    path = Path(path)
    zipped = _is_zipped(path)
    parts = [gzip.compress(record.to_bytes(), mtime=0) if zipped else record.to_bytes() for record in records]
    write_atomically(path, b"".join(parts))
    ends = [0]
    for part in parts:
        ends.append(ends[-1] + len(part))
    return ends[:-1]


def read_warc(path: str | Path, offset: int = 0) -> Iterator[WarcRecord]:
    """The records of a `.warc` or `.warc.gz`, one at a time, from byte `offset` on (the first of a record).

    Raises:
        ReaderError: the file is missing, damaged or cut off, or is no WARC file.
    """
    path = Path(path)
    zipped = _is_zipped(path)
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            with gzip.GzipFile(fileobj=file) if zipped else nullcontext(file) as stream:
                while record := _read_record(stream, path):
                    yield record
    except (OSError, EOFError, zlib.error) as error:
        raise ReaderError(f"cannot read {path}: {error}") from error


def _is_zipped(path: Path) -> bool:
    if not path.name.endswith((".warc", ".warc.gz")):
        raise ReaderError(f"WARC files are called .warc or .warc.gz, not {path.name}")
    return path.suffix == ".gz"


def _read_record(stream: BinaryIO, path: Path) -> WarcRecord | None:
    """The record at the stream's place; None at the end of the file."""
    version = stream.readline()
    if not version:
        return None
    if not version.startswith(b"WARC/"):
        raise ReaderError(f"{path} is no WARC file, or damaged: a record begins with {version[:20]!r}, not WARC/1.x")
    headers: dict[str, str] = {}
    while line := stream.readline().rstrip(b"\r\n").decode("utf-8", errors="replace"):
        name, _, value = line.partition(":")
        headers[name.strip()] = value.strip()
    record = WarcRecord(headers, b"")
    missing = [name for name in _REQUIRED if not record.get(name)]
    if missing or not record.get("Content-Length").isdecimal():
        raise ReaderError(f"{path} is damaged: a record has no {missing[0] if missing else 'valid Content-Length'}")
    length = int(record.get("Content-Length"))
    block = stream.read(length)
    if len(block) < length or stream.read(4) != b"\r\n\r\n":
        raise ReaderError(f"{path} is damaged or cut off in the record of {record.url or record.type}")
    return WarcRecord(headers, block)


def member_offsets(path: str | Path) -> list[int]:
    """Where the gzip members of a file begin, found by unpacking them one after the other."""
    data, offsets, at = Path(path).read_bytes(), [], 0
    while at < len(data):
        offsets.append(at)
        unpacker = zlib.decompressobj(wbits=31)
        while not unpacker.eof:
            piece = data[at : at + _CHUNK]
            if not piece:
                raise ReaderError(f"{path} is cut off in its last gzip member")
            unpacker.decompress(piece)
            at += len(piece) - len(unpacker.unused_data)
    return offsets
