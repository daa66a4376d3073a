"""`look` and `trace` in a notebook, on a real Redis."""

import pytest

from workshop.grading.bench import Session
from workshop.notebooks import connect, inside, look, trace
from workshop.reports.notebook import Shown
from workshop.runtimes.embedded import LocalRedis


@pytest.fixture(scope="module")
def server():
    with Session("embedded") as session:
        made = LocalRedis(session.run)
        yield made
        made.end()


@pytest.fixture
def r(server, monkeypatch):
    monkeypatch.setenv("REDIS_URL", server.url)
    client = connect()
    client.flushdb()
    yield client
    client.close()


def in_two_steps(r, page):
    count = int(r.get(f"visits:{page}") or 0) + 1
    r.set(f"visits:{page}", count)
    return count


def in_one_trip(r, page):
    return r.pipeline().incr(f"visits:{page}").expire(f"visits:{page}", 60).execute()[0]


def test_look_tells_what_is_there(r, capsys):
    r.zadd("board", {"ada": 3})
    look(r)
    assert "board · sorted set · 1 member" in capsys.readouterr().out


def test_trace_shows_two_trips_and_returns_the_value(r, capsys):
    assert trace(in_two_steps, "home") == 1
    assert capsys.readouterr().out.splitlines() == [
        *("in_two_steps(r, 'home') → 1", "  trip 1", "     GET visits:home", "  trip 2", "     SET visits:home 1"),
        "  2 commands on 2 trips",
    ]


def test_trace_shows_one_trip_of_a_pipeline(r, capsys):
    trace(in_one_trip, "home")
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == [
        "  trip 1",
        *(f"     {one}" for one in ("MULTI", "INCRBY visits:home 1", "EXPIRE visits:home 60", "EXEC")),
        "  4 commands on 1 trip",
    ]


def test_trace_shows_where_a_rival_came(r, capsys):
    assert trace(in_two_steps, "home", rival=("INCR", "visits:home")) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown.index("     ⇐ somebody else: INCR visits:home") == shown.index("     SET visits:home 1") - 1
    assert r.get("visits:home") == "1"


def test_trace_of_a_function_that_sends_nothing(r, capsys):
    assert trace(lambda r: 7) == 7
    assert "nothing was sent" in capsys.readouterr().out


def test_trace_closes_what_it_opened_where_the_function_raises(r):
    with pytest.raises(ZeroDivisionError):
        trace(lambda r: 1 / 0)
    assert r.ping()


def test_where_a_race_check_failed_the_rival_stands_between_the_commands(r):
    def record_visit(r, page):
        count = int(r.get(f"visits:{page}") or 0) + 1
        r.set(f"visits:{page}", count)
        return count

    lesson = inside.lesson_with("record_visit", 9)
    checks, _, sent = inside.run(lesson, inside.checks_of(lesson, "record_visit"), record_visit)
    assert [check.outcome for check in checks].count("failed") == 1
    told = [line for line in sent if not line.strip().startswith("trip")]
    rivals = [place for place, line in enumerate(told) if "⇐ somebody else: r.incr('visits:" in line]
    around = [[told[place + step].split(":")[0].strip() for step in (-1, 1)] for place in rivals]
    assert around == [["GET visits", "SET visits"]]
    assert "sent to Redis" in Shown("record_visit", checks, [], sent).text()
    assert "somebody else" in Shown("record_visit", checks, [], sent).html()
