"""A grader that is killed leaves nothing behind: no container, network, image, labelled or anonymous volume."""

import importlib
import json
import operator
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from calling import COMMAND, workshop

import workshop.cli.__main__ as command_line
from workshop.course.lessons import find
from workshop.course.places import ROOT
from workshop.engine import engine
from workshop.engine.run import Run
from workshop.patience import until

SOON = 5.0  # seconds after which all must be gone
LATE = 60.0  # seconds after which it must still be


def runs_in(state):
    """The ids of the runs that are alive in this state."""
    folder = Path(state["WORKSHOP_STATE"]) / "runs"
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def begun(state, seconds):
    """The ids of the runs that are alive some seconds after the first of them began."""
    until(lambda: runs_in(state), 30, 0.02)
    time.sleep(seconds)
    return runs_in(state)


def volumes_of(ids):
    """The volumes, anonymous ones too, of the containers of these runs."""
    containers = [
        name
        for run in ids
        for name in engine.docker("ps", "--all", "--quiet", "--filter", f"label=workshop.run={run}").out.split()
    ]
    return (
        set(engine.docker("inspect", "--format", "{{range .Mounts}}{{.Name}} {{end}}", *containers).out.split())
        if containers
        else set()
    )


def left_of(ids, volumes):
    """What is there of these runs: containers, networks, images, labelled volumes, and those of `volumes` that still are."""
    found = []
    for run in ids:
        for kind in (("ps", "--all"), ("network", "ls"), ("image", "ls", "--all"), ("volume", "ls")):
            found += engine.docker(*kind, "--quiet", "--filter", f"label=workshop.run={run}").out.split()
    return found + sorted(volumes & set(engine.docker("volume", "ls", "--quiet").out.split()))


def gone_soon(ids, volumes=frozenset()):
    """Empty once nothing of these runs is left; else what is, after a while."""
    return until(lambda: left_of(ids, volumes), SOON, 0.2, enough=operator.not_)


@pytest.fixture
def state(tmp_path):
    """A state of its own, so that runs of other tests are left alone."""
    return {**os.environ, "WORKSHOP_STATE": str(tmp_path / "state")}


@pytest.fixture(scope="session")
def later():
    """Takes the ids and volumes of ended runs; at the end of all tests, a minute after the last, nothing of them may be back."""
    ended = []

    def note(ids, volumes=frozenset()):
        ended.append((time.monotonic(), ids, volumes))

    yield note
    if ended:
        time.sleep(max(0.0, ended[-1][0] + LATE - time.monotonic()))
    assert not [left for _, ids, volumes in ended if (left := left_of(ids, volumes))]


