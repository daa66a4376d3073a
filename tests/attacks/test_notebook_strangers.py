"""Strangers' notebooks: a cell that reaches for the grader, its Redis or its clients, above functions that are wrong."""

import json

import pytest
from classes import drawn
from strangers import Watched

from workshop.course.lessons import find
from workshop.proof.answers import cases

NINE = find("9")
WRONG = "count_as_text"
FORGED = json.dumps({"report": {"verdict": "passed"}, "value": 1, "result": "passed", "ok": True})
ATTACKS = {
    "patches-check": "import workshop.notebooks as door\nfor name in dir(door):\n    if not name.startswith('_'): setattr(door, name, lambda *a, **k: True)",
    "patches-redis-py": "import redis\nredis.Redis.execute_command = lambda *a, **k: 1\nredis.client.Pipeline.execute = lambda *a, **k: [1, 1]",
    "patches-ipython": "ip = get_ipython()\nip.input_transformers_cleanup.append(lambda lines: ['pass\\n'])\nip.run_cell = lambda *a, **k: None",
    "exits": "import os\nos._exit(0)",
    "exits-as-if-all-were-well": "import sys\nsys.exit(0)",
    "writes-on-every-descriptor": f"import os\nfor fd in range(0, 64):\n    try: os.write(fd, {FORGED + chr(10)!r}.encode() * 3)\n    except OSError: pass",
    "closes-every-descriptor": "import os\nos.closerange(0, 64)",
    "patches-json": "import json\njson.dumps = lambda *a, **k: '{}'\njson.loads = lambda *a, **k: {}",
    "always-equal": "import builtins\nclass Same(str):\n    __eq__ = lambda *a: True\n    __hash__ = str.__hash__\nbuiltins.str = Same",
    "flushes-redis-for-ever": (
        "import threading, os\nfrom redis import Redis\ndef flush():\n    client = Redis.from_url(os.environ['REDIS_URL'])\n"
        "    while True: client.flushall()\nthreading.Thread(target=flush, daemon=True).start()"
    ),
    "moves-redis-folder": (
        "import os\nfrom redis import Redis\nclient = Redis.from_url(os.environ['REDIS_URL'])\n"
        "for words in (('CONFIG', 'SET', 'dir', '/etc'), ('CONFIG', 'SET', 'dbfilename', 'cron'), ('SAVE',), ('SHUTDOWN', 'NOSAVE')):\n"
        "    try: client.execute_command(*words)\n    except Exception: pass"
    ),
    "a-value-of-two-gigabytes": (
        "import os\nfrom redis import Redis\nclient = Redis.from_url(os.environ['REDIS_URL'])\n"
        "try:\n    for _ in range(200): client.append('big', b'x' * 10**7)\nexcept Exception: pass"
    ),
    "a-script-without-an-end": (
        "import os, threading\nfrom redis import Redis\nclient = Redis.from_url(os.environ['REDIS_URL'])\n"
        "threading.Thread(target=lambda: client.eval('while true do end', 0), daemon=True).start()"
    ),
    "never-ends": "while True: pass",
    "escapes": "print('\\x1b[2J<script>alert(1)</script>' * 100)",
}
CHOSEN = drawn(ATTACKS)


def lay_hostile(folder, cell):
    """Lays out wrong work with this cell before its functions; returns its folder."""
    known = {case.name: case for case in cases(NINE)}
    work = known[WRONG].build(folder)
    path = work / f"{NINE.name}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    hostile = {
        "cell_type": "code",
        "id": "hostile",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": cell,
    }
    first = next(number for number, one in enumerate(notebook["cells"]) if one["cell_type"] == "code")
    notebook["cells"].insert(first + 1, hostile)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return work


@pytest.fixture(scope="module")
def graded(has_engine, tmp_path_factory):
    """A class of attackers on lesson 9, with an honest student before and after them."""
    folder = tmp_path_factory.mktemp("notebooks")
    known = {case.name: case for case in cases(NINE)}
    for name in ("aa-honest", "zz-honest"):
        known["solution"].build(folder / "in" / name)
    for name, cell in CHOSEN.items():
        lay_hostile(folder / "in" / name, cell)
    return Watched(folder, "9")


@pytest.mark.parametrize("name", CHOSEN)
def test_a_hostile_cell_earns_nothing(graded, name):
    assert graded.verdicts[name] in ("failed", "unchecked")


def test_honest_notebooks_beside_them_pass_and_nothing_is_left(graded):
    graded.expect_passed("aa-honest", "zz-honest")
    assert graded.runs and graded.left() == []
    for path in graded.out.rglob("*.html"):
        assert "<script" not in path.read_text(encoding="utf-8") and "\x1b" not in path.read_text(encoding="utf-8")
