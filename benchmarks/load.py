"""How many requests the finished service answers in a second, and how fast: beside the same views on other servers, and beside its Redis alone.

All are asked through a published port of 127.0.0.1, by wrk, on one Redis, with the same data, in turn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

from benchmarks import stack
from benchmarks.stack import Stack
from workshop.engine import builds, engine, helpers
from workshop.engine.run import Run
from workshop.patience import until
from workshop.runtimes import http

CLIENTS = 32  # connections that ask at the same time
SHIPPED = "as shipped: granian, 2 workers × 16"
ENOUGH = 0.9  # of the best
WRK = "FROM python:3.13-slim\nRUN apt-get update && apt-get install --yes --no-install-recommends wrk\n"
OTHERS = "FROM {image}\nUSER root\nRUN pip install --no-cache-dir gunicorn\nUSER app\n"
GUNICORN = ("gunicorn", "--bind", "0.0.0.0:5000", "--no-control-socket")
APP = "app:create_app()"
GRANIAN = ("granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "5000", "--factory", "app:create_app")
SERVERS: dict[str, tuple[str, ...]] = {
    "gunicorn, 4 sync workers": (*GUNICORN, "--workers", "4", APP),
    "gunicorn, 1 gthread worker × 16": (*GUNICORN, "--worker-class", "gthread", "--threads", "16", APP),
    "gunicorn, 2 gthread workers × 16": (
        *GUNICORN,
        "--worker-class",
        "gthread",
        "--workers",
        "2",
        "--threads",
        "16",
        APP,
    ),
    "gunicorn, 2 gthread workers × 4": (
        *GUNICORN,
        "--worker-class",
        "gthread",
        "--workers",
        "2",
        "--threads",
        "4",
        APP,
    ),
    "granian, 1 worker × 16": (*GRANIAN, "--workers", "1", "--blocking-threads", "16"),
    "granian, 2 workers × 4": (*GRANIAN, "--workers", "2", "--blocking-threads", "4"),
    "Flask's own": ("flask", "--app", APP, "run", "--host", "0.0.0.0", "--port", "5000"),
}
WORDS = 300
USER, PEERS = "ada", 20
PATHS = {"GET /get": "/get?key=bench", "GET /complete": "/complete?q=ca", "GET /inbox": f"/inbox/{USER}"}


@dataclass(frozen=True)
class Figures:
    """What one address came to: requests a second, milliseconds within which half and 99 of 100 were answered, requests that failed."""

    rate: float
    p50: float
    p99: float
    failed: int = 0


@dataclass
class Table:
    """The figures of all servers: name → path → one for each round; and those of Redis alone."""

    servers: dict[str, dict[str, list[Figures]]] = field(default_factory=dict)
    redis: dict[str, Figures] = field(default_factory=dict)

    def rate(self, server: str, path: str) -> float:
        """The median of the rounds."""
        return median(one.rate for one in self.servers[server][path])

    def share(self, path: str) -> float:
        """What the service as shipped has of the best one's rate."""
        return self.rate(SHIPPED, path) / max(self.rate(server, path) for server in self.servers)

    @property
    def is_enough(self) -> bool:
        """Whether the service as shipped comes near the best, and nobody was refused."""
        failed = sum(one.failed for ones in self.servers[SHIPPED].values() for one in ones)
        return failed == 0 and all(self.share(path) >= ENOUGH for path in PATHS)


def wrk(run: Run, image: str, port: int, path: str, seconds: float) -> Figures:
    """What wrk finds at a published port of this machine."""
    url = f"http://{engine.host()}:{port}{path}"
    words = ("wrk", "--threads", "2", "--connections", f"{CLIENTS}", "--duration", f"{seconds:g}s", "--latency", url)
    flags = ("--rm", *helpers.own(run), "--network", "host")
    return figures(engine.must(run.docker("run", *flags, image, *words, timeout=seconds + 30)).out)


def figures(said: str) -> Figures:
    """What wrk printed."""
    scale = {"us": 1e-3, "ms": 1.0, "s": 1e3}
    spans = {
        share: float(value) * scale[unit] for share, value, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)\b", said)
    }
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    lost = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    count = int(failed[1]) if failed else 0
    count += sum(map(int, lost.groups())) if lost else 0
    return Figures(float(rate[1]) if rate else 0.0, spans.get("50", 0.0), spans.get("99", 0.0), count)


