"""How a service ends when it is asked to, and what it leaves behind in its container."""

from __future__ import annotations

import re
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from workshop.runtimes.docker import DockerService

LOOKED_AT = 40  # changed files that are looked through, the last ones first


@dataclass(frozen=True)
class Ending:
    """What was seen of an end: exit code, seconds from the signal on, the log before it and at the end, the command of process 1.

    `catches` says whether process 1 had a handler for SIGTERM, None if nobody could look.
    """

    code: int
    seconds: float
    before: str
    log: str
    process: str
    catches: bool | None = None

    def __repr__(self) -> str:
        return f"exit code {self.code} after {self.seconds:.1f} s; process 1: {self.process}"


def stopped(service: DockerService, grace: int) -> Ending:
    """Stops a service as `docker stop --time GRACE` does, and returns what was seen of it."""
    with ThreadPoolExecutor(1) as pool:
        looked = pool.submit(service.exec, "cat", "/proc/1/status")
        pid, before = service.state["Pid"], service.log()
        process = next((process.command for process in service.processes() if process.pid == pid), "?")
        caught = re.search(r"(?m)^SigCgt:\s*([0-9a-f]+)", looked.result().out)
    catches = bool(int(caught[1], 16) >> (signal.SIGTERM - 1) & 1) if caught else None
    waited = service.stop(grace)
    seconds, code = service.seconds_to_end() or waited, service.state["ExitCode"]
    return Ending(code, seconds, before, service.last_log(), process, catches)


def is_alone(service: DockerService) -> bool:
    """Whether one process with one thread is all that runs in its container: then there is nothing beside the server that could end it."""
    rows = service.run.docker("top", service.name, "-eo", "pid,nlwp").out.splitlines()[1:]
    return [row.split()[1:] for row in rows] == [["1"]]


def file_with(service: DockerService, text: str) -> str | None:
    """The name of a file in the service's container that came there after its start and has the text in it, or None."""
    changed = [row[2:] for row in service.run.docker("diff", service.name).out.splitlines() if row[:1] in "AC"]
    for name in reversed(changed[-LOOKED_AT:]):  # a folder comes before its files
        if not name.endswith(".pyc") and text in service.run.docker("cp", f"{service.name}:{name}", "-").out:
            return name
    return None
