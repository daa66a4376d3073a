"""`workshop class grade | show | settle | alike`"""

from __future__ import annotations

import json
import os
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from workshop.classroom import quarters, running, walls
from workshop.classroom.crew import JOB_LIMIT
from workshop.classroom.ledger import Job, Ledger
from workshop.classroom.queues import BadQueue, checked
from workshop.classroom.running import Busy, NoLedger, Order, Progress, Running
from workshop.cli import options
from workshop.cli.class_ci import ci
from workshop.cli.class_engine import engine_of_class
from workshop.cli.class_gradescope import gradescope
from workshop.cli.class_parcel import pack, unpack
from workshop.cli.class_worker import QUEUE, worker
from workshop.course import lessons
from workshop.course.lessons import Lesson
from workshop.course.places import shown_path
from workshop.engine import engine
from workshop.gradebook.alike import lay_out
from workshop.gradebook.classbook import Classbook
from workshop.gradebook.marks import Policy, shown
from workshop.gradebook.outputs import written
from workshop.handins.lists import NotTaken, moment
from workshop.handins.unpack import shown as on_one_line
from workshop.report import EXIT_CODES, Outcome, Report
from workshop.reports.terminal import COLOURS, MARKS, Terminal

AS_JSON = click.option(
    "--json", "as_json", is_flag=True, help="One JSON document on standard output, all else on standard error."
)
LOOK = "`./workshop doctor` says what is wrong with the engine; the same call goes on."
EXISTING = click.Path(exists=True, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group("class")
def class_() -> None:
    """Grade what a class handed in, and write marks, feedback and a gradebook."""


class Share(click.ParamType):
    """A share: 10% or 0.1."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            share = float(value.removesuffix("%")) / (100 if value.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            self.fail(f"{value} is no share. Write 10% or 0.1.", param, ctx)
        return share


def _due(values: tuple[str, ...]) -> dict[str, datetime]:
    """`2026-12-01T18:00` for all lessons, `7=2026-12-01T18:00` for one. A day without a time ends with that day."""
    found = {}
    for value in values:
        number, is_for_one, text = value.rpartition("=")
        try:
            when = moment(text if "T" in text or " " in text.strip() else f"{text.strip()}T23:59:59.999999")
        except ValueError:
            when = None
        if when is None:
            raise click.UsageError(f"--due: {text} is no time. Write 2026-12-01 or 2026-12-01T18:00.")
        found[lessons.find(number).name if is_for_one else ""] = when
    return found


def _policy(due: tuple[str, ...], penalty: float, least: float, whole: bool) -> dict[str, Any]:
    """How points become a grade, as this call says; empty if it says nothing of it, so that `--only ada` changes nobody else's grade."""
    call = click.get_current_context()
    said = [call.get_parameter_source(name) for name in ("due", "penalty", "least", "whole")]
    is_said = any(source is not click.core.ParameterSource.DEFAULT for source in said)
    return Policy(_due(due), penalty, least, not whole).to_dict() if is_said else {}


@class_.command()
@click.argument("submissions", type=EXISTING)
@click.option("--lessons", "numbers", required=True, metavar="1-8,12", help="The lessons to grade.")
@click.option(
    "--out", type=FOLDER, default=Path("grades"), help="The folder for grades, feedback and the ledger; `grades` here."
)
@click.option(
    "--due",
    multiple=True,
    metavar="[N=]WHEN",
    help="When it was due: 2026-12-01 or 2026-12-01T18:00; 7=… for one lesson.",
)
@click.option("--penalty", type=Share(), default=0.0, metavar="10%", help="What each day late takes off the points.")
@click.option(
    "--at-least",
    "least",
    type=Share(),
    default=0.0,
    metavar="50%",
    help="The share of the points that being late leaves.",
)
@click.option("--whole", is_flag=True, help="No partial credit: all of a lesson's points, or none.")
@click.option(
    "--roster", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A CSV: student, name, email, id."
)
@click.option("--prefix", default="", help="What is taken off the names of folders, as hw3- of hw3-ada.")
@click.option("--only", metavar="STUDENT", help="Only this student; graded again if there is a result.")
@click.option("--only-lesson", metavar="N", help="Only this lesson; graded again where there is a result.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=(os.cpu_count() or 1) + 1,
    help="How many to grade at the same time.",
)
@click.option(
    "--limit",
    type=click.FloatRange(1),
    default=JOB_LIMIT,
    metavar="SECONDS",
    help="The longest that one lesson of one student may take.",
)
@click.option("--list", "only_list", is_flag=True, help="Take in, say who handed in what and when, and grade nothing.")
@QUEUE
@click.option("--trust-builds", is_flag=True, help="Build students' images although not every wall is there.")
@options.runtime
@AS_JSON
def grade(
    submissions: Path,
    numbers: str,
    out: Path,
    due: tuple[str, ...],
    penalty: float,
    least: float,
    whole: bool,
    roster: Path | None,
    prefix: str,
    only: str | None,
    only_lesson: str | None,
    workers: int,
    limit: float,
    only_list: bool,
    queue: str | None,
    trust_builds: bool,
    runtime: str,
    as_json: bool,
) -> int:
    """Grade a folder of submissions. The same call again grades only what has changed since."""
    if only_list and as_json:
        raise click.UsageError("--list is for people, and prints no JSON. Take it without --json.")
    chosen = running.chosen(numbers, lessons.catalogue())
    if not chosen:
        raise click.UsageError(f"There is no lesson in {numbers}.")
    if runtime == "embedded":
        raise click.UsageError(walls.EMBEDDED)
    try:
        queue = checked(queue) if queue else None
    except BadQueue as error:
        raise click.UsageError(str(error)) from None
    is_own = not queue and quarters.use()
    lacking = [] if queue or is_own or only_list else walls.missing(chosen)
    if lacking and not trust_builds:
        raise click.UsageError(" ".join([*lacking, walls.ASK]))
    if not (queue or only_list) and (trouble := engine.trouble()):
        raise trouble
    order = Order(
        submissions,
        chosen,
        out.resolve(),
        _policy(due, penalty, least, whole),
        prefix,
        roster,
        only,
        lessons.find(only_lesson) if only_lesson else None,
        workers,
        limit,
        queue=queue,
        environment=quarters.environment() if is_own else {},
        inside=quarters.inside() if is_own else (),
    )
    screen = options.screen(as_json)
    try:
        with running.opened(order.out, is_new=True) as ledger:
            return _graded(order, ledger, screen, as_json, only_list)
    except (BadQueue, Busy, NoLedger, NotTaken) as error:
        raise click.UsageError(str(error)) from None


def _graded(order: Order, ledger: Ledger, screen: Terminal, as_json: bool, only_list: bool) -> int:
    begun = time.monotonic()

    def on_done(job: Job, report: Report, progress: Progress) -> None:
        rate = progress.done / max(time.monotonic() - begun, 0.001)
        left = (progress.total - progress.done) / rate
        mark, lesson = MARKS[report.verdict], report.lesson[:2]
        screen.line(
            f"  {mark} {lesson} {on_one_line(job.student)}  {report.count(Outcome.PASSED)} of {len(report.checks)} · {report.seconds:.1f} s"
            f"   {progress.done} of {progress.total} · {rate * 60:.1f} a minute · {left / 60:.0f} min left",
            fg=COLOURS[report.verdict],
        )

    work = Running(order, ledger, on_done=on_done, on_note=lambda text: screen.line(f"  {text}", fg="yellow"))
    work.prepare()
    for note in work.taken.notes:
        screen.line(f"  {on_one_line(note)}", fg="yellow")
    if only_list:
        return _listed(work, screen)
    progress = work.progress
    screen.line(
        f" {progress.total} to grade, {progress.kept} as they were · {'by workers elsewhere' if order.queue else f'{order.workers} at a time'}",
        bold=True,
    )
    try:
        gave_up = work.work()
    except KeyboardInterrupt:
        screen.line("\n Ended. What is graded stays; the same call goes on.")
        raise
    finally:
        book = written(ledger, work.catalogue, order.out)
    _summary(book, order.out, screen)
    if as_json:
        error = {"error": gave_up and gave_up.hint, "next": gave_up and LOOK}
        click.echo(json.dumps(_document(book, work, order.out) | error, ensure_ascii=False, indent=1))
    if gave_up:
        click.echo(f"{gave_up.hint}\n{LOOK}", err=True)
        return EXIT_CODES[Outcome.UNCHECKED]
    return EXIT_CODES[Outcome.UNCHECKED] if book.unsettled else 0


def _listed(work: Running, screen: Terminal) -> int:
    """Says who handed in what, and when."""
    for (_, lesson), one in sorted(work.taken.hand_ins.items()):
        when = f"{one.submitted:%Y-%m-%d %H:%M}" if one.submitted else "time not known"
        words = "not taken" if one.refused else on_one_line(one.source)
        screen.line(
            f"  {on_one_line(one.student.name)} · {lesson} · {when}{' · late' if one.is_late else ''} · {words}"
        )
    absent = set(work.taken.students) - {student for student, _ in work.taken.hand_ins}
    for key in sorted(absent):
        screen.line(f"  {on_one_line(work.taken.students[key].name)} · nothing", fg="yellow")
    return 0


def _summary(book: Classbook, out: Path, screen: Terminal) -> None:
    for line in book.unsettled:
        screen.line(
            f"  ? {on_one_line(line.student.name)}, lesson {line.lesson.number}: {on_one_line(line.mark.todo)}",
            fg="yellow",
            hang=4,
        )
    passed = sum(line.verdict == Outcome.PASSED for line in book)
    graded = sum(line.report is not None for line in book)
    screen.line(
        f" {len(book.students)} students · {passed} of {graded} passed · {len(book.unsettled)} without a final grade",
        bold=True,
    )
    if any(book.policy.due.values()) and book.policy.penalty:
        dates = ", ".join(f"{name or 'all'} {when:%Y-%m-%d %H:%M}" for name, when in sorted(book.policy.due.items()))
        timeless = [
            line for line in book if line.report and line.row and not line.row.submitted and not line.row.is_late
        ]
        unknown = sum(
            line.student.platform != "canvas" for line in timeless
        )  # there, what is not marked as late is not
        if unknown:
            screen.line(f" Of {unknown} hand-ins the time is not known: they count as in time.", fg="yellow")
        screen.line(f" {book.policy.penalty:.0%} a day taken off what came later than it was due: {dates}")
    screen.line(
        f" {shown_path(out)}: index.html (the gradebook), feedback/, grades.csv, canvas.csv, moodle.csv, junit.xml"
    )


def _document(book: Classbook, work: Running, out: Path) -> dict[str, Any]:
    return {
        "out": str(out),
        "graded": work.progress.done,
        "kept": work.progress.kept,
        "notes": work.taken.notes,
        "rows": [
            {
                "student": line.student.key,
                "name": line.student.name,
                "lesson": line.lesson.name,
                "verdict": line.verdict,
                "points": line.mark.points,
                "out_of": line.mark.out_of,
                "penalty": line.mark.penalty,
                "grade": line.mark.final,
                "seconds": line.report.seconds if line.report else None,
                "todo": line.mark.todo or None,
            }
            for line in book
        ],
    }


def _catalogue() -> dict[str, Lesson]:
    return {lesson.name: lesson for lesson in lessons.catalogue()}


@class_.command()
@click.argument("out", type=FOLDER, default=Path("grades"))
def show(out: Path) -> int:
    """Write grades, feedback and gradebook anew from the ledger, and say what is left to do."""
    try:
        with running.opened(out) as ledger:
            book = written(ledger, _catalogue(), out)
    except (Busy, NoLedger) as error:
        raise click.UsageError(str(error)) from None
    _summary(book, out, options.screen())
    return EXIT_CODES[Outcome.UNCHECKED] if book.unsettled else 0


@class_.command()
@click.argument("student")
@click.argument("number", metavar="N")
@click.option("--out", type=FOLDER, default=Path("grades"), help="The folder of the grades.")
@click.option("--points", type=click.FloatRange(0), help="The final points.")
@click.option("--waive", is_flag=True, help="Grant the points of what could not be asked.")
@click.option("--note", default="", help="Why, for the student's page.")
def settle(student: str, number: str, out: Path, points: float | None, waive: bool, note: str) -> int:
    """Decide by hand about one lesson of one student: a number of points, or those of what could not be asked."""
    if (points is None) is not waive:
        raise click.UsageError("Say either --points or --waive.")
    lesson = lessons.find(number)
    try:
        with running.opened(out) as ledger:
            known = [
                row.student for row in ledger.rows() if row.lesson == lesson.name and row.student.is_called(student)
            ]
            if len(known) != 1:
                raise click.UsageError(
                    f"{len(known)} students called {student} have handed in lesson {lesson.number}."
                )
            ledger.settle(known[0].key, lesson.name, points, note)
            book = written(ledger, _catalogue(), out)
    except (Busy, NoLedger) as error:
        raise click.UsageError(str(error)) from None
    mark = book.line(known[0], lesson).mark
    words = mark.todo if mark.final is None else f"{shown(mark.final)} of {shown(mark.out_of)}. {mark.note}"
    options.screen().line(f" {on_one_line(known[0].name)}, lesson {lesson.number}: {on_one_line(words)}")
    return 0


@class_.command()
@click.argument("number", metavar="N")
@click.argument("folder", type=FOLDER)
@click.option("--out", type=FOLDER, default=Path("grades"), help="The folder of the grades.")
def alike(number: str, folder: Path, out: Path) -> int:
    """Lay out one lesson's work in a new FOLDER for JPlag or compare50, with the starter as the base."""
    lesson = lessons.find(number)
    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"{folder} is not empty.")
    try:
        with running.opened(out) as ledger:
            count = lay_out(Classbook(ledger, {lesson.name: lesson}), lesson, folder)
    except (Busy, NoLedger) as error:
        raise click.UsageError(str(error)) from None
    options.screen().line(f" {shown_path(folder)}: submissions/ of {count} students, and base/, the starter.")
    return 0


class_.add_command(ci)
class_.add_command(engine_of_class)
class_.add_command(gradescope)
class_.add_command(pack)
class_.add_command(unpack)
class_.add_command(worker)
