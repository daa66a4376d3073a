"""A class of sixty, run by hand: WORKSHOP_CLASS=60 .venv/bin/python -m pytest tests/live/test_class_sixty.py -q

Each piece of work must get the verdict that is known for it, twice; then the teacher's process, a worker, Redis and the class's own engine
are killed in mid-run, and the grades must come out the same, with no finished job done again. WORKSHOP_CLASS=10 is a smaller class.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from calling import COMMAND, ROOT, workshop
from missing import cannot
from queues import Server
from sixty import NUMBERS, Call, differing, done_again, faults_in, handed_in, name_of, runs, written

STUDENTS = int(os.environ.get("WORKSHOP_CLASS") or "0")
pytestmark = pytest.mark.skipif(not STUDENTS, reason="is run by hand: WORKSHOP_CLASS=60")
ENGINE = {"WORKSHOP_CLASS_ENGINE": "sixty"}


def graders_of(pid):
    """The grading processes that a process has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            if parent == pid and "workshop.grading.worker" in stat.with_name("cmdline").read_text():
                found.append(int(stat.parent.name))
    return found


@pytest.fixture(scope="module")
def tell(request):
    """Prints a line of the table, past pytest's capture."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def tell(text):
        with capture.global_and_fixture_disabled():
            print(text, flush=True)

    return tell


@pytest.fixture(scope="module")
def the_class(has_engine, tmp_path_factory, tell):
    folder = tmp_path_factory.mktemp("class")
    known = handed_in(folder / "in", STUDENTS)
    kinds = Counter(piece.kind for piece in known.values())
    tell(f"\n {STUDENTS} students, {len(known)} pieces of work of lessons {NUMBERS}: {dict(kinds)}")
    return folder, known


@pytest.fixture(scope="module")
def first(the_class, tell):
    """The grades of an undisturbed pass."""
    folder, known = the_class
    begun = time.monotonic()
    call = Call(folder / "in", folder / "first", "--trust-builds")
    grades = call.grades()
    seconds = time.monotonic() - begun
    tell(f"  undisturbed        {seconds:5.0f} s · {len(known) / seconds * 60:.1f} a minute")
    return grades


def test_each_gets_the_verdict_that_it_must_have(the_class, first):
    folder, known = the_class
    assert first.keys() == known.keys()
    assert faults_in(written(folder / "first"), known) == {}


def test_twice_the_same(the_class, first, tell):
    folder, _ = the_class
    begun = time.monotonic()
    grades = Call(folder / "in", folder / "second", "--trust-builds").grades()
    tell(f"  once more          {time.monotonic() - begun:5.0f} s · {len(differing(first, grades))} grades differ")
    assert differing(first, grades) == {}


def test_the_teachers_process_and_a_grading_process_are_killed(the_class, first, tell):
    folder, _ = the_class
    out, begun = folder / "killed", time.monotonic()
    call = Call(folder / "in", out, "--trust-builds")
    call.wait_for(1 / 4)
    early = call.kill()
    call = Call(folder / "in", out, "--trust-builds")
    middle = call.wait_for(1 / 2)
    os.kill(graders_of(call.process.pid)[0], signal.SIGKILL)
    call.wait_for(3 / 4)
    late = call.kill()
    grades = Call(folder / "in", out, "--trust-builds").grades()
    again = [pair for rows in (early, middle, late) for pair in done_again(rows, written(out))]
    told(tell, "teacher, grader", begun, late, first, grades, again)


def told(tell, who, begun, rows, first, grades, again):
    done, differs = sum(row["state"] == "done" for row in rows.values()), differing(first, grades)
    tell(
        f"  killed: {who:<16} {time.monotonic() - begun:5.0f} s · {done} were finished at the last kill · "
        f"{len(again)} done again · {len(differs)} grades differ"
    )
    assert differs == {} and again == []


def test_a_worker_redis_and_the_teacher_are_killed(the_class, first, tell):
    folder, _ = the_class
    (folder / "redis").mkdir()
    server, out, begun = Server(folder / "redis", keeps=True), folder / "queued", time.monotonic()
    queue = {"WORKSHOP_QUEUE": server.url}
    log = (folder / "workers.said").open("ab")

    def worker():
        command = [*COMMAND, "class", "worker", "--workers", "2", "--trust-builds"]
        env = {**os.environ, "WORKSHOP_BUILD_LIMIT": "45", **queue}
        return subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)

    workers = [worker(), worker()]
    seen = []

    def look(rows):
        seen.append((rows, runs(server.url, out)))

    try:
        call = Call(folder / "in", out, **queue)
        look(call.wait_for(1 / 5))
        workers[0].kill()
        workers.append(worker())
        look(call.wait_for(2 / 5))
        server.kill()
        time.sleep(2)
        server.start()
        call.wait_for(3 / 5)
        look(call.kill())
        grades = Call(folder / "in", out, **queue).grades()
        at_the_end = runs(server.url, out)
    finally:
        for process in workers:
            process.send_signal(signal.SIGINT)
        for process in workers:
            process.wait(60)
        server.kill()
        log.close()
    again = set()
    for rows, begun_then in seen:
        again |= set(done_again(rows, written(out)))
        names = {pair: name_of(row) for pair, row in rows.items() if row["state"] == "done"}
        again |= {pair for pair, name in names.items() if begun_then.get(name) != at_the_end.get(name)}
    told(tell, "worker, Redis, t.", begun, seen[-1][0], first, grades, sorted(again))


def test_the_engine_of_the_class_is_killed(the_class, first, tell):
    folder, _ = the_class
    up = workshop("class", "engine", "up", "--lessons", NUMBERS, timeout=600, **ENGINE)
    if up.returncode == 3:
        cannot(f"makes an engine of its own: {up.stderr}")
    assert up.returncode == 0, up.stderr
    try:
        out, begun = folder / "engine", time.monotonic()
        call = Call(folder / "in", out, **ENGINE)
        seen = call.wait_for(1 / 2)
        os.kill(int(Path("/run/workshop-class-sixty/dockerd.pid").read_text()), signal.SIGKILL)
        call.wait(lambda rows: "Paused" in call.said.read_text())
        seen = written(out)
        up = workshop("class", "engine", "up", "--lessons", NUMBERS, timeout=600, **ENGINE)
        assert up.returncode == 0, up.stderr
        grades = call.grades()
    finally:
        workshop("class", "engine", "down", timeout=300, **ENGINE)
    told(tell, "the engine", begun, seen, first, grades, done_again(seen, written(out)))
