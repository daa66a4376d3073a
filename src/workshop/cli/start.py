"""`workshop start [N]`"""

from __future__ import annotations

import contextlib
import sys

import click

from workshop.cli import options
from workshop.course import lessons
from workshop.course.laying import open_work
from workshop.course.places import shown_path
from workshop.course.progress import Progress
from workshop.desk.board import board
from workshop.desk.checking import check_once, news_of
from workshop.desk.desk import Desk
from workshop.grading.bench import Session


@click.command()
@options.number
@click.option(
    "--browser/--no-browser", default=True, help="Whether to open the page in a browser; its address is shown anyway."
)
@options.runtime
def start(number: str | None, browser: bool, runtime: str) -> int:
    """The workshop: the board, then the current lesson, or lesson N, checked at each save, in the terminal and on a page beside it."""
    known, progress, screen = lessons.catalogue(), Progress(), options.screen()
    lesson = options.current(number)
    progress.choose(lesson)
    board(screen, known, progress)
    opened = open_work(lesson, progress)
    screen.line(
        f"  Lesson {lesson.number}: read {shown_path(lesson.readme)}, edit the files in {shown_path(opened.folder)}, save.\n"
    )
    if not sys.stdin.isatty():
        with Session(runtime) as session:
            news = news_of(opened, lesson)
            return check_once(lesson, session, opened.folder, screen, own=True, news=news).exit_code
    with Desk(runtime, screen) as desk, contextlib.ExitStack() as stack:
        from workshop.desk.pages import open_page

        stack.enter_context(open_page(desk, screen, browser))
        desk.work_on(lesson)
    return 0
