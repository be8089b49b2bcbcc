import pytest

from llmbook.data.corpora import corpora, grouped_treemap, squarified
from llmbook.errors import ReaderError

TABLES = corpora()
GIB = 2**30


def test_pile_is_825_gib_and_1254_with_its_epochs():
    pile = TABLES["pile"]
    assert len(pile) == 22
    size, epochs, weight = pile.column("size"), pile.column("epochs"), pile.column("weight")
    assert sum(size.values()) == pytest.approx(825.18, abs=0.02)
    effective = {name: size[name] * epochs[name] for name in pile}
    assert sum(effective.values()) == pytest.approx(1254.20, abs=0.02)
    recomputed = {name: round(value / sum(effective.values()), 4) for name, value in effective.items()}
    assert recomputed == pytest.approx(weight, abs=1.01e-4)


def test_the_languages_of_roots_add_up_to_the_books_figures():
    bytes_of, groups = TABLES["roots_languages"].column("bytes"), TABLES["roots_languages"].groups()
    assert len(bytes_of) == TABLES["roots"]["natural languages"]["count"] == 46
    for area in ("Eurasia", "Papunesia", "Africa"):
        total = sum(size for name, size in bytes_of.items() if groups[name].startswith(area)) / GIB
        assert total == pytest.approx(TABLES["roots"][area]["size"], abs={"Eurasia": 0.01, "Africa": 0.01}.get(area, 1))
    everything = sum(bytes_of.values()) + TABLES["roots"]["programming languages"]["size"]
    assert everything == pytest.approx(TABLES["roots"]["all"]["size"], rel=0.02)
    assert len(TABLES["roots_code"]) == TABLES["roots"]["programming languages"]["count"] == 13


def test_slimpajamas_shares_follow_from_redpajama_and_its_duplicates():
    slim = TABLES["slimpajama"]
    tokens, share = slim.column("RedPajama tokens"), slim.column("share")
    sources = list(share)
    assert sum(tokens[name] for name in sources) == pytest.approx(tokens["all"])
    assert sum(share.values()) == pytest.approx(1)
    for name in sources:
        left = tokens[name] * (1 - slim[name]["duplicate bytes"])
        assert left / slim["all"]["tokens"] == pytest.approx(share[name], rel=0.06)
    removed = sum(tokens[name] * slim[name]["duplicate bytes"] for name in sources)
    assert removed / tokens["all"] == pytest.approx(slim["all"]["duplicate bytes"], abs=0.01)


@pytest.mark.parametrize(("name", "total"), [("gpt3", 1.01), ("llama", 1.0), ("gopher", 1.0)])
def test_mixture_weights_sum_to_one_but_for_gpt3(name, total):
    assert sum(TABLES[name].column("weight").values()) == pytest.approx(total)


def test_figure_3_1_follows_from_the_mixtures():
    figure = TABLES["figure_3_1"]
    llama, gopher = TABLES["llama"].column("weight"), TABLES["gopher"].column("weight")
    assert figure["LLaMA 65B"]["web"] == pytest.approx(llama["CommonCrawl"] + llama["C4"] + llama["Wikipedia"])
    assert figure["LLaMA 65B"]["code"] == llama["GitHub"]
    assert figure["Gopher 280B"]["books and news"] == pytest.approx(gopher["Books"] + gopher["News"])
    assert all(0.99 <= sum(shares.values()) <= 1.011 for shares in figure.values())


def test_books_figures_say_so():
    assert {row for row, source in TABLES["gpt3"].sources("epochs").items() if source == "book"} == {
        "CommonCrawl", "Books2", "Wikipedia",
    }  # fmt: skip
    assert TABLES["pile"].sources("size")["Pile-CC"] == "book"
    assert set(TABLES["llama"].sources("weight").values()) == {"book"}
    assert TABLES["refinedweb"]["RefinedWeb"]["kept"] == 0.1167


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x,a,,size,1", "row 2: 5 fields"),
        ("x,a,,size,much,GiB,book,", "row 2: the value is 'much'"),
        ("x,a,,weight,60,share,book,", "shares are between 0 and 1"),
        ("x,a,,size,1,GiB,hearsay,", "the source is 'hearsay'"),
        ("x,a,,size,1,GiB,book,\nx,a,,size,2,GiB,book,", "row 3: x has a second 'size' of 'a'"),
    ],
)
def test_a_damaged_table_is_explained(tmp_path, line, words):
    path = tmp_path / "mine.csv"
    path.write_text(f"table,row,group,column,value,unit,source,note\n{line}\n")
    with pytest.raises(ReaderError, match=words):
        corpora(path)


def test_missing_names_are_explained(tmp_path):
    with pytest.raises(ReaderError, match="is missing"):
        corpora(tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("a,b\n")
    with pytest.raises(ReaderError, match="the first line"):
        corpora(tmp_path / "other.csv")
    with pytest.raises(ReaderError, match="has no row 'Books9': it has Pile-CC"):
        TABLES["pile"]["Books9"]
    with pytest.raises(ReaderError, match="has no column 'colour': it has size"):
        TABLES["pile"].column("colour")
    assert TABLES["pile"].get("Books3")["epochs"] == 1.5
    assert "Books9" not in TABLES["pile"]


def covers(boxes, sizes, width, height):
    total = sum(sizes.values())
    for name, (x, y, w, h) in boxes.items():
        assert w * h == pytest.approx(sizes[name] / total * width * height)
        assert min(x, y) >= -1e-9 and x + w <= width + 1e-9 and y + h <= height + 1e-9
    placed = list(boxes.values())
    for number, (x, y, w, h) in enumerate(placed):
        for u, v, a, b in placed[:number]:
            assert min(x + w, u + a) - max(x, u) < 1e-9 or min(y + h, v + b) - max(y, v) < 1e-9


def test_a_treemap_covers_the_whole_without_overlap():
    sizes = TABLES["pile"].column("size")
    covers(squarified(sizes, width=3, height=2), sizes, 3, 2)
    groups = TABLES["pile"].groups()
    covers(grouped_treemap(sizes, groups.__getitem__, 5, 1), sizes, 5, 1)


def test_the_layout_is_that_of_the_paper():
    """The worked example of Bruls, Huizing and van Wijk: areas 6, 6, 4, 3, 2, 2, 1 in a rectangle of 6 by 4."""
    boxes = squarified(dict(zip("abcdefg", (6, 6, 4, 3, 2, 2, 1), strict=True)), width=6, height=4)
    assert boxes["a"] == pytest.approx((0, 0, 3, 2))
    assert boxes["b"] == pytest.approx((0, 2, 3, 2))
    assert boxes["c"] == pytest.approx((3, 0, 12 / 7, 7 / 3))
    assert boxes["d"] == pytest.approx((3 + 12 / 7, 0, 9 / 7, 7 / 3))
    assert boxes["e"][2:] == pytest.approx((6 / 5, 5 / 3))


def test_a_treemap_of_nothing_is_refused():
    for sizes in ({}, {"a": 0.0}, {"a": float("nan")}):
        with pytest.raises(ReaderError, match="all above 0"):
            squarified(sizes)
