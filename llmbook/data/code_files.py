"""Code as training data: which files to keep, what is comment, how far things reach (sections 3.1.2 and 3.4.2)."""

import ast
import io
import keyword
import re
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmbook.errors import ReaderError

# ---------------------------------------------------------------- which files to keep


@dataclass(frozen=True)
class CodeRules:
    """Bounds that a source file must respect; None where there is none.

    Attributes:
        characters: fewest and most characters of the file.
        letters: smallest and largest share of a-z and A-Z among the characters.
        longest_line: bounds on the length of the longest line, in characters. (The book prints "the largest number of
            lines": a slip, see the errata of section 3.4.2.)
        token_spread: the standard deviation of the lengths of the file's words (between white space) must be above
            this. A table of numbers has words of one length.
    """

    characters: tuple[int, int] | None = None
    letters: tuple[float, float] | None = None
    longest_line: tuple[int, int] | None = None
    token_spread: float | None = None


# The ROOTS corpus (Laurençon et al., 2022, section 3.4.2); and the rule of AlphaCode (Li et al., 2022), as recalled.
ROOTS_RULES = CodeRules((100, 200_000), (0.15, 0.65), (20, 1_000), 3.0)
ALPHACODE_RULES = CodeRules(characters=(0, 1_000_000), longest_line=(0, 1_000))


@dataclass(frozen=True)
class CodeMeasures:
    """What the rules look at: characters, share of letters, longest line, standard deviation of word lengths."""

    characters: int
    letters: float
    longest_line: int
    token_spread: float


def code_measures(text: str) -> CodeMeasures:
    """Measure one file; an empty one has zeros."""
    words = np.fromiter(map(len, text.split()), dtype=np.int64)
    return CodeMeasures(
        characters=len(text),
        letters=len(re.sub("[^A-Za-z]+", "", text)) / max(1, len(text)),
        longest_line=max(map(len, text.splitlines()), default=0),
        token_spread=float(words.std()) if len(words) else 0.0,
    )


def code_file_faults(text: str, rules: CodeRules = ROOTS_RULES) -> list[str]:
    """The rules that a file breaks; it is kept when there are none.

    Returns:
        In this order, of "too short", "too long", "too few letters", "too many letters", "lines too short", "line too
        long" and "words too even".
    """
    measures = code_measures(text)
    bounds = (
        (measures.characters, rules.characters, "too short", "too long"),
        (measures.letters, rules.letters, "too few letters", "too many letters"),
        (measures.longest_line, rules.longest_line, "lines too short", "line too long"),
    )
    faults = []
    for value, bound, below, above in bounds:
        if bound and not bound[0] <= value <= bound[1]:
            faults.append(below if value < bound[0] else above)
    if rules.token_spread is not None and not measures.token_spread > rules.token_spread:
        faults.append("words too even")
    return faults


# ---------------------------------------------------------------- what is comment, and how far things reach


@dataclass(frozen=True)
class CodeParts:
    """The characters of a Python file by kind; the four add up to its length.

    Attributes:
        code: all that Python runs, with its strings.
        comments: from `#` to the end of the line.
        docstrings: the strings that document modules, classes and functions, with their quotes.
        white: what is between them, white space and the backslash that continues a line.
    """

    code: int
    comments: int
    docstrings: int
    white: int

    @property
    def prose(self) -> float:
        """The share of comments and docstrings among what is not white space."""
        written = self.code + self.comments + self.docstrings
        return (self.comments + self.docstrings) / written if written else 0.0


def code_parts(text: str) -> CodeParts:
    """Split a Python file into code, comments, docstrings and white space.

    Raises:
        ReaderError: the running Python cannot parse the file.
    """
    documented = _docstring_lines(text)
    comments = docstrings = code = 0
    for token in python_tokens(text):
        if token.type == tokenize.COMMENT:
            comments += len(token.string)
        elif token.type == tokenize.STRING and token.start in documented:
            docstrings += len(token.string)
        elif token.type not in _LAYOUT:
            code += len(token.string)
    return CodeParts(code, comments, docstrings, len(text) - code - comments - docstrings)


def code_only(text: str) -> str:
    """A Python file without its comments and docstrings, and without the lines that then are empty.

    It is text to measure or to train on, not to run: a function that is nothing but its docstring loses its body.

    Raises:
        ReaderError: as `code_parts`.
    """
    documented = _docstring_lines(text)
    lines = text.splitlines(keepends=True)
    for token in reversed(list(python_tokens(text))):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.start in documented):
            (first, start), (last, end) = token.start, token.end
            lines[first - 1 : last] = [lines[first - 1][:start] + lines[last - 1][end:]]
    return "".join(line for line in lines if line.strip())


def indentation_depth(text: str) -> float:
    """The mean number of levels that the file's logical lines are indented by.

    Raises:
        ReaderError: as `code_parts`.
    """
    depth, depths, begins = 0, [], True
    for token in python_tokens(text):
        if token.type == tokenize.INDENT:
            depth += 1
        elif token.type == tokenize.DEDENT:
            depth -= 1
        elif token.type == tokenize.NEWLINE:
            begins = True
        elif begins and token.type not in (*_LAYOUT, tokenize.COMMENT):
            depths.append(depth)
            begins = False
    return float(np.mean(depths)) if depths else 0.0


def identifiers(text: str) -> list[tuple[int, str]]:
    """The names in a Python file, keywords left out, each with its place in the sequence of tokens.

    Raises:
        ReaderError: as `code_parts`.
    """
    tokens = [token for token in python_tokens(text) if token.type not in (*_LAYOUT, tokenize.COMMENT)]
    return [
        (place, token.string)
        for place, token in enumerate(tokens)
        if token.type == tokenize.NAME and not keyword.iskeyword(token.string)
    ]


def reuse_distances(places: list[tuple[int, str]]) -> NDArray[np.int64]:
    """How many tokens lie between each occurrence of a name (or word) and the one before.

    Args:
        places: (place, name) in order, as `identifiers` gives them.

    Returns:
        One distance for every occurrence but the first of each name.
    """
    last: dict[str, int] = {}
    distances = []
    for place, name in places:
        if name in last:
            distances.append(place - last[name])
        last[name] = place
    return np.array(distances, dtype=np.int64)


_LAYOUT = (
    tokenize.ENCODING, tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
)  # fmt: skip


def python_tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    """The tokens of a Python file.

    Raises:
        ReaderError: the running Python cannot read the file.
    """
    try:
        yield from tokenize.generate_tokens(io.StringIO(text).readline)
    except (tokenize.TokenError, SyntaxError) as error:
        raise ReaderError(f"this Python cannot read the file as source: {error.args[0]}") from None


def _docstring_lines(text: str) -> set[tuple[int, int]]:
    """Where the docstrings begin: (line, column), the column in characters as `tokenize` counts it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of invalid escapes in old files
            tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise ReaderError(f"this Python cannot read the file as source: {error}") from None
    lines, found = text.splitlines(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if ast.get_docstring(node, clean=False) is not None:
                before = lines[first.lineno - 1].encode()[: first.col_offset]  # ast counts bytes
                found.add((first.lineno, len(before.decode())))
    return found
