"""Patterns for learning in context: rules that hold, labels that mean nothing, families that cannot be mistaken."""

import re
from collections import Counter, defaultdict

import pytest

from llmbook.data.world import World
from llmbook.data.world import mapping_words as words
from llmbook.data.world.lexicon import THINGS


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=0)


@pytest.fixture(scope="module")
def families(world) -> dict[str, list[dict]]:
    found = defaultdict(list)
    for record in world.records("mapping", 12_000):
        found[record["family"]].append(record)
    return found


def pairs(record: dict) -> list[tuple[str, str]]:
    return [(pair["input"], pair["label"]) for pair in record["pairs"]]


def labels_of(language: str) -> set[str]:
    return {label for pool in words.LABELS[language] for label in pool}


def test_the_text_is_the_pairs_in_the_layout(families):
    for records in families.values():
        for record in records:
            assert 4 <= len(record["pairs"]) <= 20
            assert record["text"] == "\n".join(record["layout"].format(x=x, y=y) for x, y in pairs(record))
            for pair in record["pairs"]:
                assert record["text"][pair["start"] : pair["end"]] == pair["label"]
                assert re.search(r"\s$|[^\w\s]$", record["text"][: pair["start"]])  # a place where a token may end


def test_all_families_layouts_and_rules_occur(families):
    assert {family: len(records) > 2000 for family, records in families.items()} == dict.fromkeys(
        ("repeats", "classes", "functions"), True
    )
    layouts = Counter(record["layout"] for records in families.values() for record in records)
    assert set(layouts) == {*words.LAYOUTS["en"], *words.LAYOUTS["zh"]} and min(layouts.values()) > 500
    rules = Counter((record["family"], record["rule"]) for records in families.values() for record in records)
    assert len(rules) == 4 + 8 + 7 and min(rules.values()) > 100


def test_pools_do_not_overlap():
    """Else the same text could be made in two ways, or a label mean something."""
    for at, language in enumerate(("en", "zh")):
        members = [name[at] for names in words.KINDS.values() for name in names]
        assert len(set(members)) == len(members)
        pools = words.LABELS[language]
        labels = [label for pool in pools for label in pool]
        said = [text for opinions in words.opinions(language) for text in opinions]
        assert len(set(labels)) == len(labels) and len(set(said)) == len(said)
        assert not set(labels) & {*members, *words.NONSENSE[language], *said}
    assert not set(words.LAYOUTS["en"]) & set(words.LAYOUTS["zh"])


def test_repeats(families):
    """Every input has a label of its own; after the first few lines, each is one that was there."""
    for record in families["repeats"]:
        lines = pairs(record)
        table = dict(lines)
        assert len(set(table.values())) == len(table) and set(lines) == set(table.items())
        assert 2 <= len(table) <= 6 and len(set(lines[: len(table)])) == len(table) <= len(lines) - 2


def test_classes(world, families):
    """One label for each class, told apart by other means than those by which it was made."""
    departments = {
        getattr(p.name, language): p.category.department.id for p in world.products for language in ("en", "zh")
    }
    categories = {getattr(p.name, language): p.category.id for p in world.products for language in ("en", "zh")}
    kinds = {name: kind for kind, names in words.KINDS.items() for both in names for name in both}
    tell = {
        "kinds": kinds.get,
        "departments": departments.get,
        "categories": categories.get,
        "opinions": lambda text: any(re.search(word, text) for word in GOOD),
        "parity": lambda text: int(text) % 2,
        "size": lambda text: int(text) >= 500,
        "digits": len,
        "languages": str.isascii,
    }
    for record in families["classes"]:
        seen = defaultdict(set)
        for text, label in pairs(record):
            seen[tell[record["rule"]](text)].add(label)
        labels = [label for group in seen.values() for label in group]
        assert len(labels) == len(seen) == len(set(labels)) and 2 <= len(seen) <= 4, record["text"]
        assert len({label for _, label in pairs(record)[: len(seen)]}) == len(seen)  # each class is shown early


GOOD = (
    "beautiful",
    "excellent",
    "lovely",
    "well-made",
    "wonderful",
    "useful",
    "很漂亮",
    "好极了",
    "真可爱",
    "做得很好",
    "太棒了",
    "很好用",
)


def test_labels_mean_nothing(families):
    """Which label stands for a class tells nothing of the class: even and odd have each label equally often."""
    counts = defaultdict(Counter)
    for record in families["classes"]:
        if record["rule"] == "parity":
            for text, label in set(pairs(record)):
                counts[int(text) % 2][label in "BCDEFGHJKLM"] += 1
        labels = {label for _, label in pairs(record)}
        assert labels <= labels_of("en") or labels <= labels_of("zh")
    rates = [counts[odd][True] / counts[odd].total() for odd in (0, 1)]
    assert abs(rates[0] - rates[1]) < 0.15


def test_inputs_of_classes_hardly_repeat(families):
    repeated = [len(record["pairs"]) - len(set(pairs(record))) for record in families["classes"]]
    assert sum(repeated) < 0.1 * sum(len(record["pairs"]) for record in families["classes"])


def test_functions(world, families):
    dictionary = {n.en: n.zh for names in words.KINDS.values() for n in names}
    dictionary |= {zh: en for en, zh in dictionary.items()}
    known = {
        (getattr(entity.name, language), value if isinstance(value, str) else getattr(value, language))
        for entities in (world.products, world.shops, world.cities, world.makers)
        for entity in entities
        for values in world.facts[entity.id].values()
        for value in values
        if not isinstance(value, int)
        for language in ("en", "zh")
    }
    forms = {noun.en: noun.plural for noun in THINGS.values()} | {noun.zh: noun.measure for noun in THINGS.values()}
    rings = [tuple(n[at] for n in words.KINDS[kind]) for kind in ("month", "weekday") for at in (0, 1)]
    for record in families["functions"]:
        lines, rule = pairs(record), record["rule"]
        assert len({text for text, _ in lines}) == len(lines)
        if rule == "translation":
            assert all(dictionary[x] == y for x, y in lines)
        elif rule == "sum":
            assert len({int(y) - int(x) for x, y in lines}) == 1 and lines[0][0] != lines[0][1]
        elif rule == "step":
            (ring,) = [ring for ring in rings if lines[0][0] in ring]
            assert len({(ring.index(y) - ring.index(x)) % len(ring) for x, y in lines}) == 1
        elif rule == "turned":
            assert all(x.split()[::-1] == y.split() for x, y in lines)
        elif rule == "one of two":
            assert all(x.startswith(y + " ") for x, y in lines) or all(x.endswith(" " + y) for x, y in lines)
        elif rule == "form":
            assert all(forms[x] == y for x, y in lines)
        else:
            assert rule == "fact" and set(lines) <= known


def test_families_cannot_be_mistaken(families):
    """No text could come from two families, so the surprisal of each is that of the one way to make it."""
    for record in families["repeats"]:
        lines = pairs(record)
        assert len(set(lines)) < len(lines)
    for record in families["functions"]:
        assert not {label for _, label in pairs(record)} & (labels_of("en") | labels_of("zh"))
        assert len(set(pairs(record))) == len(record["pairs"])
    for record in families["classes"]:
        lines = pairs(record)
        first = next(i for i, pair in enumerate(lines) if pair in lines[:i] or i == len(lines) - 1)
        assert len({label for _, label in lines[: first + 1]}) < len(
            set(lines[: first + 1])
        )  # two inputs share a label
