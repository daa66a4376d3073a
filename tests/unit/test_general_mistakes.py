"""Every mistake that holds for all lessons, asked with the example that it brings: no other may be found before it."""

import ast
import re
from collections import Counter

import pytest

from workshop.causes.general import GENERAL
from workshop.course import lessons
from workshop.course.places import ROOT
from workshop.grading.hints import mistakes_of
from workshop.mistakes.finding import Search, Sight
from workshop.mistakes.function import notebook_that
from workshop.mistakes.mistake import Mistake
from workshop.outcomes import Mismatch
from workshop.proof.known import KNOWN
from workshop.raised import Raised
from workshop.runtimes.evidence import Evidence, Stop
from workshop.runtimes.http import Answer


@pytest.mark.parametrize("mistake", GENERAL, ids=lambda mistake: mistake.name)
def test_its_example_finds_it(mistake):
    search = Search(Sight(mistake.example))
    found = search.first(GENERAL)
    assert not search.faults
    assert found and found.name == mistake.name, found
    assert not re.search(r"\{\w+\}", found.hint), found.hint


@pytest.mark.parametrize("lesson", lessons.catalogue(), ids=lambda lesson: lesson.name)
def test_what_a_sentence_has_in_braces_is_a_name_alone(lesson):
    written = {one.name: one.sentence for one in (*mistakes_of(lesson).mistakes, *GENERAL)}
    assert not {name for name, sentence in written.items() if re.search(r"\{\w+(?::[^}\s]*[a-z]|![rsa])\}", sentence)}


def test_a_look_at_a_key_of_another_type_is_no_fault_of_the_mistake():
    def looks(redis):
        raise Mismatch("The key lock:a holds a set, another type than the one asked for.")

    search = Search(Sight(fixtures={"redis": object()}))
    assert search.first([Mistake("looks", "…", looks)]) is None
    assert not search.faults


def test_what_a_function_left_behind_is_no_cause_of_its_exception():
    left = Mistake("left", "…", lambda: True, ("test_counts",))
    why = Mistake("why", "…", lambda error: True, ("test_counts",))
    stack = {"test_counts": {}}
    stopped = Sight({"error": Raised("KeyError", "'a'")}, stack)
    assert Search(stopped).first([left, why]).name == "why"
    assert Search(Sight({}, stack)).first([left, why]).name == "left"


def test_a_pair_that_has_the_name_in_it_leaves_the_lessons_own_mistakes_first():
    facts = notebook_that(["job", 1.0], gives=True, leaves=4)
    assert Search(Sight(facts | {"expected": "other"})).first(GENERAL).name == "returned_in_the_first_turn"
    assert Search(Sight(facts | {"expected": "job"})).first(GENERAL).name == "loop_left_in_its_first_turn"


def test_each_has_a_name_of_its_own_and_an_example():
    names = [*(one.name for one in GENERAL), *KNOWN]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert [one.name for one in GENERAL if not one.example] == []


def raised_with_a_name(tree):
    """The names in `mistake="…"` of what a file raises, and in `self.refused("…", …)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            named = [keyword.value for keyword in node.keywords if keyword.arg == "mistake"]
            if isinstance(node.func, ast.Attribute) and node.func.attr == "refused":
                named += node.args[:1]
            yield from (name.value for name in named if isinstance(name, ast.Constant))


def test_what_is_raised_with_a_name_is_known():
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "src" / "workshop").rglob("*.py")]
    may_name = [text for text in texts if "mistake=" in text or "refused(" in text]
    names = {name for text in may_name for name in raised_with_a_name(ast.parse(text))}
    assert len(names) > 30
    assert names - set(KNOWN) == set()


TRACEBACK = """Traceback (most recent call last):
  File "/app/app.py", line 9, in index
    except redis.exceptions.ConnectionError: raise ModuleNotFoundError: No module named 'x'
  File "/usr/lib/python3.13/site-packages/redis/client.py", line 1, in get
    return connection.get()
