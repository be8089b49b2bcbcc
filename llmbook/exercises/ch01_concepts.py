"""Checks of the exercises of section 1.1.

Each first asks whether the answer is right; only then does it look for the mistakes people make, and names the one it
finds.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from llmbook.exercises.checks import Wrong, expect, fresh_random, grader, near

Floats = NDArray[np.float64]


def _same(answer: float, expected: float, tolerance: float = 1e-6) -> bool:
    return math.isclose(float(answer), expected, rel_tol=tolerance, abs_tol=1e-300)


@grader("1.1 sentence probability")
def sentence(answer: Callable[[list[float]], tuple[float, float]]) -> None:
    """`answer(conditionals)` is (product, product ** (-1 / m))."""
    random = fresh_random()
    conditionals = [random.uniform(0.05, 0.9) for _ in range(random.randint(4, 9))]
    probability, perplexity = answer(conditionals)
    right = math.prod(conditionals)
    m = len(conditionals)
    if _same(probability, right) and _same(perplexity, right ** (-1 / m)):
        rare = [random.uniform(0.001, 0.002) for _ in range(2000)]
        longest = math.exp(-math.fsum(map(math.log, rare)) / 2000)
        underflow = "the perplexity of a long sentence is wrong, as its probability underflows to 0: add logarithms"
        try:
            perplexity = answer(rare)[1]
        except (ZeroDivisionError, OverflowError, ValueError):
            raise Wrong(underflow) from None
        expect(_same(perplexity, longest), underflow)
        return
    expect(
        not _same(probability, math.fsum(conditionals)), "the conditionals are added; the chain rule multiplies them"
    )
    expect(not _same(probability, math.log(right)), "that is the logarithm of the probability: take its exponential")
    expect(_same(probability, right), "the probability is not the product of the conditionals, equation (1.1)")
    expect(not _same(perplexity, 1 / right), "the perplexity is per word: take the m-th root of 1 / P")
    arithmetic = math.fsum(1 / p for p in conditionals) / m
    expect(
        not _same(perplexity, arithmetic) and not _same(perplexity, m / math.fsum(conditionals)),
        "perplexity is the inverse of the geometric mean of the conditionals, not of their arithmetic one",
    )
    expect(not _same(perplexity, right ** (1 / m)), "that is the geometric mean of the conditionals; take its inverse")
    expect(
        not _same(perplexity, 2 ** (-math.log(right) / m)), "2 is raised to a natural logarithm: use e, or log base 2"
    )
    raise Wrong("the perplexity is not P ** (-1 / m)")


@grader("1.1 factors from counts")
def factors(answer: Callable[[list[list[str]], list[str]], list[float]]) -> None:
    """`answer(corpus, sentence)` are the ratios of prefix counts, the end's included; 0 after an unseen history."""
    random = fresh_random()
    first, second, third, fourth = random.sample(["把", "努力", "变成", "一种", "习惯", "阅读", "学习", "工作"], 4)
    target = [first, second, third]
    corpus = (
        [target] * random.randint(1, 3)
        + [[*target, fourth]] * random.randint(1, 4)
        + [[first, second, fourth]] * random.randint(1, 4)
        + [[first, third]] * random.randint(1, 4)
        + [[fourth, second, third]] * random.randint(1, 4)
        + [[third, first]] * random.randint(1, 4)
    )
    random.shuffle(corpus)
    got = [float(p) for p in answer([list(words) for words in corpus], list(target))]
    right = _prefix_factors(corpus, target)
    if near(got, right):
        unseen = [first, fourth, second]
        broken = "a history that the corpus does not have gives 0/0: return 0 for every factor after it"
        try:
            got = [float(p) for p in answer([list(words) for words in corpus], list(unseen))]
        except ZeroDivisionError:
            raise Wrong(broken) from None
        expect(near(got, _prefix_factors(corpus, unseen)), broken)
        return
    expect(not near(got, right[:-1]), "the last factor is missing: the share of sentences that stop there")
    expect(
        len(got) == len(target) + 1, f"{len(target)} words and the end need {len(target) + 1} factors, not {len(got)}"
    )
    expect(
        not near(got, [*right[:-1], 1.0]),
        "the end is not certain: sentences that begin with the whole sentence may go on",
    )
    expect(
        not near(got, _prefix_factors(corpus, target, history=1)),
        "the history is cut to one word, which is a bigram: count sentences by all the words before",
    )
    joint = [p * len(corpus) for p in np.cumprod(right)]
    expect(
        not near(got, [p / len(corpus) for p in joint]),
        "every count is divided by the size of the corpus: divide by the count of the history",
    )
    expect(
        not near(got, _anywhere(corpus, target)),
        "words are counted anywhere in a sentence: the history begins where the sentence begins",
    )
    raise Wrong("the factors are not C(w_1 … w_i) / C(w_1 … w_(i-1)), with C the number of sentences that begin so")


