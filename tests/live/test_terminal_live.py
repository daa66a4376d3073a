"""The workshop in a real pseudo-terminal: what is on the screen, at 80 and at 40 columns of 24 rows, and what keys do."""

import json
import operator
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from labs import checkout
from terminals import Window

from workshop.course.lessons import find
from workshop.engine import engine
from workshop.patience import until

PLAIN = ("watch", "1", "--runtime", "embedded")
ESCAPE = b"\x1b"
COLOUR = re.compile(rb"\x1b\[[\d;]*m")


@pytest.fixture
def work(tmp_path):
    """Lesson 1 with two mistakes: another word on the first page, and the debugger on."""
    folder = tmp_path / "01_hello_flask"
    shutil.copytree(find("1").solution, folder)
    app = folder / "app.py"
    app.write_text(app.read_text().replace('"Hello World"', '"Bye"').replace("port=5000", "port=5000, debug=True"))
    return folder


@pytest.fixture
def window(work, tmp_path):
    """Opens a window on that lesson."""
    opened = []

    def on(columns=80, args=PLAIN, **env):
        where = ("--work", str(work)) if args is PLAIN else ()
        opened.append(Window(*args, *where, columns=columns, WORKSHOP_STATE=str(tmp_path / "state"), **env))
        return opened[-1]

    yield on
    for one in opened:
        one.__exit__()


@pytest.fixture
def place(tmp_path):
    """A checkout of its own, whose lessons a student begins: its arguments and environment for a window."""
    folder = checkout(tmp_path / "checkout", "solutions", "answers")
    env = {"WORKSHOP_STATE": str(tmp_path / "own"), "PYTHONPATH": str(folder / "src"), "PAGER": "cat"}
    return folder, env


def words(text):
    return re.findall(r"[\w`'/.:<>{}\"…-]+", text)


@pytest.mark.parametrize("columns", [80, 40])
def test_a_page_cuts_no_word_and_shows_the_first_mistake(columns, window):
    screen = window(columns)
    shown = screen.wait_for("[q] quit")
    lines = screen.lines
    assert all(len(line) <= columns for line in lines)
    joined = " ".join(shown.split())
    assert "✗ `GET /` answers `Hello World` as text" in joined  # also where it had left the window
    assert "because" in shown and 'Return the string "Hello World" from its view.' in joined
    assert "✗ The debugger is off" in joined
    assert "explained" not in shown and joined.count("because") == 1
    lesson = find("1")
    known = set(words(" ".join([lesson.title, *lesson.promises.values()])))
    rows = [line for line in lines if line[2:3] in "✓✗·" and line.startswith("  ")]
    assert rows and all(
        set(words(row[4:])) - {"…", "the", "first"} <= known | {"s"} | set(re.findall(r"[\d.]+", row)) for row in rows
    )


def test_at_80_columns_every_promise_is_a_line_and_the_text_is_named(window):
    screen = window()
    screen.wait_for("[q] quit")
    lines = screen.lines
    assert lines[0].startswith(" Lesson 1 · Hello, Flask")
    assert " text  lessons/01_hello_flask/README.md" in lines[1:3]
    assert len([line for line in lines if line[2:3] in "✓✗·" and line.startswith("  ")]) == len(find("1").promises)


def test_the_keys_fit_40_columns(window):
    assert len(next(line for line in window(40).wait_for("[q] quit").splitlines() if "[h]" in line)) <= 40


def test_no_colours_where_they_are_not_wanted(window):
    screen = window(NO_COLOR="1")
    screen.wait_for("[q] quit")
    assert not COLOUR.search(screen.sent)


def test_no_escapes_where_the_terminal_is_dumb(window):
    screen = window(TERM="dumb")
    screen.wait_for("[q] quit")
    screen.press("h")
    screen.wait_for("Hint 1 of")
    screen.press("q")
    assert screen.ends() == 0
    assert ESCAPE not in screen.sent
    assert "✗ The debugger is off" in screen.sent.decode()


