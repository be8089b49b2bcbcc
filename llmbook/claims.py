"""Claims: statements of the book that a notebook measures, and the expectations they are held against.

A claim is stored in the executed notebook as a display output with the MIME type `CLAIM_MIME`, so that the
ledger of claims can be collected from notebooks without running them again.
"""

from dataclasses import asdict, dataclass

CLAIM_MIME = "application/vnd.llmbook.claim+json"


def shown(value: object) -> str:
    """A figure as it is printed in the book: at most four decimals and four significant digits."""
    value = _plain(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if hasattr(value, "__float__"):
        number = float(value)
        if number and not 1e-3 <= abs(number) < 1e6:
            return f"{number:.2e}"
        return f"{number:,.4g}" if abs(number) >= 1 else f"{number:.4f}".rstrip("0").rstrip(".")
    return str(value)


def _plain(value: object) -> object:
    """The Python number in a tensor or NumPy scalar; anything else as it is."""
    return value.item() if hasattr(value, "item") else value


@dataclass(frozen=True)
class Expectation:
    """Bounds that a measured number must respect; `words` is how the notebook prints them."""

    words: str
    low: float = float("-inf")
    high: float = float("inf")

    def holds(self, measured: float) -> bool:
        return self.low <= float(_plain(measured)) <= self.high


def at_least(low: float) -> Expectation:
    """The measured figure must be `low` or more."""
    return Expectation(f"at least {shown(low)}", low=low)


def at_most(high: float) -> Expectation:
    """The measured figure must be `high` or less."""
    return Expectation(f"at most {shown(high)}", high=high)


def between(low: float, high: float) -> Expectation:
    """The measured figure must lie in the closed interval from `low` to `high`."""
    return Expectation(f"between {shown(low)} and {shown(high)}", low=low, high=high)


def close_to(value: float, *, rel: float = 0.0, abs: float = 0.0) -> Expectation:
    """The measured figure must be within `rel * |value| + abs` of `value`."""
    margin = rel * (value if value >= 0 else -value) + abs
    allowed = " + ".join(part for part in (f"{100 * rel:.3g} %" if rel else "", shown(abs) if abs else "") if part)
    words = f"{shown(value)} ± {allowed}" if allowed else f"exactly {shown(value)}"
    return Expectation(words, low=value - margin, high=value + margin)


@dataclass(frozen=True)
class Claim:
    """One line of the ledger.

    Attributes:
        section: the textbook's section, e.g. "2.2.2".
        statement: the claim in words.
        measured: the figure that the notebook saw, as printed.
        expected: the expectation in words; empty where the figure is only recorded.
        holds: whether the expectation was met; None where there was none.
        source: where the expectation comes from (book section, paper, derivation).
    """

    section: str
    statement: str
    measured: str
    expected: str
    holds: bool | None
    source: str = ""

    def as_dict(self) -> dict:
        return asdict(self)


def weigh(section: str, statement: str, measured: object, expect: Expectation | bool | None, source: str = "") -> Claim:
    """Hold a measured value against an expectation.

    Args:
        measured: a number, or a boolean when `expect` is True or False.
        expect: an `Expectation`, a boolean that `measured` must equal, or None to record without judging.
    """
    if expect is None:
        return Claim(section, statement, shown(measured), "", None, source)
    if isinstance(expect, Expectation):
        return Claim(section, statement, shown(measured), expect.words, expect.holds(measured), source)
    return Claim(section, statement, shown(bool(measured)), shown(expect), bool(measured) is expect, source)


def claims_in(notebook: dict) -> list[Claim]:
    """The claims recorded in an executed notebook (an `nbformat` node or the parsed JSON), in order."""
    outputs = (output for cell in notebook["cells"] for output in cell.get("outputs", []))
    return [Claim(**output["data"][CLAIM_MIME]) for output in outputs if CLAIM_MIME in output.get("data", {})]
