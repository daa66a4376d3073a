"""`look` and `trace`: what is in Redis, drawn, and what a call sent there, trip by trip."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from workshop.guests.notebook.calling import client_of
from workshop.outcomes import Unchecked
from workshop.pictures import keys
from workshop.values import short, spelled
from workshop.wire.pocket import here
from workshop.wire.rivals import NeverActed, Seen, in_thread

DATABASE = re.compile(r"/(\d+)$")
QUIET = {"auth", "client", "hello", "ping", "select"}  # what a client says when it connects
MONO = "font-family: var(--jp-code-font-family, monospace); white-space: pre; line-height: 1.5"


def look(r: Any) -> None:
    """Shows the keys that `r` sees, each drawn as its structure."""
    found = keys.of(r)
    svg = base64.b64encode(keys.svg(found).encode()).decode()
    text = keys.text(found)
    show(text, f'<img style="max-width: 100%" alt="{escape(text)}" src="data:image/svg+xml;base64,{svg}">')


def trace(function: Callable[..., Any], *args: Any, rival: Sequence[Any] | None = None, **options: Any) -> Any:
    """Calls `function(r, …)` and shows which commands it sent to Redis, grouped by trip; returns what it returned.

    `rival` is a command, such as `("INCR", "visits:home")`, that somebody else sends just before the function's first command that changes data.
    """
    own = client_of()
    where = own.connection_pool.connection_kwargs
    if "host" not in where:
        print("trace needs a Redis on the network: `./workshop lab` starts one.")
        return function(own, *args, **options)
    found = DATABASE.search(os.environ.get("REDIS_URL", ""))
    pocket, database = here(), int(found[1]) if found else 0
    at = (where["host"], int(where.get("port") or 6379))
    relay, end = pocket.relay(database) if pocket else in_thread(at, database)
    name, result, seen = getattr(function, "__name__", "function"), None, Seen()
    try:
        secrets = {key: where[key] for key in ("username", "password") if where.get(key)}
        client = client_of(relay.url, **secrets)
        try:
            watching = relay.rival(lambda: own.execute_command(*map(str, rival))) if rival else relay.watch()
            with watching as seen:
                result = function(client, *args, **options)
        except NeverActed as error:
            seen = error.seen
        finally:
            client.close()
    except ConnectionError as error:
        raise Unchecked(str(error)) from None
    finally:
        own.close()
        end()
    rows = trips(seen, " ".join(map(str, rival)) if rival else "")
    head = f"{spelled(name, ('r', *args), options).replace(repr('r'), 'r', 1)} → {short(result, 100)}"
    show(
        "\n".join([head, *rows]),
        f'<div style="{MONO}"><strong>{escape(head)}</strong>\n{escape(chr(10).join(rows))}</div>',
    )
    return result


def trips(seen: Seen, rival: str = "") -> list[str]:
    """The commands that went by, those of one trip below its number; a rival's where it came."""
    lines, at, number = [], 0, 0
    for count in seen.trips:
        commands = seen.commands[at : at + count]
        told = []
        for place, words in enumerate(commands, at):
            if place in seen.acts:
                told.append(f"     ⇐ somebody else: {rival or 'a rival acts here'}")
            if words[0].lower() not in QUIET:
                told.append(
                    f"     {' '.join(words[:1]).upper()} {' '.join(short(word, 60).strip(chr(39)) for word in words[1:])}".rstrip()
                )
        if any(not line.startswith("     ⇐") for line in told):
            number += 1
            lines += [f"  trip {number}", *told]
        at += count
    if not lines:
        return ["  nothing was sent"]
    commands_sent = sum(line.startswith("     ") and "⇐" not in line for line in lines)
    return [*lines, f"  {commands_sent} commands on {number} {'trip' if number == 1 else 'trips'}"]


def show(text: str, html: str) -> None:
    """Shows it where the notebook shows results; prints it if there is no notebook."""
    try:
        from IPython.core.getipython import get_ipython
        from IPython.display import display
    except ImportError:
        print(text)
        return
    if get_ipython() is None:
        print(text)
    else:
        display({"text/plain": text, "text/html": html}, raw=True)
