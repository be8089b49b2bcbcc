"""Checks of the exercises of section 3.2.4."""

import itertools
import math
import random
from collections.abc import Callable, Sequence

from llmbook.data.tokenizers import unigram, word_bpe
from llmbook.data.tokenizers.wordpiece import pair_scores
from llmbook.exercises.checks import Wrong, expect, fresh_random, grader, near

Pair = tuple[str, str]
Words = dict[tuple[str, ...], int]


def _word_counts(rng: random.Random, letters: str = "abcd", words: int = 8, top: int = 9) -> dict[str, int]:
    counts: dict[str, int] = {}
    while len(counts) < words:
        counts["".join(rng.choices(letters, k=rng.randint(3, 7)))] = rng.randint(1, top)
    return counts


# ---------------------------------------------------------------- BPE


@grader("3.2.4 first merges")
def first_merges(answer: Callable[[dict[str, int], int], list[Pair]]) -> None:
    """`answer(word_counts, limit)` are the first merges of BPE; `</w>` ends a word, ties go to the first pair."""
    rng = fresh_random()
    low = {"low": 5, "lower": 2, "newest": 6, "widest": 3}
    for word_counts in (low, *(_word_counts(rng) for _ in range(12))):
        spelled = word_bpe.spell(word_counts)
        right = [pair for pair, _ in word_bpe.learn_by_rescanning(spelled, 5)]
        found = [tuple(pair) for pair in answer(dict(word_counts), 5)]
        if found != right:
            _why_not_these_merges(found, right, word_counts)


def _why_not_these_merges(found: list[Pair], right: list[Pair], word_counts: dict[str, int]) -> None:
    def learned(words: Words) -> list[Pair]:
        return [pair for pair, _ in word_bpe.learn_by_rescanning(words, 5)]

    spelled = word_bpe.spell(word_counts)
    expect(len(found) == 5, f"five merges were asked for, and {len(found)} came back")
    no_marker = found == learned(word_bpe.spell(word_counts, end=""))
    expect(not no_marker, "the end marker </w> is missing: each word ends with it before pairs are counted")
    each_once = found == learned(dict.fromkeys(spelled, 1))
    expect(not each_once, "every word counts once: a pair counts as often as its word occurs")
    pairs = word_bpe.count_pairs(spelled)
    never_merged = found == sorted(pairs, key=lambda pair: -pairs[pair])[:5]
    expect(not never_merged, "these are the most frequent pairs of the beginning: join the best one, then count anew")
    expect(found[0] == right[0] or pairs[found[0]] < pairs[right[0]],
           "of equally frequent pairs the one that occurs first wins, word after word")  # fmt: skip
    expect(found[0] == right[0], f"the first merge should be {right[0]}, the most frequent pair")
    raise Wrong("the first merge is right, a later one is not: are all words changed, and all pairs counted anew?")


@grader("3.2.4 encode")
def encode(answer: Callable[[str, list[Pair]], list[str]]) -> None:
    """`answer(word, merges)` are the tokens of a word, by the merges in the order learned."""
    rng = fresh_random()
    cases = []
    for _ in range(6):
        merges, words = _merges_that_differ(rng)
        cases += [(word, merges) for word in [*rng.sample(words, min(4, len(words))), words[0] * 3, "abcabcabc"]]
    found = [list(answer(word, list(merges))) for word, merges in cases]
    if found == [word_bpe.apply_merges(word, merges) for word, merges in cases]:
        return
    whole = all("".join(tokens) == word for tokens, (word, _) in zip(found, cases, strict=True))
    expect(whole, "the tokens joined are not the word: something was lost or doubled")
    longest = found == [word_bpe.longest_match(word, _tokens(merges)) for word, merges in cases]
    expect(not longest, "this is the book's rule, longest token first; apply the merges in the order learned")
    backwards = found == [word_bpe.apply_merges(word, merges[::-1]) for word, merges in cases]
    expect(not backwards, "the merges are applied from last to first")
    once = found == [_merged_once(word, merges) for word, merges in cases]
    expect(not once, "each merge is applied at one place only; a merge applies at every place of the word")
    raise Wrong("merges are applied in the wrong order: all of the first merge, then all of the second, …")


