"""The page as a student sees it: `./workshop start` in a terminal, Chromium beside it."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browsers import PHONE, Fetching, faults, is_too_wide, served, window
from labs import checkout
from playwright.sync_api import expect
from terminals import Window

from workshop.course.lessons import catalogue, find
from workshop.desk.pages import door
from workshop.patience import settled, until
from workshop.pictures.canvas import size
from workshop.wire.sockets import free_port

ADDRESS = re.compile(rb"http://127\.0\.0\.1:\d+/\w+/\?key=[\w-]+")
AT_ONCE = 0.3  # seconds from a verdict to the page
LOOPBACK = ("0.0.0.0", "127.0.0.1")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Where the screenshots go: a folder that is thrown away, or the one named by WORKSHOP_SCREENSHOTS."""
    named = os.environ.get("WORKSHOP_SCREENSHOTS")
    return Path(named) if named else tmp_path_factory.mktemp("screenshots")


class Started:
    """`./workshop start N`, in a fresh copy of the checkout and a terminal of its own."""

    def __init__(self, folder, number, *words, **env):
        self.folder = checkout(folder, "solutions", "answers", "docs")
        self.lesson = find(str(number), self.folder)
        command = (sys.executable, "-P", "-m", "workshop.cli")
        own = {"PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1", **env}
        self.window = Window(
            "start", str(number), "--no-browser", *words, columns=200, rows=50, command=command, cwd=folder, **own
        )
        self.address = self._address()

    def _address(self):
        """The page's address, once it was written: the lesson's page soon takes its place in the window."""
        self.window.wait_until(lambda _: ADDRESS.search(self.window.sent), "the page's address", 60)
        return ADDRESS.search(self.window.sent)[0].decode()

    def write(self, name, text):
        """Saves a file of the student's."""
        (self.lesson.work / name).write_text(text, encoding="utf-8")

    def solve(self):
        """Saves the solution."""
        for name, path in self.lesson.finished().items():
            shutil.copyfile(path, self.lesson.work / name)

    @property
    def solution(self):
        """The solution's app.py."""
        return (self.lesson.solution / "app.py").read_text(encoding="utf-8")


@contextlib.contextmanager
def started(folder, number, *words, **env):
    made = Started(folder, number, *words, **env)
    with made.window:
        yield made


@pytest.fixture(scope="module")
def first(chromium, tmp_path_factory):
    """Lesson 1, without an engine."""
    with started(tmp_path_factory.mktemp("first"), 1, "--runtime", "embedded") as made:
        yield made


@pytest.fixture
def context(chromium):
    with window(chromium, reduced_motion="reduce", permissions=["clipboard-read", "clipboard-write"]) as made:
        yield made


def opened(context, start, *, text=True):
    """The page, open and showing the lesson."""
    page = context.new_page()
    page.goto(start.address)
    expect(page.locator("#list > li").first).to_be_visible()
    if text:
        expect(page.locator("#text h1")).to_be_visible()
    return page


def is_over(page, outcome, seconds=60):
    """Waits for a report with this verdict."""
    expect(page).to_have_title(re.compile("^✓" if outcome == "passed" else "^✗"), timeout=seconds * 1000)


def after(page, do, outcome, seconds=60):
    """Does something that has the work checked again, and waits for the report of that check."""
    before = page.evaluate("Number(document.documentElement.dataset.version)")
    do()
    is_new = "before => Number(document.documentElement.dataset.version) > before && document.documentElement.dataset.phase === 'over'"
    page.wait_for_function(is_new, arg=before, timeout=seconds * 1000)
    is_over(page, outcome)


def test_checks_turn_as_the_student_saves(first, context):
    page = opened(context, first)
    is_over(page, "failed")
    assert "key=" not in page.url
    after(page, first.solve, "passed")
    count = len(first.lesson.promises)
    expect(page.locator("#list > li.passed")).to_have_count(count)
    expect(page.locator("#text li.promise.passed")).to_have_count(count)
    expect(page.locator("#summary")).to_have_text(f"{count} of {count} checks pass.")
    took = page.eval_on_selector_all("#list > li", "items => items.map(item => Number(item.dataset.took))")
    assert max(took) < AT_ONCE
    assert page.locator("#lessons option").first.inner_text().startswith("✓")


