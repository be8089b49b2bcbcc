"""Characters as tokens, packing, and random rows."""

import itertools

import pytest
import torch

from llmbook.data.blocks import CharacterTokenizer, pack, random_blocks
from llmbook.errors import ReaderError


def test_characters_round_trip_and_strangers_are_refused():
    tokenizer = CharacterTokenizer("灯市 lantern")
    assert len(tokenizer) == len(set("灯市 lantern"))
    assert tokenizer.decode(tokenizer.encode("tan 灯")) == "tan 灯"
    with pytest.raises(ReaderError, match="'z' is not in the tokenizer's vocabulary"):
        tokenizer.encode("zebra")


def test_packing_keeps_every_token_but_the_remainder():
    rows = pack([range(700), range(400), range(200)], 512)
    assert rows.shape == (2, 512)
    assert rows.flatten().tolist() == [*range(700), *range(324)]
    with pytest.raises(ReaderError, match="3 tokens do not fill one block of 4"):
        pack([[1, 2], [3]], 4)


def test_random_rows_are_pieces_of_the_text_and_depend_on_the_seed_alone():
    text = torch.arange(50)
    batches = list(itertools.islice(random_blocks(text, 8, 16, seed=3), 40))
    assert all(torch.equal(row, torch.arange(row[0], row[0] + 8)) for batch in batches for row in batch)
    starts = {int(row[0]) for batch in batches for row in batch}
    assert starts == set(range(43)), "every place is drawn, the last one too"
    torch.manual_seed(99)
    again = list(itertools.islice(random_blocks(text, 8, 16, seed=3), 40))
    assert all(torch.equal(a, b) for a, b in zip(batches, again, strict=True))
    with pytest.raises(ReaderError, match="do not fill one block of 64"):
        next(random_blocks(text, 64, 2))
