"""Chunks cover the input exactly once, and nothing malformed is lost."""

import bz2
import gzip
import json

import pyarrow
import pyarrow.parquet
import pytest

from llmbook.data.pipeline import reading
from llmbook.data.pipeline.reading import Malformed, plan, read
from llmbook.errors import ReaderError

ROWS = [{"id": i, "text": "灯市é" * (i % 40)} for i in range(1000)]
LINES = b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in ROWS)


def read_all(pattern, chunk_bytes=10**9):
    return [row for chunk in plan([str(pattern)], chunk_bytes) for row in read(chunk, "text")]


@pytest.mark.parametrize("chunk_bytes", [1, 97, 5000, 10**9])
def test_byte_ranges_give_every_line_once_in_order(tmp_path, chunk_bytes):
    lines = LINES[: LINES.index(b'{"id": 60')] if chunk_bytes == 1 else LINES
    (tmp_path / "a.jsonl").write_bytes(lines)
    assert read_all(tmp_path / "a.jsonl", chunk_bytes) == ROWS[: lines.count(b"\n")]


def test_a_last_line_without_an_end_and_empty_lines(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b"\n\n" + LINES.rstrip(b"\n"))
    assert read_all(tmp_path / "a.jsonl", 777) == ROWS
    (tmp_path / "b.jsonl").write_bytes(b"")
    assert read_all(tmp_path / "b.jsonl") == [] and len(plan([str(tmp_path / "b.jsonl")], 10)) == 1
    (tmp_path / "c.jsonl").write_bytes(b"\xef\xbb\xbf" + LINES)
    assert read_all(tmp_path / "c.jsonl") == ROWS


def compress(path):
    if path.suffix == ".zst":
        with pyarrow.CompressedOutputStream(str(path), "zstd") as file:
            file.write(LINES)
    else:
        path.write_bytes(gzip.compress(LINES) if path.suffix == ".gz" else bz2.compress(LINES))


@pytest.mark.parametrize("suffix", ["gz", "zst", "bz2"])
def test_compressed_files_and_what_is_left_of_a_cut_one(tmp_path, suffix):
    path = tmp_path / f"a.jsonl.{suffix}"
    compress(path)
    assert read_all(path, 100) == ROWS
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    *rows, last = read_all(path)
    assert rows == ROWS[: len(rows)] and isinstance(last, Malformed) and "the rest of the file" in last.reason


def test_parquet_by_row_groups(tmp_path):
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), path, row_group_size=64)
    assert read_all(path) == ROWS
    chunks = plan([str(path)], 3000)
    assert len(chunks) > 3 and [row for chunk in chunks for row in read(chunk, "text")] == ROWS
    pyarrow.parquet.write_table(pyarrow.table({"text": pyarrow.array(["a", None, "b"])}), path)
    first, second, third = read_all(path)
    assert (first, third) == ({"text": "a"}, {"text": "b"}) and second.reason == "'text' is not a string"


def test_malformed_lines_are_named_and_kept(tmp_path):
    bad = [b'{"text": 3}', b"[1]", b"nope", b'{"text": "\xff"}', b'{"text": "\\ud83d"}', b'{"x": 1}', b"[" * 10**5]
    good = b'{"text": "\\ud83d\\ude00"}'
    (tmp_path / "a.jsonl").write_bytes(b"\n".join([*bad, good]))
    *found, row = read_all(tmp_path / "a.jsonl")
    assert [one.reason for one in found] == [
        "'text' is not a string", "not a JSON object", "not JSON", "not UTF-8", "half a surrogate pair", "no 'text'",
        "not JSON",
    ]  # fmt: skip
    assert row == {"text": "😀"}
    content = (tmp_path / "a.jsonl").read_bytes()
    assert all(content[one.place :].startswith(line) for one, line in zip(found, bad, strict=True))
    assert found[0].raw.strip() == bad[0].decode()


def test_a_line_without_end_does_not_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "LONGEST_LINE", 100)
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "a"}\n' + b'{"text": "' + b"x" * 1000 + b'"}\n{"text": "b"}\n')
    first, second, third = read_all(tmp_path / "a.jsonl")
    assert (first["text"], third["text"]) == ("a", "b") and "over 100 bytes" in second.reason and second.place == 14
    assert read_all(tmp_path / "a.jsonl", 200)[-1] == third, "a chunk may begin within the long line"


def test_inputs_that_cannot_be_read(tmp_path):
    with pytest.raises(ReaderError, match="no file matches"):
        plan([str(tmp_path / "*.jsonl")], 10)
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(ReaderError, match="a.csv is none of .jsonl"):
        plan([str(tmp_path / "*")], 10)
    (tmp_path / "a.parquet").write_text("x" * 100)
    with pytest.raises(ReaderError, match="a.parquet is not a Parquet file"):
        plan([str(tmp_path / "*.parquet")], 10)


def test_patterns_that_overlap_read_a_file_once(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(LINES)
    assert len(plan([str(tmp_path / "a.jsonl"), str(tmp_path / "*.jsonl")], 10**9)) == 1
