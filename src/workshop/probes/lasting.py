"""Whether a process that serves no HTTP, such as a worker, still runs."""

from __future__ import annotations

from workshop.outcomes import NotUp
from workshop.runtimes.contract import Service


def still_runs(service: Service) -> bool:
    """True while it runs. Raises NotUp, with its log and exit code, once it has ended by itself."""
    if service.is_running():
        return True
    seen = service.evidence()
    raise NotUp(
        service=service,
        start=seen,
        log=seen.log,
        asked="docker logs …",
        expected="a process that goes on",
        actual=seen.shown(f"it ended with exit code {seen.code}"),
    )
