import contextlib
import io
import tokenize

import pytest

from llmbook.data.code_files import (
    ALPHACODE_RULES,
    CodeRules,
    code_file_faults,
    code_measures,
    code_only,
    code_parts,
    identifiers,
    indentation_depth,
    reuse_distances,
)
from llmbook.data.prose import source_files
from llmbook.errors import ReaderError

GOOD = '"""Doc."""\n\n\ndef area(width, height):\n    return width * height  # in square metres, or 0 = 0\n' * 3
FILES = {
    "good": (GOOD, []),
    "empty": ("", ["too short", "too few letters", "lines too short", "words too even"]),
    "numbers": ("\n".join("1234, 5678, 9012, 3456" for _ in range(20)), ["too few letters", "words too even"]),
    "prose": ("all words and only words stand in this text of letters " * 3, ["too many letters", "words too even"]),
    "minified": ("var aaaa=1;b(2)" * 100, ["line too long", "words too even"]),
    "narrow": ("a = 1\nabcdefghijk = 1\n" * 10, ["lines too short"]),
    "long": (GOOD * 2000, ["too long"]),
}


@pytest.mark.parametrize("name", FILES)
def test_each_rule_is_named(name):
    text, faults = FILES[name]
    assert code_file_faults(text) == faults


def test_bounds_belong_to_the_kept_side():
    def faults(**rules):
        return code_file_faults("ab12", CodeRules(**rules))

    assert faults(characters=(4, 4)) == faults(letters=(0.5, 0.5)) == faults(longest_line=(4, 4)) == []
    assert faults(characters=(5, 9)) == ["too short"]
    assert faults(letters=(0.0, 0.49)) == ["too many letters"]
    assert faults(token_spread=0.0) == ["words too even"]
    assert faults() == []


def test_alphacode_looks_at_size_and_lines_only():
    assert code_file_faults("x" * 1000, ALPHACODE_RULES) == []
    assert code_file_faults("x" * 1001, ALPHACODE_RULES) == ["line too long"]
    assert code_file_faults("x\n" * 500_001, ALPHACODE_RULES) == ["too long"]


def test_measures_by_hand():
    measures = code_measures("ab cdef\n12\n")
    assert (measures.characters, measures.letters, measures.longest_line) == (11, 6 / 11, 7)
    assert measures.token_spread == pytest.approx((8 / 9) ** 0.5)


SOURCE = '''"""Module."""
# first
class A:
    "Class."

    def f(self, x):  # second
        """Function."""
        text = "no docstring"
        return x + x

async def ü(): "Short."
'''


def test_the_parts_of_a_file_by_hand():
    parts = code_parts(SOURCE)
    # White space inside a comment or string belongs to it: here one blank, in "no docstring", and two after "#".
    assert parts.comments == len("# first") + len("# second")
    assert parts.docstrings == len('"""Module."""') + len('"Class."') + len('"""Function."""') + len('"Short."')
    assert parts.white == sum(character.isspace() for character in SOURCE) - len("   ")
    assert parts.code + parts.comments + parts.docstrings + parts.white == len(SOURCE)
    assert parts.prose == (parts.comments + parts.docstrings) / (len(SOURCE) - parts.white)


def test_code_alone_by_hand():
    assert code_only(SOURCE).replace(" ", "") == (
        'classA:\ndeff(self,x):\ntext="nodocstring"\nreturnx+x\nasyncdefü():\n'
    )
    assert code_only("# a\nx = '#'  # b\n") == "x = '#'  \n"


def test_comments_of_the_standard_library():
    files = [file["text"] for _, file in zip(range(40), source_files(), strict=False)]
    for text in [text for text in files if 2_000 < len(text) < 20_000][:8]:
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        comments = sum(len(token.string) for token in tokens if token.type == tokenize.COMMENT)
        parts = code_parts(text)
        assert parts.comments == comments
        assert code_parts_are_gone(code_only(text))
        assert min(parts.code, parts.comments, parts.docstrings, parts.white) >= 0


def code_parts_are_gone(text):
    """Python sees neither comments nor docstrings. (A body that was nothing but its docstring is gone as well.)"""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    with contextlib.suppress(IndentationError, tokenize.TokenError):
        return not any(token.type == tokenize.COMMENT for token in tokens)
    return True


def test_depth_and_names_by_hand():
    text = "a = 1\nif a:\n    b = a\n    for c in b:\n        a = (\n            c)\n"
    assert indentation_depth(text) == pytest.approx((0 + 0 + 1 + 1 + 2) / 5)
    names = identifiers(text)
    assert [name for _, name in names] == ["a", "a", "b", "a", "c", "b", "a", "c"]
    assert [place for place, _ in names][:3] == [0, 4, 6]
    assert reuse_distances([(0, "a"), (3, "b"), (4, "a"), (10, "a"), (11, "b")]).tolist() == [4, 6, 8]
    assert reuse_distances([]).shape == (0,)
    assert indentation_depth("# nothing\n") == 0.0


def test_what_is_no_python_is_refused():
    for text in ("def f(:\n", "x = '''\n", "  x\n y\n"):
        with pytest.raises(ReaderError, match="cannot read the file"):
            code_parts(text)
