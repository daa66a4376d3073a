"""Lesson 3: a Dockerfile for the service of lesson 1."""

import re
import time

from workshop.course import handin
from workshop.outcomes import Mismatch, NotUp

WATCHED = 8.0  # seconds from its first answer on in which the container must not end
A_FEW = 6  # requests that it must outlive

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
    assert image.layers, "The image has no layers."


def test_it_answers_from_outside(service, some):
    """The app answers from outside the container"""
    name = some.name()
    home = service.get("/")
    home.suspect(
        "Directory listing for" in home.text,
        "Python's own file server answers and shows the folder. It does not run the app: CMD must start app.py.",
    )
    home.suspect(
        home.status == 404,
        "A server answers, but it knows no page `/`. Which file does CMD start? It must be the app.py that you were given.",
    )
    home.expect(
        200, text="Hello World", because="Something answers, but not the app of lesson 1. Which file does CMD start?"
    )
    hello = service.get(f"/hello/{name}").expect(200)
    assert name in hello.text, f"The page greets somebody else than {name}. Which file does CMD start?"


def test_it_listens_on_every_address(service):
    """The process in the container listens on 0.0.0.0:5000"""
    sockets = service.listening() or []
    on_port = [address for address, port in sockets if port == 5000]
    if not {"0.0.0.0", "::"} & set(on_port):
        seen = ", ".join(f"{address}:{port}" for address, port in sockets) or "no listening socket"
        raise Mismatch(
            "The server listens on one address of the container alone. That address belongs to one network and changes from start to start. "
            "0.0.0.0 means every address that the container has.",
            asked=f"docker exec {service.name} cat /proc/net/tcp",
            expected="0.0.0.0:5000",
            actual=seen,
        )


def test_a_changed_app_shows_after_a_rebuild(service, bench, some):
    """A changed app.py shows after a rebuild"""
    word = some.word()
    changed = bench.copy({app_file(bench.folder): with_one_page_more(bench.folder / app_file(bench.folder), word)})
    rebuilt = bench.start(bench.docker().image(changed))
    answer = rebuilt.get(f"/{word}")
    answer.expect(
        200,
        text=word,
        because="app.py was given another page and the image was built again, but the container still runs the old code. What it runs is "
        "not this app.py: copy this file into the image, and let CMD start that copy.",
    )


def app_file(folder):
    """Where app.py is in the student's folder; beside the Dockerfile, unless there is none and one elsewhere."""
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("app.py"))
    if found and "app.py" not in found:
        return found[0]
    return handin.require(folder, "app.py", "03_dockerfile").name


def with_one_page_more(app, word):
    """The text of app.py, changed so that `GET /word` answers the word."""
    source = app.read_bytes().removeprefix(b"\xef\xbb\xbf")
    top = re.match(
        rb"(?s)(?:#[^\n]*\n)*(?:.*^from __future__ import *(?:\([^)]*\))?[^\n]*\n)?", source, re.MULTILINE
    ).end()
    return source[:top] + ONE_PAGE_MORE.replace("{word}", word).encode() + source[top:]


def test_it_builds_from_an_empty_cache(service, bench):
    """Built from an empty cache, it answers just the same"""
    usual = service.get("/")
    try:
        fresh = bench.start(bench.docker().image(no_cache=True))
    except NotUp as problem:
        raise Mismatch(
            "With nothing kept from earlier builds there is no image, or one that does not answer: a step relies on what an earlier build left "
            f"behind. {problem.hint}",
            asked="docker build --no-cache --tag hello .",
            expected="an image that answers",
            actual=problem.actual,
        ) from None
    answer = fresh.get("/")
    if usual.status is not None:
        answer.expect(usual.status, text=usual.text.rstrip("\r\n"))


def test_the_container_stays_up(service):
    """The container stays up"""
    for _ in range(A_FEW):
        service.get("/")
    while service.is_running() and time.monotonic() < service.up_since + WATCHED:
        time.sleep(0.2)
    code = service.state["ExitCode"]
    if not service.is_running():
        raise Mismatch(
            f"The container answered, and then it ended by itself with exit code {code}. It lives as long as its first process: start the server "
            "in the foreground, without `&` and without a time limit, as the last thing that CMD does.",
            asked=f"docker ps --all --filter name={service.name}",
            expected="Up",
            actual=f"Exited ({code})",
        )
    answer = service.get("/")
    assert answer.status, "The container runs, but the server in it has stopped answering."
