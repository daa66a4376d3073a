"""Answers whose verdict is known: a lesson's starter, its solution, and what lies in `answers/NN_topic`.

`right/NAME/` and `wrong/MISTAKE/` hold only the files that differ from the solution; `wrong/MISTAKE--another_way/` is another way to make
the same mistake. An `answer.toml` beside them says what the name cannot: `trips` (the check that owns the answer; needed unless its mistake
names exactly one check), `also_trips`, `removes`, `runtime`, `alone` (it is asked the checks that it trips and no others), and of a right
answer `differs`, the line that tells a student who has passed what is different in it. Of a notebook, `functions.py` holds the functions that differ. A folder
`earlier` holds what the same student handed in before: it is graded first, and its verdict is not looked at.
"""

from __future__ import annotations

import difflib
import random
import shutil
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from workshop.causes.general import GENERAL
from workshop.course.lessons import Lesson, lay
from workshop.grading.hints import mistakes_of
from workshop.proof.known import KNOWN
from workshop.report import Check, Outcome, Report

ABOUT = "answer.toml"
FUNCTIONS = "functions.py"
EARLIER = "earlier"
CAUSE = "expect.txt"
REMOVES = "removes.txt"
NOT_WORK = (ABOUT, FUNCTIONS, EARLIER, CAUSE, REMOVES, "__pycache__")
KEYS = {"trips", "also_trips", "removes", "runtime", "differs", "alone"}
VARIANT = "--"
RIGHT_IN_BRIEF = 2


class Malformed(Exception):
    """An answer that cannot be what it was meant to be. The text names its file."""


@dataclass(frozen=True)
class Case:
    """One piece of work whose verdict is known. `trips` are the checks that must fail, its owner first; `mistake` explains that one."""

    lesson: Lesson
    kind: str  # starter, solution, right, wrong
    name: str
    overlay: Path | None = None
    trips: tuple[str, ...] = ()
    mistake: str | None = None
    removes: tuple[str, ...] = ()
    runtime: str | None = None  # the only one in which this case is known
    asked: tuple[str, ...] = ()  # the only checks that are asked; none named: all
    cause: str | None = None  # of a case from outside: what is wrong with it, in somebody's own words

    def build(self, folder: Path) -> Path:
        """Lays the work out in `folder`."""
        if self.kind == "starter":
            lay(self.lesson.starter(), folder)
            return folder
        files = {name: path for name, path in self.lesson.finished().items() if name not in self.removes}
        lay(files, folder)
        if self.overlay:
            ignored = shutil.ignore_patterns(*NOT_WORK)
            shutil.copytree(self.overlay, folder, dirs_exist_ok=True, symlinks=True, ignore=ignored)
            if (self.overlay / FUNCTIONS).exists():
                from workshop.exercises.source import with_functions

                notebook = folder / f"{self.lesson.name}.ipynb"
                notebook.write_bytes(with_functions(notebook, (self.overlay / FUNCTIONS).read_text(encoding="utf-8")))
        return folder

    @property
    def earlier(self) -> Case | None:
        """What the same student handed in before, where the answer has it."""
        folder = self.overlay / EARLIER if self.overlay else None
        return replace(self, overlay=folder, removes=(), asked=()) if folder and folder.is_dir() else None

    def faults(self, report: Report, with_hints: bool = True) -> list[str]:
        """What in the report is not as it must be; empty where all is."""
        broken = [f"{check.id}: {check.fault}" for check in report.checks if check.fault]
        if self.kind in ("solution", "right"):
            bad = [check for check in report.checks if check.outcome is not Outcome.PASSED]
            return [*(f"{check.id} {check.outcome}: {told(check)}" for check in bad), *broken]
        if self.cause is not None:
            return [*([] if report.verdict is Outcome.FAILED else [f"it is {report.verdict}"]), *broken]
        if self.kind == "starter":
            return [*([] if report.verdict is Outcome.FAILED else [f"the starter is {report.verdict}"]), *broken]
        return [*self._faults_of_wrong(report, with_hints), *broken]

    def _faults_of_wrong(self, report: Report, with_hints: bool) -> Iterator[str]:
        checks = {check.id: check for check in report.checks}
        failed = {check.id for check in report.checks if check.outcome is Outcome.FAILED}
        for name in self.trips:
            if name not in checks:
                yield f"it trips {name}, which is not a check of the grader"
            elif name not in failed:
                yield f"{name} did not fail: {checks[name].outcome} {checks[name].hint or ''}"
        for name in sorted(failed - set(self.trips)):
            yield f"{name} failed too: {told(checks[name])}"
        for check in report.checks:
            if check.outcome is Outcome.UNCHECKED and not check.fault:
                yield f"{check.id} unchecked: {check.hint} {check.actual or ''}"
        owner = checks.get(self.trips[0]) if self.trips else None
        if not with_hints or owner is None or owner.id not in failed:
            return
        if owner.mistake != self.mistake:
            yield f"the mistake is {self.mistake}, and {owner.id} was told {owner.mistake}: {told(owner)}"


def told(check: Check) -> str:
    """A check in one line of a proof."""
    sides = (("expected: ", check.expected), ("got: ", check.actual))
    return " | ".join([check.hint or "cause not known", *(f"{label}{side}" for label, side in sides if side)])


