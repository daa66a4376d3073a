"""Notebooks as students hand them in, also broken ones: each is graded on the functions it defines, and an exercise fails for itself alone."""

import json
import time
from pathlib import Path

import pytest

from workshop.causes.general import GENERAL
from workshop.course import handin
from workshop.course.lessons import find
from workshop.exercises import cells
from workshop.exercises.remote import RemoteNotebook
from workshop.exercises.source import with_functions
from workshop.grading.bench import Session
from workshop.grading.grade import grade
from workshop.mistakes.finding import Search, Sight
from workshop.outcomes import Mismatch, NotUp
from workshop.patience import until
from workshop.report import Outcome
from workshop.wire.trail import Trail

RUNTIMES = ["embedded", "docker"]


def why(error):
    """The sentence that a report shows for what a call ended with."""
    return error.hint or Search(Sight(error.facts)).first(GENERAL).hint


CELLS = """
import os
import redis
from workshop.notebooks import check
r = redis.Redis.from_url(os.environ["REDIS_URL"])
###
doubled = twice(3)
###
def twice(number):
    return 2 * number
###
%timeit -n1 -r1 None
magic = get_ipython().run_line_magic("who_ls", "")
###
def kinds(r, one):
    "Returns plain data of every kind."
    return (one, doubled, 1.5, None, True, b"bytes", {"set", "of"}, {"a": (1, 2), 7: []})
###
check(kinds)
r.set("from a cell", 1)
###
1 / 0
###
raise SystemExit
###
while True:
    pass
###
import os
os._exit(3)
###
def not_python(:
###
def begun(r):
    "Not written yet."
    # Your turn
###
def written(r):
    "Written."
    return "written"
###
def written(r):
    "The same cell once more, still empty."
###
def fails(r):
    return {}["key"]
###
def hangs(r):
    while True:
        try:
            print("x" * 100000)
        except BaseException:
            pass
###
def waits(r, key):
    return r.blpop(key, 0)
###
def gives_up(r):
    os._exit(0)
###
def leaves(r):
    raise SystemExit(1)
###
def forks(r):
    os.fork()
    return os.getpid() and "forked"
###
def empties(r):
    r.flushall()
    return r.dbsize()
###
def stops(r):
    r.shutdown(nosave=True)
###
def changes(r):
    r.config_set("maxmemory", "1mb")
###
def keeps_busy(r):
    r.eval("while true do end", 0)
###
def generates(r):
    yield 1
###
def large(r):
    return "x" * 10**7
###
def of_its_own(r, key):
    return redis.Redis.from_url(os.environ["REDIS_URL"]).incr(key)
###
def remembers(r, known=[]):
    known.append(1)
    return len(known)
###
def ends_up_nowhere(r):
    return sorted(r.smembers("a"))[3]
###
import threading
import time
def keep_counting():
    while True:
        r.incr("ticks")
        time.sleep(0.001)
threading.Thread(target=keep_counting, daemon=True).start()
###
def polls(r, key):
    while (found := r.lpop(key)) is None:
        pass
    return found
###
from workshop.notebooks import connect, look
own = connect()
look("anything").more
def asks_with_its_own(r, key):
    return own.incr(key), redis.Redis.from_url(os.environ["REDIS_URL"]).incr(key)
###
def is_impatient(r, key):
    return redis.Redis.from_url(os.environ["REDIS_URL"]).blpop(key, 20)
###
def kills_the_next(r, hesitates):
    runner, victims = os.getppid(), []
    if os.fork() == 0:
        os.setsid()
        while r.set("seen", 1) and r.get("next") is None:
            pass
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/stat") as file:
                    parent = int(file.read().rpartition(")")[2].split()[1])
            except OSError:  # it has ended meanwhile
                continue
            if parent == runner and int(name) != os.getpid():
                victims.append(int(name))
        if hesitates:
            for victim in victims:
                os.kill(victim, 19)
            r.set("killed", 1)
            time.sleep(0.3)
        for victim in victims:
            os.kill(victim, 9)
        r.set("killed", 1)
        os._exit(0)
    while r.get("seen") is None:
        pass
    return True
###
def outer():
    def indented(r):
        return 1
###
def not_indented(r):
    "Its body begins at the left edge."
return 1
"""


def notebook_of(*sources):
    return {
        "cells": [{"cell_type": "code", "source": source} for source in sources],
        "nbformat": 4,
        "nbformat_minor": 5,
    }


