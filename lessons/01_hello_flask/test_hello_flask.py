"""Lesson 1: a small web service in Flask."""

import re
from urllib.parse import quote

from workshop.outcomes import Mismatch

BELOW = " A route that stands below app.run(…) is never reached: that call is the last line of the file."


def greeting(service, name, **refused):
    """The page that greets `name`."""
    answer = service.get(f"/hello/{quote(name)}")
    answer.suspect(
        answer.status == 404,
        f'There is no route that matches /hello/ and a name. The name is part of the path: @app.get("/hello/<name>").{BELOW}',
    )
    answer.suspect(
        "is not HTTP" in (answer.problem or ""),
        'What stands behind a comma is no part of the text: in return "Hello", name Flask takes the name for the status. Make one text: f"Hello {escape(name)}".',
    )
    return answer.expect(200, **refused)


def require(seen, hint, answer, expected=None):
    """Fails with the hint, and shows what came, unless what is promised was seen."""
    if not seen:
        raise Mismatch(hint, asked=answer.asked, expected=expected, actual=str(answer))


def why_not_named(page, name):
    """The likeliest cause of a page that does not say the name."""
    if name.lower() in page.lower():
        return "The page says the name in other letters. Say it as it came, without .capitalize(), .title(), .upper() or .lower()."
    if re.search(r"\{ *[\w.()| ]+\}", page):
        return (
            'The page shows the braces themselves. {…} is filled in only where an f stands before the quotes, as in f"Hello {escape(name)}"; '
            "{{ … }} only in a template, by render_template_string."
        )
    if re.search(r"escape\(|\bname\b", page):
        return 'The page says the word `name`, not what it stands for. What is to be filled in stands in braces: f"Hello {escape(name)}".'
    return "The page does not say the name that stood in the address. Take it from the route: what stands in <name> comes to the view as its argument."


def test_the_service_answers_from_outside(service):
    """`python app.py` starts a service that answers on 0.0.0.0:5000"""
    service.get("/healthz")


def test_the_first_page_says_hello_world(service):
    """`GET /` answers `Hello World` as text"""
    answer = service.get("/")
    answer.suspect(
        answer.status == 404,
        f'There is no route for `/`. Put @app.get("/") above the function that answers it.{BELOW}',
    )
    answer.suspect(
        answer.content_type == "application/json",
        "The answer is JSON, not text. A view that returns a plain string sends text.",
    )
    answer.suspect(
        answer.status == 200 and "<" in answer.text,
        "The answer has markup around the words. The lesson asks for the bare text Hello World.",
    )
    answer.suspect(
        answer.text.strip().lower().replace(",", "").rstrip("!. ") == "hello world",
        "Almost: the words must be exactly `Hello World`, with these capitals and nothing else. Programs that read an answer are strict.",
    )
    answer.expect(
        200,
        text="Hello World",
        because='`/` answers, but with other words. Return the string "Hello World" from its view.',
    )
    kind = answer.content_type
    hint = f"The words are right, but they are sent as {kind}, which is no text. Return the string alone; then Flask says text/html."
    require(kind.startswith("text/"), hint, answer, "Content-Type: text/html, or text/plain")


def test_hello_greets_by_name(service, some):
    """`GET /hello/<name>` greets by that very name"""
    for name in (some.name(), some.word(4) + some.name()):
        answer = greeting(service, name)
        require(name in answer.text, why_not_named(answer.text, name), answer, f"a page with {name}")


def test_the_name_is_escaped(service, some):
    """A name with code in it is shown, not run: HTML in it arrives escaped"""
    word = some.word()
    refused = "A name with < and { in it was not greeted. Greet by every name: once escaped, it does no harm."
    answer = greeting(service, f"<{word}>&{{{{ 7*7 }}}}{word}", because=refused)
    page = answer.text
    require(
        f"49{word}" not in page,
        "The name was run as a template: {{ 7*7 }} came back as 49, and a stranger could read more of your program so. "
        'Write the template without the name and pass that as a value: render_template_string("Hello {{ name }}", name=name).',
        answer,
    )
    require(
        f"<{word}>" not in page,
        f"The name came back as it went in. On a page <{word}> is markup, and <script> would be a program in the reader's browser. "
        "Escape what comes from outside: markupsafe.escape(name), or a template.",
        answer,
    )
    require(
        "&amp;lt;" not in page,
        "The name is escaped twice: the reader would see &lt; on the page. Once is enough; a template does it by itself.",
        answer,
    )
    whole = re.search(f"&lt;{word}(&gt;|>)&amp;{{{{ 7\\*7 }}}}{word}", page)
    hint = "The name does not arrive whole. Escape it, and leave nothing out: `<` becomes &lt; and `&` becomes &amp;."
    require(
        whole,
        hint if word in page else why_not_named(page, word),
        answer,
        f"a page with &lt;{word}&gt;&amp;{{{{ 7*7 }}}}{word}",
    )


def test_healthz_is_json(service):
    """`GET /healthz` answers the JSON `{"status": "ok"}`"""
    answer = service.get("/healthz")
    answer.suspect(
        answer.status == 404,
        f'There is no route for /healthz: @app.get("/healthz"). The z is meant: such an address is called so by custom.{BELOW}',
    )
    answer.suspect(
        answer.status == 200 and answer.json is None,
        'The answer is text that only looks like JSON, or none at all. Return the dict {"status": "ok"} from the view, and Flask makes JSON of it.',
    )
    answer.suspect(
        answer.status == 200,
        'It is JSON, and it says something else. The lesson asks for exactly this: return {"status": "ok"}.',
    )
    answer.expect(200, json={"status": "ok"})
    kind = answer.content_type
    hint = (
        f"The words are right, but they are sent as {kind}: a client is told that this is a page. "
        "Return the dict itself, not a string that looks like one; then Flask says application/json."
    )
    require(kind == "application/json", hint, answer, "Content-Type: application/json")


def test_anything_else_is_404(service, some):
    """Any other address answers 404"""
    unknown = [f"/{some.word()}", f"/{some.word()}/{some.word()}"]
    for path in (*unknown, "/hello/", "/hello", "/index", "/home"):
        answer = service.get(path)
        answer.suspect(
            answer.status == 200 and "not found" in answer.text.lower(),
            'The page says that it was not found, but the status says 200, all is well. Send the status too: return "…", 404.',
        )
        answer.suspect(
            answer.status == 200 and path in unknown,
            "An address that nobody asked you to serve is answered. Flask answers 404 by itself where no route matches: "
            "remove the route that takes everything.",
        )
        answer.suspect(
            answer.status == 200,
            f"{path} is answered, and nobody asked you to serve it. Remove its route: where none matches, Flask answers 404 by itself.",
        )
        answer.expect(
            404,
            because="An address that no route matches is answered with another status. Flask says 404 by itself; leave that to it.",
        )


def test_the_debugger_is_off(service):
    """The debugger is off"""
    answer = service.get("/", __debugger__="yes", cmd="resource", f="style.css", headers={"Host": "localhost"})
    if answer.content_type == "text/css":
        raise Mismatch(
            "The debugger is on: it has just served a file of its own. Whoever reaches this port is one PIN away from a Python console on the machine. "
            "Take debug=True out of app.run, and FLASK_DEBUG out of the environment.",
            asked=answer.asked,
            expected="the page of `/`",
            actual="the debugger's style.css",
        )
