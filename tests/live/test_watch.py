"""`watch` and `start`: a save is answered, a failure is told, and Ctrl-C leaves nothing."""

import contextlib
import queue
import shutil
import signal
import subprocess
import threading
import time

import pytest
from calling import COMMAND, workshop
from labs import checkout

from workshop.course.lessons import find
from workshop.course.places import ROOT
from workshop.patience import until


class Screen:
    """The lines that a process writes, as they come."""

    def __init__(self, stream):
        self._stream, self._lines = stream, queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        with self._stream, contextlib.suppress(OSError):  # a terminal whose other end is gone raises EIO
            for line in self._stream:
                self._lines.put(line)

    def end(self):
        self._reader.join(5)

    def wait_for(self, text, limit=30):
        end, seen = time.monotonic() + limit, []
        while time.monotonic() < end:
            try:
                seen.append(self._lines.get(timeout=0.2))
            except queue.Empty:
                continue
            if text in seen[-1]:
                return seen[-1]
        raise AssertionError(f"never saw {text!r} in {''.join(seen)}")


@pytest.fixture
def work(tmp_path):
    folder = tmp_path / "01_hello_flask"
    shutil.copytree(find("1").solution, folder)
    return folder


def test_each_save_is_checked(work):
    command = [*COMMAND, "watch", "1", "--work", str(work), "--runtime", "embedded"]
    watcher = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    screen, app = Screen(watcher.stdout), work / "app.py"
    screen.wait_for("7 of 7")
    time.sleep(0.3)
    right = app.read_text()
    app.write_text(right.replace('"Hello World"', '"Bye"'))
    screen.wait_for("✗ `GET /` answers")
    screen.wait_for("6 of 7")
    time.sleep(0.3)
    beside = app.with_suffix(".tmp")  # as many editors save: a new file takes the old one's name
    beside.write_text(right)
    beside.replace(app)
    screen.wait_for("7 of 7")
    watcher.send_signal(signal.SIGINT)
    assert watcher.wait(10) == 130
    screen.end()


def test_of_the_containers_of_a_check_the_first_is_kept(has_engine, tmp_path):
    folder = tmp_path / "07_redis_api"
    shutil.copytree(find("7").solution, folder)
    command = [*COMMAND, "watch", "7", "--work", str(folder), "--runtime", "docker"]
    before = set(containers())
    watcher = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    screen = Screen(watcher.stdout)
    screen.wait_for("19 of 19", limit=60)
    assert until(lambda: len([name for name in set(containers()) - before if "-web-" in name]) == 1, 10)
    (kept,) = [name for name in set(containers()) - before if "-web-" in name]
    with (folder / "app.py").open("a", encoding="utf-8") as app:
        app.write("# once more\n")
    screen.wait_for("19 of 19", limit=60)
    assert until(lambda: kept not in containers(), 10)
    watcher.send_signal(signal.SIGINT)
    assert watcher.wait(30) == 130
    screen.end()


def containers():
    done = subprocess.run(["docker", "ps", "--format", "{{.Names}}"], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_start_without_a_terminal_checks_once_and_ends(tmp_path):
    folder = checkout(tmp_path / "checkout", "solutions")  # a place of its own: `start` lays out the student's files
    done = workshop("start", "--runtime", "embedded", WORKSHOP_STATE=str(tmp_path), PYTHONPATH=str(folder / "src"))
    assert (folder / "work" / "01_hello_flask" / "app.py").exists()
    assert done.returncode in (0, 1)
    assert "lessons passed" in done.stdout
    assert "Lesson" in done.stdout
