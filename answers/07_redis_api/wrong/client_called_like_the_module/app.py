import os

from flask import Flask, request
import redis

app = Flask(__name__)
app.json.ensure_ascii = False

redis = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True, socket_timeout=0.5, socket_connect_timeout=0.5)


@app.get("/")
def index():
    visits = redis.incr("workshop:visits")
    return f"Hello World. This page was visited {visits} times.\n"


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


@app.post("/set")
def set_value():
    pair = request.get_json()
    if not isinstance(pair, dict) or not all(isinstance(pair.get(name), str) for name in ("key", "value")):
        return {"error": "Send a JSON object with the strings key and value."}, 400
    redis.set(pair["key"], pair["value"])
    return {"key": pair["key"], "value": pair["value"]}, 201


@app.get("/get")
def get_value():
    key = request.args.get("key")
    if key is None:
        return {"error": "Name the key: /get?key=…"}, 400
    try:
        value = redis.get(key)
    except redis.exceptions.ConnectionError:
        return {"error": "Redis cannot be reached now."}, 503
    if value is None:
        return {"error": f"There is no key {key}."}, 404
    return {"key": key, "value": value}


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
