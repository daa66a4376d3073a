"""The connection to Redis."""

from __future__ import annotations

import redis
from flask import Flask, current_app
from redis.backoff import NoBackoff
from redis.retry import Retry

RETRIES = 1  # one more try: the first may have got a connection that died in the meantime


def connect(app: Flask) -> None:
    """Gives the application a Redis client. It connects at its first command: the service starts without Redis too."""
    seconds = app.config["REDIS_TIMEOUT"]
    app.extensions["redis"] = redis.Redis.from_url(
        app.config["REDIS_URL"],
        decode_responses=True,
        encoding_errors="replace",
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), RETRIES),
    )


def client() -> redis.Redis:
    """The Redis client of the application that answers this request. Safe to share between threads."""
    found: redis.Redis = current_app.extensions["redis"]
    return found
