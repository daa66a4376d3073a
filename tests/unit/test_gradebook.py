"""Marks, lists, feedback and the gradebook: right numbers, and nothing in them that a stranger can make run."""

import base64
import csv
import dataclasses
import hashlib
import io
import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from classes import LESSON, report

from workshop.classroom.ledger import Ledger, Row, Settled, refusal, set_aside
from workshop.course.lessons import Lesson, find
from workshop.gradebook import feedback, page, tables
from workshop.gradebook.alike import lay_out
from workshop.gradebook.classbook import Classbook, Line
from workshop.gradebook.marks import Policy, mark_of
from workshop.gradebook.one import taken_in
from workshop.gradebook.outputs import write_all
from workshop.handins.intake import HandIn
from workshop.handins.names import Student
from workshop.report import Check, Outcome, Report
from workshop.reports import services

UTC = UTC
DUE = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)
ADA = Student("ada", "Ada Lovelace", "7", "ada@example.org")
EVIL = "<script>alert(1)</script>\"'&\x1b[2J\u202e</pre>```\n=cmd|'/C calc'!A0"


@pytest.fixture
def weighty(tmp_path):
    """A lesson of three checks, worth 1, 3 and a half."""
    folder = tmp_path / "lessons" / "21_tea"
    folder.mkdir(parents=True)
    (folder / "test_tea.py").write_text(
        "from workshop.grader import rests_on, worth\n\ndef test_0(service):\n    'One'\n\n"
        "@worth(3)\n@rests_on('test_0')\ndef test_1(service):\n    'Two'\n\n@worth(0.5)\ndef test_2(service):\n    'Three'\n"
    )
    return Lesson(folder, tmp_path)


def row(*outcomes, submitted=None, is_late=False, settled=None, lesson="21_tea"):
    return Row(
        ADA,
        lesson,
        "done",
        report(*outcomes, lesson=lesson, hint="no engine."),
        submitted,
        is_late,
        None,
        "d",
        settled,
    )


def test_points_are_weighed(weighty):
    assert weighty.worth == {"test_0": 1.0, "test_1": 3.0, "test_2": 0.5}
    mark = mark_of(row("passed", "failed", "passed"), weighty, Policy())
    assert (mark.points, mark.out_of, mark.final) == (1.5, 4.5, 1.5)
    assert mark_of(row("passed", "failed", "passed"), weighty, Policy(partial=False)).final == 0
    assert mark_of(row("passed", "passed", "passed"), weighty, Policy(partial=False)).final == 4.5


@pytest.mark.parametrize(
    ("late", "days", "penalty"),
    [(-1, 0, 0), (0, 0, 0), (1, 1, 0.4), (86400, 1, 0.4), (86401, 2, 0.8), (10 * 86400, 10, 2.0)],
)
def test_being_late_takes_off_a_share_a_day_and_never_more_than_is_stated(weighty, late, days, penalty):
    policy = Policy({"": DUE}, penalty=0.1, least=0.5)
    mark = mark_of(row("passed", "passed", "failed", submitted=DUE + timedelta(seconds=late)), weighty, policy)
    assert (
        mark.days_late == days and mark.penalty == pytest.approx(penalty) and mark.final == pytest.approx(4 - penalty)
    )
    assert mark.points == 4, "the penalty is a line of its own"


def test_a_due_date_of_one_lesson_and_none(weighty):
    late = DUE + timedelta(days=3)
    assert mark_of(row("passed", submitted=late), weighty, Policy({"21_tea": late}, 0.1)).penalty == 0
    assert mark_of(row("passed", submitted=late), weighty, Policy({"01_x": DUE}, 0.1)).penalty == 0
    assert mark_of(row("passed", "failed", "failed"), weighty, Policy({"": DUE}, 0.1)).final == 1


def test_what_could_not_be_asked_has_no_final_grade_until_somebody_decides(weighty):
    mark = mark_of(row("passed", "unchecked", "failed"), weighty, Policy())
    assert mark.final is None and mark.points == 1 and mark.out_of == 4.5
    assert "1 of 3 checks could not be asked: no engine. Grade it again (--only ada --only-lesson 21)" in mark.todo
    assert mark_of(row("passed", "unchecked", "failed", settled=Settled(None, "seen")), weighty, Policy()).final == 4
    by_hand = mark_of(row("passed", "unchecked", settled=Settled(2.0, "")), weighty, Policy())
    assert by_hand.final == 2 and by_hand.note == "settled by hand"
    late = mark_of(row("passed", "failed", "failed", is_late=True), weighty, Policy(penalty=0.1))
    assert late.final is None and "late" in late.todo


