"""Which Redis may stand between a teacher and the workers."""

from __future__ import annotations

import contextlib
import ipaddress
from urllib.parse import urlsplit

UNSAFE = "The address of the queue has no password. Students' work and their grades go through it: write redis://:PASSWORD@HOST:PORT/0."


class BadQueue(Exception):
    """The queue cannot be used. The text says why."""


def checked(url: str) -> str:
    """The address of a queue, if it may be used. Raises BadQueue: only this machine's own Redis may be without a password."""
    parts = urlsplit(url)
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise BadQueue(
            f"{parts.scheme or 'That'} is no address of a Redis. Write redis://:PASSWORD@HOST:PORT/0, or rediss:// for TLS."
        )
    is_here = parts.hostname == "localhost"
    with contextlib.suppress(ValueError):
        is_here = ipaddress.ip_address(parts.hostname).is_loopback
    if not parts.password and not is_here:
        raise BadQueue(UNSAFE)
    return url
