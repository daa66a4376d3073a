"""Clients that set and get through a service, all the while something is done to its Redis."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

from workshop.patience import until
from workshop.runtimes.contract import Service
from workshop.runtimes.http import Answer

PAUSE = 0.02  # seconds between two writes of a client


class Noting(Protocol):
    """Who takes the events of a drill."""

    def note(self, lane: str, what: str) -> None: ...


@dataclass(frozen=True)
class Sent:
    """A pair that a client had set, and got right after if it was acknowledged. `sure` says that it asked for a replica's word."""

    pair: dict[str, str]
    sure: bool
    answer: Answer
    read: Answer | None

    @property
    def is_acknowledged(self) -> bool:
        """Whether the service said that it has it."""
        return self.answer.status == 201


class Writers:
    """A client for each lane, at work within the block. Each pair has a key and a value of its own; every second write is sure.

    When a client's plain writes are refused, and when they are taken again, is noted.
    """

    def __init__(
        self, service: Service, keys: Mapping[str, Callable[[int], str]], drill: Noting, limit: float
    ) -> None:
        """`keys` has for each lane what makes the key of its nth write; `limit` is how many seconds an answer may take."""
        self._service, self._keys, self._drill, self._limit = service, keys, drill, limit
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=item, daemon=True) for item in keys.items()]
        self.sent: list[Sent] = []

    def wait_for_more(self, count: int) -> None:
        """Returns once `count` more writes are through, or after the time that they may take."""
        before = len(self.sent)
        until(lambda: len(self.sent) >= before + count, self._limit)

    def acknowledged(self, sure: bool | None = None) -> list[Sent]:
        """What was acknowledged so far, of the sure writes, of the others, or of all."""
        return [one for one in list(self.sent) if one.is_acknowledged and sure in (None, one.sure)]

    def lost(self, values: Callable[[Iterable[str]], Mapping[str, str | None]], sure: bool | None = None) -> list[str]:
        """The keys of what was acknowledged and is not there; `values` looks keys up."""
        mine = [one.pair for one in self.acknowledged(sure)]
        kept = values(pair["key"] for pair in mine)
        return [pair["key"] for pair in mine if kept.get(pair["key"]) != pair["value"]]

    def sum_up(self, values: Callable[[Iterable[str]], Mapping[str, str | None]]) -> dict[str, list[str]]:
        """Notes the slowest answer, and how many writes of each kind were acknowledged and lost. Returns the keys lost, by `sure` and `plain`."""
        slowest = max(one.answer.seconds for one in self.sent)
        self._drill.note("client", f"the slowest of {len(self.sent)} writes was answered after {slowest:.1f} s")
        lost = {}
        for kind, sure in (("sure", True), ("plain", False)):
            lost[kind] = self.lost(values, sure)
            count = len(self.acknowledged(sure))
            self._drill.note("cluster", f"{count} {kind} writes acknowledged, {len(lost[kind])} lost")
        return lost

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _work(self, lane: str, key: Callable[[int], str]) -> None:
        was_served = True
        for number in itertools.count(1):
            if self._over.wait(PAUSE):
                return
            one = self._write({"key": key(number), "value": f"{lane} {number}"}, sure=number % 2 == 0)
            if not one.sure and one.is_acknowledged is not was_served:
                was_served = one.is_acknowledged
                self._drill.note(
                    lane, "is served again" if was_served else f"is refused: {one.answer.status or one.answer.problem}"
                )
            self.sent.append(one)

    def _write(self, pair: dict[str, str], sure: bool) -> Sent:
        asked: dict[str, Any] = pair | ({"sure": True} if sure else {})
        answer = self._service.post("/set", json=asked, limit=self._limit)
        read = self._service.get("/get", key=pair["key"], limit=self._limit) if answer.status == 201 else None
        return Sent(pair, sure, answer, read)
