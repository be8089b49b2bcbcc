"""Checks of the exercises of section 1.3. Right answers are recognised first; then mistakes are looked for by name."""

import itertools
import math
import random
from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from llmbook.exercises.checks import Wrong, drawn, expect, expect_shape, fresh_generator, fresh_random, grader, near

STAGES = ("base", "SFT", "RL")


@grader("1.3 cost")
def cost(gpu_days: Callable[..., float], training_days: Callable[..., float]) -> None:
    """`gpu_days(N, D, peak, utilisation)` and `training_days(N, D, GPUs, peak, utilisation)`."""
    r = fresh_random()
    parameters, tokens = r.uniform(1e9, 5e11), r.uniform(1e10, 5e12)
    count, peak, share = r.randint(70, 4000), r.uniform(1e14, 1e15), r.uniform(0.2, 0.45)
    right = 6 * parameters * tokens / (peak * share * 86_400)
    single = gpu_days(parameters, tokens, peak, share)
    for factor, hint in (
        (1 / 3, "each weight costs 2 FLOPs per token forward and 4 backward: 6 N D, not 2 N D"),
        (86_400, "these are seconds: a day has 86,400"),
        (24.0, "these are hours: a day has 24"),
        (share, "the utilisation is missing: a GPU delivers only a share of its peak"),
        (share**2, "low utilisation makes a run longer: divide by it"),
    ):
        expect(not _same(single, factor * right), hint)
    expect(_same(single, right), "GPU-days are 6 N D over what one GPU computes in a day, peak · utilisation · 86,400")
    several = training_days(parameters, tokens, count, peak, share)
    expect(not _same(several, right * count), "more GPUs take fewer days: divide by their number")
    expect(_same(several, right / count), "the days are the GPU-days over the number of GPUs")


@grader("1.3 labels")
def labels(answer: Callable[..., tuple[list[int], list[int]]]) -> None:
    """`answer(prompt, answer, length, pad)` gives ids and labels of a demonstration."""
    r = fresh_random()
    pad = r.randint(0, 3)
    for padding in (r.randint(2, 5), 0):
        prompt, reply = ([r.randint(10, 99) for _ in range(r.randint(3, 6))] for _ in range(2))
        length = len(prompt) + len(reply) + padding
        ids, given = (list(map(int, row)) for row in answer(list(prompt), list(reply), length, pad))
        expect(len(ids) == len(given) == length, f"ids and labels should both have {length} numbers here")
        expect(ids == prompt + reply + [pad] * padding, "the ids are the prompt, the answer, then padding")
        ignored = [-100] * padding
        right = [-100] * len(prompt) + reply + ignored
        if given == right:
            continue
        expect(given != prompt + reply + ignored, "the prompt is to be learned too: its labels should be -100")
        learned = padding and given[-padding:] == [pad] * padding
        expect(not learned, "padding is to be learned: its labels should be -100")
        shifted = right[1:] + [-100]
        expect(given != shifted, "the labels are shifted; the loss does that itself, and would shift them twice")
        no_end = [-100] * len(prompt) + reply[:-1] + [-100] + ignored
        expect(given != no_end, "the end token has label -100: a model that never learns it does not stop")
        raise Wrong("labels are -100 on the prompt and the padding, and the token itself on the answer")


@grader("1.3 comparisons")
def comparisons(pairs_of: Callable[[list[str]], list[tuple[str, str]]], number_of: Callable[[int], int]) -> None:
    """`pairs_of(ranking)` lists (better, worse); `number_of(k)` counts them."""
    r = fresh_random()
    k = r.randint(4, 7)
    ranking = r.sample(["one", "red", "tall", "old", "warm", "thin", "deep"], k)
    pairs = [tuple(pair) for pair in pairs_of(list(ranking))]
    right = list(itertools.combinations(ranking, 2))
    if sorted(pairs) != sorted(right):
        found = set(pairs)
        expect(not any(a == b for a, b in found), "an output is compared with itself")
        neighbours = found == set(itertools.pairwise(ranking))
        expect(not neighbours, "only neighbours are compared: the first is also better than the third, and so on")
        expect(found != set(itertools.permutations(ranking, 2)), "each pair stands there in both orders; one is wrong")
        expect(found != {(b, a) for a, b in right}, "the pairs are the wrong way round: the better output comes first")
        expect(not (found == set(right) and len(pairs) > len(right)), "some comparisons are listed twice")
        raise Wrong("every output is better than each one ranked after it")
    for size in (k, r.randint(8, 30)):
        expect(number_of(size) != size * (size - 1), "each pair is counted twice")
        expect(number_of(size) != size - 1, "these are the neighbours only: how many pairs are there in all?")
        expect(number_of(size) == math.comb(size, 2), "the number of pairs is K (K - 1) / 2")


