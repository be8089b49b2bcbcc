"""Check digits against numbers that standards and networks publish, and against the standards' other formulations."""

import random

import pytest

from llmbook.data.personal_numbers import (
    IBAN_LENGTHS,
    iban_check_digits,
    is_card_number,
    is_iban,
    is_resident_id,
    luhn_check_digit,
    resident_id_check_digit,
)

TEST_CARDS = [
    "4111111111111111", "4012888888881881", "4222222222222", "5555555555554444", "5105105105105100",
    "2223003122003222", "378282246310005", "371449635398431", "6011111111111117", "30569309025904", "38520000023237",
    "3530111333300000", "3566002020360505", "6200000000000005",
]  # fmt: skip
# The examples of the SWIFT registry.
IBANS = [
    "GB29NWBK60161331926819", "DE89370400440532013000", "FR1420041010050500013M02606", "NO9386011117947",
    "BE68539007547034", "MT84MALT011000012345MTLCAST001S", "CH9300762011623852957", "NL91ABNA0417164300",
    "ES9121000418450200051332", "PL61109010140000071219812874", "SA0380000000608010167519",
    "LC55HEMM000100010012001200023015", "BR1800360305000010009795493C1",
]  # fmt: skip


def doubled_table(digits: str) -> bool:
    """The test in its other form: a table of what doubling makes of each digit, read from the right."""
    table = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]
    return sum(table[int(d)] if i % 2 else int(d) for i, d in enumerate(reversed(digits))) % 10 == 0


def test_luhn_by_hand():
    # 7992739871: from the right 1·2 7 8·2 9 3·2 7 2·2 9 9·2 7 = 2+7+7+9+6+7+4+9+9+7 = 67, so 3 is missing
    assert luhn_check_digit("7992739871") == "3"
    assert luhn_check_digit("0") == "0" and luhn_check_digit("1") == "8"


def test_luhn_agrees_with_the_table_of_the_standard():
    rng = random.Random(0)
    for _ in range(500):
        body = "".join(rng.choices("0123456789", k=rng.randint(1, 20)))
        right = [digit for digit in "0123456789" if doubled_table(body + digit)]
        assert right == [luhn_check_digit(body)]


@pytest.mark.parametrize("number", TEST_CARDS)
def test_the_networks_test_cards_are_valid_and_one_changed_digit_is_not(number):
    assert is_card_number(number)
    for place, digit in enumerate(number):
        for other in set("0123456789") - {digit}:
            assert not is_card_number(number[:place] + other + number[place + 1 :])


def test_a_card_needs_an_issuer_and_its_length():
    for body in ("79927398", "41111111111111111", "41111111111111", "3782822463100051", "10000000000000000"):
        assert not is_card_number(body + luhn_check_digit(body))


def test_the_examples_of_the_national_standard():
    assert is_resident_id("11010519491231002X") and is_resident_id("440524188001010014")  # GB 11643, annex A
    assert is_resident_id("11010519491231002x")


def test_the_check_character_makes_the_weighted_sum_one_modulo_eleven():
    rng = random.Random(0)
    for _ in range(500):
        body = "".join(rng.choices("0123456789", k=17))
        values = [*map(int, body), "0123456789X".index(resident_id_check_digit(body))]
        assert sum(value * 2 ** (17 - place) for place, value in enumerate(values)) % 11 == 1


@pytest.mark.parametrize(
    "body",
    ["99010519491231002", "16010519491231002", "11010519490230002", "11010519491331002", "11010517491231002",
     "11010519000229123"],
)  # fmt: skip
def test_a_right_check_character_is_not_enough(body):
    """No such province, no such day or month, an impossible century, no leap year 1900."""
    assert not is_resident_id(body + resident_id_check_digit(body))


@pytest.mark.parametrize("number", IBANS)
def test_the_registry_s_examples(number):
    assert is_iban(number) and iban_check_digits(number[:2], number[4:]) == number[2:4]
    assert not is_iban(number[:-1]) and not is_iban("XX" + number[2:])
    swapped = number[:6] + number[7] + number[6] + number[8:]
    assert swapped == number or not is_iban(swapped)


def test_iban_remainder_digit_by_digit():
    for number in IBANS:
        remainder = 0
        for character in number[4:] + number[:4]:
            for digit in str(int(character, 36)):
                remainder = (10 * remainder + int(digit)) % 97
        assert remainder == 1
    assert len(IBAN_LENGTHS) > 80
