"""The proof itself: it passes the lesson that docs/contributing.md makes in ten minutes, and notices whatever is wrong with one."""

from __future__ import annotations

import re
import subprocess

import pytest

from workshop.course.lessons import Lesson, catalogue
from workshop.course.places import ROOT
from workshop.proof import proof as prove
from workshop.report import Check, Outcome, Report

IF = re.compile(r'    if drink == "coffee":\n.*\n')

COFFEE = '@app.get("/brew/coffee")\ndef no():\n    return "", 418\n\n\n'


@pytest.fixture
def teapot(tmp_path):
    """The lesson of the contributors' page, from its own code blocks, with two wrong and two right answers."""
    text = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"`([\w/]+/21_teapot/[\w.]+)`,[^\n]*(?:\n[^`\n]*)*\n```\w+\n(.*?)```", text, re.DOTALL))
    grader, app = blocks["lessons/21_teapot/test_teapot.py"], blocks["lessons/21_teapot/app.py"]
    before, after = re.split(r"@app\.get.*?\n\n\n", app, maxsplit=1, flags=re.DOTALL)
    answers = "answers/21_teapot"
    files = {
        "lessons/21_teapot/test_teapot.py": grader,
        "lessons/21_teapot/app.py": f"{before}# Your turn\n\n\n{after}",
        "lessons/21_teapot/README.md": "# Lesson 21 · A teapot\n",
        "solutions/21_teapot/app.py": app,
        f"{answers}/wrong/brews_coffee/app.py": IF.sub("", app),
        f"{answers}/wrong/brews_coffee/answer.toml": 'trips = "test_coffee_is_refused"\nsays = "teapot refuses"\n',
        f"{answers}/wrong/always_tea/app.py": app.replace("Here is your {drink}", "Here is your tea"),
        f"{answers}/wrong/always_tea/answer.toml": 'trips = "test_it_brews_tea"\nsays = "does not name the drink"\n',
        f"{answers}/right/aborts/app.py": app.replace('return "I am a teapot", 418', "abort(418)").replace(
            "Flask\n", "Flask, abort\n", 1
        ),
        f"{answers}/right/two_routes/app.py": IF.sub("", app).replace("@app", f"{COFFEE}@app", 1),
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    return Lesson(tmp_path / "lessons" / "21_teapot", tmp_path)


def faults_of(lesson):
    (proof,) = prove.prove([lesson], runtime="embedded", repeat=1)
    return proof.faults


def test_the_lesson_of_ten_minutes_is_proven(teapot):
    assert len(prove.cases(teapot)) == 6
    assert faults_of(teapot) == []


def test_a_check_that_no_wrong_answer_trips_is_a_fault(teapot):
    (teapot.root / "answers/21_teapot/wrong/always_tea/answer.toml").unlink()
    (teapot.root / "answers/21_teapot/wrong/always_tea/app.py").unlink()
    (teapot.root / "answers/21_teapot/wrong/always_tea").rmdir()
    assert faults_of(teapot) == ["no wrong answer trips test_it_brews_tea"]


def test_a_wrong_answer_that_passes_is_a_fault(teapot):
    (teapot.root / "answers/21_teapot/wrong/always_tea/app.py").unlink()
    (found, *_) = faults_of(teapot)
    assert found.startswith("wrong always_tea") and "test_it_brews_tea did not fail" in found


def test_a_starter_that_passes_and_a_hint_that_says_else_are_faults(teapot):
    (teapot.folder / "app.py").write_bytes((teapot.solution / "app.py").read_bytes())
    about = teapot.root / "answers/21_teapot/wrong/brews_coffee/answer.toml"
    about.write_text('trips = "test_coffee_is_refused"\nsays = "no such words"\n', encoding="utf-8")
    found = " | ".join(faults_of(teapot))
    assert "the starter is passed" in found and "does not say “no such words”" in found


def report(seed, **outcomes):
    return Report(
        "21_teapot",
        "embedded",
        seed,
        1.0,
        tuple(Check(name, name, Outcome(outcome), hint="Because.") for name, outcome in outcomes.items()),
    )


def case(kind, **about):
    return prove.Case(catalogue()[0], kind, "it", **about)


@pytest.mark.parametrize(
    ("known", "outcomes", "fault"),
    [
        (case("wrong", trips=("a",), says=("because",)), {"a": "failed", "b": "passed"}, None),
        (case("wrong", trips=("a",)), {"a": "failed", "b": "blocked"}, None),
        (case("wrong", trips=("a",)), {"a": "failed", "b": "failed"}, "b failed too"),
        (case("wrong", trips=("a",)), {"a": "unchecked", "b": "passed"}, "a did not fail: unchecked"),
        (case("wrong", trips=("a",)), {"a": "failed", "b": "unchecked"}, "b unchecked"),
        (case("wrong", trips=("c",)), {"a": "failed"}, "the grader does not have"),
        (case("wrong", trips=("a",), says=("other",)), {"a": "failed"}, "does not say “other”"),
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
    proof, known = prove.Proof(catalogue()[0]), case("wrong", trips=("a",))
    assert proof.add(known, report(1, a="failed", b="passed")) == []
    assert proof.add(known, report(2, a="failed", b="blocked")) == [
        "wrong it: the verdict changed from seed 1 to seed 2"
    ]


def test_in_brief_each_check_is_still_tripped():
    import random

    lesson = catalogue()[0]
    known = prove.cases(lesson)
    chosen = prove.brief(known, random.Random(1))
    assert {trip for one in chosen for trip in one.trips} == set(lesson.promises)
    assert all(one.asked == (one.trips if one.kind == "wrong" else ()) for one in chosen)
    assert [one.kind for one in chosen if one.kind != "wrong"] == ["starter", "solution", "right", "right"]


def test_no_file_of_an_answer_is_kept_out_of_git():
    """An answer's own .gitignore can hide the files beside it, and a clone then lacks them."""
    ask = [
        "git",
        "ls-files",
        "--others",
        "--ignored",
        "--exclude-standard",
        "answers",
        "lessons",
        "solutions",
        "notebooks",
    ]
    done = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=False)
    assert [
        name
        for name in done.stdout.split("\n")
        if name and "__pycache__" not in name and ".ipynb_checkpoints" not in name
    ] == []
