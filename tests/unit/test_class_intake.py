"""A class is taken in: whatever a platform calls it, and nothing that leads elsewhere."""

import contextlib
import errno
import gzip
import io
import os
import shutil
import stat
import struct
import tarfile
import time
import zipfile
from datetime import datetime

import pytest

from workshop.course.lessons import catalogue, find
from workshop.handins import unpack as unpacking
from workshop.handins.intake import take_in
from workshop.handins.lists import NotTaken, moment
from workshop.handins.names import key_of, student_of
from workshop.handins.unpack import Refused, unpack

ONE = find("1")
TWO = [find("1"), find("7")]
APP = "print('hello')\n"


def zipped(path, **names):
    """A zip whose members are called by `names`: each a text, or bytes."""
    return zip_of(path, {name.replace("__", "/"): text for name, text in names.items()})


def zip_of(path, members):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def tar_of(path, *members):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def member(name, **about):
    made = tarfile.TarInfo(name)
    for key, value in about.items():
        setattr(made, key, value)
    return made


def laid(folder, **names):
    for name, text in names.items():
        path = folder / name.replace("__", "/").replace("_py", ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def taken(tmp_path, lessons=None, **options):
    return take_in(tmp_path / "in", lessons or [ONE], tmp_path / "out" / "work", **options)


def files(hand_in):
    return {path.relative_to(hand_in.folder).as_posix() for path in hand_in.folder.rglob("*") if path.is_file()}


# Whose it is


@pytest.mark.parametrize(
    ("entry", "key", "number", "late"),
    [
        ("ada", "ada", "", False),
        ("Ada Lovelace.zip", "Ada Lovelace", "", False),
        ("ada.tar.gz", "ada", "", False),
        ("Jane Doe_1327627_assignsubmission_file_", "Jane Doe-1327627", "1327627", False),
        ("Jane Doe_1327627_assignsubmission_file", "Jane Doe-1327627", "1327627", False),
        ("Jane Doe_1327627_assignsubmission_file_work.zip", "Jane Doe-1327627", "1327627", False),
        ("doejane_4711_90210_work.zip", "doejane-4711", "4711", False),
        ("doejane_LATE_4711_90210_work-1.zip", "doejane-4711", "4711", True),
        ("Zoë Çelik", "Zoë Çelik", "", False),
        ("=cmd|' /C calc'!A0", "_cmd__ _C calc__A0-b3c49727b6b7", "", False),
    ],
)
def test_names_of_platforms(entry, key, number, late):
    student, is_late = student_of(entry)
    assert (student.key, student.number, is_late) == (key, number, late)


def test_a_prefix_of_clones_is_taken_off():
    assert student_of("hw3-ada", "hw3-")[0].key == "ada"
    assert student_of("lab_01_02_ada", "lab_01_02_")[0].key == "ada", "and not taken for a name of Canvas"


def test_a_key_is_a_plain_name():
    for name in ("../../etc/passwd", "a\nb", ".hidden", "a/b", "x" * 300, "\u202eexe"):
        key = key_of(name)
        assert key and "/" not in key and "\n" not in key and ".." not in key and key[0] != "." and len(key) <= 80
    assert key_of("a/b") != key_of("a:b") != key_of("a_b")
    assert key_of(key_of("a/b")) != key_of("a/b"), "nobody takes another's place by being called as their key"
    assert all(len(f".{key_of(name)}.html.new".encode()) < 255 for name in ("𠀀" * 59 + "!", "é" * 300))
    assert [key_of(name)[:4] for name in ("CON", "nul.txt", "com1")] == ["_CON", "_nul", "_com"]
    assert key_of("Connie") == "Connie" and key_of("ada-123456") == "ada-123456"


def test_names_that_differ_in_case_only_are_two_files_everywhere(tmp_path):
    laid(tmp_path / "in" / "ada", app_py="of ada")
    zip_of(tmp_path / "in" / "Ada.zip", {"app.py": "of Ada"})
    laid(tmp_path / "in" / "bob", app_py="of bob")
    for _ in range(2):
        found = taken(tmp_path)
        assert (
            len({key.casefold() for key, _ in found.hand_ins}) == 3 == len(found.students) and "bob" in found.students
        )
        for (key, _), one in found.hand_ins.items():
            assert (one.folder / "app.py").read_text() == f"of {one.student.name}" and key == one.folder.parent.name


# Where a lesson lies in it


@pytest.mark.parametrize(
    "name",
    [
        "app_py",  # the files alone, where one lesson is asked for
        "01_hello_flask__app_py",
        "work__01_hello_flask__app_py",
        "hand in__my work__01_hello_flask__app_py",
        "Lesson 1__app_py",
        "nested__deeper__app_py",
        "01_hello_flask__01_hello_flask__app_py",  # one folder too much
    ],
)
def test_a_folder_a_zip_and_a_tar_hold_a_lesson_wherever_it_lies(tmp_path, name):
    laid(tmp_path / "in" / "ada", **{name: APP})
    path = name.replace("__", "/").replace("_py", ".py")
    zip_of(tmp_path / "in" / "bob.zip", {path: APP, "__MACOSX/._app.py": "x", f"top/.git/{'a' * 40}": "x"})
    tar_of(tmp_path / "in" / "cy.tgz", (member(path), APP.encode()))
    found = taken(tmp_path)
    assert {key for key, _ in found.hand_ins} == {"ada", "bob", "cy"}, found.notes
    assert all(files(hand_in) == {"app.py"} for hand_in in found.hand_ins.values())
    assert len({hand_in.digest for hand_in in found.hand_ins.values()}) == 1


def test_several_lessons_and_no_solution_out_of_a_checkout(tmp_path):
    laid(
        tmp_path / "in" / "ada",
        work__01_hello_flask__app_py=APP,
        lessons__01_hello_flask__app_py="the starter",
        solutions__01_hello_flask__app_py="the solution",
        answers__07_redis_api__right__x__app_py="another's",
        solutions__07_redis_api__app_py="the solution",
    )
    found = taken(tmp_path, TWO)
    assert set(found.hand_ins) == {("ada", "01_hello_flask")}
    assert (found.hand_ins["ada", "01_hello_flask"].folder / "app.py").read_text() == APP


def test_archives_in_a_students_folder_each_with_a_lesson(tmp_path):
    folder = tmp_path / "in" / "Jane Doe_12_assignsubmission_file_"
    zip_of(folder / "01.zip", {"app.py": APP})
    zip_of(folder / "lesson 7.zip", {"app.py": "seven"})
    found = taken(tmp_path, TWO)
    assert set(found.hand_ins) == {("Jane Doe-12", "01_hello_flask"), ("Jane Doe-12", "07_redis_api")}


def test_a_notebook_alone(tmp_path):
    lesson = next(one for one in catalogue() if one.notebook)
    (tmp_path / "in" / "ada").mkdir(parents=True)
    (tmp_path / "in" / "ada" / f"{lesson.name}.ipynb").write_text("{}")
    (tmp_path / "in" / f"doejane_12_34_{lesson.name}.ipynb").write_text("{}")
    found = taken(tmp_path, [lesson, ONE])
    assert set(found.hand_ins) == {("ada", lesson.name), ("doejane-12", lesson.name)}
    assert all(files(hand_in) == {f"{lesson.name}.ipynb"} for hand_in in found.hand_ins.values())


def test_the_latest_counts(tmp_path):
    for name, text, day in (("x.zip", "old", 1), ("x-1.zip", "new", 3), ("y.zip", "older", 2)):
        path = zip_of(tmp_path / "in" / f"A_12_assignsubmission_file_{name}", {"app.py": text})
        os.utime(path, (day * 86400, day * 86400))
    (hand_in,) = taken(tmp_path).hand_ins.values()
    assert (hand_in.folder / "app.py").read_text() == "new"
    assert hand_in.submitted.timestamp() == 3 * 86400


def test_files_from_canvas_have_no_time_and_are_in_order_by_their_numbers(tmp_path):
    for name, text, day in (
        ("a_12_10_x-1.zip", "new", 1),
        ("a_12_9_x.zip", "old", 3),
        ("b_LATE_13_11_x.zip", "late", 3),
    ):
        path = zip_of(tmp_path / "in" / name, {"app.py": text})
        os.utime(path, (day * 86400, day * 86400))
    first, second = taken(tmp_path).hand_ins.values()
    assert (first.folder / "app.py").read_text() == "new" and second.is_late
    assert first.submitted is None and second.submitted is None


def test_where_all_from_moodle_came_at_once_that_is_the_time_of_the_download(tmp_path):
    for name, seconds in (("A", 86400), ("B", 86400 + 600), ("C", 86400 + 601)):
        path = zip_of(tmp_path / "in" / f"{name}_12_assignsubmission_file_" / "x.zip", {"app.py": name})
        os.utime(path, (seconds, seconds))
    found = taken(tmp_path)
    assert all(one.submitted for one in found.hand_ins.values()) and not found.notes
    shutil.rmtree(tmp_path / "in" / "C_12_assignsubmission_file_")
    found = taken(tmp_path)
    assert not any(one.submitted for one in found.hand_ins.values()) and "the same time" in " ".join(found.notes)


def test_a_later_archive_that_is_refused_leaves_the_one_before(tmp_path):
    zip_of(tmp_path / "in" / "a_12_1_x.zip", {"app.py": "old"})
    (tmp_path / "in" / "a_12_2_x.zip").write_bytes(b"no zip")
    found = taken(tmp_path)
    (hand_in,) = found.hand_ins.values()
    assert hand_in.refused is None and "cannot be read as an archive" in " ".join(found.notes)


def test_gradescopes_export_says_whose_and_when(tmp_path):
    laid(tmp_path / "in" / "submission_1", app_py=APP)
    (tmp_path / "in" / "submission_metadata.yml").write_text(
        "submission_1:\n  :submitters:\n  - :name: Ada Lovelace\n    :sid: '7'\n    :email: ada@example.org\n"
        "  - :name: Bob\n    :email: bob@example.org\n  :created_at: 2026-11-01 10:00:00.5 Z\n"
    )
    found = taken(tmp_path)
    assert {key for key, _ in found.hand_ins} == {"ada@example.org", "bob@example.org"}
    hand_in = found.hand_ins["ada@example.org", ONE.name]
    assert hand_in.student.number == "7" and hand_in.submitted == datetime.fromisoformat("2026-11-01T10:00:00.5+00:00")


def test_a_table_of_names_and_paths(tmp_path):
    laid(tmp_path / "somewhere" / "x", app_py=APP)
    (tmp_path / "in").write_text("")
    table = tmp_path / "list.csv"
    table.write_text(
        "Student,Path,Submitted,Email\nada,somewhere/x,2026-11-01T10:00+00:00,ada@example.org\nbob,nowhere,,\ncy,somewhere/x,soon,\n"
    )
    found = take_in(table, [ONE], tmp_path / "out" / "work")
    assert {key for key, _ in found.hand_ins} == {"ada", "cy"} and "bob" in found.students
    assert found.hand_ins["ada", ONE.name].submitted == datetime.fromisoformat("2026-11-01T10:00+00:00")
    assert "there is no nowhere" in " ".join(found.notes) and "soon is no time" in " ".join(found.notes)


def test_a_time_beyond_the_calendar_is_none(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    with pytest.raises(ValueError, match="9999"):
        moment("9999-12-31T23:59:59")
    monkeypatch.undo()
    time.tzset()


def test_a_clone_has_no_time_of_its_own(tmp_path):
    laid(tmp_path / "in" / "ada", app_py=APP)
    (tmp_path / "in" / "ada" / ".git").mkdir()
    (hand_in,) = taken(tmp_path).hand_ins.values()
    assert hand_in.submitted is None


def test_a_roster_names_who_handed_in_nothing(tmp_path):
    laid(tmp_path / "in" / "ada", app_py=APP)
    roster = tmp_path / "roster.csv"
    roster.write_text("student,name,email,id\nada,Ada Lovelace,ada@example.org,7\nbob,Bob,bob@example.org,8\n")
    found = taken(tmp_path, roster=roster)
    assert found.students["bob"].name == "Bob"
    assert found.hand_ins["ada", ONE.name].student.name == "Ada Lovelace"


def test_a_row_of_a_roster_is_about_one_student(tmp_path):
    for number in ("11", "12", "13"):
        laid(tmp_path / "in" / f"Jane Doe_{number}_assignsubmission_file_", app_py=APP)
    laid(tmp_path / "in" / "ada", app_py=APP)
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "student,name,email,id\n,Jane Doe,a@x.org,12\nJane Doe-11,Jane A. Doe,b@x.org,99\n,Jane Doe,c@x.org,\nada,,,7\n"
    )
    found = taken(tmp_path, roster=roster)
    known = {key: (one.name, one.email, one.number, one.platform) for key, one in found.students.items()}
    assert known == {
        "Jane Doe-11": ("Jane A. Doe", "b@x.org", "11", "moodle"),
        "Jane Doe-12": ("Jane Doe", "a@x.org", "12", "moodle"),
        "Jane Doe-13": ("Jane Doe", "", "13", "moodle"),
        "ada": ("ada", "", "7", ""),
    }
    assert "roster.csv, line 4: several students are called Jane Doe" in " ".join(found.notes)


def test_all_in_one_archive(tmp_path):
    path = zip_of(tmp_path / "all.zip", {"export/ada/app.py": APP, "export/bob/app.py": "other"})
    found = take_in(path, [ONE], tmp_path / "out" / "work")
    assert {key for key, _ in found.hand_ins} == {"ada", "bob"}


def test_a_second_call_leaves_what_is_the_same_and_takes_what_changed(tmp_path):
    app = laid(tmp_path / "in" / "ada", app_py=APP) / "app.py"
    laid(tmp_path / "in" / "bob", app_py=APP)
    first = taken(tmp_path)
    before = first.hand_ins["bob", ONE.name].folder.stat().st_ino
    app.write_text("changed")
    second = taken(tmp_path)
    assert second.hand_ins["bob", ONE.name].folder.stat().st_ino == before
    assert second.hand_ins["ada", ONE.name].digest != first.hand_ins["ada", ONE.name].digest
    assert (second.hand_ins["ada", ONE.name].folder / "app.py").read_text() == "changed"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["work"]


def test_what_cannot_be_taken_in_at_all(tmp_path):
    (tmp_path / "list.csv").write_text("name,folder\n")
    (tmp_path / "words.txt").write_text("x")
    for name, said in (("list.csv", "columns student and path"), ("words.txt", "neither a folder")):
        with pytest.raises(NotTaken, match=said):
            take_in(tmp_path / name, [ONE], tmp_path / "out" / "work")


def test_the_times_of_a_platforms_archive_say_when_each_came(tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name, day in (("ada/1.zip", 3), ("ada/2.zip", 5), ("bob.zip", 4)):
            inner = zip_of(tmp_path / "x.zip", {"app.py": f"{day}"}).read_bytes()
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, day, 10, 0, 0)), inner)
        archive.writestr(zipfile.ZipInfo("cy.ipynb", (1980, 0, 0, 0, 0, 0)), "{}")
    found = take_in(tmp_path / "all.zip", [ONE], tmp_path / "out" / "work")
    came = {student: hand_in.submitted.isoformat()[:13] for (student, _), hand_in in found.hand_ins.items()}
    assert came == {"ada": "2026-11-05T10", "bob": "2026-11-04T10"}
    assert (found.hand_ins["ada", ONE.name].folder / "app.py").read_text() == "5"
    tar = tar_of(tmp_path / "all.tgz", *((member(f"{name}/app.py", mtime=86400), b"x") for name in ("ada", "bob")))
    found = take_in(tar, [ONE], tmp_path / "other" / "work")
    assert [hand_in.submitted.timestamp() for hand_in in found.hand_ins.values()] == [86400, 86400]


