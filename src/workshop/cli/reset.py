"""`workshop reset N`"""

from __future__ import annotations

import time

import click

from workshop.cli import options
from workshop.course import lessons
from workshop.course.places import state_folder


@click.command()
@click.argument("number")
def reset(number: str) -> None:
    """Put the starter of a lesson back. Your files are kept, and it says where."""
    lesson, screen = lessons.find(number), options.screen_out()
    if lesson.work.exists():
        kept = state_folder() / "kept"
        kept.mkdir(exist_ok=True)
        aside = kept / f"{lesson.name}-{time.strftime('%Y%m%d-%H%M%S')}"
        count = 1
        while aside.exists():
            count += 1
            aside = aside.with_name(f"{aside.name.split('.')[0]}.{count}")
        lesson.work.rename(aside)
        screen.line(f"Your files are kept in {options.shown_path(aside)}.")
    folder = lesson.open()
    screen.line(
        f"The starter is in {options.shown_path(folder)}. `./workshop watch {lesson.number}` checks it at each save."
    )
