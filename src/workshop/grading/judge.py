"""The judge: the one place where an exception becomes a Check.

The verdict comes first, from the exception's type alone. Only then the mistake is looked for: no hint can change a verdict.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workshop.causes.general import FIRST, GENERAL, UNFINISHED
from workshop.course.lessons import Lesson
from workshop.grading.hints import mistakes_of
from workshop.grading.telling import telling
from workshop.mistakes.finding import Found, Later, Search, Sight, fault_of
from workshop.outcomes import Blocked, Ended, Mismatch, NotUp, Unchecked
from workshop.probes.inside import Inside
from workshop.report import Check, Outcome

BROKEN = "The grader has a fault here. It is not yours; report the lines below, or fix the file."
UNWRITTEN = (
    *("not_attempted", "function_missing", "function_not_run_yet"),
    *("function_renamed", "function_inside_another", "function_in_a_text_cell"),
)


@dataclass
class Scene:
    """What surrounds a check: whose lesson it is, its fixtures, the grader's constants, what was asked last."""

    lesson: Lesson
    fixtures: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    asked: str | None = None
    with_hints: bool = True


@dataclass
class Judge:
    """Judges the checks of one grading. What never came up fails the first check that asks for it, and blocks the others."""

    claim_of: Callable[[str], str]
    _down: dict[int, str] = field(default_factory=dict)  # identity of what never came up → the check that said so

    def judged(self, made: Check, error: BaseException | None, scene: Scene) -> Check:
        """The check as it ended, with `error` or without. Raises `error` again where it is no verdict, as an interrupt is none."""
        if error is None:
            return made.but(outcome=Outcome.PASSED)
        if isinstance(error, NotUp):
            owner = self._down.setdefault(id(error), made.id)
            if owner != made.id:
                return made.but(outcome=Outcome.BLOCKED, hint=blocked_by(self.claim_of(owner)))
        if isinstance(error, Blocked):
            return made.but(outcome=Outcome.BLOCKED, hint=error.hint)
        if isinstance(error, Unchecked) or is_skip(error):
            hint, actual = (error.hint, error.actual) if isinstance(error, Unchecked) else (str(error), None)
            return made.but(outcome=Outcome.UNCHECKED, hint=hint, actual=actual)
        if isinstance(error, (Mismatch, NotUp)):
            failed = made.but(
                outcome=Outcome.FAILED,
                asked=error.asked or (None if isinstance(error, NotUp) else scene.asked),
                expected=error.expected,
                actual=error.actual,
            )
            return explained(failed, error, scene)
        if isinstance(
            error, AssertionError
        ):  # a plain assert: its message, never what pytest adds of the grader's objects
            failed = made.but(
                outcome=Outcome.FAILED, asked=scene.asked, hint=f"\n{error}".partition("\nassert ")[0].strip() or None
            )
            return explained(failed, error, scene)
        if isinstance(error, Exception) or is_failure(error):
            return made.but(
                outcome=Outcome.UNCHECKED, hint=BROKEN, asked=scene.asked, fault=fault_in(error, scene.lesson, made.id)
            )
        raise error


def blocked_by(claim: str) -> str:
    """Why a check was not asked."""
    return f"Blocked by “{claim}”."


def is_skip(error: BaseException) -> bool:
    """Whether pytest was told to skip."""
    return type(error).__name__ == "Skipped" and type(error).__module__ == "_pytest.outcomes"


def is_failure(error: BaseException) -> bool:
    """Whether pytest itself ended the test, for a fixture that is not there or by `pytest.fail`."""
    return type(error).__module__.startswith("_pytest.") and type(error).__name__ in ("Failed", "FixtureLookupError")


def fault_in(error: BaseException, lesson: Lesson, check: str | None = None) -> str:
    """A fault of a grader: its place in the grader's own file, what was raised, and the end of the traceback."""
    if type(error).__name__ == "FixtureLookupError" and check:
        line = lesson.line_of(check)
        return relative(
            f"{lesson.grader}:{line}: {check} asks for a fixture that is not there: {error.args[0]}", lesson
        )
    return relative(fault_of(error, lesson.grader), lesson)


