"""`workshop hint N`"""

from __future__ import annotations

import click

from workshop.cli import options
from workshop.course import lessons
from workshop.course.lessons import Lesson
from workshop.course.progress import Progress


def next_hint(lesson: Lesson, progress: Progress) -> str:
    """The next hint of the lesson, remembered as shown. After the last it says so, and the next call starts over."""
    hints, shown = lesson.hints, progress.hints_open(lesson)
    if shown >= len(hints):
        progress.close_hints(lesson)
        return f"These were all {len(hints)} hints; the next call starts over. `./workshop solution {lesson.number} --anyway` shows the solution."
    progress.open_hint(lesson)
    return f"Hint {shown + 1} of {len(hints)}\n{hints[shown]}\n"


@click.command()
@click.argument("number")
def hint(number: str) -> None:
    """One hint of a lesson, one step further at each call."""
    options.screen_out().line(next_hint(lessons.find(number), Progress()))
