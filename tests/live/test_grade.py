"""One grading: what is made ahead is used, told of, and removed."""

from workshop.course.lessons import find
from workshop.engine import engine
from workshop.grading.bench import Session
from workshop.grading.grade import grade
from workshop.patience import until
from workshop.report import Outcome

HELLO = find("1")


def test_each_check_is_told_as_it_begins_and_as_it_ends():
    told = []
    with Session("embedded") as session:
        report = grade(
            HELLO,
            HELLO.solution,
            session,
            on_begin=lambda claim: told.append(claim),
            on_check=lambda check: told.append(check.claim),
        )
        assert until(lambda: not session.run._processes, 5)  # it is removed beside what comes next
    assert report.verdict is Outcome.PASSED
    assert told == [claim for claim in HELLO.promises.values() for _ in range(2)]


def test_a_grading_that_is_cancelled_leaves_no_service():
    with Session("embedded") as session:
        report = grade(HELLO, HELLO.solution, session, cancelled=lambda: True)
        assert {check.outcome for check in report.checks} == {Outcome.UNCHECKED}
        assert until(lambda: not session.run._processes, 5)  # it is removed beside what comes next


def test_what_went_wrong_ahead_is_told_by_the_first_check(tmp_path):
    with Session("embedded") as session:
        first, *others = grade(HELLO, tmp_path, session).checks
    assert first.outcome is Outcome.FAILED and "is empty" in (first.hint or "")
    assert {check.outcome for check in others} == {Outcome.BLOCKED}


def test_some_checks_can_be_asked_alone():
    *_, last = HELLO.promises
    with Session("embedded") as session:
        report = grade(HELLO, HELLO.solution, session, asked=(last,))
    assert [check.id for check in report.checks] == [last]
    assert report.verdict is Outcome.PASSED


MEDDLES = """
import threading
import time


def meddle():
    while True:
        try:
            for key in store.scan_iter():
                store.set(key, "meddled with")
        except exceptions.RedisError:
            pass
        time.sleep(0.001)


threading.Thread(target=meddle, daemon=True).start()
"""


def test_what_was_kept_up_disturbs_nothing_of_the_next_grading(has_engine, tmp_path):
    lesson = find("7")
    asked = ("test_what_was_set_can_be_got", "test_the_value_lives_in_redis")
    app = (lesson.solution / "app.py").read_text(encoding="utf-8")
    (tmp_path / "app.py").write_text(app.replace("\n\nif __name__", f"{MEDDLES}\n\nif __name__"), encoding="utf-8")
    with Session("docker", keeps=True) as session:
        meddled = grade(lesson, tmp_path, session, asked=asked)
        before = engine.docker("ps", "--quiet", "--filter", f"label={session.run.label}", "--filter", "name=web").out
        report = grade(lesson, lesson.solution, session, asked=asked)
        mine = ("ps", "--all", "--quiet", "--filter", f"label={session.run.label}")
        assert until(lambda: not set(before.split()) & set(engine.docker(*mine).out.split()), 10)
    assert before and meddled.verdict is Outcome.FAILED
    assert report.verdict is Outcome.PASSED
