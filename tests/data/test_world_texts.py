"""Are the texts true, and is their language right? Checked against the entities, and by reading the text anew."""

import re
from collections import Counter
from operator import add, floordiv, mul, sub

import pytest

from llmbook.data.world import World
from llmbook.data.world.catalogue_tree import CATEGORIES

MEASURES = {
    "灯笼": "盏", "油灯": "盏", "蜡烛": "支", "烛台": "座", "茶壶": "把", "水壶": "把", "杯子": "只", "碗": "只",
    "盘子": "个", "长袍": "件", "围巾": "条", "帽子": "顶", "扇子": "把", "毛笔": "支", "砚台": "方", "笔记本": "本",
    "印章": "枚", "鼓": "面", "笛子": "支", "风筝": "只", "木偶": "个", "盒子": "个", "钟": "座", "镜子": "面",
    "雨伞": "把", "凳子": "张",
}  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=0)


@pytest.fixture(scope="module")
def texts(world) -> dict[str, list[dict]]:
    return {kind: list(world.records(kind, 3000)) for kind in world.KINDS if kind != "crawl"}


def known(world: World) -> dict[tuple[str, str], set]:
    """(subject, relation): the right values, read off the entities."""
    truth: dict[tuple[str, str], set] = {}

    def put(entity, **values):
        for relation, value in values.items():
            truth.setdefault((entity.id, relation), set()).add(getattr(value, "name", value))

    for c in world.cities:
        put(c, region=c.region, founded=c.founded, population=c.population, fair=c.fair, landmark=c.landmark)
        put(c, speciality=c.speciality)
    for m in world.makers:
        put(m, craft=m.department.craft, city=m.city, born=m.born, hobby=m.hobby)
        if m.teacher:
            put(m, teacher=m.teacher)
    for s in world.shops:
        put(s, city=s.city, department=s.department, owner=s.owner, street=s.street, opened=s.opened, closed=s.closed)
    for p in world.products:
        put(p, category=p.category, material=p.material, colour=p.colour, size=p.size, maker=p.maker, year=p.year)
        put(p.category, member=p, department=p.category.department)
    for price in world.prices:
        put(price, price=price.coins)
    for category in CATEGORIES:
        coins = sorted(price.coins for price in world.prices if price.product.category is category)
        put(category, cheapest=coins[0], dearest=coins[-1])
    return truth


def test_facts_are_true_and_stand_where_they_say(world, texts):
    truth, makers, seen = known(world), {maker.id: maker for maker in world.makers}, Counter()
    for kind in ("encyclopedia", "catalogue", "questions"):
        for record in texts[kind]:
            assert record["facts"], record["text"]
            for fact in record["facts"]:
                at, relation, value = fact["subject"], fact["relation"], fact["object"]
                assert record["text"][fact["start"] : fact["end"]] == value
                seen[relation] += 1
                if relation == "work":
                    work = next(p for p in world.products if value in p.name)
                    assert work.maker is makers[at]
                    continue
                right = truth[at, relation]
                assert value in {str(v) if isinstance(v, int) else getattr(v, record["language"]) for v in right}
    assert set(seen) == {relation for _, relation in truth} | {"work"}
    assert min(seen.values()) > 30


def test_pages_name_their_subject(world, texts):
    named = {entity.id: entity.name for entity in (*world.cities, *world.makers, *world.shops, *world.products)}
    named |= {category.id: category.name for category in CATEGORIES}
    for record in texts["encyclopedia"]:
        (subject,) = {fact["subject"] for fact in record["facts"]}
        assert getattr(named[subject], record["language"]).lower() in record["text"].lower()


def test_pronouns_go_with_the_person(world, texts):
    makers = {maker.id: maker for maker in world.makers}
    for record in texts["encyclopedia"]:
        maker = makers.get(record["facts"][0]["subject"])
        if maker:
            words = set(re.findall(r"\w+", record["text"].lower())) | set(record["text"])
            assert not words & ({"he", "his", "him", "himself", "他"} if maker.female else {"she", "her", "她"})


def test_facts_are_told_in_many_words_and_orders(texts):
    """The same kind of fact is worded in several ways, and no relation always comes first."""
    first, around = Counter(), {}
    for record in texts["encyclopedia"]:
        relations = [fact["relation"] for fact in record["facts"]]
        first[relations[1] if len(relations) > 1 else ""] += 1
        for fact in record["facts"]:
            before = record["text"][max(0, fact["start"] - 6) : fact["start"]]
            after = record["text"][fact["end"] : fact["end"] + 2]
            around.setdefault((fact["relation"], record["language"]), set()).add((before, after))
    assert len(first) > 15
    assert all(len(wordings) >= 2 for wordings in around.values())


