"""What goes wrong in lesson 1. Looked through after a check has failed, from the top; the first that holds is the hint."""

import re

from workshop.grader import mistake

FIRST_PAGE = "test_the_first_page_says_hello_world"
HEALTH = "test_healthz_is_json"
ESCAPED = "test_the_name_is_escaped"
ELSEWHERE = "test_anything_else_is_404"


def letters(name):
    """The letters of a name, without what stands around them."""
    return max(re.findall(r"\w+", name), key=len)


def source_of(bench):
    """The text of the student's app.py; empty if there is none."""
    program = bench.folder / "app.py"
    return program.read_text(encoding="utf-8", errors="replace") if program.exists() else ""


# The request never reached the view that it was meant for.


@mistake("says", ESCAPED, HEALTH, ELSEWHERE)
def before_request_answers(bench, service, answer=None, page=None):
    """`{function}` (app.py, line {line}) stands below @app.before_request and returns something: Flask takes that for the answer to every
    request, and calls no view. Let it return nothing."""
    seen = re.search(
        r"^@\w+\.before_request\n(?:@.*\n)*def (?P<function>\w+)\(.*\n(?:(?:[ \t].*)?\n)*?[ \t]+return[ (]+(?!None\b)\S",
        source_of(bench),
        re.MULTILINE,
    )
    came = page or answer
    other = service.get(f"{came.path}/before/every/view") if seen and came else None
    is_so = other and came.status == other.status == 200 and came.text == other.text
    return is_so and {"function": seen["function"], "line": source_of(bench)[: seen.start()].count("\n") + 2}


@mistake("greeting")
def name_not_in_the_path(answer, service):
    """There is a route for /hello, and none for /hello/ and a name. The name is part of the path: @app.get("/hello/<name>")."""
    return answer.status == 404 and service.request("OPTIONS", "/hello").status == 200


@mistake("greeting")
def word_that_is_no_variable(answer, service):
    """There is a route for {route}, and that word itself is what it answers. What differs each time stands between < and >:
    @app.get("/hello/<name>")."""
    routes = {"/hello/name": "/hello/name", "/hello/{name}": "/hello/%7Bname%7D", "/hello/:name": "/hello/:name"}
    found = [route for route, path in routes.items() if service.request("OPTIONS", path).status == 200]
    return answer.status == 404 and found and {"route": found[0]}


@mistake()
def decorator_without_its_at(answer, bench):
    """{file}, line {line}: {text} has no @ before it. Without the @ Flask is told nothing of the view below: @{text}"""
    lines = source_of(bench).splitlines()
    word = re.escape(answer.path.split("/")[1])
    calls = re.compile(rf"app\.(?:get|route)\([\"']/{word}\b.*")
    found = [(number, line) for number, line in enumerate(lines, 1) if calls.match(line)]
    missing = answer.status == 404 and found
    return missing and {"file": "app.py", "line": found[0][0], "text": found[0][1].strip()}


@mistake(HEALTH)
def health_without_the_z(answer, service):
    """There is a route for /health, and none for /healthz: @app.get("/healthz"). The z is no typing
    mistake: such an address is called so by custom."""
    return answer.status == 404 and service.request("OPTIONS", "/health").status == 200


@mistake()
def converter_takes_no_text(answer, bench):
    """The route is {route}, so {path} does not fit: `{kind}` takes numbers alone. <name> takes any text up to the next slash."""
    word = re.escape(answer.path.split("/")[1])
    seen = re.search(rf"@app\.(?:get|route)\([\"'](?P<route>/{word}/<(?P<kind>int|float):\w+>)[\"']", source_of(bench))
    return answer.status == 404 and seen and {**seen.groupdict(), "path": answer.path}


