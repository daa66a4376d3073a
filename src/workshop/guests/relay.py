"""A relay between a student's code and Redis, on the wire: it lets a rival act at the worst moment. Standard library only.

It stands in its own container (`python -c`, with this file's text) or in a thread of the grader's process. It reads each request that a client
sends, and while a block of `rivals.Relay` watches, it holds the command that would change data until the rival has acted. So it sees what a
changed client would miss: pipelines, transactions, scripts, and a client of the student's own.

Redis carries out in one step a command, a script, and what stands between MULTI and EXEC. What only travels in one packet is no step: the relay
hands on its commands one by one, each after the answer to the one before, where a rival is to act between them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import secrets
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

DATA_PORT, CONTROL_PORT = 6379, 6380
HOLD_LIMIT = 20.0  # seconds for which a packet is held at most
PARSE_LIMIT = 32 * 1024 * 1024  # bytes of one request; who sends a larger one is cut off
KEPT_COMMANDS, KEPT_WORD = 2000, 120
SEEN = (
    "acted",
    "packets",
    "trips",
    "acts",
    "received",
    "largest",
    "commands",
    "parted",
    "connections",
)  # what a watch tells at its end

WRITES_TEXT = """
    append bitfield bitop blmove blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin copy decr decrby del delex delifeq eval evalsha expire
    expireat fcall flushall flushdb geoadd georadius georadiusbymember geosearchstore getdel getex getset hdel hexpire hexpireat hgetdel hgetex
    hincrby hincrbyfloat hmset hpersist hpexpire hpexpireat hset hsetex hsetnx incr incrby incrbyfloat linsert lmove lmpop lpop lpush lpushx lrem
    lset ltrim migrate move mset msetex msetnx persist pexpire pexpireat pfadd pfmerge psetex publish rename renamenx restore rpop rpoplpush rpush
    rpushx sadd sdiffstore set setbit setex setnx setrange sinterstore smove sort spop spublish srem sunionstore swapdb unlink xack xackdel xadd
    xautoclaim xclaim xdel xdelex xgroup xreadgroup xsetid xtrim zadd zdiffstore zincrby zinterstore zmpop zpopmax zpopmin zrangestore zrem
    zremrangebylex zremrangebyrank zremrangebyscore zunionstore json.set json.del json.merge json.mset json.numincrby json.arrappend json.arrinsert
    json.arrpop json.arrtrim json.strappend json.toggle json.clear
"""
WRITES = frozenset(WRITES_TEXT.split())
NOT_DATA_TEXT = """
    acl asking auth client cluster command config dbsize debug discard echo exec function hello info latency monitor multi object
    ping psubscribe punsubscribe quit readonly readwrite reset role script select slowlog ssubscribe subscribe sunsubscribe time unsubscribe
    unwatch wait waitaof watch
