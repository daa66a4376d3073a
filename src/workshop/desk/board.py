"""The board of all lessons: what bare `./workshop` shows."""

from __future__ import annotations

from workshop.course.lessons import Lesson
from workshop.course.places import shown_path
from workshop.course.progress import Progress
from workshop.reports.terminal import Terminal

TITLE = 44  # columns of a title, where a line has room for it
ROOM = 72


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
        aside = f"broken: {lesson.grader.name}, line {lesson.fault.lineno}" if lesson.fault else needs(lesson)
        if progress.has_failed_since(lesson):
            aside = "the last check failed"
        title = f"{lesson.title:<{TITLE}}" if screen.width >= ROOM else lesson.title
        colour = ("yellow" if progress.has_failed_since(lesson) else "green") if passed else None
        screen.line(f"  {mark} {lesson.number:>2}  {title} {aside}", hang=6, fg=colour, bold=lesson == current)
    done = sum(progress.has_passed(lesson) for lesson in known)
    screen.line(f"\n  {done} of {len(known)} lessons passed")


def next_step(screen: Terminal, known: list[Lesson], progress: Progress) -> None:
    """The line below the board: what to do now."""
    current = progress.current(known)
    if all(progress.has_passed(lesson) for lesson in known):
        screen.line("  All lessons are passed. `./workshop check --all` checks all of them again.\n")
    else:
        screen.line(f"  Next: read {shown_path(current.readme)}, then `./workshop start`.\n")