def test_a_mistake_stands_beside_the_passage_that_explains_it(first, context):
    page = opened(context, first)
    after(page, lambda: first.write("app.py", first.solution.replace("World", "Wrld")), "failed")
    failed = page.locator("#list > li.failed").first
    for label in ("asked", "expected", "got", "because"):
        expect(failed.locator("dt", has_text=label)).to_be_visible()
    expect(page.locator("#text li.promise.failed .found").first).to_be_visible()


def test_hints_more_solution_and_reset_by_keyboard(first, context):
    page = opened(context, first)
    after(page, lambda: first.write("app.py", "1 / 0\n"), "failed")
    after(page, first.solve, "passed")  # what is shown on request is for whoever has passed
    after(page, lambda: first.write("app.py", "1 / 0\n"), "failed")
    page.locator("#hint").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#hints details").first).to_be_visible()
    expect(page.locator("#hints summary").first).to_be_focused()
    expect(page.locator("#hints summary").first).to_be_in_viewport()
    for _ in range(8):  # more than there are, so that the end of them is told at some time
        if "all the hints" in page.locator("#summary").inner_text():
            break
        page.locator("#hint").click()
        page.wait_for_timeout(300)
    expect(page.locator("#summary")).to_contain_text("These were all the hints")
    page.locator("#solution").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#extra")).to_contain_text("Flask(__name__)")
    page.locator("#more").click()
    expect(page.locator("#extra")).to_contain_text("One more thing to try")
    page.locator("#reset").click()
    after(page, page.get_by_role("button", name="Yes").click, "failed")
    assert (first.lesson.work / "app.py").read_text() == (first.lesson.folder / "app.py").read_text()
    expect(page.locator("#news")).to_contain_text("Your files from before the reset are kept in")
    page.get_by_role("button", name="Copy").first.click()
    assert page.evaluate("navigator.clipboard.readText()").strip()


def test_the_file_that_is_opened_leads_in(first, context, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path))
    file = door(first.address)
    assert file.stat().st_mode & 0o077 == 0
    page = context.new_page()
    page.goto(file.as_uri())
    expect(page.locator("#list > li").first).to_be_visible()


def test_eight_tabs_all_turn(first, context):
    first.write("app.py", "1 / 0\n")
    pages = [opened(context, first, text=False) for _ in range(8)]
    for page in pages:
        is_over(page, "failed")
    first.solve()
    for page in pages:
        is_over(page, "passed")


def test_where_no_stream_passes_the_page_asks(first, context):
    context.add_init_script("delete window.SharedWorker")
    page = opened(context, first)
    after(page, lambda: first.write("app.py", "1 / 0\n"), "failed")
    after(page, first.solve, "passed")
    assert page.evaluate("document.documentElement.dataset.how") == "polling"


def test_a_page_of_another_origin_starts_nothing(first, context, tmp_path):
    page = opened(context, first)
    after(page, lambda: first.write("app.py", "1 / 0\n"), "failed")
    (tmp_path / "index.html").write_text("<p>elsewhere</p>")
    before = settled(lambda: page.evaluate("document.documentElement.dataset.version"), 10, 1)
    with served(tmp_path) as elsewhere:
        other = context.new_page()
        other.goto(elsewhere)
        base = first.address.partition("?")[0]
        attempts = """async base => {
            const all = [["do/check", {method: "POST", mode: "no-cors", credentials: "include", headers: {"Content-Type": "text/plain"}, body: "{}"}],
                         ["do/check", {method: "POST", credentials: "include", headers: {"Content-Type": "application/json"}, body: "{}"}],
                         ["state", {credentials: "include"}]];
            const told = [];
            for (const [path, how] of all) {
                try { const answer = await fetch(base + path, how); told.push(answer.type + answer.status); } catch { told.push("refused"); }
            }
            return told;
        }"""
        told = other.evaluate(attempts, base)
        assert told[1:] == ["refused", "refused"]
        assert told[0] in ("opaque0", "refused")
    time.sleep(1)
    assert page.evaluate("document.documentElement.dataset.version") == before


