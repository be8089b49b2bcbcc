"""Checks of the exercises of section 4.4.

Each first asks whether the answer is right; only if it is not does it look for the mistake that was made.
"""

import copy
import json
import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from llmbook.exercises.checks import Wrong, drawn, expect, expect_shape, fresh_generator, fresh_random, grader, near
from llmbook.parallel.placement import Grid


@grader("4.4.1 ranks")
def ranks(rank_of: Callable[[int, int, list[int]], int], node_of: Callable[[int, list[int]], tuple[int, int]]) -> None:
    """`rank_of(node, local, slots)` and its inverse, on hosts with different numbers of processes."""
    r = fresh_random()
    slots = r.sample(range(2, 9), 4)
    places = [(node, local) for node, count in enumerate(slots) for local in range(count)]
    answers = [rank_of(node, local, list(slots)) for node, local in places]
    if answers != list(range(sum(slots))):
        expect(answers != list(range(1, sum(slots) + 1)), "ranks are counted from 0")
        by_own = [node * slots[node] + local for node, local in places]
        by_first = [node * slots[0] + local for node, local in places]
        equal = "that is the formula for equal hosts: add up the slots of all hosts before this one"
        expect(answers not in (by_own, by_first), equal)
        inclusive = [sum(slots[: node + 1]) + local for node, local in places]
        expect(
            answers != inclusive, "the node's own slots are counted too: only those of the hosts before it come first"
        )
        raise Wrong(f"on hosts of {slots} slots, the ranks come out as {answers[:8]}, …; they should be 0, 1, 2, …")
    back = [tuple(node_of(rank, list(slots))) for rank in range(sum(slots))]
    if back != places:
        expect(back != [(local, node) for node, local in places], "the order is (node_rank, local_rank)")
        equal = [divmod(rank, slots[0]) for rank in range(sum(slots))]
        expect(back != equal, "node_of treats all hosts as the first one: go through the slots host by host")
        raise Wrong("node_of is not the inverse of rank_of: go through the hosts and subtract their slots")


