"""`workshop solution [N]`"""

from __future__ import annotations

import click

from workshop.cli import options
from workshop.course.places import shown_path
from workshop.course.progress import Progress


@click.command()
@options.number
@click.option("--anyway", is_flag=True, help="Even if the lesson is not passed yet.")
def solution(number: str | None, anyway: bool) -> int:
    """The solution of a lesson, once it is passed. Without N: of the one worked on last."""
    lesson, screen = options.latest(number), options.screen()
    if not anyway and not Progress().has_passed(lesson):
        screen.line(
            f"Lesson {lesson.number} is not passed yet. `./workshop hint {lesson.number}` helps; `--anyway` shows the solution."
        )
        return 1
    starter = lesson.starter()
    for name, path in lesson.finished().items():
        if name in starter and path.read_bytes() == starter[name].read_bytes():
            continue  # was given
        screen.line(f"── {shown_path(path)}", bold=True)
        screen.line(
            path.read_text(encoding="utf-8").rstrip() + "\n" if path.suffix != ".ipynb" else "open it in JupyterLab\n"
        )
    return 0
