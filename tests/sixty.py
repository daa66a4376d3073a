"""A class of many for a test: right work, wrong answers and every attack of tests/attacks, over six lessons, and what must come of each."""

import contextlib
import itertools
import json
import os
import sqlite3
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from attacks import test_notebook_strangers, test_stack_strangers, test_strangers
from calling import COMMAND, ROOT
from strangers import lay

from workshop.classroom.ledger import Job
from workshop.classroom.network import Post, ident
from workshop.course.lessons import Lesson, find
from workshop.proof.answers import Case, cases
from workshop.report import Outcome, Report

NUMBERS = "1,3,7,8,9,12"
PATIENCE = 3600.0  # seconds for one pass through a class
LESSONS = [find(number) for number in NUMBERS.split(",")]
EACH = 2  # pieces of work that a student hands in
RIGHT = 2  # right ones of a lesson, if the class is large enough


@dataclass(frozen=True)
class Piece:
    """One lesson's work of one student: a case whose verdict is known, or an attack, which must not pass."""

    lesson: Lesson
    name: str
    case: Case | None = None
    files: dict[str, str] | None = None
    cell: str | None = None

    @property
    def kind(self) -> str:
        return "attack" if self.case is None else "wrong" if self.case.kind == "wrong" else "right"

    def lay(self, folder: Path) -> None:
        """Lays the work out in `folder`."""
        if self.case:
            self.case.build(folder)
        elif self.cell is not None:
            test_notebook_strangers.lay_hostile(folder, self.cell)
        else:
            lay(folder, self.files or {})

    def faults(self, report: Report | None) -> list[str]:
        """What is not as it must be in its report."""
        if report is None:
            return ["it has no report"]
        if self.case:
            return self.case.faults(report)
        is_one = self.lesson.number == 1  # there, each attack has an outcome that is known to be the service's
        wanted = (Outcome.FAILED,) if is_one else (Outcome.FAILED, Outcome.UNCHECKED)
        broken = [f"{check.id}: {check.fault}" for check in report.checks if check.fault]
        return [*broken, *([] if report.verdict in wanted else [f"the attack is {report.verdict}"])]


def attacks() -> list[Piece]:
    """Every attack of tests/attacks."""
    one, three, eight, nine = find("1"), find("3"), find("8"), find("9")
    rest = {name: (three.solution / name).read_text(encoding="utf-8") for name in ("app.py", "requirements.txt")}
    return [
        *(Piece(one, name, files=files) for name, files in test_strangers.ATTACKS.items()),
        *(Piece(three, name, files={**rest, "Dockerfile": text}) for name, text in test_strangers.BUILDS.items()),
        *(Piece(eight, name, files=files) for name, files in test_stack_strangers.WORKS.items()),
        *(Piece(nine, name, cell=cell) for name, cell in test_notebook_strangers.ATTACKS.items()),
    ]


