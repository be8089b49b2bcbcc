"""Invented personal data in the formats in which people write them, and numbers that only look like them.

Domains, telephone numbers and addresses come from ranges set aside for examples where such ranges exist.
"""

from collections.abc import Callable

from llmbook.data.world.choices import Choices
from llmbook.data.world.crawl.grammar import Grammar, lines, mark

GIVEN = lines("""
    Clara\nMartin\nIngrid\nOliver\nAmara\nDaniel\nSofia\nHenrik\nLeila\nThomas\nPriya\nSamuel\nNora\nVictor\nHelen\nRavi
    Elena\nJonas\nMarta\nPeter\nAlice\nHugo\nFatima\nGeorge\nYuki\nSimon\nTeresa\nAnton\nGrace\nIvan\nRuth\nMateo
    Agnes\nCarlos\nEsther\nFelix\nJudith\nKaren\nLucas\nMiriam
""")
SURNAMES = lines("""
    Whitfield\nOkafor\nLindqvist\nMarlowe\nPatel\nHawthorne\nMoreau\nKessler\nAbernathy\nRossi\nTanaka\nO'Neill\nBrandt
    Castillo\nFairbanks\nDuarte\nEllison\nForsyth\nGalloway\nHolm\nIbarra\nJankowski\nKovacs\nLarkin\nMbeki\nNakamura
    Osborne\nPrescott\nQuigley\nRamirez\nSinclair\nThorne\nUnderwood\nVance\nWinslow\nYates\nZielinski\nBarlow
    Crane\nDoyle
""")
SURNAMES_ZH = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢"
GIVEN_ZH = lines("""
    子涵\n建国\n秀英\n志强\n丽华\n晓东\n雨桐\n浩然\n淑芬\n文博\n静怡\n国栋\n佳琪\n明轩\n桂兰\n思远\n海燕\n俊杰
    春梅\n立新
    梓萱\n永康\n红霞\n一鸣\n慧敏\n敏\n伟\n芳\n磊\n洋\n勇\n艳\n杰\n涛\n静\n超\n霞\n平\n刚\n玲
""")
_STREETS = lines("""
    Willow\nOrchard\nMill\nStation\nChapel\nLantern\nHarbour\nRiver\nSchool\nBaker\nMarket\nHill\nCedar\nMaple
    Ferry\nKing's
    Quarry\nSpring\nWeaver\nNorth\nKiln\nElm
""")
_STREETS_ZH = lines("""
    花园\n解放\n人民\n和平\n新华\n中山\n建设\n灯市\n桥头\n河滨\n学府\n长安\n柳巷\n东门\n滨江\n南京\n胜利\n文化
    朝阳\n青年
""")
_REGION_CODES = (110101, 120103, 210102, 310104, 320106, 330108, 350203, 370202, 420111, 440305, 440106, 500103, 510107)
_ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def digits(draw: Choices, count: int) -> str:
    """So many random digits."""
    return str(draw.below(10**count)).zfill(count)


def luhn_digit(number: str) -> str:
    """The last digit of a payment card number (ISO/IEC 7812), from the digits before it."""
    doubled = (int(digit) * (2 - i % 2) for i, digit in enumerate(reversed(number)))
    return str(-sum(value - 9 * (value > 9) for value in doubled) % 10)


def resident_digit(number: str) -> str:
    """The last character of a Chinese resident id (GB 11643, mod 11-2), from the 17 digits before it."""
    return "10X98765432"[sum(int(digit) * pow(2, 17 - i, 11) for i, digit in enumerate(number)) % 11]


def iban_digits(country: str, account: str) -> str:
    """The two check digits of an IBAN (ISO 13616, mod 97)."""
    return f"{98 - int(''.join(str(int(c, 36)) for c in account + country + '00')) % 97:02}"


# ---------------------------------------------------------------- values


def person(draw: Choices, language: str) -> str:
    """A full name."""
    if language == "zh":
        return draw.pick(SURNAMES_ZH) + draw.pick(GIVEN_ZH)
    return f"{draw.pick(GIVEN)} {draw.pick(SURNAMES)}"


