"""What an exception of a notebook's function shows, in any lesson: that the call did not fit, or what was returned is no data.

What redis-py and Redis refuse stands in `refused`, what Python refuses in `exceptions`. In each the mistake that asks for a certain
message stands above the one that takes any; at last comes the type alone.
"""

from __future__ import annotations

import re

from workshop.mistakes.mistake import mistake
from workshop.raised import Raised

IN_A_PIPELINE = re.compile(r"^Command # \d+ \(.*\) of pipeline caused error: ", re.DOTALL)


def fits(error: Raised, types: str, pattern: str = "") -> dict[str, str] | None:
    """The named groups if the exception is of one of these types and its message, or that of a command in a pipeline, has the pattern."""
    found = re.search(pattern, IN_A_PIPELINE.sub("", error.message)) if re.fullmatch(types, error.type) else None
    return {"match": found[0], **found.groupdict("it")} if found else None


def raised(type: str, message: str = "", source: str | None = "r.set(key, value)") -> dict[str, Raised]:
    """An example: the exception, and the student's own line from which it came."""
    return {"error": Raised(type, message, 3, 2 if source else None, source)}


# The call itself


@mistake(example=raised("TypeError", "kinds() takes 1 positional argument but 2 were given", None))
def first_line_changed(error):
    """The function does not take the arguments that it is called with. Leave its first line as it was."""
    return not error.source and fits(error, "TypeError", r"\(\) (?:takes|got|missing) ")  # no own line had begun


@mistake(example=raised("KeyError", "'ada'", "raise KeyError(user)"))
def raised_by_itself(error):
    """A line of the function raises the {type} itself, so whoever calls it gets an error in place of a value. Return what
    was promised for this case.
    """
    return error.type != "SystemExit" and re.match(r"raise\b", error.source or "") and {"type": error.type}


@mistake(example=raised("TypeError", "HashCommands.hset() got multiple values for argument 'name'"))
def argument_given_twice(error):
    """`{function}` was given its argument `{name}` twice: by its place and by its name. Two stars before a dict make named
    arguments of what is in it.
    """
    return fits(
        error, "TypeError", r"(?P<function>\w+)\(\) got multiple values for (?:keyword )?argument '(?P<name>\w+)'"
    )


@mistake(example=raised("TypeError", "dump() missing 1 required positional argument: 'fp'", "text = json.dump(user)"))
def json_without_its_s(error):
    """json.dump and json.load work on files. For text it is json.dumps and json.loads, with an s at the end."""
    return fits(error, "TypeError", r"\bdump\(\) missing .*'fp'") or fits(
        error, "AttributeError", r"object has no attribute '(?:read|write)'"
    )


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


@mistake(example={"actual": [False, True, True], "expected": [True, False, False]})
def opposite_told(actual, expected):
    """Each answer is the opposite of what was promised: {actual} for {expected}. `not` turns an answer round; so do `is None` and `== 0`."""
    rows = isinstance(actual, (list, tuple)) and isinstance(expected, (list, tuple)) and len(actual) == len(expected)
    pairs = list(zip(actual, expected, strict=True)) if rows else []
    is_turned = all(isinstance(one, bool) and isinstance(other, bool) and one is not other for one, other in pairs)
    return is_turned and len(set(pairs)) == 2 and {"actual": list(actual), "expected": list(expected)}


@mistake(example=raised("OutOfTime"))
def cell_never_ended(error):
    """The cell never ended."""
    return fits(error, "OutOfTime")


@mistake(example=raised("SystemExit", "0", "exit()"))
def function_ended_the_program(error):
    """The function ended the program. Return a value instead."""
    return fits(error, "SystemExit")
