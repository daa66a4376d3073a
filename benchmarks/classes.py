"""How fast a class is graded: submissions a minute, beside the same docker commands alone, on one processor and on all."""

from __future__ import annotations

import bisect
import contextlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import notebooks, tapes
from benchmarks.reports import machine_seconds
from workshop.classroom import quarters, running
from workshop.classroom.running import Order, Running
from workshop.course.lessons import Lesson
from workshop.outcomes import Unchecked
from workshop.proof.answers import Case, cases
from workshop.report import Outcome, Report

FLOOR_LIMIT = 1.3  # times as long as the docker commands alone
BUSY_LIMIT = 0.9  # of the processors' time
OTHERWISE_LIMIT = 0.03  # of the commands of a tape
GAIN_LIMIT = 1.6  # times as many submissions on two processors as on one
NOTEBOOK_LIMIT = 0.43  # seconds for a notebook on two processors
RIGHT = 5  # every so many is a right one
SAMPLE = 0.1


@dataclass(frozen=True)
class Pace:
    """What was measured while all workers had work: seconds for a submission, and the share of the processors' time that was used."""

    each: float
    busy: float
    otherwise: float = 0.0  # of the commands of a tape, the share that ended otherwise than in the recording

    @property
    def a_minute(self) -> float:
        """Submissions a minute."""
        return 60 / self.each


@dataclass
class Figures:
    """One lesson's figures: the pace of so many workers, that of the docker commands alone, and that on so many processors."""

    lesson: Lesson
    submissions: int
    ours: dict[int, Pace] = field(default_factory=dict)
    floor: dict[int, Pace] = field(default_factory=dict)
    held: dict[int, Pace] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)  # verdicts that are not the known ones

    def aims(self) -> Iterator[tuple[str, bool]]:
        """What the figures should be, in words, and whether they are."""
        yield f"verdicts that are not the known ones: {', '.join(self.odd) or 'none'}", not self.odd
        for workers, floor in self.floor.items():
            ratio = self.ours[workers].each / floor.each
            words = f"{workers} worker{'s' * (workers > 1)}: {ratio:.2f} times the docker commands alone"
            yield f"{words}, at most {FLOOR_LIMIT}", ratio <= FLOOR_LIMIT
            words = f"of these, {floor.otherwise:.0%} ended otherwise than in the recording"
            yield f"{words}, at most {OTHERWISE_LIMIT:.0%}", floor.otherwise <= OTHERWISE_LIMIT
        most = max(self.ours)
        busy = self.ours[most].busy
        yield f"{most} workers: processors {busy:.0%} busy, at least {BUSY_LIMIT:.0%}", busy >= BUSY_LIMIT
        if "notebook" in self.lesson.needs and 2 in self.ours:
            each = self.ours[2].each
            yield f"2 workers: {each:.2f} s a notebook, at most {NOTEBOOK_LIMIT}", each <= NOTEBOOK_LIMIT
        if len(self.held) > 1:
            gain = self.held[min(self.held)].each / self.held[max(self.held)].each
            words = f"{max(self.held)} processors: {gain:.2f} times as many submissions as on {min(self.held)}"
            yield f"{words}, at least {GAIN_LIMIT}", gain >= GAIN_LIMIT


class Load:
    """Looks now and then how long this machine's processors have worked, and answers for any stretch of it."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._worked: list[float] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            if (worked := machine_seconds()) is not None:
                self._times.append(time.time())
                self._worked.append(worked)
            if self._is_over.wait(SAMPLE):
                return

    def between(self, begin: float, end: float) -> float:
        """The share of all processors' time that was used between two times."""
        first, last = (max(bisect.bisect(self._times, at) - 1, 0) for at in (begin, end))
        passed = self._times[last] - self._times[first]
        return (self._worked[last] - self._worked[first]) / passed / (os.cpu_count() or 1) if passed else 0.0


