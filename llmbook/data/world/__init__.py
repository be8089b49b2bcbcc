"""Lantern Market (灯市): a small bilingual world that writes its own training data, with the truth attached.

`World(seed=0).records("catalogue", 1000)` iterates over records, `World(seed=0).dataset("catalogue", 1000)` is a
`datasets.Dataset` of them.
"""

from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import count as count_from
from itertools import islice
from typing import TYPE_CHECKING, Any

from llmbook.data.world import entities, facts, mapping, pages, parallel, questions, reading
from llmbook.data.world.arithmetic import arithmetic
from llmbook.data.world.choices import Choices
from llmbook.data.world.crawl import crawl
from llmbook.data.world.dialogue import dialogue
from llmbook.data.world.parallel.phrases import GOODS, TRADES, Cast
from llmbook.data.world.worked import worked
from llmbook.errors import ReaderError

if TYPE_CHECKING:
    import datasets

Record = dict[str, Any]

# Records with this number or a higher one are for tests: no training may see them.
HELD_OUT = 10_000_000

# What writes each kind of record. A kind added here leaves the streams of the others as they are.
_WRITERS: dict[str, Callable[["World", Choices, str], Record]] = {
    "encyclopedia": pages.encyclopedia,
    "catalogue": pages.catalogue,
    "dialogue": dialogue,
    "arithmetic": arithmetic,
    "parallel": parallel.parallel,
    "crawl": crawl,
    "questions": questions.questions,
    "reading": reading.reading,
    "mapping": mapping.mapping,
    "worked": worked,
}


