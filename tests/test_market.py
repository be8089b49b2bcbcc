"""The Market model: what its tokenizer promises, and that it is made from nothing by one call."""

import csv
import json

import numpy as np
import pytest
import torch
import yaml

from llmbook import load_model, market
from llmbook.data.world import HELD_OUT, World
from llmbook.data.world.probes import mapping_probes, product_cloze, reading_probes, sum_probes
from llmbook.errors import ReaderError
from llmbook.training.data import WorldText
from llmbook.training.recipe import Recipe

WEIGHTS = {"questions": 2, "reading": 1, "mapping": 1, "worked": 1, "catalogue": 1, "prose": 0.5}
TEXT = WorldText(30_000, WEIGHTS)


@pytest.fixture(scope="module")
def tokenizer():
    return market.market_tokenizer(market.tokenizer_texts(TEXT, 300_000), 1500)


def test_the_tokenizer_has_the_special_tokens_and_single_digits(tokenizer):
    assert [tokenizer.special_tokens[token] for token in market.SPECIAL_TOKENS] == list(range(16))
    assert len(tokenizer) == 1500
    ids = tokenizer.encode("12 + 345 = 357。共有18个")
    digits = [tokenizer.decode([number]) for number in ids if any(c.isdigit() for c in tokenizer.decode([number]))]
    assert "".join(digits) == "1234535718" and {len(digit) for digit in digits} == {1}


def test_its_texts_are_a_fixed_sample_with_the_shares_of_the_mixture():
    texts = market.tokenizer_texts(TEXT, 300_000)
    sizes = [len(text.encode()) for text in texts]
    assert sum(sizes[:-1]) < 300_000 <= sum(sizes) and texts == market.tokenizer_texts(TEXT, 300_000)
    reading = {record["text"] for record in World(0).records("reading", 1000)}
    share = sum(size for size, text in zip(sizes, texts, strict=True) if text in reading) / sum(sizes)
    assert share == pytest.approx(1 / 6.5, abs=0.04)


def test_a_prompt_is_cut_as_it_was_in_training(tokenizer):
    """The tokens of prompt and answer together begin with those of the prompt, for every probe."""
    world = World(0)
    probes = [
        *product_cloze(world, 100), *reading_probes(world, 50), *mapping_probes(world, 50, 4),
        *mapping_probes(world, 20, 4, "functions"), *sum_probes(world, 30, False),
    ]  # fmt: skip
    for probe in probes:
        prompt, whole = tokenizer.encode(probe.prompt), tokenizer.encode(probe.prompt + probe.answer + "\n")
        assert whole[: len(prompt)] == prompt, probe


def test_every_record_comes_back_from_its_tokens(tokenizer):
    for kind in ("questions", "reading", "mapping", "worked", "dialogue", "crawl"):
        for record in World(0).records(kind, 20, HELD_OUT):
            assert tokenizer.decode(tokenizer.encode(record["text"], parse_special_tokens=False)) == record["text"]


def test_transformers_reads_the_tokenizer_and_lays_out_a_chat(tokenizer, tmp_path):
    from transformers import AutoTokenizer

    market.save_tokenizer(tokenizer, tmp_path)
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    assert theirs.eos_token == "<|endoftext|>" and theirs.pad_token == "<|pad|>"
    messages = [{"role": "user", "content": "Hello, 7 lamps?"}, {"role": "assistant", "content": "你好\n"}]
    laid_out = theirs.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert laid_out == (
        "<|im_start|>user\nHello, 7 lamps?<|im_end|>\n<|im_start|>assistant\n你好\n<|im_end|>\n<|im_start|>assistant\n"
    )
    assert theirs(laid_out)["input_ids"] == tokenizer.encode(laid_out)


# ---------------------------------------------------------------- making it


def tiny(**changes):
    model = {"vocab_size": 700, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1}
    sizes = {"max_steps": 4, "global_batch_size": 4, "micro_batch_size": 4, "block_size": 128, "eval_steps": 2}
    data = {"world": {"tokens": 20_000, "weights": WEIGHTS}, "eval_tokens": 500}
    return Recipe.from_mapping({
        "name": "tiny", "model": {**model, "num_attention_heads": 2, "tie_word_embeddings": True}, "data": data,
        "save_steps": 2, "eval_rows": 4, **sizes, **changes,
    })  # fmt: skip


