"""The docker runtime: student work in containers with limits, on a network of its own without a way to the internet."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workshop.course import handin
from workshop.engine import builds, engine, helpers, images
from workshop.engine.engine import must
from workshop.engine.limits import LIMITS, NETWORK_OPTIONS, NO_OUTSIDE_NAMES, PIDS
from workshop.engine.run import Run
from workshop.guests import relay
from workshop.outcomes import NotUp
from workshop.patience import settled
from workshop.runtimes.contract import Process, Service
from workshop.runtimes.evidence import OF_THE_COMMAND, PORT, Evidence
from workshop.runtimes.service import Asked
from workshop.wire import traces
from workshop.wire.rivals import Relay
from workshop.wire.sockets import parse_sockets

LOG_LAG = 1.0  # seconds in which the last lines of a container that has ended reach its log
LOG_PAUSE = 0.25  # seconds between two looks at it: with 0.1 a goodbye was missed once in 64 gradings, at load 11
REDIS_COMMAND = ("--save", "", "--appendonly", "no", "--protected-mode", "no")
REDIS_PORT = 6379


@dataclass
class Session:
    """What several checks in a row may share: the network, and a Redis that is emptied in between."""

    run: Run
    _network: str | None = None
    _redis: DockerRedis | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def network(self) -> str:
        """The run's network, made at the first call."""
        with self._lock:
            if self._network is None:
                name = self.run.name("net")
                must(self.run.docker("network", "create", "--label", self.run.label, *NETWORK_OPTIONS, name))
                self._network = name
            return self._network

    def take_redis(self) -> DockerRedis:
        """An empty Redis that answers to the name `redis` on the network."""
        with self._lock:
            found, self._redis = self._redis, None
        return found or DockerRedis(self.run, self.network())

    def give_back(self, redis: DockerRedis) -> None:
        """Takes a Redis for the next check, or removes it where it cannot be emptied."""
        if not redis.is_worn and traces.emptied(redis.host, redis.port, redis.settings, redis.options):
            redis.options = {}
            with self._lock:
                self._redis = redis
        else:
            redis.end()

    def warm(self, with_redis: bool, with_relay: bool = False) -> str | None:
        """Makes ahead what the next check will need. Returns the network beside its relay, where there is one; see `DockerRedis.beside`."""
        self.network()
        if with_redis and self._redis is None:
            self._redis = DockerRedis(self.run, self.network())
        if self._redis is None:
            return None
        if with_relay:
            self._redis.relay()
        return self._redis.beside