def test_opening_a_folder_is_no_hand_in_and_a_clone_inside_of_moodle_has_a_time(tmp_path):
    for name in ("ada", "Bob_1_assignsubmission_file_"):
        folder = laid(tmp_path / "in" / name, app_py=APP)
        os.utime(folder / "app.py", (86400, 86400))
        (folder / ".DS_Store").write_text("of the file manager")
        laid(folder, __pycache____app_py="x")
    (folder / ".git").mkdir()
    assert [one.submitted.timestamp() for one in taken(tmp_path).hand_ins.values()] == [86400, 86400]


def test_a_list_may_have_semicolons_spaces_and_nothing_for_who_handed_in_nothing(tmp_path):
    laid(tmp_path / "ada" / "01_hello_flask", app_py=APP)
    laid(tmp_path / "cy", app_py=APP)
    table = tmp_path / "list.csv"
    table.write_text("student;path;lesson\nada; ada ;Lesson 01\nbob;;\ncy;cy;7\n;ada;\ndan;ada;3\n")
    found = take_in(table, TWO, tmp_path / "out" / "work")
    assert set(found.hand_ins) == {("ada", "01_hello_flask"), ("cy", "07_redis_api")}
    assert set(found.students) == {"ada", "bob", "cy", "dan"}
    notes = " ".join(found.notes)
    assert "line 5: there is no student" in notes and "3 is none of the lessons" in notes and "bob" not in notes


