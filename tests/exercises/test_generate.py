"""From solution to student's notebook to grade, on a small notebook with every kind of answer."""

import json
import subprocess
import sys

import nbformat
import pytest
from minibook import code, empty_book, section, text, write
from rehearsal import answer_of, check_of, rehearse

from llmbook import cli
from llmbook.errors import ReaderError
from llmbook.exercises.generate import generate, has_answers, without_answers
from llmbook.exercises.grade import Verdict, grade

GRADERS = """
import math

from llmbook.exercises.checks import expect, fresh_random, grader

@grader("2.2.1 double")
def check_double(answer):
    n = fresh_random().randint(3, 99)
    expect(answer(n) != n * n, "that is the square")
    expect(answer(n) == 2 * n, "twice n is n + n")

@grader("2.2.2 ratio")
def check_ratio(answer):
    expect(abs(answer - math.pi) < 1e-3, "the circumference over the diameter")

@grader("2.2.3 square")
def check_square(answer):
    expect(answer(3).area() == 9, "side times side")

print("given")
"""
DOUBLE = 'def double(n):\n    """Twice n."""\n    ### BEGIN SOLUTION\n    return n + n\n    ### END SOLUTION'
RATIO = "### BEGIN SOLUTION\nratio = 3.14159\n### END SOLUTION"
SQUARE = """class Square:
    def __init__(self, side):
        ### BEGIN SOLUTION
        self.side = side
        ### END SOLUTION

    def area(self):
        ### BEGIN SOLUTION
        return self.side**2
        ### END SOLUTION"""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A book with one solution, from which the student's notebook has been made."""
    root = empty_book(tmp_path_factory.mktemp("book"))
    section(root, "02_foundations/1_n_grams", "2.1 Without exercises")
    section(root, "02_foundations/2_transformer", "2.2 With exercises")
    write(
        root / "exercises/02_foundations/solutions/2_transformer.ipynb",
        text("title", "# Exercises of 2.2"),
        code("graders", GRADERS),
        code("double", DOUBLE),
        code("check-double", "check_double(double)", "check"),
        code("ratio", RATIO),
        code("check-ratio", "check_ratio(ratio)", "check"),
        code("square", SQUARE),
        code("area", "print(Square(2).area())"),
        code("check-square", "check_square(Square)", "check"),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        made = generate([], root)
        assert [str(path) for path in made] == ["exercises/02_foundations/2_transformer.ipynb"]
        yield root


@pytest.fixture
def student(book):
    return nbformat.read(book / "exercises/02_foundations/2_transformer.ipynb", as_version=4)


def by_id(notebook):
    return {cell.id: cell for cell in notebook.cells}


def test_answers_become_places_to_answer(student):
    cells = by_id(student)
    here = 'raise NotImplementedError("your answer")  # 在此作答'
    assert cells["double"].source == f'def double(n):\n    """Twice n."""\n    {here}'
    assert cells["ratio"].source == "ratio = ...  # 在此作答"
    assert cells["square"].source.count(f"        {here}") == 2
    assert "SOLUTION" not in json.dumps(student)


def test_outputs_stay_only_where_they_give_nothing_away(student):
    cells = by_id(student)
    assert cells["check-double"].outputs[0].text == "2.2.1 double: passed\n"
    assert cells["check-double"].execution_count == 3
    assert cells["graders"].outputs[0].text == "given\n" and cells["graders"].execution_count == 1
    for name in ("double", "ratio", "square", "area"):
        assert cells[name].outputs == [] and cells[name].execution_count is None


def test_generating_twice_changes_nothing_and_work_is_never_overwritten(book, student, capsys):
    path = book / "exercises/02_foundations/2_transformer.ipynb"
    solution = book / "exercises/02_foundations/solutions/2_transformer.ipynb"
    before = path.read_bytes(), solution.read_bytes()
    generate(["2.2"], book)
    assert (path.read_bytes(), solution.read_bytes()) == before
    by_id(student)["double"].source = "def double(n):\n    return 2 * n"
    nbformat.write(student, path)
    try:
        assert has_answers(student)
        worked_on = path.read_bytes()
        with pytest.raises(SystemExit) as end:
            cli.main(["exercises", "new"])
        assert end.value.code == 2 and path.read_bytes() == worked_on
        complaint = capsys.readouterr().err
        assert complaint == (
            "llmbook: exercises/02_foundations/2_transformer.ipynb has been worked on: "
            "it is left alone unless you say --force\n"
        )
    finally:
        path.write_bytes(before[0])


def test_an_untouched_notebook_is_graded_not_yet(book, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["exercises", "check", "2.2"])
    assert end.value.code == 1
    open_ = "the answer is still to be written (在此作答)"
    assert capsys.readouterr().out.splitlines() == [
        f"not yet  2.2.1 double: {open_}",
        f"not yet  2.2.2 ratio: {open_}",
        f"not yet  2.2.3 square: {open_}",
        "0 of 3 passed",
    ]


def test_wrong_broken_and_tampered_answers_are_told_apart_wherever_the_notebook_lies(book, student, tmp_path):
    cells = by_id(student)
    cells["double"].source = "def double(n):\n    return n * n"
    cells["check-double"].source = "print('2.2.1 double: passed')"
    cells["ratio"].source = "ratio = 22 / 0"
    cells["square"].source = SQUARE.replace("return", "print('debug')\n        return")
    student.cells.remove(cells["area"])
    nbformat.write(student, tmp_path / "mine.ipynb")
    assert grade([str(tmp_path / "mine.ipynb")], book) == [[
        Verdict("2.2.1 double", "wrong", "that is the square"),
        Verdict("2.2.2 ratio", "wrong", "your code raised ZeroDivisionError: division by zero (cell 4)"),
        Verdict("2.2.3 square", "passed"),
    ]]  # fmt: skip


def test_an_answer_that_never_ends_and_a_missing_check_do_not_stop_the_others(book, student, tmp_path):
    cells = by_id(student)
    cells["double"].source = "def double(n):\n    while True:\n        pass"
    cells["ratio"].source = "ratio = 355 / 113"
    student.cells.remove(cells["check-square"])
    nbformat.write(student, tmp_path / "mine.ipynb")
    assert grade([str(tmp_path / "mine.ipynb")], book, seconds=2) == [[
        Verdict("2.2.1 double", "wrong", "cell 3 did not finish in 2 s"),
        Verdict("2.2.2 ratio", "passed"),
        Verdict("2.2.3 square", "not yet", "its check cell is gone: copy it back from the notebook in solutions/"),
    ]]  # fmt: skip


def nbval(path):
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider", str(path)]
    done = subprocess.run([*command, "-q", "--color=no", "-rf"], capture_output=True, text=True, cwd=path.parent)
    failed = [line.split("Cell ")[1].split()[0] for line in done.stdout.splitlines() if line.startswith("FAILED")]
    return done.returncode, failed


def test_plain_nbval_grades_too(book, student, tmp_path):
    """It fails at the checks of open tasks, even when JupyterLab has saved what they said, and passes a solved copy."""
    from nbclient import NotebookClient

    cells = by_id(student)
    cells["ratio"].source = "ratio = 355 / 113"
    student.cells.remove(cells["area"])
    NotebookClient(student, allow_errors=True, kernel_name="python3").execute()
    assert "not yet" in cells["check-double"].outputs[0].data["text/plain"]
    nbformat.write(student, tmp_path / "saved.ipynb")
    assert nbval(tmp_path / "saved.ipynb") == (1, ["2", "6"])
    solved = book / "exercises/02_foundations/solutions/2_transformer.ipynb"
    assert nbval(solved) == (0, [])


def test_cells_can_be_rehearsed_without_a_kernel(book):
    solution = nbformat.read(book / "exercises/02_foundations/solutions/2_transformer.ipynb", as_version=4)
    assert (answer_of(solution, "2.2.1 double"), check_of(solution, "double")) == ("double", "check-double")
    printed = rehearse(solution, {"double": "def double(n):\n    return n * n"})
    assert printed["check-double"] == "2.2.1 double: wrong — that is the square"
    assert printed["check-square"] == "2.2.3 square: passed"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("### BEGIN SOLUTION\nx = 1", "do not pair"),
        ("x = 1\n### END SOLUTION", "do not pair"),
        ("### BEGIN SOLUTION\nprint(1)\n### END SOLUTION", "may only assign names"),
        ("### BEGIN SOLUTION\ndef f():\n    pass\n### END SOLUTION", "may only assign names"),
        ("### BEGIN SOLUTION\n### END SOLUTION", "may only assign names"),
    ],
)
def test_answers_that_cannot_be_taken_out_are_named(source, complaint):
    with pytest.raises(ReaderError, match=f"cell 'task'.*{complaint}"):
        without_answers(source, "task")


