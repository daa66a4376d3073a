import os

from flask import Flask, request
from redis import Redis, exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry

app = Flask(__name__)
app.json.ensure_ascii = False

store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://localhost:6379/0"),
    decode_responses=True,
    socket_connect_timeout=0.5,
    socket_timeout=0.5,
    retry=Retry(NoBackoff(), 0),
)


@app.get("/")
def index():
    visits = store.incr("workshop:visits")
    return f"Hello World. This page was visited {visits} times.\n"


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


@app.post("/set")
def set_value():
    pair = request.get_json()
    if not isinstance(pair, dict) or not all(isinstance(pair.get(name), str) for name in ("key", "value")):
        return {"error": "Send a JSON object with the strings key and value."}, 400
    store.append(pair["key"], pair["value"])
    return {"key": pair["key"], "value": pair["value"]}, 201


@app.get("/get")
def get_value():
    key = request.args.get("key")
    if key is None:
        return {"error": "Name the key: /get?key=…"}, 400
    value = store.get(key)
    if value is None:
        return {"error": f"There is no key {key}."}, 404
    return {"key": key, "value": value}


@app.errorhandler(exceptions.ConnectionError)
@app.errorhandler(exceptions.TimeoutError)
def redis_is_gone(error):
    return {"error": "Redis cannot be reached now. Try again later."}, 503


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
