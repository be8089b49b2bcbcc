"""The committed sample, and files of records."""

import json

import pytest

from llmbook import paths
from llmbook.data import samples
from llmbook.data.world import World
from llmbook.errors import ReaderError


def test_the_committed_sample_is_what_the_generator_writes(tmp_path):
    samples.write_samples(tmp_path)
    committed = paths.samples() / "world"
    made = sorted(path.name for path in (tmp_path / "world").iterdir())
    assert made == sorted(path.name for path in committed.iterdir())
    for name in made:
        assert (tmp_path / "world" / name).read_bytes() == (committed / name).read_bytes(), (
            f"llmbook make samples: {name}"
        )
    assert sum(path.stat().st_size for path in committed.iterdir()) < 1_700_000


@pytest.mark.parametrize("kind", samples.COUNTS)
def test_load_sample(kind):
    dataset = samples.load_sample(kind)
    assert len(dataset) == samples.COUNTS[kind]
    assert dataset.to_list() == list(World(0).records(kind, samples.COUNTS[kind]))


def test_world_json_tells_all(tmp_path):
    told, world = json.loads((paths.samples() / "world" / "world.json").read_text(encoding="utf-8")), World(0)
    assert [len(told[name]) for name in ("cities", "makers", "shops", "products", "prices")] == [12, 60, 36, 144, 432]
    product, shop = told["products"][7], told["shops"][3]
    assert product["name"] == world.products[7].name._asdict() and product["maker"] == world.products[7].maker.id
    assert shop["owner"] == world.shops[3].owner.id and shop["opened"] == world.shops[3].opened


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_write_records(tmp_path, suffix):
    import datasets

    path = tmp_path / "new" / f"records.{suffix}"
    samples.write_records(World(0), "dialogue", 1203, path, start=7)
    loader = {"jsonl": "json", "parquet": "parquet"}[suffix]
    loaded = datasets.load_dataset(loader, data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.to_list() == list(World(0).records("dialogue", 1203, start=7))
    assert [path.name for path in path.parent.iterdir()] == [path.name]  # nothing half-written is left


def test_complaints(tmp_path, monkeypatch):
    world = World(0)
    old = tmp_path / "old.jsonl"
    old.write_text("precious")
    (tmp_path / "file").write_text("")
    for call in (
        lambda: samples.write_records(world, "poems", 1, old),
        lambda: samples.write_records(world, "dialogue", -1, old),
        lambda: samples.write_records(world, "dialogue", 1, tmp_path / "records.csv"),
        lambda: samples.write_records(world, "dialogue", 1, tmp_path / "file" / "records.jsonl"),
        lambda: samples.load_sample("poems"),
    ):
        with pytest.raises(ReaderError) as error:
            call()
        assert "\n" not in str(error.value)
    assert old.read_text() == "precious"

    monkeypatch.setattr(paths, "samples", lambda: tmp_path)
    with pytest.raises(ReaderError, match="missing"):
        samples.load_sample("dialogue")
    (tmp_path / "world").mkdir()
    (tmp_path / "world" / "dialogue.jsonl").write_text('{"id": "dialogue-0"')
    with pytest.raises(ReaderError, match="damaged"):
        samples.load_sample("dialogue")
