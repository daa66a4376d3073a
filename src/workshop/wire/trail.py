"""What a check has asked so far: the way that led to its last look, as lines to copy."""

from __future__ import annotations

from typing import Any


class Trail(list[str]):
    """The calls of a check and what it has written to Redis, a line each; and how often a look since the last call has found None."""

    nones = 0
    has_called = False  # the student's function, in this check, and it has begun

    def call(self, line: str) -> None:
        """The student's function is called."""
        self.append(line)
        self.nones = 0

    def looked(self, value: Any) -> None:
        """The grader has looked into Redis and found `value`."""
        self.nones += sum(one is None for one in value) if isinstance(value, (list, tuple)) else value is None

    def clear(self) -> None:
        """A new check begins."""
        super().clear()
        self.nones, self.has_called = 0, False
