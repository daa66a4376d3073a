"""Finding the mistake behind a check that has failed. It comes after the verdict, and cannot change it.

First what ended the service during the request, then what shows in a notebook's function itself, then the lesson's own mistakes from the top,
then what the log of the request names, then the mistakes that hold for every lesson, the special before the general.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from workshop.mistakes.mistake import Mistake
from workshop.outcomes import Mismatch
from workshop.patience import Limit

SEARCH_LIMIT = 2.0  # seconds of a machine at rest for all conditions together; what looks into an image take has a limit of its own
EVIDENCE = (
    "answer",
    "expected",
    "actual",
    "asked",
    "log",
    "start",
    "build",
    "error",
    "compose_said",
    "compose_file",
    "compose_up",
    "health_test",
    "service_seen",
    "script",
    "inside",
)
_ABSENT = object()


class Found(NamedTuple):
    """The mistake that was found, and its sentence with what was seen in it."""

    name: str
    hint: str


class Later:
    """A fact that costs something to look up: asked at its first use, and once. What it raises makes the fact absent."""

    def __init__(self, ask: Any) -> None:
        self._ask, self._value = ask, _ABSENT

    def value(self) -> Any:
        """The fact."""
        if self._value is _ABSENT:
            self._value = self._ask()
        return self._value


@dataclass
class Sight:
    """What was seen when a check failed: facts by name, the variables of the grader's functions on the failing stack, fixtures, constants."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    stack: dict[str, dict[str, Any]] = field(default_factory=dict)  # the outermost function first
    fixtures: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)

    def look_up(self, name: str, functions: tuple[str, ...]) -> Any:
        """The value for a parameter of a condition, or a sentinel where there is none now."""
        if name in EVIDENCE or name in self.facts:
            value = self.facts.get(name, _ABSENT)
            value = value.value() if isinstance(value, Later) else value
            return _ABSENT if value is None and name != "actual" and name != "expected" else value
        for function in reversed(self.stack):
            if function in functions and name in self.stack[function]:
                return self.stack[function][name]
        if name in self.fixtures:
            return self.fixtures[name]
        return self.constants.get(name, _ABSENT)

    def arguments(self, mistake: Mistake) -> dict[str, Any] | None:
        """What to call a condition with; None where something that it needs is not there."""
        arguments = {}
        for name, is_optional in mistake.needs.items():
            value = self.look_up(name, mistake.functions)
            if value is not _ABSENT:
                arguments[name] = value
            elif not is_optional:
                return None
        return arguments


@dataclass
class Search:
    """One search through mistakes. `faults` collects what conditions raised: a fault of theirs, which ends nothing."""

    sight: Sight
    limit: Limit = field(default_factory=lambda: Limit(SEARCH_LIMIT))
    faults: list[str] = field(default_factory=list)

    def first(self, mistakes: Iterable[Mistake]) -> Found | None:
        """The first mistake whose condition holds, or None."""
        for mistake in mistakes:
            if self.limit.is_past(getattr(self.sight.facts.get("inside"), "spent", 0.0)):
                return None
            if mistake.functions and not set(mistake.functions) & self.sight.stack.keys():
                continue
            if mistake.functions and "error" in self.sight.facts and "error" not in mistake.needs:
                continue  # a notebook's function stopped half-way: what it has left behind is no cause of that
            try:
                arguments = self.sight.arguments(mistake)
                seen = None if arguments is None else mistake.condition(**arguments)
                if seen:
                    filled = dict(self.sight.constants) | (seen if isinstance(seen, dict) else {})
                    return Found(mistake.name, mistake.told(filled))
            except Mismatch:  # it asked for a string, say, and the student's key is a set: then it does not hold
                continue
            except Exception as error:  # a fault of the mistake's own file: told, and the search goes on
                self.faults.append(fault_of(error, mistake.condition.__code__.co_filename))
        return None


def fault_of(error: BaseException, file: str | Path | None = None) -> str:
    """An exception as a report shows a fault: the place in `file` where there is one, what was raised, and the traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if file and Path(frame.filename) == Path(file)]
    place = (own or frames)[-1:]
    where = f"{place[0].filename}:{place[0].lineno}: " if place else ""
    if isinstance(error, SyntaxError) and error.filename:
        where = f"{error.filename}:{error.lineno}: "
    shown = "".join(traceback.format_exception(error, limit=-6)).strip()
    return f"{where}{type(error).__name__}: {error}\n{shown}"
