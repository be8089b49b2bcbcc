import ipaddress
import re

import pytest

from llmbook.data.personal_numbers import is_card_number, is_iban, is_resident_id, luhn_check_digit
from llmbook.data.privacy import find_personal_data, scrub
from llmbook.data.pseudonyms import Pseudonyms
from llmbook.data.spans import Span
from llmbook.errors import ReaderError

ALIAS = Pseudonyms(b"sixteen secret b")


def alias(kind: str, value: str, policy: Pseudonyms = ALIAS) -> str:
    return policy(Span(kind, 0, len(value), value))


VALUES = {
    "email": ["ann.lee@shop.cn", "Ann.Lee@Shop.CN", "ann.lee [at] shop [dot] cn", "ann.lee AT shop DOT cn"],
    "phone": ["415-555-2671", "(415) 555 2671", "４１５-５５５-２６７１"],
    "card": ["4000056655665556", "4000 0566 5566 5556", "4000-0566-5566-5556"],
    "resident_id": ["11010519491231002X", "11010519491231002x", "110105 19491231 002X"],
    "iban": ["GB29NWBK60161331926819", "GB29 NWBK 6016 1331 9268 19"],
}


@pytest.mark.parametrize("kind", VALUES)
def test_one_value_has_one_stand_in_however_it_is_written(kind):
    bare = {re.sub(r"[^0-9A-Za-z@.]", "", alias(kind, value)) for value in VALUES[kind]}
    assert len(bare) == 1


def test_the_stand_in_depends_on_value_type_and_key():
    other = Pseudonyms(b"another secret key")
    values = [f"user{number}@shop.cn" for number in range(2000)]
    stand_ins = {alias("email", value) for value in values}
    assert len(stand_ins) == 2000
    assert not stand_ins & {alias("email", value, other) for value in values}
    assert alias("name", "7") != alias("address", "7")


@pytest.mark.parametrize("number", ["4111111111111111", "378282246310005", "30569309025904", "4222222222222",
                                    "6200 0000 0000 0005", "4000056655665556" "003"])  # fmt: skip
def test_cards_keep_their_form_and_luhn_and_lie_in_a_test_range(number):
    made = alias("card", number)
    digits = made.replace(" ", "")
    assert re.sub(r"\d", "0", made) == re.sub(r"\d", "0", number)
    assert is_card_number(digits) and luhn_check_digit(digits[:-1]) == digits[-1]
    assert digits.startswith(("411111", "378282", "305693", "620000"))


def test_an_identity_number_keeps_a_check_character_but_no_region_has_it():
    made = alias("resident_id", "11010519491231002X")
    values = [*map(int, made[:-1]), "0123456789X".index(made[-1])]
    assert sum(value * 2 ** (17 - place) for place, value in enumerate(values)) % 11 == 1
    assert made.startswith("99") and not is_resident_id(made) and find_personal_data(made) == []
    assert made[6:14] != "19491231"


def test_an_account_keeps_a_right_remainder_but_no_country_has_it():
    made = alias("iban", "GB29 NWBK 6016 1331 9268 19")
    assert re.fullmatch(r"ZZ\d\d [A-Z]{4} (\d{4} ){3}\d\d", made)
    bare = made.replace(" ", "")
    assert int("".join(str(int(c, 36)) for c in bare[4:] + bare[:4])) % 97 == 1 and not is_iban(bare)


@pytest.mark.parametrize(
    ("number", "form"),
    [
        ("(415) 555-2671", r"\([2-7]\d\d\) 555-01\d\d"),
        ("+1 415.555.2671", r"\+1 [2-7]\d\d\.555\.01\d\d"),
        ("13812345678", r"12\d{9}"),
        ("+86 138-1234-5678", r"\+86 12\d-\d{4}-\d{4}"),
        ("+1 381 234 5678", r"\+1 [2-7]\d\d 555 01\d\d"),
        ("+49 30 901820", r"\+99 9\d \d{6}"),
        ("0571-87654321", r"000\d-\d{8}"),
        ("0044 20 7946 0958", r"0099 9\d \d{4} \d{4}"),
        ("555-2671", r"555-01\d\d"),
    ],
)
def test_phones_keep_their_form_and_ring_nowhere(number, form):
    assert re.fullmatch(form, alias("phone", number))


def test_addresses_of_machines_are_those_set_aside():
    for last in range(200):
        assert ipaddress.ip_address(alias("ip", f"203.0.113.{last}")) in ipaddress.ip_network("198.18.0.0/15")
    assert ipaddress.ip_address(alias("ip", "fe80::1")) in ipaddress.ip_network("2001:db8::/32")


def test_streets_keep_their_language():
    assert re.fullmatch(r"\d{1,4} Example Street", alias("address", "12 Well Street"))
    assert re.fullmatch(r"示例路\d{1,4}号", alias("address", "柳镇寺前巷12号"))


def test_a_key_keeps_its_make_and_its_classes_of_characters():
    secret = "hf_" + "aB3" * 11
    made = alias("key", secret)
    assert made != secret and re.fullmatch(r"hf_a([A-Z]\d[a-z]){10}[A-Z]\d", made)


def test_the_whole_text_keeps_its_threads():
    text = "Ann: ann@shop.cn, 415-555-2671. Mail ANN@shop.cn, never bob@shop.cn."
    first, second, third = re.findall(r"user-\w+@example\.com", scrub(text, ALIAS))
    assert first == second != third
    assert scrub(text, ALIAS) == scrub(text, Pseudonyms(b"sixteen secret b"))


def test_a_short_key_is_refused():
    with pytest.raises(ReaderError, match="16 to 64"):
        Pseudonyms(b"short")
