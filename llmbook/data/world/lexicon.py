"""The words of the world in both languages: things with their measure words, people, materials, colours, numbers."""

from typing import NamedTuple


class Name(NamedTuple):
    """The same thing said in English and in Chinese."""

    en: str
    zh: str


class Noun(NamedTuple):
    """A countable noun: English singular and plural, Chinese, and its measure word (量词): 一盏灯笼, 一把扇子."""

    en: str
    plural: str
    zh: str
    measure: str


def names(text: str) -> tuple[Name, ...]:
    """Reads `English Chinese, English Chinese, …`; the Chinese is the last word of each pair."""
    return tuple(Name(*pair.strip().rsplit(" ", 1)) for pair in text.split(","))


def _nouns(table: str) -> dict[str, Noun]:
    """Reads lines of `singular [plural] Chinese measure`; a plural that is not given is the singular with an s."""
    nouns = {}
    for line in table.strip().splitlines():
        en, *plural, zh, measure = (word.replace("_", " ") for word in line.split())
        nouns[en] = Noun(en, plural[0] if plural else en + "s", zh, measure)
    return nouns


THINGS = _nouns("""
    lantern 灯笼 盏
    oil_lamp 油灯 盏
    candle 蜡烛 支
    candlestick 烛台 座
    teapot 茶壶 把
    kettle 水壶 把
    cup 杯子 只
    bowl 碗 只
    plate 盘子 个
    robe 长袍 件
    scarf scarves 围巾 条
    hat 帽子 顶
    fan 扇子 把
    brush brushes 毛笔 支
    inkstone 砚台 方
    notebook 笔记本 本
    seal 印章 枚
    drum 鼓 面
    flute 笛子 支
    kite 风筝 只
    puppet 木偶 个
    box boxes 盒子 个
    clock 钟 座
    mirror 镜子 面
    umbrella 雨伞 把
    stool 凳子 张
""")

PEOPLE = _nouns("""
    potter 陶匠 位
    weaver 织工 位
    merchant 商人 位
    painter 画家 位
    carpenter 木匠 位
    tailor 裁缝 位
    teacher 老师 位
    farmer 农夫 位
    doctor 医生 位
    student 学生 位
""")

MATERIALS = {
    name.en: name
    for name in names("""
        paper 纸, silk 丝绸, glass 玻璃, wooden 木, bamboo 竹, jade 玉, copper 铜, iron 铁, silver 银, stone 石
    """)
}

COLOURS = names("red 红, blue 蓝, green 绿, yellow 黄, black 黑, white 白")

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_DIGITS = "零一二三四五六七八九"


def number_en(n: int) -> str:
    """A number from 0 to 99 in English words: 23 is `twenty-three`."""
    if n < 20:
        return _ONES[n]
    tens, ones = divmod(n, 10)
    return _TENS[tens] + ("-" + _ONES[ones] if ones else "")


def number_zh(n: int, counting: bool = True) -> str:
    """A number from 0 to 99 in Chinese: 23 is 二十三. Before a measure word (`counting`) the number 2 is 两, not 二."""
    if n == 2 and counting:
        return "两"
    tens, ones = divmod(n, 10)
    if tens == 0:
        return _DIGITS[ones]
    return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")


def article(word: str) -> str:
    """`a` or `an`, by the next word's first letter (the world has no words like `hour` or `used`)."""
    return "an" if word[0] in "aeiouAEIOU" else "a"
