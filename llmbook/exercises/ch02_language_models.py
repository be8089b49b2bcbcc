"""Checks of the exercises of section 2.1.

Each first asks whether the answer is right. If it is not, it looks for the mistakes people make, and names the one it
finds. Corpora are drawn anew each time; the right values come from `NGramLM` where it has them.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from llmbook.exercises.checks import Wrong, drawn, expect, expect_shape, fresh_generator, fresh_random, grader, near
from llmbook.models.feedforward_lm import FeedForwardLM
from llmbook.models.ngram import NGramLM

Corpus = list[list[str]]

WORDS = ("我", "爱", "语言", "模型", "自然", "数据", "学习", "世界")


def _corpus(draw: random.Random, size: int) -> Corpus:
    """Sentences of 2 to 6 words; each of the words occurs, some much more often than others."""
    words = draw.sample(WORDS, draw.randint(5, 7))
    weights = [1 / (1 + rank) for rank in range(len(words))]
    sentences = [draw.choices(words, weights, k=draw.randint(2, 6)) for _ in range(size)]
    return [*sentences, draw.sample(words, len(words))]


def _pairs(sentences: Corpus) -> Counter:
    """Bigrams with both ends."""
    padded = (["<s>", *sentence, "</s>"] for sentence in sentences)
    return Counter(pair for words in padded for pair in zip(words, words[1:], strict=False))


def _number(value: object) -> float:
    """The answer as a number, or a hint if it is none."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise Wrong(f"return a number; yours is a {type(value).__name__}") from None
    expect(not math.isnan(number), "your answer is not a number (NaN): is 0 divided by 0 somewhere?")
    return number


class _Asked:
    """What an answer returns for a list of questions, to be compared with what formulas would return."""

    def __init__(self, answer: Callable[..., float], questions: Sequence[tuple]) -> None:
        self.questions = questions
        self.answers = [_number(answer(*question)) for question in questions]

    def are(self, formula: Callable[..., float]) -> bool:
        """Whether a formula gives the same everywhere."""
        return all(near(a, formula(*q), 1e-7) for a, q in zip(self.answers, self.questions, strict=True))


@grader("2.1 bigram")
def bigram(answer: Callable[[Corpus, list[str]], float]) -> None:
    """`answer(sentences, sentence)` is the maximum-likelihood bigram probability of a sentence."""
    draw = fresh_random()
    questions = []
    for _ in range(3):
        corpus = _corpus(draw, 6)
        questions += [(corpus, sentence) for sentence in corpus[:2]]
    asked = _Asked(answer, questions)

    def right(sentences: Corpus, sentence: list[str]) -> float:
        return math.exp(NGramLM(2, "mle").fit(sentences).token_log_probs([sentence]).sum())

    def product(sentences: Corpus, sentence: list[str], start: bool = True, end: bool = True) -> float:
        pairs, words = _pairs(sentences), Counter(chain.from_iterable(sentences))
        words["<s>"] = len(sentences)
        padded = [*["<s>"] * start, *sentence, *["</s>"] * end]
        found = 1.0 if start else words[sentence[0]] / sum(map(len, sentences))
        for pair in zip(padded, padded[1:], strict=False):
            found *= pairs[pair] / words[pair[0]]
        return found

    def joint(sentences: Corpus, sentence: list[str]) -> float:
        pairs = _pairs(sentences)
        padded = ["<s>", *sentence, "</s>"]
        return math.prod(pairs[pair] / pairs.total() for pair in zip(padded, padded[1:], strict=False))

    if asked.are(right):
        return
    expect(not asked.are(lambda c, s: product(c, s, end=False)), "the factor P(</s> | last word) is missing")
    no_start = "the first factor should be P(w | <s>), how often a sentence begins with the word: not P(w) in the text"
    expect(not asked.are(lambda c, s: product(c, s, start=False)), no_start)
    expect(not asked.are(lambda c, s: product(c, s, start=False, end=False)), f"{no_start}; and </s> is missing")
    inner = "the factors of both ends are missing, P(w | <s>) and P(</s> | w): a sentence starts and stops somewhere"
    expect(
        not asked.are(lambda c, s: product(c, s, start=False, end=False) / product(c, s[:1], start=False, end=False)),
        inner,
    )
    expect(not asked.are(joint), "each bigram's count is divided by all bigrams; divide by the count of its first word")
    log = asked.are(lambda c, s: math.log(right(c, s)))
    expect(not log, "that is the logarithm of the probability")
    raise Wrong("that is not the product of C(vw) / C(v) over the bigrams from <s> to </s>")


