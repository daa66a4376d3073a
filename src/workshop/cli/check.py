"""`workshop check [N…]`"""

from __future__ import annotations

from pathlib import Path

import click

from workshop.cli import options
from workshop.course import lessons
from workshop.course.laying import Opened, open_work
from workshop.course.lessons import Lesson
from workshop.course.progress import Progress
from workshop.desk.checking import check_once, news_of
from workshop.grading.bench import Session
from workshop.grading.grade import not_begun
from workshop.report import NOT_BEGUN, Outcome, Report, to_json, worst_exit_code
from workshop.reports.timeline import svg


@click.command()
@click.argument("numbers", nargs=-1, metavar="[N…]")
@click.option("--all", "everything", is_flag=True, help="Check all lessons.")
@click.option(
    "--work",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder that holds the lesson's files, instead of your own place.",
)
@click.option("--solution", is_flag=True, help="Check the solution.")
@options.runtime
@click.option("--seed", type=int, help="Repeat the random data of an earlier run.")
@click.option("--timeline", "with_timeline", is_flag=True, help="Show when a drill did what, and what it saw.")
@click.option(
    "--timeline-svg",
    "pictures",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Draw each drill's timeline into a file of this folder.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON document on standard output, all else on standard error."
)
def check(
    numbers: tuple[str, ...],
    everything: bool,
    work: Path | None,
    solution: bool,
    runtime: str,
    seed: int | None,
    with_timeline: bool,
    pictures: Path | None,
    as_json: bool,
) -> int:
    """Check lessons: yours, the solution, or any folder. Without N: the current lesson.

    On a terminal the first ✗ is explained; in a file or behind a pipe (`check 7 | less`), each.
    """
    chosen = [lessons.find(number) for number in numbers]
    if everything and numbers:
        raise click.UsageError("--all takes all lessons: leave the numbers out.")
    if work and solution:
        raise click.UsageError("--work and --solution cannot be used together.")
    if work and (everything or len(chosen) > 1):
        raise click.UsageError("--work needs exactly one lesson.")
    is_named = bool(chosen) and not everything
    chosen = chosen or (lessons.catalogue() if everything else [options.current(None)])
    screen, reports = options.screen(as_json), []
    screen.shows_timelines = with_timeline
    with Session(runtime) as session:
        for lesson in chosen:
            own = not (work or solution)
            opened = _own(lesson, lay=is_named, chosen=len(chosen) == 1) if own else Opened(work or lesson.solved())
            if opened is None:
                reports.append(_not_begun(lesson, session, as_json))
                continue
            news = news_of(opened, lesson)
            reports.append(check_once(lesson, session, opened.folder, screen, seed=seed, own=own, news=news))
            screen.line()
    if pictures:
        _draw(reports, pictures)
    if as_json:
        click.echo(to_json(reports))
    if len(reports) > 1:
        passed = sum(report.verdict is Outcome.PASSED for report in reports)
        screen.line(f" {passed} of {len(reports)} lessons passed", bold=True)
        for lesson, report in zip(chosen, reports, strict=True):
            told = [check for check in report.checks if check.outcome in {Outcome.FAILED, Outcome.UNCHECKED}]
            if told and told[0].mistake != NOT_BEGUN:
                screen.line(f"   ✗ {lesson.number:>2} · {lesson.title}: {told[0].claim}")
    return worst_exit_code(reports)


def _own(lesson: Lesson, *, lay: bool, chosen: bool) -> Opened | None:
    """The student's place. One that is not there yet is made for a lesson that was named; else None."""
    progress = Progress()
    if lay and chosen:
        progress.choose(lesson)
    return open_work(lesson, progress) if lay or lesson.work.exists() else None


def _not_begun(lesson: Lesson, session: Session, as_json: bool) -> Report:
    """The report of a lesson for which nobody has made a folder yet, in one line."""
    report = not_begun(lesson, session.runtime)
    options.screen(as_json).line(
        f"   {lesson.number:>2} · {lesson.title}: not begun. `./workshop start {lesson.number}` begins it."
    )
    return report


def _draw(reports: list[Report], folder: Path) -> None:
    """Draws the timeline of each drill into a file of the folder, called after lesson and check."""
    folder.mkdir(parents=True, exist_ok=True)
    for report in reports:
        for check in report.checks:
            if check.timeline:
                picture = folder / f"{report.lesson}-{check.id}.svg"
                picture.write_text(svg(check.timeline, check.claim), encoding="utf-8")