def email(draw: Choices, language: str) -> str:
    """An e-mail address: plain, with a tag, with odd characters, in capitals, or spelled out to fool harvesters."""
    first, last = draw.pick(GIVEN).lower(), draw.pick(SURNAMES).lower()
    number = draw.between(1, 99)
    name = last.replace("'", "")
    local = draw.pick((
        f"{first}.{name}", f"{first[0]}{name}", f"{first}_{name}{number}", f"{name}.{first}", f"{first}{number}",
        f"{first}+market", f"{first}-{name}", f"{first[0]}.{last}", digits(draw, 9),
    ))  # fmt: skip
    domain = draw.pick((
        "example.com", "example.org", "example.net", "mail.example.com", "lantern-mail.example",
        "post.moonlake.example", "stud.uni.example.edu", "example.co.uk", "teahouse.example",
        "kite-club.example.org", "163mail.example.cn",
    ))  # fmt: skip
    if draw.chance(1, 20):
        return f"{local} [at] {domain.replace('.', ' [dot] ')}"
    address = f"{local}@{domain}"
    return address.upper() if draw.chance(1, 25) else address


def _nanp(draw: Choices) -> str:
    area, last = draw.pick((202, 212, 303, 312, 404, 415, 503, 617, 702, 808)), f"01{digits(draw, 2)}"
    return draw.pick((
        f"({area}) 555-{last}", f"{area}-555-{last}", f"{area}.555.{last}", f"+1 {area} 555 {last}",
        f"1-{area}-555-{last}", f"+1 ({area}) 555-{last}", f"{area} 555 {last}",
    ))  # fmt: skip


def _international(draw: Choices) -> str:
    three = digits(draw, 3)
    return draw.pick((
        f"+44 20 7946 0{three}", f"+44 (0)20 7946 0{three}", f"+49 30 23125 {three}", f"+49 (0)30 23125-{three}",
        f"+33 1 99 00 {three[:2]} {three[1:]}", f"0033199 00{three}1", f"+61 2 5550 {three}4", f"+81-3-5550-{three}7",
    ))  # fmt: skip


def _mobile(draw: Choices) -> str:
    a, b, c = f"1{draw.between(3, 9)}{draw.below(10)}", digits(draw, 4), digits(draw, 4)
    return draw.weighted((
        (6, a + b + c), (3, f"{a}-{b}-{c}"), (3, f"{a} {b} {c}"), (2, f"+86 {a} {b} {c}"), (1, f"+86-{a}{b}{c}"),
        (1, f"(+86){a}{b}{c}"), (1, f"0086 {a}{b}{c}"),
    ))  # fmt: skip


def _landline(draw: Choices) -> str:
    area, last = draw.pick(("010", "021", "022", "0755", "0571", "028", "0512")), digits(draw, 4)
    return draw.pick(
        (f"{area}-5550{last}", f"({area}) 5550 {last}", f"（{area}）5550{last}", f"+86 {area[1:]} 5550 {last}")
    )


def phone(draw: Choices, language: str) -> str:
    """A telephone number: Chinese (mobile, landline), North American, or of another country."""
    if language == "zh":
        return draw.weighted(((6, _mobile), (3, _landline), (1, _international)))(draw)
    return draw.weighted(((6, _nanp), (4, _international), (1, _mobile)))(draw)