def test_a_and_an(texts):
    sounds_like_a_consonant, found = {"one", "once", "useful", "useless", "used", "unique"}, 0
    for records in texts.values():
        for record in records:
            for article, word in re.findall(r"\b([Aa]n?) ([A-Za-z]+)", record.get("en", record["text"])):
                vowel = word[0].lower() in "aeiou" and word not in sounds_like_a_consonant
                assert (article.lower() == "an") == vowel, record["text"]
                found += 1
    assert found > 1000


def test_measure_words(texts):
    """Each measure word between a number (or 这, 那, 哪, 每) and a noun is the noun's."""
    nouns = "|".join(sorted(MEASURES, key=len, reverse=True))
    adjectives = "(?:[^，。？！：、的买卖]{1,3}的|[大小旧新]|[红蓝绿黄黑白]|丝绸|玻璃|[纸木竹玉铜铁银石])*"
    counted = re.compile(
        rf"(?:[一两三四五六七八九十\d]|这|那|哪|多少)([{''.join(set(MEASURES.values()))}]){adjectives}({nouns})"
    )
    found = Counter()
    for kind in ("parallel", "arithmetic", "reading", "worked"):
        for record in texts[kind]:
            for measure, noun in counted.findall(record.get("zh", record["text"])):
                assert MEASURES[noun] == measure, record["text"]
                found[noun] += 1
    assert set(found) == set(MEASURES) and sum(found.values()) > 2000


def test_two_is_liang_before_a_measure_word(texts):
    measures = "".join(set(MEASURES.values())) + "位文"
    for records in texts.values():
        for record in records:
            if record["language"] != "en":
                assert not re.search(rf"(?<!十)二[{measures}]|十两", record["text"]), record["text"]


def test_texts_are_clean(texts):
    for kind, records in texts.items():
        for record in records:
            text = record["text"]
            assert text == text.strip() and "  " not in text and "{" not in text and "}" not in text
            assert not re.search(r"\b1 coins\b", text), text
            if record["language"] == "en":
                assert text.isascii() or set(re.sub(r"[ -~\n]", "", text)) <= {"×", "÷"}
            if record["language"] == "zh" and kind not in ("catalogue", "arithmetic", "mapping"):
                assert not re.search(r"[A-Za-z,.?!:]", text)


# ---------------------------------------------------------------- arithmetic


def value_of(expression: str) -> int:
    """Left to right; the world's sums mix no products with additions."""
    first, *rest = re.findall(r"\d+|[+\-×÷]", expression)
    result = int(first)
    for operator, number in zip(rest[::2], map(int, rest[1::2]), strict=True):
        if operator == "÷":
            assert result % number == 0
        result = {"+": add, "-": sub, "×": mul, "÷": floordiv}[operator](result, number)
        assert result >= 0
    return result


@pytest.mark.parametrize("kind", ["arithmetic", "dialogue", "worked"])
def test_every_written_equation_holds(texts, kind):
    found = 0
    for record in texts[kind]:
        for left, right in re.findall(r"(\d+(?: [+\-×÷] \d+)+) = (\d+)", record["text"]):
            assert value_of(left) == int(right), record["text"]
            found += 1
    assert found > 1500


GAINS = ("earns", "gives {name}", "finds", "is paid", "挣了", "给了", "捡到", "收到")
LOSSES = (
    "spends", "gives away", "pays", "loses", "花了", "送出去", "付了", "丢了",
    "are sold", "Customers buy", "are broken", "are sent", "卖掉", "买走", "坏了", "送去",
)  # fmt: skip
WORDS = {"plus": "+", "minus": "-", "times": "×", "divided by": "÷", "加": "+", "减": "-", "乘以": "×", "除以": "÷"}


def solve(question: str) -> int:
    """Answers a question from its words alone."""
    plain = question
    for word, sign in WORDS.items():
        plain = re.sub(rf"(\d) ?{word} ?(\d)", rf"\1 {sign} \2", plain)
    if sums := re.findall(r"\d+(?: [+\-×÷] \d+)+", plain):
        return value_of(sums[0])
    numbers = [int(number) for number in re.findall(r"\d+", question)]
    if re.search(r"together\?|in all\?|一共", question) and re.search(r"more|比.*多", question):
        return 2 * numbers[0] + numbers[1]
    if re.search(r"A shop sells|店里.{1,4}卖\d", question):
        p, q, n, m = numbers
        return n * p + m * q
    if re.search(r"share|of the same price|平分|同样的", question):
        return max(numbers) // min(numbers)
    if len(numbers) == 4 and re.search(r"each and|又买了", question):
        return numbers[0] * numbers[1] + numbers[2] * numbers[3]
    if re.search(r"each|One .* costs|每|一.+卖", question):
        paid = max(numbers)
        numbers.remove(paid)
        return paid - numbers[0] * numbers[1]
    total = 0
    for sentence, number in zip(re.split(r"[.。]", question), numbers, strict=False):
        total += -number if any(word in sentence for word in LOSSES) and "A friend" not in sentence else number
    return total


