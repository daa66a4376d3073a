"""The sentence for what a log names, for a grader that does not leave that to the judge yet."""

from __future__ import annotations

from workshop.mistakes import python
from workshop.mistakes.finding import Search, Sight
from workshop.mistakes.mistake import mistakes_in
from workshop.report import last_lines

__all__ = ["last_lines", "of_log"]


def of_log(log: str) -> str | None:
    """The sentence for a mistake that a log names, or None."""
    found = Search(Sight({"log": log})).first(mistakes_in(python))
    return found.hint if found else None
