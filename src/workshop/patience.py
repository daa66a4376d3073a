"""Waiting for what is not so yet: asked again and again, with a limit, never by the clock alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(ask: Callable[[], T], limit: float, pause: float = 0.05, enough: Callable[[T], object] = bool) -> T:
    """Calls `ask` until its answer is `enough` (truthy, unless told), for `limit` seconds. Returns that answer, or else the last one.

    It is asked at least once, `pause` seconds lie between two calls, and what `ask` raises ends the wait. So a condition
    that never came true shows as the falsy answer that it gave last:

        if not until(lambda: redis.exists(key), limit=2.0): …
        log = until(service.log, limit=2.0, enough=lambda text: "ready" in text)
    """
    end = time.monotonic() + limit
    while not enough(answer := ask()) and time.monotonic() < end:
        time.sleep(pause)
    return answer
