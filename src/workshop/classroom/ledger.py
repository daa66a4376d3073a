"""The ledger of a class: a row for each student and lesson, written before anything runs, in SQLite at the teacher's end.

A row is `queued`, `leased` or `done`. It holds for one piece of work under one grader, by their digests: if either changes, it is
queued again, and the result that was there moves to the table `earlier`, from where it comes back if the work does.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from workshop.course.lessons import Lesson
from workshop.handins.intake import HandIn
from workshop.handins.names import Student
from workshop.report import Check, Outcome, Report

TRIES = 2  # of a job that ends without a result, or whose checks could not all be asked
HANDED_BACK = (
    3  # times that a job may meet a failing engine, or the end of the whole call, before it is taken for the cause
)
ENGINE_FAILED = "the engine failed each time."
CALL_ENDED = "the call that graded it was ended each time."
SENDER = "queue"  # who leases what goes out to other machines
REFUSED = "hand_in_refused"  # the mistake of what was not taken in
ASIDE = "Grading this ended {} times without a result: {} It is set aside, and counts neither as passed nor as failed."
SCHEMA = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS students (
    key TEXT PRIMARY KEY, name TEXT NOT NULL, number TEXT NOT NULL, email TEXT NOT NULL, platform TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS jobs (
    student TEXT NOT NULL, lesson TEXT NOT NULL, work TEXT NOT NULL, grader TEXT NOT NULL,
    folder TEXT, submitted TEXT, is_late INTEGER NOT NULL, source TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'leased', 'done')),
    seed INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0, handed_back INTEGER NOT NULL DEFAULT 0,
    again INTEGER NOT NULL DEFAULT 0, alone INTEGER NOT NULL DEFAULT 0,
    worker TEXT, since REAL, report TEXT, PRIMARY KEY (student, lesson)
);
CREATE TABLE IF NOT EXISTS earlier (
    student TEXT NOT NULL, lesson TEXT NOT NULL, work TEXT NOT NULL, grader TEXT NOT NULL, report TEXT NOT NULL,
    PRIMARY KEY (student, lesson, work, grader)
);
CREATE TABLE IF NOT EXISTS settled (
    student TEXT NOT NULL, lesson TEXT NOT NULL, work TEXT NOT NULL, points REAL, note TEXT NOT NULL,
    PRIMARY KEY (student, lesson, work)
);
"""


@dataclass(frozen=True)
class Job:
    """What a worker is given."""

    student: str
    lesson: str
    work: str
    grader: str
    folder: str
    seed: int
    tries: int
    alone: bool


@dataclass(frozen=True)
class Settled:
    """What a teacher decided by hand: these points, or None: what could not be asked is granted."""

    points: float | None
    note: str


@dataclass(frozen=True)
class Row:
    """One student's lesson as the ledger has it. Without a report it has not been graded yet."""

    student: Student
    lesson: str
    state: str
    report: Report | None
    submitted: datetime | None
    is_late: bool
    folder: Path | None
    digest: str
    settled: Settled | None

    @property
    def is_refused(self) -> bool:
        """Whether the work was not taken in."""
        return self.folder is None


