"""`./workshop lab`, and the same out of the compose file: it serves the notebooks with a Redis, and leaves nothing behind."""

import contextlib
import json
import operator
import os
import re
import signal
import socket
import subprocess
import sys

import pytest
from labs import ADDRESS, Lab, ask, by_docker_alone, checkout, run

from workshop.course.lessons import catalogue, find
from workshop.engine import engine
from workshop.exercises.cells import code_cells, read
from workshop.patience import until
from workshop.wire.sockets import free_port

SOON = 5.0  # seconds after which all must be gone
NOTEBOOK = "work/09_strings/09_strings.ipynb"
FIRST = next(source for _, source in code_cells(read(find("9").notebook)) if "connect()" in source)
EXERCISE = "def record_visit(r, page):\n    return r.incr(f'visits:{page}')"

posix = pytest.mark.skipif(os.name != "posix", reason="signals, and the processes of a group")


@pytest.fixture
def place(tmp_path):
    return checkout(tmp_path / "checkout")


@pytest.fixture
def start(place):
    """Starts a lab on the place; it ends with the test."""
    made = []

    def start(*words, **env):
        made.append(Lab(place, *words, **env))
        return made[-1]

    yield start
    for lab in made:
        lab.close()


@pytest.fixture(params=["embedded", "docker"])
def runtime(request):
    if request.param == "docker":
        request.getfixturevalue("has_engine")
    return request.param


def left_of(lab):
    """What is still there of a lab: processes with its folder in their words or their environment, its containers, its Redis."""
    found = []
    for one in subprocess.run(
        ["ps", "axeww", "-o", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout.splitlines():
        if str(lab.folder) in one and "ps axeww" not in one and "sweeper.py" not in one:
            found.append(one[:200])
    with contextlib.suppress(OSError), socket.create_connection(lab.redis, timeout=1):
        found.append("redis")
    for name in lab.containers:
        found += engine.docker("ps", "--all", "--quiet", "--filter", f"id={name}").out.split()
    return found


def is_gone(lab):
    """True once nothing of it is left; fails with what is, after a while."""
    assert not until(lambda: left_of(lab), SOON, 0.2, enough=operator.not_)
    return True


def up(start, runtime):
    """A lab with a kernel that has run cells, and whose containers are known."""
    lab = start("--runtime", runtime).wait_until_up()
    said = run(lab.base, lab.token, NOTEBOOK, FIRST, EXERCISE, "check(record_visit)")
    assert "True" in said and "2 of 2" in said
    runs = [path.name for path in (lab.folder / ".workshop" / "runs").iterdir()]
    filters = [word for one in runs for word in ("--filter", f"label=workshop.run={one}")]
    lab.containers = engine.docker("ps", "--all", "--quiet", *filters).out.split() if runtime == "docker" else []
    assert len(lab.containers) == (runtime == "docker")
    lab.redis = ("127.0.0.1", int(re.search(r"redis://127.0.0.1:(\d+)", lab.said)[1]))
    seen = " ".join(left_of(lab))
    assert all(word in seen for word in ("jupyterlab", "ipykernel", "redis"))
    return lab


@posix
def test_it_serves_the_notebooks_with_a_redis_until_ctrl_c(place, start, runtime):
    lab = up(start, runtime)
    assert sorted(path.name for path in place.glob("work/*/*.ipynb")) == [
        lesson.notebook.name for lesson in catalogue(place) if lesson.notebook
    ]
    assert lab.path == f"lab/tree/{NOTEBOOK}"
    assert ask(f"{lab.base}/api/contents")[0] == 403
    assert ask(f"{lab.base}/lab")[0] == 302
    assert ask(f"{lab.base}/lab", lab.token)[0] == 200
    lab.interrupt()
    assert lab.process.wait(20) == 0
    said = lab.rest()
    assert "Redis is at redis://127.0.0.1:" in said
    assert "WARN" not in said and "Traceback" not in said
    assert is_gone(lab)


@posix
def test_nothing_is_left_when_it_is_killed(start, runtime):
    lab = up(start, runtime)
    lab.process.kill()
    lab.process.wait(20)
    assert is_gone(lab)


@posix
def test_nothing_is_left_when_its_terminal_is_closed(start):
    lab = up(start, "embedded")
    lab.process.send_signal(signal.SIGHUP)
    lab.process.wait(20)
    assert is_gone(lab)


@posix
def test_a_second_ctrl_c_does_no_harm(start):
    lab = up(start, "embedded")
    lab.interrupt()
    lab.line_with("JupyterLab and Redis are stopping")
    lab.interrupt()
    lab.process.wait(20)
    assert "Traceback" not in lab.rest()
    assert is_gone(lab)


def test_a_port_that_is_taken_is_named(place, start):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        lab = start("--runtime", "embedded", "--port", port)
        assert lab.process.wait(20) == 3
        said = lab.rest()
    assert f"port {port}" in said and "--port" in said and "Traceback" not in said
    assert not (place / "work").exists()


def test_without_an_engine_it_says_so_and_goes_on(start, tmp_path):
    port = free_port()
    lab = start("--port", str(port), DOCKER_HOST=f"unix://{tmp_path}/nothing.sock").wait_until_up()
    assert "No Docker Engine answers here" in lab.said
    assert lab.base.endswith(f":{port}")
    assert "True" in run(lab.base, lab.token, NOTEBOOK, FIRST)


def test_a_notebook_that_is_missing_comes_back_and_others_stay(place):
    kept, missing = (place / "work" / name / f"{name}.ipynb" for name in ("09_strings", "10_lists"))
    for path in (kept, missing):
        path.parent.mkdir(parents=True)
    kept.write_text("mine", encoding="utf-8")
    code = "from workshop.lab.serve import open_notebooks; open_notebooks()"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(place / "src")}, check=True)
    assert kept.read_text(encoding="utf-8") == "mine"
    assert missing.read_bytes() == (place / "notebooks" / missing.name).read_bytes()


@pytest.fixture
def composed(has_engine, tmp_path):
    with by_docker_alone(tmp_path) as made:
        yield made


def test_the_lab_of_the_compose_file(composed):
    composed.compose("up", "--build", "--detach", "--wait", "lab")
    base, path, token = ADDRESS.search(composed.compose("logs", "--no-log-prefix", "lab")).groups()
    assert (base, path) == (f"http://127.0.0.1:{composed.port}", f"lab/tree/{NOTEBOOK}")
    assert ask(f"{base}/api/contents")[0] == 403
    assert ask(f"{base}/lab")[0] == 302
    assert ask(f"{base}/lab?token={token}")[0] == 200
    published = json.loads(composed.compose("ps", "--format", "json", "lab"))["Publishers"]
    assert {one["URL"] for one in published if one["PublishedPort"]} == {"127.0.0.1"}

    said = run(base, token, NOTEBOOK, FIRST, EXERCISE, "check(record_visit)")
    assert "True" in said and "2 of 2" in said
    notebook = composed.folder / NOTEBOOK
    content = json.dumps(
        {"type": "notebook", "format": "json", "content": json.loads(notebook.read_text(encoding="utf-8"))}
    )
    assert ask(f"{base}/api/contents/{NOTEBOOK}", token, content.encode(), "PUT")[0] == 200
    owner = composed.folder.stat().st_uid
    assert {one.stat().st_uid for one in [notebook, *notebook.parent.iterdir(), *composed.folder.iterdir()]} == {owner}
    assert not re.search("WARN|Traceback|ERROR", composed.compose("logs", "--no-log-prefix", "lab"))
