import random

import pytest

from llmbook.data.conversations import Post, as_text, copies, dialogues, longest_dialogues, merged_turns
from llmbook.errors import ReaderError

THREAD = [
    Post("1", None, "ann", "Which jug is best?"),
    Post("2", "1", "bo", "The blue one."),
    Post("3", "1", "cy", "None of them."),
    Post("4", "2", "ann", "Why?"),
    Post("5", "4", "ann", "And where?"),
    Post("6", "4", "bo", "It does not leak."),
]


def ids(paths):
    return ["".join(post.id for post in path) for path in paths]


def test_every_path_from_root_to_leaf_in_reading_order():
    assert ids(dialogues(THREAD)) == ["1245", "1246", "13"]
    assert ids(dialogues(list(reversed(THREAD)))) == ["13", "1246", "1245"]
    assert dialogues([]) == []


def test_the_longest_path_of_each_thread():
    assert ids(longest_dialogues([*THREAD, Post("9", None, "d", "Alone")])) == ["1245", "9"]


def test_an_answer_to_a_deleted_message_opens_a_thread():
    assert ids(dialogues([post for post in THREAD if post.id != "2"])) == ["13", "45", "46"]


def test_copies_count_the_leaves_below():
    assert copies(dialogues(THREAD)) == {"1": 3, "2": 2, "4": 2, "5": 1, "6": 1, "3": 1}


@pytest.mark.parametrize("seed", range(5))
def test_random_forests_have_one_dialogue_per_leaf(seed):
    draw = random.Random(seed)
    posts = [Post(str(i), str(draw.randrange(i)) if i and draw.random() < 0.9 else None, "x", "") for i in range(200)]
    answered = {post.parent for post in posts}
    paths = dialogues(posts)
    assert sorted(path[-1].id for path in paths) == sorted(post.id for post in posts if post.id not in answered)
    for path in paths:
        assert path[0].parent is None
        assert all(below.parent == above.id for above, below in zip(path, path[1:], strict=False))


def test_a_deep_thread_is_no_problem():
    posts = [Post(str(i), str(i - 1) if i else None, "x", "") for i in range(5000)]
    assert [len(path) for path in dialogues(posts)] == [5000]


def test_turns_are_merged_and_names_hidden():
    path = dialogues(THREAD)[0]
    assert merged_turns(path) == [
        ("ann", "Which jug is best?"), ("bo", "The blue one."), ("ann", "Why?\nAnd where?"),
    ]  # fmt: skip
    assert as_text(path) == "A: Which jug is best?\nB: The blue one.\nA: Why?\nAnd where?"
    assert as_text(path, ["user", "assistant"]).startswith("user: Which jug is best?\nassistant: The")
    with pytest.raises(ReaderError, match="2 authors, and there are 1"):
        as_text(path, ["user"])
    many = [Post(str(i), str(i - 1) if i else None, f"p{i}", "x") for i in range(28)]
    assert as_text(many).splitlines()[25:] == ["Z: x", "A1: x", "B1: x"]


def test_broken_threads_are_refused():
    with pytest.raises(ReaderError, match="same id"):
        dialogues([THREAD[0], THREAD[0]])
    with pytest.raises(ReaderError, match="circle"):
        dialogues([*THREAD, Post("7", "8", "x", ""), Post("8", "7", "x", "")])
