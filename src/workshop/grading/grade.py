"""`grade`: one lesson's grader on one piece of work, as a report."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from workshop.course.lessons import Lesson
from workshop.grading.bench import Assignment, Session
from workshop.grading.judge import BROKEN, blocked_by, fault_in
from workshop.report import NOT_BEGUN, UNTOUCHED, Check, Outcome, Report

# pytest's own plugins that no grader needs: of 300 ms they take 70. junitxml and unittest take 10 each to load, and
# unraisableexception collects garbage again and again at the end. Leaving out others as well saved nothing in 15 runs.
NOT_ASKED_FOR = (
    *("terminal", "cacheprovider", "faulthandler", "unraisableexception", "threadexception", "doctest", "junitxml"),
    *("logging", "unittest"),
)
NOT_ATTEMPTED = "This is still the starter. Open {file} and do what the lesson's text asks under “Your turn”; save, and check again."


def grade(
    lesson: Lesson,
    work: Path,
    session: Session,
    *,
    seed: int | None = None,
    on_check: Callable[[Check], object] | None = None,
    on_begin: Callable[[str], object] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    asked: Collection[str] = (),
    with_hints: bool = True,
) -> Report:
    """Runs the lesson's grader on the folder `work` and returns the report, with one check for each that the grader declares, or that `asked` names.

    `on_check` is told each check as it ends, `on_begin` its claim as it begins. `cancelled` is asked between checks and ends the grading early.
    """
    start = time.monotonic()
    if lesson.fault:
        broken = Check(
            "grader", "The grader can be read", Outcome.UNCHECKED, hint=BROKEN, fault=fault_in(lesson.fault, lesson)
        )
        return Report(lesson.name, session.runtime, seed or 0, time.monotonic() - start, (broken,))
    assignment = Assignment(lesson, work, secrets.randbelow(10**6) if seed is None else seed, session)
    promises = {name: claim for name, claim in lesson.promises.items() if name in asked} or lesson.promises
    assignment.begin()  # a student's service takes as long to come up as pytest takes to load
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = (
        "1"  # the environment's plugins would cost a second and are not asked for
    )
    import pytest

    from workshop.grading import plugin

    untouched = work.is_dir() and lesson.is_untouched(work)

    def told(check: Check) -> None:
        if (
            untouched
            and check.outcome is Outcome.FAILED
            and not any(c.outcome is Outcome.FAILED for c in state.checks.values() if c.id != check.id)
        ):
            check = check.but(mistake=UNTOUCHED, hint=NOT_ATTEMPTED.format(file=_file_to_open(lesson, work)))
            state.checks[check.id] = check
        if on_check:
            on_check(check)

    state = plugin.Grading(assignment, told, on_begin)
    state.with_hints = with_hints

    class Stop:
        was_interrupted = False

        def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
            self.was_interrupted = (
                excinfo.type is KeyboardInterrupt
            )  # pytest takes it for its own, and one of its own kind for an early end

        @staticmethod
        def pytest_exception_interact(node: pytest.Item | pytest.Collector, call: pytest.CallInfo[Any]) -> None:
            if isinstance(node, pytest.Collector) and call.excinfo:  # the grader's file cannot be loaded
                raised = call.excinfo.value
                state.fault = fault_in(raised.__cause__ or raised, lesson)

        @staticmethod
        def pytest_runtest_setup(item: pytest.Item) -> None:
            if cancelled():
                item.session.shouldstop = "cancelled"
                raise pytest.skip.Exception("cancelled")

    places = [f"{lesson.grader}::{name}" for name in promises] if asked else [str(lesson.grader)]
    args = [
        *places,
        "-c",
        os.devnull,
        "--rootdir",
        str(lesson.folder),
        "--confcutdir",
        str(lesson.folder),
        "--import-mode=importlib",
    ]
    quiet = [word for name in NOT_ASKED_FOR for word in ("-p", f"no:{name}")] + [
        "-W",
        "ignore",
        "-p",
        "workshop.grading.plugin",
    ]
    registered = _Registrar(state)
    stop = Stop()
    try:
        pytest.main([*args, *quiet], plugins=[registered, stop])
    finally:
        for name, module in list(
            sys.modules.items()
        ):  # pytest would take it from there the next time, however it changed
            if getattr(module, "__file__", None) == str(lesson.grader):
                del sys.modules[name]
    if stop.was_interrupted:
        raise KeyboardInterrupt
    assignment.end()
    session.heard = state.heard
    checks = tuple(_reported(state, name, claim) for name, claim in promises.items())
    return Report(lesson.name, session.runtime, assignment.seed, time.monotonic() - start, checks)


def not_begun(lesson: Lesson, runtime: str) -> Report:
    """The report of a lesson for which the student has no folder yet: nothing is brought up for it."""
    first, *others = [Check(name, claim, Outcome.BLOCKED) for name, claim in lesson.promises.items()]
    hint = f"This lesson is not begun. `./workshop start {lesson.number}` begins it."
    missing = first.but(outcome=Outcome.FAILED, mistake=NOT_BEGUN, hint=hint, actual="no such folder")
    blocked = (check.but(hint=blocked_by(first.claim)) for check in others)
    return Report(lesson.name, runtime, 0, 0.0, (missing, *blocked))


class _Registrar:
    """Puts the state of this grading in place before the plugin makes one of its own."""

    def __init__(self, state: object) -> None:
        self._state = state

    def pytest_addoption(self, pluginmanager: object) -> None:
        from workshop.grading.plugin import PLUGIN

        pluginmanager.register(self._state, PLUGIN)  # type: ignore[attr-defined]


def _reported(state: Any, name: str, claim: str) -> Check:
    """The check's result; one that never reported is unchecked, so that only a full set is a pass."""
    check = state.checks.get(name)
    if isinstance(check, Check):
        return check
    if state.fault:
        return Check(name, claim, Outcome.UNCHECKED, hint=BROKEN, fault=state.fault)
    return Check(
        name, claim, Outcome.UNCHECKED, hint="This check never reported. That is the grader's fault, not yours."
    )


def _file_to_open(lesson: Lesson, work: Path) -> str:
    starter, finished = lesson.starter(), lesson.finished()
    names = [
        name for name in finished if name in starter and starter[name].read_bytes() != finished[name].read_bytes()
    ]
    names = names or list(starter)
    file = work / (names[0] if names else "")
    try:
        return str(file.relative_to(lesson.root))
    except ValueError:
        return str(file)