def card(draw: Choices, language: str) -> str:
    """A payment card number that passes the Luhn check."""
    prefix = draw.weighted(((4, "4"), (3, "53"), (1, "6011"), (1, "37"), (3 if language == "zh" else 1, "62")))
    length = 15 if prefix == "37" else 16
    body = prefix + digits(draw, length - 1 - len(prefix))
    number = body + luhn_digit(body)
    cuts = (0, 4, 8, 12, 16) if length == 16 else (0, 4, 10, 15)
    groups = [number[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
    return draw.pick(("", " ", " ", "-")).join(groups)


def resident_id(draw: Choices, language: str) -> str:
    """A Chinese resident id: region, date of birth, serial number and check character."""
    birth = f"{draw.between(1950, 2008)}{draw.between(1, 12):02}{draw.between(1, 28):02}"
    body = f"{draw.pick(_REGION_CODES)}{birth}{digits(draw, 3)}"
    number = body + resident_digit(body)
    return number.lower() if draw.chance(1, 4) else number


def ip(draw: Choices, language: str) -> str:
    """An IPv4 or IPv6 address."""
    if draw.chance(1, 4):
        a, b = (f"{draw.below(65536):x}" for _ in range(2))
        return draw.pick((f"2001:db8::{a}", f"2001:db8:{a}::{b}", f"2001:0db8:85a3:0000:0000:8a2e:{a:0>4}:{b:0>4}",
                          f"fe80::{a}:{b}"))  # fmt: skip
    start = draw.pick(("192.0.2", "198.51.100", "203.0.113", "10.0.12", "192.168.1", f"172.16.{draw.below(256)}"))
    return f"{start}.{draw.between(1, 254)}"


def key(draw: Choices, language: str) -> str:
    """An API key or token in the style of one of several makers."""
    prefix, length, alphabet = draw.pick((
        ("sk-", 48, 62), ("ghp_", 36, 62), ("hf_", 34, 52), ("AKIA", 9, 26), ("AIza", 35, 62), ("lm_live_", 24, 62),
        ("", 40, 16),
    ))  # fmt: skip
    letters = "0123456789abcdef" if alphabet == 16 else _ALPHANUMERIC[:alphabet]
    number = draw.below(len(letters) ** length)
    body = ""
    for _ in range(length):
        number, digit = divmod(number, len(letters))
        body += letters[digit]
    return prefix + body + ("EXAMPLE" if prefix == "AKIA" else "")


def iban(draw: Choices, language: str) -> str:
    """An IBAN with right check digits, with or without spaces."""
    country, length = draw.pick((("DE", 18), ("FR", 23), ("ES", 20), ("NL", 14), ("GB", 18), ("AT", 16)))
    bank = {"NL": "LMBK", "GB": "LMBK"}.get(country, "")
    account = bank + digits(draw, length - len(bank))
    number = country + iban_digits(country, account) + account
    if draw.chance(1, 3):
        return number
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))


def address(draw: Choices, language: str, city: str) -> str:
    """A street address with its number."""
    if language == "zh":
        street = f"{draw.pick(_STREETS_ZH)}{draw.pick('路街')}{draw.between(1, 899)}号"
        flat = f"{draw.between(1, 20)}栋{draw.between(1, 4)}单元{draw.between(1, 18)}0{draw.between(1, 6)}室"
        return (
            city
            + draw.pick(("", "东区", "西区", "老城区"))
            + street
            + draw.pick(("", flat, f"{draw.between(2, 30)}楼"))
        )
    street = (
        f"{draw.between(1, 999)} {draw.pick(_STREETS)} {draw.pick(('Street', 'Road', 'Lane', 'St.', 'Ave', 'Court'))}"
    )
    flat = draw.pick(("", "", f", Apt {draw.between(1, 40)}{draw.pick('ABCD')}", f", Flat {draw.between(1, 30)}"))
    return f"{street}{flat}, {city}{draw.pick(('', f' {digits(draw, 5)}', f', LM {digits(draw, 5)}'))}"


# ---------------------------------------------------------------- sentences

_VALUES: dict[str, Callable[[Choices, str], str]] = {
    "email": email,
    "phone": phone,
    "card": card,
    "resident_id": resident_id,
    "ip": ip,
    "key": key,
    "iban": iban,
}
_WEIGHTS = {
    "en": (
        (8, "email"),
        (8, "phone"),
        (3, "card"),
        (1, "resident_id"),
        (3, "ip"),
        (2, "key"),
        (3, "iban"),
        (5, "address"),
    ),
    "zh": (
        (6, "email"),
        (9, "phone"),
        (3, "card"),
        (4, "resident_id"),
        (3, "ip"),
        (2, "key"),
        (1, "iban"),
        (5, "address"),
    ),
}

