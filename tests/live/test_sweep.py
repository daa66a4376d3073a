"""Whatever a student's function returns, sends or stores: no check ends as the grader's own fault.

Each exercise of each notebook is given bodies that nobody would hand in on purpose, and a right one of which a part goes wrong. By hand all of them,
and the service lessons beside: `WORKSHOP_SWEEP=all pytest tests/live/test_sweep.py`; else a part, drawn anew each day.
"""

import ast
import datetime
import itertools
import json
import os
import random

import pytest
import redis

from workshop.course import lessons
from workshop.engine.run import Run
from workshop.exercises.cells import code_cells, read
from workshop.grading.bench import Session
from workshop.grading.grade import grade
from workshop.notebooks import inside
from workshop.report import Outcome
from workshop.runtimes.embedded import LocalRedis

WHOLE = os.environ.get("WORKSHOP_SWEEP") == "all"
DRAWN = 40  # of some thousand
DAY = random.Random(datetime.date.today().toordinal())
VALUES = (
    *(
        "None",
        "[]",
        "{}",
        "set()",
        "0",
        "1",
        "-1.5",
        "True",
        "False",
        '""',
        '"x"',
        'b"\\x80\\x04"',
        "object()",
        "[None]",
    ),
    *("[[1, [2]], None]", '[["a", 1], ["b"]]', '{"a": {"b": []}}', "(1, 2)", '["x"] * 3', "10**30", 'float("nan")'),
    *("{frozenset({1}), 2}", "lambda: 1", "range(3)"),
)
GARBAGE = b"\x80\x04\x95"  # no text in UTF-8


class Meddling:
    """A client of Redis that does something else at the first command that changes data."""

    def __init__(self, client, how):
        self._client, self._how = client, how

    def __getattr__(self, name):
        return getattr(self._client, name)

    def meddle(self):
        """Has the client send something else from now on."""
        send, how = self._client.execute_command, self._how

        def sends(*words, **options):
            name, key = str(words[0]).upper(), words[1] if len(words) > 1 else None
            if name in ("EVAL", "EVALSHA", "FCALL") or key is None or isinstance(key, (list, dict)):
                return send(*words, **options)
            if how == "garbage" and len(words) > 2 and isinstance(words[-1], str):
                return send(*words[:-1], GARBAGE, **options)
            if how == "text" and not name.startswith("GET"):
                send("SET", key, "x")
            if how == "a list":
                send("DEL", key)
                send("RPUSH", key, "x", GARBAGE)
            return send(*words, **options)

        self._client.execute_command = sends
        return self._client


def meddled(solved, how):
    def function(r, *args, **options):
        return solved(Meddling(r, how).meddle(), *args, **options)

    return function


def returns(value):
    def function(r, *args, **options):
        return eval(value)

    return function


def acts_and_returns(solved, value):
    def function(r, *args, **options):
        solved(r, *args, **options)
        return eval(value)

    return function


def at_times(solved, value):
    turns = itertools.count()

    def function(r, *args, **options):
        return solved(r, *args, **options) if next(turns) % 2 == 0 else eval(value)

    return function


def bodies():
    """All there are, as (what it is called, what makes one of the right function)."""
    for value in VALUES:
        yield f"returns {value}", lambda solved, value=value: returns(value)
        yield f"acts and returns {value}", lambda solved, value=value: acts_and_returns(solved, value)
        yield f"at times {value}", lambda solved, value=value: at_times(solved, value)
    for how in ("garbage", "text", "a list"):
        yield f"stores {how}", lambda solved, how=how: meddled(solved, how)


NOTEBOOKS = [lesson for lesson in lessons.catalogue() if lesson.notebook]
EXERCISES = [(lesson, name) for lesson in NOTEBOOKS for name in inside.exercises_of(lesson)]
CASES = [(lesson, name, label, make) for lesson, name in EXERCISES for label, make in bodies()]
CHOSEN = CASES if WHOLE else DAY.sample(CASES, DRAWN)


@pytest.fixture(scope="module")
def client():
    with Run() as run:
        server = LocalRedis(run)
        os.environ["REDIS_URL"] = server.url
        with redis.Redis.from_url(server.url) as made:
            yield made
        server.end()
        del os.environ["REDIS_URL"]


@pytest.fixture(scope="module")
def solved(client):
    """The functions of a lesson's solution, by name."""
    known = {}

    def of(lesson):
        if lesson.name not in known:
            known[lesson.name] = {}
            for _, source in code_cells(read(lesson.solution / f"{lesson.name}.ipynb")):
                if "def " in source or "connect()" in source:
                    exec(source, known[lesson.name])
        return known[lesson.name]

    return of


def faults(checks):
    """What ended otherwise than as the student's own success or failure."""
    ended = (Outcome.PASSED, Outcome.FAILED, Outcome.BLOCKED)
    return {one.id: one.fault or one.hint for one in checks if one.fault or one.outcome not in ended}


