"""The service in `app/`, against a real Redis (the one that the embedded runtime brings along)."""

import os
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from app import create_app
from workshop.runtimes.embedded import redis_command
from workshop.wire.sockets import free_port


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    port = free_port()
    process = subprocess.Popen(redis_command(port), cwd=tmp_path_factory.mktemp("redis"), stdout=subprocess.DEVNULL)
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.02)
    process.port = port
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def raw(server):
    with redis.Redis(port=server.port, decode_responses=True) as client:
        client.flushall()
        yield client


@pytest.fixture
def client(server, raw):
    return create_app({"REDIS_URL": f"redis://127.0.0.1:{server.port}/0"}).test_client()


def test_hello_counts_each_visit_once(client, raw):
    assert client.get("/").text == "Hello World. This page was visited 1 times.\n"
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda _: client.application.test_client().get("/").text, range(40)))
    assert len(set(texts)) == 40
    assert raw.get("workshop:visits") == "41"


def test_a_name_is_escaped(client):
    assert client.get("/hello/Ada").text.strip() == "Hello Ada"
    assert "<b>" not in client.get("/hello/<b>x").text


@pytest.mark.parametrize("value", ["", "plain", "é漢😀 \"'\n\t\\", "x" * 100_000])
def test_what_was_set_can_be_got(client, raw, value):
    pair = {"key": "a key/ü", "value": value}
    answer = client.post("/set", json=pair)
    assert (answer.status_code, answer.json) == (201, pair)
    answer = client.get("/get", query_string={"key": pair["key"]})
    assert (answer.status_code, answer.json) == (200, pair)
    assert raw.get(pair["key"]) == value


@pytest.mark.parametrize(
    "sent, status",
    [
        ({"json": {"key": "a"}}, 400),
        ({"json": {"value": "a"}}, 400),
        ({"json": {"key": "", "value": "a"}}, 400),
        ({"json": {"key": 1, "value": "a"}}, 400),
        ({"json": {"key": "a", "value": None}}, 400),
        ({"json": {"key": "a", "value": {}}}, 400),
        ({"json": ["key", "value"]}, 400),
        ({"json": "text"}, 400),
        ({"json": {"key": "a", "value": "\ud800"}}, 400),
        ({"json": {"key": "workshop:visits", "value": "x"}}, 400),
        ({"data": "{", "content_type": "application/json"}, 400),
        ({"data": b"\xff", "content_type": "application/json"}, 400),
        ({"data": "key=a&value=b", "content_type": "application/x-www-form-urlencoded"}, 415),
        ({"data": b"{" + b" " * 2_000_000, "content_type": "application/json"}, 413),
    ],
)
def test_what_is_malformed_is_refused_in_json(client, raw, sent, status):
    answer = client.post("/set", **sent)
    assert answer.status_code == status
    assert answer.json["error"]
    assert raw.dbsize() == 0


def test_what_is_not_there(client, raw):
    raw.lpush("list", "x")
    assert client.get("/get?key=missing").status_code == 404
    assert client.get("/get").status_code == 400
    assert client.get("/get?key=list").status_code == 409
    answer = client.get("/no/such/place")
    assert (answer.status_code, bool(answer.json["error"])) == (404, True)
    answer = client.get("/set")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_it_lives_without_redis_and_recovers(client, server):
    assert client.get("/get?key=x").status_code == 404
    os.kill(server.pid, signal.SIGSTOP)
    try:
        start = time.monotonic()
        answer = client.get("/get?key=x")
        assert (answer.status_code, bool(answer.json["error"])) == (503, True)
        assert time.monotonic() - start < 2
        assert client.get("/healthz").json == {"status": "ok"}
    finally:
        os.kill(server.pid, signal.SIGCONT)
    assert client.get("/get?key=x").status_code == 404


def test_nothing_listens():
    client = create_app({"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}).test_client()
    start = time.monotonic()
    assert [client.get("/").status_code, client.post("/set", json={"key": "a", "value": "b"}).status_code] == [
        503,
        503,
    ]
    assert time.monotonic() - start < 2


def test_the_address_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere:6380/3")
    assert create_app().extensions["redis"].connection_pool.connection_kwargs["host"] == "elsewhere"
