"""The notebook of a check that runs in a browser: one process, one thread, and the Redis of `wire.pocket` in it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from workshop.exercises import routes
from workshop.exercises.exercises import CALL_LIMIT, Counts
from workshop.exercises.here import DATABASE, Call, Here, HereNotebook
from workshop.outcomes import Unchecked
from workshop.wire.pocket import Pocket, Turn, Way
from workshop.wire.probe import RedisProbe

STRETCH = 4.0  # Python in a browser is that much slower
BEYOND = "This page cannot ask it: {what}. The live workshop can: `./workshop lab`, or `./workshop check {number}`."


class PocketHere(Here):
    """The Redis of this process, as the checks see it."""

    def __init__(self, pocket: Pocket) -> None:
        super().__init__("redis://127.0.0.1:6379/0")
        self.pocket = pocket
        self._way: Way | None = None

    @contextlib.contextmanager
    def before(self, function: Any) -> Iterator[None]:
        self._way, end = self.pocket.relay(DATABASE)
        try:
            at = urlsplit(self._way.url)
            with routes.to(at.hostname or "", at.port or 0, DATABASE, function, all_threads=True):
                yield
        finally:
            end()

    def relay(self) -> Way:
        assert self._way
        return self._way

    def beyond(self, number: int) -> Unchecked | None:
        """What to raise if something was asked for that cannot be done here; forgets it. `number` is the lesson's."""
        found = list(self.pocket.beyond)
        self.pocket.beyond.clear()
        return Unchecked(BEYOND.format(what="it takes " + ", ".join(found), number=number)) if found else None


class PocketProbe(RedisProbe):
    """The grader's own look at the Redis of this process."""

    def _is_in_between(self) -> bool:
        return bool(self._server.relay().is_acting)

    def cost(self, figure: str, action: Callable[[], object]) -> int:
        """By how much a figure of INFO's section `stats` grows while `action` runs. Here only that of the bytes sent is known."""
        pocket: Pocket = self._server.pocket
        if figure != "total_net_output_bytes":
            pocket.cannot(f"INFO's {figure}")
        before = pocket.sent
        action()
        return pocket.sent - before


class PocketNotebook(HereNotebook):
    """The functions of the notebook in this page."""

    _server: PocketHere
    _limit: float | None = None  # seconds for the call that is made now; None if it was started to go on by itself

    def call(self, name: str, *args: Any, limit: float = CALL_LIMIT, **options: Any) -> Any:
        self._limit = limit
        try:
            return super().call(name, *args, limit=limit, **options)
        finally:
            self._limit = None

    def _made(self, function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Call:
        return PocketCall(function, args, options, self._server, self._limit)

    @contextlib.contextmanager
    def counted(self) -> Iterator[Counts]:
        counts = Counts()
        with self._relay().watch() as seen:
            yield counts
        counts.take(seen)
        counts.commands.update(counts.names)

    def _stretch(self, begun: Any) -> float:
        return STRETCH


class PocketCall(Call):
    """One call, carried out at once. One that was started to go on by itself ends as Unchecked if it waits: nobody else can act meanwhile."""

    def _begin(self) -> None:
        """It begins when its limit is known."""

    def __init__(
        self, function: Any, args: tuple[Any, ...], options: dict[str, Any], server: PocketHere, limit: float | None
    ) -> None:
        super().__init__(function, args, options, server)
        turn = Turn((limit or CALL_LIMIT) * STRETCH, others=limit is None)
        with server.pocket.turns(turn), _looked_at(turn, function):
            self._ask()
        if turn.is_over:
            self._result = None
            if limit is None:
                server.pocket.cannot("a call that goes on by itself")
        if limit is None and server.pocket.beyond:
            raise Unchecked("It goes on by itself.")

    def answer(self, limit: float) -> dict[str, Any] | None:
        return self._result

    def stop(self) -> None:
        """It has ended."""


@contextlib.contextmanager
def _looked_at(turn: Turn, function: Any) -> Iterator[None]:
    """Within the block, each line of the notebook's code looks at the clock: what loops for ever is ended."""
    notebook = getattr(function, "__globals__", None)

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        turn.left()
        return line

    def called(frame: FrameType, event: str, argument: Any) -> Any:
        return line if frame.f_globals is notebook else None

    before = sys.gettrace()
    sys.settrace(called)
    try:
        yield
    finally:
        sys.settrace(before)
