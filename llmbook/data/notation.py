"""Scientific text in one form: formulas as LaTeX, molecules as SMILES, proteins as letters (section 3.1.2)."""

import re
from collections.abc import Callable
from xml.etree import ElementTree

from llmbook.errors import ReaderError

# ---------------------------------------------------------------- proteins

AMINO_ACIDS = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E", "Gly": "G", "His": "H",
    "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F", "Pro": "P", "Ser": "S", "Thr": "T", "Trp": "W",
    "Tyr": "Y", "Val": "V",
}  # fmt: skip
_THREE_OF = {one: three for three, one in AMINO_ACIDS.items()}
_CHAIN = re.compile(rf"\b(?:{'|'.join(AMINO_ACIDS)})(?:-(?:{'|'.join(AMINO_ACIDS)})){{2,}}\b")


def one_letter(protein: str) -> str:
    """Amino acids from three-letter to one-letter code: "Met-Ala-Trp" becomes "MAW".

    Args:
        protein: codes in any case, joined by hyphens or spaces or by nothing.

    Raises:
        ReaderError: a code is none of the twenty.
    """
    letters = re.sub(r"[\s-]+", "", protein)
    codes = [letters[start : start + 3].capitalize() for start in range(0, len(letters), 3)]
    return "".join(_looked_up(AMINO_ACIDS, code, "three-letter") for code in codes)


def three_letter(protein: str, separator: str = "-") -> str:
    """Amino acids from one-letter to three-letter code: "MAW" becomes "Met-Ala-Trp".

    Raises:
        ReaderError: a letter is none of the twenty.
    """
    return separator.join(_looked_up(_THREE_OF, letter.upper(), "one-letter") for letter in protein)


def _looked_up(table: dict[str, str], code: str, kind: str) -> str:
    if code not in table:
        raise ReaderError(f"{code!r} is no {kind} code of an amino acid: the codes are {', '.join(table)}")
    return table[code]


# ---------------------------------------------------------------- molecules

SMILES = {
    "water": "O", "methane": "C", "ammonia": "N", "carbon dioxide": "O=C=O", "methanol": "CO", "ethanol": "CCO",
    "acetic acid": "CC(=O)O", "acetone": "CC(C)=O", "benzene": "c1ccccc1", "aspirin": "CC(=O)Oc1ccccc1C(=O)O",
}  # fmt: skip
CHINESE_NAMES = {
    "水": "water", "甲烷": "methane", "氨": "ammonia", "二氧化碳": "carbon dioxide", "甲醇": "methanol",
    "乙醇": "ethanol", "乙酸": "acetic acid", "丙酮": "acetone", "苯": "benzene", "阿司匹林": "aspirin",
}  # fmt: skip


def smiles(name: str) -> str:
    """The SMILES of a molecule of the small table, by English or Chinese name: "ethanol" (乙醇) is "CCO".

    Raises:
        ReaderError: the table has no such molecule.
    """
    key = CHINESE_NAMES.get(name.strip(), name.strip().lower())
    if key not in SMILES:
        raise ReaderError(f"the table of SMILES has no {name!r}: it has {', '.join(SMILES)}")
    return SMILES[key]


# ---------------------------------------------------------------- formulas

# Operators and letters that LaTeX writes as commands; any other character stands for itself.
_COMMANDS = {
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\epsilon", "θ": r"\theta", "λ": r"\lambda",
    "μ": r"\mu", "π": r"\pi", "ρ": r"\rho", "σ": r"\sigma", "τ": r"\tau", "φ": r"\phi", "ω": r"\omega",
    "Δ": r"\Delta", "Σ": r"\Sigma", "Ω": r"\Omega", "×": r"\times", "·": r"\cdot", "≤": r"\leq", "≥": r"\geq",
    "≠": r"\neq", "≈": r"\approx", "±": r"\pm", "∞": r"\infty", "→": r"\to", "∈": r"\in", "∑": r"\sum",
    "∏": r"\prod", "∫": r"\int", "∂": r"\partial", "√": r"\surd", "−": "-", "\u2061": "", "\u2062": "", "\u2063": "",
}  # fmt: skip
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋", "0123456789+-", strict=True))


def mathml_to_latex(markup: str) -> str:
    """A formula in presentation MathML as LaTeX, without delimiters.

    Knows the elements of ordinary formulas: mi mn mo mtext mrow mfrac msup msub msubsup munder mover munderover msqrt
    mroot mspace mstyle semantics.

    Args:
        markup: one `<math>...</math>` element, with or without a namespace.

    Raises:
        ReaderError: it is not well-formed, or holds another element.
    """
    try:
        root = ElementTree.fromstring(markup)
    except ElementTree.ParseError as error:
        raise ReaderError(f"this is not well-formed MathML ({error})") from None
    return _latex(root)


