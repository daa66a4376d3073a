"""What an exception of a notebook's function shows, in any lesson.

The order: a call that did not fit the function itself; then by the type of the exception, where the one that asks for a
certain message stands above the one that takes any; at last the type alone.
"""

from __future__ import annotations

import re
from typing import Any

from workshop.mistakes.mistake import mistake
from workshop.raised import Raised


def fits(error: Raised, types: str, pattern: str = "") -> dict[str, str] | None:
    """The named groups if the exception is of one of these types and its message has the pattern."""
    found = re.search(pattern, error.message) if re.fullmatch(types, error.type) else None
    return {"match": found[0], **found.groupdict("it")} if found else None


# Commands that some of the servers do not have on which a notebook runs, and what brought them.
SINCE = {
    **dict.fromkeys(("DELEX", "DIGEST", "MSETEX"), "Redis 8.4"),
    **dict.fromkeys(("XDELEX", "XACKDEL"), "Redis 8.2"),
    **dict.fromkeys(("HGETDEL", "HGETEX", "HSETEX"), "Redis 8.0"),
    "DELIFEQ": "Valkey 9.0",
}


def server_of(redis: Any) -> str:
    """The server's own name and version; "another one" if nobody can be asked."""
    about = redis.info("server") if redis else {}
    if "valkey_version" in about:
        return f"Valkey {about['valkey_version']}"
    return f"Redis {about['redis_version']}" if about else "another one"


def raised(type: str, message: str = "", source: str | None = "r.set(key, value)") -> dict[str, Raised]:
    """An example: the exception, and the student's own line from which it came."""
    return {"error": Raised(type, message, 3, 2 if source else None, source)}


# The call itself


@mistake(example=raised("TypeError", "kinds() takes 1 positional argument but 2 were given", None))
def first_line_changed(error):
    """The function does not take the arguments that it is called with. Leave its first line as it was."""
    return not error.source and fits(error, "TypeError", r"\(\) (?:takes|got|missing) ")  # no own line had begun


@mistake(example=raised("TypeError", "set() got an unexpected keyword argument 'keep_ttl'"))
def argument_not_known(error):
    """`{function}` was called with an argument that it does not have. The message says which."""
    return fits(
        error, "TypeError", r"(?P<function>\w+)\(\) (?:takes (?:from )?\d+ .*positional|got an unexpected keyword)"
    )


@mistake(example=raised("TypeError", "mget() missing 1 required positional argument: 'keys'"))
def argument_missing(error):
    """`{function}` was called without an argument that it needs. If that was to come from a list with `*` before it, the
    list was empty.
    """
    return fits(error, "TypeError", r"(?P<function>\w+)\(\) missing \d+ required")


# What was returned


@mistake(example=raised("NotPlain", "coroutine"))
def returned_what_has_not_run(error):
    """The function returned an object of type {kind}, not a value. Nothing of it has run yet: a coroutine needs `await`,
    anything else a loop, or list(…), which makes a list of it.
    """
    return fits(
        error, "NotPlain", r"^(?P<kind>coroutine|(?:async_)?generator|map|filter|zip|enumerate|reversed|\w+iterator)$"
    )


@mistake(example=raised("NotPlain", "method"))
def returned_a_function(error):
    """The function returned a function, not what that one returns. Parentheses after its name call it: r.get(key), not
    r.get.
    """
    return fits(error, "NotPlain", r"^(?:method|function|builtin_function_or_method|method-wrapper|partial)$")


@mistake(example=raised("NotPlain", "Pipeline"))
def returned_the_pipeline(error):
    """The function returned the pipeline, not answers. Nothing has been sent yet: execute() sends what was queued and
    returns the answers.
    """
    return fits(error, "NotPlain", r"^Pipeline")


@mistake(example=raised("NotPlain", "Redis"))
def returned_no_plain_data(error):
    """The function returned an object of type {type}. Return plain data: strings, numbers, lists, sets, dicts, True,
    False or None.
    """
    return fits(error, "NotPlain", r"(?P<type>.+)")


@mistake(example=raised("TooMuch", "9000000 bytes"))
def returned_too_much(error):
    """The function returned more data than anyone could read."""
    return fits(error, "TooMuch")


@mistake(example={"actual": (0, "theirs"), "expected": (False, "theirs")})
def number_for_true(actual, expected):
    """The function returned {actual}, and {expected} was promised: True and False, not numbers. bool(…) makes True of 1
    and False of 0.
    """
    rows = isinstance(actual, (list, tuple)) and isinstance(expected, (list, tuple)) and len(actual) == len(expected)
    pairs = list(zip(actual, expected, strict=True)) if rows else [(actual, expected)]
    numbers = [type(one) is int and type(other) is bool and one == other for one, other in pairs]
    others = all(is_one or one == other for is_one, (one, other) in zip(numbers, pairs, strict=True))
    return any(numbers) and others and {"actual": actual, "expected": expected}


