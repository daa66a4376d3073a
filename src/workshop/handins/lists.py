"""What lists say of a class: a CSV of students and paths, a roster, and the list that an export of Gradescope brings."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from workshop.handins.names import Student, key_of
from workshop.handins.unpack import shown

METADATA = "submission_metadata.yml"  # Gradescope's, beside the folders of an export


class NotTaken(Exception):
    """The submissions as a whole cannot be taken in. The text says why."""


@dataclass(frozen=True)
class Entry:
    """A line of a list: whose it is, where it lies if it is there, when it came, and the lesson that it is said to be."""

    student: Student
    path: Path | None
    submitted: datetime | None
    only: str | None


def moment(text: str) -> datetime | None:
    """A time as people and platforms write it; local where it names no zone. None if it is empty. Raises ValueError."""
    try:
        return datetime.fromisoformat(text.strip()).astimezone() if text.strip() else None
    except OverflowError:  # in the last hours that a calendar has
        raise ValueError(text) from None


def rows_of(table: Path) -> list[dict[str, str]]:
    """The rows of a CSV, with commas or semicolons, by the names in its first line, which may be in any case. Raises NotTaken."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            between = ";" if head.count(";") > head.count(",") else ","  # as spreadsheets write it in many countries
            return [
                {name.strip().lower(): (value or "").strip() for name, value in row.items() if isinstance(name, str)}
                for row in csv.DictReader(file, delimiter=between)
            ]
    except (UnicodeError, csv.Error):
        raise NotTaken(f"{table.name} cannot be read as a CSV in UTF-8.") from None


def student_in(row: Mapping[str, str], called: str) -> Student:
    """The student of a row."""
    return Student(key_of(called), row.get("name") or called, row.get("id", ""), row.get("email", ""))


def listed(table: Path, notes: list[str]) -> list[Entry]:
    """The rows of a CSV with the columns student and path; name, email, id, submitted and lesson where they are there. Raises NotTaken."""
    rows = rows_of(table)
    if not rows or not {"student", "path"} <= rows[0].keys():
        raise NotTaken(f"{table.name} needs a first line with the columns student and path.")
    entries = []
    for number, row in enumerate(rows, 2):
        if not row["student"]:
            notes.append(f"{table.name}, line {number}: there is no student.")
            continue
        try:
            submitted = moment(row.get("submitted", ""))
        except ValueError:
            notes.append(f"{table.name}, line {number}: {shown(row['submitted'])} is no time. Write 2026-11-30T18:00.")
            submitted = None
        path = table.parent / row["path"] if row["path"] else None  # without one, nothing was handed in
        if path and not path.exists():
            notes.append(f"{table.name}, line {number}: there is no {shown(row['path'])}.")
            path = None
        entries.append(Entry(student_in(row, row["student"]), path, submitted, row.get("lesson") or None))
    return entries


def exported(submissions: Path) -> dict[str, tuple[list[Student], datetime | None]]:
    """What an export of Gradescope says of its folders: whose each is, and when it came. Empty if it is none. Raises NotTaken."""
    path = submissions / METADATA
    if not path.is_file():
        return {}
    import yaml

    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError):
        raise NotTaken(f"{METADATA} cannot be read.") from None
    known = {}
    for folder, about in data.items() if isinstance(data, dict) else ():
        if isinstance(about, dict):
            created = about.get(":created_at")
            students = [_submitter(one) for one in about.get(":submitters") or () if isinstance(one, dict)]
            known[str(folder)] = (students, created.astimezone() if isinstance(created, datetime) else None)
    return known


def _submitter(about: Mapping[str, Any]) -> Student:
    name, number, email = (str(about.get(key) or "") for key in (":name", ":sid", ":email"))
    return Student(key_of(email or name), name or email, number, email, "gradescope")


def called(roster: Path, students: dict[str, Student], notes: list[str]) -> None:
    """Adds what a roster knows: those who handed in nothing, and names, numbers and addresses. Its columns: student, name, email, id.

    A row is about one student: the first of its words by which exactly one is called says who. A number of Canvas or Moodle stays.
    """
    before = list(students.values())
    for number, row in enumerate(rows_of(roster), 2):
        words = [word for word in (row.get(column, "") for column in ("student", "id", "email", "name")) if word]
        found = [[one for one in before if one.is_called(word)] for word in words]
        known = next((some[0] for some in found if len(some) == 1), None)
        if known:
            is_numbered = not row.get("id") or (known.number and known.platform in ("canvas", "moodle"))
            students[known.key] = replace(
                known,
                name=row.get("name") or known.name,
                number=known.number if is_numbered else row["id"],
                email=row.get("email") or known.email,
                platform=known.platform if is_numbered else "",
            )
        elif any(found):
            notes.append(
                f"{roster.name}, line {number}: several students are called {shown(words[-1])}. Name one by key or number."
            )
        elif words:
            one = student_in(row, words[0])
            students[one.key] = one
