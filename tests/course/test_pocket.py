"""Notebooks where there is no network, as in a browser: `check` finds with the Redis of this process what it finds with a real one, or says that it cannot."""

import datetime
import linecache
import os
import random
import threading
import time

import pytest
import redis
from pockets import CANNOT

from workshop.course.lessons import catalogue, find
from workshop.exercises.cells import code_cells, read
from workshop.notebooks import inside, trace
from workshop.proof.answers import cases
from workshop.report import Outcome
from workshop.wire.pocket import close_pocket, open_pocket

NOTEBOOKS = [lesson for lesson in catalogue() if lesson.notebook]
DRAWN = 1  # wrong answer of each lesson in a test run, another each day; WORKSHOP_POCKET=all takes all of them


@pytest.fixture
def pocket(monkeypatch):
    monkeypatch.delenv("REDIS_URL", raising=False)
    yield open_pocket()
    close_pocket()


def functions_of(path, *sources):
    """What the cells of a notebook define, as IPython keeps it: each cell with its text. Examples that fail are left."""
    names = {}
    texts = [source for _, source in code_cells(read(path)) if "def " in source or "import " in source]
    for number, source in enumerate([*texts, *sources]):
        file = f"cell-{number}"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        try:
            exec(compile(source, file, "exec"), names)
        except (redis.RedisError, ImportError):
            continue
    return names


def ran(lesson, function):
    return inside.run(lesson, inside.checks_of(lesson, function.__name__), function)[0]


def all_of(lesson, names):
    """All checks of a lesson, by their names."""
    return {check.id: check for name in inside.exercises_of(lesson) for check in ran(lesson, names[name])}


@pytest.mark.parametrize("lesson", NOTEBOOKS, ids=lambda lesson: lesson.name)
def test_the_solution_passes_or_says_what_it_takes(pocket, lesson):
    checks = all_of(lesson, functions_of(lesson.solution / f"{lesson.name}.ipynb"))
    left = {name for name, check in checks.items() if check.outcome is not Outcome.PASSED}
    assert left == CANNOT.get(lesson.number, set())
    for name in left:
        assert checks[name].outcome is Outcome.UNCHECKED
        assert "The live workshop can" in checks[name].hint


def drawn(lesson):
    """The answers of a lesson that this run asks."""
    known = cases(lesson)
    if os.environ.get("WORKSHOP_POCKET") == "all":
        return known[2:]
    draw = random.Random(f"{datetime.date.today()}/{lesson.name}")
    wrong = [case for case in known if case.kind == "wrong" and not case.removes]
    return [case for case in known if case.kind == "right"][:1] + draw.sample(wrong, DRAWN)


@pytest.mark.parametrize("lesson", NOTEBOOKS, ids=lambda lesson: lesson.name)
def test_no_wrong_answer_passes_and_no_right_one_fails(pocket, lesson, tmp_path):
    for number, case in enumerate(drawn(lesson)):
        folder = case.build(tmp_path / str(number))
        names = functions_of(folder / f"{lesson.name}.ipynb")
        own = (case.overlay / "functions.py").read_text(encoding="utf-8")
        asked = [name for name in inside.exercises_of(lesson) if name in names and f"def {name}(" in own]
        checks = {check.id: check for name in asked for check in ran(lesson, names[name])}
        outcomes = {check.outcome for check in checks.values()}
        if case.kind == "right":
            assert Outcome.FAILED not in outcomes, (case.name, checks)
            continue
        owner = checks[case.trips[0]]
        assert owner.outcome in (Outcome.FAILED, Outcome.UNCHECKED), (case.name, owner)
        is_timed = owner.id.startswith("test_measure")  # the cause is told by times, which a busy machine changes
        if owner.outcome is Outcome.FAILED and Outcome.UNCHECKED not in outcomes and not is_timed:
            assert owner.mistake == case.mistake, (case.name, owner)


def test_a_loop_without_end_is_ended(pocket):
    lesson = find("09_strings")
    names = functions_of(lesson.notebook, "def time_left(r, key):\n    while True:\n        pass\n")
    (check,) = ran(lesson, names["time_left"])
    assert check.mistake == "call_never_ended"
    names = functions_of(lesson.notebook, "import time\ndef time_left(r, key):\n    time.sleep(900)\n")
    (check,) = ran(lesson, names["time_left"])
    assert check.mistake == "call_never_ended"
    assert time.sleep.__name__ == "sleep"


def test_threads_are_not_played(pocket):
    lesson = find("09_strings")
    body = "import threading\ndef time_left(r, key):\n    threading.Thread(target=print).start()\n"
    (check,) = ran(lesson, functions_of(lesson.notebook, body)["time_left"])
    assert check.outcome is Outcome.UNCHECKED
    assert "threads" in check.hint
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


def test_a_wait_ends_or_is_refused(pocket):
    with redis.Redis(socket_timeout=None) as client:
        began = time.monotonic()
        assert client.blpop("jobs", timeout=0.1) is None
        assert 0.1 <= time.monotonic() - began < 5
        with pytest.raises(RuntimeError, match="nobody else is here"):
            client.blpop("jobs", timeout=0)
    with redis.Redis(socket_timeout=0.05) as hasty, pytest.raises(redis.TimeoutError):
        hasty.blpop("jobs", timeout=2)


@pytest.mark.parametrize(
    "words", [("INFO",), ("CONFIG", "GET", "*"), ("OBJECT", "ENCODING", "a"), ("EVAL", "return 1", "0"), ("NONSENSE",)]
)
def test_what_it_does_not_know_names_the_other_way(pocket, words):
    with redis.Redis() as client, pytest.raises(redis.ResponseError, match=r"does not know .*`\./workshop lab`"):
        client.execute_command(*words)


def test_scan_names_all_in_no_order_and_again_what_it_named_if_others_write(pocket):
    with redis.Redis(decode_responses=True) as client:
        names = [f"key:{number:03}" for number in range(100)]
        client.mset(dict.fromkeys(names, "x"))
        cursor, page = client.scan(0, count=30)
        assert page != sorted(page)
        _, rest = client.scan(cursor, count=100)
        assert sorted(page + rest) == names
        client.delete(*names[50:])
        _, rest = client.scan(cursor, count=100)
        assert set(page) & set(rest)
        assert set(page + rest) >= set(names[:50])


def test_a_call_is_traced_with_its_rival(pocket, capsys):
    def record_visit(r, page):
        count = int(r.get(f"visits:{page}") or 0) + 1
        r.set(f"visits:{page}", count)
        return count

    assert trace(record_visit, "home", rival=("INCR", "visits:home")) == 1
    shown = capsys.readouterr().out
    assert (
        shown.index("GET visits:home")
        < shown.index("somebody else: INCR visits:home")
        < shown.index("SET visits:home")
    )
    assert "2 trips" in shown
