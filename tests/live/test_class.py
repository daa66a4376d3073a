"""`class grade` and `class ci` as a teacher calls them, on an engine."""

import json
import os
import shutil
import subprocess
import sys

from calling import ROOT, workshop, write

from workshop.course.lessons import find

ONE, SEVEN = find("1"), find("7")
WRONG = next(path for path in sorted((ONE.answers / "wrong").iterdir()) if (path / "app.py").exists())


def handed_in(folder):
    """Three students: right, wrong in a known way, and one whose folder is a link out of it."""
    shutil.copytree(ONE.solution, folder / "ada" / "work" / ONE.name)
    shutil.copytree(ONE.solution, folder / "bob" / ONE.name)
    shutil.copytree(WRONG, folder / "bob" / ONE.name, dirs_exist_ok=True)
    (folder / "eve").mkdir()
    (folder / "eve" / "app.py").symlink_to("/etc/passwd")
    return folder


def class_grade(folder, out, *args):
    done = workshop("class", "grade", str(folder), "--lessons", "1", "--out", str(out), "--json", *args, timeout=170)
    return done, json.loads(done.stdout)


def test_a_class_is_graded_and_a_second_call_grades_what_changed(has_engine, tmp_path):
    folder, out = handed_in(tmp_path / "in"), tmp_path / "out"
    done, document = class_grade(folder, out)
    assert done.returncode == 0, done.stderr
    assert {row["student"]: row["verdict"] for row in document["rows"]} == {
        "ada": "passed",
        "bob": "failed",
        "eve": "not taken",
    }
    grades = {row["student"]: (row["grade"], row["out_of"]) for row in document["rows"]}
    most = len(ONE.promises)
    assert grades["ada"] == (most, most) and grades["bob"][0] < most and grades["eve"] == (0, most)
    mistake = WRONG.name.partition("--")[0].replace("_", " ")
    assert (
        mistake in (out / "index.html").read_text() and "symbolic link" in (out / "feedback" / "eve.html").read_text()
    )
    assert (document["graded"], document["kept"]) == (2, 1)
    _, again = class_grade(folder, out)
    assert (again["graded"], again["kept"]) == (0, 3) and again["rows"] == document["rows"]
    settled = workshop("class", "settle", "eve", "1", "--out", str(out), "--points", "1", "--note", "seen")
    assert settled.returncode == 0 and "1 of" in settled.stdout
    assert ",settled by hand: seen" in (out / "grades.csv").read_text()


def test_what_is_asked_wrongly_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKSHOP_CLASS_ENGINE", "nobody")  # another test's engine would build without being trusted
    (tmp_path / "in").mkdir()
    cases = {
        ("--lessons", "1", "--runtime", "embedded"): "isolates nothing",
        ("--lessons", "99"): "There is no lesson 99",
        ("--lessons", "1", "--due", "soon"): "is no time",
        ("--lessons", "1", "--penalty", "200%"): "is no share",
        ("--lessons", "3"): "--trust-builds",
        ("--lessons", "1", "--list", "--json"): "prints no JSON",
    }
    for words, said in cases.items():
        done = workshop("class", "grade", str(tmp_path / "in"), "--out", str(tmp_path / "out"), *words)
        assert done.returncode == 2 and said in done.stderr, done.stderr
    assert not (tmp_path / "out").exists()
    done = workshop("class", "show", str(tmp_path / "out"))
    assert done.returncode == 2 and "There are no grades" in done.stderr


def test_who_handed_in_what_is_listed_without_an_engine(tmp_path):
    folder = handed_in(tmp_path / "in")
    (tmp_path / "roster.csv").write_text("student\nada\nzoe\n")
    words = ("--lessons", "1", "--out", str(tmp_path / "out"), "--roster", str(tmp_path / "roster.csv"), "--list")
    done = workshop("class", "grade", str(folder), *words, DOCKER_HOST="unix:///nowhere")
    assert done.returncode == 0, done.stderr
    assert "ada · 01_hello_flask · 20" in done.stdout and "eve · 01_hello_flask" in done.stdout
    assert "zoe · nothing" in done.stdout and "not taken" in done.stdout


def test_one_student_in_a_service_of_its_own(has_engine, tmp_path):
    handed_in(tmp_path)
    files = {name: tmp_path / f"{name}.out" for name in ("junit", "markdown", "gradescope")}
    words = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    done = workshop("class", "ci", str(tmp_path / "bob"), "--lessons", "1", *words)
    assert done.returncode == 0, done.stderr
    assert json.loads(files["gradescope"].read_text())["score"] < len(ONE.promises)
    assert "<failure" in files["junit"].read_text() and "✗" in files["markdown"].read_text()
    assert workshop("class", "ci", str(tmp_path / "bob"), "--lessons", "1").returncode == 1


def test_classroom_50s_autograder_in_a_checkout(has_engine, tmp_path):
    shutil.copytree(ONE.solution, tmp_path / "checkout" / "work" / ONE.name)
    names = ("CLASSROOM", "ASSIGNMENT", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL", "REVIEW_URL")
    env = {**os.environ, **dict.fromkeys(names, "x"), "WORKSHOP_SOURCE": str(ROOT), "WORKSHOP_LESSONS": "1"}
    script = ROOT / "src" / "workshop" / "gradebook" / "autograder.py"
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path / "checkout", env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "checkout" / "result.json").read_text())
    assert result["score"] == result["max-score"] == len(ONE.promises)
    assert all(test["passed"] for test in result["tests"])


def test_what_a_student_packs_is_what_a_teacher_takes(tmp_path):
    from workshop.course.lessons import Lesson
    from workshop.handins.intake import take_in
    from workshop.handins.packing import MANIFEST, pack

    lesson = Lesson(ONE.folder, tmp_path)
    write(lesson.work, app_py="print('mine')")
    (lesson.work / "__pycache__").mkdir()
    (lesson.work / "__pycache__" / "x.pyc").write_text("x")
    (tmp_path / "in").mkdir()
    assert pack([lesson], tmp_path / "in" / "ada.zip") == [f"{ONE.name}/app.py"]
    before = (tmp_path / "in" / "ada.zip").read_bytes()
    pack([lesson], tmp_path / "in" / "ada.zip")
    assert (tmp_path / "in" / "ada.zip").read_bytes() == before
    (hand_in,) = take_in(tmp_path / "in", [ONE], tmp_path / "out" / "work").hand_ins.values()
    assert (hand_in.folder / "app.py").read_text() == "print('mine')" and not (hand_in.folder / MANIFEST).exists()
    done = workshop("submit", "99")
    assert done.returncode == 2
