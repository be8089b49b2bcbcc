"""Tokens for a training: made once, the same whoever makes them, and met in an order that a step number gives."""

import json
import subprocess
import sys
from collections import Counter
from itertools import islice, pairwise

import numpy as np
import pytest
import torch

from llmbook.data import prose
from llmbook.data.tokenizers.bpe import BPETokenizer
from llmbook.data.tokenizers.shards import open_shards, write_shards
from llmbook.data.world import World
from llmbook.errors import ReaderError
from llmbook.options import from_mapping
from llmbook.training import data
from llmbook.training.data import DataOptions, HubText, TokenRows, WorldText, permuted, prepare

WEIGHTS = {"catalogue": 3.0, "arithmetic": 1.0, "prose": 1.0}


@pytest.fixture(scope="module")
def tokenizer():
    texts = [record["text"] for kind in ("catalogue", "arithmetic") for record in World(0).records(kind, 200)]
    return BPETokenizer.train([*texts, *prose.topics()[:200]], 600, ["<|endoftext|>"])


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LLMBOOK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def ids_in(folder):
    return np.concatenate([np.asarray(shard, dtype=np.int64) for shard in open_shards(folder)])


def documents_in(folder, tokenizer):
    end = tokenizer.special_tokens["<|endoftext|>"]
    ids = ids_in(folder)
    ends = [-1, *np.flatnonzero(ids == end)]
    return [tokenizer.decode(ids[start + 1 : stop]) for start, stop in pairwise(ends)]


# ---------------------------------------------------------------- options


@pytest.mark.parametrize(
    "section, words",
    [
        ({}, "name one source of text, shards, world or hub"),
        ({"shards": "a", "hub": {"name": "b", "tokens": 1}}, "not shards and hub"),
        ({"world": {"tokens": 5, "weights": {"catalog": 1.0}}}, "no source 'catalog'; did you mean 'catalogue'?"),
        ({"world": {"tokens": 5, "weights": {"prose": -1}}}, "prose must be a number from 0 on, not -1"),
        ({"world": {"tokens": 5, "weights": {"prose": 0}}}, "a weight above 0"),
        ({"world": {"tokens": 0, "weights": {"prose": 1}}}, "data.world.tokens must be 1 or more, not 0"),
        ({"hub": {"name": "b", "tokens": 1}, "eval_shards": "c"}, "eval_shards belongs to shards"),
        ({"hub": {"name": "b"}}, "the key 'tokens' is missing"),
        ({"shards": "a", "eval_tokens": 0}, "data.eval_tokens must be 1 or more"),
    ],
)
def test_a_bad_section_is_told_in_one_line(section, words):
    with pytest.raises(ReaderError) as caught:
        from_mapping(DataOptions, section, "recipe.yaml: data")
    assert words in str(caught.value) and "\n" not in str(caught.value)


# ---------------------------------------------------------------- the world


def test_the_documents_are_the_worlds_and_have_their_shares_of_the_tokens(tokenizer):
    options = DataOptions(world=WorldText(150_000, WEIGHTS), eval_tokens=4000)
    prepared = prepare(options, tokenizer)
    assert len(ids_in(prepared.train)) == 150_000
    reference = "\n\n".join(prose.topics())
    world, shares = World(0), Counter()
    made = {kind: {record["text"] for record in world.records(kind, 3000)} for kind in ("catalogue", "arithmetic")}
    for text in documents_in(prepared.train, tokenizer):
        (source,) = [kind for kind in made if text in made[kind]] or ["prose"]
        assert source != "prose" or text in reference
        shares[source] += len(tokenizer.encode(text)) + 1
    for source, weight in WEIGHTS.items():
        assert shares[source] / 150_000 == pytest.approx(weight / 5, abs=0.04)


def test_what_is_held_out_is_never_trained_on(tokenizer):
    options = DataOptions(world=WorldText(100_000, WEIGHTS), eval_tokens=4000)
    prepared = prepare(options, tokenizer)
    assert set(prepared.evaluation) == set(WEIGHTS)
    train = set(documents_in(prepared.train, tokenizer))
    for source, folder in prepared.evaluation.items():
        held_out = documents_in(folder, tokenizer)
        assert 4000 <= len(ids_in(folder)) < 4000 + max(len(tokenizer.encode(text)) + 1 for text in held_out)
        if source == "prose":
            assert not train.intersection(held_out)
        else:
            assert held_out == [record["text"] for record in World(0).records(source, len(held_out), start=10_000_000)]


