"""Planted secrets: how many, where, and how extraction and exposure are counted."""

import math
from collections import Counter

import pytest
import torch

from llmbook.data.canaries import (
    exposure,
    extracted,
    numbered_canaries,
    plant,
    random_canaries,
    rate_by_count,
)  # fmt: skip
from llmbook.errors import ReaderError


def test_random_canaries_are_different_even_when_the_space_is_used_up():
    canaries = random_canaries(81, 4, 3, seed=5)
    assert canaries.shape == (81, 4) and canaries.dtype == torch.int64
    assert len(canaries.unique(dim=0)) == 3**4
    assert random_canaries(81, 4, 3, seed=5).equal(canaries)
    assert not random_canaries(40, 9, 64, seed=5).equal(random_canaries(40, 9, 64, seed=6))
    with pytest.raises(ReaderError, match="81 sequences of 4, not 82"):
        random_canaries(82, 4, 3)


def test_random_canaries_use_every_token_about_equally():
    counts = random_canaries(2000, 16, 8, seed=1).flatten().bincount()
    assert len(counts) == 8
    assert (counts / 4000 - 1).abs().max() < 0.1  # 6 standard deviations


def test_numbered_canaries_keep_the_template_and_differ():
    texts = numbered_canaries("code #-#.", 100)
    assert len(set(texts)) == 100
    assert sorted(text[5] + text[7] for text in texts) == [f"{number:02}" for number in range(100)]
    assert all(text[:5] + text[6] + text[8:] == "code -." for text in texts)
    with pytest.raises(ReaderError, match="100 texts, not 101"):
        numbered_canaries("code #-#.", 101)


def test_planting_keeps_the_documents_and_adds_each_canary_its_number_of_times():
    documents = [f"page {number}" for number in range(50)]
    before = list(documents)
    planted = plant(documents, ["a", "b", "c"], [3, 0, 7], seed=2)
    assert documents == before
    assert Counter(planted) == Counter(documents) + Counter({"a": 3, "c": 7})
    assert planted == plant(documents, ["a", "b", "c"], [3, 0, 7], seed=2)
    places = [place for place, text in enumerate(planted) if text == "c"]
    assert max(places) - min(places) > 10  # spread, not in a lump at the end
    for counts in ([1, 2], [1, -1, 0]):
        with pytest.raises(ReaderError, match="counts of 0 or more"):
            plant(documents, ["a", "b", "c"], counts)


def test_extraction_means_every_generated_token_is_right():
    canaries = torch.arange(24).view(3, 8)
    generated = canaries[:, :6].clone()
    generated[1, 5] += 1  # the last token wrong
    generated[2, 1] += 1  # a wrong prompt token says nothing about the model
    assert extracted(generated, canaries, 3).tolist() == [True, False, True]
    assert extracted(generated[:, :5], canaries, 3).tolist() == [True, True, True]
    for length, prefix in ((3, 3), (9, 3)):
        with pytest.raises(ReaderError, match="cannot be compared"):
            extracted(torch.zeros(3, length), canaries, prefix)


def test_rates_are_shares_in_rising_order_of_the_count():
    rates = rate_by_count(torch.tensor([True, False, False, True, True]), [8, 1, 8, 8, 64])
    assert list(rates.items()) == [(1, 0.0), (8, 2 / 3), (64, 1.0)]
    with pytest.raises(ReaderError, match="one count for each"):
        rate_by_count([True], [1, 2])


def test_exposure_of_a_whole_space_is_its_definition():
    losses = torch.randperm(64, generator=torch.Generator().manual_seed(3)).float()
    for place in (0, 17, 63):
        others = torch.cat([losses[:place], losses[place + 1 :]])
        rank = 1 + (losses < losses[place]).sum().item()
        bits = exposure(losses[place : place + 1], others).item()
        assert bits == pytest.approx(math.log2(64) - math.log2(rank), abs=1e-5)


def test_exposure_of_an_ignorant_model_averages_to_one_over_ln_2():
    bits = exposure(torch.rand(20_000, generator=torch.Generator().manual_seed(4)), torch.linspace(0, 1, 9999))
    assert bits.mean().item() == pytest.approx(1 / math.log(2), abs=0.05)


def test_a_tie_is_no_sign_of_memory():
    assert exposure(torch.tensor([2.0]), torch.tensor([2.0, 2.0, 2.0])).item() == 0
    with pytest.raises(ReaderError, match="one at least"):
        exposure(torch.tensor([1.0]), torch.tensor([]))
