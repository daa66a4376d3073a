"""Finding a student's lessons in what they handed in: by the names of folders and notebooks, or by the files that a lesson asks for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from workshop.course.lessons import Lesson
from workshop.handins.unpack import LEFT_OUT, suffix_of

DEPTH = 6  # folders below a student's own in which a lesson is looked for
NOT_THEIRS = {"solutions", "answers"}  # in a checkout that was handed in as a whole
NOT_FIRST = {"lessons", "notebooks"}
LOOSE = re.compile(r"(?:lesson[\s_-]*)?0*(?P<number>\d{1,2})(?:[\s_-].*)?", re.IGNORECASE | re.DOTALL)


def is_meant(lesson: Lesson, word: str) -> bool:
    """Whether somebody means this lesson by a word in a list: its name, its topic, its number, `Lesson 7` and the like."""
    return word.casefold() in (lesson.name, lesson.topic) or _number_in(word) == lesson.number


def lessons_in(
    top: Path, name: str, lessons: list[Lesson], *, takes_anything: bool = False
) -> Iterator[tuple[Lesson, Path]]:
    """The lessons that a student's folder holds, and where. `name` is what the folder, or its archive, was called.

    With `takes_anything`, a lesson may be a folder that has neither its name nor a file that it asks for.
    """
    places = list(_places(top))
    missing = []
    for lesson in lessons:
        exact = [path for path in places if path.name.casefold() in (lesson.name, f"{lesson.name}.ipynb")]
        exact = [path for path in exact if path.is_dir() or (lesson.notebook and path.is_file())]
        loose = [path for path in places if path.is_dir() and _number_in(path.name) == lesson.number]
        if exact or loose:
            yield lesson, _deeper(min(exact or loose, key=lambda path: _rank(path, top)), lesson)
        else:
            missing.append(lesson)
    named = [lesson for lesson in missing if _number_in(name.removesuffix(suffix_of(name))) == lesson.number]
    alone = named if len(named) == 1 else missing
    if len(alone) == 1 and (named or len(lessons) == 1):
        (lesson,) = alone
        where = _by_files(top, lesson, places, takes_anything)
        if where:
            yield lesson, where


def _number_in(name: str) -> int | None:
    found = LOOSE.fullmatch(name)
    return int(found["number"]) if found else None


def _rank(path: Path, top: Path) -> tuple[bool, bool, int, str]:
    parts = path.relative_to(top).parts
    return bool(NOT_FIRST & set(parts[:-1])), "work" not in parts[:-1], len(parts), str(path)


def _deeper(path: Path, lesson: Lesson) -> Path:
    """The folder itself, or the only one in it where that is one folder too much."""
    own = {name.partition("/")[0] for name in lesson.finished() if "/" in name}
    return path if path.is_file() or own & {inside.name for inside in path.iterdir()} else without_wrapping(path)


def _by_files(top: Path, lesson: Lesson, places: list[Path], takes_anything: bool) -> Path | None:
    """The folder that holds what the lesson asks for, where none has the lesson's name; else perhaps the first that holds anything."""
    if lesson.notebook:
        return next((path for path in places if path.is_file() and path.suffix == ".ipynb"), None)
    wanted = {name for name in lesson.finished() if "/" not in name}
    folders = [top, *(path for path in places if path.is_dir())]
    likely = [path for path in folders if wanted & {file.name for file in path.iterdir() if file.is_file()}]
    inside = without_wrapping(top)
    return min(
        likely, key=lambda path: _rank(path, top), default=inside if takes_anything and any(inside.iterdir()) else None
    )


def _places(top: Path) -> Iterator[Path]:
    """The folders and notebooks below a student's own, links left out, not too deep."""
    for base, folders, names in os.walk(top):
        here = Path(base)
        folders[:] = sorted(
            name for name in folders if name not in LEFT_OUT | NOT_THEIRS and not (here / name).is_symlink()
        )
        if len(here.relative_to(top).parts) >= DEPTH:
            folders[:] = []
        yield from (here / name for name in folders)
        yield from (here / name for name in sorted(names) if name.endswith(".ipynb"))


def without_wrapping(folder: Path) -> Path:
    """The folder, or the one that is all that it holds: many zips have one folder too much."""
    for _ in range(DEPTH):
        inside = [path for path in folder.iterdir() if path.name not in LEFT_OUT]
        if len(inside) != 1 or not inside[0].is_dir() or inside[0].is_symlink():
            break
        folder = inside[0]
    return folder