@grader("2.1 Laplace")
def laplace(answer: Callable[[Corpus, str, str], float]) -> None:
    """`answer(sentences, history, word)` is Laplace's bigram probability."""
    draw = fresh_random()
    questions = []
    for _ in range(4):
        corpus = _corpus(draw, 5)
        vocabulary = sorted(set(chain.from_iterable(corpus)))
        questions += [(corpus, draw.choice(["<s>", *vocabulary]), draw.choice([*vocabulary, "</s>"])) for _ in range(4)]
        questions.append((corpus, *next(iter(_pairs(corpus)))))
    asked = _Asked(answer, questions)

    def added(extra: int = 0, below: int | None = None) -> Callable[[Corpus, str, str], float]:
        def formula(sentences: Corpus, history: str, word: str) -> float:
            pairs = _pairs(sentences)
            size = len(set(chain.from_iterable(sentences))) + 1 + extra if below is None else below
            total = sum(count for pair, count in pairs.items() if pair[0] == history)
            return (pairs[history, word] + 1) / (total + size)

        return formula

    def tokens(sentences: Corpus, history: str, word: str) -> float:
        return added(below=sum(map(len, sentences)) + len(sentences))(sentences, history, word)

    if asked.are(lambda c, h, w: NGramLM(2, "add_k").fit(c).prob(w, [h])):
        return
    expect(not asked.are(added(-1)), "|V| counts what can be predicted, and </s> can: it is missing in your |V|")
    expect(not asked.are(added(1)), "|V| counts what can be predicted, and <s> never is: it is too much in your |V|")
    expect(not asked.are(added(below=1)), "the denominator grows by 1; it must grow by 1 for every word of V")
    expect(not asked.are(added(below=0)), "1 was added above only; then the sum over all words is more than 1")
    expect(not asked.are(tokens), "|V| is the number of different words, not of tokens")
    raise Wrong("that is not (C(hw) + 1) / (C(h) + |V|)")


@grader("2.1 parameters")
def parameters(trigram: Callable[[int], int], feedforward: Callable[[int, int, int, int], int]) -> None:
    """Free parameters of a trigram table, and parameters of the feed-forward model."""
    g = fresh_generator()
    size = drawn(100, 90_000, g)
    table = trigram(size)
    expect(table != size**3, "of the |V| probabilities after one history the last is no longer free: they sum to 1")
    expect(table != size**2, "that is the number of histories; each has a distribution over |V| words")
    expect(table == size**2 * (size - 1), "a trigram has |V|² histories, and each leaves |V| - 1 probabilities free")
    size, n, m, k = drawn(20, 60, g), drawn(3, 5, g), drawn(6, 11, g), drawn(12, 19, g)
    right = sum(parameter.numel() for parameter in FeedForwardLM(size, n, m, k).parameters())
    count = feedforward(size, n, m, k)
    if count == right:
        return
    expect(count != right - m, "<s> stands in histories, so the table of embeddings has a row more than |V|")
    expect(count not in (right - k, right - size, right - k - size), "a bias is missing: there are d and b")
    repeated = "all places of the history share one table of embeddings: it is counted once, not n - 1 times"
    expect(count != right + (n - 2) * (size + 1) * m, repeated)
    expect(count != right - (n - 2) * m * k, "H takes the whole history, (n - 1) m features, not one word's m")
    expect(count != right + m * k, "the history has n - 1 words, not n")
    raise Wrong("add up C with |V| + 1 rows of m, H of k × (n - 1) m, d of k, U of |V| × k and b of |V|")