@mistake()
def second_app(answer, bench):
    """`{name} = Flask(…)` stands in app.py {count} times. Each makes a new app, and `{name}` is the last one: the routes above it belong to
    another. Leave the first."""
    text = source_of(bench)
    made = list(re.finditer(r"^(\w+) = (?:flask\.)?Flask\(", text, re.MULTILINE))
    names = [one[1] for one in made]
    above = text[: made[-1].start()] if names.count(names[-1] if names else "") > 1 else ""
    route = re.escape("/" + answer.path.split("/")[1])
    is_lost = answer.status == 404 and re.search(rf"""["']{route}["'/]""", above)
    return is_lost and {"name": names[-1], "count": names.count(names[-1])}


@mistake()
def no_route(answer, service):
    """There is no route for {route}. Put @app.get("{route}") above its view, and both above app.run(…): Python
    does not get to the lines below that call while the server runs."""
    missing = answer.status == 404 and service.request("OPTIONS", answer.path).status == 404
    route = re.sub(r"(?<=^/hello/).+", "<name>", answer.path)
    return missing and {"route": route}


# The first page.


@mistake(FIRST_PAGE)
def json_instead_of_text(answer):
    """The answer is JSON, not text. A view that returns a plain string sends text."""
    return answer.status == 200 and answer.content_type == "application/json"


@mistake(FIRST_PAGE)
def markup_around_the_words(answer):
    """The answer has markup around the words. The lesson asks for the bare text Hello World."""
    return answer.status == 200 and "hello world" in answer.text.lower() and "<" in answer.text


@mistake(FIRST_PAGE)
def almost_hello_world(answer):
    """Almost: the words must be exactly `Hello World`, with these capitals, one space between them, and nothing else. Programs
    that read an answer are strict."""
    words = " ".join(answer.text.lower().replace(",", " ").split()).rstrip("!. ")
    return answer.status == 200 and words == "hello world"


@mistake(FIRST_PAGE)
def other_words(answer):
    """The page `/` answers, but with other words. Return the string "Hello World" from its view."""
    return answer.status == 200 and "hello world" not in answer.text.lower()


@mistake(FIRST_PAGE)
def words_not_sent_as_text(actual, page):
    """The words are right, but they are sent as {kind}, which is not text. Return only the string; then Flask sends it as text/html."""
    return page.text.startswith("Hello World") and {"kind": actual or "nothing in particular"}


# The greeting.


@mistake("greeting")
def comma_instead_of_one_text(answer, name):
    """The status line of the answer has the name in it. What comes after a comma is not part of the text: in
    return "Hello", name Flask takes the name for the status. Make one text: f"Hello {escape(name)}"."""
    return answer.status is None and letters(name) in answer.detail


@mistake(ESCAPED)
def only_letters_greeted(answer):
    """A name with < and { in it was refused with {status}. Greet every name: once it is escaped, it does no harm."""
    return answer.status in (400, 403, 404, 422) and {"status": answer.status}


@mistake("says", ESCAPED)
def name_in_other_letters(page, name):
    """The page says the name with other capitals. Say it as it came, without .capitalize(), .title(), .upper() or .lower()."""
    return letters(name).lower() in page.text.lower() and letters(name) not in page.text


@mistake("says", ESCAPED)
def braces_not_filled_in(page, name):
    """The page shows the braces themselves. {…} is filled in only if an f stands before the quotes, as in
    f"Hello {escape(name)}"; {{ … }} only in a template, by render_template_string."""
    return letters(name) not in page.text and re.search(r"\{ *[\w.()| ]+\}", page.text)


@mistake("says", ESCAPED)
def says_the_word_name(page, name):
    """The page says the word `name`, not the name from the address. Put an f before the quotes, and braces
    around what Python must fill in: f"Hello {escape(name)}"."""
    return letters(name) not in page.text and re.search(r"escape\(|\bname\b", page.text)


@mistake("says", ESCAPED)
def name_not_on_the_page(page, name):
    """The page does not say the name from the address. Take it from the route: the part of the address that matches
    <name> is passed to the view as its argument."""
    return letters(name) not in page.text


# A name with code in it.


