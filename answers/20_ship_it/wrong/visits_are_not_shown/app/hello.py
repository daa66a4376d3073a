"""Greetings, and the count of visits."""

from __future__ import annotations

from flask import Blueprint
from markupsafe import escape

from app import store

VISITS = "workshop:visits"

blueprint = Blueprint("hello", __name__)


@blueprint.get("/")
def index() -> str:
    """Says hello and how many visits there were, this one included.

    INCR counts and answers in one step, so no two visitors get the same number.
    """
    with store.client(VISITS) as redis:
        redis.incr(VISITS)
    return "Hello World.\n"


@blueprint.get("/hello/<name>")
def hello(name: str) -> str:
    """Greets by name. The name comes from a stranger, so it is escaped."""
    return f"Hello {escape(name)}\n"
