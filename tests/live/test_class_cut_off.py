"""Two workers, each in a network namespace of its own, grade one class; one is cut off from Redis and comes back: nothing lost, nothing twice."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from calling import COMMAND, ROOT, workshop
from classes import graded, runs_in, submissions
from missing import cannot
from queues import ENV, SCRIPT, Server, in_background, verdicts, wait_for
from sixty import Call, done_again, faults_in, handed_in, name_of, runs, written

from workshop.classroom.network import BUSY
from workshop.course.lessons import find

REDIS = "198.51.100.129"  # of the addresses that are kept for examples
CUT = BUSY + 6  # seconds; by then the other worker has what the lost one was at
STUDENTS = int(os.environ.get("WORKSHOP_CLASS") or "0")


def ip(*words, must=True):
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if must and done.returncode:
        cannot(f"makes network namespaces, as root: {done.stderr.strip()}")


class Room:
    """A network namespace with one link, to this machine."""

    def __init__(self, number):
        self.name, self.link = f"workshop-room-{number}", f"wsroom{number}"
        outer, inner = (f"198.51.100.{4 * number + one}" for one in (1, 2))
        ip("netns", "add", self.name)
        ip("link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        ip("address", "add", f"{outer}/30", "dev", self.link)
        ip("link", "set", self.link, "up")
        for words in (
            ("address", "add", f"{inner}/30", "dev", "eth0"),
            ("link", "set", "lo", "up"),
            ("link", "set", "eth0", "up"),
            ("route", "add", "default", "via", outer),
        ):
            ip("-netns", self.name, *words)

    def start(self, command, log, **env):
        """Starts a command in it."""
        inside = ["nsenter", f"--net=/run/netns/{self.name}", *command]
        return subprocess.Popen(inside, env={**ENV, **env}, cwd=ROOT, stdout=log, stderr=log)

    def cut(self):
        ip("link", "set", self.link, "down")

    def mend(self):
        ip("link", "set", self.link, "up")

    def remove(self):
        ip("link", "delete", self.link, must=False)
        ip("netns", "delete", self.name, must=False)


@pytest.fixture
def rooms():
    if sys.platform != "linux" or os.geteuid() != 0:
        cannot("makes network namespaces: it takes Linux, and root")
    made = []
    try:
        ip("address", "add", f"{REDIS}/32", "dev", "lo")
        made += [Room(number) for number in (1, 2)]
        yield made
    finally:
        for room in made:
            room.remove()
        ip("address", "delete", f"{REDIS}/32", "dev", "lo", must=False)


@pytest.fixture
def server(tmp_path, rooms):
    (tmp_path / "redis").mkdir()
    made = Server(tmp_path / "redis", keeps=True, host=REDIS)
    yield made
    made.kill()


@pytest.fixture
def log(tmp_path):
    with (tmp_path / "workers.log").open("ab") as file:
        yield file


def ended(processes):
    for process in processes:
        process.send_signal(signal.SIGINT)
    for process in processes:
        process.wait(60)


def test_a_worker_that_is_cut_off_and_comes_back_loses_nothing_and_repeats_nothing(tmp_path, rooms, server, log):
    names = [f"s{one:02}" for one in range(26)]
    submissions(tmp_path / "in", **{name: f"second {name}" for name in names})
    runs = [tmp_path / f"runs-{number}" for number in (1, 2)]
    commands = [[sys.executable, SCRIPT, "worker", server.url, str(path)] for path in runs]
    workers = [room.start(command, log) for room, command in zip(rooms, commands, strict=True)]
    try:
        result = in_background(lambda: graded(tmp_path, queue=server.url))
        wait_for(runs[0], 2)
        wait_for(runs[1], 1)
        rooms[0].cut()
        alone = len(runs_in(runs[1]))
        time.sleep(CUT)
        before = len(runs_in(runs[0]))
        assert len(runs_in(runs[1])) >= alone + 5, "the other went on"
        rooms[0].mend()
        _, rows = result()
    finally:
        for process in workers:
            process.kill()
            process.wait()
    assert set(verdicts(rows).values()) == {"passed"} and rows.keys() == set(names)
    first, second = (runs_in(path) for path in runs)
    assert before <= 4, "without Redis it takes nothing more than it had"
    assert len(first) > before, "it is at work again"
    counts = Counter([*first, *second])
    again = {name for name, count in counts.items() if count > 1}
    assert again <= set(first[:before]), "only what was under way where the link was cut is done by the other too"
    assert max(counts.values()) <= 2 and len(again) <= 2


@pytest.mark.skipif(not STUDENTS, reason="is run by hand: WORKSHOP_CLASS=12")
def test_two_engines_grade_one_class_and_one_of_them_is_cut_off(has_engine, tmp_path, rooms, server, log):
    """Real work and attacks of two lessons; each worker has a class engine of its own."""
    known = handed_in(tmp_path / "in", STUDENTS, lessons=[find("1"), find("9")])
    engines = [{"WORKSHOP_CLASS_ENGINE": f"room{number}"} for number in (1, 2)]
    workers, queue = [], {"WORKSHOP_QUEUE": server.url}
    try:
        for engine in engines:
            up = workshop("class", "engine", "up", "--lessons", "1,9", timeout=600, **engine)
            if up.returncode == 3:
                cannot(f"makes an engine of its own: {up.stderr}")
            assert up.returncode == 0, up.stderr
        command = [*COMMAND, "class", "worker", "--workers", "2"]
        workers = [room.start(command, log, **engine, **queue) for room, engine in zip(rooms, engines, strict=True)]
        call = Call(tmp_path / "in", tmp_path / "out", lessons="1,9", **queue)
        call.wait_for(1 / 4)
        rooms[0].cut()
        time.sleep(CUT)
        seen, begun = written(tmp_path / "out"), runs(server.url, tmp_path / "out")
        rooms[0].mend()
        grades = call.grades()
        rows, begun_at_the_end = written(tmp_path / "out"), runs(server.url, tmp_path / "out")
    finally:
        ended(workers)
        for engine in engines:
            workshop("class", "engine", "down", timeout=300, **engine)
    assert grades.keys() == known.keys() and faults_in(rows, known) == {}
    finished = {pair: name_of(row) for pair, row in seen.items() if row["state"] == "done"}
    assert finished and done_again(seen, rows) == []
    assert [pair for pair, name in finished.items() if begun[name] != begun_at_the_end[name]] == []
