"""An image's own HEALTHCHECK, asked often enough to be watched; and a service made to hang."""

from __future__ import annotations

import time

from workshop.engine import engine
from workshop.engine.engine import must
from workshop.engine.helpers import helper
from workshop.outcomes import Mismatch
from workshop.patience import until
from workshop.runtimes.docker import DockerService
from workshop.runtimes.healthtest import HealthTest, tests_of

OFTEN = ("--health-interval", "500ms", "--health-retries", "1", "--health-timeout", "5s")
POLL = 0.2  # seconds between two looks: each takes a tenth of that of a processor, and several health tests may be waited for at once
GIVE_UP = 40.0  # seconds without any verdict


def often_tested() -> tuple[str, ...]:
    """Flags for `docker run` that keep the image's health test and have it asked twice a second."""
    return (*OFTEN, "--health-start-interval", "500ms") if engine.knows_start_interval() else OFTEN


def comes_to_be(service: DockerService, wanted: str, *, tries: int, seconds: float, stays: float = 0) -> bool:
    """Whether the engine comes to report `healthy` or `unhealthy`, as `wanted`, and the container runs on for `stays` seconds then.

    It does not once `tries` tests that ended after the call have said otherwise and `seconds` have passed, nor if
    the container has ended.
    """
    start, known, seen = time.monotonic(), {probe["Start"] for probe in tests_of(service.state)}, set()
    while True:
        state = service.state
        health = state.get("Health") or {}
        if not state["Running"]:
            return False
        if health.get("Status") == wanted:
            return not (stays and until(lambda: not service.state["Running"], stays))
        seen |= {probe["Start"] for probe in health.get("Log") or []} - known
        passed = time.monotonic() - start
        if (len(seen) >= tries and passed > seconds) or passed > GIVE_UP:
            return False
        time.sleep(POLL)


def expect_health(service: DockerService, wanted: str, *, tries: int, seconds: float, stays: float = 0) -> None:
    """Raises Mismatch, with what the last health test showed, unless the engine comes to report `wanted`; see `comes_to_be`."""
    if comes_to_be(service, wanted, tries=tries, seconds=seconds, stays=stays):
        return
    state = service.state
    status = (state.get("Health") or {}).get("Status", "no health status")
    tests = tests_of(state)
    last = (
        HealthTest(tests[-1]["ExitCode"], tests[-1]["Output"], state["Running"])
        if tests
        else HealthTest(None, "", state["Running"])
    )
    shown = f"the last test ended with {last.code}: {last.output.strip()[-300:]}" if tests else "no test has ended"
    raise Mismatch(
        asked=f"docker inspect --format '{{{{json .State.Health}}}}' {service.name}",
        expected=wanted,
        actual=f"{status}; {shown}",
        health_test=last,
        log=last.output,
    )


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
