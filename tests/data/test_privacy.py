"""Detectors against the public formats: what must be found, to the character, and what must not."""

import ipaddress
import random
import time
from pydoc_data.topics import topics

import pytest

from llmbook.data.personal_numbers import iban_check_digits, luhn_check_digit, resident_id_check_digit
from llmbook.data.privacy import TYPES, delete, find_personal_data, scrub
from llmbook.errors import ReaderError

FRAMES = ["{}", "Write {} today.", "（{}）", "请联系{}，谢谢。", '"{}"', "a: {}; b", "见{}。", "<b>{}</b>", "\n{}\n"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def found(text: str) -> list[tuple[str, str]]:
    return [(span.type, span.value) for span in find_personal_data(text)]


FORMS = {
    "email": [
        "ann@shop.cn", "ann.lee+list@mail.shop.co.uk", "a_b-c%d@x-y.museum", "ANN@SHOP.COM", "13812345678@qq.com",
        "ann AT shop DOT cn", "ann@münchen.example", "ann [at] shop [dot] cn", "ann(at)shop.cn", "ａｎｎ＠shop.cn",
    ],
    "phone": [
        "(415) 555-2671", "415-555-2671", "415.555.2671", "415 555 2671", "+1 415 555 2671", "+14155552671",
        "1-800-555-0199", "+44 20 7946 0958", "+44 (0)20 7946 0958", "+49 30 901820", "+33 1 23 45 67 89",
        "+81-3-1234-5678", "0044 20 7946 0958", "004420 79460958", "020 7946 0958",
        "+420 601 123 456", "01 23 45 67 89",
        "13812345678", "138 1234 5678", "138.1234.5678", "415/555-2671", "+4915112345678",
        "138-1234-5678", "+86 138 1234 5678", "+8613812345678", "86-13812345678",
        "(+86)13812345678", "010-62345678", "（010）62345678", "(0571) 8765-4321", "0571-87654321", "0755-2345678",
        "+86-10-62345678", "400-123-4567", "１３８１２３４５６７８", "０１０－６２３４５６７８", "0571-87654321转801",
        "415-555-2671 ext. 12",
    ],
    "card": [
        "4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "4111.1111.1111.1111",
        "378282246310005", "3782 822463 10005",
        "5555 5555 5555 4444", "4222222222222", "30569309025904", "3056 930902 5904", "6200000000000005",
        "４１１１ １１１１ １１１１ １１１１",
    ],
    "resident_id": ["11010519491231002X", "11010519491231002x", "440524188001010014", "110105 19491231 002X",
                    "１１０１０５１９４９１２３１００２Ｘ"],
    "iban": ["GB29NWBK60161331926819", "GB29 NWBK 6016 1331 9268 19", "DE89 3704 0044 0532 0130 00",
             "NO93 8601 1117 947", "FR14 2004 1010 0505 0001 3M02 606"],
    "ip": ["203.0.113.7", "8.8.8.8", "192.168.1.254", "2001:db8::1", "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
           "fe80::1ff:fe23:4567:890a", "::ffff:203.0.113.7"],
    # Made of two pieces, so that no scanner takes this file for a leak.
    "key": ["AKIA" + "IOSFODNN7EXAMPL3", "ghp_" + "a1B2" * 9, "github_pat_" + "11ABCDEFG0" * 3, "glpat-" + "x7Yz" * 5,
            "sk-" + "proj-" + "Ab3d" * 8, "sk-" + "Ab3d" * 12, "hf_" + "Qw3r" * 9, "xoxb-" + "123456789012-Ab3dEf6h",
            "sk_" + "live_" + "Ab3d" * 6, "AIza" + "Ab3dE" * 7, "npm_" + "a1B2" * 9,
            "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0NTY3.SflKxwRJSMeKKF2QT4fw"],
    "address": ["221B Baker Street", "12 Old Wall Lane", "1600 Amphitheatre Parkway", "350 5th Ave",
                "12 Well Street, Apt 4B, Springfield, IL 62704", "12 Well Street, Redcliff 62704",
                "北京市海淀区中关村大街27号", "柳镇寺前巷12号",
                "上海市浦东新区世纪大道100号3号楼502室"],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in FORMS for value in FORMS[kind]])
