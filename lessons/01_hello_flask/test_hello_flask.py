"""Lesson 1: a small web service in Flask."""

from urllib.parse import quote


def test_the_service_answers_from_outside(service):
    """`python app.py` starts a service that answers on 0.0.0.0:5000"""
    service.get("/healthz")


def test_the_first_page_says_hello_world(service):
    """`GET /` answers `Hello World` as text"""
    answer = service.get("/")
    answer.suspect(answer.status == 404, 'There is no route for `/`. Put @app.get("/") above the function that answers it.')
    answer.suspect(
        answer.content_type == "application/json",
        "The answer is JSON, not text. A view that returns a plain string sends text.",
    )
    answer.suspect(
        answer.status == 200 and "<" in answer.text, "The answer has markup around the words. The lesson asks for the bare text Hello World."
    )
    answer.suspect(
        answer.text.strip().lower().replace(",", "").rstrip("!. ") == "hello world",
        "Almost: the words must be exactly `Hello World`, with these capitals and nothing else. Programs that read an answer are strict.",
    )
    answer.expect(200, text="Hello World", because='`/` answers, but with other words. Return the string "Hello World" from its view.')


def test_hello_greets_by_name(service, some):
    """`GET /hello/<name>` greets by that name"""
    for name in (some.name(), some.name()):
        answer = service.get(f"/hello/{name}")
        answer.suspect(
            answer.status == 404,
            'There is no route that matches /hello/ and a name. The name is part of the path: @app.get("/hello/<name>").',
        )
        answer.expect(200)
        assert name in answer.text, (
            "The page does not say the name that stood in the address. Take it from the route: what stands in <name> comes to the view as its argument."
        )


def test_the_name_is_escaped(service, some):
    """A name with HTML in it is shown, not run: it arrives HTML-escaped"""
    word = some.word()
    answer = service.get(f"/hello/{quote(f'<i>{word}&')}")
    answer.expect(200)
    assert "<i>" not in answer.text, (
        "The name reached the page as it came: `<i>` is now markup, and `<script>` would be a program in the reader's browser. "
        "Escape what comes from outside: markupsafe.escape(name), or a template."
    )
    assert "&amp;lt;" not in answer.text, (
        "The name is escaped twice: the reader would see &lt; on the page. Once is enough; a template does it by itself."
    )
    assert f"&lt;i&gt;{word}&amp;" in answer.text, (
        "The name does not arrive whole. Escape it, and leave nothing out: `<` becomes &lt; and `&` becomes &amp;."
    )


def test_healthz_is_json(service):
    """`GET /healthz` answers the JSON `{"status": "ok"}`"""
    answer = service.get("/healthz")
    answer.suspect(answer.status == 404, "There is no route for /healthz. The z is meant: that is how such an address is called by custom.")
    answer.suspect(
        answer.status == 200 and answer.json is None,
        'The answer is text that only looks like JSON, or none at all. Return the dict {"status": "ok"} from the view, and Flask makes JSON of it.',
    )
    answer.expect(200, json={"status": "ok"})
    assert answer.content_type == "application/json", (
        f"The words are right, but they are sent as {answer.content_type}: a client is told that this is a page. "
        "Return the dict itself, not a string that looks like one; then Flask says application/json."
    )


def test_anything_else_is_404(service, some):
    """Any other address answers 404"""
    for path in (f"/{some.word()}", f"/{some.word()}/{some.word()}", "/hello/"):
        answer = service.get(path)
        answer.suspect(
            answer.status == 200 and "not found" in answer.text.lower(),
            'The page says that it was not found, but the status says 200, all is well. Send the status too: return "…", 404.',
        )
        answer.suspect(
            answer.status == 200,
            "An address that nobody asked you to serve is answered. Flask answers 404 by itself where no route matches: "
            "remove the route that takes everything.",
        )
        answer.expect(404)


def test_the_debugger_is_off(service):
    """The debugger is off"""
    answer = service.get("/", __debugger__="yes", cmd="resource", f="style.css", headers={"Host": "localhost"})
    assert answer.content_type != "text/css", (
        "The debugger is on: it has just served a file of its own. Whoever reaches this port is one PIN away from a Python console on the machine. "
        "Take debug=True out of app.run, and FLASK_DEBUG out of the environment."
    )
