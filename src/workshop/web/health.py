"""Whether the engine answers, asked every few seconds while a page is open: so it must cost next to nothing."""

from __future__ import annotations

import contextlib
import http.client
import socket
import time

from workshop.engine import engine
from workshop.outcomes import Unchecked

LIMIT = 2.0  # seconds for an answer
SELDOM = 30.0  # seconds between two looks where a look is a docker command

_last: tuple[float, str | None] = (0.0, None)


class _Local(http.client.HTTPConnection):
    """HTTP over a socket of this machine."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=LIMIT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(LIMIT)
        self.sock.connect(self._path)


def trouble() -> str | None:
    """What keeps the engine from answering, in words; None if it does. Asks its socket, which takes a millisecond, where there is one."""
    global _last
    with contextlib.suppress(Unchecked, OSError, http.client.HTTPException):
        path = (engine.endpoint() or "unix:///var/run/docker.sock").removeprefix("unix://")
        if path.startswith("/") and hasattr(socket, "AF_UNIX"):
            connection = _Local(path)
            try:
                connection.request("GET", "/_ping")
                if connection.getresponse().status == 200:
                    return None
            finally:
                connection.close()
    when, said = _last
    if when and said is None and time.monotonic() - when < SELDOM and not _is_local():
        return None
    engine.forget_trouble()
    found = engine.trouble()
    _last = (time.monotonic(), found.hint if found else None)
    return _last[1]


def _is_local() -> bool:
    with contextlib.suppress(Unchecked):
        return (engine.endpoint() or "unix://").startswith("unix://")
    return True
