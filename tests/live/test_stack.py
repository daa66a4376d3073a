"""A student's stack on a live engine: it sees nothing of this machine, and nothing of it stays behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workshop.compose.stack import Stack
from workshop.course.places import ROOT
from workshop.engine import engine
from workshop.engine.run import Run
from workshop.patience import until

TWO = """
services:
  web:
    image: python:3.13-slim
    command: python -m http.server 5000 --directory /tmp
    environment: {SEEN: "${CANARY:-nothing}", HOME_OF: "${HOME}", KEYS: "${DOCKER_AUTH_CONFIG:-nothing}", DOCKER_AUTH_CONFIG: }
    stop_signal: SIGKILL
    ports: ["5000"]
    volumes: [/anonymous]
  redis:
    image: redis:8
    volumes: [data:/data]
volumes: {data: {}}
"""


def from_text(run, text):
    def fresh():
        folder = run.scratch("copy")
        (folder / "docker-compose.yml").write_text(text)
        return folder

    return Stack.from_nothing(run, fresh, "08_compose", lambda asked: None)


def left_of(run_id):
    """What the engine still holds of a run."""
    kinds = (("ps", "--all"), ("network", "ls"), ("volume", "ls"), ("image", "ls", "--all"))
    return [engine.docker(*kind, "--quiet", "--filter", f"label=workshop.run={run_id}").out.split() for kind in kinds]


def test_a_stack_sees_nothing_of_this_machine_and_leaves_nothing(monkeypatch, has_engine):
    monkeypatch.setenv("CANARY", "sang")
    monkeypatch.setenv("DOCKER_AUTH_CONFIG", '{"auths": {}}')  # what the docker command itself may need
    with Run() as run:
        stack = from_text(run, TWO)
        stack.up()
        web = stack.service("web")
        seen = dict(word.split("=", 1) for word in web.inspect()["Config"]["Env"])
        assert (seen["SEEN"], seen["HOME_OF"] != os.environ.get("HOME")) == ("nothing", True)
        assert (seen["KEYS"], "DOCKER_AUTH_CONFIG" in seen) == ("nothing", False)
        volumes = [mount["Name"] for mount in web.inspect()["Mounts"]]
        assert stack.redis_cli("SET", "a", "b") == "OK"
        stack.down()
        assert not set(volumes) & set(engine.docker("volume", "ls", "--quiet").out.split())
        stack.up()
        assert stack.redis_cli("GET", "a") == "b"
        assert [len(stack.scale(web=2)), len(stack.containers("redis"))] == [2, 1]
        stack.close()
        assert left_of(run.id) == [[], [], [], []]


SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
from test_stack import TWO, from_text
from workshop.engine.run import Run
run = Run()
print(run.id, flush=True)
stack = from_text(run, TWO)
copy = stack.copy()
stack.up()
copy.wait()
print(*(mount["Name"] for one in (stack, copy) for mount in one.service("web").inspect()["Mounts"]), flush=True)
stack.down()
stack.up()
"""


@pytest.mark.parametrize("moment", [0.8, None])
def test_nothing_is_left_of_a_killed_grader(moment, has_engine):
    volumes = set()
    script = SCRIPT.format(tests=str(Path(__file__).parent))
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=env, text=True)
    run_id = process.stdout.readline().strip()
    if moment is None:
        volumes = set(process.stdout.readline().split())
        assert len(volumes) == 2
        moment = 0.3
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    lock = ROOT / ".workshop" / "runs" / run_id
    until(lambda: not lock.exists(), 60, 0.2)
    assert left_of(run_id) == [[], [], [], []]
    assert not volumes & set(engine.docker("volume", "ls", "--quiet").out.split())
