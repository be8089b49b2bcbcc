"""What graders are written with: a check says in one line whether an answer is right, and if not, why.

    @grader("2.2.2 attention")
    def attention(answer):
        g = fresh_generator()
        ...
        expect(rows_sum_to_one, "the rows don't sum to 1: is the mask added before the softmax?")

`attention(my_attention)` in a check cell then prints `2.2.2 attention: passed`, or `: not yet — …`, or `: wrong — …`.
"""

import contextlib
import functools
import io
import random
import secrets
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

CHECK_MIME = "application/vnd.llmbook.check+json"
NOT_YET = "the answer is still to be written (在此作答)"


class Wrong(Exception):
    """An answer is wrong; the message is the hint, which explains the mistake rather than reports a number."""


def expect(condition: object, hint: str) -> None:
    """Raise `Wrong(hint)` unless `condition` is true."""
    if not condition:
        raise Wrong(hint)


def fresh_generator() -> "torch.Generator":
    """A generator that is different at each call, for the inputs of a check; the global random state stays as it is."""
    import torch

    return torch.Generator().manual_seed(secrets.randbits(63))


def fresh_random() -> random.Random:
    """The same for Python's own random numbers."""
    return random.Random(secrets.randbits(63))


def drawn(low: int, high: int, generator: "torch.Generator") -> int:
    """A whole number from `low` to `high`, both included."""
    import torch

    return int(torch.randint(low, high + 1, (), generator=generator))


def near(answer: object, expected: object, tolerance: float = 1e-5) -> bool:
    """Whether numbers, arrays or tensors have the same shape and the same values within a tolerance."""
    import torch

    answer, expected = torch.as_tensor(answer).double(), torch.as_tensor(expected).double()
    return answer.shape == expected.shape and bool(torch.allclose(answer, expected, atol=tolerance, rtol=tolerance))


def expect_shape(answer: object, shape: Sequence[int], name: str) -> None:
    """Raise `Wrong` unless `answer` is a tensor of that shape."""
    import torch

    expect(isinstance(answer, torch.Tensor), f"return a tensor; yours is a {type(answer).__name__}")
    right = tuple(answer.shape) == tuple(shape)
    expect(right, f"the shape of {name} should be {list(shape)}, not {list(answer.shape)}")


def grader(task: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a check of a function that raises `Wrong` for a wrong answer: called with the answer, it prints one line.

    What the answer prints or warns of while it is checked is dropped, so that a forgotten `print` does not turn a
    right answer into a wrong one; and the random state is afterwards what it was.
    """

    def decorate(judge: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(judge)
        def check(*answers: object) -> None:
            verdict = _verdict(judge, answers)
            _say(f"{task}: {verdict}", passed=verdict == "passed")

        check.task = task
        return check

    return decorate


def _verdict(judge: Callable[..., None], answers: tuple) -> str:
    if any(answer is ... for answer in answers):
        return f"not yet — {NOT_YET}"
    try:
        with _undisturbed(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            judge(*answers)
    except NotImplementedError:
        return f"not yet — {NOT_YET}"
    except Wrong as hint:
        return f"wrong — {_one_line(hint)}"
    except Exception as error:
        what = ": ".join(part for part in (type(error).__name__, _one_line(error)[:200]) if part)
        if _is_readers(error, judge):
            return f"wrong — your code raised {what}"
        return f"wrong — the check cannot use your answer ({what}): does it take and return what the task says?"
    return "passed"


def _say(line: str, passed: bool) -> None:
    """Print the line. One that is not "passed" gets an invisible number that never comes twice.

    nbval compares what a check prints with what the notebook has stored. JupyterLab stores whatever came out last,
    "wrong" included; the number keeps such a notebook from passing.
    """
    in_notebook = "IPython" in sys.modules and sys.modules["IPython"].get_ipython()
    if passed or not in_notebook:
        print(line)
        return
    from IPython.display import display

    display({"text/plain": line, CHECK_MIME: {"attempt": secrets.token_hex(8)}}, raw=True)


def _is_readers(error: Exception, judge: Callable[..., None]) -> bool:
    """Whether the error came out of code written in the notebook, rather than of the check or of a library below it."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return any(f.f_globals.get("__name__") == "__main__" and f.f_code is not judge.__code__ for f in frames)


def _one_line(error: object) -> str:
    return " ".join(str(error).split())


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Warnings off; the global random states of Python, NumPy and PyTorch afterwards as they were before."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    states = random.getstate(), numpy and numpy.random.get_state(), torch and torch.get_rng_state()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        random.setstate(states[0])
        if numpy:
            numpy.random.set_state(states[1])
        if torch:
            torch.set_rng_state(states[2])
