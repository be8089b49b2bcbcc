import json
import math
from collections import Counter

import numpy as np
import pytest
from datasets import Dataset, interleave_datasets
from scipy.stats import chisquare

from llmbook.data.corpora import corpora
from llmbook.data.mixtures import (
    MixtureSampler,
    capped_weights,
    epochs,
    first_exhausted,
    log_size_weights,
    mixture_table,
    natural_weights,
    record_weights,
    temperature_weights,
    unique_sizes,
    up_weighting,
)
from llmbook.errors import ReaderError

GPT3 = corpora()["gpt3"]
SIZES, WEIGHTS = GPT3.column("tokens"), GPT3.column("weight")


def test_gpt3_was_trained_for_less_than_half_an_epoch_of_commoncrawl():
    rows = {row.source: row for row in mixture_table(SIZES, WEIGHTS, 300e9)}
    seen = {name: row.epochs for name, row in rows.items()}
    assert seen == pytest.approx(
        {"CommonCrawl": 0.439, "WebText2": 3.474, "Books1": 2.0, "Books2": 0.436, "Wikipedia": 3.0}, abs=5e-4
    )
    assert rows["Wikipedia"].natural == pytest.approx(3 / 499)
    assert rows["Wikipedia"].up_weighting == pytest.approx(0.03 * 499 / 3)
    assert rows["CommonCrawl"].tokens == pytest.approx(180e9)
    assert rows["CommonCrawl"].up_weighting < 1 < rows["Books1"].up_weighting


def test_sizes_follow_from_weights_and_epochs():
    llama = corpora()["llama"]
    names = list(llama)
    sizes = unique_sizes(list(llama.column("weight").values()), 1.4e12, list(llama.column("epochs").values()))
    expected = [852.7, 198.1, 98.4, 25.7, 28.3, 33.0, 27.2]
    assert dict(zip(names, sizes / 1e9, strict=True)) == pytest.approx(
        dict(zip(names, expected, strict=True)), abs=0.06
    )
    w = [0.2, 0.8]
    assert unique_sizes(w, 50.0, epochs(w, 50.0, [3.0, 7.0])) == pytest.approx([3.0, 7.0])


def test_temperature_goes_from_natural_to_equal():
    sizes = [1.0, 10.0, 1000.0]
    assert temperature_weights(sizes, 1.0) == pytest.approx(natural_weights(sizes))
    assert natural_weights(sizes) == pytest.approx(np.array(sizes) / 1011)
    assert temperature_weights(sizes, 2.0) == pytest.approx(np.sqrt(sizes) / np.sqrt(sizes).sum())
    assert temperature_weights(sizes, math.inf) == pytest.approx([1 / 3] * 3)
    assert temperature_weights([1e300, 1e-300], 0.01) == pytest.approx([1.0, 0.0])


def test_the_handbooks_rule_is_the_share_of_logarithms():
    assert log_size_weights([10, 100, 1000]) == pytest.approx([1 / 6, 2 / 6, 3 / 6])
    assert log_size_weights([1, 100]) == pytest.approx([0, 1])
    with pytest.raises(ReaderError, match="below 1 is no weight"):
        log_size_weights([0.5, 100])
    with pytest.raises(ReaderError, match="not all of them 1"):
        log_size_weights([1, 1])


def test_up_weighting_is_one_for_natural_weights():
    assert up_weighting(natural_weights([3, 4, 5]), [3, 4, 5]) == pytest.approx([1, 1, 1])


def test_long_documents_are_drawn_less_often():
    rates = record_weights([0.5, 0.5], [100, 10_000])
    assert rates == pytest.approx([100 / 101, 1 / 101])
    assert rates * [100, 10_000] / (rates @ [100, 10_000]) == pytest.approx([0.5, 0.5])


def test_webtext2_runs_out_before_wikipedia():
    name, tokens = first_exhausted(WEIGHTS, SIZES, 4)
    assert name == "WebText2"
    assert tokens == pytest.approx(19e9 * 4 / 0.22)
    assert first_exhausted({"a": 0.0, "b": 1.0}, {"a": 1.0, "b": 5.0}, 2) == ("b", 10.0)


