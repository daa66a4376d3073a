"""Autocompletion."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app import create_app

EXAMPLE = {"cat": 90, "car": 30, "cart": 10, "cod": 10, "cold": 5, "coin": 1}


def add(client, word, weight):
    answer = client.post("/words", json={"word": word, "weight": weight})
    assert answer.status_code == 201
    return answer.json


def complete(client, q, n=None):
    answer = client.get("/complete", query_string={"q": q} if n is None else {"q": q, "n": n})
    assert answer.status_code == 200
    assert answer.json["q"] == q
    return [(one["word"], one["weight"]) for one in answer.json["completions"]]


def test_the_best_come_first(client):
    for word, weight in EXAMPLE.items():
        assert add(client, word, weight) == {"word": word, "weight": weight}
    assert complete(client, "ca", 2) == [("cat", 90), ("car", 30)]
    assert complete(client, "car") == [("car", 30), ("cart", 10)]
    assert complete(client, "c") == [("cat", 90), ("car", 30), ("cart", 10), ("cod", 10), ("cold", 5), ("coin", 1)]
    assert complete(client, "dog") == []


def test_case_and_spelling_make_no_difference(client):
    add(client, "CAFÉ", 1)
    assert add(client, "cafe\u0301", 2) == {"word": "café", "weight": 3}
    for q in ("café", "CAFE\u0301", "C"):
        assert complete(client, q) == [("café", 3)]
    add(client, "Straße", 1)
    assert complete(client, "STRASS") == [("strasse", 1)]


@pytest.mark.parametrize("word", ["übung", "漢字表", "😀😃", "مرحبا", "}{}", "{}", "%7d", "two words"])
def test_every_beginning_leads_to_a_word_in_any_script(client, word):
    add(client, word, 7)
    for end in range(1, len(word) + 1):
        assert complete(client, word[:end]) == [(word, 7)]


def test_a_question_is_no_pattern(client):
    add(client, "cat", 1)
    for q in ("*", "c*", "ca?", "c[a-z]t", "c\\"):
        assert complete(client, q) == []


def test_the_best_are_kept_and_who_grows_comes_back(store, settings):
    client = create_app(settings | {"COMPLETIONS_CAP": 3}).test_client()
    for weight, word in enumerate(("aa", "ab", "ac", "ad"), 1):
        add(client, word, weight)
    assert complete(client, "a", 3) == [("ad", 4), ("ac", 3), ("ab", 2)]
    assert store.zcard("complete:{a}:a") == 3
    add(client, "aa", 9)
    assert complete(client, "a", 1) == [("aa", 10)]
    assert len(complete(client, "a", 100)) == 3


def test_no_weight_is_lost_though_many_come_at_once(client):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: add(client.application.test_client(), "word", 2), range(40)))
    assert complete(client, "w") == complete(client, "word") == [("word", 80)]


@pytest.mark.parametrize(
    "body",
    [
        {"weight": 1},
        {"word": "", "weight": 1},
        {"word": " \t", "weight": 1},
        {"word": "x" * 51, "weight": 1},
        {"word": "\ud800", "weight": 1},
        {"word": "x"},
        {"word": "x", "weight": 0},
        {"word": "x", "weight": -1},
        {"word": "x", "weight": 1.5},
        {"word": "x", "weight": "1"},
        {"word": "x", "weight": True},
        {"word": "x", "weight": 1_000_001},
        ["x", 1],
    ],
)
def test_what_is_no_word_is_refused(client, store, body):
    answer = client.post("/words", json=body)
    assert (answer.status_code, bool(answer.json["error"])) == (400, True)
    assert not list(store.scan_iter())


@pytest.mark.parametrize("query", ["", "q=", "q=a&n=0", "q=a&n=-1", "q=a&n=many", "q=a&n=101", "q=a&n=²"])
def test_what_cannot_be_answered_is_refused(client, query):
    assert client.get(f"/complete?{query}").status_code == 400
