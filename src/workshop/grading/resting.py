"""`rests_on`: a check that says which others must have passed before it makes sense to ask it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from workshop.grading.judge import blocked_by
from workshop.outcomes import Blocked
from workshop.report import Check, Outcome

F = TypeVar("F", bound=Callable[..., Any])
MARK = "rests_on"


def rests_on(*checks: str) -> Callable[[F], F]:
    """Marks a check as resting on others of the same grader: where one of them failed, it is blocked, so that one cause is one failure."""

    def marked(check: F) -> F:
        setattr(check, MARK, checks)
        return check

    return marked


def look(check: Callable[..., Any], ended: Mapping[str, Check]) -> None:
    """Raises Blocked if a check rests on one that did not pass. One that was not asked blocks nothing."""
    for name in getattr(check, MARK, ()):
        before = ended.get(name)
        if before is not None and before.outcome is Outcome.FAILED:
            raise Blocked(blocked_by(before.claim))
        if before is not None and before.outcome is Outcome.BLOCKED:
            raise Blocked(before.hint or blocked_by(before.claim))
