"""The class as its ledger has it, each row with its mark: what every list and page is made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workshop.classroom.ledger import Ledger, Row
from workshop.course.lessons import Lesson
from workshop.gradebook.marks import Mark, Policy, mark_of, nothing
from workshop.handins.names import Student
from workshop.report import Check, Outcome, Report

NOTHING, WAITING, REFUSED = "nothing handed in", "not graded yet", "not taken"


@dataclass(frozen=True)
class Line:
    """One student's lesson. Without a row nothing was handed in."""

    student: Student
    lesson: Lesson
    row: Row | None
    mark: Mark

    @property
    def report(self) -> Report | None:
        """What the grader found, if it was asked."""
        return self.row.report if self.row else None

    @property
    def verdict(self) -> str:
        """passed, failed, unchecked; or why there is none of these."""
        if self.row is None:
            return NOTHING
        if self.row.is_refused:
            return REFUSED
        return str(self.row.report.verdict) if self.row.report else WAITING

    @property
    def failed(self) -> list[Check]:
        """The checks that failed, those left out that only rest on one of these."""
        return [check for check in self.report.checks if check.outcome is Outcome.FAILED] if self.report else []


class Classbook:
    """Students, lessons, and a line for each of both."""

    def __init__(self, ledger: Ledger, catalogue: Mapping[str, Lesson]) -> None:
        rows = {(row.student.key, row.lesson): row for row in ledger.rows() if row.lesson in catalogue}
        named = {*(ledger.noted("lessons") or ()), *(lesson for _, lesson in rows)}
        self.policy = Policy.from_dict(ledger.noted("policy") or Policy().to_dict())
        self.lessons = [lesson for name, lesson in sorted(catalogue.items()) if name in named]
        self.students = ledger.students()
        self._lines = {
            (student.key, lesson.name): self._line(student, lesson, rows.get((student.key, lesson.name)))
            for student in self.students
            for lesson in self.lessons
        }

    def _line(self, student: Student, lesson: Lesson, row: Row | None) -> Line:
        return Line(student, lesson, row, mark_of(row, lesson, self.policy) if row else nothing(lesson))

    def __iter__(self) -> Iterator[Line]:
        return iter(self._lines.values())

    def line(self, student: Student, lesson: Lesson) -> Line:
        """What there is of this student's lesson."""
        return self._lines[student.key, lesson.name]

    def of(self, student: Student) -> list[Line]:
        """A student's lines, by lesson."""
        return [self._lines[student.key, lesson.name] for lesson in self.lessons]

    def total(self, student: Student) -> float | None:
        """A student's points in all lessons; None while one of them has no final grade."""
        finals = [line.mark.final for line in self.of(student)]
        return None if None in finals else sum(final for final in finals if final is not None)

    @property
    def out_of(self) -> float:
        """The points that all lessons are worth."""
        return sum(sum(lesson.worth.values()) for lesson in self.lessons)

    @property
    def unsettled(self) -> list[Line]:
        """The lines without a final grade."""
        return [line for line in self if line.mark.final is None]
