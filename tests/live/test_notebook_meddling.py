"""A notebook that meddles with its runner, with Redis or with what is counted: its checks fail, and none is told as the grader's fault.

Here as local processes, where it takes no engine; `tests/attacks` has strangers' notebooks in their containers.
"""

import json

import pytest

from workshop.course.lessons import find
from workshop.exercises.source import with_functions
from workshop.grading.bench import Session
from workshop.grading.grade import grade
from workshop.report import Outcome

OURS = """
import gc, json, os, sys

runner = next(one for one in gc.get_objects() if type(one).__name__ == "Runner" and hasattr(one, "children"))

def say(**message):
    os.write(runner.answers, json.dumps(message).encode() + b"\\n")

def number():
    frame = sys._getframe()
    while frame.f_code.co_name != "be_child":
        frame = frame.f_back
    return frame.f_locals["number"]
"""
VISIT = 'def record_visit(r, page):\n    """."""\n    {}\n    return 1\n'
FIND = 'def find_keys(r, prefix):\n    """."""\n    {}\n    return found\n'
# (what is wrong with the function, a cell of its own, the check that fails)
MEDDLING = {
    "a value of another shape": ('say(id=number(), value={"x": 1})', OURS, "test_record_visit_counts"),
    "no end of brackets": ("pass", f'{OURS}\nos.write(runner.answers, b"[" * 100_000)', "test_record_visit_counts"),
    "a call that took for ever": (
        "pass",
        f"{OURS}\ntell = runner.tell\nrunner.tell = lambda message: tell(message | ({{'took': 10**400}} if 'took' in message else {{}}))",
        "test_record_visit_counts",
    ),
    "ends behind the name of another cell": ("pass", f"{OURS}\nsay(cell=99)\nos._exit(0)", "test_record_visit_counts"),
    "half a pair of surrogates": (r'raise ValueError("\ud800")', "", "test_record_visit_counts"),
    "takes rights away": ('r.execute_command("ACL", "SETUSER", "default", "-get")', "", "test_record_visit_counts"),
    "takes INFO away": ('r.execute_command("ACL", "SETUSER", "default", "-info")', "", "test_find_keys_finds_all"),
    "sets a password": ('r.config_set("requirepass", "x")', "", "test_record_visit_counts"),
    "lets nobody in": ('r.config_set("maxclients", 1)', "", "test_record_visit_counts"),
    "asks Redis past the relay": (
        'import redis; return redis.Redis(port=int(r.config_get("port")["port"]), retry=None).incr(f"visits:{page}")',
        "",
        "test_record_visit_counts",
    ),
    "talks too much to be noted": (
        'p = r.pipeline(); [p.ping() for _ in range(2100)]; p.execute(); found = sorted({*r.scan(0, f"{prefix}*", 10**7)[1]})',
        "",
        "test_find_keys_never_blocks",
    ),
    "forgets what was counted": (
        'found = sorted(key for key in r.keys("*") if key.startswith(prefix)); r.config_resetstat()',
        "",
        "test_find_keys_never_blocks",
    ),
}


@pytest.fixture(scope="module")
def session():
    with Session("embedded") as made:
        yield made


@pytest.mark.parametrize("name", MEDDLING)
def test_who_meddles_fails(session, tmp_path, name):
    wrong, cell, check = MEDDLING[name]
    body = VISIT if "record_visit" in check else FIND
    if "found =" not in wrong and body is FIND:
        wrong = f"found = []; {wrong}"
    lesson = find("9")
    notebook = json.loads(with_functions(lesson.solution / f"{lesson.name}.ipynb", body.format(wrong)))
    own = {"cell_type": "code", "id": "own", "metadata": {}, "outputs": [], "execution_count": None, "source": cell}
    notebook["cells"].insert(0, own)
    (tmp_path / f"{lesson.name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (found,) = grade(lesson, tmp_path, session, asked=[check]).checks
    assert found.outcome is Outcome.FAILED and not found.fault
    (found.actual or "").encode()  # as a report writes it
