"""What Python refuses to a notebook's function, in any lesson; last the type of the exception alone."""

from __future__ import annotations

from workshop.mistakes.mistake import mistake
from workshop.mistakes.notebook import fits, raised


@mistake(example=raised("TypeError", "int() argument must be a string or a real number, not 'Pipeline'"))
def answer_not_there_yet(error):
    """A command of a pipeline has no answer yet: it only collects, and execute() returns all answers. Between watch and
    multi a pipeline does ask at once: look there.
    """
    return fits(error, "TypeError", r"'Pipeline'")


@mistake(example=raised("AttributeError", "'str' object has no attribute 'decode'"))
def decoded_twice(error):
    """A value of type {type} has no .decode: only bytes have one. The client `r` returns text already, and numbers as numbers. Leave .decode()
    out.
    """
    return fits(error, "AttributeError", r"'(?P<type>str|int|float|bool)' object has no attribute 'decode'")


@mistake(example=raised("TypeError", "the JSON object must be str, bytes or bytearray, not dict"))
def loads_for_dumps(error):
    """json.loads reads text, and was given a {type}. json.dumps is the other way round: it makes text of it."""
    return fits(error, "TypeError", r"the JSON object must be str, .* not (?P<type>dict|list|int|float|bool|tuple)$")


@mistake(example=raised("AttributeError", "'set' object has no attribute 'sort'", "found.sort()"))
def method_of_a_list(error):
    """A {type} has no `.{method}()`: lists have it. sorted(…) makes a list in order of it, list(…) one as it comes."""
    return fits(
        error,
        "AttributeError",
        r"'(?P<type>set|tuple)' object has no attribute '(?P<method>sort|append|extend|reverse)'",
    )


@mistake(
    example=raised("UnboundLocalError", "cannot access local variable 'count' where it is not associated with a value")
)
def name_without_a_value(error):
    """`{name}` has no value here: in this call no line that gives it one was reached. A loop over nothing has no turn, and the block of an
    `if` is passed over. Give it its first value above.
    """
    return fits(error, "UnboundLocalError", r"local variable '(?P<name>\w+)'")


@mistake(example=raised("TypeError", "'<=' not supported between instances of 'list' and 'int'"))
def list_taken_for_a_number(error):
    """A list stands here where a number is needed. execute() returns a list with one answer for each command, and so do some
    commands: take the element that you mean.
    """
    return fits(
        error,
        "TypeError",
        r"can only concatenate list \(not \"(?:int|float)\"|"
        r"unsupported operand .*(?:'list' and '(?:int|float)'|'(?:int|float)' and 'list')|"
        r"not supported between instances of (?:'list' and '(?:int|float)'|'(?:int|float)' and 'list')",
    )


@mistake(example=raised("AttributeError", "'NoneType' object has no attribute 'split'"))
def none_not_expected(error):
    """Something here is None. That is what redis-py returns for what is not there: GET for a missing key, HGET for a
    missing field, ZSCORE for a missing member. What should the function do then?
    """
    return fits(error, "(?:Type|Attribute)Error", r"NoneType")


@mistake(example=raised("TypeError", 'can only concatenate str (not "int") to str'))
def string_taken_for_a_number(error):
    """Python was to calculate with a text here, or to join it to a number. Redis returns strings, also for numbers: int(…) makes a
    number of one. If a text is meant, as for a key, an f-string or str(…) makes one of the number.
    """
    return fits(
        error,
        "TypeError",
        r"can only concatenate str \(not \"(?:int|float)\"|must be str, not int"
        r"|unsupported operand.*(?:'str' and '(?:str|int|float)'|'(?:int|float)' and 'str')",
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
