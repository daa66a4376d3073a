"""The workshop by Docker alone, as a student has it: one browser tab with the text, the checks, an editor and a terminal.

By hand, since its image takes minutes to make: WORKSHOP_ALONE=1 does lessons 1 and 3, WORKSHOP_ALONE=all lessons 7, 8 and 9 as well, and proves
graders from inside the container. A test run asks only the part that carries published ports into it.
"""

import os
import re
import shutil
import socket
import subprocess
import threading

import pytest
from browsers import PHONE, Fetching, faults, is_too_wide, window
from labs import by_docker_alone
from playwright.sync_api import expect

from workshop.alone.mirror import Mirror
from workshop.course.lessons import find
from workshop.engine import engine, helpers, images, run
from workshop.guests import gate
from workshop.patience import until

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\w+/\?key=[\w-]+")
ALL = os.environ.get("WORKSHOP_ALONE") == "all"
HERE = "127.0.0.9"  # on 127.0.0.1 of this machine the engine's own proxy listens
all_of_it = pytest.mark.skipif(not ALL, reason="takes some minutes; WORKSHOP_ALONE=all runs it")


@pytest.fixture(scope="module")
def alone(has_engine, chromium, tmp_path_factory):
    """The workshop, up in its container."""
    if not os.environ.get("WORKSHOP_ALONE"):
        pytest.skip("its image takes minutes to make; WORKSHOP_ALONE=1 runs it")
    more = ("workshop", "solutions", "answers", "docs")
    with by_docker_alone(tmp_path_factory.mktemp("alone"), *more) as made:
        made.compose("up", "--build", "--detach", "--wait")
        made.address = ADDRESS.search(made.compose("logs", "--no-log-prefix", "workshop"))[0]
        yield made


@pytest.fixture(scope="module")
def context(chromium, alone):
    with window(chromium, reduced_motion="reduce") as made:
        made.route(re.compile(rf":{alone.port}/"), Fetching())
        yield made


@pytest.fixture(scope="module")
def page(context, alone):
    """The page, open."""
    made = context.new_page()
    made.goto(alone.address)
    expect(made.locator("#list > li").first).to_be_visible()
    return made


def left_of(runs):
    """What the engine still has of these runs."""
    mine = [word for one in runs for word in ("--filter", f"label=workshop.run={one}")]
    found = [engine.docker("ps", "--all", "--quiet", *mine)]
    found += [engine.docker(kind, "ls", "--quiet", *mine) for kind in ("network", "volume")]
    return " ".join(one.out for one in found).split()


def go(page, number):
    """Opens a lesson by the list on the page."""
    lesson = find(str(number))
    page.locator("#lessons").select_option(lesson.name)
    page.locator("#go").click()
    expect(page).to_have_title(re.compile(rf"Lesson {number} ·"))
    return lesson


def is_over(page, verdict, seconds=120):
    expect(page).to_have_title(re.compile(f"^{'✓' if verdict == 'passed' else '✗'}"), timeout=seconds * 1000)


def solve(alone, lesson):
    """Saves the solution in the folder of this machine."""
    folder = alone.folder / "work" / lesson.name
    for name, path in lesson.finished().items():
        shutil.copyfile(path, folder / name)


def editor(page):
    """JupyterLab within the page."""
    page.locator("#view-editor").click()
    frame = page.frame_locator("#editor iframe")
    expect(frame.locator("#jp-main-dock-panel")).to_be_visible()
    return frame


def test_lesson_1_is_typed_in_the_editor_and_passed(page, alone):
    lesson = go(page, 1)
    is_over(page, "failed")
    frame = editor(page)
    text = frame.locator(".jp-FileEditor .cm-content")
    expect(text).to_be_visible()
    text.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text((lesson.solution / "app.py").read_text(encoding="utf-8"))
    page.keyboard.press("ControlOrMeta+s")
    is_over(page, "passed")
    saved = alone.folder / "work" / lesson.name / "app.py"
    assert saved.stat().st_uid == alone.folder.stat().st_uid
    page.locator("#view-text").click()
    expect(page.locator("#text li.promise.passed").first).to_be_visible()


def test_the_terminal_has_the_commands_and_the_engine(page, alone):
    frame = editor(page)
    frame.get_by_role("menuitem", name="File", exact=True).click()
    frame.locator(".lm-Menu-itemLabel", has_text="New Launcher").click()
    frame.locator(".jp-LauncherCard", has_text="Terminal").click()
    screen = frame.locator(".jp-Terminal .xterm-screen")
    expect(screen).to_be_visible()
    screen.click()
    said = alone.folder / "work" / "said.txt"
    inside = "(./workshop more 1; docker ps; source .venv/bin/activate; type python) > work/said.txt 2>&1"
    for _ in range(5):  # what is typed before the shell is there is lost
        page.keyboard.type(f"cd {alone.folder}; {inside}; echo end >> work/said.txt\n")
        if until(lambda: said.exists() and said.read_text(encoding="utf-8").endswith("end\n"), 15, 0.2):
            break
    words = said.read_text(encoding="utf-8")
    assert "One more thing to try" in words and "CONTAINER ID" in words and "python is /venv/bin/python" in words
    page.locator("#view-text").click()


def test_lesson_3_fails_and_passes_as_on_the_host(page, alone):
    lesson = go(page, 3)
    is_over(page, "failed")
    wrong = alone.folder / "work" / lesson.name / "app.py"
    solve(alone, lesson)
    wrong.write_text(wrong.read_text(encoding="utf-8").replace("0.0.0.0", "127.0.0.1"), encoding="utf-8")
    because = page.locator("#list > li.failed dd.because")
    expect(because).to_contain_text("The app listens on 127.0.0.1:5000", timeout=120_000)
    solve(alone, lesson)
    is_over(page, "passed")


