"""Detectors of personal data: a pattern proposes, a validator disposes (section 3.2.3).

A detector takes a text and yields the places (start, end) of one kind of data. Patterns are written for speed: those of
numbers are tried only where many digits stand together, and the others start with a character that is rare.
"""

import ipaddress
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator

from llmbook.data.personal_numbers import IBAN_LENGTHS, is_card_number, is_iban, is_resident_id

Found = Iterator[tuple[int, int]]

# -- e-mail and logins ------------------------------------------------------------------------------------------------

_AT = r"(?:@|\s?[\[(]\s?at\s?[\])]\s?| AT )"
_DOT = r"(?:\.|\s?[\[(]\s?dot\s?[\])]\s?| DOT )"
_LABEL = r"[A-Za-z0-9\u00c0-\u024f](?:[A-Za-z0-9\u00c0-\u024f-]{0,61}[A-Za-z0-9\u00c0-\u024f])?"
_EMAIL = re.compile(
    rf"[A-Za-z0-9_](?:[\w.%+'-]{{0,62}}[\w%+-])?{_AT}(?:{_LABEL}{_DOT})+"
    r"[A-Za-z]{2,24}(?![A-Za-z-])(?!:[\w.~-]*/)",  # git@host:path is no address
    re.ASCII,
)
_FILE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|avif|ico|css|js|ts|json|html?|pdf|mp[34])$", re.IGNORECASE)
_LOGIN = re.compile(r"://([^\s/?#:@]+:[^\s/?#@]+)@[A-Za-z0-9\[]")


def emails(view: str) -> Found:
    """E-mail addresses, also as "ann [at] shop [dot] cn" and "ann AT shop DOT cn"."""
    if not any(sign in view for sign in ("@", "(at", "[at", "( at", "[ at", " AT ")):
        return
    for match in _EMAIL.finditer(view):
        if not _FILE.search(match.group()) and ".." not in match.group():  # logo@2x.png
            yield match.span()


def logins(view: str) -> Found:
    """The `user:password` in front of a URL's host."""
    if "://" in view and "@" in view:
        yield from (match.span(1) for match in _LOGIN.finditer(view))


# -- numbers ----------------------------------------------------------------------------------------------------------

_ZONE = re.compile(r"[0-9][0-9 ()./-]{5,}[0-9Xx]")  # digits are rare: the number patterns are tried here only
_CARD = re.compile(r"(?<![0-9A-Za-z+])(?<![0-9][-.])[2-689][0-9](?:[ .-]?[0-9]){11,17}(?![-.]?[0-9])(?![A-Za-z])")
_CARD_GROUPS = re.compile(r"\d{4}([ .-]?)\d{4}\1\d{4}\1\d{1,4}(?:\1\d{1,4})?|\d{4}([ .-]?)\d{6}\2\d{4,5}|\d+", re.ASCII)
_ID = re.compile(
    r"(?<![0-9A-Za-z])[1-8][0-9]{5}[ -]?(?:18|19|20)[0-9]{2}[ -]?(?:0[1-9]|1[0-2])[ -]?(?:0[1-9]|[12][0-9]|3[01])[ -]?"
    r"[0-9]{3}[0-9Xx](?![0-9A-Za-z])"
)
_IBAN_START = re.compile(r"[A-Z]{2}[0-9]{2}[ -]?[0-9A-Z]{4}")


def _in_zones(pattern: re.Pattern[str], view: str) -> Iterator[re.Match[str]]:
    for zone in _ZONE.finditer(view):
        # A bracket or plus before the first digit belongs to it; an extension may follow the last one.
        yield from pattern.finditer(view, max(0, zone.start() - 2), zone.end() + 16)


def _plain(number: str) -> str:
    return re.sub("[ ()./-]", "", number)


def cards(view: str) -> Found:
    """Payment cards: grouped as on the card or not at all, with issuer, length and Luhn digit."""
    for match in _in_zones(_CARD, view):
        if _CARD_GROUPS.fullmatch(match.group()) and is_card_number(_plain(match.group())):
            yield match.span()


