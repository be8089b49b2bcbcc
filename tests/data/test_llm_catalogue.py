"""The tables of section 1.2, counted by hand in the book, and what happens to damaged ones."""

import csv
from collections import Counter

import pytest

from llmbook import paths
from llmbook.data.llm_catalogue import COLUMNS, llm_catalogue
from llmbook.errors import ReaderError

MODELS = {model.name: model for model in llm_catalogue()}


def test_the_tables_have_36_open_and_23_closed_models():
    assert [model.open for model in llm_catalogue()] == [True] * 36 + [False] * 23
    assert len(MODELS) == 59


def test_models_per_year():
    years = Counter((model.open, model.year) for model in MODELS.values())
    assert [years[True, year] for year in range(2019, 2024)] == [1, 1, 3, 9, 22]
    assert [years[False, year] for year in range(2019, 2024)] == [0, 1, 5, 5, 12]


def test_each_table_is_in_the_order_of_release():
    for table in (True, False):
        times = [model.time for model in llm_catalogue() if model.open is table]
        assert times == sorted(times)
    assert MODELS["T5"].time == pytest.approx(2019 + 9.5 / 12) and MODELS["LLaMA2"].month == 7


@pytest.mark.parametrize(
    ("name", "ratio"), [("GPT-3", 1.7), ("PaLM", 1.4), ("Chinchilla", 20), ("LLaMA", 21.5), ("LLaMA2", 28.6)]
)
def test_tokens_for_each_parameter(name, ratio):
    assert round(MODELS[name].tokens_per_param, 1) == ratio


def test_data_given_in_bytes_are_no_tokens():
    assert {m.name: m.bytes for m in MODELS.values() if m.bytes} == {
        "PanGu-α": 1.1e12, "CPM-2": 2.6e12, "GPT-NeoX-20B": 825e9, "TigerBot-7b-base": 100e9,
    }  # fmt: skip
    assert all(not (m.bytes and m.tokens) for m in MODELS.values())
    assert MODELS["PanGu-α"].tokens_per_param is None


def test_bases():
    on_llama = [m for m in MODELS.values() if "LLaMA" in m.base]
    assert len(on_llama) == 8
    tuned = {m.name for m in on_llama if m.open and m.type == "IT"}
    assert tuned == {"Alpaca", "Vicuna", "Koala", "Baize", "BenTsao", "GPT4All"}
    assert MODELS["Gorilla"].base == ("MPT-7B", "Falcon")
    assert {base for m in MODELS.values() for base in m.base} - set(MODELS) == {"LaMDA-PT", "PaLM-2"}
    assert all(MODELS[base].time <= m.time for m in MODELS.values() for base in m.base if base in MODELS)


def test_the_largest_is_glam():
    largest = max((m for m in MODELS.values() if m.params), key=lambda m: m.params)
    assert (largest.name, largest.params) == ("GLaM", 1.2e12)


def test_what_is_not_published_is_unknown():
    unknown = [m for m in MODELS.values() if m.params is None]
    assert len(unknown) == 11 and not any(m.open for m in unknown)
    assert MODELS["GPT-4"].params is None and MODELS["GPT-4"].tokens_per_param is None


def test_the_books_errors_are_noted_where_they_stand():
    noted = {
        "PanGu-α": "tokens", "CPM-2": "tokens", "OPT": "tokens", "Chinchilla": "tokens", "BLOOM": "params",
        "Alpaca": "params", "Vicuna": "date", "ChatGLM-6B": "date", "Robin-65B": "type", "StableLM": "base",
        "MiniMax": "name", "ERNIE Bot": "date", "Tongyi Qianwen": "date",
    }  # fmt: skip
    assert all(column in MODELS[name].notes for name, column in noted.items())
    assert "1.1 TB" in MODELS["PanGu-α"].notes["tokens"] and "2.6 TB" in MODELS["CPM-2"].notes["tokens"]
    assert "MinMax" in MODELS["MiniMax"].notes["name"] and "175 billion" in MODELS["BLOOM"].notes["params"]


GOOD = ["Mine", "我的", "2024-01", "1e9", "LLaMA", "LM+IT", "2e10", "", "yes", "date: a guess | base: also a guess"]


def write(path, *rows, header=COLUMNS, encoding="utf-8"):
    with open(path, "w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def test_a_readers_own_table(tmp_path):
    for encoding in ("utf-8", "utf-8-sig"):  # the second is what spreadsheets write
        (model,) = llm_catalogue(write(tmp_path / "own.csv", GOOD, [], encoding=encoding))
        assert (model.name, model.name_zh, model.year, model.month) == ("Mine", "我的", 2024, 1)
        assert (model.params, model.tokens_per_param, model.base, model.open) == (1e9, 20.0, ("LLaMA",), True)
        assert model.notes == {"date": "a guess", "base": "also a guess"}


@pytest.mark.parametrize(
    ("column", "value", "complaint"),
    [
        ("name", "", "no name"),
        ("date", "2024-13", "write year and month as 2023-07"),
        ("date", "January 2024", "write year and month"),
        ("params", "7B", "write a number such as 6.7e9"),
        ("params", "-7e9", "write a number"),
        ("tokens", "nan", "write a number"),
        ("tokens", "inf", "write a number"),
        ("type", "chat", "one of LM, IT, LM"),
        ("open", "true", "yes or no"),
        ("note", "a guess", "does not begin with a column's name"),
        ("note", "when: a guess", "does not begin with a column's name"),
    ],
)
def test_a_damaged_cell_is_named(tmp_path, column, value, complaint):
    row = [value if name == column else cell for name, cell in zip(COLUMNS, GOOD, strict=True)]
    path = write(tmp_path / "own.csv", GOOD, row)
    with pytest.raises(ReaderError, match=complaint) as error:
        llm_catalogue(path)
    assert "row 3" in str(error.value) and "\n" not in str(error.value) and "git" not in str(error.value)


def test_files_that_are_no_table(tmp_path):
    (tmp_path / "latin.csv").write_bytes(",".join(COLUMNS).encode() + b"\nM\xfcller")
    for path, complaint in (
        (tmp_path / "none.csv", "missing"),
        (tmp_path, "cannot read"),
        (tmp_path / "latin.csv", "UTF-8"),
        (write(tmp_path / "header.csv", GOOD, header=COLUMNS[::-1]), "first line .* should be name,name_zh,date"),
        (write(tmp_path / "short.csv", GOOD[:4]), "row 2: 4 fields where 10"),
        (write(tmp_path / "twice.csv", GOOD, GOOD), "more than one row for Mine"),
    ):
        with pytest.raises(ReaderError, match=complaint):
            llm_catalogue(path)
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ReaderError, match="first line"):
        llm_catalogue(tmp_path / "empty.csv")


def test_the_committed_table_can_be_restored(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "samples", lambda: tmp_path)
    with pytest.raises(ReaderError, match="git checkout data_samples/llm_catalogue.csv"):
        llm_catalogue()