def _merged_once(word: str, merges: Sequence[Pair]) -> list[str]:
    symbols = list(word)
    for pair in merges:
        places = [place for place in range(len(symbols) - 1) if tuple(symbols[place : place + 2]) == pair]
        if places:
            symbols[places[0] : places[0] + 2] = ["".join(pair)]
    return symbols


@grader("3.2.4 a word that differs")
def differing_word(answer: Callable[[list[Pair], str], str]) -> None:
    """`answer(merges, letters)` is a word that longest match and merge order cut differently."""
    rng = fresh_random()
    for _ in range(4):
        merges, _ = _merges_that_differ(rng)
        word = answer(list(merges), "abc")
        expect(isinstance(word, str), f"return a word, not a {type(word).__name__}")
        expect(set(word) <= set("abc"), "the word has a letter that is not among the letters given")
        cut = " + ".join(word_bpe.apply_merges(word, merges))
        expect(_differs(word, merges), f"for {word!r} both rules give {cut}")


def _tokens(merges: Sequence[Pair]) -> list[str]:
    return ["".join(pair) for pair in merges] + list("abc")


def _differs(word: str, merges: Sequence[Pair]) -> bool:
    return word_bpe.apply_merges(word, merges) != word_bpe.longest_match(word, _tokens(merges))


def _merges_that_differ(rng: random.Random) -> tuple[list[Pair], list[str]]:
    """Merges, and the words of at most five letters on which the two rules differ: one at least."""
    while True:
        spelled = word_bpe.spell(_word_counts(rng, "abc", 6), "")
        merges = [pair for pair, _ in word_bpe.learn_by_rescanning(spelled, 5)]
        words = ("".join(letters) for size in (3, 4, 5) for letters in itertools.product("abc", repeat=size))
        differing = [word for word in words if _differs(word, merges)]
        if differing:
            return merges, differing


# ---------------------------------------------------------------- bytes


@grader("3.2.4 byte fallback")
def byte_fallback(answer: Callable[[str, set[str]], int]) -> None:
    """`answer(text, known)` counts tokens: one for a known character, its UTF-8 bytes for another."""
    rng = fresh_random()
    cases = []
    for _ in range(8):
        pool = rng.sample("aekmz", 3) + rng.sample("éñßøа", 2) + rng.sample("中文龙灯市词", 4) + rng.sample("🙂🐉𠀀", 2)
        cases.append(("".join(pool + rng.choices(pool, k=10)), set(rng.sample(pool, 4))))
    found = [answer(text, set(known)) for text, known in cases]

    def counted(price: Callable[[str], int], price_known: Callable[[str], int] = lambda _: 1) -> list[int]:
        return [sum((price_known if letter in known else price)(letter) for letter in text) for text, known in cases]

    def in_bytes(letter: str) -> int:
        return len(letter.encode())

    if found == counted(in_bytes):
        return
    three = found == counted(lambda _: 3)
    expect(not three, "a character that is missing is taken for three bytes; only most Chinese ones have three")
    expect(found != counted(lambda _: 1), "every character counts once: a missing one costs as many tokens as bytes")
    all_bytes = found == counted(in_bytes, in_bytes)
    expect(not all_bytes, "known characters are counted in bytes too; each of them is one token")
    distinct = [sum(1 if letter in known else in_bytes(letter) for letter in set(text)) for text, known in cases]
    expect(found != distinct, "each character is counted once for the whole text; count every occurrence")
    raise Wrong("count 1 for each known character and len(character.encode()) for each other one")


# ---------------------------------------------------------------- WordPiece


