"""Checks of the exercises of section 1.4, on made-up tables of prerequisites and of notebooks."""

import random
from collections.abc import Callable, Iterable, Sequence

from llmbook.exercises.checks import Wrong, expect, fresh_random, grader

Needs = dict[str, tuple[str, ...]]


@grader("1.4 reading list")
def reading_list(answer: Callable[[Needs, str], Sequence[str]]) -> None:
    """`answer(needs, chapter)` lists the chapters to read before `chapter`, each after those it needs itself."""
    rng = fresh_random()
    needs, target = _table(rng)
    given = dict(needs)
    found = list(answer(needs, target))
    expect(needs == given, "your function has changed the table it was given: work on a copy")
    before = _closure(needs, target)
    expect(target not in found, "the chapter itself is on the list: only what comes before it belongs there")
    expect(len(set(found)) == len(found), "a chapter stands there twice: it may be needed by several, and is read once")
    expect(set(found) != set(needs[target]), "only the direct prerequisites are listed: these have prerequisites too")
    expect(set(found) != set(needs) - {target}, "every other chapter is listed: leave out what is not needed")
    expect(before <= set(found), "a chapter is missing: follow the prerequisites to the end")
    expect(set(found) == before, "there is more on the list than is needed: go from the chapter to what it needs only")
    sound = all(needed in found[:i] for i, chapter in enumerate(found) for needed in needs[chapter])
    expect(sound, "the right chapters, in the wrong order: each must come after all those that it needs itself")
    nothing = next(chapter for chapter in needs if not needs[chapter])
    expect(list(answer(needs, nothing)) == [], "a chapter that needs nothing has an empty list")


def _table(rng: random.Random) -> tuple[Needs, str]:
    """Two diamonds in a row, with what needs them and what has nothing to do with them; and the chapter asked for."""
    while True:
        a, b, c, d, e, f, g, target, later, apart = names = rng.sample("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 10)
        needs = {
            a: (), b: (a,), c: (a,), d: (b, c), e: (d,), f: (d, a), g: (e, f), target: (g, b), later: (target, apart),
            apart: (),
        }  # fmt: skip
        # Neither the alphabet nor the order of the table shall be a sound order by chance.
        alphabetical = sorted([a, b, c, d, e, f, g])
        table = rng.sample(names, len(names))
        if not any(_sound(needs, [n for n in order if n in alphabetical]) for order in (alphabetical, table)):
            return {name: needs[name] for name in table}, target


def _sound(needs: Needs, order: Sequence[str]) -> bool:
    return all(needed in order[:i] for i, chapter in enumerate(order) for needed in needs[chapter])


def _closure(needs: Needs, chapter: str) -> set[str]:
    return set(needs[chapter]).union(*(_closure(needs, needed) for needed in needs[chapter]))


@grader("1.4 place of a section")
def place_of(answer: Callable[[str, Iterable[str]], str | None]) -> None:
    """`answer(id, notebooks)` is the id of the notebook that treats a section: its own or the nearest around it."""
    rng = fresh_random()
    chapter, x, y = rng.randint(2, 9), rng.randint(1, 4), rng.randint(1, 4)
    whole, split = f"{chapter}.{x}", f"{chapter}.{x + 5}"
    notebooks = [whole, f"{split}.{y}", f"{chapter}.{x}{y}", f"{chapter + 10}.1", f"{chapter + 1}"]
    rng.shuffle(notebooks)
    for id, place, hint in (
        (whole, whole, "a section that has a notebook of its own is treated there"),
        (f"{split}.{y}", f"{split}.{y}", "a subsection that has a notebook of its own is treated there"),
        (f"{whole}.{y}", whole, "a subsection without a notebook is treated in that of the section around it"),
        (f"{chapter + 1}.{x}.{y}", f"{chapter + 1}", "go on outwards: the notebook may be that of the whole chapter"),
        (
            f"{chapter}.{x}{y}.1",
            f"{chapter}.{x}{y}",
            f"{whole} is not around {chapter}.{x}{y}.1: compare whole numbers",
        ),
        (
            f"{whole}{9}.1",
            None,
            f"{whole} is not around {whole}9.1, though the text begins alike: compare whole numbers",
        ),
        (split, None, f"the notebook of {split}.{y} treats a part of {split} only: look outwards, not inwards"),
        (f"{split}.{y + 1}", None, "a neighbour's notebook does not count: without a notebook around it, return None"),
    ):
        found = answer(id, list(notebooks))
        if found != place:
            expect(found != "", "where there is no notebook return None, not an empty string")
            raise Wrong(hint)