def test_every_form_is_found_to_the_character_in_every_frame(kind, value):
    frames = FRAMES if kind != "address" else ["{}", "He lives at {}.", "我住在{}。", "家住{}。"]
    for frame in frames:
        text = frame.format(value)
        span = find_personal_data(text)
        assert [s[:3] for s in span] == [(kind, text.index(value), text.index(value) + len(value))], text


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.3.4", "v10.2.3.4", "Firefox/3.6.12.1-beta",
        "版本号：4.0.30319.1", "section 3.2.1.4", "第3.2.1.4节",
        "3.2.1.4 The trainer", "1.3.6.1.4.1.311", "256.1.1.1", "01.02.03.04", "mask 255.255.255.0", "127.0.0.1",
        "2023-10-12", "12/05/2021", "12.05.2021", "1998-2003", "2023-10-12 14:30:55", "14:30:55", "std::vector",
        "a::b", "Face::add", "00:1B:44:11:3A:B7",
        "978-3-16-148410-0", "0-306-40615-2", "1,234,567.00", "3.14159265358979", "1700000000", "20231012123456789",
        "4111 1111 1111 1112", "1234 5678 9012 3456", "12345678901234567890", "order 4155552671",
        "tracking 1Z9999999999999999",
        "110105194912310021", "11010519490231002X", "GB29NWBK60161331926818", "GB29 NWBK",
        "logo@2x.png", "git@github.com:user/repo.git", "@ann", "a @ b", "https://shop.cn:8080/a@b",
        "token = aaaaaaaaaaaaaaaaaaaa", "key = the_quick_brown_fox_name", "import sklearn", "sk-learn", "keyboard: 12",
        "d41d8cd98f00b204e9800998ecf8427e", "the road at 12 metres", "5 people on the Street", "大街上有5号球员",
        "3:00 p.m.", "In 1966 Garden Road was a field", "主题是5.8.7.1版",
    ],
)  # fmt: skip
def test_what_only_looks_like_personal_data_is_left_alone(text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Tel: 555-2671", "555-2671"), ("call 4155552671 now", "4155552671"), ("电话：62345678", "62345678"),
        ("传真 8765432。", "8765432"),
    ],
)  # fmt: skip
def test_numbers_without_a_form_count_after_a_word_that_names_them(text, value):
    assert found(text) == [("phone", value)]
    assert found(value) == []


@pytest.mark.parametrize("text", ['api_key = "{}"', "SECRET={}", "token: {}", "your access token is {}", "密钥：{}",
                                  "Authorization: Bearer {}", "aws_secret_access_key = {}"])  # fmt: skip
def test_a_random_string_counts_as_a_key_where_it_is_called_one(text):
    secret = "f3A9kQ2mZ7xP0vL5tR8wB1"
    assert found(text.format(secret)) == [("key", secret)]
    assert found(f"commit = {secret}") == found(f"the {secret} is a key") == []


def test_a_long_random_string_counts_where_the_sentence_speaks_of_a_key():
    digest = "8936d29fa7e0a3796fa72193312763cc0cce13bb"
    assert found(f"I left my key in the script ({digest}).") == [("key", digest)]
    assert found(f"把令牌设成{digest}，再重启") == [("key", digest)]
    assert found(f'api_key = "{digest}"') == [("key", digest)]
    assert found(f"It lost the key. See commit {digest}.") == found(f"The monkey read {digest}.") == []


def test_a_year_that_is_glued_to_an_address_is_no_part_of_it():
    assert found("邮箱：ann@post.shop.cn2009年以来") == [("email", "ann@post.shop.cn")]


def test_an_address_after_a_colon_of_any_width():
    assert found("IP：2001:db8::1") == found("IP:2001:db8::1") == [("ip", "2001:db8::1")]