def submissions(lesson: Lesson, count: int) -> list[Case]:
    """The same `count` cases of a lesson each time: every fifth a right one, wrong ones evenly from all there are."""
    known = [case for case in cases(lesson) if case.runtime in (None, "docker") and not case.earlier]
    right = [case for case in known if case.kind in ("solution", "right")]
    wrong = [case for case in known if case.kind == "wrong"]
    return [
        right[number // RIGHT % len(right)] if number % RIGHT == 0 else wrong[number * len(wrong) // count]
        for number in range(count)
    ]


class Place:
    """Where it is measured: the engine of the class if one is up, otherwise the engine in use; files in `folder`."""

    def __init__(self, folder: Path, is_own: bool) -> None:
        self.folder, self.is_own = folder, is_own
        self.odd: set[str] = set()
        self.environment: Mapping[str, str] = quarters.environment() if is_own else {}
        self.inside: Sequence[str] = quarters.inside() if is_own else ()

    def works(self, chosen: list[Case]) -> Path:
        """Lays a class out: a folder with the work of each student, in the order of the cases."""
        folder = self.folder / chosen[0].lesson.name / "in"
        for number, case in enumerate(chosen):
            if not (folder / f"s{number:03}").exists():
                case.build(folder / f"s{number:03}" / case.lesson.name)
        return folder

    def ours(self, chosen: list[Case], workers: int) -> Pace:
        """The pace of `class grade`."""
        lesson, out = chosen[0].lesson, Path(tempfile.mkdtemp(dir=self.folder))
        found: dict[str, tuple[float, Report]] = {}
        order = Order(
            self.works(chosen),
            [lesson],
            out,
            workers=workers,
            environment=dict(self.environment),
            inside=tuple(self.inside),
        )
        with running.opened(out, is_new=True) as ledger, Load() as load:
            work = Running(
                order,
                ledger,
                on_done=lambda job, report, _: found.update({job.student: (time.time(), report)}),
            )
            work.prepare()
            if gave_up := work.work():
                raise gave_up
        shutil.rmtree(out)
        self._look(chosen, [found[f"s{number:03}"][1] for number in range(len(chosen))])
        return _pace([at for at, _ in found.values()], workers, load)

    def _look(self, chosen: list[Case], reports: list[Report]) -> None:
        """Notes each verdict that is not the known one: a figure with such a one may mean something else."""
        for case, report in zip(chosen, reports, strict=True):
            wanted = Outcome.FAILED if case.kind == "wrong" else Outcome.PASSED
            if report.verdict is not wanted:
                self.odd.add(f"{case.name} is {report.verdict}")

    def floor(self, chosen: list[Case], counts: Sequence[int]) -> dict[int, Pace]:
        """The pace of the same docker commands alone, played one after the other, and two at a time."""
        lesson, works = chosen[0].lesson, self.works(chosen)
        folders = [works / f"s{number:03}" / lesson.name for number in range(len(chosen))]
        tape = self.folder / lesson.name / "tape"
        halves = [tape / "a", tape / "b"]
        for number, half in enumerate(halves):
            reports = tapes.record(half, lesson, folders[number::2], self.environment, self.inside)
            self._look(chosen[number::2], reports)
        found = {}
        for count in counts:
            with Load() as load:
                if count == 1:
                    heard = [tapes.through(tapes.played(half, self.environment, self.inside)) for half in halves]
                    spans = [(min(one.stamps), max(one.stamps)) for one in heard]
                else:
                    both = [tapes.played(half, self.environment, self.inside) for half in halves]
                    heard = [tapes.through(one) for one in both]
                    spans = [(max(min(one.stamps) for one in heard), min(max(one.stamps) for one in heard))]
            through = sum(begin < at <= end for begin, end in spans for one in heard for at in one.stamps)
            took = sum(end - begin for begin, end in spans)
            busy = sum(load.between(*span) * (span[1] - span[0]) for span in spans) / took
            share = sum(one.otherwise for one in heard) / sum(one.commands for one in heard)
            found[count] = Pace(took / through, busy, share)
        return found


def _pace(stamps: list[float], workers: int, load: Load) -> Pace:
    """From each worker's first result until the first of them has nothing more to do."""
    stamps = sorted(stamps)
    begin, end = stamps[workers - 1], stamps[-workers]
    count = len(stamps) + 1 - 2 * workers
    if count < 1:
        raise Unchecked(f"{len(stamps)} submissions are too few for {workers} workers.")
    return Pace((end - begin) / count, load.between(begin, end))


@contextlib.contextmanager
def held_to(processors: Sequence[int]) -> Iterator[None]:
    """Within the block, the class engine with all that runs in it, and what this process starts, use these processors alone."""
    before = os.sched_getaffinity(0)
    _hold(processors)
    try:
        yield
    finally:
        _hold(sorted(before))


def _hold(processors: Sequence[int]) -> None:
    words = ",".join(map(str, processors))
    top = Path("/sys/fs/cgroup")
    is_two = (top / "cgroup.controllers").exists()
    folder = top / quarters.NAME if is_two else top / "cpuset" / quarters.NAME
    try:
        folder.mkdir(exist_ok=True)
        if not is_two:
            (folder / "cpuset.mems").write_text((top / "cpuset" / "cpuset.mems").read_text())
        (folder / "cpuset.cpus").write_text(words)
    except OSError as error:
        raise Unchecked(f"The containers cannot be held to processors here: {error}.") from None
    os.sched_setaffinity(0, processors)
    for part in ("containerd", "dockerd"):
        pid = (quarters.RUN / f"{part}.pid").read_text()
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                os.sched_setaffinity(int(task.name), processors)


@contextlib.contextmanager
def place(lessons: list[Lesson], is_own: bool, say: Callable[[str], None]) -> Iterator[Place]:
    """The place for a bench: on an engine that is made for it and goes with it, where `is_own` and there can be one."""
    with tempfile.TemporaryDirectory(prefix="bench-class-", ignore_cleanup_errors=True) as folder:
        was_up = is_own and quarters.is_up()
        if is_own and not was_up:
            try:
                quarters.up(lessons, say)
            except quarters.NoQuarters as error:
                say(f"  {error} It is measured on the engine in use.")
                is_own = False
        try:
            yield Place(Path(folder), is_own)
        finally:
            if is_own and not was_up:
                quarters.down()


def measure(
    place: Place, lesson: Lesson, count: int, workers: Sequence[int], with_floor: bool, say: Callable[[str], None]
) -> Figures:
    """All figures of one lesson; `say` is told what is being measured."""
    chosen = submissions(lesson, count)
    found = Figures(lesson, count)
    for number in workers:
        say(f"  lesson {lesson.number}: {number} at a time")
        found.ours[number] = place.ours(chosen, number)
    if with_floor:
        say(f"  lesson {lesson.number}: the docker commands alone")
        found.floor = place.floor(chosen, [number for number in workers if number <= 2])
    everything = sorted(os.sched_getaffinity(0))
    if place.is_own and len(everything) > 1:
        for processors in (everything[:1], everything[:2]):
            say(f"  lesson {lesson.number}: on {len(processors)} processor{'s' * (len(processors) > 1)}")
            with held_to(processors):
                found.held[len(processors)] = place.ours(chosen, len(processors) + 1)
    found.odd = sorted(place.odd)
    place.odd.clear()
    return found


def rows(found: Figures) -> Iterator[str]:
    """The table of one lesson."""
    yield f" lesson {found.lesson.number} · {found.lesson.title} · {found.submissions} submissions"
    for workers, pace in found.ours.items():
        line = f"  {workers} at a time   {pace.a_minute:6.1f} a minute · {pace.each:5.2f} s each · processors {pace.busy:4.0%} busy"
        if floor := found.floor.get(workers):
            line += f"   docker alone {floor.a_minute:6.1f} a minute · {floor.busy:4.0%} busy · {pace.each / floor.each:.2f} ×"
        yield line
    for processors, pace in found.held.items():
        yield f"  held to {processors} processor{'s' * (processors > 1)}, {processors + 1} at a time   {pace.a_minute:6.1f} a minute"
    for words, holds in found.aims():
        yield f"  {'✓' if holds else '✗'} {words}"


def beside(found: Figures, others: list[notebooks.Figures]) -> Iterator[str]:
    """What other tools need for notebooks of this lesson, two at a time as they are measured."""
    ours = found.ours.get(2)
    for other in others:
        line = (
            f"  {other.tool}, 2 at a time, nothing isolated: {60 / other.each:.1f} a minute · {other.each:.2f} s each"
        )
        yield line + (f" · {other.each / ours.each:.1f} times ours" if ours else "")
