"""Dialogues between a customer and a shopkeeper: asking, bargaining, adding up, paying, giving change."""

from typing import TYPE_CHECKING, NamedTuple

from llmbook.data.world.choices import Choices
from llmbook.data.world.dialogue_wording import EN, ZH
from llmbook.data.world.entities import Price, Product
from llmbook.data.world.facts import say
from llmbook.data.world.lexicon import number_en, number_zh
from llmbook.data.world.marked import Mark, Sentence, add, fill, join

if TYPE_CHECKING:
    from llmbook.data.world import World

_WORDS = {"en": EN, "zh": ZH}


class Item(NamedTuple):
    """What was bought: how many of which product, and the price of one that was agreed on in the end."""

    price: Price
    agreed: int
    count: int


class _Talk:
    """A dialogue being written: what was said so far, and the means to say more."""

    def __init__(self, draw: Choices, name: str, language: str) -> None:
        self.draw, self.name, self.language = draw, name, language
        self.words = _WORDS[language]
        self.turns: list[tuple[str, Sentence]] = []

    def say(self, speaker: str, meaning: str, **slots: str | Mark) -> None:
        """The speaker words the meaning in one of the ways there are; who is speaking goes on in the same turn."""
        said = fill(self.draw.pick(self.words[meaning]), slots)
        if self.turns and self.turns[-1][0] == speaker:
            said = add(self.turns.pop()[1], add(Sentence(" " if self.language == "en" else ""), said))
        self.turns.append((speaker, said))

    def mark(self, number: int, relation: str, product: Product | None = None) -> Mark:
        """A number that is true in this dialogue: of it, or of one product in it."""
        return Mark(str(number), f"{self.name}/{product.id}" if product else self.name, relation)

    def named(self, product: Product) -> dict[str, str | Mark]:
        return {"product": say(product.name, self.language), "measure": product.category.noun.measure}


def _buy(talk: _Talk, price: Price, first: bool) -> Item:
    """The customer asks for the price, perhaps bargains, and says how many."""
    draw, product = talk.draw, price.product
    talk.say("customer", "ask" if first else "ask more", **talk.named(product))
    talk.say("shopkeeper", "price", price=Mark(str(price.coins), price.id, "price"), **talk.named(product))
    agreed = _bargain(talk, price) if first and price.coins >= 8 and draw.chance(1, 2) else price.coins
    count = draw.weighted(((3, 1), (2, 2), (2, 3), (1, 4), (1, 5)))
    if count == 1:
        talk.say("customer", "take one", **talk.named(product))
    else:
        _multiply(talk, product, agreed, count)
    return Item(price, agreed, count)


def _bargain(talk: _Talk, price: Price) -> int:
    """The customer offers less; the shopkeeper accepts, meets them half-way, or refuses. Returns the last price."""
    offer = price.coins - talk.draw.between(2, price.coins // 4)
    talk.say("customer", "offer", offer=str(offer))
    answer = talk.draw.pick(("accept", "meet", "refuse"))
    if answer == "meet":
        agreed = talk.draw.between(offer + 1, price.coins - 1)
    else:
        agreed = offer if answer == "accept" else price.coins
    marks = {"agreed": talk.mark(agreed, "agreed", price.product), "price": Mark(str(price.coins), price.id, "price")}
    talk.say("shopkeeper", answer, **marks)
    if answer != "accept":
        talk.say("customer", "give in")
    return agreed


def _multiply(talk: _Talk, product: Product, agreed: int, count: int) -> None:
    """The customer wants more than one, and the shopkeeper says what they cost."""
    word = number_en(count) if talk.language == "en" else number_zh(count)
    slots = {"count": word, "Count": word.capitalize(), "n": str(count), **talk.named(product)}
    talk.say("customer", "take", **slots)
    subtotal = talk.mark(agreed * count, "subtotal", product)
    talk.say("shopkeeper", "subtotal", agreed=str(agreed), subtotal=subtotal, subtotal_again=subtotal.text, **slots)


def _pay(talk: _Talk, items: list[Item]) -> tuple[int, int]:
    """The shopkeeper adds up, and the customer pays the sum or round money. Returns (total, paid)."""
    amounts = [item.agreed * item.count for item in items]
    total = sum(amounts)
    if len(items) > 1:
        mark = talk.mark(total, "total")
        talk.say("shopkeeper", "sum", sum=" + ".join(map(str, amounts)), total=mark, total_again=mark.text)
    round_sums = {-(-total // unit) * unit for unit in (10, 50, 100)}
    paid = talk.draw.pick(sorted({total, *round_sums}))
    talk.say("customer", "pay", paid=talk.mark(paid, "paid"))
    if paid == total:
        talk.say("shopkeeper", "exact")
    else:
        change = talk.mark(paid - total, "change")
        coins = "coin" if paid - total == 1 else "coins"
        sums = {"paid": str(paid), "total": str(total), "change": change, "change_again": change.text, "coins": coins}
        talk.say("shopkeeper", "change", **sums)
    return total, paid


def dialogue(world: "World", draw: Choices, name: str) -> dict[str, object]:
    """A customer buys one to three things in a shop.

    Columns of its own: `turns` (speaker, text), `items` (product, listed price, agreed price, count), `total`, `paid`
    and `change` in coins. Facts speak of prices (`shop-3/product-7`) and of the dialogue (`dialogue-5`).
    """
    talk = _Talk(draw, name, draw.pick(("en", "zh")))
    shop = draw.pick(world.shops)
    talk.say("customer", "hello")
    talk.say("shopkeeper", "welcome", shop=say(shop.name, talk.language))
    if draw.chance(1, 6):
        missing = talk.named(draw.pick(world.missing_in[shop.id]))
        talk.say("customer", "ask missing", **missing)
        talk.say("shopkeeper", "missing", **missing)
    wanted = draw.sample(world.prices_of[shop.id], draw.weighted(((3, 1), (3, 2), (1, 3))))
    items = [_buy(talk, price, first=i == 0) for i, price in enumerate(wanted)]
    total, paid = _pay(talk, items)
    talk.say("customer", "bye")
    talk.say("shopkeeper", "bye too")

    label = {speaker: Sentence(talk.words[speaker] + talk.words["colon"]) for speaker in ("customer", "shopkeeper")}
    text, facts = join((add(label[speaker], said) for speaker, said in talk.turns), "\n")
    return {
        "language": talk.language,
        "text": text,
        "facts": facts,
        "turns": [{"speaker": speaker, "text": said.text} for speaker, said in talk.turns],
        "items": [
            {"product": item.price.product.id, "price": item.price.coins, "agreed": item.agreed, "count": item.count}
            for item in items
        ],
        "total": total,
        "paid": paid,
        "change": paid - total,
    }
