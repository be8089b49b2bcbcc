"""Numbers that prove themselves: the check digits of cards, bank accounts and identity numbers (section 3.2.3).

Random digits pass one of these tests once in ten (Luhn), eleven or ninety-seven times, so a validator removes most of
what merely looks like personal data.
"""

import datetime

_ID_WEIGHTS = [pow(2, 17 - place, 11) for place in range(17)]  # 7 9 10 5 8 4 2 1 6 3 7 9 10 5 8 4 2
_ID_CHECKS = "10X98765432"
# The first two digits of a region (GB/T 2260); 81-83: residence permits for Hong Kong, Macao and Taiwan.
_PROVINCES = {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66)}
_PROVINCES |= {71, 81, 82, 83}
# Lengths in the SWIFT registry of IBANs.
IBAN_LENGTHS = {
    country: int(length)
    for length, countries in (
        line.split(maxsplit=1)
        for line in """
        15 NO
        16 BE
        18 DK FI FK FO GL NL SD
        19 MK SI
        20 AT BA EE KZ LT LU MN XK
        21 CH HR LI LV
        22 BG BH CR DE GB GE IE ME RS VA
        23 AE GI IL IQ OM SO TL
        24 AD CZ ES MD PK RO SA SE SK TN VG
        25 LY PT ST
        26 IS TR
        27 BI DJ FR GR IT MC MR SM
        28 AL AZ BY CY DO GT HU LB NI PL SV
        29 BR EG PS QA UA
        30 JO KW MU YE
        31 MT SC
        32 LC
        33 RU
        """.strip().splitlines()
    )
    for country in countries.split()
}


def luhn_check_digit(digits: str) -> str:
    """The digit that makes `digits` + digit pass the Luhn test (ISO/IEC 7812-1): from the right, every second digit
    is doubled, starting with the last of `digits`, and all digits of the results add up to a multiple of ten."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[::-2])
    return str(-(doubled + sum(map(int, digits[-2::-2]))) % 10)


def is_card_number(digits: str) -> bool:
    """Whether 13 to 19 digits have an issuer's prefix, one of its lengths, and the right check digit."""
    return _has_issuer(digits) and luhn_check_digit(digits[:-1]) == digits[-1]


def _has_issuer(digits: str) -> bool:
    length, two, four = len(digits), int(digits[:2]), int(digits[:4])
    if digits[0] == "4":  # Visa
        return length in (13, 16, 19)
    if 51 <= two <= 55 or 2221 <= four <= 2720:  # Mastercard
        return length == 16
    if two in (34, 37):  # American Express
        return length == 15
    if two in (36, 38, 39) or 3000 <= four <= 3059 or four == 3095:  # Diners Club
        return 14 <= length <= 19
    if 3528 <= four <= 3589:  # JCB
        return 16 <= length <= 19
    if four == 6011 or 6440 <= four <= 6599 or two == 62:  # Discover, UnionPay
        return 16 <= length <= 19
    if two in (81, 82) or 5080 <= four <= 5089:  # RuPay
        return length == 16
    return four in (5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763) and 13 <= length <= 19  # Maestro


def resident_id_check_digit(digits: str) -> str:
    """The last character of a Chinese resident identity number from the first 17 (GB 11643, ISO 7064 MOD 11-2).

    With weights 2^(18-i) mod 11 for the i-th digit, the whole sum, an X counting 10, is 1 modulo 11.
    """
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, digits, strict=True))
    return _ID_CHECKS[total % 11]


def is_resident_id(number: str) -> bool:
    """Whether 17 digits and a digit or X name a province, a date of birth and a sequence, and check out."""
    try:
        datetime.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    plausible = int(number[:2]) in _PROVINCES and number[6:8] in ("18", "19", "20")
    return plausible and resident_id_check_digit(number[:17]) == number[17].upper()


def iban_check_digits(country: str, account: str) -> str:
    """The two digits between country and account (ISO 13616): account, country and digits, letters read as
    A = 10 … Z = 35, are one large number that is 1 modulo 97."""
    return f"{98 - _as_number(account + country + '00') % 97:02d}"


def is_iban(number: str) -> bool:
    """Whether capitals and digits without spaces are an IBAN: its country, the country's length, and the remainder."""
    right_length = IBAN_LENGTHS.get(number[:2]) == len(number)
    return right_length and number[2:4].isdecimal() and _as_number(number[4:] + number[:4]) % 97 == 1


def _as_number(characters: str) -> int:
    return int("".join(str(int(character, 36)) for character in characters))
