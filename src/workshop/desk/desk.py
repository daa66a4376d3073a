"""A session at a terminal: a lesson's page, checked at each save, and keys that act at once, also while a check runs."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workshop.course import lessons
from workshop.course.laying import Opened, open_work, set_aside
from workshop.course.lessons import Lesson, NoSuchLesson
from workshop.course.places import shown_path
from workshop.course.progress import Failed, Progress
from workshop.desk.board import board
from workshop.desk.checking import after, news_of, next_step, remember
from workshop.desk.hinting import next_hint
from workshop.desk.keys import END, Keys
from workshop.desk.reading import open_text
from workshop.desk.saves import Saves
from workshop.desk.stopping import Stoppable
from workshop.grading.bench import Session
from workshop.grading.grade import grade
from workshop.report import Check, Outcome
from workshop.reports.terminal import Terminal
from workshop.web.live import AWAY, CUT_OFF, Live

KEYS = " [h] hint  [n] next  [t] text  [q] quit"
PAGE_KEY = "  [p] page"
MORE_KEYS = "  [l] list  [c] check again"
LEAVING = {"q", "\x03", END}
GO = "go to "  # an event that names a lesson
PATIENCE = 1.0  # seconds that a check under way may still take after a save before it is ended


class Desk:
    """A person's session. Ends with its block; what a check has made goes then. `live` is the same as data, for the page in a browser."""

    def __init__(self, runtime: str, screen: Terminal) -> None:
        self._runtime, self._screen = runtime, screen
        self._session = self._begin_session()
        self._events: queue.Queue[str] = queue.Queue()
        self._keys = Keys(self._pressed)
        self._check = Stoppable()
        self.live = Live()
        self.open_page: Callable[[], str] | None = None  # opens the page, if there is one, and says where it is
        self._checks: list[Check] = []  # of the page
        self._lesson: Lesson | None = None
        self._kept = ""  # where a reset put the files of the lesson, in words
        self._own = True  # the student's own place, and not a folder that was named
        self._at_once: dict[str, Callable[[Lesson], object]] = {
            "h": self._hint,
            "l": self._list,
            "t": self._text,
            "p": self._page,
        }

    def _begin_session(self) -> Session:
        return Session(self._runtime, keeps=True)

    @property
    def session(self) -> Session:
        """The session of the check that runs or ran last."""
        return self._session

    def __enter__(self) -> Desk:
        self._keys.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self._session.close(was_interrupted=kind is not None)
        finally:
            self._keys.__exit__()

    def work_on(self, lesson: Lesson, work: Path | None = None) -> None:
        """Follows the lesson, and those that are gone on to, until the person leaves."""
        following: Lesson | None = lesson
        while following:
            self._lesson, self._checks, self._own, self._kept = following, [], work is None, ""
            if work is None:
                Progress().choose(following)
            opened = Opened(work) if work else open_work(following, Progress())
            self.live.opened(following, opened.folder, self._session.runtime, self._own)
            following = self._follow(following, opened)

    def _follow(self, lesson: Lesson, opened: Opened) -> Lesson | None:
        """Checks the lesson now and at each save, until a key ends it. Returns the lesson to go on with, or None to leave."""
        with Saves(opened.folder, self._saved):
            self._ask(lesson, opened)
            while True:
                event = self._next_event()
                if event == "n":
                    return after(lesson)
                if event.startswith(GO):
                    return lessons.find(event.removeprefix(GO))
                if event in LEAVING:
                    return None
                self._ask(lesson, opened)

    def _next_event(self) -> str:
        while True:
            try:
                return self._events.get(timeout=0.5)
            except queue.Empty:  # so that Ctrl-C is noticed, on every system
                continue

    def _saved(self) -> None:
        """A save: the check that runs is for nothing now. It has a moment to end by itself, which is cheaper."""
        self._events.put("saved")
        timer = threading.Timer(PATIENCE, self._end_check, (self._check.count,))
        timer.daemon = True
        timer.start()

    def _pressed(self, key: str) -> None:
        """What a key does, in the thread that reads keys. What it is not for does nothing."""
        lesson = self._lesson
        if lesson is None:
            return
        if key in self._at_once:
            try:
                self._at_once[key](lesson)
            except OSError as error:
                self._screen.line(f"  {error}")
        elif key == "n" and not (self._own and after(lesson)):
            self._screen.line(
                "  This is the last lesson." if self._own else "  --work names the folder of this lesson alone."
            )
        elif key in LEAVING or key in "nc":
            self._events.put(key)
            self._end_check()

    def actions(self) -> dict[str, Callable[[dict[str, Any]], str | None]]:
        """What the buttons of the page do, by name: what the keys do, and what the command line does for one lesson."""
        return {
            "check": lambda _: self._pressed("c"),
            "hint": lambda _: self._pressed("h"),
            "go": self._go,
            "reset": self._reset,
        }

    def _go(self, sent: dict[str, Any]) -> str | None:
        try:
            asked = lessons.find(str(sent.get("lesson")))
        except NoSuchLesson as error:
            return f"{error} {error.next_step}"
        if not self._own:
            return "--work names the folder of this lesson alone."
        if asked != self._lesson:
            self._events.put(f"{GO}{asked.name}")
            self._end_check()
        return None

    def _reset(self, _: dict[str, Any]) -> str | None:
        if self._lesson is None or not self._own:
            return "--work names a folder of your own: it is left as it is."
        kept = set_aside(self._lesson, Progress())
        self._kept = f" Your files from before the reset are kept in {shown_path(kept)}." if kept else ""
        return f"The starter is back.{self._kept}"

    def _end_check(self, count: int | None = None) -> None:
        session = self._session
        if self._check.stop(count):
            threading.Thread(target=session.abandon, daemon=True).start()

    def _ask(self, lesson: Lesson, opened: Opened) -> None:
        """One check, shown as a page. A key or a save may end it."""
        self._drop_saves()
        screen, folder = self._screen, opened.folder
        self._checks = []
        if self._keys.has_keys:
            screen.page()
        screen.head(lesson.number, lesson.title, shown_path(folder), shown_path(lesson.readme))
        news = (*news_of(opened, lesson), *filter(None, [self._kept]))
        for line in news:
            screen.line(line, hang=1)
        self.live.began_check(news)
        if not (folder.is_dir() and lesson.grader.is_file()):
            gone = folder if not folder.is_dir() else lesson.folder
            words = f"{shown_path(gone)} is not there, as after `git checkout` of another branch. When it is back, this page goes on."
            screen.line(f" {words}")
            self.live.cut_off(AWAY, words)
            self._show_keys()
            return
        try:
            with self._check:
                report = grade(
                    lesson,
                    folder,
                    self._session,
                    on_check=self._ended,
                    on_begin=self._began,
                    cancelled=lambda: not self._events.empty(),
                )
        except (KeyboardInterrupt, Exception):
            if not self._check.was_stopped:  # else it is the interrupt, or what it met on its way out
                raise
        if self._check.was_stopped:
            self._say_cut_off()
            self._session.close(was_interrupted=True)
            self._session = self._begin_session()
            return
        if not self._events.empty():
            self._say_cut_off()
            return
        if self._own:
            remember(lesson, report, self._session)
        kept, told = self._session.kept, next_step(lesson, report, watched=True)
        address = kept.address() if kept and report.verdict is Outcome.FAILED else None
        if report.verdict is Outcome.PASSED:
            self._session.keep_first()
        asides = [f"Until the next save the service answers on {address}"] if address else []
        self.live.over(report, told, address)
        screen.foot(report, told, *asides, below=2)
        self._show_keys()
        self._session.warm(lesson)

    def _say_cut_off(self) -> None:
        """Says what comes after a check that did not get to its end."""
        leaves = self._leaves()
        self.live.cut_off(CUT_OFF, "This check has ended." if leaves else "")
        self._screen.line(" ended" if leaves else " checking again")

    def _leaves(self) -> bool:
        return any(event in LEAVING or event == "n" or event.startswith(GO) for event in list(self._events.queue))

    def _drop_saves(self) -> None:
        while not self._events.empty() and self._events.queue[0] in ("saved", "c"):
            self._events.get()

    def _began(self, claim: str) -> None:
        if not self._check.was_stopped:
            self._screen.begin(claim)
            self.live.began(claim)

    def _ended(self, check: Check) -> None:
        if not self._check.was_stopped:
            self._checks.append(check)
            self.live.ended(check)
            self._screen.check(check)

    def _show_keys(self) -> None:
        if self._keys.has_keys:
            wide = KEYS + (PAGE_KEY if self.open_page else "") + MORE_KEYS
            self._screen.line(wide if self._screen.width >= len(wide) else KEYS, fg="bright_black")

    def _hint(self, lesson: Lesson) -> None:
        seen = [Failed(check.id, check.mistake) for check in self._checks if check.outcome is Outcome.FAILED]
        progress = Progress()
        words = next_hint(lesson, progress, seen or progress.failed(lesson))
        self.live.hinted("" if progress.hints_open(lesson) else words.strip())
        self._screen.line(words)

    def _list(self, lesson: Lesson) -> None:
        board(self._screen, lessons.catalogue(), Progress())

    def _page(self, lesson: Lesson) -> None:
        if self.open_page:
            self._screen.line(f"  {self.open_page()}")

    def _text(self, lesson: Lesson) -> None:
        self._screen.line(open_text(lesson, self._keys.lent, self._screen.held))
