"""The book's own exercises: made from their solutions, passed by them, and proof against the mistakes people make."""

import subprocess
import sys

import nbformat
import pytest
import yaml
from rehearsal import answer_of, check_of, rehearse

from llmbook.book import sections, tags_of
from llmbook.exercises.generate import check_line, has_answer, student
from llmbook.normalise import normalised, to_text
from llmbook.paths import book_root

SECTIONS = [section for section in sections(book_root()) if section.solution.exists()]
WRONG = [
    pytest.param(section, number, mistake, id=f"{section.id}-{mistake['task']}-{number}")
    for section in SECTIONS
    for number, mistake in enumerate(yaml.safe_load(section.wrong_answers.read_text(encoding="utf-8")))
]
each_section = pytest.mark.parametrize("section", SECTIONS, ids=[section.id for section in SECTIONS])


def solution_of(section):
    return nbformat.read(section.solution, as_version=4)


@each_section
def test_the_students_notebook_is_the_one_made_from_the_solution(section):
    solution = solution_of(section)
    assert section.solution.read_text(encoding="utf-8") == to_text(normalised(solution))
    assert section.exercise.read_text(encoding="utf-8") == to_text(student(solution, section.id))


@each_section
def test_right_answers_pass_and_open_ones_are_not_yet(section):
    solution = solution_of(section)
    expected = {cell.id: check_line(cell) for cell in solution.cells if "check" in tags_of(cell)}
    assert all(line.endswith(": passed") for line in expected.values())
    printed = rehearse(solution)
    assert {id: printed[id] for id in expected} == expected
    open_ = rehearse(student(solution, section.id))
    for id, line in expected.items():
        assert open_[id].startswith(line.removesuffix("passed") + "not yet — "), open_[id]


@pytest.mark.parametrize(("section", "number", "mistake"), WRONG)
def test_a_wrong_answer_gets_its_own_hint(section, number, mistake):
    solution = solution_of(section)
    check, answer = check_of(solution, mistake["task"]), answer_of(solution, mistake["task"])
    task = check_line(next(cell for cell in solution.cells if cell.id == check)).removesuffix("passed")
    for _ in range(3):  # inputs are drawn anew each time, and no draw may let the mistake through
        said = rehearse(solution, {answer: mistake["code"]})[check]
        assert said.startswith(f"{task}wrong — "), f"{mistake['mistake']}: {said}"
        assert mistake["hint"] in said, f"{mistake['mistake']}: {said}"


@each_section
def test_each_task_has_two_to_six_known_mistakes(section):
    solution = solution_of(section)
    mistakes = yaml.safe_load(section.wrong_answers.read_text(encoding="utf-8"))
    answered = [answer_of(solution, mistake["task"]) for mistake in mistakes]
    for cell in filter(has_answer, solution.cells):
        assert 2 <= answered.count(cell.id) <= 6, cell.id


def test_solutions_pass_nbval_strictly():
    paths = [str(section.solution) for section in SECTIONS]
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider", *paths]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600) if paths else None
    assert done is None or done.returncode == 0, done.stdout
