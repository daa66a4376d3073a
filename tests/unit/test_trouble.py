"""What keeps the engine from being used is looked for again; that nothing does is known. Without an engine."""

import os

import pytest

from workshop.engine import engine
from workshop.engine.engine import Trouble
from workshop.grading.bench import Session

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the docker command here is a shell script")
DOWN = "echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.' >&2; exit 1"
UP = "echo 29.0.0"


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """Makes `docker` a shell script, which counts its calls."""
    calls = tmp_path / "calls"
    calls.touch()

    def says(script):
        (tmp_path / "docker").write_text(f"#!/bin/sh\necho call >> {calls}\n{script}\n")
        (tmp_path / "docker").chmod(0o755)
        return lambda: len(calls.read_text().splitlines())

    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    engine.forget_trouble()
    yield says
    engine.forget_trouble()


def later(monkeypatch, seconds):
    now = engine.time.monotonic
    monkeypatch.setattr(engine.time, "monotonic", lambda: now() + seconds)


def test_an_engine_that_is_started_is_noticed_a_second_later(docker, monkeypatch):
    calls = docker(DOWN)
    assert engine.trouble().kind is Trouble.STOPPED
    assert engine.trouble().kind is Trouble.STOPPED
    assert calls() == 1
    docker(UP)
    later(monkeypatch, engine.ASKED_AGAIN + 1)
    assert engine.trouble() is None


def test_an_engine_that_answers_is_asked_once(docker, monkeypatch):
    calls = docker(UP)
    assert engine.trouble() is None
    later(monkeypatch, 3600)
    assert engine.trouble() is None
    assert calls() == 1


def test_a_call_that_meets_no_engine_has_it_looked_for_again(docker):
    docker(UP)
    assert engine.trouble() is None
    docker(DOWN)
    with pytest.raises(engine.EngineTrouble):
        engine.docker("ps")
    assert engine.trouble().kind is Trouble.STOPPED


def test_one_that_hangs_is_left_alone_for_longer_than_it_took(docker, monkeypatch):
    calls = docker("exec sleep 5")
    monkeypatch.setattr(engine, "ANSWER_LIMIT", 0.3)
    assert engine.trouble().kind is Trouble.HANGS
    later(monkeypatch, 1.5)
    assert engine.trouble().kind is Trouble.HANGS
    assert calls() == 1


def test_a_session_takes_an_engine_that_came_up_meanwhile(docker, monkeypatch, tmp_path):
    docker(DOWN)
    with Session("auto") as session:
        assert session.runtime_for(tmp_path, "01_hello_flask").name == "embedded"
        docker(UP)
        later(monkeypatch, engine.ASKED_AGAIN + 1)
        assert session.runtime_for(tmp_path, "01_hello_flask").name == "docker"


def test_every_trouble_but_a_failed_call_has_words_of_its_own():
    assert set(engine.SAYS) == set(Trouble) - {Trouble.CALL}


def test_trouble_at_the_address_in_docker_host_names_it(docker, monkeypatch):
    docker(DOWN)
    monkeypatch.setenv("DOCKER_HOST", "tcp://nowhere:2375")
    trouble = engine.trouble()
    assert trouble.kind is Trouble.HOST
    assert "DOCKER_HOST is set to tcp://nowhere:2375" in trouble.hint and "Install" not in trouble.hint
    monkeypatch.setenv("DOCKER_CONTEXT", "default")  # it overrides DOCKER_HOST
    engine.forget_trouble()
    assert engine.trouble().kind is Trouble.STOPPED


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("ERROR: mkdir {home}/.docker: read-only file system", Trouble.HOME),
        ("ERROR: mkdir {home}: no such file or directory", Trouble.HOME),
        (
            "WARNING: Error loading config file: open {home}/.docker/config.json: permission denied\nunknown flag",
            Trouble.HOME,
        ),
        ("open {home}/.docker/buildx/current: permission denied", Trouble.HOME),
        ("#7 0.3 mkdir {home}/.docker: read-only file system", None),  # a step of the build says so
        ("open /somewhere/Dockerfile: no such file or directory", None),
    ],
)
def test_a_home_that_cannot_be_written(said, kind, monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    done = engine.Done(("build", "."), 1, "", said.replace("{home}", "/home/ada"), 0.1)
    assert engine.trouble_in(done) is kind
