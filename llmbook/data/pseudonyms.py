"""Stand-ins for personal data: the same value always becomes the same stand-in, of the same form (section 3.2.3)."""

import hashlib
import ipaddress
import re
import unicodedata
from collections.abc import Callable

from llmbook.data.personal_numbers import iban_check_digits, luhn_check_digit, resident_id_check_digit
from llmbook.data.spans import Span
from llmbook.errors import ReaderError

# Numbers that card networks give for tests, by length; the rest is 4111 11, Visa's.
_TEST_PREFIXES = {14: "305693", 15: "378282", 17: "620000", 18: "620000"}


class Pseudonyms:
    """A policy for `scrub`: it writes a stand-in drawn from a keyed hash (BLAKE2b) of the value.

    Who has the key can test a guess (is this stand-in Ann's number?) and nobody else can; there is no way back.
    The stand-ins lie where no real value can: e-mail addresses at example.com, North American phones 555-01xx,
    Chinese mobiles 12x, country code 999, cards that are networks' test numbers, identity numbers of a region 99,
    accounts of a country ZZ, IP addresses for benchmarks and documentation, an Example Street.

    Args:
        key: 16 to 64 secret bytes, e.g. `secrets.token_bytes(32)`.

    Raises:
        ReaderError: for a key of another length.
    """

    def __init__(self, key: bytes) -> None:
        if not 16 <= len(key) <= 64:
            raise ReaderError(f"the key has {len(key)} bytes: give 16 to 64, e.g. secrets.token_bytes(32)")
        self._key = key

    def __call__(self, span: Span) -> str:
        """The stand-in for a span; how the value was written (spaces, dashes, capitals) makes no difference to it."""
        essence = _ascii(span.value)
        if span.type in ("card", "iban", "phone", "resident_id"):
            essence = re.sub(r"[\W_]", "", essence).upper()
        if span.type == "email":
            essence = re.sub(r"(?:\s?[\[(]\s?| )(at|dot)(?:\s?[\])]\s?| )", _spelt, essence.lower())
        return _MAKERS.get(span.type, _token)(span, _Draws(self._key, span.type, essence))


def _ascii(value: str) -> str:
    return unicodedata.normalize("NFKC", value)


def _spelt(match: re.Match[str]) -> str:
    return "@" if match[1] == "at" else "."


class _Draws:
    """Numbers that look random and depend on key, type and value alone."""

    def __init__(self, key: bytes, kind: str, essence: str) -> None:
        seed = hashlib.blake2b(essence.encode(), key=key, person=kind.encode()[:16]).digest()
        self._rest = int.from_bytes(hashlib.shake_256(seed).digest(512))  # 512 bytes: more than any value draws

    def below(self, limit: int) -> int:
        self._rest, number = divmod(self._rest, limit)
        return number

    def digits(self, count: int) -> str:
        return f"{self.below(10**count):0{count}d}" if count else ""


def _email(span: Span, draws: _Draws) -> str:
    return f"user-{draws.below(16**10):010x}@example.com"


def _login(span: Span, draws: _Draws) -> str:
    return f"user-{draws.below(16**8):08x}:{draws.below(16**8):08x}"


def _card(span: Span, draws: _Draws) -> str:
    length = sum(map(str.isdigit, span.value))
    prefix = _TEST_PREFIXES.get(length, "411111")
    body = prefix + draws.digits(length - len(prefix) - 1)
    return _laid_out(span.value, body + luhn_check_digit(body))


def _resident_id(span: Span, draws: _Draws) -> str:
    born = f"{1950 + draws.below(50)}{1 + draws.below(12):02d}{1 + draws.below(28):02d}"
    body = "99" + draws.digits(4) + born + f"{1 + draws.below(999):03d}"
    return _laid_out(span.value, body + resident_id_check_digit(body))


def _iban(span: Span, draws: _Draws) -> str:
    characters = re.sub(r"[\s-]", "", _ascii(span.value))
    account = _same_classes(characters[4:], draws)
    return _laid_out(span.value, "ZZ" + iban_check_digits("ZZ", account) + account)


def _phone(span: Span, draws: _Draws) -> str:
    digits = re.sub(r"\D", "", _ascii(span.value))
    chinese = re.fullmatch(r"(?:0?0?86)?1[3-9]\d{9}", digits) and not span.value.startswith("+1")
    foreign = "+" in span.value and not digits.startswith("1")
    if chinese:
        made = digits[:-11] + "12" + draws.digits(9)
    elif re.fullmatch(r"1?[2-9]\d{9}", digits) and not foreign:
        made = digits[:-10] + f"{200 + draws.below(600)}55501" + draws.digits(2)
    elif len(digits) <= 8:
        made = ("55501" + draws.digits(3))[: len(digits)]
    else:
        prefix = {"0": "000", "00": "00999"}.get(re.match("0*", digits)[0], "999")
        made = prefix + draws.digits(len(digits) - len(prefix))
    return _laid_out(span.value, made)


def _ip(span: Span, draws: _Draws) -> str:
    if ":" in span.value:
        return str(ipaddress.IPv6Address((0x20010DB8 << 96) + draws.below(2**96)))
    return str(ipaddress.IPv4Address("198.18.0.0") + draws.below(2**17))


def _key(span: Span, draws: _Draws) -> str:
    return span.value[:4] + _same_classes(span.value[4:], draws)


def _address(span: Span, draws: _Draws) -> str:
    number = 1 + draws.below(9999)
    return f"示例路{number}号" if re.search("[\u4e00-\u9fff]", span.value) else f"{number} Example Street"


def _token(span: Span, draws: _Draws) -> str:
    return f"{span.type}-{draws.below(16**6):06x}"


def _laid_out(pattern: str, characters: str) -> str:
    """The characters in the places of the pattern's letters and digits, with its separators between them."""
    source = iter(characters)
    return "".join(next(source, "") if character.isalnum() else character for character in pattern)


def _same_classes(characters: str, draws: _Draws) -> str:
    """Other characters at random: digits for digits, capitals for capitals, small letters for small letters."""

    def other(character: str) -> str:
        for first, size in (("0", 10), ("A", 26), ("a", 26)):
            if 0 <= ord(character) - ord(first) < size:
                return chr(ord(first) + draws.below(size))
        return character

    return "".join(map(other, characters))


_MAKERS: dict[str, Callable[[Span, _Draws], str]] = {
    "email": _email, "login": _login, "card": _card, "resident_id": _resident_id, "iban": _iban, "phone": _phone,
    "ip": _ip, "key": _key, "address": _address,
}  # fmt: skip
