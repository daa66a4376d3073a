"""The whole service in one file, served by one process with sixteen threads. Data is changed under WATCH, in Python."""

import json
import os
import signal
import sys
import time

from flask import Flask, Response, abort, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, Counter, generate_latest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisHangs
from redis.retry import Retry
from waitress import serve

CAP = int(os.environ.get("COMPLETIONS_CAP", 100))
TTL = float(os.environ.get("INBOX_TTL", 604800))
REQUESTS = Counter("service_requests", "Requests by status", ["status"])

app = Flask(__name__)
redis = Redis.from_url(
    os.environ["REDIS_URL"],
    decode_responses=True,
    socket_timeout=0.5,
    socket_connect_timeout=0.5,
    retry=Retry(NoBackoff(), 0),
)


@app.after_request
def count(response):
    REQUESTS.labels(response.status_code).inc()
    return response


@app.errorhandler(RedisGone)
@app.errorhandler(RedisHangs)
def gone(error):
    return jsonify(error="no Redis now"), 503


def body(**kinds):
    found = request.get_json(silent=True)
    if not isinstance(found, dict) or not all(isinstance(found.get(name), kind) for name, kind in kinds.items()):
        abort(jsonify_400())
    return [found[name] for name in kinds]


def jsonify_400():
    response = jsonify(error="malformed")
    response.status_code = 400
    return response


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


@app.get("/readyz")
def readyz():
    redis.ping()
    return {"status": "ok"}


@app.get("/metrics")
def metrics():
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


@app.get("/")
def index():
    return f"Hello, visitor {redis.incr('workshop:visits')}"


@app.post("/set")
def set_pair():
    key, value = body(key=str, value=str)
    redis.set(key, value)
    return {"key": key, "value": value}, 201


@app.get("/get")
def get_pair():
    key = request.args.get("key") or abort(jsonify_400())
    value = redis.get(key)
    return ({"error": "no such key"}, 404) if value is None else {"key": key, "value": value}


def live(found):
    """The conversations of an inbox whose time is not over."""
    return {peer: chat for peer, chat in json.loads(found or "{}").items() if chat["ends"] > time.time()}


def changed(key, act):
    """Lets `act` change the JSON under a key; again if somebody else wrote meanwhile."""

    def once(pipe):
        found = live(pipe.get(key))
        answer = act(found)
        pipe.multi()
        if found:
            pipe.set(key, json.dumps(found), px=int(TTL * 1000))
        return answer

    return redis.transaction(once, key, value_from_callable=True)


@app.post("/messages")
def send():
    sender, to, text, at = body(**{"from": str}, to=str, text=str, at=(int, float))
    if sender == to or not text or at > time.time() + 86400:
        abort(jsonify_400())

    def act(chats):
        chat = chats.setdefault(sender, {"peer": sender, "unread": 0, "at": at, "preview": text[:40]})
        if at >= chat["at"]:
            chat.update(at=at, preview=text[:40])
        chat["unread"] += 1
        chat["ends"] = time.time() + TTL

    changed(f"inbox:{{{to}}}", act)
    return {"from": sender, "to": to, "text": text, "at": at}, 201


@app.get("/inbox/<user>")
def inbox(user):
    chats = live(redis.get(f"inbox:{{{user}}}")).values()
    shown = [{name: chat[name] for name in ("peer", "unread", "preview", "at")} for chat in chats]
    return {"user": user, "conversations": sorted(shown, key=lambda chat: -chat["at"])[:20]}


@app.post("/inbox/<user>/read")
def read(user):
    (peer,) = body(peer=str)

    def act(chats):
        if peer in chats:
            chats[peer]["unread"] = 0
        return peer in chats

    return {"peer": peer, "unread": 0} if changed(f"inbox:{{{user}}}", act) else ({"error": "no such peer"}, 404)


@app.post("/words")
def add():
    word, weight = body(word=str, weight=int)
    word = word.casefold()
    if not word.strip() or len(word) > 50 or weight < 1:
        abort(jsonify_400())
    total = int(redis.hincrby("words", word, weight))
    with redis.pipeline() as pipe:
        for end in range(1, len(word) + 1):
            pipe.zadd(f"complete:{word[:end]}", {word: -total})
            pipe.zremrangebyrank(f"complete:{word[:end]}", CAP, -1)
        pipe.execute()
    return {"word": word, "weight": total}, 201


@app.get("/complete")
def complete():
    q = request.args.get("q") or abort(jsonify_400())
    found = redis.zrange(f"complete:{q.casefold()}", 0, request.args.get("n", 10, int) - 1, withscores=True)
    return {"q": q, "completions": [{"word": word, "weight": -int(score)} for word, score in found]}


def end(*_):
    sys.exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, end)
    serve(app, host="0.0.0.0", port=5000, threads=16)
