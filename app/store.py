"""The connection to Redis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis
from flask import Flask, current_app
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.outage import Outage


def connect(app: Flask) -> None:
    """Gives the application a Redis client. It connects at its first command, so the service starts without Redis too.

    No command is sent a second time: nobody knows whether the first one was carried out, and a second INCR would count
    twice. A connection that died while nobody used it is noticed before the next command, and made anew.
    """
    seconds = app.config["REDIS_TIMEOUT"]
    app.extensions["redis"] = redis.Redis.from_url(
        app.config["REDIS_URL"],
        decode_responses=True,
        encoding_errors="replace",  # bytes that another program stored and that are no text
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 0),
    )
    app.extensions["outage"] = Outage(app.logger)


@contextmanager
def client() -> Iterator[redis.Redis]:
    """The Redis client, for one command or several. Raises redis' ConnectionError or TimeoutError while Redis is away.

    Threads may share it.
    """
    with current_app.extensions["outage"].watched():
        yield current_app.extensions["redis"]
