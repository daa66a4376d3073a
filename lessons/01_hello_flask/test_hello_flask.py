"""Lesson 1: a small web service in Flask."""

import re
from urllib.parse import quote

from workshop.grader import expect, wanted


def greeting(service, name):
    """The page that greets `name`."""
    return service.get(f"/hello/{quote(name)}").expect(200)


def says(page, name):
    """The page has the name in it, letter by letter."""
    expect(page, wanted(f"a page with {name}", lambda page: name in page.text))


def test_the_service_answers_from_outside(service):
    """`python app.py` starts a service that answers on 0.0.0.0:5000"""
    service.get("/healthz")


def test_the_first_page_says_hello_world(service):
    """`GET /` answers `Hello World` as text"""
    page = service.get("/").expect(200, text="Hello World")
    expect(page.content_type, wanted("text/html or text/plain", lambda kind: kind.startswith("text/")))


def test_hello_greets_by_name(service, some):
    """`GET /hello/<name>` answers with a greeting that has exactly that name in it"""
    for name in (some.name(), some.word(4) + some.name()):
        says(greeting(service, name), name)


def test_the_name_is_escaped(service, some):
    """A name with code in it is shown, not run: HTML in it arrives escaped"""
    word = some.word()
    name = f"<{word}>&{{{{ 7*7 }}}}{word}"
    page = greeting(service, name)
    for wrong in (f"49{word}", f"<{word}>", "&amp;lt;"):
        expect(page, wanted(f"a page without {wrong}", lambda page: wrong not in page.text))
    right = f"&lt;{word}(?:&gt;|>)&amp;{{{{ 7\\*7 }}}}{word}"  # HTML does not ask for > to be escaped
    shown = f"a page with &lt;{word}&gt;&amp;{{{{ 7*7 }}}}{word}"
    expect(page, wanted(shown, lambda page: re.search(right, page.text)))


def test_healthz_is_json(service):
    """`GET /healthz` answers the JSON `{"status": "ok"}`"""
    page = service.get("/healthz").expect(200, json={"status": "ok"})
    expect(page.content_type, "application/json")


def test_anything_else_is_404(service, some):
    """Any other address answers 404"""
    unknown = [f"/{some.word()}", f"/{some.word()}/{some.word()}"]
    for path in (*unknown, "/hello/", "/hello", "/index", "/home"):
        service.get(path).expect(404)


def test_the_debugger_is_off(service):
    """The debugger is off"""
    page = service.get("/", __debugger__="yes", cmd="resource", f="style.css", headers={"Host": "localhost"})
    expect(page.content_type, wanted("the type of the page `/`", lambda kind: kind != "text/css"))
