"""What the proof calls a fault, which answers it takes in brief, and which it refuses as malformed."""

import contextlib
import random
import time
from dataclasses import replace

import pytest

from workshop.course.lessons import catalogue, find
from workshop.course.places import ROOT
from workshop.proof.answers import Case, Malformed, brief, cases
from workshop.proof.new import lay_out
from workshop.proof.proof import Proof, Workers, prove
from workshop.report import Check, Outcome, Report


def report(seed, **outcomes):
    return Report(
        "21_teapot",
        "embedded",
        seed,
        1.0,
        tuple(Check(name, name, Outcome(outcome), hint="Because.") for name, outcome in outcomes.items()),
    )


def case(kind, **about):
    return Case(catalogue()[0], kind, "it", **about)


@pytest.mark.parametrize(
    ("known", "outcomes", "fault"),
    [
        (case("wrong", trips=("a",)), {"a": "failed", "b": "passed"}, None),
        (case("wrong", trips=("a",)), {"a": "failed", "b": "blocked"}, None),
        (case("wrong", trips=("a",)), {"a": "failed", "b": "failed"}, "b failed too"),
        (case("wrong", trips=("a",)), {"a": "unchecked", "b": "passed"}, "a did not fail: unchecked"),
        (case("wrong", trips=("a",)), {"a": "failed", "b": "unchecked"}, "b unchecked"),
        (case("wrong", trips=("c",)), {"a": "failed"}, "is not a check of the grader"),
        (case("wrong", trips=("a",), mistake="tea_for_coffee"), {"a": "failed"}, "the mistake is tea_for_coffee"),
        (case("right"), {"a": "passed", "b": "unchecked"}, "b unchecked"),
        (case("starter"), {"a": "unchecked"}, "the starter is unchecked"),
    ],
)
def test_what_is_a_fault(known, outcomes, fault):
    found = known.faults(report(1, **outcomes))
    assert bool(found) is bool(fault), found
    if fault:
        assert any(fault in one for one in found), found


def test_a_verdict_that_changes_is_a_fault():
    proof, known = Proof(catalogue()[0]), case("wrong", trips=("a",))
    assert proof.add(known, report(1, a="failed", b="passed")) == []
    assert proof.add(known, report(2, a="failed", b="blocked")) == [
        "wrong it: the verdict changed from seed 1 to seed 2"
    ]


def test_in_brief_each_check_is_still_tripped():
    lesson = catalogue()[0]
    known = cases(lesson)
    chosen = brief(known, random.Random(1))
    assert {trip for one in chosen for trip in one.trips} == set(lesson.promises)
    assert all(one.asked == (one.trips if one.kind == "wrong" else ()) for one in chosen)
    assert [one.kind for one in chosen if one.kind != "wrong"] == ["starter", "solution", "right", "right"]


@pytest.mark.parametrize(
    ("name", "files", "words"),
    [
        (
            "brews_cofee",
            {"app.py": ""},
            "wrong/brews_cofee: no mistake is called brews_cofee. Did you mean brews_coffee?",
        ),
        ("brews_coffee--empty", {}, "wrong/brews_coffee--empty: the folder has no file"),
        ("brews_coffee--cold", {"app.py": "", "answer.toml": 'trip = "x"'}, r"cold/answer\.toml: unknown key trip"),
        ("brews_coffee--cold", {"app.py": "", "answer.toml": "trips ="}, r"cold/answer\.toml: "),
        ("brews_coffee--cold", {"app.py": "", "answer.toml": 'trips = "test_x"'}, "the grader has no check test_x"),
    ],
)
def test_a_malformed_answer_is_refused_with_its_place(tmp_path, name, files, words):
    (tmp_path / "lessons").mkdir()
    (tmp_path / "README.md").write_bytes((ROOT / "README.md").read_bytes())
    lay_out(21, "teapot", tmp_path)
    folder = tmp_path / "answers" / "21_teapot" / "wrong" / name
    folder.mkdir()
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")
    with pytest.raises(Malformed, match=words):
        cases(find("21", tmp_path))


def test_an_answer_that_is_alone_is_asked_its_own_checks(tmp_path):
    (tmp_path / "lessons").mkdir()
    (tmp_path / "README.md").write_bytes((ROOT / "README.md").read_bytes())
    lay_out(21, "teapot", tmp_path)
    folder = tmp_path / "answers" / "21_teapot" / "wrong" / "brews_coffee--slowly"
    folder.mkdir()
    (folder / "app.py").write_text("", encoding="utf-8")
    (folder / "answer.toml").write_text("alone = true", encoding="utf-8")
    wrong = {case.name: case.asked for case in cases(find("21", tmp_path)) if case.kind == "wrong"}
    assert wrong["brews_coffee--slowly"] == ("test_coffee_is_refused",)
    assert wrong["brews_coffee"] == ()


def test_what_stays_unchecked_among_many_is_asked_again_alone(monkeypatch):
    told = {"unchecked": report(1, a="unchecked"), "failed": report(1, a="failed")}
    asked, answers = [], iter(["unchecked", "failed", "failed"])

    def graded(worker, piece, seed, folder):
        asked.append(piece.name)
        return {"report": told[next(answers)].to_dict()}

    monkeypatch.setattr("workshop.proof.proof._graded", graded)
    monkeypatch.setattr(Workers, "_process", lambda self: contextlib.nullcontext())
    came, pool = [], Workers(1, "embedded")
    for name in ("first", "second"):
        pool.submit(replace(case("wrong"), name=name), 1, lambda one, answer: came.append((one.name, answer.verdict)))
    pool.finish()
    assert asked == ["first", "second", "first"]
    assert came == [("second", Outcome.FAILED), ("first", Outcome.FAILED)]


def test_what_is_not_begun_in_time_is_counted_and_no_fault(monkeypatch):
    monkeypatch.setattr("workshop.proof.proof.Workers", OnTime)
    (proof,) = prove([catalogue()[0]], in_brief=True, minutes=0, seed=1)
    assert set(proof.reports) == {"starter", "solution"}
    assert proof.left_out > 2
    assert proof.faults == []


class OnTime(Workers):
    """Workers that grade as they should, and for whom all time is over."""

    def __init__(self, count, runtime, with_hints=True):
        pass

    def submit(self, case, seed, done, begin_by=0.0):
        if begin_by < time.monotonic():
            done(case, None)
            return
        outcome = Outcome.FAILED if case.kind == "starter" else Outcome.PASSED
        checks = [Check(name, claim, outcome) for name, claim in case.lesson.promises.items()]
        done(case, Report(case.lesson.name, "docker", seed, 0.0, tuple(checks)))

    def finish(self):
        pass


def test_a_case_that_is_too_late_is_told_as_none(monkeypatch):
    monkeypatch.setattr(Workers, "_process", lambda self: contextlib.nullcontext())
    came, pool = [], Workers(1, "embedded")
    pool.submit(case("wrong"), 1, lambda one, answer: came.append(answer), begin_by=time.monotonic() - 1)
    pool.finish()
    assert came == [None]
