"""Checks of the exercises of section 2.3.3."""

import math
import random
import re
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from llmbook.exercises.checks import Wrong, drawn, expect, expect_shape, fresh_generator, fresh_random, grader, near

Tokens = list[str]


def _text(rng: random.Random, length: int) -> Tokens:
    """Different words, so that every answer can be told from every other."""
    return rng.sample([a + b for a in "bdfgklmnprst" for b in ("a", "e", "i", "o", "u", "am", "or")], length)


def _words(answer: object, what: str) -> Tokens:
    expect(isinstance(answer, list | tuple), f"return {what} as a list of tokens; yours is a {type(answer).__name__}")
    return list(answer)


@grader("2.3.3 rotation")
def rotation(answer: Callable[[Tokens, int], Tokens]) -> None:
    """`answer(tokens, start)` turns the text so that token number `start` comes first."""
    rng = fresh_random()
    for start in (0, rng.randrange(2, 4), 6):
        tokens = _text(rng, 7)
        before = list(tokens)
        turned = _words(answer(tokens, start), "the text")
        expect(tokens == before, "your function has changed the list it was given: make a new one")
        if turned == before[start:] + before[:start]:
            continue
        expect(
            turned != before[-start:] + before[:-start], "turned the other way: token number start should come first"
        )
        expect(turned != before[start:], "the tokens before the start are lost: they go to the end")
        expect(len(turned) == 7, "a rotation keeps every token")
        expect(turned[0] != before[(start + 1) % 7], "one too far: positions are counted from 0")
        raise Wrong("the text should begin with token number start, and end with the one before it")


@grader("2.3.3 deletion")
def deletion(answer: Callable[[Tokens, Sequence[int]], Tokens]) -> None:
    """`answer(tokens, places)` leaves out the tokens at these places, which come in any order."""
    rng = fresh_random()
    for _ in range(4):
        tokens = _text(rng, 9)
        places = sorted(rng.sample(range(7), 3))  # not the last two, so that a slipped deletion finds a token
        for order in (places, places[::-1]):
            before, asked = list(tokens), list(order)
            left = _words(answer(tokens, order), "the text")
            expect(tokens == before and order == asked, "your function has changed a list it was given: make a new one")
            if left == [token for i, token in enumerate(before) if i not in places]:
                continue
            expect(len(left) < 9, "the tokens are still there, or something stands in their place: leave nothing")
            expect(left != [before[i] for i in places], "these are the tokens to be deleted: keep the others")
            slipped = list(before)
            for place in asked:
                del slipped[place]
            one_by_one = "deleted one by one, the later tokens have moved up meanwhile: choose by the original places"
            expect(left != slipped, one_by_one)
            raise Wrong("keep the tokens whose place is not among the places, in their order")


@grader("2.3.3 infilling")
def infilling(answer: Callable[[Tokens, list[tuple[int, int]], str], Tokens]) -> None:
    """`answer(tokens, spans, mask)` puts one mask for each (start, length); spans are in order and do not touch."""
    rng = fresh_random()
    cases = ([(2, 3)], [(1, 2), (5, 1)], [(1, 2), (5, 0), (7, 3)], [(0, 0), (4, 2)])
    for spans in cases:
        tokens = _text(rng, 11)
        before, asked = list(tokens), list(spans)
        noisy = _words(answer(tokens, spans, "_"), "the text")
        expect(tokens == before and spans == asked, "your function has changed a list it was given: make a new one")
        if noisy == _infilled(before, spans):
            continue
        single = list(before)
        for start, length in spans:
            single[start : start + length] = ["_"] * length
        expect(noisy != single, "a span becomes one mask, whatever its length: that hides the length")
        empty = "a span of length 0 hides nothing, but it still puts a mask before the token at its start"
        expect(noisy != _infilled(before, [span for span in spans if span[1]]), empty)
        hidden = "a span of length 0 hides nothing: the token at its start stays"
        expect(noisy != _infilled(before, [(start, max(length, 1)) for start, length in spans]), hidden)
        slipped = list(before)
        for start, length in spans:
            slipped[start : start + length] = ["_"]
        late = "the starts count places of the original: earlier spans have moved what follows (go from right to left)"
        expect(noisy != slipped, late)
        gone = [token for token in _infilled(before, spans) if token != "_"]
        expect(noisy != gone, "the spans are gone without a trace, as in token deletion: one mask each")
        raise Wrong("each span gives way to one mask, everything else stays in its order")


