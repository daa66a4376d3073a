"""`workshop class pack | unpack`"""

from __future__ import annotations

from pathlib import Path

import click

from workshop.classroom import parcel, running
from workshop.cli import options
from workshop.course import lessons
from workshop.course.places import ROOT, shown_path
from workshop.engine import engine
from workshop.guests import unpacking

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("target", metavar="FILE", type=FILE)
@click.option(
    "--lessons", "numbers", default="", metavar="1-8,12", help="Pack the images of these lessons; otherwise of all."
)
def pack(target: Path, numbers: str) -> int:
    """Pack images and packages into one FILE, for machines without internet that are like this one."""
    if trouble := engine.trouble():
        raise trouble
    known = lessons.catalogue()
    screen = options.screen()
    names = parcel.images_for(running.chosen(numbers, known) or known)
    digest = parcel.pack(target, names, lambda text: screen.line(f"  {text}"))
    screen.line(f" {shown_path(target)}: {target.stat().st_size / 1e6:.0f} MB, SHA-256 {digest}", bold=True)
    screen.line(" On the other machine, in a copy of this checkout: ./workshop class unpack FILE")
    return 0


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def unpack(file: Path) -> int:
    """Take in a FILE of `class pack`: load its images, and keep its packages for the set-up."""
    screen = options.screen()
    try:
        unpacking.unpack(file, ROOT, lambda text: screen.line(f"  {text}"))
    except unpacking.NotTaken as error:
        raise click.UsageError(str(error)) from None
    return 0
