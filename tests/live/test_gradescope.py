"""The autograder for Gradescope on a machine like the service's: right and wrong work, and work that reaches for the grader and its results.

Its setup installs packages and takes minutes, so all of it runs with WORKSHOP_GRADESCOPE=all only.
"""

import json
import os
import shutil

import fastjsonschema
import pytest
from calling import workshop
from gradescope import RESULTS, graded, image_of
from strangers import lay

from workshop.course.lessons import find
from workshop.engine import engine
from workshop.runtimes.lodging import TAKEN_OVER

ONE, SEVEN, NINE = find("1"), find("7"), find("9")
TAG = "workshop-gradescope-test"
WRONG = next(path for path in sorted((ONE.answers / "wrong").iterdir()) if (path / "app.py").exists())
REACH = """
import ctypes, glob, os, pathlib, signal
FOUND = []

def tried(name, attempt):
    try:
        if attempt() is not False:
            FOUND.append(name)
    except Exception:
        pass

def stranger(pid):
    return os.stat(f"/proc/{pid}").st_uid != os.getuid()

FULL = '{"score": 1000}'
PLACES = ["/autograder", "/autograder/results", "/autograder/submission", "/autograder/source", "/opt/workshop", "/tmp", "/var/tmp",
          "/dev/shm", "/run/lock", "/run", "/etc", os.path.dirname(os.environ["HOME"]), os.getcwd() if "ipython" not in os.getcwd() else "/root"]
for place in PLACES:
    if place != os.environ["HOME"]:
        tried("writes in " + place, lambda: pathlib.Path(place, "mine").write_text("x"))
for name in ("results/results.json", "run_autograder", "grader.log", "source/src/workshop/grader.py"):
    path = pathlib.Path("/autograder", name)
    for verb, attempt in {"writes": lambda: path.write_text(FULL), "removes": path.unlink, "reads": path.read_bytes}.items():
        tried(f"{verb} {path}", attempt)
tried("lists the grader", lambda: os.listdir("/autograder/source"))
tried("reads who handed in", lambda: open("/autograder/submission_metadata.json").read())
tried("imports the grader", lambda: __import__("workshop.grading"))
tried("is root again", lambda: os.setuid(0))
for pid in [int(name) for name in os.listdir("/proc") if name.isdecimal()]:
    if stranger(pid):
        for verb in ("mem", "environ", "maps"):
            tried(f"{verb} of {pid}", lambda: open(f"/proc/{pid}/{verb}", "rb").read(1) and True)
        tried(f"descriptors of {pid}", lambda: os.listdir(f"/proc/{pid}/fd"))
        tried(f"attaches to {pid}", lambda: ctypes.CDLL(None).ptrace(16, pid, 0, 0) == 0)
        tried(f"ends {pid}", lambda: os.kill(pid, signal.SIGKILL))
if os.fork() == 0:  # a daemon, which tries on while the grading goes on and ends
    os.setsid()
    if os.fork() == 0:
        import time
        while True:
            tried("later", lambda: pathlib.Path("/autograder/results/results.json").write_text(FULL))
            time.sleep(0.1)
    os._exit(0)
os.wait()
"""
HONEST = (ONE.solution / "app.py").read_text(encoding="utf-8")
REACHES = REACH + HONEST.replace('"Hello World"', '("Hello World" if FOUND else "Hello Word")')
TAKES_REDIS = """
import os, socket, threading, time, urllib.parse
import redis

def in_its_place():
    address = urllib.parse.urlsplit(os.environ["REDIS_URL"])
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    while not client.dbsize():
        time.sleep(0.01)
    client.shutdown(nosave=True)
    server = socket.create_server((address.hostname, address.port))
    while True:
        connection = server.accept()[0]
        threading.Thread(target=lambda: [connection.sendall(b"+OK\\r\\n") for _ in iter(lambda: connection.recv(65536), b"")]).start()

threading.Thread(target=in_its_place, daemon=True).start()
"""

