"""Loading a model with its tokenizer, by name or from a folder; what is wrong is one line."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

import llmbook
from llmbook import paths
from llmbook.data.tokenizers.bpe import BPETokenizer
from llmbook.errors import ReaderError
from llmbook.models.llama import Llama, LlamaConfig
from llmbook.training.pretrained import load_model, model_folder


@pytest.fixture(scope="module")
def tokenizer():
    return BPETokenizer.train(["a lamp, a lamp"], 280, ["<|endoftext|>"])


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return Llama(LlamaConfig(280, 32, 64, 2, 2)).eval()


@pytest.fixture
def book(tmp_path, model, tokenizer, monkeypatch):
    """A book with one model, "market-base"."""
    folder = tmp_path / "data_samples" / "models" / "base"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (tmp_path / "chapters").mkdir()
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize("name", ["market-base", "data_samples/models/base", Path("data_samples/models/base")])
def test_a_name_and_a_folder_give_the_model_and_its_tokenizer(book, model, tokenizer, name):
    found, cut = llmbook.load_model(name)
    ids = torch.tensor([tokenizer.encode("a lamp")])
    assert not found.training and found.embed_tokens.weight.dtype == torch.float32
    assert torch.equal(found(ids), model(ids)) and cut.encode("a lamp 7") == tokenizer.encode("a lamp 7")
    assert llmbook.load_model(name, torch.bfloat16)[0].embed_tokens.weight.dtype == torch.bfloat16


def test_an_unknown_name_says_which_there_are(book):
    with pytest.raises(ReaderError, match="no model 'market-bse'; did you mean 'market-base'?"):
        load_model("market-bse")
    with pytest.raises(ReaderError, match="no model 'xyz'; known are market-base; or name a folder"):
        load_model("xyz")
    (book / "config.json").unlink()
    with pytest.raises(ReaderError, match="no model 'market-base'; .*models holds none"):
        load_model("market-base")


@pytest.mark.parametrize("name", ["./nowhere", "/no/such/folder", Path("nowhere")])
def test_a_folder_that_is_not_there_is_named(book, name):
    with pytest.raises(ReaderError, match=f"no folder {Path(name).name if name == Path('nowhere') else name}"):
        load_model(name)


def test_a_repository_is_downloaded_with_its_tokenizer(book, monkeypatch):
    asked = {}

    def download(name, allow_patterns):
        asked.update(name=name, patterns=allow_patterns)
        return str(book)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    assert model_folder("somebody/model") == book
    assert asked["name"] == "somebody/model" and "tokenizer.json" in asked["patterns"]


def test_a_tokenizer_that_does_not_belong_to_the_model_is_one_line(book, tokenizer):
    larger = BPETokenizer.train(["abcdefghijklmnopqrstuvwxyz another lamp" * 3], 290, ["<|endoftext|>"])
    larger.save(book / "tokenizer.json")
    with pytest.raises(ReaderError, match=f"has {len(larger)} tokens, the model 280: they do not belong together"):
        load_model(book)
    BPETokenizer.train(["b"], 257, ["<|endoftext|>"]).save(book / "tokenizer.json")
    assert len(load_model(book)[1]) == 257  # a model may have more rows than tokens
    (book / "tokenizer.json").unlink()
    with pytest.raises(ReaderError, match="has no tokenizer.json"):
        load_model(book)


def test_loading_does_not_import_the_compiler(book):
    """PyTorch's compiler takes longer to import than all the rest."""
    script = (
        "import sys, llmbook; llmbook.load_model('market-base'); "
        "print(*[name for name in ('torch._dynamo', 'transformers', 'datasets') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.strip() == "", done.stdout + done.stderr[-500:]


def test_the_books_own_models_are_under_the_samples(book):
    assert model_folder("market-base") == paths.samples() / "models" / "base"
