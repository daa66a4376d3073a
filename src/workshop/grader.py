"""The front door: all that a grader, or a `mistakes.py`, imports. `docs/grader.md` has a page on it.

Mismatch         the service answered, but not as promised
├ raised by `expect` and by `Answer.expect`
NotUp            something that checks rest on never came up
Unchecked        it could not be asked here
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workshop.grading.expectations import about, expect, one_of, short, trips, wanted
from workshop.grading.resting import rests_on
from workshop.grading.some import Some
from workshop.mistakes.mistake import mistake, said
from workshop.outcomes import Mismatch, NotUp, Unchecked
from workshop.patience import until

if TYPE_CHECKING:
    from workshop.probes.layers import read_layers
    from workshop.probes.pins import version_without
    from workshop.runtimes.contract import Service
    from workshop.runtimes.http import Answer
    from workshop.wire.rivals import RelayProbe

_LATE = {  # what takes a while to load, and few lessons need
    "Answer": "workshop.runtimes.http",
    "RelayProbe": "workshop.wire.rivals",
    "Service": "workshop.runtimes.contract",
    "read_layers": "workshop.probes.layers",
    "version_without": "workshop.probes.pins",
}
__all__ = [
    "Answer",
    "Mismatch",
    "NotUp",
    "RelayProbe",
    "Service",
    "Some",
    "Unchecked",
    "about",
    "expect",
    "mistake",
    "one_of",
    "read_layers",
    "rests_on",
    "said",
    "short",
    "trips",
    "until",
    "version_without",
    "wanted",
]


def __getattr__(name: str) -> Any:
    if name in _LATE:
        import importlib

        return getattr(importlib.import_module(_LATE[name]), name)
    raise AttributeError(f"workshop.grader has no {name}")
