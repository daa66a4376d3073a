"""The ways in which a check can end other than well. `grading.judge` turns each into an outcome.

Each carries what was seen. `facts` are the things that a mistake's condition may name (`answer`, `start`, `build`, …); `mistake` and
`hint` are set only where the place that raises knows the cause, and not just the fact.
"""

from __future__ import annotations

from typing import Any


class Ended(Exception):
    """What the three have in common. `hint` is a sentence for the student, or nothing where the cause is still to be found."""

    def __init__(
        self,
        hint: str = "",
        *,
        mistake: str | None = None,
        asked: str | None = None,
        expected: str | None = None,
        actual: str | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(
            hint or " ".join(filter(None, (expected and f"expected {expected}", actual and f"got {actual}")))
        )
        self.hint, self.mistake, self.facts = hint, mistake, facts
        self.asked, self.expected, self.actual = asked, expected, actual


class Mismatch(Ended, AssertionError):
    """The service answered, but not as promised: the check has failed."""


class NotUp(Ended):
    """Something that checks rest on never came up: the first check that asks for it has failed, the others are blocked."""


class Blocked(Ended):
    """A check rests on another one that failed: it was not asked. `hint` names that one."""


class Unchecked(Ended):
    """It could not be asked here: no engine, an image that cannot be had, our own fault. Never the student's."""