@grader("3.2.4 score")
def score(answer: Callable[[Words, str, str], float]) -> None:
    """`answer(words, a, b)` is equation (3.1) for the pair (a, b)."""
    rng = fresh_random()
    for _ in range(6):
        counts = _word_counts(rng, "abc", 9)
        words = {(word[0], *("##" + letter for letter in word[1:])): count for word, count in counts.items()}
        scores = pair_scores(words)
        a, b = rng.choice(sorted(scores))
        found, right = float(answer(dict(words), a, b)), scores[a, b]
        if near(found, right, 1e-9):
            continue
        pairs = word_bpe.count_pairs(words)
        expect(not near(found, pairs[a, b]), "this is the count of the pair; divide it by the counts of its parts")
        plain = pair_scores(dict.fromkeys(words, 1))[a, b]
        expect(not near(found, plain), "every word counts once: count pieces and pairs as often as their word occurs")
        expect(not near(found, math.log(right)), "the logarithm is not part of (3.1)")
        single = {piece: sum(n * word.count(piece) for word, n in words.items()) for piece in (a, b)}
        total = single[a] + single[b]
        expect(not near(found, pairs[a, b] / total), "the counts of the parts are added; (3.1) multiplies them")
        in_words = {piece: sum(n for word, n in words.items() if piece in word) for piece in (a, b)}
        expect(not near(found, pairs[a, b] / (in_words[a] * in_words[b])),
               "a piece that stands twice in a word counts twice")  # fmt: skip
        raise Wrong("the score is freq(ab) / (freq(a) · freq(b)), each weighted by the counts of the words")


@grader("3.2.4 WordPiece")
def greedy_pieces(answer: Callable[[str, set[str]], list[str]]) -> None:
    """`answer(word, vocabulary)` are the longest pieces from the left, or ["[UNK]"]."""
    rng = fresh_random()
    lists = [({"hug", "h", "##g", "##gs", "##s"}, "hugs"), ({"a", "ab", "##b"}, "abc"), ({"ab", "a"}, "abab")]
    for _ in range(60):
        draws = {"".join(rng.choices("abc", k=rng.randint(1, 3))) for _ in range(12)}
        vocabulary = {piece if rng.random() < 0.4 else "##" + piece for piece in draws} | {"a", "##a", "##b"}
        lists.append((vocabulary, "".join(rng.choices("abc", k=rng.randint(2, 9)))))
    found = [list(answer(word, set(vocabulary))) for vocabulary, word in lists]
    right = [_pieces(word, vocabulary) for vocabulary, word in lists]
    if found == right:
        return
    bare = found == [[piece.removeprefix("##") for piece in pieces] for pieces in right]
    expect(not bare, "a piece that continues a word is written with ## in front")
    for pieces, expected in zip(found, right, strict=True):
        rest = expected == ["[UNK]"] and pieces[-1:] == ["[UNK]"] and len(pieces) > 1
        expect(not rest, "a word that cannot be cut to its end is [UNK] as a whole, not from there on")
    unmarked = [_pieces(word, {p for p in vocabulary if p[0] != "#"}, mark="") for vocabulary, word in lists]
    expect(found != unmarked, "pieces that continue a word stand in the vocabulary with ## in front: look for those")
    shortest = found == [_pieces(word, vocabulary, longest=False) for vocabulary, word in lists]
    expect(not shortest, "take the longest piece that fits, not the shortest")
    raise Wrong("from the left, take the longest piece each time, even where another way needs fewer pieces")


def _pieces(word: str, vocabulary: set[str], mark: str = "##", longest: bool = True) -> list[str]:
    """The greedy encoder, and two mistaken ones."""
    pieces, start = [], 0
    while start < len(word):
        ends = range(len(word), start, -1) if longest else range(start + 1, len(word) + 1)
        fitting = [end for end in ends if (mark if start else "") + word[start:end] in vocabulary]
        if not fitting:
            return ["[UNK]"]
        pieces.append((mark if start else "") + word[start : fitting[0]])
        start = fitting[0]
    return pieces


