"""What a notebook's function shows in its own text, or on the wire, whatever the lesson asks: looked through before the lesson's own mistakes.

Each holds by what was seen: the answer was None and nothing in the function returns a value; a rival acted between two commands. A lesson that
looks at the value alone would call a missing `return` something else.
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

from workshop.mistakes.mistake import mistake
from workshop.mistakes.notebook import raised

SHOWN = 60  # characters of a command that a hint shows
SILENT: dict[str, Any] = {
    "gives": False,
    "prints": False,
    "must_give": False,
    "leaves": None,
    "hands_on": None,
    "empty": [],
    "in_place": [],
    "texts": [],
    "falls": False,
}


def notebook_that(value: Any, parted: Any = (), **written: Any) -> dict[str, Any]:
    """An example: a function that answered `value`, and how it is written."""
    outline = SILENT | written
    made = SimpleNamespace(answers=[("count", value)], nones=0, parted=list(parted), outline=lambda name: outline)
    return {"notebook": made, "actual": value, "expected": 3}


def refused(notebook: Any, actual: Any, expected: Any) -> dict[str, Any] | None:
    """How the function is written whose None was refused; None if no None was."""
    silent = [name for name, value in notebook.answers if value is None]
    if not silent:
        return None
    parts = actual if isinstance(actual, (list, tuple)) else [actual]
    wanted = expected if isinstance(actual, (list, tuple)) else [expected]
    if isinstance(wanted, (list, tuple)) and len(wanted) == len(parts):
        is_refused = any(part is None and want is not None for part, want in zip(parts, wanted, strict=True))
    else:
        is_refused = None in parts
    if not is_refused or sum(part is None for part in parts) <= notebook.nones:
        return None  # it may be what the grader has found in Redis
    return {**(notebook.outline(silent[-1]) or {}), "function": silent[-1]}


@mistake(example=notebook_that(None, prints=True))
def printed_instead_of_returned(notebook, actual, expected):
    """`{function}` prints, and returns nothing: no `return` in it has a value. print shows a value to whoever looks at
    the screen; `return` hands it to the program that called.
    """
    written = refused(notebook, actual, expected)
    return written and written.get("gives") is False and written["prints"] and written


@mistake(example=notebook_that(None))
def returned_nothing(notebook, actual, expected):
    """`{function}` returns nothing: no `return` in it has a value, and so whoever calls it gets None. Return what it has
    found out.
    """
    written = refused(notebook, actual, expected)
    return written and written.get("gives") is False and written


@mistake(example=notebook_that(None, gives=True, hands_on="key_of"))
def helper_returned_nothing(notebook, actual, expected):
    """`{function}` returns what `{hands_on}` returns, and that is nothing: no `return` in `{hands_on}` has a value."""
    written = refused(notebook, actual, expected)
    return written and written.get("hands_on") and written


@mistake(example=notebook_that(None, gives=True, in_place=[["sort", None]]))
def returned_what_changes_in_place(notebook, actual, expected):
    """`{function}` returns what `.{method}()` returns, and that is None: it changes what it is called on, and returns
    nothing. Call it in a line of its own, and return the list or dict after that.
    """
    written = refused(notebook, actual, expected) or {}
    methods = [method for method, into in written.get("in_place", ()) if into is None]
    return methods and {**written, "method": methods[0]}


@mistake(example=notebook_that(None, gives=True, must_give=True))
def ended_without_return(notebook, actual, expected):
    """`{function}` came to its end without a `return`: none of those in it was reached, and then Python hands back None.
    Return something in this case too.
    """
    written = refused(notebook, actual, expected)
    return written and written.get("must_give") and written


@mistake(example=notebook_that([1], gives=True, leaves=4))
def returned_in_the_first_turn(notebook, actual, expected):
    """`{function}` ends in the first turn of its loop: the `return` in line {leaves} of its cell stands inside the loop.
    With less indentation it comes after it.
    """
    name, value = notebook.answers[-1] if notebook.answers else ("", None)
    if isinstance(actual, (list, tuple)) and isinstance(expected, str) and expected in actual:
        return None  # the first turn had what was asked for, and more: a pair of a name and its number
    written = notebook.outline(name) if actual is value or actual == value else None
    return written and written["leaves"] and {**written, "function": name}


@mistake(
    example={
        **raised("DataError", "Invalid input of type: 'NoneType'.", "r.incr(key)"),
        "notebook": SimpleNamespace(called="count", outline=lambda name: SILENT | {"empty": [["key_of", "key"]]}),
    }
)
def helper_gave_nothing(error, notebook):
    """`{helper}` returned nothing, and its answer was used here: no `return` in `{helper}` has a value."""
    written = notebook.outline(notebook.called) if "NoneType" in error.message and notebook.called else None
    source = error.source or ""
    used = [
        helper for helper, into in (written or {}).get("empty", ()) if helper in source or (into and into in source)
    ]
    return used and {"helper": used[0]}


@mistake(
    example={
        **raised("TypeError", "object of type 'NoneType' has no len()", "middle = len(ordered) // 2"),
        "notebook": SimpleNamespace(called="count", outline=lambda name: SILENT | {"in_place": [["sort", "ordered"]]}),
    }
)
def kept_what_changes_in_place(error, notebook):
    """`{into}` is None: it was given what `.{method}()` returns, which changes what it is called on, and returns nothing.
    Call it in a line of its own; sorted(…) returns a new list.
    """
    written = notebook.outline(notebook.called) if "NoneType" in error.message and notebook.called else None
    found = [
        {"method": method, "into": into}
        for method, into in (written or {}).get("in_place", ())
        if into and re.search(rf"\b{into}\b", error.source or "")
    ]
    return found and found[0]


@mistake(example=notebook_that(3, parted=[["SET key 1", "EXPIRE key 60"]], gives=True))
def pipeline_without_transaction(notebook):
    """Another program came between `{before}` and `{after}`. A pipeline with transaction=False only sends its commands
    together: Redis carries them out one by one. `r.pipeline()`, with MULTI and EXEC, makes one step of them; so does a
    script.
    """
    from workshop.guests.relay import WRITES  # with it comes asyncio, which takes a while to load

    for before, after in notebook.parted:
        if {before.partition(" ")[0].lower(), after.partition(" ")[0].lower()} & WRITES:
            return {"before": before[:SHOWN], "after": after[:SHOWN]}
    return None
