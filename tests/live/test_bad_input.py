"""Whatever is handed in ends in a verdict that names the cause, in time, and the next check runs."""

import json
import os
import time

import pytest
from calling import check, failures, outcomes, workshop, write

from workshop.course import lessons

FIRST = "test_the_service_answers_from_outside"
IMPORTS = "from flask import Flask, Response, redirect\nimport os, sys, time\napp = Flask(__name__)\n"
GOOD = '@app.get("/hello/<name>")\ndef hello(name):\n    return f"Hello {name}"\n@app.get("/healthz")\ndef healthz():\n    return {"status": "ok"}\n'
RUN = 'app.run(host="0.0.0.0", port=5000)\n'


def app(index, before=""):
    return f'{IMPORTS}{before}\n@app.get("/")\ndef index():\n{index}\n{GOOD}{RUN}'


@pytest.mark.parametrize(
    ("number", "near"),
    [("21", ("20",)), ("99", (lessons.catalogue()[-1].topic,)), ("redis_apo", ("redis_api",)), ("-3", ("1",))],
)
def test_a_lesson_that_is_not_there_names_the_nearest(number, near):
    done = workshop("check", "--json", "--", number)
    document = json.loads(done.stdout)
    assert done.returncode == 2
    assert document.keys() == {"error", "next"}
    assert number in document["error"]
    assert any(name in document["next"] for name in near)


@pytest.mark.parametrize("name", ["nowhere", "a_file"])
def test_what_is_no_folder_is_wrong_usage(name, tmp_path):
    (tmp_path / "a_file").write_text("x")
    done = workshop("check", "1", "--work", str(tmp_path / name), "--json")
    assert done.returncode == 2
    assert name in json.loads(done.stdout)["error"]


def empty(path):
    return path


def without_the_file(path):
    return write(path, notes_txt="x")


def not_utf8(path):
    (path / "app.py").write_bytes('# Grüße\nprint("x")\n'.encode("latin-1"))
    return path


def huge(path):
    write(path, app_py="")
    with (path / "data.bin").open("wb") as file:
        file.truncate(200 * 2**20)
    return path


def link_outside(path):
    outside = path.parent / "secret"
    outside.write_text("x")
    write(path, app_py="")
    (path / "data").symlink_to(outside)
    return path


def link_in_a_circle(path):
    write(path, app_py="")
    (path / "data").symlink_to(path / "data")
    return path


def pipe(path):
    write(path, app_py="")
    os.mkfifo(path / "pipe")
    return path


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (empty, "is empty"),
        (without_the_file, "no file app.py"),
        (not_utf8, "UTF-8"),
        (huge, "too large"),
        (link_outside, "leads out of the folder"),
        (link_in_a_circle, "symbolic link"),
        (pipe, "neither a file nor a folder"),
    ],
)
def test_an_odd_folder_is_one_failure_with_its_cause(make, says, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    code, report = check(1, make(folder), "--runtime", "embedded")
    assert code == 1
    assert report["verdict"] == "failed"
    assert says in failures(report)[FIRST]
    assert outcomes(report) == {"failed": 1, "blocked": 6}


@pytest.mark.parametrize(
    ("name", "text", "failing", "says"),
    [
        (
            "endless output",
            app(
                '    return "Hello World"',
                "import threading\nthreading.Thread(target=lambda: [print('x' * 99) for _ in iter(int, 1)]).start()",
            ),
            None,
            None,
        ),
        (
            "forks without end",
            app("    while True:\n        os.fork() or time.sleep(60)"),
            "test_the_first_page_says_hello_world",
            "processes",
        ),
        (
            "takes all memory",
            app("    held = []\n    while True:\n        held.append(b'x' * 10**7)"),
            "test_the_first_page_says_hello_world",
            "memory",
        ),
        (
            "endless body",
            app("    return Response(iter(lambda: 'x' * 10000, None))"),
            "test_the_first_page_says_hello_world",
            "never ends",
        ),
        (
            "slow endless body",
            app("    return Response((time.sleep(0.1) or 'x' for _ in iter(int, 1)))"),
            "test_the_first_page_says_hello_world",
            "never finished",
        ),
        (
            "redirect in a circle",
            app('    return redirect("/")'),
            "test_the_first_page_says_hello_world",
            "sends the client on",
        ),
        (
            "header and then nothing",
            app(
                '    return Response((time.sleep(600 * n) or "x" for n in range(2)), headers={"Content-Length": "5"})'
            ),
            "test_the_first_page_says_hello_world",
            "never finished",
        ),
        ("never answers", app("    time.sleep(600)"), "test_the_first_page_says_hello_world", "no answer in"),
        ("dies at a request", app("    os._exit(3)"), "test_the_first_page_says_hello_world", "code 3"),
    ],
)
def test_a_hostile_service_fails_for_itself_alone(name, text, failing, says, tmp_path, has_engine):
    start = time.monotonic()
    code, report = check(1, write(tmp_path / "work", app_py=text), "--runtime", "docker")
    unescaped = {"test_the_name_is_escaped"}
    assert set(failures(report)) - unescaped == ({failing} if failing else set()), report
    assert code == 1
    if says:
        assert says in failures(report)[failing]
    assert outcomes(report).get("blocked", 0) == outcomes(report).get("unchecked", 0) == 0
    assert time.monotonic() - start < 40


BASE = "FROM python:3.13-slim\n"


@pytest.mark.parametrize(
    ("dockerfile", "says", "env"),
    [
        ("RUN while :; do sleep 1; done\n", "still running after", {"WORKSHOP_BUILD_LIMIT": "6"}),
        ("RUN dd if=/dev/zero of=/big bs=1M count=900\n", "wrote a file larger than", {}),
        (
            "RUN i=0; while :; do i=$((i+1)); dd if=/dev/zero of=/big$i bs=1M count=100 2>/dev/null; done\n",
            "the disk was filling up",
            {"WORKSHOP_BUILD_SPACE": "400"},
        ),
        ("RUN yes\n", "still running after", {"WORKSHOP_BUILD_LIMIT": "6"}),
    ],
)
def test_a_hostile_build_ends_in_time(dockerfile, says, env, tmp_path, has_engine):
    start = time.monotonic()
    code, report = check(
        3, write(tmp_path / "work", app_py="", Dockerfile=BASE + dockerfile), "--runtime", "docker", **env
    )
    assert code == 1
    hints = list(failures(report).values())
    assert len(hints) == 1 and says in hints[0], report
    assert time.monotonic() - start < 60