class Opened:
    """A notebook in a session, with a client beside it."""

    def __init__(self, session, folder, document, without=frozenset()):
        path = folder / "n.ipynb"
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        self.runtime = session.runtime_for(folder, "n")
        self.server = self.runtime.redis()
        self.calls = Trail()
        self.notebook = RemoteNotebook(path, session.runners, self.server, lambda asked: None, self.calls, without)

        self.clients = {}

    @staticmethod
    def client(server):
        """A client of Redis itself, beside the relay."""
        import redis

        return redis.Redis(server.host, server.port, decode_responses=True, **server.options)

    @property
    def redis(self):
        """The client of where Redis is now: one that was started again has another port and another password."""
        place = (self.server.port, self.server.options.get("password"))
        if place not in self.clients:
            self.clients[place] = self.client(self.server)
        return self.clients[place]

    def close(self):
        for client in self.clients.values():
            client.close()
        self.notebook.close()
        self.runtime.close()


@pytest.fixture(scope="module", params=RUNTIMES)
def session(request):
    if request.param == "docker":
        request.getfixturevalue("has_engine")
    with Session(request.param) as made:
        yield made


@pytest.fixture(scope="module")
def opened(session, tmp_path_factory):
    document = notebook_of(*CELLS.split("###\n"))
    document["cells"].append({"cell_type": "markdown", "source": "def in_markdown(r):\n    return 1"})
    made = Opened(session, tmp_path_factory.mktemp("n"), document)
    yield made
    made.close()


@pytest.fixture
def notebook(opened):
    opened.notebook.fresh()
    return opened.notebook


def test_values_come_back_as_plain_data(notebook):
    assert notebook.kinds("é\n") == ["é\n", 6, 1.5, None, True, "bytes", {"set", "of"}, {"a": [1, 2], 7: []}]


def test_a_cell_that_was_too_early_runs_again(notebook):
    assert notebook.kinds(1)[1] == 6


def test_a_copy_without_a_body_does_not_hide_the_written_one(notebook):
    assert notebook.written() == "written"


def test_not_attempted_is_told_once_and_is_no_failure_of_its_own(notebook):
    with pytest.raises(NotUp, match="Not attempted") as first:
        notebook.begun()
    with pytest.raises(NotUp) as second:
        notebook.begun()
    assert first.value is second.value


def test_a_missing_function_names_its_cell_and_why(notebook):
    with pytest.raises(NotUp, match="code cell 11") as broken:
        notebook.not_python()
    assert "SyntaxError" in broken.value.actual
    with pytest.raises(NotUp, match="No cell of the notebook defines `nowhere`"):
        notebook.nowhere()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("indented", "inside something else"),
        ("in_markdown", "in a cell of text"),
        ("Written", "but one defines `written`"),
        ("not_indented", "stops before it is done"),
    ],
)
def test_a_function_in_another_place_is_found_there(notebook, name, says):
    with pytest.raises(NotUp, match=says):
        notebook.call(name)


def test_an_exception_comes_with_its_line(notebook):
    with pytest.raises(Mismatch, match="KeyError") as error:
        notebook.fails()
    assert error.value.asked == "fails(r)"
    assert "line 2: return {}[" in error.value.actual


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gives_up", "ended its own process"),
        ("leaves", "ended the program"),
        ("generates", "generator"),
        ("large", "more data than anyone"),
        ("fails", "no key"),
    ],
)
def test_what_ends_badly_says_so_and_the_rest_goes_on(notebook, name, says):
    with pytest.raises(Mismatch) as ended:
        notebook.call(name)
    assert says in why(ended.value)
    assert notebook.written() == "written"


def test_a_call_with_other_arguments(notebook):
    with pytest.raises(Mismatch) as ended:
        notebook.kinds()
    assert "Leave its first line" in why(ended.value)


def test_what_never_ends_is_ended(notebook):
    with pytest.raises(Mismatch, match="had not ended"):
        notebook.call("hangs", limit=0.5)
    assert notebook.written() == "written"


@pytest.mark.parametrize("name", ["stops", "keeps_busy"])
def test_a_redis_that_was_stopped_is_back_for_the_next(opened, name):
    opened.notebook.fresh()
    with pytest.raises(Mismatch, match=r"does not answer any more|had not ended"):
        opened.notebook.call(name, limit=1)
    opened.notebook.fresh()
    assert opened.notebook.of_its_own("n") == 1


