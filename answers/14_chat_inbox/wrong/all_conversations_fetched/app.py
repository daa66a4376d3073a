import json
import os
import time

from flask import Flask, jsonify, request
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisHangs
from redis.retry import Retry

INBOX_TTL = float(os.environ.get("INBOX_TTL", 7 * 24 * 3600))  # seconds
PREVIEW = 40  # characters
AHEAD = 24 * 3600  # seconds that a sender's clock may be ahead of ours

app = Flask(__name__)
app.json.ensure_ascii = False

store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://localhost:6379/0"),
    decode_responses=True,
    socket_connect_timeout=2,
    socket_timeout=2,
    retry=Retry(NoBackoff(), 0),
)


def key_of(user):
    return f"inbox:{{{user}}}"


def living(found):
    """The conversations of a hash that have not dropped out."""
    now = time.time()
    chats = {peer: json.loads(text) for peer, text in found.items()}
    return {peer: chat for peer, chat in chats.items() if chat["ends"] > now}


def change(user, act):
    """Reads all conversations of a user, lets `act` change them, and writes them back; again, if somebody else wrote meanwhile."""
    key = key_of(user)

    def once(pipe):
        before = pipe.hgetall(key)
        chats = living(before)
        answer = act(chats)
        gone = before.keys() - chats.keys()
        pipe.multi()
        if gone:
            pipe.hdel(key, *gone)
        if chats:
            pipe.hset(key, mapping={peer: json.dumps(chat) for peer, chat in chats.items()})
            pipe.pexpireat(key, int(max(chat["ends"] for chat in chats.values()) * 1000))
        return answer

    return store.transaction(once, key, value_from_callable=True)


def receive(to, sender, text, at):
    def act(chats):
        chat = chats.setdefault(sender, {"at": at, "unread": 0, "preview": text[:PREVIEW]})
        if at >= chat["at"]:
            chat |= {"at": at, "preview": text[:PREVIEW]}
        chat["unread"] += 1
        chat["ends"] = time.time() + INBOX_TTL

    change(to, act)


def show(user, offset, limit):
    found = store.hgetall(key_of(user))
    chats = living(found)
    if len(chats) < len(found):
        change(user, lambda chats: None)
    newest = sorted(chats, key=lambda peer: -chats[peer]["at"])[offset : offset + limit]
    return [{"peer": peer} | {name: chats[peer][name] for name in ("at", "unread", "preview")} for peer in newest]


def mark_read(user, peer):
    def act(chats):
        if peer in chats:
            chats[peer]["unread"] = 0
        return peer in chats

    return change(user, act)


def is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def refused(reason):
    return {"error": reason}, 400


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


@app.post("/messages")
def send():
    message = request.get_json(silent=True)
    if not isinstance(message, dict):
        return refused("Send a JSON object with from, to, text and at.")
    sender, to, text, at = (message.get(name) for name in ("from", "to", "text", "at"))
    if not all(isinstance(value, str) and value for value in (sender, to, text)) or not is_number(at):
        return refused("from, to and text are texts that are not empty, and at is a number.")
    if sender == to:
        return refused("A message to oneself has no inbox to go to.")
    if at > time.time() + AHEAD:
        return refused("at lies in the future.")
    receive(to, sender, text, at)
    return {"from": sender, "to": to, "text": text, "at": at}, 201


@app.get("/inbox/<user>")
def inbox(user):
    try:
        offset, limit = int(request.args.get("offset", 0)), int(request.args.get("limit", 20))
    except ValueError:
        return refused("offset and limit are whole numbers.")
    if offset < 0 or not 1 <= limit <= 100:
        return refused("offset is 0 or more, limit from 1 to 100.")
    return {"user": user, "conversations": show(user, offset, limit)}


@app.post("/inbox/<user>/read")
def read(user):
    body = request.get_json(silent=True)
    peer = body.get("peer") if isinstance(body, dict) else None
    if not isinstance(peer, str):
        return refused("Send a JSON object with peer.")
    if not mark_read(user, peer):
        return {"error": f"{user} has no conversation with {peer}."}, 404
    return {"peer": peer, "unread": 0}


@app.errorhandler(RedisGone)
@app.errorhandler(RedisHangs)
def redis_is_gone(error):
    return jsonify(error="Redis cannot be reached now. Try again later."), 503


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
