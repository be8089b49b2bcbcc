"""Do the world's entities fit together?"""

from collections import Counter
from dataclasses import FrozenInstanceError

import pytest

from llmbook.data.world import World
from llmbook.data.world.catalogue_tree import CATEGORIES, DEPARTMENTS


@pytest.fixture(scope="module", params=[0, 1, 2024])
def world(request) -> World:
    return World(request.param)


def test_sizes(world):
    assert (len(world.cities), len(world.makers), len(world.shops)) == (12, 60, 36)
    assert (len(DEPARTMENTS), len(CATEGORIES), len(world.products), len(world.prices)) == (6, 24, 144, 432)
    assert Counter(category.department.id for category in CATEGORIES) == {d.id: 4 for d in DEPARTMENTS}
    assert set(Counter(product.category.id for product in world.products).values()) == {6}


def test_names_and_ids_are_unique_in_both_languages(world):
    groups = (world.cities, world.makers, world.shops, world.products)
    for group in groups:
        for names in zip(*(entity.name for entity in group), strict=True):
            assert len(set(names)) == len(group)
    everything = [entity for group in (*groups, world.prices, CATEGORIES, DEPARTMENTS) for entity in group]
    assert len({entity.id for entity in everything}) == len(everything)
    named = [name for entity in everything if hasattr(entity, "name") for name in entity.name]
    assert len(set(named)) == len(named)


def test_names_are_of_their_language(world):
    for entity in (*world.cities, *world.makers, *world.shops, *world.products):
        assert entity.name.en.replace(" ", "").isalpha() and entity.name.en.isascii()
        assert all("一" <= character <= "鿿" for character in entity.name.zh)


def test_people(world):
    for maker in world.makers:
        if maker.teacher:
            assert maker.teacher.department is maker.department and maker.teacher.born <= maker.born - 10
    assert sum(maker.teacher is not None for maker in world.makers) >= 30
    assert {maker.female for maker in world.makers} == {True, False}
    assert {product.maker.id for product in world.products} == {maker.id for maker in world.makers}


def test_shops(world):
    assert Counter(shop.city.id for shop in world.shops) == {city.id: 3 for city in world.cities}
    assert Counter(shop.department.id for shop in world.shops) == {d.id: 6 for d in DEPARTMENTS}
    assert len({shop.owner.id for shop in world.shops}) == 36
    for shop in world.shops:
        assert shop.owner.department is shop.department and shop.opened >= shop.owner.born + 20


def test_products_are_plausible(world):
    for product in world.products:
        assert product.material.en in product.category.materials
        assert product.maker.department is product.category.department
        assert product.maker.born + 18 <= product.year <= 2010
        assert (product.category.noun.en, product.colour.en) != ("hat", "green")


def test_prices(world):
    assert Counter(price.shop.id for price in world.prices) == {shop.id: 12 for shop in world.shops}
    assert len({(price.shop.id, price.product.id) for price in world.prices}) == 432
    for price in world.prices:
        assert price.shop.department is price.product.category.department
        low, high = price.product.category.prices
        assert max(2, low - low // 5 - 1) <= price.coins <= high + high // 5


def test_entities_are_frozen(world):
    with pytest.raises(FrozenInstanceError):
        world.cities[0].population = 1