class World:
    """Lantern Market: twelve cities, their makers and shops, what they sell at which price, and texts about it all.

    The same seed gives the same world, to the letter, on every machine. Record i of a kind depends on (seed, kind, i)
    alone, so any part of a stream can be made anywhere.

    Attributes:
        cities, makers, shops, products, prices: tuples of frozen dataclasses; each `name` has `.en` and `.zh`.
        facts: everything that is true: `facts["product-7"]["colour"]` is the tuple of right values (one, but for the
            `member` of a category), each a name in both languages or a whole number.
        KINDS: the kinds of records.
    """

    KINDS = tuple(_WRITERS)

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.cities = entities.draw_cities(seed)
        self.makers = entities.draw_makers(seed, self.cities)
        self.shops = entities.draw_shops(seed, self.cities, self.makers)
        self.products = entities.draw_products(seed, self.makers)
        self.prices = entities.draw_prices(seed, self.shops, self.products)
        self._written: dict[tuple[object, str, str], Any] = {}

    def __repr__(self) -> str:
        return f"World(seed={self.seed})"

    # ------------------------------------------------------------ records

    def record(self, kind: str, index: int) -> Record:
        """Record number `index` (0, 1, …) of a kind.

        Every record has the columns `id`, `kind`, `language` ("en", "zh" or "en-zh"; in the crawl others, too), `text`,
        `facts` and `nats`; all but encyclopedia and catalogue have columns of their own. A fact is {subject,
        relation, object, start, end}, and `text[start:end]` is its object. `nats` is minus the log-probability of the
        choices that made the record, given the world: the surprisal of its text, as no two ways of choosing make the
        same text (to six decimals, so that it is the same on every machine). In the crawl it is None.

        Raises:
            ReaderError: the world writes no such kind, or the number is negative.
        """
        (record,) = self.records(kind, 1, start=index)
        return record

    def records(self, kind: str, count: int | None = None, start: int = 0, step: int = 1) -> Iterator[Record]:
        """Records `start`, `start + step`, `start + 2 * step`, … of a kind: `count` of them, or without end.

        Worker w of n reads its share with `start=w, step=n`.

        Raises:
            ReaderError: the world writes no such kind, or a number is out of range.
        """
        if kind not in _WRITERS:
            raise ReaderError(f"the world writes no records of kind {kind!r}; it writes {', '.join(self.KINDS)}")
        if start < 0 or step < 1 or (count is not None and count < 0):
            raise ReaderError(f"records need count >= 0, start >= 0 and step >= 1, not {count}, {start} and {step}")
        return (self._write(kind, index) for index in islice(count_from(start, step), count))

    def dataset(self, kind: str, count: int, start: int = 0) -> "datasets.Dataset":
        """Records start, …, start + count - 1 as a `datasets.Dataset` in memory; `write_records` streams to a file.

        Datasets of different kinds can be concatenated: what a kind lacks is None.

        Raises:
            ReaderError: as `records`; or the library `datasets` is not installed.
        """
        from llmbook.data.world.columns import to_dataset

        return to_dataset(kind, self.records(kind, count, start))

    def _write(self, kind: str, index: int) -> Record:
        draw, name = Choices(self.seed, kind, index), f"{kind}-{index}"
        body = _WRITERS[kind](self, draw, name)
        record = {"id": name, "kind": kind, **body}
        record.setdefault("nats", round(draw.nats, 6))
        return record

    # ------------------------------------------------------------ what the writers look up

    @cached_property
    def facts(self) -> dict[str, dict[str, tuple[facts.Value, ...]]]:
        return facts.gather(self)

    @cached_property
    def cast(self) -> Cast:
        """Whom and what parallel sentences speak of: few of the world's names, so that a small model can learn them."""
        people = tuple(maker.name for maker in self.makers[:12])
        return Cast(people, tuple(city.name for city in self.cities[:8]), TRADES, GOODS)

    @cached_property
    def strangers(self) -> dict[str, tuple[reading.Person, ...]]:
        """By language, people whose names stand in none of the world's facts."""
        return {language: reading.strangers(self, language) for language in pages.LANGUAGES}

    @cached_property
    def sorted_goods(self) -> dict[tuple[str, str], tuple[tuple[str, ...], ...]]:
        """("departments" or "categories", language): the products' names by class."""
        return mapping.sort_goods(self)

    @cached_property
    def fact_pairs(self) -> dict[str, tuple[mapping.Pairs, ...]]:
        """Language: for each of some relations, (name, value) of all that have it."""
        return mapping.pair_facts(self)

    @cached_property
    def on_sale(self) -> tuple[entities.Product, ...]:
        """The products that some shop sells."""
        sold = {price.product.id for price in self.prices}
        return tuple(product for product in self.products if product.id in sold)

    @cached_property
    def prices_of(self) -> dict[str, tuple[entities.Price, ...]]:
        """Shop id: its prices."""
        return {shop.id: tuple(price for price in self.prices if price.shop is shop) for shop in self.shops}

    @cached_property
    def missing_in(self) -> dict[str, tuple[entities.Product, ...]]:
        """Shop id: the products of its department that it does not sell."""
        missing = {}
        for shop in self.shops:
            sold = {price.product.id for price in self.prices_of[shop.id]}
            goods = (product for product in self.products if product.category.department is shop.department)
            missing[shop.id] = tuple(product for product in goods if product.id not in sold)
        return missing

    def sheet(self, entity: pages.Entity, language: str) -> pages.Sheet:
        """All encyclopedia sentences about an entity."""
        return self._once(pages.write_sheet, entity, language)

    def price_list(self, shop: entities.Shop, language: str) -> pages.PriceList:
        """All lines of a shop's price list."""
        return self._once(pages.write_price_list, shop, language)

    def card(self, product: entities.Product, language: str) -> pages.Card:
        """All lines of a product's card."""
        return self._once(pages.write_card, product, language)

    def quizzes(self, entity: questions.Asked, language: str) -> dict[str, questions.Quiz]:
        """All closed-book questions about an entity, by relation."""
        return self._once(questions.write_quizzes, entity, language)

    def _once(self, write: Callable[..., Any], entity: pages.Entity, language: str) -> Any:
        """What `write` makes of the entity, made at the first call and kept."""
        key = (write, entity.id, language)
        if key not in self._written:
            self._written[key] = write(self, entity, language)
        return self._written[key]
