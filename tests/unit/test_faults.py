"""A grader's own fault is shown with its file and line, to the person, in pytest and in JSON, and never laid to the student."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from calling import ROOT

from workshop.course.lessons import Lesson
from workshop.grading.bench import Session
from workshop.grading.grade import grade
from workshop.report import Outcome

GRADER = '''"""Lesson 21: a teapot."""

from workshop.grader import expect


def test_it_is_fine():
    """All is well"""
    expect(1, 1)


def test_it_is_broken():
    """The pot pours"""
    expect(1, 2)
'''
FAULTS = {  # what is wrong with the grader → the text that changes, the line that is named, what is said
    "a typo in a test": ("expect(1, 2)", "expcet(1, 2)", 13, "NameError: name 'expcet' is not defined"),
    "a fixture that is not there": ("def test_it_is_broken():", "def test_it_is_broken(teapot):", 11, "teapot"),
    "a wrong import": ("import expect", "import expcet", 3, "cannot import name 'expcet'"),
    "a name that is not there at its top": ('teapot."""\n', 'teapot."""\nPOT = pot\n', 2, "name 'pot' is not defined"),
    "a bracket that is missing": ("expect(1, 2)", "expect((1, 2)", 13, "SyntaxError"),
}


@pytest.fixture
def teapot(tmp_path):
    """A checkout with one lesson, whose grader asks no service."""
    for name, text in {
        "lessons/21_teapot/README.md": "# 21 · Teapot\n",
        "lessons/21_teapot/app.py": "starter = True\n",
        "lessons/21_teapot/test_teapot.py": GRADER,
        "solutions/21_teapot/app.py": "starter = False\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def lesson_in(root):
    return Lesson(root / "lessons/21_teapot", root)


def changed(root, before, after):
    path = lesson_in(root).grader
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))
    return path


def graded(root):
    with Session("embedded") as session:
        return grade(lesson_in(root), root / "solutions/21_teapot", session, seed=1)


@pytest.mark.parametrize(("before", "after", "line", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_of_a_grader_names_its_file_and_line(teapot, before, after, line, said):
    changed(teapot, before, after)
    report = graded(teapot)
    assert report.verdict is Outcome.UNCHECKED
    broken = [check for check in report.checks if check.outcome is Outcome.UNCHECKED]
    assert broken and all(f"test_teapot.py:{line}: " in check.fault and said in check.fault for check in broken)
    assert all("not yours" in check.hint for check in broken)
    assert json.loads(json.dumps(report.to_dict()))["checks"][-1]["fault"] == report.checks[-1].fault


@pytest.fixture(scope="module")
def by_pytest_alone(tmp_path_factory):
    """What pytest prints for a checkout with one lesson for each fault, and its exit code."""
    root = tmp_path_factory.mktemp("faults")
    for number, (before, after, _, _) in enumerate(FAULTS.values(), 21):
        lesson = f"{number}_teapot{number}"
        for name, text in {
            f"lessons/{lesson}/test_teapot{number}.py": GRADER.replace(before, after),
            f"lessons/{lesson}/app.py": "starter = True\n",
            f"solutions/{lesson}/app.py": "starter = False\n",
        }.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    words = [sys.executable, "-m", "pytest", "-p", "workshop.grading.plugin", "-p", "no:cacheprovider", "-rs"]
    words += ["--solution", "--runtime", "embedded", "--import-mode=importlib", "--continue-on-collection-errors"]
    words += ["--rootdir", str(root), "lessons"]
    return subprocess.run(words, capture_output=True, text=True, cwd=root, env=environment, check=False)


@pytest.mark.parametrize(("number", "fault"), [*enumerate(FAULTS, 21)])
def test_pytest_alone_shows_it_too(by_pytest_alone, number, fault):
    _, _, line, said = FAULTS[fault]
    shown = by_pytest_alone.stdout.replace(", line ", ":").replace('"', "")
    assert f"test_teapot{number}.py:{line}" in shown and said in by_pytest_alone.stdout
    assert by_pytest_alone.returncode != 0


def test_a_plain_assert_shows_its_words_and_never_the_graders_objects(teapot):
    changed(teapot, "expect(1, 2)", "probe = object()\n    assert probe is None, 'The pot is empty.'")
    check = graded(teapot).checks[-1]
    assert (check.outcome, check.hint, check.actual) == (Outcome.FAILED, "The pot is empty.", None)


def test_a_fault_of_the_mistakes_costs_the_hints_alone(teapot):
    mistakes = lesson_in(teapot).mistakes
    for text, said in {
        "from workshop.grader import mistake\n\n\n@mistake('test_it_was')\ndef gone():\n    '''It is gone.'''\n": "test_it_was",
        "from workshop.grader import mistake\n\n\n@mistake()\ndef gone(nothing):\n    '''It is gone.'''\n": "nothing",
        "from workshop.grader import mistake\n\n\n@mistake()\ndef gone():\n    '''It is gone.'''\n    return 1 / 0\n": "mistakes.py:7: Zero",
        "from workshop.grader import mistook\n": "mistook",
        "def broken(:\n": "SyntaxError",
        "from workshop.grader import mistake\n\n\n@mistake()\ndef one():\n    '''One.'''\n\n\n@mistake()\ndef one():\n    '''Two.'''\n": "twice",
    }.items():
        mistakes.write_text(text)
        check = graded(teapot).checks[-1]
        assert (check.outcome, check.mistake, check.hint) == (Outcome.FAILED, None, None)
        assert "mistakes.py:" in check.fault and said in check.fault
    mistakes.write_text(
        "from workshop.grader import mistake\n\n\n@mistake()\ndef gone(actual):\n    '''It is {n}, and {m} stays.'''\n    return {'n': actual}\n"
    )
    check = graded(teapot).checks[-1]
    assert (check.mistake, check.hint, check.fault) == ("gone", "It is 1, and {m} stays.", None)


def test_the_board_goes_on_beside_a_lesson_that_is_broken(teapot):
    changed(teapot, "expect(1, 2)", "expect((1, 2)")
    code = (
        "import workshop.course.places as places, pathlib, sys\n"
        f"places.ROOT = pathlib.Path({str(teapot)!r})\n"
        "from workshop.cli.__main__ import main\nmain([])\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "WORKSHOP_STATE": str(teapot / "state")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0 and "broken: test_teapot.py, line 13" in " ".join(done.stdout.split()), done.stderr


def test_the_next_step_names_the_file(teapot):
    from workshop.desk.checking import next_step

    changed(teapot, "expect(1, 2)", "expcet(1, 2)")
    step = next_step(lesson_in(teapot), graded(teapot))
    assert "test_teapot.py:13" in step and "doctor" not in step


def test_a_check_that_rests_on_a_failed_one_is_blocked(teapot):
    changed(teapot, "import expect\n", "import expect, rests_on\n")
    text = "@rests_on('test_it_is_broken')\ndef test_it_is_hot():\n    '''The tea is hot'''\n    expect(1, 1)\n"
    path = lesson_in(teapot).grader
    path.write_text(f"{path.read_text()}\n\n{text}")
    assert [str(check.outcome) for check in graded(teapot).checks] == ["passed", "failed", "blocked"]


def test_without_hints_the_outcomes_are_the_same(teapot):
    lesson_in(teapot).mistakes.write_text(
        "from workshop.grader import mistake\n\n\n@mistake()\ndef gone():\n    '''It is gone.'''\n    return True\n"
    )
    with Session("embedded") as session:
        bare = grade(lesson_in(teapot), Path(teapot / "solutions/21_teapot"), session, seed=1, with_hints=False)
    assert [check.outcome for check in bare.checks] == [check.outcome for check in graded(teapot).checks]
    assert not any(check.hint or check.mistake for check in bare.checks)
