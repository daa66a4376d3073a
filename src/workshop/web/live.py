"""What a person at work on a lesson sees, as data: the desk tells it, the page shows it. One document, with a number that grows at each change."""

from __future__ import annotations

import copy
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workshop.course import hints, lessons
from workshop.course.lessons import Lesson
from workshop.course.places import ROOT, shown_path
from workshop.course.progress import Failed, Progress
from workshop.report import Check, Outcome, Report

PENDING, RUNNING = "pending", "running"
CHECKING, OVER, CUT_OFF, AWAY = "checking", "over", "cut off", "away"


class Live:
    """The document. Any thread may change or read it; who subscribes is told after each change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []
        self.lesson: Lesson | None = None
        self.work = Path()  # the folder that is checked
        self.began_at = 0.0  # time.time() of the last check's begin
        self.report: Report | None = None
        self._state: dict[str, Any] = {"boot": secrets.token_hex(4), "version": 0, "phase": AWAY, "checks": []}
        self._state |= {"hints": [], "engine": None, "lesson": None, "board": [], "said": ""}

    def state(self) -> dict[str, Any]:
        """The document as it is now."""
        with self._lock:
            return copy.deepcopy(self._state)

    @property
    def version(self) -> int:
        """The number of the document as it is now."""
        with self._lock:
            return int(self._state["version"])

    def subscribe(self, changed: Callable[[], None]) -> None:
        """Has `changed` called after each change, in whatever thread made it."""
        self._listeners.append(changed)

    def opened(self, lesson: Lesson, folder: Path, runtime: str, is_own: bool) -> None:
        """The person is at this lesson now."""
        self.lesson, self.work, self.report = lesson, folder, None
        about = {"name": lesson.name, "number": lesson.number, "title": lesson.title, "folder": shown_path(folder)}
        about |= {"runtime": runtime, "own": is_own, "needs_engine": lesson.needs_engine}
        about |= {"notebook": bool(lesson.notebook), "file": _first_file(folder)}
        self._change(lesson=about, board=board(lesson), hints=open_hints(lesson), said="", hinted="")
        self._change(phase=AWAY, checks=[_pending(*one) for one in lesson.promises.items()], news=[], verdict=None)

    def began_check(self, news: tuple[str, ...] = ()) -> None:
        """A check begins: nothing is known of any promise."""
        assert self.lesson
        self.began_at, self.report = time.time(), None
        checks = [_pending(*one) for one in self.lesson.promises.items()]
        self._change(
            phase=CHECKING,
            checks=checks,
            news=[line.strip() for line in news],
            verdict=None,
            said="",
            hinted="",
            notice="",
        )

    def began(self, claim: str) -> None:
        """A promise is being asked."""
        with self._lock:
            checks = [
                check | {"outcome": RUNNING} if check["claim"] == claim and check["outcome"] == PENDING else check
                for check in self._state["checks"]
            ]
        self._change(checks=checks)

    def ended(self, check: Check) -> None:
        """It has been asked."""
        told = self._told(check) | {"at": time.time()}
        with self._lock:
            checks = [told if one["id"] == check.id else one for one in self._state["checks"]]
        self._change(checks=checks)

    def over(self, report: Report, next_step: str, address: str | None) -> None:
        """The whole report is there."""
        assert self.lesson
        self.report = report
        facts = {
            "runtime": report.runtime,
            "seconds": round(report.seconds, 1),
            "seed": report.seed,
            "next": next_step,
        }
        with self._lock:
            when = {check["id"]: check.get("at") for check in self._state["checks"]}
        checks = [self._told(check) | {"at": when.get(check.id) or time.time()} for check in report.checks]
        passed = report.count(Outcome.PASSED)
        said = f"{passed} of {len(checks)} checks pass."
        verdict, known = str(report.verdict), board(self.lesson)
        self._change(phase=OVER, checks=checks, verdict=verdict, report=facts, address=address, said=said, board=known)

    def cut_off(self, phase: str, words: str = "") -> None:
        """No report came of it: a save, a key, or a folder that is not there."""
        self._change(phase=phase, said=words)

    def hinted(self, words: str) -> None:
        """A hint was opened, or there is none left, in words."""
        assert self.lesson
        self._change(hints=open_hints(self.lesson), hinted=words)

    def engine(self, trouble: str | None) -> None:
        """Whether the engine answers: None, or what to do about it."""
        with self._lock:
            known = self._state["engine"]
        if known is None or known["trouble"] != trouble:
            self._change(engine={"trouble": trouble, "was_away": bool(known and known["trouble"])})

    def note(self, **facts: Any) -> None:
        """Any further fact, such as where the notebooks are."""
        self._change(**facts)

    def _told(self, check: Check) -> dict[str, Any]:
        assert self.lesson
        known, failed = hints.folds(self.lesson.text), Failed(check.id, check.mistake)
        is_own = check.mistake is None or check.mistake in self.lesson.own_mistakes
        place = next((p for p in hints.order(known, [failed]) if _is_for(known[p], failed, by_check=is_own)), None)
        is_bad = check.outcome is Outcome.FAILED
        return {
            **{"id": check.id, "claim": check.claim, "outcome": str(check.outcome), "mistake": check.mistake},
            **{"hint": check.hint, "asked": check.asked, "expected": check.expected, "actual": check.actual},
            **{"fault": check.fault, "timeline": check.timeline, "seconds": round(check.seconds, 2)},
            "passage": {"place": place, "title": known[place].title} if is_bad and place is not None else None,
        }

    def _change(self, **facts: Any) -> None:
        with self._lock:
            self._state |= facts
            self._state["version"] += 1
        for changed in self._listeners:
            changed()


def _is_for(fold: hints.Fold, failed: Failed, by_check: bool) -> bool:
    """Whether a fold explains what was found. One for the check explains no mistake that has nothing to do with what the check is about."""
    return bool((failed.mistake and fold.names(failed.mistake)) or (by_check and fold.names(failed.check)))


def _first_file(folder: Path) -> str | None:
    """The file to begin with: the notebook, or app.py, or the first by name; as a path from the workshop's folder. None if there is none there."""
    if not (folder.is_dir() and folder.is_relative_to(ROOT)):
        return None
    found = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    found.sort(key=lambda path: (path.suffix != ".ipynb", path.name != "app.py"))
    return found[0].relative_to(ROOT).as_posix() if found else None


def _pending(name: str, claim: str) -> dict[str, Any]:
    return {"id": name, "claim": claim, "outcome": PENDING}


def open_hints(lesson: Lesson) -> list[dict[str, Any]]:
    """The hints of a lesson that are open, in the order of its text."""
    known, shown = hints.folds(lesson.text), Progress().hints_open(lesson)
    return [{"place": place, "title": known[place].title} for place in sorted(shown) if place < len(known)]


def board(current: Lesson) -> list[dict[str, Any]]:
    """All lessons, each with whether it is passed."""
    progress = Progress()
    return [
        {
            "name": one.name,
            "number": one.number,
            "title": one.title,
            "passed": progress.has_passed(one),
            "current": one == current,
        }
        for one in lessons.catalogue(current.root)
    ]
