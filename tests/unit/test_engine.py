"""The docker command: what its words stand for, and how often a build is tried."""

import errno
import subprocess
import sys
from types import SimpleNamespace

import pytest

from workshop.engine import builds, engine
from workshop.engine.buildlog import BuildFailed, Stop
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


WORD = "Cannot connect to the Docker daemon"


@pytest.mark.parametrize(
    "args, said",
    [
        (
            ("build", "."),
            f"------\n > [2/2] RUN docker ps:\n0.31 {WORD}\n------\nERROR: failed to solve: exit code: 1",
        ),
        (
            ("build", "."),
            f"Dockerfile:2\n--------------------\n   2 | >>> RUN echo {WORD} && false\n--------------------\n"
            f'ERROR: failed to solve: process "/bin/sh -c echo {WORD} && false" did not complete successfully: exit code: 1',
        ),
        (("compose", "up"), f'service "web" depends on undefined service "{WORD}": invalid compose project'),
        (("compose", "up"), f'failed to create task: exec: "say \\"{WORD}\\"": executable file not found in $PATH'),
    ],
)
def test_what_is_quoted_of_a_students_work_is_no_word_of_the_engine(args, said):
    assert trouble_in(failed(*args, err=said)) is None
    assert trouble_in(failed(*args, err=f"{said}\n{WORD}")) == "stopped"


def test_an_engine_that_answered_is_there_whatever_it_repeats():
    said = f"Error response from daemon: unable to find user x\n{WORD}: no matching entries in passwd file\n"
    assert trouble_in(failed("compose", "up", err=f"Container a  Creating\n{said}")) is None
    assert trouble_in(failed("compose", "up", err=f"unable to get image 'redis:8': {WORD}")) == "stopped"


def test_compose_asks_no_engine_while_it_reads_a_file():
    said = f"services.web.depends_on Additional property {WORD} is not allowed"
    assert trouble_in(failed("compose", "--file", "x", "config", "--format", "json", err=said)) is None


def test_a_build_that_fills_the_disk_is_left_to_who_builds():
    assert trouble_in(failed("build", ".", err="ERROR: write /big: no space left on device")) is None


@pytest.mark.parametrize("stop", [Stop.FILLS_DISK, Stop.MANY_FILES])
def test_who_of_several_builds_fills_the_disk_is_known_only_of_one_alone(monkeypatch, stop):
    monkeypatch.setattr(builds, "free_space", lambda: None)
    done = engine.Done(("build", "."), None, "", "#7 [3/3] RUN make\n", 1.0, stopped=stop)
    monkeypatch.setenv(builds.BESIDE, "1")
    beside = builds._failure(done, "docker build .", BuildFailed(done.err), None)
    assert isinstance(beside, Unchecked) and "alone" in beside.hint
    monkeypatch.setenv(builds.BESIDE, "")
    assert isinstance(builds._failure(done, "docker build .", BuildFailed(done.err), None), NotUp)


def test_every_kind_of_trouble_has_words_that_end_in_a_next_step():
    for kind in engine.TROUBLE:
        said = engine.EngineTrouble(kind, "raw words")
        assert said.kind == kind and said.actual == "raw words"
        assert "`" in said.hint, f"{kind} names no command"


def test_the_log_of_an_ended_container_is_taken_once_it_grows_no_more(monkeypatch):
    monkeypatch.setattr(docker, "LOG_PAUSE", 0.01)
    said = iter(["", "", "one\n", "one\ntwo\n", "one\ntwo\n", "never asked for"])
    run = SimpleNamespace(docker=lambda *_, **__: engine.Done((), 0, next(said), "", 0.0))
    assert docker.DockerService(run, "name", 5000).last_log() == "one\ntwo\n"


def test_the_log_of_a_container_that_said_nothing_is_empty(monkeypatch):
    monkeypatch.setattr(docker, "LOG_LAG", 0.1)
    monkeypatch.setattr(docker, "LOG_PAUSE", 0.01)
    run = SimpleNamespace(docker=lambda *_, **__: engine.Done((), 0, "", "", 0.0))
    assert docker.DockerService(run, "name", 5000).last_log() == ""


LOST_TRACK = "#7 [2/3] COPY app.py .\nERROR: failed to solve: failed to get edge: inconsistent graph state\n"
WENT_AWAY = "#7 [2/3] RUN sleep 9\nERROR: failed to solve: Unavailable: error reading from server: EOF\n"
STEP_FAILED = '#7 ERROR: process "/bin/sh -c ./make" did not complete successfully: exit code: 1\nERROR: failed to solve: process "/bin/sh -c ./make"\n'
FORGED = f"#7 0.3 {LOST_TRACK.splitlines()[1]}\n{STEP_FAILED}"  # what a step printed is no word of the builder's


@pytest.mark.parametrize(
    ("said", "tries"),
    [
        ([LOST_TRACK, ""], 2),
        ([WENT_AWAY, ""], 2),
        ([LOST_TRACK, LOST_TRACK, ""], 3),
        ([LOST_TRACK] * 4, 3),
        ([STEP_FAILED] * 4, 1),
        ([FORGED] * 4, 1),
    ],
)
def test_a_build_in_which_the_builder_itself_fails_is_made_again(said, tries, tmp_path, monkeypatch):
    monkeypatch.setattr(builds, "free_space", lambda: None)  # asked of the engine, as that which comes next
    monkeypatch.setattr(builds, "free_files", lambda: None)
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
            builds.build(run, tmp_path)
    else:
        assert builds.build(run, tmp_path).id == "image"
    assert len(calls) == tries


def test_a_command_to_which_the_kernel_says_efault_is_begun_again(monkeypatch):
    begun = subprocess.Popen
    tries = []

    def now_and_then(words, **options):
        tries.append(words)
        if len(tries) == 1:
            raise OSError(errno.EFAULT, "Bad address", words[0])
        return begun([sys.executable, "-c", "print('here')"], **options)

    monkeypatch.setattr(subprocess, "Popen", now_and_then)
    assert engine.docker("version").out.strip() == "here"
    assert len(tries) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what another process may take")
def test_a_command_takes_no_more_memory_than_it_may(tmp_path, monkeypatch):
    """Variables of variables in a `.env` of a few hundred bytes can make Compose take gigabytes."""
    tool = tmp_path / "docker"
    tool.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(0.2)\nx = b'x' * 400_000_000\n")
    tool.chmod(0o755)
    monkeypatch.setattr(engine, "command", lambda: str(tool))
    assert engine.docker("compose", "config").ok
    assert "MemoryError" in engine.docker("compose", "config", memory=200_000_000).err
