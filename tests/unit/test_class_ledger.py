"""The ledger: what is queued, what is done, and what a crash leaves."""

import dataclasses

import pytest
from classes import LESSON, report

from workshop.classroom.ledger import ENGINE_FAILED, HANDED_BACK, REFUSED, SENDER, Ledger
from workshop.classroom.network import NetworkCrew, Post
from workshop.classroom.running import Busy, NoLedger, opened
from workshop.handins.intake import HandIn
from workshop.handins.names import Student
from workshop.report import Outcome

ADA, BOB = Student("ada", "Ada"), Student("bob", "Bob")
KNOWN = {LESSON.name: LESSON}


@pytest.fixture
def ledger(tmp_path):
    made = Ledger(tmp_path / "ledger.sqlite3")
    made.enrol([ADA, BOB])
    yield made
    made.close()


def enter(ledger, student=ADA, digest="1", grader="g", **about):
    folder = None if about.get("refused") else f"submissions/{student.key}"
    ledger.enter(HandIn(student, LESSON.name, digest, folder, **about), LESSON, grader)


def row(ledger, student=ADA):
    return next(one for one in ledger.rows() if one.student.key == student.key)


def test_a_result_stays_until_work_or_grader_change_and_comes_back_with_them(ledger):
    enter(ledger)
    job = ledger.lease("w")
    assert ledger.done(job, report("passed"))
    enter(ledger)
    assert row(ledger).state == "done" and ledger.lease("w") is None
    enter(ledger, digest="2")
    assert row(ledger).state == "queued" and row(ledger).report is None
    enter(ledger, digest="1")
    assert row(ledger).state == "done" and row(ledger).report.verdict is Outcome.PASSED
    enter(ledger, grader="another")
    assert row(ledger).state == "queued"


def test_a_result_for_work_that_has_changed_meanwhile_is_nobodys(ledger):
    enter(ledger)
    job = ledger.lease("w")
    enter(ledger, digest="2")
    assert not ledger.done(job, report("passed")) and row(ledger).state == "queued"


def test_a_second_result_changes_nothing(ledger):
    enter(ledger)
    job = ledger.lease("w")
    assert ledger.done(job, report("passed")) and not ledger.done(job, report("failed"))
    assert row(ledger).report.verdict is Outcome.PASSED


def test_what_is_new_goes_before_what_is_graded_again(ledger):
    enter(ledger)
    ledger.done(ledger.lease("w"), report("failed"))
    ledger.again([("ada", LESSON.name)])
    assert row(ledger).report.verdict is Outcome.FAILED, "the result that is there stays until the new one comes"
    enter(ledger, BOB)
    assert [ledger.lease("w").student for _ in range(2)] == ["bob", "ada"]


def test_only_some_are_leased_where_only_some_are_asked_for(ledger):
    enter(ledger)
    enter(ledger, BOB)
    assert ledger.lease("w", {("bob", LESSON.name)}).student == "bob"
    assert ledger.lease("w", {("bob", LESSON.name)}) is None


def test_a_job_that_meets_the_end_of_a_call_each_time_is_asked_alone_and_then_set_aside(ledger):
    enter(ledger)
    for left in range(HANDED_BACK, 0, -1):
        assert ledger.lease("w", alone=left < HANDED_BACK).tries == 1
        ledger.recover(KNOWN, "queue")
        assert row(ledger).state == ("queued" if left > 1 else "done")
    assert row(ledger).report.verdict is Outcome.UNCHECKED
    assert "ended 3 times without a result" in row(ledger).report.checks[0].hint
    assert ledger.lease("w") is None and ledger.lease("w", alone=True) is None


def test_what_went_out_to_other_machines_has_had_no_try_when_the_teachers_process_ends(ledger):
    enter(ledger)
    for _ in range(3):
        assert ledger.lease("queue").tries == 1
        ledger.recover(KNOWN, "queue")
    assert row(ledger).state == "queued"


def test_a_job_that_is_handed_back_has_had_no_try(ledger):
    enter(ledger)
    for _ in range(5):
        job = ledger.lease("w")
        assert job.tries == 1
        ledger.hand_back(job, LESSON)
    assert row(ledger).state == "queued"


