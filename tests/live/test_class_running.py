"""A class is graded: crashes, poison, an engine that fails, Ctrl-C and kill -9 lose nothing and repeat no job more than once."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from calling import ROOT
from classes import LESSON, graded, runs_in, submissions

from workshop.classroom import crew, running
from workshop.classroom.running import Busy, NoLedger, chosen
from workshop.course.lessons import NoSuchLesson, catalogue
from workshop.engine.engine import EngineTrouble, Trouble
from workshop.report import Outcome

DOWN = EngineTrouble(Trouble.STOPPED, "")


def verdicts(rows):
    return {key: str(row.report.verdict) if row.report else None for key, row in rows.items()}


def test_each_has_the_verdict_of_its_work_and_a_second_call_grades_what_changed(tmp_path):
    submissions(tmp_path / "in", ada="passed", bob="failed", cy="passed")
    work, rows = graded(tmp_path)
    assert verdicts(rows) == {"ada": "passed", "bob": "failed", "cy": "passed"}
    assert (work.progress.total, work.progress.done, work.progress.kept) == (3, 3, 0)
    submissions(tmp_path / "in", bob="passed bob", dan="failed")
    work, rows = graded(tmp_path)
    assert verdicts(rows) == {"ada": "passed", "bob": "passed", "cy": "passed", "dan": "failed"}
    assert (work.progress.total, work.progress.kept) == (2, 2)
    assert Counter(runs_in(tmp_path / "runs")) == {"ada": 1, "bob": 2, "cy": 1, "dan": 1}


def test_only_a_student_or_a_lesson_is_graded_again(tmp_path):
    submissions(tmp_path / "in", ada="passed", bob="failed")
    graded(tmp_path)
    graded(tmp_path, only="BOB")
    assert Counter(runs_in(tmp_path / "runs")) == {"ada": 1, "bob": 2}
    graded(tmp_path, only_lesson=LESSON)
    assert Counter(runs_in(tmp_path / "runs")) == {"ada": 2, "bob": 3}


def test_a_poison_job_is_set_aside_after_two_tries_and_the_others_are_graded(tmp_path):
    submissions(tmp_path / "in", ada="passed", eve="crash", mal="broken", bob="failed", cy="crash-once")
    _, rows = graded(tmp_path, workers=1)
    assert verdicts(rows) == {
        "ada": "passed",
        "bob": "failed",
        "cy": "passed",
        "eve": "unchecked",
        "mal": "unchecked",
    }
    assert Counter(runs_in(tmp_path / "runs")) == {"ada": 1, "bob": 1, "cy": 2, "eve": 2, "mal": 2}
    assert "the grading process ended" in rows["eve"].report.checks[0].hint
    assert "ValueError: no" in rows["mal"].report.checks[0].hint
    assert {check.outcome for check in rows["eve"].report.checks} == {Outcome.UNCHECKED}
    graded(tmp_path)
    assert len(runs_in(tmp_path / "runs")) == 8, "what was set aside is not tried for ever"


def test_a_job_without_an_end_is_cut_off(tmp_path):
    submissions(tmp_path / "in", eve="hang", ada="passed")
    _, rows = graded(tmp_path, limit=1.5)
    assert verdicts(rows) == {"ada": "passed", "eve": "unchecked"}
    assert "took more than" in rows["eve"].report.checks[0].hint


def test_what_stays_unchecked_is_asked_once_more_and_alone(tmp_path):
    submissions(tmp_path / "in", ada="unchecked", bob="passed", cy="slow")
    _, rows = graded(tmp_path)
    assert verdicts(rows)["ada"] == "unchecked" and rows["ada"].report.checks[0].hint == "a hint"
    runs = runs_in(tmp_path / "runs")
    assert Counter(runs) == {"ada": 2, "bob": 1, "cy": 1} and runs[-1] == "ada"


def test_an_engine_that_fails_gets_its_jobs_back_and_the_crew_pauses(tmp_path, monkeypatch):
    monkeypatch.setattr(crew, "PAUSE", 0.05)
    submissions(tmp_path / "in", ada="crash-once", bob="passed")
    asked = iter([DOWN] * 4)
    _, rows = graded(tmp_path, trouble=lambda: next(asked, None))
    assert verdicts(rows) == {"ada": "passed", "bob": "passed"}
    assert Counter(runs_in(tmp_path / "runs")) == {"ada": 2, "bob": 1}
    assert next(asked, None) is None


def test_an_engine_that_stays_away_ends_the_call_with_everything_queued(tmp_path, monkeypatch):
    monkeypatch.setattr(crew, "PAUSE", 0.02)
    monkeypatch.setattr(crew, "PAUSE_LIMIT", 0.1)
    submissions(tmp_path / "in", ada="unchecked", bob="unchecked")
    _, rows = graded(tmp_path, workers=1, trouble=lambda: DOWN)
    assert {row.state for row in rows.values()} == {"queued"}
    _, rows = graded(tmp_path)
    assert verdicts(rows) == {"ada": "unchecked", "bob": "unchecked"}


def teacher(tmp_path, workers=2):
    """A teacher's process that grades; it can be killed."""
    command = [sys.executable, str(ROOT / "tests" / "classes.py"), str(tmp_path), str(workers)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "src", ROOT / "tests")))}
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for(runs, count):
    end = time.monotonic() + 30
    while len(runs_in(runs)) < count and time.monotonic() < end:
        time.sleep(0.02)
    assert len(runs_in(runs)) >= count


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_teachers_process_that_ends_in_mid_run_leaves_a_state_that_goes_on(tmp_path, number):
    names = [f"s{one:02}" for one in range(14)]
    submissions(tmp_path / "in", **dict.fromkeys(names, "slow"))
    process = teacher(tmp_path)
    wait_for(tmp_path / "runs", 6)
    process.send_signal(number)
    process.communicate(timeout=60)
    with running.opened(tmp_path / "out") as ledger:
        rows = ledger.rows()
    done = {row.student.key for row in rows if row.state == "done"}
    assert len(done) >= 4 and len(done) < 14
    leased = {row.student.key for row in rows if row.state == "leased"}
    assert len(leased) <= 2 and (number == signal.SIGKILL or not leased)
    _, rows = graded(tmp_path)
    assert set(verdicts(rows).values()) == {"passed"} and len(rows) == 14
    counts = Counter(runs_in(tmp_path / "runs"))
    assert all(counts[name] == 1 for name in done), "a finished result was lost"
    assert max(counts.values()) <= 2 and sum(counts.values()) <= 14 + 3


def test_one_call_at_a_time_in_a_folder(tmp_path):
    with running.opened(tmp_path / "out", is_new=True), pytest.raises(Busy), running.opened(tmp_path / "out"):
        pass
    with pytest.raises(NoLedger), running.opened(tmp_path / "elsewhere"):
        pass


def test_lessons_as_one_writes_them():
    known = catalogue()
    numbers = [lesson.number for lesson in known]
    assert [one.number for one in chosen("1-3,7", known)] == [*(n for n in numbers if n <= 3), 7]
    assert [one.number for one in chosen("7, 1", known)] == [1, 7]
    with pytest.raises(NoSuchLesson):
        chosen("99", known)
