"""`Drill`: what a check does to the live thing, and what it sees of it, as events in time."""

from __future__ import annotations

import threading
import time
from typing import Any


class Drill:
    """The fixture `drill`: the timeline of a check that kills, stops, disconnects or fills something.

    Times are seconds since the check began. Several threads may note events.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._noted: list[tuple[float, str, str]] = []
        self._lock = threading.Lock()

    def note(self, lane: str, what: str) -> None:
        """Something happened now in `lane`, which is the name of a node or of a client."""
        with self._lock:
            self._noted.append((time.monotonic() - self._began, lane, what))

    @property
    def timeline(self) -> list[dict[str, Any]] | None:
        """The events in their order, as a report has them: `{"at": 0.41, "lane": "n2", "what": "killed"}`. None if there were none."""
        with self._lock:
            noted = list(self._noted)
        return [{"at": round(at, 2), "lane": lane, "what": what} for at, lane, what in noted] or None
