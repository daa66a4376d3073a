"""The work queue of a shop, on a stream: its orders, its workers, and what came of both."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from workshop.outcomes import Mismatch
from workshop.patience import until
from workshop.probes.backends import Backend
from workshop.probes.keyspace import keys_with
from workshop.probes.lasting import still_runs
from workshop.runtimes.contract import Service
from workshop.wire.probe import RedisProbe

SOON = 20.0  # seconds in which a worker does what it can do at once: a busy machine is nobody's mistake
EARLY = 3.0  # seconds that a worker may take until it waits for orders
LOOK = 1.0  # seconds after which a worker is looked at again: that takes the engine a while
Order = dict[Any, Any]


class Queue:
    """The stream `shop:orders` of a Redis, read by the group `workers`; what is done is counted in the hash `shop:sold`.

    `start` starts a worker with some variables, `packs` is asked by it to pack each order, `some` makes orders, and `note` is told what
    happens. A check that hires workers has a queue elsewhere, so that none takes another's orders.
    """

    orders, failed, group, counts = "shop:orders", "shop:orders:failed", "workers", "shop:sold"

    def __init__(
        self,
        redis: RedisProbe,
        start: Callable[[dict[str, str]], Service],
        packs: Backend,
        some: Any,
        note: Callable[[str, str], None] = lambda lane, what: None,
    ) -> None:
        self.redis, self.packs, self._start, self._some, self.note = redis, packs, start, some, note
        self.workers: list[Service] = []

    def elsewhere(self, database: int, some: Any, note: Callable[[str, str], None] = lambda lane, what: None) -> Queue:
        """Another one like it, in another database of the same Redis."""
        return Queue(self.redis.database(database), self._start, self.packs, some, note)

    def early(self, database: int, some: Any) -> Queue:
        """Another one, whose first worker is there before any order. Returns once that has made the stream, or has had the time to."""
        queue = self.elsewhere(database, some)
        queue.hire()
        until(lambda: queue.redis.exists(queue.orders), EARLY)
        return queue

    def order(self, by: Service | None = None, after: Order | None = None, **plan: int) -> tuple[Order, str]:
        """A new order in the stream, put there by a service if there is one, and the call by which it is packed, for which there may be a plan.

        One `after` another is for the same item, and for more of it.
        """
        order: Order = {"id": self._some.word(12), "item": self._some.word(), "count": self._some.number(2, 9)}
        if after:
            order |= {"item": after["item"], "count": order["count"] + after["count"]}
        call = f"POST /packed/{order['id']}"
        if plan:
            self.packs.plan(call, **plan)
        if by:
            by.post("/orders", json=order).expect(202, json=dict)
        else:
            self.redis.xadd(self.orders, order)
        return order, call

    def hire(self, url: str | None = None) -> Service:
        """A worker, one more, which finds Redis at this address."""
        self.workers.append(self._start({"REDIS_URL": url or self.redis.url}))
        self.note(f"worker {len(self.workers)}", "started")
        return self.workers[-1]

    def signal(self, worker: Service, name: str) -> None:
        """Sends a worker a signal, as `kill -NAME` does."""
        worker.signal(name)
        self.note(f"worker {self.workers.index(worker) + 1}", f"has SIG{name}")

    def remembers(self, order: Order) -> float:
        """The seconds for which Redis has a key with an order's id in its name or in its contents; without end if there is none that ends."""
        keys = [key for key in keys_with(self.redis, order["id"]) if key != self.orders]
        ends = [self.redis.ttl(key) for key in keys]
        return max(ends) if ends and -1 not in ends else math.inf

    def entries(self, stream: str) -> list[Order]:
        """The orders in a stream: id, item and count of each entry, or all of its fields if one of these is missing."""
        found: Any = self.redis.xrange(stream)
        return [_as_order(fields) for _, fields in found]

    def at_work(self, url: str | None = None) -> tuple[Order, str, Service]:
        """An order, its call, and the first worker in the middle of it: it waits for the backend until that is told otherwise."""
        order, call = self.order(hold=1)
        worker = self.workers[0] if self.workers else self.hire(url)
        if not self.packs.holds(call):
            still_runs(worker)
            raise Mismatch(expected=f"a worker that asks for {call}", actual=self.packs.asked(call))
        self.note(f"worker {len(self.workers)}", "is at work on an order")
        return order, call, worker

    def staff(self, count: int) -> None:
        """Hires workers until there are as many as this, and waits for all."""
        while len(self.workers) < count:
            self.hire()
        self.wait_for_all()

    def wait_for_all(self) -> None:
        """Returns once each worker has taken one more order: then it is through with the one before. Raises NotUp if one has ended."""
        calls = [self.order(hold=1)[1] for _ in self.workers]
        end = time.monotonic() + SOON
        while not until(lambda: all(map(self.packs.times, calls)), LOOK) and time.monotonic() < end:
            for worker in self.workers:
                still_runs(worker)
        for call in calls:
            self.packs.plan(call)

    def tried(self, call: str, most: int, patience: float) -> None:
        """Returns once an order that fails is set aside, was tried so often, or was not tried again for so many seconds."""
        for number in range(1, most + 1):
            until(lambda: len(self.packs.times(call)) >= number or self.redis.exists(self.failed), patience)  # noqa: B023
            if len(self.packs.times(call)) < number:
                return
            self.note("warehouse", f"{self.packs.asked(call)} to pack the order that fails")

    def sold(self, order: Order, most: float = SOON) -> int:
        """How many of the order's item are counted, once some are. Hires a worker if there is none; raises NotUp if the last one ends."""

        def count() -> int:
            return int(self.redis.hget(self.counts, order["item"]) or 0)

        if not self.workers:
            self.hire()
        end = time.monotonic() + most
        while not until(count, min(LOOK, most)) and time.monotonic() < end:
            for worker in self.workers[-1:]:
                still_runs(worker)
        self.note("redis", f"{count()} of {order['count']} counted")
        return count()

    def left(self) -> dict[str, int | None]:
        """What is in the stream still, and what is pending: taken by a worker and not acknowledged. None if there is no such group."""
        import redis

        length: Any = self.redis.xlen(self.orders)
        try:
            pending: Any = self.redis.xpending(self.orders, self.group)
        except redis.ResponseError:
            pending = {"pending": None}
        return {"in the stream": length, "pending": pending["pending"]}


def _as_order(fields: dict[str, str]) -> Order:
    if not {"id", "item", "count"} <= fields.keys():
        return fields
    count = fields["count"]
    return {"id": fields["id"], "item": fields["item"], "count": int(count) if count.isdecimal() else count}
