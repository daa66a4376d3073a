"""What is remembered of a student, and what the student's place gets of a starter that has grown."""

import json

import pytest

from workshop.course.laying import open_work, put_back
from workshop.course.lessons import Lesson
from workshop.course.progress import Failed, Heard, Progress
from workshop.report import Check, Outcome, Report


@pytest.fixture
def lesson(tmp_path):
    folder = tmp_path / "lessons" / "31_tea"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("# Lesson 31 · Tea\n")
    (folder / "test_tea.py").write_text('def test_it_brews():\n    """It brews"""\n')
    (folder / "app.py").write_text("# write it here\n")
    (tmp_path / "solutions" / "31_tea").mkdir(parents=True)
    (tmp_path / "solutions" / "31_tea" / "app.py").write_text("# written\n")
    return Lesson(folder, tmp_path)


@pytest.fixture
def progress(tmp_path):
    return Progress(tmp_path / "state" / "progress.json")


def report(outcome, mistake=None):
    return Report("31_tea", "embedded", 1, 0.1, (Check("test_it_brews", "It brews", outcome, mistake=mistake),))


def test_a_pass_stays_and_a_later_failure_is_told(lesson, progress):
    progress.note(lesson, report(Outcome.PASSED), [Heard("It brews", "curl x", "200")])
    assert progress.has_passed(lesson) and not progress.has_failed_since(lesson)
    progress.note(lesson, report(Outcome.FAILED, "no_water"))
    assert progress.has_passed(lesson) and progress.has_failed_since(lesson)
    assert progress.failed(lesson) == [Failed("test_it_brews", "no_water")]
    assert progress.heard(lesson) == [Heard("It brews", "curl x", "200")]
    progress.note(lesson, report(Outcome.UNCHECKED))
    assert progress.has_failed_since(lesson)
    progress.note(lesson, report(Outcome.PASSED))
    assert not progress.has_failed_since(lesson)


def test_what_another_process_wrote_is_kept(lesson, progress, tmp_path):
    other = Progress(tmp_path / "state" / "progress.json")
    progress.open_hint(lesson, 2)
    other.choose(lesson)
    assert Progress(tmp_path / "state" / "progress.json").hints_open(lesson) == {2}


def test_hints_begin_anew_for_another_mistake(lesson, progress):
    progress.note(lesson, report(Outcome.FAILED, "no_water"))
    progress.open_hint(lesson, 2)
    progress.note(lesson, report(Outcome.FAILED, "no_water"))
    assert progress.hints_open(lesson) == {2}
    progress.note(lesson, report(Outcome.FAILED, "no_leaves"))
    assert progress.hints_open(lesson) == set()


def test_hints_counted_by_an_earlier_version_are_known(lesson, tmp_path):
    (tmp_path / "progress.json").write_text(json.dumps({"hints": {"31_tea": 2}}))
    assert Progress(tmp_path / "progress.json").hints_open(lesson) == {0, 1}


def test_a_file_that_an_update_brings_comes_into_the_place(lesson, progress):
    assert not open_work(lesson, progress).brought
    (lesson.folder / "race.py").write_text("# new\n")
    assert open_work(lesson, progress).brought == ("race.py",)
    assert (lesson.work / "race.py").exists()
    assert not open_work(lesson, progress).brought


def test_a_starter_file_that_was_removed_stays_away(lesson, progress):
    open_work(lesson, progress)
    (lesson.work / "app.py").unlink()
    opened = open_work(lesson, progress)
    assert not opened.brought and not opened.lacking and not (lesson.work / "app.py").exists()


def test_in_an_older_place_what_is_given_is_added_and_what_is_written_is_told(lesson, progress):
    lesson.work.mkdir(parents=True)
    (lesson.work / "notes.txt").write_text("mine")
    (lesson.folder / "race.py").write_text("# new\n")
    opened = open_work(lesson, progress)
    assert (opened.brought, opened.lacking) == (("race.py",), ("app.py",))
    assert not (lesson.work / "app.py").exists()


def test_put_back_keeps_the_folder_and_moves_the_files(lesson, progress, tmp_path):
    open_work(lesson, progress)
    (lesson.work / "app.py").write_text("mine")
    (lesson.work / "deep").mkdir()
    before = lesson.work.stat().st_ino
    assert put_back(lesson, progress, tmp_path / "aside")
    assert lesson.work.stat().st_ino == before
    assert (lesson.work / "app.py").read_text() == "# write it here\n"
    assert (tmp_path / "aside" / "app.py").read_text() == "mine" and (tmp_path / "aside" / "deep").is_dir()
