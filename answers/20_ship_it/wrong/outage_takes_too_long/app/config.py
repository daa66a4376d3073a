"""What the service reads from its environment."""

from __future__ import annotations

import os
from typing import Any

BODY_LIMIT = 1024 * 1024  # bytes of a request's body; a longer one is answered 413
WEEK = 7 * 24 * 3600


def from_environment() -> dict[str, Any]:
    """The settings as the environment has them, with a default for each."""
    return {
        "REDIS_URL": os.environ.get("REDIS_URL", "redis://localhost:6379/0"),
        # Any node of a Redis Cluster, in place of one Redis.
        "REDIS_CLUSTER_URL": os.environ.get("REDIS_CLUSTER_URL", ""),
        "REDIS_TIMEOUT": float(os.environ.get("REDIS_TIMEOUT", "4")),  # seconds to connect, and for each answer
        "INBOX_TTL": float(os.environ.get("INBOX_TTL", WEEK)),  # seconds until an idle conversation drops out
        "COMPLETIONS_CAP": int(os.environ.get("COMPLETIONS_CAP", "100")),  # words kept for each beginning
        "MAX_CONTENT_LENGTH": BODY_LIMIT,
    }
