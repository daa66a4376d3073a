"""What is seen of a compose file that does not do, and of a stack that does not come up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any


@dataclass(frozen=True)
class ComposeSaid:
    """What Compose says of a file that it does not take, the place in the file that it speaks of, and the file's services."""

    text: str
    place: str = "docker-compose.yml"
    services: tuple[str, ...] = ()


class Lack(Enum):
    """What a compose file that Compose takes lacks all the same."""

    SERVICE = auto()
    SERVICE_WITHOUT_PROFILE = auto()  # it is there, behind a profile
    PORTS = auto()
    PORT_OF_THE_APP = auto()  # another port is published
    IMAGE = auto()  # no registry has it
    FOLDER_OF_ONE_SERVICE = auto()  # a service may write to the folder that another mounts


@dataclass(frozen=True)
class ComposeFile:
    """What a compose file lacks, with the names and places that belong to it."""

    lack: Lack
    names: Mapping[str, str] = field(default_factory=dict)

    def lacks(self, what: Lack) -> Any:
        """The names if it lacks that, to fill a sentence; else False."""
        return self.lack is what and (dict(self.names) or True)


@dataclass(frozen=True)
class ComposeUp:
    """What `docker compose up` said when it failed; `place` is that of the service it spoke of. `is_ended`: it was stopped."""

    text: str
    place: str = "docker-compose.yml"
    seconds: float = 0.0
    is_ended: bool = False


class GivenUp(Enum):
    """Why `docker compose up` was stopped before its time."""

    OVER = auto()  # the grading is over
    UNHEALTHY = auto()  # a health test fails on and on
