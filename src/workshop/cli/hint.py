"""`workshop hint [N]`"""

from __future__ import annotations

import click

from workshop.cli import options
from workshop.course.progress import Progress
from workshop.desk.hinting import next_hint


@click.command()
@options.number
def hint(number: str | None) -> None:
    """One hint of a lesson, for the ✗ that is there, one step further at each call. Without N: the current lesson."""
    lesson, progress = options.current(number), Progress()
    options.screen().line(next_hint(lesson, progress, progress.failed(lesson)))