"""


@pytest.mark.parametrize(
    ("log", "name", "says"),
    [
        pytest.param(
            TRACEBACK + "AttributeError: 'NoneType' object has no attribute 'get'\n",
            "python_error",
            "Python stopped at /app/app.py line 9: AttributeError: 'NoneType'",
            id="a quoted source line names no cause",
        ),
        pytest.param(
            TRACEBACK
            + "redis.exceptions.ConnectionError: Error 111 connecting to redis:6379. Connection refused.\n\n"
            + "During handling of the above exception, another exception occurred:\n\n"
            + TRACEBACK
            + "NameError: name 'jsonfy' is not defined\n172.17.0.1 - - [29/Nov/2026] \"GET / HTTP/1.1\" 500 -\n",
            "python_error",
            "NameError: name 'jsonfy' is not defined",
            id="the last exception counts",
        ),
        pytest.param(
            "WARNING: Error 111 connecting to redis:6379. Connection refused.\n",
            "redis_refuses",
            "Redis at redis:6379 refused",
            id="a message without a traceback",
        ),
        pytest.param(
            "  File \"/app/app.py\", line 3\n    HOME = 'C:\\Users'\n           ^^^^^^^^^^\n"
            "SyntaxError: (unicode error) 'unicodeescape' codec can't decode bytes in position 2-3: truncated \\UXXXXXXXX escape\n",
            "syntax_error",
            "is not Python: (unicode error) 'unicodeescape' codec",
            id="a backslash in a text is no other encoding",
        ),
        pytest.param(
            "  File \"/app/app.py\", line 3\r\n    x = (\r\n        ^\r\nSyntaxError: '(' was never closed\r\n",
            "syntax_error",
            "/app/app.py, line 3, is not Python: '(' was never closed.",
            id="the line ends of Windows",
        ),
        pytest.param(
            TRACEBACK
            + "redis.exceptions.ConnectionError: Error 99 connecting to localhost:6379. Cannot assign requested address.\n",
            "redis_on_localhost",
            "looked for Redis on localhost",
            id="localhost that has the other version of IP",
        ),
        pytest.param(
            TRACEBACK + "redis.exceptions.AuthenticationError: Authentication required.\n",
            "redis_refuses_the_command",
            "asks for a password, and the app gave none",
            id="a Redis with a password",
        ),
        pytest.param(
            TRACEBACK + "redis.exceptions.AuthenticationError: invalid username-password pair or user is disabled.\n",
            "redis_refuses_the_command",
            "does not take the user name or the password",
            id="another password",
        ),
        pytest.param(
            TRACEBACK
            + "redis.exceptions.ResponseError: MISCONF Redis is configured to save RDB snapshots, but cannot.\n",
            "redis_refuses_the_command",
            "cannot save to its disk",
            id="a full disk",
        ),
        pytest.param(
            TRACEBACK + "redis.exceptions.ConnectionError: max number of clients reached\n",
            "redis_refuses_the_command",
            "as many clients as it takes",
            id="too many clients",
        ),
        pytest.param(
            TRACEBACK
            + "AttributeError: partially initialized module 'redis' has no attribute 'Redis' (consider renaming"
            " '/app/redis.py' since it has the same name as a library you intended to import)\n",
            "file_called_like_a_package",
            "The file /app/redis.py has the name of the package `redis`",
            id="a file redis.py that imports itself",
        ),
        pytest.param(
            TRACEBACK
            + "ImportError: cannot import name 'Nothing' from 'redis' (/venv/lib/python3.13/site-packages/redis/redis.py)\n",
            "python_error",
            "cannot import name 'Nothing'",
            id="a package's own file",
        ),
        pytest.param(
            TRACEBACK + "KeyError: 'REDIS_HOST'\n",
            "python_error",
            "KeyError: 'REDIS_HOST'",
            id="a key of another dict",
        ),
    ],
)
def test_where_an_exception_stands_in_a_log(log, name, says):
    found = Search(Sight({"log": log})).first(GENERAL)
    assert found and found.name == name, found
    assert says in found.hint


def test_a_log_of_an_app_that_went_well_names_nothing():
    assert (
        Search(Sight({"log": ' * Running on all addresses (0.0.0.0)\n"GET / HTTP/1.1" 200 -\n'})).first(GENERAL)
        is None
    )


def test_what_was_caught_was_not_let_through():
    log = TRACEBACK + "redis.exceptions.TimeoutError: Timeout reading from redis:6379\n"
    assert Search(Sight({"log": log, "answer": Answer("curl", status=500)})).first(GENERAL).name == "redis_times_out"
    assert Search(Sight({"log": log, "answer": Answer("curl", status=503)})).first(GENERAL) is None


def test_why_waiting_longer_would_not_help():
    assert Evidence(True, listening=[("127.0.0.1", 5000), ("0.0.0.0", 8080)]).stop is Stop.LOOPBACK
    assert Evidence(True, listening=[("127.0.0.1", 5000), ("0.0.0.0", 5000)]).stop is None
    assert Evidence(True, listening=[("0.0.0.0", 8080)]).stop is Stop.OTHER_PORT
    assert Evidence(True, listening=[]).stop is None
    assert Evidence(True).stop is None
    assert Evidence(False, 1, listening=[("127.0.0.1", 5000)]).stop is None


@pytest.mark.parametrize(
    ("message", "source", "says"),
    [
        ("kinds() takes 1 positional argument but 2 were given", None, "Leave its first line"),
        (
            "BasicKeyCommands.set() got an unexpected keyword argument 'keep_ttl'",
            "r.set(key, 1, keep_ttl=True)",
            "`set` was called with an argument",
        ),
        (
            "ListCommands.lpop() takes from 2 to 3 positional arguments but 4 were given",
            "r.lpop(key, 1, 2)",
            "`lpop` was called with an argument",
        ),
        (
            "BasicKeyCommands.mget() missing 1 required positional argument: 'keys'",
            "r.mget(*[])",
            "the list was empty",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_laid_to_who_was_called(message, source, says):
    found = Search(Sight({"error": Raised("TypeError", message, source=source)})).first(GENERAL)
    assert found and says in found.hint
