"""A student's hand-in: one zip with the files of their lessons and a list of them with digests."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

from workshop.course.handin import COUNT_LIMIT, SIZE_LIMIT
from workshop.course.lessons import Lesson
from workshop.handins.unpack import ARCHIVE_LIMIT, MEMBER_LIMIT, UNPACKED_LIMIT, Refused, files_in, read

MANIFEST = "manifest.json"
TOO_LARGE = "All lessons together are more than {}. Remove what they do not ask for, or pack some of them: `./workshop submit 7 9`."


def pack(lessons: Sequence[Lesson], target: Path) -> list[str]:
    """Writes the zip, and returns the names in it beside the list. The same files make the same zip. Raises Refused for what would not be taken."""
    contents: dict[str, bytes] = {}
    runs: set[str] = set()
    for lesson in lessons:
        inside = ((name, path) for name, path in files_in(lesson.work) if path.resolve() != target.resolve())
        found = {f"{lesson.name}/{name}": path for name, path in inside}
        for name, path in found.items():
            contents[name] = read(path)
            if path.stat().st_mode & 0o111:
                runs.add(name)
        if sum(len(contents[name]) for name in found) > SIZE_LIMIT or len(found) > COUNT_LIMIT:
            raise Refused(
                f"{lesson.name} has more than {SIZE_LIMIT // 2**20} MB or {COUNT_LIMIT} files. Remove what the lesson does not ask for."
            )
    if len(contents) >= MEMBER_LIMIT or sum(map(len, contents.values())) > UNPACKED_LIMIT:
        raise Refused(TOO_LARGE.format(f"{UNPACKED_LIMIT // 2**20} MB or {MEMBER_LIMIT} files"))
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    manifest = json.dumps(
        {"lessons": [lesson.name for lesson in lessons], "files": digests}, indent=1, ensure_ascii=False
    )
    beside = target.with_name(f".{target.name}.new")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {MANIFEST: manifest.encode(), **contents}.items():
            member = zipfile.ZipInfo(name)
            member.create_system, member.external_attr = 3, (0o100755 if name in runs else 0o100644) << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)
    if beside.stat().st_size > ARCHIVE_LIMIT:
        beside.unlink()
        raise Refused(TOO_LARGE.format(f"{ARCHIVE_LIMIT // 2**20} MB in the zip"))
    beside.replace(target)
    return list(contents)
