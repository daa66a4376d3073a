"""What the page is told, and how it is asked: no browser needed."""

import http.client
import json
import os
import socket
import threading
import time

import pytest

from workshop.course.lessons import catalogue, find
from workshop.course.progress import Progress
from workshop.desk.pages import ADDRESS
from workshop.engine import engine
from workshop.notebooks.showing import trips
from workshop.outcomes import Unchecked
from workshop.pictures.canvas import State
from workshop.pictures.cluster import Cluster, Node
from workshop.report import Check, Outcome, Report
from workshop.web import health, looking, text
from workshop.web.live import OVER, Live
from workshop.web.looking import Looker, parts, readable
from workshop.web.server import At, Page
from workshop.wire.rivals import Seen
from workshop.wire.sockets import free_port

LESSON = find("3")


class Nobody:
    """A session in which nothing runs."""

    runtime, kept = "embedded", None


@pytest.fixture
def live(monkeypatch, tmp_path):
    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path))
    made = Live()
    made.opened(LESSON, tmp_path / "work", "docker", True)
    return made


@pytest.fixture
def page(live):
    pressed = []
    with Page(live, Looker(Nobody), {"check": lambda sent: pressed.append(sent)}) as made:
        made.pressed = pressed
        yield made


def ask(page, path="", method="GET", body=None, **headers):
    """(status, headers, body) of one request; the headers are those of a browser in which the page is open."""
    given = {
        "Host": f"127.0.0.1:{page.port}",
        "Cookie": f"{page.cookie}={page.secret}",
        "Sec-Fetch-Site": "same-origin",
    }
    if method != "GET":
        given |= {"Origin": f"http://127.0.0.1:{page.port}", "Content-Type": "application/json"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=10)
    connection.putrequest(method, f"/{page.place}/{path}", skip_host=True)
    data = json.dumps(body or {}).encode() if method != "GET" else b""
    for name, value in {**given, "Content-Length": str(len(data))}.items():
        if value is not None:
            connection.putheader(name, value)
    connection.endheaders(data)
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read().decode()
    connection.close()
    return found


def report(*checks):
    return Report(LESSON.name, "docker", 1, 1.0, checks)


def test_the_secret_of_the_address_becomes_a_cookie_for_this_place(page):
    status, headers, body = ask(
        page, f"?key={page.secret}", Cookie=None, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate"
    )
    assert status == 200
    assert "url=./" in body
    cookie = headers["Set-Cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", f"Path=/{page.place}/"))
    assert ask(page)[0] == 200


@pytest.mark.parametrize(
    ("path", "method", "headers"),
    [
        ("", "GET", {"Cookie": None}),
        ("?key=guessed", "GET", {"Cookie": None}),
        ("state", "GET", {"Host": "evil.example"}),
        ("state", "GET", {"Host": "localhost"}),
        ("state", "GET", {"Origin": "http://evil.example"}),
        ("state", "GET", {"Sec_Fetch_Site": "same-site"}),
        ("stream", "GET", {"Sec_Fetch_Site": "cross-site"}),
        ("do/check", "POST", {"Origin": "http://evil.example"}),
        ("do/check", "POST", {"Origin": "http://127.0.0.1:80"}),
        ("do/check", "POST", {"Origin": None}),
        ("do/check", "POST", {"Origin": "null"}),
        ("do/check", "POST", {"Cookie": None}),
        ("../x", "GET", {"Cookie": None}),
    ],
)
def test_nobody_else_gets_in(page, path, method, headers):
    assert ask(page, path, method, **headers)[0] == 403
    assert page.pressed == []


def test_localhost_is_another_name_of_this_place(page):
    name = f"localhost:{page.port}"
    assert ask(page, "state", Host=name)[0] == 200
    assert ask(page, "do/check", "POST", Host=name)[0] == 403, "the page of 127.0.0.1 is another origin"
    assert ask(page, "do/check", "POST", Host=name, Origin=f"http://{name}")[0] == 200


def test_out_of_a_container_it_goes_by_the_port_on_which_it_is_published(live):
    inside, outside, editor = (free_port() for _ in range(3))
    with Page(live, Looker(Nobody), {}, At("0.0.0.0", inside, outside, frames=(editor,))) as page:
        assert page.address.startswith(f"http://127.0.0.1:{outside}/")
        page.cookie, page.port = f"workshop_{outside}", inside  # asked inside, in the words of a browser outside
        names = {"Host": f"127.0.0.1:{outside}", "Origin": f"http://127.0.0.1:{outside}"}
        assert ask(page, "state", **names)[0] == 200
        assert ask(page, "state")[0] == 403
        policy = ask(page, "", **names)[1]["Content-Security-Policy"]
        assert policy.endswith(f"frame-src http://127.0.0.1:{editor} http://localhost:{editor}")
        assert "frame-src" not in ask(page, "state", **names)[1]["Content-Security-Policy"]