@grader("2.1 perplexity")
def perplexity(answer: Callable[[list[list[float]]], float]) -> None:
    """`answer(log_probs)`: natural logarithms of every word's probability, by sentence, the last for its </s>."""
    draw = fresh_random()
    sentences = [[-draw.uniform(0.5, 6) for _ in range(draw.randint(2, 12))] for _ in range(draw.randint(4, 7))]
    sentences.append([-draw.uniform(3, 6) for _ in range(15)])
    value = _number(answer(sentences))
    flat = list(chain.from_iterable(sentences))
    mean = -sum(flat) / len(flat)
    if near(value, math.exp(mean), 1e-7):
        return
    expect(not near(value, mean, 1e-7), "that is the cross-entropy in nats: its exponential is the perplexity")
    expect(not near(value, math.exp(-mean), 1e-7), "the sign is lost: a perplexity is at least 1")
    expect(not near(value, 2**mean, 1e-7), "the logarithms are natural ones, so the base is e, not 2")
    counted = "</s> is predicted too: its factor is in your product, but the token is missing in your N"
    expect(not near(value, math.exp(-sum(flat) / (len(flat) - len(sentences))), 1e-7), counted)
    words = [p for sentence in sentences for p in sentence[:-1]]
    left_out = "the last figure of each sentence is missing: </s> is predicted and counted like a word"
    expect(not near(value, math.exp(-sum(words) / len(words)), 1e-7), left_out)
    of_means = "all tokens weigh the same: first add up over the whole text, then divide by all its tokens"
    by_sentence = [-sum(sentence) / len(sentence) for sentence in sentences]
    expect(not near(value, sum(map(math.exp, by_sentence)) / len(sentences), 1e-7), of_means)
    expect(not near(value, math.exp(sum(by_sentence) / len(sentences)), 1e-7), of_means)
    per_sentence = math.exp(min(-sum(flat) / len(sentences), 700))
    expect(not near(value, per_sentence, 1e-7), "that is a perplexity per sentence: divide by the number of tokens")
    arithmetic = len(flat) / sum(map(math.exp, flat))
    expect(not near(value, arithmetic, 1e-7), "the mean is taken of the logarithms, not of the probabilities")
    raise Wrong("that is not exp(-1/N Σ log P) over all N tokens")


@grader("2.1 zeros")
def zeros(answer: Callable[[Corpus, Corpus], float]) -> None:
    """`answer(train, held_out)`: the share of held-out sentences that a bigram model by (2.2) calls impossible."""
    draw = fresh_random()
    questions = []
    for _ in range(4):
        train = _corpus(draw, 8)
        words = sorted(set(chain.from_iterable(train)))
        held_out = [draw.choices(words, k=draw.randint(1, 3)) for _ in range(15)] + train[:4]
        rest = [word for word in WORDS if word not in words]
        held_out += [[*draw.choice(train), rest[0]], [draw.choice(words)] * 6, [train[0][0]], [train[0][-1]]]
        questions.append((train, held_out))
    asked = _Asked(answer, questions)

    def share(start: bool = True, end: bool = True) -> Callable[[Corpus, Corpus], float]:
        def formula(train: Corpus, held_out: Corpus) -> float:
            seen = _pairs(train)
            padded = [[*["<s>"] * start, *sentence, *["</s>"] * end] for sentence in held_out]
            missing = [any(pair not in seen for pair in zip(words, words[1:], strict=False)) for words in padded]
            return sum(missing) / len(missing)

        return formula

    def of_tokens(train: Corpus, held_out: Corpus) -> float:
        return float(np.isinf(NGramLM(2, "mle").fit(train).token_log_probs(held_out)).mean())

    def of_words(train: Corpus, held_out: Corpus) -> float:
        known = set(chain.from_iterable(train))
        return sum(not known.issuperset(sentence) for sentence in held_out) / len(held_out)

    def whole(train: Corpus, held_out: Corpus) -> float:
        return sum(sentence not in train for sentence in held_out) / len(held_out)

    if asked.are(share()):
        return
    ends = "the ends are missing: a sentence that begins or stops where no training sentence did is impossible too"
    for start, end in ((False, False), (True, False), (False, True)):
        expect(not asked.are(share(start, end)), ends)
    expect(not asked.are(of_tokens), "that is the share of tokens; one impossible token makes its sentence impossible")
    expect(not asked.are(of_words), "known words are not enough: their neighbours must have been seen together")
    expect(not asked.are(whole), "a bigram model can do more than repeat whole training sentences")
    expect(not asked.are(lambda t, h: 1 - share()(t, h)), "that is the share of sentences that are possible")
    expect(not asked.are(lambda t, h: share()(t, h) * len(h)), "that is a number of sentences; return their share")
    raise Wrong("that is not the share of sentences with a bigram, ends included, that training never saw")