_SENTENCES = {
    "en": {
        "email": """
            Write to {v} before {weekday} if you want a place.
            {name} answers questions at {v}, usually within {2~9} days.
            Pictures can be sent to {v} ({name} collects them).
            My address is still {v}, and I do read everything.
            E-mail: {v}
            Please don't use the form, it is broken; {v} works.
        """,
        "phone": """
            Call {name} on {v} {after six|before noon|any day but {weekday}}.
            Tel. {v}
            If nobody opens, ring {v} and ask for {name}.
            You can reach us at {v} or in the shop.
            {name} left a number, {v}, and asked me to pass it on.
            For orders from {city2}: {v} ({weekday} to {weekday2}).
        """,
        "card": """
            She paid by card, {v}, and never got a receipt.
            The refund goes back to card {v} within {3~14} days.
            Somebody wrote down my card number, {v}, on the order form.
            Card on file: {v}, valid until {10~12}/{24~29}.
        """,
        "resident_id": """
            The form asked {name} for an identity number and got {v}.
            Tickets are checked against the resident id, in this case {v}.
        """,
        "ip": """
            The comment was posted from {v} at {1~11} o'clock.
            Our old camera still answers at {v}, for those who know the password.
            Last login from {v}.
            {name} noticed {20~400} requests a minute from {v}.
        """,
        "key": """
            I left my key in the script ({v}) and had to make a new one.
            Set the token to {v} and restart.
            api_key = "{v}"
            The price list is fetched with {v}, so please don't share it.
        """,
        "iban": """
            Donations for the {landmark} go to {v}.
            Please pay into the account {v}, giving your name and the word {noun}.
            {name} asked me to send the rent to {v}.
        """,
        "address": """
            Parcels go to {name}, {v}.
            We have moved: the new address is {v}.
            {name} lives at {v}, above a bakery.
            Come to {v} and ring twice.
        """,
        "name": """
            Text and pictures: {name}
            Posted by {name}
            Thanks to {name} and {name2} for their help.
            {name} corrected two mistakes in this page.
        """,
    },
    "zh": {
        "email": """
            想报名的话，请在{weekday}以前写信到{v}。
            有问题可以问{name}，邮箱是{v}，一般{2~9}天内回复。
            照片发到{v}就行，由{name}整理。
            邮箱：{v}
            网页上的表单坏了，请直接发{v}。
        """,
        "phone": """
            请打{v}找{name}，{六点以后|上午|{weekday}除外}都可以。
            电话：{v}
            没人开门就打{v}。
            联系人{name}，手机{v}，微信同号。
            {name}留了个号码{v}，让我转给大家。
            {city2}的朋友订货请打{v}，{weekday}到{weekday2}有人接。
        """,
        "card": """
            她刷的是{v}这张卡，一直没拿到收据。
            退款会在{3~14}天内退回卡号{v}。
            有人把我的卡号{v}写在了订单上。
            货款请打到{v}，户名{name}。
        """,
        "resident_id": """
            登记表上{name}的身份证号是{v}。
            取票要核对身份证，号码{v}。
            身份证号：{v}
        """,
        "ip": """
            那条评论是{1~11}点从{v}发出来的。
            旧摄像头的地址还是{v}，知道密码的都能看。
            上次登录IP：{v}
            {name}发现{v}每分钟访问{20~400}次。
        """,
        "key": """
            我把密钥{v}忘在脚本里了，只好重新申请一个。
            把令牌设成{v}，再重启。
            api_key = "{v}"
        """,
        "iban": """
            海外的朋友可以汇到{v}，用来修{landmark}。
            请汇款至账户{v}，并注明姓名。
        """,
        "address": """
            包裹请寄到{v}，{name}收。
            我们搬家了，新地址是{v}。
            {name}住在{v}，楼下是面包铺。
            收货地址：{v}
        """,
        "name": """
            图文：{name}
            编辑：{name}　校对：{name2}
            感谢{name}和{name2}帮忙。
            {name}指出了本页的两处错误。
        """,
    },
}