@mistake(example=raised("OutOfTime"))
def cell_never_ended(error):
    """The cell never ended."""
    return fits(error, "OutOfTime")


@mistake(example=raised("SystemExit", "0", "exit()"))
def function_ended_the_program(error):
    """The function ended the program. Return a value instead."""
    return fits(error, "SystemExit")


# What redis-py and Redis refuse


@mistake(example=raised("DataError", "px must be datetime.timedelta or int"))
def px_not_an_int(error):
    """Px takes a whole number of milliseconds, an int, and was given something else: 0.5 * 1000 is the float 500.0, and
    int(…) makes an int of it.
    """
    return fits(error, "DataError", r"^px\b.* must be")


@mistake(example=raised("DataError", "ex must be datetime.timedelta or int"))
def ex_not_an_int(error):
    """Ex takes a whole number, an int. For a part of a second there is px: it counts in milliseconds."""
    return fits(error, "DataError", r"^ex\b.* must be")


@mistake(example=raised("DataError", "Invalid input of type: 'list'. Convert to a bytes, string, int or float first."))
def list_not_unpacked(error):
    """redis-py sends one string at a time, and was given a whole {type}. A star passes its elements one by one: *names."""
    return fits(error, "DataError", r"Invalid input of type: '?(?P<type>list|tuple|set)\b")


@mistake(
    example=raised("DataError", "Invalid input of type: 'NoneType'. Convert to a bytes, string, int or float first.")
)
def none_sent(error):
    """redis-py was given None to send. Where does it come from: did nothing come back a line before?"""
    return fits(error, "DataError", r"Invalid input of type: '?NoneType")


@mistake(example=raised("DataError", "Invalid input of type: 'dict'. Convert to a bytes, string, int or float first."))
def value_redis_cannot_store(error):
    """redis-py sends strings, bytes and numbers. A {type} must become one of these first."""
    return fits(error, "DataError", r"Invalid input of type: '?(?P<type>\w+)")


@mistake(example=raised("ResponseError", "WRONGTYPE Operation against a key holding the wrong kind of value"))
def command_of_another_type(error):
    """The key holds another type of value than this command works on. Which command made the key?"""
    return fits(error, "ResponseError", r"^WRONGTYPE")


@mistake(example=raised("ResponseError", "value is not an integer or out of range"))
def not_a_whole_number(error):
    """Redis was given something that is not a whole number where it needs one: a float, a word, or a value that is not a
    number.
    """
    return fits(error, "ResponseError", r"not an integer or out of range")


@mistake(example=raised("ResponseError", "value is not a valid float"))
def not_a_number(error):
    """Redis was asked to count with a value that is not a number. In the dict for zadd the member comes first, then its
    score: {member: score}. In zincrby it is the other way round: key, number, member.
    """
    return fits(error, "ResponseError", r"not a valid float")


@mistake(example=raised("ResponseError", "wrong number of arguments for 'mget' command"))
def wrong_number_of_arguments(error):
    """The command {command} was sent with too few or too many arguments."""
    return fits(error, "ResponseError", r"wrong number of arguments for '?(?P<command>[\w|]+)")


@mistake(example=raised("ResponseError", "unknown command 'DELEX', with args beginning with: 'a'"))
def command_of_another_server(error, redis=None):
    """{command} came with {since}, and this server is {server}. It is spelled correctly, and cannot be used here."""
    found = fits(error, "ResponseError", r"unknown command '?(?P<command>\w+)")
    name = found["command"].upper() if found else ""
    return name in SINCE and {"command": name, "since": SINCE[name], "server": server_of(redis)}


@mistake(example=raised("ResponseError", "unknown command 'GETT', with args beginning with: 'a'"))
def unknown_command(error):
    """Redis knows no command {command}. Check its spelling."""
    return fits(error, "ResponseError", r"unknown command '?(?P<command>\w+)")


@mistake(example=raised("ResponseError", "syntax error"))
def options_that_do_not_fit(error):
    """Redis does not understand the arguments of this command: some of its options do not go together."""
    return fits(error, "ResponseError", r"^(?:ERR )?syntax error")


@mistake(example=raised("ResponseError", "Error compiling script (new function): user_script:1: '=' expected"))
def lua_script_broken(error):
    """The Lua script has a mistake; the message names its line."""
    return fits(error, "ResponseError", r"Error (?:compiling|running) script|user_script")


@mistake(example=raised("WatchError", "Watched variable changed."))
def watch_error_not_caught(error):
    """The watched key changed, and the transaction was not run. Catch WatchError and try again, or use one command that
    needs no WATCH.
    """
    return fits(error, "WatchError")


