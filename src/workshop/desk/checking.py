"""One check of a lesson as a person sees it: each promise as it ends, what to do next, and what is remembered of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from workshop.course import lessons
from workshop.course.laying import Opened
from workshop.course.lessons import Lesson
from workshop.course.places import shown_path
from workshop.course.progress import Progress
from workshop.grading.asking import STARTED, by_hand
from workshop.grading.bench import Session
from workshop.grading.grade import grade
from workshop.report import UNTOUCHED, Check, Outcome, Report
from workshop.reports.terminal import Terminal


def check_once(
    lesson: Lesson,
    session: Session,
    work: Path,
    screen: Terminal,
    *,
    seed: int | None = None,
    own: bool,
    news: tuple[str, ...] = (),
) -> Report:
    """Checks a lesson and shows it. What was asked is told as a line for a service that the student starts: this one is gone then."""
    screen.head(lesson.number, lesson.title, shown_path(work), shown_path(lesson.readme))
    for line in news:
        screen.line(line, hang=1)
    asked: list[Check] = []

    def told(check: Check) -> None:
        asked.append(by_hand(check, lesson))
        screen.check(asked[-1])

    report = grade(lesson, work.resolve(), session, seed=seed, on_check=told, on_begin=screen.begin)
    report = replace(report, checks=tuple(by_hand(check, lesson) for check in report.checks))
    if own:
        remember(lesson, report, session)
    first = next((check for check in asked if check.outcome is Outcome.FAILED), None)
    if first and first.asked and STARTED in first.asked and first.mistake != UNTOUCHED:
        screen.line(
            f" To ask it yourself, start the service first. If it is not on {STARTED} then, ask it where it is.",
            hang=1,
        )
    told_next = next_step(lesson, report)
    is_done = report.verdict is Outcome.PASSED and not own
    screen.foot(report, f"seed {report.seed}" if is_done else f"seed {report.seed} · {told_next}")
    return report


def remember(lesson: Lesson, report: Report, session: Session) -> None:
    """Remembers how a check of the student's own work went."""
    Progress().note(lesson, report, session.heard)


def news_of(opened: Opened, lesson: Lesson) -> tuple[str, ...]:
    """What there is to say of the student's place."""
    lines = (
        [f" An update brought {', '.join(opened.brought)}: it is in {shown_path(opened.folder)} now."]
        if opened.brought
        else []
    )
    if opened.lacking:
        lines.append(
            f" The starter has {', '.join(opened.lacking)}, your folder has not: copy it from {shown_path(lesson.folder)} if you need it."
        )
    return tuple(lines)


def after(lesson: Lesson) -> Lesson | None:
    """The lesson that follows, if any."""
    return next((other for other in lessons.catalogue() if other.number > lesson.number), None)


def next_step(lesson: Lesson, report: Report, watched: bool = False) -> str:
    """What to do after a report, in one sentence."""
    if report.verdict is Outcome.PASSED:
        following = after(lesson)
        going_on = f"next: lesson {following.number}, {following.title}" if following else "this was the last lesson"
        return f"{going_on}; `./workshop more {lesson.number}` shows other ways to do this one"
    broken = next((check.fault for check in report.checks if check.fault and check.outcome is Outcome.UNCHECKED), None)
    if broken:
        return f"next: correct {broken.split(': ')[0]}"
    if report.verdict is Outcome.UNCHECKED:
        return "next: the reason stands above; `./workshop doctor` says whether this machine lacks something, and how to fix it"
    if watched:
        return "next: fix the first ✗ and save; this page checks again"
    return f"next: fix the first ✗, then `./workshop check {lesson.number}`; `./workshop hint {lesson.number}` helps"