def test_what_a_service_logs_is_text(first, context):
    hostile = '\nprint("<script>document.title = `taken`</script><img src=x onerror=alert(1)> \\x1b[31mred\\x1b[0m", flush=True)\n'
    page = opened(context, first)
    page.locator("#log summary").click()
    after(page, lambda: first.write("app.py", first.solution.replace("\napp = ", f"{hostile}app = ", 1)), "passed")
    expect(page.locator("#log pre")).to_contain_text(
        "<script>document.title = `taken`</script><img src=x onerror=alert(1)> red"
    )
    assert page.locator("#log pre *").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(first, chromium, scheme, pictures):
    with window(chromium, color_scheme=scheme, reduced_motion="reduce") as context:
        page = opened(context, first)
        for name in ("passed", "failed"):
            text = first.solution if name == "passed" else first.solution.replace("World", "Wrld")
            first.write("app.py", "1 / 0\n")
            is_over(page, "failed")
            after(page, lambda text=text: first.write("app.py", text), name)
            if name == "failed":
                while not page.locator("#hints details").count():  # after the last one they start over
                    page.locator("#hint").click()
                    page.wait_for_timeout(500)
            for size, shape in ({"width": 1280, "height": 900}, "desktop"), (PHONE, "phone"):
                page.set_viewport_size(size)
                page.screenshot(path=pictures / f"{scheme}-{name}-{shape}.png", full_page=shape == "phone")
                assert faults(page) == []
                assert not is_too_wide(page)


def test_another_lesson_opens_and_the_end_is_told(chromium, context, tmp_path):
    with started(tmp_path, 1, "--runtime", "embedded") as start:
        page = opened(context, start)
        is_over(page, "failed")
        start.window.press("p")
        start.window.wait_for(start.address)
        page.locator("#map > summary").click()
        expect(page.locator("#map a")).to_have_count(len(catalogue()))
        assert faults(page) == []
        page.locator("#map a", has_text="7 · A web API on Redis").click()
        expect(page.locator("#text h1")).to_contain_text("Lesson 7")
        start.window.wait_for("Lesson 7 · A web API on Redis")
        start.window.press("q")
        assert start.window.ends() == 0
        expect(page.locator("#link")).to_contain_text("does not answer")


def test_the_button_opens_the_notebook_of_the_lesson(chromium, context, tmp_path):
    own = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA")}
    # A port of its own: the usual one is another test's as soon as this one gives it back.
    (tmp_path / "CONFIG").mkdir()
    settings = {"ServerApp": {"port": free_port(), "port_retries": 0}}
    (tmp_path / "CONFIG" / "jupyter_server_config.json").write_text(json.dumps(settings), encoding="utf-8")
    with started(tmp_path / "w", 10, "--runtime", "embedded", IPYTHONDIR=str(tmp_path / "ipython"), **own) as start:
        page = opened(context, start)
        is_over(page, "failed")
        page.locator("#notebook").click()
        expect(page.locator("#summary")).to_have_text("JupyterLab is starting. Its address comes below.")
        link = page.locator("#lab a")
        expect(link).to_be_visible(timeout=90_000)
        context.route(re.compile(r"/(static|api|lab)/"), Fetching())
        with context.expect_page() as opening:
            link.click()
        notebook = opening.value
        expect(notebook.locator(".jp-NotebookPanel .jp-MarkdownCell").first).to_contain_text("Lesson 10")
        page.locator("#notebook").click()
        expect(page.locator("#summary")).to_have_text(re.compile("^JupyterLab runs already"))
        address = urlsplit(notebook.url)
        assert address.port == settings["ServerApp"]["port"]
        notebook.close()  # it asks again and again, and Fetching would meet nobody
        context.unroute_all(behavior="ignoreErrors")
        start.window.press("q")
        assert start.window.ends() == 0
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((address.hostname, address.port), 5)


