"""`workshop watch [N]`"""

from __future__ import annotations

from pathlib import Path

import click

from workshop.cli import options
from workshop.desk.desk import Desk


@click.command()
@options.number
@click.option(
    "--work",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder to watch instead of your own place.",
)
@options.runtime
def watch(number: str | None, work: Path | None, runtime: str) -> int:
    """Check one lesson at each save, until q or Ctrl-C. Without N: the current lesson."""
    with Desk(runtime, options.screen()) as desk:
        desk.work_on(options.current(number), work.resolve() if work else None)
    return 0