def test_a_job_that_brings_the_engine_down_each_time_is_set_aside(ledger):
    enter(ledger)
    for _ in range(3):
        ledger.hand_back(ledger.lease("w"), LESSON, ENGINE_FAILED)
    assert row(ledger).report.verdict is Outcome.UNCHECKED and ledger.lease("w") is None


def test_what_was_not_taken_has_failed_with_the_sentence(ledger):
    enter(ledger, digest="refused-1", refused="app.py is a symbolic link.")
    found = row(ledger)
    assert found.is_refused and found.report.verdict is Outcome.FAILED
    first = found.report.checks[0]
    assert first.mistake == REFUSED and "symbolic link" in first.hint
    assert {check.outcome for check in found.report.checks[1:]} == {Outcome.BLOCKED}
    ledger.again([("ada", LESSON.name)])
    assert row(ledger).state == "done"


def test_a_decision_holds_for_the_work_that_it_was_about(ledger):
    enter(ledger)
    ledger.settle("ada", LESSON.name, 3.0, "seen in class")
    assert row(ledger).settled.points == 3.0
    enter(ledger, digest="2")
    assert row(ledger).settled is None


def test_a_folder_that_cannot_be_used_is_told_in_a_sentence(tmp_path):
    whole = Ledger(tmp_path / "whole.sqlite3")
    whole.enrol(Student(f"student {number}", "x" * 500) for number in range(200))
    whole._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole.close()
    content = (tmp_path / "whole.sqlite3").read_bytes()
    half = {
        "half": content[: len(content) // 2],
        "torn": content[:9000] + b"\xff" * 9000 + content[18000:],
        "no": b"x" * 999,
    }
    for name, damaged in half.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "ledger.sqlite3").write_bytes(damaged)
        for _ in range(2):
            with pytest.raises(NoLedger, match="cannot be used"), opened(tmp_path / name):
                pass
        assert (tmp_path / name / "ledger.sqlite3").read_bytes() == damaged
    (tmp_path / "file").write_text("")
    with pytest.raises(NoLedger, match="cannot be written"), opened(tmp_path / "file" / "grades", is_new=True):
        pass


def test_a_result_for_a_lesson_that_has_another_name_by_now_is_put_away(ledger, monkeypatch):
    asked = []
    monkeypatch.setattr(Post, "ask", lambda post, *command: asked.append(command[0]))
    enter(ledger)
    job = ledger.lease(SENDER)
    crew = NetworkCrew(ledger, {}, "redis://127.0.0.1:1/0")
    crew._take({"job": dataclasses.asdict(job), "report": report("passed").to_dict()})
    assert asked == ["HDEL", "DEL"] and row(ledger).report is None


def test_one_call_at_a_time(tmp_path):
    with opened(tmp_path, is_new=True), pytest.raises(Busy), opened(tmp_path):
        pass
    with opened(tmp_path):
        pass


def test_what_a_roster_said_stays_for_calls_without_one(ledger):
    ledger.enrol([Student("ada", "Ada Lovelace", "7", "ada@example.org"), Student("bob", "Bob")])
    ledger.enrol([Student("ada", "ada"), Student("bob", "Robert", "8")])
    ada, bob = Student("ada", "Ada Lovelace", "7", "ada@example.org"), Student("bob", "Robert", "8")
    assert ledger.students() == [ada, bob]
    ledger.enrol([Student("cy@x.org", "Cy", "sid", "cy@x.org", "gradescope")])
    ledger.enrol([Student("cy@x.org", "Cy", "9", "cy@x.org")])
    ledger.enrol([Student("cy@x.org", "Cy", "sid", "cy@x.org", "gradescope")])
    assert ledger.students() == [ada, Student("cy@x.org", "Cy", "9", "cy@x.org"), bob]


def test_everything_is_on_disk_when_the_call_returns(ledger, tmp_path):
    enter(ledger)
    ledger.done(ledger.lease("w"), report("passed"))
    ledger.note(policy={"a": 1})
    other = Ledger(tmp_path / "ledger.sqlite3")
    assert row(other).report.verdict is Outcome.PASSED and other.noted("policy") == {"a": 1}
    other.close()