def test_what_other_checks_found_is_no_mark(weighty):
    for outcomes in (("passed", "passed"), ("passed",) * 4):
        mark = mark_of(row(*outcomes), weighty, Policy())
        assert mark.final is None and "checks are others" in mark.todo
    assert mark_of(row("passed", "passed", settled=Settled(3.0, "")), weighty, Policy()).final == 3


def test_a_grader_that_cannot_be_read_gives_no_grade_and_ends_nothing(tmp_path):
    folder = tmp_path / "lessons" / "21_tea"
    folder.mkdir(parents=True)
    (folder / "test_tea.py").write_text("def test_0(:")
    broken = Lesson(folder, tmp_path)
    for found in (refusal(broken, "a link."), set_aside(broken, 0, 2, "it ended.")):
        assert found.verdict is Outcome.UNCHECKED
        assert mark_of(dataclasses.replace(row(), report=found), broken, Policy()).final is None


# The lists and pages of a class


@pytest.fixture
def book(tmp_path):
    """A class: one who passed, one who failed and is wicked, one who could not be asked, one who handed in nothing."""
    return Classbook(filled(tmp_path), {one.name: one for one in (LESSON, find("7"))})


def filled(tmp_path):
    ledger = Ledger(tmp_path / "ledger.sqlite3")
    evil, cy, dan = Student("evil-1", EVIL), Student("cy", "Cy"), Student("dan", "Dan")
    ledger.enrol([ADA, evil, cy, dan])
    ledger.note(lessons=[LESSON.name])
    names = list(LESSON.promises)
    for student, outcome, digest in ((ADA, "passed", "a"), (evil, "failed", "b"), (cy, "unchecked", "a")):
        ledger.enter(HandIn(student, LESSON.name, digest, tmp_path), LESSON, "g")
        about = (
            {"hint": EVIL, "actual": EVIL, "asked": EVIL, "mistake": "listens_on_loopback"}
            if outcome != "passed"
            else {}
        )
        checks = [Check(names[0], LESSON.promises[names[0]], Outcome(outcome), **about)]
        checks += [Check(name, LESSON.promises[name], Outcome.PASSED) for name in names[1:]]
        ledger.done(ledger.lease("w"), Report(LESSON.name, "docker", 4711, 1.0, tuple(checks)))
    return ledger


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_every_student_is_in_the_list_and_no_cell_is_a_formula(book):
    rows = read(tables.grades(book))
    assert [(one["student"], one["verdict"]) for one in rows] == [
        ("evil-1", "failed"),
        ("ada", "passed"),
        ("cy", "unchecked"),
        ("dan", "nothing handed in"),
    ]
    most = str(len(LESSON.promises))
    assert [one["grade"] for one in rows] == [str(len(LESSON.promises) - 1), most, "", "0"]
    for text in (tables.grades(book), tables.canvas(book), tables.moodle(book)):
        for cells in csv.reader(io.StringIO(text)):
            for cell in cells:
                assert "\n" not in cell and "\x1b" not in cell
                assert not cell.lstrip().startswith(("=", "+", "-", "@")) or re.fullmatch(r"-?\d+(\.\d+)?", cell)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "|x", "%x", "\uff1d1+1"]
)
def test_what_a_spreadsheet_takes_for_a_formula_is_quoted(text):
    assert tables.cell(text).startswith("'")
    assert next(csv.reader(io.StringIO(tables.table([[text]]))))[0].startswith("'")


@pytest.mark.parametrize("text", ["a;=1+1", "a; @x;+1", 'a;"=1"'])
def test_nor_does_a_cell_hold_one_where_semicolons_part_the_cells(text):
    for cell in tables.table([["ada", text]]).split(";")[1:]:
        assert cell.strip(' "').startswith("'")


