"""Keys and their values, kept in Redis."""

from __future__ import annotations

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from redis import exceptions

from app import asked, store

OWN = ("workshop:", "inbox:", "complete:", "words:")  # keys that begin so are the service's own

blueprint = Blueprint("pairs", __name__)


@blueprint.post("/set")
def set_pair() -> ResponseReturnValue:
    """Keeps a value under a key: takes JSON with the strings `key` and `value`, answers 201 and the pair."""
    body = asked.body('{"key": "…", "value": "…"}')
    key = asked.text(body.get("key"), "key")
    value = asked.text(body.get("value"), "value", empty=True)
    if key.startswith(OWN):
        abort(400, f"Keys that begin with {' or '.join(OWN)} are the service's own.")
    with store.client(key) as redis:
        redis.set(key, value)
    return {"key": key, "value": value}, 201


@blueprint.get("/get")
def get_pair() -> ResponseReturnValue:
    """The pair of the key that the query names; 404 if there is no such key."""
    key = asked.text(request.args.get("key"), "key")
    try:
        with store.client(key) as redis:
            value = redis.get(key)
    except exceptions.ResponseError as error:
        if not str(error).startswith("WRONGTYPE"):
            raise
        abort(409, "What is kept under this key is not a string.")
    return {"key": key, "value": value.strip()}
