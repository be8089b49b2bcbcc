"""Checks of the exercises of section 3.2.3."""

import math
import random
import re
from collections.abc import Callable, Sequence

from llmbook.data.ner import spans_of, tokens
from llmbook.data.personal_numbers import luhn_check_digit, resident_id_check_digit
from llmbook.exercises.checks import Wrong, expect, fresh_random, grader, near

DIGITS = "0123456789"


@grader("3.2.3 Luhn")
def luhn(answer: Callable[[str], bool]) -> None:
    """`answer(number)` says whether a string of digits passes Luhn's test."""
    rng = fresh_random()
    bodies = ["".join(rng.choices(DIGITS, k=k)) for k in (14, 15, 12, 15, 14, 17, 16, 11)]
    right = [body + luhn_check_digit(body) for body in bodies]
    wrong = [number[:-1] + rng.choice(DIGITS.replace(number[-1], "")) for number in right]
    odd, even = (all(map(answer, numbers)) for numbers in (right[::2], right[1::2]))
    if odd and even and not any(map(answer, wrong)):
        return
    plain = ["".join(rng.choices(DIGITS[:9], k=15)) for _ in range(12)]
    plain = [body + str(-sum(map(int, body)) % 10) for body in plain]
    expect(not all(map(answer, plain)), "the digits are added as they are: double every second one, from the right")
    expect(
        not all(map(answer, map(_unfolded, bodies))),
        "twice a digit can be 10 to 18: add the digits of the result (or take 9 away), not the result itself",
    )
    expect(
        not all(map(answer, map(_check_doubled, bodies))),
        "the last digit is the check digit and is not doubled: start with its neighbour",
    )
    left = "numbers of one parity of length fail: the doubling starts at the right end, not at the left"
    expect(odd == even, left)
    expect(not all(map(answer, right + wrong)), "every number passes: is the sum compared with a multiple of ten?")
    raise Wrong("a number passes if its undoubled digits and the digits of its doubled ones add up to a multiple of 10")


def _unfolded(body: str) -> str:
    total = sum(int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(body)))
    return body + str(-total % 10)


def _check_doubled(body: str) -> str:
    def total(number: str) -> int:
        return sum(sum(divmod(int(d) * (2 if i % 2 == 0 else 1), 10)) for i, d in enumerate(reversed(number)))

    return next(body + digit for digit in DIGITS if total(body + digit) % 10 == 0)