@pytest.fixture
def small(tmp_path, monkeypatch):
    monkeypatch.setenv("LLMBOOK_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(market, "TOKENIZER_BYTES", 100_000)
    monkeypatch.setattr(market, "_QUESTIONS_ON_THE_WAY", 4)
    return tmp_path / "models" / "base"


def test_the_model_is_made_measured_and_described(small, capsys):
    figures = market.make_base(tiny(), small, questions=10, records=5)
    capsys.readouterr()
    model, tokenizer = load_model(small)
    assert len(tokenizer) == model.config.vocab_size == 700 and model.config.hidden_size == 32
    assert json.loads((small / "figures.json").read_text()) == figures
    assert set(figures["abilities"]) == set(market.PROBES)
    assert set(figures["cross_entropy"]) == {*WEIGHTS, "all"}
    known = {kind: values["gap"] for kind, values in figures["cross_entropy"].items() if kind in WEIGHTS}
    assert known.pop("prose") is None
    mean = np.average(list(known.values()), weights=[WEIGHTS[kind] for kind in known])
    assert figures["cross_entropy"]["all"]["gap"] == pytest.approx(mean, abs=1e-3) and mean > 1
    rows = list(csv.DictReader((small / "history.csv").open()))
    assert [int(row["step"]) for row in rows] == [1, 2, 3, 4] and int(rows[-1]["tokens"]) == 4 * 4 * 128
    assert rows[0]["ability/facts"] == "" and 0 <= float(rows[1]["ability/facts"]) <= 1
    assert 0 < float(rows[3]["eval/reading"]) < 10
    saved = yaml.safe_load((small / "recipe.yaml").read_text())
    assert Recipe.from_mapping(saved) == tiny(tokenizer="market-base")
    card = (small / "README.md").read_text()
    assert "| facts | " in card and f"| all | {figures['cross_entropy']['all']['nats_per_token']:.3f} |" in card
    assert [line.count("|") for line in card.splitlines() if line.startswith("|")] == (
        [3] * (2 + len(WEIGHTS)) + [5] * (2 + len(market.PROBES)) + [4] * (2 + len(WEIGHTS) + 1)
    )
    assert [path.name for path in small.parent.iterdir()] == ["base"]


def test_what_is_saved_is_what_was_trained_and_transformers_loads_it(small, capsys):
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM

    market.make_base(tiny(), small, questions=2, records=2)
    capsys.readouterr()
    (run,) = (small.parents[1] / "home" / "make").iterdir()
    trained = load_file(run / "run" / "model" / "model.safetensors")
    saved = load_file(small / "model.safetensors")
    assert trained.keys() == saved.keys()
    for name, tensor in saved.items():
        assert tensor.dtype == torch.bfloat16 and torch.equal(tensor, trained[name].bfloat16())
    model, tokenizer = load_model(small)
    ids = torch.tensor([tokenizer.encode("Question: 7 + 5 = ?")])
    theirs = AutoModelForCausalLM.from_pretrained(small, dtype=torch.float32)(ids).logits
    torch.testing.assert_close(model(ids), theirs, atol=1e-4, rtol=1e-4)


def test_made_again_it_is_the_same_and_takes_the_place_of_the_old_one(small, capsys):
    market.make_base(tiny(), small, questions=2, records=2)
    weights, run = (small / "model.safetensors").read_bytes(), small.parents[1] / "home" / "make"
    (small / "of-an-older-version").write_text("x")
    (old,) = run.iterdir()
    old.rename(run.parent / "elsewhere")
    market.make_base(tiny(), small, questions=2, records=2)
    assert (small / "model.safetensors").read_bytes() == weights
    assert not (small / "of-an-older-version").exists()
    capsys.readouterr()
    market.make_base(tiny(), small, questions=2, records=2)  # finished already: nothing is trained again
    assert "step" not in capsys.readouterr().err


def test_a_failure_leaves_the_old_model(small, monkeypatch, capsys):
    small.mkdir(parents=True)
    (small / "config.json").write_text("old")

    def fail(*arguments):
        raise RuntimeError("no measure")

    monkeypatch.setattr(market, "measure", fail)
    with pytest.raises(RuntimeError, match="no measure"):
        market.make_base(tiny(), small)
    assert [path.name for path in small.iterdir()] == ["config.json"] and [small] == list(small.parent.iterdir())
    capsys.readouterr()


def test_a_recipe_without_the_world_is_named(small):
    with pytest.raises(ReaderError, match="tiny: the Market model learns from the world: the recipe needs data.world"):
        market.make_base(tiny(data=None), small)


def test_gaps_are_above_zero_for_a_model_that_knows_nothing(tokenizer):
    from llmbook.models.llama import Llama, LlamaConfig

    torch.manual_seed(0)
    model = Llama(LlamaConfig(len(tokenizer), 32, 64, 1, 2, max_position_embeddings=256)).eval()
    scores = market.gaps(model, tokenizer, TEXT, 5)
    assert set(scores) == set(WEIGHTS) and scores["prose"].gap is None
    for kind in set(WEIGHTS) - {"prose"}:
        assert scores[kind].per_token == pytest.approx(np.log(len(tokenizer)), abs=0.2)  # all tokens are alike to it
        assert 3 < scores[kind].gap < np.log(len(tokenizer))
    with pytest.raises(ReaderError, match="no probes 'fact'"):
        market.ability(model, tokenizer, "fact", 2)