def test_answers_are_right(texts):
    for record in (*texts["arithmetic"], *texts["worked"]):
        assert solve(record["question"]) == record["answer"], record["text"]
        assert record["question"] in record["text"]
        assert value_of(record["steps"][-1].split(" = ")[0]) == record["answer"]
        (fact,) = record["facts"]
        assert fact["subject"] == record["id"] and int(record["text"][fact["start"] : fact["end"]]) == record["answer"]
        assert fact["end"] == len(record["text"])


def test_steps_are_shown_when_there_are_several(texts):
    for record in texts["arithmetic"]:
        steps = re.findall(r"\d+ [+\-×÷] \d+ = \d+", record["text"].split("\n", 1)[1])
        assert steps == (record["steps"] if len(record["steps"]) > 1 else [])


def test_the_cue_says_whether_steps_follow(texts):
    """Worked problems of any length come with steps and without, and nothing but the cue tells which."""
    cues, lengths = {True: set(), False: set()}, {True: Counter(), False: Counter()}
    for record in texts["worked"]:
        question, *rest = record["text"].split("\n")
        assert question.endswith(record["cue"]) and len(rest) == 1 + record["shown"]
        steps = re.findall(r"\d+ [+\-×÷] \d+ = \d+", rest[0])
        assert steps == (record["steps"] if record["shown"] else [])
        assert value_of(record["steps"][-1].split(" = ")[0]) == record["answer"]
        cues[record["shown"]].add(record["cue"])
        lengths[record["shown"]][len(record["steps"])] += 1
    assert len(cues[True]) == len(cues[False]) == 6 and not cues[True] & cues[False]
    for n in (1, 2, 3, 4):
        assert abs(lengths[True][n] - lengths[False][n]) < 5 * (lengths[True][n] + lengths[False][n]) ** 0.5


# ---------------------------------------------------------------- dialogues


def test_dialogues_add_up(world, texts):
    listed = {price.id: price.coins for price in world.prices}
    for record in texts["dialogue"]:
        text, items = record["text"], record["items"]
        assert record["total"] == sum(item["agreed"] * item["count"] for item in items)
        assert record["change"] == record["paid"] - record["total"] >= 0
        truth = {(record["id"], name): record[name] for name in ("total", "paid", "change")}
        truth |= {(f"{record['id']}/{item['product']}", "agreed"): item["agreed"] for item in items}
        truth |= {(f"{record['id']}/{item['product']}", "subtotal"): item["agreed"] * item["count"] for item in items}
        (shop,) = {f["subject"].split("/")[0] for f in record["facts"] if f["relation"] == "price"}
        assert all(listed[f"{shop}/{item['product']}"] == item["price"] >= item["agreed"] for item in items)
        for fact in record["facts"]:
            assert text[fact["start"] : fact["end"]] == fact["object"]
            at = fact["subject"], fact["relation"]
            assert int(fact["object"]) == (listed[at[0]] if at[1] == "price" else truth[at])


def test_dialogues_are_conversations(world, texts):
    labels = {
        "en": {"customer": "Customer: ", "shopkeeper": "Shopkeeper: "},
        "zh": {"customer": "顾客：", "shopkeeper": "店主："},
    }
    lengths = Counter()
    for record in texts["dialogue"]:
        speakers = [turn["speaker"] for turn in record["turns"]]
        assert speakers[0] == "customer" and all(a != b for a, b in zip(speakers, speakers[1:], strict=False))
        lines = [labels[record["language"]][turn["speaker"]] + turn["text"] for turn in record["turns"]]
        assert record["text"] == "\n".join(lines)
        lengths[len(lines)] += 1
    assert min(lengths) >= 6 and max(lengths) >= 16


def test_what_is_not_sold_is_not_sold(world, texts):
    shops = {getattr(shop.name, language): shop for shop in world.shops for language in ("en", "zh")}
    sold = {price.id for price in world.prices}
    said = 0
    for record in texts["dialogue"]:
        asked = record["turns"][2]["text"]
        if not re.match(r"Do you have|I am looking|Is the|你们有|我在找|这里卖", asked):
            continue
        shop = next(shop for name, shop in shops.items() if name in record["turns"][1]["text"])
        named = [p for p in world.products if getattr(p.name, record["language"]) in asked]
        product = max(named, key=lambda p: len(p.name.en))  # `Moon Candle` is in `Moon Candlestick`, too
        assert f"{shop.id}/{product.id}" not in sold
        said += 1
    assert said > 200
