"""What a verdict depends on beside the work: the lesson's grader, and the machinery below it."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path

from workshop.course.lessons import Lesson

# Rooms that only show, call or measure: no verdict depends on them.
NO_PART = {"classroom", "cli", "desk", "gradebook", "handins", "lab", "machine", "proof", "reports"}


def _digest(files: Iterable[tuple[str, Path]]) -> str:
    whole = hashlib.sha256()
    for name, path in files:
        whole.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


@functools.cache
def _machinery() -> str:
    house = Path(__file__).resolve().parents[1]
    files = ((path.relative_to(house).as_posix(), path) for path in sorted(house.rglob("*")))
    kept = ((name, path) for name, path in files if path.is_file() and "__pycache__" not in path.parts)
    return _digest((name, path) for name, path in kept if name.partition("/")[0] not in NO_PART)


def grader_of(lesson: Lesson) -> str:
    """The digest of all that decides about work of this lesson: its grader, mistakes, starter, solution, and the machinery."""
    own = [path for path in (lesson.grader, lesson.mistakes) if path.exists()]
    files = [*((path.name, path) for path in own), *lesson.starter().items(), *lesson.finished().items()]
    return hashlib.sha256(f"{_machinery()}\n{_digest(files)}".encode()).hexdigest()
