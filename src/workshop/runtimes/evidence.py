"""What is seen of a service from outside: whether it runs, how it ended, its log, its listening sockets."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple

from workshop.report import last_lines

PORT = 5000  # the student's port inside the container
INSTALLS = re.compile(r"pip\._vendor[^\n]*(?:NewConnectionError|name resolution)")
# What an engine says when it is the image's command or user that keeps a container from starting, and not the engine.
OF_THE_COMMAND = re.compile(r"(?<![/\w])exec:? |unable to find (?:user|group) ")


class Stop(Enum):
    """Why a service that runs will not answer, however long one waits."""

    INSTALLS = auto()  # it installs packages, and there is no way to them
    LOOPBACK = auto()  # it listens where nothing from outside can reach it
    OTHER_PORT = auto()  # it listens, but not on the port that is asked
    TLS = auto()  # it listens on the port that is asked, and speaks HTTPS there


class Evidence(NamedTuple):
    """What was seen of a service. `listening` holds (address, port) pairs, or None if nobody looked."""

    running: bool
    code: int | None = None
    log: str = ""
    oom: bool = False
    listening: list[tuple[str, int]] | None = None
    port: int = PORT
    hung: bool = False  # it took a request and did not answer in time
    start_error: str = ""  # what the engine said when it could not start it
    container: bool = True
    answered: bool = False  # it had answered before, and ended during a request
    command: tuple[str, ...] = ()
    tls: bool = False  # what listens on the port answered a TLS handshake

    @property
    def where(self) -> str:
        """Where its sockets are, in words."""
        return "inside the container" if self.container else "on this machine"

    @property
    def text(self) -> str:
        """All that was said: its log, then what the engine said."""
        return f"{self.log}\n{self.start_error}"

    @property
    def on_port(self) -> list[str]:
        """The addresses on which it listens, on the port that is asked."""
        return [address for address, port in self.listening or [] if port == self.port]

    @property
    def is_within_reach(self) -> bool:
        """Whether it listens, in a container, where the engine leads to from outside."""
        return self.container and any("." in one and not is_loopback(one) for one in self.on_port)

    @property
    def on_other_ports(self) -> list[tuple[str, int]]:
        """Its sockets on other ports, as (address, port)."""
        return [(address, port) for address, port in self.listening or [] if port != self.port]

    @property
    def stop(self) -> Stop | None:
        """Why waiting longer would not help, of a service that runs; None while it may still come up."""
        if not self.running:
            return None
        if INSTALLS.search(self.log):
            return Stop.INSTALLS
        if self.on_port:
            return Stop.LOOPBACK if all(map(is_loopback, self.on_port)) else Stop.TLS if self.tls else None
        return Stop.OTHER_PORT if self.on_other_ports else None

    @property
    def how(self) -> str:
        """What ended and when, as the beginning of a sentence."""
        what = "The container" if self.container else "The app"
        return f"{what} {'ended while it was asked' if self.answered else 'exited at once'}"

    def shown(self, first: str) -> str:
        """What a report shows as actual: what came back, then the end of the log."""
        tail = last_lines(self.log or ("" if self.running else self.start_error))
        return f"{first}\nlog:\n{tail}" if tail else f"{first}\nlog: (empty)"


def is_loopback(address: str) -> bool:
    """Whether only the same machine, or the same container, reaches an address."""
    return address.startswith("127.") or address == "::1"
