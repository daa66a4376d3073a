"""`workshop doctor`"""

from __future__ import annotations

import json
import sys

import click

from workshop.course import lessons
from workshop.engine.run import run
from workshop.machine.bedside import Bedside
from workshop.machine.doctor import Doctor
from workshop.report import EXIT_CODES, Outcome


@click.command()
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON document on standard output, everything else on standard error."
)
def doctor(as_json: bool) -> int:
    """Do once what the lessons will do, and report what is missing and how to fix it."""
    screen = Bedside(sys.stderr if as_json else sys.stdout)
    with run() as made:
        patient = Doctor(made, lessons.catalogue())
        for step in patient.examine(screen.begins):
            screen.step(step)
    screen.end(patient)
    if as_json:
        click.echo(json.dumps(patient.to_dict(), ensure_ascii=False, indent=1))
    return 0 if patient.ready else EXIT_CODES[Outcome.UNCHECKED]
