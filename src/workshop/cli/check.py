"""`workshop check [N…]`"""

from __future__ import annotations

from pathlib import Path

import click

from workshop.cli import options
from workshop.course import lessons
from workshop.course.progress import Progress
from workshop.grading.bench import Session
from workshop.grading.grade import grade
from workshop.report import Outcome, Report, to_json, worst_exit_code


@click.command()
@click.argument("numbers", nargs=-1, metavar="[N…]")
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    help="A folder that holds the lesson's files, instead of your own place.",
)
@click.option("--solution", is_flag=True, help="Check the solution.")
@options.runtime
@click.option("--seed", type=int, help="Repeat the random data of an earlier run.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON document on standard output, all else on standard error."
)
def check(
    numbers: tuple[str, ...], work: Path | None, solution: bool, runtime: str, seed: int | None, as_json: bool
) -> int:
    """Check lessons: yours, the solution, or any folder."""
    chosen = [lessons.find(number) for number in numbers] or lessons.catalogue()
    if work and solution:
        raise click.UsageError("--work and --solution cannot be used together.")
    if work and len(chosen) != 1:
        raise click.UsageError("--work needs exactly one lesson.")
    with Session(runtime) as session:
        reports = [
            check_one(
                lesson,
                session,
                work or (lesson.solution if solution else lesson.open()),
                seed,
                own=not (work or solution),
            )
            for lesson in chosen
        ]
    if as_json:
        click.echo(to_json(reports))
    if len(reports) > 1:
        passed = sum(report.verdict is Outcome.PASSED for report in reports)
        options.screen().line(f" {passed} of {len(reports)} lessons passed", bold=True)
    return worst_exit_code(reports)


def check_one(lesson: lessons.Lesson, session: Session, work: Path, seed: int | None, *, own: bool) -> Report:
    """Checks one lesson, shows each check as it ends, and remembers a pass of the student's own work."""
    screen = options.screen()
    screen.head(lesson.number, lesson.title, options.shown_path(work))
    report = grade(lesson, work.resolve(), session, seed=seed, on_check=screen.check, on_begin=screen.begin)
    if own and report.verdict is Outcome.PASSED:
        Progress().passed(lesson)
    following = next((other for other in lessons.catalogue() if other.number > lesson.number), None)
    told = options.next_step(lesson, report, following)
    screen.foot(
        report,
        f"seed {report.seed}" if report.verdict is Outcome.PASSED and not own else f"seed {report.seed} · {told}",
    )
    return report
