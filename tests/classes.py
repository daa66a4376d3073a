"""A class for tests: submissions on disk, and a grading process that needs no engine and does as its work tells it."""

import datetime
import json
import os
import random
import sys
from pathlib import Path
from typing import Any

from workshop.classroom.crew import Grader
from workshop.classroom.running import Order, Running
from workshop.course.lessons import find
from workshop.report import Check, Outcome, Report

LESSON = find("1")
# Speaks the protocol of workshop.grading.worker. The first word of the work's app.py is what becomes of it, the
# second, where there is one, the student's name.
WORKER = """
import json, os, sys, time
from pathlib import Path
for line in sys.stdin:
    job = json.loads(line)
    word, *named = (Path(job["work"]) / "app.py").read_text().split()
    name = named[0] if named else Path(job["work"]).parent.name
    with open(os.environ["RUNS"], "a") as runs:
        runs.write(name + "\\n")
    if word == "crash":
        os._exit(1)
    if word == "crash-once" and Path(os.environ["RUNS"]).read_text().split().count(name) == 1:
        os._exit(1)
    if word == "hang":
        time.sleep(600)
    if word == "slow":
        time.sleep(0.4)
    if word == "second":
        time.sleep(1)
    if word == "long":
        time.sleep(4)
    if word == "broken":
        print(json.dumps({"error": "Traceback\\nValueError: no"}), flush=True)
        continue
    outcome = word if word in ("failed", "unchecked") else "passed"
    check = {"id": "test_a", "claim": "A", "outcome": outcome, "hint": None if outcome == "passed" else "a hint"}
    time.sleep(0.01)
    print(json.dumps({"report": {"lesson": job["lesson"], "runtime": "docker", "seed": job["seed"], "seconds": 0.1, "checks": [check]}}), flush=True)
"""


DRAWN = 5  # attacks of a kind in one test run


def drawn(attacks: dict[str, Any]) -> dict[str, Any]:
    """Some of the attacks, drawn anew each day, so that a test run does not grow with them; all with WORKSHOP_ATTACKS=all."""
    if os.environ.get("WORKSHOP_ATTACKS") == "all":
        return attacks
    day = random.Random(datetime.date.today().toordinal())
    return {name: attacks[name] for name in day.sample(sorted(attacks), DRAWN)}


def submissions(folder: Path, **works: str) -> Path:
    """A folder with a student for each name, whose app.py is the text."""
    for name, text in works.items():
        path = folder / name / "app.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def grader(runs: Path):
    """What makes a grading process as above; each job is noted in the file `runs`."""
    return lambda: Grader((sys.executable, "-c", WORKER), {"RUNS": str(runs)})


def runs_in(path: Path) -> list[str]:
    """The students whose jobs were run, in that order."""
    return path.read_text().split() if path.exists() else []


def graded(tmp_path: Path, *, trouble=lambda: None, **order):
    """Grades `tmp_path/in` into `tmp_path/out`: (the run, its ledger's rows by student)."""
    import workshop.classroom.running as running

    settings = {"workers": 2, "limit": 60.0, **order}
    made = Order(tmp_path / "in", [LESSON], tmp_path / "out", **settings)
    with running.opened(made.out, is_new=True) as ledger:
        work = Running(made, ledger, new_grader=grader(tmp_path / "runs"))
        work.prepare()
        work.work(trouble=trouble)
        return work, {row.student.key: row for row in ledger.rows()}


def report(*outcomes: str, lesson: str = LESSON.name, **about) -> Report:
    """A report with a check for each outcome."""
    checks = (
        Check(f"test_{number}", f"Claim {number}", Outcome(outcome), **(about if outcome != "passed" else {}))
        for number, outcome in enumerate(outcomes)
    )
    return Report(lesson, "docker", 1, 1.5, tuple(checks))


if __name__ == "__main__":  # a teacher's process, or a worker's, that a test can kill
    if sys.argv[1] == "worker":
        from workshop.classroom.network import Hand

        Hand(sys.argv[2], {LESSON.name: LESSON}, 1, new_grader=grader(Path(sys.argv[3])), trouble=lambda: None).work()
    else:
        graded(Path(sys.argv[1]), workers=int(sys.argv[2]), queue=sys.argv[3] if len(sys.argv) > 3 else None)
        print(json.dumps({"done": True}))
