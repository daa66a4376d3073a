"""Whether this process answers, and whether it can do its work: two questions, for two who ask."""

from __future__ import annotations

from flask import Blueprint

from app import store

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """Liveness: whoever restarts dead services asks it. It leaves Redis out: a restart of this one would not bring Redis back."""
    return {"status": "ok"}


@blueprint.get("/ready")
def readyz() -> dict[str, str]:
    """Readiness: whoever sends requests to services asks it. 503 while Redis is away: send them elsewhere, or wait.

    A cluster that has lost one part is not away: for most keys the service can do its work.
    """
    store.ping()
    return {"status": "ready"}
