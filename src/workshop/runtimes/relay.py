"""A relay between a student's code and Redis, on the wire: it lets a rival act at the worst moment. Standard library only.

It stands in its own container (`python -c`, with this file's text) or in a thread of the grader's process. It reads each request that a client
sends, and while a block of `Relay.rival` watches, it holds the packet that would change data until the rival has acted. So it sees what a
changed client would miss: pipelines, transactions, scripts, and a client of the student's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

DATA_PORT, CONTROL_PORT = 6379, 6380
HOLD_LIMIT = 20.0  # seconds for which a packet is held at most
PARSE_LIMIT = 32 * 1024 * 1024  # bytes of one request; what is larger goes through unread
KEPT_COMMANDS, KEPT_WORD = 2000, 120

WRITES_TEXT = """
    append bitfield bitop blmove blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin copy decr decrby del eval evalsha expire expireat
    fcall flushall flushdb geoadd georadius georadiusbymember geosearchstore getdel getex getset hdel hexpire hexpireat hgetdel hgetex hincrby
    hincrbyfloat hmset hpersist hpexpire hpexpireat hset hsetex hsetnx incr incrby incrbyfloat linsert lmove lmpop lpop lpush lpushx lrem lset
    ltrim migrate move mset msetex msetnx persist pexpire pexpireat pfadd pfmerge psetex publish rename renamenx restore rpop rpoplpush rpush
    rpushx sadd sdiffstore set setbit setex setnx setrange sinterstore smove sort spop spublish srem sunionstore swapdb unlink xack xackdel
    xadd xautoclaim xclaim xdel xdelex xgroup xreadgroup xsetid xtrim zadd zdiffstore zincrby zinterstore zmpop zpopmax zpopmin zrangestore
    zrem zremrangebylex zremrangebyrank zremrangebyscore zunionstore json.set json.del json.merge json.mset json.numincrby json.arrappend
    json.arrinsert json.arrpop json.arrtrim json.strappend json.toggle json.clear
"""
WRITES = frozenset(WRITES_TEXT.split())
NOT_DATA_TEXT = """
    acl asking auth client cluster command config dbsize debug discard echo exec function hello info latency memory monitor multi object
    ping psubscribe punsubscribe quit readonly readwrite reset role script select slowlog ssubscribe subscribe sunsubscribe time unsubscribe
    unwatch wait waitaof watch
"""
NOT_DATA = frozenset(NOT_DATA_TEXT.split())


def is_data(name: str) -> bool:
    """Whether the command of this name reads or changes data."""
    return name.lower() not in NOT_DATA


def parse(buffer: bytearray) -> tuple[list[list[bytes]], int]:
    """The complete requests at the head of `buffer`, and how many bytes they take. Raises ValueError for what is not the Redis protocol."""
    requests, done = [], 0
    while (found := _parse_one(buffer, done)) is not None:
        request, done = found
        if request:
            requests.append(request)
    return requests, done


def _parse_one(buffer: bytearray, at: int) -> tuple[list[bytes], int] | None:
    line_end = buffer.find(b"\r\n", at)
    if at >= len(buffer) or line_end < 0:
        return None
    if buffer[at : at + 1] != b"*":
        return bytes(buffer[at:line_end]).split(), line_end + 2
    count, at, words = int(buffer[at + 1 : line_end]), line_end + 2, []
    for _ in range(count):
        line_end = buffer.find(b"\r\n", at)
        if line_end < 0:
            return None
        end = line_end + 2 + int(buffer[at + 1 : line_end])
        if end + 2 > len(buffer):
            return None
        words.append(bytes(buffer[line_end + 2 : min(end, line_end + 2 + KEPT_WORD)]))
        at = end + 2
    return words, at


@dataclass
class Watch:
    """What one block of the grader waits for, and what it has seen."""

    before: str
    times: int
    report: Callable[[dict[str, Any]], None]
    acted: int = 0
    packets: int = 0
    held: asyncio.Event | None = None
    commands: list[list[str]] = field(default_factory=list)

    def note(self, request: list[bytes]) -> None:
        """Keeps a command for the grader's hints."""
        if len(self.commands) < KEPT_COMMANDS:
            self.commands.append([word.decode("utf-8", "replace") for word in request[:20]])

    def wants(self, requests: list[list[bytes]]) -> bool:
        """Whether the rival is to act before this packet."""
        if self.held or self.acted >= self.times:
            return False
        names = [request[0].decode("ascii", "replace") for request in requests]
        return any(name.lower() in WRITES if self.before == "write" else is_data(name) for name in names)


