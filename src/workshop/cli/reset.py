"""`workshop reset [N]`"""

from __future__ import annotations

import click

from workshop.cli import options
from workshop.course.laying import set_aside
from workshop.course.places import shown_path
from workshop.course.progress import Progress


@click.command()
@options.number
def reset(number: str | None) -> None:
    """Put the starter of a lesson back. Your files are kept, and it says where. Without N: the current lesson."""
    lesson, screen = options.current(number), options.screen()
    if aside := set_aside(lesson, Progress()):
        screen.line(f"Your files are kept in {shown_path(aside)}.")
    screen.line(
        f"The starter is in {shown_path(lesson.work)}. `./workshop watch {lesson.number}` checks it at each save."
    )
