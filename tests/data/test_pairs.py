"""Reading, splitting, tokenizing and batching sentence pairs."""

from pathlib import Path

import pytest
import torch

from llmbook.data.pairs import (
    BOS,
    EOS,
    PAD,
    UNK,
    encode_pairs,
    pad_batch,
    pair_batches,
    read_pairs,
    split_pairs,
    train_tokenizer,
)
from llmbook.errors import ReaderError

GOOD = "a cat\t一只猫\r\n\r\nthree dogs\t三只狗\r\n"


def test_reads_pairs_with_byte_order_mark_and_windows_lines(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert read_pairs(path) == ([("a cat", "一只猫"), ("three dogs", "三只狗")], [])


BAD_LINES = [
    (b"no tab here", "line 3: 1 tab-separated fields where 2 are expected"),
    (b"a\tb\tc", "line 3: 3 tab-separated fields where 2 are expected"),
    (b"\tonly target", "line 3: the source is empty"),
    (b"only source\t  ", "line 3: the target is empty"),
    (b"\xff\xfe\tx", "line 3: not UTF-8"),
]


@pytest.mark.parametrize(("line", "message"), BAD_LINES)
def test_malformed_line_is_named_and_skipped_or_refused(tmp_path: Path, line: bytes, message: str) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_bytes("a cat\t一只猫\nthree dogs\t三只狗\n".encode() + line + b"\nx\ty\n")
    pairs, problems = read_pairs(path, malformed="skip")
    assert [source for source, _ in pairs] == ["a cat", "three dogs", "x"] and problems == [message]
    with pytest.raises(ReaderError, match=f"pairs.tsv, {message}"):
        read_pairs(path)


def test_missing_empty_and_wrong_files_are_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "empty.tsv").touch()
    (tmp_path / "fake.mo").write_bytes(b"this is not a catalogue")
    for path, message in [
        ("nowhere.tsv", "cannot read .*nowhere.tsv: No such file"),
        (".", "cannot read"),
        ("empty.tsv", "holds no sentence pairs"),
        ("fake.mo", "fake.mo is not a gettext catalogue"),
    ]:
        with pytest.raises(ReaderError, match=message):
            read_pairs(tmp_path / path)
    with pytest.raises(ReaderError, match="'refuse' or 'skip'"):
        read_pairs(tmp_path / "empty.tsv", malformed="maybe")


def write_catalogue(path: Path, messages: dict[str, str]) -> None:
    """A GNU `.mo` file, byte by byte as the format's documentation lays it out."""
    header = {"": "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=n != 1;\n"}
    entries = sorted({**header, **messages}.items())
    keys, values = [[text.encode() + b"\0" for text in column] for column in zip(*entries, strict=True)]
    tables, offset = [], 28 + 16 * len(entries)
    for texts in (keys, values):
        for text in texts:
            tables += [len(text) - 1, offset]
            offset += len(text)
    numbers = [0x950412DE, 0, len(entries), 28, 28 + 8 * len(entries), 0, 0, *tables]
    path.write_bytes(b"".join(n.to_bytes(4, "little") for n in numbers) + b"".join(keys + values))


def test_reads_message_catalogues_plural_forms_once(tmp_path: Path) -> None:
    write_catalogue(
        tmp_path / "fr.mo",
        {"Open file": "Ouvrir le\nfichier", "%d file\0%d files": "%d fichier\0%d fichiers", "untranslated": ""},
    )
    pairs, problems = read_pairs(tmp_path / "fr.mo")
    assert sorted(pairs) == [("%d file", "%d fichier"), ("Open file", "Ouvrir le fichier")] and problems == []


def test_held_out_sources_are_never_trained_on() -> None:
    pairs = [(f"source {i % 40}", f"target {i % 60}") for i in range(200)]
    train, held_out = split_pairs(pairs, 500)
    assert len(held_out) == 8 and not {s for s, _ in train} & {s for s, _ in held_out}
    assert len(train) == len(set(train)) and {*train, *held_out} <= set(pairs)
    assert split_pairs(pairs, 500) == (train, held_out) != split_pairs(pairs, 500, seed=1)
    with pytest.raises(ReaderError, match="2 distinct source sentences are too few"):
        split_pairs([("a", "b"), ("c", "d")], 1)


SENTENCES = ["Mei bought three red lanterns.", "梅昨天买了三盏红灯笼。", "用 Python 写程序", "l'été, déjà !", "a  b"]


def test_tokenizer_gives_sentences_back_and_keeps_characters_apart() -> None:
    tokenizer = train_tokenizer(SENTENCES, vocab_size=300)
    for sentence in SENTENCES:
        encoding = tokenizer.encode(sentence)
        assert encoding.ids[0] == BOS and encoding.ids[-1] == EOS and UNK not in encoding.ids
        assert tokenizer.decode(encoding.ids) == sentence
    assert tokenizer.encode("红灯笼").tokens[1:-1] == ["红", "灯", "笼"]
    start = tokenizer.encode("Mei").tokens[1]
    assert start in tokenizer.encode("three Mei").tokens
    assert UNK in tokenizer.encode("Ω").ids


def test_long_pairs_are_left_out_and_counted() -> None:
    tokenizer = train_tokenizer(["a b c d e f"], vocab_size=20)
    kept, left_out = encode_pairs(
        [("a", "b"), ("a b c d e", "a"), ("a", "b c d e f")], tokenizer, tokenizer, max_tokens=4
    )
    assert len(kept) == 1 and left_out == 2 and max(map(len, kept[0])) <= 4


def test_batches_hold_every_pair_once_an_epoch_within_the_budget() -> None:
    encoded = [([BOS, *[10 + i] * (i % 7 + 1), EOS], [BOS, *[500 + i] * (i % 5 + 1), EOS]) for i in range(100)]
    encoded.append(([BOS, *[9] * 80, EOS], [BOS, 9, EOS]))  # alone longer than a batch may be
    batches = pair_batches(encoded, tokens_per_batch=64)
    seen: list[int] = []
    while len(seen) < 2 * len(encoded):
        source, target = next(batches)
        assert source.shape[0] == target.shape[0]
        assert len(source) == 1 or source.numel() + target.numel() <= 64
        seen += source[:, 1].tolist()
    assert sorted(seen[:101]) == sorted(seen[101:]) == sorted(source[1] for source, _ in encoded)
    assert seen[:101] != seen[101:]
    again = pair_batches(encoded, tokens_per_batch=64)
    assert all(a.equal(b) for a, b in zip(next(again), next(pair_batches(encoded, 64)), strict=True))


def test_padding_is_on_the_right() -> None:
    assert pad_batch([[1, 2], [3]]).equal(torch.tensor([[1, 2], [3, PAD]]))
