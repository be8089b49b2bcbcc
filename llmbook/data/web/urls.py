"""Filtering by address alone, before a page is even unpacked (section 3.4.3, URL filtering).

RefinedWeb drops the pages of a blocklist of 4.6 million domains, and those whose address scores badly on a list of
words weighted by how much they say: some are enough wherever they stand, some as a whole word, some only in company.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

# Small lists that show the method; in earnest they have thousands of entries.
ANYWHERE = ("casino", "jackpot", "viagra", "replica", "backlink", "freespins", "xxx")
WORDS = ("poker", "slots", "betting", "pills", "crypto", "payday", "seo", "gambling", "loan", "loans")
HINTS = ("free", "cheap", "win", "best", "bonus", "deal", "cash", "bet", "lucky", "gold", "vip", "buy", "fast", "rank",
         "outlet", "coins", "slim", "pharma", "mega", "super", "king", "credit", "prizes", "miracle", "online",
         "weight", "loss")  # fmt: skip
_TRACKING = re.compile(r"utm_\w+|ref|share|session_?id|fbclid|gclid", re.IGNORECASE)


@dataclass(frozen=True)
class UrlFilter:
    """Scores addresses: a word of `anywhere` counts 2 wherever its letters stand, one of `words` 2 as a whole word, one
    of `hints` 1 as a whole word. Digits and punctuation separate words.

    Attributes:
        blocklist: domains; their subdomains are blocked too.
        anywhere, words, hints: in small letters.
        limit: the score from which on an address is blocked.
    """

    blocklist: Collection[str] = frozenset()
    anywhere: Collection[str] = ANYWHERE
    words: Collection[str] = frozenset(WORDS)
    hints: Collection[str] = frozenset(HINTS)
    limit: int = 2

    def score(self, url: str) -> int:
        """The sum of the weights of the words found in host and path; each word counts once."""
        address = url.lower().partition("://")[2] or url.lower()
        found = set(re.findall("[a-z]+", address))
        strong = sum(word in address for word in self.anywhere) + len(found & set(self.words))
        return 2 * strong + len(found & set(self.hints))

    def is_blocked(self, url: str) -> bool:
        """Is its domain on the blocklist, or its score at the limit?"""
        return self.on_blocklist(url) or self.score(url) >= self.limit

    def on_blocklist(self, url: str) -> bool:
        """Is its host, or a domain that the host belongs to, on the blocklist?"""
        labels = host(url).split(".")
        return any(".".join(labels[i:]) in self.blocklist for i in range(len(labels)))


def host(url: str) -> str:
    """The host of an address, without port: `www.tea.example`."""
    return (urlsplit(url).hostname or "").lower()


def canonical(url: str) -> str:
    """One form for the addresses that mean the same page: what URL deduplication compares.

    Small letters in the host, no `www.` or `m.`, no `http` or `https`, no slash at the end, no fragment, no parameters
    that only say where a reader came from, the others in alphabetical order.
    """
    parts = urlsplit(url)
    query = urlencode(sorted(pair for pair in parse_qsl(parts.query) if not _TRACKING.fullmatch(pair[0])))
    site = re.sub(r"^(www|m)\.", "", host(url))
    return f"{site}{parts.path.rstrip('/')}{'?' * bool(query)}{query}"
