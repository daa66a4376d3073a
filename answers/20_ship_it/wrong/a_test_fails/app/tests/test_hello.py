"""Greetings and visits."""

from concurrent.futures import ThreadPoolExecutor


def test_each_visit_is_counted_once(client, store):
    assert client.get("/").text == "Hello World. This page was visited 2 times.\n"
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda _: client.application.test_client().get("/").text, range(40)))
    assert len(set(texts)) == 40
    assert store.get("workshop:visits") == "41"


def test_a_name_is_escaped(client):
    assert client.get("/hello/Ada").text == "Hello Ada\n"
    assert "<b>" not in client.get("/hello/<b>x").text