def test_settings_that_were_changed_are_as_before(opened):
    opened.notebook.fresh()
    opened.notebook.changes()
    opened.notebook.fresh()
    with Opened.client(opened.server) as client:
        assert client.config_get("maxmemory") == {"maxmemory": "0"}


LOADS = """
import os
import redis
r = redis.Redis.from_url(os.environ["REDIS_URL"])
known = r.script_load("return 1")
r.function_load("#!lua name=mine\\nredis.register_function('mine', function() return 2 end)", replace=REPLACE)
###
def knows(r):
    return [r.evalsha(known, 0), r.fcall("mine", 0)]
###
def puts_back(r):
    before = r.config_get("maxmemory")["maxmemory"]
    r.config_set("maxmemory", "100mb")
    r.config_set("maxmemory", before)
###
def leaves_changed(r):
    r.config_set("maxmemory", "100mb")
"""


def test_scripts_that_a_cell_loaded_stay_for_all_checks_and_not_for_the_next_student(session, tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        opened = Opened(session, tmp_path / name, notebook_of(*LOADS.replace("REPLACE", "False").split("###\n")))
        for _ in range(2):
            opened.notebook.fresh()
            assert opened.notebook.knows() == [1, 2]
        opened.close()


def test_a_cell_that_only_measures_is_left_out_while_it_is_as_it_was_handed_out(session, tmp_path):
    measure, changed = "seen = 1", "seen = 2"
    handed_out = {"cells": [{"cell_type": "code", "source": measure, "metadata": {"tags": ["measures"]}}]}
    for name, source, expected in (("same", measure, False), ("changed", changed, True)):
        (tmp_path / name).mkdir()
        document = notebook_of(source, "def has_run(r):\n    return 'seen' in globals()")
        opened = Opened(session, tmp_path / name, document, cells.measuring(handed_out))
        assert opened.notebook.has_run() is expected
        opened.close()


def test_settings_that_were_put_back_cost_no_restart(session, tmp_path):
    opened = Opened(session, tmp_path, notebook_of(*LOADS.replace("REPLACE", "True").split("###\n")))
    server = opened.redis.info("server")["run_id"]
    opened.notebook.puts_back()
    opened.notebook.fresh()
    assert opened.redis.info("server")["run_id"] == server
    opened.notebook.leaves_changed()
    opened.notebook.fresh()
    with Opened.client(opened.server) as client:
        assert client.info("server")["run_id"] != server
    opened.close()


def test_settings_that_the_last_call_changed_are_not_the_next_students(session, tmp_path):
    opened = Opened(session, tmp_path, notebook_of(*LOADS.replace("REPLACE", "True").split("###\n")))
    opened.notebook.leaves_changed()
    opened.close()
    following = Opened(session, tmp_path, notebook_of(*LOADS.replace("REPLACE", "True").split("###\n")))
    assert following.redis.config_get("maxmemory") == {"maxmemory": "0"}
    following.close()


def test_a_client_that_stayed_is_none_of_the_next_gradings(session, tmp_path):
    before = session.runtime_for(tmp_path, "n")
    stays = Opened.client(before.redis())
    stays.ping()
    before.close()
    following = session.runtime_for(tmp_path, "n")
    client = Opened.client(following.redis())
    assert until(lambda: len(client.client_list()) == 1, 5)  # one that was ended is listed a moment longer
    stays.close()
    following.close()


def test_each_check_begins_with_an_empty_redis(notebook):
    notebook.of_its_own("n")
    notebook.fresh()
    assert notebook.of_its_own("n") == 1
    assert notebook.empties() == 0


def test_each_call_begins_anew(notebook):
    assert [notebook.remembers(), notebook.remembers()] == [1, 1]
    assert notebook.forks() == "forked"


def test_a_call_that_a_check_has_left_does_nothing_in_the_next(opened):
    for name in ("polls", "waits", "polls"):
        opened.notebook.fresh()
        left = opened.notebook.start(name, "queue")
        assert not left.is_done(0.1)
        opened.notebook.fresh()
        opened.redis.rpush("queue", "job")
        assert opened.redis.info("clients")["blocked_clients"] == 0
        time.sleep(0.05)
        assert opened.redis.lrange("queue", 0, -1) == ["job"]
    assert opened.notebook.written() == "written"


def test_a_call_that_was_stopped_is_gone_before_the_next_begins(opened):
    opened.notebook.fresh()
    with pytest.raises(Mismatch, match="had not ended"):
        opened.notebook.call("polls", "queue", limit=0.2)
    opened.notebook.fresh()
    opened.redis.rpush("queue", "job")
    assert opened.notebook.written() == "written"
    assert opened.redis.lrange("queue", 0, -1) == ["job"]


def test_what_a_thread_of_the_notebook_sends_ends_with_the_cells(notebook, opened):
    assert opened.redis.exists("ticks") == 0
    time.sleep(0.05)
    assert opened.redis.exists("ticks") == 0
    with notebook.counted() as seen:
        assert notebook.asks_with_its_own("n") == [1, 2]
    assert dict(seen.commands) == {"incrby": 2}


def test_a_client_that_gives_up_sooner_than_it_was_asked_to_wait_is_noticed_at_once(opened):
    opened.notebook.fresh()
    for name, patience in (("waits", None), ("is_impatient", 5)):
        call = opened.notebook.start(name, "queue")
        assert until(lambda: opened.redis.info("clients")["blocked_clients"], 3, 0.01)
        assert call.patience == patience
        opened.redis.rpush("queue", "job")
        assert call.result()[1] == "job"


def test_how_a_function_is_written_is_told(notebook):
    assert notebook.outline("written")["gives"] is True
    assert notebook.outline("stops")["gives"] is False
    assert notebook.outline("nowhere") is None


def test_an_error_from_the_library_is_placed_in_the_students_line(notebook):
    with pytest.raises(Mismatch) as error:
        notebook.ends_up_nowhere()
    assert 'line 2: return sorted(r.smembers("a"))[3]' in error.value.actual


BOMBS = ["while True:\n    os.fork()", "while True:\n    try:\n        os.fork()\n    except OSError:\n        pass"]


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_cell_that_starts_processes_without_end_is_told_as_that_cell(has_engine, tmp_path, bomb):
    cells = ["import os", f"{bomb}\ndef one(r):\n    return 1", "def other(r):\n    return 2"]
    with Session("docker") as session:
        start = time.monotonic()
        opened = Opened(session, tmp_path, notebook_of(*cells))
        assert opened.notebook.other() == 2
        with pytest.raises(NotUp, match="code cell 2"):
            opened.notebook.one()
        assert time.monotonic() - start < 60  # with the containers that are started
        opened.close()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds its victim in /proc")
@pytest.mark.parametrize("hesitates", [False, True], ids=["killed", "killed_once_it_has_its_call"])
def test_what_an_earlier_call_left_does_no_harm_to_the_next(opened, hesitates):
    opened.notebook.fresh()
    assert opened.notebook.kills_the_next(hesitates) is True
    time.sleep(0.2)  # in which the process of the next call is forked
    with Opened.client(opened.server) as client:
        client.set("next", 1)
        in_container = opened.runtime.name == "docker"  # there, what a call has left ends with it
        assert bool(until(lambda: client.get("killed"), 1 if in_container else 10, 0.01)) is not in_container
    assert opened.notebook.written() == "written"


def test_a_call_may_wait_while_the_grader_acts(opened):
    opened.notebook.fresh()
    waiting = opened.notebook.start("waits", "queue")
    assert not waiting.is_done(0.3)
    with Opened.client(opened.server) as client:
        client.rpush("queue", "job")
    assert waiting.result() == ["queue", "job"]


def test_commands_and_round_trips_are_counted(notebook):
    with notebook.counted() as seen:
        notebook.of_its_own("n")
        notebook.kinds(1)
    assert (dict(seen.commands), seen.round_trips, seen.total) == ({"incrby": 1}, 1, 1)


def test_a_client_of_the_students_own_meets_the_rival(opened):
    opened.notebook.fresh()
    with (
        Opened.client(opened.server) as client,
        opened.notebook.rival(lambda: client.incr("n")) as seen,
    ):
        assert opened.notebook.of_its_own("n") == 2
    assert seen.acted == 1


@pytest.mark.parametrize(("at", "acts", "number"), [(1, 1, 2), (2, 0, 1)])
def test_a_rival_that_comes_in_before_one_step_only(opened, at, acts, number):
    opened.notebook.fresh()
    with Opened.client(opened.server) as client:
        client.delete("n")
        with opened.notebook.rival(lambda: client.incr("n"), at=at) as seen:
            assert opened.notebook.of_its_own("n") == number
    assert len(seen.acts) == acts


def test_asked_is_the_call_as_one_would_write_it(opened):
    opened.calls.clear()
    with pytest.raises(Mismatch):
        opened.notebook.fails("a b", x=[1])
    assert opened.calls == ["fails(r, 'a b', x=[1])"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty file"),
        ("{", "ends in the middle"),
        ('{"cells": [{"cell_type": "code", "sou', "ends in the middle"),
        ("{'cells': []}", "not JSON"),
        ("one, two", "not JSON"),
        ('{"cells": [\n<<<<<<< HEAD\n', "line 2 is a conflict mark"),
        ("[]", "no list of cells"),
        ('{"worksheets": []}', "no list of cells"),
        ('{"cells": []}', "no code cell"),
        ('{"cells": [{"cell_type": "markdown", "source": "# a"}, 3, null]}', "no code cell"),
    ],
)
def test_what_is_no_notebook_says_so(tmp_path, text, says):
    path = tmp_path / "n.ipynb"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NotUp, match=says):
        cells.code_cells(cells.read(path))


