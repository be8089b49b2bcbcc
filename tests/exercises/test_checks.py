"""What a check says to right, open, wrong and broken answers, and that it leaves no trace."""

import random
import sys
import types

import numpy
import pytest
import torch

from llmbook.exercises.checks import Wrong, expect, fresh_generator, fresh_random, grader

UNUSABLE = "wrong — the check cannot use your answer ({}): does it take and return what the task says?"


@grader("2.1 double")
def double(answer):
    """Twice n."""
    n = fresh_random().randint(2, 10**9)
    result = answer(n)
    expect(result != n * n, "that is\nthe square")
    expect(result.bit_length() and result == 2 * n, "twice n is n + n")


def readers(source: str):
    """A function as if the reader had written it in a notebook."""
    namespace = {"__name__": "__main__"}
    exec(source, namespace)
    return namespace["f"]


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ("lambda n: n + n", "passed"),
        ("lambda n: n * n", "wrong — that is the square"),
        ("lambda n: 3 * n", "wrong — twice n is n + n"),
        ("...", "not yet — the answer is still to be written (在此作答)"),
        ("lambda n: todo()", "not yet — the answer is still to be written (在此作答)"),
        ("lambda n: n + 'x'", "wrong — your code raised TypeError: unsupported operand type(s) for +: 'int' and 'str'"),
        ("lambda n: None", UNUSABLE.format("AttributeError: 'NoneType' object has no attribute 'bit_length'")),
        ("lambda: 3", UNUSABLE.format("TypeError: <lambda>() takes 0 positional arguments but 1 was given")),
        ("lambda n: print('debug') or warn('oh') or n + n", "passed"),
    ],
)
def test_a_check_prints_exactly_one_line(capsys, answer, line):
    double(readers(f"from warnings import warn\ndef todo(): raise NotImplementedError\nf = {answer}"))
    printed = capsys.readouterr()
    assert printed.out == f"2.1 double: {line}\n"
    assert printed.err == ""


def test_a_check_keeps_its_name_and_documentation():
    assert (double.task, double.__name__, double.__doc__) == ("2.1 double", "double", "Twice n.")


def test_expect_takes_anything_that_has_a_truth_value():
    expect(torch.tensor(True), "fine")
    with pytest.raises(Wrong, match="why"):
        expect(torch.tensor([False]), "why")


def test_checks_neither_use_nor_disturb_the_global_random_state():
    def draw(n):
        random.random(), numpy.random.rand(), torch.rand(())
        return n + n

    def state():
        return random.getstate(), numpy.random.get_state()[1].tolist(), torch.get_rng_state().tolist()

    before = state()
    double(draw)
    drawn = {torch.rand((), generator=fresh_generator()).item() for _ in range(3)}
    assert state() == before
    assert len(drawn) == 3, "the inputs of two checks are never the same"


def test_in_a_notebook_a_wrong_answer_never_shows_the_same_twice(monkeypatch, capsys):
    """Otherwise nbval would take a saved "wrong" for the expected output."""
    import IPython.display

    shown = []
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=object, display=IPython.display))
    monkeypatch.setattr(IPython.display, "display", lambda data, raw: shown.append(data))
    double(lambda n: 0)
    double(lambda n: 0)
    double(lambda n: n + n)
    assert capsys.readouterr().out == "2.1 double: passed\n"
    assert [data["text/plain"] for data in shown] == ["2.1 double: wrong — twice n is n + n"] * 2
    assert shown[0] != shown[1]
