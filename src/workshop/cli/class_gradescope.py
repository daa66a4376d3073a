"""`workshop class gradescope`"""

from __future__ import annotations

from pathlib import Path

import click

from workshop.classroom import running
from workshop.cli import options
from workshop.course import lessons
from workshop.course.lessons import Lesson
from workshop.course.places import shown_path
from workshop.gradebook.gradescope.packing import can_be_asked, pack
from workshop.gradebook.marks import shown

UNASKED = "{} will be unchecked on Gradescope: {} a Docker Engine, which its machines do not have. Grade {} with `class grade`."


@click.command()
@click.argument("target", metavar="ZIP", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--lessons", "numbers", required=True, metavar="1,7,9-13", help="The lessons to grade.")
def gradescope(target: Path, numbers: str) -> int:
    """Make the ZIP that is uploaded to Gradescope as an assignment's autograder."""
    chosen = running.chosen(numbers, lessons.catalogue())
    asked = [lesson for lesson in chosen if can_be_asked(lesson)]
    others = [lesson for lesson in chosen if lesson not in asked]
    if not asked:
        raise click.UsageError(f"Of {numbers}, no lesson can be graded without a Docker Engine.")
    pack(chosen, target)
    screen = options.screen()
    points = sum(sum(lesson.worth.values()) for lesson in asked)
    screen.line(f" {shown_path(target)}: grades {_listed(asked)}, {shown(points)} points.", bold=True)
    if others:
        verb, them = ("they take", "them") if len(others) > 1 else ("it takes", "it")
        screen.line(f" {UNASKED.format(_listed(others).capitalize(), verb, them)}", fg="yellow")
    return 0


def _listed(some: list[Lesson]) -> str:
    numbers = ", ".join(str(lesson.number) for lesson in some)
    return f"lessons {numbers}" if len(some) > 1 else f"lesson {numbers}"