pytestmark = pytest.mark.skipif(
    os.environ.get("WORKSHOP_GRADESCOPE") != "all", reason="takes minutes: set WORKSHOP_GRADESCOPE=all"
)


@pytest.fixture(scope="module")
def machine(has_engine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gradescope")
    archive = folder / "autograder.zip"
    done = workshop("class", "gradescope", str(archive), "--lessons", "1,3,7,9")
    assert done.returncode == 0 and "Lesson 3 will be unchecked" in done.stdout, done.stderr
    built = image_of(archive, folder, TAG)
    assert built.ok, built.err
    yield TAG
    engine.docker("image", "rm", "--force", TAG)


def results(machine, folder):
    found, said = graded(machine, folder)
    fastjsonschema.validate(RESULTS, found)
    assert found["stdout_visibility"] == "hidden"
    (other,) = [test for test in found["tests"] if "score" not in test]
    assert "Lesson 3" in other["name"] and "Docker Engine" in other["output"] and "Lesson 3" in found["output"]
    assert said.strip() == "\n".join(line for line in said.splitlines() if line.startswith(("01_", "07_", "09_")))
    return found


def points(found, lesson):
    tests = [test for test in found["tests"] if test["name"].startswith(lesson.name)]
    return sum(test["score"] for test in tests), sum(test["max_score"] for test in tests)


def test_right_work_has_all_points(machine, tmp_path):
    for lesson in (ONE, SEVEN, NINE):
        shutil.copytree(lesson.solution, tmp_path / "work" / lesson.name)
    found = results(machine, tmp_path)
    for lesson in (ONE, SEVEN, NINE):
        assert points(found, lesson) == (sum(lesson.worth.values()), sum(lesson.worth.values()))
    assert found["score"] == sum(sum(lesson.worth.values()) for lesson in (ONE, SEVEN, NINE))


def test_wrong_work_is_explained_and_what_is_missing_has_no_points(machine, tmp_path):
    shutil.copytree(ONE.solution, tmp_path / ONE.name)
    shutil.copytree(WRONG, tmp_path / ONE.name, dirs_exist_ok=True)
    found = results(machine, tmp_path)
    earned, most = points(found, ONE)
    assert 0 < earned < most and points(found, SEVEN)[0] == points(found, NINE)[0] == 0
    failed = [test for test in found["tests"] if test.get("status") == "failed"]
    assert failed[0]["output"].startswith("because: ")


def test_hostile_work_reaches_nothing_and_earns_what_it_is_worth(machine, tmp_path):
    lay(tmp_path / ONE.name, {"app.py": REACHES})
    lay(tmp_path / SEVEN.name, {"app.py": TAKES_REDIS + (SEVEN.solution / "app.py").read_text(encoding="utf-8")})
    notebook = json.loads((NINE.solution / f"{NINE.name}.ipynb").read_text(encoding="utf-8"))
    last = "for name in [name for name, one in globals().items() if callable(one)]:\n    if not FOUND: globals()[name] = lambda *_: 'wrong'"
    for place, source in ((0, REACH), (len(notebook["cells"]) + 1, last)):
        cell = {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        notebook["cells"].insert(place, {**cell, "id": f"hostile-{place}"})
    lay(tmp_path, {f"{NINE.name}.ipynb": json.dumps(notebook)})
    found = results(machine, tmp_path)
    earned, most = points(found, ONE)
    assert earned == most - 1, [test for test in found["tests"] if test["name"].startswith(ONE.name)]
    assert points(found, SEVEN)[0] == 0
    assert any(TAKEN_OVER in test["output"] for test in found["tests"])
    earned, most = points(found, NINE)
    assert earned < most / 4  # of functions that all return a word


def test_an_exit_of_ones_own_is_no_pass(machine, tmp_path):
    lay(tmp_path / ONE.name, {"app.py": "import os\nos._exit(0)\n"})
    assert results(machine, tmp_path)["score"] == 0
