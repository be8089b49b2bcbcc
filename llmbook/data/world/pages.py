"""Encyclopedia and catalogue pages: a choice of facts about one entity, in varied order and wording.

All that there is to say about an entity is written once, with its facts, and kept; to write a page is to choose.
"""

from typing import TYPE_CHECKING, NamedTuple

from llmbook.data.world import wording_en, wording_zh
from llmbook.data.world.catalogue_tree import CATEGORIES, Category
from llmbook.data.world.choices import Choices
from llmbook.data.world.entities import City, Maker, Product, Shop
from llmbook.data.world.facts import say
from llmbook.data.world.lexicon import Name
from llmbook.data.world.marked import Mark, Sentence, fill, join

if TYPE_CHECKING:
    from llmbook.data.world import World

LANGUAGES = ("en", "zh")
Entity = City | Maker | Shop | Product | Category
Variants = tuple[Sentence, ...]  # ways to say the same

_WORDING = {"en": wording_en, "zh": wording_zh}
_SHE = {"she": "she", "She": "She", "her": "her", "Her": "Her", "her_object": "her", "herself": "herself", "她": "她"}
_HE = {"she": "he", "She": "He", "her": "his", "Her": "His", "her_object": "him", "herself": "himself", "她": "他"}
_WORDED = {City: "CITY", Maker: "MAKER", Shop: "SHOP", Product: "PRODUCT", Category: "CATEGORY"}


def slots_of(world: "World", entity: Entity, language: str) -> dict[str, str | Mark]:
    """The values that templates about this entity may use."""
    slots: dict[str, str | Mark] = {"name": say(entity.name, language)}
    for relation, values in world.facts[entity.id].items():
        for i, value in enumerate(values):
            key = relation if len(values) == 1 else f"{relation}{i}"
            slots[key] = Mark(say(value, language), entity.id, relation)
    if isinstance(entity, Maker):
        slots.update(_SHE if entity.female else _HE)
    if isinstance(entity, Product | Category):
        noun = entity.noun if isinstance(entity, Category) else entity.category.noun
        slots.update(noun=say(Name(noun.en, noun.zh), language), measure=noun.measure)
    if isinstance(entity, Category):
        slots["Name"] = entity.name.en.capitalize()
    return slots


def _fill_all(templates: tuple[str, ...], slots: dict[str, str | Mark]) -> Variants:
    return tuple(fill(template, slots) for template in templates)


# ---------------------------------------------------------------- encyclopedia


class Sheet(NamedTuple):
    """All that an encyclopedia can say about an entity in one language."""

    openings: Variants
    facts: tuple[Variants, ...]


def write_sheet(world: "World", entity: Entity, language: str) -> Sheet:
    """Every sentence about the entity. A maker has either a teacher or none to name."""
    slots = slots_of(world, entity, language)
    wording = dict(getattr(_WORDING[language], _WORDED[type(entity)]))
    if isinstance(entity, Maker):
        del wording["self_taught" if entity.teacher else "teacher"]
    opening = wording.pop("opening")
    return Sheet(_fill_all(opening, slots), tuple(_fill_all(templates, slots) for templates in wording.values()))


def encyclopedia(world: "World", draw: Choices, name: str) -> dict[str, object]:
    """A page about a city, maker, shop, product or category: what it is, and two or more facts about it."""
    language = draw.pick(LANGUAGES)
    entities = draw.weighted(
        ((2, world.cities), (3, world.makers), (3, world.shops), (4, world.products), (1, CATEGORIES))
    )
    text, facts = join(tell(world.sheet(draw.pick(entities), language), draw), " " if language == "en" else "")
    return {"language": language, "text": text, "facts": facts}


def tell(sheet: Sheet, draw: Choices) -> list[Sentence]:
    """An opening and two or more of the facts, each in one of its wordings, in random order."""
    chosen = draw.sample(sheet.facts, draw.between(2, len(sheet.facts)))
    return [draw.pick(sheet.openings), *(draw.pick(variants) for variants in chosen)]


# ---------------------------------------------------------------- catalogue


class PriceList(NamedTuple):
    """A shop's price list: its heads, and for each style of line one line for each thing that it sells."""

    heads: Variants
    lines: tuple[Variants, ...]


class Card(NamedTuple):
    """A product's card: heads, a line for each field, and its offers as lines (by style) and as sentences."""

    heads: Variants
    fields: tuple[Variants, ...]
    offer_lines: tuple[Variants, ...]
    openings: Variants
    offers: tuple[Variants, ...]


def write_price_list(world: "World", shop: Shop, language: str) -> PriceList:
    """Every line that may stand in the shop's price list."""
    wording, slots = _WORDING[language], slots_of(world, shop, language)
    goods = [
        {"product": say(price.product.name, language), "coins": Mark(str(price.coins), price.id, "price")}
        for price in world.prices
        if price.shop is shop
    ]
    lines = tuple(tuple(fill(style, item) for item in goods) for style in wording.LIST_LINES)
    return PriceList(_fill_all(wording.LIST_HEAD, slots), lines)


def write_card(world: "World", product: Product, language: str) -> Card:
    """Every line that may stand on the product's card."""
    wording, slots = _WORDING[language], slots_of(world, product, language)
    offers = [
        {"shop": say(price.shop.name, language), "coins": Mark(str(price.coins), price.id, "price")}
        for price in world.prices
        if price.product is product
    ]
    return Card(
        heads=_fill_all(wording.CARD_HEAD, slots),
        fields=tuple(_fill_all(labels, slots) for labels in wording.CARD.values()),
        offer_lines=tuple(tuple(fill(style, offer) for offer in offers) for style in wording.CARD_OFFER),
        openings=_fill_all(wording.PRODUCT["opening"], slots),
        offers=tuple(_fill_all(wording.OFFER, offer) for offer in offers),
    )


def catalogue(world: "World", draw: Choices, name: str) -> dict[str, object]:
    """A shop's price list; a product's card, with its fields and where it is sold; or the same offers in sentences."""
    language, kind = draw.pick(LANGUAGES), draw.weighted(((2, "list"), (1, "card"), (1, "offers")))
    space = "\n"
    if kind == "list":
        prices = world.price_list(draw.pick(world.shops), language)
        style = draw.pick(prices.lines)
        parts = [draw.pick(prices.heads), *draw.sample(style, draw.between(4, len(style)))]
    else:
        card = world.card(draw.pick(world.on_sale), language)
        if kind == "card":
            fields = draw.sample(card.fields, draw.between(3, len(card.fields)))
            style = draw.pick(card.offer_lines)
            offers = draw.sample(style, draw.between(1, len(style)))
            parts = [draw.pick(card.heads), *(draw.pick(labels) for labels in fields), *offers]
        else:
            offers = draw.sample(card.offers, draw.between(1, len(card.offers)))
            parts = [draw.pick(card.openings), *(draw.pick(variants) for variants in offers)]
            space = " " if language == "en" else ""
    text, facts = join(parts, space)
    return {"language": language, "text": text, "facts": facts}