@grader("1.3 pairwise loss")
def pairwise(answer: Callable[[Tensor, Tensor], Tensor]) -> None:
    """`answer(chosen, rejected)` is the mean of -log σ(chosen - rejected)."""
    g = fresh_generator()
    chosen, rejected = 2 * torch.randn(2, drawn(5, 9, g), generator=g)
    loss = torch.as_tensor(answer(chosen, rejected))
    expect(loss.dim() == 0, "return one number, the mean over the pairs")
    margin = chosen - rejected
    right = F.softplus(-margin)
    if not near(loss, right.mean()):
        expect(not near(loss, F.softplus(margin).mean()), "the sign of the margin is turned: preferred minus other")
        expect(not near(loss, -right.mean()), "log σ is negative; the loss is minus that")
        expect(not near(loss, right.sum()), "this is the sum; take the mean over the pairs")
        expect(not near(loss, margin.sigmoid().mean()) and not near(loss, -margin.sigmoid().mean()), "log is missing")
        expect(not near(loss, F.softplus(-margin.mean())), "the margins are averaged first: the mean comes last")
        expect(not near(loss, (-margin).clamp(min=0).mean()), "a hinge is not smooth: use -log σ")
        raise Wrong("the loss is not the mean of -log σ(chosen - rejected)")
    far = torch.as_tensor(answer(torch.tensor([-100.0]), torch.tensor([100.0])))
    finite = "at a margin of -200 the loss is not finite: σ is rounded to 0 before the log; use logsigmoid or softplus"
    expect(near(far, 200.0, 1e-4), finite)


@grader("1.3 penalised reward")
def penalised(answer: Callable[[Tensor, Tensor, Tensor, Tensor, float], Tensor]) -> None:
    """`answer(rewards, log_probs, sft_log_probs, mask, beta)` is the reward less beta times the log-ratio."""
    g = fresh_generator()
    batch, length, beta = drawn(3, 6, g), drawn(5, 8, g), 0.2 + 0.5 * torch.rand((), generator=g).item()
    rewards = torch.randn(batch, generator=g)
    log_probs, sft_log_probs = -3 * torch.rand(2, batch, length, generator=g)
    lengths = torch.randint(2, length - 1, (batch,), generator=g)
    mask = torch.arange(length) < lengths[:, None]
    values = answer(rewards, log_probs, sft_log_probs, mask, beta)
    expect_shape(values, (batch,), "the result")
    ratio = log_probs - sft_log_probs
    right = (ratio * mask).sum(1)
    if near(values, rewards - beta * right):
        return
    for penalty, hint in (
        (-right, "the penalty is added: leaving the SFT model must cost, not pay"),
        (ratio.sum(1), "padding counts: use the mask"),
        (right / lengths, "the log-probability of an answer is the sum over its tokens, not the mean"),
        (right / length, "the log-probability of an answer is the sum over its tokens, not the mean"),
        ((ratio.exp() * mask).sum(1), "the ratio of probabilities stands inside a log"),
        ((ratio.abs() * mask).sum(1), "the log-ratio keeps its sign: only its mean over samples is the KL divergence"),
        (torch.zeros(batch), "beta is not used"),
        (right / beta, "beta is not used"),
    ):
        expect(not near(values, rewards - beta * penalty), hint)
    raise Wrong("R is the reward minus beta times the sum over real tokens of log_probs - sft_log_probs")