def test_what_is_no_archive_is_told_to_the_student_and_ends_nothing(tmp_path):
    laid(tmp_path / "in" / "doejane_4711_90210_app", x="of canvas, a folder")
    for name in ("eve.rar", "roe_12_34_app.py", "roe_12_35_notes.txt", "poe_13_36_essay.pdf", "notes.md", "list.csv"):
        (tmp_path / "in" / name).write_text("x")
    folder = tmp_path / "in" / "Jane Doe_12_assignsubmission_file_"
    folder.mkdir()
    (folder / "work.7z").write_text("x")
    found = taken(tmp_path, TWO)
    refused = {student: one.refused for (student, name), one in found.hand_ins.items() if name == ONE.name}
    assert set(refused) == {"eve", "roe-12", "Jane Doe-12"}
    assert all("cannot be opened here. Hand in a folder, a zip" in why for why in refused.values())
    assert set(found.students) == {"eve", "roe-12", "Jane Doe-12", "poe-13", "doejane-4711"}
    table = tmp_path / "list.csv"
    table.write_text("student,path\nada,in/eve.rar\nbob,in/notes.md\n")
    listed = take_in(table, [ONE], tmp_path / "out" / "work")
    assert all(one.refused for one in listed.hand_ins.values()) and len(listed.hand_ins) == 2


