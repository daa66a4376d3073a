"""What becomes of the finished service on a cluster when a primary is killed under load: errors, recovery, acknowledged writes that are lost.

Readers and writers ask the service through its published port without a pause. One of three primaries is killed, and its replica takes over.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from benchmarks import stack
from benchmarks.stack import Stack
from workshop.engine import engine
from workshop.engine.run import Run
from workshop.patience import until
from workshop.runtimes import http

NODES = [f"node{number}" for number in range(1, 7)]
BEFORE = 3.0  # seconds of load before the kill
RECOVERY_LIMIT = 15.0
LOOK = 0.05  # seconds between two looks at the cluster


@dataclass
class Failover:
    """What was seen. Times are seconds since the load began; `asked` are (begun, seconds, status, whether the lost shard had the key)."""

    victim: str = ""
    killed: float = 0.0
    promoted: float = 0.0
    asked: list[tuple[float, float, int | None, bool]] = field(default_factory=list)
    acknowledged: int = 0
    lost: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)

    def errors(self, of_lost_shard: bool) -> list[tuple[float, float, int | None, bool]]:
        """The requests that were not answered with 200 or 201."""
        return [one for one in self.asked if one[2] not in (200, 201) and one[3] is of_lost_shard]

    @property
    def recovery(self) -> float:
        """Seconds from the kill to the end of the last error."""
        ends = [begun + seconds for begun, seconds, status, _ in self.asked if status not in (200, 201)]
        return max(ends, default=self.killed) - self.killed

    @property
    def is_kept(self) -> bool:
        """Whether all errors were honest ones, 503 of the lost shard, and over in time."""
        statuses = {status for _, _, status, _ in self.errors(True)}
        return statuses <= {503} and not self.errors(False) and self.recovery < RECOVERY_LIMIT


class Load:
    """Clients that write and read without a pause, until `end`."""

    def __init__(self, port: int, clients: int) -> None:
        self._port, self._over, self._lock = port, threading.Event(), threading.Lock()
        self.began = time.monotonic()
        self.asked: list[tuple[float, float, int | None, str]] = []
        self.acknowledged: dict[str, str] = {}
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(clients)]
        for thread in self._threads:
            thread.start()

    def _ask(self, client: int) -> None:
        count = 0
        while not self._over.is_set():
            key, value = f"c{client}:{count}", f"v{count}"
            if self._one("POST", "/set", key, json={"key": key, "value": value}) == 201:
                with self._lock:
                    self.acknowledged[key] = value
                self._one("GET", f"/get?key={key}", key)
            count += 1

    def _one(self, method: str, path: str, key: str, **options: Any) -> int | None:
        begun = time.monotonic()
        answer = http.ask(method, engine.host(), self._port, path, limit=10, **options)
        with self._lock:
            self.asked.append((begun - self.began, answer.seconds, answer.status, key))
        return answer.status

    def end(self) -> None:
        """Ends all clients."""
        self._over.set()
        for thread in self._threads:
            thread.join()


def nodes(up: Stack, asked: str) -> dict[str, tuple[str, str, range]]:
    """What a node says of the cluster: address → (id, flags, its first range of slots)."""
    done = up.run.docker("exec", up.container(asked), "redis-cli", "CLUSTER", "NODES")
    found = {}
    for line in done.out.splitlines():
        words = line.split()
        first, _, last = words[8].partition("-") if len(words) > 8 else ("0", "", "-1")
        found[words[1].partition(":")[0]] = (words[0], words[2], range(int(first), int(last or first) + 1))
    return found


def address(up: Stack, service: str) -> str:
    """The address of a node in the stack's network."""
    done = engine.must(
        up.run.docker("inspect", "--format", "{{json .NetworkSettings.Networks}}", up.container(service))
    )
    return str(next(iter(json.loads(done.out).values()))["IPAddress"])


def kill_a_primary(seconds: float, clients: int) -> Failover:
    """Brings up the checkout's own stack with its profile `cluster`, and kills a primary under load."""
    from redis.crc import key_slot

    seen = Failover()
    with Run() as run, stack.up(run, "web-cluster") as up:
        addresses = {address(up, service): service for service in NODES}
        known = nodes(up, NODES[0])
        victim = next(one for one, (_, flags, _) in known.items() if "master" in flags)
        slots, seen.victim = known[victim][2], addresses[victim]
        witness = next(service for service in NODES if service != seen.victim)
        load = Load(up.port("web-cluster"), clients)

        def note(lane: str, what: str, at: float | None = None) -> None:
            now = time.monotonic() - load.began if at is None else at
            seen.events.append({"at": round(now, 2), "lane": lane, "what": what})

        try:
            note("clients", f"{clients} write and read")
            time.sleep(BEFORE)
            seen.killed = time.monotonic() - load.began
            engine.must(run.docker("kill", up.container(seen.victim)))
            note(seen.victim, f"primary of slots {slots[0]} to {slots[-1]}: killed", seen.killed)

            def promoted() -> str | None:
                found = nodes(up, witness)
                return next(
                    (
                        one
                        for one, (_, flags, own) in found.items()
                        if own == slots and one != victim and "master" in flags
                    ),
                    None,
                )

            if new := until(promoted, RECOVERY_LIMIT, LOOK):
                seen.promoted = time.monotonic() - load.began
                note(addresses[new], "promoted: has these slots now")
            time.sleep(max(0.0, seen.killed + seconds - (time.monotonic() - load.began)))
        finally:
            load.end()
        seen.asked = [
            (begun, took, status, key_slot(key.encode()) in slots) for begun, took, status, key in load.asked
        ]
        bad = [one for one in seen.asked if one[2] not in (200, 201)]
        if bad:
            note("clients", f"first error: {bad[0][2] or 'no answer'}", min(one[0] + one[1] for one in bad))
            note("clients", "last error", max(one[0] + one[1] for one in bad))
        engine.must(run.docker("start", up.container(seen.victim)))
        until(lambda: "slave" in nodes(up, witness).get(victim, ("", "", range(0)))[1], RECOVERY_LIMIT, 0.2)
        note(seen.victim, "started again: a replica now")
        seen.acknowledged = len(load.acknowledged)
        port = up.port("web-cluster")
        for key, value in load.acknowledged.items():
            answer = http.ask("GET", engine.host(), port, f"/get?key={key}")
            seen.lost += answer.json != {"key": key, "value": value}
        note("clients", f"{seen.acknowledged} writes acknowledged, {seen.lost} lost")
    seen.events.sort(key=lambda event: event["at"])
    return seen


def rows(seen: Failover) -> Iterator[str]:
    """The figures, as lines to read."""
    yield f" A primary, {seen.victim}, was killed {seen.killed:.1f} s after the load began: {'as promised' if seen.is_kept else 'NOT AS PROMISED'}"
    for label, is_lost in (("its shard", True), ("the others", False)):
        mine = [one for one in seen.asked if one[3] is is_lost]
        statuses = ", ".join(
            f"{status or 'none'}: {count}"
            for status, count in sorted(Counter(one[2] for one in mine).items(), key=str)
        )
        yield f"   {label:<11} {len(mine)} requests · longest {max((one[1] for one in mine), default=0):.2f} s · {statuses}"
    yield f"   promotion   {seen.promoted - seen.killed:.2f} s after the kill"
    yield f"   recovery    {seen.recovery:.2f} s from the kill to the last error"
    yield f"   writes      {seen.acknowledged} acknowledged, {seen.lost} of them lost"