def relative(text: str, lesson: Lesson) -> str:
    """The text with paths below the checkout as one would type them there."""
    return text.replace(f"{lesson.root}/", "").replace(f"{lesson.root}\\", "")


def explained(check: Check, error: BaseException, scene: Scene) -> Check:
    """A failed check with the mistake that was found. Where none is, it names no cause."""
    if not scene.with_hints:
        return check.but(hint=None)
    own = mistakes_of(scene.lesson)
    search = Search(sight_of(check, error, scene))
    log = search.sight.facts.get("log")
    cause = (
        _unwritten(error)
        or _ended(search)
        or search.first(FIRST)
        or search.first(own.mistakes)
        or _known(error)
        or _general(search)
    )
    faults = [*([own.fault] if own.fault else []), *search.faults]
    fault = relative("\n".join(faults), scene.lesson) or None
    if cause is None:
        said = _told_by(log) if isinstance(error, Mismatch) else ""
        actual = f"{check.actual or ''}\nlog:\n{said}".lstrip() if said else check.actual
        return check.but(
            hint=(error.hint if isinstance(error, Ended) else check.hint) or None, actual=actual, fault=fault
        )
    return check.but(mistake=cause.name, hint=cause.hint, fault=fault)


def _told_by(log: Any) -> str:
    """What the log of a request tells, where no mistake explains the failure; empty if it cannot be read any more."""
    try:
        text = log.value() if isinstance(log, Later) else log
    except (OSError, Unchecked):
        return ""
    return telling(text) if isinstance(text, str) else ""


def _general(search: Search) -> Found | None:
    """The mistake that holds for every lesson. Behind an answer that the app meant to give, its log names no cause."""
    answer = search.sight.facts.get("answer")
    if answer is not None and answer.status is not None and answer.status < 500:
        search.sight.facts = {name: fact for name, fact in search.sight.facts.items() if name != "log"}
    return search.first(GENERAL)


def _unwritten(error: BaseException) -> Found | None:
    """A function that is not there: nothing else that could be said of its check is about the student's work."""
    known = _known(error)
    return known if known and known.name in UNWRITTEN else None


def _known(error: BaseException) -> Found | None:
    """The cause where the place that raised knows it."""
    known = isinstance(error, Ended) and error.mistake and error.hint
    return Found(error.mistake, error.hint) if known else None  # type: ignore[attr-defined]


def _ended(search: Search) -> Found | None:
    """The mistake that ended the service during the request that failed, or kept its answer from ever ending."""
    answer = search.sight.facts.get("answer")
    if answer is not None and answer.status is not None and answer.problem:
        return search.first(UNFINISHED)
    ended = answer.ended() if answer is not None and answer.status is None else None
    if ended is None:
        return None
    facts = {"start": ended, "log": ended.log, "inside": search.sight.facts.get("inside")}
    search.sight.facts = {**search.sight.facts, **facts}
    return Search(Sight(facts), search.limit, search.faults).first(GENERAL)


def inside_of(bench: Any, facts: Mapping[str, Any]) -> Inside:
    """What a mistake may look into: the folder that was built or handed in, and the container that failed, if there is one."""
    build, service = facts.get("build"), facts.get("service") or getattr(facts.get("answer"), "service", None)
    folder = getattr(build, "context", None) or bench.folder
    inside = Inside(bench.session.run, folder, service.name if service and bench.runtime.name == "docker" else None)
    inside.flags = getattr(build, "flags", ())
    return inside


def sight_of(check: Check, error: BaseException, scene: Scene) -> Sight:
    """What was seen of a failed check."""
    facts: dict[str, Any] = {"asked": check.asked, "expected": check.expected, "actual": check.actual}
    if isinstance(error, Ended):
        facts |= error.facts
    answer = facts.get("answer")
    if answer is not None and "log" not in facts:
        facts["log"] = Later(answer.log)
    if bench := scene.fixtures.get("bench"):
        facts.setdefault("inside", inside_of(bench, facts))
    stack: dict[str, dict[str, Any]] = {}
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if Path(frame.f_code.co_filename) == scene.lesson.grader:
            stack.pop(frame.f_code.co_name, None)
            stack[frame.f_code.co_name] = dict(frame.f_locals)
    return Sight(facts, stack, scene.fixtures, scene.constants)
