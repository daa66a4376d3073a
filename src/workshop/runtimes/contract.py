"""The contract that both runtimes keep: what a grader may ask of a service, of its Redis, and of the runtime that starts them.

Whatever a runtime cannot do raises Unchecked, with the reason. So a check that needs an engine is unchecked without one, never broken.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from workshop.engine import engine
from workshop.runtimes.evidence import PORT, Evidence
from workshop.runtimes.http import ANY, TIME_LIMIT, Answer

if TYPE_CHECKING:
    from workshop.engine.engine import Done
    from workshop.engine.images import Image
    from workshop.engine.run import Run
    from workshop.wire.rivals import Relay

START_LIMIT = 10.0  # seconds in which a service must answer for the first time
LOGGED = 0.5  # seconds in which what a service printed before it answered is in its log


def needs_engine() -> str:
    """Why what takes a container cannot be asked here: what keeps the engine from being used, or that it was not to be."""
    trouble = engine.trouble()
    return f"This needs a Docker Engine. {trouble.hint if trouble else 'One answers here; `--runtime embedded` leaves it out.'}"


@dataclass(frozen=True)
class Process:
    """One process of the service as seen from outside. `uid` is numeric; `pid` is that of the host."""

    pid: int
    uid: int
    command: str


class Service(Protocol):
    """A student's service: ask it over HTTP, look at its log, its sockets, its processes, its end."""

    run: Run
    host: str
    port: int  # on the host; another one once it was started again, see `find_port`
    inner_port: int  # inside the container
    up_since: float  # time.monotonic() of its first answer, in seconds
    noted: Callable[..., None]  # told of each thing asked, and of what came back
    another: Callable[
        ..., Service
    ]  # starts a further service of the same work; the options are those of `Runtime.start`

    @property
    def url(self) -> str:
        """The address on which it is reached from outside."""

    @property
    def inner_url(self) -> str:
        """The address on which the other services of its check reach it."""

    @property
    def name(self) -> str:
        """The name of its container."""

    @property
    def state(self) -> dict[str, Any]:
        """What the engine says of its container now: Running, ExitCode, OOMKilled, Pid, Health, …"""

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = ANY,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        limit: float = TIME_LIMIT,
        **query: str,
    ) -> Answer:
        """One request; keyword arguments become the query. No answer within `limit` seconds is an Answer too."""

    def get(self, path: str, **options: Any) -> Answer:
        """GET; see `request`."""

    def post(self, path: str, **options: Any) -> Answer:
        """POST; see `request`."""

    def at_once(self, count: int, path: str, **options: Any) -> list[Answer]:
        """`count` GETs in flight at the same time."""

    def wait_until_up(self, path: str = "/healthz", limit: float = START_LIMIT, hang: float = TIME_LIMIT) -> Self:
        """Returns once it answers HTTP at all. Raises NotUp, with the cause, if it does not in `limit` seconds.

        A request that is taken and not answered for `hang` seconds ends the wait.
        """

    def log(self) -> str:
        """What it has printed so far, both streams in order; of a container the last 300 lines."""

    def log_with(self, pattern: str, seconds: float = LOGGED) -> str:
        """The log once it has a match of `pattern`, or after some seconds: what is printed comes there a moment later."""

    def last_log(self) -> str:
        """The log of one that has ended, once it grows no more."""

    def mark(self) -> float:
        """A place in the log: its end as it is now; see `log_since`."""

    def log_since(self, mark: float) -> str:
        """What it has printed since a mark."""

    def evidence(self, deep: bool = False) -> Evidence:
        """What can be seen of it now; `deep` looks at its listening sockets too, which takes longer."""

    def is_running(self) -> bool:
        """Whether its first process still runs."""

    def is_overgrown(self) -> bool:
        """Whether it has started so many processes that it is near its limit of them, if it has one."""

    def listening(self) -> list[tuple[str, int]] | None:
        """The TCP sockets on which it listens, as (address, port); None if its container is gone."""

    def processes(self) -> list[Process]:
        """Its processes."""

    def inspect(self) -> dict[str, Any]:
        """What `docker inspect` says of the container."""

    def exec(self, *command: str, timeout: float = 10.0) -> Done:
        """Runs a command in the container, as `docker exec` does, for at most `timeout` seconds."""

    def stop(self, grace: int = 5) -> float:
        """`docker stop`: SIGTERM, then SIGKILL after `grace` seconds. Returns the seconds it took."""

    def signal(self, name: str) -> None:
        """Sends its first process a signal, as `KILL`, `STOP` or `CONT`. What has ended is left alone."""

    def seconds_to_end(self) -> float | None:
        """The seconds from the first signal to the end, by the engine's own clock; None if its events do not tell."""

    def find_port(self) -> None:
        """Looks up its port on the host. Raises NotUp, with the cause, if it has ended."""

    def end(self) -> None:
        """Ends it by force and removes it."""