def test_what_was_typed_into_moodle_does_not_stand_in_for_files(tmp_path):
    zip_of(tmp_path / "in" / "Jane Doe_12_assignsubmission_file_" / "work.zip", {"app.py": APP})
    laid(tmp_path / "in" / "Jane Doe_12_assignsubmission_onlinetext_", **{"onlinetext.html": "see the file"})
    laid(tmp_path / "in" / "Bob_13_assignsubmission_onlinetext_", **{"onlinetext.html": "print('hello')"})
    found = taken(tmp_path)
    assert files(found.hand_ins["Jane Doe-12", ONE.name]) == {"app.py"} and len(found.hand_ins) == 1
    assert "Bob-13" in found.students


def test_an_old_zip_in_a_clone_does_not_stand_in_for_the_work(tmp_path):
    for name in ("ada", "Bob_1_assignsubmission_file_"):
        folder = laid(tmp_path / "in" / name, work__01_hello_flask__app_py="new")
        zip_of(folder / "handin.zip", {"01_hello_flask/app.py": "old"})
    (tmp_path / "in" / "ada" / ".git").mkdir()
    (tmp_path / "in" / "cy" / ".git").mkdir(parents=True)
    zip_of(tmp_path / "in" / "cy" / "handin.zip", {"01_hello_flask/app.py": "all there is"})
    found = taken(tmp_path)
    texts = [(one.folder / "app.py").read_text() for one in found.hand_ins.values()]
    assert texts == ["old", "new", "all there is"]


