"""What is seen of a container's health test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NOT_RUNNABLE = (-1, 126, 127)  # exit codes of a health test that could not be run at all


@dataclass(frozen=True)
class HealthTest:
    """The last health test of a container: its exit code (None if no test has ended) and what it printed.

    `service` and `place` name the service of a compose file and the line of its test; `ping` is what Redis in it answers to PING.
    """

    code: int | None
    output: str = ""
    running: bool = True
    service: str = ""
    place: str = ""
    ping: str = ""

    @property
    def pongs(self) -> bool:
        """Whether Redis answers as it does if all is well."""
        return self.ping.strip() == "PONG"

    @property
    def failed(self) -> bool:
        """Whether it ended, and not with 0."""
        return self.code not in (0, None)

    @property
    def cannot_run(self) -> bool:
        """Whether its command could not be run at all."""
        return self.code in NOT_RUNNABLE or "executable file not found" in self.output


def tests_of(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The last health tests in what the engine says of a container, the newest last, each with Start, ExitCode and Output."""
    return (state.get("Health") or {}).get("Log") or []
