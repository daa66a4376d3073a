"""What a student packs is what a teacher takes in."""

import os
import zipfile

import pytest

from workshop.course.lessons import Lesson, find
from workshop.handins import packing
from workshop.handins.intake import digest_of, take_in
from workshop.handins.packing import pack
from workshop.handins.unpack import Refused


@pytest.fixture
def begun(tmp_path):
    """Two lessons that a student has begun, in a checkout of their own."""
    lessons = [Lesson(find(number).folder, tmp_path) for number in ("1", "7")]
    for lesson in lessons:
        (lesson.work / "__pycache__").mkdir(parents=True)
        (lesson.work / "__pycache__" / "x.pyc").write_text("x")
        (lesson.work / "app.py").write_text(lesson.name)
        (lesson.work / "run ü.sh").write_text("x")
        (lesson.work / "run ü.sh").chmod(0o755)
    return lessons


def test_what_is_packed_is_taken_in_as_it_was(begun, tmp_path):
    (tmp_path / "in").mkdir()
    names = pack(begun, tmp_path / "in" / "ada.zip")
    assert zipfile.ZipFile(tmp_path / "in" / "ada.zip").namelist() == ["manifest.json", *names]
    found = take_in(tmp_path / "in", [find("1"), find("7")], tmp_path / "out" / "work").hand_ins
    for lesson in begun:
        (lesson.work / "__pycache__" / "x.pyc").unlink()
        assert found["ada", lesson.name].digest == digest_of(lesson.work)


def test_the_zip_is_no_part_of_itself(begun):
    target = begun[0].work / "handin.zip"
    pack(begun, target)
    once = target.read_bytes()
    pack(begun, target)
    assert target.read_bytes() == once


def test_what_would_not_be_taken_in_is_not_packed(begun, tmp_path, monkeypatch):
    (begun[0].work / "big").write_bytes(os.urandom(5000))
    for limit in ("ARCHIVE_LIMIT", "UNPACKED_LIMIT", "MEMBER_LIMIT"):
        with monkeypatch.context() as changed:
            changed.setattr(packing, limit, 5)
            with pytest.raises(Refused, match="All lessons together are more than"):
                pack(begun, tmp_path / "handin.zip")
    assert not list(tmp_path.glob("*.zip*")) and not list(tmp_path.glob(".handin*"))
