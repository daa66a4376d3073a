"""The front door: all that a grader, or a `mistakes.py`, imports. `docs/grader.md` has a page on it.

Mismatch         the service answered, but not as promised
├ raised by `expect` and by `Answer.expect`
NotUp            something that checks rest on never came up
Unchecked        it could not be asked here
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workshop.grading.beside import beside
from workshop.grading.drill import Drill
from workshop.grading.expectations import about, expect, few_bytes, keyed, list_of, one_of, trips, wanted
from workshop.grading.resting import rests_on
from workshop.grading.some import Some
from workshop.grading.worth import worth
from workshop.mistakes.mistake import mistake, said
from workshop.outcomes import Mismatch, NotUp, Unchecked
from workshop.patience import until
from workshop.values import short

if TYPE_CHECKING:
    from workshop.clusters.writers import Writers
    from workshop.probes.backends import Backend
    from workshop.probes.cgroups import LIMIT_FILE, cgroup_files, family, start_again, zombies
    from workshop.probes.ending import file_with, is_alone, stopped
    from workshop.probes.health import expect_health, freeze, often_tested
    from workshop.probes.host import engine_host
    from workshop.probes.keyspace import commands_done, has_another_client, hash_tag, keys_with
    from workshop.probes.layers import read_layers
    from workshop.probes.listening import audience, listen
    from workshop.probes.outages import while_away
    from workshop.probes.persistence import Data
    from workshop.probes.pins import version_without
    from workshop.probes.queues import Queue
    from workshop.probes.shipping import samples
    from workshop.probes.yardstick import is_too_busy
    from workshop.runtimes.contract import Service
    from workshop.runtimes.http import Answer, raw
    from workshop.wire.rivals import RelayProbe

_LATE = {  # what takes a while to load, and few lessons need
    "LIMIT_FILE": "workshop.probes.cgroups",
    "Answer": "workshop.runtimes.http",
    "Backend": "workshop.probes.backends",
    "Data": "workshop.probes.persistence",
    "Queue": "workshop.probes.queues",
    "RelayProbe": "workshop.wire.rivals",
    "Service": "workshop.runtimes.contract",
    "Writers": "workshop.clusters.writers",
    "audience": "workshop.probes.listening",
    "cgroup_files": "workshop.probes.cgroups",
    "commands_done": "workshop.probes.keyspace",
    "engine_host": "workshop.probes.host",
    "expect_health": "workshop.probes.health",
    "family": "workshop.probes.cgroups",
    "file_with": "workshop.probes.ending",
    "freeze": "workshop.probes.health",
    "has_another_client": "workshop.probes.keyspace",
    "hash_tag": "workshop.probes.keyspace",
    "is_alone": "workshop.probes.ending",
    "is_too_busy": "workshop.probes.yardstick",
    "keys_with": "workshop.probes.keyspace",
    "listen": "workshop.probes.listening",
    "often_tested": "workshop.probes.health",
    "raw": "workshop.runtimes.http",
    "read_layers": "workshop.probes.layers",
    "samples": "workshop.probes.shipping",
    "start_again": "workshop.probes.cgroups",
    "stopped": "workshop.probes.ending",
    "version_without": "workshop.probes.pins",
    "while_away": "workshop.probes.outages",
    "zombies": "workshop.probes.cgroups",
}
__all__ = [
    "LIMIT_FILE",
    "Answer",
    "Backend",
    "Data",
    "Drill",
    "Mismatch",
    "NotUp",
    "Queue",
    "RelayProbe",
    "Service",
    "Some",
    "Unchecked",
    "Writers",
    "about",
    "audience",
    "beside",
    "cgroup_files",
    "commands_done",
    "engine_host",
    "expect",
    "expect_health",
    "family",
    "few_bytes",
    "file_with",
    "freeze",
    "has_another_client",
    "hash_tag",
    "is_alone",
    "is_too_busy",
    "keyed",
    "keys_with",
    "list_of",
    "listen",
    "mistake",
    "often_tested",
    "one_of",
    "raw",
    "read_layers",
    "rests_on",
    "said",
    "samples",
    "short",
    "start_again",
    "stopped",
    "trips",
    "until",
    "version_without",
    "wanted",
    "while_away",
    "worth",
    "zombies",
]


def __getattr__(name: str) -> Any:
    if name in _LATE:
        import importlib

        return getattr(importlib.import_module(_LATE[name]), name)
    raise AttributeError(f"workshop.grader has no {name}")