def cases(lesson: Lesson) -> list[Case]:
    """All cases of a lesson: its starter, its solution, its other right answers and its wrong ones. Raises Malformed."""
    broken = lesson.fault or mistakes_of(lesson).fault
    if broken:  # else each answer would be said to show a mistake that is not there
        raise Malformed(f"{lesson.name}: {broken}")
    known = [Case(lesson, "starter", "starter"), Case(lesson, "solution", "solution")]
    for kind in ("right", "wrong"):
        folder = lesson.answers / kind
        for overlay in sorted(folder.iterdir()) if folder.is_dir() else []:
            if overlay.name != "__pycache__":
                known.append(_case(lesson, kind, overlay))
    return known


def cases_from(folder: Path, lesson: Lesson) -> list[Case]:
    """The cases of a lesson that somebody collected: `folder/NN_topic/{right,wrong}/NAME/`, with the files that differ from the solution.

    `expect.txt` beside the files of a wrong one says what is wrong with it, `removes.txt` which files of the solution it lacks. A wrong one
    must fail; whether the hint names the cause is for a person to read.
    """
    known = []
    for kind in ("right", "wrong"):
        for overlay in sorted(path for path in (folder / lesson.name / kind).glob("*") if path.is_dir()):
            cause = _text(overlay / CAUSE) if kind == "wrong" else None
            removes = tuple(_text(overlay / REMOVES).split())
            known.append(Case(lesson, kind, overlay.name, overlay, removes=removes, cause=cause))
    return known


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def _case(lesson: Lesson, kind: str, overlay: Path) -> Case:
    if not overlay.is_dir():
        raise Malformed(f"{overlay}: an answer is a folder")
    about = _about(overlay)
    if not about.get("removes") and all(path.name in (ABOUT, "__pycache__") for path in overlay.iterdir()):
        raise Malformed(f"{overlay}: the folder has no file of an answer")
    made = Case(lesson, kind, overlay.name, overlay, removes=_all(about, "removes"), runtime=about.get("runtime"))
    if kind == "right":
        return made
    mistake = overlay.name.partition(VARIANT)[0]
    known: dict[str, tuple[str, ...]] = dict.fromkeys(KNOWN, ())
    known |= {one.name: one.checks for one in (*GENERAL, *mistakes_of(lesson).mistakes)}
    if mistake not in known:
        raise Malformed(f"{overlay}: no mistake is called {mistake}{meant(mistake, known)}")
    owner = _all(about, "trips") or known[mistake]
    if len(owner) != 1:
        raise Malformed(f"{overlay / ABOUT}: `trips` must name the one check that owns the answer")
    trips = (*owner, *_all(about, "also_trips"))
    for name in trips:
        if name not in lesson.promises:
            raise Malformed(f"{overlay / ABOUT}: the grader has no check {name}{meant(name, lesson.promises)}")
    return replace(made, trips=trips, mistake=mistake, asked=trips if about.get("alone") else ())


def _about(overlay: Path) -> dict[str, Any]:
    path = overlay / ABOUT
    if not path.exists():
        return {}
    try:
        about = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise Malformed(f"{path}: {error}") from None
    if unknown := sorted(about.keys() - KEYS):
        guess = meant(unknown[0], KEYS) or f"; it takes {', '.join(sorted(KEYS))}"
        raise Malformed(f"{path}: unknown key {', '.join(unknown)}{guess}")
    return about


def meant(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about a name that is not there: the one that is most like it, if one is."""
    near = difflib.get_close_matches(name, known, 1, 0.7)
    return f". Did you mean {near[0]}?" if near else ""


class Way(NamedTuple):
    """A right answer that is shown to students who have passed: what is different in it, and its files."""

    name: str
    differs: str
    files: tuple[Path, ...]


def other_ways(lesson: Lesson) -> list[Way]:
    """The right answers of a lesson that say in what they differ, by name. Raises Malformed."""
    folder, found = lesson.answers / "right", []
    for overlay in sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []:
        if differs := str(_about(overlay).get("differs", "")):
            files = (path for path in sorted(overlay.rglob("*")) if path.is_file())
            shown = tuple(path for path in files if path.name != ABOUT and "__pycache__" not in path.parts)
            found.append(Way(overlay.name, differs, shown))
    return found


def _all(about: dict[str, Any], name: str) -> tuple[str, ...]:
    value = about.get(name, [])
    return (value,) if isinstance(value, str) else tuple(map(str, value))


def brief(known: list[Case], draw: random.Random) -> list[Case]:
    """Starter, solution, two right answers, and of the wrong ones at least one for each check, drawn anew each time.

    A wrong answer is asked the checks that it trips. That no other fails too is left to a proof of the whole.
    """
    drawn = draw.sample(known, len(known))
    drawn.sort(key=lambda case: len(case.trips))  # those that trip one check alone come first
    chosen = [case for case in drawn if case.kind == "right"][:RIGHT_IN_BRIEF]
    covered: set[str] = set()
    for case in drawn:
        if case.kind == "wrong" and set(case.trips) - covered:
            covered |= set(case.trips)
            chosen.append(replace(case, asked=case.trips))
    taken = {(case.kind, case.name): case for case in chosen}
    taken |= {(case.kind, case.name): case for case in known if case.kind in ("starter", "solution")}
    return [taken[case.kind, case.name] for case in known if (case.kind, case.name) in taken]