def test_colours_on_a_terminal_that_has_them(window):
    screen = window()
    screen.wait_for("[q] quit")
    assert COLOUR.search(screen.sent)


def test_keys_of_every_kind(place):
    folder, env = place
    with Window("start", "--runtime", "embedded", cwd=folder, **env) as screen:
        screen.wait_for("[h] hint")
        assert "Lesson 1 · Hello, Flask" in screen.shown
        screen.press("n")
        screen.wait_until(lambda shown: "Lesson 2 ·" in shown and "[h] hint" in shown, "lesson 2")
        screen.press("h")
        screen.wait_for("Hint 1 of")
        screen.press("h")
        screen.wait_for("Hint 2 of")
        before = screen.shown
        screen.press(["ü", "\x1b[A", "\x1b[200~quit\x1b[201~", "x"])
        time.sleep(0.3)
        assert screen.shown == before
        screen.press("l")
        screen.wait_for("lessons passed")
        screen.press("q")
        assert screen.ends() == 0
    assert "Lesson 3" not in screen.sent.decode()
    assert (folder / "work" / "02_what_is_a_container").is_dir()


def test_what_was_pressed_does_not_land_in_the_shell(place):
    folder, env = place
    shell = f'{sys.executable} -m workshop.cli start --runtime embedded; read -t 1 -n 9 left; echo "left: <$left>"'
    with Window(command=("bash", "-c", shell), cwd=folder, **env) as screen:
        screen.wait_for("[h] hint")
        os.write(screen._ours, "qüüxx".encode())
        assert "left: <>" in screen.wait_for("left: <")


def test_keys_act_while_a_check_runs(place):
    folder, env = place
    waits = "import time\ntime.sleep(60)\n"
    (folder / "work" / "01_hello_flask").mkdir(parents=True)
    (folder / "work" / "01_hello_flask" / "app.py").write_text(waits)
    with Window("start", "--runtime", "embedded", cwd=folder, **env) as screen:
        screen.wait_for("… `python app.py` starts")
        for key, seen in (("h", "Hint 1 of"), ("t", "## One more thing to try")):
            start = time.monotonic()
            screen.press(key)
            screen.wait_for(seen)
            assert time.monotonic() - start < 2
        start = time.monotonic()
        screen.press("n")
        screen.wait_for("Lesson 2 ·")
        assert time.monotonic() - start < 2.5
        screen.press("q")
        assert screen.ends(5) == 0


def test_a_save_ends_a_check_that_is_for_nothing(place):
    folder, env = place
    app = folder / "work" / "01_hello_flask" / "app.py"
    app.parent.mkdir(parents=True)
    app.write_text("import time\ntime.sleep(60)\n")
    with Window("start", "1", "--runtime", "embedded", cwd=folder, **env) as screen:
        screen.wait_for("… `python app.py` starts")
        shutil.copyfile(find("1").solution / "app.py", app)
        start = time.monotonic()
        screen.wait_for("7 of 7", 20)
        assert time.monotonic() - start < 9  # a start that never comes up takes 10 s


def test_reset_and_a_checkout_leave_the_watch_at_work(place):
    folder, env = place
    app = folder / "work" / "01_hello_flask" / "app.py"
    with Window("start", "--runtime", "embedded", cwd=folder, **env) as screen:
        screen.wait_for("[h] hint")
        before = app.parent.stat().st_ino
        reset = subprocess.run(
            [sys.executable, "-m", "workshop.cli", "reset"],
            cwd=app.parent,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
        )
        assert reset.returncode == 0 and "kept in" in reset.stdout, reset.stderr
        assert app.parent.stat().st_ino == before
        screen.wait_for("[h] hint")
        shutil.copyfile(find("1").solution / "app.py", app)
        screen.wait_for("7 of 7")
        app.parent.rename(folder / "away")  # as `git checkout` of a branch without it
        screen.wait_for("is not there")
        (folder / "away").rename(app.parent)
        screen.wait_for("7 of 7")
        app.write_text("def broken(:\n")
        screen.wait_for("0 of 7")
        screen.press("q")
        assert screen.ends() == 0