@pytest.mark.parametrize(
    ("lesson", "name", "label", "make"), CHOSEN, ids=[f"{case[0].number}-{case[1]}-{case[2]}" for case in CHOSEN]
)
def test_no_body_is_the_graders_fault(client, solved, lesson, name, label, make):
    names = solved(lesson)
    function = make(names[name])
    function.__name__ = name
    client.flushall()
    checks, *_ = inside.run(lesson, inside.checks_of(lesson, name), function)
    assert not faults(checks)


APPS = {
    "nothing": "return None",
    "text": 'return ""',
    "a number": "return 0",
    "a list": "return [1, {}]",
    "a dict": "return {}",
    "bytes": 'return b"\\x80\\x04"',
    "json that is none": 'return "{", 200, {"Content-Type": "application/json"}',
    "201": 'return {"key": None, "value": 3}, 201',
    "an error": "1 / 0",
    "no status": 'return "x", 700',
}
APP = """
from flask import Flask
app = Flask(__name__)

@app.route("/", methods=["GET", "POST"])
@app.route("/<path:path>", methods=["GET", "POST"])
def view(path=""):
    if path == "healthz":
        return {"status": "ok"}
    BODY

app.run(host="0.0.0.0", port=5000)
"""
SERVED = [lesson for lesson in lessons.catalogue() if "app.py" in lesson.finished()]
SERVICES = [
    pytest.param(lesson, what, id=f"{lesson.number} {what}")
    for lesson in SERVED
    if not lesson.needs_engine
    for what in APPS
]
IN_CONTAINERS = [
    pytest.param(lesson, what, id=f"{lesson.number} {what}")
    for lesson in SERVED
    if lesson.needs_engine and WHOLE
    for what in APPS
]


def lay_with(what, lesson, folder):
    """The lesson's solution with an app.py that answers everything so."""
    for name, content in read_all(lesson.finished()).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "app.py").write_text(APP.replace("BODY", APPS[what]), encoding="utf-8")


@pytest.fixture(scope="module")
def session():
    with Session("embedded") as made:
        yield made


@pytest.mark.parametrize(("lesson", "what"), SERVICES if WHOLE else DAY.sample(SERVICES[: len(APPS)], 1))
def test_no_answer_of_a_service_is_the_graders_fault(session, tmp_path, lesson, what):
    lay_with(what, lesson, tmp_path)
    assert not faults(grade(lesson, tmp_path, session, seed=1).checks)


@pytest.mark.parametrize(("lesson", "what"), IN_CONTAINERS)
def test_no_answer_of_a_service_in_a_container_is_the_graders_fault(has_engine, tmp_path, lesson, what):
    lay_with(what, lesson, tmp_path)
    with Session("docker") as session:
        assert not faults(grade(lesson, tmp_path, session, seed=1).checks)


def half_done(lesson):
    """The lesson's files with a part of the solution each: (what is done, content by name)."""
    finished, starter = lesson.finished(), lesson.starter()
    for name, path in finished.items():
        begun = starter[name].read_bytes() if name in starter else None
        if begun == path.read_bytes():
            continue
        if begun is not None and len(finished) > 1:
            yield f"all but {name}", {**read_all(finished), name: begun}
        if path.suffix == ".py":
            text = path.read_text(encoding="utf-8")
            for node in (node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)):
                first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                lines = text.splitlines(keepends=True)
                without = "".join(lines[: first - 1] + lines[node.end_lineno :])
                yield f"{name} without {node.name}", {**read_all(finished), name: without.encode()}


def read_all(files):
    return {name: path.read_bytes() for name, path in files.items()}


HALVES = [
    pytest.param(lesson, files, id=f"{lesson.number} {what}")
    for lesson in lessons.catalogue()
    if not lesson.notebook and WHOLE
    for what, files in half_done(lesson)
]


@pytest.mark.parametrize(("lesson", "files"), HALVES)
def test_no_half_done_work_is_the_graders_fault(has_engine, tmp_path, lesson, files):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    with Session("docker") as session:
        assert not faults(grade(lesson, tmp_path, session, seed=1).checks)


@pytest.mark.parametrize("lesson", NOTEBOOKS if WHOLE else DAY.sample(NOTEBOOKS, 1), ids=lambda lesson: lesson.name)
def test_no_half_done_notebook_is_the_graders_fault(session, tmp_path, lesson):
    solution, starter = (read(path) for path in (lesson.solution / f"{lesson.name}.ipynb", lesson.notebook))
    for turn in (0, 1):
        work = tmp_path / str(turn)
        work.mkdir()
        cells = [pair[at % 2 == turn] for at, pair in enumerate(zip(solution["cells"], starter["cells"], strict=True))]
        (work / f"{lesson.name}.ipynb").write_text(json.dumps({**starter, "cells": cells}), encoding="utf-8")
        assert not faults(grade(lesson, work, session, seed=1).checks)
