"""`worth`: how many points a check is worth when work is graded for marks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def worth(points: float) -> Callable[[F], F]:
    """Marks a check as worth this many points, a plain number; without it, it is worth 1.

    It changes nothing about the check: who counts points reads it from the grader's text (`Lesson.worth`).
    """
    if points < 0:
        raise ValueError("A check cannot be worth less than nothing.")
    return lambda check: check
