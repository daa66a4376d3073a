"""What Python's own words in a log name: of a service that did not come up, or during a request that failed.

Of several exceptions in a log the last traceback counts, and of that its last line alone: a quoted source line names no
cause. The order: one message of one library before its family, the family before whatever else Python stopped with.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from workshop.mistakes.mistake import mistake, said
from workshop.raised import FOREIGN, last_in

OVERWRITTEN = "View function mapping is overwriting an existing endpoint function"
FROM_A_VIEW = "TypeError: The view function for 'index' did not return a valid response."
NO_REDIS = "redis.exceptions.ConnectionError:"
PACKAGES = (
    "flask",
    "redis",
    "werkzeug",
    "jinja2",
    "markupsafe",
    "click",
    "gunicorn",
    "waitress",
    "dramatiq",
    "fakeredis",
    "requests",
)
SHOWN = 300  # characters of an exception that a hint shows


def traceback(last_line: str, file: str = "/app/app.py", function: str = "index") -> str:
    """An example: a log that ends with a traceback."""
    return f'Traceback (most recent call last):\n  File "{file}", line 7, in {function}\n    return answer()\n{last_line}\n'


def raises(pattern: str, log: str) -> dict[str, Any] | None:
    """The named groups where the last exception of a log is told in such a line (`pattern` begins with its type)."""
    raised = last_in(log)
    found = re.match(rf"(?:\w+\.)*{pattern}", raised.last_line) if raised else None
    return {"match": found[0]} | {name: value or "it" for name, value in found.groupdict().items()} if found else None


def tells(pattern: str, log: str) -> dict[str, Any] | None:
    """The same for a message that a program may print by itself: in the last exception, or else in any line of the log."""
    raised = last_in(log)
    return said(pattern, raised.last_line if raised else log)


# What is imported and read


@mistake(example=traceback("ImportError: cannot import name 'escape' from 'flask' (/usr/lib/flask/__init__.py)"))
def escape_from_flask(log):
    """Flask no longer has `{name}`. It comes from the package below Flask: from markupsafe import {name}."""
    return raises(r"ImportError: cannot import name '(?P<name>escape|Markup)' from 'flask'", log)


@mistake(example=traceback("SyntaxError: (unicode error) 'utf-8' codec can't decode byte 0xe4 in position 9"))
def not_utf_8(log):
    """The file is not saved as UTF-8. Save it again with the encoding UTF-8."""
    alone = r"^SyntaxError: Non-UTF-8 code starting with"  # the file that Python was told to run: no traceback
    return raises(r"SyntaxError: (?:\(unicode error\) 'utf-8' codec|Non-UTF-8 code)", log) or said(alone, log)


@mistake(example='  File "/app/app.py", line 8\n    <<<<<<< HEAD\nIndentationError: expected an indented block\n')
def conflict_marks_left(log):
    """{file} still has the marks that git sets where two versions do not agree, such as <<<<<<< in line {line}. Keep one of
    the versions, and delete the three lines with the marks.
    """
    raised = last_in(log)
    if not raised or not re.search(r"(?:Syntax|Indentation)Error$", raised.type):
        return None
    marks = re.search(r"^ *(?:<{7}|={7}|>{7})(?: |$)", log, re.MULTILINE)
    return marks and raised.place and {"file": raised.place, "line": raised.line}


@mistake(example=traceback("EOFError: EOF when reading a line"))
def asks_at_the_keyboard(log):
    """input(…) waits for somebody to type, and nobody sits at the keyboard of a server: there is nothing to read. What a
    program needs to know comes with a request, or from the environment.
    """
    return raises(r"EOFError: EOF when reading a line", log)


@mistake(
    example='  File "/app/app.py", line 8\n    app.run(host=0.0.0.0, port=5000)\n                 ^^^\nSyntaxError: invalid syntax\n'
)
def address_without_quotes(log):
    """{file}, line {line}: {address} has no quotes around it, and to Python it is no number. It is a text: "{address}"."""
    raised = last_in(log)
    if not raised or not re.search(r"SyntaxError$", raised.type):
        return None
    found = re.search(r"^ .*=\s*(?P<address>\d+\.\d+\.\d+\.\d+)", log, re.MULTILINE)
    return found and raised.place and {"file": raised.place, "line": raised.line, "address": found["address"]}


@mistake(example="  File \"/app/app.py\", line 8\n    def index()\n               ^\nSyntaxError: expected ':'\n")
def syntax_error(log):
    """{file}, line {line}, is not Python: {message}. The mistake is there or on the line before."""
    seen = raises(r"(?:SyntaxError|IndentationError|TabError): (?P<message>.*?)[.?]*$", log)
    raised = last_in(log)
    return seen and raised and raised.place and {**seen, "file": raised.place, "line": raised.line}


@mistake(example=traceback("TypeError: Flask.__init__() missing 1 required positional argument: 'import_name'"))
def flask_without_a_name(log):
    """Flask was called with nothing between the parentheses. It takes the name of the program: app = Flask(__name__)."""
    return raises(r"TypeError: Flask\.__init__\(\) missing 1 required positional argument: 'import_name'", log)


@mistake(example=traceback("LookupError: the converter 'str' does not exist"))
def no_such_converter(log):
    """A route has <{converter}:…>, and Flask knows no `{converter}`. Without such a word it is a text: <name>. The others
    are string, int, float, path and uuid.
    """
    return raises(r"LookupError: the converter '(?P<converter>\w+)' does not exist", log)


@mistake(example=traceback("ImportError: cannot import name 'Redis' from 'redis' (/app/redis.py)"))
def file_called_like_a_package(log):
    """The file {file} has the name of the package `{module}`, so Python imports your file and never reaches the package.
    Give it another name.
    """
    seen = own_file(log)
    return seen and seen["module"] in {*sys.stdlib_module_names, *PACKAGES} and seen


@mistake(
    example=traceback("ImportError: cannot import name 'app' from partially initialized module 'app' (/app/app.py)")
)
def imports_itself(log):
    """{file} imports `{module}`, which is itself, directly or through another file of yours: at that moment it is only half read, and the name is not
    there yet. Put what both need into a third file.
    """
    return raises(
        r"(?:ImportError: cannot import name '\w+' from|AttributeError:) partially initialized module "
        r"'(?P<module>\w+)'[^\n]*?(?P<file>[\w./\\:-]*\b(?P=module)\.py)\b",
        log,
    )


def own_file(log: str) -> dict[str, Any] | None:
    """The file of the student's own that Python took for a module, and the module's name."""
    seen = raises(
        r"(?:ImportError: cannot import name '\w+' from|AttributeError:) (?:(?:partially initialized )?module )?"
        r"'(?P<module>\w+)'[^\n]*?(?P<file>[\w./\\:-]*\b(?P=module)\.py)\b",
        log,
    )
    return None if seen and re.search(FOREIGN, seen["file"]) else seen


@mistake(example=traceback("KeyError: 'REDIS_HOST'", "<frozen os>"))
def variable_not_in_the_environment(log):
    """The environment has no variable {name}. Which ones are given stands in the lesson's text; for any other, give a
    default: os.environ.get("{name}", "…").
    """
    raised = last_in(log)
    in_os = raised and raised.files and re.search(r"<frozen os>$|/os\.py$", raised.files[-1])
    return in_os and raises(r"KeyError: '(?P<name>\w+)'", log)


# Flask


@mistake(example=traceback("RuntimeError: Install Flask with the 'async' extra in order to use async views."))
def async_view_without_asgiref(log):
    """A view is `async def`. Flask runs such a view only with its extra `async` (the package asgiref), which is not
    installed here. Write `def`, without await, and take redis.Redis, not redis.asyncio.
    """
    return raises(r"RuntimeError: Install Flask with the 'async' extra", log)


@mistake(example=traceback(f"AssertionError: {OVERWRITTEN}: hello"))
def two_views_of_one_name(log):
    """Two views are called `{view}`. Each function below a route needs a name of its own."""
    return raises(
        r"AssertionError: View function mapping is overwriting an existing endpoint function: (?P<view>\w+)", log
    )


NO_RESPONSE = r"TypeError: The view function (?:for '(?P<view>\w+)' )?did not return a valid response\."


@mistake(example=traceback(f"{FROM_A_VIEW} The function either returned None or ended without a return statement."))
def view_returned_nothing(log):
    """The view `{view}` returned nothing. `print` writes to the log; only what the view returns is sent to the browser.
    Use return.
    """
    return raises(NO_RESPONSE + " The function either returned None", log)


@mistake(example=traceback(f"{FROM_A_VIEW} The return type must be a string, dict, list, tuple, but it was a set."))
def view_returned_a_set(log):
    """The view returned a set: {…} with commas alone is one. A dict has a colon between each name and its value:
    {"status": "ok"}.
    """
    return raises(NO_RESPONSE + r".* but it was a set\b", log)


@mistake(example=traceback(f"{FROM_A_VIEW} The return type must be a string, dict, list, tuple, but it was a int."))
def view_returned_a_wrong_type(log):
    """The view returned something that Flask cannot send. Return text, a dict, or a list; a status comes second: return
    {…}, 201.
    """
    return raises(NO_RESPONSE, log)


NOT_JSON = r"TypeError: Object of type {} is not JSON serializable"


@mistake(example=traceback("TypeError: Object of type builtin_function_or_method is not JSON serializable"))
def function_not_called(log):
    """The answer holds a function, and not what it returns. Call it: a pair of parentheses after its name."""
    return raises(NOT_JSON.format("(?:builtin_function_or_method|function|method)"), log)


@mistake(example=traceback("TypeError: Object of type coroutine is not JSON serializable"))
def coroutine_not_awaited(log):
    """The answer holds a coroutine: a function of an asynchronous client was called, and nothing awaited it. In plain views
    take the plain client, redis.Redis.
    """
    return raises(NOT_JSON.format("coroutine"), log)


@mistake(example=traceback("TypeError: Object of type bytes is not JSON serializable"))
def bytes_in_json(log):
    """The answer holds a value of type bytes, which JSON cannot carry. Make it a string: .decode(), subprocess with
    text=True, Redis with decode_responses=True.
    """
    return raises(NOT_JSON.format("bytes"), log)


@mistake(example=traceback("TypeError: Object of type set is not JSON serializable"))
def not_serializable(log):
    """The answer holds a value of type {type}, which JSON cannot carry. It knows strings, numbers, true and false, null,
    lists and dicts.
    """
    return raises(NOT_JSON.format(r"(?P<type>\w+)"), log)


@mistake(example=traceback("AttributeError: 'function' object has no attribute 'incr'"))
def function_in_place_of_an_object(log):
    """`.{name}` was asked of a function. Either a `def` has the name of the object that is meant, and the later of the two
    holds: give one of them another name. Or a call lacks its parentheses.
    """
    return raises(r"AttributeError: '(?:function|method)' object has no attribute '(?P<name>\w+)'", log)


@mistake(example=traceback("RuntimeError: Event loop is closed"))
def event_loop_is_closed(log):
    """Something of asyncio was used after its loop had ended: each asyncio.run makes a loop of its own, and a client of
    redis.asyncio belongs to the loop in which it was first used. In plain views take the plain client, redis.Redis.
    """
    return raises(r"RuntimeError: (?:Event loop is closed|[^\n]*attached to a different loop)", log)


# Redis


@mistake(example=traceback("AttributeError: 'Redis' object has no attribute 'exceptions'"))
def client_called_like_the_module(log):
    """`{name}` belongs to the module redis, and here a client was asked for it. Either a line `redis = …` took the module's name:
    give the client another one, store = redis.Redis.from_url(…). Or the client's name stands where the module's is meant.
    """
    names = r"exceptions|asyncio|retry|backoff|Redis|StrictRedis|\w+Error"
    return raises(rf"AttributeError: '(?:Strict)?Redis' object has no attribute '(?P<name>{names})'", log)


@mistake(example=traceback("ValueError: Redis URL must specify one of the following schemes (redis://, rediss://)"))
def redis_url_without_a_scheme(log):
    """Redis.from_url was given something that does not begin with redis://. Quotes around the address count as a part of it in
    an env file, and in a list of a compose file after the `=`.
    """
    return raises(r"ValueError: Redis URL must specify one of the following schemes", log)


@mistake(example=traceback(f"{NO_REDIS} Error -2 connecting to redis://redis:6379/0:6379. Name or service not known."))
def url_given_as_host(log):
    """{url} was given where the name of a host belongs. Redis(…) takes a host and a port; for a whole address it is
    Redis.from_url(…).
    """
    return tells(r"^\S.*Error -?\d+ connecting to (?P<url>\w+://\S+):\d+\.", log)


@mistake(example=traceback(f"{NO_REDIS} Error 111 connecting to localhost:6379. Connection refused."))
def redis_on_localhost(log):
    """The app looked for Redis on {host}, and nothing answers there. Inside a container that is the container itself. Take the
    address from REDIS_URL.
    """
    return tells(
        r"^\S.*Error (?:111|99|61|10061)\b[^\n]*connecting to (?P<host>localhost|127\.0\.0\.1|::1)\b(?!:(?!6379\b))",
        log,
    )


@mistake(example=traceback(f"{NO_REDIS} Error 111 connecting to redis:6380. Connection refused."))
def redis_refuses(log):
    """Redis at {address} refused the connection: nothing listens there now. Is the address the one in REDIS_URL, and is
    the port 6379?
    """
    seen = tells(r"^\S.*Error (?:111|61|10061)\b[^\n]*connecting to (?P<address>[\w.:-]+)", log)
    return seen and {"address": seen["address"].rstrip(".")}


@mistake(example=traceback(f"{NO_REDIS} Error -2 connecting to database:6379. Name or service not known."))
def redis_not_found(log):
    """The name `{host}` does not resolve: nothing on this network has that name now. If the check has stopped Redis, its name is gone
    with it. If not: is it the name in REDIS_URL? Under Compose that is the name of the service.
    """
    return tells(r"^\S.*Error -(?:2|3|5)\b[^\n]*connecting to (?P<host>[\w.-]+)", log)


def was_let_through(answer: Any) -> bool:
    """Whether an exception ended what the app did: 503 is what an app answers that has caught one, and logged it."""
    return answer is None or answer.status != 503


# What redis-py makes of an error that Redis answers, as a pattern, and what it means.
REPLIES = {
    r"AuthenticationError: Authentication required": "it asks for a password, and the app gave none",
    r"AuthenticationError": "it does not take the user name or the password that the app gave",
    r"NoPermissionError": "this user may not run that command",
    r"ReadOnlyError": "it is a replica, which takes no writes: the address must be that of the primary",
    r"ResponseError: MISCONF": "it cannot save to its disk, and so takes no writes until it can",
    r"OutOfMemoryError": "its memory is full (maxmemory), and so it takes no writes",
    r"BusyLoadingError": "it has just started and still loads its data",
    r"ConnectionError: max number of clients reached": "it has as many clients as it takes (maxclients): some are never closed",
    r"ResponseError: WRONGTYPE": "the key holds another type than this command is for, say a list where a string was meant",
    r"ResponseError: value is not an integer": "it needs a whole number where there is none, either among what it was given "
    "(SETEX takes the key, then the seconds, and then the value) or under the key, where INCR cannot add to anything else",
    r"ResponseError: DB index is out of range": "it has no database of that number; there are 16, from 0",
    r"DataError: Invalid input of type: '\w+'": "redis-py sends text, bytes and numbers, and the app gave it something else",
}


@mistake(example=traceback("redis.exceptions.ReadOnlyError: You can't write against a read only replica."))
def redis_refuses_the_command(log, answer=None):
    """Redis was reached, and the command was refused: {meaning}. redis-py said `{match}`."""
    for pattern, meaning in REPLIES.items():
        if was_let_through(answer) and (seen := raises(rf"redis\.exceptions\.{pattern}[^\n]*", log)):
            return {"meaning": meaning, "match": seen["match"][:SHOWN]}


@mistake(example=traceback("redis.exceptions.TimeoutError: Timeout reading from redis:6379"))
def redis_times_out(log, answer=None):
    """Redis did not answer in time, and the app let that exception through. Catch redis.exceptions.TimeoutError, and
    ConnectionError beside it, and answer 503.
    """
    seen = raises(r"redis\.exceptions\.TimeoutError|TimeoutError: Timeout (?:reading from|connecting to)", log)
    return was_let_through(answer) and seen


@mistake(example=traceback("redis.exceptions.ResponseError: NOREPLICAS Not enough good replicas to write."))
def redis_error_let_through(log, answer=None):
    """The app let a {error} of redis-py through: {said}."""
    seen = was_let_through(answer) and raises(r"redis\.exceptions\.(?P<error>\w+Error):? ?(?P<said>[^\n]*)", log)
    return seen and {**seen, "said": seen["said"].rstrip(". ")[:SHOWN]}


# The machine


@mistake(example=traceback("RuntimeError: can't start new thread"))
def too_many_processes(log):
    """The app started processes or threads until it reached the limit. What starts them, and what ends them?"""
    return tells(
        r"can't start new thread|BlockingIOError: \[Errno 11\] Resource temporarily unavailable"
        r"|^\S.*fork: (?:retry: )?Resource temporarily unavailable",
        log,
    )


@mistake(example=traceback("MemoryError"))
def memory_error(log):
    """The app asked for more memory than it may have. What in it grows without a limit?"""
    return raises(r"MemoryError", log)


@mistake(example="Address already in use\nPort 5000 is in use by another program.\n")
def address_in_use(log):
    """The app found its port taken. Does the code start two servers?"""
    return tells(
        r"^Address already in use|^Port \d+ is in use|^OSError: \[Errno \d+\] .*[Aa]ddress already in use"
        r"|^\[[^\n]*\] Connection in use: ",
        log,
    )


@mistake(example=traceback("PermissionError: [Errno 13] Permission denied: '/data/visits'"))
def permission_denied(log, inside=None):
    """The app may not touch {file}: the user that it runs as has no right to.{advice}"""
    seen = raises(r"PermissionError: \[Errno 13\] Permission denied: '(?P<file>[^']+)'", log)
    own = " Give that user the folder (`COPY --chown`, or `RUN chown` before USER)."
    return seen and {**seen, "advice": "" if inside and inside.is_bare else own}


# Whatever else


@mistake(example=traceback("ValueError: URL rule 'healthz' must start with a slash"))
def python_error(log, start=None, answer=None):
    """{ended}Python stopped{where}: {error}"""
    raised = last_in(log)
    if not raised or not was_let_through(answer):
        return None
    return {
        "ended": f"{start.how}. " if start and not start.running else "",
        "where": f" at {raised.place} line {raised.line}" if raised.place else "",
        "error": raised.last_line[:SHOWN],
    }