def _infilled(tokens: Tokens, spans: Sequence[tuple[int, int]]) -> Tokens:
    noisy = list(tokens)
    for start, length in reversed(spans):
        noisy[start : start + length] = ["_"]
    return noisy


@grader("2.3.3 counting")
def counting(masks: Callable[[list[int]], int], tokens_left: Callable[[int, list[int]], int]) -> None:
    """Masks for given span lengths; and how long a text of n tokens is after infilling."""
    rng = fresh_random()
    for _ in range(4):
        lengths = [*(rng.randrange(3, 7) for _ in range(rng.randrange(2, 4))), 0, 0]
        rng.shuffle(lengths)
        n, count, hidden = rng.randrange(30, 60), len(lengths), sum(lengths)
        number = masks(list(lengths))
        expect(number != count - 2, "spans of length 0 count too: each inserts a mask")
        expect(number == count, "every span becomes one mask, whatever its length")
        left = tokens_left(n, list(lengths))
        expect(left != n - hidden, "the masks are tokens too")
        expect(left != n - hidden + count - 2, "spans of length 0 insert a mask: the text grows by one for each")
        expect(left == n - hidden + count, "the hidden tokens go, and one mask comes for each span")


@grader("2.3.3 permutation")
def permutation(answer: Callable[[Tokens, list[int], str], Tokens]) -> None:
    """`answer(tokens, order, full_stop)`: sentence order[0] comes first, then order[1], and so on."""
    rng = fresh_random()
    for rest in (0, 2):
        sentences = []
        words = _text(rng, 20)
        for length in (3, 1, 2, *([rest] if rest else [])):
            sentences.append([words.pop() for _ in range(length)] + ["."])
        if rest:
            sentences[-1].pop()  # a text may end without a full stop
        order = [1, 2, 0] if not rest else [3, 0, 2, 1]
        tokens = [token for sentence in sentences for token in sentence]
        before, asked = list(tokens), list(order)
        shuffled = _words(answer(tokens, order, "."), "the text")
        expect(tokens == before and order == asked, "your function has changed a list it was given: make a new one")

        def joined(order: Sequence[int], sentences: list[Tokens] = sentences) -> Tokens:
            return [token for i in order for token in sentences[i]]

        if shuffled == joined(order):
            continue
        expect("." in shuffled, "the full stops are lost: each belongs to the sentence that it ends")
        inverse = sorted(range(len(order)), key=order.__getitem__)
        expect(shuffled != joined(inverse), "the order is read the wrong way: sentence order[0] comes first")
        lost = "what stands after the last full stop is lost: it counts as a sentence"
        expect(len(shuffled) != len(before) - rest or not rest, lost)
        expect(sorted(shuffled) == sorted(before), "a permutation keeps every token, once")
        inside = "the words within a sentence keep their order, and its full stop stays at its end"
        expect(any(shuffled[: len(s)] == s for s in sentences), inside)
        raise Wrong("cut behind every full stop, then join the sentences in the order given")


@grader("2.3.3 ambiguity")
def ambiguity(answer: Callable[[Tokens, str], tuple[Tokens, Tokens]]) -> None:
    """`answer(noisy, mask)` gives two texts of different length that infilling can turn into `noisy`."""
    rng = fresh_random()
    for masks in (1, 2):
        noisy = _text(rng, 6)
        for place in sorted(rng.sample(range(1, 6), masks), reverse=True):
            noisy.insert(place, "_")
        before = list(noisy)
        both = answer(noisy, "_")
        expect(noisy == before, "your function has changed the list it was given: make a new one")
        expect(isinstance(both, list | tuple) and len(both) == 2, "return two texts")
        first, second = (_words(text, "each text") for text in both)
        expect("_" not in first + second, "an original holds no mask: put words for it, or nothing")
        expect(first != second, "the two texts are the same")
        spans = "".join(r"(\S+ )*" if token == "_" else re.escape(token) + " " for token in noisy)
        for text in (first, second):
            kept = "all tokens that can be seen belong to the original, in this order, and nothing new between them"
            expect(
                re.fullmatch(spans, " ".join([*text, ""])), f"one of your texts cannot become the damaged one: {kept}"
            )
        different = "both have the same length; find two of different length, which token masking could not confuse"
        expect(len(first) != len(second), different)