def test_what_is_published_by_hand_is_asked_in_the_terminal_as_the_texts_say(alone):
    name = f"workshop-test-by-hand-{os.getpid()}"
    serve = ("python", "-m", "http.server", "5000")
    alone.inside("docker", "run", "--detach", "--name", name, "--publish", "127.0.0.1::5000", images.BASE, *serve)
    try:
        port = alone.inside("docker", "port", name, "5000/tcp").splitlines()[0].rpartition(":")[2]
        again = ("--retry", "30", "--retry-all-errors", "--retry-delay", "1")
        assert "Directory listing" in alone.inside("curl", "--silent", *again, f"http://127.0.0.1:{port}/")
    finally:
        alone.inside("docker", "rm", "--force", name)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(page, scheme, tmp_path_factory):
    pictures = os.environ.get("WORKSHOP_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots")
    page.emulate_media(color_scheme=scheme)
    frame = editor(page)
    expect(frame.locator("#jupyterlab-splash")).to_have_count(0)
    expect(frame.locator("body")).to_have_attribute("data-jp-theme-light", "true" if scheme == "light" else "false")
    before = page.viewport_size
    for shape, size in (("desktop", {"width": 1280, "height": 900}), ("phone", PHONE)):
        page.set_viewport_size(size)
        page.screenshot(path=f"{pictures}/alone-{scheme}-{shape}.png", full_page=shape == "phone")
        assert not is_too_wide(page)
        assert faults(page) == []
    page.set_viewport_size(before)
    page.locator("#view-text").click()


@all_of_it
@pytest.mark.parametrize("number", [7, 8, 9])
def test_further_lessons_are_passed(page, alone, number):
    lesson = go(page, number)
    is_over(page, "failed", seconds=240)
    if lesson.notebook:
        page.locator("#notebook").click()
        frame = page.frame_locator("#editor iframe")
        expect(frame.locator(".jp-NotebookPanel .jp-Cell").first).to_be_visible()
    solve(alone, lesson)
    is_over(page, "passed", seconds=240)


@all_of_it
@pytest.mark.parametrize("number", [1, 3, 5, 7, 8])
def test_the_graders_give_the_same_verdicts_in_there(alone, number):
    said = alone.inside("./workshop", "prove", str(number), "--minutes", "1")  # ends with 1 where a verdict is another
    assert re.search(r"no fault|\d of \d lessons proven", said)


def test_others_get_neither_the_page_nor_the_editor(alone):
    base = alone.address.partition("?")[0]
    for port, path in ((alone.page_port, base), (alone.port, f"http://127.0.0.1:{alone.port}/api/contents")):
        done = subprocess.run(
            ["curl", "--silent", "--output", "-", "--write-out", "%{http_code}", path],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout[-3:] in ("403", "404"), (port, done.stdout)


@all_of_it
def test_what_is_left_by_a_kill_goes_with_the_next_start(page, alone):
    lesson = go(page, 3)
    solve(alone, lesson)
    is_over(page, "passed")
    before = alone.inside("ls", ".workshop/runs").split()
    assert left_of(before)
    alone.compose("kill", "workshop")
    assert left_of(before)
    alone.compose("up", "--detach", "--wait")
    assert until(lambda: not left_of(before), 60, 0.5)


def test_nothing_is_left_after_down(alone):
    runs = alone.folder / ".workshop" / "runs"
    assert until(lambda: left_of([path.name for path in runs.iterdir()]), 60, 0.5)
    before = [path.name for path in runs.iterdir()]
    alone.compose("down", "--timeout", "40")
    assert left_of(before) == []
    assert not (alone.folder / ".venv").is_symlink()


def answer(port):
    """What a server that speaks first says on this port of HERE; None if nobody listens, "" if nobody answers."""
    try:
        with socket.create_connection((HERE, port), 5) as one:
            return one.recv(10).decode()
    except ConnectionRefusedError:
        return None
    except OSError:
        return ""


def test_what_the_engine_publishes_is_found_elsewhere_too(has_engine, tmp_path):
    """The engine's own events, a gate on this machine, and a mirror on another address of it."""
    images.need_image(images.BASE)
    threading.Thread(target=gate.serve, args=(str(tmp_path / "gate"),), daemon=True).start()
    serve = "import socket; s = socket.create_server(('{}', 5000))\nwhile True: c, _ = s.accept(); c.send(b'hello'); c.close()"
    with run.run() as mine, Mirror(tmp_path / "gate", HERE):
        for address, expected in (("0.0.0.0", "hello"), ("127.0.0.1", "")):
            name = mine.name("web")
            flags = (*helpers.own(mine, name), "--init", "--detach", *engine.publish(5000))
            engine.must(mine.docker("run", *flags, images.BASE, "python", "-c", serve.format(address)))
            port = helpers.published(mine, name, 5000)
            assert until(lambda port=port: answer(port), 20, enough=lambda got, want=expected: got == want) == expected
            mine.docker("stop", "--time", "1", name)
            assert until(lambda port=port: answer(port), 20, enough=lambda got: got is None) is None
            mine.docker("start", name)
            again = helpers.published(mine, name, 5000)
            assert (
                until(lambda port=again: answer(port), 20, enough=lambda got, want=expected: got == want) == expected
            )
