"""The student's own place, made from the starter, and given what an update has brought since."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from workshop.course.lessons import Lesson, lay
from workshop.course.places import state_folder
from workshop.course.progress import Progress


class Opened(NamedTuple):
    """The student's place. `brought`: files that an update has added to the starter, and that are there now; `lacking`: files that were
    not put there, since they may have been removed on purpose.
    """

    folder: Path
    brought: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


def open_work(lesson: Lesson, progress: Progress) -> Opened:
    """The student's own place for a lesson; made from the starter if it is not there yet.

    A file that the starter has got since is added. Where nobody noted what the starter had, only if it is none that the student works on.
    """
    starter, noted = lesson.starter(), progress.laid(lesson)
    if not lesson.work.exists():
        lay(starter, lesson.work)
        progress.lay(lesson, starter)
        return Opened(lesson.work)
    known = {name for name in starter if (lesson.work / name).exists()} if noted is None else noted
    new = [name for name in starter if name not in known and not (lesson.work / name).exists()]
    brought = [name for name in new if noted is not None or _is_given(lesson, name)]
    lay({name: starter[name] for name in brought}, lesson.work)
    progress.lay(lesson, starter.keys() | known)
    return Opened(lesson.work, tuple(brought), tuple(name for name in new if name not in brought))


def _is_given(lesson: Lesson, name: str) -> bool:
    """Whether the student only uses a file of the starter: the solution has it unchanged, or not at all."""
    finished = lesson.finished().get(name)
    return finished is None or finished.read_bytes() == lesson.starter()[name].read_bytes()


def set_aside(lesson: Lesson, progress: Progress) -> Path | None:
    """Lays out the starter anew. Returns the folder in which the student's files are kept; None if there were none."""
    name = f"{lesson.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    kept, count = state_folder() / "kept", 1
    aside = kept / name
    while aside.exists():
        count += 1
        aside = kept / f"{name}.{count}"
    return aside if put_back(lesson, progress, aside) else None


def put_back(lesson: Lesson, progress: Progress, aside: Path) -> bool:
    """Lays out the starter anew; what was there is moved to `aside`. Returns whether anything was.

    The folder itself stays, so that a shell or a watch in it goes on.
    """
    held = list(lesson.work.iterdir()) if lesson.work.is_dir() else []
    if held:
        aside.mkdir(parents=True)
    for path in held:
        path.rename(aside / path.name)
    starter = lesson.starter()
    lay(starter, lesson.work)
    progress.lay(lesson, starter)
    return bool(held)
