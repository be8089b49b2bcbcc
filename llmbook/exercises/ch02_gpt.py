"""Checks of the exercises of section 2.3.2."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from llmbook.exercises.checks import Wrong, drawn, expect, expect_shape, fresh_generator, grader, near


@grader("2.3.2 negative log-likelihood")
def likelihood(answer: Callable[[Sequence[float]], float]) -> None:
    """`answer(probabilities)` is the loss (2.26) in nats of a text whose tokens had these conditional probabilities."""
    g = fresh_generator()
    p = (0.05 + 0.9 * torch.rand(drawn(3, 7, g), generator=g, dtype=torch.float64)).tolist()
    loss = answer(p)
    right = -sum(map(math.log, p))
    if near(loss, right, 1e-9):
        return
    expect(not near(loss, -right), "the sign is wrong: logarithms of probabilities are negative, the loss is positive")
    expect(not near(loss, right / len(p)), "this is the mean per token; (2.26) is the sum")
    expect(not near(loss, right / math.log(2)), "this is in bits: use the natural logarithm")
    expect(not near(loss, math.prod(p)), "this is the probability of the text: take its negative logarithm")
    expect(not near(loss, -math.log(sum(p))), "probabilities of a chain are multiplied: add up their logarithms")
    raise Wrong("the loss is the sum of -ln p over the tokens")


@grader("2.3.2 shifted loss")
def shifted_loss(answer: Callable[[Tensor, Tensor, int], Tensor]) -> None:
    """`answer(logits, input_ids, pad)` is the mean of (2.26) over the tokens that are not padding."""
    g = fresh_generator()
    pad, vocabulary = drawn(0, 3, g), drawn(8, 12, g)
    logits = 2 * torch.randn(3, 7, vocabulary, generator=g)
    ids = torch.randint(4, vocabulary, (3, 7), generator=g)
    ids[1, 4:], ids[2, 6:] = pad, pad
    loss = answer(logits, ids, pad)
    expect_shape(loss, (), "the loss")

    def mean(predicting: Tensor, predicted: Tensor, ignored: int = pad) -> Tensor:
        return F.cross_entropy(predicting.flatten(0, 1), predicted.flatten(), ignore_index=ignored)

    right = mean(logits[:, :-1], ids[:, 1:])
    if near(loss, right):
        return
    unshifted = "the logits at position i are compared with token i, which the model has seen: they predict token i + 1"
    expect(not near(loss, mean(logits, ids)) and not near(loss, mean(logits, ids, -100)), unshifted)
    backwards = "the shift goes the wrong way: the logits at position i are compared with token i - 1"
    expect(not near(loss, mean(logits[:, 1:], ids[:, :-1])), backwards)
    expect(
        not near(loss, mean(logits[:, :-1], ids[:, 1:], -100)), "padding is counted: leave out predicted tokens = pad"
    )
    count = (ids[:, 1:] != pad).sum()
    expect(not near(loss, right * count), "this is the sum; return the mean over the tokens that count")
    expect(not near(loss, right * count / 18), "the sum is divided by all positions: divide by those that count")
    raise Wrong("the loss is not the mean of -ln P(token i + 1 | tokens 0..i) over tokens that are not padding")


@grader("2.3.2 reach")
def reach(answer: Callable[[Tensor, int], Tensor]) -> None:
    """`answer(mask, num_layers)` says which inputs each output depends on; mask [n, n], True = may be attended to."""
    g = fresh_generator()
    n = drawn(8, 12, g)
    causal = torch.ones(n, n, dtype=torch.bool).tril()
    window = causal & ~causal.tril(-2)
    ahead = torch.zeros(n, n, dtype=torch.bool)
    ahead[torch.arange(n - 1), torch.arange(1, n)] = True  # each token sees only the next one
    for mask in (window, ahead):
        before = mask.clone()
        for layers in (1, 2, drawn(3, 5, g)):
            seen = answer(mask, layers)
            expect_shape(seen, (n, n), "the map")
            expect(mask.equal(before), "your function has changed the mask it was given")
            seen = seen.bool()
            path = mask | torch.eye(n, dtype=torch.bool)
            maps = [torch.eye(n, dtype=torch.bool)]
            for _ in range(layers + 1):
                maps.append((path.double() @ maps[-1].double()) > 0)
            if seen.equal(maps[layers]):
                continue
            expect(not seen.equal(maps[layers].T), "the map is transposed: row i lists what output i depends on")
            straight = "the residual connection is missing: every output depends on its own input, mask or no mask"
            expect(seen.diagonal().all(), straight)
            more = "each layer passes on what the one below has gathered: the reach grows with the number of layers"
            expect(layers == 1 or not seen.equal(path), more)
            expect(
                not seen.equal(maps[layers + 1]), "that is the reach of one layer more: after one layer it is the mask"
            )
            raise Wrong("output i depends on input j if a path of at most num_layers permitted steps leads from i to j")


@grader("2.3.2 temperature")
def temperature(answer: Callable[[Tensor, float], Tensor]) -> None:
    """`answer(logits, temperature)` gives the probabilities from which the next token is drawn."""
    g = fresh_generator()
    logits = 2 * torch.randn(4, 9, generator=g)
    for t in (1.0, 0.4 + 0.3 * torch.rand((), generator=g).item(), 1.5 + torch.rand((), generator=g).item()):
        p = answer(logits, t)
        expect_shape(p, logits.shape, "the result")
        right = (logits / t).softmax(-1)
        if near(p, right):
            continue
        expect(
            not near(p, (logits * t).softmax(-1)),
            "the logits are multiplied: a low temperature must sharpen, so divide",
        )
        expect(not near(p, logits.softmax(-1)), "the temperature is not used, or cancels: divide the logits by it")
        late = "the temperature comes after the softmax, and the rows no longer sum to 1: divide the logits"
        expect(not near(p, logits.softmax(-1) / t), late)
        expect(near(p.sum(-1), torch.ones(4)), "each row of probabilities should sum to 1")
        raise Wrong("the probabilities are not softmax(logits / temperature)")


@grader("2.3.2 counting")
def counting(answer: Callable[[int, int, int, int], int]) -> None:
    """`answer(vocab_size, positions, d, layers)` counts the parameters of a GPT-2 with inner width 4 d."""
    g = fresh_generator()
    for v, n, d, layers in (
        (drawn(50, 999, g), 2 * drawn(50, 200, g) + 1, drawn(8, 64, g), drawn(2, 9, g)),
        (50257, 1024, 768, 12),
    ):
        counted = answer(v, n, d, layers)
        right = v * d + n * d + layers * (12 * d * d + 13 * d) + 2 * d
        if counted == right:
            continue
        missing = right - counted
        expect(missing != -v * d, "the head is counted twice: it is the embedding table again")
        expect(missing != n * d, "the position table is missing")
        expect(missing != 2 * d, "the norm after the last block is missing")
        expect(missing != layers * 4 * d + 2 * d and missing != layers * 4 * d, "the layer norms are missing: 2 d each")
        expect(
            missing != layers * 9 * d, "the biases are missing: 4 d in the attention, 4 d + d in the feed-forward layer"
        )
        expect(missing != layers * 4 * d * d, "half of a feed-forward layer is missing: up to 4 d, and down again")
        raise Wrong(
            "add up: two tables; per block four maps of attention, two of the feed-forward layer and two norms; "
            "one norm at the end"
        )


@grader("2.3.2 last token")
def last_token(answer: Callable[[Tensor, Tensor], Tensor]) -> None:
    """`answer(hidden, lengths)` picks the vector of each text's last token; rows are padded on the right."""
    g = fresh_generator()
    hidden = torch.randn(4, 8, 5, generator=g)
    lengths = torch.tensor([8, drawn(2, 4, g), drawn(5, 7, g), 2])
    states = answer(hidden, lengths)
    expect_shape(states, (4, 5), "the result")
    rows = torch.arange(4)
    if near(states, hidden[rows, lengths - 1]):
        return
    expect(not near(states, hidden[:, -1]), "this is the last column, which is padding in the shorter texts")
    beyond = "this is one token too far: a text of n tokens ends at position n - 1"
    expect(not near(states[1:], hidden[rows, lengths.clamp(max=7)][1:]), beyond)
    expect(not near(states, hidden[:, 0]), "the first token of a GPT has seen nothing of the text: take the last")
    expect(not near(states, hidden.mean(1)), "this is the mean over all positions; (2.27) takes the last token")
    raise Wrong("row b of the result should be hidden[b, lengths[b] - 1]")