def test_the_file_to_begin_with_is_named(live, monkeypatch, tmp_path):
    monkeypatch.setattr("workshop.web.live.ROOT", tmp_path)
    folder = tmp_path / "work" / "mine"
    folder.mkdir(parents=True)
    for name, first in ((".hidden", None), ("b.txt", "b.txt"), ("app.py", "app.py"), ("x.ipynb", "x.ipynb")):
        (folder / name).touch()
        live.opened(LESSON, folder, "docker", True)
        assert live.state()["lesson"]["file"] == (f"work/mine/{first}" if first else None)
    for other in (tmp_path / "nowhere", tmp_path.parent):
        live.opened(LESSON, other, "docker", True)
        assert live.state()["lesson"]["file"] is None


def test_a_button_is_json_from_this_page_alone(page):
    assert ask(page, "do/check", "POST", Content_Type="text/plain")[0] == 404
    assert ask(page, "do/nothing", "POST")[0] == 404
    assert page.pressed == []
    assert ask(page, "do/check", "POST", {"a": 1})[0] == 200
    assert page.pressed == [{"a": 1}]


def test_every_answer_has_a_strict_policy(page):
    for path in ("", "state", "static/page.js", "nowhere"):
        headers = ask(page, path)[1]
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Server" not in headers


@pytest.mark.parametrize(
    "path", ["static/../server.py", "static/..", "lessons/03_dockerfile/pictures/..svg", "lessons/99_x/pictures/a.svg"]
)
def test_no_other_file_is_served(page, path):
    assert ask(page, path)[0] == 404


def test_the_state_comes_once_and_again_when_it_changes(page, live):
    status, _, body = ask(page, "state?since=-1")
    state = json.loads(body)
    assert status == 200
    assert [check["outcome"] for check in state["checks"]] == ["pending"] * len(LESSON.promises)
    assert ask(page, f"state?since={state['version']}")[0] == 204
    live.began_check()
    assert ask(page, f"state?since={state['version']}")[0] == 200


def test_the_stream_brings_each_change(page, live):
    with socket.create_connection(("127.0.0.1", page.port), timeout=10) as line:
        head = f"GET /{page.place}/stream HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nCookie: {page.cookie}={page.secret}\r\n\r\n"
        line.sendall(head.encode())
        seen = b""
        while b"\n\n" not in seen.partition(b"\r\n\r\n")[2]:
            seen += line.recv(65536)
        start, seen = time.monotonic(), b""
        live.note(news=["something"])
        while b'"something"' not in seen:
            seen += line.recv(65536)
        assert time.monotonic() - start < 1


def test_all_texts_of_all_lessons_are_served(page, live):
    for lesson in catalogue():
        html = json.loads(ask(page, f"text?lesson={lesson.name}")[2])["html"]
        assert "<h1>" in html
        assert "<!-- for:" not in html
        assert 'href="../' not in html


def test_the_solution_is_asked_for_twice(page):
    assert json.loads(ask(page, "solution")[2])["html"] is None
    assert "FROM python" in json.loads(ask(page, "solution?anyway=1")[2])["html"]
    assert "One more thing" in json.loads(ask(page, "more?anyway=1")[2])["html"]


def test_the_map_shows_what_is_passed(page, live):
    html = json.loads(ask(page, "map")[2])["html"]
    assert html.count("<a href=") == len(catalogue())
    assert "✓" not in html
    Progress().note(LESSON, report(*(Check(n, c, Outcome.PASSED) for n, c in LESSON.promises.items())))
    assert json.loads(ask(page, "map")[2])["html"].count("✓") == 1
    status, headers, body = ask(page, "static/map.css")
    assert (status, headers["Content-Type"]) == (200, "text/css")
    assert "prefers-color-scheme: dark" in body


def test_the_timeline_of_a_drill_is_drawn(page, live):
    name = next(iter(LESSON.promises))
    live.began_check()
    events = [{"at": 0.1, "lane": "web", "what": "killed"}]
    live.ended(Check(name, LESSON.promises[name], Outcome.PASSED, timeline=events))
    status, headers, body = ask(page, f"timeline/{name}.svg")
    assert (status, headers["Content-Type"]) == (200, "image/svg+xml")
    assert "killed" in body
    assert "script-src" not in headers["Content-Security-Policy"]
    assert ask(page, "timeline/test_nothing.svg")[0] == 404


def test_what_failed_is_told_with_the_passage_that_explains_it(live):
    name = next(iter(LESSON.promises))
    live.began_check()
    live.ended(Check(name, LESSON.promises[name], Outcome.FAILED, mistake="traceback", hint="Because."))
    assert (
        live.state()["checks"][0]["passage"] is None
    )  # what any lesson can show is not explained by a passage on this promise
    own = min(LESSON.own_mistakes)
    live.ended(Check(name, LESSON.promises[name], Outcome.FAILED, mistake=own, hint="Because."))
    check = live.state()["checks"][0]
    assert check["hint"] == "Because."
    assert "build" in check["passage"]["title"].lower()
    place = check["passage"]["place"]
    assert f'data-fold="{place}"' in text.lesson_page(LESSON)


