import functools
import os

from flask import Flask, request
from redis import RedisCluster, exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry
from slots import slot

app = Flask(__name__)
app.json.ensure_ascii = False

CONFIRM_MS = int(os.environ.get("CONFIRM_MS", "300"))


@functools.cache
def store():
    """The client. To make it asks the cluster for its map, so it is made when it is used first, and not before."""
    try:
        return RedisCluster.from_url(
            os.environ.get("CLUSTER_URL", "redis://n1:6379"),
            decode_responses=True,
            socket_connect_timeout=0.5,
            socket_timeout=0.5,
            retry=Retry(NoBackoff(), 1),
            require_full_coverage=False,
        )
    except IndexError as error:  # what redis-py raises if the nodes have no slots yet
        raise exceptions.RedisClusterException("No node has a slot yet.") from error


def set_surely(key, value):
    """Sets it and waits for a replica. Returns whether one has it."""
    store().set(key, value)  # follows the cluster to where the key is now
    node = store().get_redis_connection(store().get_node_from_key(key))
    with node.client() as line:  # WAIT counts what was written on its own connection
        line.set(key, value)
        return line.wait(1, CONFIRM_MS) >= 1


def names(user):
    """The keys of a user. What is in braces decides the slot: they share one."""
    return f"notes:{{{user}}}:texts", f"notes:{{{user}}}:count"


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


@app.get("/slot")
def get_slot():
    key = request.args["key"]
    return {"key": key, "slot": slot(key)}


@app.post("/set")
def set_value():
    body = request.get_json()
    pair = {"key": body["key"], "value": body["value"]}
    if not body.get("sure"):
        store().set(pair["key"], pair["value"])
    elif not set_surely(pair["key"], pair["value"]):
        return {"error": "No replica has it yet. It may get lost."}, 503
    return pair, 201


@app.get("/get")
def get_value():
    key = request.args["key"]
    value = store().get(key)
    if value is None:
        return {"error": f"There is no key {key}."}, 404
    return {"key": key, "value": value}


@app.get("/many")
def get_many():
    keys = request.args.getlist("key")
    return dict(zip(keys, store().mget_nonatomic(keys), strict=True))


@app.post("/notes")
def add_note():
    note = request.get_json()
    texts, count = names(note["user"])
    with store().pipeline(transaction=True) as together:
        together.rpush(texts, note["text"])
        together.incr(count)
        _, number = together.execute()
    return {"user": note["user"], "count": number}, 201


@app.get("/notes/<user>")
def get_notes(user):
    texts, count = names(user)
    return {"user": user, "count": int(store().get(count) or 0), "texts": store().lrange(texts, 0, -1)}


@app.errorhandler(exceptions.ConnectionError)
@app.errorhandler(exceptions.TimeoutError)
@app.errorhandler(exceptions.ClusterError)  # it refuses the key for now, or sends the client from node to node
@app.errorhandler(exceptions.TryAgainError)  # the keys of a transaction are being moved
@app.errorhandler(exceptions.AskError)  # the same; MovedError is one too
@app.errorhandler(exceptions.RedisClusterException)  # no node can be reached, or nobody serves the slot
def not_now(error):
    return {"error": "The cluster cannot do that now. Try again later."}, 503


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
