"""The real English and the real code that come with every Python: language reference, docstrings, source.

The reference (`pydoc_data.topics`) is frozen in `data_samples/prose/`, so that figures measured on it are the same
under every Python. Docstrings and source are read from the running installation and carry its version. All of it is the
work of the Python Software Foundation and its contributors; their licence lies beside the snapshot.
"""

import ast
import json
import lzma
import platform
import re
import sysconfig
import tokenize
import warnings
from collections.abc import Iterator
from hashlib import sha256
from inspect import cleandoc
from pathlib import Path

from llmbook import paths
from llmbook.errors import ReaderError
from llmbook.files import write_atomically

FROZEN = "3.11.7"  # the Python whose topics the snapshot holds
_SHA256 = "4ff8792773508e51f83b16109b2c881e1c3e273baad9f60dae5b72487dc52c31"
_TOKEN = re.compile(r"[a-z]+|[0-9]+|[^\sa-z0-9]")
# Folders of the standard library that hold tests, other people's packages, or the topics once more.
_SKIPPED = {
    "__hello__", "__phello__", "_bundled", "dist-packages", "idlelib", "lib2to3", "pydoc_data", "site-packages", "test",
    "tests", "turtledemo",
}  # fmt: skip


# ---------------------------------------------------------------- the frozen language reference


def topics() -> list[str]:
    """The paragraphs of the Python language reference, in order, each once (exact duplicates are left out).

    2,095 paragraphs; joined by a blank line they are 376,548 characters of 103 kinds.

    Raises:
        ReaderError: the snapshot is missing or damaged.
    """
    paragraphs = (paragraph for text in _frozen().values() for paragraph in re.split(r"\n\s*\n", text))
    return list(dict.fromkeys(paragraphs))


def sentences() -> list[list[str]]:
    """The distinct sentences of the reference as lists of tokens, in order.

    A sentence ends at `.`, `!` or `?` before white space; its tokens are lower-case words, numbers, and single other
    characters. Those of 4 to 60 tokens are kept, 3,213 in all, so that a tenth held out is 321.

    Raises:
        ReaderError: as `topics`.
    """
    flat = (" ".join(paragraph.split()) for paragraph in topics())
    tokenised = (tuple(_TOKEN.findall(text.lower())) for line in flat for text in re.split(r"(?<=[.!?])\s+", line))
    return [list(tokens) for tokens in dict.fromkeys(tokenised) if 4 <= len(tokens) <= 60]


def snapshot() -> Path:
    """Where the frozen topics are: JSON lines {"topic", "text"}, compressed by xz."""
    return paths.samples() / "prose" / f"topics-{FROZEN}.jsonl.xz"


def freeze(path: Path) -> None:
    """Remakes the snapshot from the running Python, which must be the one it was made from.

    Raises:
        ReaderError: this is another Python, or its topics are not the frozen ones.
    """
    if platform.python_version() != FROZEN:
        raise ReaderError(f"the prose is that of Python {FROZEN}, this is {platform.python_version()}")
    from pydoc_data.topics import topics as texts

    lines = (json.dumps({"topic": topic, "text": text}) + "\n" for topic, text in texts.items())
    content = "".join(lines).encode()
    if sha256(content).hexdigest() != _SHA256:
        raise ReaderError(f"the topics of this Python {FROZEN} are not those that were frozen")
    write_atomically(path, lzma.compress(content, preset=9))


def _frozen() -> dict[str, str]:
    """The topics of the snapshot, name and text."""
    path, mend = snapshot(), "restore it with `git checkout data_samples/prose`"
    try:
        content = lzma.decompress(path.read_bytes())
    except FileNotFoundError:
        raise ReaderError(f"{path} is missing: {mend}") from None
    except (lzma.LZMAError, EOFError):
        raise ReaderError(f"{path} is damaged: {mend}") from None
    if sha256(content).hexdigest() != _SHA256:
        raise ReaderError(f"{path} is not the frozen text: {mend}")
    return {row["topic"]: row["text"] for row in map(json.loads, content.decode().splitlines())}


# ---------------------------------------------------------------- the running installation


def source_files() -> Iterator[dict[str, str]]:
    """The standard library's source: records {id, text, python}, one a file, in order of `id`, the dotted module name.

    Tests and bundled packages are left out, as are empty files and exact copies of earlier ones.

    Raises:
        ReaderError: this Python has no source files.
    """
    root, version, seen = Path(sysconfig.get_path("stdlib")), platform.python_version(), set()
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if _SKIPPED.intersection(parts) or not all(part.isidentifier() for part in parts):
            continue
        with tokenize.open(path) as file:
            text = file.read()
        if text.strip() and text not in seen:
            seen.add(text)
            yield {"id": ".".join(parts).removesuffix(".__init__"), "text": text, "python": version}
    if not seen:
        raise ReaderError(f"no Python source in {root}: this installation has no standard library in source")


def docstrings() -> Iterator[dict[str, str]]:
    """The standard library's docstrings: records {id, text, python} in order of file and line, each text once.

    `id` is the dotted name (`json.decoder.JSONDecoder`); the text is unindented. The files are parsed, not imported.

    Raises:
        ReaderError: as `source_files`.
    """
    seen: set[str] = set()
    for file in source_files():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of invalid escapes in old modules
            tree = ast.parse(file["text"])
        for name, text in _documented(tree, file["id"]):
            if text and text not in seen:
                seen.add(text)
                yield {"id": name, "text": text, "python": file["python"]}


def _documented(node: ast.AST, name: str) -> Iterator[tuple[str, str]]:
    """The docstring of a module, class or function (or ""), then those of what is defined inside it."""
    yield name, cleandoc(ast.get_docstring(node, clean=False) or "")
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _documented(child, f"{name}.{child.name}")