def test_a_folder_with_anything_at_all_is_graded_as_the_one_lesson(tmp_path):
    laid(tmp_path / "in" / "ada", **{"README.md": "I was ill."})
    zip_of(tmp_path / "in" / "bob.zip", {"x/hello.py": APP})
    (tmp_path / "in" / "cy").mkdir()
    zip_of(tmp_path / "in" / "dan.zip", {})
    found = taken(tmp_path)
    assert {key: files(one) for (key, _), one in found.hand_ins.items()} == {"ada": {"README.md"}, "bob": {"hello.py"}}
    assert set(found.students) == {"ada", "bob", "cy", "dan"} and "dan.zip of dan holds no folder" in " ".join(
        found.notes
    )


def test_the_grades_are_no_hand_in(tmp_path):
    submissions = laid(tmp_path / "in", ada__app_py=APP)
    for out in ("", "ada/grades"):
        with pytest.raises(NotTaken, match="with --out"):
            take_in(submissions, [ONE], submissions / out / "work")
    assert not (submissions / "work").exists()
    for _ in range(2):
        assert set(take_in(submissions, [ONE], submissions / "grades" / "work").students) == {"ada"}
    with pytest.raises(NotTaken, match="with --out"):
        take_in(submissions / "grades" / "work", [ONE], submissions / "grades" / "work")


