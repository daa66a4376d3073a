"""`workshop class worker`"""

from __future__ import annotations

import os

import click

from workshop.classroom import quarters, walls
from workshop.classroom.crew import COMMAND, Grader
from workshop.classroom.queues import BadQueue, checked
from workshop.cli import options
from workshop.course import lessons
from workshop.engine import engine
from workshop.report import EXIT_CODES, Outcome

QUEUE = click.option(
    "--queue",
    envvar="WORKSHOP_QUEUE",
    metavar="URL",
    help="The Redis between teacher and workers, redis://:PASSWORD@HOST:PORT/0; better in WORKSHOP_QUEUE, where no list of processes shows it.",
)


@click.command()
@QUEUE
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=(os.cpu_count() or 1) + 1,
    help="How many to grade at the same time.",
)
@click.option("--trust-builds", is_flag=True, help="Build students' images although not every wall is there.")
def worker(queue: str | None, workers: int, trust_builds: bool) -> int:
    """Grade for a teacher on another machine, on this one's engine, until Ctrl-C."""
    from workshop.classroom.network import Hand  # takes a while to load

    if not queue:
        raise click.UsageError("Say which queue: --queue, or the variable WORKSHOP_QUEUE.")
    known = lessons.catalogue()
    is_own = quarters.use()
    if not (is_own or trust_builds):
        raise click.UsageError(" ".join([*walls.missing(known), walls.ASK]))
    if trouble := engine.trouble():
        raise trouble
    screen = options.screen()

    def new_grader() -> Grader:
        return Grader((*quarters.inside(), *COMMAND), quarters.environment()) if is_own else Grader()

    try:
        checked(queue)
        hand = Hand(
            queue,
            {lesson.name: lesson for lesson in known},
            workers,
            new_grader=new_grader,
            on_note=lambda text: screen.line(f"  {text}", fg="yellow"),
        )
        screen.line(f" Ready for jobs, {workers} at a time. Ctrl-C ends this.", bold=True)
        hand.work()
    except BadQueue as error:
        raise click.UsageError(str(error)) from None
    screen.line(f" {hand.fault}", fg="red")
    return EXIT_CODES[Outcome.UNCHECKED]