def test_the_service_stays_up_for_who_reads(window):
    screen = window()
    shown = screen.wait_for("[q] quit")
    address = re.search(r"http://127\.0\.0\.1:\d+", shown)[0]
    ask = ["curl", "-sS", "--max-time", "5", f"{address}/"]
    assert "Until the next save the service answers on" in shown
    assert subprocess.run(ask, capture_output=True, text=True).stdout.strip() == "Bye"
    screen.press("q")
    assert screen.ends() == 0
    assert subprocess.run(ask, capture_output=True).returncode != 0


def left_of(run):
    """What is there of this run."""
    kinds = (("ps", "--all"), ("network", "ls"), ("image", "ls", "--all"), ("volume", "ls"))
    label = ("--quiet", "--filter", f"label=workshop.run={run}")
    return [found for kind in kinds for found in engine.docker(*kind, *label).out.split()]


def test_nothing_is_left_of_what_stayed_up(work, tmp_path, has_engine):
    state = tmp_path / "state"
    with Window("watch", "1", "--work", str(work), "--runtime", "docker", WORKSHOP_STATE=str(state)) as screen:
        screen.wait_for("Until the next save the service answers on", 60)
        (run,) = [path.name for path in (state / "runs").iterdir()]
        listed = ("ps", "--all", "--quiet", "--filter", f"label=workshop.run={run}")
        assert engine.docker(*listed).out.split()
        screen.process.kill()
        screen.process.wait()
    assert not until(lambda: left_of(run), 10, 0.2, operator.not_)


def test_q_ends_a_check_in_containers_and_leaves_nothing(tmp_path, has_engine):
    state, folder = tmp_path / "state", tmp_path / "05_lifecycle"
    shutil.copytree(find("5").solution, folder)
    with Window("watch", "5", "--work", str(folder), WORKSHOP_STATE=str(state)) as screen:
        screen.wait_for("✓", 90)
        (run,) = [path.name for path in (state / "runs").iterdir()]
        screen.press("h")
        screen.wait_for("Hint 1 of", 3)
        screen.press("q")
        screen.wait_for("ended", 3)
        assert screen.ends() == 0
    assert not left_of(run)


def test_the_text_opens_in_the_browser_that_is_there(place, tmp_path):
    folder, env = place
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    with Window(
        "start", "--runtime", "embedded", cwd=folder, **env, BROWSER=str(browser), SSH_CONNECTION=""
    ) as screen:
        screen.wait_for("[h] hint")
        screen.press("t")
        screen.wait_for("is open in the browser")
        screen.press("q")
        assert screen.ends() == 0
    page = (tmp_path / "opened").read_text().strip().removeprefix("file://")
    assert page.endswith("texts/01_hello_flask.html")
    assert "<h1>Lesson 1 · Hello, Flask</h1>" in Path(page).read_text(encoding="utf-8")


def test_json_stays_alone_on_standard_output_and_a_report_fits_a_pipe(work, tmp_path):
    env = {**os.environ, "WORKSHOP_STATE": str(tmp_path / "state")}
    call = [sys.executable, "-m", "workshop.cli", "check", "1", "--work", str(work), "--runtime", "embedded"]
    done = subprocess.run([*call, "--json"], capture_output=True, text=True, env=env)
    assert json.loads(done.stdout)["verdict"] == "failed" and "✗" in done.stderr
    done = subprocess.run(call, capture_output=True, text=True, env=env)
    assert done.returncode == 1 and "✗ The debugger is off" in done.stdout and done.stderr == ""
    assert done.stdout.count("because") == 2  # in a file each ✗ is explained
    asked = re.search(r"asked +(.*)", done.stdout)[1]
    assert asked == "curl -i http://127.0.0.1:5000/"
    cut = subprocess.run(["bash", "-c", f"{' '.join(call)} | head -1"], capture_output=True, text=True, env=env)
    assert cut.stdout.startswith(" Lesson 1") and "Traceback" not in cut.stderr