def test_the_copy_that_jupyterlab_keeps_is_offered_if_it_is_whole(tmp_path):
    path, copy = tmp_path / "n.ipynb", tmp_path / ".ipynb_checkpoints" / "n-checkpoint.ipynb"
    path.write_text("", encoding="utf-8")
    copy.parent.mkdir()
    for kept, is_offered in ((None, False), ("{", False), (json.dumps(notebook_of("1 + 1")), True)):
        if kept:
            copy.write_text(kept, encoding="utf-8")
        with pytest.raises(NotUp) as error:
            cells.read(path)
        assert (str(copy) in cells.with_copy(error.value, tmp_path, "n.ipynb").hint) is is_offered


@pytest.mark.parametrize(
    ("file", "mistake"),
    [
        ("9_row.py", "script_for_a_notebook"),
        ("Untitled.py", "script_for_a_notebook"),
        ("9_row.ipynb.txt", "file_misnamed"),
        ("9_row-Copy1.ipynb", "file_misnamed"),
        ("Untitled.ipynb", "file_misnamed"),
        ("notes.txt", "file_missing"),
    ],
)
def test_what_was_handed_in_for_a_notebook(tmp_path, file, mistake):
    (tmp_path / file).write_text("x", encoding="utf-8")
    with pytest.raises(NotUp) as error:
        handin.require(tmp_path, "9_row.ipynb", "9_row")
    assert error.value.mistake == mistake