@mistake(ESCAPED)
def name_run_as_a_template(page, word):
    """The name was run as a template: {{ 7*7 }} came back as 49, and a stranger could read more of your program this way.
    Write the template without the name and pass the name as a value: render_template_string("Hello {{ name }}", name=name)."""
    return f"49{word}" in page.text


@mistake(ESCAPED)
def what_escape_returns_not_used(page, word, bench):
    """{text} stands on a line of its own: escape changes nothing, it returns the escaped text, and that is lost here. Put it
    into the answer: f"Hello {escape(name)}"."""
    alone = re.search(r"^\s+((?:markupsafe\.)?escape\(\w+\))\s*$", source_of(bench), re.MULTILINE)
    return f"<{word}>" in page.text and alone and {"text": alone[1]}


@mistake(ESCAPED)
def not_escaped(page, word):
    """The name came back as it went in. On a page <{word}> is markup, and <script> would be a program in the reader's browser.
    Escape what comes from outside: markupsafe.escape(name), or a template."""
    return f"<{word}>" in page.text and {"word": word}


@mistake(ESCAPED)
def escaped_twice(page):
    """The name is escaped twice: the reader would see &lt; on the page. Once is enough; a template does it by itself."""
    return "&amp;lt;" in page.text


@mistake(ESCAPED)
def not_whole(page, word, right):
    """The name does not arrive whole. Escape it, and leave nothing out: `<` becomes &lt; and `&` becomes &amp;."""
    return word in page.text and not re.search(right, page.text)


# Health.


@mistake(HEALTH)
def health_is_no_json(answer):
    """The answer is not JSON. Return the dict {"status": "ok"} from the view, and Flask makes JSON of it."""
    return answer.status == 200 and answer.json is None


@mistake(HEALTH)
def health_says_something_else(answer):
    """It is JSON, and it says something else. The lesson asks for exactly this: return {"status": "ok"}."""
    return answer.status == 200 and answer.json is not None and answer.json != {"status": "ok"}


@mistake(HEALTH)
def json_sent_as_a_page(page):
    """The words are right, but they are sent as {kind}, so a client takes them for a page. Return the dict itself, not a
    string that looks like one; then Flask says application/json."""
    return page.content_type != "application/json" and {"kind": page.content_type or "nothing in particular"}


# Any other address.


@mistake(ELSEWHERE)
def not_found_with_200(answer):
    """The page says that it was not found, but its status is 200, which means success. Send the status too: return "…", 404."""
    return answer.status == 200 and "not found" in answer.text.lower()


@mistake(ELSEWHERE)
def error_page_without_its_status(answer, path, unknown, service):
    """No route is for {path}, and a page comes all the same, with status 200, which means success. Does a handler of 404
    return only its text? Return the status too: return "…", 404."""
    has_route = "allow" in service.request("OPTIONS", path).headers
    return answer.status == 200 and path in unknown and not has_route and {"path": path}


@mistake(ELSEWHERE)
def takes_every_address(answer, path, unknown):
    """{path}, an address that nobody asked you to serve, is answered. Flask answers 404 by itself if no route matches: remove
    the route that takes everything."""
    return answer.status == 200 and path in unknown and {"path": path}


@mistake(ELSEWHERE)
def served_unasked(answer, path, unknown):
    """{path} is answered, and nobody asked you to serve it. Remove its route: if no route matches, Flask answers 404 by itself."""
    return answer.status == 200 and path not in unknown and {"path": path}


@mistake(ELSEWHERE)
def unknown_is_another_error(answer, path):
    """{path}, which nobody asked you to serve, is answered with status {status}. Flask says 404 by itself; leave that to it."""
    is_error = answer.status is not None and 400 <= answer.status < 500
    return is_error and {"path": path, "status": answer.status}


# The debugger.


@mistake("test_the_debugger_is_off")
def debugger_on(actual):
    """The debugger is on: it has just served a file of its own. Whoever reaches this port is one PIN away from a Python console
    on the machine. Take debug=True out of app.run, and FLASK_DEBUG out of the environment."""
    return actual == "text/css"
