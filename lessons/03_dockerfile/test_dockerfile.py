"""Lesson 3: a Dockerfile for the service of lesson 1."""

import re
import time

from workshop.grader import beside, expect, is_alone, rests_on, until, wanted

WATCHED = 8.0  # seconds from its first answer on in which the container must not end
ALONE = 4.2  # the same where the server is all that runs in it: there is nothing else that could end it
A_FEW = 6  # requests that it must outlive

# What must stay at the top of a Python file: comments (the encoding may be one), imports from __future__.
MUST_COME_FIRST = re.compile(
    rb"(?ms)(?:#[^\n]*\n)*(?:.*^from __future__ import *(?:\([^)]*\))?[^\n]*\n)?",
)

# Stands in a changed app.py, below the lines that must come first, and gives every Flask app one page more, whatever the file calls its app.
ONE_PAGE_MORE = """
import flask as _flask

_answer = _flask.Flask.wsgi_app


def _answer_one_more(self, environ, start_response):
    if environ["PATH_INFO"] == "/{word}":
        return _flask.Response("{word}")(environ, start_response)
    return _answer(self, environ, start_response)


_flask.Flask.wsgi_app = _answer_one_more
"""


def test_the_image_builds(image):
    """The image builds"""
    expect(image.layers, wanted("an image with layers", len))


def test_it_answers_from_outside(service, some):
    """The app answers from outside the container"""
    service.get("/").expect(200, text="Hello World")
    name = some.name()
    hello = service.get(f"/hello/{name}").expect(200)
    expect(hello.text, wanted(f"a greeting of {name}", lambda page: name in page))


def test_it_listens_on_every_address(service):
    """The process in the container listens on 0.0.0.0:5000"""
    addresses = [address for address, port in service.listening() or [] if port == 5000]
    every = wanted("0.0.0.0", lambda addresses: {"0.0.0.0", "::"} & set(addresses))
    expect(addresses, every, asked=f"docker exec {service.name} cat /proc/net/tcp")


@rests_on("test_it_answers_from_outside")
def test_a_changed_app_shows_after_a_rebuild(service, bench, some):
    """A changed app.py shows after a rebuild"""
    word, app = some.word(), app_file(bench)
    changed = bench.copy({app.relative_to(bench.folder).as_posix(): with_one_page_more(app, word)})
    rebuilt = bench.start(bench.docker().image(changed))
    rebuilt.get(f"/{word}").expect(200, text=word)


def app_file(bench):
    """The student's app.py: the one beside the Dockerfile, or, if there is none, one in a folder below."""
    elsewhere = sorted(bench.folder.rglob("app.py"))
    return elsewhere[0] if elsewhere and not (bench.folder / "app.py").exists() else bench.require("app.py")


def with_one_page_more(app, word):
    """The text of app.py, changed so that `GET /word` answers the word."""
    source = app.read_bytes().removeprefix(b"\xef\xbb\xbf")
    top = MUST_COME_FIRST.match(source).end()
    return source[:top] + ONE_PAGE_MORE.replace("{word}", word).encode() + source[top:]


@rests_on("test_it_answers_from_outside")
def test_it_builds_from_an_empty_cache(service, bench):
    """Built from an empty cache, it answers just the same"""
    built_anew = bench.docker().image(no_cache=True)
    bench.start(built_anew).get("/").expect(200, text="Hello World")


@beside(after="test_it_listens_on_every_address")
def test_the_container_stays_up(service):
    """The container stays up"""
    for _ in range(A_FEW):
        service.get("/")
    if not ends(service, ALONE) and not is_alone(service):
        ends(service, WATCHED)
    last, state = service.get("/"), service.state
    shown = "Up" if state["Running"] else f"Exited ({state['ExitCode']})"
    expect(shown, "Up", asked=f"docker ps --all --filter name={service.name}")
    expect(last, wanted("an HTTP answer", lambda last: last.status is not None))


def ends(service, seconds):
    """Whether the container has ended some seconds after its first answer, or a second from now."""
    left = max(service.up_since + seconds - time.monotonic(), 1)
    return until(lambda: not service.is_running(), left, pause=0.3)