def evenly(found, count):
    """So many of them, from the whole length of the list."""
    count = max(0, min(count, len(found)))
    return [found[number * len(found) // count] for number in range(count)]


def pieces(count: int, lessons: list[Lesson]) -> list[Piece]:
    """`count` pieces of work: of each lesson right and wrong ones, and as many attacks as fit; of six lessons, from 120 on, every attack."""
    right, wrong = [], []
    for lesson in lessons:
        known = [
            case for case in cases(lesson) if case.runtime in (None, "docker") and not (case.asked or case.earlier)
        ]
        good = [case for case in known if case.kind in ("solution", "right")]
        right += good[: RIGHT if count >= 2 * RIGHT * len(lessons) else 1]
        wrong.append([case for case in known if case.kind == "wrong"])
    hostile = [piece for piece in attacks() if piece.lesson in lessons]
    hostile = evenly(hostile, min(len(hostile), (count - len(right)) * 3 // 4))
    left = count - len(right) - len(hostile)
    chosen = [
        case
        for number, known in enumerate(wrong)
        for case in evenly(known, left // len(wrong) + (number < left % len(wrong)))
    ]
    return [*(Piece(case.lesson, case.name, case) for case in [*right, *chosen]), *hostile]


def handed_in(folder: Path, students: int, lessons: list[Lesson] = LESSONS) -> dict[tuple[str, str], Piece]:
    """Lays out a class in `folder`; returns what each student handed in, by student and lesson."""
    class_: dict[tuple[str, str], Piece] = {}
    names = itertools.cycle(f"s{number:02}" for number in range(students))
    made = pieces(EACH * students, lessons)
    for lesson in lessons:
        for piece, student in zip(
            evenly([one for one in made if one.lesson == lesson], students), names, strict=False
        ):
            class_[student, lesson.name] = piece
            piece.lay(folder / student / lesson.name)
    return class_


class Call:
    """One call of `class grade` on the class, which can be waited for and killed."""

    def __init__(self, folder, out, *words, lessons=NUMBERS, **env):
        self.out, self.said = out, out.with_suffix(".said")
        self._told = out.with_suffix(".json")
        command = [*COMMAND, "class", "grade", str(folder), "--lessons", lessons, "--out", str(out), "--json", *words]
        with self.said.open("ab") as said, self._told.open("wb") as told:
            env = {**os.environ, "WORKSHOP_BUILD_LIMIT": "45", **env}
            self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=told, stderr=said)

    def wait_for(self, share):
        """Waits until this share of the class is done; returns the ledger as it is then."""
        return self.wait(
            lambda rows: rows and sum(row["state"] == "done" for row in rows.values()) >= share * len(rows)
        )

    def wait(self, enough):
        end = time.monotonic() + PATIENCE
        while not enough(rows := written(self.out)):
            assert self.process.poll() is None, self.said.read_text()[-3000:]
            assert time.monotonic() < end, "it takes too long"
            time.sleep(0.2)
        return rows

    def kill(self):
        """Ends it with SIGKILL; returns the ledger as it left it."""
        self.process.kill()
        self.process.wait()
        return written(self.out)

    def grades(self):
        """Waits for its end; returns verdict and points of each piece of work."""
        assert self.process.wait(PATIENCE) in (0, 3), self.said.read_text()[-3000:]
        rows = json.loads(self._told.read_text())["rows"]
        grades = {(row["student"], row["lesson"]): (row["verdict"], row["points"]) for row in rows}
        return {pair: grades[pair] for pair in written(self.out)}  # the others were not handed in


def written(out):
    """The rows of a ledger, by student and lesson, while somebody else may be writing them."""
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"file:{out}/ledger.sqlite3?mode=ro", uri=True, timeout=30)) as db,
    ):
        db.row_factory = sqlite3.Row
        return {(row["student"], row["lesson"]): dict(row) for row in db.execute("SELECT * FROM jobs")}
    return {}


def done_again(before, after):
    """What was finished in `before` and has been leased, or has got another result, since."""
    finished = {pair: row for pair, row in before.items() if row["state"] == "done"}
    assert finished, "nothing was finished yet"
    kept = ("since", "tries", "report")
    return [pair for pair, row in finished.items() if any(row[name] != after[pair][name] for name in kept)]


def differing(before, after):
    return {pair: (before[pair], after.get(pair)) for pair in before if before[pair] != after.get(pair)}


def name_of(row):
    """The name under which a row's job is known in the queue."""
    return ident(Job(*(row[name] for name in Job.__dataclass_fields__)))


def runs(url, out):
    """How often each job was begun by some worker, by its name in the queue."""
    with contextlib.closing(sqlite3.connect(out / "ledger.sqlite3")) as db:
        (of,) = db.execute("SELECT value FROM about WHERE name = 'class'").fetchone()
    found = Post(url).ask("HGETALL", Post.key(json.loads(of), "runs"))
    return {name.decode(): int(count) for name, count in found.items()}


def faults_in(rows, known):
    """What is not as it must be in a ledger's rows, by student, lesson and the name of the work."""
    found = {}
    for pair, row in rows.items():
        report = Report.from_dict(json.loads(row["report"])) if row["report"] else None
        if faults := known[pair].faults(report):
            found[(*pair, known[pair].name)] = faults
    return found
