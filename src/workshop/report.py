"""What a check and a report are, and how they become JSON and come back. Everything else reads or renders this shape."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

TAIL = 12  # lines of a log that a report shows
UNTOUCHED = "starter_untouched"  # the mistake of work that is still the starter
NOT_BEGUN = "folder_missing"  # the mistake of a lesson that has no folder yet


class Outcome(StrEnum):
    """What became of one check."""

    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"  # rests on a check that failed
    UNCHECKED = "unchecked"  # could not be asked here


@dataclass(frozen=True)
class Check:
    """One promise of a lesson and what was found out about it. What is not known is None."""

    id: str
    claim: str
    outcome: Outcome
    mistake: str | None = None  # the name of the mistake that was found
    hint: str | None = None
    asked: str | None = None
    expected: str | None = None
    actual: str | None = None
    fault: str | None = None  # a grader's own fault: its place, and the traceback
    timeline: list[dict[str, Any]] | None = None  # the events of a drill, in seconds since the check began
    seconds: float = 0.0

    def but(self, **changes: Any) -> Check:
        """The same check with some fields changed."""
        return replace(self, **changes)


EXIT_CODES = {Outcome.PASSED: 0, Outcome.FAILED: 1, Outcome.UNCHECKED: 3}
WRONG_USAGE = 2


@dataclass(frozen=True)
class Report:
    """All checks of one lesson on one piece of work. `seconds` is the time from the start to the last check."""

    lesson: str
    runtime: str
    seed: int
    seconds: float
    checks: tuple[Check, ...] = field(default_factory=tuple)

    @property
    def verdict(self) -> Outcome:
        """`passed` only where every check passed; `unchecked` where none failed but some could not be asked."""
        outcomes = {check.outcome for check in self.checks}
        if outcomes == {Outcome.PASSED}:
            return Outcome.PASSED
        if outcomes & {Outcome.FAILED, Outcome.BLOCKED}:
            return Outcome.FAILED
        return Outcome.UNCHECKED

    @property
    def exit_code(self) -> int:
        """0 passed, 1 failed, 3 unchecked."""
        return EXIT_CODES[self.verdict]

    def count(self, outcome: Outcome) -> int:
        """How many checks ended so."""
        return sum(check.outcome is outcome for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """The report as the JSON contract has it; what is not there is None, never left out."""
        return {
            "lesson": self.lesson,
            "runtime": self.runtime,
            "seed": self.seed,
            "verdict": str(self.verdict),
            "seconds": round(self.seconds, 3),
            "checks": [
                asdict(check) | {"outcome": str(check.outcome), "seconds": round(check.seconds, 3)}
                for check in self.checks
            ],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Report:
        """The report that `to_dict` wrote. The verdict is worked out again, never believed."""
        checks = tuple(Check(**(check | {"outcome": Outcome(check["outcome"])})) for check in data["checks"])
        return cls(data["lesson"], data["runtime"], data["seed"], data["seconds"], checks)


def worst_exit_code(reports: Iterable[Report]) -> int:
    """The exit code of several reports: failed before unchecked before passed."""
    codes = {report.exit_code for report in reports}
    return next((code for code in (1, 3) if code in codes), 0)


def to_json(reports: list[Report]) -> str:
    """One report as itself, several as {"reports": […]}."""
    document = reports[0].to_dict() if len(reports) == 1 else {"reports": [report.to_dict() for report in reports]}
    return json.dumps(document, ensure_ascii=False, indent=1)


def usage_error(error: str, next_step: str) -> str:
    """What `--json` prints when a call could not be understood."""
    return json.dumps({"error": error, "next": next_step}, ensure_ascii=False)


def last_lines(text: str, count: int = TAIL) -> str:
    """The last lines of a log, without terminal colours and other control characters."""
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]|[^\S\n]*\r|[\x00-\x08\x0b-\x1f\x7f]", "", text)
    lines = [line.rstrip()[:300] for line in plain.splitlines() if line.strip()]
    return "\n".join(lines[-count:])