"""
NOT_DATA = frozenset(NOT_DATA_TEXT.split())


LENGTH = re.compile(rb"[*$]-?\d{1,9}")
# What Redis has counted is the grader's, and so is the one way to Redis: this goes there in the place of what is refused, and is answered with
# an error.
REFUSED = b"%s (switched off while work is checked)"
WAYS = {b"setuser", b"deluser", b"load"}  # of ACL


def is_data(name: str) -> bool:
    """Whether the command of this name reads or changes data."""
    return name.lower() not in NOT_DATA


def name_of(words: list[bytes]) -> str:
    """The name of a command, in small letters."""
    return words[0].decode("ascii", "replace").lower() if words else "ping"


def readable(words: list[bytes]) -> str:
    """A command as a line to read."""
    return b" ".join(words)[:KEPT_WORD].decode("utf-8", "replace")


def parse(buffer: bytearray) -> list[tuple[list[bytes], int]]:
    """The complete requests at the head of `buffer`, each with the place where it ends. Raises ValueError for what is not the Redis protocol.

    It reads as Redis does, and refuses what Redis may read otherwise: nothing goes by that it has not understood.
    """
    requests, done = [], 0
    while (parsed := _parse_one(buffer, done)) is not None:
        done = parsed[1]
        requests.append(parsed)
    return requests


def _parse_one(buffer: bytearray, at: int) -> tuple[list[bytes], int] | None:
    if at >= len(buffer):
        return None
    if buffer[at : at + 1] != b"*":
        line_end = buffer.find(b"\n", at)
        line = bytes(buffer[at : line_end if line_end >= 0 else None])
        if b'"' in line or b"'" in line:
            raise ValueError("words in quotes")
        return (line.split(), line_end + 1) if line_end >= 0 else None
    if (found := _length(buffer, at, b"*")) is None:
        return None
    (count, at), words = found, []
    for _ in range(count):
        if (found := _length(buffer, at, b"$")) is None:
            return None
        size, begin = found
        end = begin + size
        if end + 2 > len(buffer):
            return None
        words.append(bytes(buffer[begin : min(end, begin + KEPT_WORD)]))
        at = end + 2
    return words, at


def _length(buffer: bytearray, at: int, kind: bytes) -> tuple[int, int] | None:
    """The number in the line that begins at `at`, and where the next line begins; None while the line is not complete."""
    line_end = buffer.find(b"\r", at, at + 12)
    line = bytes(buffer[at : line_end if line_end >= 0 else at + 12])
    if (line and line[:1] != kind) or ((line_end >= 0 or len(line) == 12) and not LENGTH.fullmatch(line)):
        raise ValueError(line)
    if line_end < 0 or line_end + 1 >= len(buffer):
        return None
    if buffer[line_end + 1] != ord("\n") or (kind == b"$" and line[1:2] == b"-"):
        raise ValueError(line)
    return int(line[1:]), line_end + 2


def without_refused(
    requests: list[tuple[list[bytes], int]], buffer: bytearray
) -> tuple[list[tuple[list[bytes], int]], bytearray]:
    """Requests and the buffer that begins with them, with an unknown command of CONFIG for each that is refused."""
    if not any(is_refused(words) for words, _ in requests):
        return requests, buffer
    kept: list[tuple[list[bytes], int]] = []
    changed, at = bytearray(), 0
    for words, end in requests:
        if is_refused(words):
            text = REFUSED % b" ".join(words[:2]).upper()
            changed += b"*2\r\n$6\r\nCONFIG\r\n$%d\r\n%s\r\n" % (len(text), text)
        else:
            changed += buffer[at:end]
        at = end
        kept.append((words, len(changed)))
    return kept, changed + buffer[at:]


def is_refused(words: list[bytes]) -> bool:
    """Whether a command would take back what Redis has counted, or open another way to it. No script can send one of these."""
    name, *more = (word.lower() for word in words or [b"ping"])
    if name == b"config":
        return more[:1] == [b"resetstat"] or (more[:1] == [b"set"] and b"requirepass" in more)
    return name in (b"replicaof", b"slaveof") or (name == b"acl" and bool(WAYS & {*more[:1]}))


class Replies:
    """Finds where the replies end in what Redis sends on one connection."""

    def __init__(self) -> None:
        self._rest = bytearray()  # the beginning of a line
        self._skip = 0  # bytes of a text that are still to come
        self._open = [1]  # how many parts are still to come: of the reply, and of each list in it
        self._is_push = False
        self._size = 0
        self.pushed: list[int] = []  # the sizes of what Redis has sent unasked

    def feed(self, data: bytes) -> Iterator[int]:
        """The size of each reply that is complete by now. What Redis sends unasked is none. Raises ValueError for another protocol."""
        at = 0
        while at < len(data):
            if self._skip:
                step = min(self._skip, len(data) - at)
                self._skip, self._size, at = self._skip - step, self._size + step, at + step
                if not self._skip and (size := self._part_ended()):
                    yield size
                continue
            end = data.find(b"\n", at) + 1 or len(data)
            self._rest += data[at:end]
            self._size, at = self._size + end - at, end
            if self._rest.endswith(b"\r\n"):
                line, self._rest = bytes(self._rest), bytearray()
                if size := self._line(line):
                    yield size

    def _line(self, line: bytes) -> int:
        kind, rest = line[:1], line[1:-2]
        if len(self._open) == 1:
            self._is_push = kind == b">"
        if kind in b"$=!":
            length = int(rest)
            if length >= 0:
                self._skip = length + 2
                return 0
        elif kind in b"*~>%|":
            count = int(rest) * (2 if kind in b"%|" else 1)
            if kind == b"|":  # what is said of a reply comes before it
                count += 1
            if count > 0:
                self._open.append(count)
                return 0
        elif kind not in b"+-:_,#(":
            raise ValueError(kind)
        return self._part_ended()

    def _part_ended(self) -> int:
        """The size of the reply if it has ended with this part, else 0."""
        while len(self._open) > 1:
            self._open[-1] -= 1
            if self._open[-1]:
                return 0
            self._open.pop()
        size, self._size = self._size, 0
        if self._is_push:
            self.pushed.append(size)
            return 0
        return size


class Line:
    """One client's connection: what it has asked, and what was answered."""

    def __init__(self, *ends: asyncio.StreamWriter) -> None:
        self.ends = ends
        self.in_multi = self.has_asked = False
        self.countable = self.in_turn = True  # in turn: each command gets one reply
        self.asked: deque[str] = deque()  # the commands without an answer yet
        self.replies = Replies()
        self.answered = asyncio.Event()

    def note(self, words: list[bytes]) -> None:
        """A command goes to Redis."""
        name = name_of(words)
        self.in_turn &= "subscribe" not in name and (name, *map(bytes.lower, words[1:2])) != ("client", b"reply")
        self.asked.append(name)
        self.answered.clear()
        self.has_asked |= is_data(name)

    def heard(self, data: bytes) -> list[int]:
        """Redis has sent this; returns the sizes of the replies to commands on data that are complete by now, and of what came unasked."""
        sizes = []
        try:
            for size in self.replies.feed(data) if self.countable else ():
                name = self.asked.popleft() if self.asked else "push"
                if is_data(name) or name == "exec" or not self.in_turn:
                    sizes.append(size)
            sizes += self.replies.pushed
            self.replies.pushed.clear()
        except ValueError:
            self.countable = False
        if not self.asked or not self.countable:
            self.answered.set()
        return sizes

    async def wait_for_answers(self) -> None:
        """Returns when Redis has answered all that was asked, so that it has carried it out."""
        if self.asked and self.countable and self.in_turn:
            try:
                await asyncio.wait_for(self.answered.wait(), HOLD_LIMIT)
            except TimeoutError:
                self.countable = False  # it was told to answer nothing

    def abort(self) -> None:
        """Cuts the client off; what has not arrived yet never will."""
        for end in self.ends:
            end.transport.abort()