def resident_ids(view: str) -> Found:
    """Chinese identity numbers of 18 characters (those of 15, issued until 1999, have no check digit)."""
    return (match.span() for match in _in_zones(_ID, view) if is_resident_id(_plain(match.group())))


def ibans(view: str) -> Found:
    """International bank account numbers, in groups of four or without spaces."""
    for match in _IBAN_START.finditer(view):
        start, length = match.start(), IBAN_LENGTHS.get(match.group()[:2])
        if length is None or (start and view[start - 1].isascii() and view[start - 1].isalnum()):
            continue
        whole = re.compile(rf"(?:[0-9A-Z][ -]?){{{length - 1}}}[0-9A-Z](?![0-9A-Za-z])").match(view, start)
        if whole and is_iban(_plain(whole.group())):
            yield whole.span()


# -- phones -----------------------------------------------------------------------------------------------------------

_COUNTRY = (  # calling codes, ITU-T E.164
    r"(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|"
    r"2[1-689]\d|3[578]\d|42\d|5[09]\d|6[7-9]\d|8[05789]\d|9[679]\d)"
)
_EXTENSION = r"(?:(?:,? ?(?:ext\.?|x|extension) ?| ?转 ?)\d{1,5})?"
_PHONE = re.compile(
    r"(?<![0-9A-Za-z])(?<![0-9][.:])(?:"
    # North America: (415) 555-2671, 415-555-2671, +1 415.555.2671
    r"(?:(?:\+?1[-. ]?)?(?:\([2-9][0-8]\d\) ?|[2-9][0-8]\d[-. /]|(?<=1)[2-9][0-8]\d)[2-9]\d{2}[-. ]?\d{4})"
    # China: mobiles, land lines and service numbers
    r"|(?:(?:\+|00)?86[- ]?|\((?:\+|00)?86\) ?)?1[3-9]\d(?P<s>[-. ]?)\d{4}(?P=s)\d{4}"
    r"|(?:(?:\+|00)86[- ]?(?:10|2\d|[3-9]\d{2})|\(0(?:10|2\d|[3-9]\d{2})\)|0(?:10|2\d|[3-9]\d{2})(?=[- ]))[- ]?"
    r"[2-8]\d{2,3}[- ]?\d{4}|400-\d{3,4}-\d{3,4}"
    # the world: + or 00, country, groups
    rf"|(?P<world>(?:\+ ?{_COUNTRY}|\(\+{_COUNTRY}\)|00{_COUNTRY}(?=[0-9]{{0,4}} ))"
    r"(?:[-. /]?(?:\(0?\d{1,4}\)|\d{1,12})){1,6})"
    # a national trunk 0 and groups: 020 7946 0958, 01 23 45 67 89
    r"|(?P<trunk>(?:0\d{1,4}|\(0\d{1,4}\))(?:[- /]\d{2,8}){1,4})"
    rf"){_EXTENSION}(?![0-9A-Za-z])(?![-.][0-9])",
    re.ASCII,
)
_BARE = re.compile(r"(?<![0-9A-Za-z.+-])(?:[2-9]\d{2}[-. ]\d{4}|[2-9]\d{9}|[2-8]\d{6,7})(?![0-9A-Za-z])(?![-./][0-9])")
_CALL = re.compile(
    r"(?:\b(?:tel|phone|telephone|mobile|cell|call|fax|ring|text|dial|whatsapp|contact)|电话|手机|传真|致电|拨打|热线|座机)"
    r"[^0-9\n]{0,12}$",
    re.IGNORECASE,
)


def phones(view: str) -> Found:
    """Phone numbers: North American, Chinese, and any with a country code, a trunk 0 or a word like "Tel" before it."""
    for match in _in_zones(_PHONE, view):
        # E.164 allows 15 digits; a trunk 0 with fewer than 9 is more likely a date.
        grouped, fewest, most = (match["world"], 8, 15) if match["world"] else (match["trunk"], 9, 12)
        if grouped is None or fewest <= len(re.sub(r"\D", "", grouped)) <= most:
            yield match.span()
    # Numbers without a form of their own need a word before them.
    for match in _in_zones(_BARE, view):
        if _CALL.search(view, max(0, match.start() - 30), match.start()):
            yield match.span()


