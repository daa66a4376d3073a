"""What the workshop remembers of a student: which lessons are passed, which hints are open, which lesson is the current one.

Kept in `.workshop/progress.json` in the checkout, so that it moves along with it and an upgrade leaves it alone.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from workshop.course.lessons import Lesson
from workshop.course.places import state_folder


class Progress:
    """The student's progress; each change is on disk at once."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or state_folder() / "progress.json"
        try:
            data: Any = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            data = {}
        self._data: dict[str, Any] = data if isinstance(data, dict) else {}

    def has_passed(self, lesson: Lesson) -> bool:
        """Whether the student's own work passed this lesson once."""
        return lesson.name in self._data.get("passed", [])

    def passed(self, lesson: Lesson) -> None:
        """Remembers that it did."""
        if not self.has_passed(lesson):
            self._save(passed=[*self._data.get("passed", []), lesson.name])

    def hints_open(self, lesson: Lesson) -> int:
        """How many hints of the lesson have been shown."""
        return int(self._data.get("hints", {}).get(lesson.name, 0))

    def open_hint(self, lesson: Lesson) -> None:
        """Remembers that one more was."""
        self._save(hints=self._data.get("hints", {}) | {lesson.name: self.hints_open(lesson) + 1})

    def close_hints(self, lesson: Lesson) -> None:
        """Folds the lesson's hints again."""
        self._save(hints={name: count for name, count in self._data.get("hints", {}).items() if name != lesson.name})

    def current(self, lessons: list[Lesson]) -> Lesson:
        """The lesson to go on with: the one chosen last if it is not passed, else the first that is not."""
        chosen = self._data.get("current")
        to_do = [lesson for lesson in lessons if not self.has_passed(lesson)]
        return next((lesson for lesson in to_do if lesson.name == chosen), (to_do or lessons)[0])

    def choose(self, lesson: Lesson) -> None:
        """Makes this lesson the current one."""
        self._save(current=lesson.name)

    def _save(self, **changes: Any) -> None:
        self._data |= changes
        beside = self._path.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps(self._data, indent=1), encoding="utf-8")
        beside.replace(self._path)