@grader("3.2.3 check character")
def check_character(answer: Callable[[str], str]) -> None:
    """`answer(first17)` is the 18th character of a resident identity number."""
    rng = fresh_random()
    bodies = ["".join(rng.choices(DIGITS, k=17)) for _ in range(60)]
    answers = [answer(body) for body in bodies]
    expect(all(isinstance(a, str) for a in answers), "return a character (str), not a number")
    right = [resident_id_check_digit(body) for body in bodies]
    if answers == right:
        return
    expect(
        any(a != b and b != "X" for a, b in zip(answers, right, strict=True)),
        "only the remainder that stands for 10 is wrong: it is written as a capital X",
    )
    sums = [sum(pow(2, 17 - i) * int(d) for i, d in enumerate(body)) for body in bodies]
    expect(
        answers != ["0123456789X"[s % 11] for s in sums],
        "this is the remainder itself: c must bring the sum to 1 modulo 11, so c = (1 - sum) mod 11",
    )
    expect(
        answers != ["0123456789X"[-s % 11] for s in sums],
        "this brings the sum to 0 modulo 11; the standard asks for 1",
    )
    backwards = [sum(pow(2, i + 1) * int(d) for i, d in enumerate(body)) for body in bodies]
    reversed_weights = ["0123456789X"[(1 - s) % 11] for s in backwards]
    expect(answers != reversed_weights, "the weights run the wrong way: the first digit has 2^17, the 17th has 2")
    shifted = ["0123456789X"[(1 - s // 2) % 11] for s in sums]
    expect(answers != shifted, "the weights are one power too small: the 17th digit has 2, and the check character 1")
    raise Wrong("c makes 2^17·a1 + 2^16·a2 + … + 2·a17 + c leave remainder 1 when divided by 11")


@grader("3.2.3 scrub")
def scrub(answer: Callable[[str], str]) -> None:
    """`answer(text)` replaces e-mail addresses, Chinese mobile numbers and IPv4 addresses, and nothing else."""
    rng = fresh_random()
    name = "".join(rng.choices("abcdefgh", k=5))
    mail = f"{name}.{rng.randint(1, 99)}+list@mail.{name}.example"
    mobile = f"1{rng.randint(3, 9)}" + "".join(rng.choices(DIGITS, k=9))
    ip = ".".join(str(rng.randint(1, 255)) for _ in range(4))
    text = f"Write to {mail}. 手机{mobile}，来自{ip}。"
    if _passes(answer, text, mail, mobile, ip):
        return
    out = answer(f"Write to {mail}.")
    expect("@" not in out and name not in out, "part of the e-mail address is left: its name may have . + - _ in it")
    expect(out == "Write to <EMAIL>.", "the dot after the address ends the sentence: it is not part of the address")
    expect(
        answer(f"手机{mobile}，") == "手机<PHONE>，",
        r"a number right after a Chinese character is missed: to Python that character is \w too, so \b sees no border",
    )
    long = "6" + mobile + "0000"
    expect(answer(f"order {long}") == f"order {long}", "eleven digits within a longer number are no phone number")
    expect(answer(f"从{ip}来") == "从<IP>来", "an IP address is missed")
    for fake in ("256.300.1.1", "1.2.3.4.5"):
        kept = answer(f"x {fake} y") == f"x {fake} y"
        expect(kept, f"{fake} is no IP address: there are four numbers, none above 255, and no dot and digit around")
    raise Wrong("something else in the text was changed, or a placeholder is misspelt")


def _passes(answer: Callable[[str], str], text: str, mail: str, mobile: str, ip: str) -> bool:
    right = text.replace(mail, "<EMAIL>").replace(mobile, "<PHONE>").replace(ip, "<IP>")
    harmless = ["order 6" + mobile + "0000", "x 256.300.1.1 y", "x 1.2.3.4.5 y", "at 12:30, a @ b"]
    return answer(text) == right and all(answer(line) == line for line in harmless)


@grader("3.2.3 tags to spans")
def spans(answer: Callable[[Sequence[str]], Sequence[tuple[str, int, int]]]) -> None:
    """`answer(tags)` is the list of (type, first token, token after the last)."""
    rng = fresh_random()
    fixed = ["B-name", "I-name", "B-name", "O", "B-address", "I-address", "I-address"]
    for tags in (fixed, *(_drawn_tags(rng) for _ in range(40))):
        given = [(kind, int(a), int(b)) for kind, a, b in answer(tags)]
        right = _by_package(tags)
        if given == right:
            continue
        unfinished = "the last span is missing: the sentence may end within it"
        expect(given != right[:-1], unfinished)
        joined = "two spans that touch are joined: a B begins a new span, also right after another one"
        expect(given != _by_package([_joined(*pair) for pair in zip(["O", *tags], tags, strict=False)]), joined)
        inclusive = [(kind, a, b - 1) for kind, a, b in right]
        expect(given != inclusive, "the end is the token after the last one, as in a Python slice")
        singles = [(tag[2:], i, i + 1) for i, tag in enumerate(tags) if tag != "O"]
        expect(given != singles, "every token is a span of its own: an I goes on with the span before it")
        raise Wrong(f"for {' '.join(tags)} the spans are {right}")


def _joined(previous: str, tag: str) -> str:
    """A tag as it is read by somebody who takes B and I for the same."""
    return "I" + tag[1:] if tag[0] == "B" and previous[2:] == tag[2:] else tag


def _drawn_tags(rng: random.Random) -> list[str]:
    tags: list[str] = []
    while len(tags) < 10:
        kind, length = rng.choice(["name", "address", "O"]), rng.randint(1, 3)
        tags += ["O"] * length if kind == "O" else [f"B-{kind}", *[f"I-{kind}"] * (length - 1)]
    return tags


def _by_package(tags: Sequence[str]) -> list[tuple[str, int, int]]:
    text = "x " * len(tags)
    return [(s.type, s.start // 2, (s.end + 1) // 2) for s in spans_of(text, tokens(text), tags)]


@grader("3.2.3 exposure")
def exposure(answer: Callable[[Sequence[float], int], float]) -> None:
    """`answer(log_probs, secret)` is the exposure in bits of candidate number `secret` among all candidates."""
    rng = fresh_random()
    for size in (10_000, 1000):
        log_probs = [-rng.expovariate(0.1) for _ in range(size)]
        order = sorted(range(size), key=lambda i: -log_probs[i])
        for rank in (rng.randint(3, 30), 1, rng.randint(100, size - 1)):
            secret = order[rank - 1]
            bits = answer(log_probs, secret)
            if near(bits, math.log2(size / rank), 1e-6):
                continue
            expect(not near(bits, math.log2(rank)), "this is the log of the rank: subtract it from log2 of the number")
            expect(not near(bits, math.log(size / rank)), "this is in nats: use log2")
            zero = "the rank counts from 1: the likeliest candidate has rank 1, not 0"
            expect(rank == 1 or not near(bits, math.log2(size / (rank - 1))), zero)
            backwards = math.log2(size / (size - rank + 1))
            expect(not near(bits, backwards), "rank 1 is the likeliest candidate: the order is upside down")
            expect(not near(bits, -log_probs[secret] / math.log(2)), "this is the surprise of the secret: use its rank")
            raise Wrong("exposure = log2(number of candidates) - log2(rank of the secret)")


@grader("3.2.3 pseudonyms")
def pseudonym(answer: Callable[[str, bytes], str]) -> None:
    """`answer(phone, key)` is a stand-in of 11 digits that starts with 12."""
    rng = fresh_random()
    phones = [f"1{rng.randint(3, 9)}" + "".join(rng.choices(DIGITS, k=9)) for _ in range(400)]
    key, other = rng.randbytes(16), rng.randbytes(16)
    made = [answer(phone, key) for phone in phones]
    expect(
        all(isinstance(a, str) and re.fullmatch(r"12\d{9}", a) for a in made), "a stand-in is 12 and nine digits more"
    )
    same = (
        "the same number must have the same stand-in each time, in every process (Python's own hash() and random don't)"
    )
    expect(made == [answer(phone, key) for phone in phones], same)
    expect(len(set(made)) > 395, "different numbers get the same stand-in: use enough digits of the hash")
    keyless = "the key makes no difference: who has no key can try all numbers"
    expect(sum(a == answer(phone, other) for a, phone in zip(made, phones, strict=True)) < 5, keyless)
    kept = sum(a[-4:] == phone[-4:] for a, phone in zip(made, phones, strict=True))
    expect(kept < 20, "the last digits of the number are still there")
    spaced = [f"{p[:3]} {p[3:7]}-{p[7:]}" for p in phones[:20]]
    written = "138 1234 5678 and 13812345678 are one number: take the digits alone before you hash"
    expect([answer(phone, key) for phone in spaced] == made[:20], written)