def test_redis_is_drawn_with_its_keys(chromium, context, tmp_path, pictures):
    with started(tmp_path, 7, "--runtime", "embedded") as start:
        page = opened(context, start)
        start.solve()
        is_over(page, "passed")
        page.locator("#pictures summary").first.click()
        figure = page.locator('figure[data-name="redis"]')
        expect(figure.locator("img")).to_be_visible()
        expect(figure.locator("img")).to_have_js_property("complete", True)
        figure.screenshot(path=pictures / "redis.png")
        assert faults(page) == []


def test_the_engine_goes_away_and_comes_back(chromium, context, tmp_path):
    place = tmp_path / "engine.sock"

    def answer(server):
        with contextlib.suppress(OSError):
            while True:
                line = server.accept()[0]
                line.recv(1000)
                line.sendall(b"HTTP/1.0 200 OK\r\n\r\nOK")
                line.close()

    with started(tmp_path / "w", 3, "--runtime", "embedded", DOCKER_HOST=f"unix://{place}") as start:
        page = opened(context, start)
        expect(page.locator("#link")).to_contain_text("The Docker Engine is away")
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(place))
        server.listen()
        thread = threading.Thread(target=answer, args=(server,), daemon=True)
        thread.start()
        expect(page.locator("#link")).to_contain_text("The Docker Engine is back")
        server.close()


def inspected(*words):
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)[0]


def services(run):
    """The names of the containers in which a student's service of this run is."""
    done = subprocess.run(["docker", "ps", "--format", "{{.Names}}"], capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split() if name.startswith(f"{run}-web-")]


def test_a_container_that_listens_on_loopback_is_a_dead_end_until_it_is_mended(
    has_engine, chromium, context, tmp_path, pictures
):
    with started(tmp_path, 3, "--runtime", "docker") as start:
        page = opened(context, start)
        is_over(page, "failed")
        start.solve()
        start.write("app.py", start.solution.replace(*LOOPBACK))
        wrong = page.locator("#list > li.failed", has_text="answers from outside")
        expect(wrong).to_be_visible()
        page.locator("#pictures > summary").click()
        figure = page.locator('figure[data-name="container"]')
        expect(figure.locator("pre")).to_contain_text("dead end")
        figure.locator("summary").click()
        figure.screenshot(path=pictures / "container-shut-in.png")
        start.solve()
        is_over(page, "passed", seconds=120)
        run = re.search(r"Container (workshop-\w+)-web-", figure.locator("pre").inner_text())[1]
        assert until(lambda: len(services(run)) == 1, 10)
        (name,) = services(run)
        expect(figure.locator("pre")).to_contain_text(f"Container {name}:")
        expect(figure.locator("pre")).to_contain_text("taken by a server")
        told = figure.locator("pre").inner_text()
        found = inspected("inspect", name)
        assert str(found["State"]["Pid"]) in told
        assert found["NetworkSettings"]["Ports"]["5000/tcp"][0]["HostPort"] in told
        layers = page.locator('figure[data-name="image"]')
        layers.locator("summary").click()
        expect(layers.locator("pre")).to_contain_text("pip install")
        figure.screenshot(path=pictures / "container.png")
        layers.screenshot(path=pictures / "image.png")
        both = page.locator('figure[data-name="beside"]')
        both.locator("summary").click(timeout=90_000)  # the solution's image is built meanwhile
        listed = subprocess.run(
            ["docker", "history", "--human=false", "--format", "{{.Size}}", found["Image"]],
            capture_output=True,
            text=True,
            check=True,
        )
        mine = size(sum(map(int, listed.stdout.split())))
        expect(both.locator("pre")).to_contain_text(f"yours, {mine}:")
        expect(both.locator("pre")).not_to_contain_text("only here")
        both.screenshot(path=pictures / "beside.png")
        took = page.eval_on_selector_all("#list > li", "items => items.map(item => Number(item.dataset.took))")
        assert max(took) < AT_ONCE
        assert faults(page) == []


