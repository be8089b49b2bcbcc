"""From the reply trees of forums and social media to dialogues (section 3.1.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from llmbook.errors import ReaderError


@dataclass(frozen=True)
class Post:
    """One message of a thread.

    Attributes:
        id: its name, unique in the thread.
        parent: the id of the message that it answers; None for the one that opens the thread.
        author: who wrote it.
        text: what was written.
    """

    id: str
    parent: str | None
    author: str
    text: str


Dialogue = list[Post]


def dialogues(posts: Iterable[Post]) -> list[Dialogue]:
    """All dialogues of the threads: every path from an opening message to one that nobody has answered.

    The order is that of reading: answers in the order in which they stand in `posts`, each followed to its end. A
    message with many answers under it appears in many paths (see `copies`). One whose parent is not there, because it
    was deleted, opens a thread of its own.

    Raises:
        ReaderError: two messages have one id, or a message answers itself in a circle.
    """
    posts = list(posts)
    answers = _answers(posts)
    found: list[Dialogue] = []
    waiting: list[Dialogue] = [[post] for post in reversed(answers[None])]
    while waiting:
        path = waiting.pop()
        if below := answers.get(path[-1].id):
            waiting.extend([*path, post] for post in reversed(below))
        else:
            found.append(path)
    if len({post.id for path in found for post in path}) < len(posts):
        raise ReaderError("some messages answer each other in a circle: no thread begins with them")
    return found


def longest_dialogues(posts: Iterable[Post]) -> list[Dialogue]:
    """One dialogue per thread, its longest path (the first of several): no message comes twice, many are lost.

    What OPT did with Reddit (Zhang et al., 2022).
    """
    best: dict[str, Dialogue] = {}
    for path in dialogues(posts):
        if len(path) > len(best.get(path[0].id, ())):
            best[path[0].id] = path
    return list(best.values())


def copies(paths: Iterable[Dialogue]) -> dict[str, int]:
    """In how many of the dialogues each message stands: the repetition that linearising a tree brings (3.3.2)."""
    counts: dict[str, int] = {}
    for path in paths:
        for post in path:
            counts[post.id] = counts.get(post.id, 0) + 1
    return counts


def merged_turns(path: Sequence[Post]) -> list[tuple[str, str]]:
    """The turns of a dialogue as (author, text): messages that one author wrote in a row become one turn."""
    turns: list[tuple[str, str]] = []
    for post in path:
        if turns and turns[-1][0] == post.author:
            turns[-1] = (post.author, f"{turns[-1][1]}\n{post.text}")
        else:
            turns.append((post.author, post.text))
    return turns


def as_text(path: Sequence[Post], names: Sequence[str] | None = None) -> str:
    """A dialogue as training text, one turn after the other: "A: ...\\nB: ...".

    Args:
        path: the messages.
        names: what to call the authors, in the order of their first turn; by default A, B, ..., Z, A1, B1, ... The
            true names are personal data and no use to a model (section 3.2.3).

    Raises:
        ReaderError: there are fewer names than authors.
    """
    turns = merged_turns(path)
    authors = list(dict.fromkeys(author for author, _ in turns))
    if names is None:
        names = [chr(65 + number % 26) + (str(number // 26) if number >= 26 else "") for number in range(len(authors))]
    if len(names) < len(authors):
        raise ReaderError(f"the dialogue has {len(authors)} authors, and there are {len(names)} names for them")
    called = dict(zip(authors, names, strict=False))
    return "\n".join(f"{called[author]}: {text}" for author, text in turns)


def _answers(posts: Sequence[Post]) -> dict[str | None, list[Post]]:
    """The answers to each message, under None the messages that open a thread."""
    ids = {post.id for post in posts}
    if len(ids) < len(posts):
        raise ReaderError("two messages have the same id: give each its own")
    answers: dict[str | None, list[Post]] = {None: []}
    for post in posts:
        answers.setdefault(post.parent if post.parent in ids else None, []).append(post)
    return answers
