"""Taking in a class: what was handed in, by whom, and when; each lesson's files copied to a place of the teacher's.

SUBMISSIONS is a folder with an entry for each student (a folder, a zip or a tar), as teachers make it and as Canvas, Moodle,
Gradescope and `git clone` leave it; such a folder in one archive; or a CSV whose columns name student and path.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from workshop.course.lessons import Lesson
from workshop.handins.finding import is_meant, lessons_in, without_wrapping
from workshop.handins.lists import METADATA, NotTaken, called, exported, listed
from workshop.handins.names import Student, digits_of, is_only_text, key_of, order_of, student_of
from workshop.handins.unpack import (
    CANNOT_OPEN,
    CLOSED,
    FULL,
    LEFT_OUT,
    SUFFIXES,
    UNPACKED_LIMIT,
    UNREADABLE,
    Refused,
    copy_out,
    files_in,
    read,
    shown,
    suffix_of,
    unpack,
)

AT_ONCE = timedelta(minutes=10)  # in which a platform packs a class
TEXTS = (".csv", ".txt", ".pdf", ".html")  # that lie about in such a folder, and are no hand-in


@dataclass(frozen=True)
class HandIn:
    """One lesson of one student. `refused` is the sentence for work that was not taken; then there is no folder."""

    student: Student
    lesson: str
    digest: str
    folder: Path | None
    submitted: datetime | None = None
    is_late: bool = False  # the platform says so
    refused: str | None = None
    source: str = ""


@dataclass
class Class:
    """What was taken in: each student's lessons, those who handed in nothing, and sentences about what a teacher should look at."""

    hand_ins: dict[tuple[str, str], HandIn] = field(default_factory=dict)
    students: dict[str, Student] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Piece:
    """Something that a student handed in: a folder, an archive or a single notebook."""

    student: Student
    path: Path
    submitted: datetime | None
    is_late: bool = False
    only: str | None = None  # the lesson that it is said to be


def take_in(
    submissions: Path, lessons: list[Lesson], place: Path, prefix: str = "", roster: Path | None = None
) -> Class:
    """Copies each student's latest work of each lesson to `place/STUDENT/NN_topic`, and says whose it is and when it came.

    Raises NotTaken if the submissions cannot be read at all. What one student handed in never ends it.
    """
    taken = Class()
    if submissions.is_dir():
        _keep_apart(submissions.resolve(), place.parent.resolve())
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".taking-in-", dir=place.parent) as scratch:
        if suffix_of(submissions.name) and submissions.is_file():
            top = Path(scratch) / "all"
            top.mkdir()
            try:
                unpack(submissions, top, keeps_times=True)
            except Refused as error:
                raise NotTaken(f"{error} Unpack it yourself, and name the folder.") from None
            submissions = without_wrapping(top)
        pieces = _without_times_of_download(list(_pieces(submissions, taken, prefix, place.parent)), taken)
        for number, piece in enumerate(_told_apart(pieces, taken)):
            taken.students.setdefault(piece.student.key, piece.student)
            here = Path(scratch) / str(number)
            here.mkdir()
            _take(piece, lessons, here / "work", place, taken)
            shutil.rmtree(here)  # a class may unpack to more than a disk holds
    if roster:
        called(roster, taken.students, taken.notes)
        for pair, hand_in in taken.hand_ins.items():
            taken.hand_ins[pair] = replace(hand_in, student=taken.students[hand_in.student.key])
    return taken


def _keep_apart(submissions: Path, out: Path) -> None:
    """Raises NotTaken if what is written would be taken for what was handed in."""
    inside = out.relative_to(submissions).parts if out.is_relative_to(submissions) else None
    if inside == () or submissions.is_relative_to(out / "work"):
        raise NotTaken(f"{submissions} is also the folder for the grades. Name another with --out.")
    if inside and len(inside) > 1:
        raise NotTaken(
            f"The folder for the grades, {out}, lies in what {inside[0]} handed in. Name another with --out."
        )