def test_all_the_prose_is_there_and_a_tenth_of_it_held_out():
    train, held_out = list(data._passages(held_out=False)), list(data._passages(held_out=True))
    together = [(held_out if number % 10 == 9 else train).pop(0) for number in range(len(train) + len(held_out))]
    assert "\n\n".join(together) == "\n\n".join(prose.topics())
    assert len(data._passages(held_out=True)) == len(together) // 10


def test_the_ids_do_not_depend_on_the_number_of_workers(tokenizer, home, monkeypatch):
    monkeypatch.setattr(data, "_DOCUMENTS_AT_ONCE", 50)
    options, seen = DataOptions(world=WorldText(60_000, WEIGHTS), eval_tokens=500), []
    alone = prepare(options, tokenizer, num_workers=1, progress=lambda ready, of: seen.append((ready, of)))
    ids = ids_in(alone.train)
    assert seen[-1] == (60_000, 60_000) and seen == sorted(seen) and len(seen) > 3
    (home / "tokens").rename(home / "first")
    together = prepare(options, tokenizer, num_workers=2)
    assert np.array_equal(ids, ids_in(together.train))


def test_workers_are_started_by_a_script_without_a_main_guard(tokenizer, tmp_path):
    tokenizer.save(tmp_path / "tokenizer.json")
    script = tmp_path / "script.py"
    script.write_text(f"""
from llmbook.data.tokenizers.bpe import BPETokenizer
from llmbook.training.data import DataOptions, WorldText, prepare
tokens = WorldText(20_000, {{"arithmetic": 1.0}})
prepared = prepare(DataOptions(world=tokens, eval_tokens=500), BPETokenizer.from_file({str(tmp_path)!r}), num_workers=2)
print("made", prepared.train)
""")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.count("made") == 1, done.stderr[-1000:]


def test_the_same_options_are_made_once_and_others_anew(tokenizer, home, monkeypatch):
    options = DataOptions(world=WorldText(20_000, {"arithmetic": 1.0}), eval_tokens=500)
    first = prepare(options, tokenizer)
    written = (first.train / "index.json").stat().st_mtime_ns
    assert prepare(options, tokenizer) == first and (first.train / "index.json").stat().st_mtime_ns == written
    other = BPETokenizer.train(["something else"], 300, ["<|endoftext|>"])
    others = [
        prepare(DataOptions(world=WorldText(20_001, {"arithmetic": 1.0}), eval_tokens=500), tokenizer),
        prepare(DataOptions(world=WorldText(20_000, {"arithmetic": 1.0}, seed=1), eval_tokens=500), tokenizer),
        prepare(options, other),
    ]
    monkeypatch.setattr(data, "_text", lambda seed, place: "another wording")
    others.append(prepare(options, tokenizer))
    assert len({first.train, *(prepared.train for prepared in others)}) == 5


