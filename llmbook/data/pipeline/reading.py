"""Cutting the input into chunks, and reading a chunk row by row: what cannot be read is set aside, not lost."""

import glob
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from llmbook.errors import ReaderError

Row = dict[str, Any]

COMPRESSED = (".jsonl.gz", ".jsonl.zst", ".jsonl.bz2")
SUFFIXES = (".jsonl", *COMPRESSED, ".parquet")
LONGEST_LINE = 64 * 2**20  # bytes; a longer one is more likely a damaged file than a document
_RAW_KEPT = 2**20


@dataclass(frozen=True)
class Chunk:
    """A part of an input file that one worker reads.

    Attributes:
        path: the file.
        start, stop: bytes of a .jsonl file (the lines that begin there), or row groups of a .parquet file; a compressed
            file is read whole.
        nbytes: how much of the file it is, for progress.
    """

    path: str
    start: int
    stop: int
    nbytes: int


@dataclass(frozen=True)
class Malformed:
    """Something in the input that is no document.

    Attributes:
        file: where it stands.
        place: byte offset of the line (in the uncompressed text), or number of the row.
        reason: why it was set aside.
        raw: what stands there, at most a megabyte of it.
    """

    file: str
    place: int
    reason: str
    raw: str


def plan(inputs: Sequence[str], chunk_bytes: int) -> list[Chunk]:
    """The chunks of all files that the patterns match, in order of path and place.

    Args:
        inputs: paths or glob patterns of .jsonl (plain, .gz, .zst, .bz2) and .parquet files.
        chunk_bytes: about how large a chunk is; row groups and compressed files are not cut.

    Raises:
        ReaderError: a pattern matches nothing, or a file is of another kind or no Parquet file at all.
    """
    paths: dict[str, None] = {}
    for pattern in inputs:
        found = sorted(glob.glob(pattern, recursive=True))
        if not found:
            raise ReaderError(f"no file matches the input {pattern!r}")
        paths.update(dict.fromkeys(found))
    chunks = []
    for path in paths:
        if not path.endswith(SUFFIXES):
            raise ReaderError(f"{path} is none of {', '.join(SUFFIXES)}: convert it, or narrow the input pattern")
        chunks += _plan_parquet(path, chunk_bytes) if path.endswith(".parquet") else _plan_lines(path, chunk_bytes)
    return chunks


def _plan_lines(path: str, chunk_bytes: int) -> list[Chunk]:
    size = Path(path).stat().st_size
    if path.endswith(COMPRESSED):
        return [Chunk(path, 0, -1, size)]
    starts = range(0, max(size, 1), chunk_bytes)  # an empty file is one empty chunk
    return [Chunk(path, start, min(start + chunk_bytes, size), min(chunk_bytes, size - start)) for start in starts]


def _plan_parquet(path: str, chunk_bytes: int) -> list[Chunk]:
    import pyarrow
    import pyarrow.parquet

    try:
        metadata = pyarrow.parquet.read_metadata(path)
    except pyarrow.ArrowException as error:
        raise ReaderError(f"{path} is not a Parquet file, or a damaged one: {str(error).splitlines()[0]}") from None
    if not metadata.num_row_groups:
        return [Chunk(path, 0, 0, 0)]
    chunks, start, nbytes = [], 0, 0
    for group in range(metadata.num_row_groups):
        nbytes += metadata.row_group(group).total_byte_size
        if nbytes >= chunk_bytes or group == metadata.num_row_groups - 1:
            chunks.append(Chunk(path, start, group + 1, nbytes))
            start, nbytes = group + 1, 0
    return chunks


def read(chunk: Chunk, text_column: str) -> Iterator[Row | Malformed]:
    """The rows of a chunk, each with a string in `text_column`; and what is none."""
    if chunk.path.endswith(".parquet"):
        yield from _read_parquet(chunk, text_column)
        return
    for place, line in _lines(chunk):
        if isinstance(line, Malformed):
            yield line
        elif line.strip():
            yield _parse(chunk.path, place, line, text_column)