def _pieces(submissions: Path, taken: Class, prefix: str, out: Path) -> Iterator[_Piece]:
    if submissions.is_file():
        if submissions.suffix.lower() != ".csv":
            raise NotTaken(f"{submissions.name} is neither a folder, an archive nor a CSV of student and path.")
        for one in listed(submissions, taken.notes):
            taken.students.setdefault(one.student.key, one.student)
            if one.path:
                submitted = one.submitted or (None if _is_clone(one.path) else _time_of(one.path))
                yield _Piece(one.student, one.path, submitted, only=one.only)
        return
    known = exported(submissions)
    for entry in sorted(submissions.iterdir(), key=lambda entry: order_of(entry.name.removeprefix(prefix))):
        if entry.name in LEFT_OUT or entry.name.startswith(".") or entry.name == METADATA:
            continue
        if entry.resolve() == out.resolve():
            continue
        if entry.is_symlink() or not (entry.is_dir() or entry.is_file()):
            taken.notes.append(f"{shown(entry.name)} is a link or a special file: not taken.")
        elif shown(entry.name) != entry.name:
            taken.notes.append(f"{shown(entry.name)} has a control character in its name: not taken. Rename it.")
        elif entry.name in known:
            students, submitted = known[entry.name]
            for student in students:
                yield _Piece(student, entry, submitted)
            if not students:
                taken.notes.append(f"{entry.name}: {METADATA} does not say whose it is. Not taken.")
        elif _may_hold_work(entry):
            yield _piece_of(entry, prefix)
        else:
            piece, is_text = _piece_of(entry, prefix), entry.is_dir() or entry.suffix.lower() in TEXTS
            if piece.student.platform and not is_text:
                yield piece  # to be refused with a sentence
            elif piece.student.platform:
                taken.students.setdefault(piece.student.key, piece.student)
            elif not is_text:
                taken.notes.append(f"{entry.name} is neither a folder nor an archive: not taken.")


def _told_apart(pieces: list[_Piece], taken: Class) -> list[_Piece]:
    """The pieces, with other keys for students whose keys differ in case only: for many a disk that is one name."""
    keys = taken.students.keys() | {piece.student.key for piece in pieces}
    count = Counter(key.casefold() for key in keys)

    def apart(student: Student) -> Student:
        alike = count[student.key.casefold()] > 1
        return replace(student, key=f"{student.key}-{digits_of(student.key)}") if alike else student

    taken.students = {one.key: one for one in map(apart, taken.students.values())}
    return [replace(piece, student=apart(piece.student)) for piece in pieces]


def _may_hold_work(entry: Path) -> bool:
    is_file_of_work = suffix_of(entry.name, SUFFIXES + UNREADABLE) or entry.suffix == ".ipynb"
    return bool(is_file_of_work) or (entry.is_dir() and not is_only_text(entry.name))


def _piece_of(entry: Path, prefix: str) -> _Piece:
    student, is_late = student_of(entry.name, prefix)
    if entry.suffix == ".ipynb" and not student.platform:
        student = Student(key_of(entry.stem), entry.stem)
    has_no_time = student.platform == "canvas" or (not student.platform and _is_clone(entry))
    return _Piece(student, entry, None if has_no_time else _time_of(entry), is_late)


def _without_times_of_download(pieces: list[_Piece], taken: Class) -> list[_Piece]:
    """The pieces; what came from Moodle without its time, if that is the same for all: newer ones give the time at which the teacher asked."""
    theirs = [piece for piece in pieces if piece.student.platform == "moodle"]
    times = [piece.submitted for piece in theirs if piece.submitted]
    if len({piece.student.key for piece in theirs}) < 2 or not times or max(times) - min(times) > AT_ONCE:
        return pieces
    taken.notes.append(
        "All files from Moodle have the same time, that of the download: nobody is taken to be late. Name the times in a CSV."
    )
    return [replace(one, submitted=None) if one in theirs else one for one in pieces]


def _is_clone(entry: Path) -> bool:
    """Whether it is a clone, whose files have the time of the clone."""
    return (entry / ".git").exists()


def _time_of(entry: Path) -> datetime | None:
    """When it came, as far as its files tell."""
    if entry.is_file():
        return _at(entry.stat().st_mtime)
    times = []
    for base, folders, names in os.walk(entry):
        # What a file manager leaves in a folder that it opens is no hand-in.
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        times += [os.lstat(Path(base) / name).st_mtime for name in names if name not in LEFT_OUT]
    return _at(max(times)) if times else None


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds)).astimezone()


def _take(piece: _Piece, lessons: list[Lesson], scratch: Path, place: Path, taken: Class) -> None:
    """Takes one piece: unpacked, its lessons found, and each copied where no later one is."""
    wanted = [lesson for lesson in lessons if piece.only is None or is_meant(lesson, piece.only)]
    if piece.only and not wanted:
        taken.notes.append(f"{piece.student.name}: {piece.only} is none of the lessons that are graded.")
        return
    try:
        found, refusals = found_in(piece.path, wanted, scratch)
    except OSError as error:
        if error.errno in FULL:
            raise
        found, refusals = [], [f"{shown(Path(error.filename or piece.path).name)} cannot be read: {error.strerror}."]
    for why in refusals:
        taken.notes.append(f"{piece.student.name}: {why}")
    for lesson in wanted if refusals else ():
        if lesson not in [one for one, _ in found] and (piece.student.key, lesson.name) not in taken.hand_ins:
            _note(_refusal(piece, lesson, refusals[0]), taken)
    if not found and not refusals:
        named = ", ".join(lesson.name for lesson in wanted)
        taken.notes.append(f"{shown(piece.path.name)} of {piece.student.name} holds no folder of {named}.")
    for lesson, source in found:
        before = taken.hand_ins.get((piece.student.key, lesson.name))
        if before and before.folder and _is_later(before.submitted, piece.submitted):
            continue
        copy = scratch.with_name(f"{scratch.name}-{lesson.name}")
        try:
            if source.is_file():
                copy.mkdir()
                (copy / f"{lesson.name}.ipynb").write_bytes(read(source))
            elif not copy_out(source, copy):
                raise Refused("The folder is empty.")
        except Refused as error:
            taken.notes.append(f"{piece.student.name}, {lesson.name}: {error}")
            if not (before and before.folder):
                _note(_refusal(piece, lesson, str(error)), taken)
            continue
        digest = digest_of(copy)
        target = place / piece.student.key / lesson.name
        _put(copy, target, digest)
        _note(
            HandIn(piece.student, lesson.name, digest, target, piece.submitted, piece.is_late, None, piece.path.name),
            taken,
        )