# -- IP addresses -----------------------------------------------------------------------------------------------------

_IPV4 = re.compile(r"(?<![\w.])(?<!\w-)(?<![A-Za-z]/)[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9A-Za-z])(?!\.[0-9])", re.ASCII)
_IPV6 = re.compile(
    r"(?<![\w.])(?<![0-9A-Fa-f]:)(?<!::)(?:[0-9A-Fa-f]{3,4}|::[Ff]{4}|64):[0-9A-Fa-f:]{0,37}(?:(?<=:)[0-9]{1,3}(?:\.[0-9]{1,3}){3})?"
    r"(?![\w:])(?!\.[0-9])",
    re.ASCII,
)
# What four numbers with dots are besides: versions, and sections of a document.
_VERSION = re.compile(
    r"(?:\b(?:v|ver|version|release|build|revision|rev|firmware|driver|update|upgrade|patch|section|chapter|clause|"
    r"figure|table|step|no|§)|版本|版|升级到|更新到|第|章|节|图|表)[ .:：号为是]{0,3}$",
    re.IGNORECASE,
)


def ips(view: str) -> Found:
    """IP addresses of hosts, both versions; not version numbers and numbers of sections."""
    for match in _in_zones(_IPV4, view):
        if _is_host(match.group()) and not _reads_as_version(view, match):
            yield match.span()
    if view.count(":") > 1:
        for match in _IPV6.finditer(view):
            address = match.group().rstrip(":") if not match.group().endswith("::") else match.group()
            if re.search("[0-9]", address) and _is_host(address):
                yield match.start(), match.start() + len(address)


def _is_host(address: str) -> bool:
    """Whether it is an address of some machine: no mask, loop-back, "any" or multicast address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    mask = address.startswith(("0.", "255."))
    return not (ip.is_unspecified or ip.is_loopback or ip.is_multicast or mask)


def _reads_as_version(view: str, match: re.Match[str]) -> bool:
    if _VERSION.search(view, max(0, match.start() - 20), match.start()) or view.startswith("版", match.end()):
        return True
    line_start = match.start() == 0 or view[match.start() - 1] == "\n"
    heading = line_start and re.compile(r"\.? +[^\W\d_]").match(view, match.end())
    return bool(heading) and all(len(part) < 3 for part in match.group().split("."))


# -- keys -------------------------------------------------------------------------------------------------------------

_KEY = re.compile(
    r"(?:A(?:KIA|SIA)[0-9A-Z]{16}|AIza[\w-]{35}"  # Amazon, Google
    r"|gh[pousr]_[0-9A-Za-z]{36,255}|github_pat_\w{22,255}|glpat-[\w-]{20,64}"  # GitHub, GitLab
    r"|sk-(?:[a-z]{2,6}\d{0,2}-)*[\w-]{20,200}|hf_[0-9A-Za-z]{30,64}"  # OpenAI and its like, Hugging Face
    # Stripe, SendGrid, Twilio; Slack, npm, PyPI, Telegram
    r"|[a-z]{2,8}_(?:live|test|prod)_[0-9A-Za-z]{16,255}|SG\.[\w-]{16,32}\.[\w-]{16,64}|SK[0-9a-f]{32}"
    r"|xox[abeoprs]-[0-9A-Za-z-]{10,250}|npm_[0-9A-Za-z]{36}|pypi-[\w-]{50,255}|[0-9]{8,10}:AA[\w-]{33}"
    r"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"  # JSON web token
    r"|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[\s\S]{0,8000}?-----END [A-Z ]{0,20}PRIVATE KEY-----)(?![\w-])",
    re.ASCII,
)
_STRING = re.compile(r"[\w+/-]{16,256}={0,2}", re.ASCII)
# "key", "token" and the like, and what may stand between the word and its value: api_key = "…", 令牌设成…
_SECRET = re.compile(
    r"(?:key|token|secret|password|passwd|pwd|credential|authorization|密钥|令牌|口令|密码|凭证)s?(?:_\w{1,12})?[\"'`\]]?"
    r" {0,2}(?:[=:>]{1,2}|is|was|to|set to|[是为成改设置作]{1,3})?[ :]{0,2}(?:bearer:? )?[\"'`]?$",
    re.IGNORECASE,
)
# A long random string needs the word only somewhere before it in the sentence.
_NEAR = re.compile(
    r"(?:\b(?:key|token|secret|password|credential)s?\b|密钥|令牌|口令|密码|凭证)[^.;。；\n]{0,30}$", re.IGNORECASE
)


def keys(view: str) -> Found:
    """Keys and tokens: known by the maker's prefix, or random and called a key, token, secret or password."""
    for match in _KEY.finditer(view):
        before = view[match.start() - 1 : match.start()]
        if not (before.isascii() and before.isalnum()):
            yield match.span()
    for match in _STRING.finditer(view):
        before = view[max(0, match.start() - 48) : match.start()]
        named = _SECRET.search(before) or (len(match.group()) >= 32 and _NEAR.search(before))
        if named and _is_random(match.group()):
            yield match.span()