def test_a_report_ends_a_check(live):
    checks = [Check(name, claim, Outcome.PASSED) for name, claim in LESSON.promises.items()]
    live.began_check(("news",))
    live.over(report(*checks), "next: lesson 4", None)
    state = live.state()
    assert state["phase"] == OVER
    assert state["verdict"] == "passed"
    assert state["report"]["next"] == "next: lesson 4"


def test_listeners_are_told_of_each_change(live):
    told = []
    live.subscribe(lambda: told.append(live.version))
    live.began_check()
    live.began(next(iter(LESSON.promises.values())))
    assert told == sorted(set(told))
    assert len(told) == 2
    assert live.state()["checks"][0]["outcome"] == "running"


def test_the_engine_goes_and_comes_back(live):
    live.engine(None)
    assert live.state()["engine"] == {"trouble": None, "was_away": False}
    live.engine("It is not running.")
    assert live.state()["engine"]["trouble"] == "It is not running."
    live.engine(None)
    assert live.state()["engine"] == {"trouble": None, "was_away": True}


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX") or os.name == "nt", reason="takes a socket in the file system")
def test_an_engine_is_asked_by_its_socket(monkeypatch, tmp_path):
    path = tmp_path / "e.sock"
    monkeypatch.setattr(engine, "endpoint", lambda: f"unix://{path}")
    monkeypatch.setattr(engine, "trouble", lambda: Unchecked("It is away."))
    assert health.trouble() == "It is away."
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()

    def answer():
        line = server.accept()[0]
        line.recv(1000)
        line.sendall(b"HTTP/1.0 200 OK\r\n\r\nOK")
        line.close()

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    assert health.trouble() is None
    thread.join(5)
    server.close()


def test_commands_and_keys_are_asked_of_what_was_looked_at_last(page):
    assert ask(page, "commands")[::2] == (200, "[]")
    assert ask(page, "picture/commands.svg")[0] == 404
    assert json.loads(ask(page, "where?of=colour")[2]) == {"text": ""}
    page.looker._clusters._before["own_"] = Cluster("n1", (Node("n1", "a", ((0, 16383),)),))
    told = json.loads(ask(page, "where?of=%7Ba%7D%3Cb%3E%20")[2])
    assert told == {"text": "hash tag a → slot 15495, on n1"}


def test_parts_of_pictures_are_bound_to_the_checks_that_ask_them():
    outcomes = dict.fromkeys(LESSON.promises, Outcome.PASSED)
    all_well = parts(LESSON, report(*(Check(n, c, outcomes[n]) for n, c in LESSON.promises.items())))
    assert all_well["ports"] == State.PASSED
    asks = next(name for name in LESSON.promises if "listens" in name)
    broken = [Check(n, c, Outcome.FAILED if n == asks else Outcome.PASSED) for n, c in LESSON.promises.items()]
    assert parts(LESSON, report(*broken))["ports"] == State.FAILED
    assert parts(LESSON, None) == {}


def test_a_check_that_fails_behind_a_port_says_nothing_of_the_port():
    (lesson,) = (one for one in catalogue() if one.topic == "hello_flask")
    first, *others = lesson.promises.items()
    behind = [Check(*first, Outcome.PASSED), *(Check(*one, Outcome.FAILED) for one in others)]
    assert parts(lesson, report(*behind))["ports"] == State.PASSED
    none = [Check(*one, Outcome.FAILED) for one in lesson.promises.items()]
    assert parts(lesson, report(*none))["ports"] == State.FAILED


def test_some_lesson_asks_each_part():
    asked = {
        part
        for lesson in catalogue()
        for part in parts(
            lesson,
            Report(
                lesson.name, "docker", 1, 1, tuple(Check(n, c, Outcome.PASSED) for n, c in lesson.promises.items())
            ),
        )
    }
    assert asked == {*looking.ASKS, *looking.CLAIMS, *looking.FIXTURES}


def test_a_log_loses_what_a_terminal_would_act_on():
    assert readable("\x1b[31mred\x1b[0m\r\n\x1b]0;title\x07<b>\x00\u202e") == "red\n<b>"


def test_the_address_of_jupyterlab_is_found():
    assert ADDRESS.search("    http://127.0.0.1:8888/lab/tree/work?token=abc\n")[0].endswith("token=abc")


def test_a_trace_groups_commands_by_trip():
    seen = Seen()
    seen.commands = [
        ["CLIENT", "SETINFO"],
        ["GET", "visits:home"],
        ["SET", "visits:home", "1"],
        ["EXPIRE", "visits:home", "60"],
    ]
    seen.trips, seen.acts = [1, 1, 2], [2]
    assert trips(seen, "INCR visits:home") == [
        *("  trip 1", "     GET visits:home", "  trip 2"),
        *(
            "     ⇐ somebody else: INCR visits:home",
            "     SET visits:home 1",
            "     EXPIRE visits:home 60",
            "  3 commands on 2 trips",
        ),
    ]
    assert trips(Seen()) == ["  nothing was sent"]
