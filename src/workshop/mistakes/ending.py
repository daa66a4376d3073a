"""How a notebook's function is written where nothing else was found: looked through after all that an exception or the lesson shows.

Each names what stands in the text of the function, which may be meant so, and asks.
"""

from __future__ import annotations

from workshop.mistakes.function import notebook_that, refused
from workshop.mistakes.mistake import mistake


@mistake(example=notebook_that(None, gives=True, falls=True))
def way_without_a_value(notebook, actual, expected):
    """`{function}` returned None. One way through it ends without a `return` that has a value. Is it the way that was taken?
    Return something there too.
    """
    written = refused(notebook, actual, expected)
    return written and written.get("gives") and written["falls"] and written


ANSWERS = ("OK", "nil", "None", "-1", "-2")  # of Redis: redis-py makes True, None and numbers of them


@mistake(example=notebook_that(False, gives=True, texts=[["OK", 3]]))
def answer_compared_with_a_text(notebook):
    """Line {line} of the cell compares something in `{function}` with the text "{text}". Is that an answer of Redis? redis-py makes True of
    OK, None of nil, and numbers of numbers, and none of them is the same as a text.
    """
    name = notebook.answers[-1][0] if notebook.answers else ""
    found = [(text, line) for text, line in (notebook.outline(name) or {}).get("texts", ()) if text in ANSWERS]
    return found and {"function": name, "text": found[0][0], "line": found[0][1]}


@mistake(example={**notebook_that("theirs", gives=True, leaves=4), "actual": "what is in Redis"})
def loop_left_in_its_first_turn(notebook):
    """The `return` in line {leaves} of its cell stands inside a loop of `{function}`, so the loop ends in its first turn. Is
    that meant? With less indentation the `return` comes after the loop.
    """
    name = notebook.answers[-1][0] if notebook.answers else ""
    written = notebook.outline(name)
    return written and written["leaves"] and {**written, "function": name}
