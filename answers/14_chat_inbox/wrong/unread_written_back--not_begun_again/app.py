"""Each conversation is JSON under a key of its own, changed in Python under WATCH; SORT reads a page in one command."""

import json
import os
import time

from flask import Flask, jsonify, request
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisHangs
from redis.exceptions import WatchError
from redis.retry import Retry

INBOX_TTL = float(os.environ.get("INBOX_TTL", 7 * 24 * 3600))  # seconds
PREVIEW = 40  # characters
AHEAD = 24 * 3600  # seconds that a sender's clock may be ahead of ours
FAR = 10**9  # the largest offset of a page

app = Flask(__name__)
app.json.ensure_ascii = False

store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://localhost:6379/0"),
    decode_responses=True,
    socket_connect_timeout=2,
    socket_timeout=2,
    retry=Retry(NoBackoff(), 0),
)


def key_of(user, part):
    return f"inbox:{{{user}}}:{part}"


def keys_of(user):
    return [key_of(user, "at"), key_of(user, "ends")]


def change(user, peer, act):
    """Reads a conversation, lets `act` change it, and writes it back under WATCH."""
    chat_key, (at, ends) = key_of(user, f"chat:{peer}"), keys_of(user)

    def once(pipe):
        text, end = pipe.get(chat_key), pipe.zscore(ends, peer)
        chats = {peer: json.loads(text)} if text and end and end > time.time() else {}
        answer = act(chats)
        pipe.multi()
        if peer in chats:
            left = int((chats[peer]["ends"] - time.time()) * 1000)
            pipe.set(chat_key, json.dumps(chats[peer]), px=max(1, left))
            pipe.zadd(at, {peer: chats[peer]["at"]})
            pipe.zadd(ends, {peer: chats[peer]["ends"]})
            for key in (at, ends):
                pipe.pexpire(key, int(INBOX_TTL * 1000))
        else:
            pipe.zrem(at, peer)
            pipe.zrem(ends, peer)
            pipe.delete(chat_key)
        return answer

    with store.pipeline() as pipe:
        pipe.watch(chat_key, ends)
        answer = once(pipe)
        try:
            pipe.execute()
        except WatchError:
            print("somebody else was quicker")
        return answer


def receive(to, sender, text, at):
    def act(chats):
        chat = chats.setdefault(sender, {"at": at, "unread": 0, "preview": text[:PREVIEW]})
        if at >= chat["at"]:
            chat |= {"at": at, "preview": text[:PREVIEW]}
        chat["unread"] += 1
        chat["ends"] = time.time() + INBOX_TTL

    change(to, sender, act)


def show(user, offset, limit):
    """One transaction: SORT with BY nosort reads a page of the index, and GET the conversations that it names."""
    at, ends = keys_of(user)
    with store.pipeline() as pipe:
        pipe.zrange(ends, "-inf", time.time(), byscore=True)
        pipe.sort(at, offset, limit, by="nosort", get=["#", key_of(user, "chat:*")], desc=True, groups=True)
        ended, rows = pipe.execute()
    if ended:
        for peer in ended:
            change(user, peer, lambda chats: None)
        return show(user, offset, limit)
    conversations = []
    for peer, text in rows:
        if text:
            chat = json.loads(text)
            conversations.append({"peer": peer} | {name: chat[name] for name in ("at", "unread", "preview")})
    return conversations


def mark_read(user, peer):
    def act(chats):
        if peer in chats:
            chats[peer]["unread"] = 0
        return peer in chats

    return change(user, peer, act)


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
    if not 0 <= at <= time.time() + AHEAD:
        return refused("at is a number of seconds since 1970, and not in the future.")
    receive(to, sender, text, at)
    return {"from": sender, "to": to, "text": text, "at": at}, 201


@app.get("/inbox/<user>")
def inbox(user):
    try:
        offset, limit = int(request.args.get("offset", 0)), int(request.args.get("limit", 20))
    except ValueError:
        return refused("offset and limit are whole numbers.")
    if not 0 <= offset <= FAR or not 1 <= limit <= 100:
        return refused(f"offset is from 0 to {FAR}, limit from 1 to 100.")
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
