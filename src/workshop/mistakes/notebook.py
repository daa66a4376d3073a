"""From an exception that an exercise raised to a hint: the mistakes that any notebook can show, told once for all lessons."""

from __future__ import annotations

import re
from typing import Any

# Each rule: the exception's name, what its message says, and the hint; the groups of the match fill the hint's braces.
RULES: list[tuple[str, str, str]] = [
    (
        "DataError",
        r"^px\b.* must be",
        "px takes a whole number of milliseconds, an int. What came is none: 0.5 * 1000 is the float 500.0, and int(…) makes an int of it.",
    ),
    (
        "DataError",
        r"^ex\b.* must be",
        "ex takes a whole number, an int. For a part of a second there is px: it counts in milliseconds.",
    ),
    (
        "DataError",
        r"Invalid input of type: '?(\w+)",
        "redis-py sends text, bytes and numbers. A {0} has to become one of these first.",
    ),
    (
        "ResponseError",
        r"^WRONGTYPE",
        "The key holds another type of value than this command works on. Which command made the key?",
    ),
    (
        "ResponseError",
        r"not an integer or out of range",
        "Redis was given something that is not a whole number where it needs one: a float, a text, or a value that is no number.",
    ),
    (
        "ResponseError",
        r"not a valid float",
        "Redis was asked to count with a value that is no number. In the dict for zadd the member comes first, then its score: "
        "{{member: score}}. In zincrby it is the other way round: key, number, member.",
    ),
    (
        "ResponseError",
        r"wrong number of arguments for '?([\w|]+)",
        "The command {0} was sent with too few or too many arguments.",
    ),
    ("ResponseError", r"unknown command '?(\w+)", "Redis knows no command {0}. Is it spelled so?"),
    (
        "ResponseError",
        r"syntax error",
        "Redis does not understand the arguments of this command: some of its options do not go together.",
    ),
    (
        "ResponseError",
        r"Error (?:compiling|running) script|user_script",
        "The Lua script has a mistake; the message names its line.",
    ),
    (
        "WatchError",
        r"",
        "The watched key changed, and the transaction was not run. Catch WatchError and try again, or use one command that needs no WATCH.",
    ),
    (
        "ConnectionError",
        r"",
        "The function looks for Redis at an address where none is. Use `r`, the client that it is given.",
    ),
    ("TimeoutError", r"", "Redis did not answer in time."),
    (
        "TypeError",
        r"(\w+)\(\) (?:takes (?:from )?\d+ .*positional|got an unexpected keyword)",
        "`{0}` was called with an argument that it does not have. The message says which.",
    ),
    (
        "TypeError",
        r"(\w+)\(\) missing \d+ required",
        "`{0}` was called without an argument that it needs. If that was to come from a list with `*` before it, the list was empty.",
    ),
    (
        "(?:Type|Attribute)Error",
        r"NoneType",
        "Something here is None. For a missing key, GET answers None: what should the function do then?",
    ),
    (
        "TypeError",
        r"can only concatenate str|must be str, not int|unsupported operand.*'(?:str|int)' and '(?:str|int)'",
        "Redis hands back text, also for numbers. int(…) makes a number of it.",
    ),
    (
        "AttributeError",
        r"'(?:Redis|Pipeline)' object has no attribute '(\w+)'",
        "redis-py has no method `{0}`. Its methods have the names of the commands, in small letters.",
    ),
    (
        "NameError",
        r"name '(\w+)' is not defined",
        "No cell that ran has defined `{0}`. Is its import or its cell missing, or spelled otherwise?",
    ),
    (
        "NotPlain",
        r"^(coroutine|generator)",
        "The function returned a {0}, not a value. Without `await` or a loop nothing of it has run yet.",
    ),
    (
        "NotPlain",
        r"^Pipeline",
        "The function returned the pipeline, not answers. Nothing has been sent yet: execute() sends what was queued and returns the answers.",
    ),
    (
        "NotPlain",
        r"(.+)",
        "The function returned an object of type {0}. Return plain data: text, numbers, lists, sets, dicts, True, False or None.",
    ),
    ("TooMuch", r"", "The function returned more data than anyone could read."),
    ("OutOfTime", r"", "The cell never ended."),
    ("SystemExit", r"", "The function ended the program. Return a value instead."),
]


NOT_AS_CALLED = "The function does not take the arguments that it is called with. Leave its first line as it was."


def hint_of(error: dict[str, Any]) -> str:
    """The hint for an exception that the runner told as data."""
    if (
        error["type"] == "TypeError"
        and not error.get("source")
        and re.search(r"\(\) (?:takes|got|missing) ", error["message"])
    ):
        return NOT_AS_CALLED  # no line of the student's own had begun
    for kind, pattern, hint in RULES:
        if re.fullmatch(kind, error["type"]) and (found := re.search(pattern, error["message"])):
            return hint.format(*(group or "" for group in found.groups()))
    return f"The function stopped with a {error['type']}."


def place_of(error: dict[str, Any]) -> str:
    """Where it happened, in the student's own words, or nothing."""
    if not error.get("source"):
        return ""
    where = (
        f"code cell {error['place']}, line {error['line']}"
        if error.get("place")
        else f"line {error['line']} of the cell"
    )
    return f"\nat {where}: {error['source']}"


def shown(error: dict[str, Any]) -> str:
    """The exception as a report shows it."""
    if error["type"] in ("NotPlain", "TooMuch"):
        return str(error["message"])
    return f"{error['type']}: {error['message']}".rstrip(": ")[:600] + place_of(error)
