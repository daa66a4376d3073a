"""The containers of a stack: as the engine lists them, and as services to ask."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Self

from workshop.engine.run import Run
from workshop.runtimes import http
from workshop.runtimes.docker import DockerService
from workshop.runtimes.http import Answer
from workshop.wire.sockets import parse_sockets

START_LIMIT = 40.0  # seconds for the first answer of `web`, with two copies beside it
LOAD_LIMIT = 20.0  # seconds that a server which listens already may take to load the app
SILENT = 5.0  # seconds after which a service that does not listen counts as silent


@dataclass(frozen=True)
class Container:
    """A container of the stack and what it publishes, in the words of `docker ps`."""

    name: str
    service: str
    ports: str

    def host_port(self, inner: int) -> int:
        """The host port on which one of its ports is published; 0 where it is not, or does not run."""
        found = re.search(rf":(\d+)->{inner}/tcp", self.ports)
        return int(found[1]) if found else 0


class StackService(DockerService):
    """One container of a service of the stack."""

    def __init__(self, run: Run, name: str, inner_port: int, service: str) -> None:
        super().__init__(run, name, inner_port)
        self.service = service

    def wait_until_up(self, path: str = "/healthz", limit: float = START_LIMIT, hang: float = LOAD_LIMIT) -> Self:
        """Returns once it answers HTTP at all; see `Service.wait_until_up`."""
        return super().wait_until_up(path, limit, hang)

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which its container was made."""
        told = (line.partition("=") for line in self.inspect()["Config"]["Env"])
        return {name: value for name, _, value in told}

    def listening(self) -> list[tuple[str, int]] | None:
        """See `DockerService.listening`; asked inside where that can be done, which takes a tenth of a container's start."""
        done = self.exec("cat", "/proc/net/tcp", "/proc/net/tcp6")
        return parse_sockets(done.out) if done.ok else super().listening()

    def first_answer(self) -> Answer | None:
        """What it answers as soon as it does; None where it stays silent."""
        began, listens = time.monotonic(), False
        while time.monotonic() - began < (LOAD_LIMIT if listens else SILENT):
            answer = http.ask("GET", self.host, self.port, "/healthz", limit=2)
            if answer.status is not None:
                return answer
            listens = listens or any(port == self.inner_port for _, port in self.listening() or [])
            time.sleep(0.1)
        return None
