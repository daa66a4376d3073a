"""`workshop lab`"""

from __future__ import annotations

import click

from workshop.cli import options


@click.command()
@click.option("--port", type=int, help="Serve on this port instead of the first free one from 8888 on.")
@click.option("--browser/--no-browser", default=True, help="Whether to open a browser.")
@options.runtime
def lab(port: int | None, browser: bool, runtime: str) -> int:
    """JupyterLab on the notebooks, with Redis up; both stop together."""
    from workshop.lab.serve import serve

    return serve(runtime, port, browser)
