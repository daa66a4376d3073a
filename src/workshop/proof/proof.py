"""The proof that a grader is right: starters fail, solutions and other right answers pass, each wrong answer fails on the check that owns it.

An answer is a folder in `tests/answers/NN_topic/right` or `wrong`: its files are laid over the solution. `answer.toml` names the checks that a
wrong answer trips, the words that the hint says, and the files that are taken away. A folder `earlier` in it holds what the same student
handed in before, where that matters: it is graded first, and its verdict is not looked at.
"""

from __future__ import annotations

import json
import os
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workshop.course.lessons import Lesson, lay
from workshop.report import Check, Outcome, Report

ABOUT = "answer.toml"
FUNCTIONS = "functions.py"
EARLIER = "earlier"

TRIES = 3
RIGHT_IN_BRIEF = 2


@dataclass(frozen=True)
class Case:
    """One piece of work whose verdict is known. `trips` are the checks that must fail, `says` the words of the first one's hint."""

    lesson: Lesson
    kind: str  # starter, solution, right, wrong
    name: str
    overlay: Path | None = None
    trips: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    runtime: str | None = None  # the only one in which this case is known
    asked: tuple[str, ...] = ()  # the only checks that are asked; none named: all

    def build(self, folder: Path) -> Path:
        """Lays the work out in `folder`."""
        if self.kind == "starter":
            lay(self.lesson.starter(), folder)
            return folder
        files = {name: path for name, path in self.lesson.finished().items() if name not in self.removes}
        lay(files, folder)
        if self.overlay:
            shutil.copytree(
                self.overlay,
                folder,
                dirs_exist_ok=True,
                symlinks=True,
                ignore=shutil.ignore_patterns(ABOUT, FUNCTIONS, EARLIER, "__pycache__"),
            )
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

    def faults(self, report: Report) -> list[str]:
        """What in the report is not as it must be; empty where all is."""
        if self.kind in ("solution", "right"):
            return [
                f"{check.id} {check.outcome}: {check.hint}"
                for check in report.checks
                if check.outcome is not Outcome.PASSED
            ]
        if self.kind == "starter":
            return [] if report.verdict is Outcome.FAILED else [f"the starter is {report.verdict}"]
        return list(self._faults_of_wrong(report))

    def _faults_of_wrong(self, report: Report) -> Iterator[str]:
        checks = {check.id: check for check in report.checks}
        failed = {check.id for check in report.checks if check.outcome is Outcome.FAILED}
        for name in self.trips:
            if name not in checks:
                yield f"answer.toml names {name}, which the grader does not have"
            elif name not in failed:
                yield f"{name} did not fail: {checks[name].outcome} {checks[name].hint or ''}"
        for name in sorted(failed - set(self.trips)):
            yield f"{name} failed too: {_told(checks[name])}"
        for check in report.checks:
            if check.outcome is Outcome.UNCHECKED:
                yield f"{check.id} unchecked: {check.hint} {check.actual or ''}"
        if self.trips and self.trips[0] in failed:
            hint = checks[self.trips[0]].hint or ""
            for words in self.says:
                if words.lower() not in hint.lower():
                    yield f"the hint does not say “{words}”: {_told(checks[self.trips[0]])}"


def _told(check: Check) -> str:
    return f"{check.hint} | got: {check.actual}"


def cases(lesson: Lesson) -> list[Case]:
    """All cases of a lesson: its starter, its solution, its other right answers and its wrong ones."""
    found = [Case(lesson, "starter", "starter"), Case(lesson, "solution", "solution")]
    for kind in ("right", "wrong"):
        folder = lesson.root / "tests" / "answers" / lesson.name / kind
        for overlay in sorted(folder.iterdir()) if folder.is_dir() else []:
            about = tomllib.loads((overlay / ABOUT).read_text(encoding="utf-8")) if (overlay / ABOUT).exists() else {}
            found.append(
                Case(
                    lesson,
                    kind,
                    overlay.name,
                    overlay,
                    _all(about, "trips"),
                    _all(about, "says"),
                    _all(about, "removes"),
                    about.get("runtime"),
                )
            )
    return found


