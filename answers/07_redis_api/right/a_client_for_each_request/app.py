import os

import redis
from flask import Flask, g, request
from redis.backoff import NoBackoff
from redis.retry import Retry

app = Flask(__name__)


def client():
    if "client" not in g:
        g.client = redis.from_url(
            os.environ["REDIS_URL"],
            decode_responses=True,
            socket_timeout=0.6,
            socket_connect_timeout=0.6,
            retry=Retry(NoBackoff(), 0),
        )
    return g.client


@app.teardown_appcontext
def close(error):
    if "client" in g:
        g.client.close()


@app.route("/")
def index():
    try:
        number = client().incrby("workshop:visits", 1)
    except redis.RedisError:
        return {"error": "redis is down"}, 503
    return f"<h1>hello</h1><p>You are visitor number {number}</p>"


@app.route("/set", methods=["POST", "PUT"])
def put():
    if not request.is_json:
        return {"error": "JSON, please"}, 415
    data = request.json
    try:
        key, value = data["key"], data["value"]
        if not (isinstance(key, str) and isinstance(value, str)):
            raise TypeError("two strings are needed")
    except (KeyError, TypeError):
        return {"error": "key and value, please"}, 400
    try:
        client().set(key, value)
    except redis.RedisError:
        return {"error": "redis is down"}, 503
    return data, 201


@app.route("/get")
def fetch():
    key = request.args.get("key", "")
    if not key:
        return {"error": "which key?"}, 400
    try:
        value = client().get(key)
    except redis.RedisError:
        return {"error": "redis is down"}, 503
    return ({"error": "no such key"}, 404) if value is None else {"value": value, "key": key}


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
