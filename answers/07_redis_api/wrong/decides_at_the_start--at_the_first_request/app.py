import os
from functools import lru_cache

from flask import Flask, abort, jsonify, request
from redis import Redis, exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry

app = Flask(__name__)


@lru_cache
def connect():
    client = Redis.from_url(
        os.environ["REDIS_URL"],
        decode_responses=True,
        socket_connect_timeout=0.5,
        socket_timeout=0.5,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        client.ping()
    except (exceptions.ConnectionError, exceptions.TimeoutError):
        return None
    return client


def store():
    client = connect()
    if client is None:
        abort(503)
    return client


@app.get("/")
def index():
    visits = store().incr("workshop:visits")
    return f"Hello World. Visits: {visits}\n"


@app.post("/set")
def set_value():
    pair = request.get_json()
    if not isinstance(pair, dict):
        return {"error": "Send a JSON object."}, 400
    key, value = pair.get("key"), pair.get("value")
    if not isinstance(key, str) or not isinstance(value, str):
        return {"error": "key and value must be strings."}, 400
    store().set(key, value)
    return {"key": key, "value": value}, 201


@app.get("/get")
def get_value():
    key = request.args.get("key")
    if key is None:
        return {"error": "Which key?"}, 400
    value = store().get(key)
    if value is None:
        return {"error": "There is no such key."}, 404
    return {"key": key, "value": value}


@app.errorhandler(503)
@app.errorhandler(exceptions.ConnectionError)
@app.errorhandler(exceptions.TimeoutError)
def redis_is_gone(error):
    return jsonify(error="Redis is gone. Try again later."), 503


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
