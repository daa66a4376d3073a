"""Writes what a teacher takes away from a graded class: lists, a page for each student, the gradebook."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from workshop.classroom.ledger import Ledger
from workshop.course.lessons import Lesson
from workshop.gradebook import feedback, page, tables
from workshop.gradebook.classbook import Classbook
from workshop.reports import services


def write_all(book: Classbook, out: Path) -> None:
    """Writes every file anew. A reader never sees half of one."""
    texts = {
        "grades.csv": tables.grades(book),
        "canvas.csv": tables.canvas(book),
        "moodle.csv": tables.moodle(book),
        "junit.xml": services.junit(
            [(f"{line.student.key}.{line.lesson.name}", line.report) for line in book if line.report]
        ),
        "index.html": page.page(book),
    }
    for student in book.students:
        lines = book.of(student)
        texts[f"feedback/{student.key}.html"] = feedback.html(student, lines)
        texts[f"feedback/{student.key}.md"] = feedback.markdown(student, lines)
    for name, text in texts.items():
        put(out / name, text)


def written(ledger: Ledger, catalogue: Mapping[str, Lesson], out: Path) -> Classbook:
    """The class as its ledger has it, with every list and page of it written to `out`."""
    book = Classbook(ledger, catalogue)
    write_all(book, out)
    return book


def put(path: Path, text: str) -> None:
    """Writes a file in one step. CSV begins with a mark that spreadsheets know UTF-8 by."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(text.encode("utf-8-sig" if path.suffix == ".csv" else "utf-8", "backslashreplace"))
    beside.replace(path)
