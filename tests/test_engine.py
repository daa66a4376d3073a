"""The docker command: what its real words stand for, and its time limit."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from missing import cannot

from workshop.engine import engine, images
from workshop.engine.engine import Done, trouble_in
from workshop.outcomes import NotUp, Unchecked
from workshop.runtimes import docker

CONTAINED = "http://%2Fvar%2Frun%2Fdocker.sock/v1.50/version"
PIPE = "http://%2F%2F.%2Fpipe%2FdockerDesktopLinuxEngine/v1.51/version"
NOT_FOUND = "The system cannot find the file specified."

# The words of docker commands, as their users reported them.
WORDS = [
    ("stopped", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"),
    (
        "stopped",
        "Cannot connect to the Docker daemon at unix:///run/user/1000/docker.sock. Is the docker daemon running?",
    ),
    (
        "stopped",
        "docker: Cannot connect to the Docker daemon at unix:///Users/ada/.colima/docker.sock. Is the docker daemon running?.",
    ),
    ("stopped", "Cannot connect to the Docker daemon at tcp://10.0.0.9:2375. Is the docker daemon running?"),
    (
        "stopped",
        "failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if "
        "the daemon is running: "
        "dial unix /var/run/docker.sock: connect: no such file or directory",
    ),
    (
        "stopped",
        "failed to connect to the docker API at npipe:////./pipe/docker_engine; check if the path is correct and "
        "if the daemon is "
        f"running: open //./pipe/docker_engine: {NOT_FOUND}",
    ),
    ("stopped", f'error during connect: Get "{PIPE}": open //./pipe/dockerDesktopLinuxEngine: {NOT_FOUND}'),
    (
        "stopped",
        "error during connect: In the default daemon configuration on Windows, the docker client must be run "
        "with elevated privileges to "
        f'connect.: Get "{PIPE}": open //./pipe/docker_engine_linux: {NOT_FOUND}',
    ),
    (
        "stopped",
        "request returned 500 Internal Server Error for API route and version "
        "http://%2FUsers%2Fada%2F.docker%2Frun%2Fdocker.sock/v1.51/version, "
        "check if the server supports the requested API version",
    ),
    (
        "stopped",
        f"request returned Internal Server Error for API route and version {PIPE}, check if the server supports the requested API version",
    ),
    (
        "permission",
        f'Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "{CONTAINED}": '
        "dial unix /var/run/docker.sock: connect: permission denied",
    ),
    ("permission", "permission denied while trying to connect to the docker API at unix:///var/run/docker.sock"),
    (
        "permission",
        f"error during connect: Get {PIPE}: open //./pipe/docker_engine: Access is denied. In the default daemon configuration on Windows, the "
        "docker client must be run elevated to connect. This error may also indicate that the docker daemon is "
        "not running.",
    ),
    (
        "versions",
        "Error response from daemon: client version 1.43 is too old. Minimum supported API version is 1.44, please upgrade your client",
    ),
    ("versions", "Error response from daemon: client version 1.52 is too new. Maximum supported API version is 1.45"),
    (
        "context",
        'Failed to initialize: unable to resolve docker endpoint: context "lab": context not found: open /home/ada/.docker/contexts/meta/…',
    ),
    (
        "wsl",
        "The command 'docker' could not be found in this WSL 2 distro.\nWe recommend to activate the WSL integration in Docker Desktop settings.",
    ),
    ("wsl", "The command 'docker' could not be found in this WSL 1 distro."),
    ("disk full", "Error response from daemon: write /var/lib/docker/tmp/GetImageBlob1: no space left on device"),
    ("disk full", "failed to register layer: disk quota exceeded"),
    (None, "Error response from daemon: No such container: web"),
    (None, "Error response from daemon: Conflict. The container name is in use"),
]


def failed(*args: str, err: str = "", out: str = "", code: int = 1) -> Done:
    return Done(args, code, out, err, 0.1)


@pytest.mark.parametrize(("kind", "words"), WORDS)
def test_each_trouble_is_known_by_the_words_of_the_docker_command(kind, words):
    assert trouble_in(failed("ps", err=words)) == kind
    assert trouble_in(failed("version", out=words)) == kind, "some say it on standard output"


@pytest.mark.parametrize(("kind", "words"), WORDS)
def test_what_a_container_says_is_no_word_of_the_engine(kind, words):
    assert trouble_in(failed("exec", "web", "sh", err=words)) is None
    assert trouble_in(failed("logs", "web", err=words)) is None
    assert trouble_in(failed("run", "image", err=words, code=1)) is None
    assert trouble_in(failed("run", "image", err=words, code=125)) == kind


def test_what_a_step_of_a_build_says_is_no_word_of_the_engine():
    said = "#7 [2/3] RUN docker ps\n#7 0.31 Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n"
    assert (
        trouble_in(failed("build", ".", err=said + "ERROR: process did not complete successfully: exit code: 1"))
        is None
    )
    assert trouble_in(failed("build", ".", err="ERROR: " + WORDS[0][1])) == "stopped"


def test_a_build_that_fills_the_disk_is_left_to_who_builds():
    assert trouble_in(failed("build", ".", err="ERROR: write /big: no space left on device")) is None


def test_every_kind_of_trouble_has_words_that_end_in_a_next_step():
    for kind in engine.TROUBLE:
        said = engine.EngineTrouble(kind, "raw words")
        assert said.kind == kind and said.actual == "raw words"
        assert "`" in said.hint, f"{kind} names no command"


def trouble(environment: dict[str, str]) -> tuple[str, float]:
    """The kind of trouble that a fresh process finds, and the seconds it took."""
    code = "from workshop.runtimes import engine; found = engine.trouble(); print(found.kind if found else None)"
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip(), time.monotonic() - start


def docker_says(folder: Path, script: str) -> dict[str, str]:
    """An environment in which `docker` is a shell script."""
    stand_in = folder / "docker"
    stand_in.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    stand_in.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


posix = pytest.mark.skipif(os.name != "posix", reason="the stand-in is a shell script")
real = pytest.mark.skipif(
    engine.trouble() is not None and engine.trouble().kind == "missing", reason="no docker command"
)


@posix
def test_a_docker_command_that_gives_no_answer_is_left_after_5_s(tmp_path):
    kind, seconds = trouble(docker_says(tmp_path, "exec sleep 60"))
    assert kind == "hangs" and seconds < 12


@posix
def test_an_answer_without_a_version_is_trouble(tmp_path):
    assert trouble(docker_says(tmp_path, "exit 0"))[0] == "call"


@posix
def test_a_list_is_read_whole_and_of_what_a_student_prints_both_ends(tmp_path, monkeypatch):
    lines = 400_000
    monkeypatch.setenv("PATH", docker_says(tmp_path, f"seq {lines}")["PATH"])
    assert engine.docker("ps", kept=engine.LISTED).out.split() == [str(number) for number in range(1, lines + 1)]
    ends = engine.docker("ps").out.split()
    assert (ends[0], ends[-1]) == ("1", str(lines)) and len(ends) < lines / 2


@posix
@real
def test_an_engine_that_takes_the_call_and_says_nothing_is_left_after_5_s(tmp_path):
    path = tmp_path / "silent.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        kind, seconds = trouble({"DOCKER_HOST": f"unix://{path}"})
    assert kind == "hangs" and seconds < 12


@posix
@real
def test_an_engine_that_answers_500_as_docker_desktop_does_is_not_running(tmp_path):
    path = tmp_path / "broken.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        server.settimeout(20)

        def answer() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    client.recv(65536)
                    client.sendall(
                        b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    )

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        assert trouble({"DOCKER_HOST": f"unix://{path}"})[0] == "stopped"
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@real
def test_an_engine_that_is_not_there_is_not_running(tmp_path):
    assert trouble({"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})[0] == "stopped"


@real
def test_a_context_that_is_not_there_is_named(tmp_path):
    assert trouble({"DOCKER_CONTEXT": "no-such-context", "DOCKER_HOST": ""})[0] in ("context", "stopped")


@posix
@real
def test_a_socket_of_another_user_is_a_matter_of_permission(tmp_path):
    if os.getuid() != 0:
        cannot("needs root to become somebody else")
    path = Path("/tmp") / f"workshop-test-{os.getpid()}.sock"
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            path.chmod(0o600)
            server.listen()
            done = subprocess.run(
                ["docker", "version"],
                env={"PATH": os.environ["PATH"], "DOCKER_HOST": f"unix://{path}"},
                user=65534,
                group=65534,
                capture_output=True,
                text=True,
            )
    finally:
        path.unlink(missing_ok=True)
    assert trouble_in(failed("version", err=done.stderr)) == "permission", done.stderr


@posix
def test_without_a_docker_command_it_says_so(tmp_path):
    assert trouble({"PATH": str(tmp_path)})[0] == "missing"


def test_the_log_of_an_ended_container_is_taken_once_it_grows_no_more():
    said = iter(["", "", "one\n", "one\ntwo\n", "one\ntwo\n", "never asked for"])
    run = SimpleNamespace(docker=lambda *_, **__: engine.Done((), 0, next(said), "", 0.0))
    assert docker.DockerService(run, "name", 5000).last_log() == "one\ntwo\n"


def test_the_log_of_a_container_that_said_nothing_is_empty(monkeypatch):
    monkeypatch.setattr(docker, "LOG_LAG", 0.3)
    run = SimpleNamespace(docker=lambda *_, **__: engine.Done((), 0, "", "", 0.0))
    assert docker.DockerService(run, "name", 5000).last_log() == ""


LOST_TRACK = "#7 [2/3] COPY app.py .\nERROR: failed to solve: failed to get edge: inconsistent graph state\n"
STEP_FAILED = '#7 ERROR: process "/bin/sh -c ./make" did not complete successfully: exit code: 1\nERROR: failed to solve: process "/bin/sh -c ./make"\n'
FORGED = f"#7 0.3 {LOST_TRACK.splitlines()[1]}\n{STEP_FAILED}"  # what a step printed is no word of the builder's


@pytest.mark.parametrize(
    ("said", "tries"),
    [
        ([LOST_TRACK, ""], 2),
        ([LOST_TRACK, LOST_TRACK, ""], 3),
        ([LOST_TRACK] * 4, 3),
        ([STEP_FAILED] * 4, 1),
        ([FORGED] * 4, 1),
    ],
)
def test_a_build_in_which_the_builder_itself_fails_is_made_again(said, tries, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM python:3.13-slim\n")
    calls = []

    def call(*args, **_):
        calls.append(args)
        err = said[len(calls) - 1]
        return engine.Done(args, 1 if err else 0, "", err, 0.0)

    run = SimpleNamespace(docker=call, scratch=lambda _: tmp_path, name=lambda word: word, label="a=b")
    last = said[tries - 1]
    expected = {"": None, LOST_TRACK: Unchecked}.get(last, NotUp)
    if expected:
        with pytest.raises(expected):
            images.build(run, tmp_path)
    else:
        assert images.build(run, tmp_path).id == "image"
    assert len(calls) == tries
