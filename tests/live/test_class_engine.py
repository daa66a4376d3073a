"""The engine of a class: what its builds and containers reach, what a build may use, what one leaves for the next, and that it goes."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest
from calling import workshop
from missing import cannot

from workshop.classroom import parts, quarters
from workshop.course.lessons import find
from workshop.engine import images
from workshop.patience import until

THREE = find("3")
CACHES = ["type=cache", "TYPE=CACHE", "type=$T", "type=\\\ncache"]  # ways to ask for the same cache
FINDS_NO_SECRET = """\
RUN --mount=type=ssh ! ls "$SSH_AUTH_SOCK"
RUN --mount=type=secret,id=workshop-pip,target=/told --mount=type=secret,id=workshop-ca,target=/ca ! cat /told /ca /etc/pip.conf | grep canary
"""
TRY = """
import json, socket, sys
found = {}
for name, host, port in json.loads(sys.argv[1]):
    try:
        with socket.create_connection((host, port), timeout=3) as connection:
            connection.settimeout(3)
            connection.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
            found[name] = connection.recv(20).decode()
    except OSError as error:
        found[name] = ""
print("FOUND", json.dumps(found))
"""


def docker(*words, data=None):
    command = ["docker", "--host", f"unix://{quarters.SOCKET}", *words]
    return subprocess.run(command, capture_output=True, text=True, input=data, timeout=120, check=False)


@pytest.fixture(scope="module")
def own(has_engine):
    if quarters.is_up():
        cannot("a class engine is up; it is somebody's")
    try:
        quarters.up([THREE], lambda text: None)
    except quarters.NoQuarters as error:
        cannot(f"makes an engine of its own: {error}")
    yield
    quarters.down()


@pytest.fixture(scope="module")
def places():
    """A canary on all addresses of this machine, and where it could be heard from inside."""
    server = socket.create_server(("0.0.0.0", 0))

    def sing():
        with contextlib.suppress(OSError):
            while True:
                with server.accept()[0] as connection:
                    connection.sendall(b"canary")

    threading.Thread(target=sing, daemon=True).start()
    port = server.getsockname()[1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("203.0.113.1", 9))
        mine = probe.getsockname()[0]
    with socket.create_connection((mine, port), timeout=3) as connection:
        assert connection.recv(20) == b"canary"
    yield [
        ["this machine", mine, port],
        ["through the gateway", "172.17.0.1", port],
        ["through a name of the host", "host.docker.internal", port],
        ["an outside name", "canary.example", 80],
        ["the index", quarters.ADDRESS, quarters.PORT],
    ]
    server.close()


def heard(said):
    line = next(line for line in said.splitlines() if "FOUND {" in line)
    found = json.loads(line[line.index("{") : line.rindex("}") + 1])
    return {name for name, what in found.items() if what}


def build(folder, text, *words):
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(f"FROM {images.BASE}\n{text}\n")
    return docker("build", "--no-cache", "--progress=plain", *words, str(folder))


def test_a_build_reaches_the_index_and_nothing_else(own, places, tmp_path):
    folder = tmp_path / "build"
    folder.mkdir()
    (folder / "try.py").write_text(TRY)
    done = build(folder, f"COPY try.py /\nRUN python /try.py '{json.dumps(places)}'")
    assert done.returncode == 0, done.stderr
    assert heard(done.stderr) == {"the index"}


def test_a_container_on_a_network_of_a_check_reaches_nothing(own, places):
    docker("network", "create", "canary-net")
    for network, wanted in (
        ("canary-net", set()),
        ("bridge", {"the index"}),
        ("host", {"the index"}),
        ("none", set()),
    ):
        done = docker(
            "run",
            "--rm",
            "--pull",
            "never",
            "--network",
            network,
            images.BASE,
            "python",
            "-c",
            TRY,
            json.dumps(places),
        )
        assert done.returncode == 0, done.stderr
        assert heard(done.stdout) - {"the index"} == set(), network
        if network == "canary-net":
            assert heard(done.stdout) == wanted
    docker("network", "rm", "canary-net")


def test_a_build_that_takes_too_much_memory_is_ended(own, tmp_path):
    top = Path("/sys/fs/cgroup")
    (limit,) = [
        path
        for path in (top / quarters.NAME / "memory.max", top / "memory" / quarters.NAME / "memory.limit_in_bytes")
        if path.exists()
    ]
    before = limit.read_text()
    limit.write_text(str(400 * 2**20))
    try:
        done = build(tmp_path / "build", 'RUN python -c "x = bytearray(800 * 2**20); print(len(x))"')
    finally:
        limit.write_text(before)
    assert done.returncode != 0 and "137" in done.stderr, done.stderr


def test_a_class_is_graded_in_it_with_packages_and_nobodys_cache(own, tmp_path):
    """No --trust-builds is asked for. The third student would find what the first left in a cache mount, and the teacher's keys; the fourth has
    the engine read the Dockerfile by another program."""
    files = {name: (THREE.solution / name).read_text() for name in ("app.py", "requirements.txt", "Dockerfile")}
    cached = [f"RUN --mount={spelled},target=/c,id=all" for spelled in CACHES]
    poisons = "ARG T=cache\n" + "".join(f"{run} touch /c/poison\n" for run in cached)
    looks = "ARG T=cache\n" + "".join(f"{run} test ! -e /c/poison\n" for run in cached) + FINDS_NO_SECRET
    texts = {
        "a-poisons": files["Dockerfile"].replace("EXPOSE", f"{poisons}EXPOSE"),
        "b-honest": files["Dockerfile"],
        "c-finds-nothing": files["Dockerfile"].replace("EXPOSE", f"{looks}EXPOSE"),
        "d-frontend": f"# syntax={images.BASE}\n" + files["Dockerfile"],
        "e-honest": files["Dockerfile"],
    }
    for name, text in texts.items():
        folder = tmp_path / "in" / name
        folder.mkdir(parents=True)
        for file, content in {**files, "Dockerfile": text}.items():
            (folder / file).write_text(content)
    out = tmp_path / "out"
    done = workshop(
        "class",
        "grade",
        str(tmp_path / "in"),
        "--lessons",
        "3",
        "--out",
        str(out),
        "--workers",
        "1",
        "--json",
        timeout=280,
        PIP_EXTRA_INDEX_URL="https://teacher:canary@index.example/simple",
        SSH_AUTH_SOCK="/canary",
    )
    assert done.returncode == 0, done.stderr
    verdicts = {row["student"]: row["verdict"] for row in json.loads(done.stdout)["rows"]}
    assert verdicts == {**dict.fromkeys(texts, "passed"), "d-frontend": "failed"}, done.stdout
    assert docker("ps", "-aq").stdout == ""


def test_one_that_was_killed_is_made_anew_and_its_containers_are_gone(own):
    docker("run", "--detach", "--name", "stays", "--pull", "never", images.BASE, "sleep", "1000")
    pid = int(docker("inspect", "--format", "{{.State.Pid}}", "stays").stdout)
    os.kill(int((parts.RUN / "dockerd.pid").read_text()), signal.SIGKILL)
    assert until(quarters.is_up, limit=20.0, enough=lambda is_up: not is_up) is False
    assert _names(Path(f"/proc/{pid}/cmdline"), "sleep"), "a container outlives its engine"
    quarters.up([THREE], lambda text: None)
    assert quarters.is_up() and docker("ps", "--all", "--quiet").stdout == ""
    assert not _names(Path(f"/proc/{pid}/cmdline"), "sleep")


def test_it_goes_with_all_that_was_its_own(own):
    quarters.down()
    assert (
        not quarters.is_up()
        and not quarters.NETNS.exists()
        and not quarters.DATA.exists()
        and not quarters.RUN.exists()
    )
    assert parts.cgroups() == [] and parts.mounts() == []
    alive = [path for path in Path("/proc").glob("[0-9]*/cmdline") if _names(path, str(quarters.RUN))]
    assert alive == []
    assert workshop("class", "grade", os.curdir, "--lessons", "3").returncode == 2, (
        "without it, builds have to be trusted"
    )


def _names(path, word):
    with contextlib.suppress(OSError):
        return word in path.read_text()
    return False
