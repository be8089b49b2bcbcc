import zlib

import pytest

from llmbook.data.profile import compressed_share, nearest_profile, profile, type_token_curve, words
from llmbook.data.prose import source_files, topics
from llmbook.data.world import World
from llmbook.errors import ReaderError

CODE = [file["text"] for _, file in zip(range(20), source_files(), strict=False) if len(file["text"]) < 20_000][:10]
PROSE = [record["text"] for record in World(0).records("encyclopedia", 400) if record["language"] == "en"]


def test_a_small_corpus_by_hand():
    measured = profile(["A: Hi, Bo!\nB: I don't know 12.", "灯市有灯。"])
    assert words("A: Hi, Bo!\nB: I don't know 12.") == ["a", "hi", "bo", "b", "i", "don't", "know", "12"]
    assert (measured.documents, measured.characters) == (2, 35)
    assert measured.mean_length == measured.median_length == 17.5
    assert measured.turns == 1.0
    assert measured.new_words == 11 / 12
    assert measured.digits == 2 / 35
    assert measured.punctuation == 7 / 35
    assert measured.symbols == measured.markup == 0
    assert measured.sentence_length == 12 / 3
    assert measured.line_length == (10 + 19 + 5) / 3 - 0.0


def test_markup_of_several_kinds():
    for text, inside in (
        ("<b>x</b>", 7), ("a &amp; b", 5), (r"\alpha + 1", 6), ("see $x^2$.", 5), ("# Title\ntext", 2),
        ("a < b > c", 0), ("5 $ and 6 €", 0),
    ):  # fmt: skip
        assert profile([text]).markup == inside / len(text)


def test_code_is_full_of_symbols_and_prose_is_not():
    code = profile(CODE[:5])
    prose = profile(PROSE)
    assert code.symbols > 10 * prose.symbols
    assert code.line_length < prose.line_length


def test_compression_is_zlibs():
    text = "灯市 market " * 100
    raw = text.encode()
    assert compressed_share(text) == len(zlib.compress(raw, 9)) / len(raw) < 0.1
    assert compressed_share("") == 0
    assert compressed_share("x\ud800") > 1


def test_the_vocabulary_grows_as_counted():
    read, seen = type_token_curve(["a b a", "c a d"], points=6)
    assert read.tolist() == [1, 2, 3, 4, 5, 6]
    assert seen.tolist() == [1, 2, 2, 3, 3, 4]
    assert type_token_curve([""])[1].tolist() == [0]
    long = type_token_curve(topics()[:300], points=20)
    assert len(long[0]) == 20 and (long[1][1:] >= long[1][:-1]).all()
    assert long[1][-1] == len(set(words("\n\n".join(topics()[:300]))))


def test_the_nearest_reference_is_found_whatever_the_units():
    references = {"code": profile(CODE[:5]), "prose": profile(PROSE[:100])}
    features = ("symbols", "line_length", "sentence_length", "compressed")
    assert nearest_profile(profile(CODE[5:]), references, features) == "code"
    assert nearest_profile(profile(PROSE[100:]), references, features) == "prose"
    assert nearest_profile(references["code"], references, ("documents",)) == "code"


def test_bad_input_is_explained():
    with pytest.raises(ReaderError, match="no character"):
        profile(["", ""])
    one = profile(["x"])
    with pytest.raises(ReaderError, match="two references"):
        nearest_profile(one, {"a": one}, ("digits",))
    with pytest.raises(ReaderError, match="features among"):
        nearest_profile(one, {"a": one, "b": one}, ("colour",))
