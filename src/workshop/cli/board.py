"""The board of all lessons: what bare `./workshop` shows."""

from __future__ import annotations

import sys

from workshop.cli import options
from workshop.course import lessons
from workshop.course.lessons import Lesson
from workshop.course.progress import Progress
from workshop.reports.terminal import Terminal


def needs(lesson: Lesson) -> str:
    """What a lesson needs from the machine, in words."""
    words = ["Docker"] if lesson.needs_engine else []
    if lesson.needs & {"redis", "notebook"}:
        words.append("Redis")
    return " and ".join(words) or "Python"


def board(screen: Terminal, known: list[Lesson], progress: Progress) -> None:
    """All lessons, each with its mark; the current one is pointed at."""
    current = progress.current(known)
    screen.line()
    for lesson in known:
        passed = progress.has_passed(lesson)
        mark = "✓" if passed else "→" if lesson == current else " "
        needed = f"broken: {lesson.grader.name}, line {lesson.fault.lineno}" if lesson.fault else needs(lesson)
        row = f"  {mark} {lesson.number:>2}  {lesson.title:<44} {needed}"
        screen.line(row, fg="green" if passed else None, bold=lesson == current)
    done = sum(progress.has_passed(lesson) for lesson in known)
    screen.line(f"\n  {done} of {len(known)} lessons passed")


def show_board() -> None:
    """Prints the board and the next step."""
    known, progress = lessons.catalogue(), Progress()
    screen = Terminal(sys.stdout)
    board(screen, known, progress)
    current = progress.current(known)
    if all(progress.has_passed(lesson) for lesson in known):
        screen.line("  All lessons are passed. `./workshop check` checks all of them again.\n")
        return
    screen.line(f"  Next: read {options.shown_path(current.readme)}, then `./workshop start`.\n")
