"""Shards hold the ids that the tokenizer gives, in order, whatever the number of workers and the size of a file."""

import numpy as np
import pytest

from llmbook.data.tokenizers import BPETokenizer
from llmbook.data.tokenizers.shards import open_shards, write_shards
from llmbook.data.world import World
from llmbook.errors import ReaderError

END = "<|endoftext|>"
TEXTS = [record["text"] for record in World(0).records("encyclopedia", 700)] + [f"not the end: {END}", ""]


@pytest.fixture(scope="module")
def tokenizer():
    return BPETokenizer.train(TEXTS, 600, [END])


@pytest.mark.parametrize("num_workers", [1, 2])
def test_what_is_written_is_read(tokenizer, tmp_path, num_workers):
    expected = [n for text in TEXTS for n in [*tokenizer.encode(text, parse_special_tokens=False), 0]]
    written = write_shards(iter(TEXTS), tokenizer, tmp_path / "s", END, shard_tokens=7001, num_workers=num_workers)
    shards = open_shards(tmp_path / "s")
    assert written == len(expected) and [len(shard) for shard in shards[:-1]] == [7001] * (len(expected) // 7001)
    assert np.concatenate(shards).tolist() == expected and shards[0].dtype == np.uint16
    assert tokenizer.decode(expected).split(END)[:3] == TEXTS[:3]


def test_a_large_vocabulary_takes_four_bytes(tokenizer, tmp_path):
    large = BPETokenizer(tokenizer.vocabulary, tokenizer.merges, {END: 70_000})
    write_shards(TEXTS[:3], large, tmp_path, END)
    (shard,) = open_shards(tmp_path)
    assert shard.dtype == np.uint32 and shard[-1] == 70_000


def test_what_cannot_be_done_is_said(tokenizer, tmp_path):
    with pytest.raises(ReaderError, match="'</s>' is no special token"):
        write_shards(TEXTS, tokenizer, tmp_path, "</s>")
    with pytest.raises(ReaderError, match="no finished shards"):
        open_shards(tmp_path)
    write_shards(TEXTS[:3], tokenizer, tmp_path, END)
    with pytest.raises(ReaderError, match="is not empty"):
        write_shards(TEXTS, tokenizer, tmp_path, END)
    (tmp_path / "000000.bin").write_bytes(b"")
    with pytest.raises(ReaderError, match=r"000000\.bin is missing or damaged"):
        open_shards(tmp_path)
