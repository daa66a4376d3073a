"""The mistakes that hold for every lesson, in the order in which they are looked through: the special before the general.

What the engine, a shell or a server says of a command stands before what Python says of the code; an exit code alone, or
a health test of which only its failure is known, comes last.
"""

from __future__ import annotations

from workshop.builds import sources, steps
from workshop.causes import code, commands, ended, modules, start, unexplained
from workshop.mistakes import compose, ending, exceptions, function, health, http, notebook, python, refused, stack
from workshop.mistakes.mistake import Mistake, mistakes_in

UNFINISHED = mistakes_in(http)  # an answer that never ended: no mistake of a lesson knows what it would have said
FIRST = mistakes_in(function)  # a lesson that looks at values alone would call these something else
GENERAL: tuple[Mistake, ...] = (
    *mistakes_in(sources),
    *mistakes_in(steps),
    *mistakes_in(compose),
    *mistakes_in(stack),
    *mistakes_in(health),
    *mistakes_in(start),
    *mistakes_in(commands),
    *mistakes_in(http),
    *mistakes_in(modules),
    *mistakes_in(code),
    *mistakes_in(python),
    *FIRST,
    *mistakes_in(notebook),
    *mistakes_in(refused),
    *mistakes_in(exceptions),
    *mistakes_in(ending),
    *mistakes_in(ended),
    *mistakes_in(unexplained),
)
