"""`workshop reset [N]`"""

from __future__ import annotations

import time

import click

from workshop.cli import options
from workshop.course.laying import put_back
from workshop.course.places import shown_path, state_folder
from workshop.course.progress import Progress


@click.command()
@options.number
def reset(number: str | None) -> None:
    """Put the starter of a lesson back. Your files are kept, and it says where. Without N: the current lesson."""
    lesson, screen = options.current(number), options.screen()
    name = f"{lesson.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    kept, count = state_folder() / "kept", 1
    aside = kept / name
    while aside.exists():
        count += 1
        aside = kept / f"{name}.{count}"
    if put_back(lesson, Progress(), aside):
        screen.line(f"Your files are kept in {shown_path(aside)}.")
    screen.line(
        f"The starter is in {shown_path(lesson.work)}. `./workshop watch {lesson.number}` checks it at each save."
    )
