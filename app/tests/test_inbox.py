"""Chat inboxes."""

import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from app import create_app

NOW = int(time.time())


def letter(sender="jenny", to="ada", text="hi", at=NOW):
    return {"from": sender, "to": to, "text": text, "at": at}


def send(client, **parts):
    answer = client.post("/messages", json=letter(**parts))
    assert (answer.status_code, answer.json) == (201, letter(**parts))


def inbox(client, user="ada", page=""):
    answer = client.get(f"/inbox/{user}{page}")
    assert answer.status_code == 200
    assert answer.json["user"] == user
    return answer.json["conversations"]


def peers(client, page=""):
    return [one["peer"] for one in inbox(client, page=page)]


def test_the_newest_conversation_comes_first(client):
    for number in range(10):
        send(client, text=f"message {number}", at=NOW - 10 + number)
    send(client, sender="david", text="later", at=NOW)
    send(client, sender="david", text="from the tunnel", at=NOW - 60)
    assert inbox(client) == [
        {"peer": "david", "unread": 2, "preview": "later", "at": NOW},
        {"peer": "jenny", "unread": 10, "preview": "message 9", "at": NOW - 1},
    ]
    assert inbox(client, "nobody") == []


def test_a_preview_is_cut_on_characters(client):
    send(client, text="😀" * 41)
    assert inbox(client)[0]["preview"] == "😀" * 40


def test_what_was_read_is_counted_from_0(client):
    send(client, at=NOW - 2)
    assert client.post("/inbox/ada/read", json={"peer": "jenny"}).json == {"peer": "jenny", "unread": 0}
    assert inbox(client)[0]["unread"] == 0
    send(client, at=NOW - 1)
    assert inbox(client)[0]["unread"] == 1


def test_reading_what_is_not_there_is_404_and_leaves_nothing(client, store):
    assert client.post("/inbox/ada/read", json={"peer": "jenny"}).status_code == 404
    assert not list(store.scan_iter())


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": ""},
        {"text": None},
        {"sender": ""},
        {"sender": 5},
        {"sender": "ada"},
        {"at": "now"},
        {"at": True},
        {"at": None},
        {"at": -1},
        {"at": float("nan")},
        {"at": 10**400},
        {"at": NOW + 2 * 24 * 3600},
    ],
)
def test_what_is_no_message_is_refused(client, store, wrong):
    answer = client.post("/messages", json=letter(**wrong))
    assert (answer.status_code, bool(answer.json["error"])) == (400, True)
    assert not list(store.scan_iter())


def test_pages(client):
    names = [f"peer{number:02}" for number in range(25)]
    for age, name in enumerate(names):
        send(client, sender=name, at=NOW - age)
    assert peers(client) == names[:20]
    assert peers(client, "?offset=3&limit=4") == names[3:7]
    assert peers(client, "?offset=25") == []
    for wrong in ("limit=0", "limit=101", "limit=ten", "limit=", "offset=-1", f"offset={10**30}"):
        assert client.get(f"/inbox/ada?{wrong}").status_code == 400


def test_no_message_is_lost_though_many_come_at_once(client):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda age: send(client.application.test_client(), at=NOW - age, text=str(age)), range(40)))
    assert inbox(client) == [{"peer": "jenny", "unread": 40, "preview": "0", "at": NOW}]


def test_an_idle_conversation_drops_out_and_leaves_nothing(store, settings):
    client = create_app(settings | {"INBOX_TTL": 1}).test_client()
    send(client, sender="uncle")
    time.sleep(0.6)
    send(client, at=NOW - 1)
    time.sleep(0.6)
    assert peers(client) == ["jenny"]
    assert not any("uncle" in str(kept(store, key)) for key in store.scan_iter())
    time.sleep(0.6)
    assert not list(store.scan_iter())


def kept(store, key):
    return store.hgetall(key) if store.type(key) == "hash" else store.zrange(key, 0, -1)


@pytest.mark.parametrize("user", ["ada", "a}b", "}", "{", "{}", "%7D", "ä 漢"])
def test_all_keys_of_a_user_are_in_one_slot(client, store, user):
    send(client, to=user)
    assert client.get(f"/inbox/{quote(user)}").json["conversations"][0]["peer"] == "jenny"
    keys = list(store.scan_iter())
    assert len(keys) == 4
    assert len({slot_tag(key) for key in keys}) == 1


def slot_tag(key):
    """What a cluster hashes of a key, as its specification says."""
    begin = key.find("{")
    end = key.find("}", begin + 1)
    return key[begin + 1 : end] if begin >= 0 and end > begin + 1 else key
