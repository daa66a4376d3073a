"""The steps of `doctor` on a terminal: each step as it ends, and under each that failed how to fix it."""

from __future__ import annotations

from typing import IO

from workshop.machine.doctor import Doctor
from workshop.machine.examination import Step
from workshop.report import Check, Outcome
from workshop.reports.terminal import Terminal


class Bedside:
    """Shows the step that is under way, on a terminal, and each that has ended."""

    def __init__(self, stream: IO[str]) -> None:
        self.screen = Terminal(stream, explains_all=True)

    def begins(self, claim: str) -> None:
        """A step has begun."""
        self.screen.begin(claim)

    def step(self, step: Step) -> None:
        """A step has ended."""
        claim = f"{step.claim} · {step.detail}" if step.detail and step.detail != "yes" else step.claim
        self.screen.check(Check(step.id, claim, step.outcome, hint=step.hint, asked=step.asked, actual=step.actual))
        if step.outcome is Outcome.FAILED and step.lessons:
            self.screen.field("lessons", numbers(step.lessons), dim=True)

    def end(self, doctor: Doctor) -> None:
        """The line below all steps."""
        if doctor.ready:
            self.screen.line(" All is well. Next: `./workshop start`.")
            return
        fine = [lesson.name for lesson in doctor.lessons if doctor.runtime_of(lesson)]
        words = f" Lessons that work now: {numbers(fine)}." if fine else " No lesson works yet."
        self.screen.line(f"{words} Next: fix the first ✗, then `./workshop doctor`.")


def numbers(names: tuple[str, ...] | list[str]) -> str:
    """The numbers of lessons: 3, 4, 8."""
    return ", ".join(str(int(name[:2])) for name in names)
