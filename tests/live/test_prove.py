"""The proof itself: it passes the lesson that `new` lays out, and notices whatever is wrong with one."""

import io

import pytest

from workshop.course.lessons import find
from workshop.course.places import ROOT
from workshop.proof.answers import cases, cases_from
from workshop.proof.matrix import show_causes
from workshop.proof.new import lay_out
from workshop.proof.proof import prove
from workshop.reports.terminal import Terminal


@pytest.fixture
def teapot(tmp_path):
    """The lesson that `new` lays out, in a checkout of its own."""
    (tmp_path / "lessons").mkdir()
    (tmp_path / "README.md").write_bytes((ROOT / "README.md").read_bytes())
    lay_out(21, "teapot", tmp_path)
    return find("21", tmp_path)


def faults_of(lesson):
    (proof,) = prove([lesson], runtime="embedded")
    return proof.faults


def test_a_new_lesson_is_proven(teapot):
    assert len(cases(teapot)) == 6
    assert faults_of(teapot) == []


def test_a_check_that_no_wrong_answer_trips_and_a_mistake_that_none_shows_are_faults(teapot):
    (teapot.answers / "wrong" / "names_no_drink").rename(teapot.root / "elsewhere")
    assert faults_of(teapot) == ["no wrong answer trips test_it_brews_tea", "no wrong answer shows names_no_drink"]


def test_a_wrong_answer_that_passes_is_a_fault(teapot):
    solution = (teapot.solution / "app.py").read_bytes()
    (teapot.answers / "wrong" / "names_no_drink" / "app.py").write_bytes(solution)
    (found, *_) = faults_of(teapot)
    assert found.startswith("wrong names_no_drink") and "test_it_brews_tea did not fail" in found


def test_cases_from_outside_are_graded_and_their_causes_stand_beside_the_hints(teapot, tmp_path):
    folder = tmp_path / "collected" / teapot.name
    solution = (teapot.solution / "app.py").read_text(encoding="utf-8")
    for kind, name, text in (
        ("wrong", "pours_coffee", solution.replace("418", "200")),
        ("wrong", "says_the_same", solution),
        ("right", "blank_line_more", solution + "\n"),
    ):
        (folder / kind / name).mkdir(parents=True)
        (folder / kind / name / "app.py").write_text(text, encoding="utf-8")
    (folder / "wrong" / "pours_coffee" / "expect.txt").write_text("418 is asked for, and 200 came\n", encoding="utf-8")
    (proof,) = prove([teapot], runtime="embedded", outside=folder.parent)
    assert len(proof.faults) == 1 and "wrong says_the_same" in proof.faults[0] and "passed" in proof.faults[0]
    screen = io.StringIO()
    show_causes(proof, cases_from(folder.parent, teapot), Terminal(screen))
    assert (
        "true   418 is asked for, and 200 came\n     told   test_coffee_is_refused: brews_coffee" in screen.getvalue()
    )


def test_a_starter_that_passes_and_a_mistake_that_is_not_found_are_faults(teapot):
    solution = (teapot.solution / "app.py").read_text(encoding="utf-8")
    (teapot.folder / "app.py").write_text(solution, encoding="utf-8")
    wrong = teapot.answers / "wrong" / "brews_coffee" / "app.py"
    wrong.write_text(solution.replace("418", "404"), encoding="utf-8")
    found = " | ".join(faults_of(teapot))
    assert "the starter is passed" in found
    assert "the mistake is brews_coffee, and test_coffee_is_refused was told None" in found
