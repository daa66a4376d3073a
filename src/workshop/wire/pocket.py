"""A Redis inside this process, for a place without sockets and threads: Python in a browser.

fakeredis answers, and redis-py does not notice: it is handed a socket that leads there, so a notebook's cells run as they stand. Before the clients
of a check stands the relay of `guests.relay`, without a network. One thread does everything: a rival acts while the client waits for its answer,
in the same order as on the wire.

What cannot be done here is not played: a command that fakeredis does not know, a wait for somebody else, a thread. It is noted in `beyond`, and
a check in which something was noted is not told as passed or failed.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import json
import re
import sys
import threading
import time
import zlib
from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple

import redis
from fakeredis import FakeServer
from fakeredis._clients._tcp_server import encode_reply
from fakeredis._command_args_parsing import extract_args
from fakeredis._helpers import SimpleError, compile_pattern
from fakeredis._msgs import SYNTAX_ERROR_MSG
from fakeredis._socket import FakeSocket

from workshop.guests.notebook.calling import OutOfTime
from workshop.guests.relay import SEEN, WRITES, Line, Server, Watch, name_of, parse
from workshop.wire.rivals import Relay, Seen

VERSION = (8,)
ELSEWHERE = "The live workshop can: `./workshop lab` on your own machine."
NOT_PLAYED = {  # fakeredis answers some of them without doing what they ask for, or needs Lua for it
    *("eval", "evalsha", "eval_ro", "evalsha_ro", "fcall", "fcall_ro", "function", "script"),
    *("config", "debug", "info", "latency", "memory", "monitor", "object", "slowlog"),
    "psetex",  # loses the part of a second
}
KEPT_WALKS = 1000
NOT_WITH = {"hsetex": b"KEEPTTL"}  # fakeredis carries the command out as if this word were not there
HANDSHAKE = {"client", "hello"}  # what redis-py asks each server, whatever comes back


class CannotWait(OutOfTime):
    """A call waits for somebody else, and nobody else can do anything before it ends."""


class Turn:
    """One call of a function: how long it may compute and sleep, and whether others should act while it waits.

    What other programs on the machine take does not count.
    """

    def __init__(self, seconds: float, *, others: bool) -> None:
        self.seconds, self.others, self.slept = seconds, others, 0.0
        self.is_over = False  # it had not ended in time
        self._since = time.process_time()

    def left(self) -> float:
        """The seconds that are left. Raises OutOfTime if there are none."""
        left = self.seconds - self.slept - (time.process_time() - self._since)
        if left <= 0:
            self.is_over = True
            raise OutOfTime
        return left


class Walk(NamedTuple):
    """What a walk with SCAN has still to name, what it has named, and how many writes there were when it began."""

    left: list[Any]
    named: list[Any]
    writes: int


def scattered(keys: Collection[Any]) -> list[Any]:
    """The keys in an order that has nothing to do with their names."""
    return sorted(keys, key=lambda one: zlib.crc32(one if isinstance(one, bytes) else str(one).encode()))


class Pocket:
    """The Redis of this process: what is in it, and the ways that lead there, by port."""

    def __init__(self) -> None:
        self.held = FakeServer(version=VERSION)
        self.ways: dict[int, Way] = {}
        self.beyond: list[str] = []  # what was asked for and cannot be done here
        self.sent = 0  # bytes of replies
        self.turn: Turn | None = None
        self.writes = 0  # commands that change data
        self.walks: dict[int, Walk] = {}  # what SCAN goes on with, by cursor
        self._ports, self._cursors = itertools.count(20000), itertools.count(1)

    def cannot(self, what: str) -> None:
        """Notes what cannot be done here."""
        if what not in self.beyond:
            self.beyond.append(what)

    def number_of(self, walk: Walk) -> int:
        """A cursor to go on with."""
        number = next(self._cursors)
        self.walks[number] = walk
        self.walks.pop(number - KEPT_WALKS, None)
        return number

    def sleep(self, seconds: float) -> None:
        """Sleeps; within a turn no longer than that has left."""
        if self.turn is not None:
            is_too_long = seconds >= self.turn.left()
            self.turn.slept += seconds
            if is_too_long:
                self.turn.left()
        _sleep(seconds)

    def wait(self, seconds: float | None) -> None:
        """A client waits for somebody else, for ever if `seconds` is None or 0: nobody comes. Raises CannotWait where a check lets others act."""
        turn = self.turn
        if turn is not None and turn.others:
            self.cannot("waiting for somebody else")
            raise CannotWait
        if turn is None and not seconds:
            raise RuntimeError(f"This would wait for ever: nobody else is here to send anything. {ELSEWHERE}")
        self.sleep(seconds or float("inf"))

    def relay(self, database: int) -> tuple[Way, Callable[[], None]]:
        """A relay to this Redis, and the function that ends it."""
        port = next(self._ports)
        way = self.ways[port] = Way(self, f"redis://127.0.0.1:{port}/{database}")
        return way, lambda: self._close(port)

    def _close(self, port: int) -> None:
        for line in self.ways.pop(port).lines:
            line.close()

    @contextlib.contextmanager
    def turns(self, turn: Turn) -> Iterator[None]:
        """Within the block, the turn's limit holds for what waits, and what starts a thread is told that it cannot."""

        def no_thread(_: threading.Thread) -> None:
            self.cannot("threads")
            raise RuntimeError("can't start new thread")

        outer, self.turn = self.turn, turn
        try:
            with _changed(threading.Thread, "start", no_thread), _changed(time, "sleep", self.sleep):
                yield
        finally:
            self.turn = outer