def test_private_key_blocks():
    block = "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END " + "RSA PRIVATE KEY-----"
    assert found(f"x\n{block}\ny") == [("key", block)]


def test_the_login_of_a_url_is_no_e_mail_address():
    assert found("postgres://ann:pa55@db.shop.cn/x") == [("login", "ann:pa55")]


def test_neighbours_are_told_apart():
    values = ["13812345678", "13987654321", "4111111111111111", "ann@shop.cn", "bob@shop.cn", "8.8.8.8", "9.9.9.9",
              "415-555-2671", "415-555-2672"]  # fmt: skip
    text = "电话{}、{}，卡号{}；{},{} {}/{} {}/{}".format(*values)
    assert [value for _, value in found(text)] == values


def test_random_numbers_of_each_kind_are_found():
    rng = random.Random(0)

    def digits(count: int) -> str:
        return "".join(rng.choices("0123456789", k=count))

    for _ in range(300):
        card = "4" + digits(14)
        person = f"3301{digits(2)}19{rng.randint(50, 99)}0{rng.randint(1, 9)}1{rng.randint(0, 9)}1{digits(2)}"
        bank = "".join(rng.choices(LETTERS.upper(), k=4)) + digits(14)
        expected = [
            ("card", card + luhn_check_digit(card)),
            ("resident_id", person + resident_id_check_digit(person)),
            ("iban", "GB" + iban_check_digits("GB", bank) + bank),
            ("ip", str(ipaddress.IPv4Address(rng.randrange(1 << 24, 127 << 24)))),
            ("ip", str(ipaddress.IPv6Address((0x2001 << 112) + rng.getrandbits(112)))),
            ("phone", f"1{rng.randint(3, 9)}{digits(9)}"),
        ]
        text = "; ".join(value for _, value in expected)
        assert found(text) == expected


def test_values_are_those_of_the_text_and_never_overlap():
    text = " ".join(value for values in FORMS.values() for value in values)
    spans = find_personal_data(text)
    assert all(text[span.start : span.end] == span.value for span in spans)
    assert all(a.end <= b.start for a, b in zip(spans, spans[1:], strict=False))


def test_policies():
    text = "Ann, ann@shop.cn, +1 415 555 2671"
    assert scrub(text) == "Ann, <EMAIL>, <PHONE>"
    assert scrub(text, delete) == "Ann, , "
    assert scrub(text, types=["phone"]) == "Ann, ann@shop.cn, <PHONE>"
    assert find_personal_data(scrub(text)) == []
    assert scrub("") == ""


def test_an_unknown_type_is_refused():
    with pytest.raises(ReaderError, match="unknown type 'mail'"):
        find_personal_data("", ["mail"])


def test_reference_prose_has_next_to_none():
    text = "\n".join(topics.values())
    assert len(find_personal_data(text)) <= 3 and len(text) > 400_000


def test_a_megabyte_takes_less_than_a_second_of_processor_time():
    text = "\n".join(topics.values()) + "周先生在柳镇开了一家茶馆，每天接待许多客人。" * 20_000
    documents = [text[start : start + 4000] for start in range(0, len(text), 4000)]
    began = time.process_time()
    for document in documents:
        find_personal_data(document)
    assert len(text.encode()) / (time.process_time() - began) > 1e6


def test_hostile_text_takes_no_longer():
    for unit in ("0-", "1 ", "a.", "a@", "12.", "(1", "A1 ", "f:", "sk-", "中", "Aa ", "key=", "://a:"):
        text = unit * (60_000 // len(unit))
        began = time.process_time()
        find_personal_data(text)
        assert time.process_time() - began < 2, unit


def test_a_page_full_of_addresses_takes_no_longer():
    text = "".join(f"user{number}@shop.cn, " for number in range(10_000))
    began = time.process_time()
    assert len(find_personal_data(text)) == 10_000
    assert time.process_time() - began < 2


def test_types_are_complete():
    assert set(TYPES) == set(FORMS) | {"login"}
