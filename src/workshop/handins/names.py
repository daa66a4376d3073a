"""Who handed something in, read from the names that learning platforms give to files and folders."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, replace

from workshop.handins.unpack import SUFFIXES, UNREADABLE, suffix_of

# Moodle: `Jane Doe_1327627_assignsubmission_file_/work.zip`, or without folders `…_assignsubmission_file_work.zip`
MOODLE = re.compile(r"(?P<name>[^/]+?)_(?P<number>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?.*", re.DOTALL)
# Canvas: `doejane_LATE_4711_90210_work-1.zip`: the student's name, their number, the number of what they handed in
CANVAS = re.compile(r"(?P<name>[^_/]+)(?P<late>_LATE)?_(?P<number>\d+)_(?P<upload>\d+)_.+", re.DOTALL)
KEPT = "-_.@+ ()"
LONGEST = 150  # bytes of a key, so that there is room for an ending
DIGITS = 12  # of a digest: so many that nobody finds a second name that has the same
DIGESTED = re.compile(rf".*-[0-9a-f]{{{DIGITS}}}", re.DOTALL)
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE | re.DOTALL)  # devices of Windows


@dataclass(frozen=True)
class Student:
    """A student: the key that names files and rows, and what is known beside it."""

    key: str
    name: str
    number: str = ""  # on the platform
    email: str = ""
    platform: str = ""

    def is_called(self, asked: str) -> bool:
        """Whether this is the student that somebody asked for, by key, name, number or address."""
        return asked.casefold() in {word.casefold() for word in (self.key, self.name, self.number, self.email) if word}

    def with_more(self, before: Student) -> Student:
        """The student, with what was known before and is not now: the name, too, if this one is only that of a folder or a file."""
        is_of_entry = self.key.startswith(key_of(self.name))
        is_numbered = self.number and not (
            self.platform == "gradescope" and before.number
        )  # a roster's number is of more use
        return replace(
            self,
            name=before.name if is_of_entry else self.name,
            number=self.number if is_numbered else before.number,
            email=self.email or before.email,
            platform=self.platform if is_numbered else before.platform,
        )


def key_of(name: str) -> str:
    """The name as it can stand in the name of a file: letters, digits and a few signs; never empty, hidden or two dots.

    Two names never have one key, so that nobody takes another's place: where signs were lost, some of its digest stand for them,
    and so they do where a name looks as if that had been done to it.
    """
    whole = unicodedata.normalize("NFC", name)
    kept = "".join(sign if sign.isalnum() or sign in KEPT else "_" for sign in whole)
    kept = re.sub(r"\.{2,}", ".", kept)[:60].encode()[:LONGEST].decode(errors="ignore").strip(" .") or "_"
    if RESERVED.fullmatch(kept):
        kept = f"_{kept}"
    return kept if kept == whole and not DIGESTED.fullmatch(whole) else f"{kept}-{digits_of(whole)}"


def digits_of(name: str) -> str:
    """What tells a name from others that look like it as the name of a file."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def student_of(entry: str, prefix: str = "") -> tuple[Student, bool]:
    """Whose an entry of the folder of submissions is, and whether the platform says that it came late."""
    entry = entry.removeprefix(prefix)
    if found := MOODLE.fullmatch(entry):
        key = f"{key_of(found['name'])}-{found['number']}"
        return Student(key, found["name"], found["number"], platform="moodle"), False
    if found := CANVAS.fullmatch(entry):
        key = f"{key_of(found['name'])}-{found['number']}"
        return Student(key, found["name"], found["number"], platform="canvas"), bool(found["late"])
    name = entry[: len(entry) - len(suffix_of(entry, SUFFIXES + UNREADABLE))]
    return Student(key_of(name), name), False


def order_of(entry: str) -> tuple[str, int, str]:
    """By what entries are sorted, so that of one student's the later come later: Canvas numbers what is uploaded."""
    found = CANVAS.fullmatch(entry)
    return (f"{found['name']}_{found['number']}", int(found["upload"][:30]), entry) if found else (entry, 0, entry)


def is_only_text(entry: str) -> bool:
    """Whether an entry is what a student typed into a field of Moodle, beside the files that they handed in."""
    found = MOODLE.fullmatch(entry)
    return bool(found and found["kind"] == "onlinetext")
