"""The notebook of a check that runs inside the notebook itself: the function is called in this process, on the student's own Redis.

The checks use the last of Redis' 16 databases (number 15) and empty it first; what the student keeps in the others stays. Each check has a relay
of its own: what it started is cut off from Redis when it ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import inspect
import linecache
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from workshop.exercises import routes
from workshop.exercises.exercises import Counts, Exercises, not_written
from workshop.guests.notebook import calling
from workshop.guests.notebook.outline import outline
from workshop.outcomes import NotUp
from workshop.patience import Ahead
from workshop.raised import FOREIGN
from workshop.wire.rivals import Relay, in_thread
from workshop.wire.trail import Trail

DATABASE = 15
SCRIPTS = {"eval", "evalsha", "eval_ro", "evalsha_ro", "fcall", "fcall_ro"}
MANY = 1500
STOP_LIMIT = 0.3  # seconds in which a call that is told to stop does so, unless it waits for something else than Redis


class Here:
    """The student's own Redis, found at `url`, as the checks see it: database 15, and a relay before it while a check runs."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._before = os.environ.get("REDIS_URL")
        self.host, self.port = self._parts.hostname or "127.0.0.1", self._parts.port or 6379
        self.options: dict[str, Any] = {
            "db": DATABASE,
            "username": self._parts.username,
            "password": self._parts.password,
        }
        self._relay: Relay | None = None
        self._end: Callable[[], None] = lambda: None

    @contextlib.contextmanager
    def before(self, function: Any) -> Iterator[None]:
        """Within the block, a relay stands before Redis, and the clients that `function` can name ask there."""
        self._relay, self._end = in_thread((self.host, self.port), DATABASE)
        try:
            at = urlsplit(self._relay.url)
            with routes.to(at.hostname or "", at.port or 0, DATABASE, function):
                yield
        finally:
            self._end()

    @property
    def url(self) -> str:
        """How the function finds Redis."""
        credentials, place = self._parts.netloc.rpartition("@")[0], urlsplit(self.relay().url).netloc
        place = f"{credentials}@{place}" if credentials else place
        return urlunsplit((self._parts.scheme, place, f"/{DATABASE}", "", ""))

    def client(self) -> Any:
        """A client of the grader's own."""
        import redis

        return redis.Redis(
            self.host,
            self.port,
            decode_responses=True,
            encoding_errors="backslashreplace",
            socket_timeout=3,
            socket_connect_timeout=2,
            **self.options,
        )

    def relay(self) -> Relay:
        """The relay of this check."""
        assert self._relay
        return self._relay

    def close(self) -> None:
        """Lets REDIS_URL say again what it said before."""
        os.environ.pop("REDIS_URL", None)
        if self._before is not None:
            os.environ["REDIS_URL"] = self._before


class HereNotebook(Exercises):
    """The functions of the notebook that runs in this process: `function`, which is checked, and what stands beside it."""

    def __init__(self, function: Any, server: Here, note: Callable[[str], None], calls: Trail) -> None:
        super().__init__(note, calls)
        self._function, self._server = function, server
        self._begun: list[Call] = []

    def _begin(self, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> Call:
        function = self._named(name)
        if function is None:
            hint = f"This check needs `{name}` too. Run the cell that defines it first."
            raise NotUp(
                hint, mistake="function_not_run_yet", expected=f"def {name}(r, …)", actual="no such function yet"
            )
        if calling.is_empty(function):
            raise not_written(name)
        self._begun.append(self._made(function, args, options))
        return self._begun[-1]

    def _made(self, function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Call:
        return Call(function, args, options, self._server)

    def _named(self, name: str) -> Any:
        beside = getattr(self._function, "__globals__", {})
        return self._function if name == getattr(self._function, "__name__", None) else beside.get(name)

    def _finish(self, begun: Call, limit: float) -> dict[str, Any] | None:
        return begun.answer(limit)

    def _stop(self, begun: Call) -> None:
        begun.stop()

    def _patience_of(self, begun: Call) -> float | None:
        return min(begun.time_outs, default=None)

    def outline(self, name: str) -> dict[str, Any] | None:
        beside = [*getattr(self._function, "__globals__", {}).values(), self._named(name)]
        files = {thing.__code__.co_filename: None for thing in beside if inspect.isfunction(thing)}
        sources = ["".join(linecache.getlines(file)) for file in files if not FOREIGN.search(file)]
        return outline(sources, name)

    @contextlib.contextmanager
    def counted(self) -> Iterator[Counts]:
        with super().counted() as counts:
            yield counts
        # Redis counts what anybody sends, and the student may have other programs; the relay keeps a part if it is very much
        if not SCRIPTS & set(counts.names) and len(counts.names) < MANY:
            counts.commands.clear()
            counts.commands.update(counts.names)

    @contextlib.contextmanager
    def checked(self) -> Iterator[None]:
        """The block in which a check runs. What the check has started and left ends with it, or is cut off from Redis."""
        with self._server.before(self._function), calling.time_outs(self._noted):
            try:
                yield
            finally:
                for call in self._begun:
                    call.stop()

    def _noted(self, seconds: float) -> None:
        for call in self._begun:
            if call.thread == threading.get_ident():
                call.time_outs.append(seconds)

    def _relay(self) -> Relay:
        return self._server.relay()

    def _client(self) -> Any:
        return self._server.client()


class Call:
    """One call in this process, in a thread of its own: the notebook's own thread has an event loop that runs."""

    def __init__(self, function: Any, args: tuple[Any, ...], options: dict[str, Any], server: Here) -> None:
        self._function, self._message = function, {"args": args, "kwargs": options}
        self._client: Any = calling.connect(calling.client_for_a_call(server.url))
        self._result: dict[str, Any] | None = None
        self.thread: int | None = None
        self.time_outs: list[float] = []
        self._begin()

    def _begin(self) -> None:
        self._run = Ahead(self._ask)

    def answer(self, limit: float) -> dict[str, Any] | None:
        """The answer within `limit` seconds, or None."""
        self._run.wait(limit)
        return self._result

    def _ask(self) -> None:
        self.thread = threading.get_ident()
        try:
            self._result = calling.answer_of(self._told, self._function, self._client, self._message)
        except calling.OutOfTime:
            pass  # it came when the answer was there
        finally:
            self._client.close()

    def _told(self, error: BaseException) -> dict[str, Any]:
        return told(error, getattr(self._function, "__globals__", None))

    def stop(self) -> None:
        """Ends it: raises OutOfTime where it runs, and closes its connection. One that sleeps ends when it wakes up."""
        thread, out_of_time = ctypes.c_ulong(self.thread or 0), ctypes.py_object(calling.OutOfTime)
        for _ in range(5):
            if self.thread is None or self._run.wait(0):
                return
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, out_of_time)
            self._client.connection_pool.disconnect()
            self._run.wait(STOP_LIMIT / 5)


def told(error: BaseException, notebook: Any) -> dict[str, Any]:
    """An exception of the student's function as data, with the line of the notebook that it came from. `notebook` holds the notebook's names."""
    line, source, traceback = None, None, error.__traceback__
    while traceback:
        if traceback.tb_frame.f_globals is notebook:
            line = traceback.tb_lineno
            source = linecache.getline(traceback.tb_frame.f_code.co_filename, line).strip() or None
        traceback = traceback.tb_next
    return {"type": type(error).__name__, "message": str(error)[:1000], "place": None, "line": line, "source": source}
