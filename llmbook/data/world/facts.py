"""What is true in a world: every fact as subject, relation and value, from which all texts are written."""

from typing import TYPE_CHECKING

from llmbook.data.world.catalogue_tree import CATEGORIES
from llmbook.data.world.lexicon import Name

if TYPE_CHECKING:
    from llmbook.data.world import World

Value = Name | int


def gather(world: "World") -> dict[str, dict[str, tuple[Value, ...]]]:
    """All base facts: facts[subject id][relation] is the tuple of right values (one, but for `member`)."""
    facts: dict[str, dict[str, tuple[Value, ...]]] = {}
    for city in world.cities:
        facts[city.id] = _one_each(
            region=city.region,
            founded=city.founded,
            population=city.population,
            speciality=city.speciality.name,
            landmark=city.landmark,
            fair=city.fair,
        )
    for maker in world.makers:
        work = next(product for product in world.products if product.maker is maker)
        facts[maker.id] = _one_each(
            craft=maker.department.craft, city=maker.city.name, born=maker.born, hobby=maker.hobby, work=work.name
        )
        if maker.teacher:
            facts[maker.id]["teacher"] = (maker.teacher.name,)
    for shop in world.shops:
        facts[shop.id] = _one_each(
            city=shop.city.name,
            department=shop.department.name,
            owner=shop.owner.name,
            street=shop.street,
            opened=shop.opened,
            closed=shop.closed,
        )
    for product in world.products:
        facts[product.id] = _one_each(
            category=product.category.name,
            material=product.material,
            colour=product.colour,
            size=product.size,
            maker=product.maker.name,
            year=product.year,
        )
    for category in CATEGORIES:
        coins = [price.coins for price in world.prices if price.product.category is category]
        facts[category.id] = _one_each(department=category.department.name, cheapest=min(coins), dearest=max(coins))
        facts[category.id]["member"] = tuple(p.name for p in world.products if p.category is category)
    for price in world.prices:
        facts[price.id] = _one_each(price=price.coins)
    return facts


def _one_each(**values: Value) -> dict[str, tuple[Value, ...]]:
    return {relation: (value,) for relation, value in values.items()}


def say(value: Value, language: str) -> str:
    """A value as texts in this language write it: a name, or a number in digits."""
    return str(value) if isinstance(value, int) else value.en if language == "en" else value.zh
