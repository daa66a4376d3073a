import os

from flask import Flask, request
from redis import ConnectionError as NotThere
from redis import Redis
from redis import TimeoutError as TooLate
from redis.backoff import NoBackoff
from redis.retry import Retry

app = Flask(__name__)
app.json.ensure_ascii = False

store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://localhost:6379/0"),
    decode_responses=True,
    socket_connect_timeout=0.5,
    socket_timeout=0.5,
    retry=Retry(NoBackoff(), 1, supported_errors=(NotThere,)),
)


GONE = {"error": "Redis cannot be reached now. Try again later."}, 503


@app.get("/")
def index():
    try:
        visits = store.incr("workshop:visits")
    except (NotThere, TooLate):
        return GONE
    return f"Hello World. This page was visited {visits} times.\n"


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


@app.post("/set")
def set_value():
    match request.get_json(silent=True):
        case {"key": str(key), "value": str(value)}:
            pass
        case _:
            return {"error": "Send a JSON object with the strings key and value."}, 400
    try:
        store.set(key, value)
    except (NotThere, TooLate):
        return GONE
    return {"key": key, "value": value}, 201


@app.get("/get")
def get_value():
    key = request.args.get("key")
    if key is None:
        return {"error": "Name the key: /get?key=…"}, 400
    try:
        value = store.get(key)
    except (NotThere, TooLate):
        return GONE
    if value is None:
        return {"error": f"There is no key {key}."}, 404
    return {"key": key, "value": value}


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
