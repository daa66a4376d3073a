"""An image's own HEALTHCHECK, asked often enough to be watched; and a service made to hang."""

from __future__ import annotations

import re
import time
from typing import Any

from workshop.engine import engine
from workshop.engine.engine import must
from workshop.engine.helpers import helper
from workshop.engine.run import Run
from workshop.mistakes import diagnosis
from workshop.runtimes.docker import DockerService

QUICK = ("--health-interval", "500ms", "--health-retries", "1", "--health-timeout", "5s")
GIVE_UP = 40.0  # seconds without any verdict


def quick(run: Run) -> tuple[str, ...]:
    """Flags for `docker run` that keep the image's health test and have it asked twice a second."""
    return (*QUICK, "--health-start-interval", "500ms") if engine.knows_start_interval() else QUICK


def probes(service: DockerService) -> list[dict[str, Any]]:
    """The last health tests of a container, the newest last, each with Start, ExitCode and Output."""
    return (service.state.get("Health") or {}).get("Log") or []


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


def gone(service: DockerService) -> str | None:
    """The hint where a container has ended instead of being reported; None where it runs."""
    if service.is_running():
        return None
    return "The container has ended. A health test tells how the service is; to act on it is for whoever runs it."


def why_not_healthy(service: DockerService) -> str:
    """The cause why the health test of a service that answers fails, from what the test printed."""
    if ended := gone(service):
        return ended
    output = "".join(probe["Output"] for probe in probes(service)[-1:])
    if missing := re.search(r"\b(curl|wget|nc|netcat|pgrep|ps)\b[\"']?:[^\n]*not found", output):
        return (
            f"The health test calls {missing[1]}, and the image has none: slim images leave such tools out. "
            "Python is there. Let it ask, with urllib.request; nothing needs to be installed for that."
        )
    missing = re.search(r"exec: \"([^\"]+)\": [^\n]*(?:not found|no such file|permission denied)", output)
    if missing or (missing := re.search(r"sh: (?:\d+: )?([\w./-]+): (?:not found|Permission denied)", output)):
        return f"The health test calls {missing[1]}, which the image does not have or may not run."
    if missing := re.search(r"can't open file '([^']+)'", output):
        return f"The health test runs {missing[1]}, and no such file is in the image. COPY it, and mind the WORKDIR."
    if re.search(r"[Cc]onnection refused", output):
        return "The health test asks where nothing listens: the connection is refused. Which port does it ask, and on which does the service listen?"
    if found := re.search(r"HTTP Error (40\d)", output):
        return f"The health test asks an address that the app answers with {found[1]}. Which one tells of its health?"
    if "exceeded timeout" in output:
        return "The health test does not end in time, though the app is well. What does it wait for?"
    return diagnosis.of_log(output) or (
        "The health test fails though the app is well. Exit code 0 says healthy, 1 unhealthy. What it prints is shown."
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
