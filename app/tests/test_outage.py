"""Redis is stopped, hangs, and is back."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app import create_app


def asked(client, path="/get?key=x"):
    """Status and seconds of one request."""
    start = time.monotonic()
    status = client.application.test_client().get(path).status_code
    return status, time.monotonic() - start


def recovers(client, path="/readyz"):
    """Whether the service is well again within two seconds."""
    end = time.monotonic() + 2
    while (status := client.get(path).status_code) != 200 and time.monotonic() < end:
        time.sleep(0.02)
    return status == 200


@pytest.fixture
def settings(settings):
    return settings | {"REDIS_TIMEOUT": 0.3}


@pytest.fixture(params=["shut", "hanging"])
def away(request, gate):
    """Two ways for Redis to be gone."""
    return getattr(gate, request.param)


def test_it_answers_503_in_time_and_recovers(client, away):
    assert client.get("/get?key=x").status_code == 404
    with away():
        answer = client.get("/get?key=x")
        assert (answer.status_code, bool(answer.json["error"])) == (503, True)
        for path in ("/", "/readyz", "/get?key=x"):
            status, seconds = asked(client, path)
            assert status == 503
            assert seconds < 1
        assert client.get("/healthz").json == {"status": "ok"}
    assert recovers(client)
    assert client.get("/get?key=x").status_code == 404


def test_many_clients_do_not_wait_one_after_the_other(client, gate):
    with gate.hanging(), ThreadPoolExecutor(16) as pool:
        start = time.monotonic()
        answers = list(pool.map(lambda _: asked(client), range(100)))  # on as many threads as a worker has
        assert {status for status, _ in answers} == {503}
        assert time.monotonic() - start < 2  # seven times 0.3 s, if each of them asked


def test_an_outage_is_told_once_and_its_end_too(client, gate, caplog):
    with gate.shut():
        for _ in range(20):
            client.get("/")
        assert [record.getMessage().split(" (")[0] for record in caplog.records] == ["Redis is away"]
    assert recovers(client)
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert told[1].startswith("Redis is back after ")


def test_a_visit_counts_once_though_redis_hangs(client, gate, store):
    client.get("/")
    with gate.hanging():
        assert client.get("/").status_code == 503
    assert recovers(client)
    assert store.get("workshop:visits") == "2"  # the visitor saw an error, and Redis did what it was asked


def test_one_lost_connection_is_no_outage(client, gate, caplog):
    client.get("/")
    with gate.shut():
        pass  # the service did not ask meanwhile; its connection is dead
    assert client.get("/").text.endswith("2 times.\n")
    assert not caplog.records


def test_it_starts_without_redis():
    client = create_app({"REDIS_CLUSTER_URL": "", "REDIS_URL": "redis://127.0.0.1:1/0"}).test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/").status_code == 503


def test_the_address_comes_from_the_environment(monkeypatch):
    monkeypatch.delenv("REDIS_CLUSTER_URL", raising=False)
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere:6380/3")
    options = create_app().extensions["store"].redis.connection_pool.connection_kwargs
    assert (options["host"], options["port"], options["db"]) == ("elsewhere", 6380, 3)
