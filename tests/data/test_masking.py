"""Masking against its closed form and against transformers' collator; sentence pairs against their definition."""

import math

import pytest
import torch
from transformers import BertTokenizerFast, DataCollatorForLanguageModeling

from llmbook.data.masking import mask_tokens, next_sentence_pairs
from llmbook.data.templates import documents
from llmbook.errors import ReaderError

VOCAB, MASK = 40, 4
ROWS, LENGTH = 4000, 50
WORDS = [f"w{number}" for number in range(VOCAB - 5)]


def rows() -> tuple[torch.Tensor, torch.Tensor]:
    """Random ids between a [CLS] and a [SEP], and where those stand."""
    ids = torch.randint(5, VOCAB, (ROWS, LENGTH), generator=torch.Generator().manual_seed(0))
    ids[:, 0], ids[:, -1] = 2, 3
    special = torch.zeros_like(ids, dtype=torch.bool)
    special[:, 0] = special[:, -1] = True
    return ids, special


def shares(ids: torch.Tensor, masked: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Selected of all ordinary tokens; and of the selected, shown as the mask, as themselves, as another token."""
    selected = labels != -100
    original = masked[selected] == ids[selected]
    as_mask = masked[selected] == MASK
    ordinary = ROWS * (LENGTH - 2)
    return torch.tensor([
        selected.sum() / ordinary,
        as_mask.float().mean(),
        original.float().mean(),
        (~as_mask & ~original).float().mean(),
    ])  # fmt: skip


def closed_form(probability: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The four shares, a random token being the mask or the original by chance, and their standard deviations."""
    expected = torch.tensor([probability, 0.8 + 0.1 / VOCAB, 0.1 + 0.1 / VOCAB, 0.1 * (1 - 2 / VOCAB)])
    ordinary = ROWS * (LENGTH - 2)
    trials = torch.tensor([ordinary, *[probability * ordinary] * 3])
    return expected, (expected * (1 - expected) / trials).sqrt()


@pytest.mark.parametrize("probability", [0.15, 0.2, 0.6])
def test_shares_are_those_of_the_closed_form(probability):
    ids, special = rows()
    masked, labels = mask_tokens(ids, special, MASK, VOCAB, probability, generator=torch.Generator().manual_seed(7))
    expected, deviation = closed_form(probability)
    assert ((shares(ids, masked, labels) - expected).abs() < 4 * deviation).all()


def test_shares_are_those_of_the_collator():
    vocab = {word: i for i, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS])}
    tokenizer = BertTokenizerFast(vocab=vocab)
    assert tokenizer.mask_token_id == MASK and len(tokenizer) == VOCAB
    ids, special = rows()
    collator = DataCollatorForLanguageModeling(
        tokenizer, mlm_probability=0.15, mask_replace_prob=0.8, random_replace_prob=0.1, seed=3
    )
    examples = [
        {"input_ids": row.tolist(), "special_tokens_mask": mask.long().tolist()}
        for row, mask in zip(ids, special, strict=True)
    ]
    batch = collator(examples)
    theirs = shares(ids, batch["input_ids"], batch["labels"])
    ours = shares(ids, *mask_tokens(ids, special, MASK, VOCAB, generator=torch.Generator().manual_seed(3)))
    _, deviation = closed_form(0.15)
    assert ((ours - theirs).abs() < 4 * math.sqrt(2) * deviation).all()


def test_only_selected_ordinary_tokens_change_and_labels_are_the_originals():
    ids, special = rows()
    before = ids.clone()
    masked, labels = mask_tokens(ids, special, MASK, VOCAB, 0.5, generator=torch.Generator().manual_seed(1))
    assert ids.equal(before)
    selected = labels != -100
    assert not (selected & special).any()
    assert labels[selected].equal(ids[selected])
    assert masked[~selected].equal(ids[~selected])
    random = selected & (masked != MASK) & (masked != ids)
    counts = torch.bincount(masked[random], minlength=VOCAB).float()
    counts[MASK] = counts[counts > 0].mean()  # a random token that is the mask cannot be told apart
    mean = counts.mean()
    assert (counts[:5] > 0.7 * mean).all(), "random tokens come from the whole vocabulary, special ones included"
    assert ((counts - mean).abs() < 5 * mean.sqrt()).all()


@pytest.mark.parametrize("probability", [0, 1])
def test_nothing_and_everything(probability):
    ids, special = rows()
    masked, labels = mask_tokens(ids, special, MASK, VOCAB, probability)
    assert ((labels != -100) == (~special & bool(probability))).all()
    assert probability or masked.equal(ids)


def test_bad_input_is_refused_in_words():
    ids, special = rows()
    with pytest.raises(ReaderError, match=r"special_tokens_mask has shape \[4000, 49\]"):
        mask_tokens(ids, special[:, 1:], MASK, VOCAB)
    with pytest.raises(ReaderError, match=r"probability is 15"):
        mask_tokens(ids, special, MASK, VOCAB, 15)
    with pytest.raises(ReaderError, match="mask token 40 is outside the vocabulary of 40"):
        mask_tokens(ids, special, 40, VOCAB)


def test_half_of_the_pairs_are_neighbours_and_the_others_come_from_elsewhere():
    corpus = [[f"{d}.{s}" for s in range(2 + d % 3)] for d in range(3000)]
    pairs = next_sentence_pairs(corpus, seed=5)
    assert abs(sum(label for _, _, label in pairs) - 1500) < 4 * math.sqrt(750)
    places = set()
    for number, (first, second, label) in enumerate(pairs):
        document, place = map(int, first.split("."))
        other, there = map(int, second.split("."))
        assert document == number and there == place + 1
        assert (other != document) == bool(label)
        places.add(place)
    assert places == {0, 1, 2}
    assert pairs == next_sentence_pairs(corpus, seed=5) != next_sentence_pairs(corpus, seed=6)


def test_a_short_document_or_a_lonely_one_is_refused():
    with pytest.raises(ReaderError, match="two sentences at least"):
        next_sentence_pairs([["a", "b"], ["c"]])
    with pytest.raises(ReaderError, match="no other document has a sentence"):
        for seed in range(20):
            next_sentence_pairs(documents(1), seed)
