"""`workshop watch N`"""

from __future__ import annotations

from pathlib import Path

import click

from workshop.cli import options
from workshop.cli.watching import follow
from workshop.course import lessons
from workshop.course.progress import Progress
from workshop.grading.bench import Session


@click.command()
@click.argument("number")
@click.option(
    "--work",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder to watch instead of your own place.",
)
@options.runtime
def watch(number: str, work: Path | None, runtime: str) -> int:
    """Check one lesson at each save, until q or Ctrl-C."""
    lesson: lessons.Lesson | None = lessons.find(number)
    with Session(runtime) as session:
        while lesson:
            if work is None:
                Progress().choose(lesson)
            lesson = follow(lesson, session, work.resolve() if work else None)
    return 0
