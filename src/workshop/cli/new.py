"""`workshop new`"""

from __future__ import annotations

import click

from workshop.cli import options
from workshop.course.places import ROOT
from workshop.proof.new import SAY, CannotLay, lay_out


@click.command()
@click.argument("number", type=int)
@click.argument("topic")
def new(number: int, topic: str) -> int:
    """Lay out a lesson NUMBER on TOPIC (redis_streams): text, starter, grader, mistakes, solution and answers."""
    try:
        files = lay_out(number, topic, ROOT)
    except CannotLay as error:
        raise click.UsageError(str(error)) from None
    screen = options.screen()
    for path in files:
        screen.line(f"  {path.relative_to(ROOT).as_posix()}")
    screen.line("README.md has its row. The lesson works as it is, about a teapot: write over it, file by file.")
    screen.line(f"{SAY} in its text marks what only you can say. next: `./workshop prove {number}`")
    return 0