def test_a_copy_of_the_grades_by_hard_links_ends_nothing(tmp_path):
    laid(tmp_path / "in" / "ada", app_py=APP)
    (first,) = taken(tmp_path).hand_ins.values()
    os.link(first.folder / "app.py", tmp_path / "backup")
    (second,) = taken(tmp_path).hand_ins.values()
    assert second.digest == first.digest and (second.folder / "app.py").read_text() == APP


def test_what_cannot_be_read_is_one_students(tmp_path, monkeypatch):
    laid(tmp_path / "in" / "ada", app_py=APP)
    laid(tmp_path / "in" / "eve", closed__app_py=APP)
    really = type(tmp_path).iterdir

    def iterdir(path):
        if path.name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return really(path)

    monkeypatch.setattr(type(tmp_path), "iterdir", iterdir)
    found = taken(tmp_path)
    assert found.hand_ins["ada", ONE.name].folder
    assert found.hand_ins["eve", ONE.name].refused == "closed cannot be read: Permission denied."


def test_gradescopes_export_of_nobody_is_named(tmp_path):
    laid(tmp_path / "in" / "submission_1", app_py=APP)
    (tmp_path / "in" / "submission_metadata.yml").write_text("submission_1:\n  :submitters: []\n")
    assert "submission_1: submission_metadata.yml does not say whose" in " ".join(taken(tmp_path).notes)
    (tmp_path / "in" / "submission_metadata.yml").write_text("submission_1:\n  :created_at: 2026-13-45\n")
    with pytest.raises(NotTaken, match="cannot be read"):
        taken(tmp_path)


def test_no_student_fills_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("workshop.handins.intake.UNPACKED_LIMIT", 2**20)
    for number in range(5):
        zip_of(tmp_path / "in" / "eve" / f"{number}.zip", {"x": b"\0" * 2**20})
    seen = []
    really = unpacking._Writer.write

    def write(self, target, *args):
        seen.append(sum(path.stat().st_size for path in (tmp_path / "out").rglob("x")))
        really(self, target, *args)

    monkeypatch.setattr(unpacking._Writer, "write", write)
    laid(tmp_path / "in" / "ada", app_py=APP)
    zip_of(tmp_path / "in" / "zoe.zip", {"app.py": APP})
    found = taken(tmp_path)
    assert "one archive too much" in found.hand_ins["eve", ONE.name].refused and seen == [0, 2**20, 0]
    assert found.hand_ins["zoe", ONE.name].folder