_LOOKALIKES = {
    "en": """
        The site runs on version {2~4}.{0~19}.{0~30} of the software, and version {1~9}.{0~9}.{0~9}.{0~9} of the theme.
        Your order number is {not_card}; please keep it.
        The parcel has the number {not_id} and left {city2} on {weekday}.
        The bill came to {20~900}.{10~99} coins, {2~9}.{10~99} of it for straw.
        The book (ISBN 978-{0~9}-{10~99}-{100000~999999}-{0~9}) has a chapter about it.
        {12~99} x {12~99} tiles were laid, {10000~99999} kilos in all.
        Follow @{user} for pictures, or look for the tag #{noun}.
        The record of {1~28}/{1~12}/{1990~2022} still stands: {1~9}:{10~59}:{10~59}.
        Room {100~999}, row {1~40}, seats {1~9}-{10~20}.
        On page {10~400} the ratio is given as 1:{1~9}.{10~99}.
        The model number, {2000~2999}-{1000~9999}-{100~999}, is stamped on the bottom.
        He called the governor a {toxic}, and that was the end of the {play|speech|story}.
    """,
    "zh": """
        网站用的是{2~4}.{0~19}.{0~30}版程序，主题是{1~9}.{0~9}.{0~9}.{0~9}版。
        订单号{not_card}，请妥善保管。
        快递单号{not_id}，{weekday}已从{city2}发出。
        一共{20~900}.{10~99}文，其中稻草{2~9}.{10~99}文。
        那本书（ISBN 978-7-{10~99}-{100000~999999}-{0~9}）里有一章专讲这个。
        地上铺了{12~99}×{12~99}块砖，总重{10000~99999}斤。
        照片请看@{user}，或者搜#{noun}#。
        {1990~2022}年{1~12}月{1~28}日的纪录保持至今：{1~9}:{10~59}:{10~59}。
        {100~999}房，{1~40}排{1~20}座。
        书上第{10~400}页给出的比例是1:{1~9}.{10~99}。
        底下刻着型号{2000~2999}-{1000~9999}-{100~999}。
        戏里有人骂太守是{toxic}，这出戏就演不下去了。
    """,
}
_PHRASES = {"user": "oldlamp{10~99}\nkite_runner\nteacup{100~999}\nriver_otter\nplumtree{10~99}\nslowpotter\nlatebus"}
_GRAMMAR = Grammar(_PHRASES)
_BY_TYPE = {language: {kind: lines(text) for kind, text in group.items()} for language, group in _SENTENCES.items()}
_LIKE = {language: lines(text) for language, text in _LOOKALIKES.items()}


def personal_sentence(draw: Choices, language: str, context: dict[str, str]) -> str:
    """A sentence that holds a piece of personal data, which is marked `pii:…`."""
    if draw.chance(1, 6):
        return _GRAMMAR.say(draw.pick(_BY_TYPE[language]["name"]), draw, context)
    kind = draw.weighted(_WEIGHTS[language])
    value = address(draw, language, context["city"]) if kind == "address" else _VALUES[kind](draw, language)
    return _GRAMMAR.say(draw.pick(_BY_TYPE[language][kind]), draw, {**context, "v": mark(f"pii:{kind}", value)})


def lookalike_sentence(draw: Choices, language: str, context: dict[str, str]) -> str:
    """A sentence with something that is no personal data (nor abuse) but might be taken for it."""
    body = draw.pick("456") + digits(draw, 14)
    wrong = str((int(luhn_digit(body)) + draw.between(1, 9)) % 10)
    parcel = draw.pick(("7", "8", "9")) + digits(draw, 16)
    last = draw.pick([digit for digit in "0123456789" if digit != resident_digit(parcel)])
    values = {**context, "not_card": body + wrong, "not_id": parcel + last}
    return _GRAMMAR.say(draw.pick(_LIKE[language]), draw, values)
