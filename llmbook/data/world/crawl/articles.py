"""Good pages: news, diaries, reviews, instructions, forum threads and more, about the world and its people."""

import re
from itertools import cycle
from typing import TYPE_CHECKING

from llmbook.data.world import names
from llmbook.data.world.choices import Choices
from llmbook.data.world.crawl import articles_en, articles_zh
from llmbook.data.world.crawl.grammar import Grammar, lines, mark
from llmbook.data.world.crawl.personal import lookalike_sentence, person, personal_sentence

if TYPE_CHECKING:
    from llmbook.data.world import World

SPACE = {"en": " ", "zh": ""}  # what stands between two sentences
_SEASONS = {"en": ("spring", "summer", "autumn", "winter"), "zh": ("春天", "夏天", "秋天", "冬天")}
_A = re.compile(r"\b([Aa]) (?=[aeiouAEIOU])")


def _english(sentence: str) -> str:
    return _A.sub(r"\1n ", sentence[0].upper() + sentence[1:])


_MODULES = {"en": articles_en, "zh": articles_zh}
_GRAMMAR = {"en": Grammar(articles_en.PHRASES, _english), "zh": Grammar(articles_zh.PHRASES)}
_LEADS = {language: lines(module.LEADS) for language, module in _MODULES.items()}
_GENRES = {
    language: {
        genre: {key: lines(value) if isinstance(value, str) else value for key, value in plan.items()}
        for genre, plan in module.GENRES.items()
    }
    for language, module in _MODULES.items()
}
_ASIDES = {
    language: {pool: lines(text) for pool, text in module.ASIDES.items()} for language, module in _MODULES.items()
}
GENRES = tuple(_GENRES["en"])
_MOST_ASIDES = {"en": 2, "zh": 3}  # a Chinese sentence is shorter


def draw_context(world: "World", draw: Choices, language: str) -> dict[str, str]:
    """What a page is about: a city, a shop, a product, some people, all of the world or invented for the page."""
    zh = language == "zh"

    def say(name: tuple[str, str]) -> str:
        return name[zh]

    def named(name: str) -> str:
        return mark("pii:name", name)

    product, other, shop, maker = (
        draw.pick(group) for group in (world.products, world.products, world.shops, world.makers)
    )
    city, city2 = draw.sample(world.cities, 2)
    noun, noun2 = product.category.noun, other.category.noun
    month, month2 = draw.sample(names.MONTHS, 2)
    weekday, weekday2 = draw.sample(names.WEEKDAYS, 2)
    price = draw.between(4, 48)
    nouns = noun.zh if zh else noun.plural
    department = say(shop.department.name)
    stuffs = [stuff for stuff in names.STUFFS.values() if stuff is not product.material]
    return {
        "city": say(city.name),
        "city2": say(city2.name),
        "region": say(city.region),
        "landmark": say(city.landmark),
        "founded": str(city.founded),
        "population": f"{city.population:,}",
        "speciality": say(city.speciality.name),
        "shop": say(shop.name),
        "street": say(shop.street),
        "opened": str(shop.opened),
        "closed": say(shop.closed) if zh else f"{say(shop.closed)}s",
        "department": department,
        "Department": department.capitalize(),
        "owner": named(say(shop.owner.name)),
        "maker": named(say(maker.name) if draw.chance(1, 2) else person(draw, language)),
        "craft": say(maker.department.craft),
        "hobby": say(maker.hobby),
        "她": draw.pick("他她"),
        "name": named(person(draw, language)),
        "name2": named(person(draw, language)),
        "product": say(product.name),
        "product2": say(other.name),
        "noun": noun.zh if zh else noun.en,
        "noun2": noun2.zh if zh else noun2.en,
        "nouns": nouns,
        "Nouns": nouns.capitalize(),
        "measure": noun.measure,
        "measure2": noun2.measure,
        "material": say(product.material),
        "material2": say(draw.pick(stuffs)),
        "colour": say(product.colour),
        "tint": say(draw.pick(names.TINTS)),
        "size": say(product.size),
        "motif": say(draw.pick(names.MOTIFS)).lower(),
        "month": say(month),
        "month2": say(month2),
        "weekday": say(weekday),
        "weekday2": say(weekday2),
        "season": draw.pick(_SEASONS[language]),
        "price": str(price),
        "price2": str(price + draw.between(1, 40)),
        "toxic": draw.pick(("clown", "crook", "fool") if not zh else ("骗子", "小人", "草包")),
    }


def write_article(draw: Choices, language: str, context: dict[str, str], personal: int, lookalikes: int) -> list[str]:
    """The title and the paragraphs of a good page, with its personal data marked.

    Args:
        personal: sentences with personal data that it should hold.
        lookalikes: sentences with numbers and words that merely look like something to remove.
    """
    grammar = _GRAMMAR[language]
    plan = _GENRES[language][draw.pick(GENRES)]
    pools = {name: draw.sample(options, len(options)) for name, options in plan.items() if name not in _NO_POOLS}
    paragraphs = []
    for beats in plan["paragraphs"]:
        sentences = []
        for pool, fewest, most in beats:
            count = draw.between(fewest, most)
            rest = pools[pool]
            chosen, pools[pool] = rest[:count], rest[count:]
            sentences += (grammar.say(template, draw, context) for template in chosen)
        if sentences:
            paragraphs.append(sentences)
    for pool in draw.sample(tuple(_ASIDES[language]), draw.between(language == "zh", _MOST_ASIDES[language])):
        chosen = draw.sample(_ASIDES[language][pool], draw.between(3, 6))
        place = draw.between(1, len(paragraphs))
        paragraphs.insert(place, [grammar.say(template, draw, context) for template in chosen])
    for i in range(personal + lookalikes):
        write = personal_sentence if i < personal else lookalike_sentence
        paragraph = paragraphs[-1 if draw.chance(1, 3) else draw.below(len(paragraphs))]
        paragraph.insert(
            len(paragraph) if draw.chance(2, 3) else draw.below(len(paragraph)), write(draw, language, context)
        )
    texts = [SPACE[language].join(sentences) for sentences in paragraphs]
    if "speakers" in plan:
        speakers = [grammar.say("{user}", draw, context) for _ in range(max(plan["speakers"]) + 1)]
        colon = ": " if language == "en" else "："
        texts = [speakers[who] + colon + text for who, text in zip(cycle(plan["speakers"]), texts, strict=False)]
    return [grammar.say(draw.pick(plan["titles"]), draw, context), *texts]


_NO_POOLS = ("titles", "paragraphs", "speakers")