class DockerRedis:
    """A Redis in a container of its own. `url` is how a service in the network finds it; `host` and `port` how the grader does."""

    url = f"redis://redis:{REDIS_PORT}/0"

    def __init__(self, run: Run, network: str) -> None:
        images.need_image(images.REDIS)
        self.run, self.name, self.network = run, run.name("redis"), network
        self.settings: dict[str, str] | None = None  # before anybody used it, where that was looked at
        self.options: dict[str, Any] = {}  # with which the grader's clients are let in
        self.is_worn = False  # a function has left what outlives FLUSHALL
        self._relay: Relay | None = None
        self._lock = threading.Lock()
        self._relay_name: str | None = None
        isolated = ("--user", "65534", "--tmpfs", "/data:mode=1777", "--network", network, "--network-alias", "redis")
        flags = (*helpers.own(run, self.name), *LIMITS, *isolated, *engine.publish(REDIS_PORT))
        must(run.docker("run", "--detach", *flags, "--entrypoint", "redis-server", images.REDIS, *REDIS_COMMAND))
        self._find()

    def _find(self) -> None:
        self.host, self.port = engine.host(), helpers.published(self.run, self.name, REDIS_PORT)

    @property
    def beside(self) -> str | None:
        """The network for a container that lives beside the relay, in the relay's own; None while there is no relay.

        To join takes little more than half the time of a network card of one's own. The container reaches what it would reach on the run's network.
        """
        return f"container:{self._relay_name}" if self._relay_name else None

    def relay(self) -> Relay:
        """The relay that stands before it, in a container of its own; see `relay`."""
        with self._lock:
            return self._relay or self._start_relay()

    def _start_relay(self) -> Relay:
        images.need_image(images.BASE)
        name, token = self.run.name("relay"), secrets.token_hex(16)
        placed = ("--network", self.network, *NO_OUTSIDE_NAMES, *engine.publish(relay.CONTROL_PORT))
        isolated = ("--user", "65534", "--read-only", *placed, "--env", f"RELAY_TOKEN={token}")
        flags = (*helpers.own(self.run, name), *LIMITS, *isolated)
        script = Path(relay.__file__).read_text(encoding="utf-8")
        command = ("python", "-c", script, self.name, str(REDIS_PORT))
        must(self.run.docker("run", "--detach", *flags, images.BASE, *command))
        control = (engine.host(), helpers.published(self.run, name, relay.CONTROL_PORT))
        url = "redis://{}:{}/0".format
        self._relay = Relay(url(name, relay.DATA_PORT), control, token, url("127.0.0.1", relay.DATA_PORT))
        self._relay.wait_until_up()
        self._relay_name = name
        return self._relay

    def end(self) -> None:
        """Removes it and its relay."""
        helpers.remove(self.run, self.name, *([self._relay_name] if self._relay_name else []))

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Redis is stopped within the block: its name is gone from the network and nothing listens. Empty when it is back."""
        must(self.run.docker("stop", "--time", "0", self.name))
        try:
            yield
        finally:
            must(self.run.docker("start", self.name))
            self._find()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Redis is paused within the block: connections are accepted, nothing is answered."""
        for _ in range(3):  # on a busy host the kernel now and then refuses to freeze
            if self.run.docker("pause", self.name).ok:
                break
        else:
            must(self.run.docker("pause", self.name))
        try:
            yield
        finally:
            must(self.run.docker("unpause", self.name))


STAMP = re.compile(r"^(\d{4}-\d\d-\d\dT[\d:.]+Z) ?")


def in_order(out: str, err: str) -> str:
    """Both streams of a log as one, in the order in which their lines were printed: each begins with its time, which goes."""
    lines: list[tuple[str, str]] = []
    for text in (out, err):
        for line in re.findall(r"[^\n]*\n|[^\n]+", text):
            stamp = STAMP.match(line)
            lines.append((stamp[1] if stamp else lines[-1][0] if lines else "", STAMP.sub("", line)))
    return "".join(line for _, line in sorted(lines, key=lambda line: line[0]))