def test_several_values_and_annotations_are_values_to_fill_in():
    source = "%matplotlib inline\n### BEGIN SOLUTION\na: int = 1\nb = a + 1\na = 2\n### END SOLUTION\nprint(a)"
    assert without_answers(source) == "%matplotlib inline\na = ...  # 在此作答\nb = ...  # 在此作答\nprint(a)"


def test_what_is_no_exercise_is_said_to_be_none(book):
    with pytest.raises(ReaderError, match="no exercises for 2.1"):
        grade(["2.1"], book)
    with pytest.raises(ReaderError, match="is no exercise notebook of this book"):
        grade([str(book / "chapters/02_foundations/2_transformer.ipynb")], book)
    with pytest.raises(ReaderError, match="no solutions for 2.1"):
        generate(["2.1"], book)


def test_a_solution_that_fails_its_own_check_is_not_published(book, tmp_path):
    root = empty_book(tmp_path)
    section(root, "02_foundations/2_transformer", "2.2 With exercises")
    solution = root / "exercises/02_foundations/solutions/2_transformer.ipynb"
    wrong = DOUBLE.replace("n + n", "n * n")
    check = code("check", "check_double(double)", "check")
    write(solution, code("graders", GRADERS), code("double", wrong), check)
    with pytest.raises(ReaderError, match="solution of 2.2 does not pass its own check 'check': .*that is the square"):
        generate([], root)
    assert not (root / "exercises/02_foundations/2_transformer.ipynb").exists()
