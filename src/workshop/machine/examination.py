"""What an examination is, and how a row of them is done: what rests on a failed one is not tried."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from workshop.course.lessons import Lesson
from workshop.engine import engine
from workshop.machine import remedies
from workshop.outcomes import Unchecked
from workshop.report import Outcome, last_lines

NOT_THERE = (Outcome.FAILED, Outcome.BLOCKED)


@dataclass(frozen=True)
class Step:
    """One examination and what came of it. `lessons` are those that depend on it; what is not known is None."""

    id: str
    claim: str
    outcome: Outcome
    detail: str | None = None
    hint: str | None = None
    asked: str | None = None
    actual: str | None = None
    lessons: tuple[str, ...] = ()
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The step for JSON; what is not there is None, never left out."""
        return asdict(self) | {
            "outcome": str(self.outcome),
            "lessons": list(self.lessons),
            "seconds": round(self.seconds, 3),
        }


class Missing(Exception):
    """Something is missing. `kind` is a heading in remedies.toml."""

    def __init__(self, kind: str, actual: str | None = None) -> None:
        super().__init__(kind)
        self.kind, self.actual = kind, actual


class NotAsked(Exception):
    """It does not apply here; the text says why."""


@dataclass(frozen=True)
class Examination:
    """`look` returns what it found, or raises Missing, NotAsked or EngineTrouble. `asked` can be tried by hand."""

    id: str
    claim: str
    look: Callable[[], str]
    asked: str | None = None
    rests_on: tuple[str, ...] = ()
    concerns: Callable[[Lesson], bool] = lambda lesson: True


class Examiner:
    """Does examinations for a list of lessons and keeps what came of them."""

    def __init__(self, lessons: list[Lesson]) -> None:
        self.lessons = lessons
        self.steps: list[Step] = []

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return all(step.outcome in (Outcome.PASSED, Outcome.UNCHECKED) for step in self.steps)

    def examinations(self) -> Iterator[Examination]:
        """The examinations, in order."""
        raise NotImplementedError

    def examine(self, begins: Callable[[str], object] = lambda claim: None) -> Iterator[Step]:
        """Does one examination after the other and yields each step as it ends. `begins` is told each claim before."""
        for examination in self.examinations():
            begins(examination.claim)
            start = time.monotonic()
            step = replace(self._one(examination), seconds=time.monotonic() - start)
            self.steps.append(step)
            yield step

    def _one(self, examination: Examination) -> Step:
        names = tuple(lesson.name for lesson in self.lessons if examination.concerns(lesson))
        step = Step(examination.id, examination.claim, Outcome.PASSED, lessons=names)
        for before in self.steps:
            if before.id in examination.rests_on and before.outcome in NOT_THERE:
                first = next(s for s in self.steps if s.outcome is Outcome.FAILED)
                cause = before if before.outcome is Outcome.FAILED else first
                return replace(step, outcome=Outcome.BLOCKED, hint=f"Blocked by “{cause.claim}”.")
        try:
            return replace(step, detail=examination.look())
        except NotAsked as reason:
            return replace(step, outcome=Outcome.UNCHECKED, hint=str(reason))
        except Missing as missing:
            return replace(
                step,
                outcome=Outcome.FAILED,
                hint=remedies.fix(missing.kind),
                asked=examination.asked,
                actual=missing.actual,
            )
        except engine.EngineTrouble as trouble:
            kind = _kind_of_call(trouble)
            return replace(
                step,
                outcome=Outcome.FAILED,
                hint=remedies.fix(kind),
                asked=examination.asked,
                actual=_short(trouble.actual),
            )
        except Unchecked as trouble:
            return replace(
                step, outcome=Outcome.FAILED, hint=trouble.hint, asked=examination.asked, actual=_short(trouble.actual)
            )


def _kind_of_call(trouble: engine.EngineTrouble) -> str:
    """The heading in remedies.toml for what the engine reported."""
    if trouble.kind != "call":
        return trouble.kind
    said = (trouble.actual or "").lower()
    return "networks" if "non-overlapping" in said or "all predefined address pools" in said else "call"


def _short(text: str | None) -> str | None:
    return last_lines(text, 4) if text else None
