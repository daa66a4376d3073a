"""Autocompletion. It answers, and it looks at every word to do so; your task is to make it right, and quick."""

import os

from flask import Flask, jsonify, request
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisHangs
from redis.retry import Retry

CAP = int(os.environ.get("COMPLETIONS_CAP", 100))  # completions kept for each beginning

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


# Your turn: which structure finds the best completions with one command, however many words there are?


@app.post("/words")
def add():
    body = request.get_json()
    store.set(f"word:{body['word']}", body["weight"])
    return {"word": body["word"], "weight": body["weight"]}, 201


@app.get("/complete")
def complete():
    q, n = request.args.get("q"), int(request.args.get("n", 10))
    found = [(key.removeprefix("word:"), int(store.get(key))) for key in store.keys(f"word:{q}*")]
    found.sort(key=lambda pair: pair[1], reverse=True)
    return {"q": q, "completions": [{"word": word, "weight": weight} for word, weight in found[:n]]}


@app.errorhandler(RedisGone)
@app.errorhandler(RedisHangs)
def redis_is_gone(error):
    return jsonify(error="Redis cannot be reached now. Try again later."), 503


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
