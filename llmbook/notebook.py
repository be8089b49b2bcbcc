"""What every chapter notebook imports: presets, the source viewer, claims, and one figure style."""

import inspect
import random
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, TypeVar

from llmbook.claims import CLAIM_MIME, Claim, Expectation, at_least, at_most, between, close_to, weigh
from llmbook.errors import ReaderError

if TYPE_CHECKING:
    import torch
    from matplotlib.axes import Axes

__all__ = ["COLORS", "Setup", "at_least", "at_most", "between", "claim", "close_to", "heatmap", "setup", "show"]

T = TypeVar("T")

PRESETS = ("cpu", "gpu")
# Okabe and Ito's palette: eight colours that stay apart in print and for the colour-blind.
COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442"]


@dataclass(frozen=True)
class Setup:
    """What the parameters cell asked for, made concrete.

    Attributes:
        preset: "cpu" or "gpu".
        seed: the seed that Python, NumPy and PyTorch were given.
        device: where the notebook's models live.
    """

    preset: str
    seed: int
    device: "torch.device"

    def pick(self, *, cpu: T, gpu: T) -> T:
        """The value for this preset."""
        return {"cpu": cpu, "gpu": gpu}[self.preset]


def setup(preset: str = "cpu", seed: int = 0) -> Setup:
    """Seed every generator, set the figure style, and find the device of the preset.

    Raises:
        ReaderError: for an unknown preset, or "gpu" on a machine where PyTorch sees none.
    """
    import numpy as np
    import torch

    if preset not in PRESETS:
        raise ReaderError(f"unknown preset {preset!r}: choose one of {', '.join(PRESETS)}")
    if preset == "gpu" and not torch.cuda.is_available():
        raise ReaderError("preset 'gpu' needs a GPU that PyTorch can see, and there is none: use preset 'cpu'")
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    use_figure_style()
    return Setup(preset, seed, torch.device("cuda" if preset == "gpu" else "cpu"))


def show(thing: object) -> None:
    """Display the source of a package object, as installed, highlighted, under its dotted name.

    Raises:
        ReaderError: when the object was not written in Python (built-ins, compiled code).
    """
    from IPython.display import Markdown, display

    try:
        source = inspect.getsource(thing)
    except (TypeError, OSError):
        raise ReaderError(f"{thing!r} has no Python source: show() takes a function, class or module") from None
    name = thing.__name__ if inspect.ismodule(thing) else f"{thing.__module__}.{thing.__qualname__}"
    display(Markdown(f"`{name}`\n\n```python\n{source.rstrip()}\n```"))


def claim(
    section: str, statement: str, measured: object, expect: Expectation | bool | None = True, source: str = ""
) -> None:
    """Record a statement of the book with the figure measured for it, and stop the notebook if it does not hold.

    Args:
        section: the textbook's section, e.g. "2.2.2".
        statement: the claim in words.
        measured: a number, or a boolean.
        expect: `at_least(x)`, `at_most(x)`, `between(a, b)`, `close_to(x, rel=, abs=)`, a boolean that `measured`
            must equal, or None to record the figure without judging it.
        source: where the expectation comes from.

    Raises:
        AssertionError: when the expectation is not met; the record is stored first, so the ledger shows the failure.
    """
    record = weigh(section, statement, measured, expect, source)
    _display_claim(record)
    if record.holds is False:
        raise AssertionError(f"claim {section} does not hold: {statement}: measured {record.measured}, "
                             f"expected {record.expected}")  # fmt: skip


def _display_claim(record: Claim) -> None:
    from IPython import get_ipython
    from IPython.display import display

    verdict = {True: "holds", False: "does not hold", None: "recorded"}[record.holds]
    colour = {True: COLORS[2], False: COLORS[1], None: "#777777"}[record.holds]
    figures = f"measured {record.measured}" + (f", expected {record.expected}" if record.expected else "")
    source = f" ({record.source})" if record.source else ""
    plain = f"Claim {record.section} {verdict}: {record.statement}: {figures}{source}"
    if get_ipython() is None:
        print(plain)
        return
    html = (
        f'<div style="border-left:4px solid {colour};padding:2px 10px">'
        f"<b>Claim {escape(record.section)} {verdict}.</b> {escape(record.statement)}"
        f"<br><small>{escape(figures + source)}</small></div>"
    )
    display({CLAIM_MIME: record.as_dict(), "text/html": html, "text/plain": plain}, raw=True)


def use_figure_style() -> None:
    """One look for every figure: print-readable, colour-blind-safe, Chinese labels drawn from a font that we carry.

    A character that no font has is an error, never an empty box.
    """
    import matplotlib as mpl
    from matplotlib import font_manager

    with as_file(files("llmbook") / "fonts" / "LlmbookCJK-Regular.otf") as path:
        font_manager.fontManager.addfont(path)
    mpl.rcParams.update({
        "font.family": ["DejaVu Sans", "Llmbook CJK"],
        "font.size": 10,
        "axes.prop_cycle": mpl.cycler(color=COLORS),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 11,
        "axes.grid": True,
        "grid.color": "#dddddd",
        "grid.linewidth": 0.6,
        "axes.axisbelow": True,
        "legend.frameon": False,
        "figure.figsize": (7.0, 3.2),
        "figure.dpi": 100,
        "figure.constrained_layout.use": True,
        "lines.linewidth": 1.8,
        "image.cmap": "Blues",
    })  # fmt: skip
    warnings.filterwarnings("error", message="Glyph .* missing from font")


def heatmap(
    axes: "Axes", values: object, rows: Sequence[str], columns: Sequence[str], title: str = "", top: float | None = None
) -> None:
    """Draw a matrix with a label for every row and column, as attention maps are drawn in the book.

    Args:
        axes: where to draw.
        values: array or tensor of shape [len(rows), len(columns)].
        rows: labels from top to bottom (queries).
        columns: labels from left to right (keys).
        title: the panel's title.
        top: the value drawn darkest; by default the largest.
    """
    axes.imshow(values, vmin=0, vmax=top, aspect="auto")
    axes.set_xticks(range(len(columns)), columns, rotation=60 if any(len(c) > 2 for c in columns) else 0, ha="center")
    axes.set_yticks(range(len(rows)), rows)
    axes.set_title(title)
    axes.grid(False)
