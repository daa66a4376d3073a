"""What a student's code may have done to a Redis that FLUSHALL does not undo."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LASTING = re.compile(
    r"client\|pause|client\|no-evict|shutdown|debug|acl|replicaof|slaveof|failover|monitor|module|cluster"
)


def settings(client: Any) -> dict[str, str] | None:
    """All settings of the server as text; None where it does not tell them."""
    import redis

    try:
        found: dict[str, str] = client.config_get("*")
    except redis.RedisError:
        return None
    return found


def stay(client: Any, before: dict[str, str] | None, *, and_empty: bool = False) -> bool:
    """Whether a command since the last CONFIG RESETSTAT has left what outlives FLUSHALL. `before` are the settings when nobody had used it.

    With `and_empty`, FLUSHALL goes along. Settings that were changed and put back leave nothing. Raises redis.RedisError where the server does not count its commands.
    """
    pipe = client.pipeline(transaction=False).info("commandstats")
    received = " ".join((pipe.flushall() if and_empty else pipe).execute()[0])
    if LASTING.search(received):
        return True
    return "config|set" in received and (before is None or settings(client) != before)


def lock(client: Any, password: str) -> bool:
    """Lets in only who says this password, and whoever is in by now; whether the server can do that."""
    import redis

    try:
        client.execute_command("ACL", "SETUSER", "default", "resetpass", f">{password}")
        client.config_resetstat()  # this is no trace of a student's
    except redis.ResponseError:
        return False
    return True


def note_worn(client: Any, server: Any) -> None:
    """Notes at the server whether something was left, before CONFIG RESETSTAT takes the trace of it."""
    server.is_worn = server.is_worn or stay(client, server.settings)


def emptied(host: str, port: int, before: dict[str, str] | None, options: Mapping[str, Any]) -> bool:
    """Empties a Redis for the next check, and unlocks it; whether it is as it was at its start. `before` are its settings then, if somebody looked."""
    import redis

    try:
        with redis.Redis(
            host, port, decode_responses=True, socket_timeout=2, socket_connect_timeout=2, **options
        ) as client:
            if stay(client, before):
                return False
            pipe = client.pipeline(transaction=False)
            for kind in ("normal", "pubsub"):  # what is still being taken down is no client of the next check
                pipe.client_kill_filter(_type=kind, skipme=True)
            if options:
                pipe.execute_command("ACL", "SETUSER", "default", "nopass")
            pipe.flushall().script_flush().function_flush().config_resetstat().execute()
    except redis.RedisError:
        return False
    return True