class Ledger:
    """The ledger in a file. Several threads may use it; every change is on disk when the call returns."""

    def __init__(self, path: Path) -> None:
        """Raises sqlite3.DatabaseError for a file that is damaged, or cannot be written."""
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(SCHEMA)
        (said,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        if said != "ok":
            raise sqlite3.DatabaseError("it is damaged")

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _ask(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def note(self, **about: Any) -> None:
        """Remembers settings of the class, so that a later call has them too."""
        with self._change() as db:
            for name, value in about.items():
                db.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (name, json.dumps(value)))

    def noted(self, name: str) -> Any:
        """A setting that was noted, or None."""
        found = self._ask("SELECT value FROM about WHERE name = ?", name)
        return json.loads(found[0]["value"]) if found else None

    def enrol(self, students: Iterable[Student]) -> None:
        """Writes down who is in the class. What an earlier call knew of a student, from a roster, stays where this one knows less."""
        known = {student.key: student for student in self.students()}
        with self._change() as db:
            for student in students:
                about = asdict(student.with_more(known.get(student.key, student)))
                db.execute("INSERT OR REPLACE INTO students VALUES (:key, :name, :number, :email, :platform)", about)

    def enter(self, hand_in: HandIn, lesson: Lesson, grader: str) -> None:
        """Writes down a piece of work. It is queued if it is new, or if work or grader have changed since it was graded."""
        pair = (hand_in.student.key, lesson.name)
        about = (
            hand_in.submitted.isoformat() if hand_in.submitted else None,
            hand_in.is_late,
            hand_in.source,
            str(hand_in.folder) if hand_in.folder else None,
        )
        with self._change() as db:
            before = db.execute("SELECT * FROM jobs WHERE student = ? AND lesson = ?", pair).fetchone()
            if before and (before["work"], before["grader"]) == (hand_in.digest, grader):
                db.execute(
                    "UPDATE jobs SET submitted = ?, is_late = ?, source = ?, folder = ? WHERE student = ? AND lesson = ?",
                    (*about, *pair),
                )
                return
            if before and before["report"] and before["state"] == "done":
                db.execute(
                    "INSERT OR REPLACE INTO earlier VALUES (?, ?, ?, ?, ?)",
                    (*pair, before["work"], before["grader"], before["report"]),
                )
            known = db.execute(
                "SELECT report FROM earlier WHERE student = ? AND lesson = ? AND work = ? AND grader = ?",
                (*pair, hand_in.digest, grader),
            ).fetchone()
            report = known["report"] if known else None
            if hand_in.refused:
                report = json.dumps(refusal(lesson, hand_in.refused).to_dict())
            db.execute(
                "INSERT OR REPLACE INTO jobs (student, lesson, work, grader, submitted, is_late, source, folder, state, seed, report)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *pair,
                    hand_in.digest,
                    grader,
                    *about,
                    "done" if report else "queued",
                    secrets.randbelow(10**6),
                    report,
                ),
            )

    def again(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Queues work that was graded once more, behind what was not graded yet; its result stays until the new one is there."""
        with self._change() as db:
            for pair in pairs:
                db.execute(
                    "UPDATE jobs SET state = 'queued', again = 1, tries = 0, handed_back = 0, alone = 0, seed = ?"
                    " WHERE student = ? AND lesson = ? AND folder IS NOT NULL AND state != 'leased'",
                    (secrets.randbelow(10**6), *pair),
                )

    def recover(self, known: dict[str, Lesson], counted_elsewhere: str = "") -> None:
        """Takes back what was leased by a call that is gone. It is asked alone, and set aside if that happens to it again and again.

        What the worker `counted_elsewhere` leased is queued as it was: it may never have been begun.
        """
        for row in self._ask("SELECT * FROM jobs WHERE state = 'leased'"):
            if row["lesson"] not in known:
                continue
            if row["worker"] == counted_elsewhere:
                self.hand_back(_job(row), known[row["lesson"]])
            else:
                self.hand_back(_job(row), known[row["lesson"]], CALL_ENDED)

    def lease(self, worker: str, among: Iterable[tuple[str, str]] | None = None, alone: bool = False) -> Job | None:
        """The next job, written down as this worker's; None if nothing is queued. `among`: only these pairs of student and lesson."""
        chosen = None if among is None else set(among)
        with self._change() as db:
            rows = db.execute(
                "SELECT * FROM jobs WHERE state = 'queued' AND alone = ? ORDER BY again, lesson, student",
                (int(alone),),
            )
            found = next((row for row in rows if chosen is None or (row["student"], row["lesson"]) in chosen), None)
            if found is None:
                return None
            db.execute(
                "UPDATE jobs SET state = 'leased', tries = tries + 1, worker = ?, since = ? WHERE student = ? AND lesson = ?",
                (worker, time.time(), found["student"], found["lesson"]),
            )
            return _job(found, tries=found["tries"] + 1)

    def done(self, job: Job, report: Report) -> bool:
        """Writes down a result. False if the row is for another work by now, or has its result: then this one is nobody's."""
        with self._change() as db:
            changed = db.execute(
                "UPDATE jobs SET state = 'done', report = ?, worker = NULL"
                " WHERE student = ? AND lesson = ? AND work = ? AND grader = ? AND state != 'done'",
                (json.dumps(report.to_dict()), job.student, job.lesson, job.work, job.grader),
            )
            return changed.rowcount == 1

    def hand_back(self, job: Job, lesson: Lesson, why: str | None = None) -> None:
        """Queues a job again that its worker could not finish, through no fault of the job's: it counts as no try.

        `why` names what failed around it. A job that meets that again and again may be what brings it about: it is set aside. What met
        the end of a call is asked alone, so that it can harm no other.
        """
        with self._change() as db:
            db.execute(
                "UPDATE jobs SET state = 'queued', tries = tries - 1, handed_back = handed_back + ?, alone = max(alone, ?), worker = NULL"
                " WHERE student = ? AND lesson = ? AND state = 'leased'",
                (int(why is not None), int(why == CALL_ENDED), job.student, job.lesson),
            )
            count = db.execute(
                "SELECT handed_back FROM jobs WHERE student = ? AND lesson = ?", (job.student, job.lesson)
            ).fetchone()
        if why and count and count[0] >= HANDED_BACK:
            self.done(job, set_aside(lesson, job.seed, HANDED_BACK, why))

    def try_failed(self, job: Job, lesson: Lesson, why: str, report: Report | None = None) -> Report | None:
        """A try that led to no result, or to one in which something was unchecked (`report`).

        Queues it to be asked once more, alone; after the last try it is done, with that report or set aside. Returns what it is done with.
        """
        if job.tries >= TRIES:
            final = report or set_aside(lesson, job.seed, job.tries, why)
            self.done(job, final)
            return final
        with self._change() as db:
            db.execute(
                "UPDATE jobs SET state = 'queued', alone = 1, worker = NULL WHERE student = ? AND lesson = ? AND state = 'leased'",
                (job.student, job.lesson),
            )
        return None

    def settle(self, student: str, lesson: str, points: float | None, note: str) -> None:
        """Writes down what a teacher decided about this piece of work. Another work is not settled by it."""
        with self._change() as db:
            db.execute(
                "INSERT OR REPLACE INTO settled SELECT student, lesson, work, ?, ? FROM jobs WHERE student = ? AND lesson = ?",
                (points, note, student, lesson),
            )

    def count(self, state: str, among: Iterable[tuple[str, str]] | None = None) -> int:
        """How many rows are in this state."""
        chosen = None if among is None else set(among)
        rows = self._ask("SELECT student, lesson FROM jobs WHERE state = ?", state)
        return sum(chosen is None or (row["student"], row["lesson"]) in chosen for row in rows)

    def students(self) -> list[Student]:
        """The class, by name."""
        rows = self._ask("SELECT * FROM students ORDER BY name, key")
        return [Student(row["key"], row["name"], row["number"], row["email"], row["platform"]) for row in rows]

    def rows(self) -> list[Row]:
        """All rows, by student and lesson."""
        rows = self._ask(
            "SELECT jobs.*, settled.points AS points, settled.note AS note, students.* FROM jobs"
            " JOIN students ON students.key = jobs.student LEFT JOIN settled USING (student, lesson, work)"
            " ORDER BY students.name, students.key, jobs.lesson"
        )
        return [
            Row(
                Student(row["key"], row["name"], row["number"], row["email"], row["platform"]),
                row["lesson"],
                row["state"],
                Report.from_dict(json.loads(row["report"])) if row["report"] else None,
                datetime.fromisoformat(row["submitted"]) if row["submitted"] else None,
                bool(row["is_late"]),
                Path(row["folder"]) if row["folder"] else None,
                row["work"],
                None if row["note"] is None else Settled(row["points"], row["note"]),
            )
            for row in rows
        ]


def _job(row: sqlite3.Row, tries: int | None = None) -> Job:
    return Job(
        row["student"],
        row["lesson"],
        row["work"],
        row["grader"],
        row["folder"],
        row["seed"],
        row["tries"] if tries is None else tries,
        bool(row["alone"]),
    )


def set_aside(lesson: Lesson, seed: int, tries: int, why: str) -> Report:
    """The report of a job that never led to a result: all unchecked."""
    hint = ASIDE.format(tries, why)
    checks = (Check(name, claim, Outcome.UNCHECKED, hint=hint) for name, claim in lesson.promises.items())
    return Report(lesson.name, "docker", seed, 0.0, tuple(checks))


def refusal(lesson: Lesson, why: str) -> Report:
    """The report of work that was not taken in: the first check failed for it, the others rest on that."""
    if not lesson.promises:  # its grader cannot be read
        return Report(lesson.name, "docker", 0, 0.0)
    first, *others = [Check(name, claim, Outcome.BLOCKED) for name, claim in lesson.promises.items()]
    failed = first.but(outcome=Outcome.FAILED, mistake=REFUSED, hint=f"What was handed in was not taken. {why}")
    blocked = (check.but(hint=f"Blocked by “{first.claim}”.") for check in others)
    return Report(lesson.name, "docker", 0, 0.0, (failed, *blocked))
