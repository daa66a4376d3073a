"""Options and words that several verbs share."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import IO

import click

from workshop.course.lessons import Lesson
from workshop.report import Outcome, Report
from workshop.reports.terminal import Terminal

runtime = click.option(
    "--runtime",
    type=click.Choice(["auto", "docker", "embedded"]),
    default="auto",
    help="Where the work runs; auto takes docker if an engine answers.",
)


def screen() -> Terminal:
    """Where reports for people go."""
    return _on(sys.stderr)


def screen_out() -> Terminal:
    """Where a verb's own output goes."""
    return _on(sys.stdout)


@functools.cache
def _on(stream: IO[str]) -> Terminal:
    return Terminal(stream)


def shown_path(path: Path) -> str:
    """The path, relative to here if it can be."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def next_step(lesson: Lesson, report: Report, following: Lesson | None, watched: bool = False) -> str:
    """What to do after a report, in one sentence."""
    if report.verdict is Outcome.PASSED:
        return f"next: lesson {following.number}, {following.title}" if following else "this was the last lesson"
    broken = next((check.fault for check in report.checks if check.fault and check.outcome is Outcome.UNCHECKED), None)
    if broken:
        return f"next: correct {broken.split(': ')[0]}"
    if report.verdict is Outcome.UNCHECKED:
        return (
            "next: `./workshop doctor` says what is missing on this machine"
            if report.runtime != "embedded"
            else "next: install Docker, then `./workshop doctor`"
        )
    again = "and save, this page checks again" if watched else f"then `./workshop check {lesson.number}`"
    return f"next: fix the first ✗ {again}; `./workshop hint {lesson.number}` helps"
