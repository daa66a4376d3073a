"""The class as CSV: one list of everything, and the two that Canvas and Moodle take."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

from workshop.gradebook.classbook import Classbook, Line
from workshop.gradebook.marks import shown
from workshop.handins.unpack import shown as on_one_line

SIGNS = "=+-@|%\uff1d\uff0b\uff0d\uff20"  # the last four are as wide as a Chinese character
FORMULA = (*SIGNS, "\t", "\r", "\n")
INSIDE = re.compile(rf"(;[\s\"']*)(?=[{re.escape(SIGNS)}])")  # where semicolons part the cells, one begins there
COLUMNS = (
    *("student", "name", "lesson", "points", "out_of", "penalty", "grade"),
    *("verdict", "seconds", "submitted", "days_late", "note"),
)


def cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula, on one line: what looks like one gets an apostrophe, as people type it."""
    plain = INSIDE.sub(r"\1'", on_one_line(re.sub(r"[\t\r\n]", " ", text)))
    return f"'{plain}" if plain.lstrip().startswith(FORMULA) or plain[:1].isspace() else plain


def table(rows: Iterable[Iterable[str]]) -> str:
    """The rows as CSV. A number is written as it is; every other cell goes through `cell`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for row in rows:
        writer.writerow([value if _is_number(value) else cell(value) for value in row])
    return text.getvalue()


def _is_number(value: str) -> bool:
    return (
        value.removeprefix("-").replace(".", "", 1).isascii() and value.removeprefix("-").replace(".", "", 1).isdigit()
    )


def grades(book: Classbook) -> str:
    """A row for each student and lesson. A row without a final grade has an empty `grade`."""
    return table([COLUMNS, *(_grade(line) for line in book)])


def _grade(line: Line) -> tuple[str, ...]:
    mark, row = line.mark, line.row
    return (
        line.student.key,
        line.student.name,
        line.lesson.name,
        shown(mark.points),
        shown(mark.out_of),
        shown(mark.penalty),
        "" if mark.final is None else shown(mark.final),
        line.verdict,
        f"{line.report.seconds:.1f}" if line.report else "",
        row.submitted.isoformat(timespec="minutes") if row and row.submitted else "",
        str(mark.days_late),
        mark.todo or mark.note,
    )


def canvas(book: Classbook) -> str:
    """Canvas' gradebook: a column for each lesson, below it the points possible. An empty cell changes nothing there."""
    head = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", *(lesson.name for lesson in book.lessons))
    possible = ("Points Possible", "", "", "", "", *(shown(sum(lesson.worth.values())) for lesson in book.lessons))
    rows = []
    for student in book.students:
        number = student.number if student.platform in ("canvas", "") else ""
        finals = (line.mark.final for line in book.of(student))
        rows.append(
            (student.name, number, "", student.email, "", *("" if final is None else shown(final) for final in finals))
        )
    return table([head, possible, *rows])


def moodle(book: Classbook) -> str:
    """Moodle's grading worksheet, with the lessons as more columns. An empty grade changes nothing there."""
    head = ("Identifier", "Full name", "Email address", "Grade", "Maximum Grade", *(one.name for one in book.lessons))
    rows = []
    for student in book.students:
        number = student.number if student.platform in ("moodle", "") else ""
        total, identifier = book.total(student), f"Participant {number}" if number else ""
        finals = (line.mark.final for line in book.of(student))
        rows.append(
            (
                *(identifier, student.name, student.email, "" if total is None else shown(total), shown(book.out_of)),
                *("" if final is None else shown(final) for final in finals),
                f"See the page of feedback, {student.key}.html.",
            )
        )
    return table([(*head, "Feedback comments"), *rows])
