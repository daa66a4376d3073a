"""What a mistake is: a name, a sentence for the student, and the condition on what was seen under which it is the cause."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Mistake:
    """One mistake. `functions` are those of the grader for which it holds; none named: any.

    `example` are facts that show it, for a mistake that holds for every lesson.
    """

    name: str
    sentence: str
    condition: Callable[..., Any]
    functions: tuple[str, ...] = ()
    example: Facts = field(default_factory=dict)

    @functools.cached_property
    def needs(self) -> dict[str, bool]:
        """The names that its condition asks for, and whether it can do without."""
        parameters = inspect.signature(self.condition).parameters.values()
        return {one.name: one.default is not one.empty for one in parameters}

    @functools.cached_property
    def checks(self) -> tuple[str, ...]:
        """The checks among the functions that it names."""
        return tuple(name for name in self.functions if name.startswith("test_"))

    def told(self, filled: Facts) -> str:
        """The sentence with `{name}` replaced where `filled` has the name; all other braces stay."""
        return re.sub(r"\{(\w+)\}", lambda found: str(filled.get(found[1], found[0])), self.sentence)


def mistake(*functions: str, example: Facts | str | None = None) -> Callable[[Callable[..., Any]], Mistake]:
    """Makes a Mistake of a condition: its name is the function's, its sentence the docstring, with the lines joined.

    `functions` are the grader's checks, helpers and fixtures for which it holds: one of them must be on the failing stack. The condition
    names what it needs as parameters: variables of such a function, `answer`, `expected`, `actual`, `asked`, `log`, fixtures
    of the check, constants of the grader. It returns true or false, or a dict that fills the braces of the sentence.
    `example` holds facts that show it; a text is short for a log.
    """

    def made(condition: Callable[..., Any]) -> Mistake:
        facts = {"log": example} if isinstance(example, str) else example or {}
        return Mistake(condition.__name__, " ".join((condition.__doc__ or "").split()), condition, functions, facts)

    return made


def mistakes_in(module: ModuleType | type) -> tuple[Mistake, ...]:
    """The mistakes that a module defines, in its order."""
    return tuple(thing for thing in vars(module).values() if isinstance(thing, Mistake))


def said(pattern: str, text: str) -> dict[str, str] | None:
    """The named groups of the last match of `pattern` in a text (`^` and `$` hold for lines), to fill a sentence; None if there is none.

    A group that took no part is "it".
    """
    matches = list(re.finditer(pattern, text, re.MULTILINE))
    if not matches:
        return None
    return {"match": matches[-1][0]} | {name: value or "it" for name, value in matches[-1].groupdict().items()}