def test_a_stack_is_drawn_as_docker_sees_it(has_engine, chromium, context, tmp_path, pictures):
    with started(tmp_path, 8, "--runtime", "docker") as start:
        page = opened(context, start)
        after(page, start.solve, "passed", seconds=150)
        page.locator("#pictures > summary").click()
        figure = page.locator('figure[data-name="stack"]')
        figure.locator("summary").click()
        told = figure.locator("pre")
        expect(told).to_contain_text(re.compile(r"redis: running, healthy.*web: running", re.DOTALL))
        web = next(one for one in running("web") if f"{port_of(one)}→5000" in told.inner_text())
        figure.screenshot(path=pictures / "stack.png")
        shows_its_redis(page, web, pictures)
        shows_what_is_up_by_hand(page, start.lesson.work, f"pics{os.getpid()}", pictures)
        assert faults(page) == []


def running(service, key="com.docker.compose.service"):
    """The containers of a service, as docker sees them."""
    words = ("docker", "ps", "--quiet", "--filter", f"label={key}={service}")
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return [inspected("inspect", one) for one in done.stdout.split()]


def port_of(web):
    return web["NetworkSettings"]["Ports"]["5000/tcp"][0]["HostPort"]


def shows_its_redis(page, web, pictures):
    """The Redis of the stack, which is not published: its keys, and a command that the service sends it, as it arrives."""
    project = web["Config"]["Labels"]["com.docker.compose.project"]
    (redis,) = [one for one in running("redis") if one["Config"]["Labels"]["com.docker.compose.project"] == project]
    assert not any(redis["NetworkSettings"]["Ports"].values())
    heard = page.locator('figure[data-name="commands"]')
    heard.locator("summary").click()
    keys = page.locator('figure[data-name="redis"]')
    keys.locator("summary").click()
    with urllib.request.urlopen(f"http://127.0.0.1:{port_of(web)}/") as answer:
        assert answer.status == 200
    expect(heard.locator("pre")).to_contain_text(
        re.compile(r"\d\d:\d\d:\d\d\.\d{3}  web( \d)?  INCR(BY)? workshop:visits")
    )
    count = inside(redis["Id"], "GET", "workshop:visits")
    expect(keys.locator("pre")).to_contain_text(re.compile(rf"workshop:visits · string .* · {count}$", re.MULTILINE))
    expect(heard.locator("pre")).to_contain_text("  inside  GET workshop:visits")
    heard.screenshot(path=pictures / "commands.png")


def inside(container, *command):
    """What Redis answers inside a container."""
    done = subprocess.run(
        ["docker", "exec", container, "redis-cli", *command], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def shows_what_is_up_by_hand(page, folder, project, pictures):
    """What the student brings up in the lesson's folder is their own, and goes from the page when it is down."""
    compose = ("docker", "compose", "--project-name", project, "--file", "first.yml")
    try:
        subprocess.run([*compose, "up", "--detach", "--wait", "north"], cwd=folder, capture_output=True, check=True)
        (north,) = running(project, "com.docker.compose.project")
        inside(north["Id"], "SET", "city", "Oslo")
        keys = page.locator('figure[data-name="own_north_redis"]')
        expect(keys.locator("pre")).to_contain_text(re.compile("city · string .* · Oslo"))
        expect(page.locator('figure[data-name="own_stack"] pre')).to_contain_text("north: running, healthy")
        keys.screenshot(path=pictures / "own.png")
    finally:
        subprocess.run([*compose, "down", "--volumes", "--timeout", "1"], cwd=folder, capture_output=True, check=True)
    expect(page.locator('figure[data-name^="own_"]')).to_have_count(0)


def test_back_goes_to_the_lesson_before(context, tmp_path):
    with started(tmp_path, 1, "--runtime", "embedded") as made:
        page = opened(context, made)
        page.locator("#lessons").select_option(find("7").name)
        page.locator("#go").click()
        expect(page).to_have_title(re.compile("Lesson 7 "), timeout=20_000)
        page.go_back()
        expect(page).to_have_title(re.compile("Lesson 1 "), timeout=20_000)
        page.go_forward()
        expect(page).to_have_title(re.compile("Lesson 7 "), timeout=20_000)