def brief(known: list[Case], draw: random.Random) -> list[Case]:
    """Starter, solution, two right answers, and of the wrong ones at least one for each check: drawn anew each time, so that all have their turn.

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


def _all(about: dict[str, object], name: str) -> tuple[str, ...]:
    value = about.get(name, [])
    return (
        (value,) if isinstance(value, str) else tuple(str(word) for word in value) if isinstance(value, list) else ()
    )


@dataclass
class Proof:
    """What came of a lesson's cases. `reports` holds each case's reports, one for each repetition."""

    lesson: Lesson
    reports: dict[str, list[Report]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def add(self, case: Case, report: Report) -> list[str]:
        """Takes in one report; returns what is wrong with it."""
        before = self.reports.setdefault(case.name, [])
        new = [f"{case.kind} {case.name} (seed {report.seed}): {fault}" for fault in case.faults(report)]
        if before and _outcomes(before[0]) != _outcomes(report):
            new.append(
                f"{case.kind} {case.name}: the verdict changed from seed {before[0].seed} to seed {report.seed}"
            )
        before.append(report)
        self.faults += new
        return new

    def tripped(self) -> dict[str, list[str]]:
        """Each check with the wrong answers that it failed."""
        wrong = {case.name: case for case in cases(self.lesson) if case.kind == "wrong"}
        table: dict[str, list[str]] = {name: [] for name in self.lesson.promises}
        for name in wrong.keys() & self.reports.keys():
            for check in self.reports[name][0].checks:
                if check.outcome is Outcome.FAILED and check.id in table:
                    table[check.id].append(name)
        return table

    def close(self, complete: bool) -> None:
        """Adds what only the whole tells: a check that no wrong answer trips, too few right answers."""
        if not complete:
            return
        self.faults += [f"no wrong answer trips {name}" for name, by in self.tripped().items() if not by]
        rights = sum(case.kind == "right" for case in cases(self.lesson))
        if rights < 2:
            self.faults.append(f"only {rights} right answers beside the solution; two are the least")


def _outcomes(report: Report) -> list[tuple[str, Outcome]]:
    return [(check.id, check.outcome) for check in report.checks]


class Workers:
    """Grading processes that take jobs as they become free."""

    def __init__(self, count: int, runtime: str) -> None:
        self._jobs: queue.Queue[tuple[Case, int, Callable[[Case, Report | str], None]] | None] = queue.Queue()
        self._runtime = runtime
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def submit(self, case: Case, seed: int, done: Callable[[Case, Report | str], None]) -> None:
        """Grades a case some time soon; `done` gets the report, or a text where the grader broke down."""
        self._jobs.put((case, seed, done))

    def finish(self) -> None:
        """Waits for all jobs and ends the processes."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        with self._process() as worker, tempfile.TemporaryDirectory(prefix="workshop-prove-") as scratch:
            number = 0
            while job := self._jobs.get():
                case, seed, done = job
                answer: dict[str, Any] = {}
                for _ in range(TRIES):  # what could not be asked on a busy machine is asked once more
                    for piece in (case.earlier, case):
                        if piece:
                            number += 1
                            answer = _graded(worker, piece, seed, Path(scratch) / str(number) / case.lesson.name)
                    if all(check["outcome"] != "unchecked" for check in answer.get("report", {}).get("checks", [])):
                        break
                done(case, Report.from_dict(answer["report"]) if "report" in answer else answer["error"])

    @contextmanager
    def _process(self) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-m", "workshop.grading.worker", self._runtime]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        ) as worker:
            yield worker


def _graded(worker: subprocess.Popen[str], case: Case, seed: int, folder: Path) -> dict[str, Any]:
    """The worker's answer for one case, laid out in `folder` for that time."""
    job = {
        "lesson": case.lesson.name,
        "root": str(case.lesson.root),
        "work": str(case.build(folder)),
        "seed": seed,
        "asked": case.asked,
    }
    assert worker.stdin and worker.stdout
    try:
        worker.stdin.write(json.dumps(job) + "\n")
        worker.stdin.flush()
        answer: dict[str, Any] = json.loads(worker.stdout.readline() or '{"error": "the grading process ended"}')
    except (OSError, ValueError) as error:
        answer = {"error": str(error)}
    shutil.rmtree(folder.parent, ignore_errors=True)
    return answer


def prove(
    lessons: list[Lesson],
    *,
    runtime: str = "docker",
    repeat: int = 1,
    seed: int | None = None,
    only: str | None = None,
    in_brief: bool = False,
    workers: int | None = None,
    on_case: Callable[[Case, Report | str, list[str]], None] = lambda case, report, faults: None,
    on_lesson: Callable[[Proof], None] = lambda proof: None,
) -> list[Proof]:
    """Proves the graders of `lessons`, each case `repeat` times with other seeds; `only` takes the cases whose name contains it.

    `in_brief` takes some of the cases; see `brief`.

    `on_case` is told each case as it ends, `on_lesson` each lesson once its cases are through.
    """
    draw = random.Random(seed)
    proofs = {lesson.name: Proof(lesson) for lesson in lessons}
    chosen = {
        lesson.name: [
            case for case in cases(lesson) if (only is None or only in case.name) and case.runtime in (None, runtime)
        ]
        for lesson in lessons
    }
    if in_brief:
        chosen = {name: brief(known, draw) for name, known in chosen.items()}
    left = {name: len(of) * repeat for name, of in chosen.items()}
    lock = threading.Lock()

    def done(case: Case, report: Report | str) -> None:
        with lock:
            proof = proofs[case.lesson.name]
            if isinstance(report, str):
                faults = [f"{case.kind} {case.name}: the grader broke down: {report}"]
                proof.faults += faults
            else:
                faults = proof.add(case, report)
            on_case(case, report, faults)
            left[case.lesson.name] -= 1
            if not left[case.lesson.name]:
                proof.close(only is None)
                on_lesson(proof)

    pool = Workers(workers or (os.cpu_count() or 2) + 1, runtime)
    for of in chosen.values():
        for case in of:
            for _ in range(repeat):
                pool.submit(case, draw.randrange(10**6), done)
    pool.finish()
    return list(proofs.values())
