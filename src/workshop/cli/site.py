"""`workshop site`"""

from __future__ import annotations

from pathlib import Path

import click

from workshop.cli import options
from workshop.course.places import shown_path


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Where to put it instead of the state folder."
)
def site(out: Path | None) -> int:
    """The course as a site: plain files to open, or to put on any file server."""
    from workshop.web.site.build import build

    screen = options.screen()
    folder = build(out, lambda text: screen.line(text))
    screen.line(f"The site is in {shown_path(folder)}. Open {shown_path(folder / 'index.html')} in a browser.")
    return 0
