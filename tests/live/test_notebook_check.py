"""`check` inside a notebook: the lesson's own grader on the student's own Redis, at once, in words and in HTML."""

import json
import os
import time

import pytest
import redis

from workshop.course import lessons
from workshop.engine.run import Run
from workshop.exercises.cells import code_cells, read
from workshop.notebooks import check, inside
from workshop.report import Outcome
from workshop.reports.notebook import Shown
from workshop.runtimes.embedded import LocalRedis

NOTEBOOKS = [lesson for lesson in lessons.catalogue() if lesson.notebook]
STRINGS = lessons.find("09_strings")


@pytest.fixture(scope="module")
def server():
    with Run() as run:
        made = LocalRedis(run)
        yield made
        made.end()


@pytest.fixture
def client(server, monkeypatch):
    monkeypatch.setenv("REDIS_URL", server.url)
    with redis.Redis.from_url(server.url, decode_responses=True) as made:
        made.flushall()
        yield made


def functions_of(path, *sources):
    """What the cells of a notebook define, and after them the sources."""
    names = {}
    for _, source in code_cells(read(path)):
        if "def " in source or source.startswith("import"):
            exec(source, names)
    for source in sources:
        exec(source, names)
    return names


def ran(lesson, function):
    return inside.run(lesson, inside.checks_of(lesson, function.__name__), function)


@pytest.mark.parametrize("lesson", NOTEBOOKS, ids=lambda lesson: lesson.name)
def test_every_check_belongs_to_an_exercise(lesson):
    owned = [test for name in inside.exercises_of(lesson) for test in inside.checks_of(lesson, name)]
    assert sorted(owned) == sorted(lesson.promises)
    assert all(inside.checks_of(lesson, name) for name in inside.exercises_of(lesson))


@pytest.mark.parametrize("lesson", NOTEBOOKS, ids=lambda lesson: lesson.name)
def test_the_solution_passes_inside_too(lesson, client):
    names = functions_of(lesson.solution / f"{lesson.name}.ipynb")
    for exercise in inside.exercises_of(lesson):
        checks, _ = ran(lesson, names[exercise])
        assert {one.outcome for one in checks} == {Outcome.PASSED}, checks


@pytest.mark.parametrize("lesson", NOTEBOOKS, ids=lambda lesson: lesson.name)
def test_the_starter_is_not_attempted(lesson, client):
    names = functions_of(lesson.notebook)
    for exercise in inside.exercises_of(lesson):
        first, *others = ran(lesson, names[exercise])[0]
        assert first.outcome is Outcome.FAILED
        assert first.hint.startswith("Not attempted")
        assert {one.outcome for one in others} <= {Outcome.BLOCKED}


def record_visit(r, page):
    """A racy one."""
    count = int(r.get(f"visits:{page}") or 0) + 1
    r.set(f"visits:{page}", count)
    return count


def test_a_wrong_answer_shows_why_and_what_is_in_redis(client, capsys):
    client.set("mine", "stays")
    check(record_visit)
    shown = capsys.readouterr().out
    assert "1 of 2" in shown
    assert "✗ record_visit loses no visit" in shown
    assert "record_visit(r, '" in shown
    assert "INCR reads and writes in one step" in shown
    assert "visits:" in shown and "string · no expiry" in shown
    assert client.keys() == ["mine"]


def test_html_escapes_what_it_did_not_write(client):
    names = functions_of(
        STRINGS.notebook, "def record_visit(r, page):\n    r.set('<b>', '<script>')\n    return '<i>'"
    )
    html = Shown("record_visit", *ran(STRINGS, names["record_visit"])).html()
    assert "<script>" not in html and "<b>" not in html and "<i>" not in html
    assert "&lt;script&gt;" in html


def test_it_answers_at_once(client):
    names = functions_of(STRINGS.solution / "09_strings.ipynb")
    ran(STRINGS, names["record_visit"])
    start = time.process_time()
    ran(STRINGS, names["record_visit"])
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("    while True: pass", "had not ended"),
        ("    raise SystemExit", "ended the program"),
        ("    return 1 / 0", "ZeroDivisionError"),
        ("    return object()", "plain data"),
    ],
)
def test_what_goes_wrong_in_the_function_is_told(client, body, says):
    names = functions_of(STRINGS.notebook, f"def time_left(r, key):\n{body}")
    (one,), _ = ran(STRINGS, names["time_left"])
    assert one.outcome is Outcome.FAILED
    assert says in one.hint


@pytest.mark.parametrize("seconds", ["1", "int(seconds)"])
def test_two_calls_at_once_leave_the_notebooks_redis_url_as_it_was(client, seconds):
    before = os.environ["REDIS_URL"]
    lesson = lessons.find("10_lists")
    names = functions_of(
        lesson.notebook,
        f"def wait_for_job(r, queue, seconds):\n    return (r.blpop('jobs:' + queue, timeout={seconds}) or [None, None])[1]",
    )
    checks, _ = ran(lesson, names["wait_for_job"])
    assert {one.id: one.outcome for one in checks}["test_wait_for_job_gives_up"] is Outcome.FAILED
    assert os.environ["REDIS_URL"] == before


def test_without_redis_it_says_so(monkeypatch, capsys):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    check(record_visit)
    assert "workshop lab" in capsys.readouterr().out


def test_an_unknown_function_says_so(capsys):
    check(len)
    assert "No lesson has an exercise called len" in capsys.readouterr().out


def test_outputs_of_checks_do_not_vary():
    for lesson in NOTEBOOKS:
        cells = read(lesson.solution / f"{lesson.name}.ipynb")["cells"]
        for cell in cells:
            for output in cell.get("outputs", []):
                assert "✗" not in json.dumps(output, ensure_ascii=False), (lesson.name, cell["id"])