@grader("2.1 Witten-Bell")
def witten_bell(answer: Callable[[Corpus, str, str], float]) -> None:
    """`answer(sentences, history, word)`: Witten-Bell bigrams over add-one unigrams."""
    questions = _smoothing_questions()
    asked = _Asked(answer, questions)

    def variant(
        types: Callable[[list[int]], int] = len,
        unigram: Callable[[Corpus, str], float] = _unigram,
        divided: bool = True,
        discounted: bool = True,
    ) -> Callable[[Corpus, str, str], float]:
        def formula(sentences: Corpus, history: str, word: str) -> float:
            after = {w: count for (h, w), count in _pairs(sentences).items() if h == history}
            if not after:
                return unigram(sentences, word)
            t, total = types(list(after.values())), sum(after.values())
            back = t * unigram(sentences, word) if discounted or word not in after else 0.0
            return (after.get(word, 0) + back) / (total + (t if divided else 0))

        return formula

    if asked.are(lambda c, h, w: NGramLM(2).fit(c).prob(w, [h])):
        return
    some_unseen = [i for i, (c, h, _) in enumerate(questions) if not any(pair[0] == h for pair in _pairs(c))]
    seen_only = _Asked(answer, [q for i, q in enumerate(questions) if i not in some_unseen])
    others = seen_only.are(lambda c, h, w: NGramLM(2).fit(c).prob(w, [h]))
    expect(not others, "a history that was never seen has C(h) = T(h) = 0: it leaves everything to P(w)")
    expect(not seen_only.are(variant(types=sum)), "T(h) is the number of different words after h, not of tokens")
    once = "T(h) is the number of different words after h, not of those that came once"
    expect(not seen_only.are(variant(types=lambda counts: counts.count(1))), once)
    expect(not seen_only.are(variant(divided=False)), "T(h) is missing in the denominator: the sum is more than 1")
    only = "words that were seen get their share of P(w) too: add T(h) P(w) for every word, or the sum is below 1"
    expect(not seen_only.are(variant(discounted=False)), only)
    unsmoothed = "P(w) must itself be smoothed, (C(w) + 1) / (N + |V|)"
    expect(not seen_only.are(variant(unigram=lambda c, w: _unigram(c, w, added=0))), unsmoothed)
    no_end = "P(w) counts the </s> of every sentence as a token, and as one of the |V| words"
    expect(not seen_only.are(variant(unigram=lambda c, w: _unigram(c, w, end=False))), no_end)
    raise Wrong("that is not (C(hw) + T(h) P(w)) / (C(h) + T(h)) with P(w) = (C(w) + 1) / (N + |V|)")