@grader("4.4 grid")
def grid(
    coordinates: Callable[[int, int, int, int], tuple[int, int, int]],
    data_parallel_group: Callable[[int, int, int, int], list[int]],
) -> None:
    """Coordinates and data-parallel group in a grid (pp, dp, tp), the last varying fastest."""
    pp, dp, tp = fresh_random().sample((2, 3, 4, 5), 3)
    right = Grid({"pp": pp, "dp": dp, "tp": tp})
    ranks_ = range(right.world_size)
    expected = [tuple(right.coordinates(rank).values()) for rank in ranks_]
    answers = [tuple(coordinates(rank, pp, dp, tp)) for rank in ranks_]
    if answers != expected:
        expect(answers != [place[::-1] for place in expected], "the order is (stage, copy, slice)")
        turned = [(rank % pp, rank // pp % dp, rank // (pp * dp)) for rank in ranks_]
        expect(
            answers != turned, "the pipeline coordinate varies fastest in your grid: it should be the tensor coordinate"
        )
        swapped = [(rank // (dp * tp), rank % dp, rank // dp % tp) for rank in ranks_]
        expect(answers != swapped, "the copy varies fastest in your grid: it should be the tensor slice")
        raise Wrong("divide the rank by tp first: the remainder is the slice; then the quotient by dp")
    groups = {rank: next(group for group in right.groups("dp") if rank in group) for rank in ranks_}
    found = {rank: list(data_parallel_group(rank, pp, dp, tp)) for rank in ranks_}
    if found != groups:
        neighbours = {rank: next(group for group in right.groups("tp") if rank in group) for rank in ranks_}
        expect(
            found != neighbours,
            "these are the tensor slices of one copy: the data-parallel group has one slice of each copy",
        )
        stages = {rank: next(group for group in right.groups("pp") if rank in group) for rank in ranks_}
        expect(found != stages, "these are the pipeline's stages: the group has one stage and slice, of every copy")
        blocks = {rank: [rank // dp * dp + index for index in range(dp)] for rank in ranks_}
        expect(found != blocks, "the members of the group are no neighbours: they are tp ranks apart")
        raise Wrong("the members share the stage and the slice, and differ in the copy alone")


@grader("4.4 crossing")
def crossing(answer: Callable[[dict[str, int], int], set[str]]) -> None:
    """`answer(sizes, per_node)`: names of the dimensions with a group on more than one node."""
    r = fresh_random()
    names = r.sample(["pp", "dp", "tp"], 3)
    cases = [({"pp": 4, "dp": 2, "tp": 4}, 8), ({"tp": 4, "dp": 2, "pp": 4}, 8), ({"pp": 1, "dp": 3, "tp": 4}, 6),
             (dict(zip(names, r.sample((1, 2, 3, 4, 6), 3), strict=True)), 4)]  # fmt: skip
    r.shuffle(cases)
    expected = [_crossing(sizes, per_node) for sizes, per_node in cases]
    found = [set(answer(dict(sizes), per_node)) for sizes, per_node in cases]
    if found == expected:
        return
    for (sizes, per_node), here in zip(cases, found, strict=True):
        unused = [name for name in here if sizes.get(name) == 1]
        case = f"{sizes} on nodes of {per_node}"
        expect(not unused, f"a dimension of size 1 has nobody to talk to and never crosses: {case}")
    turned = [_crossing(dict(reversed(sizes.items())), per_node) for sizes, per_node in cases]
    expect(found != turned, "your grid is the wrong way round, its first dimension varies fastest")
    by_size = [{name for name, size in sizes.items() if size > per_node} for sizes, per_node in cases]
    expect(found != by_size, "a group smaller than a node can still lie on two, if its members are far apart")
    sizes, per_node, here, right = next(
        (*case, here, right) for case, here, right in zip(cases, found, expected, strict=True) if here != right
    )
    case = f"{sizes} on nodes of {per_node}"
    expect(not here < right, f"a group that starts in the middle of a node is overlooked: {case}")
    raise Wrong(f"for {case}, {', '.join(sorted(right)) or 'no dimension'} should cross")


def _crossing(sizes: Mapping[str, int], per_node: int) -> set[str]:
    right = Grid(sizes)
    nodes = [min(per_node, right.world_size - start) for start in range(0, right.world_size, per_node)]
    return {name for name in sizes if right.crossing(name, nodes)}


@grader("4.4 saving")
def ratio(answer: Callable[[float], float]) -> None:
    """`answer(r)` is 1 / (r + (1 - r) / 32)."""
    r = fresh_random().uniform(0.1, 0.4)
    value = answer(r)
    if near(value, 1 / (r + (1 - r) / 32)):
        return
    expect(not near(value, r + (1 - r) / 32), "that is the share that is left; the factor is one over it")
    expect(
        not near(value, r + (1 - r) * 32),
        "an average of the factors 1 and 32 is no saving: add up the bits, then divide",
    )
    expect(not near(value, 1 / r), "the compressed steps send something too: one bit of 32")
    expect(not near(value, 1 / ((1 - r) + r / 32)), "r is the share that is *not* compressed, the warm-up")
    raise Wrong("add up the bits: r · 32 + (1 - r) · 1 for each parameter and step, against 32")


@grader("4.4 one bit")
def one_bit(answer: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]) -> None:
    """`answer(x, error)`: what is sent, and the error that is kept."""
    g = fresh_generator()
    x, error = torch.randn(13, generator=g), torch.randn(13, generator=g)
    x[0], error[0] = 0.0, 0.0
    given = x.clone(), error.clone()
    sent, kept = answer(x, error)
    expect(x.equal(given[0]) and error.equal(given[1]), "the arguments were changed: make new tensors")
    expect_shape(sent, (13,), "what is sent")
    expect_shape(kept, (13,), "the new error")
    whole = x + error
    signs = torch.where(whole >= 0, 1.0, -1.0)
    right = whole.norm() / math.sqrt(13) * signs
    if near(sent, right) and near(kept, whole - right):
        return
    plain = x.norm() / math.sqrt(13) * torch.where(x >= 0, 1.0, -1.0)
    expect(not near(sent, plain), "the old error is not added before compressing: so what was lost stays lost")
    expect(
        not near(sent, whole.norm() / math.sqrt(13) * whole.sign()), "sign(0) is 0, a third value; zero counts as plus"
    )
    expect(
        not near(sent, whole.abs().mean() * signs),
        "the scale is the mean size; the task asks for one that keeps the length",
    )
    expect(not near(sent, whole.norm() * signs), "the scale is the whole length: each of n numbers carries 1/√n of it")
    expect(near(sent, right), "what is sent should be ‖x + e‖₂ / √n with the signs of x + e")
    expect(
        not near(kept, right - whole),
        "the error has the wrong sign: what is still owed is what was meant less what was sent",
    )
    expect(not near(kept, x - right), "the new error forgets the old one: it is x + error less what was sent")
    raise Wrong("the new error is x + error less what was sent")


_ADAMW = {"lr": 0.001, "betas": [0.8, 0.999], "eps": 1e-8, "weight_decay": 3e-7}
_DEVICES = {"a": (None, None), "b": ("cpu", None), "c": ("cpu", "cpu"), "d": ("nvme", "nvme")}


@grader("4.4.1 configurations")
def configs(answer: Callable[[str], str]) -> None:
    """`answer(letter)` is JSON text for the configurations (a) to (d), for 16 GPUs, 512 rows, 4 accumulated."""
    for letter, devices in _DEVICES.items():
        text = answer(letter)
        expect(isinstance(text, str), f"return JSON text, not a {type(text).__name__}: json.dumps makes it")
        try:
            config = json.loads(text)
        except json.JSONDecodeError as error:
            raise Wrong(
                f"({letter}) is not JSON, line {error.lineno}: {error.msg} (commas? dots? True for true?)"
            ) from None
        expect(isinstance(config, dict), f"({letter}) should be an object in braces")
        _check_batch(config, letter)
        _check_zero(config.get("zero_optimization"), devices, letter)
        fp16 = config.get("fp16")
        expect(isinstance(fp16, dict) and fp16.get("enabled") is True, f'({letter}) has no "fp16": {{"enabled": true}}')
        optimizer = config.get("optimizer", {})
        named = isinstance(optimizer, dict) and optimizer.get("type") == "AdamW"
        expect(named, f'({letter}) has no optimizer of type "AdamW"')
        expect(optimizer.get("params") == _ADAMW, f"({letter}): the params of AdamW should be {_ADAMW}")


def _check_batch(config: Mapping[str, object], letter: str) -> None:
    keys = ("train_batch_size", "train_micro_batch_size_per_gpu", "gradient_accumulation_steps")
    missing = [key for key in keys if key not in config]
    expect(not missing, f"({letter}) lacks {', '.join(missing)}: without a batch size DeepSpeed does not start")
    train, micro, accumulation = (config[key] for key in keys)
    whole = all(isinstance(value, int) for value in (train, micro, accumulation))
    expect(whole, f"({letter}): batch sizes are whole numbers, not text")
    forgot = "the world size is forgotten: 512 = micro-batch x 4 x 16"
    expect((train, micro, accumulation) != (512, 128, 4), forgot)
    expect(
        (train, accumulation) == (512, 4), f"({letter}) should have 512 rows per step, in 4 accumulated micro-batches"
    )
    expect(micro == 8, f"({letter}): {micro} x 4 x 16 is not 512: the micro-batch does not fit")


def _check_zero(zero: object, devices: tuple[str | None, str | None], letter: str) -> None:
    expect(isinstance(zero, dict), f'({letter}) has no "zero_optimization"; DeepSpeed would silently run without ZeRO')
    expect(zero.get("stage") != "3", f"({letter}): the stage is text; write 3 without quotes")
    expect(zero.get("stage") == 3, f"({letter}): the stage should be 3")
    for key, device in zip(("offload_optimizer", "offload_param"), devices, strict=True):
        if device is None:
            expect(key not in zero, f"({letter}) should not have {key}")
            continue
        expect(isinstance(zero.get(key), dict), f"({letter}) lacks {key} inside zero_optimization")
        expect(zero[key].get("device") == device, f'({letter}): the device of {key} should be "{device}"')
        path = zero[key].get("nvme_path")
        expect(device != "nvme" or path == "/nvme_data", f'({letter}): {key} needs "nvme_path": "/nvme_data"')


@grader("4.4.1 batch")
def batch(answer: Callable[[int | None, int | None, int | None, int], tuple[int, int, int]]) -> None:
    """`answer(train, micro, accumulation, world)` completes or checks the three; ValueError where they do not fit."""
    r = fresh_random()
    micro, accumulation, world = r.randint(2, 9), r.randint(2, 9), r.randint(3, 16)
    full = (micro * accumulation * world, micro, accumulation)
    for left_out in (None, 0, 1, 2):
        given = [None if index == left_out else value for index, value in enumerate(full)]
        try:
            found = tuple(answer(*given, world))
        except ValueError:
            raise Wrong(f"{given} with {world} processes fits, and was refused") from None
        name = {0: "the train batch", 1: "the micro-batch", 2: "the accumulation"}.get(left_out, "all three")
        forgot = full[0] // world, full[1] * world, full[2] * world
        world_forgotten = left_out is not None and found[left_out] == forgot[left_out]
        expect(
            not world_forgotten, f"the world size is forgotten in {name}: every process computes its own micro-batch"
        )
        expect(found == full, f"with {given} and {world} processes, {name} should come out as {full}, not {found}")
    for given in ((full[0] + 1, micro, accumulation), (full[0] + 1, None, accumulation), (full[0] + 1, micro, None),
                  (world, micro, None)):  # fmt: skip
        try:
            found = answer(*given, world)
        except ValueError:
            continue
        if given[0] == world:
            raise Wrong(
                f"{world} rows for {world} processes of {micro} rows each leave nothing to accumulate: refuse that"
            )
        raise Wrong(f"{list(given)} with {world} processes do not fit in whole numbers, but you return {found}")


@grader("4.4.1 loss scaling")
def scaler(answer: type) -> None:
    """`answer(scale, window)` has `scale` and `update(gradients) -> bool`."""
    g = fresh_generator()
    window = drawn(3, 5, g)
    scale = float(2 ** drawn(4, 8, g))
    fine = [torch.randn(4, generator=g), torch.randn(2, 3, generator=g)]
    inf, nan = [fine[0], torch.tensor([1.0, math.inf])], [torch.tensor([math.nan]), fine[1]]
    plan = [inf] + [fine] * (window - 1) + [nan] + [fine] * (2 * window) + [inf] + [fine] * 2 + [inf] * 14
    mine, good = answer(scale, window), 0
    for number, gradients in enumerate(plan, 1):
        overflow = gradients is inf or gradients is nan
        before, applied = mine.scale, mine.update([gradient.clone() for gradient in gradients])
        if overflow:
            what = "NaN" if gradients is nan else "an infinity"
            expect(applied is False, f"step {number} has {what} in one of its gradients, and would be applied")
            scale, good = max(1.0, scale / 2), 0
            expect(mine.scale >= 1, "the scale has fallen below 1")
            expect(
                mine.scale == scale, f"after an overflow the scale should go from {before} to {scale}, not {mine.scale}"
            )
            continue
        expect(applied is True, "a step whose gradients are all finite should be applied: return True")
        good += 1
        doubled = good == window
        scale, good = (scale * 2, 0) if doubled else (scale, good)
        late = f"after {window} good steps in a row the scale should double; count from the last change of the scale"
        early = (
            f"the scale doubles too early: only {window} good steps in a row count, and an overflow starts again at 0"
        )
        expect(mine.scale <= scale, early)
        expect(mine.scale >= scale, late)


@grader("4.4.2 loss")
def loss(answer: Callable[[nn.Module, Tensor, int], Tensor]) -> None:
    """`answer(model, input_ids, pad)` is the mean next-token loss over positions that are not padding."""
    g = fresh_generator()
    vocabulary, end, pad = 11, 9, 10
    table = torch.randn(vocabulary, vocabulary, generator=g)
    input_ids = torch.randint(9, (3, 7), generator=g)
    for row, length in enumerate((7, 5, drawn(3, 4, g))):
        input_ids[row, length - 1] = end
        input_ids[row, length:] = pad

    def model(ids: Tensor) -> Tensor:
        return table[ids]

    value = torch.as_tensor(answer(model, input_ids.clone(), pad))
    expect_shape(value, (), "the loss")
    logits, labels = model(input_ids), input_ids

    def of(left: Tensor, right: Tensor, *hidden: int) -> Tensor:
        counted = ~torch.isin(right, torch.tensor(hidden, dtype=torch.long))
        return F.cross_entropy(left[counted], right[counted])

    if near(value, of(logits[:, :-1], labels[:, 1:], pad)):
        return
    unshifted = of(logits, labels, pad), of(logits, labels)
    expect(
        not any(near(value, u) for u in unshifted),
        "the labels are not shifted: the logits at i predict the token at i + 1",
    )
    backward = of(logits[:, 1:], labels[:, :-1], pad), of(logits[:, 1:], labels[:, :-1])
    expect(
        not any(near(value, b) for b in backward),
        "shifted the wrong way: these logits predict a token that they have seen",
    )
    expect(
        not near(value, of(logits[:, :-1], labels[:, 1:])),
        "padding is learned too: leave positions with pad labels out",
    )
    no_end = of(logits[:, :-1], labels[:, 1:], pad, end)
    expect(not near(value, no_end), "the end of text is hidden with the padding: the model would never learn to stop")
    each = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), reduction="none")
    kept = each[(labels[:, 1:] != pad).flatten()]
    expect(not near(value, kept.sum() / each.numel()), "divide by the positions that count, not by all")
    expect(not near(value, kept.sum()), "that is the sum; the mean is asked for")
    raise Wrong("it is not the mean of -log p(next token) over the positions whose next token is no padding")


@grader("4.4.2 accumulation")
def accumulate(answer: Callable[..., None]) -> None:
    """`answer(model, micro_batches, loss_of, count_of)` leaves the gradient of the mean over all labels."""
    g = fresh_generator()
    model = nn.Linear(4, 1)
    counts = [drawn(1, 3, g), drawn(5, 8, g), drawn(10, 14, g)]
    batches = [(torch.randn(n, 4, generator=g), torch.randn(n, 1, generator=g)) for n in counts]
    alive: list[Tensor] = []

    def loss_of(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        alive.append(value := (model(batch[0]) - batch[1]).square().mean())
        return value

    def gradient(weights: list[float]) -> Tensor:
        model.zero_grad()
        for batch, weight in zip(batches, weights, strict=True):
            (loss_of(model, batch) * weight).backward()
        return model.weight.grad.clone()

    expected = gradient([n / sum(counts) for n in counts])
    by_batches, summed = gradient([1 / 3] * 3), gradient([1.0] * 3)
    by_counts, last = gradient([float(n) for n in counts]), gradient([0.0, 0.0, 1.0])
    model.zero_grad()
    model.weight.grad = stale = torch.randn(1, 4, generator=g)
    stale = stale.clone()
    answer(model, batches, loss_of, lambda batch: len(batch[0]))
    expect(model.weight.grad is not None, "there is no gradient: is backward() called?")
    found = model.weight.grad
    if near(found, expected):
        return
    expect(not near(found - stale, expected), "the gradients of the step before are still in it: zero them first")
    clean = [found, found - stale]
    expect(not any(near(f, by_batches) for f in clean),
           "every micro-batch weighs the same; it should weigh as many labels as it has")  # fmt: skip
    expect(not any(near(f, summed) for f in clean), "the means are added up: weigh each by its share of the labels")
    expect(
        not any(near(f, by_counts) for f in clean),
        "that is the gradient of the sum: divide by the number of all labels",
    )
    weighted = gradient([0.0, 0.0, counts[2] / sum(counts)])
    expect(
        not any(near(found, one) for one in (last, weighted)),
        "only the last micro-batch is left: zero before the first, not before each",
    )
    raise Wrong("the gradient is not that of the mean over all labels")


@grader("4.4.2 resume")
def resume(save: Callable[..., dict], load: Callable[..., int]) -> None:
    """`save(model, optimizer, generator, step)` and `load(saved, model, optimizer, generator) -> step`."""
    g = fresh_generator()
    seeds, at = [drawn(0, 10**6, g) for _ in range(2)], drawn(2, 4, g)

    def fresh(seed: int) -> tuple[nn.Module, torch.optim.Optimizer, torch.Generator]:
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
        return model, optimizer, torch.Generator().manual_seed(seed)

    def run(parts: tuple, first: int, last: int) -> list[float]:
        model, optimizer, generator = parts
        losses = []
        for step in range(first, last):
            for group in optimizer.param_groups:
                group["lr"] = 0.05 / (step + 1)
            value = (model(torch.randn(8, 3, generator=generator)) - 1).square().mean()
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            losses.append(value.item())
        return losses

    parts = fresh(seeds[0])
    run(parts, 0, at)
    saved = save(*parts, at)
    kept = copy.deepcopy(saved)
    expected = run(parts, at, at + 4)
    others = fresh(seeds[1])
    step = load(saved, *others)
    expect(step is not None, "load should return the step")
    expect(step == at, f"the step should be {at}, not {step}: the learning rate hangs on it")
    found = run(others, step, step + 4)
    if found != expected:
        again = fresh(seeds[1])
        load(kept, *again)
        clean = run(again, at, at + 4) == expected
        expect(
            not clean,
            "the checkpoint changes while the run goes on: state_dict() holds the tensors themselves, copy them",
        )
        model, optimizer, generator = fresh(seeds[1])
        reference = copy.deepcopy(kept)
        load(reference, model, optimizer, generator)
        expect(optimizer.state, "the optimizer starts anew: its moments and step count belong to the checkpoint")
        unmoved = torch.Generator().manual_seed(seeds[1]).get_state()
        expect(
            not generator.get_state().equal(unmoved),
            "the data are not those of the run: the generator's state is missing",
        )
        raise Wrong("the losses after loading are not those of the run that went on: is all of the state loaded?")
    second = fresh(seeds[1])
    same = load(saved, *second) == at and run(second, at, at + 4) == expected
    expect(same, "loading the same checkpoint twice goes wrong: the first run has changed it; copy when loading too")
