"""A Redis for the tests, the service in front of it, and a gate between the two."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import redis
from flask.testing import FlaskClient

from app import create_app
from app.tests.gate import Gate


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The address of an empty Redis."""
    if url := os.environ.get("TEST_REDIS_URL"):
        yield url
        return
    from fakeredis import TcpFakeServer

    server = TcpFakeServer(("127.0.0.1", 0))
    server.daemon_threads, server.block_on_close = True, False  # a client that is still connected must not keep it
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"redis://127.0.0.1:{server.server_address[1]}/0"
    server.shutdown()
    server.server_close()


@pytest.fixture
def store(redis_url: str) -> Iterator[redis.Redis]:
    """Redis as the tests see it, past the service. It is emptied first."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        client.flushdb()
        yield client


@pytest.fixture
def gate(redis_url: str) -> Iterator[Gate]:
    """What is between the service and Redis."""
    target = urlsplit(redis_url)
    made = Gate(target.hostname or "localhost", target.port or 6379)
    yield made
    made.close()


@pytest.fixture
def client(store: redis.Redis, gate: Gate, redis_url: str) -> FlaskClient:
    """The service, asked without a server."""
    database = urlsplit(redis_url).path
    return create_app({"REDIS_URL": f"redis://127.0.0.1:{gate.port}{database}"}).test_client()
