"""Following one lesson: a check at each save, and keys in between."""

from __future__ import annotations

import queue
import sys
import threading
from pathlib import Path

import click

from workshop.cli import options
from workshop.cli.board import board
from workshop.cli.hint import next_hint
from workshop.cli.keys import keys_into
from workshop.course import lessons
from workshop.course.handin import PASSED_OVER
from workshop.course.lessons import Lesson
from workshop.course.progress import Progress
from workshop.grading.bench import Session
from workshop.grading.grade import grade
from workshop.report import Outcome, Report

SETTLE = 25  # milliseconds without a further change after which a save is over
KEYS = "  [h] hint   [n] next lesson   [l] list   [c] check again   [q] quit"


def follow(lesson: Lesson, session: Session, work: Path | None = None) -> Lesson | None:
    """Checks the lesson now and at each save, until a key ends it. Returns the lesson to go on with, or None to quit."""
    folder = work or lesson.open()
    events: queue.Queue[str] = queue.Queue()
    stop = threading.Event()
    watcher = threading.Thread(target=_watch_files, args=(folder, events, stop), daemon=True)
    watcher.start()
    try:
        with keys_into(events) as has_keys:
            _check(lesson, folder, session, events, own=work is None, has_keys=has_keys)
            while True:
                event = _next_event(events, session)
                if event == "saved":
                    _check(lesson, folder, session, events, own=work is None, has_keys=has_keys)
                    continue
                going_on, following = _key(event.removeprefix("key "), lesson, folder, session, events)
                if not going_on:
                    return following
    finally:
        stop.set()
        watcher.join(2)


def _next_event(events: queue.Queue[str], session: Session) -> str:
    while True:
        try:
            return events.get(timeout=0.5)
        except queue.Empty:
            continue


def _key(
    key: str, lesson: Lesson, folder: Path, session: Session, events: queue.Queue[str]
) -> tuple[bool, Lesson | None]:
    """What a key does: (whether to stay with the lesson, else the lesson to go to)."""
    screen, known = options.screen(), lessons.catalogue()
    if key == "h":
        screen.line(next_hint(lesson, Progress()))
    elif key == "l":
        board(screen, known, Progress())
    elif key == "c":
        events.put("saved")
    elif key == "n":
        following = next((other for other in known if other.number > lesson.number), None)
        if following:
            return False, following
        screen.line("  This is the last lesson.")
    elif key in ("q", "\x03", "\x04"):
        return False, None
    screen.line(KEYS, fg="bright_black")
    return True, None


def _check(
    lesson: Lesson, folder: Path, session: Session, events: queue.Queue[str], *, own: bool, has_keys: bool
) -> Report:
    screen = options.screen()
    while not events.empty() and events.queue[0] == "saved":
        events.get()
    if has_keys:
        click.clear()
    screen.head(lesson.number, lesson.title, options.shown_path(folder))
    report = grade(
        lesson,
        folder,
        session,
        on_check=screen.check,
        on_begin=screen.begin,
        cancelled=lambda: "saved" in events.queue,
    )
    if "saved" in events.queue:
        screen.line(" saved again: checking again")
        return report
    if own and report.verdict is Outcome.PASSED:
        Progress().passed(lesson)
    following = next((other for other in lessons.catalogue() if other.number > lesson.number), None)
    screen.foot(report, options.next_step(lesson, report, following, watched=True))
    if has_keys:
        screen.line(KEYS, fg="bright_black")
    sys.stderr.flush()
    session.warm(lesson)
    return report


def _watch_files(folder: Path, events: queue.Queue[str], stop: threading.Event) -> None:
    from watchfiles import DefaultFilter, watch

    ignored = DefaultFilter(ignore_dirs=tuple(PASSED_OVER))
    for _ in watch(folder, watch_filter=ignored, stop_event=stop, debounce=1000, step=SETTLE, rust_timeout=500):
        events.put("saved")