def test_plain_words_and_numbers_are_left_alone():
    assert tables.cell("Doe; Jane-Ann") == "Doe; Jane-Ann"
    assert tables.table([["Zoë O'Neil", "3", "2.5", "-1.5"]]) == "Zoë O'Neil,3,2.5,-1.5\r\n"


def test_the_lists_of_canvas_and_moodle(book):
    canvas = read(tables.canvas(book))
    assert list(canvas[0])[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert canvas[0]["Student"] == "Points Possible" and canvas[0][LESSON.name] == str(len(LESSON.promises))
    by = {one["Student"]: one for one in canvas}
    assert by["Ada Lovelace"]["ID"] == "7" and by["Cy"][LESSON.name] == "" and by["Dan"][LESSON.name] == "0"
    moodle = {one["Full name"]: one for one in read(tables.moodle(book))}
    assert moodle["Ada Lovelace"]["Identifier"] == "Participant 7" and moodle["Cy"]["Grade"] == ""


def test_a_number_of_one_platform_is_not_given_to_another(tmp_path):
    ledger = Ledger(tmp_path / "ledger.sqlite3")
    ledger.enrol([Student("a", "A", "7", platform="canvas"), Student("b", "B", "8", platform="moodle")])
    class_ = Classbook(ledger, {LESSON.name: LESSON})
    assert [one["ID"] for one in read(tables.canvas(class_))[1:]] == ["7", ""]
    assert [one["Identifier"] for one in read(tables.moodle(class_))] == ["", "Participant 8"]


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def pages(book):
    yield page.page(book)
    for student in book.students:
        yield feedback.html(student, book.of(student))


def test_pages_run_nothing_load_nothing_and_show_strangers_texts_as_text(book):
    for text in pages(book):
        tags = Tags(text).found
        assert not {"script", "img", "iframe", "object", "link", "base", "form"} & {tag for tag, _ in tags}
        assert not [name for _, about in tags for name in about if name.startswith("on") or name in ("style", "src")]
        links = [about["href"] for tag, about in tags if tag == "a"]
        assert all(link.startswith("feedback/") for link in links)
        assert "\x1b" not in text and "\u202e" not in text
        (policy,) = [about["content"] for tag, about in tags if about.get("http-equiv") == "Content-Security-Policy"]
        style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"default-src 'none'; style-src 'sha256-{digest}'" in policy
    evil = next(student for student in book.students if student.key == "evil-1")
    assert "&lt;script&gt;" in feedback.html(evil, book.of(evil))


def test_feedback_has_the_hint_and_no_seed(book):
    evil = next(student for student in book.students if student.key == "evil-1")
    for text in (feedback.html(evil, book.of(evil)), feedback.markdown(evil, book.of(evil))):
        assert "4711" not in text and "calc" in text


def test_markdown_keeps_strangers_texts_in_fences(book):
    evil = next(student for student in book.students if student.key == "evil-1")
    text = feedback.markdown(evil, book.of(evil))
    assert "````text" in text, "the fence is longer than the one in the text"
    outside = re.sub(r"^  (`{3,})text\n.*?^  \1$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert "<script" not in outside.replace("\\<", "") and "```" not in outside.replace("\\`", "")


def test_the_gradebook_tells_what_fails_by_which_mistake_and_what_is_alike(book):
    text = page.page(book)
    assert "1 of 3 failed it" in text and "<strong>listens on loopback</strong>" in text
    assert f"lessons/{LESSON.name}/README.md" in text
    assert "1 without a final grade" in text and "The same to the last byte" in text
    assert 'class="good"' in text and 'class="open"' in text and 'class="none"' in text


def test_work_is_laid_out_for_programs_that_look_for_copying(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    (work / "app.py").write_text("mine")
    ledger = Ledger(tmp_path / "l.sqlite3")
    ledger.enrol([ADA, Student("bob", "Bob")])
    ledger.note(lessons=[LESSON.name])
    ledger.enter(HandIn(ADA, LESSON.name, "a", work), LESSON, "g")
    assert lay_out(Classbook(ledger, {LESSON.name: LESSON}), LESSON, tmp_path / "alike") == 1
    assert (tmp_path / "alike" / "submissions" / "ada" / "app.py").read_text() == "mine"
    assert (tmp_path / "alike" / "base" / "app.py").read_text() == LESSON.starter()["app.py"].read_text()


def test_every_file_is_written(book, tmp_path):
    write_all(book, tmp_path / "out")
    names = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert names == {
        *("grades.csv", "canvas.csv", "moodle.csv", "junit.xml", "index.html"),
        *(f"feedback/{key}.{kind}" for key in ("ada", "evil-1", "cy", "dan") for kind in ("html", "md")),
    }
    assert (tmp_path / "out" / "grades.csv").read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(("late", "said"), [(1, "0.4 taken off, 1 day late"), (86401, "0.8 taken off, 2 days late")])
def test_what_being_late_took_is_said(weighty, late, said):
    found = row("passed", "passed", "failed", submitted=DUE + timedelta(seconds=late))
    line = Line(ADA, weighty, found, mark_of(found, weighty, Policy({"": DUE}, 0.1)))
    assert said in feedback.html(ADA, [line]) and said.replace(".", "\\.") in feedback.markdown(ADA, [line])


def test_of_one_student_what_is_empty_or_cannot_be_opened_has_failed_with_the_sentence(tmp_path):
    (tmp_path / "empty" / LESSON.name / "__pycache__").mkdir(parents=True)
    (tmp_path / "empty" / LESSON.name / "__pycache__" / "x.pyc").write_text("x")
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "work.rar").write_text("x")
    for name, said in (("empty", "The folder is empty."), ("closed", "work.rar cannot be opened here.")):
        (found,) = taken_in(tmp_path / name, [LESSON], lambda lesson, copy: pytest.fail("graded"), lambda report: None)
        assert found.verdict is Outcome.FAILED and said in found.checks[0].hint


# What other services read

REPORT = Report(
    "21_tea",
    "docker",
    4711,
    2.0,
    (
        Check("test_0", "One", Outcome.PASSED, seconds=0.5),
        Check("test_1", "Two", Outcome.FAILED, mistake="x", hint=EVIL, actual="\x00\x08]]>"),
        Check("test_2", "Three", Outcome.BLOCKED, hint="Blocked."),
    ),
)


def test_junit():
    (suite,) = ElementTree.fromstring(services.junit([("ada.21_tea", REPORT)]))
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    assert [case.get("name") for case in suite] == ["test_0", "test_1", "test_2"]
    assert "<script>" in suite[1].find("failure").text and "4711" not in ElementTree.tostring(
        suite, encoding="unicode"
    )


def test_gradescopes_results(weighty):
    found = json.loads(services.gradescope([REPORT], {"21_tea": weighty.worth}))
    assert found["score"] == 1 and sum(test["max_score"] for test in found["tests"]) == 4.5
    assert [test["status"] for test in found["tests"]] == ["passed", "failed", "failed"]
    assert found["output"] == "" and found["stdout_visibility"] == "hidden"
    assert all(test["output_format"] == "text" and 0 <= test["score"] <= test["max_score"] for test in found["tests"])
    unasked = json.loads(services.gradescope([report("unchecked")], {}))
    assert "no final grade" in unasked["output"]


ENVIRONMENT = {
    name: f"x-{name}"
    for name in ("CLASSROOM", "ASSIGNMENT", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL", "REVIEW_URL")
}


def test_the_result_of_classroom_50(weighty):
    found = json.loads(services.classroom50([REPORT], {"21_tea": weighty.worth}, ENVIRONMENT))
    assert found["schema"] == "classroom50/result/v1"
    assert {key: found[key] for key in ("classroom", "submission", "review")} == {
        "classroom": "x-CLASSROOM",
        "submission": "x-SUBMISSION_TAG",
        "review": "x-REVIEW_URL",
    }
    assert (found["score"], found["max-score"]) == (100, 450), "half a point is no whole number"
    assert set(found["tests"][0]) == {"test-name", "passed", "score", "max-score"}
    assert all(isinstance(test["score"], int) for test in found["tests"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["datetime"])
    whole = json.loads(services.classroom50([REPORT], {}, {**ENVIRONMENT, "REVIEW_URL": ""}))
    assert (whole["score"], whole["max-score"], whole["review"]) == (1, 3, "x-COMMIT_URL")
    with pytest.raises(LookupError, match="RELEASE_URL"):
        services.classroom50([REPORT], {}, {**ENVIRONMENT, "RELEASE_URL": ""})
