"""A class' work of one lesson as programs that look for copying want it: a folder a student, and the starter as the base."""

from __future__ import annotations

import shutil
from pathlib import Path

from workshop.course.lessons import Lesson, lay
from workshop.gradebook.classbook import Classbook


def lay_out(book: Classbook, lesson: Lesson, folder: Path) -> int:
    """Lays out `submissions/STUDENT` and `base` in an empty folder; returns how many students have handed in the lesson."""
    lay(lesson.starter(), folder / "base")
    count = 0
    for student in book.students:
        row = book.line(student, lesson).row
        if row and row.folder and row.folder.is_dir():
            shutil.copytree(row.folder, folder / "submissions" / student.key)
            count += 1
    return count