def read_texts(inputs: Sequence[str], text_column: str = "text") -> Iterator[str]:
    """The texts of all files that the patterns match; a .txt file has one on each line.

    Raises:
        ReaderError: as `plan`, or for a row that is no document.
    """
    for pattern in inputs:
        if pattern.endswith(".txt"):
            yield from _read_lines(pattern)
            continue
        for chunk in plan([pattern], 2**30):
            for row in read(chunk, text_column):
                if isinstance(row, Malformed):
                    raise ReaderError(f"{row.file}, byte or row {row.place}: {row.reason}")
                yield row[text_column]


def _read_lines(path: str) -> list[str]:
    try:
        return [line for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ReaderError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None


def _lines(chunk: Chunk) -> Iterator[tuple[int, bytes | Malformed]]:
    """The lines that begin in the chunk, with their offsets."""
    with _open(chunk.path) as file:
        place = max(chunk.start - 1, 0)
        file.seek(place) if place else None
        try:
            place += _skip_line(file) if chunk.start else 0
            while chunk.stop < 0 or place < chunk.stop:
                line = file.readline(LONGEST_LINE)
                if not line:
                    return
                begin, place = place, place + len(line)
                if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                    yield begin, _malformed(chunk.path, begin, f"a line of over {LONGEST_LINE} bytes", line)
                    place += _skip_line(file)
                else:
                    yield begin, line
        except (OSError, EOFError) as error:  # a compressed file that ends early, or is damaged further on
            yield place, Malformed(chunk.path, place, f"the rest of the file cannot be read: {error}", "")


def _skip_line(file: IO[bytes]) -> int:
    """Read to the end of the line, in pieces; how many bytes that took."""
    skipped = 0
    while part := file.readline(LONGEST_LINE):
        skipped += len(part)
        if part.endswith(b"\n"):
            break
    return skipped


def _open(path: str) -> IO[bytes]:
    """The file, uncompressed as it is read."""
    if path.endswith(".gz"):
        import gzip

        return gzip.open(path)
    if path.endswith(".bz2"):
        import bz2

        return bz2.open(path)
    if path.endswith(".zst"):
        import io

        import pyarrow

        return io.BufferedReader(pyarrow.CompressedInputStream(pyarrow.OSFile(path), "zstd"))
    return open(path, "rb")


def _parse(path: str, place: int, line: bytes, text_column: str) -> Row | Malformed:
    try:
        row = json.loads(line.removeprefix(b"\xef\xbb\xbf") if not place else line)
    except UnicodeDecodeError:
        return _malformed(path, place, "not UTF-8", line)
    except (ValueError, RecursionError):
        return _malformed(path, place, "not JSON", line)
    if not isinstance(row, dict):
        return _malformed(path, place, "not a JSON object", line)
    if reason := _unfit(row, text_column):
        return _malformed(path, place, reason, line)
    # Half a surrogate pair can be written in JSON as \ud83d, but not in UTF-8.
    if b"\\ud" in line.lower() and not _encodable(json.dumps(row, ensure_ascii=False)):
        return _malformed(path, place, "half a surrogate pair", line)
    return row


def _unfit(row: Row, text_column: str) -> str:
    if text_column not in row:
        return f"no {text_column!r}"
    return "" if isinstance(row[text_column], str) else f"{text_column!r} is not a string"


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_parquet(chunk: Chunk, text_column: str) -> Iterator[Row | Malformed]:
    import pyarrow
    import pyarrow.parquet

    place = 0
    try:
        with pyarrow.parquet.ParquetFile(chunk.path) as file:
            for batch in file.iter_batches(batch_size=1024, row_groups=range(chunk.start, chunk.stop)):
                for row in batch.to_pylist():
                    reason = _unfit(row, text_column)
                    yield Malformed(chunk.path, place, reason, repr(row)[:_RAW_KEPT]) if reason else row
                    place += 1
    except (OSError, pyarrow.ArrowException) as error:
        reason = f"the rest of row groups {chunk.start} to {chunk.stop - 1} cannot be read: {error}"
        yield Malformed(chunk.path, place, reason.splitlines()[0], "")


def _malformed(path: str, place: int, reason: str, line: bytes) -> Malformed:
    return Malformed(path, place, reason, line[:_RAW_KEPT].decode("utf-8", "backslashreplace"))
