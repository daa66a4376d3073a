"""What a person types: the current lesson as the default, near misses, trouble told once, nothing made that was not begun."""

import json
import os
import subprocess
import sys

import pytest
from labs import checkout
from machines import on, posix, stand_in

from workshop.course.lessons import find


@pytest.fixture
def call(tmp_path):
    """Calls the workshop in a checkout of its own."""
    folder = checkout(tmp_path / "checkout", "solutions", "answers")

    def called(*args, **env):
        done = subprocess.run(
            [sys.executable, "-m", "workshop.cli", *args],
            cwd=folder,
            env={**os.environ, "WORKSHOP_STATE": str(tmp_path / "own"), "PYTHONPATH": str(folder / "src"), **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
        )
        assert "Traceback" not in done.stdout + done.stderr
        return done

    called.folder = folder
    return called


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        (("chek",), 2, "Did you mean `./workshop check`?"),
        (("Start", "3"), 2, "Did you mean `./workshop start 3`?"),
        (("qqq",), 2, "There is no command qqq."),
        (("help",), 0, "doctor"),
        (("help", "check"), 0, "--solution"),
        (("help", "chek"), 2, "Did you mean"),
        (("21",), 2, "The nearest are 19 (cluster), 20 (ship_it)"),
        (("check", "--all", "3"), 2, "--all"),
        (("check", "--work", "nowhere"), 2, "nowhere"),
        (("more",), 1, "is not passed yet"),
    ],
)
def test_what_is_typed_leads_somewhere(typed, code, said, call):
    done = call(*typed)
    assert done.returncode == code and said in done.stdout + done.stderr, done.stdout + done.stderr


def test_a_number_alone_begins_that_lesson(call):
    done = call("1", "--runtime", "embedded")
    assert done.returncode == 1 and "This is still the starter." in done.stdout
    assert (call.folder / "work" / "01_hello_flask" / "app.py").exists()


def test_nothing_is_made_for_a_lesson_that_was_not_begun(call):
    done = call("check")
    assert done.returncode == 1 and "1 · Hello, Flask: not begun. `./workshop start 1` begins it." in done.stdout
    done = call("check", "--all", "--json", "--runtime", "embedded")
    reports = json.loads(done.stdout)["reports"]
    assert {report["verdict"] for report in reports} == {"failed"}
    assert all(report["checks"][0]["mistake"] == "folder_missing" for report in reports)
    assert not (call.folder / "work").exists()


def test_every_verb_takes_the_current_lesson(call):
    work = call.folder / "work" / "07_redis_api"
    assert call("check", "7", "--runtime", "embedded").returncode == 1
    assert "Lesson 7 ·" in call("check", "--runtime", "embedded").stdout
    assert "Hint 1 of" in call("hint").stdout
    (work / "app.py").write_bytes((find("7").solution / "app.py").read_bytes())
    done = call("check", "--runtime", "embedded")
    assert done.returncode == 0 and "`./workshop more 7`" in done.stdout, done.stdout
    for verb in ("more", "solution"):
        assert "app.py" in call(verb).stdout
    more = " ".join(call("more").stdout.split())
    assert (
        "curl -i http://127.0.0.1:5000/" in more
        and more.count("Another way:") == 2
        and "One more thing to try" in more
    )
    (work / "app.py").unlink()
    done = call("check", "7", "--runtime", "embedded")
    assert "`./workshop reset 7` restores the starter" in " ".join(done.stdout.split())
    assert "the last check failed" in call().stdout
    assert "kept in" in call("reset", "7").stdout and (work / "app.py").exists()


@posix
@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
            "is not running",
        ),
        (
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
            "may not talk to it",
        ),
    ],
)
def test_trouble_with_the_engine_is_told_once_by_its_cause(words, cause, call, tmp_path):
    done = call("check", "8", "--solution", **stand_in(tmp_path, on("version*", words)))
    said = " ".join(done.stdout.split())
    assert done.returncode == 3 and said.count(cause) == 1 and "Install" not in said, done.stdout


@posix
def test_a_wrong_docker_host_is_named(call, tmp_path):
    words = "Cannot connect to the Docker daemon at tcp://nowhere:2375. Is the docker daemon running?"
    done = call(
        "check", "3", "--solution", DOCKER_HOST="tcp://nowhere:2375", **stand_in(tmp_path, on("version*", words))
    )
    said = " ".join(done.stdout.split())
    assert done.returncode == 3 and said.count("DOCKER_HOST is set to tcp://nowhere:2375") == 1, done.stdout


@posix
def test_without_docker_it_says_to_install_it(call, tmp_path):
    done = call("check", "3", "--solution", PATH=str(tmp_path))
    said = " ".join(done.stdout.split())
    assert done.returncode == 3 and said.count("Install Docker") == 1, done.stdout


def test_a_place_that_cannot_be_written_is_a_sentence(call, tmp_path):
    (tmp_path / "a file").write_text("")
    for typed in (("hint",), ("reset", "1"), ("start",), ("check", "1")):
        done = call(*typed, WORKSHOP_STATE=str(tmp_path / "a file" / "state"))
        assert done.returncode == 3 and "cannot be written" in done.stderr and "WORKSHOP_STATE" in done.stderr
