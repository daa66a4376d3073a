"""Workers on other machines: killed, cut off, and with a Redis that ends; and a queue that may not be used."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict

import pytest
from calling import workshop
from classes import LESSON, graded, grader, runs_in, submissions
from queues import ENV, SCRIPT, Server, in_background, verdicts, wait_for

from workshop.classroom import network
from workshop.classroom.digests import grader_of
from workshop.classroom.ledger import Job
from workshop.classroom.queues import BadQueue
from workshop.patience import until


@pytest.fixture(params=[True, False], ids=["with a log", "without a log"])
def server(tmp_path, request):
    folder = tmp_path / "redis"
    folder.mkdir()
    made = Server(folder, request.param)
    yield made
    made.kill()


@pytest.fixture
def workers(tmp_path, server):
    started = []

    def start():
        with (tmp_path / "workers.log").open("ab") as log:
            command = [sys.executable, SCRIPT, "worker", server.url, str(tmp_path / "runs")]
            started.append(subprocess.Popen(command, env=ENV, stderr=log, stdout=log))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_two_workers_grade_a_class_and_a_killed_ones_job_goes_to_the_other(tmp_path, server, workers):
    submissions(
        tmp_path / "in", ada="long ada", bob="passed bob", cy="failed cy", dan="unchecked dan", eve="crash eve"
    )
    first = workers()
    result = in_background(lambda: graded(tmp_path, queue=server.url))
    wait_for(tmp_path / "runs", 1)
    time.sleep(0.3)
    first.kill()
    began = time.monotonic()
    workers(), workers()
    _, rows = result()
    assert verdicts(rows) == {"ada": "passed", "bob": "passed", "cy": "failed", "dan": "unchecked", "eve": "unchecked"}
    assert time.monotonic() - began < 40
    counts = Counter(runs_in(tmp_path / "runs"))
    assert counts["dan"] == counts["eve"] == 2 and max(counts.values()) <= 2 and counts["ada"] == 2


def test_a_redis_that_is_killed_in_mid_run_loses_nothing(tmp_path, server, workers):
    names = [f"s{one}" for one in range(12)]
    submissions(tmp_path / "in", **{name: f"slow {name}" for name in names})
    workers(), workers()
    result = in_background(lambda: graded(tmp_path, queue=server.url))
    wait_for(tmp_path / "runs", 4)
    server.kill()
    time.sleep(1)
    server.start()
    _, rows = result()
    assert set(verdicts(rows).values()) == {"passed"} and len(rows) == 12
    counts = Counter(runs_in(tmp_path / "runs"))
    assert max(counts.values()) <= 2 and sum(counts.values()) <= 12 + 4


def test_a_teachers_process_that_is_killed_finds_the_results_that_came_meanwhile(tmp_path, server, workers):
    names = [f"s{one}" for one in range(8)]
    submissions(tmp_path / "in", **{name: f"slow {name}" for name in names})
    teacher = subprocess.Popen(
        [sys.executable, SCRIPT, str(tmp_path), "1", server.url], env=ENV, stderr=subprocess.DEVNULL
    )
    workers()
    wait_for(tmp_path / "runs", 2)
    teacher.send_signal(signal.SIGKILL)
    teacher.wait()
    wait_for(tmp_path / "runs", 8)
    time.sleep(1)
    _, rows = graded(tmp_path, queue=server.url)
    assert set(verdicts(rows).values()) == {"passed"} and len(rows) == 8
    assert Counter(runs_in(tmp_path / "runs")) == dict.fromkeys(names, 1)


def test_a_worker_of_another_version_grades_nothing_and_ends(tmp_path, server, workers):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "app.py").write_text("passed")
    post = network.Post(server.url)
    job = Job("ada", LESSON.name, "w", "another grader", str(tmp_path / "work"), 1, 1, False)
    name = network.ident(job)
    post.ask("SET", post.key("c", f"work:{name}"), network.zipped(tmp_path / "work"))
    post.send({**asdict(job), "class": "c", "name": name, "limit": 60})
    assert workers().wait(40) == 0
    answer = json.loads(post.ask("LPOP", post.key("c", "results")))
    assert "another version" in answer["back"] and not answer.get("is_of_engine")
    assert not runs_in(tmp_path / "runs")


def test_a_job_that_another_has_ended_in_that_moment_is_not_run_again(server, tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "app.py").write_text("passed")
    job = Job("ada", LESSON.name, "w", grader_of(LESSON), str(tmp_path / "work"), 1, 1, False)
    name = network.ident(job)
    hand = network.Hand(server.url, {LESSON.name: LESSON}, 1, new_grader=grader(tmp_path / "runs"))
    key, ask = hand._post.key, hand._post.ask
    ask("SET", key("c", f"work:{name}"), network.zipped(tmp_path / "work"))

    def just_before(*command):
        if command[0] == "SET":
            ask("SADD", key("c", "done"), name)
        return ask(*command)

    hand._post.ask = just_before
    hand._grade("c", name, {**asdict(job), "class": "c", "name": name, "limit": 60})
    assert not runs_in(tmp_path / "runs") and not ask("EXISTS", key("c", f"busy:{name}"))


def test_a_run_whose_worker_was_gone_is_a_try(server, tmp_path, workers):
    submissions(tmp_path / "in", eve="crash eve")
    result = in_background(lambda: graded(tmp_path, queue=server.url))
    ask = network.Post(server.url).ask
    (out,) = until(lambda: ask("KEYS", "workshop-class:*:out"), 20)
    (name,) = ask("HKEYS", out)
    ask("HINCRBY", out.replace(b":out", b":runs"), name, 1)
    workers()
    _, rows = result()
    assert verdicts(rows) == {"eve": "unchecked"} and runs_in(tmp_path / "runs") == ["eve"]


def test_a_wrong_password_is_said_at_once(server, tmp_path):
    with pytest.raises(BadQueue, match="refuses the password"):
        network.Post(server.url.replace(server.password, "wrong")).ask("PING")
    done = workshop(
        "class",
        "grade",
        str(tmp_path),
        "--lessons",
        "1",
        "--out",
        str(tmp_path / "o"),
        "--queue",
        "redis://school.example/0",
    )
    assert done.returncode == 2 and "has no password" in done.stderr
