"""What the service reads from its environment."""

from __future__ import annotations

import os
from typing import Any

BODY_LIMIT = 1024 * 1024  # bytes of a request's body; a longer one is answered 413


def from_environment() -> dict[str, Any]:
    """The settings as the environment has them, with a default for each."""
    return {
        "REDIS_URL": os.environ.get("REDIS_URL", "redis://localhost:6379/0"),
        "REDIS_TIMEOUT": float(os.environ.get("REDIS_TIMEOUT", "0.5")),  # seconds to connect, and for each answer
        "MAX_CONTENT_LENGTH": BODY_LIMIT,
    }