@grader("1.3 REINFORCE")
def reinforce(answer: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    """`answer(log_probs, mask, values)` is the mean of -A log π, with normalised, constant A."""
    g = fresh_generator()
    batch, length = drawn(5, 9, g), drawn(5, 8, g)
    log_probs = (-3 * torch.rand(batch, length, generator=g)).requires_grad_()
    values = (1 + 2 * torch.randn(batch, generator=g)).requires_grad_()
    lengths = torch.randint(2, length - 1, (batch,), generator=g)
    mask = torch.arange(length) < lengths[:, None]
    loss = answer(log_probs, mask, values)
    expect_shape(loss, (), "the loss")
    expect(loss.requires_grad, "no gradient can flow from the loss: log_probs were detached, or turned into numbers")
    slope, through = torch.autograd.grad(loss, [log_probs, values], allow_unused=True)
    expect(slope is not None, "no gradient reaches log_probs: were they detached, instead of the values?")
    fixed = values.detach()
    centred = fixed - fixed.mean()
    # Both standard deviations are in use, with a small number added or not.
    scales = [centred / fixed.std(unbiased=unbiased) for unbiased in (True, False)]
    if any(near(slope, -a[:, None] * mask / batch, 1e-4) for a in scales):
        expect(through is None or near(through, torch.zeros(batch)), "a gradient flows through A: detach the values")
        totals = [-(a * (log_probs.detach() * mask).sum(1)).mean() for a in scales]
        expect(any(near(loss, total, 1e-4) for total in totals), "the gradient is right, the value is not")
        return
    for a in scales:
        expect(not near(slope, a[:, None] * mask / batch, 1e-4), "the sign: descent would make good answers unlikely")
        expect(not near(slope, -a[:, None] * mask, 1e-4), "this is the sum over the batch; take the mean")
        everywhere = -a[:, None].expand(batch, length) / batch
        expect(not near(slope, everywhere, 1e-4), "padding is pushed too: use the mask")
        per_token = [-a[:, None] * mask / n / batch for n in (lengths[:, None], length)]
        per_token.append(-a[:, None] * mask / mask.sum())
        mean_hint = "log π of an answer is the sum over its tokens, not the mean"
        expect(not any(near(slope, wrong, 1e-4) for wrong in per_token), mean_hint)
    raw = near(slope, -fixed[:, None] * mask / batch, 1e-4)
    expect(not raw, "R itself is used: subtract the batch's mean, so that answers worse than it become less likely")
    expect(not near(slope, -centred[:, None] * mask / batch, 1e-4), "A is not divided by the standard deviation")
    raise Wrong("the loss is the mean over the batch of -A times the sum of log_probs at real tokens")


@grader("1.3 which model")
def stages(entropy: Callable[[list[str]], float], tell_apart: Callable[[dict[str, list[str]]], dict[str, str]]) -> None:
    """`entropy(answers)` in nats; `tell_apart({key: answers})` names the stage of each key."""
    r = fresh_random()
    answers = r.choices(list("abcde"), weights=[r.random() + 0.1 for _ in range(5)], k=r.randint(30, 60))
    found, right = float(entropy(list(answers))), _entropy(answers)
    if not _same(found, right):
        expect(not _same(found, right / math.log(2)), "this is in bits: use the natural logarithm")
        expect(not _same(found, -right), "an entropy is not negative: the sum has a minus before it")
        unweighed = _same(found, math.log(len(set(answers))))
        expect(not unweighed, "this is the log of the number of answers: weigh by shares")
        raise Wrong("the entropy is not -Σ p ln p over the shares of the different answers")
    expect(abs(float(entropy(["4 ."] * 9))) < 1e-9, "where all answers are the same, the entropy is 0")
    for _ in range(12):
        truth, samples = _three_models(r)
        said = dict(tell_apart({key: list(texts) for key, texts in samples.items()}))
        expect(set(said) == set(truth), "give a stage to each of the three keys")
        expect(set(said.values()) == set(STAGES), 'the stages are "base", "SFT" and "RL", each given once')
        if said == truth:
            continue
        for key, stage in said.items():
            named_base = "the model that you call {} writes questions: it continues text and does not answer"
            expect(not (truth[key] == "base" and stage != "base"), named_base.format(stage))
        raise Wrong("SFT and RL are exchanged: RL settles on one style, the full sentence, and has the lower entropy")


def _three_models(r: random.Random) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Answers as the three models of the notebook give them, under keys that do not tell which is which."""
    names = r.sample([a + b for a in ("Amber", "Cedar", "Fern", "Glen") for b in ("ford", "mere", "dale")], 8)
    right, wrong = r.sample("234567", 2)
    # A base model may be monotonous too, so that its entropy alone does not give it away.
    variety = r.choice([1, 2, 8])
    questions = [f"{start} {name} {end} ?" for name in names for start, end in (("where is", ""), ("how many", "has"))]
    weights = {
        "base": ([*questions[:variety], ""], [1.0] * variety + [0.1]),
        "SFT": (
            [f"it has {right} campuses .", f"{right} .", f"it has {wrong} campuses .", f"{wrong} ."],
            [0.5, r.uniform(0.35, 0.6), 0.03, 0.05],
        ),
        "RL": ([f"it has {right} campuses .", f"it has {wrong} campuses ."], [1.0, 0.02]),
    }
    keys = r.sample("ABCXYZ", 3)
    drawn_answers = {key: r.choices(*weights[stage], k=80) for key, stage in zip(keys, STAGES, strict=True)}
    order = r.sample(keys, 3)
    return dict(zip(keys, STAGES, strict=True)), {key: drawn_answers[key] for key in order}


def _entropy(answers: list[str]) -> float:
    return -sum(n / len(answers) * math.log(n / len(answers)) for n in Counter(answers).values())


def _same(found: float, expected: float) -> bool:
    return math.isclose(found, expected, rel_tol=1e-6)