@grader("2.1 Kneser-Ney")
def kneser_ney(answer: Callable[[Corpus, float, str, str], float]) -> None:
    """`answer(sentences, discount, history, word)`: Kneser-Ney bigrams over continuation unigrams."""
    discount = fresh_random().uniform(0.3, 0.9)
    questions = [(corpus, discount, history, word) for corpus, history, word in _smoothing_questions()]
    asked = _Asked(answer, questions)

    def contexts(sentences: Corpus, word: str) -> float:
        pairs = _pairs(sentences)
        return sum(w == word for _, w in pairs) / len(pairs)

    def frequency(sentences: Corpus, word: str) -> float:
        return _unigram(sentences, word, added=0)

    def variant(
        lower: Callable[[Corpus, str], float] = contexts,
        clipped: bool = True,
        returned: Callable[[float, int], float] = lambda discount, types: discount * types,
    ) -> Callable[[Corpus, float, str, str], float]:
        def formula(sentences: Corpus, discount: float, history: str, word: str) -> float:
            after = {w: count for (h, w), count in _pairs(sentences).items() if h == history}
            if not after:
                return lower(sentences, word)
            kept = after.get(word, 0) - discount
            total = sum(after.values())
            shared = returned(discount, len(after)) * lower(sentences, word)
            return ((max(kept, 0.0) if clipped else kept) + shared) / total

        return formula

    if asked.are(variant()):
        return
    known = [q for q in questions if any(pair[0] == q[2] for pair in _pairs(q[0]))]
    seen_only = _Asked(answer, known)
    expect(not seen_only.are(variant()), "a history that was never seen leaves everything to P(w)")
    counts = "P(w) is to count the different words before w, not the occurrences of w: that is Kneser and Ney's idea"
    expect(not seen_only.are(variant(lower=frequency)), counts)
    negative = "an n-gram that was never seen has nothing to take D from: max(C(hw) - D, 0)"
    expect(not seen_only.are(variant(clipped=False)), negative)
    forgotten = "D was taken T(h) times, so D T(h) / C(h) is what P(w) shares out: the T(h) is missing"
    expect(not seen_only.are(variant(returned=lambda discount, types: discount)), forgotten)
    lost = "what was taken from the seen words is given to nobody: the sum is below 1"
    expect(not seen_only.are(variant(returned=lambda discount, types: 0.0)), lost)
    raise Wrong("that is not max(C(hw) - D, 0) / C(h) + D T(h) / C(h) P(w), P(w) by different words before w")


@grader("2.1 add-k")
def add_k(perplexity_of: Callable[[Corpus, Corpus, float], float], best: Callable[[Corpus, Corpus], float]) -> None:
    """The development perplexity of add-k bigrams, and the best of four k."""
    draw = fresh_random()
    corpora = [(_corpus(draw, size), _corpus(draw, 12)) for size in (3, 30, 300)]
    corpora = [(train, _known(dev, train)) for train, dev in corpora]
    # A text that repeats itself wants a small k.
    pattern = draw.sample(WORDS, 6)
    corpora.append(([pattern] * 200 + [pattern[::-1]], [pattern] * 5))
    asked = _Asked(perplexity_of, [(train, dev, k) for train, dev in corpora for k in (1.0, 0.1, 0.01, 0.001)])

    def right(train: Corpus, dev: Corpus, k: float) -> float:
        return NGramLM(2, "add_k", k).fit(train).perplexity(dev)

    def mistaken(train: Corpus, dev: Corpus, k: float, extra: int = 0, above: float | None = None) -> float:
        pairs, total = _pairs(train), Counter(chain.from_iterable(train))
        total["<s>"] = len(train)
        size = len(set(chain.from_iterable(train))) + 1 + extra
        padded = (["<s>", *sentence, "</s>"] for sentence in dev)
        asked_pairs = [pair for words in padded for pair in zip(words, words[1:], strict=False)]
        added = k if above is None else above
        logs = [math.log((pairs[p] + added) / (total[p[0]] + k * size)) for p in asked_pairs]
        return math.exp(-sum(logs) / len(logs))

    if not asked.are(right):
        expect(not asked.are(lambda t, d, k: right(t, t, k)), "the perplexity is that of the training text")
        expect(not asked.are(lambda t, d, k: mistaken(t, d, k, extra=-1)), "</s> is predicted: it belongs to V")
        expect(not asked.are(lambda t, d, k: mistaken(t, d, k, extra=1)), "<s> is never predicted: it is not in V")
        expect(not asked.are(lambda t, d, k: mistaken(t, d, k, above=1.0)), "k, not 1, is added to the bigram's count")
        expect(not asked.are(lambda t, d, k: right(t, d, 1.0)), "your perplexity does not depend on k")
        expect(
            not asked.are(lambda t, d, k: math.log(right(t, d, k))), "that is the cross-entropy, not its exponential"
        )
        raise Wrong("that is not the perplexity of (C(hw) + k) / (C(h) + k|V|) over all tokens, </s> counted")
    candidates = (1.0, 0.1, 0.01, 0.001)
    chosen = [best(train, dev) for train, dev in corpora]
    expect(all(k in candidates for k in chosen), "return one of 1, 0.1, 0.01 and 0.001")

    def choice(pick: Callable[..., float], on_train: bool = False) -> list[float]:
        texts = [(train, train if on_train else dev) for train, dev in corpora]
        return [pick(candidates, key=partial(right, train, text)) for train, text in texts]

    if chosen == choice(min):
        return
    on_train = "k is to be chosen on the development text: training text always likes it small"
    expect(chosen != choice(min, on_train=True), on_train)
    expect(chosen != choice(max), "that is the k of the highest perplexity; low is good")
    raise Wrong("that k does not have the lowest development perplexity")


