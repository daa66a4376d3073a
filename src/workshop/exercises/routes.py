"""The clients that a notebook has made itself, pointed at a check's Redis while the check runs."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any
from weakref import WeakSet

KEPT = ("decode_responses", "encoding", "encoding_errors", "protocol", "socket_timeout", "username", "password")


class Route:
    """A client's connections: those to the check's Redis for all that the check has started, its own for each thread of the notebook's."""

    def __init__(self, own: Any, checks: Any, notebooks: WeakSet[threading.Thread]) -> None:
        self.own, self.checks, self._notebooks = own, checks, notebooks

    def __getattr__(self, name: str) -> Any:
        return getattr(self.own if threading.current_thread() in self._notebooks else self.checks, name)


@contextlib.contextmanager
def to(host: str, port: int, database: int, function: Any, *, all_threads: bool = False) -> Iterator[None]:
    """Within the block, the clients that `function` can name are connected there for every thread that starts in it.

    With `all_threads` for those that run already too: there is only one.
    """
    notebooks = WeakSet(() if all_threads else threading.enumerate())
    routes = []
    for client in clients_of(function):
        own = client.connection_pool
        kept = {name: own.connection_kwargs[name] for name in KEPT if name in own.connection_kwargs}
        pool = type(own)(host=host, port=port, db=database, **kept)
        client.connection_pool = Route(own, pool, notebooks)
        routes.append(client)
    try:
        yield
    finally:
        for client in routes:
            client.connection_pool = client.connection_pool.own


def clients_of(function: Any) -> list[Any]:
    """The clients of Redis that a function can name: in its notebook, and in what encloses it; alone, in a list, dict or tuple, or in an object."""
    import redis

    kinds = (redis.Redis, redis.asyncio.Redis)
    cells = [cell.cell_contents for cell in getattr(function, "__closure__", None) or () if _is_filled(cell)]
    things = [*getattr(function, "__globals__", {}).values(), *cells, *(getattr(function, "__defaults__", None) or ())]
    for thing in list(things):
        if isinstance(thing, (list, tuple, set)):
            things += thing
        elif isinstance(thing, dict):
            things += thing.values()
        elif not isinstance(thing, type) and type(thing).__module__ != "builtins":
            things += getattr(thing, "__dict__", {}).values()
    found = {id(thing): thing for thing in things if isinstance(thing, kinds)}
    return [client for client in found.values() if "host" in client.connection_pool.connection_kwargs]


def _is_filled(cell: Any) -> bool:
    with contextlib.suppress(ValueError):
        return bool(cell.cell_contents is not None)
    return False
