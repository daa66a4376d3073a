"""How the finished service in `app/` lives through an outage of its Redis, on the engine, served as it is shipped.

Clients ask it without a pause while Redis' name vanishes (the container is stopped) and while Redis hangs (it is paused).
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from workshop.course.places import ROOT
from workshop.engine import builds, engine, helpers
from workshop.engine.limits import NETWORK_OPTIONS
from workshop.engine.run import Run
from workshop.patience import until
from workshop.runtimes import http
from workshop.runtimes.contract import PORT
from workshop.runtimes.docker import DockerRedis

SHIPPED = ("Dockerfile", ".dockerignore", "app")
LIMIT = 20.0  # seconds that a client waits for an answer
UP_LIMIT = 60.0  # seconds from the start to healthy and ready
BEFORE = 1.0  # seconds with Redis there, so that all connections are open
RECOVERY = 10.0
LOOK = 0.1  # seconds between two looks at /healthz, as whoever watches over the service takes them
ANSWER_LIMIT = 2.0  # seconds that are promised for an answer during an outage
HEALTH_LIMIT = 1.0  # and for /healthz while Redis hangs


@dataclass
class Times:
    """The answers that came from one address, or to one kind of client, during an outage: seconds and status of each."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int | None] = field(default_factory=Counter)

    def add(self, answer: http.Answer) -> None:
        """One answer more."""
        self.seconds.append(answer.seconds)
        self.statuses[answer.status] += 1

    @property
    def most(self) -> float:
        """The longest."""
        return max(self.seconds, default=0.0)

    @property
    def p99(self) -> float:
        """99 of 100 took no longer."""
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)] if self.seconds else 0.0


@dataclass
class Outage:
    """What was measured during one outage."""

    what: str
    clients: int
    health_limit: float
    answers: Times = field(default_factory=Times)
    health: Times = field(default_factory=Times)
    ready: Times = field(default_factory=Times)
    recovery: float = 0.0  # seconds from Redis' own first answer to the service's
    told: list[str] = field(default_factory=list)  # lines of the log that tell of it

    @property
    def is_kept(self) -> bool:
        """Whether the numbers that are promised hold, and every answer told what it had to."""
        told = set(self.answers.statuses) == {503} and set(self.health.statuses) == {200}
        in_time = self.answers.most <= ANSWER_LIMIT and self.health.most <= self.health_limit
        return told and in_time and self.recovery < RECOVERY


@contextmanager
def shipped(run: Run, network: str) -> Iterator[tuple[str, int]]:
    """The service, built from its own Dockerfile and up: its container's name, and its port."""
    with tempfile.TemporaryDirectory(prefix="workshop-bench-") as scratch:
        context = Path(scratch, "service")
        context.mkdir()
        for name in SHIPPED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, context / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(ROOT / name, context / name)
        image = builds.build(run, context)
    name = run.name("service")
    flags = (*helpers.own(run, name), "--network", network, *engine.publish(PORT))
    engine.must(run.docker("run", "--detach", *flags, "--env", f"REDIS_URL={DockerRedis.url}", image.id))
    port = helpers.published(run, name, PORT)
    try:
        if not until(lambda: is_well(run, name, port), UP_LIMIT, 0.1):
            raise TimeoutError(run.docker("logs", name).err[-2000:])
        yield name, port
    finally:
        helpers.remove(run, name)
        run.docker("rmi", "--force", image.id)


def is_well(run: Run, name: str, port: int) -> bool:
    """Whether the service is ready, and its image's own health test says that it is healthy."""
    health = run.docker("inspect", "--format", "{{.State.Health.Status}}", name).out.strip()
    return health == "healthy" and http.ask("GET", engine.host(), port, "/readyz").status == 200


def asking(port: int, path: str, times: Times, ended: threading.Event, pause: float = 0.0) -> threading.Thread:
    """A client that asks again and again until `ended`."""

    def ask() -> None:
        while not ended.is_set():
            times.add(http.ask("GET", engine.host(), port, path, limit=LIMIT))
            ended.wait(pause)

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def measure(seen: Outage, seconds: float, port: int, server: DockerRedis, away: AbstractContextManager[None]) -> None:
    """One outage of so many seconds, written into `seen`."""
    ended, warm, before = threading.Event(), threading.Event(), Times()
    running = [asking(port, "/", before, warm) for _ in range(seen.clients)]
    time.sleep(BEFORE)
    warm.set()
    for thread in running:
        thread.join()
    with away:
        running = [
            asking(port, ("/", "/get?key=x")[number % 2], seen.answers, ended) for number in range(seen.clients)
        ]
        running += [
            asking(port, "/healthz", seen.health, ended, LOOK),
            asking(port, "/readyz", seen.ready, ended, LOOK),
        ]
        time.sleep(seconds)
        ended.set()
        for thread in running:
            thread.join()
    until(lambda: answers(server), RECOVERY, 0.02)
    back = time.monotonic()
    until(lambda: http.ask("GET", engine.host(), port, "/", limit=LIMIT).status == 200, RECOVERY, 0.02)
    seen.recovery = time.monotonic() - back


def answers(server: DockerRedis) -> bool:
    """Whether Redis itself answers."""
    import redis

    with redis.Redis(server.host, server.port, socket_timeout=1, socket_connect_timeout=1) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


def outages(seconds: float, few: int, many: int) -> list[Outage]:
    """Redis' name vanishes under a few clients; Redis hangs under many."""
    with Run() as run:
        network = run.name("net")
        engine.must(run.docker("network", "create", "--label", run.label, *NETWORK_OPTIONS, network))
        server = DockerRedis(run, network)
        gone = Outage("Redis' name is gone", few, ANSWER_LIMIT), server.stopped
        hangs = Outage("Redis hangs", many, HEALTH_LIMIT), server.paused
        with shipped(run, network) as (name, port):
            for seen, away in (gone, hangs):
                old = len(log(run, name))
                measure(seen, seconds, port, server, away())
                seen.told = [line for line in log(run, name)[old:] if "Redis is " in line]
        return [gone[0], hangs[0]]


def log(run: Run, name: str) -> list[str]:
    """The lines that the service has written on standard error, where it does not write each request."""
    return run.docker("logs", name).err.splitlines()


def rows(found: list[Outage]) -> Iterator[str]:
    """The figures, as lines to read."""
    for one in found:
        yield f" {one.what}, {one.clients} clients: {'as promised' if one.is_kept else 'NOT AS PROMISED'}"
        for label, times in (("answers", one.answers), ("/healthz", one.health), ("/readyz", one.ready)):
            counts = sorted(times.statuses.items(), key=str)
            statuses = ", ".join(f"{status or 'none'}: {count}" for status, count in counts)
            yield f"   {label:<9} max {times.most:.2f} s · p99 {times.p99:.2f} s · {statuses}"
        yield f"   recovery  {one.recovery:.2f} s after Redis"
        yield f"   log       {len(one.told)} lines, of 2 workers"
        yield from (f"             {line[line.find('Redis is') :][:100]}" for line in one.told)