@pytest.mark.parametrize(
    ("number", "signals"),
    [*((number, signal.SIGKILL) for number in "34789" for _ in range(2)), ("7", signal.SIGINT), ("7", signal.SIGTERM)],
)
def test_nothing_is_left_after(number, signals, state, later, has_engine):
    ids, within = [], 10.0
    while (
        not ids and within > 0.1
    ):  # a check that had ended before its moment came tells nothing: another one, and an earlier moment
        within /= 2
        check = subprocess.Popen(
            [*COMMAND, "check", number, "--solution"],
            cwd=ROOT,
            env=state,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        ids = begun(state, random.uniform(0, within))
        volumes = volumes_of(ids)
        check.send_signal(signals)
        check.wait(20)
    assert ids
    assert not gone_soon(ids, volumes)
    later(ids, volumes)


def test_nothing_is_left_of_checks_that_are_interrupted_while_they_begin(tmp_path, later, has_engine):
    for number in range(8):  # in this time the network and Redis are made in one thread, while another loads pytest
        state = {**os.environ, "WORKSHOP_STATE": str(tmp_path / str(number))}
        check = subprocess.Popen(
            [*COMMAND, "check", "7", "--solution"],
            cwd=ROOT,
            env=state,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        ids = begun(state, random.uniform(0, 0.6))
        check.send_signal(signal.SIGINT)
        assert check.wait(20) == 130
        assert ids and not gone_soon(ids)
        later(ids)


def test_an_interrupt_amid_an_import_comes_once_the_import_is_done(tmp_path, monkeypatch):
    (tmp_path / "slowly_imported.py").write_text(
        "import signal, time\nsignal.raise_signal(signal.SIGINT)\ntime.sleep(0.1)\nis_done = True\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    before = signal.signal(signal.SIGINT, command_line._interrupted)
    try:
        module = importlib.import_module("slowly_imported")
        assert module.is_done
        with pytest.raises(KeyboardInterrupt):
            time.sleep(5)
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_ends_the_checks_that_were_to_come_too(state):
    command = [*COMMAND, "check", "1", "7", "--solution", "--runtime", "embedded"]
    with subprocess.Popen(
        command, cwd=ROOT, env=state, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
    ) as check:
        said = ""
        while "✓" not in said:
            said += check.stdout.readline()
        check.send_signal(signal.SIGINT)
        said += check.stdout.read()
        assert check.wait(20) == 130
    assert "Lesson 1 " in said.replace("  ", " ") and "Lesson 7" not in said.replace("  ", " ")


def test_a_build_that_is_killed_leaves_no_image(tmp_path, state, later, has_engine):
    work = tmp_path / "03_dockerfile"
    shutil.copytree(find("3").solution, work)
    (work / "Dockerfile").write_text(
        (work / "Dockerfile").read_text() + f"\nRUN sleep 2 && echo {random.random()} >/tmp/x\n"
    )
    check = subprocess.Popen(
        [*COMMAND, "check", "3", "--work", str(work)],
        cwd=ROOT,
        env=state,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    ids = begun(state, 1)
    check.kill()
    check.wait()
    time.sleep(3)  # in which the build would have ended
    assert ids
    assert not gone_soon(ids)
    later(ids)


def test_a_container_that_is_still_being_made_goes_too(later, has_engine):
    """The engine makes what a `docker run` has asked for, also where that command has been ended in the meantime."""
    ids = []
    for pause in (0.04, 0.06, 0.08, 0.1, 0.12, 0.14):
        with Run() as run:
            ids.append(run.id)
            run.docker("version")
            words = [
                engine.command(),
                "run",
                "--rm",
                "--pull",
                "never",
                "--label",
                run.label,
                "python:3.13-slim",
                "sleep",
                "60",
            ]
            options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "pass_fds": run.inherited()}
            processes = [subprocess.Popen(words, **options) for _ in range(6)]
            for process in processes:
                run.started(process.pid)
            time.sleep(pause)
            run.close()
            for process in processes:
                process.wait()
    time.sleep(3)
    assert not left_of(ids, set())
    later(ids)


def test_the_next_run_sweeps_what_a_dead_sweeper_left(state, has_engine):
    check = subprocess.Popen(
        [*COMMAND, "check", "7", "--solution"],
        cwd=ROOT,
        env=state,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    ids = begun(state, 1)
    sweepers = subprocess.run(
        ["pgrep", "-P", str(check.pid), "-f", "sweeper.py"], capture_output=True, text=True, check=False
    ).stdout.split()
    assert sweepers
    for pid in map(int, sweepers):
        os.kill(pid, signal.SIGKILL)
    check.kill()
    check.wait()
    time.sleep(1)
    assert workshop("check", "1", "--solution", WORKSHOP_STATE=state["WORKSHOP_STATE"]).returncode == 0
    assert not gone_soon(ids)


def test_six_checks_at_once_all_end_right(state, has_engine):
    numbers = ["1", "2", "3", "7", "7", "9"]
    checks = [
        subprocess.Popen(
            [*COMMAND, "check", number, "--solution", "--json"],
            cwd=ROOT,
            env=state,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in numbers
    ]
    ended = [check.communicate(timeout=180)[0] for check in checks]
    told = [json.loads(out)["checks"] for out in ended]
    assert [
        (check["id"], check["hint"], check["actual"]) for one in told for check in one if check["outcome"] != "passed"
    ] == []
    assert [check.returncode for check in checks] == [0] * len(numbers)
    assert not runs_in(state)


def test_a_worker_whose_asker_is_gone_ends_without_a_word(tmp_path):
    lesson = find("1")
    command = [sys.executable, "-m", "workshop.grading.worker", "embedded"]
    job = {"lesson": lesson.name, "root": str(lesson.root), "work": str(lesson.solution), "seed": 1, "asked": None}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as worker:
        assert worker.stdin and worker.stdout and worker.stderr
        worker.stdout.close()
        worker.stdin.write(json.dumps(job) + "\n")
        worker.stdin.flush()
        assert "Traceback" not in worker.stderr.read()
        assert worker.wait(60) == 0
