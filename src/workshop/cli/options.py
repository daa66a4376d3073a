"""Options and words that several verbs share."""

from __future__ import annotations

import functools
import os
import sys
from typing import TextIO

import click

from workshop.course import lessons
from workshop.course.lessons import Lesson
from workshop.course.progress import Progress
from workshop.reports.terminal import Terminal

runtime = click.option(
    "--runtime",
    type=click.Choice(["auto", "docker", "embedded"]),
    default="auto",
    help="Where the work runs; auto takes docker if an engine answers.",
)
number = click.argument("number", required=False, metavar="[N]")


def screen(as_json: bool = False) -> Terminal:
    """Where a report for people goes: standard output, unless that belongs to a JSON document."""
    return _on(sys.stderr if as_json else sys.stdout)


def aside(as_json: bool = False) -> Terminal:
    """Where goes what is no part of a report, such as that an image is being pulled."""
    return screen(as_json or not sys.stdout.isatty())


@functools.cache
def _on(stream: TextIO) -> Terminal:
    """A terminal on a way of its own to where the stream leads: while pytest runs a grader, it takes what is written to the stream."""
    try:
        fd = os.dup(stream.fileno())
    except (OSError, ValueError):  # no file behind it
        return Terminal(stream)
    return Terminal(os.fdopen(fd, "w", encoding=stream.encoding, errors=stream.errors))


def nobody_reads() -> bool:
    """Whether standard output was closed by whoever read it."""
    return screen().is_closed


def current(number: str | None) -> Lesson:
    """The lesson asked for; without a number the current one."""
    return lessons.find(number) if number else Progress().current(lessons.catalogue())


def latest(number: str | None) -> Lesson:
    """The lesson asked for; without a number the one worked on last, also if it is passed by now."""
    return lessons.find(number) if number else Progress().chosen(lessons.catalogue())
