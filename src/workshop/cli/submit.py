"""`workshop submit [N…]`"""

from __future__ import annotations

from pathlib import Path

import click

from workshop.cli import options
from workshop.course import lessons
from workshop.course.places import shown_path
from workshop.handins.packing import pack
from workshop.handins.unpack import Refused


@click.command()
@click.argument("numbers", nargs=-1, metavar="[N…]")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("handin.zip"), help="The zip to write."
)
def submit(numbers: tuple[str, ...], out: Path) -> int:
    """Pack what you hand in: your files of these lessons, or of all that you have begun, in one zip."""
    chosen = [lessons.find(number) for number in numbers] or lessons.catalogue()
    begun = [lesson for lesson in chosen if lesson.work.is_dir()]
    missing = [lesson for lesson in chosen if numbers and lesson not in begun]
    if missing or not begun:
        named = f"Lesson {missing[0].number} is" if missing else "No lesson is"
        raise click.UsageError(f"{named} not begun: there is no folder for it in work/.")
    try:
        names = pack(begun, out)
    except Refused as error:
        raise click.UsageError(str(error)) from None
    screen = options.screen()
    for name in names:
        screen.line(f"  {name}", fg="bright_black")
    screen.line(
        f" {shown_path(out)}: {len(names)} files of lesson {', '.join(str(lesson.number) for lesson in begun)}. Hand in this file.",
        bold=True,
    )
    return 0
