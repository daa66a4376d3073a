"""The proof that a grader is right: starters fail, solutions and other right answers pass, and each wrong answer fails on the check that
owns it, explained by its mistake.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workshop.course.lessons import Lesson
from workshop.grading.hints import mistakes_of
from workshop.proof.answers import Case, brief, cases, cases_from
from workshop.report import Outcome, Report

TRIES = 3  # of what is asked alone
ALWAYS = ("starter", "solution")  # the cases that are run however little time there is


@dataclass
class Proof:
    """What came of a lesson's cases. `reports` holds each case's reports, one for each repetition."""

    lesson: Lesson
    reports: dict[str, list[Report]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    with_hints: bool = True
    is_whole: bool = False  # whether all its cases were asked everything
    left_out: int = 0  # cases for which there was no time

    def add(self, case: Case, report: Report) -> list[str]:
        """Takes in one report; returns what is wrong with it."""
        before = self.reports.setdefault(case.name, [])
        new = [
            f"{case.kind} {case.name} (seed {report.seed}): {fault}" for fault in case.faults(report, self.with_hints)
        ]
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

    def close(self, is_whole: bool, has_each_check: bool) -> None:
        """Adds what only the whole tells: a check or a mistake that no wrong answer shows, too few right answers."""
        self.is_whole = is_whole
        if not has_each_check:
            return
        self.faults += [f"no wrong answer trips {name}" for name, by in self.tripped().items() if not by]
        own = mistakes_of(self.lesson)
        if is_whole and self.with_hints:
            checks = (check for reports in self.reports.values() for report in reports for check in report.checks)
            shown = {check.mistake for check in checks}
            self.faults += [f"no wrong answer shows {one.name}" for one in own.mistakes if one.name not in shown]
        self.faults += [own.fault] if own.fault else []
        rights = sum(case.kind == "right" for case in cases(self.lesson))
        if rights < 2:
            self.faults.append(f"only {rights} right answers beside the solution; at least two are needed")


def _outcomes(report: Report) -> list[tuple[str, Outcome]]:
    return [(check.id, check.outcome) for check in report.checks]


Told = Callable[[Case, Report | str | None], None]


class Workers:
    """Grading processes that take jobs as they become free. What stays unchecked among many is asked again alone, at the end."""

    def __init__(self, count: int, runtime: str, with_hints: bool = True) -> None:
        self._jobs: queue.Queue[tuple[Case, int, Told, float] | None] = queue.Queue()
        self._aside: list[tuple[Case, int, Told, float]] = []
        self._runtime, self._with_hints = runtime, with_hints
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def submit(self, case: Case, seed: int, done: Told, begin_by: float = math.inf) -> None:
        """Grades a case some time soon; `done` gets the report, or a text if the grader broke down.

        It gets None if the case was not begun by `begin_by`, on the clock of `time.monotonic`.
        """
        self._jobs.put((case, seed, done, begin_by))

    def finish(self) -> None:
        """Waits for all jobs and ends the processes."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        if not self._aside:
            return
        with self._grader() as graded:
            for case, seed, done, _ in self._aside:
                answer = graded(case, seed)
                for _ in range(TRIES - 1):
                    answer = graded(case, seed) if _is_unchecked(answer) else answer
                done(case, _told(answer))

    def _serve(self) -> None:
        with self._grader() as graded:
            while job := self._jobs.get():
                case, seed, done, begin_by = job
                if time.monotonic() > begin_by:
                    done(case, None)
                    continue
                answer = graded(case, seed)
                if _is_unchecked(answer):  # a busy machine, perhaps: it is this one
                    self._aside.append(job)
                else:
                    done(case, _told(answer))

    @contextmanager
    def _grader(self) -> Iterator[Callable[[Case, int], dict[str, Any]]]:
        """What grades a case, and before it what the same student handed in earlier, in a process of its own."""
        numbers = itertools.count(1)
        with self._process() as worker, tempfile.TemporaryDirectory(prefix="workshop-prove-") as scratch:

            def graded(case: Case, seed: int) -> dict[str, Any]:
                answer: dict[str, Any] = {}
                for piece in (case.earlier, case):
                    if piece:
                        answer = _graded(worker, piece, seed, Path(scratch) / str(next(numbers)) / case.lesson.name)
                return answer

            yield graded

    @contextmanager
    def _process(self) -> Iterator[subprocess.Popen[str]]:
        command = [
            sys.executable,
            "-m",
            "workshop.grading.worker",
            self._runtime,
            "hints" if self._with_hints else "no hints",
        ]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        ) as worker:
            yield worker


def _is_unchecked(answer: dict[str, Any]) -> bool:
    return any(check["outcome"] == "unchecked" for check in answer.get("report", {}).get("checks", []))


def _told(answer: dict[str, Any]) -> Report | str:
    return Report.from_dict(answer["report"]) if "report" in answer else str(answer["error"])


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
    minutes: float | None = None,
    with_hints: bool = True,
    workers: int | None = None,
    outside: Path | None = None,
    on_case: Callable[[Case, Report | str, list[str]], None] = lambda case, report, faults: None,
    on_lesson: Callable[[Proof], None] = lambda proof: None,
) -> list[Proof]:
    """Proves the graders of `lessons`, each case `repeat` times with other seeds; `only` takes the cases whose name contains it.

    `in_brief` takes some of the cases; see `brief`. Once `minutes` are over, no other answer is begun, but each starter and solution is. `outside` is a folder whose cases are run in place of the lessons' own; see `cases_from`. Without hints nobody looks for mistakes, and every outcome must be the same.

    `on_case` is told each case as it ends, `on_lesson` each lesson once its cases are through.
    """
    draw = random.Random(seed)
    proofs = {lesson.name: Proof(lesson, with_hints=with_hints) for lesson in lessons}
    chosen = {
        lesson.name: [
            case
            for case in (cases_from(outside, lesson) if outside else cases(lesson))
            if (only is None or only in case.name) and case.runtime in (None, runtime)
        ]
        for lesson in lessons
    }
    if in_brief:
        chosen = {name: brief(known, draw) for name, known in chosen.items()}
    left = {name: len(of) * repeat for name, of in chosen.items()}
    lock = threading.Lock()

    def done(case: Case, report: Report | str | None) -> None:
        with lock:
            proof = proofs[case.lesson.name]
            if report is None:
                proof.left_out += 1
            elif isinstance(report, str):
                faults = [f"{case.kind} {case.name}: the grader broke down: {report}"]
                proof.faults += faults
            else:
                faults = proof.add(case, report)
            if report is not None:
                on_case(case, report, faults)
            left[case.lesson.name] -= 1
            if not left[case.lesson.name]:
                if not outside:
                    has_each_check = only is None and not proof.left_out
                    proof.close(has_each_check and not in_brief, has_each_check)
                on_lesson(proof)

    pool = Workers(workers or (os.cpu_count() or 2) + 1, runtime, with_hints)
    jobs = [(case, draw.randrange(10**6)) for of in chosen.values() for case in of for _ in range(repeat)]
    limit = math.inf if minutes is None else time.monotonic() + 60 * minutes
    if minutes is not None:  # so that none is always the last
        draw.shuffle(jobs)
        jobs.sort(key=lambda job: job[0].kind not in ALWAYS)
    for case, seed_ in jobs:
        pool.submit(case, seed_, done, math.inf if case.kind in ALWAYS else limit)
    pool.finish()
    return list(proofs.values())
