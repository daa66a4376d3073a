"""A cluster: without a server what the service does with its parts; with TEST_REDIS_CLUSTER_URL, that the keys are spread."""

import threading
from types import SimpleNamespace

import pytest
from redis import exceptions

from app import create_app
from app.tests.conftest import CLUSTER


class Node(SimpleNamespace):
    """A primary of a cluster that is made up, and whether it answers."""

    def answer(self, value):
        if self.is_away:
            raise exceptions.ConnectionError("refused")
        return value


@pytest.fixture
def nodes():
    return {"a": Node(name="one:6379", is_away=False), "b": Node(name="two:6379", is_away=False)}


@pytest.fixture
def split(nodes):
    """The service on a cluster whose nodes have the keys that begin with a, and those that begin with b."""
    redis = SimpleNamespace(
        get_node_from_key=lambda key: nodes[key[0]],
        get=lambda key: nodes[key[0]].answer("x"),
        ping=lambda target_nodes: target_nodes.answer(True),
        get_primaries=lambda: list(nodes.values()),
    )
    client = create_app({"REDIS_CLUSTER_URL": "redis://127.0.0.1:1"}).test_client()
    client.application.extensions["store"]._client = redis
    return client


def test_an_outage_is_one_node_s(split, nodes, caplog):
    nodes["a"].is_away = True
    assert [split.get(f"/get?key={key}").status_code for key in ("a1", "b1", "a2", "b2")] == [503, 200, 503, 200]
    assert [record.getMessage().split(" (refused)")[0] for record in caplog.records] == ["Redis (one:6379) is away"]


def test_a_promoted_replica_is_asked_at_once(split, nodes):
    nodes["a"].is_away = True
    assert split.get("/get?key=a1").status_code == 503
    nodes["a"] = Node(name="three:6379", is_away=False)
    assert split.get("/get?key=a1").status_code == 200


def test_it_is_ready_while_a_part_is(split, nodes):
    nodes["a"].is_away = True
    assert split.get("/readyz").status_code == 200
    nodes["b"].is_away = True
    assert split.get("/readyz").status_code == 503


def test_it_starts_without_a_cluster():
    client = create_app({"REDIS_CLUSTER_URL": "redis://127.0.0.1:1"}).test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    assert client.get("/get?key=x").json == {"error": "Redis cannot be reached now. Try again later."}


def test_one_thread_connects_and_the_others_wait_for_what_it_finds(monkeypatch):
    asked, may_go = [], threading.Event()

    def refuses(url, **options):
        asked.append(url)
        may_go.wait(5)
        raise exceptions.RedisClusterException("no node answers")

    monkeypatch.setattr("app.cluster.RedisCluster.from_url", refuses)
    app = create_app({"REDIS_CLUSTER_URL": "redis://127.0.0.1:1"})
    statuses = []
    threads = [
        threading.Thread(target=lambda: statuses.append(app.test_client().get("/get?key=x").status_code))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    may_go.set()
    for thread in threads:
        thread.join()
    assert (statuses, len(asked)) == ([503] * 8, 1)


@pytest.mark.skipif(not CLUSTER, reason="TEST_REDIS_CLUSTER_URL names no cluster")
def test_the_data_are_spread_over_all_primaries(client, store):
    for number in range(60):
        user = f"user{number}"
        message = {"from": "jenny", "to": user, "text": "hi", "at": 1}
        assert client.post("/messages", json=message).status_code == 201
        assert client.post("/words", json={"word": f"{number:02}", "weight": 1}).status_code == 201
        assert client.get(f"/inbox/{user}").json["conversations"][0]["unread"] == 1
    counts = [store.dbsize(target_nodes=node) for node in store.get_primaries()]
    assert len(counts) >= 3
    assert all(counts)