def test_the_cap_holds_and_the_rest_keeps_its_proportions():
    sizes, weights = np.array([1.0, 10.0, 50.0, 100.0]), np.array([0.4, 0.3, 0.2, 0.1])
    capped = capped_weights(weights, sizes, 100.0, 2.0)
    assert capped.sum() == pytest.approx(1)
    assert epochs(capped, 100.0, sizes).max() <= 2 + 1e-9
    assert capped[:2] == pytest.approx([0.02, 0.2])
    assert capped[2] / capped[3] == pytest.approx(2)
    assert capped_weights(weights, sizes, 1.0, 4.0) == pytest.approx(weights)
    with pytest.raises(ReaderError, match="raise max_epochs"):
        capped_weights(weights, sizes, 1000.0, 2.0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: epochs([0.5], 1.0, [0.0]), "a number above 0"),
        (lambda: epochs([-0.5], 1.0, [1.0]), "negative"),
        (lambda: temperature_weights([1, 2], 0), "above 0"),
        (lambda: mixture_table({"a": 1.0}, {"b": 1.0}, 1.0), "the same things: a, b"),
        (lambda: mixture_table({"a": 1.0}, {"a": 60.0}, 1.0), "are they percentages"),
        (lambda: MixtureSampler({"a": [1]}, {"a": 0.0}), "one at least must be above 0"),
        (lambda: MixtureSampler({"a": [1]}, {"a": 1.0}, exhausted="weep"), "unknown policy 'weep'"),
        (lambda: next(MixtureSampler({"a": []}, {"a": 1.0})), "no first record"),
        (lambda: [*zip(range(9), MixtureSampler({"a": iter([1, 2])}, {"a": 1.0}), strict=False)], "read only once"),
    ],
)
def test_bad_input_is_explained(call, words):
    with pytest.raises(ReaderError, match=words):
        call()


# ---------------------------------------------------------------- the sampler

LISTS = {"web": list(range(500)), "books": list(range(40)), "code": list(range(7))}
SHARES = {"web": 0.6, "books": 0.3, "code": 0.1}


def take(sampler, count):
    return [record for _, record in zip(range(count), sampler, strict=False)]


def test_shares_are_those_that_were_asked_for():
    counts = Counter(name for name, _ in take(MixtureSampler(LISTS, SHARES, seed=3), 20_000))
    assert chisquare([counts[name] for name in SHARES], [20_000 * share for share in SHARES.values()]).pvalue > 1e-3


def test_records_of_a_source_come_in_order_and_again():
    stream = take(MixtureSampler(LISTS, SHARES), 3000)
    for name, source in LISTS.items():
        drawn = [record for where, record in stream if where == name]
        assert drawn == [source[number % len(source)] for number in range(len(drawn))]


@pytest.mark.parametrize("exhausted", ["repeat", "drop", "stop"])
@pytest.mark.parametrize("wrap", [list, tuple, lambda rows: {row: None for row in rows}])
def test_a_resumed_stream_goes_on_where_it_was(exhausted, wrap):
    sources = {name: wrap(rows) for name, rows in LISTS.items()}
    whole = take(MixtureSampler(sources, SHARES, 5, exhausted), 5000)
    for stop in (0, 1, 40, 137):
        first = MixtureSampler(sources, SHARES, 5, exhausted)
        begun = take(first, stop)
        state = json.loads(json.dumps(first.state_dict()))
        second = MixtureSampler(sources, SHARES, 99, exhausted)
        second.load_state_dict(state)
        assert begun + take(second, 5000 - stop) == whole
        assert sum(second.taken.values()) == len(whole)


def test_drop_gives_every_record_once():
    stream = list(MixtureSampler(LISTS, SHARES, exhausted="drop"))
    assert sorted(stream) == sorted((name, row) for name, rows in LISTS.items() for row in rows)


def test_stop_ends_with_the_first_source():
    stream = list(MixtureSampler(LISTS, SHARES, exhausted="stop"))
    counts = Counter(name for name, _ in stream)
    full = [name for name, rows in LISTS.items() if counts[name] == len(rows)]
    assert len(full) == 1
    assert all(counts[name] <= len(rows) for name, rows in LISTS.items())


def test_a_source_of_weight_zero_is_never_drawn():
    sampler = MixtureSampler({"a": [1], "b": []}, {"a": 1.0, "b": 0.0})
    assert {name for name, _ in take(sampler, 50)} == {"a"}


def test_a_state_of_other_sources_is_refused():
    state = MixtureSampler({"a": [1]}, {"a": 1.0}).state_dict()
    with pytest.raises(ReaderError, match="the state is of the sources a"):
        MixtureSampler({"b": [1]}, {"b": 1.0}).load_state_dict(state)


def test_the_distribution_is_that_of_interleave_datasets():
    columns = {name: Dataset.from_dict({"source": [name] * 3000}) for name in SHARES}
    theirs = interleave_datasets(
        list(columns.values()), probabilities=list(SHARES.values()), seed=1, stopping_strategy="first_exhausted"
    )["source"]
    ours = [name for name, _ in MixtureSampler(columns, SHARES, exhausted="stop")]
    length = min(len(ours), len(theirs))
    assert length > 4500
    table = np.array([[stream[:length].count(name) for name in SHARES] for stream in (ours, list(theirs))])
    expected = table.sum(0) / 2
    assert chisquare(table.ravel(), np.tile(expected, 2), ddof=3).pvalue > 1e-3
    # Pairs of neighbours too: the choices are independent of each other.
    pairs = Counter(zip(ours, ours[1:], strict=False))
    product = {(a, b): SHARES[a] * SHARES[b] * (len(ours) - 1) for a in SHARES for b in SHARES}
    assert chisquare([pairs[key] for key in product], [*product.values()], sum_check=False).pvalue > 1e-3
