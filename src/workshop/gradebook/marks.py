"""Marks: points for what passed, what being late costs, and when there is no final grade yet."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workshop.classroom.ledger import Row
from workshop.course.lessons import Lesson
from workshop.report import Outcome

DAY = 86400.0  # seconds
LATE_BY_PLATFORM = (
    "The platform marks it as late and does not say by how much. Name its time in a CSV, or settle it by hand."
)
NOT_YET = "It is not graded yet. The same call goes on."
OTHER_CHECKS = "The lesson's checks are others since this was graded. Grade it again, or settle it by hand."
ASK_AGAIN = "{} of {} checks could not be asked: {} Grade it again (--only {} --only-lesson {}), or settle it by hand."


@dataclass(frozen=True)
class Policy:
    """How points become a grade. `due` is by lesson, with "" for all others; `penalty` and `least` are shares of the points."""

    due: dict[str, datetime] = field(default_factory=dict)
    penalty: float = 0.0  # for each day that has begun
    least: float = 0.0  # never less than this share of the points that were earned
    partial: bool = True  # points for each check that passed; otherwise all or nothing

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        due = {lesson: when.isoformat() for lesson, when in self.due.items()}
        return {"due": due, "penalty": self.penalty, "least": self.least, "partial": self.partial}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Policy:
        """The policy that `to_dict` wrote."""
        due = {lesson: datetime.fromisoformat(when) for lesson, when in data["due"].items()}
        return cls(due, data["penalty"], data["least"], data["partial"])


@dataclass(frozen=True)
class Mark:
    """What one student's lesson is worth. `final` is None while there is no final grade; then `todo` says what to do."""

    points: float
    out_of: float
    days_late: int = 0
    penalty: float = 0.0  # points, taken off
    final: float | None = None
    todo: str = ""
    note: str = ""


def mark_of(row: Row, lesson: Lesson, policy: Policy) -> Mark:
    """The mark of a row of the ledger."""
    worth = lesson.worth
    out_of = sum(worth.values())
    if row.settled and row.settled.points is not None:
        return Mark(row.settled.points, out_of, final=row.settled.points, note=_settled(row.settled.note))
    if row.report is None or not row.report.checks:
        return Mark(0.0, out_of, todo=NOT_YET)
    granted = {Outcome.PASSED} | ({Outcome.UNCHECKED} if row.settled else set())
    points = sum(worth.get(check.id, 1.0) for check in row.report.checks if check.outcome in granted)
    unasked = [check for check in row.report.checks if check.outcome is Outcome.UNCHECKED]
    if not policy.partial and points < out_of:
        points = 0.0
    days = _days_late(row, policy)
    taken = min(points * policy.penalty * days, points * (1 - policy.least))
    note = _settled(row.settled.note) if row.settled else ""
    todo = ""
    if unasked and not row.settled:
        why = unasked[0].hint or "the reason is not known."
        todo = ASK_AGAIN.format(len(unasked), len(row.report.checks), why, row.student.key, lesson.number)
    elif worth.keys() != {check.id for check in row.report.checks}:
        todo = OTHER_CHECKS
    elif row.is_late and row.submitted is None and policy.penalty and not row.settled:
        todo = LATE_BY_PLATFORM
    return Mark(points, out_of, days, taken, None if todo else points - taken, todo, note)


def nothing(lesson: Lesson) -> Mark:
    """The mark of somebody who handed in nothing."""
    return Mark(0.0, sum(lesson.worth.values()), final=0.0, note="nothing was handed in")


def _settled(note: str) -> str:
    return f"settled by hand: {note}" if note else "settled by hand"


def _days_late(row: Row, policy: Policy) -> int:
    due = policy.due.get(row.lesson, policy.due.get(""))
    if due is None or row.submitted is None or row.submitted <= due:
        return 0
    return math.ceil((row.submitted - due).total_seconds() / DAY)


def shown(points: float) -> str:
    """Points as people write them: 3 or 2.5."""
    return f"{points:.2f}".rstrip("0").rstrip(".")