class RedisServer(Protocol):
    """The Redis of a check. `url` is how a service finds it; `host` and `port` are how the grader does."""

    run: Run
    host: str
    port: int
    settings: dict[str, str] | None  # before anybody used it, if somebody looked
    options: dict[str, Any]  # with which the grader's clients are let in
    is_worn: bool  # a function has left what outlives FLUSHALL

    @property
    def url(self) -> str:
        """How a service finds it."""

    @property
    def beside(self) -> str | None:
        """The network for a container that lives in its relay's own; None if there is none."""

    def relay(self) -> Relay:
        """The relay that stands before it, started at the first call."""

    def stopped(self) -> contextlib.AbstractContextManager[None]:
        """Redis is stopped within the block: nothing listens on its port. It is empty when it is back."""

    def paused(self) -> contextlib.AbstractContextManager[None]:
        """Redis is paused within the block: it accepts connections and answers nothing."""

    def end(self) -> None:
        """Ends and removes it and its relay."""


class Runtime(Protocol):
    """One student's work, come alive. What it starts goes at `close`."""

    run: Run
    folder: Path
    lesson: str

    @property
    def name(self) -> str:
        """`docker` or `embedded`."""

    @property
    def has_services(self) -> bool:
        """Whether a container that it started is there to be looked into, also after its end."""

    def redis(self) -> RedisServer:
        """The Redis of this check, started at the first call."""

    def image(self, context: Path | None = None, *, no_cache: bool = False, flags: Sequence[str] = ()) -> Image:
        """The image that the student's Dockerfile makes; `context` builds a changed copy of the folder instead, `flags` go to `docker build`.

        Raises NotUp, with the cause, if it cannot be built.
        """

    def supplied(self) -> str:
        """The image for work that brings no Dockerfile."""

    def start(
        self,
        image: Image | None = None,
        *,
        with_redis: bool = False,
        env: Mapping[str, str] | None = None,
        memory: str | None = None,
        hostname: str | None = None,
        command: tuple[str, ...] = (),
        port: int = PORT,
        mounts: Mapping[Path, str] | None = None,
        flags: tuple[str, ...] = (),
        wait: bool = True,
        up_path: str = "/healthz",
    ) -> Service:
        """Starts a service and waits until it answers. Without `image` the student's folder runs in the supplied one.

        `command` comes in place of the image's own; one that begins with `python` needs no engine. `memory` is a limit as `docker run --memory` takes it; `mounts` are folders shown read-only at a path; `flags` go to `docker run` as
        they are. Raises NotUp, with the cause, if it does not come up.
        """

    def keep_only(self, service: Service) -> None:
        """Ends every service that it started but this one."""

    def release(self) -> None:
        """Gives its Redis away for the next check, where no container of its own talks to it; `close` is still to come."""

    def close(self) -> None:
        """Ends and removes what this check started."""