def test_nothing_is_left_where_the_making_fails(tokenizer, home):
    def fail(ready, of):
        raise RuntimeError("stopped half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        prepare(DataOptions(world=WorldText(20_000, WEIGHTS)), tokenizer, progress=fail)
    assert [path for path in (home / "tokens").iterdir() if path.is_dir()] == []


def test_of_two_processes_one_makes_the_tokens_and_the_other_waits(tokenizer, tmp_path, home):
    tokenizer.save(tmp_path / "tokenizer.json")
    script = f"""
from llmbook.data.tokenizers.bpe import BPETokenizer
from llmbook.training.data import DataOptions, WorldText, prepare
made = []
tokens = WorldText(200_000, {{"arithmetic": 1.0}})
prepare(DataOptions(world=tokens), BPETokenizer.from_file({str(tmp_path)!r}), progress=lambda *at: made.append(at))
print(len(made) > 0)
"""
    both = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sorted(process.communicate(timeout=120)[0].strip() for process in both) == ["False", "True"]
    assert len([path for path in (home / "tokens").iterdir() if path.is_dir()]) == 1


def test_a_separator_that_the_tokenizer_lacks_is_named(tokenizer):
    with pytest.raises(ReaderError, match="'<eos>' is no special token of the tokenizer; it has <|endoftext|>"):
        prepare(DataOptions(world=WorldText(1000, WEIGHTS), separator="<eos>"), tokenizer)


# ---------------------------------------------------------------- shards and the hub


def test_shards_that_are_there_are_used_as_they_are(tokenizer, tmp_path):
    for name in ("train", "other"):
        write_shards(["some text"] * 20, tokenizer, tmp_path / name, "<|endoftext|>")
    prepared = prepare(DataOptions(shards=tmp_path / "train", eval_shards=tmp_path / "other"), tokenizer)
    assert prepared.train == tmp_path / "train" and prepared.evaluation == {"shards": tmp_path / "other"}
    assert not prepare(DataOptions(shards=tmp_path / "train"), tokenizer).evaluation
    small = BPETokenizer.train(["a"], 300, ["<|endoftext|>"])
    with pytest.raises(ReaderError, match=f"vocabulary of {len(tokenizer)} tokens, the tokenizer has {len(small)}"):
        prepare(DataOptions(shards=tmp_path / "train"), small)
    with pytest.raises(ReaderError, match="holds no finished shards"):
        prepare(DataOptions(shards=tmp_path / "nowhere"), tokenizer)


def test_a_dataset_is_streamed_from_a_folder_and_its_first_documents_are_held_out(tokenizer, tmp_path):
    import pyarrow
    import pyarrow.parquet

    texts = [f"document number {number} of the set" for number in range(300)]
    (tmp_path / "json").mkdir()
    (tmp_path / "json" / "part.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    (tmp_path / "parquet").mkdir()
    pyarrow.parquet.write_table(pyarrow.table({"content": texts}), tmp_path / "parquet" / "train.parquet")
    for folder, column in (("json", "text"), ("parquet", "content")):
        source = HubText(str(tmp_path / folder), tokens=2000, text_column=column)
        prepared = prepare(DataOptions(hub=source, eval_tokens=100), tokenizer)
        held_out = documents_in(prepared.evaluation["hub"], tokenizer)
        train = documents_in(prepared.train, tokenizer)
        assert held_out + train == texts[: len(held_out) + len(train)] and len(held_out) > 1
        assert 100 <= len(ids_in(prepared.evaluation["hub"])) < 120 and len(ids_in(prepared.train)) == 2000


def test_rows_without_a_text_are_passed_over(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "one"}\n{"text": null}\n{"text": ""}\n{"text": "two"}\n')
    assert list(data.hub_documents(HubText(str(tmp_path), 10))) == ["one", "two"]


def test_without_locks_the_first_of_two_makers_is_taken(tokenizer, home, monkeypatch):
    """As on a network file system: the other one comes between the check and the end."""
    options, inner = DataOptions(world=WorldText(20_000, {"arithmetic": 1.0}), eval_tokens=500), []

    def no_locks(*arguments):
        raise OSError("not here")

    def meanwhile(ready, of):
        if not inner:
            inner.append(None)
            inner[0] = prepare(options, tokenizer, progress=lambda ready, of: None)

    monkeypatch.setattr("fcntl.flock", no_locks)
    assert prepare(options, tokenizer, progress=meanwhile) == inner[0]
    assert [path.name for path in (home / "tokens").iterdir() if path.is_dir()] == [inner[0].train.parent.name]


def test_a_dataset_that_ends_before_is_taken_whole(tokenizer, tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "a.jsonl").write_text('{"text": "one"}\n{"text": "two"}\n{"text": "three"}\n')
    prepared = prepare(DataOptions(hub=HubText(str(folder), 10**6), eval_tokens=1), tokenizer, num_workers=1)
    assert documents_in(prepared.train, tokenizer) == ["two", "three"]
    with pytest.raises(ReaderError, match="the text ended before eval_tokens 5000"):
        prepare(DataOptions(hub=HubText(str(folder), 10**6), eval_tokens=5000), tokenizer, num_workers=1)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"text_column": "body"}, "has no text in a column 'body'; text_column may be text, url"),
        ({"split": "dev"}, "cannot read .*dev"),
        ({"name": "/no/such/folder"}, "cannot read /no/such/folder"),
        ({"name": "somebody/something"}, "cannot read somebody/something"),
    ],
)
def test_a_dataset_that_cannot_be_read_is_told_in_one_line(options, words, tokenizer, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    (tmp_path / "a.jsonl").write_text('{"text": "one", "url": "x"}\n')
    hub = HubText(**{"name": str(tmp_path), "tokens": 100, **options})
    with pytest.raises(ReaderError, match=words) as caught:
        prepare(DataOptions(hub=hub, eval_tokens=1), tokenizer)
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------- rows


@pytest.mark.parametrize("size", [1, 2, 3, 17, 1000, 4096, 4097, 5000, 8191, 8192, 8193, 100_003])
def test_a_permutation_meets_every_place_once_and_another_key_another_way(size):
    whole = permuted(np.arange(size), size, 7, 0)
    assert np.array_equal(np.sort(whole), np.arange(size))
    some = np.random.default_rng(0).integers(0, size, 50)
    assert np.array_equal(permuted(some, size, 7, 0), whole[some])
    if size > 100:
        assert not np.array_equal(whole, permuted(np.arange(size), size, 7, 1))
        assert not np.array_equal(whole, permuted(np.arange(size), size, 8, 0))


def test_a_permutation_of_more_than_memory_holds_is_worked_out_where_it_is_needed():
    size = 10**15
    places = np.arange(size - 1000, size)
    found = permuted(places, size, 0)
    assert len(set(found.tolist())) == 1000 and found.min() >= 0 and found.max() < size
    assert found.mean() / size == pytest.approx(0.5, abs=4 / np.sqrt(12 * 1000))


@pytest.mark.parametrize("size", [3000, 10_007])
def test_permutations_look_random(size):
    """Against what is known of uniform ones: fixed points, neighbours, and where the first batch comes from."""
    everything, fixed, neighbours, first = np.arange(size), [], [], np.zeros(16)
    for key in range(200):
        order = permuted(everything, size, key)
        fixed.append((order == everything).sum())
        neighbours.append(np.corrcoef(order[:-1], order[1:])[0, 1])
        first += np.bincount(order[:64] * 16 // size, minlength=16)
    assert np.mean(fixed) == pytest.approx(1, abs=4 / np.sqrt(200))  # Poisson(1)
    assert np.mean(neighbours) == pytest.approx(0, abs=4 / np.sqrt(200 * size))
    assert np.std(neighbours) * np.sqrt(size) == pytest.approx(1, abs=0.25)
    expected = 200 * 64 / 16
    assert ((first - expected) ** 2 / expected).sum() < 37.7  # chi-square, 15 degrees of freedom: 1 in 1000


def test_all_orders_of_few_rows_are_equally_likely():
    counts = Counter(tuple(permuted(np.arange(4), 4, 0, key)) for key in range(2400))
    assert len(counts) == 24
    assert sum((count - 100) ** 2 / 100 for count in counts.values()) < 49.7  # 23 degrees of freedom: 1 in 1000


@pytest.fixture
def shards(tmp_path, tokenizer):
    """Three files: 100, 100 and some tokens."""
    texts = [f"text number {number}" for number in range(40)]
    write_shards(texts, tokenizer, tmp_path / "shards", "<|endoftext|>", shard_tokens=100)
    return tmp_path / "shards"


def test_an_epoch_meets_every_row_once_whatever_the_batch(shards):
    rows = TokenRows(shards, 16, seed=3)
    files = [np.asarray(shard, dtype=np.int64) for shard in open_shards(shards)]
    cut = [tuple(file[start : start + 16]) for file in files for start in range(0, len(file) - 15, 16)]
    assert len(rows) == len(cut) and len(files) > 2
    for batch_size in (1, 5, len(cut) + 3):
        steps = -(-2 * len(cut) // batch_size)
        drawn = torch.cat([rows.batch(step, batch_size) for step in range(steps)])
        assert drawn.dtype == torch.int64 and drawn.shape == (steps * batch_size, 16)
        seen = [tuple(row.tolist()) for row in drawn]
        first, second = seen[: len(cut)], seen[len(cut) : 2 * len(cut)]
        assert Counter(first) == Counter(second) == Counter(cut)
        assert first != second


def test_a_step_is_a_function_of_seed_and_number(shards):
    rows, again, other = TokenRows(shards, 16, seed=3), TokenRows(shards, 16, seed=3), TokenRows(shards, 16, seed=4)
    late = rows.batch(1234, 8)
    rows.batch(0, 8)
    assert torch.equal(late, again.batch(1234, 8)) and torch.equal(late, rows.batch(1234, 8))
    assert not torch.equal(late, other.batch(1234, 8))
    places = rows.places(1234, 8)
    assert torch.equal(torch.cat([rows.read(places[:3]), rows.read(places[3:])]), late)


def test_evaluation_takes_the_first_rows_and_too_little_text_is_named(shards):
    rows = TokenRows(shards, 16)
    whole = torch.from_numpy(np.asarray(open_shards(shards)[0], dtype=np.int64))
    assert torch.equal(rows.first(2), whole[:32].view(2, 16)) and len(rows.first(10**6)) == len(rows)
    with pytest.raises(ReaderError, match="less than one row of 1000"):
        TokenRows(shards, 1000)


def test_documents_of_the_mixture_follow_each_other_in_random_order():
    options = WorldText(1, {"catalogue": 1.0, "arithmetic": 1.0})
    texts = list(islice(data.world_documents(options, len), 400))
    assert texts == list(islice(data.world_documents(options, len), 400))
    world = World(0)
    made = {record["text"] for record in world.records("catalogue", 400)}
    drawn = np.array([text in made for text in texts])
    changes = (drawn[1:] != drawn[:-1]).mean()
    share = drawn.mean()
    assert changes == pytest.approx(2 * share * (1 - share), abs=0.1)
