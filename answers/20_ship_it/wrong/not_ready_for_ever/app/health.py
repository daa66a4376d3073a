"""Whether this process answers, and whether it can do its work: two questions, for two who ask."""

from __future__ import annotations

from flask import Blueprint

from redis import exceptions

from app import store

blueprint = Blueprint("health", __name__)
is_away = False


@blueprint.get("/healthz")
def healthz() -> object:
    """Liveness: whoever restarts dead services asks it. It leaves Redis out: a restart of this one would not bring Redis back."""
    return {"status": "ok"}


@blueprint.get("/readyz")
def readyz() -> object:
    """Readiness: whoever sends requests to services asks it. 503 while Redis is away: send them elsewhere, or wait.

    A cluster that has lost one part is not away: for most keys the service can do its work.
    """
    global is_away
    try:
        if not is_away:
            store.ping()
    except exceptions.RedisError:
        is_away = True
    return ({"error": "Redis is away."}, 503) if is_away else ({"status": "ready"}, 200)
