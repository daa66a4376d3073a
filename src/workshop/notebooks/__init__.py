"""The notebook's door: what a student's notebook imports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def connect(url: str | None = None) -> Any:
    """The notebook's client of Redis: of the one at `url`, else of the one that the workshop has started for the notebooks.

    It returns strings. It waits for an answer as long as it takes (socket_timeout=None), so that a command may wait for ever;
    redis-py's own clients give up after 5 seconds. Where there is no network, as in a browser, it is that of a Redis in this process.
    """
    from workshop.wire.pocket import is_needed, open_pocket

    if is_needed():
        open_pocket()
    from workshop.guests.notebook.calling import client_of

    return client_of(url)


def check(function: Any, lesson: int | str | None = None) -> None:
    """Asks the lesson's grader about one exercise, here and now, on this notebook's Redis; shows what it found."""
    from workshop.notebooks.inside import check as check_inside

    check_inside(function, lesson)


def look(r: Any) -> None:
    """Shows what is in Redis: each key drawn as its structure, with encoding, memory and the time that it has left."""
    from workshop.notebooks.showing import look as look_at

    look_at(r)


def trace(function: Callable[..., Any], *args: Any, rival: Sequence[Any] | None = None, **options: Any) -> Any:
    """Calls `function(r, *args)` and shows the commands that it sends, grouped by trip; returns what it returns.

    `rival` is a command, such as `("INCR", "visits:home")`: somebody else sends it just before the function's first command that changes data.
    """
    from workshop.notebooks.showing import trace as trace_call

    return trace_call(function, *args, rival=rival, **options)
