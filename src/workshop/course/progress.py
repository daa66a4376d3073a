"""What the workshop remembers of a student: which lessons are passed and how the last check went, which hints are open, which lesson
is the current one, which starter files were laid out.

Kept in `.workshop/progress.json` in the checkout, so that it moves along with it and an upgrade leaves it alone. What was asked in the
last check of a lesson, and what came back, lies in `.workshop/asked`.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from workshop.course.lessons import Lesson
from workshop.course.places import state_folder
from workshop.report import Outcome, Report

_WRITING = threading.Lock()  # a key may open a hint while a check ends


class Failed(NamedTuple):
    """A check that failed in the last report, and the mistake that was found, if any."""

    check: str
    mistake: str | None


class Heard(NamedTuple):
    """What was asked in a check that passed, and what came back."""

    claim: str
    asked: str
    got: str


class Progress:
    """The student's progress; each change is on disk at once. What another process has changed meanwhile is kept."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or state_folder() / "progress.json"
        self._data = self._read()

    def _read(self) -> dict[str, Any]:
        try:
            data: Any = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            data = {}
        return data if isinstance(data, dict) else {}

    def has_passed(self, lesson: Lesson) -> bool:
        """Whether the student's own work passed this lesson once."""
        return lesson.name in self._data.get("passed", [])

    def has_failed_since(self, lesson: Lesson) -> bool:
        """Whether a lesson that was passed failed at its last check."""
        return self.has_passed(lesson) and bool(self._data.get("last", {}).get(lesson.name))

    def note(self, lesson: Lesson, report: Report, heard: Iterable[Heard] = ()) -> None:
        """Remembers how a check of the student's own work went. One that could not be asked changes nothing."""
        if report.verdict is Outcome.UNCHECKED:
            return
        if report.verdict is Outcome.PASSED and not self.has_passed(lesson):
            self._save("passed", [*self._data.get("passed", []), lesson.name])
        failed = [[check.id, check.mistake] for check in report.checks if check.outcome is Outcome.FAILED]
        if failed[:1] != self._data.get("last", {}).get(lesson.name, [])[:1]:
            self.close_hints(lesson)  # another ✗ or another mistake, and its hints from the first on
        self._save("last", {lesson.name: failed}, within=True)
        if report.verdict is Outcome.PASSED:
            self._write(self._heard_in(lesson), [list(one) for one in heard])

    def failed(self, lesson: Lesson) -> list[Failed]:
        """The checks that failed in the last report of the student's own work."""
        return [Failed(*one) for one in self._data.get("last", {}).get(lesson.name, [])]

    def heard(self, lesson: Lesson) -> list[Heard]:
        """What was asked at the last pass, and what came back."""
        try:
            return [Heard(*one) for one in json.loads(self._heard_in(lesson).read_text(encoding="utf-8"))]
        except (OSError, ValueError, TypeError):
            return []

    def _heard_in(self, lesson: Lesson) -> Path:
        return self._path.with_name("asked") / f"{lesson.name}.json"

    def hints_open(self, lesson: Lesson) -> set[int]:
        """Which hints of the lesson have been shown, by their place in the text."""
        found = self._data.get("hints", {}).get(lesson.name, [])
        return set(range(found)) if isinstance(found, int) else set(found)  # a count, in earlier versions

    def open_hint(self, lesson: Lesson, place: int) -> None:
        """Remembers that one more was."""
        self._save("hints", {lesson.name: sorted({*self.hints_open(lesson), place})}, within=True)

    def close_hints(self, lesson: Lesson) -> None:
        """Folds the lesson's hints again."""
        self._save("hints", {lesson.name: []}, within=True)

    def current(self, lessons: list[Lesson]) -> Lesson:
        """The lesson to go on with: the one chosen last if it is not passed, else the first that is not."""
        to_do = [lesson for lesson in lessons if not self.has_passed(lesson)]
        return next((lesson for lesson in to_do if lesson.name == self._data.get("current")), (to_do or lessons)[0])

    def chosen(self, lessons: list[Lesson]) -> Lesson:
        """The lesson worked on last, also if it is passed by now."""
        return next((one for one in lessons if one.name == self._data.get("current")), self.current(lessons))

    def choose(self, lesson: Lesson) -> None:
        """Makes this lesson the current one."""
        if self._data.get("current") != lesson.name:
            self._save("current", lesson.name)

    def laid(self, lesson: Lesson) -> set[str] | None:
        """The starter files that the student has been given; None if that was before anybody took note."""
        names = self._data.get("laid", {}).get(lesson.name)
        return None if names is None else set(names)

    def lay(self, lesson: Lesson, names: Iterable[str]) -> None:
        """Remembers which starter files the student has been given."""
        if self.laid(lesson) != set(names):
            self._save("laid", {lesson.name: sorted(names)}, within=True)

    def _save(self, key: str, value: Any, within: bool = False) -> None:
        """Sets a key; `within`: some entries of the dict below it."""
        with _WRITING:
            self._data = self._read()
            self._data[key] = {**self._data.get(key, {}), **value} if within else value
            self._write(self._path, self._data)

    @staticmethod
    def _write(path: Path, data: Any) -> None:
        path.parent.mkdir(exist_ok=True)
        beside = path.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps(data, indent=1, ensure_ascii=False), encoding="utf-8")
        beside.replace(path)
