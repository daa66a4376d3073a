"""An outage of a Redis: noticed once, told once, and paid for by one request at a time.

A request that asks a Redis that hangs holds its thread until the time-out. If all did, a hundred clients would soon hold
all threads, and the next one would wait for seconds to be told that Redis is away. So while it is away, one request
after the other tries, with a pause between; all others are answered at once. (This is known as a circuit breaker.)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from logging import Logger

from prometheus_client import Counter
from redis import exceptions

OUTAGES = Counter("redis_outages", "How often a Redis was found to be away.")

AWAY = (  # what redis-py raises for a Redis that does not answer, or a cluster that cannot say who has a key
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.ClusterDownError,
    exceptions.RedisClusterException,
)
PAUSE = 0.5  # seconds between two tries: so much later than Redis the service is back


class Away(exceptions.ConnectionError):
    """Redis did not answer a moment ago, and was not asked again."""


class Outage:
    """Whether a Redis is away now, as this process knows it. Threads share it. `name` is what the log calls it."""

    def __init__(self, log: Logger, name: str, pause: float = PAUSE) -> None:
        self._log, self._name, self._pause = log, name, pause
        self._lock = threading.Lock()
        self._since: float | None = None  # time.monotonic() of the first failure; None if Redis is there
        self._next_try = 0.0

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Within the block Redis is asked. Raises Away at its beginning while Redis is known to be away."""
        if not self._may_ask():
            raise Away(f"{self._name} was away a moment ago.")
        try:
            yield
        except AWAY as error:
            self._failed(error)
            raise
        except exceptions.RedisError:  # an answer too, though not a welcome one
            self._answered()
            raise
        self._answered()

    def _may_ask(self) -> bool:
        with self._lock:
            now = time.monotonic()
            if self._since is None:
                return True
            if now < self._next_try:
                return False
            self._next_try = now + self._pause  # this request tries; the others wait for what it finds
            return True

    def _failed(self, error: Exception) -> None:
        with self._lock:
            now = time.monotonic()
            self._next_try = now + self._pause
            if self._since is None:
                self._since = now
                OUTAGES.inc()
                self._log.warning("%s is away (%s). Until it is back, the answer is 503.", self._name, error)

    def _answered(self) -> None:
        with self._lock:
            if self._since is not None:
                self._log.warning("%s is back after %.1f s.", self._name, time.monotonic() - self._since)
                self._since = None