class DockerService(Asked):
    """A service in a container. Made by `DockerRuntime.start`."""

    def __init__(self, run: Run, name: str, inner_port: int) -> None:
        self.run, self.name, self.inner_port = run, name, inner_port
        self.host, self.port = engine.host(), 0

    @property
    def inner_url(self) -> str:
        """The address on which other containers of the run's network reach it."""
        return f"http://{self.name}:{self.inner_port}"

    def log(self) -> str:
        """The last 300 lines of `docker logs`."""
        return self._logs()

    def _logs(self, *flags: str) -> str:
        done = self.run.docker("logs", *flags, "--timestamps", "--tail", "300", self.name, timeout=10)
        return in_order(done.out, done.err) if done.ok else done.out + done.err

    def mark(self) -> float:
        return time.time()

    def log_since(self, mark: float) -> str:
        since = () if engine.is_remote() else ("--since", f"{mark:.6f}")  # the clock of another machine may differ
        return self._logs(*since)

    def last_log(self) -> str:
        """The log of one that has ended, once it grows no more: on a busy machine its last lines come a moment after its end."""
        return settled(self.log, LOG_LAG, LOG_PAUSE)

    def inspect(self) -> dict[str, Any]:
        """What `docker inspect` says of the container."""
        return dict(json.loads(must(self.run.docker("inspect", self.name)).out)[0])

    @property
    def state(self) -> dict[str, Any]:
        """Running, ExitCode, OOMKilled, Pid, Health, …"""
        return dict(json.loads(must(self.run.docker("inspect", "--format", "{{json .State}}", self.name)).out))

    def is_running(self) -> bool:
        return bool(self.state["Running"])

    def evidence(self, deep: bool = False) -> Evidence:
        found = self.inspect()
        state = found["State"]
        running = bool(state["Running"]) and not state.get("Restarting")  # between two runs it counts as ended
        listening = self.listening() if deep and running else None
        return Evidence(
            running,
            state["ExitCode"],
            self.log() if running or state.get("Error") else self.last_log(),
            bool(state["OOMKilled"]),
            listening,
            self.inner_port,
            start_error=state.get("Error", ""),
            command=(found["Path"], *found["Args"]),
        )

    def listening(self) -> list[tuple[str, int]] | None:
        """The TCP sockets that listen in the container's network namespace, as (address, port); None where the container is gone."""
        done = helpers.helper(self.run, "cat", "/proc/net/tcp", "/proc/net/tcp6", network=f"container:{self.name}")
        return parse_sockets(done.out) if done.ok else None

    def processes(self) -> list[Process]:
        """Its processes, with the pids and user ids of the engine's host."""
        done = must(self.run.docker("top", self.name, "-eo", "pid,uid,args"))
        rows = [line.split(None, 2) for line in done.out.splitlines()[1:]]
        return [Process(int(row[0]), int(row[1]), row[2] if len(row) > 2 else "") for row in rows if len(row) > 1]

    def is_overgrown(self) -> bool:
        return len(self.run.docker("top", self.name, "-eo", "pid").out.splitlines()) > PIDS // 2

    def exec(self, *command: str, timeout: float = 10.0) -> engine.Done:
        """Runs a command in the container, as `docker exec` does."""
        return self.run.docker("exec", self.name, *command, timeout=timeout)

    def stop(self, grace: int = 5) -> float:
        """`docker stop`: SIGTERM, then SIGKILL after `grace` seconds. Returns the seconds it took."""
        start, self._was_stopped = time.monotonic(), True
        must(self.run.docker("stop", "--time", str(grace), self.name, timeout=grace + 20))
        return time.monotonic() - start

    def signal(self, name: str) -> None:
        """`docker kill --signal`: from outside, process 1 gets every signal."""
        self._was_stopped = self._was_stopped or name == "KILL"
        self.run.docker("kill", "--signal", name, self.name)

    def seconds_to_end(self) -> float | None:
        """The seconds from the first signal to the end, by the engine's own clock; None where its events do not tell."""
        filters = ("--filter", f"container={self.inspect()['Id']}", "--filter", "event=kill", "--filter", "event=die")
        shape = "{{.Action}} {{.TimeNano}}"
        done = self.run.docker("events", "--since", "120s", "--until", "0s", *filters, "--format", shape)
        times: dict[str, int] = {}
        for action, _, nanoseconds in (line.partition(" ") for line in done.out.splitlines()):
            times.setdefault(action, int(nanoseconds))
        return (times["die"] - times["kill"]) / 1e9 if {"die", "kill"} <= times.keys() else None

    def end(self) -> None:
        """Removes the container with its anonymous volumes."""
        helpers.remove(self.run, self.name)

    def find_port(self) -> None:
        """Looks up the host port; a container that was started again has another."""
        found = helpers.find_published(self.run, self.name, self.inner_port)
        if found is not None:
            self.port, self._was_stopped = found, False
            return
        evidence = self.evidence()
        if evidence.running:
            time.sleep(0.1)
            evidence = self.evidence()
        raise NotUp(
            service=self,
            start=evidence,
            log=evidence.log,
            asked=f"docker logs {self.name}",
            expected="a container that stays up",
            actual=evidence.shown(f"exit code {evidence.code}"),
        )


