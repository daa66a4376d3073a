"""A grader in a process of its own: reads jobs as JSON lines, writes reports as JSON lines.

A job: {"lesson": "07_redis_api", "root": "…", "work": "…", "seed": 4711, "asked": […]}; where `asked` names
checks, these alone are asked; one that is "alone" is graded beside no other. The answer: {"report": {…}} as in the JSON contract, or {"error": "…"}.
Between jobs the session keeps up what jobs may share. Ends, tidied up, when its standard input does.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

from workshop.course import lessons
from workshop.engine.builds import BESIDE, CACHE_ID
from workshop.grading.bench import Session
from workshop.grading.grade import grade
from workshop.report import Outcome, Report


def main() -> None:
    """Serves jobs until standard input ends; the arguments are the runtime, `no hints` where nobody looks for mistakes, `strangers` for a class."""
    with_hints = "no hints" not in sys.argv[2:]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a grader prints goes to standard error
    with Session(sys.argv[1], strangers="strangers" in sys.argv[2:]) as session:
        for line in sys.stdin:
            job: dict[str, Any] = json.loads(line)
            if session.strangers:  # their builds share no cache mount
                os.environ[CACHE_ID] = secrets.token_hex(8)
                os.environ[BESIDE] = "" if job.get("alone") else "1"
            try:
                lesson = lessons.find(job["lesson"], Path(job["root"]))
                report = grade(
                    lesson, Path(job["work"]), session, seed=job["seed"], asked=job["asked"], with_hints=with_hints
                )
                if complaint := session.complaint():
                    report = spoiled(report, complaint)
                answer: dict[str, Any] = {"report": report.to_dict()}
            except Exception:  # told to whoever asked; the next job goes on
                answer = {"error": traceback.format_exc()}
            try:
                answers.write(json.dumps(answer) + "\n")
                answers.flush()
            except BrokenPipeError:  # whoever asked is gone, so nobody needs it
                os.dup2(os.open(os.devnull, os.O_WRONLY), answers.fileno())
                break
            if "report" in answer and "notebook" in lesson.needs:
                session.runners.ahead = True
                session.warm(lesson)  # the next job is likely one of the same lesson


def spoiled(report: Report, complaint: str) -> Report:
    """The report with every pass taken back, since the work meddled with what is asked."""
    checks = (
        check.but(outcome=Outcome.FAILED, hint=complaint) if check.outcome is Outcome.PASSED else check
        for check in report.checks
    )
    return replace(report, checks=tuple(checks))


if __name__ == "__main__":
    main()