# What is refused, and never followed


def symlink(name, target):
    made = zipfile.ZipInfo(name)
    made.create_system, made.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return made, target


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../outside.py", "out of the folder"),
        ("a/../../outside.py", "out of the folder"),
        ("..\\outside.py", "out of the folder"),
        ("/etc/outside.py", "absolute path"),
        ("C:\\outside.py", "absolute path"),
        ("a\nb.py", "control character"),
        ("a\x1b[2Jb.py", "control character"),
        ("x" * 256, "too long"),
    ],
)
def test_names_that_lead_elsewhere(tmp_path, name, said):
    archives = [zip_of(tmp_path / "a.zip", {name: "x"}), tar_of(tmp_path / "a.tar.gz", (member(name), b"x"))]
    for archive in archives:
        folder = tmp_path / f"{archive.name}-out"
        folder.mkdir()
        with pytest.raises(Refused, match=said):
            unpack(archive, folder)
        assert not list(folder.rglob("*")) and not (tmp_path / "outside.py").exists()


def test_a_zip_of_windows_has_its_folders(tmp_path):
    (tmp_path / "out").mkdir()
    unpack(zip_of(tmp_path / "a.zip", {"work\\": "", "work\\app.py": APP}), tmp_path / "out")
    assert (tmp_path / "out" / "work" / "app.py").read_text() == APP


def test_links_and_devices(tmp_path):
    (tmp_path / "secret").write_text("secret")
    link, target = symlink("app.py", str(tmp_path / "secret"))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, target)
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE)
    archives = [tmp_path / "a.zip"]
    archives += [
        tar_of(tmp_path / f"{number}.tgz", (member("x", type=kind, linkname="/etc/passwd"), b""))
        for number, kind in enumerate(kinds)
    ]
    for archive in archives:
        folder = tmp_path / f"{archive.name}-out"
        folder.mkdir()
        with pytest.raises(Refused, match="a link or a special file"):
            unpack(archive, folder)
        assert not list(folder.rglob("*"))


def test_a_folder_with_links_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "secret").write_text("secret")
    for name, make in (("soft", os.symlink), ("hard", os.link)):
        folder = laid(tmp_path / "in" / name, other_py="x")
        make(tmp_path / "secret", folder / "app.py")
    (tmp_path / "in" / "fifo").mkdir()
    os.mkfifo(tmp_path / "in" / "fifo" / "app.py")
    laid(tmp_path / "in" / "fifo", other_py="x")
    laid(tmp_path / "in" / "good", app_py=APP)
    (tmp_path / "in" / "whole").symlink_to(tmp_path / "in" / "good")
    found = taken(tmp_path)
    refused = {key: hand_in.refused for (key, _), hand_in in found.hand_ins.items() if hand_in.refused}
    assert set(refused) == {"soft", "hard", "fifo"}
    assert (
        "symbolic link" in refused["soft"] and "hard link" in refused["hard"] and "neither a file" in refused["fifo"]
    )
    assert found.hand_ins["good", ONE.name].folder and "whole is a link" in " ".join(found.notes)
    assert "secret" not in "".join(path.read_text() for path in (tmp_path / "out").rglob("*") if path.is_file())


def test_bombs(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "UNPACKED_LIMIT", 2**20)
    monkeypatch.setattr(unpacking, "MEMBER_LIMIT", 100)
    big = b"\0" * 2**21
    header = member("app.py", size=2**40).tobuf()
    endless = tmp_path / "pax.tar.gz"
    endless.write_bytes(gzip.compress(member("x", type=tarfile.XHDTYPE, size=2**31).tobuf() + b"\0" * 1024))
    (tmp_path / "claims.tar.gz").write_bytes(gzip.compress(header + big))
    archives = {
        zip_of(tmp_path / "big.zip", {"app.py": big}): "larger than",
        tar_of(tmp_path / "big.tgz", (member("app.py"), big)): "larger than",
        tmp_path / "claims.tar.gz": "larger than",
        endless: "claims a length|cannot be read",
        zip_of(tmp_path / "many.zip", {f"{number}.py": "" for number in range(101)}): "more than 100 files",
        zip_of(tmp_path / "twice.zip", {"a": "x", "./a": "y"}): "twice",
        zip_of(tmp_path / "both.zip", {"a": "x", "a/b": "y"}): "cannot be unpacked",
    }
    for archive, said in archives.items():
        folder = tmp_path / f"{archive.name}-out"
        folder.mkdir()
        with pytest.raises(Refused, match=said):
            unpack(archive, folder)
        assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) <= 2**20