class DockerRuntime:
    """One student's work on the engine. What it starts goes at `close`, but for what the session keeps."""

    name = "docker"

    def __init__(self, session: Session, folder: Path, lesson: str) -> None:
        self.session, self.run, self.folder, self.lesson = session, session.run, folder, lesson
        self._redis: DockerRedis | None = None
        self._lock = threading.Lock()
        self._mine: list[str] = []
        self._images: list[str] = []

    @property
    def has_services(self) -> bool:
        """Whether it has started a container."""
        return bool(self._mine)

    def redis(self) -> DockerRedis:
        """The Redis of this check."""
        with self._lock:
            if self._redis is None:
                self._redis = self.session.take_redis()
            return self._redis

    def image(self, context: Path | None = None, *, no_cache: bool = False, flags: Sequence[str] = ()) -> images.Image:
        """The image that the student's Dockerfile makes; `context` builds a changed copy of the folder instead, `flags` go to `docker build`."""
        handin.require(self.folder, "Dockerfile", self.lesson)
        made = builds.build(self.run, context or self.folder, no_cache=no_cache, flags=flags)
        self._images.append(made.id)
        return made

    def supplied(self) -> str:
        """The image for work that brings no Dockerfile."""
        return builds.supply("python", self.run)

    def start(
        self,
        image: images.Image | None = None,
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
    ) -> DockerService:
        """Starts a container and waits until it answers. Without `image` the student's folder runs in the supplied one.

        `command` comes in place of the image's own. `memory` is a limit as `docker run --memory` takes it; `mounts` are folders shown read-only at a path; `flags` go to `docker run` as
        they are. Raises NotUp with the cause where it does not come up.
        """
        name = self.run.name("web")
        placed = ("--network", self.session.network(), *NO_OUTSIDE_NAMES, *engine.publish(port))
        words = [*helpers.own(self.run, name), *LIMITS, *placed]
        if memory:
            words += ["--memory", memory, "--memory-swap", memory]
        if hostname:
            words += ["--hostname", hostname]
        environment = ({"REDIS_URL": self.redis().url} if with_redis else {}) | dict(env or {})
        for variable, value in environment.items():
            words += ["--env", f"{variable}={value}"]
        for source, target in (mounts or {}).items():
            words += ["--mount", f"type=bind,source={source},target={target},readonly"]
        self._mine.append(name)
        words += flags
        service = DockerService(self.run, name, port)
        if image is not None:
            self._launch(["run", "--detach", *words, image.id, *command], service)
        else:
            handin.require(self.folder, "app.py", self.lesson)
            self._launch_folder(words, command, service)
        service.find_port()
        if wait:
            service.wait_until_up(up_path)
        return service

    def _launch_folder(self, words: list[str], command: tuple[str, ...], service: DockerService) -> None:
        image = self.supplied()
        if not engine.is_remote():
            mount = f"type=bind,source={self.folder},target=/app,readonly"
            self._launch(["run", "--detach", "--mount", mount, *words, image, *command], service)
            return
        must(self.run.docker("create", *words, image, *command))
        must(self.run.docker("cp", "-", f"{service.name}:/app", data=handin.packed(self.folder)))
        self._launch(["start", service.name], service)

    def _launch(self, words: list[str], service: DockerService) -> None:
        done = self.run.docker(*words, timeout=60)
        if done.code is None:
            must(done)
        if not done.ok:
            if not OF_THE_COMMAND.search(done.err):
                must(done)
            said = done.err.partition("\nRun 'docker run --help'")[0].strip().splitlines()
            raise NotUp(
                service=service,
                start=Evidence(False, done.code, start_error=done.err),
                asked="docker run …",
                expected="a container that starts",
                actual=said[-1][:600],
            )

    def keep_only(self, service: Service) -> None:
        """Removes every container that it started but that of this service."""
        with self._lock:
            others = [name for name in self._mine if name != service.name]
            if others and service.name in self._mine:
                helpers.remove(self.run, *others)
                self._mine = [service.name]

    def release(self) -> None:
        """Gives its Redis back to the session."""
        self._give_back()

    def _give_back(self) -> None:
        if self._redis:
            self.session.give_back(self._redis)
        self._redis = None

    def close(self) -> None:
        """Removes the containers and images of this check; its Redis goes back to the session.

        May be called again, for what was started meanwhile.
        """
        if self._mine:
            helpers.remove(self.run, *self._mine)
        if self._images:
            self.run.docker("image", "rm", "--force", *self._images)
        self._give_back()
