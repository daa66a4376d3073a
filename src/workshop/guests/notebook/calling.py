"""One call of a student's function: its client, its time, its value as plain data. Used by the runner and inside a notebook."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import redis
from redis.maint_notifications import MaintNotificationsConfig

ANSWER_LIMIT = 4 * 1024 * 1024  # bytes of one call's value
NOT_ATTEMPTED = ("NotImplementedError",)
SEQUENCES: tuple[Any, ...] = (list, tuple, type({}.keys()), type({}.values()), type({}.items()))


class OutOfTime(BaseException):
    """A cell took too long."""


class NotPlain(Exception):
    """A value that cannot be handed out as data."""


def plain(value: Any, depth: int = 0) -> Any:
    """The value as JSON carries it: tuples are lists, bytes are text, sets and dicts are tagged. Raises NotPlain for what is no data."""
    if depth > 40:
        raise NotPlain("something nested without end")
    if value is None or isinstance(value, bool):
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, (set, frozenset)):
        return {"set": [plain(member, depth + 1) for member in value]}
    if isinstance(value, redis.Redis):  # a client or pipeline looks like a dict, one that has no end
        raise NotPlain(type(value).__name__)
    if hasattr(value, "keys") and hasattr(value, "__getitem__"):
        return {"dict": [[plain(key, depth + 1), plain(value[key], depth + 1)] for key in value]}
    if isinstance(value, SEQUENCES):
        return [plain(one, depth + 1) for one in value]
    if type(value).__name__ == "Decimal":
        return float(value)
    raise NotPlain(type(value).__name__)


def _nothing_with_text() -> None:
    """."""


def _nothing() -> None:
    pass


EMPTY = {_nothing_with_text.__code__.co_code, _nothing.__code__.co_code}


def is_empty(function: Any) -> bool:
    """Whether a function has no body but its docstring."""
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    if code.co_names == NOT_ATTEMPTED:
        return True
    return bool(code.co_code in EMPTY and set(code.co_consts) <= {None, function.__doc__})


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises OutOfTime in the block once the seconds are over, again and again until it ends."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: object) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.2)
    try:
        yield
    except OutOfTime:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def answer_of(
    told: Callable[[BaseException], dict[str, Any]], function: Any, client: Any, message: dict[str, Any]
) -> dict[str, Any]:
    """Calls the function; returns the end of an answer. `told` makes data of an exception."""
    try:
        value = plain(function(client, *message["args"], **message["kwargs"]))
        size = len(json.dumps(value))
        return {"error": {"type": "TooMuch", "message": f"{size} bytes"}} if size > ANSWER_LIMIT else {"value": value}
    except NotPlain as error:
        return {"error": {"type": "NotPlain", "message": str(error)}}
    except BaseException as error:
        return {"error": told(error)}


def client_of(url: str | None = None, **options: Any) -> redis.Redis:
    """A client of the Redis at `url`, else at REDIS_URL, that has answered. It returns strings, and waits for an answer as long as it takes."""
    client = _client(url or os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/0", **options)
    client.ping()
    return client


def _client(url: str, **options: Any) -> redis.Redis:
    return redis.Redis.from_url(url, decode_responses=True, socket_timeout=None, **options)


def client_for_a_call(url: str) -> redis.Redis:
    """A client that is not connected yet. It waits as the notebook's own does."""
    os.environ["REDIS_URL"] = url
    # to look up its own version takes redis-py longer than to connect; and it would ask for notices that only a managed Redis sends
    return _client(url, driver_info=None, maint_notifications_config=MaintNotificationsConfig(enabled=False))


def connect(client: redis.Redis) -> redis.Redis:
    """The client, connected, so that what is counted later is the function's own; connected anew where Redis has hung up since. Raises RedisError."""
    client.connection_pool.release(client.connection_pool.get_connection())
    return client


@contextlib.contextmanager
def time_outs(tell: Callable[[float], object]) -> Iterator[None]:
    """Within the block, tells the time-out of each connection that gives up on an answer some day: clients of the student's own."""

    def noted(connect: Any) -> Any:
        def connects(connection: Any, *args: Any, **options: Any) -> Any:
            if connection.socket_timeout is not None:
                tell(float(connection.socket_timeout))
            return connect(connection, *args, **options)

        return connects

    kinds: tuple[Any, ...] = (redis.connection.Connection, redis.asyncio.connection.Connection)
    before = [kind._connect for kind in kinds]
    for kind in kinds:
        kind._connect = noted(kind._connect)
    try:
        yield
    finally:
        for kind, connect in zip(kinds, before, strict=True):
            kind._connect = connect
