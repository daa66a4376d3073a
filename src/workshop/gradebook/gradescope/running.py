"""Grades one hand-in where Gradescope runs it: `python -m workshop.gradebook.gradescope.running /autograder`, as root.

The grader is a process of this one, and what was handed in runs in rooms of its own (see `lodging`). Only this process writes results.json: once
at the beginning, so that there is one whatever happens, and once at the end, from what the grader said.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from pathlib import Path

from workshop.classroom.crew import Grader
from workshop.classroom.ledger import set_aside
from workshop.course import lessons
from workshop.course.lessons import Lesson
from workshop.course.places import ROOT
from workshop.gradebook.gradescope.packing import SETTINGS
from workshop.gradebook.one import taken_in
from workshop.gradebook.outputs import put
from workshop.report import Outcome, Report
from workshop.reports import services

COMMAND = (sys.executable, "-P", "-m", "workshop.grading.worker", "embedded", "strangers")
LIMIT = 540.0  # seconds for all lessons: Gradescope ends a run after 10 minutes, if it is not told otherwise
BROKE_OFF = "The grading did not come to its end. Hand in once more; if it happens again, tell your teacher."
NO_ENGINE = "Unchecked: this lesson takes a Docker Engine, and the machines of this service have none. Your teacher grades it elsewhere."


def main(place: Path) -> None:
    """Grades `place/submission` and writes `place/results/results.json`."""
    settings = json.loads((ROOT / SETTINGS).read_text(encoding="utf-8"))
    chosen = [lessons.find(name) for name in settings["asked"]]
    others = dict.fromkeys(settings["unchecked"], NO_ENGINE)
    results = place / "results" / "results.json"
    put(results, services.gradescope([], {}, others, BROKE_OFF))
    grader, end = Grader(COMMAND, log=place / "grader.log"), time.monotonic() + LIMIT

    def graded(lesson: Lesson, folder: Path) -> Report:
        answer = grader.graded(lesson, folder, secrets.randbelow(10**6), max(1.0, end - time.monotonic()))
        return set_aside(lesson, 0, 1, answer) if isinstance(answer, str) else answer

    def told(report: Report) -> None:
        print(f"{report.lesson}: {report.verdict}, {report.count(Outcome.PASSED)} of {len(report.checks)}", flush=True)

    reports = taken_in(place / "submission", chosen, graded, told)
    grader.end()
    put(results, services.gradescope(reports, {lesson.name: lesson.worth for lesson in chosen}, others))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
