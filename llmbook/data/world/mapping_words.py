"""What the lines of a mapping are made of: classes of words, labels, layouts; English and Chinese."""

from llmbook.data.world import names
from llmbook.data.world.lexicon import PEOPLE, THINGS, Name

_ANIMALS = names.names("""
    crane 鹤, carp 鲤鱼, tiger 老虎, swallow 燕子, deer 鹿, phoenix 凤凰, butterfly 蝴蝶, rabbit 兔子, dragonfly 蜻蜓,
    magpie 喜鹊, horse 马, ox 牛, dragon 龙, cat 猫, dog 狗
""")
_PLANTS = names.names("""
    plum blossom 梅花, lotus 莲花, peony 牡丹, orchid 兰花, chrysanthemum 菊花, maple 枫树, willow 柳树, pine 松树,
    bamboo 竹子, peach 桃子, rose 玫瑰
""")
_SKY = names.names("""
    moon 月亮, star 星星, cloud 云, rain 雨, snow 雪, sunrise 日出, wind 风, storm 暴风雨, thunder 雷声, fog 雾
""")
_MATERIALS = tuple(
    names.STUFFS[en] for en in ("silk", "glass", "wood", "jade", "copper", "iron", "silver", "clay", "leather", "wool")
)
# Classes that have no word in common.
KINDS: dict[str, tuple[Name, ...]] = {
    "colour": names.TINTS,
    "animal": _ANIMALS,
    "plant": _PLANTS,
    "sky": _SKY,
    "city": names.CITIES,
    "month": names.MONTHS,
    "weekday": names.WEEKDAYS,
    "material": _MATERIALS,
    "hobby": names.HOBBIES,
    "trade": tuple(Name(noun.en, noun.zh) for noun in PEOPLE.values()),
    "thing": tuple(Name(noun.en, noun.zh) for noun in THINGS.values()),
    "street": names.STREETS,
    "landmark": names.LANDMARKS,
}

# What people say of a thing: the thing, and how good or bad it is.
_SAID = {
    "en": ("the {thing} is {how}", "what {a_how} {how} {thing}", "this {thing} is {how}"),
    "zh": ("这{measure}{thing}{how}", "我觉得这{measure}{thing}{how}", "店里的{thing}{how}"),
}
_GOOD = names.names(
    "beautiful 很漂亮, excellent 好极了, lovely 真可爱, well-made 做得很好, wonderful 太棒了, useful 很好用"
)
_BAD = names.names("broken 坏了, ugly 很难看, terrible 糟透了, badly-made 做得很差, useless 没有用, dirty 太脏了")


def opinions(language: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Praise and complaints about things."""
    return _opinions(_GOOD, language), _opinions(_BAD, language)


def _opinions(judgements: tuple[Name, ...], language: str) -> tuple[str, ...]:
    said = []
    for noun in THINGS.values():
        for judgement in judgements:
            how = judgement.en if language == "en" else judgement.zh
            slots = {"thing": noun.en if language == "en" else noun.zh, "measure": noun.measure, "how": how}
            slots["a_how"] = "an" if how[0] in "aeiou" and not how.startswith("use") else "a"
            said += [template.format(**slots) for template in _SAID[language]]
    return tuple(said)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _joined(syllables: str) -> tuple[str, ...]:
    parts = syllables.split()
    return tuple(a + b for a in parts for b in parts if a != b)


# Words that mean nothing, and pools of labels. No label is ever an input, nor what a function of inputs gives. No sign
# is a label where a sign may stand before it, as tokens reach across signs.
NONSENSE = {
    "en": _joined("ba do fi ku la me no pu ri so ta vu ze gi"),
    "zh": _joined("巴 多 菲 库 卡 拉 米 诺 普 里 索 塔"),
}
_LETTERS = tuple("BCDEFGHJKLMNPQRSTUVWXYZ")
LABELS = {
    "en": (
        _LETTERS,
        _listed("# @ % & * + ~ ^ $ !"),
        _joined("blick dax wug zorp fep toma glim nork"),
        _listed("apple bread butter door egg honey ink jar key lemon milk needle onion pepper rice rope salt soup"),
    ),
    "zh": (
        _LETTERS,
        _listed("甲 乙 丙 丁 戊 己 庚 辛 壬 癸"),
        _joined("朗 姆 迪 奥 维 齐 罗 斯"),
        _listed("苹果 面包 黄油 大门 鸡蛋 蜂蜜 墨水 罐头 钥匙 柠檬 牛奶 绣花针 洋葱 胡椒 米饭 绳子 食盐 肉汤"),
    ),
}
# No layout is in both languages.
LAYOUTS = {
    "en": ("{x} -> {y}", "{x} => {y}", "{x} | {y}", "Input: {x}\nLabel: {y}", "Input: {x}\nOutput: {y}", "{x}: {y}"),
    "zh": ("{x} → {y}", "{x} ⇒ {y}", "{x}｜{y}", "输入：{x}\n标签：{y}", "输入：{x}\n输出：{y}", "{x}：{y}"),
}