@contextlib.contextmanager
def _changed(thing: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(thing, name)
    setattr(thing, name, value)
    try:
        yield
    finally:
        setattr(thing, name, before)


class Way(Relay):
    """A way to the Redis of this process on which a relay stands."""

    def __init__(self, pocket: Pocket, url: str) -> None:
        super().__init__(url, ("", 0), "")
        self._pocket, self.stop = pocket, Stop()
        self.lines: list[PocketSocket] = []
        self.is_acting = False  # a rival acts just now

    def wait_until_up(self, limit: float = 10.0) -> None:
        """It is up."""

    def cut(self) -> int:
        """Cuts off all clients that have asked for data or changed it; returns how many they were."""
        lines = [line for line in self.lines if line.line.has_asked]
        for line in lines:
            line.close()
        return len(lines)

    @contextlib.contextmanager
    def _watching(self, act: Callable[[], None], before: str, times: int) -> Iterator[Seen]:
        def acts(_: dict[str, Any]) -> None:
            self.is_acting = True
            try:
                with _changed(self._pocket, "turn", None):  # the limit is that of the call, not the rival's
                    act()
            finally:
                self.is_acting = False

        seen, watch = Seen(), Watch(before, times, acts)
        self.stop.watches.append(watch)
        try:
            yield seen
        finally:
            self.stop.watches.remove(watch)
            told = {name: getattr(watch, name) for name in SEEN}
            vars(seen).update(json.loads(json.dumps(told)))  # as it comes over a network


class Stop(Server):
    """The relay's own part, where nothing has to be waited for."""

    def __init__(self) -> None:
        super().__init__(("", 0), "")

    async def _let_act(self, watch: Watch, held: asyncio.Event) -> None:
        watch.report({"held": True})
        watch.acted += 1

    def hands_on(self, buffer: bytearray, end: PocketSocket) -> int:
        """Hands a packet on as the relay does; returns where it ends."""
        requests = parse(buffer)
        handing = self._hand_on(requests, buffer, end, end.line)  # type: ignore[arg-type]
        try:
            handing.send(None)
        except StopIteration as ended:
            return int(ended.value)
        raise RuntimeError("The relay waits for something.")


class Session(FakeSocket):
    """fakeredis' end of a connection. It tells what it does not know, and waits for nobody."""

    def __init__(self, pocket: Pocket, outside: PocketSocket) -> None:
        self._pocket, self._outside = pocket, outside
        super().__init__(pocket.held, 0, client_class=redis.Redis, client_info={"addr": "127.0.0.1:0"})

    def _process_command(self, fields: list[bytes]) -> None:
        name = name_of(fields)
        word = NOT_WITH.get(name)
        if word and word in map(bytes.upper, fields):
            fields = [f"{name} {word.decode()}".encode(), *fields[1:]]
        self._pocket.writes += name in WRITES
        super()._process_command(fields)

    def _scan(self, keys: Collection[Any], cursor: int, *args: bytes, scanned_key: bytes | None = None) -> list[Any]:
        """A page of SCAN and its like, in no order, as Redis has it. fakeredis' own are sorted, so that a page holds what begins alike.

        While others write, Redis may name again what it has named already: here it does.
        """
        (pattern, kind, count), _ = extract_args(args, ("*match", "*type", "+count"))
        if count is not None and count <= 0:
            raise SimpleError(SYNTAX_ERROR_MSG)
        walk = self._pocket.walks.get(int(cursor)) if int(cursor) else Walk(scattered(keys), [], self._pocket.writes)
        if walk is None:
            return [b"0", []]
        page, left = walk.left[: count or 10], walk.left[count or 10 :]
        again = [] if walk.writes == self._pocket.writes else walk.named
        found = [one for one in (*again, *page) if one in keys]
        if pattern is not None:
            matches = compile_pattern(pattern).match
            found = [one for one in found if matches(one)]
        if kind is not None:
            found = [one for one in found if self._key_value_type(self._db[one]).value.lower() == kind.lower()]
        if not left:
            return [b"0", found]
        number = self._pocket.number_of(Walk(left, [*walk.named, *page], walk.writes))
        return [str(number).encode(), found]

    def _name_to_func(self, cmd_name: str) -> Any:
        name = cmd_name.partition(" ")[0]
        try:
            if name not in NOT_PLAYED:
                return super()._name_to_func(cmd_name)
        except SimpleError:
            if name in HANDSHAKE:
                raise
        raise self._unknown(cmd_name)

    def _unknown(self, command: str) -> SimpleError:
        name = " ".join(command.upper().split())[:40]
        self._pocket.cannot(name)
        return SimpleError(f"ERR The Redis in this page does not know {name}. {ELSEWHERE}")

    def _decode_error(self, error: SimpleError) -> Any:
        """It goes on the wire as it is. Some commands are there and tell only when they are run that this version has none."""
        found = re.search(r"unknown command '?(\w+)", error.value)
        return error if found is None or found[1].lower() in HANDSHAKE else self._unknown(found[1])

    def _blocking(
        self, timeout: float | None, func: Callable[[bool], Any], shape: Callable[[Any], Any] | None = None
    ) -> Any:
        found = func(True)
        if found is None and not self._in_transaction:
            patience = self._outside.gettimeout()
            if patience and not (timeout and timeout <= patience):
                self._pocket.wait(patience)
                raise TimeoutError("timed out")
            self._pocket.wait(timeout)
        return found if shape is None else shape(found)

    def replies(self) -> bytes:
        """All that has been answered since the last time."""
        found = bytearray()
        while self.responses is not None and not self.responses.empty():
            found += encode_reply(self.responses.get_nowait(), self._client_info.protocol_version)
        return bytes(found)


class PocketSocket:
    """What redis-py takes for a socket. What it sends is handed on when it reads: what goes on one trip is one packet."""

    def __init__(self, pocket: Pocket, way: Way | None) -> None:
        self._pocket, self._way = pocket, way
        self._session: Session | None = Session(pocket, self)
        self._out, self._in = bytearray(), bytearray()
        self._timeout: float | None = None
        self.line = Line()
        self._spans = [(watch, watch.begun()) for watch in way.stop.watches] if way else []
        if way:
            way.lines.append(self)

    def sendall(self, data: bytes) -> None:
        """Takes what is to be sent."""
        if self._session is None:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
        self._out += data

    def recv(self, size: int) -> bytes:
        """What has been answered; b"" once it is closed."""
        if self._pocket.turn is not None:
            self._pocket.turn.left()
        if not self._in:
            self._hand_on()
        if self._in or self._session is None:
            found = bytes(self._in[:size])
            del self._in[:size]
            return found
        if self._timeout == 0:
            raise BlockingIOError(errno.EWOULDBLOCK, "nothing to read")
        self._pocket.wait(self._timeout)
        raise TimeoutError("timed out")

    def _hand_on(self) -> None:
        if self._out and self._session is not None:
            out, self._out = self._out, bytearray()
            done = self._way.stop.hands_on(out, self) if self._way else self.write(bytes(out))
            self._out[:0] = out[done:]

    def write(self, data: bytes) -> int:
        """Hands requests on to Redis, and takes the answers."""
        if data and self._session is not None:
            self._session.sendall(data)
            found = self._session.replies()
            self._pocket.sent += len(found)
            self._in += found
            if self._way:
                sizes = self.line.heard(found)
                for watch in self._way.stop.watches if sizes else ():
                    watch.heard(sizes)
        return len(data)

    def settimeout(self, seconds: float | None) -> None:
        """As a socket's."""
        self._timeout = seconds

    def gettimeout(self) -> float | None:
        """As a socket's."""
        return self._timeout

    def shutdown(self, _: int) -> None:
        """As a socket's: what was sent still arrives."""
        with contextlib.suppress(OutOfTime, OSError):
            self._hand_on()

    def close(self) -> None:
        """As a socket's."""
        session, self._session = self._session, None
        if session is not None:
            for watch, span in self._spans:
                span.append(watch.now())
            session.close()


_sleep = time.sleep
_HERE: list[Pocket] = []


def here() -> Pocket | None:
    """The Redis of this process, if clients are led there."""
    return _HERE[-1] if _HERE else None


def is_needed() -> bool:
    """Whether there is no other Redis: Python runs in a browser."""
    return sys.platform == "emscripten"


def open_pocket() -> Pocket:
    """From now on, all clients of redis-py in this process are connected with a Redis in it, the same one for all."""
    if not _HERE:
        _HERE.append(Pocket())
        redis.connection.Connection._connect = _connected  # type: ignore[method-assign]
        redis.asyncio.connection.Connection._connect = _not_connected  # type: ignore[method-assign]
    return _HERE[-1]


def close_pocket() -> None:
    """Undoes `open_pocket`; what was in that Redis is gone."""
    if _HERE:
        _HERE.clear()
        redis.connection.Connection._connect = _before  # type: ignore[method-assign]
        redis.asyncio.connection.Connection._connect = _async_before  # type: ignore[method-assign]


_before, _async_before = redis.connection.Connection._connect, redis.asyncio.connection.Connection._connect


def _connected(connection: Any) -> PocketSocket:
    pocket, port = _HERE[-1], int(connection.port)
    if port not in pocket.ways and port != 6379:
        raise ConnectionRefusedError(errno.ECONNREFUSED, f"Nothing listens on port {port} in this page.")
    made = PocketSocket(pocket, pocket.ways.get(port))
    made.settimeout(connection.socket_timeout)
    return made


async def _not_connected(connection: Any) -> None:
    _HERE[-1].cannot("redis.asyncio")
    raise ConnectionRefusedError(errno.ECONNREFUSED, f"redis.asyncio needs a network. {ELSEWHERE}")
