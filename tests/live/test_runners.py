"""Where notebooks run: beside the relay, with no more reach than before, and one after the other."""

import json

import pytest

from workshop.exercises.remote import RemoteNotebook
from workshop.grading.bench import Session
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


def test_a_notebook_starts_only_where_the_one_before_is_gone(notebook, session):
    first = notebook()
    assert first.call("stays") is True
    first.close()
    second = notebook()
    assert first._runner._process.poll() is not None
    names = session.run.docker(
        "ps", "--quiet", "--filter", f"label={session.run.label}", "--filter", "name=notebook"
    ).out.split()
    assert len(names) == 1
    second.close()
