import os

from flask import Flask, request
from redis import Redis, exceptions
from slots import slot

app = Flask(__name__)
app.json.ensure_ascii = False

# Your turn: this client knows one node only. A cluster needs another one.
store = Redis.from_url(
    os.environ.get("REDIS_CLUSTER_URL", "redis://localhost:6379"),
    decode_responses=True,
    socket_connect_timeout=0.5,
    socket_timeout=0.5,
)


def names(user):
    """The keys of a user."""
    # Your turn: in a cluster, a transaction needs keys that share a slot.
    return f"notes:{user}:texts", f"notes:{user}:count"


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


@app.get("/slot")
def get_slot():
    key = request.args["key"]
    return {"key": key, "slot": slot(key)}


@app.post("/set")
def set_value():
    # Your turn: if the body has "sure": true, answer 201 only once a replica has it.
    body = request.get_json()
    pair = {"key": body["key"], "value": body["value"]}
    store.set(pair["key"], pair["value"])
    return pair, 201


@app.get("/get")
def get_value():
    key = request.args["key"]
    value = store.get(key)
    if value is None:
        return {"error": f"There is no key {key}."}, 404
    return {"key": key, "value": value}


@app.get("/many")
def get_many():
    # Your turn: these keys may be on different nodes.
    keys = request.args.getlist("key")
    return dict(zip(keys, store.mget(keys), strict=True))


@app.post("/notes")
def add_note():
    note = request.get_json()
    texts, count = names(note["user"])
    with store.pipeline(transaction=True) as together:
        together.rpush(texts, note["text"])
        together.incr(count)
        _, number = together.execute()
    return {"user": note["user"], "count": number}, 201


@app.get("/notes/<user>")
def get_notes(user):
    texts, count = names(user)
    return {"user": user, "count": int(store.get(count) or 0), "texts": store.lrange(texts, 0, -1)}


# Your turn: what else does a cluster say while it cannot answer?
@app.errorhandler(exceptions.ConnectionError)
@app.errorhandler(exceptions.TimeoutError)
def not_now(error):
    return {"error": "Redis cannot be reached now. Try again later."}, 503


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
