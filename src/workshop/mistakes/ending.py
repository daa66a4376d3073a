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


@mistake(example={**notebook_that("theirs", gives=True, leaves=4), "actual": "what is in Redis"})
def loop_left_in_its_first_turn(notebook):
    """The `return` in line {leaves} of its cell stands inside a loop of `{function}`, so the loop ends in its first turn. Is
    that meant? With less indentation the `return` comes after the loop.
    """
    name = notebook.answers[-1][0] if notebook.answers else ""
    written = notebook.outline(name)
    return written and written["leaves"] and {**written, "function": name}
