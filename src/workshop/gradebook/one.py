"""One student's folder, graded where a service runs it: a job of GitHub Actions or GitLab CI, Gradescope, Classroom 50."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from workshop.classroom.ledger import Row, refusal
from workshop.course.lessons import Lesson
from workshop.gradebook import feedback
from workshop.gradebook.classbook import Line
from workshop.gradebook.marks import Policy, mark_of, nothing
from workshop.gradebook.outputs import put
from workshop.grading.bench import Session
from workshop.grading.grade import grade
from workshop.handins.intake import found_in
from workshop.handins.names import Student
from workshop.handins.unpack import Refused, copy_out, read
from workshop.report import Report
from workshop.reports import services

NOT_THERE = "The folder holds no folder {0} with its files."
NO_RESULT = "No result was written for Classroom 50, since {}"


def graded_one(
    work: Path, chosen: Sequence[Lesson], on_report: Callable[[Report], None] = lambda report: None
) -> list[Report]:
    """A report for each lesson, graded on an engine from a copy of what the folder holds of it."""
    with Session("docker", strangers=True) as session:
        return taken_in(work, chosen, lambda lesson, copy: grade(lesson, copy, session), on_report)


def taken_in(
    work: Path,
    chosen: Sequence[Lesson],
    graded: Callable[[Lesson, Path], Report],
    on_report: Callable[[Report], None],
) -> list[Report]:
    """A report for each lesson: what `graded` says of a copy of what the folder holds of it. What is not there, or not taken, has failed."""
    reports = []
    with tempfile.TemporaryDirectory(prefix="workshop-ci-") as scratch:
        places, refusals = found_in(work.resolve(), list(chosen), Path(scratch) / "unpacked")
        found = {lesson.name: path for lesson, path in places}
        for lesson in chosen:
            copy = Path(scratch) / lesson.name
            try:
                if lesson.name not in found:
                    raise Refused(refusals[0] if refusals else NOT_THERE.format(lesson.name))
                source = found[lesson.name]
                if source.is_file():
                    copy.mkdir()
                    (copy / f"{lesson.name}.ipynb").write_bytes(read(source))
                elif not copy_out(source, copy):
                    raise Refused("The folder is empty.")
                report = graded(lesson, copy)
            except Refused as error:
                report = refusal(lesson, str(error))
            reports.append(report)
            on_report(report)
    return reports


def results(reports: Sequence[Report], chosen: Sequence[Lesson], wanted: Mapping[str, Path]) -> str:
    """Writes what is wanted. Returns why Classroom 50's was left out, if it was: a check that could not be asked has no score there.

    Raises LookupError, naming a variable that Classroom 50's runner sets and that is missing.
    """
    worth = {lesson.name: lesson.worth for lesson in chosen}
    unasked = services.unasked(reports)
    texts = {"junit": lambda: services.junit([(report.lesson, report) for report in reports])}
    texts["gradescope"] = lambda: services.gradescope(reports, worth)
    texts["classroom50"] = lambda: services.classroom50(reports, worth, os.environ)
    texts["markdown"] = lambda: _markdown(reports, chosen)
    for name, path in wanted.items():
        if name != "classroom50" or not unasked:
            put(path, texts[name]())
    return NO_RESULT.format(unasked) if unasked and "classroom50" in wanted else ""


def _markdown(reports: Sequence[Report], chosen: Sequence[Lesson]) -> str:
    student, lines = Student("feedback", "Feedback"), []
    for lesson, report in zip(chosen, reports, strict=True):
        row = Row(student, lesson.name, "done", report, None, False, Path(), "", None)
        lines.append(Line(student, lesson, row, mark_of(row, lesson, Policy()) if report.checks else nothing(lesson)))
    return feedback.markdown(student, lines)
