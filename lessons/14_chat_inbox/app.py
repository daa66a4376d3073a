"""A chat inbox. It works while one person tries it by hand; your task is to make it right."""

import os

from flask import Flask, jsonify, request
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisHangs
from redis.retry import Retry

INBOX_TTL = float(os.environ.get("INBOX_TTL", 7 * 24 * 3600))  # seconds

app = Flask(__name__)
app.json.ensure_ascii = False

store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://localhost:6379/0"),
    decode_responses=True,
    socket_connect_timeout=2,
    socket_timeout=2,
    retry=Retry(NoBackoff(), 0),
)


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


# Your turn: each of the three views below breaks some of the promises.


@app.post("/messages")
def send():
    message = request.get_json()
    chat = f"chat:{message['to']}:{message['from']}"
    unread = int(store.hget(chat, "unread") or 0)
    preview = message["text"].encode()[:40].decode(errors="ignore")
    store.hset(chat, mapping={"at": message["at"], "unread": unread + 1, "preview": preview})
    store.expire(chat, int(INBOX_TTL))
    store.zadd(f"inbox:{message['to']}", {message["from"]: message["at"]})
    return message, 201


@app.get("/inbox/<user>")
def inbox(user):
    conversations = []
    for peer in store.zrange(f"inbox:{user}", 0, -1):
        chat = store.hgetall(f"chat:{user}:{peer}")
        conversations.append(
            {"peer": peer, "at": float(chat["at"]), "unread": int(chat["unread"]), "preview": chat["preview"]}
        )
    return {"user": user, "conversations": conversations}


@app.post("/inbox/<user>/read")
def read(user):
    peer = request.get_json()["peer"]
    store.hset(f"chat:{user}:{peer}", "unread", 0)
    return {"peer": peer, "unread": 0}


@app.errorhandler(RedisGone)
@app.errorhandler(RedisHangs)
def redis_is_gone(error):
    return jsonify(error="Redis cannot be reached now. Try again later."), 503


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