# ---------------------------------------------------------------- Unigram


def _log_probs(rng: random.Random) -> dict[str, float]:
    tokens = {"".join(rng.choices("abc", k=rng.randint(2, 4))) for _ in range(14)} | set("abc")
    return unigram.normalized({token: rng.randint(1, 60) for token in sorted(tokens)})


@grader("3.2.4 Viterbi")
def segmentation(answer: Callable[[str, dict[str, float]], tuple[list[str], float]]) -> None:
    """`answer(word, log_probs)` is the most probable segmentation and its ln p."""
    rng = fresh_random()
    cases = [("".join(rng.choices("abc", k=rng.randint(4, 11))), _log_probs(rng)) for _ in range(60)]
    found = [answer(word, dict(log_probs)) for word, log_probs in cases]
    best = [unigram.viterbi(word, log_probs)[1] for word, log_probs in cases]
    for (tokens, _), (word, log_probs) in zip(found, cases, strict=True):
        known = "".join(tokens) == word and all(token in log_probs for token in tokens)
        expect(known, "the tokens joined are not the word, or one of them is not in the table")
    own = [sum(log_probs[token] for token in tokens) for (tokens, _), (_, log_probs) in zip(found, cases, strict=True)]
    if not near(own, best, 1e-9):
        _why_not_this_segmentation([list(tokens) for tokens, _ in found], cases)
    values = [float(value) for _, value in found]
    if near(values, best, 1e-9):
        return
    expect(
        not near(values, [value + 1 for value in best]), "the score is one too high: the empty beginning has ln p = 0"
    )
    expect(not near(values, [-value for value in best]), "the sign is wrong: return the sum of ln p, which is negative")
    small = near(values, [math.exp(value) for value in best])
    expect(not small, "return ln p, not p: products of many small numbers run out of digits")
    raise Wrong("the tokens are right; their score should be the sum of their ln p")


def _why_not_this_segmentation(found: list[list[str]], cases: list[tuple[str, dict[str, float]]]) -> None:
    greedy = found == [_pieces(word, set(log_probs), mark="") for word, log_probs in cases]
    expect(not greedy, "these are the longest tokens from the left; a shorter one can lead to a more probable whole")
    fewest = [len(unigram.viterbi(word, dict.fromkeys(log_probs, -1.0))[0]) for word, log_probs in cases]
    expect([len(tokens) for tokens in found] != fewest, "these are the fewest tokens; more tokens can be more probable")
    raise Wrong("another segmentation is more probable: keep the best score for every end, over every start")


@grader("3.2.4 removal")
def removal_loss(answer: Callable[[dict[str, int], dict[str, float], str], float]) -> None:
    """`answer(word_counts, log_probs, token)` is Δ, by how much the corpus loss rises without the token."""
    rng = fresh_random()
    for _ in range(12):
        log_probs, counts = _log_probs(rng), _word_counts(rng, "abc", 12)
        losses = unigram.removal_losses(counts, log_probs)
        for token in (max(losses, key=losses.__getitem__), min(losses, key=losses.__getitem__)):
            found, right = float(answer(dict(counts), dict(log_probs), token)), losses[token]
            if near(found, right, 1e-7):
                continue
            expect(not near(found, -right), "the sign is wrong: without the token the loss is higher")
            once = unigram.removal_losses(dict.fromkeys(counts, 1), log_probs)[token]
            expect(not near(found, once), "every word counts once: a word adds to the loss as often as it occurs")
            before = unigram.corpus_loss(counts, log_probs)
            expect(not near(found, before + right), "this is the loss without the token; subtract the loss with it")
            rest = unigram.normalized({other: math.exp(v) for other, v in log_probs.items() if other != token})
            expect(not near(found, unigram.corpus_loss(counts, rest) - before, 1e-6),
                   "the other probabilities were rescaled; for Δ they stay as they are")  # fmt: skip
            raise Wrong("Δ is the loss of the corpus without the token less the loss with it")
