"""`expect`: what a grader says of a value. Both sides are shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workshop.outcomes import Mismatch
from workshop.runtimes.http import Answer
from workshop.values import same, short


class Wanted:
    """What a value must be, where more than one is right: the words for it, and whether a value is right."""

    def __init__(self, words: str, holds: Callable[[Any], bool]) -> None:
        self.words, self.holds = words, holds

    def __repr__(self) -> str:
        return self.words


def wanted(words: str, holds: Callable[[Any], object]) -> Wanted:
    """For `expect`: any value for which `holds` is true, shown as `words`."""
    return Wanted(words, lambda value: bool(holds(value)))


def one_of(*values: Any) -> Wanted:
    """For `expect`: one of several values."""
    return Wanted(" or ".join(map(short, values)), lambda value: any(same(value, one) for one in values))


def about(value: float, *, by: float = 0.0, share: float = 0.0) -> Wanted:
    """For `expect`: a number that differs from `value` by no more than `by`, and `share` of the value; 0.2 is a fifth."""
    most = by + abs(value) * share
    return Wanted(f"about {short(value)}", lambda one: is_number(one) and abs(one - value) <= most)


def keyed(*names: str) -> Wanted:
    """For `expect`: a dict with these keys, and no others."""
    return Wanted(f"a dict with {', '.join(names)}", lambda one: isinstance(one, dict) and set(one) == set(names))


def list_of(words: str, is_right: Callable[[Any], object]) -> Wanted:
    """For `expect`: a list in which each one is right, shown as a list of these words."""
    return Wanted(f"a list of {words}", lambda found: isinstance(found, list) and all(map(is_right, found)))


def trips(most: int) -> Wanted:
    """For `expect`: what `notebook.counted()` saw, if Redis was asked no more than `most` times."""
    words = "1 round trip" if most == 1 else f"{most} round trips at most"
    return Wanted(words, lambda seen: bool(seen.round_trips <= most))


def few_bytes(most: int = 4000) -> Wanted:
    """For `expect`: what `redis.sent(…)` saw, if Redis sent no more bytes than this: what is shown, and not all that is stored."""
    return Wanted(f"at most {most} bytes from Redis", lambda sent: bool(sent <= most))


def is_number(value: Any) -> bool:
    """Whether a value is a number, which true and false are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def expect(actual: Any, expected: Any, *, asked: str | None = None) -> None:
    """Raises Mismatch unless `actual` is what was expected: a value equal to it, or a `wanted`. True is not 1.

    `asked` is a line to copy, in place of what the check asked last.
    """
    if expected.holds(actual) if isinstance(expected, Wanted) else same(actual, expected):
        return
    error = Mismatch(asked=asked, expected=shown(expected), actual=shown(actual))
    error.facts = {"expected": expected, "actual": actual}
    raise error


def shown(value: Any) -> str:
    """A value as a report shows it: as Python writes it, unless it brings words of its own."""
    return str(value) if isinstance(value, (Wanted, Answer)) else short(value)
