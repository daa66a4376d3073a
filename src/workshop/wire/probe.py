"""The grader's own look at Redis."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from workshop.outcomes import Mismatch
from workshop.patience import until
from workshop.values import copied, spelled
from workshop.wire import traces
from workshop.wire.trail import Trail

if TYPE_CHECKING:  # loaded where it is needed: a check should begin at once
    import redis

    ClientOfRedis = redis.Redis  # an editor completes what the probe hands on
else:
    ClientOfRedis = object

BACK_LIMIT = 5.0  # seconds in which a Redis that was started again answers
# How Redis' errors begin that say nothing of what was asked: it would refuse anybody now.
REFUSALS = ("NOPERM", "NOAUTH", "WRONGPASS", "OOM", "READONLY", "MISCONF", "NOREPLICAS", "MASTERDOWN", "BUSY ")


def refusing(actual: str) -> Mismatch:
    """What to raise where a function has left Redis so that it does not answer, or refuses what is asked."""
    hint = "After this call Redis does not answer any more: the function stopped it, locked it or keeps it busy."
    return Mismatch(hint, mistake="redis_stopped_by_the_call", actual=actual)


def is_refusal(error: Exception) -> bool:
    """Whether Redis has refused for a reason that lies in its state or its settings."""
    kinds = ("NoPermissionError", "AuthenticationError", "OutOfMemoryError", "ReadOnlyError")
    return type(error).__name__ in kinds or str(error).startswith(REFUSALS)


class RedisProbe(ClientOfRedis):
    """The grader's own look at Redis: every method of redis-py, with text for bytes, and the server's own switches.

    `note` is told each look as a line to copy: for redis-cli; or in Python, after the `calls` that led there, if there are such. What changes data is
    one of these, so that the lines do the same in a notebook.
    """

    def __init__(
        self, server: Any, note: Callable[[str], None], calls: Trail | None = None, database: int | None = None
    ) -> None:
        """`server` is a RedisServer, or a notebook's `Here`. `database` is another one than the server's own."""
        self._server, self._note, self._calls, self._database = server, note, calls, database
        self._at: tuple[str, int] | None = None
        self._thread = threading.current_thread()

    def _connect(self) -> Any:
        import redis

        note, calls = self._note if self._calls is None else None, self._calls

        class Noting(redis.Redis):
            def execute_command(self, *args: Any, **options: Any) -> Any:
                if note:
                    note("redis-cli " + " ".join(str(word) for word in args)[:200])
                try:
                    return super().execute_command(*args, **options)
                except redis.RedisError as error:
                    if calls and calls.has_called and is_refusal(error):
                        raise refusing(f"redis-cli {args[0]}: {error}") from None
                    if not str(error).startswith("WRONGTYPE"):
                        raise
                    kind = super().execute_command("TYPE", args[1])
                    hint = f"The key {args[1]} holds a {kind}, another type than the one asked for."
                    raise Mismatch(hint, mistake="key_of_another_type", actual=f"TYPE {args[1]}: {kind}") from None

        self._at = (self._server.host, self._server.port)
        options = getattr(self._server, "options", {}) | ({"db": self._database} if self._database else {})
        return Noting(
            *self._at,
            decode_responses=True,
            encoding_errors="backslashreplace",  # a student may store what is no text
            socket_timeout=5,
            socket_connect_timeout=5,
            **options,
        )

    def __getattr__(self, name: str) -> Any:
        if self._at != (self._server.host, self._server.port):
            self._client = self._connect()
        found = getattr(self._client, name)
        return found if self._calls is None or not callable(found) else self._noted(name, found, self._calls)

    def _noted(self, name: str, method: Callable[..., Any], calls: Trail) -> Callable[..., Any]:
        """The method, told in Python when it is called."""
        from workshop.guests.relay import WRITES  # with it comes asyncio, which takes a while to load

        @functools.wraps(method)
        def noted(*args: Any, **options: Any) -> Any:
            line = spelled(f"r.{name}", args, options)
            if not (name in WRITES or name == "delete"):
                self._note(copied([*calls, line]))
            elif not self._is_in_between():
                calls.append(line)
            else:
                calls.append(f"{line}  # another program, in the middle of the call")
            value = method(*args, **options)
            calls.looked(value)
            return value

        return noted

    def _is_in_between(self) -> bool:
        """Whether a rival looks here, in the middle of a call."""
        return threading.current_thread() is not self._thread

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Redis is stopped within the block. It is empty when it is back."""
        with self._server.stopped():
            yield
        self._at = None
        until(self._is_up, BACK_LIMIT)

    def _is_up(self) -> bool:
        import redis

        self._client = self._connect()
        try:
            return bool(self._client.ping())
        except redis.RedisError:
            return False

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Redis is paused within the block: it accepts connections and answers nothing."""
        with self._server.paused():
            yield

    def config_resetstat(self, **options: Any) -> bool:
        """Resets what Redis counts. What a function has left by then stays known."""
        reset = self.__getattr__("config_resetstat")
        if hasattr(self._server, "is_worn"):
            traces.note_worn(self._client, self._server)
        return bool(reset(**options))

    def clock(self) -> float:
        """The time on Redis' own clock, in seconds."""
        seconds, micros = self.time()
        return float(seconds + micros / 1_000_000)

    def cost(self, figure: str, action: Callable[[], object]) -> int:
        """By how much a figure of INFO's section `stats` grows while `action` runs, as `total_net_output_bytes`."""
        # two readings tell what the reading itself takes
        before, begin = (self.info("stats")[figure] for _ in range(2))
        action()
        return int(self.info("stats")[figure] - begin - (begin - before))

    def sent(self, action: Callable[[], object]) -> int:
        """How many bytes Redis sends while `action` runs."""
        return self.cost("total_net_output_bytes", action)

    @contextlib.contextmanager
    def memory_limit(self, more: int, policy: str) -> Iterator[None]:
        """Within the block, Redis may use `more` bytes above what it uses now, and frees memory by this policy."""
        settings: dict[Any, Any] = self.config_get("maxmemory") | self.config_get("maxmemory-policy")
        try:
            self.config_set("maxmemory-policy", policy)
            self.config_set("maxmemory", self.info("memory")["used_memory"] + more)
            yield
        finally:
            for name, value in settings.items():
                self.config_set(name, value)

    @property
    def url(self) -> str:
        """How a service finds this Redis."""
        return self.through(str(self._server.url))

    def through(self, url: str) -> str:
        """An address of this Redis, a relay's too, with the number of this database in place of its own."""
        return url if self._database is None else f"{url.rpartition('/')[0]}/{self._database}"

    def database(self, number: int) -> RedisProbe:
        """Another database of the same Redis: what goes on there disturbs nobody here."""
        return RedisProbe(self._server, self._note, self._calls, number)
