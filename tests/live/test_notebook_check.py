"""`check` inside a notebook: the lesson's own grader on the student's own Redis, at once, in words and in HTML."""

import asyncio
import json
import linecache
import os
import threading
import time

import pytest
import redis

from workshop.course import lessons
from workshop.engine.run import Run
from workshop.exercises.cells import code_cells, read
from workshop.notebooks import check, inside
from workshop.patience import until
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
        if "def " in source or "connect()" in source:
            exec(source, names)
    for source in sources:
        exec(source, names)
    return names


def ran(lesson, function):
    return inside.run(lesson, inside.checks_of(lesson, function.__name__), function)[:2]


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
        ("    return 1 / 0", "below the line was 0"),
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


def test_a_client_of_the_notebooks_own_meets_the_check_too(client):
    """`r` of the notebook, in a helper that a function calls, alone and beside others."""
    sources = """
import redis, os, types
own = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
shop = types.SimpleNamespace(clients=3, redis=redis.Redis.from_url(os.environ["REDIS_URL"]))
def bump(page):
    return own.incr(f"visits:{page}")
def record_visit(r, page):
    return bump(page)
"""
    names = functions_of(STRINGS.notebook, sources)
    own = names["own"]
    own.set("mine", "stays")
    checks, _ = ran(STRINGS, names["record_visit"])
    assert {one.outcome for one in checks} == {Outcome.PASSED}, checks
    assert own.keys() == ["mine"]
    names = functions_of(STRINGS.notebook, sources.replace("own.incr", "shop.redis.incr"))
    assert {one.outcome for one in ran(STRINGS, names["record_visit"])[0]} == {Outcome.PASSED}


ASYNC = """
import asyncio, os
import redis.asyncio
def record_visit(r, page):
    async def count():
        async with redis.asyncio.Redis.from_url(os.environ["REDIS_URL"]) as own:
            return await own.incr(f"visits:{page}")
    return asyncio.run(count())
"""


def test_asyncio_run_works_in_a_notebook_whose_loop_runs(client):
    async def cell():
        names = functions_of(STRINGS.notebook, ASYNC)
        return ran(STRINGS, names["record_visit"])[0]

    checks = asyncio.run(cell())
    assert {one.outcome for one in checks} == {Outcome.PASSED}, checks


def test_an_error_from_the_library_is_placed_in_the_students_line(client):
    source, names = "import json\ndef time_left(r, key):\n    return json.loads('{')", {}
    linecache.cache["a cell"] = (len(source), None, source.splitlines(keepends=True), "a cell")
    exec(compile(source, "a cell", "exec"), names)
    (one,), _ = ran(STRINGS, names["time_left"])
    assert "JSONDecodeError" in one.actual
    assert "at line 3 of the cell: return json.loads('{')" in one.actual


def test_a_thread_of_the_notebook_keeps_its_own_connections(client):
    own = "import os\nown = redis.Redis.from_url(os.environ['REDIS_URL'])"
    names = functions_of(STRINGS.solution / "09_strings.ipynb", own)
    ended = threading.Event()

    def keep_counting():
        while not ended.wait(0.0005):
            names["own"].incr("ticks")

    thread = threading.Thread(target=keep_counting)
    thread.start()
    try:
        checks, _ = ran(STRINGS, names["read_settings"])
    finally:
        ended.set()
        thread.join()
    assert {one.outcome for one in checks} == {Outcome.PASSED}, checks
    assert int(client.get("ticks")) > 0


POLLS = """
def wait_for_job(r, queue, seconds):
    while (job := r.lpop("jobs:" + queue)) is None:
        pass
    return job
"""


def test_what_a_check_has_left_ends_with_it(client):
    lesson = lessons.find("10_lists")
    names = functions_of(lesson.notebook, POLLS)
    before = threading.active_count()
    checks, _ = ran(lesson, names["wait_for_job"])
    assert Outcome.FAILED in {one.outcome for one in checks}
    assert until(lambda: threading.active_count() <= before, 3, 0.01)
    assert not client.info("clients")["blocked_clients"]