@dataclass
class Watch:
    """What one block of the grader waits for, and what it has seen."""

    before: str
    times: int
    report: Callable[[dict[str, Any]], None]
    acted: int = 0
    packets: int = 0
    trips: list[int] = field(default_factory=list)  # of each packet, how many commands it held
    acts: list[int] = field(default_factory=list)  # before which command the rival acted, each time
    largest: int = 0
    held: asyncio.Event | None = None
    commands: list[list[str]] = field(default_factory=list)
    parted: list[tuple[str, str]] = field(default_factory=list)
    received: int = 0
    since: float = field(default_factory=time.monotonic)
    # from when to when (if it has ended), in seconds since the block began
    connections: list[list[float]] = field(default_factory=list)

    def note(self, request: list[bytes]) -> None:
        """Keeps a command for the grader's hints."""
        if len(self.commands) < KEPT_COMMANDS:
            self.commands.append([word.decode("utf-8", "replace") for word in request[:20]])

    def now(self) -> float:
        """The seconds since the block began."""
        return round(time.monotonic() - self.since, 3)

    def begun(self) -> list[float]:
        """Notes that a client connects. Whoever sees the end of the connection appends its time."""
        self.connections.append([self.now()])
        return self.connections[-1]

    def heard(self, sizes: list[int]) -> None:
        """Counts what Redis has answered."""
        self.received += sum(sizes)
        self.largest = max([self.largest, *sizes])

    def wants(self, names: list[str]) -> bool:
        """Whether the rival is to act before these commands."""
        if self.held or self.acted >= self.times:
            return False
        if self.before == "any" and "watch" in names:
            return True
        return any(name in WRITES if self.before == "write" else is_data(name) for name in names)


