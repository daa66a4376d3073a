"""`workshop clean`"""

from __future__ import annotations

import click

from workshop.cli import options
from workshop.course import lessons
from workshop.engine import engine
from workshop.machine.clean import Cleaner, Thing, cache_left
from workshop.machine.cost import shown


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what would be removed, and remove nothing.")
@click.option(
    "--all", "everything", is_flag=True, help="Remove what belongs to running checks and other checkouts as well."
)
@click.option("--images", "with_bases", is_flag=True, help="Remove the base images too.")
def clean(dry_run: bool, everything: bool, with_bases: bool) -> int:
    """Remove what the workshop made in the Docker Engine."""
    trouble = engine.trouble()
    if trouble is not None:
        raise trouble
    screen = options.screen()
    findings = Cleaner(lessons.catalogue()).look(everything, with_bases)
    gone = [thing for thing in findings.mine if _gone(thing, dry_run)]
    back = shown(sum(thing.size for thing in gone))
    screen.line(f" {'Would give' if dry_run else 'Gave'} back {back}{_counted(gone)}.", bold=True)
    if findings.alive:
        screen.line(
            f" Kept{_counted(findings.alive)}: a running check or another checkout uses them. --all removes them too."
        )
    for words, command in (*findings.left, *filter(None, [cache_left()])):
        screen.line(f" Left: {words}.\n   {command}")
    return 0 if len(gone) == len(findings.mine) else 1


def _gone(thing: Thing, dry_run: bool) -> bool:
    """Whether it is gone; if not, the reason is printed."""
    hindered = None if dry_run else thing.remove()
    if hindered:
        options.screen().line(f" ✗ {thing.kind} {thing.name} stays: {hindered}", fg="red")
    return hindered is None


def _counted(things: list[Thing]) -> str:
    """How many of each kind: ": 2 containers, 1 image"."""
    kinds = dict.fromkeys(thing.kind for thing in things)
    counts = {kind: sum(thing.kind == kind for thing in things) for kind in kinds}
    names = {"build cache": "records of the build cache"}
    words = (f"{count} {names.get(kind, kind + ('s' if count > 1 else ''))}" for kind, count in counts.items())
    return f": {', '.join(words)}" if things else ""
