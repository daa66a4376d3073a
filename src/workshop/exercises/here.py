"""The notebook of a check that runs inside the notebook itself: the function is called in this process, on the student's own Redis.

The checks use the last of Redis' 16 databases (number 15) and empty it first; what the student keeps in the others stays.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import signal
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from workshop.exercises.exercises import Exercises, not_written
from workshop.guests.notebook import calling
from workshop.outcomes import NotUp
from workshop.patience import Ahead
from workshop.wire.rivals import Relay, in_thread

DATABASE = 15


class Here:
    """The student's own Redis, found at `url`, as the checks see it: database 15, and a relay before it while a check runs."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._before = os.environ.get("REDIS_URL")
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 6379
        self.options: dict[str, Any] = {"db": DATABASE, "username": parts.username, "password": parts.password}
        self._relay, self._end = in_thread((self.host, self.port), DATABASE)
        credentials = parts.netloc.rpartition("@")[0]
        place = urlsplit(self._relay.url).netloc
        self.url = urlunsplit(
            (parts.scheme, f"{credentials}@{place}" if credentials else place, f"/{DATABASE}", "", "")
        )

    def client(self) -> Any:
        """A client of the grader's own."""
        import redis

        return redis.Redis(
            self.host, self.port, decode_responses=True, socket_timeout=3, socket_connect_timeout=2, **self.options
        )

    def relay(self) -> Relay:
        """The relay."""
        return self._relay

    def close(self) -> None:
        """Ends the relay, and lets REDIS_URL say again what it said before."""
        self._end()
        os.environ.pop("REDIS_URL", None)
        if self._before is not None:
            os.environ["REDIS_URL"] = self._before


class HereNotebook(Exercises):
    """The functions of the notebook that runs in this process: `function`, which is checked, and what stands beside it."""

    def __init__(self, function: Any, server: Here, note: Callable[[str], None], calls: list[str]) -> None:
        super().__init__(note, calls)
        self._function, self._server = function, server

    def _begin(self, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> Call:
        beside = getattr(self._function, "__globals__", {})
        function = self._function if name == getattr(self._function, "__name__", None) else beside.get(name)
        if function is None:
            hint = f"This check needs `{name}` too. Run the cell that defines it first."
            raise NotUp(
                hint, mistake="function_not_run_yet", expected=f"def {name}(r, …)", actual="no such function yet"
            )
        if calling.is_empty(function):
            raise not_written(name)
        return Call(function, args, options, self._server)

    def _finish(self, begun: Call, limit: float) -> dict[str, Any] | None:
        return begun.answer(limit)

    def _stop(self, begun: Call) -> None:
        """Nothing more can be done with a call that goes on in a thread."""

    def _relay(self) -> Relay:
        return self._server.relay()

    def _client(self) -> Any:
        return self._server.client()


class Call:
    """One call in this process: in the main thread, where it can be stopped, unless the check goes on beside it."""

    def __init__(self, function: Any, args: tuple[Any, ...], options: dict[str, Any], server: Here) -> None:
        self._function, self._message = function, {"args": args, "kwargs": options}
        self._client: Any = calling.connect(server.url)
        self._result: dict[str, Any] | None = None
        self._beside: Ahead[None] | None = None

    def answer(self, limit: float) -> dict[str, Any] | None:
        """The answer within `limit` seconds, or None."""
        if self._beside is None and self._result is None and limit >= 1 and _can_alarm():
            with calling.time_limit(limit):
                self._ask()
            return self._in_time()
        if self._beside is None:
            self._beside = Ahead(self._ask)
        self._beside.wait(limit)
        return self._result

    def _in_time(self) -> dict[str, Any] | None:
        out_of_time = self._result is not None and self._result.get("error", {}).get("type") == "OutOfTime"
        return None if out_of_time else self._result

    def _ask(self) -> None:
        try:
            self._result = calling.answer_of(told, self._function, self._client, self._message)
        finally:
            self._client.close()


def _can_alarm() -> bool:
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()


def told(error: BaseException) -> dict[str, Any]:
    """An exception of the student's function as data, with the line of the notebook that it came from."""
    line, source, traceback = None, None, error.__traceback__
    while traceback:
        code = traceback.tb_frame.f_code
        if "site-packages" not in code.co_filename and "/workshop/" not in code.co_filename.replace("\\", "/"):
            line = traceback.tb_lineno
            with contextlib.suppress(OSError, IndexError):
                source = inspect.getsourcelines(code)[0][line - code.co_firstlineno].strip()
        traceback = traceback.tb_next
    return {"type": type(error).__name__, "message": str(error)[:1000], "place": None, "line": line, "source": source}
