"""`workshop class ci`"""

from __future__ import annotations

from pathlib import Path

import click

from workshop.classroom import running, walls
from workshop.cli import options
from workshop.course import lessons
from workshop.gradebook.one import graded_one, results
from workshop.report import EXIT_CODES, Outcome, Report, worst_exit_code
from workshop.reports.terminal import Terminal


@click.command()
@click.argument("work", type=click.Path(exists=True, file_okay=False, path_type=Path), default=Path())
@click.option("--lessons", "numbers", required=True, metavar="1-8,12", help="The lessons to grade.")
@options.runtime
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML.")
@click.option("--markdown", type=click.Path(dir_okay=False, path_type=Path), help="Write the feedback as Markdown.")
@click.option("--gradescope", type=click.Path(dir_okay=False, path_type=Path), help="Write Gradescope's results.json.")
@click.option(
    "--classroom50", type=click.Path(dir_okay=False, path_type=Path), help="Write Classroom 50's result.json."
)
def ci(
    work: Path,
    numbers: str,
    runtime: str,
    junit: Path | None,
    markdown: Path | None,
    gradescope: Path | None,
    classroom50: Path | None,
) -> int:
    """Grade one student's folder where a service runs it, and write what the service reads.

    With --gradescope or --classroom50 the exit code is 0 if it ran to the end, whatever the verdict; otherwise it is that of `check`.
    """
    if runtime == "embedded":
        raise click.UsageError(walls.EMBEDDED)
    chosen = running.chosen(numbers, lessons.catalogue())
    if not chosen:
        raise click.UsageError(f"There is no lesson in {numbers}.")
    screen = options.screen()
    reports = graded_one(work, chosen, lambda report: _told(report, screen))
    wanted = {"junit": junit, "markdown": markdown, "gradescope": gradescope, "classroom50": classroom50}
    try:
        left_out = results(reports, chosen, {name: path for name, path in wanted.items() if path})
    except LookupError as error:
        raise click.UsageError(f"The variable {error.args[0]} is not set: Classroom 50's runner sets it.") from None
    if left_out:
        screen.line(f" {left_out}", fg="yellow")
        return EXIT_CODES[Outcome.UNCHECKED]
    return 0 if gradescope or classroom50 else worst_exit_code(reports)


def _told(report: Report, screen: Terminal) -> None:
    lesson = lessons.find(report.lesson)
    screen.head(lesson.number, lesson.title, report.runtime)
    for check in report.checks:
        screen.check(check)
    screen.line(f" {report.count(Outcome.PASSED)} of {len(report.checks)} · {report.seconds:.1f} s\n")