def _prefix_factors(corpus: Sequence[list[str]], sentence: list[str], history: int | None = None) -> list[float]:
    """Ratios of counts; with `history`, of the last so many words, anywhere in a sentence that starts with "<s>"."""
    words = ["<s>", *sentence, "</s>"]
    texts = [["<s>", *text, "</s>"] for text in corpus]

    def count(start: int, end: int) -> int:
        wanted = words[start:end]
        places = [0] if history is None else range(max(map(len, texts)))
        return sum(text[place : place + len(wanted)] == wanted for text in texts for place in places)

    result = []
    for i in range(1, len(words)):
        start = 0 if history is None else max(0, i - history)
        seen = count(start, i)
        result.append(count(start, i + 1) / seen if seen else 0.0)
    return result


def _anywhere(corpus: Sequence[list[str]], sentence: list[str]) -> list[float]:
    """Full histories that may begin anywhere in a sentence."""
    texts, words = [[*text, "</s>"] for text in corpus], [*sentence, "</s>"]

    def count(wanted: list[str]) -> int:
        return sum(text[k : k + len(wanted)] == wanted for text in texts for k in range(len(text)))

    first = count(words[:1]) / sum(map(len, texts))
    return [first, *(count(words[: i + 1]) / count(words[:i]) for i in range(1, len(words)))]


@grader("1.1 mixture")
def mixture(answer: Callable[[Floats, Floats, float], float]) -> None:
    """`answer(log_p1, log_p2, weight)` is the perplexity of weight · P1 + (1 - weight) · P2."""
    random = fresh_random()
    one, two = (np.log([random.uniform(0.001, 0.9) for _ in range(12)]) for _ in range(2))
    weight = random.uniform(0.1, 0.4)

    def perplexity(log_p: Floats) -> float:
        return math.exp(-log_p.mean())

    def mixed(share: float) -> Floats:
        return np.log(share * np.exp(one) + (1 - share) * np.exp(two))

    got = float(answer(one.copy(), two.copy(), weight))
    if _same(got, perplexity(mixed(weight))):
        return
    expect(
        not _same(got, perplexity(weight * one + (1 - weight) * two)),
        "the logarithms are mixed, which multiplies the models: take exponentials first, token by token",
    )
    expect(
        not _same(got, weight * perplexity(one) + (1 - weight) * perplexity(two)),
        "the two perplexities are mixed: mix the probabilities of each token, then take the perplexity",
    )
    expect(not _same(got, perplexity(mixed(1 - weight))), "the weight λ belongs to the first model")
    expect(not _same(got, perplexity(mixed(0.5))), "both models get one half: use the weight λ")
    expect(
        not _same(got, -mixed(weight).mean()), "that is the mean loss of the mixture: the perplexity is e to its power"
    )
    expect(
        not _same(got, 1 / np.exp(mixed(weight)).mean()),
        "the probabilities are averaged over the tokens: average their logarithms",
    )
    raise Wrong("the perplexity is not exp of minus the mean of log(λ P1 + (1 - λ) P2)")


@grader("1.1 bits per character")
def bits(answer: Callable[[float, int, int], float]) -> None:
    """`answer(nats_per_token, num_tokens, num_characters)` = nats · tokens / ln 2 / characters."""
    random = fresh_random()
    nats, tokens = random.uniform(1.5, 4.0), random.randint(500, 2000)
    characters = round(tokens * random.uniform(2.5, 4.5))
    got = float(answer(nats, tokens, characters))
    per_token, share = nats / math.log(2), tokens / characters
    if _same(got, per_token * share):
        return
    expect(not _same(got, per_token), "that is bits per token: spread them over the characters of a token")
    expect(not _same(got, nats * share), "that is nats per character: a nat is 1 / ln 2 = 1.4427 bits")
    expect(not _same(got, nats * math.log(2) * share), "1 nat is *more* than a bit: divide by ln 2")
    expect(
        not _same(got, per_token / share),
        "tokens and characters have changed places: a character has less than a token",
    )
    expect(
        not _same(got, math.exp(nats) * share), "that is a perplexity: the loss itself is wanted, not e to its power"
    )
    raise Wrong("it is not (nats per token) · tokens / ln 2 / characters")


