"""Keys and their values, kept in Redis."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from redis import exceptions

from app import store

OWN = "workshop:"  # keys that begin so are the service's own

blueprint = Blueprint("pairs", __name__)


@blueprint.post("/set")
def set_pair() -> ResponseReturnValue:
    """Keeps a value under a key: takes JSON with the strings `key` and `value`, answers 201 and the pair."""
    body = request.get_json()
    if not isinstance(body, dict):
        abort(400, 'Send a JSON object: {"key": "…", "value": "…"}.')
    pair = {"key": text(body.get("key"), "key"), "value": text(body.get("value"), "value")}
    if pair["key"].startswith(OWN):
        abort(400, f"Keys that begin with {OWN} are the service's own.")
    with store.client() as redis:
        redis.set(pair["key"], pair["value"])
    return pair, 201


@blueprint.get("/get")
def get_pair() -> ResponseReturnValue:
    """The pair of the key that the query names; 404 if there is no such key."""
    key = text(request.args.get("key"), "key")
    try:
        with store.client() as redis:
            value = redis.get(key)
    except exceptions.ResponseError as error:
        if not str(error).startswith("WRONGTYPE"):
            raise
        abort(409, "What is kept under this key is not a string.")
    if value is None:
        abort(404, "There is no such key.")
    return {"key": key, "value": value}


def text(found: Any, name: str) -> str:
    """`found`, if it is text that Redis can hold; else the request ends with 400. A key may not be empty."""
    if not isinstance(found, str) or (name == "key" and not found):
        abort(400, f"`{name}` is missing or not a string.")
    try:
        found.encode()
    except UnicodeEncodeError:
        abort(400, f"`{name}` holds half a character.")
    return found