@grader("2.3.2 mixed loss")
def mixed_loss(answer: Callable[[Tensor, Tensor, Tensor, Tensor, float], Tensor]) -> None:
    """`answer(label_logits, labels, token_logits, input_ids, lam)` is (2.29), with a mean in each of the two terms."""
    g = fresh_generator()
    label_logits, labels = torch.randn(5, 3, generator=g), torch.randint(3, (5,), generator=g)
    token_logits, ids = torch.randn(5, 6, 11, generator=g), torch.randint(11, (5, 6), generator=g)
    task = F.cross_entropy(label_logits, labels)
    text = F.cross_entropy(token_logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
    for lam in (0.1 + 0.3 * torch.rand((), generator=g).item(), 0.0, 1.0):
        loss = answer(label_logits, labels, token_logits, ids, lam)
        expect_shape(loss, (), "the loss")
        if near(loss, task + lam * text):
            continue
        expect(not near(loss, (1 - lam) * task + lam * text), "the task's loss keeps its full weight: do not use 1 - λ")
        expect(not near(loss, lam * task + text), "λ weighs the language-model loss, not the task's")
        expect(not near(loss, task + text), "λ is not used")
        same = F.cross_entropy(token_logits.flatten(0, 1), ids.flatten())
        expect(
            not near(loss, task + lam * same), "the language-model loss is not shifted: position i predicts token i + 1"
        )
        sums = 5 * task + lam * 25 * text
        expect(
            not near(loss, sums), "these are the sums of the printed equations; the task asks for a mean in each term"
        )
        raise Wrong("the loss is not L^FT + λ L^PT")


@grader("2.3.2 positions")
def positions(answer: Callable[[Tensor], Tensor]) -> None:
    """`answer(attention_mask)` numbers the tokens of rows padded on the left, so that each text starts at 0."""
    g = fresh_generator()
    n = drawn(6, 9, g)
    padding = torch.tensor([0, drawn(1, 2, g), drawn(3, 5, g)])
    mask = (torch.arange(n) >= padding[:, None]).long()
    numbers = answer(mask)
    expect_shape(numbers, (3, n), "the result")
    right = (torch.arange(n) - padding[:, None]).clamp(min=0)
    real = mask.bool()
    if numbers.min() >= 0 and numbers[real].equal(right[real]):
        return
    expect(not near(numbers, torch.arange(n).expand(3, n)), "padding is counted: the texts should start at 0")
    expect(not near(numbers[real], right[real] + 1), "the first token of a text has position 0, not 1")
    low = "padding has negative positions, for which there is no row in the table: clamp them to 0"
    expect(not (numbers[real].equal(right[real]) and numbers.min() < 0), low)
    raise Wrong("a token's position is the number of real tokens before it")