@grader("2.3.3 inputs")
def decoder_inputs(answer: Callable[[Tensor, int, int], tuple[Tensor, Tensor]]) -> None:
    """`answer(targets, pad, start)` gives the decoder's input ids and the labels, both shaped as the targets."""
    g = fresh_generator()
    pad, start = 0, drawn(1, 3, g)
    targets = torch.randint(5, 30, (3, 7), generator=g)
    targets[1, 4:], targets[2, 6:] = pad, pad
    before = targets.clone()
    inputs, labels = answer(targets, pad, start)
    expect(targets.equal(before), "your function has changed the targets: work on a clone")
    expect_shape(inputs, (3, 7), "the decoder's input")
    expect_shape(labels, (3, 7), "the labels")
    right_labels = targets.masked_fill(targets == pad, -100)
    shifted = torch.cat([torch.full((3, 1), start), targets[:, :-1]], dim=1)
    expect(not inputs.equal(targets), "the input is not shifted: at each position the decoder would see its answer")
    expect((inputs >= 0).all(), "-100 is no token: in the decoder's input padding stays the padding token")
    left = torch.cat([targets[:, 1:], torch.full((3, 1), start)], dim=1)
    expect(not inputs[:, :-1].equal(left[:, :-1]), "shifted the wrong way: position i should see token i - 1")
    expect((inputs[:, 0] == start).all(), "the first input should be the start token")
    expect(inputs.equal(shifted), "the input at position i + 1 is the target at position i")
    expect(not labels.equal(targets), "padding would be learned: its label is -100")
    expect(labels.equal(right_labels), "the labels are the targets themselves, with -100 for padding")


@grader("2.3.3 stage one")
def stage_one(answer: Callable[[str], bool]) -> None:
    """`answer(name)` says whether stage 1 of the translator trains the parameter of this name."""
    g = fresh_generator()
    far = drawn(10, 19, g)
    names = {
        "new_encoder.layers.0.feed_forward.up_proj.weight": (True, "the new encoder is what stage 1 is for"),
        "new_encoder.embed_tokens.weight": (True, "the new encoder's embeddings are trained, like all of it"),
        "bart.model.encoder.embed_positions.weight": (True, "BART's position embeddings are trained in stage 1"),
        "bart.model.decoder.embed_positions.weight": (True, "the decoder's position embeddings are BART's too"),
        "bart.model.encoder.layers.0.self_attn.q_proj.weight": (True, "the first layer's self-attention is trained"),
        f"bart.model.encoder.layers.{far}.self_attn.q_proj.weight": (
            False,
            "only the encoder's first layer is trained: its name holds layers.0., with both dots",
        ),
        "bart.model.encoder.layers.1.self_attn.v_proj.bias": (False, "only the encoder's first layer is trained"),
        "bart.model.encoder.layers.0.fc1.weight": (False, "of the first layer only the self-attention is trained"),
        "bart.model.decoder.layers.0.self_attn.k_proj.weight": (
            False,
            "the decoder's attention stays frozen in stage 1",
        ),
        "bart.model.decoder.layers.0.encoder_attn.k_proj.weight": (
            False,
            "the cross-attention stays frozen in stage 1",
        ),
        "bart.model.shared.weight": (False, "BART's own word embeddings stay frozen in stage 1"),
    }
    for name, (trained, hint) in names.items():
        expect(bool(answer(name)) is trained, f"{hint} ({name})")


@grader("2.3.3 Poisson")
def poisson(answer: Callable[[int, float], float]) -> None:
    """`answer(k, mean)` is the probability that a span has length k."""
    rng = fresh_random()
    for k, mean in ((0, 3.0), (3, 3.0), (rng.randrange(4, 9), 1 + 4 * rng.random())):
        p = answer(k, mean)
        if near(p, math.exp(-mean) * mean**k / math.factorial(k), 1e-9):
            continue
        expect(not near(p, mean**k / math.factorial(k), 1e-9), "e^-λ is missing: the probabilities must sum to 1")
        expect(not near(p, math.exp(-mean) * mean**k, 1e-9), "the factorial is missing")
        below = sum(math.exp(-mean) * mean**i / math.factorial(i) for i in range(k + 1))
        expect(not near(p, below, 1e-9), "this is the probability of length k or less")
        expect(k, "λ^0 and 0! are both 1: the share of empty spans is e^-λ")
        raise Wrong("the probability is e^-λ λ^k / k!")
