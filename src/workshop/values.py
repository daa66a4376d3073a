"""Values: when two are the same, and how one is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

SHOWN = 400  # characters of a value that a report shows
ARGUMENTS = 12  # arguments of a call that it shows


def same(one: Any, other: Any) -> bool:
    """Equality in which true is not 1, also inside lists and dicts."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and type(one) is type(other):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def copied(lines: list[str], most: int = 8) -> str:
    """The last lines, one below the other, as they stand in a report to be copied; it says so if there were more."""
    left_out = [f"# {len(lines) - most} lines before"] if len(lines) > most + 1 else []
    return "\n".join([*left_out, *lines[-most if left_out else 0 :]])


def spelled(name: str, args: Sequence[Any], options: Mapping[str, Any]) -> str:
    """A call in Python, with long values cut, and of many arguments only the first and the last ones."""
    words = [short(arg, 120) for arg in args]
    if len(words) > ARGUMENTS:
        words = [*words[:5], f"… {len(words) - 7} more …", *words[-2:]]
    words += [f"{key}={short(value, 120)}" for key, value in options.items()]
    return f"{name}({', '.join(words)})"


def short(value: Any, length: int = SHOWN) -> str:
    """The value as Python writes it, cut in the middle where it is long. Sets are in order."""
    is_set = isinstance(value, (set, frozenset)) and value
    text = f"{{{', '.join(sorted(map(repr, value)))}}}" if is_set else repr(value)
    return text if len(text) <= length else f"{text[: length * 2 // 3]} … {text[-length // 4 :]}"
