"""Grading a class: taken in, written down in the ledger, and graded by several workers."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from workshop.classroom.crew import COMMAND, JOB_LIMIT, Crew, Grader, trouble_now
from workshop.classroom.digests import grader_of
from workshop.classroom.ledger import SENDER, Job, Ledger
from workshop.course import lessons
from workshop.course.lessons import Lesson
from workshop.engine.run import locked
from workshop.handins.intake import Class, take_in
from workshop.handins.lists import NotTaken
from workshop.outcomes import Unchecked
from workshop.report import Report

if TYPE_CHECKING:
    from workshop.classroom.network import NetworkCrew

LEDGER, LOG = "ledger.sqlite3", "workers.log"
DAMAGED = "{} cannot be used: {}. Put back a copy of it; or move it away, and everything is graded anew."


class Busy(Exception):
    """Another process grades into this folder."""


class NoLedger(Exception):
    """There is no class in this folder, or it cannot be read or written."""


def chosen(text: str, catalogue: list[Lesson]) -> list[Lesson]:
    """The lessons of `1-8,12`; a range takes those that are there. Raises NoSuchLesson for a number alone that is not."""
    found: dict[str, Lesson] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        span = re.fullmatch(r"(\d+)\s*-\s*(\d+)", part)
        if span:
            first, last = int(span[1]), int(span[2])
            found |= {lesson.name: lesson for lesson in catalogue if first <= lesson.number <= last}
        else:
            lesson = lessons.find(part, catalogue[0].root) if catalogue else lessons.find(part)
            found[lesson.name] = lesson
    return [found[name] for name in sorted(found)]


@dataclass
class Order:
    """What a teacher asks for."""

    submissions: Path
    lessons: list[Lesson]
    out: Path
    policy: dict[str, Any] = field(default_factory=dict)  # how points become a grade; empty: as an earlier call said
    prefix: str = ""
    roster: Path | None = None
    only: str | None = None  # this student alone, once more if there is a result
    only_lesson: Lesson | None = None
    workers: int = 2
    limit: float = JOB_LIMIT
    environment: dict[str, str] = field(default_factory=dict)  # of the grading processes
    inside: tuple[str, ...] = ()  # what stands before their command, where the engine has a network of its own
    queue: str | None = None  # the Redis through which workers elsewhere get their jobs


@contextlib.contextmanager
def opened(out: Path, *, is_new: bool = False) -> Iterator[Ledger]:
    """The ledger of a folder, for one process at a time. Raises Busy, or NoLedger where there is none and none is to be made, or none can be."""
    if not is_new and not (out / LEDGER).is_file():
        raise NoLedger(f"There are no grades in {out}: no {LEDGER}.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock: IO[bytes] | None = locked(out / ".lock")
    except OSError as error:
        raise NoLedger(f"{out} cannot be written: {error.strerror}. Name another folder with --out.") from None
    if lock is None:
        raise Busy(f"Another call is at work in {out}. Wait for it, or end it with Ctrl-C.")
    with contextlib.closing(lock):
        try:
            ledger = Ledger(out / LEDGER)
        except sqlite3.DatabaseError as error:
            raise NoLedger(DAMAGED.format(out / LEDGER, error)) from None
        with contextlib.closing(ledger):
            yield ledger


@dataclass
class Progress:
    """How far the grading is."""

    total: int
    done: int = 0
    kept: int = 0  # results that were there already


class Running:
    """One call of `class grade`. `on_done` is told each result with how far it is, `on_note` what a teacher should know."""

    def __init__(
        self,
        order: Order,
        ledger: Ledger,
        *,
        on_done: Callable[[Job, Report, Progress], None] = lambda job, report, progress: None,
        on_note: Callable[[str], None] = lambda text: None,
        new_grader: Callable[[], Grader] | None = None,
    ) -> None:
        self.order, self.ledger = order, ledger
        self._on_done, self._on_note = on_done, on_note
        self._new_grader = new_grader or (
            lambda: Grader((*order.inside, *COMMAND), order.environment, order.out / LOG)
        )
        self.catalogue = {lesson.name: lesson for lesson in lessons.catalogue(order.lessons[0].root)}
        self.taken = Class()
        self.progress = Progress(0)

    def prepare(self) -> None:
        """Takes in what was handed in, and writes down what is to be graded. Raises NotTaken."""
        order = self.order
        if order.queue:
            self._network().take_results()
        self.ledger.recover(self.catalogue, SENDER)
        self.taken = take_in(order.submissions, order.lessons, order.out / "work", order.prefix, order.roster)
        self.ledger.enrol(self.taken.students.values())
        if order.policy:
            self.ledger.note(policy=order.policy)
        self.ledger.note(lessons=[lesson.name for lesson in order.lessons])
        graders = {lesson.name: grader_of(lesson) for lesson in order.lessons}
        for (_, name), hand_in in self.taken.hand_ins.items():
            self.ledger.enter(hand_in, self.catalogue[name], graders[name])
        if order.only or order.only_lesson:
            if not self._pairs():
                raise NotTaken(f"No student {order.only or ''} has handed in what is asked for.")
            self.ledger.again(self._pairs())
        queued = self.ledger.count("queued", self._pairs())
        self.progress = Progress(queued, kept=len(self._pairs()) - queued)

    def _pairs(self) -> set[tuple[str, str]]:
        """The students and lessons that this call is about. Where the files are gone, there is nothing to grade: what is known stays."""
        order = self.order
        return {
            (row.student.key, row.lesson)
            for row in self.ledger.rows()
            if row.lesson in {lesson.name for lesson in ([order.only_lesson] if order.only_lesson else order.lessons)}
            and (order.only is None or row.student.is_called(order.only))
            and (row.folder is None or row.folder.is_dir())
        }

    def work(self, trouble: Callable[[], Unchecked | None] = trouble_now) -> Unchecked | None:
        """Grades what is queued. Ctrl-C leaves a state from which the same call goes on. Returns why it gave up, if it did."""
        if self.order.queue:
            self._network().work()
            return None
        crew = Crew(
            self.ledger,
            self.catalogue,
            self.order.workers,
            among=self._pairs(),
            on_done=self._done,
            on_note=self._on_note,
            new_grader=self._new_grader,
            trouble=trouble,
            limit=self.order.limit,
        )
        crew.work()
        return crew.gave_up

    def _network(self) -> NetworkCrew:
        from workshop.classroom.network import NetworkCrew  # takes a while to load, and few need it

        assert self.order.queue
        return NetworkCrew(
            self.ledger,
            self.catalogue,
            self.order.queue,
            among=self._pairs(),
            on_done=self._done,
            on_note=self._on_note,
            limit=self.order.limit,
        )

    def _done(self, job: Job, report: Report) -> None:
        self.progress.done += 1
        self._on_done(job, report, self.progress)
