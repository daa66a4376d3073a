"""`workshop class engine up | down`"""

from __future__ import annotations

import click

from workshop.classroom import quarters, running
from workshop.cli import options
from workshop.course import lessons
from workshop.engine import engine
from workshop.report import EXIT_CODES, Outcome


@click.group("engine")
def engine_of_class() -> None:
    """An engine for the class alone, whose builds and containers reach nothing outside: Linux, as root."""


@engine_of_class.command()
@click.option(
    "--lessons", "numbers", default="", metavar="1-8,12", help="Load the images of these lessons; otherwise of all."
)
def up(numbers: str) -> int:
    """Make it, and load the images that this machine's engine has."""
    if trouble := engine.trouble():
        raise trouble
    known = lessons.catalogue()
    screen = options.screen()
    try:
        quarters.up(running.chosen(numbers, known) or known, lambda text: screen.line(f"  {text}"))
    except quarters.NoQuarters as error:
        screen.line(f" {error}", fg="red")
        screen.line(" Without it, `class grade` asks for --trust-builds.")
        return EXIT_CODES[Outcome.UNCHECKED]
    screen.line(
        " The class engine is up. `class grade` and `class worker` use it. `./workshop class engine down` throws it away.",
        bold=True,
    )
    return 0


@engine_of_class.command()
def down() -> int:
    """Throw it away, with its images and its cache."""
    quarters.down()
    options.screen().line(" The class engine is gone.", bold=True)
    return 0
