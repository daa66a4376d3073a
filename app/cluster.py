"""A Redis Cluster: several primaries, each with a part of the keys, and replicas that take over if one dies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flask import Flask
from redis import RedisCluster, exceptions
from redis.cluster import ClusterNode

from app.outage import AWAY, Outage


class Cluster:
    """A cluster, found through any of its nodes. It is connected at the first command, so the service starts without it too.

    An outage is one node's: keys that others have are served as ever. A command that fails makes redis-py ask the nodes that
    are left who has which keys now. So once a replica was promoted, the next command goes to it.
    """

    def __init__(self, app: Flask, options: dict[str, Any]) -> None:
        self._url, self._options, self._log = app.config["REDIS_CLUSTER_URL"], options, app.logger
        self._connecting = threading.Lock()
        self._client: RedisCluster | None = None
        self._outages: dict[str, Outage] = {}

    @contextmanager
    def client(self, key: str) -> Iterator[RedisCluster]:
        redis = self._connected()
        with self._outage(redis.get_node_from_key(key).name).watched():
            yield redis

    def ping(self) -> None:
        redis = self._connected()
        if not any(_answers(redis, node) for node in redis.get_primaries()):
            raise exceptions.ConnectionError("No primary of the cluster answers.")

    def _connected(self) -> RedisCluster:
        with self._connecting:
            if self._client is None:
                with self._outage("the cluster").watched():
                    self._client = self._connection()
            return self._client

    def _connection(self) -> RedisCluster:
        try:
            return RedisCluster.from_url(self._url, require_full_coverage=False, **self._options)
        except IndexError as error:  # what redis-py raises if the nodes have no slots yet
            raise exceptions.RedisClusterException("No node has a slot yet.") from error

    def _outage(self, name: str) -> Outage:
        return self._outages.setdefault(name, Outage(self._log, f"Redis ({name})"))


def _answers(redis: RedisCluster, node: ClusterNode) -> bool:
    with suppress(*AWAY):
        return bool(redis.ping(target_nodes=node))
    return False
