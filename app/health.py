"""Whether this process answers."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """Says that the service runs. It does not ask Redis: a restart of this service would not mend that one."""
    return {"status": "ok"}
