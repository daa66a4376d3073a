"""Where the data is: one Redis, or a Redis Cluster. The rest of the service does not know which."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeAlias

import redis
from flask import Flask, current_app
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.cluster import Cluster
from app.outage import Outage

Client: TypeAlias = redis.Redis | redis.RedisCluster


class Store(Protocol):
    """What both kinds offer."""

    def client(self, key: str) -> AbstractContextManager[Client]:
        """See `client` below."""

    def ping(self) -> None:
        """See `ping` below."""


class One:
    """One Redis. It is connected at the first command, so the service starts without it too."""

    def __init__(self, app: Flask, options: dict[str, Any]) -> None:
        self.redis = redis.Redis.from_url(app.config["REDIS_URL"], **options)
        self._outage = Outage(app.logger, "Redis")

    @contextmanager
    def client(self, key: str) -> Iterator[Client]:
        with self._outage.watched():
            yield self.redis

    def ping(self) -> None:
        with self._outage.watched():
            self.redis.ping()


def connect(app: Flask) -> None:
    """Gives the application its store.

    No command is sent a second time: nobody knows whether the first one was carried out, and a second INCR would count
    twice. A connection that died while nobody used it is noticed before the next command, and made anew.
    """
    options = {
        "decode_responses": True,
        "encoding_errors": "replace",  # bytes that another program stored and that are no text
        "socket_timeout": None,
    }
    kind = Cluster if app.config["REDIS_CLUSTER_URL"] else One
    app.extensions["store"] = kind(app, options)


def client(key: str) -> AbstractContextManager[Client]:
    """The client, for commands on `key` and on keys with the same hash tag. Threads may share it.

    Raises redis' ConnectionError, TimeoutError, ClusterError or RedisClusterException while the Redis that has the key is away.
    """
    store: Store = current_app.extensions["store"]
    return store.client(key)


def ping() -> None:
    """Returns if there is a Redis that answers; else raises what `client` raises."""
    store: Store = current_app.extensions["store"]
    store.ping()


def tag(text: str) -> str:
    """`text` as a hash tag: keys that have it are kept by the same node of a cluster, so one script may use them all.

    A tag ends at the first closing brace: one inside the text is written in another way.
    """
    return "{" + text.replace("%", "%25").replace("}", "%7D") + "}"


class Script:
    """A script in Lua: Redis carries it out as one step, and nobody sees the data between two of its commands."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._digest = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, keys: Sequence[str], *arguments: str | float) -> Any:
        """What the script returns. Its keys must have one hash tag in common."""
        with client(keys[0]) as redis_:
            try:
                return redis_.evalsha(self._digest, len(keys), *keys, *arguments)
            except redis.exceptions.NoScriptError:  # a Redis that was started, or promoted, since
                return redis_.eval(self._source, len(keys), *keys, *arguments)
