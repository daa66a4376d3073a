"""Waiting for what is not so yet, asked again and again with a limit; for what was begun early; and how slow the machine is just now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Generic, TypeVar

T = TypeVar("T")


def until(ask: Callable[[], T], limit: float, pause: float = 0.05, enough: Callable[[T], object] = bool) -> T:
    """Calls `ask` until its answer is `enough` (truthy, unless told), for `limit` seconds. Returns that answer, or else the last one.

    It is asked at least once, `pause` seconds lie between two calls, and what `ask` raises ends the wait. So a condition
    that never came true shows as the falsy answer that it gave last:

        if not until(lambda: redis.exists(key), limit=2.0): …
        log = until(service.log, limit=2.0, enough=lambda text: "ready" in text)
    """
    end = time.monotonic() + limit
    while not enough(answer := ask()) and time.monotonic() < end:
        time.sleep(pause)
    return answer


def settled(ask: Callable[[], T], limit: float, pause: float = 0.05) -> T:
    """Calls `ask` until two answers in a row are equal and truthy, for `limit` seconds. Returns the last answer: what grows no more."""
    last: list[T] = []

    def look() -> T:
        last[:] = [*last[-1:], ask()]
        return last[-1]

    return until(look, limit, pause, enough=lambda answer: len(last) == 2 and answer and answer == last[0])


def slowness(sample: float = 0.1) -> float:
    """How many times as long as alone a computation takes on this machine now: 1.0 on one at rest.

    `sample` is the seconds of processor time that are spent on finding out.
    """
    began, spent = time.monotonic(), time.thread_time()
    while time.thread_time() - spent < sample:
        pass
    return max(1.0, (time.monotonic() - began) / sample)


MOST_PATIENCE = 4.0  # times the limit on a machine at rest


class Limit:
    """So many seconds of a machine at rest, from now on. Once they are past, a machine that is slow just then gives more: as many times, at most MOST_PATIENCE."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self._is_stretched = seconds, False
        self._began = time.monotonic()

    def is_past(self, more: float = 0.0) -> bool:
        """Whether it is past; `more` are seconds that come on top."""
        if time.monotonic() <= self._began + self.seconds + more:
            return False
        if not self._is_stretched:
            self.seconds, self._is_stretched = self.seconds * min(slowness(), MOST_PATIENCE), True
        return time.monotonic() > self._began + self.seconds + more


class Ahead(Generic[T]):
    """Something that is made in the background, begun before it is asked for.

    relay = Ahead(start_relay, tidy=Relay.end)
    …
    relay.get()     what was made; what went wrong while it was made is raised here
    relay.drop()    at the end: tidies up what was made and nobody asked for
    """

    def __init__(self, make: Callable[[], T], tidy: Callable[[T], object] | None = None) -> None:
        """Begins at once. `tidy` is given what `make` returned, in `drop`, if `get` never returned it."""
        self._made: Future[T] = Future()
        self._tidy, self._was_asked_for = tidy, False
        # A daemon: an interrupted process ends without waiting for what it had begun. The pools of concurrent.futures do wait.
        threading.Thread(target=self._run, args=(make,), daemon=True).start()

    def _run(self, make: Callable[[], T]) -> None:
        try:
            self._made.set_result(make())
        except BaseException as error:
            self._made.set_exception(error)

    def wait(self, limit: float | None = None) -> bool:
        """Whether it has ended, well or not, within `limit` seconds (None: however long it takes; 0: now)."""
        return bool(wait([self._made], limit).done)

    def get(self, limit: float | None = None) -> T:
        """What was made. Raises what `make` raised, or TimeoutError if it is not ready within `limit` seconds."""
        made = self._made.result(limit)
        self._was_asked_for = True
        return made

    def drop(self) -> None:
        """Waits for the end and tidies up what nobody asked for. Raises nothing of what `make` raised."""
        if self._made.exception() is None and self._tidy and not self._was_asked_for:
            self._was_asked_for = True
            self._tidy(self._made.result())