def fill(port: int) -> None:
    """A pair, some hundred words and an inbox, by the service itself."""

    def post(path: str, body: object) -> None:
        answer = http.ask("POST", engine.host(), port, path, json=body)
        if answer.status != 201:
            raise RuntimeError(f"POST {path}: {answer}")

    post("/set", {"key": "bench", "value": "x" * 100})
    for number in range(WORDS):
        post("/words", {"word": f"ca{number:03}", "weight": number + 1})
    for number in range(PEERS):
        post("/messages", {"from": f"peer{number}", "to": USER, "text": "x" * 60, "at": 1_700_000_000 + number})


def of_redis(run: Run, up: Stack) -> dict[str, Figures]:
    """What redis-benchmark finds at the same Redis, in its own container: the commands behind the three addresses."""
    commands = {"GET": ("GET", "bench"), "ZRANGE": ("ZRANGE", "complete:{c}:ca", "0", "9", "WITHSCORES")}
    found = {}
    for name, words in commands.items():
        bench = ("exec", up.container("redis"), "redis-benchmark", "-c", f"{CLIENTS}", "-n", "100000", "--csv", *words)
        row = engine.must(run.docker(*bench, timeout=60)).out.strip().splitlines()[-1]
        cells = [cell.strip('"') for cell in re.findall(r'"[^"]*"', row)]
        rate, _, _, p50, _, p99 = (float(cell) for cell in cells[1:7])
        found[name] = Figures(rate, p50, p99)
    return found


@contextmanager
def served(run: Run, up: Stack, image: str, command: tuple[str, ...]) -> Iterator[int]:
    """The same views on another server, on the same network: its host port."""
    name = run.name("server")
    flags = (*helpers.own(run, name), "--network", f"{up.project}_default", *engine.publish(5000))
    env = ("--env", "REDIS_URL=redis://redis:6379/0", "--env", "PROMETHEUS_MULTIPROC_DIR=/dev/shm", "--init")
    engine.must(run.docker("run", "--detach", *flags, *env, image, *command))
    try:
        port = helpers.published(run, name, 5000)
        if not until(lambda: http.ask("GET", engine.host(), port, "/readyz", limit=2).status == 200, 20, 0.1):
            raise RuntimeError(f"{' '.join(command)} does not answer:\n{run.docker('logs', name).err[-2000:]}")
        yield port
    finally:
        helpers.remove(run, name)


def measure(seconds: float, rounds: int) -> Table:
    """All servers in turn, so many rounds of so many seconds for each address."""
    table = Table()
    with Run() as run, stack.up(run, "web") as up:
        asks = builds.build(run, run.scratch("wrk"), inline=WRK)
        others = builds.build(run, run.scratch("others"), inline=OTHERS.format(image=f"{up.project}-web"))
        fill(up.port("web"))
        for _ in range(rounds):
            take(table, SHIPPED, run, asks.id, up.port("web"), seconds)
            for name, command in SERVERS.items():
                with served(run, up, others.id, command) as port:
                    take(table, name, run, asks.id, port, seconds)
        table.redis = of_redis(run, up)
    return table


def take(table: Table, name: str, run: Run, image: str, port: int, seconds: float) -> None:
    """One round of one server; the first second is not counted."""
    wrk(run, image, port, PATHS["GET /get"], 1)
    for label, path in PATHS.items():
        table.servers.setdefault(name, {}).setdefault(label, []).append(wrk(run, image, port, path, seconds))


def rows(table: Table) -> Iterator[str]:
    """The table as lines of Markdown: requests a second · p50 · p99 in milliseconds."""
    yield f"| server | {' | '.join(PATHS)} |"
    yield f"|---|{'---|' * len(PATHS)}"
    for name, paths in sorted(table.servers.items(), key=lambda item: -table.rate(item[0], "GET /get")):
        cells = [_cell(paths[label]) for label in PATHS]
        yield f"| {name} | {' | '.join(cells)} |"
    shares = " · ".join(f"{label} {table.share(label):.2f}" for label in PATHS)
    yield f"As shipped, of the best: {shares}"
    for name, one in table.redis.items():
        yield f"redis-benchmark {name}: {one.rate:,.0f} a second · p50 {one.p50:.2f} ms · p99 {one.p99:.2f} ms"


def _cell(ones: list[Figures]) -> str:
    rate, p50, p99 = (median(getattr(one, name) for one in ones) for name in ("rate", "p50", "p99"))
    failed = sum(one.failed for one in ones)
    return f"{rate:,.0f} · {p50:.1f} · {p99:.1f}" + (f" · {failed} failed" if failed else "")
