"""A relay between a student's code and Redis, on the wire: it lets a rival act at the worst moment. Standard library only.

It stands in its own container (`python -c`, with this file's text) or in a thread of the grader's process. It reads each request that a client
sends, and while a block of `rivals.Relay` watches, it holds the packet that would change data until the rival has acted. So it sees what a
changed client would miss: pipelines, transactions, scripts, and a client of the student's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

DATA_PORT, CONTROL_PORT = 6379, 6380
HOLD_LIMIT = 20.0  # seconds for which a packet is held at most
PARSE_LIMIT = 32 * 1024 * 1024  # bytes of one request; what is larger goes through unread
KEPT_COMMANDS, KEPT_WORD = 2000, 120

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
    while (parsed := _parse_one(buffer, done)) is not None:
        request, done = parsed
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
        names = [request[0].decode("ascii", "replace").lower() for request in requests]
        if self.before == "any" and "watch" in names:
            return True
        return any(name in WRITES if self.before == "write" else is_data(name) for name in names)


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
        ends = [writer]
        self._open.add(writer)
        try:
            redis_reader, redis_writer = await asyncio.open_connection(*self.target)
            ends.append(redis_writer)
            self._open.add(redis_writer)
            there = asyncio.ensure_future(self._requests(reader, redis_writer))
            back = asyncio.ensure_future(_copy(redis_reader, writer))
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            if there.done() and not back.done():  # the client has hung up its half; Redis may still answer
                await asyncio.wait({back}, timeout=1)
            for task in (there, back):
                task.cancel()
        except OSError:
            return  # as a Redis that is gone would
        finally:
            for end in ends:
                end.close()
            self._open.difference_update(ends)

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


async def _main() -> None:
    server = Server((sys.argv[1], int(sys.argv[2])), os.environ["RELAY_TOKEN"])
    await server.listen("0.0.0.0", DATA_PORT, CONTROL_PORT)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
