"""Parallel sentences: English with its one right Chinese translation, and which words translate which.

Chinese is a function of the English sentence: there are no synonyms to choose from, so a model that has understood can
be right to the letter. What it must understand: that time and place come before the Chinese verb, that relative clauses
and of-phrases turn round, that each noun has its measure word, and who did what to whom.
"""

from typing import TYPE_CHECKING

from llmbook.data.world.choices import Choices
from llmbook.data.world.parallel import questions, statements, two_clauses
from llmbook.data.world.parallel.phrases import PUNCTUATION, Cast, Side, Word

if TYPE_CHECKING:
    from llmbook.data.world import World

# How often each kind of sentence is drawn.
SENTENCES = (
    (5, statements.trade), (4, statements.meet), (2, statements.feel), (3, statements.give), (2, statements.partner),
    (2, statements.judge), (4, statements.compare), (1, statements.superlative), (2, statements.cost),
    (2, statements.feature), (2, statements.there), (1, statements.have),
    (3, two_clauses.who_did), (2, two_clauses.know_who), (3, two_clauses.deal_in_what), (5, two_clauses.link),
    (2, two_clauses.report),
    (3, questions.whether), (2, questions.how_many), (2, questions.what), (1, questions.where),
    (1, questions.how_much), (2, questions.who),
)  # fmt: skip


def sentence(draw: Choices, cast: Cast) -> tuple[str, str, list[list[int]]]:
    """One sentence in English, in Chinese, and which of their words are each other's translation.

    Returns:
        The two texts and the alignment: for each content word, in English order, its places in characters,
        [en_start, en_end, zh_start, zh_end]. `did not buy` is two words (not 没有, buy 买); articles, measure words and
        particles are in none.
    """
    both = draw.weighted(SENTENCES)(draw, cast)
    en, en_spans = _write(both.en, " ")
    zh, zh_spans = _write(both.zh, "")
    alignment = [[*span, *zh_spans[word]] for word, span in en_spans.items() if word in zh_spans]
    return en[0].upper() + en[1:], zh, alignment


def parallel(world: "World", draw: Choices, name: str) -> dict[str, object]:
    """A sentence pair. Columns of its own: `en`, `zh` and `alignment`; the text is both, one below the other."""
    en, zh, alignment = sentence(draw, world.cast)
    return {"language": "en-zh", "text": f"{en}\n{zh}", "facts": [], "en": en, "zh": zh, "alignment": alignment}


def _write(side: Side, space: str) -> tuple[str, dict[Word, tuple[int, int]]]:
    """The text of one side, its pieces joined by the space, and where each content word stands in it."""
    text, spans = "", {}
    for piece in side:
        word = piece if isinstance(piece, str) else piece.en if space else piece.zh
        if text and word and not word.startswith(PUNCTUATION):
            text += space
        if not isinstance(piece, str):
            spans[piece] = (len(text), len(text) + len(word))
        text += word
    return text, spans
