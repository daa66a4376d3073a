"""The engine's host, as the engine tells of it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from workshop.engine.engine import must
from workshop.engine.run import Run


@dataclass(frozen=True)
class Host:
    """Its version of cgroups, the release of its kernel, its memory in bytes, its processors."""

    cgroup: int
    kernel: str
    memory: int
    cpus: int


def engine_host(run: Run) -> Host:
    """What `docker info` says of the host."""
    info = json.loads(must(run.docker("info", "--format", "{{json .}}")).out)
    return Host(int(info["CgroupVersion"]), info["KernelVersion"], info["MemTotal"], info["NCPU"])
