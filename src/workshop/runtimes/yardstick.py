"""Whether this machine is too busy for a time to mean anything: measured on a process that has nothing to do."""

from __future__ import annotations

import time

from workshop.runtimes.docker import LIMITS, DockerService
from workshop.runtimes.engine import must
from workshop.runtimes.images import BASE, need_image
from workshop.runtimes.run import Run

AT_REST = 0.5  # seconds; a machine at rest ends such a process in a tenth of that
PROGRAM = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit()); print('ready', flush=True); signal.pause()"


def too_busy_to_stop(run: Run) -> bool:
    """Whether `docker stop` takes long even where the process ends at once, so that a slow end tells nothing of the service."""
    need_image(BASE)
    service = DockerService(run, run.name("yardstick"), 0)
    flags = ("--detach", "--pull", "never", "--label", run.label, "--network", "none", *LIMITS)
    must(run.docker("run", *flags, "--name", service.name, BASE, "python", "-c", PROGRAM))
    end = time.monotonic() + 20
    while "ready" not in service.log() and time.monotonic() < end:
        time.sleep(0.05)
    waited = service.stop()
    took = service.seconds_to_end() or waited
    service.remove()
    return took > AT_REST