def test_a_notebook_of_sixty_megabytes_is_told_to_clear_its_outputs(tmp_path):
    (tmp_path / "work").mkdir()
    with (tmp_path / "work" / "n.ipynb").open("wb") as file:
        file.truncate(60 * 2**20)
    with pytest.raises(NotUp, match=r"60 MB large. Clear its outputs"):
        handin.copy_in(tmp_path / "work", tmp_path / "copy", "9_row")


def test_a_notebook_in_another_encoding_says_so(tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_bytes('{"cells": "é"}'.encode("utf-16"))
    with pytest.raises(NotUp, match="UTF-8"):
        cells.read(path)


POLLING = """
def wait_for_job(r, queue, seconds):
    while (job := r.lpop(f"jobs:{queue}")) is None:
        pass
    return job
"""
COUNTED_BEFORE = """
def give_back(r, queue, worker):
    count = r.llen(f"working:{worker}")
    for _ in range(count):
        r.lmove(f"working:{worker}", f"jobs:{queue}", "RIGHT", "LEFT")
    return count
"""
GIVES_BACK = {"test_give_back_goes_beside_others"}


@pytest.mark.parametrize(("source", "fails"), [(POLLING, set()), (POLLING + COUNTED_BEFORE, GIVES_BACK)])
def test_a_call_that_polls_for_ever_changes_no_verdict_of_another_exercise(session, tmp_path, source, fails):
    lesson = find("10")
    notebook = f"{lesson.name}.ipynb"
    (tmp_path / notebook).write_bytes(with_functions(lesson.solution / notebook, source))
    for seed in (99639, 796953):
        checks = grade(lesson, tmp_path, session, seed=seed).checks
        failed = {check.id for check in checks if check.outcome is Outcome.FAILED}
        assert {name for name in failed if not name.startswith("test_wait_for_job")} == fails
        assert any(name.startswith("test_wait_for_job") for name in failed)
