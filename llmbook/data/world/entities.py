"""The inhabitants of a world: its cities, makers, shops, products and prices, drawn from the seed.

Each property of each entity has its own stream of chance, named after it (`0/maker-7/born`), so that a property added
later changes none that was there before.
"""

from dataclasses import dataclass
from functools import partial

from llmbook.data.world import names
from llmbook.data.world.catalogue_tree import CATEGORIES, DEPARTMENTS, Category, Department
from llmbook.data.world.choices import Choices
from llmbook.data.world.lexicon import Name

N_CITIES, N_MAKERS, N_SHOPS, PER_CATEGORY, PER_SHOP = 12, 60, 36, 6, 12


@dataclass(frozen=True)
class City:
    """A city: when it was founded, how many live there, what it is known for and has to show, when its fair is."""

    id: str
    name: Name
    region: Name
    founded: int
    population: int
    speciality: Category
    landmark: Name
    fair: Name


@dataclass(frozen=True)
class Maker:
    """A craftsperson; `teacher` is an older maker of the same craft, or None for the self-taught."""

    id: str
    name: Name
    female: bool
    department: Department
    city: City
    born: int
    hobby: Name
    teacher: "Maker | None"


@dataclass(frozen=True)
class Shop:
    """A shop: it sells goods of one department, and a maker owns it. `closed` is the day of the week it is closed."""

    id: str
    name: Name
    city: City
    department: Department
    owner: Maker
    street: Name
    opened: int
    closed: Name


@dataclass(frozen=True)
class Product:
    """A product: the bottom level of the catalogue. `year` is when it was first made."""

    id: str
    name: Name
    category: Category
    material: Name
    colour: Name
    size: Name
    maker: Maker
    year: int


@dataclass(frozen=True)
class Price:
    """What a product costs in a shop, in coins; products that a shop has no price for are not sold there."""

    shop: Shop
    product: Product
    coins: int

    @property
    def id(self) -> str:
        return f"{self.shop.id}/{self.product.id}"


def draw_cities(seed: int) -> tuple[City, ...]:
    """Twelve cities, each with a landmark of its own."""
    called = Choices(seed, "city", "name").sample(names.CITIES, N_CITIES)
    landmarks = Choices(seed, "city", "landmark").sample(names.LANDMARKS, N_CITIES)
    cities = []
    for i, (name, landmark) in enumerate(zip(called, landmarks, strict=True)):
        of = partial(Choices, seed, f"city-{i}")
        cities.append(
            City(
                id=f"city-{i}",
                name=name,
                region=of("region").pick(names.REGIONS),
                founded=of("founded").between(601, 1499),
                population=100 * of("population").between(8, 99),
                speciality=of("speciality").pick(CATEGORIES),
                landmark=landmark,
                fair=of("fair").pick(names.MONTHS),
            )
        )
    return tuple(cities)


def draw_makers(seed: int, cities: tuple[City, ...]) -> tuple[Maker, ...]:
    """Sixty makers, ten of each craft in turn; nobody shares both names, and teachers come before their pupils."""
    pairs = [(surname, given, i) for surname in names.SURNAMES for i, given in enumerate(names.GIVEN_NAMES)]
    makers: list[Maker] = []
    for i, (surname, given, at) in enumerate(Choices(seed, "maker", "name").sample(pairs, N_MAKERS)):
        of = partial(Choices, seed, f"maker-{i}")
        department = DEPARTMENTS[i % len(DEPARTMENTS)]
        born = of("born").between(1920 + i // 2, 1945 + i // 2)
        elders = [other for other in makers if other.department is department and other.born <= born - 10]
        makers.append(
            Maker(
                id=f"maker-{i}",
                name=Name(f"{surname.en} {given.en}", surname.zh + given.zh),
                female=at % 2 == 0,
                department=department,
                city=of("city").pick(cities),
                born=born,
                hobby=of("hobby").pick(names.HOBBIES),
                teacher=of("teacher").pick(elders) if elders else None,
            )
        )
    return tuple(makers)


def draw_shops(seed: int, cities: tuple[City, ...], makers: tuple[Maker, ...]) -> tuple[Shop, ...]:
    """Thirty-six shops, three in each city and six of each department; no maker owns two."""
    pairs = [(colour, animal) for colour in names.SHOP_COLOURS for animal in names.SHOP_ANIMALS]
    guilds = {d.id: [maker for maker in makers if maker.department is d] for d in DEPARTMENTS}
    free = {at: Choices(seed, at, "owners").sample(guild, 6) for at, guild in guilds.items()}
    shops = []
    for i, (colour, animal) in enumerate(Choices(seed, "shop", "name").sample(pairs, N_SHOPS)):
        of = partial(Choices, seed, f"shop-{i}")
        house = of("house").pick(names.SHOP_HOUSES)
        department = DEPARTMENTS[(i + i // N_CITIES) % len(DEPARTMENTS)]
        owner = free[department.id].pop()
        shops.append(
            Shop(
                id=f"shop-{i}",
                name=Name(f"{colour.en} {animal.en} {house.en}", colour.zh + animal.zh + house.zh),
                city=cities[i % N_CITIES],
                department=department,
                owner=owner,
                street=of("street").pick(names.STREETS),
                opened=of("opened").between(owner.born + 20, owner.born + 34),
                closed=of("closed").pick(names.WEEKDAYS),
            )
        )
    return tuple(shops)


def draw_products(seed: int, makers: tuple[Maker, ...]) -> tuple[Product, ...]:
    """Six products of each category; each maker makes at least one, the first ten of a department one each."""
    products: list[Product] = []
    for category in CATEGORIES:
        guild = [maker for maker in makers if maker.department is category.department]
        tints = [tint for tint in names.TINTS if (category.noun.en, tint.en) != ("hat", "green")]  # 绿帽子 is an insult
        for motif in Choices(seed, category.id, "motifs").sample(names.MOTIFS, PER_CATEGORY):
            of = partial(Choices, seed, f"product-{len(products)}")
            turn = len(products) % (4 * PER_CATEGORY)  # the place within the department
            maker = guild[turn] if turn < len(guild) else of("maker").pick(guild)
            products.append(
                Product(
                    id=f"product-{len(products)}",
                    name=Name(f"{motif.en} {category.noun.en.title()}", motif.zh + category.stem),
                    category=category,
                    material=names.STUFFS[of("material").pick(category.materials)],
                    colour=of("colour").pick(tints),
                    size=of("size").pick(names.SIZES),
                    maker=maker,
                    year=of("year").between(maker.born + 18, maker.born + 34),
                )
            )
    return tuple(products)


def draw_prices(seed: int, shops: tuple[Shop, ...], products: tuple[Product, ...]) -> tuple[Price, ...]:
    """Twelve products of its department in each shop, each at about the product's usual price."""
    prices = []
    for shop in shops:
        goods = [product for product in products if product.category.department is shop.department]
        for product in Choices(seed, shop.id, "goods").subset(goods, PER_SHOP):
            usual = Choices(seed, product.id, "usual price").between(*product.category.prices)
            at_most = max(1, usual // 5)
            coins = usual + Choices(seed, shop.id, product.id, "price").between(-at_most, at_most)
            prices.append(Price(shop, product, max(2, coins)))
    return tuple(prices)
