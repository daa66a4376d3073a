"""`workshop start`"""

from __future__ import annotations

import sys

import click

from workshop.cli import options
from workshop.cli.board import board
from workshop.cli.check import check_one
from workshop.cli.watching import follow
from workshop.course import lessons
from workshop.course.progress import Progress
from workshop.grading.bench import Session


@click.command()
@options.runtime
def start(runtime: str) -> int:
    """The workshop: the board, then the current lesson, checked at each save."""
    known, progress, screen = lessons.catalogue(), Progress(), options.screen()
    board(screen, known, progress)
    lesson: lessons.Lesson | None = progress.current(known)
    assert lesson
    folder = lesson.open()
    screen.line(
        f"  Lesson {lesson.number}: read {options.shown_path(lesson.readme)}, edit the files in {options.shown_path(folder)}, save.\n"
    )
    with Session(runtime) as session:
        if not sys.stdin.isatty():
            return check_one(lesson, session, folder, None, own=True).exit_code
        while lesson:
            Progress().choose(lesson)
            lesson = follow(lesson, session)
    return 0
