"""The docker command as it is called: its real words, and its time limit."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from missing import cannot

from workshop.engine import engine
from workshop.engine.engine import Done, trouble_in


def failed(*args: str, err: str = "", out: str = "", code: int = 1) -> Done:
    return Done(args, code, out, err, 0.1)


def trouble(environment: dict[str, str]) -> tuple[str, float]:
    """The kind of trouble that a fresh process finds, and the seconds it took."""
    code = "from workshop.engine import engine; found = engine.trouble(); print(found.kind if found else None)"
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
    assert kind == "docker host" and seconds < 12


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
        assert trouble({"DOCKER_HOST": f"unix://{path}"})[0] == "docker host"
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@real
def test_a_docker_host_without_an_engine_is_told_as_that(tmp_path):
    assert trouble({"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})[0] == "docker host"


@posix
@real
@pytest.mark.parametrize("within", ["home", "home/.docker"])
def test_a_home_that_cannot_be_written_is_told_as_that(tmp_path, within, monkeypatch):
    (tmp_path / "home").mkdir()
    blocked = tmp_path / within
    if blocked.exists():
        blocked.rmdir()
    blocked.write_text("a file where a folder must be")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    done = subprocess.run(
        ["docker", "build", "--quiet", "-"], input="FROM scratch\n", capture_output=True, text=True, cwd=tmp_path
    )
    assert trouble_in(failed("build", err=done.stderr)) == "home", done.stderr


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
