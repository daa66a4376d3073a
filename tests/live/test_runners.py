"""Where notebooks run: beside the relay, with no more reach than before, and one after the other."""

import json

import pytest

from workshop.exercises.remote import RemoteNotebook
from workshop.grading.bench import Session
from workshop.outcomes import Mismatch
from workshop.wire.trail import Trail

CELL = """
def reach(r):
    import os, socket, time
    found = {"url": os.environ["REDIS_URL"], "ping": r.ping()}
    begin = time.monotonic()
    try:
        socket.getaddrinfo("canary.example", 80)
    except OSError as error:
        found["outside"] = type(error).__name__
    found["at once"] = time.monotonic() - begin < 3
    for name, act in {
        "relay's port": lambda: socket.create_server(("127.0.0.1", 6379)),
        "raw socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
        "write": lambda: open("/etc/hosts", "a"),
    }.items():
        try:
            act()
            found[name] = "possible"
        except OSError as error:
            found[name] = type(error).__name__
    return found


def stays(r):
    import os, signal, time
    if os.fork() == 0:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        while True:
            time.sleep(1)
    return True


def writes(r):
    import os
    for place in ("/tmp", "/dev/shm"):
        os.makedirs(place + "/a/b")
        open(place + "/a/b/c", "w").write("mine")
        open(place + "/file", "w").write("mine")
    return True


def locks(r):
    import os
    os.makedirs("/tmp/a/b")
    os.chmod("/tmp/a", 0)
    return True


def shares(r):
    import ctypes
    return ctypes.CDLL(None).shmget(1234, 100, 0o1666) >= 0


def keeps_writing(r):
    import os
    if os.fork() == 0:
        os.setsid()
        number = 0
        while True:
            number += 1
            open(f"/tmp/{number}", "w").write("mine")
            os.unlink(f"/tmp/{number - 1}") if number > 1 else None
    return True


def comes_upon(r):
    import os
    tables = [line for kind in ("shm", "sem", "msg") for line in open("/proc/sysvipc/" + kind).readlines()[1:]]
    return [name for place in ("/tmp", "/dev/shm") for name in os.listdir(place)] + tables


def speaks_for_the_host(r):
    import os
    found = {}
    for name, act in {
        "write": lambda: open("/proc/1/fd/2", "w"),
        "kill": lambda: os.kill(1, 9),
        "user": lambda: os.setuid(0),
    }.items():
        try:
            act()
            found[name] = "possible"
        except OSError as error:
            found[name] = type(error).__name__
    return found


def ends_all(r):
    import os, signal
    os.kill(-1, signal.SIGKILL)
"""


@pytest.fixture
def session(has_engine):
    with Session("docker") as made:
        yield made


@pytest.fixture
def notebook(session, tmp_path):
    """A function that makes a notebook of the cell above, in its turn."""
    path = tmp_path / "n.ipynb"
    cell = {"cell_type": "code", "source": CELL, "metadata": {}, "outputs": [], "execution_count": None}
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    runtime = session.runtime_for(tmp_path, "n")

    def make():
        return RemoteNotebook(path, session.runners, runtime.redis(), lambda asked: None, Trail())

    yield make
    runtime.close()


def test_beside_the_relay_there_is_no_more_to_reach(notebook):
    made = notebook()
    found = made.call("reach", limit=10)
    made.close()
    assert made._runner.beside
    assert found == {
        "url": "redis://127.0.0.1:6379/0",
        "ping": True,
        "outside": "gaierror",
        "at once": True,
        "relay's port": "OSError",
        "raw socket": "PermissionError",
        "write": "PermissionError",
    }


def containers(session):
    found = session.run.docker(
        "ps", "--no-trunc", "--quiet", "--filter", f"label={session.run.label}", "--filter", "name=notebook"
    )
    return found.out.split()


def users(session):
    """The users of the processes in the one container of notebooks."""
    (container,) = containers(session)
    return {line.split()[1] for line in session.run.docker("top", container, "-eo", "pid,uid").out.splitlines()[1:]}


def test_a_notebook_starts_only_where_the_one_before_is_gone(notebook, session):
    first = notebook()
    assert first.call("stays") is True
    before = containers(session)
    assert users(session) == {"0", "50000"}
    first.close()
    second = notebook()
    assert users(session) == {"0", "50001"}
    assert containers(session) == before
    second.close()


@pytest.mark.parametrize("function", ["writes", "locks", "shares", "keeps_writing"])
def test_what_a_notebook_left_is_not_the_next_ones(notebook, session, function):
    """Files are removed; where one cannot be removed, or something else is left, the next notebook has a container of its own."""
    first = notebook()
    assert first.call(function) is True
    before = containers(session)
    first.close()
    second = notebook()
    assert second.call("comes_upon") == []
    assert (containers(session) == before) == (function not in ("locks", "shares"))
    second.close()


def test_one_that_hangs_is_ended_with_its_container(notebook, session):
    first = notebook()
    before = containers(session)
    first._runner.end(hangs=True)
    second = notebook()
    assert second.call("comes_upon") == []
    assert containers(session) != before
    second.close()


def test_nobody_speaks_for_the_host(notebook):
    made = notebook()
    found = made.call("speaks_for_the_host")
    made.close()
    assert found == {"write": "PermissionError", "kill": "PermissionError", "user": "PermissionError"}


def test_who_ends_all_ends_not_the_host(notebook, session):
    first = notebook()
    before = containers(session)
    with pytest.raises(Mismatch):
        first.call("ends_all")
    first.close()
    second = notebook()
    assert second.call("stays") is True
    assert containers(session) == before
    second.close()
