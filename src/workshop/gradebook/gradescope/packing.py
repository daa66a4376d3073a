"""The zip that a teacher uploads to Gradescope as autograder: what grades the chosen lessons, without solutions and answers."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from workshop.course.lessons import Lesson
from workshop.course.places import ROOT

HERE = Path(__file__).resolve().parent
AT_TOP = ("setup.sh", "run_autograder")
LOCK = ROOT / "requirements-gradescope.txt"
SETTINGS = "gradescope.json"
NOT_NEEDED = {"cli", "desk", "web", "lab", "__pycache__"}  # the rooms above this one
EXECUTABLE, PLAIN = 0o100755, 0o100644


def can_be_asked(lesson: Lesson) -> bool:
    """Whether a lesson can be graded where there is no Docker Engine."""
    return not lesson.needs_engine


def pack(chosen: Sequence[Lesson], target: Path) -> list[str]:
    """Writes the zip, and returns the names in it. The same files make the same zip."""
    asked = [lesson for lesson in chosen if can_be_asked(lesson)]
    left = [f"Lesson {lesson.number} · {lesson.title}" for lesson in chosen if not can_be_asked(lesson)]
    settings = json.dumps({"asked": [lesson.name for lesson in asked], "unchecked": left}, ensure_ascii=False)
    contents = {SETTINGS: settings.encode(), **{name: path.read_bytes() for name, path in _files(asked)}}
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.new")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            member = zipfile.ZipInfo(name)
            member.create_system, member.compress_type = 3, zipfile.ZIP_DEFLATED
            member.external_attr = (EXECUTABLE if name in AT_TOP else PLAIN) << 16
            archive.writestr(member, data)
    beside.replace(target)
    return list(contents)


def _files(asked: Sequence[Lesson]) -> Iterator[tuple[str, Path]]:
    """Each file that grading these lessons takes, by its name in the zip."""
    yield from ((name, HERE / name) for name in AT_TOP)
    yield LOCK.name, LOCK
    folders = [ROOT / "src" / "workshop", *(lesson.folder for lesson in asked)]
    inside = (path for folder in folders for path in sorted(folder.rglob("*")))
    notebooks = (lesson.notebook for lesson in asked if lesson.notebook)
    for path in (*inside, *notebooks):
        name = path.relative_to(ROOT)
        if path.is_file() and not NOT_NEEDED & set(name.parts) and path.suffix != ".svg":
            yield name.as_posix(), path
