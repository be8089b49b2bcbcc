"""The three levels of the market's catalogue: departments, their categories, and what the products of each are like."""

from typing import NamedTuple

from llmbook.data.world.lexicon import THINGS, Name, Noun


class Department(NamedTuple):
    """The top level: what it sells, and the craft of the people who make it."""

    id: str
    name: Name
    craft: Name


class Category(NamedTuple):
    """The middle level, all products of one noun; `stem` is the noun's Chinese as it ends a product's name.

    Attributes:
        prices: the lowest and the highest usual price in coins.
    """

    id: str
    name: Name
    noun: Noun
    stem: str
    department: Department
    materials: tuple[str, ...]
    prices: tuple[int, int]


# Each department with its craft, then its categories: noun | Chinese stem | materials | lowest and highest price.
_TREE = """
lamps and candles=灯烛 | lamp maker=灯匠
    lantern | 灯笼 | paper silk glass bamboo | 8 40
    oil lamp | 油灯 | copper iron glass clay | 12 50
    candle | 蜡烛 | beeswax tallow | 2 9
    candlestick | 烛台 | silver copper iron wood | 10 60
tableware=餐具 | potter=陶匠
    teapot | 茶壶 | clay porcelain stoneware | 15 70
    cup | 杯 | clay porcelain stoneware | 3 25
    bowl | 碗 | clay porcelain stoneware | 4 30
    plate | 盘 | clay porcelain stoneware | 5 35
clothing=服饰 | tailor=裁缝
    robe | 长袍 | silk cotton wool | 30 80
    scarf | 围巾 | silk cotton wool | 10 45
    hat | 帽 | straw wool cotton leather | 8 40
    fan | 扇 | silk paper bamboo | 5 30
stationery=文具 | stationer=文具匠
    brush | 毛笔 | bamboo wood jade | 4 28
    inkstone | 砚 | stone clay jade | 20 80
    notebook | 笔记本 | paper silk leather | 3 18
    seal | 印章 | stone jade copper wood | 15 75
instruments and toys=乐器和玩具 | toymaker=玩具匠
    drum | 鼓 | wood copper leather | 18 80
    flute | 笛 | bamboo wood jade | 9 55
    kite | 风筝 | paper silk bamboo | 6 32
    puppet | 木偶 | pine oak | 12 48
household goods=家居用品 | artisan=工匠
    box | 盒 | wood bamboo jade silver | 7 52
    clock | 钟 | wood copper silver | 40 82
    mirror | 镜 | silver copper glass | 16 66
    umbrella | 伞 | paper silk cotton | 9 36
"""


def _name(text: str) -> Name:
    return Name(*text.split("="))


def _read_tree() -> tuple[tuple[Department, ...], tuple[Category, ...]]:
    departments, categories = [], []
    for line in _TREE.strip().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if not line.startswith(" "):
            departments.append(Department(f"department-{len(departments)}", _name(cells[0]), _name(cells[1])))
            continue
        noun, low, high = THINGS[cells[0]], *map(int, cells[3].split())
        at, name = f"category-{len(categories)}", Name(noun.plural, noun.zh)
        materials = tuple(cells[2].split())
        categories.append(Category(at, name, noun, cells[1], departments[-1], materials, (low, high)))
    return tuple(departments), tuple(categories)


DEPARTMENTS, CATEGORIES = _read_tree()