def _latex(node: ElementTree.Element) -> str:
    tag = node.tag.rpartition("}")[2]
    if tag in ("mi", "mn", "mo"):
        return _symbols(node.text or "", word=tag == "mi")
    if tag == "mtext":
        return rf"\text{{{node.text or ''}}}"
    if tag == "mspace":
        return r"\,"
    parts = [_latex(child) for child in node if not child.tag.endswith(("annotation", "annotation-xml"))]
    if tag in ("math", "mrow", "mstyle", "semantics"):
        return _joined(parts)
    try:
        return _BUILT[tag](parts)
    except (KeyError, IndexError):
        raise ReaderError(f"<{tag}> with {len(parts)} parts is not among the MathML elements known here") from None


_BUILT: dict[str, Callable[[list[str]], str]] = {
    "mfrac": lambda p: rf"\frac{{{p[0]}}}{{{p[1]}}}",
    "msup": lambda p: f"{_based(p[0])}^{{{p[1]}}}",
    "mover": lambda p: f"{_based(p[0])}^{{{p[1]}}}",
    "msub": lambda p: f"{_based(p[0])}_{{{p[1]}}}",
    "munder": lambda p: f"{_based(p[0])}_{{{p[1]}}}",
    "msubsup": lambda p: f"{_based(p[0])}_{{{p[1]}}}^{{{p[2]}}}",
    "munderover": lambda p: f"{_based(p[0])}_{{{p[1]}}}^{{{p[2]}}}",
    "msqrt": lambda p: rf"\sqrt{{{_joined(p)}}}",
    "mroot": lambda p: rf"\sqrt[{p[1]}]{{{p[0]}}}",
}


def _symbols(text: str, word: bool = False) -> str:
    text = text.strip()
    if word and len(text) > 1 and text.isascii():  # a function's name: sin, log
        return rf"\operatorname{{{text}}}"
    return _joined([_COMMANDS.get(character, character) for character in text])


def _based(base: str) -> str:
    """What a script is set on, in braces where it is more than one symbol."""
    return base if len(base) <= 1 or re.fullmatch(r"\\[a-z]+|\d+", base) else f"{{{base}}}"


def _joined(parts: list[str]) -> str:
    """Parts side by side, with a space only where a command would run into a letter."""
    text = ""
    for part in parts:
        text += " " + part if re.search(r"\\[A-Za-z]+$", text) and part[:1].isalpha() else part
    return text


def _scripts(match: re.Match[str]) -> str:
    """A word with raised or lowered characters as LaTeX between dollars: "x²" becomes "$x^{2}$"."""
    raised = re.sub(f"[{''.join(_RAISED)}]+", lambda m: f"^{{{''.join(map(_RAISED.get, m.group()))}}}", match.group())
    lowered = re.sub(f"[{''.join(_LOWERED)}]+", lambda m: f"_{{{''.join(map(_LOWERED.get, m.group()))}}}", raised)
    return f"${lowered}$"


# ---------------------------------------------------------------- a whole text

_MATH = re.compile(r"<math\b.*?</math>", re.S)
_SCRIPT = "".join([*_RAISED, *_LOWERED])
_SCRIPTED = re.compile(rf"[A-Za-z0-9()]+[{_SCRIPT}][A-Za-z0-9(){_SCRIPT}]*")
_ENGLISH = re.compile(rf"\b(?:{'|'.join(sorted(SMILES, key=len, reverse=True))})\b", re.I)
_CHINESE = re.compile("|".join(sorted((name for name in CHINESE_NAMES if len(name) > 1), key=len, reverse=True)))


def normalise_scientific(text: str) -> str:
    r"""Bring the notation of a scientific text into one form.

    Formulas in MathML, in `\(...\)` or `\[...\]`, or with raised and lowered characters come between dollars as LaTeX;
    molecules of the table become `[START_SMILES]CCO[END_SMILES]`, chains of three or more amino acids in three-letter
    code `[START_AMINO]MAW[END_AMINO]` (the markers of Galactica). Nothing inside a formula is touched. A second call
    changes nothing. One-character Chinese names (水, 氨, 苯) are left alone: they are parts of too many other words.
    """
    text = _MATH.sub(lambda match: f"${mathml_to_latex(match.group())}$", text)
    text = re.sub(r"\\\[(.+?)\\\]", lambda match: f"$${match[1].strip()}$$", text, flags=re.S)
    text = re.sub(r"\\\((.+?)\\\)", lambda match: f"${match[1].strip()}$", text, flags=re.S)
    pieces = re.split(r"(\$\$.+?\$\$|\$[^$\n]+\$|\[START_.+?\[END_\w+\])", text, flags=re.S)
    return "".join(piece if number % 2 else _words(piece) for number, piece in enumerate(pieces))


def _words(text: str) -> str:
    """The replacements outside formulas."""
    text = _CHAIN.sub(lambda match: f"[START_AMINO]{one_letter(match.group())}[END_AMINO]", text)
    for names in (_ENGLISH, _CHINESE):
        text = names.sub(lambda match: f"[START_SMILES]{smiles(match.group())}[END_SMILES]", text)
    return _SCRIPTED.sub(_scripts, text)
