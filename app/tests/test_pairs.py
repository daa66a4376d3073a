"""Keys and values."""

import pytest

from app.tests.conftest import CLUSTER


@pytest.mark.parametrize("value", ["", "plain", "é漢😀 \"'\n\t\\", "x" * 100_000])
def test_what_was_set_can_be_got(client, store, value):
    pair = {"key": "a key/ü", "value": value}
    answer = client.post("/set", json=pair)
    assert (answer.status_code, answer.json) == (201, pair)
    answer = client.get("/get", query_string={"key": pair["key"]})
    assert (answer.status_code, answer.json) == (200, pair)
    assert store.get(pair["key"]) == value


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"json": {"key": "a"}}, 400),
        ({"json": {"value": "a"}}, 400),
        ({"json": {"key": "", "value": "a"}}, 400),
        ({"json": {"key": 1, "value": "a"}}, 400),
        ({"json": {"key": "a", "value": None}}, 400),
        ({"json": {"key": "a", "value": 5}}, 400),
        ({"json": {"key": "a", "value": {}}}, 400),
        ({"json": ["key", "value"]}, 400),
        ({"json": "text"}, 400),
        ({"json": {"key": "a", "value": "\ud800"}}, 400),
        ({"json": {"key": "workshop:visits", "value": "x"}}, 400),
        ({"json": {"key": "inbox:{ada}:at", "value": "x"}}, 400),
        ({"data": "", "content_type": "application/json"}, 400),
        ({"data": "{", "content_type": "application/json"}, 400),
        ({"data": b"\xff", "content_type": "application/json"}, 400),
        ({"data": "key=a&value=b", "content_type": "application/x-www-form-urlencoded"}, 415),
        ({"data": b"{" + b" " * 2_000_000, "content_type": "application/json"}, 413),
    ],
)
def test_what_is_malformed_is_refused_in_json(client, store, sent, status):
    answer = client.post("/set", **sent)
    assert answer.status_code == status
    assert answer.json["error"]
    assert store.dbsize() == 0


def test_what_is_not_there(client):
    assert client.get("/get?key=missing").status_code == 404
    assert client.get("/get").status_code == 400
    answer = client.get("/no/such/place")
    assert (answer.status_code, bool(answer.json["error"])) == (404, True)
    answer = client.get("/set")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_key_that_holds_no_string_is_409(client, store):
    store.lpush("list", "x")
    answer = client.get("/get?key=list")
    assert (answer.status_code, bool(answer.json["error"])) == (409, True)


@pytest.mark.skipif(bool(CLUSTER), reason="one Redis is replaced")
def test_another_error_of_redis_is_500_and_in_the_log(client, monkeypatch, caplog):
    from redis import exceptions

    def refuses(key):
        raise exceptions.ReadOnlyError("You can't write against a read only replica.")

    monkeypatch.setattr(client.application.extensions["store"].redis, "get", refuses)
    answer = client.get("/get?key=x")
    assert (answer.status_code, bool(answer.json["error"])) == (500, True)
    assert "ReadOnlyError" in caplog.text


def test_the_visits_under_a_wrong_type_are_no_client_s_fault(client, store):
    store.lpush("workshop:visits", "x")
    assert client.get("/").status_code == 500
