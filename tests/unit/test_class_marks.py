"""What a call of `class grade` says of marks, and what a later one that says nothing leaves."""

import pytest
from classes import LESSON

from workshop.classroom.ledger import Ledger
from workshop.cli.__main__ import main
from workshop.gradebook.classbook import Classbook


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