def _note(hand_in: HandIn, taken: Class) -> None:
    taken.hand_ins[hand_in.student.key, hand_in.lesson] = hand_in


def _refusal(piece: _Piece, lesson: Lesson, why: str) -> HandIn:
    digest = "refused-" + hashlib.sha256(why.encode()).hexdigest()[:20]
    return HandIn(piece.student, lesson.name, digest, None, piece.submitted, piece.is_late, why, piece.path.name)


def _is_later(before: datetime | None, now: datetime | None) -> bool:
    return before is not None and (now is None or before > now)


def _put(copy: Path, target: Path, digest: str) -> None:
    """Moves a copy to its place; one that is there and the same stays."""
    if target.is_dir() and not target.is_symlink():
        with contextlib.suppress(Refused):  # what lies there is changed; a copy by hard links counts as that
            if digest_of(target) == digest:
                return
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    copy.rename(target)


def digest_of(folder: Path) -> str:
    """What a folder holds, as a number: names, contents, and which files can be run."""
    whole = hashlib.sha256()
    for name, path in files_in(folder):
        content = hashlib.sha256(read(path)).hexdigest()
        whole.update(f"{name}\0{content}{'x' if path.lstat().st_mode & 0o100 else ''}\n".encode())
    return whole.hexdigest()


def found_in(path: Path, lessons: list[Lesson], scratch: Path) -> tuple[list[tuple[Lesson, Path]], list[str]]:
    """Where the lessons lie in what was handed in at `path`, and why an archive of it was not taken. Archives are unpacked beside `scratch`."""
    if path.is_file() and path.suffix == ".ipynb":
        named = [lesson for lesson in lessons if lesson.notebook and lesson.name in path.name]
        alone = [lesson for lesson in lessons if lesson.notebook] if len(lessons) == 1 else []
        return [(lesson, path) for lesson in (named or alone)[:1]], []
    found: dict[str, tuple[Lesson, Path]] = {}
    refusals: list[str] = []
    numbers, total = itertools.count(), 0

    is_clone, tops = _is_clone(path), []

    def look(name: str, top: Path) -> None:
        tops.append((name, top))
        for lesson, place in lessons_in(top, name, lessons):
            if not is_clone or lesson.name not in found:  # an archive in a clone may be of long ago
                found[lesson.name] = lesson, place

    def open_up(archive: Path) -> Path | None:
        nonlocal total
        folder = scratch.with_name(f"{scratch.name}-{next(numbers)}")
        folder.mkdir()
        try:
            if total > UNPACKED_LIMIT:
                raise Refused(f"{shown(archive.name)} is one archive too much: all together are too large, unpacked.")
            total += unpack(archive, folder)
        except Refused as error:
            refusals.append(str(error))
            return None
        return folder

    top = open_up(path) if path.is_file() else path
    if top is None:
        return [], refusals
    look(path.name, top)
    inner = top if path.is_dir() else without_wrapping(top)
    if path.is_dir() or not found:  # platforms put into a folder what was handed in
        for archive in _archives(inner):  # the later one counts
            if folder := open_up(archive):
                look(archive.name, folder)
    if not found:
        refusals += [
            f"{shown(one.name)} {CANNOT_OPEN}" for one in sorted(inner.iterdir()) if suffix_of(one.name, CLOSED)
        ]
    for name, place in () if refusals else reversed(tops):
        for lesson, anything in lessons_in(place, name, lessons, takes_anything=True):
            found.setdefault(lesson.name, (lesson, anything))
    return list(found.values()), refusals


def _archives(folder: Path) -> list[Path]:
    """The archives at the top of a folder, the oldest first; no more than anybody needs."""
    found = [path for path in folder.iterdir() if suffix_of(path.name) and path.is_file() and not path.is_symlink()]
    return sorted(found, key=lambda path: (path.stat().st_mtime, path.name))[-20:]