@mistake(example=raised("ConnectionError", "Error 111 connecting to localhost:6379. Connection refused."))
def another_redis_asked(error):
    """The function looks for Redis at an address where none is. Use `r`, the client that it is given."""
    return fits(error, "ConnectionError")


@mistake(example=raised("TimeoutError", "Timeout reading from socket"))
def redis_did_not_answer(error):
    """The client gave up before Redis answered: its socket_timeout was over. redis-py's own clients have one of 5 seconds,
    also for a command that is to wait for longer. With socket_timeout=None a client waits as long as it takes.
    """
    return fits(error, "TimeoutError", r"^Timeout reading from")


# What Python refuses


@mistake(example=raised("TypeError", "int() argument must be a string or a real number, not 'Pipeline'"))
def answer_not_there_yet(error):
    """A command of a pipeline has no answer yet: it only collects, and execute() returns all answers. Between watch and
    multi a pipeline does ask at once: look there.
    """
    return fits(error, "TypeError", r"'Pipeline'")


@mistake(example=raised("AttributeError", "'NoneType' object has no attribute 'split'"))
def none_not_expected(error):
    """Something here is None. That is what redis-py returns for what is not there: GET for a missing key, HGET for a
    missing field, ZSCORE for a missing member. What should the function do then?
    """
    return fits(error, "(?:Type|Attribute)Error", r"NoneType")


@mistake(example=raised("TypeError", 'can only concatenate str (not "int") to str'))
def string_taken_for_a_number(error):
    """Redis returns strings, also for numbers. int(…) makes a number of one."""
    return fits(
        error,
        "TypeError",
        r"can only concatenate str|must be str, not int|unsupported operand.*'(?:str|int)' and '(?:str|int)'",
    )


@mistake(example=raised("TypeError", "'>' not supported between instances of 'str' and 'int'"))
def text_compared_with_a_number(error):
    """A text was compared with a number ({one} and {other}), which Python refuses. Redis returns strings, also for
    numbers: int(…) or float(…) makes a number of one.
    """
    return fits(
        error,
        "TypeError",
        r"not supported between instances of '(?P<one>str|int|float)' and '(?P<other>str|int|float)'",
    )


@mistake(example=raised("ValueError", "invalid literal for int() with base 10: '2.5'"))
def text_that_is_no_number(error):
    """`{function}(…)` was given a text that it cannot read as a number. The message shows the text."""
    return fits(error, "ValueError", r"^invalid literal for (?P<function>int)\(\)") or (
        fits(error, "ValueError", r"^could not convert string to float") and {"function": "float"}
    )


@mistake(example=raised("ValueError", "not enough values to unpack (expected 2, got 0)"))
def another_number_of_values(error):
    """The names on the left of `=` (or behind `for`) are not as many as the values that came: {expected} expected. How
    many answers does this call return, also if nothing is there?
    """
    return fits(error, "ValueError", r"values to unpack \(expected (?:at least )?(?P<expected>\d+)")


@mistake(example=raised("IndexError", "list index out of range"))
def no_such_place(error):
    """The list (or text) is shorter than this line takes for granted: it has no such place. What comes back if nothing is
    there? An empty list has no first element.
    """
    return fits(error, "IndexError", r"(?:list|tuple|string) index out of range")


@mistake(example=raised("KeyError", "'email'"))
def no_such_key(error):
    """The dict has no key {key}. What does Redis return for what is not there? `get` of a dict returns None in place of
    this error.
    """
    return fits(error, "KeyError", r"(?P<key>.+)")


@mistake(example=raised("ValueError", "list.remove(x): x not in list", "jobs.remove(job)"))
def not_in_the_list(error):
    """The Python list does not have what is to be taken out of it or looked for. What should the function do then?"""
    return fits(error, "ValueError", r"not in (?:list|tuple|deque)|is not in (?:list|tuple|deque)")


@mistake(example=raised("ZeroDivisionError", "division by zero"))
def divided_by_zero(error):
    """The number below the line was 0 in this call. What should the function return then?"""
    return fits(error, "ZeroDivisionError")


@mistake(example=raised("AttributeError", "'Redis' object has no attribute 'gett'"))
def no_such_method(error):
    """redis-py has no method `{method}`. Its methods have the names of the commands, in small letters."""
    return fits(error, "AttributeError", r"'(?:Redis|Pipeline)' object has no attribute '(?P<method>\w+)'")


@mistake(example=raised("NameError", "name 'json' is not defined"))
def name_not_defined(error):
    """No cell that ran has defined `{name}`. Is its import or its cell missing, or is it spelled differently?"""
    return fits(error, "NameError", r"name '(?P<name>\w+)' is not defined")


@mistake(example=raised("RecursionError", "maximum recursion depth exceeded"))
def function_raised(error):
    """The function stopped with {type}."""
    return {"type": f"{'an' if error.type[:1] in 'AEIOU' else 'a'} {error.type}"}