def steps(requests: list[tuple[list[bytes], int]], line: Line) -> Iterator[tuple[list[tuple[list[bytes], int]], int]]:
    """The requests of a packet in the steps in which Redis carries them out: (the requests of one, where it ends)."""
    step: list[tuple[list[bytes], int]] = []
    for request in requests:
        step.append(request)
        name = name_of(request[0])
        line.in_multi = name == "multi" or (line.in_multi and name not in ("exec", "discard"))
        if not line.in_multi:
            yield step, request[1]
            step = []
    if step:
        yield step, step[-1][1]


class Server:
    """The relay itself: takes clients of Redis on one port and graders, who know the token, on another."""

    def __init__(self, target: tuple[str, int], token: str) -> None:
        self.target, self.token = target, token
        self.password: str | None = None  # where Redis lets in nobody else
        self.watches: list[Watch] = []
        self._servers: list[asyncio.Server] = []
        self._open: set[asyncio.StreamWriter] = set()
        self._lines: set[Line] = set()

    async def listen(self, host: str, data_port: int, control_port: int) -> tuple[int, int]:
        """Begins to listen; returns both ports."""
        data = await asyncio.start_server(self._client, host, data_port)
        control = await asyncio.start_server(self._control, host, control_port)
        self._servers = [data, control]
        return data.sockets[0].getsockname()[1], control.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Accepts nobody any more, ends all connections, and listens no longer. Returns when nothing else runs in this loop."""
        loop, this = asyncio.get_running_loop(), asyncio.current_task()
        for server in self._servers:  # closed at once, it would leave a socket open that was just accepted
            for listening in server.sockets:
                with contextlib.suppress(NotImplementedError):  # Windows' loop has no readers
                    loop.remove_reader(listening.fileno())
        while self._open or asyncio.all_tasks() - {this}:
            for writer in list(self._open):
                writer.close()
            await asyncio.sleep(0.001)
        for server in self._servers:
            server.close()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends, line = [writer], None
        self._open.add(writer)
        spans = [(watch, watch.begun()) for watch in self.watches]
        try:
            redis_reader, redis_writer = await asyncio.open_connection(*self.target)
            ends.append(redis_writer)
            self._open.add(redis_writer)
            if self.password:
                redis_writer.write(f"AUTH {self.password}\r\n".encode())
                await redis_reader.readline()  # an error where Redis was started anew, and lets in anybody
            line = Line(writer, redis_writer)
            self._lines.add(line)
            there = asyncio.ensure_future(self._requests(reader, redis_writer, line))
            back = asyncio.ensure_future(self._answers(redis_reader, writer, line))
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            for watch, span in spans:
                span.append(watch.now())
            if there.done() and not back.done():  # the client has hung up its half; Redis may still answer
                await asyncio.wait({back}, timeout=1)
            for task in (there, back):
                task.cancel()
        except OSError:
            return  # as a Redis that is gone would
        finally:
            for watch, span in spans:
                if len(span) == 1:
                    span.append(watch.now())
            for end in ends:
                end.close()
            self._open.difference_update(ends)
            if line:
                self._lines.discard(line)

    async def _requests(self, reader: asyncio.StreamReader, redis: asyncio.StreamWriter, line: Line) -> None:
        buffer = bytearray()
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                buffer += data
                try:
                    requests = parse(buffer)
                except ValueError:
                    line.abort()
                    return
                requests, buffer = without_refused(requests, buffer)
                if done := await self._hand_on(requests, buffer, redis, line):
                    del buffer[:done]
                    await redis.drain()
                if len(buffer) > PARSE_LIMIT:
                    line.abort()
                    return
            if redis.can_write_eof():
                redis.write_eof()

    async def _hand_on(
        self, requests: list[tuple[list[bytes], int]], buffer: bytearray, redis: asyncio.StreamWriter, line: Line
    ) -> int:
        """Hands the requests of one packet on to Redis, each held where a rival is to act before it. Returns where they end."""
        names = [name_of(words) for words, _ in requests]
        for watch in self.watches:
            if watch.held is None:
                for words, _ in requests:
                    if words:
                        watch.note(words)
                watch.trips.append(sum(bool(words) for words, _ in requests))
                watch.packets += any(map(is_data, names))
        await self._hold([watch for watch in self.watches if watch.before == "packet"], names, requests[:1])
        written, at, before = 0, 0, None
        for step, end in steps(requests, line):
            names = [name_of(words) for words, _ in step]
            watches = [watch for watch in self.watches if watch.before != "packet" and watch.wants(names)]
            if watches:
                redis.write(bytes(buffer[written:at]))
                written = at
                await line.wait_for_answers()
                coming = sum(bool(words) and place >= step[0][1] for words, place in requests)  # of this packet, still
                for watch in watches:
                    watch.acts.append(sum(watch.trips) - coming)
                await self._hold(watches, names, step, before)
            for words, _ in step:
                if words:
                    line.note(words)
            at, before = end, step[0][0] if any(map(is_data, names)) else before
        redis.write(bytes(buffer[written:at]))
        return at

    async def _hold(
        self,
        watches: list[Watch],
        names: list[str],
        step: list[tuple[list[bytes], int]],
        before: list[bytes] | None = None,
    ) -> None:
        """Lets the rivals act that are to act before a step. `before` is what went to Redis in the same packet."""
        for watch in watches:
            if not watch.wants(names):
                continue
            watch.held = asyncio.Event()
            await self._let_act(watch, watch.held)
            watch.held = None
            if before is not None:
                watch.parted.append((readable(before), readable(step[0][0])))

    async def _let_act(self, watch: Watch, held: asyncio.Event) -> None:
        """Returns when the rival of a watch has acted."""
        watch.report({"held": True})
        try:
            await asyncio.wait_for(held.wait(), HOLD_LIMIT)
        except TimeoutError:
            watch.acted += 1

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Line) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                sizes = line.heard(data)
                for watch in self.watches if sizes else ():
                    watch.heard(sizes)
                writer.write(data)
                await writer.drain()

    def _cut(self) -> int:
        """Cuts off all clients that have asked for data or changed it; returns how many they were."""
        lines = [line for line in self._lines if line.has_asked]
        for line in lines:
            line.abort()
        return len(lines)

    async def _control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def report(event: dict[str, Any]) -> None:
            writer.write(json.dumps(event).encode() + b"\n")

        watch = None
        self._open.add(writer)
        try:
            asked = json.loads(await reader.readline() or b"{}")
            if not secrets.compare_digest(str(asked.get("token")), self.token):
                return
            if "password" in asked:
                self.password = asked["password"]
                report({"ready": True})
                return
            if asked.get("cut"):
                report({"cut": self._cut()})
                return
            watch = Watch(asked["before"], asked["times"], report)
            self.watches.append(watch)
            report({"ready": True})
            while line := await reader.readline():
                if json.loads(line).get("end"):
                    report({name: getattr(watch, name) for name in SEEN})
                elif watch.held:
                    watch.acted += 1  # now: the block may end before the client's task goes on
                    watch.held.set()
        except (OSError, ValueError, KeyError):
            return
        finally:
            if watch:
                self.watches.remove(watch)
                if watch.held:
                    watch.held.set()
            writer.close()
            self._open.discard(writer)


async def _main() -> None:
    server = Server((sys.argv[1], int(sys.argv[2])), os.environ["RELAY_TOKEN"])
    await server.listen("0.0.0.0", DATA_PORT, CONTROL_PORT)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