@grader("2.1 feed-forward")
def feedforward(answer: Callable[..., Tensor]) -> None:
    """`answer(histories, C, H, d, U, b)`: log-probabilities of the next word under Bengio's model."""
    g = fresh_generator()
    size, words, m, k = drawn(9, 14, g), drawn(2, 4, g), drawn(3, 5, g), drawn(6, 8, g)
    model = FeedForwardLM(size, words + 1, m, k)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=g))
        histories = torch.randint(size + 1, (5, words), generator=g)
        C, H, U = model.embed_tokens.weight.detach(), model.hidden.weight.detach(), model.output.weight.detach()
        d, b = model.hidden.bias.detach(), model.output.bias.detach()
        right = model(histories).log_softmax(-1)
    output = answer(histories, C, H, d, U, b)
    expect_shape(output, (5, size), "the log-probabilities")
    if near(output, right):
        return
    x = C[histories].flatten(1)
    inner = x @ H.T + d
    expect(not near(output.detach().exp().sum(0), torch.ones(size)), "the softmax runs over the batch, not the words")
    expect(not near(output, right.exp()), "those are the probabilities; their logarithms are asked for")
    expect(
        not near(output, inner.tanh() @ U.T + b), "those are the scores y: the log-softmax over the words is missing"
    )
    expect(not near(output, (inner @ U.T + b).log_softmax(-1)), "the tanh is missing: two linear layers make one")
    no_d = (x @ H.T).tanh() @ U.T + b
    expect(not near(output, no_d.log_softmax(-1)), "the bias d is missing: it is added before the tanh")
    expect(not near(output, (inner.tanh() @ U.T).log_softmax(-1)), "the bias b is missing")
    turned = (C[histories.flip(1)].flatten(1) @ H.T + d).tanh() @ U.T + b
    expect(not near(output, turned.log_softmax(-1)), "the history is reversed: the oldest word's features come first")
    mixed = (C[histories].transpose(1, 2).flatten(1) @ H.T + d).tanh() @ U.T + b
    woven = "x is the words' embeddings one after the other; yours are interwoven feature by feature"
    expect(not near(output, mixed.log_softmax(-1)), woven)
    raise Wrong("that is not log softmax(b + U tanh(d + H x)) with x the history's embeddings side by side")


def _smoothing_questions() -> list[tuple[Corpus, str, str]]:
    """Corpora with histories seen and unseen, and words after them that were and were not."""
    draw, questions = fresh_random(), []
    for _ in range(3):
        corpus = _corpus(draw, 7)
        words = sorted(set(chain.from_iterable(corpus)))
        unseen = next(word for word in WORDS if word not in words)
        histories = [draw.choice(words), "<s>", unseen, Counter(chain.from_iterable(corpus)).most_common(1)[0][0]]
        questions += [(corpus, history, word) for history in histories for word in [*words, "</s>"]]
    return questions


def _unigram(sentences: Corpus, word: str, added: int = 1, end: bool = True) -> float:
    """(C(w) + 1) / (N + |V|), with or without the ends of sentences."""
    ended = [[*sentence, *["</s>"] * end] for sentence in sentences]
    counts = Counter(chain.from_iterable(ended))
    return (counts[word] + added) / (counts.total() + added * len(counts))


def _known(sentences: Corpus, train: Corpus) -> Corpus:
    """The sentences without words that the training text does not have."""
    words = set(chain.from_iterable(train))
    kept = [[word for word in sentence if word in words] for sentence in sentences]
    return [sentence for sentence in kept if sentence] or train[:1]