def test_a_zip_whose_table_is_too_long_is_not_read(tmp_path):
    path = zip_of(tmp_path / "a.zip", {"app.py": APP})
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\5\6")
    content[at + 12 : at + 16] = (2**31).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(Refused, match="more than"):
        unpack(path, tmp_path / "out")


def test_nor_is_one_that_says_so_in_its_larger_numbers(tmp_path):
    plain = zip_of(tmp_path / "plain.zip", {"app.py": APP}).read_bytes()
    at = plain.rindex(b"PK\5\6")
    size, start = struct.unpack("<II", plain[at + 12 : at + 20])
    pointer = struct.pack("<4sIQI", b"PK\6\7", 0, at, 1)
    for name, said, length in (("good.zip", None, size), ("long.zip", "more than", 2**23)):
        large = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, length, start)
        (tmp_path / name).write_bytes(plain[:at] + large + pointer + plain[at:])
        (tmp_path / f"{name}-out").mkdir()
        with pytest.raises(Refused, match=said) if said else contextlib.nullcontext():
            unpack(tmp_path / name, tmp_path / f"{name}-out")
    assert (tmp_path / "good.zip-out" / "app.py").read_text() == APP
    (tmp_path / "far.zip").write_bytes(plain[:at] + large + b"x" + pointer + plain[at:])
    with pytest.raises(Refused, match="its end is damaged"):
        unpack(tmp_path / "far.zip", tmp_path / "out")


def test_a_zip_that_could_only_be_unpacked_in_memory_as_a_whole_is_not_taken(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("app.py", APP)
    (tmp_path / "out").mkdir()
    with pytest.raises(Refused, match="Make a plain zip"):
        unpack(tmp_path / "a.zip", tmp_path / "out")


def test_a_full_disk_is_nobodys_hand_in(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(unpacking._Writer, "write", full)
    (tmp_path / "out").mkdir()
    with pytest.raises(OSError, match="No space left"):
        unpack(zip_of(tmp_path / "a.zip", {"app.py": APP}), tmp_path / "out")


def test_what_is_damaged_or_locked_is_refused(tmp_path):
    good = zip_of(tmp_path / "good.zip", {"app.py": APP * 100}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(good[: len(good) // 2])
    (tmp_path / "bits.zip").write_bytes(good[:40] + b"\xff\xff\xff" + good[43:])
    (tmp_path / "cut.tgz").write_bytes(tar_of(tmp_path / "x.tgz", (member("a"), os.urandom(5000))).read_bytes()[:900])
    locked = bytearray(good)
    locked[6] |= 1
    locked[good.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    for name, said in (
        ("cut.zip", "cannot be"),
        ("bits.zip", "cannot be"),
        ("cut.tgz", "cannot be"),
        ("locked.zip", "password"),
    ):
        folder = tmp_path / f"{name}-out"
        folder.mkdir()
        with pytest.raises(Refused, match=said):
            unpack(tmp_path / name, folder)


def test_one_student_never_ends_the_class(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "eve.zip").write_bytes(b"PK\3\4nonsense")
    (tmp_path / "in" / "a\nb").mkdir()
    (tmp_path / "in" / "mallory.rar").write_bytes(b"x")
    laid(tmp_path / "in" / "ada", app_py=APP)
    found = taken(tmp_path)
    assert found.hand_ins["ada", ONE.name].folder and found.hand_ins["eve", ONE.name].refused
    notes = " ".join(found.notes)
    assert "a\\nb has a control character" in notes and "mallory.rar" in notes