class Server:
    """The relay itself: takes clients of Redis on one port and graders, who know the token, on another."""

    def __init__(self, target: tuple[str, int], token: str) -> None:
        self.target, self.token = target, token
        self.watches: list[Watch] = []
        self._servers: list[asyncio.Server] = []
        self._open: set[asyncio.StreamWriter] = set()

    async def listen(self, host: str, data_port: int, control_port: int) -> tuple[int, int]:
        """Begins to listen; returns both ports."""
        data = await asyncio.start_server(self._client, host, data_port)
        control = await asyncio.start_server(self._control, host, control_port)
        self._servers = [data, control]
        return data.sockets[0].getsockname()[1], control.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listens no longer and ends all connections."""
        for server in self._servers:
            server.close()
        for writer in list(self._open):
            writer.close()
        while self._open:
            await asyncio.sleep(0.001)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            redis_reader, redis_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.close()  # as a Redis that is gone would
            return
        self._open |= {writer, redis_writer}
        there = asyncio.ensure_future(self._requests(reader, redis_writer))
        back = asyncio.ensure_future(_copy(redis_reader, writer))
        await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
        if there.done() and not back.done():  # the client has hung up its half; Redis may still answer
            await asyncio.wait({back}, timeout=1)
        for task in (there, back):
            task.cancel()
        for end in (writer, redis_writer):
            end.close()
            with contextlib.suppress(OSError):
                await end.wait_closed()
        self._open -= {writer, redis_writer}

    async def _requests(self, reader: asyncio.StreamReader, redis: asyncio.StreamWriter) -> None:
        buffer, readable = bytearray(), True
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                buffer += data
                if readable:
                    try:
                        requests, size = parse(buffer)
                    except ValueError:
                        requests, size = [], len(buffer)
                    readable = len(buffer) - size < PARSE_LIMIT
                    await self._pass_by(requests)
                if not readable:
                    size = len(buffer)
                if size:
                    redis.write(bytes(buffer[:size]))
                    del buffer[:size]
                    await redis.drain()
            if redis.can_write_eof():
                redis.write_eof()

    async def _pass_by(self, requests: list[list[bytes]]) -> None:
        for watch in list(self.watches):
            if watch.held is None:
                for request in requests:
                    watch.note(request)
                watch.packets += any(is_data(request[0].decode("ascii", "replace")) for request in requests)
            if watch.wants(requests):
                watch.held = asyncio.Event()
                watch.report({"held": [word.decode("utf-8", "replace") for word in requests[0]]})
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(watch.held.wait(), HOLD_LIMIT)
                watch.held = None
                watch.acted += 1

    async def _control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def report(event: dict[str, Any]) -> None:
            writer.write(json.dumps(event).encode() + b"\n")

        watch = None
        self._open.add(writer)
        try:
            asked = json.loads(await reader.readline() or b"{}")
            if not secrets.compare_digest(str(asked.get("token")), self.token):
                return
            watch = Watch(asked["before"], asked["times"], report)
            self.watches.append(watch)
            report({"ready": True})
            while line := await reader.readline():
                if json.loads(line).get("end"):
                    report({"acted": watch.acted, "packets": watch.packets, "commands": watch.commands})
                elif watch.held:
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


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


class Seen:
    """What a block of `Relay.rival` has seen; filled in at its end."""

    def __init__(self) -> None:
        self.acted = 0
        self.packets = 0  # those that held a command on data: one for each round trip, unless it is very large
        self.commands: list[list[str]] = []

    @property
    def data_commands(self) -> list[str]:
        """The commands that asked for or changed data, as lines to read."""
        return [" ".join(words) for words in self.commands if is_data(words[0])]


class NeverActed(Exception):
    """The block ended and the rival never got to act. `seen` tells what went by."""

    def __init__(self, seen: Seen) -> None:
        super().__init__("The rival never got to act.")
        self.seen = seen


class Relay:
    """The grader's hold on a relay. `url` is how the student's code finds Redis through it."""

    def __init__(self, url: str, control: tuple[str, int], token: str) -> None:
        self.url, self._at, self._token = url, control, token

    def wait_until_up(self, limit: float = 10.0) -> None:
        """Returns once the relay answers. Raises ConnectionError where it does not in `limit` seconds."""
        end = time.monotonic() + limit
        while True:
            try:
                with self.watch():
                    return
            except OSError:
                if time.monotonic() > end:
                    raise ConnectionError("The relay does not answer.") from None
                time.sleep(0.02)

    @contextlib.contextmanager
    def rival(self, act: Callable[[], object], before: str = "write", times: int | None = None) -> Iterator[Seen]:
        """Within the block, `act` runs in this process just before the first command that changes data reaches Redis.

        `before="every"` runs it before each packet with a command that reads or changes data, at most `times` times (20 unless told).
        Raises NeverActed at the end of a block that raised nothing itself and in which `act` never ran.
        """
        problem: list[BaseException] = []

        def acting() -> None:
            try:
                act()
            except BaseException as error:
                problem.append(error)

        with self._watching(acting, before, times or (1 if before == "write" else 20)) as seen:
            yield seen
        if problem:
            raise problem[0]
        if not seen.acted:
            raise NeverActed(seen)

    @contextlib.contextmanager
    def watch(self) -> Iterator[Seen]:
        """Within the block, notes the commands that go by and holds none."""
        with self._watching(lambda: None, "write", 0) as seen:
            yield seen

    @contextlib.contextmanager
    def _watching(self, act: Callable[[], None], before: str, times: int) -> Iterator[Seen]:
        seen, ended = Seen(), threading.Event()
        with socket.create_connection(self._at, timeout=5) as control, control.makefile("rwb") as channel:

            def say(message: dict[str, Any]) -> None:
                channel.write(json.dumps(message).encode() + b"\n")
                channel.flush()

            def follow() -> None:
                with contextlib.suppress(OSError, ValueError):
                    for line in channel:
                        event = json.loads(line)
                        if "held" in event:
                            act()
                            say({"go": True})
                        elif "acted" in event:
                            seen.acted, seen.packets, seen.commands = event["acted"], event["packets"], event["commands"]
                            break
                ended.set()

            say({"token": self._token, "before": before, "times": times})
            if not json.loads(channel.readline() or b"{}").get("ready"):
                raise ConnectionError("The relay does not answer.")
            control.settimeout(None)
            follower = threading.Thread(target=follow, daemon=True)
            follower.start()
            try:
                yield seen
            finally:
                with contextlib.suppress(OSError):
                    say({"end": True})
                ended.wait(HOLD_LIMIT)
                with contextlib.suppress(OSError):
                    control.shutdown(socket.SHUT_RDWR)
                follower.join(1)


def in_thread(target: tuple[str, int], database: int = 0) -> tuple[Relay, Callable[[], None]]:
    """A relay to `target` in a thread of this process, and the function that ends it."""
    loop, token = asyncio.new_event_loop(), secrets.token_hex(16)
    ports: list[int] = []
    server, listening = Server(target, token), threading.Event()

    def run() -> None:
        ports.extend(loop.run_until_complete(server.listen("127.0.0.1", 0, 0)))
        listening.set()
        loop.run_forever()
        with contextlib.suppress(asyncio.TimeoutError):
            loop.run_until_complete(asyncio.wait_for(server.close(), 2))
        loop.run_until_complete(asyncio.sleep(0))  # closed transports say goodbye in the next turn
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    if not listening.wait(5):
        raise ConnectionError("The relay did not start.")

    def end() -> None:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(2)

    return Relay(f"redis://127.0.0.1:{ports[0]}/{database}", ("127.0.0.1", ports[1]), token), end


async def _main() -> None:
    server = Server((sys.argv[1], int(sys.argv[2])), os.environ["RELAY_TOKEN"])
    await server.listen("0.0.0.0", DATA_PORT, CONTROL_PORT)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
