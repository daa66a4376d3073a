"""What is seen of a compose file that does not do, and of a stack that does not come up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any


@dataclass(frozen=True)
class ComposeSaid:
    """What Compose says of a file that it does not take, the place in the file that it speaks of, and the file's services.

    `unset` maps the variables that are set nowhere to their places.
    """

    text: str
    place: str = "docker-compose.yml"
    services: tuple[str, ...] = ()
    unset: Mapping[str, str] = field(default_factory=dict)


class Lack(Enum):
    """What a compose file that Compose takes lacks all the same."""

    SERVICE = auto()
    SERVICE_WITHOUT_PROFILE = auto()  # it is there, behind a profile
    PORTS = auto()
    PORT_OF_THE_APP = auto()  # another port is published
    IMAGE = auto()  # no registry has it
    FOLDER_OF_ONE_SERVICE = auto()  # a service may write to the folder that another mounts
    BUILD_FOLDER = auto()  # a service is built from a folder that is not there
    DOCKERFILE = auto()  # the folder has no Dockerfile of that name
    GIVEN_FILE = auto()  # a secret or a config is a file that is not there


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
    HOPELESS = auto()  # a health test fails on and on, or a service ends again and again


@dataclass(frozen=True)
class Hidden:
    """A folder of the host, mounted over one that the image has: what the image has there, and the mounted folder has not."""

    source: str
    target: str
    names: tuple[str, ...]
    is_empty: bool


@dataclass(frozen=True)
class Script:
    """A start script: it ended at a line (`line`, `text`), or ignores the words that it is given, or calls a tool that is missing.

    `unset` are the variables in that line that nothing sets, `stops` says that it ends at the first command that fails (`set -e`).
    """

    file: str
    line: int = 0
    text: str = ""
    unset: tuple[str, ...] = ()
    stops: bool = False
    tool: str = ""
    ignored: str = ""


@dataclass(frozen=True)
class ServiceSeen:
    """What the file says of a service that does not come up, and what was seen around it.

    `unset` maps variables that are set nowhere to the places where the service uses them, `absent` the places of mounts in the
    container to sources that the folder does not have.
    """

    name: str
    place: str
    environment: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)  # of the variables
    unset: Mapping[str, str] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[Hidden, ...] = ()
    dropped: bool = False  # it drops capabilities
    limit: int | None = None  # bytes of memory that the file gives it

    @property
    def quoted(self) -> list[str]:
        """Its variables whose values have quotes around them."""
        return [
            name
            for name, value in self.environment.items()
            if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        ]
