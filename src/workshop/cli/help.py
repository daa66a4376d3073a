"""`workshop help [VERB]`"""

from __future__ import annotations

import click


@click.command()
@click.argument("verb", required=False)
@click.pass_context
def help(context: click.Context, verb: str | None) -> None:
    """What the workshop can do, or how one command is called."""
    above = context.parent
    assert above and isinstance(above.command, click.Group)
    if verb is None:
        click.echo(above.get_help())
        return
    name, command, _ = above.command.resolve_command(above, [verb])
    assert name and command
    click.echo(command.get_help(click.Context(command, info_name=name, parent=above)))
