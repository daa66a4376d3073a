"""What a call of `class grade` says of marks, and what a later one that says nothing leaves."""

import shutil

import pytest
from classes import LESSON, graded, report, submissions

from workshop.classroom.ledger import Ledger
from workshop.cli.__main__ import main
from workshop.engine import notice
from workshop.gradebook.classbook import Classbook
from workshop.handins.intake import HandIn
from workshop.handins.names import Student


@pytest.fixture
def policy_after(tmp_path, monkeypatch, capsys):
    """The policy of a class after a call with these options, which takes in and grades nothing."""
    (tmp_path / "in" / "ada").mkdir(parents=True)
    (tmp_path / "in" / "ada" / "app.py").write_text("x")
    monkeypatch.setattr("workshop.classroom.quarters.use", lambda: False)

    def policy_after(*options):
        call = ["class", "grade", str(tmp_path / "in"), "--lessons", "1", "--out", str(tmp_path / "out"), "--list"]
        assert main([*call, *options]) == 0, capsys.readouterr().err
        ledger = Ledger(tmp_path / "out" / "ledger.sqlite3")
        policy = Classbook(ledger, {LESSON.name: LESSON}).policy
        ledger.close()
        return policy

    return policy_after


@pytest.fixture(autouse=True)
def nobody_listens_afterwards(monkeypatch):
    """The command line listens to what takes long until its process ends; here, no other test speaks to its closed output."""
    monkeypatch.setattr(notice, "_listeners", [])


def test_what_was_said_of_marks_holds_until_something_else_is_said(policy_after):
    assert policy_after().penalty == 0
    said = policy_after("--due", "2026-12-01T18:00+00:00", "--penalty", "10%", "--at-least", "50%")
    assert (said.penalty, said.least, said.partial, set(said.due)) == (0.1, 0.5, True, {""})
    assert policy_after() == policy_after("--only", "ada") == said
    assert policy_after("--whole").penalty == 0 and not policy_after().partial
    assert policy_after("--penalty", "0").partial


def test_a_day_ends_with_its_last_moment(policy_after):
    when = policy_after("--due", "1=2026-12-01").due[LESSON.name]
    assert (when.hour, when.second, when.microsecond) == (23, 59, 999999)


def test_a_decision_that_gives_no_grade_says_what_is_left(tmp_path, capsys):
    ledger = Ledger(tmp_path / "ledger.sqlite3")
    ledger.enrol([Student("ada", "Ada")])
    ledger.enter(HandIn(Student("ada", "Ada"), LESSON.name, "1", tmp_path), LESSON, "g")
    ledger.done(ledger.lease("w"), report("passed", "unchecked"))
    ledger.close()
    assert main(["class", "settle", "ada", "1", "--waive", "--out", str(tmp_path)]) == 0
    assert "The lesson's checks are others" in capsys.readouterr().out
    assert main(["class", "settle", "ada", "1", "--points", "2.5", "--out", str(tmp_path)]) == 0
    assert "2.5 of" in capsys.readouterr().out


def test_no_lesson_is_no_pass(tmp_path, capsys):
    assert main(["class", "ci", str(tmp_path), "--lessons", "90-99", "--junit", str(tmp_path / "junit.xml")]) == 2
    assert "There is no lesson in 90-99." in capsys.readouterr().err and not (tmp_path / "junit.xml").exists()


def test_work_whose_files_are_gone_keeps_its_result(tmp_path):
    submissions(tmp_path / "in", ada="passed", bob="passed")
    graded(tmp_path)
    shutil.rmtree(tmp_path / "in" / "bob")  # another download, with fewer of them
    shutil.rmtree(tmp_path / "out" / "work")
    work, rows = graded(tmp_path, only_lesson=LESSON)
    assert work.progress.done == 1 and rows["bob"].report.verdict == "passed" and rows["bob"].state == "done"
