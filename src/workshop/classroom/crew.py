"""The workers that grade a class on this machine: grading processes, each fed by a thread that leases its jobs from the ledger."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from workshop.classroom.ledger import ENGINE_FAILED, Job, Ledger
from workshop.course.lessons import Lesson
from workshop.engine import engine
from workshop.outcomes import Unchecked
from workshop.report import Outcome, Report

JOB_LIMIT = 600.0  # seconds for one lesson of one student
PAUSE = 2.0  # seconds between two looks at an engine that fails
PAUSE_LIMIT = 900.0  # seconds after which a class gives up on it
GOODBYE = 20.0  # seconds in which an interrupted grading process removes what it made
COMMAND = (sys.executable, "-P", "-m", "workshop.grading.worker", "docker", "strangers")


def trouble_now() -> Unchecked | None:
    """What keeps the engine from being used at this moment, or None."""
    engine.forget_trouble()
    return engine.trouble()


class Grader:
    """One grading process. It is started at its first job, and again after one that ended it."""

    def __init__(
        self, command: tuple[str, ...] = COMMAND, environment: Mapping[str, str] | None = None, log: Path | None = None
    ) -> None:
        """`log` is the file for what the process prints beside its answers."""
        self._command, self._environment, self._log = command, dict(environment or {}), log or Path(os.devnull)
        self._process: subprocess.Popen[str] | None = None
        self._is_over = False

    def graded(self, lesson: Lesson, folder: Path, seed: int, limit: float, alone: bool = False) -> Report | str:
        """The report for one piece of work, or a sentence about why there is none. `alone` says that no other is graded at the same time."""
        if self._is_over:
            return "it was interrupted before it began."
        process = self._running()
        assert process.stdin and process.stdout
        is_late = threading.Event()

        def cut_off() -> None:
            is_late.set()
            process.kill()

        timer = threading.Timer(limit, cut_off)
        timer.daemon = True
        timer.start()
        job = {"lesson": lesson.name, "root": str(lesson.root), "work": str(folder), "seed": seed, "asked": []}
        job["alone"] = alone
        try:
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline() or "null")
        except (OSError, ValueError):
            answer = None
        finally:
            timer.cancel()
        if answer is None:
            self.end(at_once=True)
            return f"it took more than {limit:.0f} s." if is_late.is_set() else "the grading process ended."
        if "report" not in answer:
            said = str(answer.get("error", "")).strip().splitlines()
            return f"the grader broke down: {said[-1] if said else 'it said nothing'}."
        return Report.from_dict(answer["report"])

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    encoding="utf-8",
                    env={**os.environ, **self._environment},
                    start_new_session=True,  # Ctrl-C is for the teacher's process, which ends this one in order
                )
        if self._is_over:  # since then
            self.interrupt()
        return self._process

    def interrupt(self) -> None:
        """Ends what it does now, from another thread; it removes what it made."""
        self._is_over = True
        if self._process and self._process.poll() is None:
            with contextlib.suppress(OSError):
                self._process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)

    def end(self, at_once: bool = False) -> None:
        """Ends the process; its sweeper removes what it could not remove itself."""
        process, self._process = self._process, None
        if process is None:
            return
        if at_once:
            process.kill()
        with contextlib.suppress(OSError):
            if process.stdin:
                process.stdin.close()
        try:
            process.wait(GOODBYE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


class Crew:
    """Several graders at work on one ledger until nothing is queued."""

    def __init__(
        self,
        ledger: Ledger,
        lessons: Mapping[str, Lesson],
        count: int,
        *,
        among: set[tuple[str, str]] | None = None,
        on_done: Callable[[Job, Report], None] = lambda job, report: None,
        on_note: Callable[[str], None] = lambda text: None,
        new_grader: Callable[[], Grader] = Grader,
        trouble: Callable[[], Unchecked | None] = trouble_now,
        limit: float = JOB_LIMIT,
    ) -> None:
        self._ledger, self._lessons, self._count, self._among = ledger, lessons, count, among
        self._on_done, self._on_note, self._new_grader = on_done, on_note, new_grader
        self._trouble, self._limit = trouble, limit
        self._stop = threading.Event()
        self._graders: list[Grader] = []
        self._at_work: list[threading.Event] = []  # of each thread, set at its end
        self._asking = threading.Lock()
        self.gave_up: Unchecked | None = None
        self._failure: BaseException | None = None

    def work(self) -> None:
        """Grades what is queued, several at a time; then what has to be asked once more, alone. Ctrl-C hands back what is under way."""
        try:
            self._at_once(self._count, alone=False)
            self._at_once(1, alone=True)
        except BaseException:
            self._stop.set()
            for grader in list(self._graders):
                grader.interrupt()
            for ended in self._at_work:
                ended.wait(GOODBYE + 10)
            raise
        if self._failure:
            raise self._failure

    def _at_once(self, count: int, alone: bool) -> None:
        self._at_work = [threading.Event() for _ in range(count)]
        for number, ended in enumerate(self._at_work):
            worker = f"{os.getpid()}-{number}"
            threading.Thread(target=self._serve, args=(worker, alone, ended), daemon=True).start()
        # No join: Python 3.11 takes a thread for ended if Ctrl-C comes amid one (bpo-45274).
        for ended in self._at_work:
            while not ended.wait(0.2):
                pass

    def _serve(self, worker: str, alone: bool, ended: threading.Event) -> None:
        try:
            with self._grader() as grader:
                while not self._stop.is_set() and (job := self._ledger.lease(worker, self._among, alone)):
                    self._grade(grader, job)
        except BaseException as error:  # a fault of ours: told once all have ended
            self._failure = error
            self._stop.set()
        finally:
            ended.set()

    @contextlib.contextmanager
    def _grader(self) -> Iterator[Grader]:
        grader = self._new_grader()
        self._graders.append(grader)
        try:
            yield grader
        finally:
            grader.end()

    def _grade(self, grader: Grader, job: Job) -> None:
        lesson = self._lessons[job.lesson]
        answer = grader.graded(lesson, Path(job.folder), job.seed, self._limit, job.alone)
        if self._stop.is_set():
            if isinstance(answer, Report) and not answer.count(Outcome.UNCHECKED):
                self._finish(job, answer)
            else:
                self._ledger.hand_back(job, lesson)
            return
        if isinstance(answer, Report) and not answer.count(Outcome.UNCHECKED):
            self._finish(job, answer)
            return
        grader.end(at_once=isinstance(answer, str))  # what it shares among jobs may be what failed
        if self._is_down():
            self._ledger.hand_back(job, lesson, ENGINE_FAILED)
            self._wait_for_engine()
        elif isinstance(answer, str):
            self._settle(job, self._ledger.try_failed(job, lesson, answer))
        else:
            self._settle(job, self._ledger.try_failed(job, lesson, "", answer))

    def _finish(self, job: Job, report: Report) -> None:
        if self._ledger.done(job, report):
            self._on_done(job, report)

    def _settle(self, job: Job, final: Report | None) -> None:
        if final is not None:
            self._on_done(job, final)

    def _is_down(self) -> bool:
        with self._asking:
            return self._trouble() is not None

    def _wait_for_engine(self) -> None:
        """Pauses until the engine answers again; gives up after a while, with everything queued."""
        with self._asking:  # one asks, the others wait
            trouble, begun = self._trouble(), time.monotonic()
            if trouble is None:
                return
            self._on_note(f"Paused, and handed back what was under way: {trouble.hint}")
            while trouble is not None and not self._stop.is_set():
                if time.monotonic() - begun > PAUSE_LIMIT:
                    self.gave_up = trouble
                    self._stop.set()
                    return
                self._stop.wait(PAUSE)
                trouble = self._trouble()
        if not self._stop.is_set():
            self._on_note("The engine answers again: going on.")
