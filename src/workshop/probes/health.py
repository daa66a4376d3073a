"""An image's own HEALTHCHECK, asked often enough to be watched; and a service made to hang."""

from __future__ import annotations

import time
from typing import Any

from workshop.engine import engine
from workshop.engine.engine import must
from workshop.engine.helpers import helper
from workshop.engine.run import Run
from workshop.runtimes.docker import DockerService
from workshop.runtimes.healthtest import HealthTest, tests_of

QUICK = ("--health-interval", "500ms", "--health-retries", "1", "--health-timeout", "5s")
GIVE_UP = 40.0  # seconds without any verdict


def quick(run: Run) -> tuple[str, ...]:
    """Flags for `docker run` that keep the image's health test and have it asked twice a second."""
    return (*QUICK, "--health-start-interval", "500ms") if engine.knows_start_interval() else QUICK


def probes(service: DockerService) -> list[dict[str, Any]]:
    """The last health tests of a container, the newest last, each with Start, ExitCode and Output."""
    return tests_of(service.state)


def comes_to_be(service: DockerService, wanted: str, *, tries: int, seconds: float) -> bool:
    """Whether the engine comes to report `healthy` or `unhealthy`, as `wanted`.

    It does not once `tries` tests that ended after the call have said otherwise and `seconds` have passed, nor where
    the container has ended.
    """
    start, known, seen = time.monotonic(), {probe["Start"] for probe in probes(service)}, set()
    while True:
        state = service.state
        health = state.get("Health") or {}
        if not state["Running"]:
            return False
        if health.get("Status") == wanted:
            return True
        seen |= {probe["Start"] for probe in health.get("Log") or []} - known
        passed = time.monotonic() - start
        if (len(seen) >= tries and passed > seconds) or passed > GIVE_UP:
            return False
        time.sleep(0.1)


def shown(service: DockerService) -> str:
    """Status and last test, as a report shows them."""
    status = (service.state.get("Health") or {}).get("Status", "no health status")
    last = probes(service)[-1:]
    if not last:
        return f"{status}; no test has ended"
    return f"{status}; the last test ended with {last[0]['ExitCode']}: {last[0]['Output'].strip()[-300:]}"


def last_test(service: DockerService) -> HealthTest:
    """The last health test of a container, as a fact for mistakes."""
    state = service.state
    tests = tests_of(state)
    code, output = (tests[-1]["ExitCode"], tests[-1]["Output"]) if tests else (None, "")
    return HealthTest(code, output, bool(state["Running"]))


STOP_ALL = """
import os, signal
parents = {}
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        parents[int(pid)] = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
    except OSError:
        pass
for pid in parents:
    above = parents[pid]
    while above > 1:
        above = parents.get(above, 0)
    if above == 1:
        os.kill(pid, signal.SIGSTOP)
"""


def freeze(service: DockerService) -> None:
    """Stops each process of a container in its tracks: it accepts connections and answers nothing.

    The engine stops process 1, which no signal from inside reaches; a helper beside them stops those below it. What the engine
    starts in the container, its health tests, is spared: it is below no process there.
    """
    must(service.run.docker("kill", "--signal", "STOP", service.name))
    beside = ("--pid", f"container:{service.name}")
    must(helper(service.run, "python", "-c", STOP_ALL, rights=["KILL"], flags=beside))
