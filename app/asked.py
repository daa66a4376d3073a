"""What a request brought, looked at before anything is done with it. What does not fit ends the request with 400."""

from __future__ import annotations

from typing import Any

from flask import abort, request


def body(shape: str) -> dict[str, Any]:
    """The request's body, which must be a JSON object. `shape` shows what it should look like."""
    found = request.get_json()
    if not isinstance(found, dict):
        abort(400, f"Send a JSON object: {shape}.")
    return found


def text(found: Any, name: str, empty: bool = False) -> str:
    """`found`, if it is text that Redis can hold; `empty` says whether it may be empty."""
    if not isinstance(found, str) or not (found or empty):
        abort(400, f"`{name}` is missing, empty or not a string.")
    try:
        found.encode()
    except UnicodeEncodeError:
        abort(400, f"`{name}` holds half a character.")
    return found


def number(name: str, default: int, least: int, most: int) -> int:
    """The whole number that the query has under `name`; `default` if it has none."""
    found = request.args.get(name, str(default))
    if not (found.isascii() and found.isdigit() and len(found) < 10 and least <= int(found) <= most):
        abort(400, f"`{name}` is a whole number from {least} to {most}.")
    return int(found)