@grader("1.1 Kaplan's law")
def kaplan(predict_loss: Callable[[float], float], loss_factor: Callable[[float], float]) -> None:
    """L(N) = (8.8e13 / N) ** 0.076 and ratio ** -0.076."""
    random = fresh_random()
    size, ratio = 10 ** random.uniform(6, 12), random.uniform(1.5, 50)
    got, right = float(predict_loss(size)), (8.8e13 / size) ** 0.076
    if not _same(got, right):
        expect(not _same(got, 1 / right), "the fraction is upside down: a larger model has a smaller loss")
        expect(not _same(got, (5.4e13 / size) ** 0.095), "these are the constants for data, not for parameters")
        expect(
            not _same(got, 0.076 * math.log(8.8e13 / size)), "that is the logarithm of the loss: take its exponential"
        )
        expect(not _same(got, 0.076 * 8.8e13 / size), "α is an exponent, not a factor")
        raise Wrong("the loss is not (8.8e13 / N) ** 0.076")
    got = float(loss_factor(ratio))
    if not _same(got, ratio**-0.076):
        expect(not _same(got, ratio**0.076), "the loss of a larger model is smaller: the exponent is negative")
        expect(not _same(got, 1 / ratio), "the loss does not fall as fast as the size grows: mind the exponent")
        expect(
            not _same(got, predict_loss(ratio)),
            "that is the loss of a model with `ratio` parameters; a factor is wanted",
        )
        expect(not _same(got, 1 - 0.076 * math.log10(ratio)), "each tenfold multiplies the loss; it subtracts nothing")
        raise Wrong("the factor is not L(ratio · N) / L(N)")


@grader("1.1 price")
def price(answer: Callable[[float, float], float]) -> None:
    """`answer(share, alpha)` = (1 - share) ** (-1 / alpha)."""
    random = fresh_random()
    share, alpha = random.uniform(0.05, 0.3), random.uniform(0.05, 0.12)
    got, right = float(answer(share, alpha)), (1 - share) ** (-1 / alpha)
    if _same(got, right):
        return
    expect(not _same(got, 1 / right), "that is below 1: a lower loss needs a larger model, so the exponent is negative")
    expect(not _same(got, (1 - share) ** -alpha), "solve for x: the exponent is 1 / α, not α")
    expect(not _same(got, share ** (-1 / alpha)), "the loss falls *by* the share, to 1 - share of what it was")
    expect(
        not _same(got, (1 + share) ** (1 / alpha)), "lower by a share is × (1 - share), which is not 1 / (1 + share)"
    )
    expect(not _same(got, 1 + share / alpha), "that is the beginning of the series; take the power")
    raise Wrong("(x_c / (t x)) ** α should be 1 - share of (x_c / x) ** α: solve for t")


@grader("1.1 power-law fit")
def power_law(answer: Callable[[Floats, Floats], tuple[float, float]]) -> None:
    """`answer(sizes, losses)` is (α, N_c) by least squares in the logarithms."""
    random = fresh_random()
    alpha, constant = random.uniform(0.05, 0.3), 10 ** random.uniform(8, 14)
    sizes = np.array([10.0**k * random.uniform(0.8, 1.2) for k in range(4, 9)])
    exact = (constant / sizes) ** alpha
    noisy = exact * np.exp([random.gauss(0, 0.02) for _ in sizes])
    x, y = np.log(sizes), np.log(noisy)
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    height = float(y.mean() - slope * x.mean())
    got = tuple(float(value) for value in answer(sizes.copy(), noisy.copy()))
    expect(len(got) == 2, "return two numbers: α and N_c")
    if _same(got[0], -slope, 1e-5) and _same(got[1], math.exp(-height / slope), 1e-4):
        return
    expect(not _same(got[0], slope, 1e-5), "the sign: the loss falls, so the slope is -α")
    base10 = _same(got[0], -slope, 1e-5) and _same(got[1], math.exp(-height / math.log(10) / slope), 1e-4)
    expect(not base10, "logarithms to base 10 need 10 ** …, not exp, for N_c")
    ends = -(y[-1] - y[0]) / (x[-1] - x[0])
    expect(not _same(got[0], ends, 1e-5), "only the first and the last point are used: fit all of them")
    curve = np.polyfit(x, noisy, 1)[0]
    expect(
        not _same(abs(got[0]), abs(curve), 1e-5),
        "the losses are not in logarithms: the law is straight on log-log axes, not on half-log ones",
    )
    expect(_same(got[0], -slope, 1e-5), "α is not the slope, sign changed, of log L over log N")
    expect(
        not _same(got[1], math.exp(height), 1e-4),
        "exp(intercept) is N_c ** α, the loss at N = 1: take the root, exp(intercept / α)",
    )
    raise Wrong("N_c is not exp(intercept / α): the size at which log L is 0")
