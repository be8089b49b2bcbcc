"""Personal data that has a form: finding it and taking it out of text (section 3.2.3).

Names have no form: see `llmbook.data.ner`.
"""

import re
from collections.abc import Callable, Collection

from llmbook.data.detectors import DETECTORS
from llmbook.data.spans import Span, replace_spans, without_overlaps
from llmbook.errors import ReaderError

# From the most to the least trusted: where two spans overlap, the earlier type wins.
TYPES = tuple(DETECTORS)

# Full-width forms, all but the comma: it separates two numbers, while ours may separate thousands.
_TO_ASCII = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if code != 0xFF0C}
_TO_ASCII |= dict.fromkeys((0x00A0, 0x2007, 0x2009, 0x202F, 0x3000), " ")
_TO_ASCII |= dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212), "-")
_WIDE = re.compile("[" + "".join(map(chr, _TO_ASCII)) + "]")


def find_personal_data(text: str, types: Collection[str] = TYPES) -> list[Span]:
    """Find e-mail addresses, phone and card numbers, identity numbers, IBANs, IP addresses, keys, logins, addresses.

    Args:
        text: in any language; the forms known are international, North American and Chinese.
        types: which of `TYPES` to look for.

    Returns:
        Spans sorted by place, without overlaps; their values are as they stand in the text.

    Raises:
        ReaderError: for an unknown type.
    """
    unknown = sorted(set(types) - set(TYPES))
    if unknown:
        raise ReaderError(f"unknown type {unknown[0]!r} of personal data: choose among {', '.join(TYPES)}")
    view = text.translate(_TO_ASCII) if _WIDE.search(text) else text
    spans = [Span(kind, a, b, text[a:b]) for kind in types for a, b in DETECTORS[kind](view)]
    return without_overlaps(spans, TYPES)


def placeholder(span: Span) -> str:
    """The type in angle brackets: <EMAIL>."""
    return f"<{span.type.upper()}>"


def delete(span: Span) -> str:
    """Nothing."""
    return ""


def scrub(text: str, policy: Callable[[Span], str] = placeholder, types: Collection[str] = TYPES) -> str:
    """Replace all personal data that has a form.

    Args:
        text: to be cleaned.
        policy: what to write for a span: `placeholder`, `delete`, or a `llmbook.data.pseudonyms.Pseudonyms`.
        types: as in `find_personal_data`.
    """
    return replace_spans(text, find_personal_data(text, types), policy)