def _is_random(value: str) -> bool:
    """Whether characters look drawn at random: letters and digits mixed, at least 2.5 bits per character."""
    if not (re.search("[0-9]", value) and re.search("[A-Za-z]", value)):
        return False
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares) >= 2.5


# -- postal addresses -------------------------------------------------------------------------------------------------

_STREET = re.compile(
    r"[1-9][0-9]{0,4}[A-Za-z]?,? (?:[NSEW]\.? )?(?:(?:[A-Z][a-z'’]+|[0-9]{1,3}(?:st|nd|rd|th)) ){1,4}"
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Way|Square|Sq|Place|Pl|Terrace|Close|"
    r"Highway|Hwy|Parkway|Row|Alley|Quay)\b(?:\.(?=,))?"
    r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|#)\.? ?[0-9A-Za-z-]{1,6})?"
    r"(?:, [A-Z][a-z]+(?: [A-Z][a-z]+)?(?!\w))?(?:(?:,? [A-Z]{2})?,? [0-9]{5}(?:-[0-9]{4})?(?![0-9]))?"
)
_YEAR = re.compile(r"\b(?:in|since|until|till|from|of|by|after|before|year) (?:1[89]|20)\d\d (?=\D)", re.IGNORECASE)
_HOUSE = re.compile(
    r"[路街道巷弄里](?:[东西南北中]段)?[0-9一二三四五六七八九十百]{1,5}号(?:院|弄)?"
    r"(?:[0-9A-Za-z一二三四五六七八九十]{1,4}(?:号楼|栋|幢|座|单元|楼|层|室|房)){0,4}(?:[0-9]{3,4}室?)?"
)
_BEFORE = re.compile(r"[\u4e00-\u9fff]{1,24}$")
_LEAD = re.compile(r".*(?:住在|现住|居住|住址|地址|位于|寄到|寄往|送到|搬到|来到|家在|就在|在|到|至|往|是|为|于|住)")


def addresses(view: str) -> Found:
    """Streets with a house number, English or Chinese, with flat, city and postcode where they follow."""
    for match in _STREET.finditer(view):
        if not _YEAR.search(view, max(0, match.start() - 7), match.end()):  # "in 1966 Garden Road was a field"
            yield match.span()
    if "号" in view:
        for match in _HOUSE.finditer(view):
            before = _BEFORE.search(view, max(0, match.start() - 24), match.start())
            if before:
                lead = _LEAD.match(before.group())
                start = before.start() + (lead.end() if lead else 0)
                if start < match.start():
                    yield start, match.end()


DETECTORS: dict[str, Callable[[str], Found]] = {
    "login": logins, "key": keys, "email": emails, "iban": ibans, "resident_id": resident_ids, "card": cards,
    "ip": ips, "phone": phones, "address": addresses,
}  # fmt: skip
